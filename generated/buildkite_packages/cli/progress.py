"""How far publishing is: bars on a terminal, nothing elsewhere."""

import os
import sys
import threading
import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, ProgressColumn, Task, TaskID, TextColumn
from rich.table import Column
from rich.text import Text

from . import text
from .files import Named

NARROW = 64
"""Columns below which there is room for name and percentage alone."""

NAME_WIDTH = 28
"""Columns for a file's name."""

STATE_WIDTH = 21
"""Columns for what stands beside it where there is little room."""


class State(ProgressColumn):
    """How fast it goes, or how long it waits."""

    max_refresh = 0.5

    def render(self, task: Task) -> Text:
        """Write it."""
        until = task.fields.get("waits_until")
        if until is not None and until > time.monotonic():
            return Text(f"waiting {until - time.monotonic():.0f} s", style="yellow")
        speed = task.speed
        return Text(f"{speed / 1e6:.1f} MB/s" if speed else "", style="progress.data.speed")


class Share(ProgressColumn):
    """How much is done, in percent; or what was sent, if the size is unknown."""

    def render(self, task: Task) -> Text:
        """Write it."""
        if task.total is None:
            return Text(f"{task.completed / 1e6:.1f} MB")
        return Text(f"{task.percentage:>3.0f}%")


class Bars:
    """A bar for each file that is under way and, for several files, one for all.

    Args:
        files: how many there are.
        size: of all of them in bytes; None where that is not known.
        is_shown: whether somebody wants to see it.
    """

    def __init__(self, files: int, size: int | None, *, is_shown: bool) -> None:
        console = Console(file=sys.stderr, highlight=False, markup=False, emoji=False)
        self.is_shown = is_shown and text.is_terminal(sys.stderr)
        self._width = NAME_WIDTH if console.width >= NARROW else min(NAME_WIDTH, max(console.width - STATE_WIDTH, 1))
        name = TextColumn(
            "{task.description}",
            markup=False,
            table_column=Column(no_wrap=True, overflow="ellipsis", max_width=self._width),
        )
        columns: list[ProgressColumn] = [name, Share(table_column=Column(no_wrap=True, justify="right"))]
        if console.width >= NARROW:
            columns[1:1] = [BarColumn(bar_width=16)]
            columns += [DownloadColumn(table_column=Column(no_wrap=True))]
        columns.append(State(table_column=Column(no_wrap=True)))
        self._progress = Progress(
            *columns,
            console=console,
            transient=True,
            disable=not self.is_shown,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._lock = threading.Lock()
        self._sent: dict[Named, int] = {}
        self._tasks: dict[Named, TaskID] = {}
        self._files, self._done = files, 0
        self._all: TaskID | None = None
        if files > 1:
            self._all = self._progress.add_task(self._summary(), total=size)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._progress.stop()

    def begin(self, file: Named) -> None:
        """Show a file."""
        total = file.upload.size if file.upload else None
        self._tasks[file] = self._progress.add_task(self._fitted(file.shown), total=total)

    def move(self, file: Named, sent: int, total: int | None) -> None:
        """Show how much of it was sent."""
        self._progress.update(self._tasks[file], completed=sent, total=total, waits_until=None)
        with self._lock:
            self._sent[file] = sent
            if self._all is not None:
                self._progress.update(self._all, completed=sum(self._sent.values()))

    def wait(self, file: Named, seconds: float) -> None:
        """Show that it waits."""
        self._progress.update(self._tasks[file], waits_until=time.monotonic() + seconds)

    def end(self, file: Named) -> None:
        """Remove the bar of a file."""
        self._progress.remove_task(self._tasks[file])

    def count(self, file: Named, *, is_done: bool) -> None:
        """Count one more that has ended, with any result; one that was there counts as done."""
        self._done += 1
        with self._lock:
            if is_done and file.upload is not None:
                self._sent[file] = file.upload.size or self._sent.get(file, 0)
            if self._all is not None:
                self._progress.update(self._all, description=self._summary(), completed=sum(self._sent.values()))

    def print(self, line: str, *, is_error: bool = False) -> None:
        """Print a line, above the bars where they are on the same terminal."""
        to_terminal = is_error or text.is_terminal(sys.stdout)
        if self.is_shown and to_terminal:
            self._progress.console.print(Text.from_ansi(line), soft_wrap=True)
        elif is_error:
            text.tell(line)
        else:
            text.say(line)

    def _fitted(self, shown: str) -> str:
        """Cut a path at its start, since its end says more."""
        is_cut = os.sep in shown and len(shown) > self._width
        return f"…{shown[1 - self._width :]}" if is_cut else shown

    def _summary(self) -> str:
        return f"{self._done} of {self._files} files"
