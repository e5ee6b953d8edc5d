"""Fixtures for the tests of the client."""

from collections.abc import Iterator

import pytest

from buildkite_packages.http import calls
from buildkite_packages.publishing import publisher as publishing
from tests.support.client import Kind


@pytest.fixture(params=["sync", "async"])
def kind(request: pytest.FixtureRequest) -> Iterator[Kind]:
    """Give what makes clients, once the plain ones and once those that are awaited."""
    made = Kind(is_async=request.param == "async")
    yield made
    made.close()


@pytest.fixture
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Let waits before another attempt take no time; gives the seconds of each."""
    taken: list[float] = []

    async def nap(seconds: float) -> None:
        taken.append(seconds)

    monkeypatch.setattr(calls, "pause", taken.append)
    monkeypatch.setattr(publishing, "pause", taken.append)
    monkeypatch.setattr(calls, "apause", nap)
    monkeypatch.setattr(publishing, "apause", nap)
    return taken
