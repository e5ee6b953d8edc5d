"""The command ``python -m scripts.contract.report``.

Like the run it takes another folder than ``reports/`` from the environment variable ``RESULTS``.
"""

import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from os import environ
from pathlib import Path

from scripts import ROOT
from scripts.contract.report.content import COULD_NOT_RUN
from scripts.contract.report.report import write_reports


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the reports of the last contract run, and print a summary.

    Args:
        arguments: of the command line; those of this process by default.

    Returns:
        the exit status: 0 no drift, 1 drift, 2 could not run, or not as a whole.
    """
    reports = Path(environ.get("RESULTS") or ROOT / "reports")
    parser = ArgumentParser(prog="python -m scripts.contract.report", description="Report on the last contract run.")
    parser.add_argument("--out", type=Path, default=reports, help="folder to write to; by default %(default)s")
    parser.add_argument("--results", type=Path, default=reports / "results", help="folder of the results of the shards")
    chosen = parser.parse_args(arguments)
    secrets = [environ[name] for name in ("BUILDKITE_API_TOKEN",) if environ.get(name)]
    try:
        verdict = write_reports(chosen.results, chosen.out, secrets)
    except OSError as error:
        print(f"The reports cannot be written to {chosen.out}: {error.strerror or error}.", file=sys.stderr)
        return COULD_NOT_RUN
    print(verdict.summary)
    if verdict.status == COULD_NOT_RUN:
        print(verdict.sentence, file=sys.stderr)
    return verdict.status


if __name__ == "__main__":
    sys.exit(main())
