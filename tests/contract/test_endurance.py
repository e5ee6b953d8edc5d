"""Fuzzing for minutes: how long, what the next run begins with, and what becomes of what is found."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st
from hypothesis.database import DirectoryBasedExampleDatabase
from schemathesis.engine.run import PhaseName

from buildkite_emulator.spec import Spec
from scripts import ROOT
from scripts.contract.fuzzing.endurance import Endurance
from scripts.contract.fuzzing.schemathesis_run import ENDURANCE, SEEDS, Fuzzing
from scripts.contract.results import Results, read
from scripts.contract.runner import CHAINED, PHASES, Runner
from scripts.contract.target import Target
from tests.contract import hooks

TARGET = Target("emulator", "http://localhost", "contract", "contract-token")


class Pretended(Fuzzing):
    """Fuzzing that sends nothing, and takes as long as it may by a clock of its own."""

    def _call(self, *called: Any, **_: Any) -> bool:
        name, _target, operations, arguments = called
        given = dict(argument.removeprefix("--").split("=", 1) for argument in arguments)
        calls.append((name, given.get("phases", ""), *operations, int(given["seed"])))
        databases.add(given.get("generation-database"))
        now[0] += float(given.get("max-time", 0))
        return True


calls: list[tuple[Any, ...]] = []
databases: set[str | None] = set()
now = [0.0]


def test_rounds_go_on_until_the_time_is_up(tmp_path: Path) -> None:
    """After the run proper come rounds with seeds that follow from the run's; the last one ends when the time is up."""
    fuzzing = Pretended(7, None, stop_at_first=False, results=tmp_path / "1-of-1.jsonl", environment={})
    said: list[str] = []
    endurance = Endurance(400, tmp_path / "corpus", clock=lambda: now[0])
    results = Results(fuzzing.results)
    results.write("run")
    Runner(TARGET, results, fuzzing, endurance=endurance, say=said.append).units(["fuzz get_registry", "chains"])
    assert now[0] == 400
    once = [("run", PHASES, "get_registry", 7), ("run", CHAINED, 7)]
    rounds = [7 + number * SEEDS for number in (1, 2, 3)]
    assert calls == once + [
        call for seed in rounds for call in (("fuzz", "", "get_registry", seed), ("fuzz", "", seed))
    ]
    assert len(databases - {None}) == 2
    assert [line.strip() for line in said] == [
        f"round {number} of fuzzing, of {seconds} seconds, has ended"
        for number, seconds in ((1, 180), (2, 180), (3, 40))
    ]
    units = [(event["name"], event["status"]) for event in read(results.path) if event["event"] == "unit"]
    assert units == [("fuzz get_registry", "skipped"), ("chains", "skipped")]


def test_the_next_run_begins_with_what_showed_something_new(tmp_path: Path) -> None:
    """An example whose answer is like none before is in hypothesis' database, from which another session takes it."""
    operation = Spec.load().operations["get_registry"]

    def session(seed: int, examples: int) -> list[int]:
        asked = []

        @hypothesis.settings(
            max_examples=examples,
            database=DirectoryBasedExampleDatabase(tmp_path),
            phases=[hypothesis.Phase.reuse, hypothesis.Phase.generate],
        )
        @hypothesis.seed(seed)  # below the settings, because it resets the database
        @hypothesis.given(st.integers(0, 1000))
        def ask(number: int) -> None:
            asked.append(number)
            request = SimpleNamespace(method="GET", url="http://localhost/v2")
            response: Any = SimpleNamespace(request=request, status_code=404 if number > 900 else 200, content=b"{}")
            for _ in range(2):
                hooks.keep_if_new(operation, response, {})

        ask()
        return asked

    assert max(session(1, 200)) > 900
    begun = session(2, 20)[:2]
    assert max(begun) > 900
    assert min(begun) <= 900


@pytest.mark.parametrize(
    ("environment", "phase", "unit"),
    [
        ("", PhaseName.FUZZING, "fuzz get_registry"),
        ("", PhaseName.STATEFUL_TESTING, "chains"),
        ("fuzz", None, "fuzz get_registry"),
        ("chains", None, "chains"),
    ],
)
def test_a_finding_is_of_the_unit_that_made_it(
    environment: str, phase: object, unit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each phase of a run is of an operation's unit or of the chains, and so is each process that goes on fuzzing."""
    monkeypatch.setenv(ENDURANCE, environment)
    event: Any = SimpleNamespace(phase=phase) if phase else SimpleNamespace()
    assert hooks.unit_of(event, "get_registry") == unit


def contract(folder: Path, **settings: str) -> subprocess.Popen[str]:
    """Start a contract run that goes on fuzzing."""
    environment = {name: value for name, value in os.environ.items() if name not in {"FAIL_FAST", "SHARD"}} | settings
    environment |= {"RESULTS": str(folder / "reports"), "CORPUS": str(folder / "corpus"), "SEED": "1"}
    command = [sys.executable, "-m", "scripts.contract"]
    pipe = subprocess.PIPE
    return subprocess.Popen(
        command, env=environment, cwd=ROOT, stdout=pipe, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )


@pytest.mark.long
def test_a_run_makes_a_test_of_what_it_finds(tmp_path: Path) -> None:
    """A run that finds something ends with drift when its time is up, and leaves a test that fails as long."""
    mutant = {"MUTANT": "get_registry_without_slug"}
    with contract(tmp_path, FUZZ_MINUTES="0.05", ONLY="fuzz get_registry", MAX_EXAMPLES="5", **mutant) as process:
        output, _ = process.communicate(timeout=300)
    assert process.returncode == 1, output
    (path,) = (tmp_path / "reports" / "found").glob("test_get_registry_answer_*.py")
    assert str(path) in output
    assert path.read_text().count("api.call(") == 2
    written = [file for file in tmp_path.rglob("*") if file.is_file() and file.suffix != ".log"]
    assert [file for file in written if file.is_relative_to(tmp_path / "corpus")]
    assert not [file for file in written if b"contract-token" in file.read_bytes() and file != path]
    for given, status in ((mutant, 1), (dict[str, str](), 0)):
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(path)]
        done = subprocess.run(
            command, cwd=ROOT, env={**os.environ, **given}, capture_output=True, text=True, check=False, timeout=300
        )
        assert done.returncode == status, done.stdout


@pytest.mark.slow
def test_ctrl_c_ends_a_run_with_a_report(tmp_path: Path) -> None:
    """A run that is interrupted writes down what it saw, and its report, and says that it did not end."""
    with contract(tmp_path, FUZZ_MINUTES="60", ONLY="fuzz list_registries", MAX_EXAMPLES="1") as process:
        while process.poll() is None and not [*(tmp_path / "corpus").glob("*/*/*")]:
            time.sleep(0.1)
        os.killpg(process.pid, signal.SIGINT)
        output, _ = process.communicate(timeout=300)
    assert process.returncode == 2, output
    events = [*read(tmp_path / "reports" / "results" / "1-of-1.jsonl")]
    assert events[-1] == {"event": "end", "status": "interrupted", "reason": "Ctrl-C"}
    seen = [event for event in events if event["event"] == "seen" and event["answers"].get("list_registries")]
    assert len(seen) == 2, output
    assert [event["name"] for event in events if event["event"] == "unit"] == ["fuzz list_registries"]
    assert (tmp_path / "reports" / "index.html").exists()
