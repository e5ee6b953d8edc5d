"""Objects and lists of them, as a person reads them on a terminal and as a program reads them from a pipe."""

import sys
from collections.abc import Iterable
from typing import Any

import click

from ..openapi import Json
from . import text
from .description import SCALARS, kinds, properties

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


def table(items: Iterable[Json], schema: Json, key: str) -> None:
    """Print a list: a table on a terminal; else a line for each item as it comes, with tabs between the columns.

    On a terminal an ID stands behind what people know an item by, and in a line of its own where it is narrow. Free
    text is cut where there is no room for it; other columns are there as a whole or not at all.

    Args:
        items: what to print.
        schema: of an item.
        key: the property that identifies it.
    """
    from ..http.parsing import member  # noqa: PLC0415 - slow to import

    names = columns(schema, key)
    if not text.is_terminal(sys.stdout):
        for item in items:
            text.say("\t".join(text.cell(member(item, name)) for name in names))
        return
    from rich.cells import cell_len  # noqa: PLC0415 - slow to import
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    rows = [{name: text.cell(member(item, name)) for name in names} for item in items]
    if not rows:
        text.tell("There are none.")
        return
    console = Console(highlight=False, markup=False, emoji=False, soft_wrap=False)
    names = [name for name in names if name == key or any(row[name] for row in rows)]
    natural = {name: max(len(name), *(cell_len(row[name]) for row in rows)) for name in names}
    whole = {key, *(name for name in names if "format" in properties(schema)[name])}
    least = {name: width if name in whole else min(width, LEAST_WIDTH) for name, width in natural.items()}
    kept = fitting(least, console.width)
    free = [name for name in names if name not in whole]
    is_id = "format" in properties(schema).get(key, {})
    if is_id and not set(free) <= set(kept):
        for row in rows:
            words = (" " * GAP).join(row[name] for name in free if row[name])
            console.print(Text(words, style="bold"), no_wrap=True, overflow="ellipsis")
            text.say(f"{' ' * GAP}{row[key]}")
        return
    spare = console.width - sum(least[name] for name in kept) - GAP * (len(kept) - 1)
    console.width = max(console.width, natural[key])  # what identifies an item is never cut
    shown = Table(box=None, padding=(0, GAP, 0, 0), pad_edge=False)
    if is_id:
        kept = [*free, key, *(name for name in kept if name in whole - {key})]
    for name in kept:
        more = min(max(spare, 0), natural[name] - least[name])
        spare -= more
        shown.add_column(Text(name.replace("_", " ")), width=least[name] + more, no_wrap=True, overflow="ellipsis")
    for row in rows:
        shown.add_row(*(Text(row[name]) for name in kept))
    console.print(shown)


def fitting(widths: dict[str, int], width: int) -> list[str]:
    """Choose the first columns, as many as fit, the very first one in any case.

    Args:
        widths: how wide each has to be.
        width: how wide all of them may be, with the gaps between.
    """
    chosen: list[str] = []
    for name in widths:
        if chosen and sum(widths[each] for each in [*chosen, name]) + GAP * len(chosen) > width:
            break
        chosen.append(name)
    return chosen
