"""How a caller stands with the rate limits."""

import time

import httpx

from scripts.contract.checks.rate_limit_headers import PREFIXES, number
from scripts.contract.flows.builders import RIGHT, thing
from scripts.contract.flows.flow import flow
from scripts.contract.flows.flow_client import SPEC, Answer, FlowClient, schema_place


def place_of(name: str) -> str:
    """Point at a header in the bundle."""
    return f"#/components/headers/{name}"


class Asked:
    """An answer, and when it came.

    Args:
        answer: the answer.
    """

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self._since = time.monotonic()

    def number(self, name: str) -> int:
        """Read a header that holds a number."""
        return number(self.answer.headers, name)

    @property
    def seconds(self) -> float:
        """How long ago it came."""
        return time.monotonic() - self._since


def check_counted(api: FlowClient, before: Asked, answer: Answer, what: str) -> None:
    """See that an answer's rate limits are those of the answer before, less a request or more."""
    for prefix in PREFIXES:
        name = f"{prefix}Limit"
        api.same(answer.headers.get(name), before.answer.headers.get(name), f"{name}, as before", place_of(name))
        name = f"{prefix}Remaining"
        left, was = number(answer.headers, name), before.number(name)
        reset, window = number(answer.headers, f"{prefix}Reset"), before.number(f"{prefix}Reset")
        is_less = left < was or was == 0 or reset > window or before.seconds > window
        api.true(is_less, f"{name} below {was}, for {what} was called", left, place_of(name))
        if api.target.kind == "emulator":  # elsewhere others make requests too, and the run may have to wait
            name = f"{prefix}Reset"
            is_sooner = reset <= window or left >= was or was <= 1
            api.true(is_sooner, f"{name} that goes down within a window", answer.headers.get(name), place_of(name))


@flow(
    writes=False,
    settles=[place_of(f"{prefix}{end}") for prefix in PREFIXES for end in ("Limit", "Remaining", "Reset", "Scope")],
)
def every_answer_tells_the_rate_limits(api: FlowClient) -> None:
    """Every answer says how many requests are left in the window, and each request takes one."""
    before = Asked(api.send("list_registries"))
    for _ in range(5):
        answer = api.send("list_registries")
        check_counted(api, before, answer, "list_registries")
        before = Asked(answer)


@flow()
def every_operation_counts(api: FlowClient) -> None:
    """A request takes one of those that are left, whatever it asks for."""
    for operation_id, make in RIGHT.items():
        path, arguments = make(api)
        before = Asked(api.send("list_registries"))
        check_counted(api, before, api.send(operation_id, *path, **arguments), operation_id)


@flow(needs_emulator=True, settles=["#/components/responses/RateLimited"])
def too_many_requests_are_refused(api: FlowClient) -> None:
    """A request too many gets 429 from each operation, with what is exhausted and for how long."""
    with httpx.Client(base_url=f"{api.target.base_url}/_emulator/") as control:
        for operation_id, make in RIGHT.items():
            path, arguments = make(api)
            fault = {"operation": operation_id, "status": SPEC.operations[operation_id].errors["RateLimited"]}
            control.post("faults", json=fault).raise_for_status()
            answer = api.refused("RateLimited", operation_id, *path, why="the user's limit is exhausted", **arguments)
            body, place = thing(answer.json), schema_place("RateLimitError")
            scope, limit, reset = (answer.headers.get(f"RateLimit-User-{end}") for end in ("Scope", "Limit", "Reset"))
            api.same(body.get("scope"), scope, "the exhausted limit, as in the headers", f"{place}/properties/scope")
            api.same(str(body.get("limit")), limit, "its size, as in the headers", f"{place}/properties/limit")
            api.same(str(body.get("reset")), reset, "its end, as in the headers", f"{place}/properties/reset")
            told = str(body.get("reset")) in str(body.get("message"))
            api.true(told, "a message that says how long to wait", body.get("message"), f"{place}/properties/message")
            current = body.get("current")
            is_over = isinstance(current, int) and current > int(limit or 0)
            api.true(is_over, f"more than {limit} requests", current, f"{place}/properties/current")
            name = "RateLimit-User-Remaining"
            api.same(answer.headers.get(name), "0", f"{name} in a 429", place_of(name))
            name = "RateLimit-User-Warning"
            api.same(answer.headers.get(name), SPEC.header_example(name), f"{name} in a 429", place_of(name))
            name = "RateLimit-Warning"
            api.same(answer.headers.get(name), None, f"{name} where that limit is not exhausted", place_of(name))
            api.same(
                answer.headers.get("Retry-After"),
                None,
                "the header Retry-After, which is not sent",
                "#/components/responses/RateLimited",
            )
            retried = api.send(operation_id, *path, **arguments)
            success = SPEC.operations[operation_id].success
            api.same(retried.status, success, "the status after the limit", "#/components/responses/RateLimited")
