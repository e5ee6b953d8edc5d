"""The database: SQLite in memory, SQLite in a file, or PostgreSQL."""

import errno
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

from sqlalchemy import URL, Connection, delete, insert, make_url, select
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError, PendingRollbackError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from buildkite_emulator.errors import StoreError, StoreFull, StoreUnavailable
from buildkite_emulator.storage import migrate as schema
from buildkite_emulator.storage.backends import UNREACHABLE, Backend, SQLite
from buildkite_emulator.storage.outages import Outage
from buildkite_emulator.storage.queries import Conflict
from buildkite_emulator.storage.tables import blobs, installation, pending_blobs, processes
from buildkite_emulator.storage.transaction import Transaction
from buildkite_packages.http.masking import HIDDEN

Result = TypeVar("Result")

IN_MEMORY = "sqlite:///:memory:"
URL_FORMS = "sqlite:///PATH or postgresql://USER@HOST/NAME"

CONFLICTS = {"40001", "40P01"}
"""PostgreSQL's codes for a transaction that lost against another and may be tried again: serialization_failure and
deadlock_detected, https://www.postgresql.org/docs/current/errcodes-appendix.html."""

MOST_ATTEMPTS = 10
"""How often a transaction is tried that collides with others."""

START = 30.0
"""Seconds that a start goes on trying where the database is lost in the middle of it."""

DISK_FULL = "53100"
READ_ONLY = "25006"
"""PostgreSQL's codes for disk_full and read_only_sql_transaction."""

NO_ROOM = tuple(os.strerror(number) for number in (errno.ENOSPC, errno.EDQUOT))
"""What the system says of a full disk; PostgreSQL has a code for the first alone."""

BROKEN = {
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
}
"""SQLite's codes for what is wrong with the file rather than with the statement: https://www.sqlite.org/rescode.html."""


class Database:
    """A database that is open.

    Args:
        url: `sqlite:///:memory:`, `sqlite:///PATH` or `postgresql://USER:PASSWORD@HOST:PORT/NAME`.

    Attributes:
        is_shared: whether other processes may have it open, too. If not, transactions are so short that they may run in
            the event loop.
        is_lasting: whether what is in it is there after the process.
        is_new: whether this made its tables.
        installation_id: what a blob store knows this database by.

    Raises:
        StoreError: the URL is wrong, the database cannot be opened, another emulator has it, or a newer one made it.
    """

    def __init__(self, url: str = IN_MEMORY) -> None:
        try:
            parsed = make_url(url)
        except (ArgumentError, ValueError):
            raise StoreError(f"the database should be {URL_FORMS}") from None
        self._outage = Outage("The database")
        with explained(parsed):
            self._backend = open_backend(parsed)
            self.is_shared = self._backend.is_shared
            self.is_lasting = self.is_shared or parsed.database not in (None, "", ":memory:")
            try:
                self.persevere(self._prepare)
            except BaseException:
                self._backend.close()
                raise

    def _prepare(self) -> None:
        with self.starting():
            with self.connection() as connection:
                self.is_new = schema.upgrade(connection)
                found = connection.execute(select(installation.c.id)).scalar()
                if found is None:
                    found = str(uuid4())
                    connection.execute(insert(installation), {"id": found})
                self.installation_id: str = found
                self._process_id: int = connection.execute(
                    insert(processes).values(started_at=time.time_ns() // 1_000_000).returning(processes.c.id)
                ).scalar_one()
            self._backend.show_life(self._process_id)

    @property
    def is_away(self) -> bool:
        """Whether the database cannot be reached, as far as is known."""
        return self._backend.is_away

    def persevere(self, step: Callable[[], Result]) -> Result:
        """Take a step of the start; again, where the database was lost in the middle of it, until it is back.

        Raises:
            StoreUnavailable: it does not come back in time, or cannot be used for another reason.
        """
        deadline = time.monotonic() + START
        while True:
            try:
                return step()
            except StoreUnavailable:
                if not self.is_away or time.monotonic() >= deadline:
                    raise
            time.sleep(0.1)

    @contextmanager
    def starting(self) -> Iterator[None]:
        """Keep other processes from starting on this database, or sweeping its blobs, until the block ends."""
        with self._translated(read_only=True), self._backend.starting():
            yield

    @contextmanager
    def transaction(self, *, read_only: bool = False) -> Iterator[Transaction]:
        """Begin a transaction; it is committed at the end of the block, or undone by an exception.

        Args:
            read_only: nothing will be changed, and all questions are to be answered as of one moment.

        Raises:
            Conflict: another transaction was in the way; this one was undone.
            StoreUnavailable: the database cannot be reached or used. Where that came about at the very end, it may
                have taken effect.
        """
        try:
            with self._translated(read_only=read_only):
                if not read_only:
                    self._backend.stay_alive(self._process_id)
                with self._backend.begin(read_only=read_only) as connection:
                    yield Transaction(connection, self._process_id)
        except Conflict:
            self._backend.doubt_life()  # another process may have taken this one for dead
            raise
        self._outage.worked(write=not read_only)

    @contextmanager
    def connection(self, *, read_only: bool = False) -> Iterator[Connection]:
        """Begin a transaction on tables that another module owns; it ends as that of `transaction` does."""
        with self._translated(read_only=read_only), self._backend.begin(read_only=read_only) as connection:
            yield connection
        self._outage.worked(write=not read_only)

    @contextmanager
    def _translated(self, *, read_only: bool) -> Iterator[None]:
        """Turn what the driver says into the errors of `transaction`."""
        try:
            yield
        except (SQLAlchemyError, sqlite3.Error) as error:
            cause = error.orig if isinstance(error, DBAPIError) else error
            if getattr(cause, "sqlstate", None) in CONFLICTS:
                raise Conflict from error
            unavailable = unavailability(error)
            if unavailable is None:
                raise
            self._outage.failed(unavailable, write=not read_only)
            raise unavailable from error

    def blobs_in_use(self) -> set[str]:
        """List the blobs that packages use, and those that a process that lives is about to use or to delete.

        What the processes that live no more have left is forgotten on the way. To be asked within `starting`, after
        the blobs that exist were listed, so that one that comes later is not taken for a stray.
        """
        with self.connection() as connection:
            for process_id in connection.execute(select(processes.c.id)).scalars().all():
                if process_id != self._process_id and not self._backend.is_alive(connection, process_id):
                    connection.execute(delete(pending_blobs).where(pending_blobs.c.process_id == process_id))
                    connection.execute(delete(processes).where(processes.c.id == process_id))
            used = select(blobs.c.id).union_all(select(pending_blobs.c.id))
            return set(connection.execute(used).scalars())

    def close(self) -> None:
        """Close the database."""
        self._backend.close()


def open_backend(url: URL) -> Backend:
    """Open the database of a URL.

    Raises:
        StoreError: the URL is of an unknown kind.
    """
    kind = url.get_backend_name()
    if kind == "sqlite":
        if url.query:
            raise StoreError("SQLite takes no settings after ?")
        return SQLite(url.set(drivername="sqlite"))
    if kind in ("postgresql", "postgres"):
        try:
            from buildkite_emulator.storage.postgresql import PostgreSQL  # noqa: PLC0415 - needs psycopg
        except ModuleNotFoundError as error:
            message = f"{error.name} is missing; install buildkite-packages[emulator,postgresql]"
            raise StoreError(message) from None
        return PostgreSQL(url.set(drivername="postgresql+psycopg"))
    raise StoreError(f"a database of the kind {kind} is not supported; it should be {URL_FORMS}")


def sqlite_url(path: Path) -> str:
    """Make the URL of a database in a file."""
    return URL.create("sqlite", database=str(path)).render_as_string()


def tried(function: Callable[..., Result], *arguments: Any) -> Result:
    """Call what runs a transaction, again and again while another transaction is in the way.

    Raises:
        Conflict: that is so time after time.
    """
    for _ in range(MOST_ATTEMPTS - 1):
        with suppress(Conflict):
            return function(*arguments)
    return function(*arguments)


def unavailability(error: Exception) -> StoreUnavailable | None:
    """Tell whether an error is of a database that cannot be reached or used at the moment; None where it is not."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    sqlstate, code = getattr(cause, "sqlstate", None), getattr(cause, "sqlite_errorcode", 0) & 0xFF
    message = None
    if sqlstate == DISK_FULL or code == sqlite3.SQLITE_FULL or any(phrase in str(cause) for phrase in NO_ROOM):
        return StoreFull("The database is full: no space is left for it", cause)
    if code in BROKEN:
        message = f"The database file cannot be used: {cause}"
    elif isinstance(error, NoConnectionFree):
        message = "The database is too busy"
    elif sqlstate == READ_ONLY:
        message = "The database is read-only"
    elif isinstance(error, PendingRollbackError) or getattr(error, "connection_invalidated", False):
        message = UNREACHABLE
    elif isinstance(error, OperationalError) and not isinstance(cause, sqlite3.Error):
        message = "The database cannot be used" if sqlstate else UNREACHABLE
    return None if message is None else StoreUnavailable(message, cause)


@contextmanager
def explained(url: URL) -> Iterator[None]:
    """Turn what goes wrong with a database into a `StoreError`, without the password."""
    shown = url.set(query={}).render_as_string().replace(":***@", f":{HIDDEN}@")
    try:
        yield
    except SQLAlchemyError as error:
        reason = str(error.orig if isinstance(error, DBAPIError) else error).strip()
        if "locked" in reason:
            reason = "another emulator uses it"
        if url.password:
            reason = reason.replace(str(url.password), HIDDEN)
        kind = type(unavailability(error) or StoreError())
        raise kind(f"cannot use the database {shown}: {reason}") from error
    except StoreError as error:
        reason = getattr(error, "reason", "") or str(error)
        raise type(error)(f"cannot use the database {shown}: {reason}") from error
