"""A report as Markdown, for a pull request's comment or a build's annotation.

What came from outside stands in code spans and code blocks alone, which end where we say and which mean nothing: no
element, link, mention or row of a table is made of it.
"""

import re

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from scripts.contract.report.content import Report
from scripts.contract.report.page import TEMPLATES
from scripts.contract.report.text import cut

MOST_CHARACTERS = 65_536
"""Of a comment on GitHub. An annotation of Buildkite may have 1 MiB, which is more, whatever the characters."""
RESERVE = 2_000
"""Characters for what is written after the findings."""
LONGEST_VALUE = 1_500
LONGEST_COMMAND = 4_000


def render(report: Report) -> str:
    """Write the verdict, the operations, and as many findings as a comment can hold.

    Args:
        report: what to say.
    """
    environment = Environment(  # noqa: S701 - of what is not HTML; `span` and `fence` are what keeps text in its place
        loader=FileSystemLoader(TEMPLATES), trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined
    )
    environment.filters |= {"span": span, "fence": fence, "cut": cut}
    environment.globals |= {"longest_value": LONGEST_VALUE, "longest_command": LONGEST_COMMAND}
    finding = environment.get_template("finding.md.jinja")
    whole = environment.get_template("report.md.jinja")
    room = MOST_CHARACTERS - RESERVE - len(whole.render(report=report, findings=[]))
    findings: list[str] = []
    for group in report.groups:
        text = finding.render(group=group)
        room -= len(text)
        if room < 0:
            break
        findings.append(text)
    return cut_off(whole.render(report=report, findings=findings))


def cut_off(text: str) -> str:
    """Keep a text below the limit, come what may."""
    if len(text) <= MOST_CHARACTERS:
        return text
    return text[: MOST_CHARACTERS - 100] + "\n\nThe rest is too long to be shown here.\n"


def span(value: object) -> str:
    """Write a text as a code span, on one line and fit for the cell of a table."""
    text = " ".join(str(value).split())
    if not text:
        return ""
    ticks = "`" * (longest_run(text) + 1)
    space = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{ticks}{space}{text}{space}{ticks}".replace("|", "\\|")


def fence(value: object, language: str = "") -> str:
    """Write a text as a code block."""
    text = str(value)
    ticks = "`" * max(3, longest_run(text) + 1)
    return f"{ticks}{language}\n{text}\n{ticks}"


def longest_run(text: str) -> int:
    """Count the backticks of the longest run of them."""
    return max((len(run) for run in re.findall("`+", text)), default=0)
