"""Stores that go away, stop answering or are full, at any moment: what is answered then, and that all is well after."""

import errno
import os
import re
import resource
import signal
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from buildkite_emulator.errors import StoreFull, StoreUnavailable
from buildkite_emulator.server import BuiltEmulator, build
from buildkite_emulator.storage import blobs, postgresql
from buildkite_emulator.storage import migrate as schema
from buildkite_emulator.storage.database import Database
from buildkite_emulator.storage.queries.packages import Packages
from buildkite_emulator.storage.transaction import Transaction
from scripts.samples import packages
from scripts.servers.api import Api, running_emulator
from scripts.servers.raw_requests import blobs_below, form, part, receive_head, until, upload_under_way
from scripts.servers.stores import (
    PostgreSQLServer,
    S3Server,
    Stores,
    agreed_blobs,
    new_postgresql,
    new_s3,
    postgresql_server,
)
from tests.conftest import NewStores
from tests.emulator.storage.test_several_processes import answers, workers
from tests.support.emulators import fresh, reaching

pytestmark = pytest.mark.slow

MIB = 1 << 20
LOST = "The database cannot be reached"


@pytest.fixture(scope="module")
def server() -> Iterator[PostgreSQLServer]:
    """Run a PostgreSQL that nobody else uses."""
    with postgresql_server() as server:
        yield server


@pytest.fixture
def stores(server: PostgreSQLServer, s3: S3Server) -> Stores:  # noqa: ARG001 - it has to run
    """Give an empty database of that server, and an empty place in a bucket."""
    return Stores(new_postgresql(server.url), new_s3())


def assert_unavailable(response: httpx.Response, said: str, status: int = 503) -> None:
    """See that an answer says which store does not work, and nothing else."""
    assert (response.status_code, response.json()) == (status, {"message": said})
    assert int(response.headers["Retry-After"]) > 0


def connections(url: str) -> int:
    """Count the connections of others to a database."""
    with psycopg.connect(url) as connection:
        statement = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        found = connection.execute(statement).fetchone()
        assert found is not None
        return int(found[0])


def all_kinds_of_requests(api: Api, registry: str, package: str) -> list[Callable[[], httpx.Response]]:
    """List requests of every kind that needs the database."""
    control, page = "/_emulator", "/_emulator/ui/registries"
    return [
        partial(api.call, "list_registries"),
        partial(api.call, "create_registry", json={"name": "other", "ecosystem": "files"}),
        partial(api.call, "get_package", registry, package),
        partial(api.call, "delete_package", registry, package),
        partial(api.call, "copy_package", registry, package, params={"to": "copies"}),
        partial(api.publish, registry, packages.generic("b", "1.0.0")),
        partial(api.call, "list_registries", token="unknown"),  # noqa: S106
        partial(api.client.get, f"{control}/faults"),
        partial(api.client.post, f"{control}/faults", json={"status": 500}),
        partial(api.client.post, f"{control}/clock", json={"advance": 1}),
        partial(api.client.post, f"{control}/reset"),
        partial(api.client.post, f"{control}/tokens"),
        partial(api.client.get, f"{control}/state"),
        partial(api.client.get, f"{control}/requests"),
        partial(api.client.get, page),
        partial(api.client.get, f"{page}/my-org/{registry}"),
    ]


# PostgreSQL


@pytest.mark.parametrize(("way", "processes"), [("stop", 1), ("kill", 2)])
def test_the_database_is_restarted_during_an_upload(
    server: PostgreSQLServer, stores: Stores, tmp_path: Path, way: str, processes: int
) -> None:
    """While it is down each request is answered 503, with one line in the log; then the upload lands, and all works."""
    log = tmp_path / "log"
    with running_emulator(*stores.options, f"--workers={processes}", log=log) as (api, _):
        registry, _other = api.registry(), api.registry(name="copies")
        package = api.publish(registry, packages.generic("a", "1.0.0", b"a")).json()["id"]
        body = form(part(bytes(20 * MIB), file_name="late-1.0.0.bin"))
        with upload_under_way(api.client.base_url, registry, len(body)) as connection:
            connection.sendall(body[: 10 * MIB])
            getattr(server, way)()
            try:
                for request in all_kinds_of_requests(api, registry, package):
                    assert_unavailable(request(), LOST)
            finally:
                server.start()
            connection.sendall(body[10 * MIB :])
            assert receive_head(connection).startswith(b"HTTP/1.1 200 ")
        assert len(api.ok("list_packages", registry)["items"]) == 2
        api.ok("copy_package", registry, package, params={"to": "copies"})
        until(lambda: connections(stores.database) <= processes * 11, "no connections pile up")
        for request in all_kinds_of_requests(api, registry, package):
            assert request().status_code < 500
        assert api.client.post("/_emulator/reset").status_code == 204
        registry = api.registry()
        assert api.publish(registry, packages.generic("a", "1.0.0", b"x")).status_code == 200
    assert len(agreed_blobs(stores)) == 1
    lines = log.read_text(encoding="utf-8")
    assert "Traceback" not in lines
    assert 1 <= len(re.findall(f"ERROR {LOST}: ", lines)) <= processes
    assert 1 <= lines.count("The database works again") <= processes


def test_an_upload_that_ends_while_the_database_is_away(server: PostgreSQLServer, stores: Stores) -> None:
    """It is answered 503 and can be sent again, and nothing of it stays."""
    with running_emulator(*stores.options) as (api, _):
        registry = api.registry()
        body = form(part(bytes(10 * MIB), file_name="a-1.0.0.bin"))
        with upload_under_way(api.client.base_url, registry, len(body)) as connection:
            connection.sendall(body[:-1])
            server.stop()
            try:
                connection.sendall(body[-1:])
                assert receive_head(connection).startswith(b"HTTP/1.1 503 ")
            finally:
                server.start()
        assert api.publish(registry, packages.generic("a", "1.0.0", b"x")).status_code == 200
    assert len(agreed_blobs(stores)) == 1


def test_what_is_taken_for_dead_loses_its_upload_and_goes_on(server: PostgreSQLServer, stores: Stores) -> None:
    """Where another emulator starts and sweeps before this one shows its life again, the upload ends in 503."""
    with running_emulator(*stores.options) as (api, _):
        registry = api.registry()
        body = form(part(bytes(20 * MIB), file_name="a-1.0.0.bin"))
        with upload_under_way(api.client.base_url, registry, len(body)) as connection:
            connection.sendall(body[: 10 * MIB])
            server.drop_connections()
            with running_emulator(*stores.options):
                connection.sendall(body[10 * MIB :])
                assert receive_head(connection).startswith(b"HTTP/1.1 503 ")
        assert api.publish(registry, packages.generic("a", "1.0.0", b"x")).status_code == 200
    assert len(agreed_blobs(stores)) == 1


def test_workers_that_die_while_the_database_is_away_are_replaced(server: PostgreSQLServer, stores: Stores) -> None:
    """The new processes wait for the database, rather than end them all."""
    with running_emulator(*stores.options, "--workers=2") as (api, process):
        children = f"/proc/{process.pid}/task/{process.pid}/children"
        before = workers(children)
        server.stop()
        try:
            for each in before:
                os.kill(each, signal.SIGKILL)
            until(lambda: len(set(workers(children)) - set(before)) == 2, "there are two new workers", seconds=90)
        finally:
            server.start()
        until(lambda: answers(api), "it is answered again", seconds=90)
        assert not set(workers(children)) & set(before)


def test_requests_of_the_time_without_a_database_are_in_the_log(server: PostgreSQLServer, stores: Stores) -> None:
    """The log of requests gets what happened meanwhile once the database is back."""
    with fresh(database=stores.database, blobs=stores.blobs) as api:
        server.stop()
        try:
            assert_unavailable(api.call("list_registries"), LOST)
        finally:
            server.start()
        api.ok("list_registries")
        logged = api.client.get("/_emulator/requests").json()["requests"]
        assert [entry["status"] for entry in logged] == [503, 200]


def test_the_database_is_lost_in_the_middle_of_a_start(
    server: PostgreSQLServer, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A start whose connections are lost goes on when they can be made again."""
    upgrade, losses = schema.upgrade, iter([True])

    def lose(connection: Any) -> bool:
        if next(losses, False):
            server.drop_connections()
        return upgrade(connection)

    monkeypatch.setattr(schema, "upgrade", lose)
    with fresh(database=stores.database, blobs=stores.blobs) as api:
        assert api.ok("list_registries") == []


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten what is waited for a server that does not answer."""
    monkeypatch.setattr(postgresql, "SILENCE", 1.0)
    monkeypatch.setattr(postgresql, "PARAMETERS", {"connect_timeout": 2})


@pytest.mark.long
@pytest.mark.usefixtures("impatient")
def test_a_server_that_does_not_answer_is_not_waited_for(server: PostgreSQLServer, stores: Stores) -> None:
    """With all connections intact and nothing coming back, many requests at once are answered 503; then all works."""
    with fresh(database=stores.database, blobs=stores.blobs) as api:
        registry = api.registry()
        with server.frozen(), ThreadPoolExecutor(30) as threads:
            calls = [
                partial(api.call, "list_registries"),
                partial(api.publish, registry, packages.generic("a", "1.0.0")),
            ]
            answered = [threads.submit(call) for call in calls * 15]
            for each in answered:
                assert each.result(timeout=300).status_code == 503
        until(lambda: api.call("list_registries").status_code == 200, "it is answered again")
        assert api.publish(registry, packages.generic("a", "1.0.0", b"x")).status_code == 200
        until(lambda: connections(stores.database) <= 11, "the server has given up what nobody waits for")
    assert len(agreed_blobs(stores)) == 1


@pytest.mark.usefixtures("impatient")
def test_a_statement_that_takes_long_is_waited_for(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that is at work, or waits for a lock, is not taken for one that does not answer."""
    looks: list[bool] = []
    runs = postgresql.PostgreSQL._runs

    def look(*arguments: Any) -> bool:
        looks.append(runs(*arguments))
        return looks[-1]

    monkeypatch.setattr(postgresql.PostgreSQL, "_runs", look)
    with fresh(database=stores.database, blobs=stores.blobs) as api, ThreadPoolExecutor(1) as threads:
        with psycopg.connect(stores.database) as connection:
            connection.execute("LOCK TABLE registries IN EXCLUSIVE MODE")
            answer = threads.submit(api.call, "create_registry", json={"name": "late", "ecosystem": "files"})
            until(lambda: len(looks) > 2, "it was looked at several times")
        assert answer.result(timeout=300).status_code == 200
    assert all(looks)


def test_postgresql_without_room(stores: Stores) -> None:
    """What PostgreSQL has no room for is answered 507 and leaves nothing; reads go on, and so do writes later."""
    with fresh(database=stores.database, blobs=stores.blobs) as api:
        registry = api.registry()
        with psycopg.connect(stores.database, autocommit=True) as connection:
            connection.execute(
                "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                " RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$"
            )
            connection.execute("CREATE TRIGGER full_disk BEFORE INSERT ON packages EXECUTE FUNCTION refuse()")
            refused = api.publish(registry, packages.generic("a", "1.0.0", b"x"))
            assert_unavailable(refused, "The database is full: no space is left for it", 507)
            assert api.ok("list_packages", registry)["items"] == []
            connection.execute("DROP TRIGGER full_disk ON packages")
        assert api.publish(registry, packages.generic("a", "1.0.0", b"x")).status_code == 200
    assert len(agreed_blobs(stores)) == 1


# what took effect though nobody could say so


def lose_next_answer(
    database: Database, monkeypatch: pytest.MonkeyPatch, queries: type[Any], changing: str
) -> list[bool]:
    """Let the answer to a commit be lost.

    Args:
        database: whose commits.
        monkeypatch: puts itself in the way.
        queries: the class of the queries of a subject, or `Transaction`.
        changing: its method after which that happens.

    Returns:
        whether it is still to happen; a list to be set to `[True]` by the caller and emptied when it has happened.
    """
    armed: list[bool] = []
    meant: list[int] = []  # the thread that makes the change; the one that writes the log commits as well
    change, begin = getattr(queries, changing), database.transaction

    def changed(*arguments: Any) -> Any:
        if armed:
            meant.append(threading.get_ident())
        return change(*arguments)

    @contextmanager
    def transaction(*, read_only: bool = False) -> Iterator[Any]:
        with begin(read_only=read_only) as found:
            yield found
        if threading.get_ident() in meant:
            armed.clear()
            meant.clear()
            raise StoreUnavailable(LOST)

    monkeypatch.setattr(queries, changing, changed)
    monkeypatch.setattr(database, "transaction", transaction)
    return armed


@pytest.fixture(params=[("sqlite", "folder"), ("postgresql", "s3")], ids="-".join)
def lasting(request: pytest.FixtureRequest, new_stores: NewStores) -> Stores:
    """Give an empty place of each kind that lasts."""
    return new_stores(*request.param)


@pytest.mark.parametrize(
    ("queries", "changing", "left"),
    [(Packages, "add", 2), (Packages, "delete", 0), (Transaction, "fill", 1)],
    ids=["publish", "delete", "reset"],
)
def test_a_commit_whose_answer_is_lost(  # noqa: PLR0913, PLR0917 - two of them are fixtures
    lasting: Stores, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, queries: type[Any], changing: str, left: int
) -> None:
    """It is answered 503; no package is without its bytes then, and no bytes without their package."""
    seed = tmp_path / "seed.yaml"
    seed.write_text("registries: [{name: a, ecosystem: files, packages: [{file_name: a-1.0.0.bin, content: AAAA}]}]")
    emulator = build(database=lasting.database, blobs=lasting.blobs, seed=seed)
    armed = lose_next_answer(emulator.database, monkeypatch, queries, changing)
    with reaching(emulator) as api:
        package = api.ok("list_packages", "a")["items"][0]["id"]
        request: Callable[[], httpx.Response] = {
            "add": partial(api.publish, "a", packages.generic("b", "1.0.0", b"b")),
            "delete": partial(api.call, "delete_package", "a", package),
            "fill": partial(api.client.post, "/_emulator/reset"),
        }[changing]
        armed.append(True)
        assert_unavailable(request(), LOST)
        assert armed == []
        assert len(api.ok("list_packages", "a")["items"]) == left
    assert len(agreed_blobs(lasting)) == left


# S3


def test_s3_goes_away_during_an_upload_and_comes_back(s3: S3Server, new_stores: NewStores, tmp_path: Path) -> None:
    """Without S3 an upload and a state are answered 503 and all else goes on; later all works and nothing is left."""
    stores, log = new_stores("sqlite", "s3"), tmp_path / "log"
    with running_emulator(*stores.options, log=log) as (api, _):
        registry = api.registry()
        package = api.publish(registry, packages.generic("a", "1.0.0", b"a")).json()["id"]
        body = form(part(bytes(20 * MIB), file_name="b-1.0.0.bin"))
        with upload_under_way(api.client.base_url, registry, len(body)) as connection:
            connection.sendall(body[: 10 * MIB])
            s3.stop()
            try:
                connection.sendall(body[10 * MIB :])
                assert receive_head(connection).startswith(b"HTTP/1.1 503 ")
                said = "The blob store cannot be reached"
                assert_unavailable(api.publish(registry, packages.generic("c", "1.0.0")), said)
                assert_unavailable(api.client.get("/_emulator/state"), said)
                assert api.ok("get_package", registry, package)["name"] == "a"
                api.ok("delete_package", registry, package)
            finally:
                s3.start()
        assert api.publish(registry, packages.generic("a", "1.0.0", b"x")).status_code == 200
    assert len(agreed_blobs(stores)) == 1
    lines = log.read_text(encoding="utf-8")
    assert "Traceback" not in lines
    assert [lines.count(f"ERROR {said}: "), lines.count("The blob store works again")] == [1, 1]


# files


def test_files_that_may_not_grow(tmp_path: Path) -> None:
    """Where the system lets no file grow, a package and a change are refused with a sentence; later both go well."""
    log = tmp_path / "log"
    with running_emulator(f"--data={tmp_path / 'data'}", log=log) as (api, process):
        registry = api.registry()
        limits = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (MIB, limits[1]))
        refused = api.publish(registry, packages.generic("a", "1.0.0", bytes(2 * MIB)))
        assert_unavailable(refused, "The blob store is full: File too large", 507)
        large = api.publish(registry, packages.generic("a", "1.0.0", bytes(20 * MIB)))
        assert_unavailable(large, "The blob store is full: File too large", 507)
        assert blobs_below(tmp_path / "data" / "blobs") == set()

        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (4096, limits[1]))
        changed = api.call("update_registry", registry, json={"description": "é" * 60_000})
        assert_unavailable(changed, "The database file cannot be used: disk I/O error")
        assert api.ok("get_registry", registry)["description"] is None

        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, limits)
        assert api.ok("update_registry", registry, json={"description": "later"})["description"] == "later"
        assert api.publish(registry, packages.generic("a", "1.0.0", bytes(2 * MIB))).status_code == 200
    assert len(agreed_blobs(Stores.of_folder(tmp_path / "data"))) == 1
    assert "Traceback" not in log.read_text(encoding="utf-8")


def test_sqlite_without_room(tmp_path: Path) -> None:
    """A full database refuses what adds to it with 507, whole; it gives what it has, and takes more later."""
    stores = Stores.of_folder(tmp_path)
    emulator = build(database=stores.database, blobs=stores.blobs)
    with reaching(emulator) as api:
        registry = api.registry()
        pages = bound_pages(emulator, 1)
        created = api.call("create_registry", json={"name": "b", "ecosystem": "files", "description": "x" * 60_000})
        assert_unavailable(created, "The database is full: no space is left for it", 507)
        assert [each["slug"] for each in api.ok("list_registries")] == [registry]
        bound_pages(emulator, pages + 1000)
        api.ok("create_registry", json={"name": "b", "ecosystem": "files", "description": "x" * 60_000})
        assert api.publish(registry, packages.generic("a", "1.0.0", b"x")).status_code == 200
    assert len(agreed_blobs(stores)) == 1


def bound_pages(emulator: BuiltEmulator, most: int) -> int:
    """Bound the pages that SQLite may have; no fewer than it has. Returns the bound."""
    with emulator.database.connection() as connection:
        return int(connection.exec_driver_sql(f"PRAGMA max_page_count={most}").scalar_one())


def test_a_folder_of_blobs_that_cannot_be_used(tmp_path: Path) -> None:
    """Where the folder is no folder any more, uploads are refused with a sentence, until it is one again."""
    stores = Stores.of_folder(tmp_path)
    folder = tmp_path / "blobs"
    with fresh(database=stores.database, blobs=stores.blobs) as api:
        registry = api.registry()
        api.publish(registry, packages.generic("a", "1.0.0", b"a")).raise_for_status()
        folder.rename(tmp_path / "away")
        folder.write_bytes(b"")
        for size in (1, 20 * MIB):
            refused = api.publish(registry, packages.generic("b", "1.0.0", bytes(size)))
            assert_unavailable(refused, "The blob store cannot be written: Not a directory")
        assert_unavailable(api.client.get("/_emulator/state"), "The blob store cannot be read: Not a directory")
        folder.unlink()
        (tmp_path / "away").rename(folder)
        assert api.publish(registry, packages.generic("b", "1.0.0", b"b")).status_code == 200
        assert api.client.get("/_emulator/state").status_code == 200


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ENOSPC, StoreFull),
        (errno.EDQUOT, StoreFull),
        (errno.EROFS, StoreUnavailable),
        (errno.EACCES, StoreUnavailable),
        (errno.EIO, StoreUnavailable),
    ],
)
def test_what_the_system_says_of_a_folder_is_told(number: int, kind: type[StoreUnavailable]) -> None:
    """Of a failed write the caller learns what the system says, in obstore's words or Python's, without a path."""
    said = os.strerror(number)
    for error in (
        OSError(f"Generic LocalFileSystem error: Unable to copy data to file: {said} (os error {number})"),
        OSError(number, said, "/secret/path"),
    ):
        found = blobs.unavailability(error, write=True)
        assert type(found) is kind
        assert str(found).endswith(f": {said}")


def test_a_damaged_database_file_is_named(tmp_path: Path) -> None:
    """A file that turns out to be no database at all is told from a fault of the emulator."""
    error = sqlite3.DatabaseError("file is not a database")
    error.sqlite_errorcode = sqlite3.SQLITE_NOTADB
    database = Database(f"sqlite:///{tmp_path / 'x.sqlite3'}")
    with pytest.raises(StoreUnavailable, match="The database file cannot be used: file is not a database"):  # noqa: SIM117
        with database.connection():
            raise error
    database.close()
