"""What is below the API: bodies, paths, methods and connections that are not as they should be."""

import json
import socket
from pathlib import Path
from typing import Any

import httpx
import jsonschema_rs
import pytest

from scripts.samples import packages
from scripts.servers.api import SPEC, Api, running_emulator
from scripts.servers.raw_requests import connected

pytestmark = pytest.mark.slow

REGISTRIES = "/v2/packages/organizations/my-org/registries"
AUTHORIZED = {"Authorization": "Bearer emulator"}
HEAD = b"Host: localhost\r\nAuthorization: Bearer emulator\r\nConnection: close\r\n"
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"}
LONGEST_BODY = 1 << 20


def refused(response: httpx.Response, status: int, operation_id: str | None = None) -> dict[str, Any]:
    """Check that a response is an error as the spec has it; returns its JSON.

    Args:
        response: what was answered.
        status: what should have been.
        operation_id: the operation whose documented error it should be; None for one below the API.
    """
    assert response.status_code == status, response.text
    assert response.headers["Content-Type"] == "application/json"
    schema = {"$ref": "#/components/schemas/Error"}
    if operation_id is not None:
        operation = SPEC.operations[operation_id]
        responses = SPEC.document["paths"][operation.path][operation.method.lower()]["responses"]
        schema = SPEC.follow(responses[str(status)])["content"]["application/json"]["schema"]
    jsonschema_rs.validate({"allOf": [schema], "components": SPEC.document["components"]}, response.json())
    assert response.json()["message"].strip()
    body: dict[str, Any] = response.json()
    return body


def create(api: Api, content: bytes, content_type: str | None = "application/json") -> httpx.Response:
    """Call `create_registry` with any bytes for a body."""
    headers = {} if content_type is None else {"Content-Type": content_type}
    return api.call("create_registry", content=content, headers=headers)


def exchange(api: Api, request: bytes) -> bytes:
    """Send bytes over a new connection; returns all that comes back until the emulator hangs up."""
    url = api.client.base_url
    with socket.create_connection((url.host, url.port or 80), timeout=300) as connection:
        connection.sendall(request)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def parsed(answer: bytes) -> httpx.Response:
    """Read an HTTP response that is not chunked."""
    head, _, body = answer.partition(b"\r\n\r\n")
    status, *lines = head.decode("latin-1").split("\r\n")
    headers = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines)]
    return httpx.Response(int(status.split(" ")[1]), headers=headers, content=body)


# bodies

SOUND = b'{"name": "sound", "ecosystem": "files", "more": %s}'


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"{",
        b'{"name": "x", "ecosystem": "files"',
        b'{"name": "x", "ecosystem": "files"} {}',
        b"{'name': 'x', 'ecosystem': 'files'}",
        b"name=x&ecosystem=files",
        b"null",
        b"[]",
        b'"x"',
        b"1",
        b"{}",
        b'{"name": null, "ecosystem": "files"}',
        b'{"name": "x", "ecosystem": null}',
        SOUND % b"NaN",
        SOUND % b"Infinity",
        SOUND % b"-Infinity",
        SOUND % b"01",
        SOUND % (b"[" * 100_000),
        SOUND % (b"[" * 100_000 + b"]" * 100_000),
        SOUND % (b'{"a":' * 100_000 + b"1" + b"}" * 100_000),
        SOUND % (b"9" * 5000),
        SOUND % b'"\xff"',
        SOUND % b'"\xed\xa0\x80"',
        SOUND % b'"\\ud800"',
        SOUND % b'{"\\udfff": 1}',
        SOUND % b'"\\u0000"',
        SOUND % b'{"\\u0000": [{}]}',
        '{"name": "x", "ecosystem": "files"}'.encode("utf-16"),
        b"\xef\xbb\xbf" + SOUND % b"1",
        b"\0" * 100,
        SOUND % (b" " * LONGEST_BODY + b"1"),
    ],
    ids=lambda body: repr(body[:60]),
)
def test_malformed_bodies_are_refused(api: Api, body: bytes) -> None:
    """A body that is no JSON, or that cannot be stored, is answered 422 in the spec's form, and nothing is created."""
    refused(create(api, body), 422, "create_registry")
    assert api.ok("list_registries") == []


@pytest.mark.parametrize("field", ["name", "ecosystem", "description", "emoji", "color", "oidc_policy"])
def test_what_is_no_text_is_refused_in_every_property(api: Api, field: str) -> None:
    """Half a surrogate pair and NUL are answered 422 wherever they stand."""
    for text in ("a\0", "a\ud800", "\udfff"):
        body = {"name": "x", "ecosystem": "files", field: text}
        refused(create(api, json.dumps(body).encode()), 422, "create_registry")


@pytest.mark.parametrize("field", ["name", "description", "team_ids", "oidc_policy"])
@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_deep_values_are_refused(api: Api, field: str, opening: bytes, closing: bytes) -> None:
    """A deeply nested value where a flat one belongs is answered 422, however deep."""
    for depth in (50, 250, 300, 800):
        deep = opening * depth + b"1" + closing * depth
        body = b'{"ecosystem": "files", "name": "x", "%s": %s}' % (field.encode(), deep)
        refused(create(api, body), 422, "create_registry")


def test_no_depth_of_nesting_is_a_fault_of_the_emulator(api: Api) -> None:
    """A body is accepted or refused at every depth around the one where Python gives up."""
    api.registry()
    for depth in range(800, 1010):
        body = b'{"more": %s1%s}' % (b"[" * depth, b"]" * depth)
        response = api.call(
            "update_registry", "my-registry", content=body, headers={"Content-Type": "application/json"}
        )
        assert response.status_code in (200, 422), (depth, response.text)


def test_a_huge_number_is_refused_in_words_for_the_caller(api: Api) -> None:
    """The reason speaks of the number, not of how Python can be made to read it."""
    assert "sys." not in refused(create(api, SOUND % (b"9" * 5000)), 422)["message"]


@pytest.mark.parametrize("more", [b"9" * 400, b"1e400", b"-0", b'"\\ud83d\\ude00"', b"[" * 100 + b"]" * 100])
def test_odd_but_sound_values_are_accepted(api: Api, more: bytes) -> None:
    """JSON that is only unusual does no harm in a property that nobody knows."""
    assert create(api, SOUND % more).status_code == 200


def test_a_body_may_be_as_long_as_the_limit(api: Api) -> None:
    """A body of the greatest length is read to its end; one byte more is too long, and the answer says the limit."""
    sound = SOUND % b"1"
    assert create(api, sound.ljust(LONGEST_BODY)).status_code == 200
    assert str(LONGEST_BODY) in refused(create(api, sound.ljust(LONGEST_BODY + 1)), 422)["message"]


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json-patch+json",
        "application/jsonx",
        "text/plain; application/json",
        ";",
    ],
)
def test_other_content_types_are_refused(api: Api, content_type: str | None) -> None:
    """A body of another type than JSON is answered 422, naming the type that is wanted."""
    assert "application/json" in refused(create(api, SOUND % b"1", content_type), 422, "create_registry")["message"]


# what is unknown, doubled or written in another way


@pytest.mark.parametrize(
    ("operation_id", "name"),
    [("list_packages", "page"), ("list_packages", "per_page"), ("list_packages", "name"), ("copy_package", "to")],
)
def test_a_doubled_query_parameter_is_refused(api: Api, operation_id: str, name: str) -> None:
    """A known query parameter that is there twice is answered 422, naming it, even with the same value."""
    path = [api.registry()]
    if operation_id == "copy_package":
        path.append(api.publish(path[0], packages.generic("banana", "1.0.0")).json()["id"])
    body = refused(api.call(operation_id, *path, params={name: ["1", "1"]}), 422, operation_id)
    assert [error["field"] for error in body["errors"]] == [name]


def test_ids_may_be_written_in_upper_case(api: Api) -> None:
    """A UUID names the same package or registry token in either case; the answer has it in lower case."""
    registry = api.registry()
    package = api.publish(registry, packages.generic("banana", "1.0.0")).json()["id"]
    token = api.ok("create_registry_token", registry, json={"description": ""})["id"]
    assert package != package.upper()
    assert api.ok("get_package", registry, package.upper())["id"] == package
    assert api.ok("get_registry_token", registry, token.upper())["id"] == token


# paths and methods


@pytest.mark.parametrize("path", SPEC.document["paths"])
def test_other_methods_are_not_allowed(api: Api, path: str) -> None:
    """A path with a method that it has not is answered 405 with those that it has, without a token even."""
    operations = [operation for operation in SPEC.operations.values() if operation.path == path]
    allowed = {method for operation in operations for method in (operation.method, *operation.aliases)}
    allowed |= {"HEAD"} if "GET" in allowed else set()
    for method in METHODS - allowed | {"BREW"}:
        response = api.client.request(method, path.format(org_slug="my-org", registry_slug="x", id="x"))
        assert response.headers["Allow"] == ", ".join(sorted(allowed))
        if method == "HEAD":
            assert response.status_code == 405
        else:
            refused(response, 405)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/v2",
        "/v2/packages/organizations/my-org",
        f"{REGISTRIES}/x/y",
        f"{REGISTRIES}/x/packages/1/copy/2",
        f"/V2{REGISTRIES[3:]}",
        f"/{REGISTRIES}",
        REGISTRIES.replace("/packages", "%2Fpackages"),
        "/%ff",
        "/favicon.ico",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "BREW"])
def test_unknown_paths(api: Api, method: str, path: str) -> None:
    """A path that the API does not have is answered 404, with whatever method."""
    refused(api.client.request(method, path, headers=AUTHORIZED), 404)


def test_pages_of_other_sites_may_read_each_answer(api: Api) -> None:
    """Success, errors and unknown paths have the headers of CORS; what only the emulator has does not."""
    cors = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "Link"}
    for answer in (
        api.call("list_registries"),
        api.call("list_registries", token=None),
        api.call("get_registry", "missing"),
        api.client.get("/v2/unknown"),
    ):
        assert {name: answer.headers.get(name) for name in cors} == cors
    assert "Access-Control-Allow-Origin" not in api.client.get("/_emulator/faults").headers


def test_one_trailing_slash_is_passed_over(api: Api) -> None:
    """A path means the same with a slash at its end; two slashes leave an empty name, which nothing has."""
    slug = api.registry()
    for path in (REGISTRIES, f"{REGISTRIES}/{slug}", f"{REGISTRIES}/{slug}/packages"):
        bare, slashed = (api.client.get(path + end, headers=AUTHORIZED) for end in ("", "/"))
        assert (slashed.status_code, slashed.json()) == (bare.status_code, bare.json()) == (200, bare.json())
    refused(api.client.get(f"{REGISTRIES}//", headers=AUTHORIZED), 404)
    refused(api.client.get("/v2/packages/organizations//registries", headers=AUTHORIZED), 404)


def test_over_long_paths(served: Api) -> None:
    """A path or query of more than 8192 bytes is answered 414, over a socket too; one of that length is not."""
    for start in (f"{REGISTRIES}/", f"{REGISTRIES}?"):
        longest = start.ljust(8192 + start.count("?"), "a")
        assert served.client.get(longest, headers=AUTHORIZED).status_code in (200, 404)
        refused(served.client.get(f"{longest}a", headers=AUTHORIZED), 414)
        refused(served.client.get(f"{longest}a"), 414)


# connections


def test_head_is_get_without_a_body(served: Api) -> None:
    """HEAD answers with the status and headers of GET and nothing after them, for errors too."""
    for path, status in ((REGISTRIES, 200), (f"{REGISTRIES}/missing", 404), ("/missing", 404)):
        answer = exchange(served, b"HEAD %s HTTP/1.1\r\n%s\r\n" % (path.encode(), HEAD))
        like = served.client.get(path, headers=AUTHORIZED)
        assert answer.endswith(b"\r\n\r\n")
        head = parsed(answer)
        assert head.status_code == like.status_code == status
        assert all(head.headers[name] == like.headers[name] for name in ("Content-Type", "Content-Length"))
    assert served.client.head(REGISTRIES).status_code == 401


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"garbage\r\n\r\n",
        b"\0" * 100 + b"\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 50,
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"BREW / HTTP/1.1\r\n\r\n",
        b"GET /a b HTTP/1.1\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST %s HTTP/1.1\r\n%sTransfer-Encoding: chunked\r\n\r\nzz\r\n" % (REGISTRIES.encode(), HEAD),
        b"GET /%s HTTP/1.1\r\n\r\n" % (b"a" * 100_000),
    ],
    ids=lambda value: repr(value[:40]),
)
def test_garbage_is_answered_in_json(served: Api, request_bytes: bytes) -> None:
    """What is not HTTP is answered 400 in the form of the API's errors, and the connection ends."""
    refused(parsed(exchange(served, request_bytes)), 400)


@pytest.mark.parametrize("start", [b"GET / HTTP/1.1\r\nX: ", b"GET /"])
def test_an_endless_head_is_refused(served: Api, start: bytes) -> None:
    """A head that goes on for more than some 64 KiB is answered 431 while it still arrives."""
    with connected(served.client.base_url) as connection:
        connection.sendall(start)
        received = b""
        for _ in range(64):
            try:
                connection.sendall(b"a" * (64 * 1024))
            except ConnectionError:
                break
        while data := connection.recv(65536):
            received += data
    assert received.startswith(b"HTTP/1.1 431 ")
    assert b'{"message":"Request Header Fields Too Large' in received


def test_no_host_at_all(served: Api) -> None:
    """A request of HTTP/1.0 needs no Host header."""
    request = b"GET %s HTTP/1.0\r\nAuthorization: Bearer emulator\r\n\r\n" % REGISTRIES.encode()
    assert parsed(exchange(served, request)).status_code == 200


def test_a_refusal_arrives_though_the_body_was_not_read(served: Api) -> None:
    """A large body does not keep the reason for its refusal from the caller."""
    large = b"x" * 20_000_000
    too_long = served.client.post(REGISTRIES, content=large, headers={**AUTHORIZED, "Content-Type": "application/json"})
    refused(too_long, 422, "create_registry")
    upload = ("banana-1.0.0.bin", large)
    unknown = "unknown"
    refused(served.publish("missing", upload, token=unknown), 401, "publish_package")
    refused(served.publish("missing", upload), 404, "publish_package")
    assert served.client.get("/").status_code == 404  # and the connection is of use still


@pytest.mark.parametrize(
    "name", ["x", "%00", "%ff", "%2e%2e", "..%2F..", "my-registry%2F", "my-registry%20", "{id}", "%"]
)
def test_an_odd_name_names_nothing(api: Api, name: str) -> None:
    """An encoded slash stays within the name, and bytes that are no text are only an unknown name."""
    registry = api.registry()
    refused(api.call("list_registries", organization=name), 404, "list_registries")
    refused(api.call("get_registry", name), 404, "get_registry")
    for operation_id in ("get_package", "get_registry_token"):
        refused(api.call(operation_id, registry, name), 404, operation_id)


def test_the_log_has_one_line_without_a_secret_for_each_request(tmp_path: Path) -> None:
    """Standard error names method, path and status of each request; no token, no query string, nor any body."""
    secrets = ["known-secret", "unknown-secret", "query-secret", "body-secret"]
    known, unknown, query, body = secrets
    log = tmp_path / "log"
    with running_emulator(f"--token={known}", log=log) as (api, _):
        api.token = known
        registry = api.registry(name="logged")
        secrets.append(api.ok("create_registry_token", registry, json={"description": body})["token"])
        api.call("list_packages", registry, params={"name": query, "page": "x"})
        api.call("list_registries", token=unknown)
        api.call("list_registries", token=None, headers={"Authorization": f"Basic {unknown}"})
        api.client.get("/missing", params={"access_token": query}, auth=(query, query))
        api.client.get("/a%0A%0Dforged%1B%5B31m", headers={"X-Forged": "x"})
        exchange(api, b"GARBAGE %s\r\nAuthorization: Bearer %s\r\n\r\n" % (query.encode(), known.encode()))
    text = log.read_text(encoding="utf-8")
    assert f"POST {REGISTRIES} 200" in text
    assert f"GET {REGISTRIES}/logged/packages 422" in text
    assert f"GET {REGISTRIES} 401" in text
    assert [secret for secret in secrets if secret in text] == []
    (forged,) = [line for line in text.splitlines() if "forged" in line]
    assert "GET /a%0A%0Dforged" in forged
