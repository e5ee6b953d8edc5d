"""What is said of mutants and of the emulator as it is, by what contract runs leave behind."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from scripts.contract import drift_power
from scripts.contract.drift_power import WIDTH, Runs, Verdict
from scripts.contract.fuzzing import st_run
from scripts.contract.mutants import SPEC, load

pytestmark = pytest.mark.slow

MUTANTS = """
from scripts.contract.mutants import Answer, Call, mutant

@mutant("get_registry", "A registry is a teapot.")
def teapot(call: Call) -> Answer:
    return call.forward().with_status(418)

@mutant("get_package", "A package is a teapot.")
def kettle(call: Call) -> Answer:
    return call.forward().with_status(418)
"""

FAKE = """
import json, os, sys, time
from pathlib import Path

name, folder = os.environ.get("MUTANT") or "seed " + os.environ["SEED"], Path(os.environ["RESULTS"])
plan = json.loads(Path(sys.argv[1]).read_text()).get(name, {})
(folder / "results").mkdir(parents=True)
events = [{"event": "unit", "requests": 30}, *plan.get("events", [])]
(folder / "results" / "1-of-1.jsonl").write_text("".join(json.dumps(event) + "\\n" for event in events))
(Path(sys.argv[1]).parent / f"seen-{name}.json").write_text(json.dumps({**os.environ, "PID": os.getpid()}))
if "failure" in plan:
    (folder / "mutant-failed.txt").write_text(plan["failure"])
print(plan.get("says", ""), file=sys.stderr)
time.sleep(plan.get("sleeps", 0))
sys.exit(plan.get("status", 0))
"""

FINDING = {
    "event": "finding",
    "check": "status",
    "unit": "flow registry_is_shown",
    "operation": "get_registry",
    "expected": "200",
    "received": "418",
    "number": 7,
}
CAUGHT = {"events": [FINDING], "status": 1}


class Power:
    """A drift-power run over two mutants and a fake contract run.

    Args:
        folder: where everything is.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.reports = folder / "reports"
        (folder / "mine.py").write_text(MUTANTS, encoding="utf-8")
        (folder / "fake.py").write_text(FAKE, encoding="utf-8")

    def run(self, plan: Mapping[str, Any], **settings: str) -> int:
        """Run it; gives its exit status."""
        return drift_power.main(
            {"MUTANTS": str(self.folder / "mine.py"), "SEEDS": "2", **settings}, self.command(plan), self.reports
        )

    def command(self, plan: Mapping[str, Any]) -> Sequence[str]:
        """Make the command of a contract run that does as it is told."""
        (self.folder / "plan.json").write_text(json.dumps(plan), encoding="utf-8")
        return [sys.executable, str(self.folder / "fake.py"), str(self.folder / "plan.json")]

    @property
    def outcomes(self) -> dict[str, dict[str, Any]]:
        """What ``results.json`` says, by name."""
        values = json.loads((self.reports / "results.json").read_text(encoding="utf-8"))
        return {value["name"]: value for value in values}

    def environment(self, name: str) -> dict[str, Any]:
        """What variables a contract run had."""
        found: dict[str, Any] = json.loads((self.folder / f"seen-{name}.json").read_text(encoding="utf-8"))
        return found


@pytest.fixture
def power(tmp_path: Path) -> Power:
    """Give a drift-power run."""
    return Power(tmp_path)


def test_all_is_well_where_all_mutants_are_caught_and_no_seed_is_accused(
    power: Power, capsys: pytest.CaptureFixture[str]
) -> None:
    """The table says by which check each mutant was caught, and after how many requests; the exit status is 0."""
    assert power.run({"teapot": CAUGHT, "kettle": CAUGHT}) == 0
    caught = power.outcomes["teapot"]
    assert (caught["verdict"], caught["check"], caught["unit"]) == ("caught", "status", "flow registry_is_shown")
    assert (caught["requests"], caught["operation"]) == (7, "get_registry")
    assert power.outcomes["seed 2"]["verdict"] == "clean"
    shown = capsys.readouterr()
    assert "2 of 2 mutants caught; 0 of 2 seeds with a false alarm" in shown.out
    assert "status, flow registry_is_shown" in shown.out
    assert max(map(len, shown.out.splitlines())) <= WIDTH
    assert "[4/4]" in shown.err
    table = (power.reports / "table.md").read_text(encoding="utf-8")
    assert (
        "| `teapot` | get_registry | A registry is a teapot. | caught | status | flow registry_is_shown | 7 |" in table
    )
    assert not list((power.reports / "runs").iterdir())


@pytest.mark.parametrize(
    ("name", "plan", "heading", "evidence"),
    [
        ("kettle", {}, "NOT CAUGHT", ""),
        ("seed 2", CAUGHT, "FALSE ALARM", "expected 200; received 418"),
        ("kettle", {"status": 2, "says": "why"}, "COULD NOT TELL", "it ended in 2 without a finding: why"),
        ("kettle", {"status": 1, "says": "why"}, "COULD NOT TELL", "it ended in 1 without a finding: why"),
        ("kettle", CAUGHT | {"failure": "no slug"}, "COULD NOT TELL", "the mutant itself failed: no slug"),
    ],
)
def test_what_is_not_as_it_should_be_comes_first(  # noqa: PLR0913, PLR0917 - a case and two fixtures
    power: Power, name: str, plan: dict[str, Any], heading: str, evidence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What went wrong heads the table with the reason, keeps what its run wrote, and makes the exit status 1."""
    assert power.run({"teapot": CAUGHT, "kettle": CAUGHT, name: plan}) == 1
    outcome = power.outcomes[name]
    assert (outcome["verdict"], outcome["evidence"]) == (heading.lower(), evidence)
    first, second, third, *_ = capsys.readouterr().out.splitlines()
    assert first.startswith(heading)
    assert second.startswith(f"  {name} ")
    assert outcome["sentence"] in third
    assert (power.reports / "runs" / name.replace(" ", "-") / "results" / "1-of-1.jsonl").exists()


def test_a_run_that_does_not_end_is_ended(power: Power) -> None:
    """A contract run that hangs is stopped, and counts as one that tells nothing."""
    runs = Runs(power.command({"teapot": {"sleeps": 600}}), power.reports / "runs", longest=2)
    place = power.folder / "mine.py"
    outcome = runs.of_mutant(load(place)["teapot"], place)
    assert outcome.verdict == Verdict.BROKEN
    assert outcome.evidence.startswith("it did not end")


def test_a_contract_run_is_the_default_one_but_for_its_mutant(power: Power, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings of drift-power, and of other runs, do not reach the contract run; only whole runs are made of seeds."""
    for name in ("ONLY", "SHARD", "BUILDKITE_API_TOKEN", "MAX_EXAMPLES"):
        monkeypatch.setenv(name, "teapot")
    assert power.run({"teapot": CAUGHT}, ONLY="teapot", SEEDS="1") == 0
    assert list(power.outcomes) == ["teapot", "seed 1"]
    mutated, plain = power.environment("teapot"), power.environment("seed 1")
    assert not {"ONLY", "SHARD", "BUILDKITE_API_TOKEN", "MAX_EXAMPLES"} & {*mutated, *plain}
    assert (mutated["MUTANT"], mutated["FAIL_FAST"]) == ("teapot", "1")
    assert Path(mutated["MUTANTS"]) == power.folder / "mine.py"
    assert not {"MUTANT", "MUTANTS", "FAIL_FAST"} & set(plain)
    assert plain["SEED"] == "1"
    assert plain["RESULTS"] != mutated["RESULTS"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"MUTANTS": "nowhere.py"}, "nowhere.py is neither a Python module nor a folder"),
        ({"ONLY": "pot"}, "there is no mutant pot; there are teapot"),
        ({"SEEDS": "many"}, "SEEDS should be a whole number from 0, and is 'many'"),
        ({"JOBS": "0"}, "JOBS should be a whole number from 1, and is '0'"),
        ({"SEEDS": "-1"}, "SEEDS should be a whole number from 0, and is '-1'"),
        ({"SEEDS": ""}, "SEEDS should be a whole number from 0, and is empty"),
        ({"SAMPLE": "0"}, "SAMPLE should be a whole number from 1, and is '0'"),
        ({"ONLY": " , "}, "ONLY should be names of mutants, and is ' , '"),
        ({"FUZZ_ONLY": "yes"}, "FUZZ_ONLY should be 1 or 0, and is 'yes'"),
        ({"FUZZ_ONLY": "1", "ST_RUN": "1"}, "FUZZ_ONLY and ST_RUN are two measurements"),
    ],
)
def test_a_setting_that_cannot_be_right_is_refused(
    power: Power, settings: dict[str, str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is wrong with a setting is said in a sentence, the exit status is 2, and nothing is run."""
    assert power.run({}, **settings) == 2
    assert message in capsys.readouterr().err
    assert not power.reports.exists()


def test_a_sample_follows_from_the_seed(power: Power) -> None:
    """SAMPLE takes so many of the mutants, the same for the same seed, and all where there are no more."""

    def sample(size: int, **seed: str) -> list[str]:
        _, mutants = drift_power.chosen({"MUTANTS": str(power.folder / "mine.py"), "SAMPLE": str(size), **seed})
        return [each.name for each in mutants]

    assert sample(1) == sample(1, SEED="1")
    assert {name for seed in range(20) for name in sample(1, SEED=str(seed))} == {"teapot", "kettle"}
    assert sample(60) == ["teapot", "kettle"]


def test_fuzzing_alone_is_measured_without_the_flows(power: Power, capsys: pytest.CaptureFixture[str]) -> None:
    """FUZZ_ONLY=1 runs the fuzzer and the chains alone, says the share that they catch, and is no failure for it."""
    assert power.run({"teapot": CAUGHT}, FUZZ_ONLY="1") == 0
    assert power.environment("kettle")["ONLY"] == power.environment("seed 2")["ONLY"] == "fuzz,chains"
    assert "1 of 2 mutants caught (50 %); 0 of 2 seeds with a false alarm" in capsys.readouterr().out
    assert (power.reports / "fuzz-only" / "table.md").exists()
    assert power.run({"teapot": CAUGHT, "seed 1": CAUGHT}, FUZZ_ONLY="1") == 1


def test_what_st_run_reports_without_a_mutant_catches_none(power: Power, capsys: pytest.CaptureFixture[str]) -> None:
    """Of st run only a failure counts whose title and operation no run against the emulator as it is has shown."""
    usual = FINDING | {"check": "Schema-valid request rejected", "operation": "create_registry"}
    elsewhere = usual | {"operation": "publish_package"}
    plan = {
        "seed 2": {"events": [usual], "status": 1},
        "teapot": {"events": [usual], "status": 1},
        "kettle": {"events": [usual, elsewhere], "status": 1},
    }
    assert power.run(plan, ST_RUN="1") == 0
    outcomes = json.loads((power.reports / "st-run" / "results.json").read_text(encoding="utf-8"))
    assert {each["name"]: each["verdict"] for each in outcomes} == {
        "seed 1": "clean",
        "seed 2": "false alarm",
        "teapot": "not caught",
        "kettle": "caught",
    }
    assert "1 of 2 mutants caught (50 %); 1 of 2 seeds with a false alarm" in capsys.readouterr().out


def test_the_failures_of_st_run_are_findings() -> None:
    """Each failure of st run is a finding for each of its operations, and so is each of its errors."""
    registries = SPEC.operations["list_registries"]
    report = {
        "test_cases": {"generated": 70},
        "failures": [{"title": "Server error", "count": 3, "operations": [f"GET {registries.path}", "GET /other"]}],
        "errors": [{"title": "Network Error", "count": 1}],
    }
    found = [(each.check, each.operation, each.number) for each in st_run.findings(report)]
    assert found == [("Server error", "list_registries", 70), ("Server error", None, 70), ("Network Error", None, 70)]


INTERRUPTED = """
import os, sys
from pathlib import Path
from scripts.contract import drift_power

folder = Path(sys.argv[1])
environment = {"MUTANTS": str(folder / "mine.py"), "JOBS": "1"}
command = [sys.executable, str(folder / "fake.py"), str(folder / "plan.json")]
sys.exit(drift_power.main(environment, command, folder / "reports"))
"""


@pytest.mark.parametrize("order", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_the_runs_under_way_and_shows_what_is_known(power: Power, order: signal.Signals) -> None:
    """Ctrl-C, or a CI job's end, leaves no contract run behind, prints the table so far, and says how far that is."""
    power.command({"teapot": CAUGHT, "kettle": {"sleeps": 600}})
    command = [sys.executable, "-c", INTERRUPTED, str(power.folder)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, start_new_session=True
    )
    assert process.stderr is not None
    assert process.stderr.readline().startswith("[1/22] teapot: caught")
    under_way = power.folder / "seen-kettle.json"
    while not under_way.exists():
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(order)
    out, err = process.communicate(timeout=300)
    assert process.returncode == 2
    assert "interrupted after 1 of 22 runs" in err
    assert "1 of 1 mutants caught" in out
    with pytest.raises(ProcessLookupError):
        os.kill(json.loads(under_way.read_text(encoding="utf-8"))["PID"], 0)
