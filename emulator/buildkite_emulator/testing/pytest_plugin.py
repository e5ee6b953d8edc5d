"""Fixtures for pytest: an emulator on a free port, and a client for it.

Once installed, the plugin is part of every test run, so it imports the emulator only when a fixture is requested.
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
    """Path of the seed file that each test starts with; override this fixture to name one."""
    return None


@pytest.fixture(scope="session")
def _running_buildkite_emulator(buildkite_emulator_seed: Path | None) -> Iterator[RunningEmulator]:
    """Run one emulator for all tests of this process."""
    try:
        from buildkite_emulator.testing.running import RunningEmulator  # noqa: PLC0415 - slow, and needs the extra
    except ModuleNotFoundError as error:
        pytest.fail(f"{error.name} is missing; install buildkite-packages[emulator]", pytrace=False)
    with RunningEmulator(buildkite_emulator_seed) as emulator:
        yield emulator


@pytest.fixture
def buildkite_emulator(
    _running_buildkite_emulator: RunningEmulator, monkeypatch: pytest.MonkeyPatch
) -> RunningEmulator:
    """An emulator reset to the seed, with the client's environment variables set for it.

    It has `url`, `token`, `organization`, `requests`, `reset()`, `fault(...)`, `token_with(...)` and
    `oidc_token(...)`; see `buildkite_emulator.testing.RunningEmulator`.
    """
    emulator = _running_buildkite_emulator
    emulator.reset()
    monkeypatch.setenv("BUILDKITE_API_TOKEN", emulator.token)
    monkeypatch.setenv("BUILDKITE_ORGANIZATION_SLUG", emulator.organization)
    monkeypatch.setenv("BUILDKITE_REST_API_ENDPOINT", emulator.url)
    excepted = [os.environ.get(name) for name in PROXY_EXCEPTIONS]
    for name in PROXY_EXCEPTIONS:  # a proxy could not reach the loopback address of this machine
        monkeypatch.setenv(name, ",".join([*filter(None, excepted), "127.0.0.1"]))
    return emulator


@pytest.fixture
def buildkite_client(buildkite_emulator: RunningEmulator) -> Iterator[PackageRegistries]:
    """A client for the emulator's organization, with a token of every scope."""
    from buildkite_packages import PackageRegistries  # noqa: PLC0415 - slow

    with PackageRegistries(
        buildkite_emulator.token, buildkite_emulator.organization, base_url=buildkite_emulator.url
    ) as client:
        yield client
