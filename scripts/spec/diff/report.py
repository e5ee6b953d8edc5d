"""Writes a comparison down: for a terminal, for a pull request, for machines."""

import json
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from scripts.spec.bundle import format_pointer
from scripts.spec.diff.changes import Change, Level
from scripts.spec.diff.versions import Version

WIDTH = 80
"""Columns of a terminal."""

INDENT = 16
MANY = 4
"""Operations that a heading names; it counts them where there are more."""


@dataclass(frozen=True)
class Comparison:
    """What was found.

    Attributes:
        base: the ref that the spec is compared with.
        before: the version there.
        now: the version in the working tree.
        changes: what differs.
        operations: how many operations there are now.
    """

    base: str
    before: Version
    now: Version
    changes: list[Change]
    operations: int

    @property
    def callers(self) -> int:
        """How many changes break callers."""
        return sum(change.callers for change in self.changes)

    @property
    def servers(self) -> int:
        """How many changes break servers."""
        return sum(change.servers for change in self.changes)

    @property
    def level(self) -> Level | None:
        """How much the greatest change is; None where there is none."""
        return max((change.level for change in self.changes), default=None)

    @property
    def needed(self) -> Version:
        """The least version that may follow."""
        return self.before.after(self.level)

    @property
    def is_taken(self) -> bool:
        """Whether the version is that one or a later one."""
        return self.now >= self.needed

    @property
    def summary(self) -> list[str]:
        """What follows, in lines."""
        if not self.changes:
            return [f"the spec says what it says at {self.base}, version {self.now}"]
        verb = "needed" if self.level is Level.BREAKING else "right"
        standing = f"and taken: info.version is {self.now}" if self.is_taken else f"info.version is {self.now}"
        return [
            f"breaking for callers: {self.callers}, for servers: {self.servers}; changes: {len(self.changes)}",
            f"version step: {self.before} -> {self.needed} {verb}, {standing}",
        ]

    def heading(self, operations: tuple[str, ...]) -> str:
        """Name the operations that a group of changes concerns."""
        if not operations:
            return "the whole spec"
        if len(operations) == self.operations > 1:
            return f"every operation ({self.operations})"
        listed = ", ".join(operations[:MANY])
        return listed if len(operations) <= MANY else f"{listed} and {len(operations) - MANY} more"

    def groups(self) -> dict[tuple[str, ...], list[Change]]:
        """Group the changes by the operations that they concern, those of one operation first; the worst first."""
        grouped: dict[tuple[str, ...], list[Change]] = {}
        order = sorted(self.changes, key=lambda each: (len(each.operations) or self.operations + 1, -each.level))
        for change in order:
            grouped.setdefault(change.operations, []).append(change)
        return grouped


def file_of(change: Change) -> str:
    """Give ``openapi/FILE:LINE`` of a change."""
    return f"{change.place.file.parent.name}/{change.place.file.name}:{change.place.line}"


def sentence(change: Change) -> str:
    """Say what changed, and in which direction."""
    return f"{change.direction}: {change.text}" if change.direction else change.text


def text(found: Comparison) -> str:
    """Write a comparison for a terminal of 80 columns."""
    lines = []
    for operations, changes in found.groups().items():
        lines += ["", *textwrap.wrap(found.heading(operations), WIDTH), f"{'callers':8}{'servers':8}"]
        for change in changes:
            verdict = f"{'breaks' if change.callers else 'ok':8}{'breaks' if change.servers else 'ok':8}"
            was = f" at {found.base}" if change.is_gone else ""
            place = f"{file_of(change)}{was} {format_pointer(change.place.pointer)}"
            lines += textwrap.wrap(
                sentence(change), WIDTH, initial_indent=verdict, subsequent_indent=" " * INDENT, break_on_hyphens=False
            )
            lines += textwrap.wrap(
                place,
                WIDTH,
                initial_indent=" " * INDENT,
                subsequent_indent=" " * (INDENT + 2),
                break_on_hyphens=False,
            )
    return "\n".join([*lines, "", *found.summary]).lstrip("\n") + "\n"


def markdown(found: Comparison) -> str:
    """Write a comparison for a pull request or the annotation of a build."""
    lines = ["## Changes of the spec", "", *found.summary[-1:], ""]
    if found.changes:
        lines = ["## Changes of the spec", "", f"{found.summary[0]}  ", found.summary[1], ""]
    for operations, changes in found.groups().items():
        lines += [f"### {found.heading(operations)}", "", "| callers | servers | change | place |"]
        lines += ["| --- | --- | --- | --- |"]
        for change in changes:
            verdict = ("**breaks**" if breaks else "ok" for breaks in (change.callers, change.servers))
            was = f" at {found.base}" if change.is_gone else ""
            place = f"`{cell(file_of(change))}`{cell(was)} `{cell(format_pointer(change.place.pointer))}`"
            lines.append(f"| {' | '.join(verdict)} | {cell(sentence(change))} | {place} |")
        lines.append("")
    return "\n".join(lines).rstrip("\n") + "\n"


def cell(words: str) -> str:
    """Write text for a cell of a table; what a renderer would take for markup is shown as it is."""
    return " ".join(words.replace("|", "\\|").replace("<", "&lt;").split())


def machine(found: Comparison) -> str:
    """Write a comparison as JSON."""
    return (
        json.dumps(
            {
                "base": found.base,
                "version": {
                    "before": str(found.before),
                    "now": str(found.now),
                    "needed": str(found.needed),
                    "taken": found.is_taken,
                },
                "breaking": {"callers": found.callers, "servers": found.servers},
                "changes": [
                    {
                        "text": change.text,
                        "operations": list(change.operations),
                        "direction": change.direction,
                        "level": change.level.name.lower(),
                        "breaks_callers": change.callers,
                        "breaks_servers": change.servers,
                        "place": file_of(change),
                        "pointer": format_pointer(change.place.pointer),
                        "is_gone": change.is_gone,
                    }
                    for change in found.changes
                ],
            },
            indent=2,
            ensure_ascii=False,
        )
        + "\n"
    )


FORMATS: Mapping[str, Callable[[Comparison], str]] = {"text": text, "markdown": markdown, "json": machine}
"""The forms that a comparison can be written in."""
