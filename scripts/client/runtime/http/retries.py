"""When a call is tried again, and after what wait."""

import logging
import random
import time
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from threading import Event
from typing import Any, NamedTuple

import httpx

from ..errors import RateLimited, ResponseError
from .operation import Operation
from .rate_limits import retry_after

TEMPORARY = frozenset({502, 503, 504})
"""Statuses of a service, or a proxy before it, that is away for a moment."""

NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
"""Errors before the first byte of a request is sent."""

LOST = (httpx.TimeoutException, httpx.NetworkError, httpx.RemoteProtocolError)
"""Errors that may pass; but for those of `NEVER_SENT`, it is open after them what the service did."""

MOST_DOUBLINGS = 64
"""Of the bound of a random wait; what that is then is more than any `longest_backoff`."""

stopping: ContextVar[Event | None] = ContextVar("stopping", default=None)
"""Where calls of a thread are to end before their time, what says so."""

logger = logging.getLogger(__name__.rsplit(".", 2)[0])


class Wait(NamedTuple):
    """A wait before a call is tried again.

    Attributes:
        operation: operationId of the call.
        attempt: number of the attempt that failed, from 1.
        seconds: how long the wait is.
        reason: why it failed.
    """

    operation: str
    attempt: int
    seconds: float
    reason: Exception


@dataclass(frozen=True, kw_only=True)
class Retry:
    """What is tried again.

    Reads and deletes are repeated; a write only where the service cannot have acted on it, or where the client finds
    out whether it did. Each wait is a random time below a bound that doubles; a 429, and any answer with `Retry-After`,
    waits for as long as it says before that.

    Attributes:
        attempts: how often a call is tried at most, the first time included.
        total_wait: seconds that the waits of one call add up to at most; a call that would have to wait for longer
            fails at once.
        first_backoff: bound in seconds of the first random wait.
        longest_backoff: what that bound grows to at most.
        on_wait: called before each wait. What it raises ends the call.

    Raises:
        TypeError: one of them is no number, or cannot be called.
        ValueError: one of them is out of range.
    """

    attempts: int = 5
    total_wait: float = 180.0
    first_backoff: float = 0.5
    longest_backoff: float = 10.0
    on_wait: Callable[[Wait], object] | None = None

    def __post_init__(self) -> None:
        check_number("attempts", self.attempts, int, least=1)
        check_number("total_wait", self.total_wait, (int, float), least=0)
        for name in ("first_backoff", "longest_backoff"):
            check_number(name, getattr(self, name), (int, float), least=0)
            if getattr(self, name) == float("inf"):
                raise ValueError(f"{name} is infinite; it should be a number of seconds")
        if self.on_wait is not None and not callable(self.on_wait):
            raise TypeError(f"on_wait is {self.on_wait!r}; it should be a function that takes a Wait")


def check_number(name: str, value: object, kind: Any, *, least: int) -> None:
    """Check that a setting is a number that is great enough.

    Raises:
        TypeError: it is no such number.
        ValueError: it is less.
    """
    if isinstance(value, bool) or not isinstance(value, kind):
        raise TypeError(f"{name} is {value!r}; it should be a number, from {least}")
    if not value >= least:  # type: ignore[operator]
        raise ValueError(f"{name} is {value!r}; it should be at least {least}")


NO_RETRY = Retry(attempts=1)


class Attempts:
    """The attempts of one call.

    Args:
        retry: what is tried again; None for nothing.
        operation: what is called.
        is_safe: whether to repeat it can do no harm, whatever the method.
    """

    def __init__(self, retry: Retry | None, operation: Operation, *, is_safe: bool = False) -> None:
        self._retry = retry or NO_RETRY
        self._operation = operation
        self._is_safe = is_safe
        self._waited = 0.0
        self._made = 0

    def begin(self) -> None:
        """Note that an attempt begins.

        Raises:
            Stopped: there should be none.
        """
        if (event := stopping.get()) is not None and event.is_set():
            raise Stopped
        self._made += 1

    def wait_after(self, reason: Exception, *, is_safe: bool) -> float | None:
        """Decide about the next attempt after one that failed.

        Args:
            reason: why it failed.
            is_safe: whether to repeat it can do no harm, even where the service has acted on it.

        Returns:
            seconds to wait before it; None where there should be none.
        """
        passes = isinstance(reason, (RateLimited, *NEVER_SENT)) or ((is_safe or self._is_safe) and is_temporary(reason))
        if not passes or self._made >= self._retry.attempts:
            return None
        doublings = min(self._made - 1, MOST_DOUBLINGS)
        backoff = min(self._retry.longest_backoff, self._retry.first_backoff * 2.0**doublings)
        spread = random.uniform(0, backoff)  # noqa: S311 - spreads callers out; nothing is secret about it
        asked = asked_for(reason)
        left = self._retry.total_wait - self._waited
        if asked > left or (asked == 0 and spread > left):
            return None
        seconds = min(asked + spread, left)
        self._waited += seconds
        self._tell(Wait(self._operation.id, self._made, seconds, reason))
        return seconds

    def _tell(self, wait: Wait) -> None:
        reason = wait.reason.args[0] if isinstance(wait.reason, ResponseError) else repr(wait.reason)
        logger.info("waiting %.1f s to try %s again after attempt %d: %s", wait.seconds, *wait[:2], reason)
        if self._retry.on_wait is not None:
            self._retry.on_wait(wait)


def is_temporary(error: Exception) -> bool:
    """Tell whether an error may pass by itself."""
    return isinstance(error, LOST) or (isinstance(error, ResponseError) and error.status in TEMPORARY)


def asked_for(error: Exception) -> float:
    """Give the seconds that an answer asks to wait; 0 where it does not."""
    if isinstance(error, RateLimited):
        return error.seconds or 0.0
    return (retry_after(error.headers) or 0.0) if isinstance(error, ResponseError) else 0.0


def pause(seconds: float) -> None:
    """Wait.

    Raises:
        Stopped: another thread has stopped the call.
    """
    event = stopping.get()
    if event is None:
        time.sleep(seconds)
    elif event.wait(seconds):
        raise Stopped


async def apause(seconds: float) -> None:
    """Wait without blocking the event loop."""
    import anyio  # noqa: PLC0415 - httpx loads it for asynchronous clients alone

    await anyio.sleep(seconds)


class Stopped(Exception):
    """The call was stopped by another thread."""
