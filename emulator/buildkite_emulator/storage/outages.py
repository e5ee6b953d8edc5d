"""Logs when a store stops working and when it works again: one line each, however many requests notice it."""

import logging
import threading

from buildkite_emulator.errors import StoreUnavailable

log = logging.getLogger(__name__)


class Outage:
    """Whether a store works, as far as the last requests could tell.

    Args:
        store: what the log calls the store.
    """

    def __init__(self, store: str) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._message: str | None = None
        self._is_of_writes = False

    @property
    def is_on(self) -> bool:
        """Whether the store has failed and has not worked since."""
        return self._message is not None

    def failed(self, error: StoreUnavailable, *, write: bool) -> None:
        """Note a failure.

        Args:
            error: the error for the caller; `error.reason` goes to the log.
            write: whether something was to be written. Only a later write shows that this works again.
        """
        with self._lock:
            if self._message != str(error):
                log.error("%s: %s", error, error.reason)
            self._message, self._is_of_writes = str(error), write

    def worked(self, *, write: bool) -> None:
        """Note that the store worked."""
        if self._message is None:
            return
        with self._lock:
            if self._message is not None and (write or not self._is_of_writes):
                self._message = None
                log.warning("%s works again", self._store)
