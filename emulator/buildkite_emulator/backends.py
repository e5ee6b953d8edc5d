"""The kinds of databases, and how each one connects, begins and locks.

SQLite belongs to one process. It has one connection and a lock around each transaction, for transactions are short and
waiting for each other inside the process is quicker than SQLite's waiting. PostgreSQL has a pool of connections and may
be shared by several processes.
"""

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from sqlalchemy import URL, Connection, create_engine, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import StaticPool

CONNECTIONS = 10
"""How many connections to PostgreSQL a process has at most, beside the one that shows that it lives."""

PATIENCE = 10
"""Seconds that are waited for PostgreSQL to accept a connection."""

CHECKPOINT = 10_000
"""Pages, of 4 KiB each, after which SQLite moves its write-ahead log to the database. With its own 1,000, half of the
time of many short writes goes into waiting for the disk."""

LOOKS = 1.0
"""Seconds between two looks at whether others can see that this process lives."""

LOCKS = 0x62_6B_70
"""What our advisory locks go by in PostgreSQL. The second number is 0 for starting, and else a process's."""


class Backend(ABC):
    """A kind of database."""

    @abstractmethod
    def begin(self, *, read_only: bool) -> AbstractContextManager[Connection]:
        """Begin a transaction; it is committed at the end of the block, or undone by an exception."""

    @abstractmethod
    def starting(self) -> AbstractContextManager[None]:
        """Keep other processes from starting until the block ends."""

    @abstractmethod
    def show_life(self, process_id: int) -> None:
        """Let others see from now on that this process lives."""

    @abstractmethod
    def stay_alive(self, process_id: int) -> None:
        """See that others can still see it, and mend that where a connection was lost."""

    @abstractmethod
    def doubt_life(self) -> None:
        """Let `stay_alive` look anew, even if it has just done so."""

    @abstractmethod
    def is_alive(self, connection: Connection, process_id: int) -> bool:
        """Tell whether another process lives."""

    @abstractmethod
    def close(self) -> None:
        """Close all connections."""


class SQLite(Backend):
    """SQLite, of which this process is the only user."""

    def __init__(self, url: URL) -> None:
        self._lock = threading.RLock()
        arguments = {"check_same_thread": False, "timeout": 0, "isolation_level": None}
        self._engine = create_engine(url, poolclass=StaticPool, connect_args=arguments, hide_parameters=True)
        event.listen(self._engine, "connect", configure_sqlite)
        self._connection = self._engine.connect()
        self._driver: Any = self._connection.connection.driver_connection

    @contextmanager
    def begin(self, *, read_only: bool) -> Iterator[Connection]:  # noqa: ARG002, D102 - see Backend
        with self._lock, self._connection.begin():
            # Python's driver would do it too late for changes of the schema to be part of the transaction.
            self._driver.execute("BEGIN")
            yield self._connection

    def starting(self) -> AbstractContextManager[None]:  # noqa: D102 - see Backend
        return nullcontext()

    def show_life(self, process_id: int) -> None:
        """Do nothing: the database's own lock shows it."""

    def stay_alive(self, process_id: int) -> None:
        """Do nothing: the lock is not lost."""

    def doubt_life(self) -> None:
        """Do nothing likewise."""

    def is_alive(self, connection: Connection, process_id: int) -> bool:  # noqa: ARG002, D102 - see Backend
        return False

    def close(self) -> None:  # noqa: D102 - see Backend
        with self._lock:
            self._connection.close()
            self._engine.dispose()


class PostgreSQL(Backend):
    """PostgreSQL. A process that lives holds an advisory lock of its number."""

    def __init__(self, url: URL) -> None:
        self._engine = create_engine(
            url,
            pool_size=CONNECTIONS,
            max_overflow=0,
            pool_pre_ping=True,
            connect_args={"connect_timeout": PATIENCE},
            hide_parameters=True,
        )
        self._reading = self._engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        self._writing = self._engine.execution_options(isolation_level="READ COMMITTED")
        self._alone = create_engine(url, pool_size=1, isolation_level="AUTOCOMMIT", hide_parameters=True)
        self._life = self._alone.connect()
        self._life_lock = threading.Lock()
        self._looked_at = 0.0

    @contextmanager
    def begin(self, *, read_only: bool) -> Iterator[Connection]:  # noqa: D102 - see Backend
        with (self._reading if read_only else self._writing).begin() as connection:
            yield connection

    @contextmanager
    def starting(self) -> Iterator[None]:  # noqa: D102 - see Backend
        lock = {"locks": LOCKS, "number": 0}
        self._life.execute(text("SELECT pg_advisory_lock(:locks, :number)"), lock)
        try:
            yield
        finally:
            self._life.execute(text("SELECT pg_advisory_unlock(:locks, :number)"), lock)

    def show_life(self, process_id: int) -> None:  # noqa: D102 - see Backend
        lock = {"locks": LOCKS, "number": process_id}
        self._life.execute(text("SELECT pg_advisory_lock_shared(:locks, :number)"), lock)
        self._looked_at = time.monotonic()

    def stay_alive(self, process_id: int) -> None:  # noqa: D102 - see Backend
        with self._life_lock:
            if time.monotonic() < self._looked_at + LOOKS:
                return
            try:
                self._life.execute(text("SELECT 1"))
            except DBAPIError:
                self._life.close()
                self._alone.dispose()
                self._life = self._alone.connect()
                self.show_life(process_id)
                again = "INSERT INTO processes (id, started_at) VALUES (:id, 0) ON CONFLICT DO NOTHING"
                self._life.execute(text(again), {"id": process_id})
            self._looked_at = time.monotonic()

    def doubt_life(self) -> None:  # noqa: D102 - see Backend
        self._looked_at = 0.0

    def is_alive(self, connection: Connection, process_id: int) -> bool:  # noqa: D102 - see Backend
        lock = {"locks": LOCKS, "number": process_id}
        return not connection.execute(text("SELECT pg_try_advisory_xact_lock(:locks, :number)"), lock).scalar_one()

    def close(self) -> None:  # noqa: D102 - see Backend
        self._life.close()
        self._alone.dispose()
        self._engine.dispose()


def configure_sqlite(connection: Any, _record: object) -> None:
    """Set a new SQLite connection up, and take the lock.

    WAL with `synchronous=NORMAL` keeps a commit through a killed process, and the exclusive lock keeps a second
    emulator away from the folder: https://www.sqlite.org/pragma.html.
    """
    connection.executescript(
        "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;"
        f"PRAGMA wal_autocheckpoint={CHECKPOINT}; BEGIN IMMEDIATE; COMMIT;"
    )
