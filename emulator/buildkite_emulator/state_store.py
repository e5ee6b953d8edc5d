"""The state behind `/_emulator/`: faults, the clock, rate-limit windows and the log of requests.

It is one small interface, so that one process can keep it in memory and several can share it.
"""

import copy
import threading
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, NamedTuple, TypeVar

from starlette.concurrency import run_in_threadpool

Document = Mapping[str, Any]
"""A JSON object."""

Result = TypeVar("Result")

MOST_ENTRIES = 1000
"""Requests that the log keeps, the newest ones."""

MOST_WINDOWS = 10_000
"""Windows that are counted in at a time; where there are more, the half goes that least was counted in."""


class Window(NamedTuple):
    """A window of time in which something is counted.

    Attributes:
        total: how often it happened so far.
        started: when the window began, in milliseconds since 1970.
    """

    total: int
    started: int


class StateStore(ABC):
    """Keeps named documents, counts in windows of time, and a log.

    Attributes:
        is_quick: whether its methods take so little time that they may be called in the event loop.
    """

    is_quick: bool

    async def run(self, function: Callable[..., Result], *arguments: Any) -> Result:
        """Run what uses the state store: in the event loop where that is quick, else in a thread."""
        return function(*arguments) if self.is_quick else await run_in_threadpool(function, *arguments)

    @abstractmethod
    def refresh(self) -> None:
        """Load what other processes have changed; called at the beginning of each request."""

    @abstractmethod
    def get(self, key: str) -> Document | None:
        """Get a document, as it was at the last refresh or later. It is not to be changed.

        It is quick on every state store. None where there is no such document, or an empty one.
        """

    @abstractmethod
    def change(self, key: str) -> AbstractContextManager[dict[str, Any]]:
        """Change a document, an empty one where there was none. Nobody else changes it until the block ends.

        It is saved at the end of the block, unless that raises.
        """

    @abstractmethod
    def count(self, keys: Sequence[str], now: int, length: int, by: int = 1) -> list[Window]:
        """Count in windows, each of which begins with the first thing that is counted in it.

        Args:
            keys: what each window is called; no key twice.
            now: milliseconds since 1970.
            length: milliseconds that a window lasts.
            by: how much to add; with 0 nothing is changed.

        Returns:
            for each key, its window, what was added included.
        """

    @abstractmethod
    def append(self, make: Callable[[], dict[str, Any]]) -> None:
        """Add an entry to the log, and give it an `id` that is higher than those before it.

        It never waits.

        Args:
            make: makes the entry, JSON without `id`. It is called when the entry is first needed, in any thread.
        """

    @abstractmethod
    def entries(self, after: int = 0, limit: int = MOST_ENTRIES) -> list[Document]:
        """List entries of the log that have a higher `id` than `after`, the oldest first, `limit` at most."""

    @abstractmethod
    def clear_entries(self) -> None:
        """Empty the log. IDs go on from where they were."""

    @abstractmethod
    def clear(self) -> None:
        """Forget everything. IDs of the log go on from where they were."""

    def close(self) -> None:  # noqa: B027 - not every state store has something to do
        """Finish what is under way."""


class MemoryStateStore(StateStore):
    """A state store of one process."""

    is_quick = True

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._documents: dict[str, Document] = {}
        self._windows: dict[str, Window] = {}
        self._entries: deque[Document | Callable[[], dict[str, Any]]] = deque(maxlen=MOST_ENTRIES)
        self._last_id = 0

    def refresh(self) -> None:
        """Do nothing: there is no other process."""

    def get(self, key: str) -> Document | None:  # noqa: D102 - see StateStore
        return self._documents.get(key)

    @contextmanager
    def change(self, key: str) -> Iterator[dict[str, Any]]:  # noqa: D102 - see StateStore
        with self._lock:
            document = copy.deepcopy(dict(self._documents.get(key, {})))  # who has the old one keeps it as it was
            yield document
            if document:
                self._documents[key] = document
            else:
                self._documents.pop(key, None)

    def count(  # noqa: D102 - see StateStore
        self, keys: Sequence[str], now: int, length: int, by: int = 1
    ) -> list[Window]:
        windows = []
        with self._lock:
            for key in keys:
                total, started = self._windows.get(key) or (0, now)
                if not 0 <= now - started < length:  # over, or the clock was set back
                    total, started = 0, now
                window = Window(total + by, started)
                windows.append(window)
                if by:
                    self._windows[key] = window
            if len(self._windows) > MOST_WINDOWS:
                busiest = sorted(self._windows.items(), key=lambda item: item[1].total)[MOST_WINDOWS // 2 :]
                self._windows = dict(busiest)
        return windows

    def append(self, make: Callable[[], dict[str, Any]]) -> None:  # noqa: D102 - see StateStore
        with self._lock:
            self._last_id += 1
            self._entries.append(make)

    def entries(self, after: int = 0, limit: int = MOST_ENTRIES) -> list[Document]:  # noqa: D102 - see StateStore
        with self._lock:
            first_id = max(after + 1, self._first_id)
            begin = first_id - self._first_id
            chosen = list(self._entries)[begin : begin + limit]
        return [self._made(first_id + index, entry) for index, entry in enumerate(chosen)]

    def _made(self, number: int, entry: Document | Callable[[], dict[str, Any]]) -> Document:
        """Make an entry, unless that was done, and keep it in the place of what makes it and of what that holds."""
        if not callable(entry):
            return entry
        made = {"id": number, **entry()}
        with self._lock:
            if number >= self._first_id:
                self._entries[number - self._first_id] = made
        return made

    @property
    def _first_id(self) -> int:
        return self._last_id - len(self._entries) + 1

    def clear_entries(self) -> None:  # noqa: D102 - see StateStore
        with self._lock:
            self._entries.clear()

    def clear(self) -> None:  # noqa: D102 - see StateStore
        with self._lock:
            self._documents.clear()
            self._windows.clear()
            self._entries.clear()
