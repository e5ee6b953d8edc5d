"""Who may call what: tokens, scopes, and which of several mistakes is answered."""

import base64
import itertools
import json
from collections.abc import Collection, Iterator
from importlib.resources import files
from typing import Any

import httpx
import pytest

from buildkite_emulator.server import build
from buildkite_emulator.testing import EmulatorTransport
from scripts.samples import packages
from scripts.servers.api import Api

DOCUMENT = json.loads((files("buildkite_packages") / "openapi.json").read_bytes())
OPERATIONS: dict[str, dict[str, Any]] = {
    definition["operationId"]: definition
    for item in DOCUMENT["paths"].values()
    for definition in item.values()
    if "operationId" in definition
}
SCOPES: list[str] = sorted(DOCUMENT["components"]["securitySchemes"]["bearer"]["x-scopes"])
HELD: list[tuple[str, ...]] = [(), *((scope,) for scope in SCOPES), *itertools.combinations(SCOPES, 2), tuple(SCOPES)]
"""What tokens hold: nothing, each scope, each two, all."""

WRONG_INPUT: dict[str, dict[str, Any]] = {
    "list_packages": {"params": {"page": "0"}},
    "copy_package": {"params": {}},
}
"""By operation, what makes a request unacceptable; for the others that take input, it is a body that is no JSON."""

each_operation = pytest.mark.parametrize("operation_id", OPERATIONS)


def named(scopes: Collection[str]) -> str:
    """Give the token that holds scopes and no others."""
    return "+".join(sorted(scopes)) or "nothing"


def ways(operation_id: str) -> list[set[str]]:
    """Give the sets of scopes of which the spec says that any one is enough."""
    return [set(alternative["bearer"]) for alternative in OPERATIONS[operation_id]["security"]]


@pytest.fixture(scope="module")
def scoped() -> Iterator[Api]:
    """Reach an emulator that has a token for everything in `HELD`; calls carry the one of every scope."""
    built = build(tokens={named(scopes): scopes for scopes in HELD})
    with httpx.Client(transport=EmulatorTransport(built.app), base_url="http://testserver") as client:
        yield Api(client, named(SCOPES))
    built.close()


@pytest.fixture
def clean(scoped: Api) -> Iterator[None]:
    """Delete what a test leaves."""
    yield
    for registry in scoped.ok("list_registries"):
        scoped.ok("delete_registry", registry["slug"])


def request_for(api: Api, operation_id: str, number: int = 0) -> tuple[list[str], dict[str, Any]]:
    """Prepare a call that succeeds; returns the path parameters after the organization, and the arguments."""
    if operation_id == "create_registry":
        return [], {"json": {"name": f"created {number}", "ecosystem": "files"}}
    if operation_id == "list_registries":
        return [], {}
    registry = api.registry(name=f"registry {number}")
    path = [registry]
    if operation_id in ("get_registry_token", "update_registry_token", "delete_registry_token"):
        path.append(api.ok("create_registry_token", registry, json={"description": "mine"})["id"])
    if operation_id in ("get_package", "copy_package", "delete_package"):
        path.append(api.publish(registry, packages.generic("banana", "1.0.0")).json()["id"])
    if operation_id == "copy_package":
        return path, {"params": {"to": api.registry(name=f"destination {number}")}}
    if operation_id == "publish_package":
        return path, {"files": {"file": packages.generic("banana", "1.0.0")}}
    if operation_id.startswith(("create", "update")):
        return path, {"json": {"description": "mine"}}
    return path, {}


@each_operation
@pytest.mark.usefixtures("clean")
def test_exactly_the_documented_scopes_pass(scoped: Api, operation_id: str) -> None:
    """An operation answers a token if and only if the spec says that the token's scopes are enough."""
    answers, expected = {}, {}
    sound = request_for(scoped, operation_id)
    for number, scopes in enumerate(HELD, start=1):
        response = scoped.call(operation_id, *sound[0], token=named(scopes), **sound[1])
        answers[named(scopes)] = response.status_code
        expected[named(scopes)] = 200 if any(way <= set(scopes) for way in ways(operation_id)) else 403
        if response.status_code == 200:
            sound = request_for(scoped, operation_id, number)  # the call may have used up what it was for
    assert answers == expected


@each_operation
@pytest.mark.usefixtures("clean")
def test_forbidden_names_what_is_missing(scoped: Api, operation_id: str) -> None:
    """The message of a 403 names every scope that would have been enough, and the operation."""
    sound, arguments = request_for(scoped, operation_id)
    message = scoped.call(operation_id, *sound, token=named(()), **arguments).json()["message"]
    assert all(scope in message for way in ways(operation_id) for scope in way), message
    assert operation_id in message


@pytest.mark.parametrize(
    ("held", "missing"), [("read_packages", "write_packages"), ("write_packages", "read_packages")]
)
@pytest.mark.usefixtures("clean")
def test_copy_needs_both_scopes(scoped: Api, held: str, missing: str) -> None:
    """Copying takes the scopes to read and to write; the message names the one that is missing and not the other."""
    sound, arguments = request_for(scoped, "copy_package")
    response = scoped.call("copy_package", *sound, token=held, **arguments)
    assert response.status_code == 403
    assert missing in response.json()["message"]
    assert held not in response.json()["message"]
    scoped.ok("copy_package", *sound, token=named({held, missing}), **arguments)


@pytest.mark.usefixtures("clean")
def test_older_scope_names_do_what_they_did(scoped: Api) -> None:
    """The older names let a token create a registry and publish to it, and nothing that came after them."""
    older = named({"create_registries", "create_packages"})
    slug = scoped.ok("create_registry", token=older, json={"name": "x", "ecosystem": "files"})["slug"]
    scoped.ok("publish_package", slug, token=older, files={"file": packages.generic("banana", "1.0.0")})
    assert scoped.call("update_registry", slug, token=older, json={}).status_code == 403
    assert scoped.call("create_registry_token", slug, token=older, json={"description": ""}).status_code == 403


@each_operation
@pytest.mark.usefixtures("clean")
def test_order_of_answers(scoped: Api, operation_id: str) -> None:
    """A request that is wrong in every way is answered 401, and, as its first fault is mended, 403, 404 and 422."""
    right, arguments = request_for(scoped, operation_id)
    wrong = WRONG_INPUT.get(operation_id, {"content": b"{", "headers": {"Content-Type": "text/plain"}})
    missing = ["missing" for _ in right]

    def answer(*path: str, **others: Any) -> tuple[int, str]:
        response = scoped.call(operation_id, *path, **others, **wrong)
        return response.status_code, response.json()["message"]

    assert answer(*missing, organization="missing", token="unknown")[0] == 401  # noqa: S106
    assert answer(*missing, organization="missing", token=named(()))[0] == 403
    assert answer(*right, token=named(()))[0] == 403
    assert answer(*missing, organization="missing") == (404, "No organization found")
    assert answer(*right, organization="missing") == (404, "No organization found")
    kinds = ["registry", "registry token" if "token" in operation_id else "package"]
    for known, kind in zip(range(len(right)), kinds, strict=False):
        assert answer(*right[:known], *missing[known:]) == (404, f"No {kind} found")
    if "422" in OPERATIONS[operation_id]["responses"]:
        assert answer(*right)[0] == 422
    scoped.ok(operation_id, *right, **arguments)


@pytest.mark.parametrize(
    "authorization",
    [
        b"",
        b"Bearer",
        b"Bearer ",
        b"Bearer  emulator",
        b"Bearer emulator emulator",
        b"Bearer\temulator",
        b"Bearer EMULATOR",
        b"Bearer unknown",
        b"Bearer emulator,unknown",
        b"Bearer \xff\xfe",
        b"BearerX emulator",
        b"emulator",
        b"Token emulator",
        b"Basic " + base64.b64encode(b"emulator:"),
        b"Basic " + base64.b64encode(b"buildkite:emulator"),
        b"Basic emulator",
        None,
    ],
)
def test_what_is_no_known_bearer_token_is_unauthorized(api: Api, authorization: bytes | None) -> None:
    """No token, a malformed or unknown one and basic authentication are answered 401, in words that clients compare."""
    headers = {} if authorization is None else {b"Authorization": authorization}
    response = api.client.get("/v2/packages/organizations/my-org/registries", headers=headers)
    assert response.status_code == 401
    examples = DOCUMENT["components"]["responses"]["Unauthorized"]["content"]["application/json"]["examples"]
    assert response.json()["message"].startswith(examples["unauthorized"]["value"]["message"])
    assert response.headers["WWW-Authenticate"] == "Bearer"


def test_a_token_in_the_query_is_none(api: Api) -> None:
    """Only the header counts; a token elsewhere would end up in logs."""
    response = api.call("list_registries", token=None, params={"access_token": "emulator", "token": "emulator"})
    assert response.status_code == 401


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_scheme_has_no_case(api: Api, scheme: str) -> None:
    """The word Bearer may be written in any case, as HTTP has it."""
    response = api.call("list_registries", token=None, headers={"Authorization": f"{scheme} emulator"})
    assert response.status_code == 200


def test_the_answer_to_a_wrong_token_does_not_repeat_it(api: Api) -> None:
    """A mistyped secret does not show in the answer."""
    mistyped = "secret-with-a-typo"
    assert mistyped not in api.call("list_registries", token=mistyped).text
