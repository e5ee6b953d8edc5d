"""Fixtures for all tests."""

from collections.abc import Iterator

import httpx
import pytest

from buildkite_emulator.server import BuiltEmulator, build
from buildkite_emulator.transport import EmulatorTransport
from tests.api import Api, running_emulator


@pytest.fixture
def emulator() -> Iterator[BuiltEmulator]:
    """Give a fresh emulator in memory and in this process."""
    built = build()
    yield built
    built.close()


@pytest.fixture
def api(emulator: BuiltEmulator) -> Iterator[Api]:
    """Reach the emulator of this process, without a socket."""
    with httpx.Client(transport=EmulatorTransport(emulator.app), base_url="http://testserver") as client:
        yield Api(client)


@pytest.fixture(scope="module")
def served() -> Iterator[Api]:
    """Reach an emulator in a process of its own, over a socket; the tests of a module share it."""
    with running_emulator() as (api, _):
        yield api
