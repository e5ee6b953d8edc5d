"""Live runs, held against the emulator with faults and rate limits: stopped at random moments, and what they leave."""

import base64
import itertools
import json
import os
import random
import secrets
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from buildkite_emulator.identity import Identity
from buildkite_emulator.operations import registry_tokens, results
from buildkite_emulator.testing import RunningEmulator
from scripts.contract.live import cleanup_command
from tests.contract.organization import SEED, TOKEN, Organization

SECRET = "planted-registry-token-secret-0123456789"  # noqa: S105 - of an emulator
UNITS = (
    "flow registry_is_created_as_sent,flow token_is_created_with_its_secret,flow update_renames,flow copies_live_apart,"
    "fuzz delete_registry"
)

KILLS = 5
CASES = int(os.environ.get("STOPPED_RUNS") or 50) // KILLS


def be_unreliable(emulator: RunningEmulator, seed: int) -> None:
    """Answer now and then with 429 or 503, or cut the connection before or after all was done."""
    faults: list[dict[str, Any]] = [{"status": 429, "reset": 1}, {"status": 503}, {"cut": "before"}, {"cut": "after"}]
    for number, fault in enumerate(faults):
        emulator.fault(operation="all", share=0.01, seed=seed * 10 + number, **fault)


def be_reliable(emulator: RunningEmulator) -> None:
    """Let nothing go wrong any more."""
    httpx.delete(f"{emulator.url}/_emulator/faults").raise_for_status()


@pytest.fixture
def organization(tmp_path: Path) -> Iterator[Organization]:
    """Give an organization with things that are nobody's business."""
    seed = tmp_path / "seed.yaml"
    seed.write_text(SEED)
    numbers = itertools.count()
    with RunningEmulator(
        seed, rate_limit=(1_000_000, 1_000_000), identity=Identity(new_secret=lambda: f"{SECRET}-{next(numbers)}")
    ) as emulator:
        yield Organization(emulator, tmp_path, variables={"ONLY": UNITS, "MAX_EXAMPLES": "2"})


def state_when_killed(organization: Organization, seed: str | None = "1") -> dict[str, Any]:
    """Kill a run after its first unit; returns where it stood."""
    process = organization.start(SEED=seed)
    path = organization.reports / "live" / "1-of-1.json"
    while not (path.exists() and json.loads(path.read_text())["done"]):
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    process.kill()
    process.communicate()
    state: dict[str, Any] = json.loads(path.read_text())
    return state


@pytest.mark.slow
def test_a_run_goes_on_where_it_was_killed(organization: Organization, capsys: pytest.CaptureFixture[str]) -> None:
    """The units that had ended are not run again, the one that was stopped is, and the seed stays."""
    then = state_when_killed(organization, None)
    assert organization.run(SEED=None) == 0
    told = capsys.readouterr().err
    assert f"going on with run {then['run_id']} of {then['started']}; {len(then['done'])} units are done" in told
    now = json.loads((organization.reports / "live" / "1-of-1.json").read_text())
    assert (now["run_id"], now["seed"], now["is_finished"]) == (then["run_id"], then["seed"], True)
    seen = organization.events
    assert sorted(event["name"] for event in seen if event["event"] == "unit") == sorted(UNITS.split(","))
    assert [event["status"] for event in seen if event["event"] == "end"] == ["complete"]
    assert [event["seed"] for event in seen if event["event"] == "run"] == [then["seed"]]
    assert organization.left == []
    organization.run(ONLY=UNITS.partition(",")[0])
    assert "going on" not in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("lost", [False, True], ids=["other settings", "results that are lost"])
def test_a_run_starts_anew(organization: Organization, capsys: pytest.CaptureFixture[str], lost: bool) -> None:  # noqa: FBT001
    """With RESUME=0, other settings, or without its results, what a stopped run left is removed and another begins."""
    state = state_when_killed(organization)
    unit = UNITS.partition(",")[0]
    if lost:
        (organization.reports / "live" / "results" / "1-of-1.jsonl").write_text("")
        state["settings"]["only"] = unit
        (organization.reports / "live" / "1-of-1.json").write_text(json.dumps(state))
    assert organization.run(ONLY=unit, RESUME="1" if lost else "0") == 0
    told = capsys.readouterr().err
    assert "is not gone on with: removed" in told or lost
    assert "going on" not in told
    assert [event["name"] for event in organization.events if event["event"] == "unit"] == [unit]
    assert organization.left == []


@pytest.mark.slow
def test_a_read_only_run_reads_what_is_there(organization: Organization, capsys: pytest.CaptureFixture[str]) -> None:
    """Without WRITE=1 nothing but reads arrives, and these find the registries, packages and tokens that there are."""
    before = organization.state
    assert organization.run(WRITE=None, ONLY="flow what_is_listed_is_found,fuzz get_package") == 0
    assert "only reads; WRITE=1 lets it write" in capsys.readouterr().err
    arrived = [entry for entry in organization.emulator.requests if entry["path"].startswith("/v2")]
    assert {entry["method"] for entry in arrived} <= {"GET", "HEAD", "OPTIONS"}
    found = {entry["operation"] for entry in arrived if entry["status"] == 200}
    assert found >= {"list_registries", "get_package", "get_registry_token"}
    assert organization.state == before
    assert organization.run(WRITE=None) == 2
    assert "ONLY should name units" in capsys.readouterr().err


@pytest.mark.slow
def test_no_token_is_in_what_a_run_leaves(organization: Organization, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the access token nor a secret of a registry token is in a report, a log, an output or a command line."""
    units = ["flow token_is_created_with_its_secret", "fuzz create_registry_token"]
    whole = results.registry_token_result
    monkeypatch.setattr(
        registry_tokens,
        "registry_token_result",
        lambda *given: {name: value for name, value in whole(*given).items() if name != "description"},
    )
    process = organization.start(ONLY=",".join(units))
    commands: set[str] = set()
    while process.poll() is None:
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            with suppress(OSError):
                commands.add(path.read_bytes().decode(errors="replace"))
        time.sleep(0.1)
    out, errors = process.communicate()
    assert process.returncode == 1, out + errors
    assert any("scripts.contract.fuzzing" in command for command in commands)
    findings = [event for event in organization.events if event["event"] == "finding"]
    assert {event["unit"] for event in findings} == set(units)
    assert any("****" in json.dumps(event) for event in findings)
    texts = {str(path): path.read_text() for path in organization.reports.rglob("*") if path.is_file()}
    assert len(texts) >= 5
    for name, text in {**texts, "stdout": out, "stderr": errors, "commands": "\n".join(commands)}.items():
        for secret in (TOKEN, SECRET):
            assert secret not in text, name
            assert base64.b64encode(secret.encode())[4:-8].decode() not in text, name


@pytest.mark.long
@pytest.mark.parametrize("case", range(CASES))
def test_a_run_that_is_stopped_leaves_nothing_and_touches_nothing(
    organization: Organization, capsys: pytest.CaptureFixture[str], case: int
) -> None:
    """Killed or interrupted at random moments, then gone on with or cleaned up after, a run leaves all as it was."""
    number = secrets.randbelow(1 << 32)
    chance = random.Random(number)  # noqa: S311 - to be repeated
    print(f"the random moments of case {case} follow from {number}")
    before = organization.state
    for _ in range(KILLS):
        be_unreliable(organization.emulator, chance.randrange(1 << 16))
        how = chance.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
        process = organization.start(RESUME=chance.choice("0111"))
        assert process.stderr is not None
        first = process.stderr.readline()
        time.sleep(chance.uniform(0.2, 2.5))
        process.send_signal(how)
        _, errors = process.communicate(timeout=300)
        print(how.name, process.returncode, first, errors)
        be_reliable(organization.emulator)
        if how is not signal.SIGKILL:
            assert organization.left == [], f"after {how.name}"
        elif chance.random() < 0.5:
            assert organization.run(cleanup_command.main) == 0
            assert organization.left == []
    be_unreliable(organization.emulator, case)
    status = organization.run(cleanup_command.main)
    be_reliable(organization.emulator)
    assert status == 0
    assert organization.left == []
    assert organization.state == before
    capsys.readouterr()
    assert organization.run(cleanup_command.main) == 0
    assert capsys.readouterr().out == "nothing of any run is left\n"
