"""How fast a live run goes: so many requests a minute, and none while a rate limit of the service is exhausted.

All processes of a run share one file, so that they go at one pace together.
"""

import fcntl
import json
import math
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TextIO

import httpx

from buildkite_packages.http.rate_limits import number
from buildkite_packages.spec import RATE_LIMITS, RateLimit

PER_MINUTE = 40
"""Requests of a run, unless told otherwise."""

LEFT = 0.05
"""Share of a limit that is left to others: a run waits once so little remains."""

LONGEST = 600.0
"""Seconds that are waited at most because an answer says so; the windows last one minute."""

BREATH = 1.0
"""Seconds of a single sleep, after which a run looks around again."""

BETWEEN_LINES = 60.0
"""Seconds between two lines of progress, where these are not written over each other."""


@dataclass
class PaceState:
    """What the processes of a run share.

    Attributes:
        next: when the next request may be sent, in seconds since 1970.
        paused_until: until when the limits of the service forbid any, likewise.
        sent: how many requests were sent.
        about: how many there will be, as far as one can tell; 0 where nobody can.
        said: when the last line of progress was written, in seconds since 1970.
        most: requests a minute that the service allows, as far as it said.
    """

    next: float = 0.0
    paused_until: float = 0.0
    sent: int = 0
    about: int = 0
    said: float = 0.0
    most: float = math.inf


class Pace:
    """The pace of a run.

    Args:
        path: the file that its processes share.
        per_minute: requests a minute.
        clock: gives the seconds since 1970.
        sleep: waits for some seconds.
        out: where progress is told; None for nowhere.
    """

    def __init__(
        self,
        path: Path,
        per_minute: float = PER_MINUTE,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], object] = time.sleep,
        out: TextIO | None = None,
    ) -> None:
        self._path = path
        self._per_minute = per_minute
        self._clock = clock
        self._sleep = sleep
        self._out = out

    def wait(self) -> None:
        """Wait until the next request may be sent, and count it."""
        while True:
            with self._state() as state:
                now = self._clock()
                spacing = 60.0 / self._per_minute
                # a clock that was set back must not stop a run for longer than the limits do
                state.next = min(state.next, now + spacing)
                state.paused_until = min(state.paused_until, now + LONGEST)
                left = max(state.next, state.paused_until) - now
                if left <= 0:
                    state.next = now + spacing
                    state.sent += 1
                self._notify(state, now)
            if left <= 0:
                return
            self._sleep(min(left, BREATH))

    def pause(self, seconds: float) -> None:
        """Let no process of the run send anything for some seconds."""
        with self._state() as state:
            state.paused_until = max(state.paused_until, self._clock() + min(seconds, LONGEST))

    def observe(self, headers: Mapping[str, str]) -> None:
        """Wait for the next window where an answer says that little is left of this one."""
        read = httpx.Headers(dict(headers))
        limits = [each for limit in RATE_LIMITS if (each := number(read.get(limit_name(limit))))]
        if limits:
            with self._state() as state:
                state.most = min(limits) * (1 - LEFT)
        if seconds := seconds_to_rest(read):
            self.pause(seconds)

    def expect(self, about: int) -> None:
        """Say how many requests the run will have sent at its end, as far as one can tell."""
        with self._state() as state:
            state.about = about

    @property
    def sent(self) -> int:
        """How many requests were sent."""
        with self._state() as state:
            return state.sent

    def _notify(self, state: PaceState, now: float) -> None:
        if self._out is None or not state.about:
            return
        is_terminal = self._out.isatty()
        if now - state.said < (BREATH if is_terminal else BETWEEN_LINES):
            return
        state.said = now
        line = progress(state, self._per_minute, now)
        self._out.write(f"\r\033[K{line}" if is_terminal else f"{line}\n")
        self._out.flush()

    @contextmanager
    def _state(self) -> Iterator[PaceState]:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a+", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            try:
                state = PaceState(**json.loads(file.read() or "{}"))
            except (ValueError, TypeError):  # of a process that was killed while it wrote
                state = PaceState()
            before = asdict(state)
            yield state
            if asdict(state) != before:
                file.seek(0)
                file.truncate()
                file.write(json.dumps(asdict(state)))


def seconds_to_rest(headers: httpx.Headers) -> float:
    """Say how long to wait after an answer: until every limit of which too little is left starts anew.

    Args:
        headers: of the answer.

    Returns:
        seconds; 0 where enough is left of each limit.
    """
    waits = [0.0]
    for limit in RATE_LIMITS:
        remaining, reset = number(headers.get(limit.remaining)), number(headers.get(limit.reset))
        most = number(headers.get(limit_name(limit))) or 0.0
        if remaining is not None and reset is not None and remaining <= most * LEFT:
            waits.append(reset)
    return max(waits)


def limit_name(limit: RateLimit) -> str:
    """Name the header that says how many requests a limit allows in a minute."""
    return limit.scope.replace("Scope", "Limit")


def progress(state: PaceState, per_minute: float, now: float) -> str:
    """Write how far a run is, and how long it will go on."""
    left = max(0, state.about - state.sent)
    seconds = left * 60.0 / min(per_minute, state.most) + max(0.0, state.paused_until - now)
    about = f"of about {state.about} requests" if left else "requests, somewhat more than expected"
    return f"{state.sent} {about}, {duration(seconds)} left"


def duration(seconds: float) -> str:
    """Write how long something takes, for people."""
    minutes = round(seconds / 60)
    return f"about {minutes} min" if minutes else "less than a minute"


def end_line(out: TextIO = sys.stderr) -> None:
    """Begin another line after that of progress, which is written over itself."""
    if out.isatty():
        out.write("\r\033[K")
