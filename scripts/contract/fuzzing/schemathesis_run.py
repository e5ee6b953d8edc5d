"""Runs schemathesis on an API, in a process of its own, with the hooks of `tests.contract.hooks`."""

import hashlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from buildkite_emulator.spec import Spec
from scripts import ROOT
from scripts.contract.suite import HOOKS
from scripts.contract.target import Target
from scripts.contract.units import CHAINS, FUZZ

BUNDLE = ROOT / "generated" / "buildkite_packages" / "openapi.json"
TRACES, ENDURANCE = "CONTRACT_TRACES", "CONTRACT_ENDURANCE"
"""Environment variables of its process: where it writes how a finding came about, and of which kind of units it is
where the run goes on fuzzing."""

SEEDS = 1000
"""Between the seeds of two rounds, because schemathesis counts up by itself."""

PATIENCE = (5, 20)
"""Seconds that it has to end after Ctrl-C, and after it was told once more."""

SECRET = re.compile(r"[\w.~+/-]{20,}")
"""What may be a token."""
LONGEST = 2000
"""Characters of what schemathesis says that are shown in the end, where it could not run."""
FOUND, CLEAN = 1, 0
"""Exit statuses of schemathesis that mean that it ran."""


def with_aliases(operation_id: str) -> list[str]:
    """List an operation and its aliases, by the operationIds that the spec has for them."""
    operation = Spec.load().operations[operation_id]
    return [operation_id, *operation.alias_ids]


@dataclass(frozen=True)
class Fuzzing:
    """How schemathesis is run.

    Attributes:
        seed: what it makes follows from it.
        max_examples: for each operation; None for as many as ``schemathesis.toml`` says.
        stop_at_first: whether it ends with its first finding.
        results: the file that its findings are written to.
        environment: further environment variables of its process.
        shows: whether what it prints is shown; it may hold secrets of registry tokens.
        chains: how many chains of calls it makes; None for as many as ``schemathesis.toml`` says.
    """

    seed: int
    max_examples: int | None
    stop_at_first: bool
    results: Path
    environment: Mapping[str, str]
    shows: bool = True
    chains: int | None = None

    def run(self, target: Target, phases: str, operations: Sequence[str], *, sent: int) -> bool:
        """Fuzz operations of an API with ``schemathesis run``.

        Args:
            target: the API.
            phases: those of schemathesis, separated by commas.
            operations: operationIds; empty for all.
            sent: how many requests the run has sent before.

        Returns:
            whether it ran to its end, with or without findings.
        """
        arguments = [f"--seed={self.seed}", f"--phases={phases}"]
        if self.max_examples:
            arguments.append(f"--max-examples={self.max_examples}")
        return self._call("run", target, operations, arguments, sent=sent)

    def go_on(  # noqa: PLR0913 - what a round is made of
        self, target: Target, operations: Sequence[str], *, number: int, seconds: int, corpus: Path, sent: int
    ) -> bool:
        """Go on fuzzing operations of an API, one after another, with ``schemathesis fuzz``.

        Args:
            target: the API.
            operations: operationIds; empty for the chains, which are of all.
            number: of the round; the seed follows from it.
            seconds: after which it ends.
            corpus: folder of example databases. There is one for each set of operations, because an example refers to
                an operation by its index.
            sent: how many requests the run has sent before.

        Returns:
            whether it ran to its end, with or without findings.
        """
        digest = hashlib.sha256(" ".join(sorted(operations)).encode()).hexdigest()[:16]
        database = corpus / (f"{FUZZ}-{digest}" if operations else CHAINS)
        arguments = [f"--seed={(self.seed + number * SEEDS) % (1 << 32)}", f"--max-time={seconds}"]
        arguments += [f"--generation-database={database}"]
        # This check records requests of its own, on which `fuzz` of schemathesis 4.32.5 fails: "dictionary changed size
        # during iteration". The run proper has it.
        arguments += ["--exclude-checks=ignored_auth"]
        return self._call(
            "fuzz", target, operations, arguments, sent=sent, more={ENDURANCE: FUZZ if operations else CHAINS}
        )

    def _call(  # noqa: PLR0913 - what a process is made of
        self,
        name: str,
        target: Target,
        operations: Sequence[str],
        arguments: Sequence[str],
        *,
        sent: int,
        more: Mapping[str, str] = MappingProxyType({}),
    ) -> bool:
        command = [sys.executable, "-m", "scripts.contract.fuzzing", *self._configuration(), name, str(BUNDLE)]
        command += [f"--url={target.base_url}", *arguments]
        command += [f"--include-operation-id={name}" for operation in operations for name in with_aliases(operation)]
        if not target.writes:
            command.append("--include-method=GET")
        if self.stop_at_first:
            command.append("--max-failures=1")
        environment = os.environ | {
            "BUILDKITE_API_TOKEN": target.token,
            "BUILDKITE_ORGANIZATION_SLUG": target.organization,
            "BUILDKITE_REST_API_ENDPOINT": target.base_url,
            # With what was sent, for no two of a run's processes may make registries of the same name.
            "CONTRACT_PREFIX": f"{target.prefix} {sent}",
            "CONTRACT_RESULTS": str(self.results),
            "CONTRACT_SENT": str(sent),
            "SCHEMATHESIS_HOOKS": HOOKS,
            "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH")))),
            "PYTHONHASHSEED": "0",
            **self.environment,
            **more,
        }
        out = None if self.shows else subprocess.PIPE
        with subprocess.Popen(command, env=environment, cwd=ROOT, stdout=out, text=True) as process:
            try:
                shown, _ = process.communicate()
            except KeyboardInterrupt:  # of a terminal it has that as well, and writes down what it saw
                for patience in PATIENCE:
                    with suppress(subprocess.TimeoutExpired):
                        process.communicate(timeout=patience)
                        break
                    process.send_signal(signal.SIGINT)
                process.kill()
                raise
        if process.returncode not in (FOUND, CLEAN) and shown:
            print(SECRET.sub("****", shown[-LONGEST:]), file=sys.stderr)
        return process.returncode in (FOUND, CLEAN)

    def _configuration(self) -> list[str]:
        """Write settings with another number of chains, which the command has no option for; gives its arguments."""
        if self.chains is None:
            return []
        text = (ROOT / "schemathesis.toml").read_text(encoding="utf-8")
        head, title, chains = text.partition("[phases.stateful.generation]\n")
        chains = re.sub(r"^max-examples = \d+", f"max-examples = {self.chains}", chains, count=1, flags=re.MULTILINE)
        path = self.results.parent / "schemathesis.toml"
        path.write_text(f"{head}{title}{chains}", encoding="utf-8")
        return [f"--config-file={path}"]
