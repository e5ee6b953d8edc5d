"""Registry tokens: their secrets, addresses, and what changing and deleting them does."""

import base64
import hashlib
import re
import uuid
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from buildkite_emulator.server import build
from buildkite_emulator.testing import EmulatorTransport
from scripts.servers.api import Api

REGISTRY = "my-registry"


@pytest.fixture
def registry(api: Api) -> str:
    """Give a registry without tokens."""
    return api.registry()


def create(api: Api, description: str = "Usher") -> dict[str, Any]:
    """Create a token of the registry."""
    token: dict[str, Any] = api.ok("create_registry_token", REGISTRY, json={"description": description})
    return token


def without_secret(token: dict[str, Any]) -> dict[str, Any]:
    """Give what every answer but the first shows."""
    return {name: value for name, value in token.items() if name != "token"}


@pytest.mark.usefixtures("registry")
def test_the_secret_is_in_the_first_answer_only(api: Api) -> None:
    """Creating a token gives a long secret of a known prefix, a new one each time, that no later answer repeats."""
    first, second = create(api), create(api)
    assert first["token"].startswith("pkgreg_v1_")
    assert len(first["token"]) >= 32
    assert first["token"] != second["token"]
    answers = [
        api.call("list_registry_tokens", REGISTRY),
        api.call("get_registry_token", REGISTRY, first["id"]),
        api.call("update_registry_token", REGISTRY, first["id"], json={"description": "Usher"}),
    ]
    assert answers[0].json() == [without_secret(first), without_secret(second)]
    assert answers[1].json() == answers[2].json() == without_secret(first)
    assert not [answer for answer in answers if first["token"] in answer.text or "token" in answer.json()]


def test_the_secret_is_stored_hashed(tmp_path: Path) -> None:
    """Nowhere below the data folder are the secret's bytes, in any usual form; its hash is there, and other text."""

    def stored() -> bytes:
        return b"".join(path.read_bytes() for path in sorted(tmp_path.rglob("*")) if path.is_file())

    built = build(data=tmp_path)
    with httpx.Client(transport=EmulatorTransport(built.app), base_url="http://testserver") as client:
        api = Api(client)
        api.registry()
        secret = create(api, "a description to be found")["token"].encode()
        open_files = stored()
    built.close()
    for content in (open_files, stored()):
        assert b"a description to be found" in content
        assert hashlib.sha256(secret).hexdigest().encode() in content
        for form in (
            secret,
            secret[: len(secret) // 2],
            bytes.fromhex(secret.removeprefix(b"pkgreg_v1_").decode()),
            base64.b64encode(secret),
        ):
            assert form not in content


@pytest.mark.usefixtures("registry")
def test_what_a_token_shows(api: Api) -> None:
    """A token has a UUID of version 7, GraphQL IDs made of kinds and UUIDs, and addresses of the documented forms."""
    shown = api.ok(
        "create_registry_token", REGISTRY, json={"description": "Usher"}, headers={"Host": "example.localhost:1"}
    )
    registry = api.ok("get_registry", REGISTRY)
    assert uuid.UUID(shown["id"]).version == 7
    assert shown["description"] == "Usher"
    address = "http://example.localhost:1/v2/packages/organizations/my-org/registries/my-registry"
    assert shown["url"] == f"{address}/tokens/{shown['id']}"
    organization, user = shown["organization"], shown["created_by"]
    assert organization["slug"] == "my-org"
    assert organization["url"] == "http://example.localhost:1/v2/analytics/organizations/my-org"
    assert organization["web_url"] == "http://example.localhost:1/organizations/my-org"
    assert shown["registry"] == {
        "id": registry["id"],
        "graphql_id": registry["graphql_id"],
        "slug": "my-registry",
        "url": address,
        "web_url": "http://example.localhost:1/organizations/my-org/registries/my-registry",
    }
    for kind, each in (("RegistryToken", shown), ("User", user), ("Registry", shown["registry"])):
        assert base64.b64decode(each["graphql_id"]).decode() == f"{kind}---{each['id']}"
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", shown["created_at"])
    made = int(uuid.UUID(shown["id"]).hex[:12], 16) / 1000  # a UUID of version 7 begins with its time
    assert datetime.fromisoformat(shown["created_at"]).timestamp() == pytest.approx(made, abs=0.001)
    assert shown["created_at"].endswith("Z")
    assert set(user) == {"id", "graphql_id", "name", "email", "avatar_url", "created_at"}


@pytest.mark.usefixtures("registry")
def test_the_address_of_a_token_leads_to_it(api: Api) -> None:
    """A GET of `url` gives the token."""
    token = create(api)
    response = api.client.get(token["url"], headers={"Authorization": "Bearer emulator"})
    assert response.json() == without_secret(token)


@pytest.mark.usefixtures("registry")
def test_tokens_are_listed_in_the_order_of_their_creation(api: Api) -> None:
    """The list has every token of the registry once; descriptions need not differ."""
    created = [create(api, description) for description in ("b", "a", "a", "")]
    assert api.ok("list_registry_tokens", REGISTRY) == [without_secret(token) for token in created]


@pytest.mark.usefixtures("registry")
def test_update_changes_the_description_alone(api: Api) -> None:
    """An update leaves all but the description, and other tokens."""
    token, other = create(api), create(api, "other")
    changes = {"description": "Usher 2", "id": other["id"], "token": "x", "created_at": "x"}
    after = without_secret(token) | {"description": "Usher 2"}
    assert api.ok("update_registry_token", REGISTRY, token["id"], json=changes) == after
    assert api.ok("list_registry_tokens", REGISTRY) == [after, without_secret(other)]


@pytest.mark.usefixtures("registry")
def test_delete_takes_one_token(api: Api) -> None:
    """A deleted token is gone for every operation, and other tokens stay."""
    token, other = create(api), create(api)
    response = api.call("delete_registry_token", REGISTRY, token["id"])
    assert (response.status_code, response.content) == (200, b"")
    for operation_id, arguments in EACH.items():
        assert api.call(operation_id, REGISTRY, token["id"], **arguments).status_code == 404
    assert api.ok("list_registry_tokens", REGISTRY) == [without_secret(other)]


EACH: dict[str, dict[str, Any]] = {
    "get_registry_token": {},
    "update_registry_token": {"json": {"description": "stolen"}},
    "delete_registry_token": {},
}


@pytest.mark.parametrize("operation_id", EACH)
@pytest.mark.usefixtures("registry")
def test_a_token_of_another_registry_does_not_exist(api: Api, operation_id: str) -> None:
    """By way of another registry a token is not found, and nothing happens to it."""
    token = create(api)
    other = api.registry(name="other")
    assert api.call(operation_id, other, token["id"], **EACH[operation_id]).status_code == 404
    assert api.ok("list_registry_tokens", other) == []
    assert api.ok("get_registry_token", REGISTRY, token["id"]) == without_secret(token)


@pytest.mark.parametrize("body", [{}, {"description": None}, {"description": 1}, {"description": ["x"]}])
@pytest.mark.usefixtures("registry")
def test_a_description_is_required(api: Api, body: dict[str, Any]) -> None:
    """Without a description, a text, nothing is created or changed."""
    token = create(api)
    code = "invalid" if body else "missing_field"
    for operation_id, path in (("create_registry_token", []), ("update_registry_token", [token["id"]])):
        response = api.call(operation_id, REGISTRY, *path, json=body)
        assert response.status_code == 422
        assert response.json()["errors"] == [{"field": "description", "code": code}]
    assert api.ok("list_registry_tokens", REGISTRY) == [without_secret(token)]


@pytest.mark.usefixtures("registry")
def test_a_registry_token_is_no_access_token(api: Api) -> None:
    """The secret of a registry token opens nothing of this API."""
    assert api.call("list_registries", token=create(api)["token"]).status_code == 401
