"""The contract run: ``python -m scripts.contract``.

Starts the emulator on a free port, runs the flows of `tests.contract.flows` against it, lets schemathesis call every
operation with the settings of ``schemathesis.toml``, and reports. ``SEED=`` repeats a run, ``SHARD=2/8`` makes it the
second of eight shares, ``ONLY=`` picks units, ``FUZZ_MINUTES=60`` goes on fuzzing for an hour and keeps in ``CORPUS=``
what the next run begins with. With ``STORES=postgresql,s3`` the emulator stores its data there, in servers that are
started for the run.
"""

import os
import sys
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

from scripts import ROOT
from scripts.contract.emulator import running
from scripts.contract.fuzzing.endurance import read_endurance
from scripts.contract.fuzzing.schemathesis_run import TRACES, Fuzzing
from scripts.contract.rerun import command, new_seed
from scripts.contract.results import Results, read
from scripts.contract.runner import CannotRun, Runner
from scripts.contract.settings import BadSetting, switch, text_of, whole
from scripts.contract.units import all_units, picked, read_shard

FEWEST_SUCCESSES = 20
"""How often each operation must end well, for a whole run to mean anything."""

FOUND = ("*.traces", "test_*.py", "not_replayed_*.py")
"""What a run leaves in ``reports/found/``."""


@contextmanager
def stores(kinds: str | None) -> Iterator[list[str]]:
    """Run the stores of a comma-separated pair of kinds; gives their URLs, none where there is no pair.

    Raises:
        BadSetting: it is no such pair.
    """
    if kinds is None:
        yield []
        return
    if kinds.count(",") != 1:
        raise BadSetting(f"STORES should be two kinds of stores, such as postgresql,s3, and is {kinds!r}")
    from scripts.servers.stores import new_stores  # noqa: PLC0415 - what speaks S3 takes a second to load

    with tempfile.TemporaryDirectory() as folder, new_stores(*kinds.split(","), folder=Path(folder)) as made:
        yield [made.database, made.blobs]


def reports_folder() -> Path:
    """Find where the reports go: ``RESULTS=``, else ``reports/``.

    Raises:
        BadSetting: it is set and empty.
    """
    return Path(text_of(os.environ, "RESULTS", "a folder") or ROOT / "reports")


def rare(path: Path) -> list[str]:
    """List the operations that ended well too rarely, by what a run wrote."""
    counts: dict[str, int] = {}
    for event in read(path):
        for operation, answers in event["answers"].items() if event["event"] == "seen" else ():
            good = sum(count for status, count in answers.items() if status.startswith("2"))
            counts[operation] = counts.get(operation, 0) + good
    return [operation for operation, good in counts.items() if good < FEWEST_SUCCESSES]


def run() -> int:
    """Run the contract tests against a fresh emulator.

    Returns:
        0 where nothing was found; 1 for drift; 2 where it could not run.

    Raises:
        BadSetting: an environment variable cannot be right.
    """
    shard, reports = read_shard(), reports_folder()
    endurance = read_endurance(os.environ, reports)
    given, max_examples = whole(os.environ, "SEED"), whole(os.environ, "MAX_EXAMPLES", 1)
    seed = new_seed(shard, os.environ) if given is None else given
    results = Results(reports / "results" / f"{shard.name}.jsonl")
    results.path.parent.mkdir(parents=True, exist_ok=True)
    for left in results.path.parent.glob("*.jsonl") if shard.count == 1 else [results.path]:
        left.unlink(missing_ok=True)
    stop_at_first = switch(os.environ, "FAIL_FAST")
    found, traces = reports / "found", reports / "found" / f"{shard.name}.traces"
    for left in chain.from_iterable(map(found.glob, FOUND)) if shard.count == 1 else [traces]:
        left.unlink(missing_ok=True)
    environment = {} if stop_at_first else {TRACES: str(traces)}
    fuzzing = Fuzzing(seed, max_examples, stop_at_first, results.path, environment)
    rerun = command("contract", seed, shard, os.environ)
    everything = picked(all_units(), os.environ)
    units = shard.pick(everything)
    with (
        stores(text_of(os.environ, "STORES", "two kinds of stores, such as postgresql,s3")) as urls,
        running(f"contract-token-{seed}", "contract", seed, *urls, log=reports / "emulator.log") as target,
    ):
        minimiser = None
        if not stop_at_first:
            from scripts.contract.replay.minimising import Minimiser  # noqa: PLC0415 - it takes long to load

            minimiser = Minimiser(target, traces, found, results, rerun)
        this = Runner(target, results, fuzzing, stop_at_first=stop_at_first, endurance=endurance, minimiser=minimiser)
        this.begin(shard, units, everything, rerun)
        try:
            this.units(units)
            few = [] if stop_at_first or endurance or len(units) < len(all_units()) else rare(results.path)
            named = f"these operations ended well fewer than {FEWEST_SUCCESSES} times: {', '.join(few)}"
            this.end("error" if few else "complete", named if few else "")
        except CannotRun as error:
            this.end("error", str(error))
        except KeyboardInterrupt:
            this.end("interrupted", "Ctrl-C")
    if stop_at_first and results.findings:
        first = results.findings[0]
        print(f"{first.unit}: {first.check}: expected {first.expected}\n  received {first.received}\n  {first.curl}")
        return 1
    from scripts.contract.report import write_reports  # noqa: PLC0415 - not needed where a run ends with its first finding

    share = results.path.parent if shard.count == 1 else results.path
    verdict = write_reports(share, reports, secrets=[target.token, *target.scoped.values()])
    print(verdict.summary)
    return verdict.status


def main() -> int:
    """Run what the environment says; gives the exit status."""
    try:
        return run()
    except (BadSetting, RuntimeError, OSError) as error:
        print(f"make contract: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("make contract: interrupted", file=sys.stderr)
        return 2
    except Exception:
        traceback.print_exc()
        return 2


if __name__ == "__main__":
    sys.exit(main())
