"""What a database has to offer, and SQLite; PostgreSQL is in `postgresql`.

SQLite belongs to one process. It has one connection and a lock around each transaction, for transactions are short and
waiting for each other inside the process is quicker than SQLite's waiting.
"""

import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from sqlalchemy import URL, Connection, create_engine, event
from sqlalchemy.pool import StaticPool

CONNECTIONS = 10
"""How many connections to PostgreSQL a process has at most, beside the one that shows that it lives."""

UNREACHABLE = "The database cannot be reached"

CHECKPOINT = 10_000
"""Pages, of 4 KiB each, after which SQLite moves its write-ahead log to the database. With its own 1,000, half of the
time of many short writes goes into waiting for the disk."""


class Backend(ABC):
    """A kind of database.

    Attributes:
        is_shared: whether several processes may use it.
        is_away: whether it cannot be reached, as far as is known.
    """

    is_shared = False
    is_away = False

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
        """Check that others can still see it, and reconnect if a connection was lost."""

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
    def begin(self, *, read_only: bool) -> Iterator[Connection]:  # noqa: D102 - see Backend
        with self._lock:  # nobody else can write, so what only reads needs no transaction of SQLite
            try:
                if not read_only:
                    self._driver.execute("BEGIN")
                yield self._connection
                self._driver.commit()
            finally:
                self._driver.rollback()  # does nothing after the commit
                if self._connection.in_transaction():  # SQLAlchemy begins one at the first statement that it runs
                    self._connection.rollback()

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


def configure_sqlite(connection: Any, _record: object) -> None:
    """Set a new SQLite connection up, and take the lock.

    WAL with `synchronous=NORMAL` keeps a commit through a killed process, and the exclusive lock keeps a second
    emulator away from the folder: https://www.sqlite.org/pragma.html.
    """
    connection.executescript(
        "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;"
        f"PRAGMA wal_autocheckpoint={CHECKPOINT}; BEGIN IMMEDIATE; COMMIT;"
    )
