"""The state store of several processes: in the database that they share."""

import hashlib
import logging
import queue
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal

from sqlalchemy import bindparam, case, delete, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from buildkite_emulator.errors import StoreUnavailable
from buildkite_emulator.state_store import MOST_ENTRIES, Document, StateStore, Window
from buildkite_emulator.storage.database import Database
from buildkite_emulator.storage.tables import documents, requests, windows

log = logging.getLogger(__name__)

DOCUMENTS = select(documents.c.key, documents.c.value)
NEW_DOCUMENT = upsert(documents).values(key=bindparam("key"), value={})
LOCKED_DOCUMENT = NEW_DOCUMENT.on_conflict_do_update(
    index_elements=[documents.c.key], set_={"key": NEW_DOCUMENT.excluded.key}
).returning(documents.c.value)
SAVE_DOCUMENT = update(documents).where(documents.c.key == bindparam("the_key")).values(value=bindparam("value"))
ALONE = text("LOCK TABLE documents, windows IN EXCLUSIVE MODE")
"""Lets others only read, so that a deletion cannot deadlock with a count in several windows."""

MOST_AT_ONCE = 100
"""Entries of the log that are written together."""

Make = Callable[[], dict[str, Any]]
Signal = threading.Event | Literal["appended", "closed"]
"""Signals to the thread that writes the log; an event is set once all entries before it are written."""


class DatabaseStateStore(StateStore):
    """A state store in PostgreSQL.

    Documents are read anew at the start of each request. The log is written by a thread of its own, so that no request
    waits for it; while the database is away or slower than the requests, the newest entries wait in memory.

    Args:
        database: the database.
    """

    is_quick = False

    def __init__(self, database: Database) -> None:
        self._database = database
        self._documents: dict[str, Document] = {}
        self._waiting: deque[Make] = deque(maxlen=MOST_ENTRIES)
        self._signals: queue.SimpleQueue[Signal] = queue.SimpleQueue()
        self._writer = threading.Thread(target=self._write_entries, name="request log", daemon=True)
        self._writer.start()

    def refresh(self) -> None:  # noqa: D102 - see StateStore
        with self._database.connection(read_only=True) as connection:
            self._documents = {key: value for key, value in connection.execute(DOCUMENTS) if value}

    def get(self, key: str) -> Document | None:  # noqa: D102 - see StateStore
        return self._documents.get(key)

    @contextmanager
    def change(self, key: str) -> Iterator[dict[str, Any]]:  # noqa: D102 - see StateStore
        with self._database.connection() as connection:
            document: dict[str, Any] = connection.execute(LOCKED_DOCUMENT, {"key": key}).scalar_one()
            yield document
            connection.execute(SAVE_DOCUMENT, {"the_key": key, "value": document})
        self.refresh()

    def count(  # noqa: D102 - see StateStore
        self, keys: Sequence[str], now: int, length: int, by: int = 1
    ) -> list[Window]:
        # A key may be longer than what is indexed well, and hold what PostgreSQL does not take.
        digests = {key: hashlib.sha256(key.encode("utf-8", "replace")).hexdigest() for key in keys}
        counted = {}
        with self._database.connection(read_only=not by) as connection:
            for digest in sorted(digests.values()):  # every count locks its windows in this order
                statement = count_in_window(digest, now, length, by) if by else window_of(digest)
                found = connection.execute(statement).one_or_none()
                window = Window(*found) if found else Window(0, now)
                counted[digest] = window if 0 <= now - window.started < length else Window(0, now)
        if any(window.total == by for window in counted.values()) and by:
            self._drop_windows(now - length)
        return [counted[digests[key]] for key in keys]

    def _drop_windows(self, ended: int) -> None:
        """Delete windows that began before a time, but none that somebody is counting in."""
        old = select(windows.c.key).where(windows.c.started < ended).with_for_update(skip_locked=True)
        with self._database.connection() as connection:
            connection.execute(delete(windows).where(windows.c.key.in_(old)))

    def append(self, make: Make) -> None:  # noqa: D102 - see StateStore
        self._waiting.append(make)
        if self._signals.empty():  # else the thread will look after the next signal
            self._signals.put("appended")

    def entries(self, after: int = 0, limit: int = MOST_ENTRIES) -> list[Document]:  # noqa: D102 - see StateStore
        self._flush()
        newest = select(requests.c.id, requests.c.entry).order_by(requests.c.id.desc()).limit(MOST_ENTRIES).subquery()
        chosen = select(newest.c.id, newest.c.entry).where(newest.c.id > after).order_by(newest.c.id).limit(limit)
        with self._database.connection(read_only=True) as connection:
            return [{"id": number, **entry} for number, entry in connection.execute(chosen)]

    def clear_entries(self) -> None:  # noqa: D102 - see StateStore
        self._flush()
        with self._database.connection() as connection:
            connection.execute(delete(requests))

    def clear(self) -> None:  # noqa: D102 - see StateStore
        self.clear_entries()
        with self._database.connection() as connection:
            connection.execute(ALONE)
            for table in (documents, windows):
                connection.execute(delete(table))
        self.refresh()

    def close(self) -> None:
        """Write what is left of the log."""
        self._signals.put("closed")
        self._writer.join()

    def _flush(self) -> None:
        written = threading.Event()
        self._signals.put(written)
        written.wait()

    def _write_entries(self) -> None:
        taken: list[Make] = []
        signal: Signal = "appended"
        while signal != "closed":
            signal = self._signals.get()
            left = len(self._waiting)  # not more, so that a flush does not wait for later entries
            try:
                while taken or left:
                    more = min(left, MOST_AT_ONCE - len(taken))
                    taken += [self._waiting.popleft() for _ in range(more)]
                    left -= more
                    self._save([{"entry": make()} for make in taken])  # to make an entry may take the database, too
                    taken = []
            except StoreUnavailable:
                pass  # they are written along with the next ones
            except Exception:  # this thread has to go on
                log.exception("the log of requests could not be written")
                taken = []
                self._waiting.clear()
            if isinstance(signal, threading.Event):
                signal.set()

    def _save(self, rows: list[dict[str, Any]]) -> None:
        with self._database.connection() as connection:
            last = connection.execute(insert(requests).returning(requests.c.id), rows).scalars().all()[-1]
            connection.execute(delete(requests).where(requests.c.id <= last - MOST_ENTRIES))


def window_of(key: str) -> Any:
    """Make the statement that reads a window."""
    return select(windows.c.total, windows.c.started).where(windows.c.key == key)


def count_in_window(key: str, now: int, length: int, by: int) -> Any:
    """Make the statement that counts in a window, which begins anew where it is over or the clock was set back."""
    goes_on = (windows.c.started <= now) & (windows.c.started > now - length)
    new = upsert(windows).values(key=key, total=by, started=now)
    total = case((goes_on, windows.c.total + by), else_=by)
    started = case((goes_on, windows.c.started), else_=now)
    counted = new.on_conflict_do_update(index_elements=[windows.c.key], set_={"total": total, "started": started})
    return counted.returning(windows.c.total, windows.c.started)
