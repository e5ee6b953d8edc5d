"""Live runs, held against the emulator with faults and rate limits: stopped at random moments, and what they leave."""

import base64
import itertools
import json
import os
import random
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from buildkite_emulator.identity import Identity
from buildkite_emulator.operations import registry_tokens, results
from buildkite_emulator.testing import RunningEmulator
from scripts import ROOT
from scripts.contract.results import read

TOKEN = "planted-access-token-0123456789"  # noqa: S105 - of an emulator
SECRET = "planted-registry-token-secret-0123456789"  # noqa: S105 - likewise

SEED = f"""
organizations: [my-org]
tokens:
  - token: {TOKEN}
registries:
  - name: production files
    ecosystem: files
    tokens:
      - {{description: deploys, secret: not-so-secret-0123}}
    packages:
      - {{file_name: cherry-2.0.0.txt, content: YSBjaGVycnk=}}
      - {{file_name: banana-1.0.0.txt, content: YSBiYW5hbmE=}}
  - name: contract
    ecosystem: ruby
  - name: contract-somebody-elses-1 registry 1
    ecosystem: files
    packages:
      - {{file_name: apple-2.0.0.txt, content: YSBjaGVycnk=}}
"""
"""What there is that is nobody's business, also where its names begin like a run's."""

UNITS = (
    "flow registry_is_created_as_sent,flow token_is_created_with_its_secret,flow update_renames,flow copies_live_apart,"
    "fuzz delete_registry"
)

KILLS = 5
CASES = int(os.environ.get("STOPPED_RUNS") or 50) // KILLS


class Organization:
    """An emulator that runs are held against, and the files that they leave.

    Args:
        emulator: the emulator.
        folder: for the reports.
    """

    def __init__(self, emulator: RunningEmulator, folder: Path) -> None:
        self.emulator = emulator
        self.reports = folder / "reports"

    @property
    def state(self) -> Any:
        """All that the emulator holds."""
        return httpx.get(f"{self.emulator.url}/_emulator/state", timeout=300).text

    @property
    def left(self) -> list[str]:
        """Names of the registries that are none of the seed's."""
        url = f"{self.emulator.url}/v2/packages/organizations/my-org/registries"
        headers = {"Authorization": f"Bearer {TOKEN}"}
        registries = httpx.get(url, headers=headers, timeout=300).json()
        return [each["name"] for each in registries if each["name"] not in SEED]

    def start(self, module: str, **variables: str | None) -> "subprocess.Popen[str]":
        """Start a run or a clean-up."""
        return subprocess.Popen(
            [sys.executable, "-m", f"scripts.contract.{module}"],
            cwd=ROOT,
            env=self.environment(variables),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, module: str, **variables: str | None) -> "subprocess.CompletedProcess[str]":
        """Hold a run, or clean up, to the end."""
        process = self.start(module, **variables)
        out, errors = process.communicate(timeout=300)
        return subprocess.CompletedProcess([], process.returncode, out, errors)

    def environment(self, variables: Mapping[str, str | None]) -> dict[str, str]:
        """Give the environment variables of a run; None for one that is not set."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("BUILDKITE_")}
        given = {
            "BUILDKITE_API_TOKEN": TOKEN,
            "BUILDKITE_ORGANIZATION_SLUG": "my-org",
            "BUILDKITE_REST_API_ENDPOINT": self.emulator.url,
            "RATE": "100000",
            "SETTLED": "0.5",
            "MAX_EXAMPLES": "2",
            "SEED": "1",
            "ONLY": UNITS,
            "RESULTS": str(self.reports),
            "WRITE": "1",
            **variables,
        }
        return inherited | {name: value for name, value in given.items() if value is not None}

    def be_unreliable(self, seed: int) -> None:
        """Answer now and then with 429 or 503, or cut the connection before or after all was done."""
        faults: list[dict[str, Any]] = [
            {"status": 429, "reset": 1},
            {"status": 503},
            {"cut": "before"},
            {"cut": "after"},
        ]
        for number, fault in enumerate(faults):
            self.emulator.fault(operation="all", share=0.01, seed=seed * 10 + number, **fault)

    def be_reliable(self) -> None:
        """Let nothing go wrong any more."""
        httpx.delete(f"{self.emulator.url}/_emulator/faults").raise_for_status()


@pytest.fixture
def organization(tmp_path: Path) -> Iterator[Organization]:
    """Give an organization with things that are nobody's business."""
    seed = tmp_path / "seed.yaml"
    seed.write_text(SEED)
    numbers = itertools.count()
    with RunningEmulator(
        seed, rate_limit=(1_000_000, 1_000_000), identity=Identity(new_secret=lambda: f"{SECRET}-{next(numbers)}")
    ) as emulator:
        yield Organization(emulator, tmp_path)


def events(organization: Organization) -> list[Mapping[str, Any]]:
    """Read what a run wrote."""
    return list(read(organization.reports / "live" / "results" / "1-of-1.jsonl"))


@pytest.mark.slow
def test_a_run_goes_on_where_it_was_killed(organization: Organization) -> None:
    """The units that had ended are not run again, the one that was stopped is, and the seed stays."""
    first = organization.start("live", SEED=None)
    path = organization.reports / "live" / "1-of-1.json"
    while not (path.exists() and json.loads(path.read_text())["done"]):
        assert first.poll() is None, first.communicate()
        time.sleep(0.05)
    first.kill()
    first.communicate()
    then = json.loads(path.read_text())
    second = organization.run("live", SEED=None)
    assert second.returncode == 0, second.stdout + second.stderr
    assert (
        f"going on with run {then['run_id']} of {then['started']}; {len(then['done'])} units are done" in second.stderr
    )
    now = json.loads(path.read_text())
    assert (now["run_id"], now["seed"], now["is_finished"]) == (then["run_id"], then["seed"], True)
    seen = events(organization)
    assert sorted(event["name"] for event in seen if event["event"] == "unit") == sorted(UNITS.split(","))
    assert [event["status"] for event in seen if event["event"] == "end"] == ["complete"]
    assert [event["seed"] for event in seen if event["event"] == "run"] == [then["seed"]]
    assert organization.left == []
    third = organization.run("live", ONLY=UNITS.partition(",")[0])
    assert "going on" not in third.stderr


@pytest.mark.slow
def test_a_run_starts_anew_where_it_is_told_to(organization: Organization) -> None:
    """With RESUME=0, or other settings, what a stopped run has left is removed and another one begins."""
    first = organization.start("live")
    while not organization.left:
        assert first.poll() is None, first.communicate()
    first.kill()
    first.communicate()
    unit = UNITS.partition(",")[0]
    second = organization.run("live", RESUME="0", ONLY=unit)
    assert second.returncode == 0, second.stderr
    assert "is not gone on with: removed" in second.stderr
    assert [event["name"] for event in events(organization) if event["event"] == "unit"] == [unit]
    assert organization.left == []


@pytest.mark.slow
def test_a_run_starts_anew_where_its_results_are_lost(organization: Organization) -> None:
    """Where what a stopped run has seen is not there any more, it is cleaned up after and another one begins."""
    first = organization.start("live")
    path = organization.reports / "live" / "1-of-1.json"
    while not (path.exists() and json.loads(path.read_text())["done"]):
        assert first.poll() is None, first.communicate()
        time.sleep(0.05)
    first.kill()
    first.communicate()
    (organization.reports / "live" / "results" / "1-of-1.jsonl").write_text("")
    unit = UNITS.partition(",")[0]
    state = json.loads(path.read_text())
    path.write_text(json.dumps({**state, "settings": {**state["settings"], "only": unit}}))
    second = organization.run("live", ONLY=unit)
    assert second.returncode == 0, second.stderr
    assert "going on" not in second.stderr
    assert [event["name"] for event in events(organization) if event["event"] == "unit"] == [unit]
    assert organization.left == []


@pytest.mark.slow
def test_a_read_only_run_reads_what_is_there(organization: Organization) -> None:
    """Without WRITE=1 nothing but reads arrives, and these find the registries, packages and tokens that there are."""
    before = organization.state
    done = organization.run("live", WRITE=None, ONLY="flow what_is_listed_is_found,fuzz get_package")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "only reads; WRITE=1 lets it write" in done.stderr
    arrived = [entry for entry in organization.emulator.requests if entry["path"].startswith("/v2")]
    assert {entry["method"] for entry in arrived} <= {"GET", "HEAD", "OPTIONS"}
    found = {entry["operation"] for entry in arrived if entry["status"] == 200}
    assert found >= {"list_registries", "get_package", "get_registry_token"}
    assert organization.state == before
    refused = organization.run("live", WRITE=None, ONLY=UNITS)
    assert refused.returncode == 2
    assert "ONLY should name units" in refused.stderr


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
    process = organization.start("live", ONLY=",".join(units))
    commands: set[str] = set()
    while process.poll() is None:
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            with suppress(OSError):
                commands.add(path.read_bytes().decode(errors="replace"))
        time.sleep(0.1)
    out, errors = process.communicate()
    assert process.returncode == 1, out + errors
    assert any("scripts.contract.fuzzing" in command for command in commands)
    findings = [event for event in events(organization) if event["event"] == "finding"]
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
def test_a_run_that_is_stopped_leaves_nothing_and_touches_nothing(organization: Organization, case: int) -> None:
    """Killed or interrupted at random moments, then gone on with or cleaned up after, a run leaves all as it was."""
    number = secrets.randbelow(1 << 32)
    chance = random.Random(number)  # noqa: S311 - to be repeated
    print(f"the random moments of case {case} follow from {number}")
    before = organization.state
    for _ in range(KILLS):
        organization.be_unreliable(chance.randrange(1 << 16))
        how = chance.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
        process = organization.start("live", RESUME=chance.choice("0111"))
        assert process.stderr is not None
        first = process.stderr.readline()
        time.sleep(chance.uniform(0.2, 2.5))
        process.send_signal(how)
        _, errors = process.communicate(timeout=300)
        print(how.name, process.returncode, first, errors)
        organization.be_reliable()
        if how is not signal.SIGKILL:
            assert organization.left == [], f"after {how.name}"
        elif chance.random() < 0.5:
            cleaned = organization.run("live.cleanup_command")
            assert cleaned.returncode == 0, cleaned.stdout + cleaned.stderr
            assert organization.left == [], cleaned.stdout
    organization.be_unreliable(case)
    cleaned = organization.run("live.cleanup_command")
    organization.be_reliable()
    assert cleaned.returncode == 0, cleaned.stdout + cleaned.stderr
    assert organization.left == []
    assert organization.state == before
    again = organization.run("live.cleanup_command")
    assert (again.returncode, again.stdout) == (0, "nothing of any run is left\n")
