"""Copying packages: the blob that copies share, what errors say, and organizations."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from buildkite_emulator.server import BuiltEmulator
from scripts.samples import packages
from scripts.servers.api import Api
from tests.support.emulators import fresh


def published(api: Api) -> dict[str, Any]:
    """Publish a package to a new registry `source`, beside an empty `destination`."""
    source = api.registry(name="source")
    api.registry(name="destination")
    package: dict[str, Any] = api.publish(source, packages.generic("banana", "1.0.0", b"yellow")).json()
    return package


def copy(api: Api, package: dict[str, Any], to: str | None = "destination", **others: Any) -> httpx.Response:
    """Copy a package of `source`."""
    return api.call("copy_package", "source", package["id"], params={} if to is None else {"to": to}, **others)


@pytest.mark.parametrize("operation", ["delete_package", "delete_registry"])
@pytest.mark.parametrize(("first", "last"), [("source", "destination"), ("destination", "source")])
def test_a_copy_shares_the_blob_of_its_original(
    api: Api, emulator: BuiltEmulator, operation: str, first: str, last: str
) -> None:
    """A copy adds no blob, and the blob is deleted with the last package that uses it, or with its registry."""
    package = published(api)
    blobs = emulator.blobs.ids()
    ids = {"source": package["id"], "destination": copy(api, package).json()["id"]}
    assert len(blobs) == 1
    for registry, left in ((first, blobs), (last, set())):
        assert emulator.blobs.ids() == blobs
        api.ok(operation, registry, *([ids[registry]] if operation == "delete_package" else []))
        assert emulator.blobs.ids() == left


@pytest.mark.parametrize(
    ("to", "words", "fields"),
    [
        ("destination", ["already"], ["to"]),
        ("source", ["already"], ["to"]),
        ("gems", ["files", "ruby"], ["to"]),
        (None, ["to"], ["to"]),
        ("", ["to"], ["to"]),
    ],
)
def test_a_refusal_says_what_is_wrong(
    api: Api, emulator: BuiltEmulator, to: str | None, words: list[str], fields: list[str]
) -> None:
    """The message and the fields of a 422 tell why a package is not copied; no blob comes or goes."""
    package = published(api)
    api.registry("ruby", "gems")
    copy(api, package).raise_for_status()
    blobs = emulator.blobs.ids()
    response = copy(api, package, to)
    assert response.status_code == 422
    assert all(word in response.json()["message"] for word in words), response.text
    assert [error["field"] for error in response.json().get("errors", [])] == fields
    assert emulator.blobs.ids() == blobs


@pytest.fixture
def two() -> Iterator[Api]:
    """Reach an emulator that has the organizations `my-org` and `other`."""
    with fresh(organizations=["my-org", "other"]) as api:
        yield api


def test_nothing_is_copied_across_organizations(two: Api) -> None:
    """Neither can a package be copied into another organization, nor out of one by its ID."""
    package = published(two)
    for name in ("source", "theirs"):
        two.ok("create_registry", organization="other", json={"name": name, "ecosystem": "files"})
    assert copy(two, package, "theirs").status_code == 404
    assert copy(two, package, "theirs", organization="other").status_code == 404
    assert two.ok("list_packages", "theirs", organization="other")["items"] == []
