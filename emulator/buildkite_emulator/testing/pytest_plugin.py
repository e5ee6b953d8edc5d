"""Fixtures for pytest: an emulator on a free port, and a client for it.

The plugin is there in every test run once the package is installed, so it loads nothing until a fixture is asked for.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from buildkite_emulator.testing import RunningEmulator
    from buildkite_packages import PackageRegistries

PROXY_EXCEPTIONS = ("no_proxy", "NO_PROXY")


@pytest.fixture(scope="session")
def buildkite_emulator_seed() -> Path | None:
    """Say what the emulator holds at the beginning of each test: override this to give the path of a seed file."""
    return None


@pytest.fixture(scope="session")
def _running_buildkite_emulator(buildkite_emulator_seed: Path | None) -> Iterator[RunningEmulator]:
    """Run an emulator, one for the tests of this process."""
    try:
        from buildkite_emulator.testing.running import RunningEmulator  # noqa: PLC0415 - takes long, and needs the extra
    except ModuleNotFoundError as error:
        pytest.fail(f"{error.name} is missing; install buildkite-packages[emulator]", pytrace=False)
    with RunningEmulator(buildkite_emulator_seed) as emulator:
        yield emulator


@pytest.fixture
def buildkite_emulator(
    _running_buildkite_emulator: RunningEmulator, monkeypatch: pytest.MonkeyPatch
) -> RunningEmulator:
    """Give an emulator that holds what the seed says, and set the client's environment variables for it.

    It has `url`, `token`, `organization`, `requests`, `reset()`, `fault(...)` and `token_with(...)`; see
    `buildkite_emulator.testing.RunningEmulator`.
    """
    emulator = _running_buildkite_emulator
    emulator.reset()
    monkeypatch.setenv("BUILDKITE_API_TOKEN", emulator.token)
    monkeypatch.setenv("BUILDKITE_ORGANIZATION_SLUG", emulator.organization)
    monkeypatch.setenv("BUILDKITE_REST_API_ENDPOINT", emulator.url)
    excepted = [os.environ.get(name) for name in PROXY_EXCEPTIONS]
    for name in PROXY_EXCEPTIONS:  # a proxy would look for the emulator on its own machine
        monkeypatch.setenv(name, ",".join([*filter(None, excepted), "127.0.0.1"]))
    return emulator


@pytest.fixture
def buildkite_client(buildkite_emulator: RunningEmulator) -> Iterator[PackageRegistries]:
    """Give a client of the emulator's organization, with the token of every scope."""
    from buildkite_packages import PackageRegistries  # noqa: PLC0415 - takes long

    with PackageRegistries(
        buildkite_emulator.token, buildkite_emulator.organization, base_url=buildkite_emulator.url
    ) as client:
        yield client
