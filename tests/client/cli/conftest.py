"""Fixtures for the tests of the command line."""

import json
import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from buildkite_emulator.testing import RunningEmulator
from buildkite_packages.cli.commands import run
from scripts.samples import packages
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


class SilentService:
    """A service that reads a request to its end, and answers none until its caller leaves.

    Attributes:
        environment: the variables with which the command calls it.
    """

    def __init__(self) -> None:
        self._asked = asked = threading.Event()

        class Silence(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", "0")))
                asked.set()
                self.rfile.read(1)  # ends when the caller leaves
                self.close_connection = True

            do_GET = do_PUT = do_POST  # noqa: N815 - names of http.server

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Silence)
        self.environment = os.environ | {"BUILDKITE_REST_API_ENDPOINT": f"http://127.0.0.1:{self.server.server_port}"}

    def until_asked(self, process: "subprocess.Popen[str]") -> None:
        """Wait until a process has sent a request."""
        while not self._asked.wait(0.05):
            assert process.poll() is None, "it ended before"
        self._asked.clear()


@pytest.fixture
def silent_service() -> Iterator[SilentService]:
    """Run a service that never answers."""
    service = SilentService()
    with service.server as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield service
        server.shutdown()
        thread.join()


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
            timeout=300,
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
