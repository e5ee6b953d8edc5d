"""PostgreSQL as a database of several processes.

A server may be restarted, stop answering or be cut off at any moment. Each connection is replaced when it is needed
again; while the server is away, one thread at a time tries to reach it and the others fail along, so that none waits
for long.
"""

import gc
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from sqlalchemy import URL, Connection, NullPool, create_engine, event, text
from sqlalchemy.exc import DBAPIError, OperationalError, PendingRollbackError

from buildkite_emulator.errors import StoreUnavailable
from buildkite_emulator.storage.backends import CONNECTIONS, UNREACHABLE, Backend

PATIENCE = 10
"""Seconds that a connection may take to be made."""

SILENCE = 5.0
"""Seconds without an answer to a statement, after which another connection is asked whether it still runs."""

GRACE = 0.5
"""Seconds that are waited for another thread that tries to reach the server."""

PARAMETERS = {
    "connect_timeout": PATIENCE,
    "tcp_user_timeout": 10_000,  # milliseconds
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
}
"""How libpq notices that the network has lost the server:
https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS. A URL may say otherwise."""

SESSION = (
    "SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3;"
    "SET idle_in_transaction_session_timeout = '60s'"
)
"""How the server notices that the network has lost this process, so that its locks do not stay."""

RUNS = "SELECT FROM pg_stat_activity WHERE pid = %s AND state = 'active'"

LOOKS = 1.0
"""Seconds between two looks at whether others can see that this process lives."""

LOCKS = 0x62_6B_70
"""What our advisory locks go by in PostgreSQL. The second number is 0 for starting, and else a process's."""


class PostgreSQL(Backend):
    """PostgreSQL. A process that lives holds an advisory lock of its number."""

    is_shared = True

    def __init__(self, url: URL) -> None:
        self._probing = threading.Lock()
        self._unreached_at = 0.0  # time of the last failed attempt
        parameters = {name: value for name, value in PARAMETERS.items() if name not in url.query}
        self._engine = create_engine(
            url,
            pool_size=CONNECTIONS,
            max_overflow=0,
            pool_pre_ping=True,
            connect_args=parameters,
            hide_parameters=True,
        )
        self._reading = self._engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        self._writing = self._engine.execution_options(isolation_level="READ COMMITTED")
        # For connections that are not of the pool: closing one ends its session, and so gives up its locks.
        self._alone = create_engine(
            url,
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",
            connect_args=parameters,
            hide_parameters=True,
            pool_reset_on_return=None,
        )
        for engine in (self._engine, self._alone):
            event.listen(engine, "do_connect", self._connect)
        self._life_lock = threading.Lock()
        self._life: Connection | None = self._alone.connect()
        self._looked_at = 0.0

    def _connect(self, _dialect: Any, _record: Any, arguments: Any, parameters: Any) -> Any:
        """Make a connection for SQLAlchemy."""
        connection = WatchedConnection.connect(*arguments, **parameters)
        try:
            connection.autocommit = True
            connection.execute(SESSION)
            connection.autocommit = False
        except BaseException:
            connection.close()
            raise
        connection.still_runs = lambda process_id: self._runs(arguments, parameters, process_id)
        return connection

    def _runs(self, arguments: Any, parameters: Any, process_id: int) -> bool:
        """Ask over another connection whether the server is still at work on a statement."""
        try:
            with WatchedConnection.connect(*arguments, **parameters) as connection:
                return bool(connection.execute(RUNS, (process_id,)).rowcount == 1)
        except psycopg.Error:
            self.is_away, self._unreached_at = True, time.monotonic()
            return False

    def _reach(self, arrived: float) -> None:
        """Where the server is away, see whether it is back.

        Args:
            arrived: when the caller began to want it.

        Raises:
            StoreUnavailable: it is not.
        """
        if not self.is_away:
            return
        if self._unreached_at >= arrived or not self._probing.acquire(timeout=GRACE):
            raise StoreUnavailable(UNREACHABLE)
        try:
            if self._unreached_at >= arrived:
                raise StoreUnavailable(UNREACHABLE)
            if self.is_away:
                with self._noticing(), self._alone.connect():
                    self.is_away = False
        finally:
            self._probing.release()

    @contextmanager
    def _noticing(self) -> Iterator[None]:
        """Notice where the server is lost."""
        try:
            yield
        except PendingRollbackError:  # it was lost before
            self.is_away = True
            raise
        except DBAPIError as error:
            if is_unreachable(error):
                self.is_away = True
                if not error.connection_invalidated:  # it was none yet
                    self._unreached_at = time.monotonic()
            raise

    @contextmanager
    def begin(self, *, read_only: bool) -> Iterator[Connection]:  # noqa: D102 - see Backend
        self._reach(time.monotonic())
        with self._noticing(), (self._reading if read_only else self._writing).begin() as connection:
            yield connection

    @contextmanager
    def starting(self) -> Iterator[None]:  # noqa: D102 - see Backend
        with self._noticing(), self._alone.connect() as connection:
            connection.execute(text("SELECT pg_advisory_lock(:locks, 0)"), {"locks": LOCKS})
            yield

    def show_life(self, process_id: int) -> None:  # noqa: D102 - see Backend
        with self._life_lock:
            self._show_life(process_id)

    def _show_life(self, process_id: int) -> None:
        lock = {"locks": LOCKS, "number": process_id}
        again = "INSERT INTO processes (id, started_at) VALUES (:id, 0) ON CONFLICT DO NOTHING"
        try:
            with self._noticing():
                if self._life is None:
                    self._life = self._alone.connect()
                self._life.execute(text("SELECT pg_advisory_lock_shared(:locks, :number)"), lock)
                self._life.execute(text(again), {"id": process_id})
        except BaseException:
            self._lose_life()
            raise
        self._looked_at = time.monotonic()

    def stay_alive(self, process_id: int) -> None:  # noqa: D102 - see Backend
        arrived = time.monotonic()
        self._reach(arrived)
        with self._life_lock:
            if self._life is not None and time.monotonic() < self._looked_at + LOOKS:
                return
            self._reach(arrived)  # others may have tried while this waited
            if self._life is not None:
                try:
                    self._life.execute(text("SELECT 1"))
                except DBAPIError:
                    self._lose_life()
                else:
                    self._looked_at = time.monotonic()
                    return
            self._show_life(process_id)

    def _lose_life(self) -> None:
        """Close the connection that shows the process's life, if there is one, so that no lock stays on the server."""
        lost, self._life = self._life, None
        if lost is not None:
            with suppress(DBAPIError):
                lost.invalidate()
                lost.close()

    def doubt_life(self) -> None:  # noqa: D102 - see Backend
        self._looked_at = 0.0

    def is_alive(self, connection: Connection, process_id: int) -> bool:  # noqa: D102 - see Backend
        lock = {"locks": LOCKS, "number": process_id}
        return not connection.execute(text("SELECT pg_try_advisory_xact_lock(:locks, :number)"), lock).scalar_one()

    def close(self) -> None:  # noqa: D102 - see Backend
        self._lose_life()
        self._alone.dispose()
        self._engine.dispose()


def is_unreachable(error: DBAPIError) -> bool:
    """Tell whether a connection was lost, or could not be made; for that, libpq gives no SQLSTATE."""
    is_nameless = isinstance(error, OperationalError) and getattr(error.orig, "sqlstate", None) is None
    return error.connection_invalidated or is_nameless


class WatchedConnection(psycopg.Connection[Any]):
    """A connection that does not wait for ever for a server that has stopped answering.

    The network's timeouts do not help where the server's machine answers and the server itself does not.

    Attributes:
        still_runs: returns whether a server's process is still at work on a statement. Without it, none is waited for
            beyond `SILENCE`.
    """

    still_runs: Callable[[int], bool] | None = None

    @classmethod
    def connect(cls, *arguments: Any, **options: Any) -> Any:
        """Connect, and leave no socket open where that takes too long."""
        with suppress(psycopg.errors.ConnectionTimeout):
            return super().connect(*arguments, **options)
        gc.collect()  # psycopg leaves the socket to it, in a cycle of references
        raise psycopg.errors.ConnectionTimeout("the server does not answer")

    def wait(self, gen: Any, *arguments: Any, **options: Any) -> Any:
        """Wait for the server, as psycopg does it, with a look now and then at whether that makes sense."""
        return super().wait(self._watched(gen), *arguments, **options)

    def _watched(self, waiting: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
        heard_at, is_over = time.monotonic(), False
        try:
            wanted = next(waiting)
            while True:
                ready = yield wanted
                if ready:
                    heard_at, is_over = time.monotonic(), False
                elif is_over:  # and its answer has not come
                    self.pgconn.finish()
                    raise psycopg.OperationalError("the server does not answer")
                elif time.monotonic() >= heard_at + SILENCE:
                    is_over = self.still_runs is None or not self.still_runs(self.info.backend_pid)
                    heard_at = time.monotonic()
                wanted = waiting.send(ready)
        except StopIteration as end:
            return end.value
