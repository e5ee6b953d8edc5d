"""The control routes in general: access, unknown paths, methods and bodies."""

from collections.abc import Iterator

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from buildkite_emulator.control.app import MOST_BODY_BYTES, Control
from buildkite_emulator.testing import EmulatorTransport
from scripts.servers.api import Api

FAULTS = "/_emulator/faults"
CLOCK = "/_emulator/clock"
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


def message(response: httpx.Response, status: int) -> str:
    """Check that a response is an error of the control plane; returns what it says."""
    assert response.status_code == status, response.text
    assert response.headers["Content-Type"] == "application/json"
    (said,) = response.json().values()
    assert isinstance(said, str)
    return said


# unknown paths and methods


@pytest.mark.parametrize(
    ("path", "advice"),
    [
        ("/_emulator/fault", "did you mean /_emulator/faults?"),
        ("/_emulator/request", "did you mean /_emulator/requests?"),
        ("/_emulator/CLOCK", "did you mean /_emulator/clock?"),
        ("/_emulator/faults/", "did you mean /_emulator/faults?"),
        ("/_emulator/x", "there is /_emulator/clock, /_emulator/faults, "),
        ("/_emulator/", "there is /_emulator/clock, /_emulator/faults, "),
        ("/_emulator", "there is /_emulator/clock, /_emulator/faults, "),
        (f"/_emulator/{'x' * 5000}", "there is /_emulator/clock, /_emulator/faults, "),
    ],
)
def test_an_unknown_path_suggests_the_known_ones(api: Api, path: str, advice: str) -> None:
    """An unknown path gets a 404 in JSON that suggests the nearest known path, or lists them."""
    for method in ("GET", "POST", "DELETE"):
        said = message(api.client.request(method, path), 404)
        assert advice in said
        assert len(said) < 1000


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", FAULTS, "DELETE, GET, HEAD, POST"),
        ("GET", f"{FAULTS}/1", "DELETE"),
        ("PATCH", CLOCK, "DELETE, GET, HEAD, POST, PUT"),
        ("POST", "/_emulator/requests", "DELETE, GET, HEAD"),
        ("GET", "/_emulator/reset", "POST"),
    ],
)
def test_another_method_is_told_the_right_ones(api: Api, method: str, path: str, allowed: str) -> None:
    """A method that a path does not support gets a 405 in JSON that lists those it supports."""
    response = api.client.request(method, path)
    assert message(response, 405) == f"{method} is not allowed at {path}; use {allowed}"
    assert response.headers["Allow"] == allowed


@pytest.mark.parametrize("path", ["/_emulatory", "/_emulatorx/faults", "/v2/_emulator/faults", "//_emulator/faults"])
def test_other_paths_are_the_api_s(api: Api, path: str) -> None:
    """Only paths below `/_emulator/` are control routes."""
    assert message(api.client.get(path), 404) == "No such path in this API"


def test_a_token_is_not_asked_for(api: Api) -> None:
    """Control routes need no access token, and ignore one."""
    for headers in ({}, {"Authorization": "Bearer unknown"}):
        assert api.client.get(FAULTS, headers=headers).json() == {"faults": []}


def test_the_page_is_for_browsers(api: Api) -> None:
    """`/` is the page for requests that accept HTML, and an unknown path of the API for all others."""
    assert api.client.get("/", headers=BROWSER).headers["Content-Type"].startswith("text/html")
    for headers in ({}, {"Accept": "application/json"}):
        assert message(api.client.get("/", headers=headers), 404) == "No such path in this API"
    assert message(api.client.post("/", headers=BROWSER), 404) == "No such path in this API"


# bodies


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"nope", b"[" * 100_000])
@pytest.mark.parametrize(("method", "path"), [("POST", FAULTS), ("PUT", CLOCK), ("POST", CLOCK)])
def test_what_is_no_json_is_refused(api: Api, method: str, path: str, body: bytes) -> None:
    """A body that is not JSON gets a 422."""
    assert message(api.client.request(method, path, content=body), 422) == "the body should be JSON"


@pytest.mark.parametrize("body", ["null", "[]", '"text"', "1"])
def test_what_is_no_object_is_refused(api: Api, body: str) -> None:
    """JSON that is not an object gets a 422."""
    assert message(api.client.post(FAULTS, content=body), 422) == "a fault should be a JSON object"


def test_a_long_body_is_refused(api: Api) -> None:
    """A body of more than 1 MiB gets a 413 before all of it has arrived."""
    asked = []

    def pieces() -> Iterator[bytes]:
        for number in range(100):
            asked.append(number)
            yield b" " * 65536

    response = api.client.post(FAULTS, content=pieces())
    assert message(response, 413) == f"The body is longer than {MOST_BODY_BYTES} bytes"
    assert len(asked) <= MOST_BODY_BYTES // 65536 + 2


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "text/plain", ""])
def test_curl_needs_no_content_type(api: Api, content_type: str) -> None:
    """JSON is accepted under any Content-Type, since curl's default is a form."""
    response = api.client.post(FAULTS, content=b'{"status": 500}', headers={"Content-Type": content_type})
    assert response.status_code == 201


# faults of the emulator


def test_a_fault_of_the_emulator_is_said_in_json() -> None:
    """An exception in a route gets a 500 in JSON without details, and is raised for the server's log."""

    async def broken(_request: Request) -> Response:
        raise LookupError("something secret")

    sent: list[Message] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(event: Message) -> None:
            sent.append(event)
            await send(event)

        await Control([Route("/broken", broken)])(scope, receive, sending)

    with (
        httpx.Client(transport=EmulatorTransport(app), base_url="http://testserver") as client,
        pytest.raises(LookupError),
    ):
        client.get("/_emulator/broken")
    assert sent[0]["status"] == 500
    assert sent[1]["body"] == b'{"message":"Internal Server Error: this is a fault of the emulator"}'
