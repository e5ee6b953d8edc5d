"""What a data folder keeps: through an orderly end, and through a kill in the middle of it all."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from buildkite_emulator.server import build
from scripts.samples import packages
from scripts.servers.api import Api, running_emulator
from scripts.servers.raw_requests import blobs_below, files_below, part, until, upload_under_way
from scripts.servers.stores import Stores, agreed_blobs
from tests.conftest import NewStores
from tests.support.command import refusal
from tests.support.emulators import fresh

if TYPE_CHECKING:
    from subprocess import Popen

MIB = 1 << 20


def everything(api: Api) -> dict[str, Any]:
    """Read all that an emulator has, by address."""
    found: dict[str, Any] = {}
    for registry in api.ok("list_registries"):
        slug = registry["slug"]
        found[slug] = registry
        found[f"{slug}/tokens"] = api.ok("list_registry_tokens", slug)
        for package in all_packages(api, slug):
            found[package["id"]] = api.ok("get_package", slug, package["id"])
    return found


def all_packages(api: Api, registry: str) -> list[Any]:
    """List a registry's packages, all pages of them."""
    found: list[Any] = []
    for page in count(1):
        listed = api.ok("list_packages", registry, params={"per_page": "100", "page": str(page)})
        found += listed["items"]
        if "next" not in listed["links"]:
            break
    return found


def test_a_restart_finds_everything(tmp_path: Path) -> None:
    """Registries, tokens, packages and copies are the same after an orderly end, and go on from there."""
    data = tmp_path / "not" / "yet" / "there"
    with fresh(data=data) as api:
        policy = [{"iss": "https://agent.buildkite.com", "scopes": ["read_packages"]}]
        api.ok("create_registry", json={"name": "one", "ecosystem": "ruby", "oidc_policy": policy, "color": "#00ff00"})
        api.registry("ruby", "two")
        api.ok("create_registry_token", "one", json={"description": "for a test"})
        packages_of_one = [api.publish("one", packages.gem("banana", f"1.{minor}")).json() for minor in range(3)]
        api.ok("copy_package", "one", packages_of_one[0]["id"], params={"to": "two"})
        api.ok("delete_package", "one", packages_of_one[1]["id"])
        before = everything(api)
    digests = agreed_blobs(Stores.of_folder(data))
    assert set(digests.values()) == {packages_of_one[index]["digests"]["sha256"] for index in (0, 2)}
    with fresh(data=data) as api:
        assert everything(api) == before
        assert api.publish("one", packages.gem("banana", "1.0")).status_code == 422
        assert api.publish("one", packages.gem("banana", "1.1")).status_code == 200
        assert [package["version"] for package in all_packages(api, "one")] == ["1.1", "1.2", "1.0"]
    assert agreed_blobs(Stores.of_folder(data)).items() >= digests.items()


class Stream:
    """Publishes version after version, from several threads, until the emulator is gone.

    Attributes:
        sent: the digest of each version that was sent.
        acknowledged: the versions that the emulator said it has.
    """

    def __init__(self, api: Api, registry: str, round_number: int) -> None:
        self.sent: dict[str, str] = {}
        self.acknowledged: set[str] = set()
        self._api = api
        self._registry = registry
        self._numbers = count()
        self._round = round_number

    def run(self) -> None:
        """Publish until the connection breaks."""
        while True:
            number = next(self._numbers)
            version = f"{self._round}.{number}.0"
            # every fifth file is larger than what is held back in memory, and so begins to be written before it ends
            content = number.to_bytes(4, "big") * (5 * MIB // 4 if number % 5 == 0 else 1000)
            self.sent[version] = hashlib.sha256(content).hexdigest()
            try:
                response = self._api.publish(self._registry, packages.generic("a", version, content))
            except httpx.TransportError:
                return
            assert response.status_code == 200, response.text
            self.acknowledged.add(version)


def kill_during(api: Api, process: "Popen[str]", stream: Stream, after: int) -> None:
    """Kill an emulator when so many publishes have been acknowledged and others are under way."""
    with ThreadPoolExecutor(4) as threads:
        running = [threads.submit(stream.run) for _ in range(4)]
        until(lambda: len(stream.acknowledged) >= after or any(each.done() for each in running), "packages are there")
        process.kill()
        for each in running:
            each.result(timeout=300)
    api.client.close()


@pytest.mark.long
@pytest.mark.parametrize(("kind_of_database", "kind_of_blobs"), [("sqlite", "folder"), ("postgresql", "s3")])
def test_a_kill_loses_nothing_that_was_acknowledged(
    tmp_path: Path, new_stores: NewStores, kind_of_database: str, kind_of_blobs: str
) -> None:
    """After each of several kills in a stream of publishes, all that was acknowledged is there, and all is whole."""
    sent: dict[str, str] = {}
    acknowledged: set[str] = set()
    stores = new_stores(kind_of_database, kind_of_blobs)
    for round_number, after in enumerate([1, 7, 20, 45]):
        with running_emulator(*stores.options) as (api, process):
            registry = api.registry() if round_number == 0 else "my-registry"
            stream = Stream(api, registry, round_number)
            kill_during(api, process, stream, after)
        sent |= stream.sent
        acknowledged |= stream.acknowledged
        with running_emulator(*stores.options) as (api, _):
            listed = {package["version"]: package["digests"]["sha256"] for package in all_packages(api, registry)}
        assert len(acknowledged) >= after
        assert acknowledged - listed.keys() == set()
        assert listed.items() <= sent.items()
        assert sorted(agreed_blobs(stores).values()) == sorted(listed.values())
        assert [name for name in files_below(tmp_path) if "#" in name] == []


@pytest.mark.slow
def test_a_kill_in_the_middle_of_an_upload_leaves_nothing_of_it(tmp_path: Path) -> None:
    """The file that was being written when the emulator was killed is gone once it runs again."""
    with running_emulator(f"--data={tmp_path}") as (api, process):
        registry = api.registry()
        with upload_under_way(api.client.base_url, registry, 20 * MIB) as connection:
            connection.sendall(b"--boundary\r\n" + part(bytes(10 * MIB), file_name="a-1.0.0.bin"))
            until(lambda: blobs_below(tmp_path / "blobs"), "the emulator has begun to write")
            process.kill()
            process.wait(timeout=300)
    assert blobs_below(tmp_path / "blobs")
    with running_emulator(f"--data={tmp_path}") as (api, _):
        assert all_packages(api, registry) == []
        assert blobs_below(tmp_path / "blobs") == set()


@pytest.mark.slow
def test_a_folder_has_one_emulator(tmp_path: Path) -> None:
    """A second emulator on a folder is refused and harms nothing; once the first is killed, another may start."""
    with running_emulator(f"--data={tmp_path}") as (api, process):
        api.publish(api.registry(), packages.generic("a", "1.0.0", b"x"))
        assert "another emulator uses it" in refusal(f"--data={tmp_path}")
        assert len(all_packages(api, "my-registry")) == 1
        process.kill()
        process.wait(timeout=300)
    with running_emulator(f"--data={tmp_path}") as (api, _):
        assert len(all_packages(api, "my-registry")) == 1
    assert len(agreed_blobs(Stores.of_folder(tmp_path))) == 1


def test_a_start_leaves_the_files_of_others_alone(tmp_path: Path) -> None:
    """What lies in the folder of the blobs and bears no blob's name was not put there by an emulator, and stays."""
    foreign = tmp_path / "blobs" / "notes" / "mine.txt"
    foreign.parent.mkdir(parents=True)
    foreign.write_text("precious")
    (tmp_path / "blobs" / "draft#1").write_text("precious too")
    build(data=tmp_path).close()
    assert foreign.read_text() == "precious"
    assert (tmp_path / "blobs" / "draft#1").exists()
