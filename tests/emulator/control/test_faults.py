"""Faults: each kind, in process and over a socket."""

import hashlib
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from buildkite_emulator.control.fault_kinds import NOT_JSON
from scripts.samples import packages
from scripts.servers.api import SPEC, TOKEN, Api, running_emulator
from scripts.servers.raw_requests import (
    connected,
    files_below,
    form,
    head,
    part,
    receive_head,
    refuses,
    until,
    upload_under_way,
)
from scripts.servers.stores import Stores, agreed_blobs
from tests.emulator.http.test_http import refused

pytestmark = pytest.mark.slow

FAULTS = "/_emulator/faults"
PACKAGE = packages.generic("banana", "1.0.0")
LARGE = ("banana-2.0.0.bin", b"0123456789abcdef" * 65536)
"""A mebibyte: more than a socket and a server hold between them."""

UPLOADS = [operation.id for operation in SPEC.operations.values() if operation.file_field]
OTHERS = [operation.id for operation in SPEC.operations.values() if not operation.file_field]


@pytest.fixture(params=["in process", "over a socket"])
def either(request: pytest.FixtureRequest) -> Api:
    """An emulator without data and faults, in process or over a socket."""
    api: Api = request.getfixturevalue("api" if request.param == "in process" else "served")
    assert api.client.post("/_emulator/reset").status_code == 204
    return api


def put_in(api: Api, **fault: Any) -> dict[str, Any]:
    """Add a fault; return it."""
    answer = api.client.post(FAULTS, json=fault)
    assert answer.status_code == 201, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


def faults(api: Api) -> list[dict[str, Any]]:
    """List the faults."""
    listed: list[dict[str, Any]] = api.client.get(FAULTS).json()["faults"]
    return listed


def last(api: Api) -> dict[str, Any]:
    """Return the last entry of the request log."""
    entry: dict[str, Any] = api.client.get("/_emulator/requests").json()["requests"][-1]
    return entry


def names(api: Api, registry: str = "my-registry") -> list[str]:
    """List names and versions of the packages."""
    return [f"{package['name']} {package['version']}" for package in api.ok("list_packages", registry)["items"]]


def raw_request(host: str = "127.0.0.1") -> bytes:
    """Write a request for the list of registries as it goes over the wire."""
    path = SPEC.operations["list_registries"].path.format(org_slug="my-org")
    return f"GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {TOKEN}\r\n\r\n".encode()


def all_of(connection: socket.socket) -> bytes:
    """Receive until the connection ends, in whatever way."""
    received = b""
    try:
        while data := connection.recv(65536):
            received += data
    except ConnectionError:
        pass
    return received


# a status


@pytest.mark.parametrize("status", [401, 403, 404, 422, 429])
def test_a_documented_status_has_the_documented_body(either: Api, status: int) -> None:
    """A status that the spec documents for the operation has the documented body and headers."""
    registry = either.registry()
    fault = put_in(either, operation="list_packages", status=status)
    answer = either.call("list_packages", registry)
    body = refused(answer, status, "list_packages")
    response = SPEC.responses(SPEC.operations["list_packages"])[str(status)]
    if status != 429:
        assert body == next(iter(response["content"]["application/json"]["examples"].values()))["value"]
    always = {name.lower() for name in response["headers"] if not name.endswith("Warning")}
    assert always <= set(answer.headers)
    assert ("WWW-Authenticate" in answer.headers) == (status == 401)
    assert (last(either)["status"], last(either)["fault"]) == (status, fault["id"])


@pytest.mark.parametrize(
    ("status", "message"), [(500, "Internal Server Error"), (503, "Service Unavailable"), (599, "Error 599")]
)
def test_another_status_has_the_form_of_an_error(either: Api, status: int, message: str) -> None:
    """A status that the spec does not document has a JSON body with the reason phrase, and rate limit headers."""
    put_in(either, status=status)
    answer = either.call("list_registries")
    assert (answer.status_code, answer.json()) == (status, {"message": message})
    assert "RateLimit-Remaining" in answer.headers


def test_the_message_may_be_given(either: Api) -> None:
    """The message of the fault replaces that of the example; the rest of the body stays."""
    put_in(either, status=503, message="Back soon")
    assert either.call("list_registries").json() == {"message": "Back soon"}
    put_in(either, status=429, message="Slow down")
    body = either.call("list_registries").json()
    assert (body["message"], body["scope"]) == ("Slow down", "rest_user")


def test_the_wait_may_be_given(either: Api) -> None:
    """`reset` is what the body says, and `RateLimit-Reset`, which tools wait for, whichever limit is exhausted."""
    for scope, prefix, other in (("user", "User-", ""), ("organization", "", "User-")):
        put_in(either, status=429, scope=scope, reset=2)
        answer = either.call("list_registries")
        told = {name: answer.headers.get(f"RateLimit-{name}") for name in ("Reset", f"{prefix}Reset")}
        assert (answer.json()["reset"], *told.values()) == (2, *["2"] * len(told))
        assert answer.json()["scope"] == answer.headers[f"RateLimit-{prefix}Scope"]
        assert answer.json()["limit"] == int(answer.headers[f"RateLimit-{prefix}Limit"])
        assert answer.headers[f"RateLimit-{prefix}Remaining"] == "0"
        assert answer.headers[f"RateLimit-{prefix}Warning"] == "You have exceeded your API rate limit."
        assert answer.headers[f"RateLimit-{other}Remaining"] != "0"
        assert f"RateLimit-{other}Warning" not in answer.headers


def test_the_handler_does_not_run(either: Api) -> None:
    """A call that gets an error status changes nothing."""
    put_in(either, operation="create_registry", status=500)
    assert either.call("create_registry", json={"name": "x", "ecosystem": "files"}).status_code == 500
    assert either.ok("list_registries") == []


def test_an_upload_is_answered_with_a_status(either: Api) -> None:
    """An upload gets the error before it is read, and the next one is stored."""
    registry = either.registry()
    put_in(either, operation="publish_package", status=503)
    assert either.publish(registry, LARGE).status_code == 503
    either.publish(registry, PACKAGE).raise_for_status()
    assert names(either) == ["banana 1.0.0"]


# latency


def test_latency_comes_before_the_call(served: Api) -> None:
    """A call is delayed by the latency; other calls do not wait."""
    served.client.post("/_emulator/reset")
    put_in(served, operation="create_registry", latency=1)
    body = b'{"name": "late", "ecosystem": "files"}'
    path = SPEC.operations["create_registry"].path.format(org_slug="my-org")
    with connected(served.client.base_url) as connection:
        lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", f"Authorization: Bearer {TOKEN}", "Connection: close"]
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}", "", ""]
        connection.sendall("\r\n".join(lines).encode() + body)
        until(lambda: faults(served)[0]["applied"], "the call has begun")
        assert served.ok("list_registries") == []
        assert receive_head(connection).startswith(b"HTTP/1.1 200 ")
    assert [registry["slug"] for registry in served.ok("list_registries")] == ["late"]
    (entry,) = (each for each in served.client.get("/_emulator/requests").json()["requests"] if each["fault"])
    assert entry["milliseconds"] >= 990


def test_latency_of_an_upload(either: Api) -> None:
    """A call with latency takes effect, an upload too; the log shows how long each took."""
    put_in(either, latency=0.06)
    registry = either.registry()
    assert last(either)["milliseconds"] >= 50
    put_in(either, operation="publish_package", latency=0.06)
    either.publish(registry, LARGE).raise_for_status()
    assert last(either)["milliseconds"] >= 50


# a cut connection


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_connection_that_is_cut(either: Api, when: str) -> None:
    """The caller gets no response, and the call takes effect if the cut comes after the handler."""
    fault = put_in(either, operation="create_registry", cut=when)
    with pytest.raises(httpx.TransportError):
        either.registry()
    entry = last(either)
    assert (entry["status"], entry["fault"], entry["response"]["body"]) == (None, fault["id"], None)
    slugs = [registry["slug"] for registry in either.ok("list_registries")]
    assert slugs == (["my-registry"] if when == "after" else [])


@pytest.mark.parametrize("when", ["before", "after"])
def test_an_upload_that_is_cut(either: Api, when: str) -> None:
    """An upload that is cut before the handler leaves nothing; one that is cut after it is stored completely."""
    registry = either.registry()
    put_in(either, operation="publish_package", cut=when)
    with pytest.raises(httpx.TransportError):
        either.publish(registry, LARGE)
    assert names(either) == (["banana 2.0.0"] if when == "after" else [])
    repeated = either.publish(registry, LARGE)
    if when == "after":
        assert refused(repeated, 422)["errors"] == [{"field": "file", "code": "already_exists"}]
    else:
        repeated.raise_for_status()


@pytest.mark.parametrize("when", ["before", "after"])
def test_nothing_is_sent_before_the_cut(served: Api, when: str) -> None:
    """No byte of a response is sent before the cut, on a reused connection too."""
    served.client.post("/_emulator/reset")
    with connected(served.client.base_url) as connection:
        connection.sendall(raw_request())
        assert receive_head(connection).startswith(b"HTTP/1.1 200 ")
        assert connection.recv(2) == b"[]"
        put_in(served, operation="list_registries", cut=when)
        connection.sendall(raw_request())
        assert all_of(connection) == b""


def test_a_pipelined_request_is_cut_along(served: Api) -> None:
    """Pipelined requests behind one that is cut get no response, and do no harm."""
    served.client.post("/_emulator/reset")
    put_in(served, operation="list_registries", cut="before")
    with connected(served.client.base_url) as connection:
        connection.sendall(raw_request() * 3)
        assert all_of(connection) == b""
    assert served.ok("list_registries") == []


# a part of an upload


@pytest.mark.parametrize("after_bytes", [0, 1, 1000, 500_000])
def test_an_upload_that_is_cut_midway(either: Api, after_bytes: int) -> None:
    """An upload that is cut after some bytes leaves no package, and can be repeated."""
    registry = either.registry()
    put_in(either, operation="publish_package", upload={"after_bytes": after_bytes, "action": "cut"})
    with pytest.raises(httpx.TransportError):
        either.publish(registry, LARGE)
    entry = last(either)
    assert entry["status"] is None
    assert entry["request"]["body_bytes"] >= after_bytes
    assert names(either) == []
    either.publish(registry, LARGE).raise_for_status()


def test_a_short_upload_is_not_cut(either: Api) -> None:
    """An upload shorter than `after_bytes` is stored."""
    registry = either.registry()
    put_in(either, operation="publish_package", upload={"after_bytes": 1 << 30, "action": "cut"})
    either.publish(registry, LARGE).raise_for_status()
    assert names(either) == ["banana 2.0.0"]


@pytest.mark.parametrize("after_bytes", [0, 1, 500_000])
def test_an_upload_that_stalls(either: Api, after_bytes: int) -> None:
    """A stalled upload continues after `seconds`, and is stored completely."""
    registry = either.registry()
    put_in(either, operation="publish_package", upload={"after_bytes": after_bytes, "action": "stall", "seconds": 0.06})
    package = either.publish(registry, LARGE).raise_for_status().json()
    assert package["digests"]["sha256"] == hashlib.sha256(LARGE[1]).hexdigest()
    assert last(either)["milliseconds"] >= 50


def test_a_stall_holds_up_nobody_else(served: Api) -> None:
    """A stalled upload does not block other calls; it ends when its caller hangs up, and leaves nothing."""
    served.client.post("/_emulator/reset")
    registry = served.registry()
    put_in(served, operation="publish_package", upload={"after_bytes": 10_000, "action": "stall", "seconds": 3600})
    body = form(part(LARGE[1], "file", LARGE[0]))
    with connected(served.client.base_url) as connection:
        connection.sendall(head(registry, len(body)) + body[:150_000])  # more than is read, less than a socket holds
        until(lambda: faults(served)[0]["applied"], "the upload has begun")
        served.publish(registry, PACKAGE).raise_for_status()
        assert cut_requests(served) == []
    until(lambda: cut_requests(served), "the stall ends with its caller")
    assert names(served) == ["banana 1.0.0"]


def cut_requests(api: Api) -> list[Any]:
    """List the logged requests without a response."""
    entries: list[Any] = api.client.get("/_emulator/requests", params={"status": "cut"}).json()["requests"]
    return entries


def test_a_stall_does_not_outlive_the_server(tmp_path: Path) -> None:
    """A server that shuts down does not wait for a stalled upload, and keeps nothing of it."""
    with running_emulator(f"--data={tmp_path}") as (api, process):
        registry = api.registry()
        put_in(api, operation="publish_package", upload={"after_bytes": 10, "action": "stall", "seconds": 3600})
        with upload_under_way(api.client.base_url, registry, 1_000_000) as connection:
            connection.sendall(form(part(LARGE[1], "file", LARGE[0]))[:1000])
            until(lambda: faults(api)[0]["applied"], "the upload has begun")
            process.terminate()
            until(lambda: refuses(api.client.base_url), "no connection is taken any more")
            process.terminate()  # the second signal does not wait for requests under way
            process.wait(timeout=300)
    assert agreed_blobs(Stores.of_folder(tmp_path)) == {}
    assert files_below(tmp_path / "blobs") <= {"database"}


# a body


def test_a_truncated_body(either: Api) -> None:
    """Content-Length is that of the complete body, and half of it arrives before the connection ends."""
    either.registry()
    whole = either.call("list_registries")
    put_in(either, operation="list_registries", body="truncated")
    with pytest.raises(httpx.RemoteProtocolError):
        either.call("list_registries")
    response = last(either)["response"]
    assert response["body"].encode() == whole.content[: len(whole.content) // 2]
    assert ["content-length", str(len(whole.content))] in response["headers"]


def test_half_of_a_truncated_body_arrives(served: Api) -> None:
    """The headers and exactly the first half of the body arrive over a socket."""
    served.client.post("/_emulator/reset")
    served.registry()
    whole = served.call("list_registries").content
    put_in(served, operation="list_registries", body="truncated")
    with connected(served.client.base_url) as connection:
        connection.sendall(raw_request(served.client.base_url.netloc.decode()))
        assert f"content-length: {len(whole)}\r\n".encode() in receive_head(connection)
        assert all_of(connection) == whole[: len(whole) // 2]


def test_the_handler_has_run_before_its_answer_is_truncated(either: Api) -> None:
    """The call has taken effect, for an upload too."""
    registry = either.registry()
    put_in(either, operation="publish_package", body="truncated")
    with pytest.raises(httpx.TransportError):
        either.publish(registry, LARGE)
    assert names(either) == ["banana 2.0.0"]


def test_a_body_that_is_no_json(either: Api) -> None:
    """Status and headers are those of the response, the body is HTML, and the handler has run."""
    put_in(either, operation="create_registry", body="not_json")
    answer = either.call("create_registry", json={"name": "my registry", "ecosystem": "files"})
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    assert answer.content == NOT_JSON
    assert "RateLimit-Limit" in answer.headers
    with pytest.raises(json.JSONDecodeError):
        answer.json()
    assert [registry["slug"] for registry in either.ok("list_registries")] == ["my-registry"]


def test_errors_are_spoilt_too(either: Api) -> None:
    """An error response can be replaced by a body that is not JSON, too."""
    put_in(either, operation="get_registry", body="not_json")
    answer = either.call("get_registry", "missing")
    assert (answer.status_code, answer.content) == (404, NOT_JSON)


def test_an_answer_without_a_body_cannot_be_truncated(either: Api) -> None:
    """A response without a body is left unchanged."""
    registry = either.registry()
    put_in(either, operation="delete_registry", body="truncated")
    answer = either.call("delete_registry", registry)
    assert (answer.status_code, answer.content) == (200, b"")


# which calls


def test_the_next_call_is_the_one(either: Api) -> None:
    """By default, a fault applies to the next call of any operation."""
    put_in(either, status=500)
    assert [either.call("list_registries").status_code for _ in range(3)] == [500, 200, 200]


def test_so_many_calls_of_one_operation(either: Api) -> None:
    """`times` counts calls of the operation; other operations are not affected."""
    shown = put_in(either, operation="list_registries", status=500, times=2)
    assert shown == {
        "id": shown["id"],
        "operation": "list_registries",
        "times": 2,
        "status": 500,
        "calls": 0,
        "applied": 0,
        "left": 2,
    }
    statuses = [either.call("list_registries").status_code, either.call("get_registry", "x").status_code]
    assert statuses == [500, 404]
    assert faults(either) == [{**shown, "calls": 1, "applied": 1, "left": 1}]
    assert [either.call("list_registries").status_code for _ in range(3)] == [500, 200, 200]
    assert faults(either) == [{**shown, "calls": 2, "applied": 2, "left": 0}]


def test_faults_come_in_their_order(either: Api) -> None:
    """Faults of one operation apply one after the other, which gives a sequence."""
    for status, times in ((500, 1), (503, 2), (429, 1)):
        put_in(either, status=status, times=times)
    assert [either.call("list_registries").status_code for _ in range(5)] == [500, 503, 503, 429, 200]
    assert [fault["calls"] for fault in faults(either)] == [1, 2, 1]


def test_a_share_of_the_calls(api: Api) -> None:
    """A share of the calls gets the fault; the same seed selects the same calls."""
    outcomes = []
    for _ in range(2):
        api.client.post("/_emulator/reset")
        shown = put_in(api, share=0.25, seed=7, status=500)
        assert shown["left"] is None
        outcomes.append([api.call("list_registries").status_code for _ in range(400)])
        assert (faults(api)[0]["calls"], faults(api)[0]["applied"]) == (400, outcomes[-1].count(500))
    assert outcomes[0] == outcomes[1]
    assert 60 < outcomes[0].count(500) < 140


def test_another_seed_is_another_choice(api: Api) -> None:
    """Without a seed one is generated and returned, so that a run can be repeated."""
    first, second = (put_in(api, operation="list_registries", share=0.5, status=500) for _ in range(2))
    assert first["seed"] != second["seed"]


@pytest.mark.parametrize(("share", "statuses"), [(0, {200}), (1, {500})])
def test_no_call_and_every_call(either: Api, share: float, statuses: set[int]) -> None:
    """A share of 0 applies to no call, and a share of 1 to each."""
    put_in(either, share=share, status=500)
    assert {either.call("list_registries").status_code for _ in range(20)} == statuses


def test_who_is_refused_takes_no_fault(either: Api) -> None:
    """A call with an unknown token or of an unknown operation does not count."""
    put_in(either, status=500)
    assert either.call("list_registries", token="unknown").status_code == 401  # noqa: S106
    assert either.client.get("/missing").status_code == 404
    assert faults(either)[0]["calls"] == 0


def test_faults_of_uploads_are_for_uploads(either: Api) -> None:
    """An upload fault for all operations applies only to those that take a file."""
    put_in(either, upload={"after_bytes": 0, "action": "cut"})
    registry = either.registry()
    with pytest.raises(httpx.TransportError):
        either.publish(registry, LARGE)
    assert (faults(either)[0]["calls"], faults(either)[0]["left"]) == (1, 0)


def test_a_fault_can_be_removed(either: Api) -> None:
    """A removed fault applies to no further call, and the others stay."""
    first, second = (put_in(either, operation="list_registries", status=status, times=9) for status in (500, 503))
    assert either.client.delete(f"{FAULTS}/{first['id']}").status_code == 204
    assert [fault["id"] for fault in faults(either)] == [second["id"]]
    assert either.call("list_registries").status_code == 503
    answer = either.client.delete(f"{FAULTS}/{first['id']}")
    assert (answer.status_code, answer.json()["message"]) == (
        404,
        f"There is no fault {first['id']}; GET /_emulator/faults lists them",
    )


def test_all_faults_can_be_removed(either: Api) -> None:
    """DELETE without an ID removes all faults, and IDs are not reused."""
    first = put_in(either, status=500, times=9)
    assert either.client.delete(FAULTS).status_code == 204
    assert either.client.delete(FAULTS).status_code == 204
    assert faults(either) == []
    either.ok("list_registries")
    assert put_in(either, status=500)["id"] > first["id"]


def test_head_gets_the_fault_of_get(either: Api) -> None:
    """HEAD counts as a call of the operation that GET calls."""
    put_in(either, operation="list_registries", status=503)
    path = SPEC.operations["list_registries"].path.format(org_slug="my-org")
    answer = either.client.head(path, headers={"Authorization": f"Bearer {TOKEN}"})
    assert (answer.status_code, answer.content) == (503, b"")


@pytest.mark.parametrize("operation_id", SPEC.operations)
@pytest.mark.parametrize(
    "kind", [{"status": 503}, {"latency": 0}, {"cut": "before"}, {"cut": "after"}, {"body": "not_json"}], ids=str
)
def test_every_operation_takes_every_fault(api: Api, operation_id: str, kind: dict[str, Any]) -> None:
    """Each kind works for each operation, even if the call would fail anyway."""
    put_in(api, operation=operation_id, **kind)
    path = ["missing" for _ in SPEC.operations[operation_id].collections[1:]]
    try:
        status = api.call(operation_id, *path, organization="missing").status_code
    except httpx.RemoteProtocolError:
        status = None
    assert status == (None if "cut" in kind else kind.get("status", 404))
    assert faults(api)[0]["applied"] == 1


# invalid faults

KINDS = "`status`, `latency`, `cut`, `upload`, `body`"
CUT = {"after_bytes": 1, "action": "cut"}


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({}, f"a fault needs exactly one of {KINDS}; it has none"),
        ({"times": 3}, f"a fault needs exactly one of {KINDS}; it has none"),
        ({"status": 500, "latency": 1}, f"a fault needs exactly one of {KINDS}; it has status and latency"),
        ({"staus": 500}, "`staus` is unknown; did you mean `status`?"),
        (
            {"operation": "get_regsitry", "status": 500},
            "there is no operation `get_regsitry`; did you mean `get_registry`?",
        ),
        ({"operation": 1, "status": 500}, "`operation` should be a string"),
        ({"status": 200}, "`status` should be an integer from 400 to 599"),
        ({"status": 600}, "`status` should be an integer from 400 to 599"),
        ({"status": "500"}, "`status` should be an integer from 400 to 599"),
        ({"status": True}, "`status` should be an integer from 400 to 599"),
        ({"status": 500, "message": 1}, "`message` should be a string"),
        ({"status": 500, "reset": 1}, "`reset` goes with the status 429 only"),
        ({"status": 429, "reset": -1}, "`reset` should be an integer from 0 to 3600"),
        ({"status": 500, "scope": "user"}, "`scope` goes with the status 429 only"),
        ({"status": 429, "scope": "rest"}, '`scope` should be "organization" or "user"'),
        ({"cut": "after", "message": "x"}, "`message` does not go with `cut`"),
        ({"latency": -1}, "`latency` should be a number from 0 to 3600"),
        ({"latency": 1e9}, "`latency` should be a number from 0 to 3600"),
        ({"latency": "1"}, "`latency` should be a number from 0 to 3600"),
        ({"cut": "during"}, '`cut` should be "before" or "after"'),
        ({"cut": ["before"]}, '`cut` should be "before" or "after"'),
        ({"body": "gone"}, '`body` should be "truncated" or "not_json"'),
        ({"upload": 5}, "`upload` should be a JSON object"),
        ({"upload": {}}, "`after_bytes` is missing; it should be an integer from 0 to 1099511627776"),
        (
            {"upload": {"after_bytes": -1, "action": "cut"}},
            "`after_bytes` should be an integer from 0 to 1099511627776",
        ),
        ({"upload": {"after_bytes": 1}}, '`action` is missing; it should be "stall" or "cut"'),
        ({"upload": {"after_byte": 1}}, "`after_byte` is unknown; did you mean `after_bytes`?"),
        ({"upload": {**CUT, "seconds": 1}}, "`seconds` goes with the action stall only"),
        (
            {"upload": {"after_bytes": 1, "action": "stall"}},
            "`seconds` is missing; it should be a number from 0 to 3600",
        ),
        ({"status": 500, "times": 0}, "`times` should be an integer from 1 to 1000000"),
        ({"status": 500, "times": 1.5}, "`times` should be an integer from 1 to 1000000"),
        ({"status": 500, "share": 2}, "`share` should be a number from 0 to 1"),
        ({"status": 500, "share": "half"}, "`share` should be a number from 0 to 1"),
        (
            {"status": 500, "share": 0.5, "times": 2},
            "a fault is for some `times` or for a `share` of the calls, not for both",
        ),
        ({"status": 500, "seed": 1}, "`seed` goes with `share` only"),
        ({"status": 500, "share": 0.5, "seed": "x"}, "`seed` should be an integer from 0 to 9007199254740991"),
        *(
            ({"operation": name, "upload": CUT}, f"{name} takes no file; such a fault is for {' or '.join(UPLOADS)}")
            for name in OTHERS[:3]
        ),
    ],
    ids=str,
)
def test_what_is_no_fault_is_refused(api: Api, fault: Any, reason: str) -> None:
    """An invalid fault gets a 422 that says what would be right, and adds nothing."""
    answer = api.client.post(FAULTS, json=fault)
    assert (answer.status_code, answer.json()) == (422, {"message": reason})
    assert faults(api) == []


def test_faults_are_bounded(api: Api) -> None:
    """The number of faults is limited."""
    for _ in range(100):
        put_in(api, status=500)
    answer = api.client.post(FAULTS, json={"status": 500})
    assert (answer.status_code, answer.json()["message"]) == (
        422,
        "there are 100 faults already; remove some first",
    )


@pytest.fixture(scope="module", autouse=True)
def quiet(served: Api) -> Iterator[None]:
    """Check that the server still works after all faults."""
    yield
    served.client.post("/_emulator/reset")
    assert served.ok("list_registries") == []
