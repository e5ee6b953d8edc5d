"""Resetting the emulator to its seed."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from random import Random

import httpx
import pytest

from buildkite_emulator.server import BuiltEmulator, build
from scripts.samples import packages
from scripts.servers.api import Api, running_emulator
from scripts.servers.stores import agreed_blobs
from tests.conftest import NewStores
from tests.support.emulators import reaching

SEED = """
users:
  - {name: Ann, email: ann@example.com}
registries:
  - name: apples
    ecosystem: files
    tokens:
      - {description: one, secret: one}
    packages:
      - {file_name: apple-1.0.0.bin, content: AAAA}
      - {file_name: apple-1.0.1.bin, content: AAAA}
      - {path: files/apple-1.0.2.bin}
  - name: pears
    ecosystem: files
    packages:
      - {file_name: pear-1.0.0.bin, content: BBBB}
"""


@pytest.fixture
def seed(tmp_path: Path) -> Path:
    """Write a seed."""
    path = tmp_path / "seed.yaml"
    path.write_text(SEED)
    (tmp_path / "files").mkdir()
    (tmp_path / "files/apple-1.0.2.bin").write_bytes(b"from a file")
    return path


def reset(api: Api) -> None:
    """Reset the emulator to its seed."""
    response = api.client.post("/_emulator/reset")
    assert (response.status_code, response.content) == (204, b"")


def state(api: Api) -> str:
    """Export the data as a seed file."""
    response = api.client.get("/_emulator/state")
    assert response.status_code == 200
    return response.text


def change(api: Api) -> None:
    """Create, change and delete something of each kind."""
    api.ok("create_registry_token", "apples", json={"description": "new"})
    (old, _) = api.ok("list_registry_tokens", "apples")
    api.ok("update_registry_token", "apples", old["id"], json={"description": "changed"})
    oldest = api.ok("list_packages", "apples")["items"][-1]
    api.publish("apples", packages.generic("cherry", "1.0.0", b"cherry")).raise_for_status()
    api.ok("copy_package", "apples", oldest["id"], params={"to": api.registry()})
    api.ok("delete_package", "apples", oldest["id"])
    api.ok("delete_registry", "pears")
    api.ok("update_registry", "apples", json={"name": "Other apples", "oidc_policy": "- iss: x"})
    response = api.client.post("/_emulator/tokens")
    assert response.status_code == 201


@pytest.mark.slow
@pytest.mark.parametrize(
    "kinds",
    [("memory", "memory"), ("sqlite", "folder"), ("postgresql", "s3")],
    ids=["memory", "sqlite-folder", "postgresql-s3"],
)
def test_a_reset_undoes_everything(seed: Path, new_stores: NewStores, kinds: tuple[str, str]) -> None:
    """A reset restores the initial data with the same IDs and times, and leaves no stray blobs."""
    stores = new_stores(*kinds)
    emulator = build(database=stores.database, blobs=stores.blobs, seed=seed)
    with reaching(emulator) as api:
        before, blobs = state(api), emulator.blobs.ids()
        assert len(blobs) == 3
        for _ in range(2):
            change(api)
            assert state(api) != before
            reset(api)
            assert state(api) == before
            assert len(emulator.blobs.ids()) == 3
            assert not emulator.blobs.ids() & blobs  # a process that still deletes old ones deletes none of the new
    if "memory" not in kinds:
        assert len(agreed_blobs(stores)) == 3


def test_a_reset_without_a_seed_empties_the_emulator(api: Api, emulator: BuiltEmulator) -> None:
    """Without a seed, only the organization, the user and the token remain after a reset."""
    before = state(api)
    api.publish(api.registry(), packages.generic("a", "1.0.0")).raise_for_status()
    reset(api)
    assert api.ok("list_registries") == []
    assert emulator.blobs.ids() == set()
    assert state(api) == before


@pytest.mark.parametrize("kinds", [("memory", "memory"), ("postgresql", "folder")], ids=["memory", "postgresql-folder"])
def test_a_reset_forgets_faults_clock_limits_and_log(new_stores: NewStores, kinds: tuple[str, str]) -> None:
    """A reset removes faults, resets clock and rate limits, and clears the request log."""
    stores = new_stores(*kinds)
    with reaching(build(database=stores.database, blobs=stores.blobs, rate_limit=(100, 3))) as api:
        api.client.post("/_emulator/faults", json={"status": 503, "times": 2}).raise_for_status()
        api.client.put("/_emulator/clock", json={"time": "2030-01-01T00:00:00Z", "frozen": True}).raise_for_status()
        assert [api.call("list_registries").status_code for _ in range(4)] == [503, 503, 200, 429]
        assert len(api.client.get("/_emulator/requests").json()["requests"]) == 4
        api.client.post("/_emulator/faults", json={"status": 503}).raise_for_status()
        reset(api)
        assert api.client.get("/_emulator/faults").json() == {"faults": []}
        assert api.client.get("/_emulator/clock").json()["real"] is True
        assert api.client.get("/_emulator/requests").json()["requests"] == []
        assert [api.call("list_registries").status_code for _ in range(4)] == [200, 200, 200, 429]


def test_a_reset_goes_to_the_seed_though_there_was_data(seed: Path, tmp_path: Path) -> None:
    """On a folder with other data, a reset replaces it by the seed; users keep their IDs."""
    data, other = tmp_path / "data", tmp_path / "other.yaml"
    other.write_text("users: [{name: Someone, email: ann@example.com}, {name: Ben, email: ben@example.com}]")
    with reaching(build(seed=other, data=data)) as api:
        slug = api.registry(name="before")
        ann = api.ok("create_registry_token", slug, json={"description": ""})["created_by"]
    with reaching(build(seed=seed, data=data)) as api:
        assert [each["slug"] for each in api.ok("list_registries")] == ["before"]
        reset(api)
        assert [each["slug"] for each in api.ok("list_registries")] == ["apples", "pears"]
        (token,) = api.ok("list_registry_tokens", "apples")
        assert (token["created_by"]["id"], token["created_by"]["name"]) == (ann["id"], "Ann")
        made = api.ok("create_registry_token", "apples", json={"description": ""})
        assert made["created_by"]["id"] == ann["id"]
        assert "ben@example.com" not in state(api)


def test_a_file_that_has_changed_keeps_a_reset_from_happening(seed: Path) -> None:
    """If a file of the seed has changed, the reset gets a 409 that says so, and changes nothing."""
    file = seed.parent / "files/apple-1.0.2.bin"
    emulator = build(seed=seed)
    with reaching(emulator) as api:
        change(api)
        before, blobs = state(api), emulator.blobs.ids()
        file.write_bytes(b"something else")
        changed = api.client.post("/_emulator/reset")
        file.unlink()
        missing = api.client.post("/_emulator/reset")
        assert (changed.status_code, missing.status_code) == (409, 409)
        assert f"{file} has changed since the emulator started" in changed.json()["message"]
        assert f"cannot read {file}" in missing.json()["message"]
        assert (state(api), emulator.blobs.ids()) == (before, blobs)
        file.write_bytes(b"from a file")
        reset(api)
        assert len(api.ok("list_packages", "apples")["items"]) == 3


@pytest.mark.parametrize(("registry", "status"), [("apples", 200), ("made-later", 404)])
def test_an_upload_that_a_reset_comes_between(seed: Path, registry: str, status: int) -> None:
    """An upload that spans a reset is stored in a registry of the seed, and gets a 404 for a registry that is gone."""
    emulator = build(seed=seed)
    with reaching(emulator) as api:
        api.registry(name="made-later")
        content, boundary = packages.generic("late", "1.0.0", bytes(100_000)), b"b"

        def body() -> Iterator[bytes]:
            head = f'Content-Disposition: form-data; name="file"; filename="{content[0]}"\r\n\r\n'
            yield b"--" + boundary + b"\r\n" + head.encode() + content[1]
            reset(api)
            yield b"\r\n--" + boundary + b"--\r\n"

        headers = {"Content-Type": "multipart/form-data; boundary=b"}
        assert api.call("publish_package", registry, content=body(), headers=headers).status_code == status
        assert len(emulator.blobs.ids()) == 3 + (status == 200)


def work(api: Api, number: int) -> set[int]:
    """Publish, copy and delete packages, create and delete a registry, and sometimes reset; return the statuses."""
    chance, statuses = Random(number), set()  # noqa: S311 - nothing is kept secret by it
    for turn in range(12):
        package = packages.generic(f"p-{number}", f"1.0.{turn}", bytes(1000))
        found = api.call("list_packages", "apples").json().get("items", [])
        responses = [
            api.publish(chance.choice(["apples", "pears"]), package),
            api.call("create_registry", json={"name": f"registry {number}", "ecosystem": "files"}),
            api.publish(f"registry-{number}", package),
            api.call("create_registry_token", "apples", json={"description": ""}),
        ]
        if found:
            chosen = chance.choice(found)["id"]
            responses.append(api.call("copy_package", "apples", chosen, params={"to": "pears"}))
            responses.append(api.call("delete_package", "apples", chance.choice(found)["id"]))
        responses.append(api.call("delete_registry", f"registry-{number}"))
        if chance.random() < 0.1:
            responses.append(api.client.post("/_emulator/reset"))
        statuses |= {response.status_code for response in responses}
    return statuses


@pytest.mark.long
def test_resets_beside_other_requests(seed: Path, new_stores: NewStores) -> None:
    """Resets during publishing, copying and deleting cause no server error in any process, and leave no stray blobs."""
    stores = new_stores("postgresql", "s3")
    with running_emulator(*stores.options, f"--seed={seed}", "--workers=3") as (api, _):
        with ThreadPoolExecutor(8) as threads:
            statuses = set().union(*threads.map(partial(work, api), range(8)))
        assert statuses == {200, 204, 404, 422}
        ids = set()
        for _ in range(6):
            with httpx.Client(base_url=api.client.base_url) as client:  # a connection that any of the processes takes
                reset(Api(client))
                ids.add(api.ok("get_registry", "apples")["id"])
        assert len(ids) == 1
        assert len(api.ok("list_packages", "apples")["items"]) == 3
    assert len(agreed_blobs(stores)) == 3
