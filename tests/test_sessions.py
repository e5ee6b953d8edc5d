"""The test sessions themselves: one that hangs ends with a report, and SIGINT works however they were started."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import ROOT

IGNORING = ["bash", "-c", 'trap "" INT HUP; exec "$@"', "bash"]
"""Starts a command as a shell without job control, or nohup, does."""

HANGS = """\
import threading

def serve_for_ever():
    threading.Event().wait()

def test_that_passes():
    pass

def test_that_hangs():
    server = threading.Thread(target=serve_for_ever, name="server", daemon=True)
    server.start()
    server.join()

def test_after_it():
    pass
"""

ASKS = """\
import signal
import subprocess
import sys

def test_sigint_interrupts():
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    script = "import signal; print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)"
    assert subprocess.check_output([sys.executable, "-c", script], text=True) == "True\\n"
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
"""


def session(folder: Path, text: str, *options: str, before: list[str] | None = None) -> tuple[int, str]:
    """Run tests with this project's settings; gives the exit status and what was printed."""
    path = folder / "test_shown.py"
    path.write_text(text, encoding="utf-8")
    settings = f"--config-file={ROOT / 'pyproject.toml'}", f"--rootdir={folder}", "-p", "no:cacheprovider"
    command = [sys.executable, "-m", "pytest", "-p", "tests.conftest", *settings, *options, str(path)]
    done = subprocess.run(
        [*(before or []), *command],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("workers", [[], ["--numprocesses=1"]], ids=["alone", "in a worker"])
def test_a_test_that_hangs_fails_and_is_shown(tmp_path: Path, workers: list[str]) -> None:
    """A test that waits for ever fails after the limit; its threads are shown with what they do, and others go on."""
    status, output = session(tmp_path, HANGS, "--timeout=3", *workers)
    assert status == 1, output
    assert "in serve_for_ever" in output
    assert "server.join()" in output
    assert "1 failed, 2 passed" in output


def test_every_test_has_a_limit(pytestconfig: pytest.Config) -> None:
    """The limit holds for each test of this project, whatever it waits for."""
    assert 0 < float(pytestconfig.getini("timeout")) < float(pytestconfig.getini("faulthandler_timeout"))
    assert pytestconfig.getini("faulthandler_exit_on_timeout") is True


@pytest.mark.slow
@pytest.mark.parametrize("workers", [[], ["--numprocesses=1"]], ids=["alone", "in a worker"])
def test_sigint_works_where_it_was_ignored(tmp_path: Path, workers: list[str]) -> None:
    """SIGINT is as on a terminal, for tests and for processes that they start; nohup's SIGHUP stays ignored."""
    status, output = session(tmp_path, ASKS, *workers, before=IGNORING)
    assert status == 0, output
