"""The summary of a report for a terminal."""

import re
from pathlib import Path
from textwrap import wrap

from scripts.contract.report.content import Report
from scripts.contract.report.text import amount

WIDTH = 80
MOST_FINDINGS = 10
MOST_NOTICES = 10
MOST_LINES = 4
"""Lines of what was expected or received."""


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
    lines += notices(report)
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


def notices(report: Report) -> list[str]:
    """Write what the API announces as lines."""
    if not report.notices:
        return []
    lines = ["", f"The API announces ({amount(len(report.notices), 'notice')}, no finding):"]
    for each in report.notices[:MOST_NOTICES]:
        lines += wrap(str(each), WIDTH, initial_indent="  ", subsequent_indent="    ")
    if len(report.notices) > MOST_NOTICES:
        lines.append(f"  and {amount(len(report.notices) - MOST_NOTICES, 'more notice')} in the report")
    return lines


def short(label: str, text: str) -> list[str]:
    """Write the beginning of a text in a few lines, in which no space is lost."""
    width = WIDTH - len(label)
    rest, lines = re.sub(r"[\r\n\t]+", " ", text), list[str]()
    while rest and len(lines) < MOST_LINES:
        end = breaking(rest, width)
        lines.append(rest[:end])
        rest = rest[end:].removeprefix(" ") if is_plain(rest, end) else rest[end:]
    if rest:
        lines[-1] = f"{lines[-1][: width - 2]} …"
    return [(label if number == 0 else " " * len(label)) + line for number, line in enumerate(lines)]


def breaking(text: str, width: int) -> int:
    """Find where a line ends: at a single space outside of quotes, else between two characters that are no spaces."""
    if len(text) <= width:
        return len(text)
    for end in range(width, width // 2, -1):
        if is_plain(text, end):
            return end
    for end in range(width, width // 2, -1):
        if text[end - 1] != " " and text[end] != " ":
            return end
    return width


def is_plain(text: str, place: int) -> bool:
    """Tell whether a single space stands at a place, outside of quotes."""
    is_single = text[place : place + 1] == " " and text[place - 1] != " " and text[place + 1 : place + 2] != " "
    return is_single and text.count('"', 0, place) % 2 == 0
