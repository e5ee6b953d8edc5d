"""The command ``python -m scripts.report``."""

import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from os import environ
from pathlib import Path

from scripts.bundle import ROOT
from scripts.report.content import COULD_NOT_RUN
from scripts.report.report import write_reports

REPORTS = ROOT / "reports"


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the reports of the last contract run, and print a summary.

    Args:
        arguments: of the command line; those of this process by default.

    Returns:
        the exit status: 0 no drift, 1 drift, 2 could not run, or not as a whole.
    """
    parser = ArgumentParser(prog="python -m scripts.report", description="Report on the last contract run.")
    parser.add_argument(
        "--results", type=Path, default=REPORTS / "results", help="folder of the results of the run's shards"
    )
    parser.add_argument("--out", type=Path, default=REPORTS, help="folder to write the reports to")
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
