"""The time that importing the client takes, against that of importing httpx."""

import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from scripts import ROOT
from scripts.bench.ratios import Ratio, in_turns

STATEMENTS = ("import buildkite_packages", "from buildkite_packages import PackageRegistries")
HTTPX = "import httpx"
ROUNDS = 30
WARM_UP = 2  # compiles, and fills the system's cache of files
AT_MOST = 1.25

TIMED = """
import sys, time
sys.path.insert(0, sys.argv[1])
started = time.perf_counter()
exec(sys.argv[2])
print(time.perf_counter() - started)
"""


def measure(folder: Path) -> Iterator[Ratio]:
    """Measure imports, each in a new interpreter that has imported nothing.

    Args:
        folder: an existing, empty folder to work in.
    """
    for statement in STATEMENTS:
        one, other = partial(run, statement, folder), partial(run, HTTPX, folder)
        pairs = in_turns(WARM_UP + ROUNDS, one, other)[WARM_UP:]
        yield Ratio(statement, HTTPX, pairs, "seconds", at_most=AT_MOST)


def run(statement: str, folder: Path) -> float:
    """Run a statement in a new interpreter; returns the seconds that it took."""
    command = [sys.executable, "-I", "-c", TIMED, str(ROOT / "generated"), statement]
    finished = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return float(finished.stdout)
