"""Runs the command on a terminal, as a person does."""

import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
from pathlib import Path

COMMAND = [sys.executable, "-m", "buildkite_packages.cli"]
STEERING = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal:
    """A command that runs on a terminal of its own.

    Args:
        arguments: of the command.
        columns: how wide the terminal is.
        cwd: where the command runs.
        environment: further variables.
    """

    def __init__(self, *arguments: str, columns: int = 80, cwd: Path | None = None, **environment: str) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        kept = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES", "NO_COLOR"}}
        self.process = subprocess.Popen(
            [*COMMAND, *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=cwd,
            env={**kept, "TERM": "xterm-256color", **environment},
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509 - no threads of ours run then
        )
        os.close(slave)
        self.output = ""

    def until(self, text: str) -> "Terminal":
        """Read on until a text has come."""
        while text not in self.output:
            assert self._read(), f"ended without {text!r}: {self.output}"
        return self

    def type(self, text: str) -> "Terminal":
        """Type something, such as Ctrl-C by its character."""
        os.write(self._master, text.encode())
        return self

    def end(self) -> int:
        """Read to the end; gives the exit status."""
        try:
            while self._read():
                pass
            return self.process.wait(timeout=300)
        finally:
            os.close(self._master)
            if self.process.poll() is None:
                self.process.send_signal(signal.SIGKILL)
                self.process.wait()

    @property
    def lines(self) -> list[str]:
        """The lines, without what steers the terminal; a bar has one for each time that it was drawn."""
        return [line.rstrip() for line in re.split(r"\r\n|\r|\n", STEERING.sub("", self.output))]

    def _read(self) -> bool:
        try:
            data = os.read(self._master, 65536)
        except OSError:  # Linux says so where nobody has the other side open
            return False
        self.output += data.decode("utf-8", "replace")
        return bool(data)
