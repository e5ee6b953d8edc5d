"""Runs emulators in threads of the tests' process, which takes a tenth of the time that a process takes to start."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from buildkite_emulator.testing import RunningEmulator
from scripts.servers.api import TOKEN, Api


@contextmanager
def emulator_in_thread(folder: Path, *, further_tokens: str = "", **options: Any) -> Iterator[Api]:
    """Run an emulator that accepts the token of `running_emulator`, over a socket, until the block ends.

    Args:
        folder: for the seed.
        further_tokens: lines of the seed.
        options: arguments of `server.build`.
    """
    seed = folder / "tokens.yaml"
    seed.write_text(f"tokens:\n- token: {TOKEN}\n{further_tokens}", encoding="utf-8")
    with RunningEmulator(seed, **options) as emulator, httpx.Client(base_url=emulator.url, timeout=300) as client:
        yield Api(client)
