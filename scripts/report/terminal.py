"""The summary of a report for a terminal."""

from pathlib import Path
from textwrap import wrap

from scripts.report.content import Report
from scripts.report.text import amount

WIDTH = 80
MOST_FINDINGS = 10


def render(report: Report, out: Path) -> str:
    """Write the summary: verdict, operations, findings and where the reports are, at most 80 columns wide.

    Args:
        report: what to say.
        out: the folder of the reports; its name may make a line longer than that.
    """
    verdict = report.verdict
    lines = wrap(verdict.sentence, WIDTH)
    for reason in verdict.reasons:
        lines += wrap(reason, WIDTH, initial_indent="- ", subsequent_indent="  ")
    if report.run.head:
        lines += ["", *table(report)]
    if report.groups:
        lines.append("")
    for group in report.groups[:MOST_FINDINGS]:
        finding = group.finding
        times = f" ({group.count} times)" if group.count > 1 else ""
        title = f"{group.number}. {group.operation}: {finding.check}{times}, likely {group.culprit.name}"
        lines += wrap(title, WIDTH, subsequent_indent="   ")
        lines += short("   expected ", finding.expected)
        lines += short("   received ", finding.received)
        if str(group.place):
            lines.append(f"   {group.place}")
        if group.case:
            lines.append(f"   found/{group.case}")
    if len(report.groups) > MOST_FINDINGS:
        lines.append(f"and {amount(len(report.groups) - MOST_FINDINGS, 'more finding')} in the report")
    seen = ", ".join(f"{each.title.lower()} {each.seen}/{each.total}" for each in report.dimensions)
    if report.run.head:
        lines += ["", *wrap(f"Seen of the spec: {seen}", WIDTH, subsequent_indent="  ")]
    lines += [f"Report: {out / 'index.html'}"]
    lines += [f"Again:  {command}" for command in report.run.commands[:1]]
    return "\n".join(lines)


def table(report: Report) -> list[str]:
    """Write what each operation came to as lines."""
    width = max(len(row.operation) for row in report.rows)
    head = f"{'operation':{width}}  {'calls':>7} {'2xx':>7} {'4xx':>7} {'findings':>9}"
    return [head] + [
        f"{row.operation:{width}}  {row.calls:7} {row.successes:7} {row.refusals:7} {row.findings or '-':>9}"
        for row in report.rows
    ]


def short(label: str, text: str) -> list[str]:
    """Write the beginning of a text in at most two lines."""
    return wrap(text, WIDTH, initial_indent=label, subsequent_indent=" " * len(label), max_lines=2, placeholder=" …")
