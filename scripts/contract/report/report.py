"""The writing of a report in all its forms."""

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from tempfile import NamedTemporaryFile

from buildkite_emulator.spec import Spec
from scripts.contract.report import junit, markdown, page, terminal
from scripts.contract.report.content import Verdict, content
from scripts.contract.report.run import merge
from scripts.contract.report.text import cleaner

FORMS = {"index.html": page.render, "report.md": markdown.render, "junit.xml": junit.render}
"""The files of a report."""


def write_reports(results: Path, out: Path, secrets: Collection[str] = ()) -> Verdict:
    """Merge what the shards of a run left, and write the reports.

    Args:
        results: the folder of the shards' files, ``*.jsonl``; or one of them, to report on its share alone.
        out: the folder to write ``index.html``, ``report.md`` and ``junit.xml`` to; it is made where it is missing.
        secrets: what no report may show, whatever the results hold.

    Returns:
        the verdict, with the summary for a terminal. Results that are missing or cannot be read are part of it.

    Raises:
        OSError: the reports cannot be written.
    """
    report = content(merge(results, cleaner(secrets)), Spec.load())
    texts = {name: render(report) for name, render in FORMS.items()}
    out.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        write(out / name, text)
    return replace(report.verdict, summary=terminal.render(report, out))


def write(path: Path, text: str) -> None:
    """Write a file as a whole or not at all."""
    with NamedTemporaryFile("w", encoding="utf-8", newline="\n", dir=path.parent, delete=False) as file:
        written = Path(file.name)
        file.write(text)
    written.chmod(0o644)
    written.replace(path)
