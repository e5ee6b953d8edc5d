"""The ready-made pipelines: they are valid, have the same steps, and do with what they call what they say."""

import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts import ROOT

pytestmark = pytest.mark.slow

BUILDKITE = ROOT / ".buildkite" / "pipeline.yml"
GITHUB = ROOT / ".github" / "workflows" / "ci.yml"
SCHEMAS = {
    BUILDKITE: ["vendor.buildkite"],
    GITHUB: ["vendor.github-workflows", "custom.github-workflows-require-timeout"],
}
SECRET = "bkua_not_to_be_seen"  # noqa: S105 - no token


def load(path: Path) -> Any:
    """Read a pipeline."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def buildkite_commands() -> dict[str, str]:
    """Give what the steps run, by key, as the agent's shell sees it."""
    return {step["key"]: step["command"].replace("$$", "$") for step in load(BUILDKITE)["steps"]}


def github_commands() -> dict[str, str]:
    """Give what the jobs run, by key."""
    jobs = load(GITHUB)["jobs"]
    return {key: "\n".join(step.get("run", "") for step in job["steps"]) for key, job in jobs.items()}


COMMANDS = {"buildkite": buildkite_commands(), "github": github_commands()}


def targets(commands: str) -> set[str]:
    """Give the targets that are made."""
    found = set()
    for words in re.findall(r"\bmake ([^|&;>\n']*)", commands):
        found |= {word for word in shlex.split(words) if "=" not in word and not word.startswith("-")}
    return found


def check_schema(path: Path, schema: str) -> int:
    """Check a file against a schema that check-jsonschema carries."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(path)]
    return subprocess.run(command, capture_output=True, check=False).returncode


@pytest.mark.parametrize(
    ("path", "schema"), [(path, schema) for path, schemas in SCHEMAS.items() for schema in schemas]
)
def test_a_pipeline_fits_its_schema(path: Path, schema: str, tmp_path: Path) -> None:
    """Each pipeline fits the schema of what reads it, which a key that is not known there breaks."""
    assert check_schema(path, schema) == 0
    text = path.read_text(encoding="utf-8")
    (tmp_path / path.name).write_text(re.sub("timeout.in.minutes|timeout-minutes", "time-out", text), encoding="utf-8")
    assert check_schema(tmp_path / path.name, schema) == 1


def audit(path: Path) -> int:
    """Audit a workflow, without a network."""
    command = [
        str(Path(sys.executable).with_name("zizmor")),
        "--offline",
        "--quiet",
        "--no-config",
        "--pedantic",
        str(path),
    ]
    return subprocess.run(command, capture_output=True, check=False).returncode


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("permissions: {}", "permissions: write-all"),
        ("run: make contract-cleanup", "run: echo '${{ github.head_ref }}'"),
        ("@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0", "@v5"),
    ],
)
def test_the_workflow_is_safe(old: str, new: str, tmp_path: Path) -> None:
    """The audit of the workflow finds nothing: least permissions, pinned actions, no injection."""
    assert audit(GITHUB) == 0
    changed = tmp_path / "ci.yml"
    changed.write_text(GITHUB.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    assert audit(changed) > 0


def test_each_target_is_one() -> None:
    """Whatever the pipelines make is a target of the Makefile."""
    known = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert targets("\n".join(COMMANDS["buildkite"].values())) - known == set()


def test_both_have_the_same_steps() -> None:
    """The two have the same steps, which make the same targets; only GitHub's jobs clean up in themselves."""
    made = {name: {key: targets(command) for key, command in found.items()} for name, found in COMMANDS.items()}
    cleaned = made["buildkite"].pop("live-cleanup")
    assert cleaned == {"contract-cleanup"}
    assert made["buildkite"] == made["github"]
    assert made["github"] == {
        "generated": {"lint", "verify"},
        "tests": {"test"},
        "long-tests": {"test-long"},
        "pythons": {"test-pythons"},
        "spec-diff": {"spec-diff"},
        "contract": {"contract"},
        "report": {"report"},
        "live": {"contract-live", "contract-cleanup"},
        "drift-power": {"drift-power"},
        "fuzz": {"contract"},
    }


def test_the_shares_are_the_whole() -> None:
    """Both run the contract in the same number of shares, each of them once."""
    (contract,) = [step for step in load(BUILDKITE)["steps"] if step["key"] == "contract"]
    count = contract["parallelism"]
    shards = load(GITHUB)["jobs"]["contract"]["strategy"]["matrix"]["shard"]
    assert shards == [f"{number}/{count}" for number in range(1, count + 1)]


def test_what_is_nightly() -> None:
    """The live run, the mutants and the long fuzzing run in scheduled builds alone; the changes, in pull requests."""
    nightly = {"live", "live-cleanup", "drift-power", "fuzz"}
    steps, jobs = {step["key"]: step for step in load(BUILDKITE)["steps"]}, load(GITHUB)["jobs"]
    assert {key for key, step in steps.items() if step.get("if") == 'build.source == "schedule"'} == nightly
    schedules = {key for key, job in jobs.items() if job.get("if") == "github.event_name == 'schedule'"}
    assert schedules == nightly - {"live-cleanup"}
    assert steps["spec-diff"]["if"] == "build.pull_request.id != null"
    assert jobs["spec-diff"]["if"] == "github.event_name == 'pull_request'"
    assert steps["live"]["concurrency"] == 1
    assert jobs["live"]["concurrency"] == {"group": "live", "cancel-in-progress": False}
    assert {step.get("env", {}).get("FUZZ_MINUTES") for step in steps.values()} == {None, "60"}


def test_secrets_go_nowhere_else() -> None:
    """Only the steps that need a secret have it, in their environment; GitHub's run only where it is there."""
    for key, job in load(GITHUB)["jobs"].items():
        for step in job["steps"]:
            assert "secrets." not in str({name: value for name, value in step.items() if name != "env"})
            has_secret = "secrets." in str(step.get("env", {}))
            assert has_secret == bool(targets(step.get("run", "")) & {"contract-live", "contract-cleanup"}), key
            assert not has_secret or "env.HAS_SECRETS == 'true'" in step["if"]
    for key, command in COMMANDS["buildkite"].items():
        assert ("secret get" in command) == (key in {"live", "live-cleanup"})
        assert not re.search(r"set -\w*x|\bprintenv\b|^\s*env$", command, re.MULTILINE)
    artifacts = [str(step.get("artifact_paths", "")) for step in load(BUILDKITE)["steps"]]
    assert not [paths for paths in artifacts if re.search(r"(?<![\w/-])(?!reports/)[\w.*]+/", paths)]


TOOLS = {
    "make": """
echo "make $*" >> "$CALLS"
case "$*" in
  contract-live*) test "$BUILDKITE_API_TOKEN" = "$SECRET"; mkdir -p reports/live; touch reports/live/run.ledger
    echo "live" > reports/report.md
    if [ -n "$HANG" ]; then echo hangs >> "$CALLS"; exec sleep 600; fi; exit "${FAILS:-0}";;
  report) echo "found" > reports/report.md; exit "${FAILS:-0}";;
  *spec-diff*) echo "changes"; exit "${FAILS:-0}";;
esac
""",
    "buildkite-agent": """
echo "agent $*" >> "$CALLS"
case "$1 $2" in
  "secret get") if [ "$3" = CONTRACT_API_TOKEN ]; then echo "$SECRET"; else echo acme; fi;;
  annotate*) echo "annotated: $(cat)" >> "$CALLS";;
esac
""",
}
"""Stand-ins for what the steps call. They note how they were called."""


class Agent:
    """Runs the commands of Buildkite's steps as its agent does, with stand-ins for what they call."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("BUILDKITE")},
            "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "CALLS": str(folder / "calls"),
            "SECRET": SECRET,
        }
        (folder / "bin").mkdir()
        (folder / "reports").mkdir()
        (folder / "calls").touch()
        for name, script in TOOLS.items():
            (folder / "bin" / name).write_text(f"#!/usr/bin/env bash\nset -e{script}", encoding="utf-8")
            (folder / "bin" / name).chmod(0o755)

    @property
    def calls(self) -> str:
        """How the stand-ins were called."""
        return (self.folder / "calls").read_text(encoding="utf-8")

    def start(self, key: str, folder: Path | None = None, **environment: str) -> "subprocess.Popen[str]":
        """Start a step, in the folder of the agent or in another one."""
        return subprocess.Popen(
            ["bash", "-e", "-c", COMMANDS["buildkite"][key]],
            cwd=folder or self.folder,
            env=self.environment | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, key: str, **environment: str) -> int:
        """Run a step; gives its exit status."""
        step = self.start(key, None, **environment)
        output, _ = step.communicate(timeout=300)
        assert SECRET not in output + self.calls
        return step.returncode


@pytest.fixture
def agent(tmp_path: Path) -> Agent:
    """Give an agent in a folder of its own."""
    return Agent(tmp_path)


@pytest.mark.parametrize("status", [0, 2])
def test_the_report_is_shown_whatever_it_says(agent: Agent, status: int) -> None:
    """The report becomes an annotation, in the style of its verdict, and its exit status that of the step."""
    assert agent.run("report", FAILS=str(status)) == status
    style = "error" if status else "success"
    assert f"agent annotate --context contract --style {style}\nannotated: found\n" in agent.calls
    assert agent.calls.index("agent artifact download") < agent.calls.index("make report")


@pytest.mark.parametrize("status", [0, 2])
def test_the_live_run_is_cleaned_up_after(agent: Agent, status: int) -> None:
    """After the live run, failed or not, what it left is removed, and its ledger kept; no secret is shown."""
    assert agent.run("live", FAILS=str(status)) == status
    assert "make contract-live WRITE=1\n" in agent.calls
    assert agent.calls.endswith("make contract-cleanup\nagent artifact upload reports/live/*.ledger\n")


def test_a_live_run_that_is_cancelled(agent: Agent) -> None:
    """A step that is cancelled, as the agent does it, removes what it left before it ends."""
    step = agent.start("live", HANG="1")
    while "hangs" not in agent.calls:
        assert step.poll() is None
    os.killpg(step.pid, signal.SIGTERM)
    output, _ = step.communicate(timeout=300)
    assert step.returncode == 143
    assert "make contract-cleanup\n" in agent.calls
    assert SECRET not in output + agent.calls


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder, with no settings but its own; gives what it prints."""
    settings = ("-c", "user.name=Somebody", "-c", "user.email=somebody@example.com", "-c", "commit.gpgsign=false")
    command = ["git", *settings, "-C", str(folder), *arguments]
    return str(subprocess.run(command, check=True, capture_output=True, text=True).stdout).strip()


@pytest.mark.parametrize(("status", "style"), [(0, "info"), (2, "error")])
def test_what_is_compared_with(agent: Agent, status: int, style: str) -> None:
    """The spec is compared with where the pull request left its target branch, even in a shallow clone."""
    origin, clone = agent.folder / "origin", agent.folder / "clone"
    git(agent.folder, "init", "--quiet", "--initial-branch=main", str(origin))
    for message in ("first", "second"):
        git(origin, "commit", "--quiet", "--allow-empty", f"--message={message}")
    left = git(origin, "rev-parse", "HEAD")
    git(origin, "checkout", "--quiet", "-b", "change")
    git(origin, "commit", "--quiet", "--allow-empty", "--message=change")
    git(origin, "checkout", "--quiet", "main")
    git(origin, "commit", "--quiet", "--allow-empty", "--message=later")
    git(agent.folder, "clone", "--quiet", "--depth=1", "--branch=change", origin.as_uri(), str(clone))
    step = agent.start("spec-diff", clone, BUILDKITE_PULL_REQUEST_BASE_BRANCH="main", FAILS=str(status))
    step.communicate(timeout=300)
    assert step.returncode == status
    assert f"make --silent spec-diff BASE={left} FORMAT=markdown\n" in agent.calls
    assert f"agent annotate --context spec-diff --style {style}\nannotated: changes\n" in agent.calls


def test_commands_are_bash() -> None:
    """Whatever is run is valid bash."""
    for command in (*COMMANDS["buildkite"].values(), *COMMANDS["github"].values()):
        subprocess.run(["bash", "-n", "-c", command], check=True)
