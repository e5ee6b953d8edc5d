"""Several Pythons: each has its own environment, and `make test-pythons` finds them and tests with each."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import ROOT, pythons

MAKE = """\
#!/bin/sh
echo "$*" >> {log}
echo "this is $*, the results go to $RESULTS, $MAX_EXAMPLES examples"
case "$*" in *{fails}*) exit 2;; esac
"""


def interpreter(path: Path, version: str, implementation: str = "CPython", flags: str = "-") -> Path:
    """Make a command that says that it is a Python of a version."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\nprintf '%s\\n' {implementation} {version} {flags} {path}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Give the environment of a machine with several Pythons, some of pyenv, whose `make` only logs its calls."""
    first, second, home = tmp_path / "first", tmp_path / "second", tmp_path / "home"
    interpreter(first / "python3.11", "3.11.2")
    interpreter(first / "python3.12-config", "3.12.9")
    interpreter(first / "python3.10", "3.10.1")
    interpreter(first / "python3", "3.13.0t", flags="t")
    interpreter(first / "python3.14", "3.14.0rc2")
    interpreter(second / "python3", "3.11.2")
    interpreter(second / "python", "3.11.10", implementation="PyPy")
    interpreter(home / ".pyenv" / "versions" / "3.12.1" / "bin" / "python3", "3.12.1")
    interpreter(home / ".pyenv" / "versions" / "3.11.10" / "bin" / "python3", "3.11.10")
    (second / "python3.13").write_text("#!/bin/sh\nexit 127\n", encoding="utf-8")
    (second / "python3.13").chmod(0o755)
    make = first / "make"
    make.write_text(MAKE.format(log=tmp_path / "calls", fails="3.12.1*contract"), encoding="utf-8")
    make.chmod(0o755)
    monkeypatch.setattr(pythons, "REPORTS", tmp_path / "reports")
    monkeypatch.setenv("PATH", f"{first}:/usr/bin:/bin")  # subprocess looks for `make` there
    return {"PATH": f"{first}:{tmp_path / 'missing'}:{second}:/usr/bin:/bin", "HOME": str(home)} | {
        "MAKEFLAGS": "PYTHON=other",
    }


def only_those(machine: dict[str, str]) -> dict[str, str]:
    """Leave the real interpreters of this machine out; the scripts still find their shell, which is absolute."""
    return machine | {"PATH": machine["PATH"].removesuffix(":/usr/bin:/bin")}


@pytest.mark.slow
def test_each_version_is_found_once(machine: dict[str, str], tmp_path: Path) -> None:
    """Of each supported version the first on the PATH is taken, then pyenv's, from the oldest to the newest."""
    found = pythons.find(only_those(machine))
    assert [each.version for each in found] == ["3.11.2", "3.11.10", "3.12.1", "3.14.0rc2"]
    assert found[0].command == str(tmp_path / "first" / "python3.11")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("wanted", "versions"),
    [
        ("", ["3.11.2", "3.11.10", "3.12.1", "3.14.0rc2"]),
        ("newest", ["3.14.0rc2"]),
        ("3.11", ["3.11.2", "3.11.10"]),
        (" 3.12.1,3.11.2 ", ["3.11.2", "3.12.1"]),
        ("python3.11 python3.12", ["3.11.2", "3.12.1"]),
    ],
)
def test_pythons_are_picked(machine: dict[str, str], wanted: str, versions: list[str]) -> None:
    """`PYTHONS=` names versions, whole or not, commands, or the newest one; a command on the PATH is that alone."""
    assert [each.version for each in pythons.pick(wanted, only_those(machine))] == versions


@pytest.mark.slow
@pytest.mark.parametrize("wanted", ["3.1", "3.13", "python3.13", "3.10", "nope", "/bin/sh", "3.11 nope"])
def test_a_python_that_is_missing_is_named(
    machine: dict[str, str], capsys: pytest.CaptureFixture[str], wanted: str
) -> None:
    """What is not there, or not supported, is an error, and nothing runs."""
    assert pythons.main(only_those(machine) | {"PYTHONS": wanted}) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    missing = wanted.removeprefix("3.11 ")
    assert f"PYTHONS names {missing}, and there is no such CPython; the project supports 3.11" in printed.err


def test_no_python_at_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without any interpreter nothing passes."""
    assert pythons.main({"PATH": str(tmp_path), "HOME": str(tmp_path)}) == 2
    assert "no CPython was found" in capsys.readouterr().err


@pytest.mark.slow
def test_every_python_is_tried_and_a_failure_is_shown(
    machine: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each has its line; where a step fails the end of its log is printed, and the command fails after the others."""
    assert pythons.main(machine | {"PYTHONS": "3.11.2 3.12.1 3.14.0rc2"}) == 1
    lines = capsys.readouterr().out.splitlines()
    results = [line for line in lines if line.startswith("Python ")][1:]
    assert re.fullmatch(r"Python 3\.11\.2: setup, tests, contract run passed in \d+ s", results[0])
    assert results[1].startswith("Python 3.12.1: contract run failed, see ")
    assert results[2].startswith("Python 3.14.0rc2: setup, tests, contract run passed")
    shown = next(line for line in lines if line.startswith("this is PYTHON="))
    assert shown.endswith(f"3.12.1/bin/python3 contract, the results go to {tmp_path}/reports/3.12.1, 20 examples")
    calls = (tmp_path / "calls").read_text(encoding="utf-8").splitlines()
    assert calls[:3] == [
        f"PYTHON={tmp_path}/first/python3.11 {targets}"
        for targets in ("setup", "test ARGS=tests/client tests/spec", "contract")
    ]
    assert len(calls) == 9
    assert pythons.main(machine | {"PYTHONS": "3.11.2"}) == 0


def made(python: str, *settings: str) -> str:
    """Give what `make test` would run with a Python."""
    make = shutil.which("make")
    assert make
    done = subprocess.run(
        [make, "--dry-run", "test", f"PYTHON={python}", *settings],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if not name.startswith("MAKE")},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


@pytest.mark.slow
def test_each_interpreter_has_its_own_folder(tmp_path: Path) -> None:
    """The folder is named by the version; another interpreter of the same version is installed anew there."""
    version = ".".join(map(str, sys.version_info[:3]))
    assert f".venv/{version}/bin/python -m pytest" in made(sys.executable)
    fake = tmp_path / "python"
    stamps = []
    for build in ("1", "2"):
        fake.write_text(f"#!/bin/sh\necho 3.99.0t {build}\n", encoding="utf-8")
        fake.chmod(0o755)
        shown = made(str(fake))
        assert f"{fake} -m venv --clear .venv/3.99.0t\n" in shown
        assert ".venv/3.99.0t/bin/python -m pytest" in shown
        stamps += re.findall(r"touch (\.venv/\S+)", shown)
    assert stamps == [".venv/3.99.0t/.installed-1", ".venv/3.99.0t/.installed-2"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("script", "said"),
    [
        (None, "python is missing; install Python 3.11 or later, or set PYTHON="),
        ("exit 1", "python is not Python 3.11 or later; set PYTHON= to one that is"),
    ],
)
def test_an_interpreter_that_cannot_be_used_is_named(tmp_path: Path, script: str | None, said: str) -> None:
    """Where the Python is missing or too old, make says what to do, and makes no folder."""
    fake = tmp_path / "python"
    if script:
        fake.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        fake.chmod(0o755)
    done = subprocess.run(["make", "setup", f"PYTHON={fake}"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert said in done.stderr
    assert not (ROOT / ".venv" / "none").exists()


@pytest.mark.slow
@pytest.mark.parametrize("names", [["python3.11", "python3"], ["python3"], ["python3.10", "python3.13"]])
def test_the_default_is_what_is_there(tmp_path: Path, names: list[str]) -> None:
    """Without PYTHON= the default is python3.11, or else another that is new enough."""
    for name in names:
        (tmp_path / name).symlink_to(sys.executable)
    make = shutil.which("make")
    assert make
    environment = {"PATH": str(tmp_path)}
    done = subprocess.run(
        [make, "--dry-run", "vendor"], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    wanted = next(name for name in names if name != "python3.10")
    assert f"{wanted} -m scripts.client.vendor" in done.stdout
