"""Objects and lists of them, as a person reads them on a terminal and as a program reads them from a pipe."""

import sys
from collections.abc import Iterable
from typing import Any

import click

from . import text
from .description import SCALARS, Json, kinds, properties

LEAST_WIDTH = 12
"""Characters that a column of free text needs at least, or as many as it has."""

GAP = 2


def columns(schema: Json, key: str) -> list[str]:
    """Choose the columns of a list: what identifies an item, then its short properties, then IDs and times.

    Args:
        schema: of an item.
        key: the property that identifies it.
    """
    short = [
        name
        for name, each in properties(schema).items()
        if kinds(each) and kinds(each) - {"null"} <= SCALARS
        if each.get("format") not in {"uri", "password"} and "x-graphql-type" not in each
    ]
    required = schema.get("required", [])

    def order(name: str) -> tuple[bool, bool, bool]:
        each = properties(schema)[name]
        optional = "null" in kinds(each) and kinds(each) != {"null"} and name not in required
        return name != key, each.get("format") in {"uuid", "date-time", "date"}, optional

    return sorted(short, key=order)


def show(value: Any) -> None:
    """Print an object: a line for each property, names of those inside others with dots."""
    rows = list(text.flattened(value))
    if not text.is_terminal(sys.stdout):
        for name, each in rows:
            text.say(f"{text.safe(name)}\t{text.cell(each)}")
        return
    width = max((len(text.safe(name)) for name, _ in rows), default=0)
    for name, each in rows:
        lines = each.splitlines() if isinstance(each, str) else [text.cell(each)]
        shown = f"\n{' ' * (width + GAP)}".join(map(text.safe, lines))
        text.say(f"{click.style(text.safe(name).ljust(width), bold=True)}{' ' * GAP}{shown}".rstrip())


def table(items: Iterable[Json], names: list[str]) -> None:
    """Print a list: a table on a terminal; else a line for each item as it comes, with tabs between the columns."""
    if not text.is_terminal(sys.stdout):
        for item in items:
            text.say("\t".join(text.cell(item.get(name)) for name in names))
        return
    from rich.console import Console  # noqa: PLC0415 - slow to import
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    rows = [[Text(text.cell(item.get(name))) for name in names] for item in items]
    if not rows:
        text.tell("There are none.")
        return
    console = Console(highlight=False, markup=False, emoji=False, soft_wrap=False)
    natural = [max(len(name), *(row[index].cell_len for row in rows)) for index, name in enumerate(names)]
    widths = fitting(natural, console.width)
    console.width = max(console.width, widths[0])  # what identifies an item is never cut
    shown = Table(box=None, padding=(0, GAP, 0, 0), pad_edge=False)
    for name, width in zip(names, widths, strict=False):
        shown.add_column(Text(name.replace("_", " ")), width=width, no_wrap=True, overflow="ellipsis")
    for row in rows:
        shown.add_row(*row[: len(widths)])
    console.print(shown)


def fitting(natural: list[int], width: int) -> list[int]:
    """Choose how wide the first columns are, as many as fit, the very first one in full.

    Args:
        natural: how wide they would like to be.
        width: how wide all of them may be, with the gaps between.
    """
    chosen = natural[:1]
    for each in natural[1:]:
        least = min(each, LEAST_WIDTH)
        if sum(chosen) + least + GAP * len(chosen) > width:
            break
        chosen.append(least)
    spare = width - sum(chosen) - GAP * (len(chosen) - 1)
    for index, each in enumerate(natural[: len(chosen)]):
        more = min(max(spare, 0), each - chosen[index])
        chosen[index] += more
        spare -= more
    return chosen
