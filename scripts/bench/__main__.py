"""Runs the benchmarks, prints a table, and writes it and what was measured to `reports/`.

It ends with status 1 where a ratio misses its bound.
"""

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from scripts import ROOT
from scripts.bench import imports, large_file, long_list, parsing, requests_per_second
from scripts.bench.ratios import Ratio, table

BENCHMARKS: Mapping[str, Callable[[Path], Iterable[Ratio]]] = {
    "requests": requests_per_second.measure,
    "large-file": large_file.measure,
    "long-list": long_list.measure,
    "parsing": parsing.measure,
    "imports": imports.measure,
}
"""By name, what measures: it takes an empty folder to work in, which is deleted afterwards."""

REPORTS = ROOT / "reports"


def main() -> int:
    """Run those that the command line names, or all."""
    parser = argparse.ArgumentParser(prog="make bench", description="Compares speeds.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(BENCHMARKS)} (default: all)")
    names = parser.parse_args().names or list(BENCHMARKS)
    if unknown := [name for name in names if name not in BENCHMARKS]:
        parser.error(f"unknown: {', '.join(unknown)}; there is {', '.join(BENCHMARKS)}")
    ratios = []
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            for ratio in BENCHMARKS[name](Path(folder)):
                print(f"{ratio.what}: {ratio.value:.2f}", file=sys.stderr, flush=True)
                ratios.append(ratio)
    REPORTS.mkdir(exist_ok=True)
    (REPORTS / "bench.md").write_text(table(ratios) + "\n", encoding="utf-8")
    machine = {"processors": os.cpu_count(), "system": platform.system(), "python": platform.python_version()}
    report = {"machine": machine, "ratios": [ratio.as_json() for ratio in ratios]}
    (REPORTS / "bench.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    print(table(ratios))
    return 0 if all(ratio.is_met for ratio in ratios) else 1


if __name__ == "__main__":
    sys.exit(main())
