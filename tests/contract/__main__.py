"""The contract run: ``python -m tests.contract``.

Starts the emulator on a free port, lets schemathesis drive every operation with the settings of ``schemathesis.toml``,
and prints what each operation answered. ``SEED=`` reproduces a run; with ``STORES=postgresql,s3`` the emulator keeps
things there, in servers that run as long as the tests.
"""

import json
import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from buildkite_emulator.spec import Spec
from tests.stores import new_stores

ROOT = Path(__file__).parents[2]
REPORTS = ROOT / "reports"
BUNDLE = ROOT / "generated" / "buildkite_packages" / "openapi.json"
FEWEST_SUCCESSES = 20
"""How often each operation must end well, for the run to mean anything."""


@contextmanager
def emulator(token: str, organization: str, seed: int, *stores: str) -> Iterator[str]:
    """Run the emulator in a process of its own; gives its base URL. Its log goes to ``reports/emulator.log``."""
    command = [sys.executable, "-m", "tests.contract.emulator", token, organization, str(seed), *stores]
    with (REPORTS / "emulator.log").open("w", encoding="utf-8") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, cwd=ROOT)
        try:
            if process.stdout is None or not (url := process.stdout.readline().strip()):
                raise RuntimeError("the emulator did not start; see reports/emulator.log")
            yield url
        finally:
            process.terminate()
            process.wait(timeout=30)


@contextmanager
def stores(kinds: str | None) -> Iterator[list[str]]:
    """Run the stores of a comma-separated pair of kinds; gives their URLs, none where there is no pair."""
    if not kinds:
        yield []
        return
    with tempfile.TemporaryDirectory() as folder, new_stores(*kinds.split(","), folder=Path(folder)) as made:
        yield [made.database, made.blobs]


def fuzz(url: str, token: str, organization: str, seed: int, max_examples: str | None) -> int:
    """Let schemathesis drive the API at a URL; returns its exit status."""
    reports = [f"--report-junit-path={REPORTS / 'junit.xml'}", f"--report-ndjson-path={REPORTS / 'events.ndjson'}"]
    command = [sys.executable, "-m", "schemathesis.cli", "run", str(BUNDLE), f"--url={url}", f"--seed={seed}", *reports]
    if max_examples:
        command.append(f"--max-examples={max_examples}")
    environment = os.environ | {
        "BUILDKITE_API_TOKEN": token,
        "BUILDKITE_ORGANIZATION_SLUG": organization,
        "BUILDKITE_REST_API_ENDPOINT": url,
        "CONTRACT_ANSWERS": str(REPORTS / "answers.json"),
        "SCHEMATHESIS_HOOKS": "tests.contract.hooks",
        "PYTHONPATH": str(ROOT),
        "PYTHONHASHSEED": "0",
    }
    return subprocess.run(command, env=environment, cwd=ROOT, check=False).returncode


def table(answers: dict[str, dict[str, int]]) -> tuple[str, list[str]]:
    """Write how each operation answered.

    Returns:
        the table, and the operations that ended well too rarely.
    """
    operations = Spec.load().operations
    width = max(map(len, operations))
    lines = [f"{'operation':{width}}  calls    2xx    4xx"]
    rare = []
    for operation in operations:
        counts = answers.get(operation, {})
        good, refused = counts.get("2xx", 0), counts.get("4xx", 0)
        lines.append(f"{operation:{width}} {sum(counts.values()):6} {good:6} {refused:6}")
        if good < FEWEST_SUCCESSES:
            rare.append(operation)
    return "\n".join(lines), rare


def main() -> int:
    """Run the contract tests against a fresh emulator.

    Returns:
        0 where nothing was found and every operation was driven; 1 otherwise.
    """
    REPORTS.mkdir(exist_ok=True)
    (REPORTS / "answers.json").write_text("{}", encoding="utf-8")
    seed = int(os.environ.get("SEED") or secrets.randbelow(1 << 32))
    token, organization = f"contract-token-{seed}", "contract"
    with stores(os.environ.get("STORES")) as urls, emulator(token, organization, seed, *urls) as url:
        status = fuzz(url, token, organization, seed, os.environ.get("MAX_EXAMPLES"))
    text, rare = table(json.loads((REPORTS / "answers.json").read_text(encoding="utf-8")))
    print(f"\n{text}\n\nreports: {REPORTS.relative_to(ROOT)}/   reproduce: make contract SEED={seed}")
    if rare:
        print(f"ended well fewer than {FEWEST_SUCCESSES} times: {', '.join(rare)}", file=sys.stderr)
    return 1 if status or rare else 0


if __name__ == "__main__":
    sys.exit(main())
