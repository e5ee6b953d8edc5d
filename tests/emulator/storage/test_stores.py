"""One suite over every combination of stores: whatever keeps things, the emulator does the same."""

import itertools
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from buildkite_emulator.errors import StoreError
from buildkite_emulator.server import build
from buildkite_emulator.testing import EmulatorTransport
from scripts.samples import packages
from scripts.servers.api import Api, running_emulator
from scripts.servers.raw_requests import until
from scripts.servers.stores import BUCKET, Stores, agreed_blobs
from tests.conftest import NewStores

pytestmark = pytest.mark.slow

COMBINATIONS = list(itertools.product(("memory", "sqlite", "postgresql"), ("memory", "folder", "s3")))


@pytest.fixture(params=COMBINATIONS, ids="-".join)
def stores(request: pytest.FixtureRequest, new_stores: NewStores) -> Stores:
    """Give an empty place of each combination."""
    return new_stores(*request.param)


@pytest.fixture
def api(stores: Stores) -> Iterator[Api]:
    """Reach an emulator on the stores; at the end, see that its database and its blobs agree."""
    emulator = build(database=stores.database, blobs=stores.blobs)
    with httpx.Client(transport=EmulatorTransport(emulator.app), base_url="http://testserver") as client:
        yield Api(client)
    assert emulator.database.blobs_in_use() == emulator.blobs.strays()
    emulator.close()


def versions(api: Api, registry: str, **query: str) -> list[str]:
    """List the versions of a registry's packages."""
    return [package["version"] for package in api.ok("list_packages", registry, params=query)["items"]]


def test_a_registry_lives_through_all_its_operations(api: Api) -> None:
    """Create, get, list, rename, empty update and delete do what they do; a taken name is refused."""
    policy = [{"iss": "https://agent.buildkite.com", "scopes": ["read_packages"], "claims": {"ref": {"in": ["é", 1]}}}]
    made = api.ok(
        "create_registry", json={"name": "My Gems", "ecosystem": "ruby", "emoji": ":💎:", "oidc_policy": policy}
    )
    assert api.ok("get_registry", made["slug"]) == made
    api.registry("files", "other")
    assert [each["slug"] for each in api.ok("list_registries")] == ["my-gems", "other"]
    assert api.call("create_registry", json={"name": "other", "ecosystem": "ruby"}).status_code == 422
    assert api.call("update_registry", "my-gems", json={"name": "other"}).status_code == 422
    renamed = api.ok("update_registry", "my-gems", json={"name": "Gems", "description": "Ünïcode"})
    assert (renamed["id"], renamed["slug"], renamed["description"]) == (made["id"], "gems", "Ünïcode")
    assert renamed["oidc_policy"] == made["oidc_policy"]
    assert api.call("get_registry", "my-gems").status_code == 404
    api.ok("delete_registry", "gems")
    assert [each["slug"] for each in api.ok("list_registries")] == ["other"]


def test_registry_tokens_live_through_all_their_operations(api: Api) -> None:
    """Create shows the secret once; get, list, update and delete do what they do; a registry takes its tokens along."""
    registry = api.registry()
    made = api.ok("create_registry_token", registry, json={"description": "one"})
    second = api.ok("create_registry_token", registry, json={"description": "two"})
    secret = made.pop("token")
    assert secret
    assert api.ok("get_registry_token", registry, made["id"]) == made
    updated = api.ok("update_registry_token", registry, made["id"], json={"description": "uno"})
    assert updated == made | {"description": "uno"}
    assert [each["description"] for each in api.ok("list_registry_tokens", registry)] == ["uno", "two"]
    api.ok("delete_registry_token", registry, made["id"])
    assert api.call("get_registry_token", registry, made["id"]).status_code == 404
    assert [each["id"] for each in api.ok("list_registry_tokens", registry)] == [second["id"]]
    api.ok("delete_registry", registry)
    api.registry()
    assert api.ok("list_registry_tokens", registry) == []


def test_packages_live_through_all_their_operations(api: Api) -> None:
    """Publish, get, copy, list and delete do what they do, duplicates are refused, copies outlive what they are of."""
    source, target = api.registry("debian", "source"), api.registry("debian", "target")
    file_name, content = packages.deb("hello", "2.10-3", "arm64")
    package = api.publish(source, (file_name, content)).json()
    assert api.ok("get_package", source, package["id"]) == package
    assert api.publish(source, (file_name, content)).status_code == 422
    copied = api.ok("copy_package", source, package["id"], params={"to": target})
    assert copied["digests"] == package["digests"]
    assert api.call("copy_package", source, package["id"], params={"to": target}).status_code == 422
    api.ok("delete_package", source, package["id"])
    assert api.call("get_package", source, package["id"]).status_code == 404
    assert api.ok("get_package", target, copied["id"])["digests"] == package["digests"]
    assert api.publish(source, (file_name, content)).status_code == 200


def test_pages_hold_through_deletes(api: Api) -> None:
    """Pages of a list, with and without a name, are right after deletes, newest first."""
    registry = api.registry()
    ids = [
        api.publish(registry, packages.generic(f"name{number % 2}", f"1.0.{number}")).json()["id"]
        for number in range(12)
    ]
    for gone in ids[3:6]:
        api.ok("delete_package", registry, gone)
    assert versions(api, registry, per_page="4", page="1") == ["1.0.11", "1.0.10", "1.0.9", "1.0.8"]
    assert versions(api, registry, per_page="4", page="3") == ["1.0.0"]
    assert versions(api, registry, name="name0") == ["1.0.10", "1.0.8", "1.0.6", "1.0.2", "1.0.0"]
    assert versions(api, registry, name="nul\0") == []


def test_a_package_of_several_parts_arrives_whole(api: Api) -> None:
    """A file that is sent to the storage in several parts is stored whole, and a wrong one leaves nothing."""
    registry = api.registry()
    content = bytes(range(256)) * 4096 * 20
    published = api.publish(registry, packages.generic("large", "1.0.0", content))
    assert published.status_code == 200
    assert api.publish(api.registry("debian", "d"), ("a.deb", content)).status_code == 422


@pytest.mark.parametrize(("database", "blobs"), [each for each in COMBINATIONS if "memory" not in each])
def test_everything_is_there_after_a_restart(new_stores: NewStores, database: str, blobs: str) -> None:
    """Lasting stores keep all through an orderly end, agree then, and take more."""
    stores = new_stores(database, blobs)
    before: dict[str, Any] = {}
    for version in ("1.0.0", "1.1.0"):
        with running_emulator(*stores.options, "--allow-host=registry.example") as (api, _):
            api.client.headers["Host"] = "registry.example"
            registry = api.registry() if version == "1.0.0" else "my-registry"
            listed = [each["id"] for each in api.ok("list_packages", registry)["items"]]
            assert {each: api.ok("get_package", registry, each) for each in listed} == before
            package = api.publish(registry, packages.generic("a", version, version.encode())).json()
            before[package["id"]] = package
        assert len(agreed_blobs(stores)) == len(before)


def test_blobs_that_cannot_be_deleted_are_deleted_later(new_stores: NewStores, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package goes though the storage fails to delete its bytes; the next start deletes them."""
    stores = new_stores("sqlite", "folder")
    emulator = build(database=stores.database, blobs=stores.blobs)
    with httpx.Client(transport=EmulatorTransport(emulator.app), base_url="http://testserver") as client:
        api = Api(client)
        registry = api.registry()
        package = api.publish(registry, packages.generic("a", "1.0.0", b"x")).json()

        def fail(_ids: object) -> None:
            raise OSError("the storage is away")

        monkeypatch.setattr(emulator.blobs, "delete", fail)
        api.ok("delete_package", registry, package["id"])
        assert api.ok("list_packages", registry)["items"] == []
    monkeypatch.undo()
    assert len(emulator.blobs.ids()) == 1
    emulator.close()
    build(database=stores.database, blobs=stores.blobs).close()
    assert agreed_blobs(stores) == {}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--database=nonsense"], "the database should be sqlite:///PATH or postgresql://USER@HOST/NAME"),
        (["--database=mysql://me@host/name"], "sqlite:///PATH or postgresql://USER@HOST/NAME"),
        (
            ["--database=postgresql://me:hunter2@127.0.0.1:1/name"],
            "cannot use the database postgresql://me:****@127.0.0.1:1/name",
        ),
        (["--blobs=ftp://host/x"], "it should be file:///FOLDER, s3://BUCKET/PREFIX or memory:///"),
        (["--blobs=s3://me:hunter2@bucket/x"], "it should be file:///FOLDER, s3://BUCKET/PREFIX or memory:///"),
        (["--workers=0"], "no number of processes"),
        (["--database=postgresql://u:hunter2@h:abc/x"], "the database should be sqlite:///PATH or postgresql://"),
        (["--database=postgresql://127.0.0.1:1/x?password=hunter2&user=u"], "cannot use the database"),
        (["--database=sqlite:///x.db?password=hunter2"], "SQLite takes no settings after ?"),
        (["--blobs=http://[x"], "cannot keep blobs in http://[x"),
        (["--database=sqlite:///kept.sqlite3"], "--database and --blobs should both last or both be in memory"),
    ],
)
def test_wrong_stores_are_refused_in_one_line(tmp_path: Path, options: list[str], said: str) -> None:
    """A URL that is wrong or leads nowhere ends with status 2 and one line, in which no password stands."""
    command = [sys.executable, "-m", "buildkite_emulator", "--port=0", *options]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
    assert (ended.returncode, ended.stdout, len(ended.stderr.splitlines())) == (2, "", 1)
    assert said in ended.stderr
    assert "hunter2" not in ended.stderr


@pytest.mark.usefixtures("s3")
def test_a_bucket_that_is_not_there_is_refused() -> None:
    """An emulator does not start on a bucket that it cannot reach."""
    with pytest.raises(StoreError, match="cannot keep blobs in s3://no-such-bucket/x: "):
        build(blobs="s3://no-such-bucket/x")
    build(blobs=f"s3://{BUCKET}/not-used-by-others").close()


def test_an_upload_that_is_cut_leaves_nothing(new_stores: NewStores) -> None:
    """After a refused upload of several parts, neither the bucket nor the database knows of it."""
    stores = new_stores("postgresql", "s3")
    with running_emulator(*stores.options) as (api, _):
        registry = api.registry("ruby")
        assert api.publish(registry, ("a-1.0.gem", bytes(20 << 20))).status_code == 422
        until(lambda: agreed_blobs(stores) == {}, "nothing is left")
