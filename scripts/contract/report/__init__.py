"""Reports of a contract run for people and for CI: ``python -m scripts.contract.report``.

A run leaves a file of JSON lines for each of its shards (``scripts/contract/results.py``). They are merged into one
verdict, and written as a page, as Markdown for a pull request or an annotation, as JUnit, and as a summary for the
terminal.
"""

from scripts.contract.report.content import Verdict
from scripts.contract.report.report import write_reports

__all__ = ["Verdict", "write_reports"]
