"""A new operation in the spec is called by the flows and the fuzzer with no hand edit of the contract tests."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from buildkite_emulator.spec import Spec
from scripts import ROOT
from scripts.client import generate
from scripts.contract.results import read
from tests.support.spec_copy import SpecCopy

STATS = Path(__file__).with_name("stats.yaml")
PATH = "/v2/packages/organizations/{org_slug}/registries/{registry_slug}/stats"
HANDLER = """

def get_registry_stats(context: RequestContext) -> dict[str, object]:
    return {"packages": sum(1 for _ in context.registry.slug)}
"""
FLOWS = ("nothing_is_found_where_nothing_is", "every_operation_wants_a_token")
"""Some of those that call every operation."""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the project, and give its spec and its emulator an operation more."""
    folder = tmp_path_factory.mktemp("project")
    ignored = shutil.ignore_patterns("__pycache__", "*.pyc")
    for name in ("openapi", "emulator", "scripts", "tests"):
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    shutil.copy(ROOT / "schemathesis.toml", folder)
    copy = SpecCopy(folder / "openapi")
    shutil.copy(STATS, copy.folder)
    copy.edit("openapi.yaml", "\npaths:\n", f"\npaths:\n  {PATH}:\n    $ref: stats.yaml#/paths/stats\n")
    generate.generate(folder / "generated", copy.root)
    registries = folder / "emulator" / "buildkite_emulator" / "operations" / "registries.py"
    registries.write_text(registries.read_text(encoding="utf-8") + HANDLER, encoding="utf-8")
    return folder


def contract(project: Path, results: Path, **variables: str) -> tuple[int, list[dict[str, Any]]]:
    """Make a contract run in a copy of the project; gives its exit status and its events."""
    path = [project, project / "emulator", project / "generated"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path)), "RESULTS": str(results), "SEED": "1"}
    environment |= {"MAX_EXAMPLES": "1", **variables}
    command = [sys.executable, "-m", "scripts.contract"]
    done = subprocess.run(
        command, cwd=project, env=environment, check=False, timeout=600, capture_output=True, text=True
    )
    print(done.stdout, done.stderr)
    return done.returncode, [dict(event) for event in read(results / "results" / "1-of-1.jsonl")]


@pytest.mark.slow
def test_a_new_operation_needs_no_hand_edit(project: Path, tmp_path: Path) -> None:
    """The flows that call every operation call the new one, rightly and wrongly, and so does the fuzzer."""
    units = [*(f"flow {name}" for name in FLOWS), "fuzz get_registry_stats"]
    status, events = contract(project, tmp_path, ONLY=",".join(units))
    assert status == 0
    ended = [event for event in events if event["event"] == "unit"]
    assert {event["name"] for event in ended if "get_registry_stats" in event["operations"]} == set(units)


@pytest.mark.slow
def test_an_operation_that_nothing_tells_how_to_call_is_no_drift(project: Path, tmp_path: Path) -> None:
    """Where the spec does not say how to come by what a path names, the run ends in 2 and says what to add."""
    things = project / "scripts" / "contract" / "flows" / "builders.py"
    whole = things.read_text(encoding="utf-8")
    things.write_text(whole.replace('{"registries": of_registry, ', "{"), encoding="utf-8")
    try:
        status, events = contract(project, tmp_path, ONLY=f"flow {FLOWS[0]}")
    finally:
        things.write_text(whole, encoding="utf-8")
    assert status == 2
    assert [event for event in events if event["event"] == "finding"] == []
    (unit,) = (event for event in events if event["event"] == "unit")
    assert unit["status"] == "error"
    assert "get_registry_stats has no entry in scripts/contract/flows/builders.py" in unit["reason"]
    assert "add" in unit["reason"]


def test_the_spec_has_no_such_operation_yet() -> None:
    """The operation is an imagined one; where the API gets it, these tests want another."""
    assert "get_registry_stats" not in Spec.load().operations
