"""Checks that a reader does nothing but read its file.

Python reports each access to the world outside the process to audit hooks; "Audit events table" in Python's
documentation lists them.
"""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_OUTSIDE = (
    *("os.", "shutil.", "tempfile.", "subprocess.", "pty.", "fcntl.", "mmap.", "ctypes.", "signal."),
    *("socket.", "urllib.", "http.", "ftplib.", "smtplib.", "sqlite3.", "pickle.", "webbrowser."),
)
# A module that is imported late is looked for and read; bytecode of it is not written, see below.
_OF_IMPORTS = {"os.listdir", "os.scandir"}
_MODULES = (".py", ".pyc", ".so")
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

_watched: set[int] = set()
_seen: list[str] = []


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if threading.get_ident() not in _watched:
        return
    if event == "open":
        path, _, flags = arguments
        harmless = str(path).endswith(_MODULES) and not flags & _WRITING
    else:
        harmless = not event.startswith(_OUTSIDE) or event in _OF_IMPORTS
    if not harmless:
        _seen.append(f"{event} {arguments}")
        raise PermissionError(_seen[-1])


sys.addaudithook(_hook)  # hooks cannot be removed


@contextmanager
def only_reading() -> Iterator[None]:
    """Keep this thread from opening or changing files, starting programs and using the network; fail if it tries."""
    thread = threading.get_ident()
    writes_bytecode = sys.dont_write_bytecode
    sys.dont_write_bytecode = True
    _seen.clear()
    _watched.add(thread)
    try:
        yield
    finally:
        _watched.discard(thread)
        sys.dont_write_bytecode = writes_bytecode
        assert not _seen, _seen
