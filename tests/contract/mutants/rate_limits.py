"""Rate limits that are told or kept in another way."""

from scripts.contract.mutants import SPEC, Answer, Call, mutant, mutants_of

HEADERS = tuple(
    f"RateLimit-{whose}{what}" for whose in ("", "User-") for what in ("Scope", "Limit", "Remaining", "Reset")
)

SOMETIMES = 5
"""Of how many calls one is refused."""


def refused_at_times(call: Call, **changes: object) -> Answer:
    """Answer one of a few calls with a 429, whose body is changed; None leaves a property out."""
    number = call.memory["number"] = call.memory.get("number", 0) + 1
    answer = call.forward()
    if number % SOMETIMES or not answer.ok:
        return answer
    limit = int(answer.header("RateLimit-User-Limit") or 0)
    body = {
        "message": "You have exceeded your API rate limit. Please wait 1 seconds before making more requests.",
        "scope": "rest_user",
        "limit": limit,
        "current": limit + 1,
        "reset": 1,
    }
    left = {name: value for name, value in (body | changes).items() if value is not None}
    answer = answer.with_status(429).with_json(left).with_header("RateLimit-User-Reset", 1)
    answer = answer.with_header("RateLimit-User-Remaining", 0).with_header("RateLimit-Reset", 1)
    return answer.with_header("RateLimit-User-Warning", SPEC.header_example("RateLimit-User-Warning"))


LIST_REGISTRIES = mutants_of(
    "list_registries",
    without_rate_limits=("Nothing tells of rate limits.", lambda call: call.forward().without_header(*HEADERS)),
    has_429_without_message=("A 429 has no message.", lambda call: refused_at_times(call, message=None)),
)


@mutant("get_registry_token", "Nothing tells of the user's rate limit.")
def get_registry_token_without_limits_of_the_user(call: Call) -> Answer:
    return call.forward().without_header(*HEADERS[4:])


@mutant("get_package", "An error does not tell of rate limits.")
def get_package_has_no_rate_limits_on_errors(call: Call) -> Answer:
    answer = call.forward()
    return answer if answer.ok else answer.without_header(*HEADERS)


@mutant("delete_package", "A deletion does not tell when the window starts anew.")
def delete_package_without_reset(call: Call) -> Answer:
    return call.forward().without_header("RateLimit-Reset", "RateLimit-User-Reset")


@mutant(SPEC.operations, "The requests that are left never become fewer.")
def requests_left_stay_the_same(call: Call) -> Answer:
    answer = call.forward()
    for name in ("RateLimit-Remaining", "RateLimit-User-Remaining"):
        answer = answer.with_header(name, 42)
    return answer


@mutant("copy_package", "More requests are left than the limit allows.")
def copy_package_leaves_more_than_the_limit(call: Call) -> Answer:
    answer = call.forward()
    return answer.with_header("RateLimit-User-Remaining", int(answer.header("RateLimit-User-Limit") or 0) + 1)


@mutant("get_registry", "The limit is another each time.")
def get_registry_changes_the_limit(call: Call) -> Answer:
    number = call.memory["number"] = call.memory.get("number", 0) + 1
    return call.forward().with_header("RateLimit-Limit", 200 + number)


LIST_PACKAGES = mutants_of(
    "list_packages",
    resets_in_an_hour=(
        "The window starts anew in an hour.",
        lambda call: call.forward().with_header("RateLimit-Reset", 3600).with_header("RateLimit-User-Reset", 3600),
    ),
    has_429_without_scope=(
        "A 429 does not say which limit is exhausted.",
        lambda call: refused_at_times(call, scope=None),
    ),
)


@mutant("publish_package", "The window starts anew before now.")
def publish_package_resets_in_the_past(call: Call) -> Answer:
    return call.forward().with_header("RateLimit-User-Reset", -3)


@mutant("update_registry", "When the window starts anew is told as a date.")
def update_registry_resets_at_a_date(call: Call) -> Answer:
    return call.forward().with_header("RateLimit-Reset", "Sat, 01 Aug 2026 10:00:00 GMT")


@mutant("create_registry_token", "The limit of the user has another scope.")
def create_registry_token_has_another_limit_scope(call: Call) -> Answer:
    return call.forward().with_header("RateLimit-User-Scope", "graphql")


@mutant("list_registry_tokens", "The requests that are left are told as a fraction.")
def list_registry_tokens_leaves_a_fraction(call: Call) -> Answer:
    answer = call.forward()
    left, limit = answer.header("RateLimit-Remaining"), answer.header("RateLimit-Limit")
    return answer.with_header("RateLimit-Remaining", f"{left}/{limit}")


@mutant("get_registry", "A 429 does not say how long to wait.")
def get_registry_has_429_without_reset(call: Call) -> Answer:
    return refused_at_times(call, reset=None)


@mutant("get_package", "A 429 says how long to wait in words.")
def get_package_has_429_with_reset_in_words(call: Call) -> Answer:
    return refused_at_times(call, reset="1 second")


@mutant("get_registry_token", "A request too many is answered with 403.")
def get_registry_token_forbids_one_too_many(call: Call) -> Answer:
    answer = refused_at_times(call)
    return answer.with_status(403) if answer.status == 429 else answer


@mutant("publish_package", "A request too many is answered with 503.")
def publish_package_is_unavailable_for_one_too_many(call: Call) -> Answer:
    answer = refused_at_times(call)
    return answer.with_status(503) if answer.status == 429 else answer


@mutant("list_registry_tokens", "A 429 has the header Retry-After in place of the limits'.")
def list_registry_tokens_has_retry_after(call: Call) -> Answer:
    answer = refused_at_times(call)
    return answer.without_header(*HEADERS).with_header("Retry-After", 1) if answer.status == 429 else answer


@mutant("update_registry_token", "A 429 lacks the warning that names the limit, and its message is no JSON.")
def update_registry_token_has_plain_429(call: Call) -> Answer:
    answer = refused_at_times(call)
    return answer.with_body(b"Retry later\n", "text/plain") if answer.status == 429 else answer
