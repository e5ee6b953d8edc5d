"""What is no access token, and what the messages of 403 and 404 say."""

import base64
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from buildkite_emulator.spec import Operation
from scripts.servers.api import SPEC, Api
from tests.support.emulators import fresh


@pytest.fixture(scope="module")
def scoped() -> Iterator[Api]:
    """Reach an emulator with a registry, and tokens that have no scope, or only the one that they are named after."""
    tokens = {"emulator": SPEC.scopes, "nothing": ()} | {scope: (scope,) for scope in SPEC.scopes}
    with fresh(tokens=tokens) as api:
        api.registry()
        yield api


def path_of(operation: Operation, *ids: str) -> Sequence[str]:
    """Cut IDs to as many as an operation takes after the organization."""
    return ids[: len(operation.collections) - 1]


@pytest.mark.parametrize("operation", SPEC.operations.values(), ids=SPEC.operations)
def test_forbidden_names_what_is_missing(scoped: Api, operation: Operation) -> None:
    """The message of a 403 names every scope that would have been enough, and the operation."""
    response = scoped.call(operation.id, *path_of(operation, "x", "x"), token="nothing")  # noqa: S106
    message = response.json()["message"]
    assert response.status_code == 403
    assert all(scope in message for way in operation.scopes for scope in way), message
    assert operation.id in message


@pytest.mark.parametrize(
    ("held", "missing"), [("read_packages", "write_packages"), ("write_packages", "read_packages")]
)
def test_forbidden_does_not_name_what_is_there(scoped: Api, held: str, missing: str) -> None:
    """Copying takes the scopes to read and to write; the message names the one that is missing and not the other."""
    response = scoped.call("copy_package", "x", "x", token=held)
    assert response.status_code == 403
    assert missing in response.json()["message"]
    assert held not in response.json()["message"]


@pytest.mark.parametrize("operation", SPEC.operations.values(), ids=SPEC.operations)
def test_not_found_names_the_kind(scoped: Api, operation: Operation) -> None:
    """The message of a 404 names what is not there: the organization, else the registry, else what is in it."""

    def message(*ids: str, **others: Any) -> str:
        response = scoped.call(operation.id, *path_of(operation, *ids), **others)
        assert response.status_code == 404
        return str(response.json()["message"])

    assert message("missing", "missing", organization="missing") == "No organization found"
    kind = "registry token" if "token" in operation.id else "package"
    if len(operation.collections) > 1:
        assert message("missing", "missing") == "No registry found"
    if len(operation.collections) > 2:
        assert message("my-registry", "missing") == f"No {kind} found"


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
    examples = SPEC.document["components"]["responses"]["Unauthorized"]["content"]["application/json"]["examples"]
    assert response.json()["message"].startswith(examples["unauthorized"]["value"]["message"])
    assert response.headers["WWW-Authenticate"] == "Bearer"


def test_a_token_in_the_query_is_none(api: Api) -> None:
    """Only the header counts; a token elsewhere would end up in logs."""
    response = api.call("list_registries", token=None, params={"access_token": "emulator", "token": "emulator"})
    assert response.status_code == 401


def test_the_answer_to_a_wrong_token_does_not_repeat_it(api: Api) -> None:
    """A mistyped secret does not show in the answer."""
    mistyped = "secret-with-a-typo"
    assert mistyped not in api.call("list_registries", token=mistyped).text
