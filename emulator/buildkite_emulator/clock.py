"""A clock that can be set, stopped and moved on, for tests of what depends on time."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from buildkite_emulator.identity import timestamp
from buildkite_emulator.state_store import StateStore

KEY = "clock"
"""What the clock's document is called in the state store. It has `frozen_at` or `offset`, in milliseconds."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
END = datetime(9000, 1, 1, tzinfo=UTC)
"""Python and UUIDs of version 7 know no time before the first, and the second leaves a clock that ticks some room."""


class TimeOutOfRange(ValueError):
    """A time that the clock cannot be set to."""


class Clock:
    """Tells the time: the real one, unless it was set.

    Args:
        state: keeps how the clock was set.
        real: gives the real time in milliseconds since 1970.
    """

    def __init__(self, state: StateStore, real: Callable[[], int]) -> None:
        self._state = state
        self._real = real

    def now(self) -> int:
        """Tell the time, in milliseconds since 1970."""
        document = self._state.get(KEY)
        if document is None:
            return self._real()
        frozen_at: int | None = document.get("frozen_at")
        return self._real() + document["offset"] if frozen_at is None else frozen_at

    def set(self, time: datetime, *, frozen: bool) -> None:
        """Set the clock.

        Args:
            time: with its offset from UTC.
            frozen: whether it stands still from now on.

        Raises:
            TimeOutOfRange: the clock cannot be set to that.
        """
        milliseconds = checked(time)
        with self._state.change(KEY) as document:
            document.clear()
            document.update({"frozen_at": milliseconds} if frozen else {"offset": milliseconds - self._real()})

    def advance(self, seconds: float) -> None:
        """Move the clock on; one that stands still does so afterwards too.

        Raises:
            TimeOutOfRange: that is too far.
        """
        with self._state.change(KEY) as document:
            real = self._real()
            now = document.get("frozen_at", real + document.get("offset", 0))
            try:
                milliseconds = checked(EPOCH + timedelta(milliseconds=now) + timedelta(seconds=seconds))
            except OverflowError as error:
                raise out_of_range() from error
            if "frozen_at" in document:
                document["frozen_at"] = milliseconds
            else:
                document["offset"] = milliseconds - real

    def reset(self) -> None:
        """Go back to the real time."""
        with self._state.change(KEY) as document:
            document.clear()

    def show(self) -> dict[str, Any]:
        """Describe the clock, as JSON."""
        document = self._state.get(KEY)
        return {
            "time": timestamp(self.now()),
            "frozen": document is not None and "frozen_at" in document,
            "real": document is None,
        }


def checked(time: datetime) -> int:
    """Convert a time to milliseconds since 1970.

    Raises:
        TimeOutOfRange: it is too early or too late.
    """
    if not EPOCH <= time < END:
        raise out_of_range()
    return (time - EPOCH) // timedelta(milliseconds=1)


def out_of_range() -> TimeOutOfRange:
    """Make the error for a time that is too early or too late."""
    return TimeOutOfRange(f"the clock goes from {EPOCH:%Y} to the end of {END.year - 1}")
