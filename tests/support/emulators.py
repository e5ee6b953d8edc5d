"""Emulators in the process of the tests, and how tests reach them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from buildkite_emulator.server import BuiltEmulator, build
from buildkite_emulator.testing import EmulatorTransport, RunningEmulator
from scripts.servers.api import TOKEN, Api


@contextmanager
def reaching(emulator: BuiltEmulator) -> Iterator[Api]:
    """Reach an emulator without a socket, and close it when the block ends."""
    try:
        with httpx.Client(transport=EmulatorTransport(emulator.app), base_url="http://testserver") as client:
            yield Api(client)
    finally:
        emulator.close()


@contextmanager
def fresh(**options: Any) -> Iterator[Api]:
    """Reach a new emulator without a socket until the block ends; options are arguments of `server.build`."""
    with reaching(build(**options)) as api:
        yield api


@contextmanager
def emulator_in_thread(folder: Path, *, further_tokens: str = "", **options: Any) -> Iterator[Api]:
    """Run an emulator that accepts the token of `running_emulator`, over a socket, until the block ends.

    It starts in a tenth of the time that a process takes.

    Args:
        folder: for the seed.
        further_tokens: lines of the seed.
        options: arguments of `server.build`.
    """
    seed = folder / "tokens.yaml"
    seed.write_text(f"tokens:\n- token: {TOKEN}\n{further_tokens}", encoding="utf-8")
    with RunningEmulator(seed, **options) as emulator, httpx.Client(base_url=emulator.url, timeout=300) as client:
        yield Api(client)
