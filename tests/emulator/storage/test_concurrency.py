"""Many calls at once, over a socket."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from random import Random
from threading import Barrier
from typing import Any

import httpx
import pytest

from scripts.samples import packages
from scripts.servers.api import Api, running_emulator
from scripts.servers.stores import Stores, agreed_blobs, new_postgresql, new_s3

pytestmark = pytest.mark.slow

MANY = 50


@pytest.fixture(
    scope="module", params=[("sqlite", "folder", 1), ("postgresql", "s3", 4)], ids=["sqlite", "postgresql-4"]
)
def served_on(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """Run an emulator of one or of four processes; at the end, check that its database and its blobs agree."""
    kind_of_database, kind_of_blobs, workers = request.param
    stores = Stores.of_folder(tmp_path_factory.mktemp("concurrency"))
    if kind_of_database == "postgresql":
        request.getfixturevalue(kind_of_blobs)
        stores = Stores(new_postgresql(request.getfixturevalue(kind_of_database)), new_s3())
    with running_emulator(*stores.options, f"--workers={workers}") as (api, _):
        yield api
    agreed_blobs(stores)


@pytest.fixture
def api(served_on: Api) -> Api:
    """Give that emulator without data."""
    served_on.client.post("/_emulator/reset").raise_for_status()
    return served_on


def at_once(calls: Sequence[Callable[[], httpx.Response]]) -> list[httpx.Response]:
    """Make calls at the same time, each in a thread of its own; none may end in a fault."""
    barrier = Barrier(len(calls))

    def run(call: Callable[[], httpx.Response]) -> httpx.Response:
        barrier.wait(timeout=300)
        return call()

    with ThreadPoolExecutor(len(calls)) as threads:
        responses = list(threads.map(run, calls))
    assert [response.text for response in responses if response.status_code >= 500] == []
    return responses


def test_publishes_of_different_versions_all_land(api: Api) -> None:
    """Of fifty versions that are published at once, each is there afterwards, with its own digest."""
    registry = api.registry()
    files = {f"1.0.{number}": number.to_bytes(4, "big") * 10_000 for number in range(MANY)}
    built = [packages.generic("a", version, content) for version, content in files.items()]
    responses = at_once([partial(api.publish, registry, package) for package in built])
    assert {response.status_code for response in responses} == {200}
    listed = api.ok("list_packages", registry, params={"per_page": "100"})["items"]
    assert {package["version"]: package["digests"]["sha256"] for package in listed} == {
        version: hashlib.sha256(content).hexdigest() for version, content in files.items()
    }


def test_publishes_of_the_same_version_land_once(api: Api) -> None:
    """Of fifty files that are published at once as the same version, one lands whole and the others get 422."""
    registry = api.registry()
    files = [number.to_bytes(4, "big") * 10_000 for number in range(MANY)]
    built = [packages.generic("a", "1.0.0", content) for content in files]
    responses = at_once([partial(api.publish, registry, package) for package in built])
    statuses = [response.status_code for response in responses]
    assert sorted(statuses) == [200] + [422] * (MANY - 1)
    winner = statuses.index(200)
    (package,) = api.ok("list_packages", registry)["items"]
    assert package["id"] == responses[winner].json()["id"]
    assert package["digests"]["sha256"] == hashlib.sha256(files[winner]).hexdigest()


@pytest.mark.parametrize("also", ["form", "delete_registry"])
def test_one_upload_is_published_once_whatever_happens_meanwhile(api: Api, also: str) -> None:
    """Of many publishes of one upload, one at most succeeds while its form is sent again or its registry is deleted.

    None ends in a fault, and no file is left that nothing uses (the fixture looks).
    """
    for number in range(10):
        registry = api.registry(name=f"registry {number}")
        form = api.ok("request_presigned_upload", registry)["form"]
        name, _ = packages.generic("a", "1.0.0")
        url = form["url"] + form["data"]["key"].replace("${filename}", name)

        def send(size: int, form: dict[str, Any] = form, name: str = name) -> httpx.Response:
            return api.client.post(form["url"], data=form["data"], files={"file": (name, bytes(size))})

        assert send(0).status_code == 204
        publish = partial(api.call, "publish_package", registry, files={"package_url": (None, url)})
        calls = [call for size in range(1, 5) for call in (publish, partial(send, size))]
        if also == "delete_registry":
            calls.append(partial(api.call, "delete_registry", registry))
        responses = at_once(calls)
        published = [each for each in responses[0:8:2] if each.status_code == 200]
        assert len(published) <= 1
        assert {each.status_code for each in responses} <= {200, 204, 403, 404, 422}


def test_a_name_is_given_to_one_registry(api: Api) -> None:
    """Of many registries that are created at once under one name, one is, and the others get 422."""
    body = {"name": "my registry", "ecosystem": "ruby"}
    responses = at_once([partial(api.call, "create_registry", json=body)] * MANY)
    assert sorted(response.status_code for response in responses) == [200] + [422] * (MANY - 1)
    assert len(api.ok("list_registries")) == 1


def test_one_package_is_deleted_once(api: Api) -> None:
    """Of many deletions of one package at once, one finds it."""
    registry = api.registry()
    package = api.publish(registry, packages.generic("a", "1.0.0")).json()["id"]
    responses = at_once([partial(api.call, "delete_package", registry, package)] * MANY)
    assert sorted(response.status_code for response in responses) == [200] + [404] * (MANY - 1)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(3))
def test_copies_deletes_and_publishes_at_once_leave_all_in_order(api: Api, seed: int) -> None:
    """Whatever meets whatever, no call ends in a fault, and blobs are those of packages (the fixture looks)."""
    random = Random(seed)  # noqa: S311 - no secret
    names = [f"registry {number}" for number in range(4)]
    registries = [api.registry("files", name) for name in names]
    ids = [
        api.publish(registries[0], packages.generic("a", f"1.0.{number}", b"x")).json()["id"] for number in range(MANY)
    ]

    def publish(number: int) -> httpx.Response:
        version = f"2.0.{number % 5}"
        return api.publish(registries[number % 4], packages.generic("a", version, bytes(number * 1000)))

    def copy(number: int) -> httpx.Response:
        return api.call("copy_package", registries[0], ids[number], params={"to": registries[1 + number % 3]})

    def delete(number: int) -> httpx.Response:
        return api.call("delete_package", registries[0], ids[number])

    def delete_and_create_registry(number: int) -> httpx.Response:
        gone = api.call("delete_registry", registries[1 + number % 3])
        made = api.call("create_registry", json={"name": names[1 + number % 3], "ecosystem": "files"})
        return max(gone, made, key=lambda response: response.status_code)

    calls = [partial(call, number) for number in range(MANY) for call in (publish, copy, delete)]
    calls += [partial(delete_and_create_registry, number) for number in range(6)]
    random.shuffle(calls)
    batches = [calls[start : start + MANY] for start in range(0, len(calls), MANY)]
    statuses = {response.status_code for batch in batches for response in at_once(batch)}
    assert statuses <= {200, 404, 422}
    assert set(registries) == {registry["slug"] for registry in api.ok("list_registries")}
