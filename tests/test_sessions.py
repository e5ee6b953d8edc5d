"""The test sessions themselves: one that hangs ends with a report, and SIGINT works however they were started."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import ROOT

IGNORING = ["bash", "-c", 'trap "" INT HUP; exec "$@"', "bash"]
"""Starts a command as a shell without job control, or nohup, does."""

TESTS = """\
import signal
import subprocess
import sys
import threading

import pytest

def serve_for_ever():
    threading.Event().wait()

def test_that_passes():
    pass

@pytest.mark.timeout(3)
def test_that_hangs():
    server = threading.Thread(target=serve_for_ever, name="server", daemon=True)
    server.start()
    server.join()

def test_sigint_interrupts():
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    script = "import signal; print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)"
    assert subprocess.check_output([sys.executable, "-c", script], text=True) == "True\\n"
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
"""


@pytest.mark.slow
@pytest.mark.parametrize("workers", [[], ["--numprocesses=1"]], ids=["alone", "in a worker"])
def test_a_hanging_test_fails_and_sigint_works(tmp_path: Path, workers: list[str]) -> None:
    """A test that hangs fails after the limit, with what its threads do, and others go on; SIGINT is not ignored.

    SIGINT interrupts tests and processes that they start, however the session was started; SIGHUP stays ignored.
    """
    path = tmp_path / "test_shown.py"
    path.write_text(TESTS, encoding="utf-8")
    settings = f"--config-file={ROOT / 'pyproject.toml'}", f"--rootdir={tmp_path}", "-p", "no:cacheprovider"
    command = [sys.executable, "-m", "pytest", "-p", "tests.conftest", *settings, *workers, str(path)]
    session = subprocess.run(
        [*IGNORING, *command],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert session.returncode == 1, session.stdout
    assert "in serve_for_ever" in session.stdout
    assert "server.join()" in session.stdout
    assert "1 failed, 2 passed" in session.stdout


def test_every_test_has_a_limit(pytestconfig: pytest.Config) -> None:
    """The limit holds for each test of this project, whatever it waits for."""
    assert 0 < float(pytestconfig.getini("timeout")) < float(pytestconfig.getini("faulthandler_timeout"))
    assert pytestconfig.getini("faulthandler_exit_on_timeout") is True
