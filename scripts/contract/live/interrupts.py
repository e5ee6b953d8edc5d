"""What Ctrl-C, SIGTERM and SIGHUP do to a live run: the first ends it in good order, the second at once."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Self

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

STATUS = 2


class Interrupts:
    """Handles the signals that end a process, until the block ends. Those that were ignored, as under nohup, stay so.

    Args:
        notify: shows a line to whoever waits.
    """

    def __init__(self, notify: Callable[[str], object]) -> None:
        self._notify = notify
        self._count = 0
        self._is_put_off = False
        self._before: dict[signal.Signals, object] = {}

    def __enter__(self) -> Self:
        heeded = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
        self._before = {number: signal.signal(number, self._handle) for number in heeded}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    @contextmanager
    def put_off(self) -> Iterator[None]:
        """Let the first signal wait until the block ends, as something is being removed."""
        self._is_put_off = True
        try:
            yield
        finally:
            self._is_put_off = False

    def make_up(self) -> None:
        """End now, if a signal was put off.

        Raises:
            KeyboardInterrupt: one was.
        """
        if self._count:
            raise KeyboardInterrupt

    def _handle(self, _number: int, _frame: FrameType | None) -> None:
        self._count += 1
        if self._count > 1:
            self._notify("stopped; make contract-cleanup removes what is left")
            os._exit(STATUS)
        self._notify(
            "stopping: what the run has made is being removed; Ctrl-C again leaves it to make contract-cleanup"
        )
        if not self._is_put_off:
            raise KeyboardInterrupt
