"""Lasting stores: whichever keeps the data, the emulator does the same."""

import itertools
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from buildkite_emulator.errors import StoreError
from buildkite_emulator.server import build
from buildkite_emulator.testing import EmulatorTransport
from scripts.contract.emulator import repeatable
from scripts.contract.target import Target
from scripts.samples import packages
from scripts.servers.api import ORGANIZATION, TOKEN, Api, running_emulator
from scripts.servers.raw_requests import until
from scripts.servers.stores import BUCKET, agreed_blobs
from tests.conftest import NewStores
from tests.support.command import refusal
from tests.support.emulators import fresh
from tests.support.flows import failures_of_flows

LASTING = list(itertools.product(("sqlite", "postgresql"), ("folder", "s3")))
FLOWS = (  # those that look at what a store keeps, finds, counts or deletes
    "registry_names_are_unique",
    "token_is_created_with_its_secret",
    "token_is_deleted",
    "package_is_published_once",
    "package_is_deleted",
    "large_package_is_published",
    "metadata_is_what_the_file_says",
    "copies_live_apart",
    "pages_show_each_package_once",
    "name_picks_packages",
)


@pytest.mark.slow
@pytest.mark.parametrize(("database", "blobs"), [("sqlite", "folder"), ("postgresql", "s3")])
def test_flows_pass_on_lasting_stores(
    new_stores: NewStores, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, database: str, blobs: str
) -> None:
    """On each lasting store the emulator does what it does in memory, and leaves nothing behind."""
    monkeypatch.setattr("buildkite_emulator.storage.queries.packages.BLOCKS", (12, 4))  # so that pages cross blocks
    stores = new_stores(database, blobs)
    emulator = build(database=stores.database, blobs=stores.blobs, identity=repeatable(1))
    target = Target("emulator", "http://localhost", ORGANIZATION, TOKEN)
    with EmulatorTransport(emulator.app) as transport:
        assert failures_of_flows(target, tmp_path, *FLOWS, transport=transport) == []
    emulator.close()
    assert agreed_blobs(stores) == {}


@pytest.mark.slow
@pytest.mark.parametrize(("database", "blobs"), LASTING)
def test_everything_is_there_after_a_restart(new_stores: NewStores, database: str, blobs: str) -> None:
    """Lasting stores keep packages through an orderly end, and take more; database and blobs agree each time."""
    stores = new_stores(database, blobs)
    before: dict[str, Any] = {}
    for version in ("1.0.0", "1.1.0"):
        with fresh(database=stores.database, blobs=stores.blobs) as api:
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


@pytest.mark.usefixtures("s3")
def test_a_bucket_that_is_not_there_is_refused() -> None:
    """An emulator does not start on a bucket that it cannot reach."""
    with pytest.raises(StoreError, match="cannot keep blobs in s3://no-such-bucket/x: "):
        build(blobs="s3://no-such-bucket/x")
    build(blobs=f"s3://{BUCKET}/not-used-by-others").close()


@pytest.mark.slow
def test_an_upload_that_is_cut_leaves_nothing(new_stores: NewStores) -> None:
    """After a refused upload of several parts, neither the bucket nor the database knows of it."""
    stores = new_stores("postgresql", "s3")
    with running_emulator(*stores.options) as (api, _):
        registry = api.registry("ruby")
        assert api.publish(registry, ("a-1.0.gem", bytes(20 << 20))).status_code == 422
        until(lambda: agreed_blobs(stores) == {}, "nothing is left")


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("--database=nonsense", "the database should be sqlite:///PATH or postgresql://USER@HOST/NAME"),
        ("--database=mysql://me@host/name", "sqlite:///PATH or postgresql://USER@HOST/NAME"),
        ("--database=postgresql://me:hunter2@127.0.0.1:1/name", "postgresql://me:****@127.0.0.1:1/name"),
        ("--database=postgresql://u:hunter2@h:abc/x", "the database should be sqlite:///PATH or postgresql://"),
        ("--database=postgresql://127.0.0.1:1/x?password=hunter2&user=u", "cannot use the database"),
        ("--database=sqlite:///x.db?password=hunter2", "SQLite takes no settings after ?"),
        ("--blobs=ftp://host/x", "it should be file:///FOLDER, s3://BUCKET/PREFIX or memory:///"),
        ("--blobs=s3://me:hunter2@bucket/x", "it should be file:///FOLDER, s3://BUCKET/PREFIX or memory:///"),
        ("--blobs=http://[x", "cannot keep blobs in http://[x"),
    ],
)
def test_wrong_stores_are_refused(option: str, said: str) -> None:
    """A URL that is wrong or leads nowhere is refused with the reason, in which no password stands."""
    line = refusal(option)
    assert said in line
    assert "hunter2" not in line


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--database=sqlite:///kept.sqlite3"], "--database and --blobs should both last or both be in memory"),
        (["--workers=2"], "several processes need a PostgreSQL --database and --blobs in a folder or on S3"),
        (
            ["--workers=2", "--database=sqlite:///:memory:", "--blobs=memory:///"],
            "several processes need a PostgreSQL --database and --blobs in a folder or on S3",
        ),
    ],
)
def test_stores_that_do_not_go_together_are_refused(tmp_path: Path, options: list[str], said: str) -> None:
    """A lasting store beside one in memory, and several processes on stores that they cannot share, are refused."""
    command = [sys.executable, "-m", "buildkite_emulator", "--port=0", *options]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
    assert (ended.returncode, ended.stdout, len(ended.stderr.splitlines())) == (2, "", 1)
    assert said in ended.stderr


@pytest.mark.slow
def test_an_organization_of_any_name_is_not_found(new_stores: NewStores) -> None:
    """A name that PostgreSQL could not keep is not found there, rather than a fault."""
    with fresh(database=new_stores("postgresql", "memory").database) as api:
        for slug in ("a" * 300, "a%00b"):
            assert api.call("list_registries", organization=slug).status_code == 404
            assert api.call("list_registries", organization=slug, token="unknown").status_code == 401  # noqa: S106
