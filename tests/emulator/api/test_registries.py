"""Registries: slugs, identities, addresses, and what creating, changing and deleting them does."""

import base64
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from buildkite_emulator.server import BuiltEmulator, build
from buildkite_emulator.testing import EmulatorTransport
from scripts.samples import packages
from scripts.servers.api import SPEC, Api

POLICY = "- iss: https://agent.buildkite.com\n"
FULL = {
    "name": "my registry",
    "ecosystem": "ruby",
    "description": "gems",
    "emoji": ":sunflower:",
    "color": "#f0ccff",
    "oidc_policy": POLICY,
    "team_ids": ["0191df84-0000-7000-8000-000000000001"],
}


@pytest.fixture
def two() -> Iterator[Api]:
    """Reach an emulator that has the organizations `one` and `two`."""
    built = build(organizations=["one", "two"])
    with httpx.Client(transport=EmulatorTransport(built.app), base_url="http://testserver") as client:
        yield Api(client)
    built.close()


def refused(api: Api, operation_id: str, *path: str, field: str, **body: Any) -> str:
    """Make a call that is refused for one field; returns the field's code."""
    response = api.call(operation_id, *path, json=body)
    assert response.status_code == 422, response.text
    ((at_fault, code),) = [error.values() for error in response.json()["errors"]]
    assert at_fault == field
    return str(code)


# slugs


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
    ],
)
def test_the_slug_follows_from_the_name(api: Api, name: str, slug: str) -> None:
    """The slug is the name in lower case with a hyphen for each run of other characters; the name stays as sent."""
    registry = api.ok("create_registry", json={"name": name, "ecosystem": "files"})
    assert (registry["slug"], registry["name"]) == (slug, name)
    assert api.ok("get_registry", slug) == registry


@pytest.mark.parametrize("name", ["", " ", "-", "_", "!?", "日本", "x" * 101, None, 1, ["x"], {"x": 1}])
def test_a_name_without_a_slug_is_refused(api: Api, name: Any) -> None:
    """A name needs a letter or digit and at most 100 characters, on create and on update."""
    refused(api, "create_registry", field="name", name=name, ecosystem="files")
    refused(api, "update_registry", api.registry(), field="name", name=name)


def test_a_slug_is_never_longer_than_a_name_may_be(api: Api) -> None:
    """A letter that becomes two in lower case is still one other character, so the slug does not grow."""
    registry = api.ok("create_registry", json={"name": "a" + "İ" * 98 + "b", "ecosystem": "files"})
    assert registry["slug"] == "a-b"


@pytest.mark.parametrize("name", ["my registry", "My Registry!", "my-registry"])
def test_a_taken_slug_is_refused(api: Api, name: str) -> None:
    """A name whose slug another registry of the organization has is refused, whatever the ecosystem."""
    api.registry()
    assert refused(api, "create_registry", field="name", name=name, ecosystem="ruby") == "already_exists"
    assert len(api.ok("list_registries")) == 1


# identities and addresses


def test_ids(api: Api) -> None:
    """IDs are distinct UUIDs of version 7, and the GraphQL ID is made of the kind and the UUID."""
    registries = [api.ok("create_registry", json={"name": f"r{n}", "ecosystem": "files"}) for n in range(5)]
    assert len({registry["id"] for registry in registries}) == 5
    for registry in registries:
        assert uuid.UUID(registry["id"]).version == 7
        assert str(uuid.UUID(registry["id"])) == registry["id"]
        assert base64.b64decode(registry["graphql_id"]).decode() == f"Registry---{registry['id']}"


@pytest.mark.parametrize("host", ["packages.localhost", "packages.localhost:8443", "127.0.0.1:1", "[::1]:8787"])
def test_addresses_are_built_from_the_host_of_the_request(api: Api, host: str) -> None:
    """The addresses of a registry have the documented forms, below the host that the request was sent to."""
    api.registry()
    registry = api.ok("get_registry", "my-registry", headers={"Host": host})
    assert registry["url"] == f"http://{host}/v2/packages/organizations/my-org/registries/my-registry"
    assert registry["web_url"] == f"http://{host}/organizations/my-org/registries/my-registry"
    assert api.ok("list_registries", headers={"Host": host}) == [registry]


def test_the_address_of_a_registry_leads_to_it(api: Api) -> None:
    """A GET of `url` gives the registry."""
    registry = api.ok("create_registry", json=FULL)
    assert api.client.get(registry["url"], headers={"Authorization": "Bearer emulator"}).json() == registry


# create


def test_what_is_left_out_has_its_default(api: Api) -> None:
    """A registry that is created with no more than it needs has null or nothing for the rest, and is private."""
    registry = api.ok("create_registry", json={"name": "my registry", "ecosystem": "ruby"})
    rest = {name: value for name, value in registry.items() if name not in ("id", "graphql_id", "url", "web_url")}
    assert rest == {
        "slug": "my-registry",
        "name": "my registry",
        "ecosystem": "ruby",
        "description": None,
        "emoji": None,
        "color": None,
        "public": False,
        "oidc_policy": None,
        "team_ids": [],
    }


def test_what_is_sent_is_kept(api: Api) -> None:
    """Every property that create takes comes back as it was sent, then and later."""
    registry = api.ok("create_registry", json=FULL)
    assert {name: registry[name] for name in FULL} == FULL
    assert api.ok("get_registry", "my-registry") == registry


def test_null_is_the_default(api: Api) -> None:
    """What may be null may be sent as null."""
    nulls = dict.fromkeys(["description", "emoji", "color", "oidc_policy"])
    registry = api.ok("create_registry", json={"name": "x", "ecosystem": "files", **nulls})
    assert {name: registry[name] for name in nulls} == nulls


@pytest.mark.parametrize("ecosystem", SPEC.ecosystems)
def test_every_ecosystem_can_be_created(api: Api, ecosystem: str) -> None:
    """A registry can be of each ecosystem that the spec names."""
    assert api.ok("create_registry", json={"name": "x", "ecosystem": ecosystem})["ecosystem"] == ecosystem


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("ecosystem", "cobol"),
        ("ecosystem", "Ruby"),
        ("ecosystem", ""),
        ("ecosystem", None),
        ("description", 1),
        ("emoji", []),
        ("color", "red"),
        ("color", "#f0ccff\n"),
        ("color", "#f0ccf"),
        ("team_ids", "x"),
        ("team_ids", None),
        ("team_ids[0]", [1]),
    ],
)
def test_a_wrong_value_is_refused(api: Api, field: str, value: Any) -> None:
    """A value of another kind than the spec's is refused, naming its property, and nothing is created."""
    refused(api, "create_registry", field=field, **{**FULL, field.removesuffix("[0]"): value})
    assert api.ok("list_registries") == []


@pytest.mark.parametrize("field", ["name", "ecosystem"])
def test_what_is_required_is_missed(api: Api, field: str) -> None:
    """A registry without a name or an ecosystem is refused with the code of the API for it."""
    body = {name: value for name, value in FULL.items() if name != field}
    response = api.call("create_registry", json=body)
    assert (response.status_code, response.json()["errors"]) == (422, [{"field": field, "code": "missing_field"}])


def test_registries_are_listed_in_the_order_of_their_creation(api: Api) -> None:
    """The list has every registry of the organization once, in full."""
    created = [api.ok("create_registry", json={"name": name, "ecosystem": "files"}) for name in ("c", "a", "b")]
    assert api.ok("list_registries") == created


# update


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"description": "other"},
        {"description": None},
        {"description": ""},
        {"oidc_policy": "- iss: other\n"},
        {"oidc_policy": None},
        {"name": "My Registry"},
        {"description": "other", "oidc_policy": None},
    ],
)
def test_update_changes_only_what_is_sent(api: Api, changes: dict[str, Any]) -> None:
    """What an update does not name stays as it was; null clears what it names."""
    before = api.ok("create_registry", json=FULL)
    assert api.ok("update_registry", "my-registry", json=changes) == before | changes
    assert api.ok("get_registry", "my-registry") == before | changes


def test_the_ecosystem_cannot_be_changed(api: Api) -> None:
    """An update that names an ecosystem leaves it, as it leaves all that it does not know."""
    before = api.ok("create_registry", json=FULL)
    assert api.ok("update_registry", "my-registry", json={"ecosystem": "files", "slug": "x", "id": "x"}) == before


def test_rename_moves_the_registry(api: Api) -> None:
    """A new name gives a new slug, under which the registry is found with all it has; the old slug is free."""
    before = api.ok("create_registry", json={**FULL, "ecosystem": "files"})
    package = api.publish("my-registry", packages.generic("banana", "1.0.0")).json()
    after = api.ok("update_registry", "my-registry", json={"name": "Other Name"})
    assert after == before | {
        "name": "Other Name",
        "slug": "other-name",
        "url": before["url"].replace("my-registry", "other-name"),
        "web_url": before["web_url"].replace("my-registry", "other-name"),
    }
    moved = api.ok("get_package", "other-name", package["id"])
    assert moved["url"] == package["url"].replace("my-registry", "other-name")
    assert moved["registry"]["slug"] == "other-name"
    assert api.call("get_registry", "my-registry").status_code == 404
    assert api.call("get_package", "my-registry", package["id"]).status_code == 404
    assert api.registry() == "my-registry"


def test_rename_to_a_taken_slug_is_refused_and_changes_nothing(api: Api) -> None:
    """An update that cannot be carried out whole is not carried out in part."""
    api.registry(name="taken")
    before = api.ok("create_registry", json=FULL)
    changes = {"name": "Taken!", "description": "other", "oidc_policy": None}
    assert refused(api, "update_registry", "my-registry", field="name", **changes) == "already_exists"
    assert api.ok("get_registry", "my-registry") == before


# delete


def test_delete_takes_everything_with_it(api: Api, emulator: BuiltEmulator) -> None:
    """A deleted registry is gone with its packages, their blobs and its tokens, and its slug begins afresh."""
    kept = api.registry(name="kept")
    api.publish(kept, packages.generic("kept", "1.0.0", b"kept"))
    kept_blobs = emulator.blobs.ids()
    registry = api.registry()
    ids = [api.publish(registry, packages.generic("banana", f"1.0.{n}")).json()["id"] for n in range(3)]
    token = api.ok("create_registry_token", registry, json={"description": ""})["id"]
    assert len(emulator.blobs.ids()) == 4

    response = api.call("delete_registry", registry)
    assert (response.status_code, response.content) == (200, b"")
    assert api.call("get_registry", registry).status_code == 404
    assert api.call("list_packages", registry).status_code == 404
    assert api.call("delete_registry", registry).status_code == 404
    assert emulator.blobs.ids() == kept_blobs
    assert emulator.database.blobs_in_use() == kept_blobs

    assert api.registry() == registry
    assert api.ok("list_packages", registry)["items"] == []
    assert api.ok("list_registry_tokens", registry) == []
    assert [api.call("get_package", registry, each).status_code for each in ids] == [404] * 3
    assert api.call("get_registry_token", registry, token).status_code == 404
    assert api.publish(registry, packages.generic("banana", "1.0.0")).status_code == 200
    assert len(api.ok("list_packages", kept)["items"]) == 1


# organizations


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
