"""Registries and registry tokens: what flows cannot see, such as errors, addresses, blobs and other organizations."""

import base64
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from buildkite_emulator.server import BuiltEmulator
from scripts.samples import packages
from scripts.servers.api import Api
from tests.support.emulators import fresh


@pytest.fixture
def two() -> Iterator[Api]:
    """Reach an emulator that has the organizations `one` and `two`."""
    with fresh(organizations=["one", "two"]) as api:
        yield api


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("my registry", "my-registry"),
        ("My   Registry", "my-registry"),
        ("  padded  ", "padded"),
        ("a/b.c", "a-b-c"),
        ("a - b", "a---b"),
        ("snake_case", "snake_case"),
        ("__x__", "__x__"),
        ("-x-", "x"),
        ("(x)", "x"),
        ("x\ny", "x-y"),
        ("42", "42"),
        ("naïve", "na-ve"),
        ("日本 1", "1"),
        ("😀x", "x"),
        ("%2Fx", "2fx"),
        ("../x", "x"),
        ("x" * 100, "x" * 100),
        ("a" + "İ" * 98 + "b", "a-b"),  # İ becomes two letters in lower case
    ],
)
def test_the_slug_follows_from_the_name(api: Api, name: str, slug: str) -> None:
    """The slug is the name in lower case with a hyphen for each run of other characters; the name stays as sent."""
    registry = api.ok("create_registry", json={"name": name, "ecosystem": "files"})
    assert (registry["slug"], registry["name"]) == (slug, name)
    assert api.ok("get_registry", slug) == registry


@pytest.mark.parametrize("host", ["packages.localhost", "packages.localhost:8443", "127.0.0.1:1", "[::1]:8787"])
def test_addresses_are_built_from_the_host_of_the_request(api: Api, host: str) -> None:
    """The addresses of a registry have the documented forms, below the host that the request was sent to."""
    api.registry()
    registry = api.ok("get_registry", "my-registry", headers={"Host": host})
    assert registry["url"] == f"http://{host}/v2/packages/organizations/my-org/registries/my-registry"
    assert registry["web_url"] == f"http://{host}/organizations/my-org/registries/my-registry"
    assert api.ok("list_registries", headers={"Host": host}) == [registry]


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"name": None}, "name", "invalid"),
        ({"name": "My Registry!"}, "name", "already_exists"),
        ({"ecosystem": "rubby"}, "ecosystem", "invalid"),
        ({"description": 1}, "description", "invalid"),
        ({"emoji": []}, "emoji", "invalid"),
        ({"color": "#f0ccff\n"}, "color", "invalid"),
        ({"team_ids": None}, "team_ids", "invalid"),
        ({"team_ids": [[1]]}, "team_ids[0]", "invalid"),
    ],
)
def test_an_error_names_the_property(api: Api, changes: dict[str, Any], field: str, code: str) -> None:
    """A 422 names the property that is wrong, wherever it lies, and a code."""
    api.registry()
    body = {"name": "other", "ecosystem": "files", **changes}
    response = api.call("create_registry", json=body)
    assert (response.status_code, response.json()["errors"]) == (422, [{"field": field, "code": code}])


@pytest.mark.parametrize("field", ["name", "ecosystem"])
def test_a_missing_property_is_named(api: Api, field: str) -> None:
    """A registry without a name or an ecosystem is refused with the code of the API for it."""
    body = {name: value for name, value in {"name": "x", "ecosystem": "files"}.items() if name != field}
    response = api.call("create_registry", json=body)
    assert (response.status_code, response.json()["errors"]) == (422, [{"field": field, "code": "missing_field"}])


def test_lists_are_in_the_order_of_creation(api: Api) -> None:
    """Registries and registry tokens are listed as they were created, whatever their names."""
    created = [api.ok("create_registry", json={"name": name, "ecosystem": "files"}) for name in ("c", "a", "b")]
    assert api.ok("list_registries") == created
    tokens = [api.ok("create_registry_token", "a", json={"description": text})["id"] for text in ("b", "a", "a", "")]
    assert [token["id"] for token in api.ok("list_registry_tokens", "a")] == tokens


def test_a_deleted_registry_takes_its_blobs_with_it(api: Api, emulator: BuiltEmulator) -> None:
    """The blobs of its packages are deleted, and no others."""
    api.publish(api.registry(name="kept"), packages.generic("kept", "1.0.0", b"kept"))
    kept = emulator.blobs.ids()
    registry = api.registry()
    for number in range(3):
        api.publish(registry, packages.generic("banana", f"1.0.{number}"))
    assert len(emulator.blobs.ids()) == 4
    response = api.call("delete_registry", registry)
    assert (response.status_code, response.content) == (200, b"")
    assert emulator.blobs.ids() == emulator.database.blobs_in_use() == kept


def test_two_organizations_are_apart(two: Api) -> None:
    """The same slug may be in two organizations; what is done in one does not touch the other."""
    bodies = {name: {"name": "my registry", "ecosystem": "files", "description": name} for name in ("one", "two")}
    created = {name: two.ok("create_registry", organization=name, json=body) for name, body in bodies.items()}
    assert created["one"]["id"] != created["two"]["id"]
    package = two.publish("my-registry", packages.generic("banana", "1.0.0"), organization="one").json()
    token = two.ok("create_registry_token", "my-registry", organization="one", json={"description": ""})
    assert package["organization"]["id"] == token["organization"]["id"]
    for operation_id, each in (("get_package", package), ("get_registry_token", token)):
        assert two.call(operation_id, "my-registry", each["id"], organization="two").status_code == 404
    two.ok("update_registry", "my-registry", organization="one", json={"name": "renamed"})
    assert two.ok("list_registries", organization="two") == [created["two"]]
    two.ok("delete_registry", "renamed", organization="one")
    assert two.ok("list_registries", organization="one") == []
    assert two.ok("get_registry", "my-registry", organization="two") == created["two"]
    assert two.call("list_registries", organization="my-org").status_code == 404


def test_the_secret_of_a_registry_token_is_stored_hashed(tmp_path: Path) -> None:
    """Nowhere below the data folder are the secret's bytes, in any usual form; its hash is there, and other text."""

    def stored() -> bytes:
        return b"".join(path.read_bytes() for path in sorted(tmp_path.rglob("*")) if path.is_file())

    with fresh(data=tmp_path) as api:
        body = {"description": "a description to be found"}
        secret = api.ok("create_registry_token", api.registry(), json=body)["token"].encode()
        open_files = stored()
    assert secret.startswith(b"pkgreg_v1_")
    assert len(secret) >= 32
    for content in (open_files, stored()):
        assert b"a description to be found" in content
        assert hashlib.sha256(secret).hexdigest().encode() in content
        raw = bytes.fromhex(secret.removeprefix(b"pkgreg_v1_").decode())
        for form in (secret, secret[: len(secret) // 2], raw, base64.b64encode(secret)):
            assert form not in content


def test_the_secret_of_a_registry_token_is_no_access_token(api: Api) -> None:
    """It opens nothing of this API."""
    secret = api.ok("create_registry_token", api.registry(), json={"description": ""})["token"]
    assert api.call("list_registries", token=secret).status_code == 401


def test_addresses_and_graphql_ids_of_a_registry_token(api: Api) -> None:
    """Addresses have the documented forms below the host of the request; GraphQL IDs are made of kinds and UUIDs."""
    registry = api.ok("get_registry", api.registry())
    host = {"Host": "example.localhost:1"}
    shown = api.ok("create_registry_token", "my-registry", json={"description": "Usher"}, headers=host)
    address = "http://example.localhost:1/v2/packages/organizations/my-org/registries/my-registry"
    assert shown["url"] == f"{address}/tokens/{shown['id']}"
    organization = shown["organization"]
    assert organization["url"] == "http://example.localhost:1/v2/analytics/organizations/my-org"
    assert organization["web_url"] == "http://example.localhost:1/organizations/my-org"
    assert shown["registry"] == {
        "id": registry["id"],
        "graphql_id": registry["graphql_id"],
        "slug": "my-registry",
        "url": address,
        "web_url": "http://example.localhost:1/organizations/my-org/registries/my-registry",
    }
    for kind, each in (("RegistryToken", shown), ("User", shown["created_by"]), ("Registry", registry)):
        assert base64.b64decode(each["graphql_id"]).decode() == f"{kind}---{each['id']}"
    assert set(shown["created_by"]) == {"id", "graphql_id", "name", "email", "avatar_url", "created_at"}
