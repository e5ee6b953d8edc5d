"""Keeps two runs, or a run and a clean-up, out of the same folder at the same time."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BETWEEN_TRIES = 0.1
"""Seconds."""


class Busy(Exception):
    """Another process holds the lock."""


@contextmanager
def locked(path: Path, patience: float = 0.0, *, shared: bool = False) -> Iterator[None]:
    """Hold a lock until the block ends, or until the process does, however that comes.

    Args:
        path: a file; it stays there.
        patience: seconds to wait for whoever holds it.
        shared: whether others may hold it at the same time in the same way.

    Raises:
        Busy: another process holds it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    end = time.monotonic() + patience
    with path.open("a+", encoding="utf-8") as file:
        while True:
            try:
                fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= end:
                    file.seek(0)
                    holder = file.read().strip() or "another one"
                    raise Busy(f"process {holder} holds {path}") from None
                time.sleep(BETWEEN_TRIES)
        if not shared:
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
        yield
