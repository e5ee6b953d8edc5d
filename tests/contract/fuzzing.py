"""Runs schemathesis on an API, in a process of its own, with the hooks of `tests.contract.hooks`."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.contract.target import Target

ROOT = Path(__file__).parents[2]
BUNDLE = ROOT / "generated" / "buildkite_packages" / "openapi.json"
TRAILS, CORPUS, AGAIN = "CONTRACT_TRAILS", "CONTRACT_CORPUS", "CONTRACT_AGAIN"
"""Environment variables of its process: where it writes how a finding came about, where it keeps requests, and whether
it leaves out what the results hold already."""

PATIENCE = 30
"""Seconds that it has to end after Ctrl-C."""

FOUND, CLEAN = 1, 0
"""Exit statuses of schemathesis that mean that it ran."""


@dataclass(frozen=True)
class Fuzzing:
    """How schemathesis is run.

    Attributes:
        seed: what it makes follows from it.
        max_examples: for each operation; None for as many as ``schemathesis.toml`` says.
        stop_at_first: whether it ends with its first finding.
        results: the file that its findings are written to.
        environment: further environment variables of its process.
    """

    seed: int
    max_examples: int | None
    stop_at_first: bool
    results: Path
    environment: Mapping[str, str]

    def run(
        self, target: Target, phases: str, operations: Sequence[str], *, sent: int, arguments: Sequence[str] = ()
    ) -> bool:
        """Fuzz operations of an API.

        Args:
            target: the API.
            phases: those of schemathesis, separated by commas.
            operations: operationIds; empty for all.
            sent: how many requests the run has sent before.
            arguments: further ones of schemathesis' command.

        Returns:
            whether it could run to its end, be it with findings.
        """
        command = [sys.executable, "-m", "schemathesis.cli", "run", str(BUNDLE), f"--url={target.base_url}"]
        command += [f"--seed={self.seed}", f"--phases={phases}", *arguments]
        command += [f"--include-operation-id={operation}" for operation in operations]
        if not target.writes:
            command.append("--include-method=GET")
        if self.max_examples:
            command.append(f"--max-examples={self.max_examples}")
        if self.stop_at_first:
            command.append("--max-failures=1")
        environment = os.environ | {
            "BUILDKITE_API_TOKEN": target.token,
            "BUILDKITE_ORGANIZATION_SLUG": target.organization,
            "BUILDKITE_REST_API_ENDPOINT": target.base_url,
            "CONTRACT_PREFIX": target.prefix,
            "CONTRACT_RESULTS": str(self.results),
            "CONTRACT_SENT": str(sent),
            "SCHEMATHESIS_HOOKS": "tests.contract.hooks",
            "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH")))),
            "PYTHONHASHSEED": "0",
            **self.environment,
        }
        with subprocess.Popen(command, env=environment, cwd=ROOT) as process:
            try:
                return process.wait() in (FOUND, CLEAN)
            except KeyboardInterrupt:  # it was told as well, and writes down what it saw
                with suppress(subprocess.TimeoutExpired):
                    process.wait(PATIENCE)
                process.kill()
                raise
