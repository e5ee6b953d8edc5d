"""What the commands of contract runs do where they cannot run."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from scripts import ROOT
from scripts.contract.__main__ import main
from scripts.contract.live.settings import BadLiveSetting, read_settings
from scripts.contract.mutants import MutantsError, load
from scripts.contract.mutants.declaring import pick
from scripts.contract.settings import BadSetting
from scripts.contract.target import Target
from scripts.contract.units import all_units, picked

LIVE = {
    "BUILDKITE_API_TOKEN": "access-token-0123456789",
    "BUILDKITE_ORGANIZATION_SLUG": "my-org",
    "BUILDKITE_REST_API_ENDPOINT": "http://127.0.0.1:9",
}


@pytest.mark.slow
@pytest.mark.parametrize(
    "module", ["scripts.contract", "scripts.contract.live.__main__", "scripts.contract.live.cleanup_command"]
)
def test_reports_that_cannot_be_written_are_no_drift(module: str, tmp_path: Path) -> None:
    """Where a folder cannot be made the exit status is 2, and a sentence names the folder."""
    occupied = tmp_path / "reports"
    occupied.write_text("a file")
    done = run(module, {"RESULTS": str(occupied), **(LIVE if module != "scripts.contract" else {})})
    assert done.returncode == 2
    assert str(occupied) in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("name", ["SEED", "STORES", "ONLY", "SHARD", "MAX_EXAMPLES"])
def test_a_setting_that_cannot_be_is_no_drift(name: str, tmp_path: Path) -> None:
    """A setting that makes no sense gives the exit status 2, and a sentence that names it."""
    done = run("scripts.contract", {"RESULTS": str(tmp_path), name: "nonsense"})
    assert done.returncode == 2
    assert f"{name} should" in done.stderr
    assert "Traceback" not in done.stderr


WRONG = {
    "MAX_EXAMPLES": ("0", "-1", "1.5", "", " ", "\u0663"),
    "SEED": ("-1", "1e3", ""),
    "SHARD": ("9/8", "0/8", ""),
    "FUZZ_MINUTES": ("0", "0.0", "-1", "nan", "inf", ""),
    "FAIL_FAST": ("yes", "2", ""),
    "STORES": ("postgresql", ""),
    "ONLY": ("nope", ",", ""),
    "RESULTS": ("",),
}
SETTINGS = [(name, text) for name, texts in WRONG.items() for text in texts]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "text"), SETTINGS)
def test_a_wrong_setting_is_refused_by_name(
    name: str, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A value of a setting that cannot be right, be it empty, gives 2, with its name and what would be right."""
    for each in WRONG:
        monkeypatch.delenv(each, raising=False)
    monkeypatch.setenv("RESULTS", str(tmp_path))
    monkeypatch.setenv(name, text)
    assert main() == 2
    assert capsys.readouterr().err.startswith(f"make contract: {name} should ")
    assert not (tmp_path / "results").exists() or not list((tmp_path / "results").iterdir())


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        *(("RATE", text, f"'{text}'; it should be .*") for text in ("0", "-1", "nan")),
        *((name, "", "set and empty; give it a value, or do not set it") for name in ("RATE", "SEED")),
        ("MAX_EXAMPLES", "0", "'0'; it should be a whole number from 1"),
    ],
)
def test_a_wrong_setting_of_a_live_run_is_refused_by_name(name: str, text: str, fault: str) -> None:
    """The same holds of the settings of a live run."""
    with pytest.raises(BadLiveSetting, match=f"^{name} is {fault}$"):
        read_settings({**LIVE, name: text})


def test_a_name_that_is_not_known_is_compared_with_those_that_are() -> None:
    """ONLY suggests the units, and the mutants, whose names are like the one that it names."""
    target = Target("emulator", "http://127.0.0.1:9", "contract", "token")
    with pytest.raises(BadSetting, match="'flow registry_is_delted' is like 'flow registry_is_deleted'"):
        picked(all_units(target), {"ONLY": "flow registry_is_delted"})
    with pytest.raises(BadSetting, match=r"'get_package' is like .*'fuzz get_package'"):
        picked(all_units(target), {"ONLY": "get_package"})
    with pytest.raises(MutantsError, match="no mutant delete_package_keep_it; there are delete_package_keeps_it"):
        pick(load(), "delete_package_keep_it")


def run(module: str, variables: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
    """Run a command with these variables."""
    command = [sys.executable, "-m", module]
    return subprocess.run(
        command, env={**os.environ, **variables}, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300
    )
