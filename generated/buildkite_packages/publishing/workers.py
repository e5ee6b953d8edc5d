"""Works on several things at once, in threads that stop together."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import Generic, TypeVar

from ..http.retries import stopping

T = TypeVar("T")
R = TypeVar("R")

PATIENCE = 1.0
"""Seconds without a result after which threads that should stop are no longer waited for."""


class Workers(Generic[T, R]):
    """Threads that work on items.

    Args:
        work: is called with each item, in one of the threads.
        items: the items.
        stop: set when the work should end before its time, such as after Ctrl-C; waits for a retry end then.
        on_result: called with each result in the calling thread, as soon as it is known.
    """

    def __init__(
        self, work: Callable[[T], R], items: Sequence[T], stop: Event, on_result: Callable[[R], object] | None
    ) -> None:
        self._work = work
        self._items = items
        self._stop = stop
        self._on_result = on_result
        self._todo: SimpleQueue[int] = SimpleQueue()
        self._done: SimpleQueue[tuple[int, R | BaseException]] = SimpleQueue()
        self._results: dict[int, R] = {}

    def run(self, jobs: int) -> list[R]:
        """Work on so many items at a time; gives the results, in the order of the items."""
        for index in range(len(self._items)):
            self._todo.put(index)
        # The interpreter does not wait for daemon threads when it ends: one may hang in a read for minutes.
        threads = [Thread(target=self._loop, name="publish", daemon=True) for _ in range(min(jobs, len(self._items)))]
        try:
            for thread in threads:
                thread.start()
            while len(self._results) < len(self._items):
                self._take()
        except BaseException:
            self._stop.set()
            with suppress(Empty, KeyboardInterrupt):
                while any(thread.is_alive() for thread in threads) or not self._done.empty():
                    self._take(PATIENCE)
            raise
        for thread in threads:
            thread.join()
        return [self._results[index] for index in range(len(self._items))]

    def _loop(self) -> None:
        stopping.set(self._stop)
        with suppress(Empty):
            while not self._stop.is_set():
                index = self._todo.get_nowait()
                try:
                    self._done.put((index, self._work(self._items[index])))
                except BaseException as error:
                    self._done.put((index, error))

    def _take(self, timeout: float | None = None) -> None:
        index, result = self._done.get(timeout=timeout)
        if isinstance(result, BaseException):
            raise result
        self._results[index] = result
        if self._on_result is not None:
            self._on_result(result)
