"""Fixtures for all tests."""

import os
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import certifi
import httpx
import pytest

from buildkite_emulator.server import BuiltEmulator, build
from buildkite_emulator.storage import blobs, database
from buildkite_emulator.testing import EmulatorTransport
from scripts.servers.api import Api, running_emulator
from scripts.servers.stores import S3Server, Stores, new_postgresql, new_s3, postgresql_server, s3_server

NewStores = Callable[[str, str], Stores]


def pytest_configure(config: pytest.Config) -> None:
    """Let SIGINT interrupt the tests and the processes that they start, and let them trust one authority only.

    A shell without job control, as in scripts and CI, starts background jobs with SIGINT ignored, and their children
    inherit that. Loading all authorities for each of the thousands of httpx clients takes a third of the time of the
    client's tests, and no test reaches a server that any of them knows.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    end = "-----END CERTIFICATE-----\n"
    first = Path(certifi.where()).read_text(encoding="utf-8").partition(end)[0] + end
    folder = tempfile.TemporaryDirectory(prefix="authority-")
    config.add_cleanup(folder.cleanup)
    path = Path(folder.name) / "authority.pem"
    path.write_text(first, encoding="utf-8")
    os.environ["SSL_CERT_FILE"] = str(path)


def starts_a_server(item: pytest.Function) -> bool:
    """Tell whether a test uses a server in a process of its own, by its fixtures and its parameters."""
    if {"postgresql", "s3", "served"} & set(item.fixturenames):
        return True
    parameters = item.callspec.params.values() if hasattr(item, "callspec") else ()
    names = [name for value in parameters for name in (value if isinstance(value, tuple) else (value,))]
    return any(isinstance(name, str) and name in {"postgresql", "s3"} for name in names)


@pytest.hookimpl(tryfirst=True)  # before pytest selects by marker
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests that start a server `slow`."""
    for item in items:
        if isinstance(item, pytest.Function) and starts_a_server(item):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """Run PostgreSQL; gives the URL of a database of it."""
    with postgresql_server() as server:
        yield server.url


@pytest.fixture(scope="session")
def s3() -> Iterator[S3Server]:
    """Run S3, and set the environment variables that lead there."""
    with s3_server() as server:
        yield server


@pytest.fixture
def new_stores(request: pytest.FixtureRequest, tmp_path: Path) -> NewStores:
    """Give what makes an empty place of `memory`, `sqlite` or `postgresql`, and of `memory`, `folder` or `s3`."""

    def make(kind_of_database: str, kind_of_blobs: str) -> Stores:
        if kind_of_database == "postgresql":
            database_url = new_postgresql(request.getfixturevalue("postgresql"))
        else:
            path = tmp_path / "emulator.sqlite3"
            database_url = database.IN_MEMORY if kind_of_database == "memory" else database.sqlite_url(path)
        if kind_of_blobs == "s3":
            request.getfixturevalue("s3")
            return Stores(database_url, new_s3())
        return Stores(
            database_url, blobs.IN_MEMORY if kind_of_blobs == "memory" else blobs.folder_url(tmp_path / "blobs")
        )

    return make


@pytest.fixture
def emulator(request: pytest.FixtureRequest) -> Iterator[BuiltEmulator]:
    """Give a fresh emulator in this process, in memory or where `EMULATOR_STORES=postgresql,s3` says."""
    kinds = os.environ.get("EMULATOR_STORES")
    stores = request.getfixturevalue("new_stores")(*kinds.split(",")) if kinds else None
    built = build(database=stores.database, blobs=stores.blobs) if stores else build()
    yield built
    built.close()


@pytest.fixture
def api(emulator: BuiltEmulator) -> Iterator[Api]:
    """Reach the emulator of this process, without a socket."""
    with httpx.Client(transport=EmulatorTransport(emulator.app), base_url="http://testserver") as client:
        yield Api(client)


@pytest.fixture(scope="module")
def served() -> Iterator[Api]:
    """Reach an emulator in a process of its own, over a socket; the tests of a module share it."""
    with running_emulator() as (api, _):
        yield api
