"""Copying packages: what is shared, what is refused."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from buildkite_emulator.server import BuiltEmulator, build
from buildkite_emulator.storage.database import Database
from buildkite_emulator.testing import EmulatorTransport
from scripts.samples import packages
from scripts.servers.api import SPEC, Api

if TYPE_CHECKING:
    from buildkite_emulator.storage.rows import NewPackage

COPIED = {"alpine", "debian", "files", "javascript", "python", "redhat", "ruby"}
"""Ecosystems whose packages can be copied, by the API's documentation."""

PACKAGES = {
    "alpine": packages.apk("banana", "1.1-r2", "x86_64"),
    "debian": packages.deb("banana", "1.1-2", "amd64"),
    "files": packages.generic("banana", "1.0.0", b"yellow"),
    "python": packages.wheel("banana", "1.0"),
    "redhat": packages.rpm("banana", "1.1-2", "x86_64"),
    "ruby": packages.gem("banana", "1.0.0", "java"),
}


def published(api: Api, ecosystem: str = "files") -> dict[str, Any]:
    """Publish a package to a new registry `source`, beside an empty `destination`."""
    source = api.registry(ecosystem, "source")
    api.registry(ecosystem, "destination")
    response = api.publish(source, PACKAGES[ecosystem])
    assert response.status_code == 200, response.text
    package: dict[str, Any] = response.json()
    return package


def copy(api: Api, package: dict[str, Any], to: str | None = "destination", **others: Any) -> httpx.Response:
    """Copy a package of `source`."""
    return api.call("copy_package", "source", package["id"], params={} if to is None else {"to": to}, **others)


def insert_package(database: Database, ecosystem: str) -> dict[str, Any]:
    """Put a package into `source` that the emulator cannot read, past the API."""
    with database.transaction() as transaction:
        organization = transaction.organizations.get("my-org")
        assert organization is not None
        registry = transaction.registries.get(organization.id, "source")
        assert registry is not None
        assert registry.ecosystem == ecosystem
        row: NewPackage = {
            "id": "package",
            "registry_id": registry.id,
            "name": "x",
            "unique_name": "x",
            "version": "1",
            "variant": "",
            "metadata": None,
            "file_name": "x",
            "blob_id": "blob",
            "created_at": 0,
        }
        transaction.blobs.expect(["blob"])
        transaction.packages.add(row, {"id": "blob", "size": 0, "sha256": "", "sha512": ""})
    return dict(row)


def names_fields_of_copy(response: httpx.Response) -> bool:
    """Tell whether an error names only what a copy takes."""
    parameters = {parameter.name for parameter in SPEC.operations["copy_package"].query}
    return all(error["field"] in parameters for error in response.json().get("errors", []))


@pytest.mark.parametrize("ecosystem", PACKAGES)
def test_a_copy_is_another_package_of_the_same_file(api: Api, emulator: BuiltEmulator, ecosystem: str) -> None:
    """A copy has its own ID, address and time; name, version, variant and digests are the original's, and the blob."""
    package = published(api, ecosystem)
    blobs = emulator.blobs.ids()
    copied = copy(api, package).json()
    same = ("name", "version", "variant", "digests", "organization")
    assert {name: copied[name] for name in same} == {name: package[name] for name in same}
    assert copied["id"] != package["id"]
    assert copied["created_at"] >= package["created_at"]
    assert copied["registry"]["slug"] == "destination"
    assert copied["url"].endswith(f"/registries/destination/packages/{copied['id']}")
    assert api.ok("get_package", "destination", copied["id"]) == copied
    assert api.ok("get_package", "source", package["id"]) == package
    assert api.call("get_package", "source", copied["id"]).status_code == 404
    assert [item["id"] for item in api.ok("list_packages", "destination")["items"]] == [copied["id"]]
    assert emulator.blobs.ids() == blobs
    assert len(blobs) == 1


@pytest.mark.parametrize("first", ["source", "destination"])
def test_the_blob_goes_with_the_last_package(api: Api, emulator: BuiltEmulator, first: str) -> None:
    """Deleting the original or a copy keeps the blob for the other; deleting that one deletes the blob."""
    package = published(api)
    ids = {"source": package["id"], "destination": copy(api, package).json()["id"]}
    (last,) = ids.keys() - {first}
    blobs = emulator.blobs.ids()
    api.ok("delete_package", first, ids[first])
    assert emulator.blobs.ids() == blobs
    assert api.ok("get_package", last, ids[last])["digests"] == package["digests"]
    api.ok("delete_package", last, ids[last])
    assert emulator.blobs.ids() == set()


def test_a_copy_outlives_the_registry_of_its_original(api: Api, emulator: BuiltEmulator) -> None:
    """Deleting a registry keeps the blobs that packages elsewhere use, until those registries go too."""
    package = published(api)
    copied = copy(api, package).json()
    api.ok("delete_registry", "source")
    assert len(emulator.blobs.ids()) == 1
    assert api.ok("get_package", "destination", copied["id"])["digests"] == package["digests"]
    api.ok("delete_registry", "destination")
    assert emulator.blobs.ids() == set()


def test_a_copy_can_be_copied_back(api: Api, emulator: BuiltEmulator) -> None:
    """Once the original is deleted, its copy can be copied to where it was; the blob stays the same one."""
    package = published(api)
    blobs = emulator.blobs.ids()
    copied = copy(api, package).json()
    api.ok("delete_package", "source", package["id"])
    back = api.ok("copy_package", "destination", copied["id"], params={"to": "source"})
    assert back["id"] not in (package["id"], copied["id"])
    assert back["digests"] == package["digests"]
    assert emulator.blobs.ids() == blobs


@pytest.mark.parametrize("to", ["destination", "source"])
def test_what_is_there_already_is_refused(api: Api, emulator: BuiltEmulator, to: str) -> None:
    """A registry that has the package is answered 422, the package's own registry too, and nothing changes."""
    package = published(api)
    copy(api, package)
    blobs = emulator.blobs.ids()
    response = copy(api, package, to)
    assert response.status_code == 422
    assert "already" in response.json()["message"]
    assert names_fields_of_copy(response), response.text
    assert len(api.ok("list_packages", to)["items"]) == 1
    assert emulator.blobs.ids() == blobs


@pytest.mark.parametrize("other", ["ruby", "container"])
def test_another_ecosystem_is_refused(api: Api, other: str) -> None:
    """A package is not copied to a registry of another ecosystem; the message names both."""
    package = published(api)
    api.registry(other, "other")
    response = copy(api, package, "other")
    assert response.status_code == 422
    assert "files" in response.json()["message"]
    assert other in response.json()["message"]
    assert api.ok("list_packages", "other")["items"] == []


@pytest.mark.parametrize("ecosystem", SPEC.ecosystems)
def test_only_some_ecosystems_can_be_copied(api: Api, emulator: BuiltEmulator, ecosystem: str) -> None:
    """Packages of the documented ecosystems are copied, those of the others are refused, even to their like."""
    api.registry(ecosystem, "source")
    api.registry(ecosystem, "destination")
    response = copy(api, insert_package(emulator.database, ecosystem))
    assert response.status_code == (200 if ecosystem in COPIED else 422), response.text
    assert len(api.ok("list_packages", "destination")["items"]) == (1 if ecosystem in COPIED else 0)


def test_what_is_missing(api: Api) -> None:
    """A destination or package that does not exist is answered 404, a destination that is not named 422."""
    package = published(api)
    assert copy(api, package, "missing").status_code == 404
    assert copy(api, {"id": "missing"}, "destination").status_code == 404
    assert copy(api, {"id": "missing"}, "missing").status_code == 404
    for to in (None, ""):
        response = copy(api, package, to)
        assert response.status_code == 422
        assert [error["field"] for error in response.json()["errors"]] == ["to"]
    assert api.ok("list_packages", "destination")["items"] == []


@pytest.fixture
def two() -> Iterator[Api]:
    """Reach an emulator that has the organizations `my-org` and `other`."""
    built = build(organizations=["my-org", "other"])
    with httpx.Client(transport=EmulatorTransport(built.app), base_url="http://testserver") as client:
        yield Api(client)
    built.close()


def test_nothing_is_copied_across_organizations(two: Api) -> None:
    """Neither can a package be copied into another organization, nor out of one by its ID."""
    package = published(two)
    for name in ("source", "theirs"):
        two.ok("create_registry", organization="other", json={"name": name, "ecosystem": "files"})
    assert copy(two, package, "theirs").status_code == 404
    assert copy(two, package, "theirs", organization="other").status_code == 404
    assert two.ok("list_packages", "theirs", organization="other")["items"] == []
