"""The flows of the contract tests that need an emulator; `tests/contract/test_flows.py` runs the others."""

from pathlib import Path

import pytest

from buildkite_emulator.testing import RunningEmulator
from scripts.contract.target import Target
from tests.contract.flows import FLOWS
from tests.support.flows import failures_of_flows


@pytest.mark.parametrize("name", [name for name, flow in FLOWS.items() if flow.needs_emulator])
def test_the_emulator_passes_the_flows_that_need_one(tmp_path: Path, name: str) -> None:
    """A flow that sends what a live service may not be sent, or sets faults, finds nothing wrong."""
    with RunningEmulator() as emulator:
        target = Target("emulator", emulator.url, emulator.organization, emulator.token)
        assert failures_of_flows(target, tmp_path, name) == []
