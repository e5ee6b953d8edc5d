"""Rate limits: what each answer says of them, and what happens where they are enforced."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from buildkite_emulator.api.rate_limits import RateLimits
from buildkite_emulator.state_store import MOST_WINDOWS, MemoryStateStore
from scripts.servers.api import SPEC, Api
from tests.emulator.http.test_http import refused
from tests.support.emulators import fresh

NewApi = Callable[..., Api]
ALWAYS = {
    "ratelimit-scope": "rest",
    "ratelimit-limit": "200",
    "ratelimit-user-scope": "rest_user",
    "ratelimit-user-limit": "50",
}
"""What does not change, as the API's documentation has it."""


@pytest.fixture
def new_api() -> Iterator[NewApi]:
    """Give what makes an emulator whose clock stands still, with arguments of `build`, and reaches it."""
    with ExitStack() as stack:

        def make(**options: Any) -> Api:
            api = stack.enter_context(fresh(**options))
            api.client.put("/_emulator/clock", json={"time": "2026-01-01T00:00:00Z", "frozen": True})
            return api

        yield make


def limits(response: httpx.Response) -> dict[str, str]:
    """Pick what an answer says of rate limits."""
    return {name: value for name, value in response.headers.items() if name.startswith("ratelimit")}


def left(response: httpx.Response) -> tuple[int, int]:
    """Pick how many requests the organization and the user have left."""
    return int(response.headers["RateLimit-Remaining"]), int(response.headers["RateLimit-User-Remaining"])


def advance(api: Api, seconds: float) -> None:
    """Move the clock on."""
    assert api.client.post("/_emulator/clock", json={"advance": seconds}).status_code == 200


# what answers say


def test_each_request_is_counted(new_api: NewApi) -> None:
    """Whatever a request is answered, the organization and the user have one less left."""
    api = new_api()
    answers = [
        api.call("list_registries"),
        api.call("create_registry", content=b"no json"),
        api.call("get_registry", "missing"),
        api.client.head("/v2/packages/organizations/my-org/registries", headers={"Authorization": "Bearer emulator"}),
    ]
    assert [left(answer) for answer in answers] == [(199, 49), (198, 48), (197, 47), (196, 46)]


def test_a_missing_scope_is_counted(new_api: NewApi) -> None:
    """403 comes after the rate limits, and counts."""
    api = new_api(tokens={"nothing": ()})
    api.token = "nothing"  # noqa: S105
    assert [left(api.call("list_registries")) for _ in range(2)] == [(199, 49), (198, 48)]


def test_who_is_unknown_counts_for_nobody(new_api: NewApi) -> None:
    """401 uses up nobody's requests, and tells how the organization stands."""
    api = new_api()
    api.call("list_registries")
    for token in (None, "unknown"):
        assert left(api.call("list_registries", token=token)) == (199, 50)
    assert left(api.call("list_registries")) == (198, 48)


def test_organizations_have_limits_of_their_own(new_api: NewApi) -> None:
    """The user's requests add up over organizations, and each organization's are its own."""
    api = new_api(organizations=["one", "two"])
    answers = [api.call("list_registries", organization=slug) for slug in ("one", "two", "one")]
    assert [left(answer) for answer in answers] == [(199, 49), (199, 48), (198, 47)]


def test_a_window_lasts_a_minute(new_api: NewApi) -> None:
    """The seconds left go down with the clock, from the first request on; then all requests are there again."""
    api = new_api()
    seconds = []
    for _ in range(4):
        answer = api.call("list_registries")
        assert answer.headers["RateLimit-Reset"] == answer.headers["RateLimit-User-Reset"]
        seconds.append((int(answer.headers["RateLimit-Reset"]), left(answer)))
        advance(api, 59.5 if len(seconds) == 2 else 0.25)
    assert seconds == [(60, (199, 49)), (60, (198, 48)), (1, (197, 47)), (60, (199, 49))]


def test_nobody_is_refused_unless_that_is_asked_for(new_api: NewApi) -> None:
    """Without `--rate-limit` there is nothing left at some time, and requests are answered all the same."""
    api = new_api()
    answers = [api.call("list_registries") for _ in range(60)]
    assert {answer.status_code for answer in answers} == {200}
    assert left(answers[-1]) == (140, 0)
    assert not [name for answer in answers for name in limits(answer) if "warning" in name]


def test_what_is_no_operation_counts_for_nobody(new_api: NewApi) -> None:
    """Paths and methods that the API does not have use up nobody's requests, and tell how the organization stands."""
    api = new_api()
    api.call("list_registries")
    advance(api, 18)
    missing = api.client.get("/missing", headers={"Authorization": "Bearer emulator"})
    assert (missing.status_code, left(missing), missing.headers["RateLimit-Reset"]) == (404, (200, 50), "60")
    method = api.client.put("/v2/packages/organizations/my-org/registries")
    assert (method.status_code, left(method), method.headers["RateLimit-Reset"]) == (405, (199, 50), "42")
    for answer in (missing, method):
        assert set(limits(answer)) == set(limits(api.call("list_registries", token=None)))
        assert ALWAYS.items() <= limits(answer).items()
    assert left(api.call("list_registries")) == (198, 48)


# enforced


def test_one_too_many_of_the_user(new_api: NewApi) -> None:
    """The request after the user's last one is answered 429 in the documented words, and the handler does not run."""
    api = new_api(rate_limit=(200, 2))
    for _ in range(2):
        api.registry(name=f"registry {_}")
    advance(api, 18)
    answer = api.call("create_registry", json={"name": "third", "ecosystem": "files"})
    assert refused(answer, 429, "create_registry") == {
        "message": "You have exceeded your API rate limit. Please wait 42 seconds before making more requests.",
        "scope": "rest_user",
        "limit": 2,
        "current": 3,
        "reset": 42,
    }
    assert limits(answer) == {
        "ratelimit-scope": "rest",
        "ratelimit-limit": "200",
        "ratelimit-remaining": "197",
        "ratelimit-reset": "42",
        "ratelimit-user-scope": "rest_user",
        "ratelimit-user-limit": "2",
        "ratelimit-user-remaining": "0",
        "ratelimit-user-reset": "42",
        "ratelimit-user-warning": SPEC.header_example("RateLimit-User-Warning"),
    }
    assert "Retry-After" not in answer.headers
    advance(api, 42)
    assert [registry["slug"] for registry in api.ok("list_registries")] == ["registry-0", "registry-1"]


def test_one_too_many_of_the_organization(new_api: NewApi) -> None:
    """The request after the organization's last one is answered 429, with a warning of that alone."""
    api = new_api(rate_limit=(1, 50))
    api.ok("list_registries")
    answer = api.call("list_registries")
    body = refused(answer, 429, "list_registries")
    assert (body["scope"], body["limit"], body["current"], body["reset"]) == ("rest", 1, 2, 60)
    assert answer.headers["RateLimit-Warning"] == SPEC.header_example("RateLimit-Warning")
    assert "RateLimit-User-Warning" not in answer.headers


def test_refused_requests_count(new_api: NewApi) -> None:
    """Who goes on asking is told of all requests in the window."""
    api = new_api(rate_limit=(200, 2))
    bodies = [api.call("list_registries").json() for _ in range(5)][2:]
    assert [body["current"] for body in bodies] == [3, 4, 5]


def test_the_limit_that_lasts_longest_is_told(new_api: NewApi) -> None:
    """Where both limits are exhausted, the answer warns of both and says how long the longer one lasts."""
    api = new_api(rate_limit=(2, 2), organizations=["one", "two"])
    api.ok("list_registries", organization="one")
    advance(api, 30)
    for _ in range(2):
        api.call("list_registries", organization="two")
    answer = api.call("list_registries", organization="two")
    assert {name for name in limits(answer) if "warning" in name} == {"ratelimit-warning", "ratelimit-user-warning"}
    assert (answer.json()["scope"], answer.json()["reset"]) == ("rest", 60)


def test_an_unknown_token_comes_first(new_api: NewApi) -> None:
    """401 is answered where the limits are exhausted, too; 429 is before 403, 404 and 422."""
    api = new_api(rate_limit=(1, 1), tokens={"all": SPEC.scopes, "nothing": ()})
    api.ok("list_registries", token="all")  # noqa: S106
    assert api.call("list_registries", token="unknown").status_code == 401  # noqa: S106
    assert api.call("list_registries", token="nothing").status_code == 429  # noqa: S106
    assert api.call("get_registry", "missing", token="all").status_code == 429  # noqa: S106
    assert api.call("create_registry", content=b"no json", token="all").status_code == 429  # noqa: S106


def test_no_byte_of_an_upload_is_read_for_nothing(new_api: NewApi) -> None:
    """An upload that is one too many is refused before it is read."""
    api = new_api(rate_limit=(1, 1))
    api.registry()
    asked: list[None] = []

    def body() -> Iterator[bytes]:
        asked.append(None)
        yield b"never sent"

    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    refused(api.call("publish_package", "my-registry", content=body(), headers=headers), 429, "publish_package")
    assert asked == []


def test_users_have_limits_of_their_own(new_api: NewApi) -> None:
    """What one user has used up is there for another."""
    api = new_api(rate_limit=(200, 1))
    mint = {"scopes": ["read_registries"], "user": "emulator@example.com"}
    same = api.client.post("/_emulator/tokens", json=mint).json()["token"]
    api.ok("list_registries")
    assert api.call("list_registries", token=same).status_code == 429


def test_a_reset_begins_anew(new_api: NewApi) -> None:
    """After a reset nothing is used up."""
    api = new_api(rate_limit=(200, 1))
    assert [api.call("list_registries").status_code for _ in range(2)] == [200, 429]
    api.client.post("/_emulator/reset")
    assert api.call("list_registries").status_code == 200


def test_made_up_organizations_do_not_help() -> None:
    """However many organizations a user makes up, the user's own requests are remembered."""
    counted = RateLimits(SPEC, MemoryStateStore(), None)
    for number in range(MOST_WINDOWS + 100):
        counted.count(f"made up {number}", "user", 1000)
    organization, user = counted.count("made up 0", "user", 1000).usages
    assert (organization.current, user.current) == (1, MOST_WINDOWS + 101)


def test_the_numbers_are_those_of_the_documentation() -> None:
    """The spec's example of the 429 answer has the form that the emulator's has."""
    example = SPEC.document["components"]["responses"]["RateLimited"]["content"]["application/json"]["examples"]
    body = example["user"]["value"]
    rate_limits = RateLimits(SPEC, MemoryStateStore(), (200, body["limit"])).count("my-org", "user", 0)
    refusal = rate_limits.exhausted(1, body["reset"]).refusal()
    assert refusal is not None
    assert refusal.body == {**body, "current": body["limit"] + 1}
