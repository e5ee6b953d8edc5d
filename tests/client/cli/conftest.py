"""Fixtures for the tests of the command line."""

import json
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from buildkite_emulator.testing import RunningEmulator
from buildkite_packages.cli.commands import run
from tests import packages
from tests.client.cli.terminal import COMMAND


class Ended(NamedTuple):
    """What a command left."""

    status: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        """The lines of its result."""
        return self.out.splitlines()

    @property
    def json(self) -> Any:
        """Its result, as the one document that it is."""
        return json.loads(self.out)


Run = Callable[..., Ended]


def until_applied(emulator: RunningEmulator, has_ended: Callable[[], object]) -> None:
    """Wait until the emulator's last fault has taken a request, while a command runs."""
    while not httpx.get(f"{emulator.url}/_emulator/faults").json()["faults"][-1]["applied"]:
        assert has_ended() is None, "it ended before"


def until_done(emulator: RunningEmulator, operation: str) -> None:
    """Wait until the emulator is done with a call whose caller left, so that no later test sees what it does."""
    while all(entry["operation"] != operation for entry in emulator.requests):
        time.sleep(0.05)


@pytest.fixture
def cli(buildkite_emulator: RunningEmulator, capsys: pytest.CaptureFixture[str]) -> Run:
    """Give what runs the command in this process, against an emulator."""

    def run_it(*arguments: str) -> Ended:
        status = run(arguments)
        ended = Ended(status, *capsys.readouterr())
        assert buildkite_emulator.token not in ended.out + ended.err
        assert "Traceback" not in ended.err
        return ended

    return run_it


@pytest.fixture
def process(buildkite_emulator: RunningEmulator) -> Run:
    """Give what runs the command in a process of its own, with its input and further environment variables."""

    def run_it(*arguments: str, stdin: bytes = b"", cwd: Path | None = None, **environment: str) -> Ended:
        done = subprocess.run(
            [*COMMAND, *arguments],
            input=stdin,
            capture_output=True,
            cwd=cwd,
            env={**os.environ, **environment},
            timeout=60,
            check=False,
        )
        ended = Ended(done.returncode, done.stdout.decode(), done.stderr.decode())
        assert buildkite_emulator.token not in ended.out + ended.err
        assert "Traceback" not in ended.err
        return ended

    return run_it


@pytest.fixture
def registry(cli: Run) -> str:
    """Give the slug of a registry of gems."""
    slug: str = cli("registries", "create", "--name", "my gems", "--ecosystem", "ruby", "--json").json["slug"]
    return slug


@pytest.fixture
def gems(tmp_path: Path) -> list[Path]:
    """Give the files of three gems."""
    folder = tmp_path / "dist"
    folder.mkdir()
    paths = []
    for version in ("1.0.0", "1.1.0", "2.0.0"):
        name, content = packages.gem("banana", version)
        paths.append(folder / name)
        paths[-1].write_bytes(content)
    return paths
