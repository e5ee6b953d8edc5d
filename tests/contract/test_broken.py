"""Whatever an API answers is a finding of a run, and never the end of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from buildkite_emulator.testing import RunningEmulator
from scripts.contract.fuzzing.schemathesis_run import Fuzzing
from scripts.contract.results import Results, read
from scripts.contract.runner import Runner
from scripts.contract.target import Target
from tests.support.broken_answers import BROKEN
from tests.support.lying_service import LyingService


@pytest.fixture(scope="module")
def service() -> Iterator[tuple[LyingService, RunningEmulator]]:
    """Give a service that can be told to lie, and the emulator behind it."""
    with RunningEmulator(rate_limit=(1_000_000, 1_000_000)) as emulator, LyingService(emulator.url) as lying:
        yield lying, emulator


def run(service: tuple[LyingService, RunningEmulator], folder: Path, name: str, unit: str, operation: str) -> Results:
    """Run a unit while an operation's answers are broken."""
    lying, emulator = service
    lying.lies = {operation: BROKEN[name]}
    results = Results(folder / "results.jsonl")
    target = Target("emulator", lying.url, emulator.organization, emulator.token, prefix=f"{unit} {name}"[:40])
    fuzzing = Fuzzing(1, 1, stop_at_first=False, results=results.path, environment={}, shows=False)
    results.write("run")
    Runner(target, results, fuzzing).units([unit])
    lying.lies = {}
    return results


@pytest.mark.slow
@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_answer_is_a_finding_of_a_flow(
    service: tuple[LyingService, RunningEmulator], tmp_path: Path, name: str
) -> None:
    """A flow that gets a broken answer makes a finding of it, and the run goes on."""
    results = run(service, tmp_path, name, "flow registry_is_created_as_sent", "get_registry")
    assert results.findings
    assert [event["status"] for event in read(results.path) if event["event"] == "unit"] == ["failed"]


FUZZED = (
    *("gzip that is none", "a bomb", "br that is none", "a body that is cut", "two lengths", "chunks that are none"),
    *("UTF-8 that is none", "UTF-16", "a charset that nobody knows", "NaN", "an endless body"),
    *("deep JSON", "rather deep JSON", "deep objects", "a huge number"),
    *("no status", "lone surrogates", "nothing"),
)
"""Of `BROKEN`, those that the other HTTP library meets in ways of its own."""


@pytest.mark.long
@pytest.mark.parametrize("name", FUZZED)
def test_a_broken_answer_is_a_finding_of_fuzzing(
    service: tuple[LyingService, RunningEmulator], tmp_path: Path, name: str
) -> None:
    """A fuzzer that gets broken answers makes a finding of them, and the run goes on."""
    results = run(service, tmp_path, name, "fuzz get_registry", "get_registry")
    assert results.findings
