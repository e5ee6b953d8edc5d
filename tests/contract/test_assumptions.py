"""What the spec rests on without a document."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from scripts import ROOT
from scripts.contract.assumptions import Assumption, Live, Verdict, assumptions, written
from scripts.contract.results import Finding, Results, Status
from scripts.spec.bundle import Bundle, bundle

SLUG = "#/components/schemas/Registry/properties/slug"
TEAMS = "#/components/schemas/Registry/properties/team_ids"
ALPINE = "#/components/schemas/Ecosystem/x-ecosystems/0"
SENTENCE = "A copy to a registry that does not exist is answered with 404."


@pytest.fixture(scope="module")
def joined() -> Bundle:
    """Join the spec."""
    return bundle()


def found(joined: Bundle, name: str, *events: Mapping[str, Any]) -> Assumption:
    """Find a statement, after a live run with these events."""
    return next(each for each in assumptions(joined, Live(events)) if each.name == name)


def test_every_statement_has_a_test_that_would_settle_it(joined: Bundle) -> None:
    """Each x-source of the spec, each ecosystem and each choice of the emulator is listed, with tests."""
    listed = assumptions(joined, Live([]))
    text = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "openapi").glob("*.yaml"))
    pointers = [each for each in listed if each.name.startswith("#") and each.name != SLUG]
    assert len(pointers) >= text.count("x-source: ")
    for each in listed:
        if not each.name.startswith("#/components/examples"):
            assert each.tests, each.name
        assert each.statement
        assert each.verdict is Verdict.NOT_SEEN
        if each.place:
            file, _, line = each.place.partition(":")
            assert (ROOT / file).read_text(encoding="utf-8").splitlines()[int(line) - 1].strip()
    assert {each.name for each in listed} >= {SLUG, SENTENCE}


def test_what_was_seen_is_confirmed(joined: Bundle) -> None:
    """A statement is confirmed by a flow that settles it and passed, or by an answer if no flow is about it."""
    unit = {"event": "unit", "name": "flow x", "status": Status.PASSED, "settles": [SLUG]}
    assert found(joined, SLUG, unit).verdict is Verdict.CONFIRMED
    assert found(joined, SLUG, {**unit, "status": Status.FAILED}).verdict is Verdict.NOT_SEEN
    limited = "#/components/responses/RateLimited"  # the flow about it is for emulators alone
    seen = {"event": "seen", "places": {SLUG: 3, TEAMS: 1, ALPINE: 1, limited: 1}}
    assert found(joined, SLUG, seen).verdict is Verdict.NOT_SEEN
    for name in (TEAMS, ALPINE, limited):
        assert found(joined, name, seen).verdict is Verdict.CONFIRMED
    assert found(joined, SENTENCE, {"event": "seen", "places": {SLUG: 3}}).verdict is Verdict.NOT_SEEN


def test_what_was_found_refutes(joined: Bundle) -> None:
    """A finding at a statement's place, or in the flow that settles a sentence, refutes it and is its evidence."""
    finding = {
        "event": "finding",
        "unit": "flow wrong_copies_are_refused",
        "expected": "404",
        "received": "200",
        "place": f"{SLUG}/type",
    }
    seen = {"event": "seen", "places": {SLUG: 3}}
    for name in (SLUG, SENTENCE):
        refuted = found(joined, name, finding, seen)
        assert refuted.verdict is Verdict.REFUTED
        assert refuted.evidence == ["flow wrong_copies_are_refused: expected 404; received 200"]
    assert found(joined, TEAMS, finding).verdict is Verdict.NOT_SEEN


def test_the_list_fits_a_terminal(joined: Bundle) -> None:
    """Sentences are wrapped at 80 columns; only places in the spec may be longer."""
    text = written(assumptions(joined, Live([])), joined.document["x-sources"], "")
    assert [line for line in text.splitlines() if len(line) > 80 and "openapi/" not in line] == []
    assert "no live run was made yet" in text


@pytest.mark.slow
def test_the_command_tells_what_the_last_live_run_refuted(tmp_path: Path) -> None:
    """The command reads the results of the last live run, and its exit status says whether it refuted something."""
    results = Results(tmp_path / "live" / "results" / "1-of-1.jsonl")
    results.write("run", started="2026-01-01T00:00:00+00:00", target="live")

    def run() -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "scripts.contract.assumptions"]
        environment = {"RESULTS": str(tmp_path), "PYTHONPATH": str(ROOT)}
        return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=ROOT, check=False)

    before = run()
    assert (before.returncode, "0 refuted" in before.stdout) == (0, True)
    results.add(Finding("value", "flow x", "create_registry", "my-registry", "my_registry", SLUG, "curl"))
    after = run()
    assert after.returncode == 1
    assert "after the live run of 2026-01-01" in after.stdout
    assert "expected my-registry; received my_registry" in after.stdout
