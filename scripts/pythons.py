"""Run the tests with each Python of this machine: ``make test-pythons``.

Finds the interpreters on the PATH and those of pyenv, takes one of each version that the project supports, and makes
the targets of `STEPS` with each. The logs and reports of a version are in ``reports/pythons/VERSION/``. ``PYTHONS=``
picks some: ``newest``, or a list of versions, commands and paths: ``PYTHONS="3.12 /opt/python/bin/python3.13"``.
"""

import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from scripts import ROOT

REPORTS = ROOT / "reports" / "pythons"

STEPS = {
    "setup": ["setup"],
    "tests": ["test", "ARGS=tests/client tests/spec"],
    "contract run": ["contract"],
}
"""What is made with each interpreter."""

BOUNDS = {"MAX_EXAMPLES": "20", "SEED": "1"}
"""The settings of the contract run, unless the environment has others."""

PROBE = """\
import platform, sys
path = getattr(sys, "_base_executable", "") or sys.executable  # not of the virtual environment that is active
print(platform.python_implementation(), platform.python_version(), sys.abiflags or "-", path, sep="\\n")
"""
NAME = re.compile(r"python(3(\.\d+)?)?")
SHOWN = 40
"""Lines of the log that are printed where a step fails."""


class Interpreter(NamedTuple):
    """A Python of this machine."""

    version: str
    command: str

    @property
    def order(self) -> tuple[int, ...]:
        """What sorts versions by age; a release candidate is as old as its release."""
        return tuple(map(int, re.findall(r"\d+", self.version)[:3]))


class CannotRun(Exception):
    """Why nothing was run, as a sentence."""


def supported() -> list[str]:
    """Read the versions that the project supports, such as ``3.11``, out of its classifiers."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found = (re.fullmatch(r"Programming Language :: Python :: (3\.\d+)", each) for each in project["classifiers"])
    return [each[1] for each in found if each]


def probe(command: str) -> Interpreter | None:
    """Ask a command for its version; None where it is no CPython that the project supports."""
    try:
        done = subprocess.run([command, "-c", PROBE], capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    match done.stdout.splitlines():
        case ["CPython", str(version), "-", str(path)] if ".".join(version.split(".")[:2]) in supported():
            return Interpreter(version, path)
    return None  # also where it is pyenv's shim of a version that is not chosen, or a free-threaded build


def candidates(environment: Mapping[str, str]) -> Iterable[str]:
    """List what may be an interpreter: on the PATH, and of pyenv."""
    for folder in filter(None, environment.get("PATH", "").split(os.pathsep)):
        yield from (str(path) for path in sorted(Path(folder).glob("python*")) if NAME.fullmatch(path.name))
    root = environment.get("PYENV_ROOT") or Path(environment.get("HOME") or Path.home()) / ".pyenv"
    yield from (str(path) for path in sorted(Path(root).glob("versions/*/bin/python3")))


def find(environment: Mapping[str, str]) -> list[Interpreter]:
    """Find one interpreter of each version, the oldest first; of several, the first on the PATH."""
    found: dict[str, Interpreter] = {}
    for command in candidates(environment):
        if interpreter := probe(command):
            found.setdefault(interpreter.version, interpreter)
    return sorted(found.values(), key=lambda each: each.order)


def pick(wanted: str, environment: Mapping[str, str]) -> list[Interpreter]:
    """Pick interpreters.

    Args:
        wanted: ``newest``, or versions, commands and paths with spaces or commas between them; empty for all.
        environment: where they are looked for.

    Raises:
        CannotRun: there are none, or one of those is missing or not supported.
    """
    known = find(environment)
    versions = f"the project supports {', '.join(supported())}"
    picked: dict[str, Interpreter] = {}
    for name in re.split(r"[\s,]+", wanted.strip()) if wanted.strip() else []:
        if name == "newest":
            matching = known[-1:]
        elif (command := shutil.which(name, path=environment.get("PATH"))) and (interpreter := probe(command)):
            matching = [interpreter]
        else:
            version = name.removeprefix("python")
            matching = [each for each in known if f"{each.version}.".startswith(f"{version}.")]
        if not matching:
            raise CannotRun(f"PYTHONS names {name}, and there is no such CPython; {versions}")
        picked |= {each.version: each for each in matching}
    if not (picked or known):
        raise CannotRun(f"no CPython was found on the PATH or of pyenv; {versions}")
    return sorted(picked.values(), key=lambda each: each.order) if picked else known


def run(interpreter: Interpreter, environment: Mapping[str, str], tell: Callable[[str], object]) -> bool:
    """Make all steps with an interpreter, up to the first that fails; gives whether none did."""
    folder = REPORTS / interpreter.version
    folder.mkdir(parents=True, exist_ok=True)
    # Without what `make` hands on to the `make` within it, such as PYTHON=.
    inherited = {name: value for name, value in environment.items() if name not in {"MAKEFLAGS", "MFLAGS", "MAKELEVEL"}}
    settings = BOUNDS | inherited | {"RESULTS": str(folder)}
    begun = time.monotonic()
    for step, targets in STEPS.items():
        log = folder / f"{step.replace(' ', '-')}.log"
        with log.open("wb") as file:
            command = ["make", f"PYTHON={interpreter.command}", *targets]
            done = subprocess.run(
                command, cwd=ROOT, env=settings, stdin=subprocess.DEVNULL, stdout=file, stderr=file, check=False
            )
        if done.returncode:
            tell("".join(log.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True)[-SHOWN:]))
            tell(f"Python {interpreter.version}: {step} failed, see {log} ({interpreter.command})")
            return False
    tell(f"Python {interpreter.version}: {', '.join(STEPS)} passed in {time.monotonic() - begun:.0f} s")
    return True


def main(environment: Mapping[str, str] = os.environ) -> int:
    """Run the tests with the interpreters that the environment picks.

    Returns:
        0 where all pass, 1 where one fails, 2 where nothing could be run.
    """
    try:
        chosen = pick(environment.get("PYTHONS", ""), environment)
    except CannotRun as error:
        print(f"make test-pythons: {error}", file=sys.stderr)
        return 2
    names = ", ".join(f"{each.version} ({each.command})" for each in chosen)
    print(f"Python {names}; this may take minutes for each", flush=True)
    try:
        passed = [run(each, environment, lambda line: print(line, flush=True)) for each in chosen]
    except KeyboardInterrupt:
        print("make test-pythons: interrupted", file=sys.stderr)
        return 2
    return 0 if all(passed) else 1


if __name__ == "__main__":
    sys.exit(main())
