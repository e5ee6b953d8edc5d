"""Runs the emulator's command in the process of the test, for arguments that it refuses."""

import io
import signal
import socket
from contextlib import redirect_stderr, redirect_stdout

import pytest

from buildkite_emulator import cli, workers


def refusal(*arguments: str) -> str:
    """Run the command, which must end with status 2 and one line on standard error; returns that line."""
    listeners: list[socket.socket] = []
    listen = cli.listen

    def remember(host: str, port: int) -> socket.socket:
        listeners.append(listen(host, port))
        return listeners[-1]

    output, errors = io.StringIO(), io.StringIO()
    before = signal.getsignal(signal.SIGTERM)
    try:
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(output), redirect_stderr(errors):
            patch.setattr(cli, "listen", remember)
            patch.setattr(workers, "log_to_stderr", lambda: None)  # it would set up the logging of all tests
            with pytest.raises(SystemExit) as ended:
                cli.main(["--port=0", *arguments])
    finally:
        signal.signal(signal.SIGTERM, before)
        for each in listeners:
            each.close()
    assert (ended.value.code, output.getvalue()) == (2, "")
    (line,) = errors.getvalue().splitlines()
    assert line.startswith("buildkite-emulator: ")
    return line
