"""Plain ``st run`` in the place of a contract run: ``python -m scripts.contract.fuzzing.st_run``.

The drift power compares the contract run with it (``ST_RUN=1``). It is schemathesis' own command line with its default
settings, phases and checks: no configuration file, no hooks, nothing but the bundle, the address of the emulator and an
``Authorization`` header. The emulator is that of a contract run, with the organization that the spec's examples name,
so that these reach something. ``SEED=``, ``RESULTS=``, ``MUTANT=`` and ``MUTANTS=`` mean what they mean
to a contract run, and each failure becomes a finding in ``RESULTS``: one for each operation and title.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from buildkite_emulator.spec import Spec
from scripts.contract.emulator import running
from scripts.contract.fuzzing.schemathesis_run import CLEAN, FOUND
from scripts.contract.results import BUNDLE, Finding, Results
from scripts.contract.target import Target

UNIT = "st run"


def organization() -> str:
    """Give the slug of the organization that the spec's examples name."""
    parameter = Spec.load().document["components"]["parameters"]["OrgSlug"]
    return str(next(iter(parameter["examples"].values()))["value"])


def call(target: Target, seed: int, folder: Path) -> Mapping[str, Any]:
    """Run ``st run``; gives its report as JSON.

    Args:
        target: the API.
        seed: what it makes follows from it.
        folder: an empty folder to run in, outside of any folder with a configuration file.

    Raises:
        RuntimeError: it could not run.
    """
    report = folder / "report.json"
    command = [sys.executable, "-m", "schemathesis.cli", "run", str(BUNDLE), f"--url={target.base_url}"]
    command += ["--header", f"Authorization: Bearer {target.token}", f"--seed={seed}"]
    command += ["--report=json", f"--report-json-path={report}", "--no-color"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SCHEMATHESIS")}
    done = subprocess.run(command, env=environment, cwd=folder, check=False)
    if done.returncode not in (CLEAN, FOUND) or not report.exists():
        raise RuntimeError(f"st run could not run: it ended in {done.returncode}; what it says is above")
    read: Mapping[str, Any] = json.loads(report.read_text(encoding="utf-8"))
    return read


def findings(report: Mapping[str, Any]) -> Iterator[Finding]:
    """Make findings of what ``st run`` reports: one for each failure's title and operation, and for each error."""
    by_label = {f"{each.method} {each.path}": each.id for each in Spec.load().operations.values()}
    requests = report["test_cases"]["generated"]
    for failure in report["failures"]:
        for label in failure["operations"]:
            text = f"{failure['title']}, in {failure['count']} cases of all operations"
            operation = by_label.get(label)
            yield Finding(failure["title"], UNIT, operation, "no failure", text, "#", "", number=requests)
    for error in report["errors"]:
        yield Finding(error["title"], UNIT, None, "no error", error["title"], "#", "", number=requests)


def main() -> int:
    """Run it as the environment says; gives 0 where it reports nothing, 1 for failures, 2 where it could not run."""
    seed, folder = int(os.environ.get("SEED") or 1), Path(os.environ["RESULTS"])
    results = Results(folder / "results" / "1-of-1.jsonl")
    try:
        with (
            tempfile.TemporaryDirectory() as empty,
            running(f"contract-token-{seed}", organization(), seed, log=folder / "emulator.log") as target,
        ):
            report = call(target, seed, Path(empty))
    except (RuntimeError, OSError) as error:
        print(f"make drift-power: {error}", file=sys.stderr)
        return 2
    results.write("unit", name=UNIT, requests=report["test_cases"]["generated"])
    for finding in findings(report):
        results.add(finding)
    return 1 if results.findings else 0


if __name__ == "__main__":
    sys.exit(main())
