"""What the commands of contract runs do where they cannot run."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LIVE = {
    "BUILDKITE_API_TOKEN": "access-token-0123456789",
    "BUILDKITE_ORGANIZATION_SLUG": "my-org",
    "BUILDKITE_REST_API_ENDPOINT": "http://127.0.0.1:9",
}


@pytest.mark.parametrize("module", ["tests.contract", "tests.contract.live", "tests.contract.clean"])
def test_reports_that_cannot_be_written_are_no_drift(module: str, tmp_path: Path) -> None:
    """Where a folder cannot be made the exit status is 2, and a sentence names the folder."""
    occupied = tmp_path / "reports"
    occupied.write_text("a file")
    done = run(module, {"RESULTS": str(occupied), **(LIVE if module != "tests.contract" else {})})
    assert done.returncode == 2
    assert str(occupied) in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("name", ["SEED", "STORES", "ONLY", "SHARD", "MAX_EXAMPLES"])
def test_a_setting_that_cannot_be_is_no_drift(name: str, tmp_path: Path) -> None:
    """A setting that makes no sense gives the exit status 2, and a sentence that names it."""
    done = run("tests.contract", {"RESULTS": str(tmp_path), name: "nonsense"})
    assert done.returncode == 2
    assert f"{name} should" in done.stderr
    assert "Traceback" not in done.stderr


def run(module: str, variables: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
    """Run a command with these variables."""
    command = [sys.executable, "-m", module]
    return subprocess.run(
        command, env={**os.environ, **variables}, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300
    )
