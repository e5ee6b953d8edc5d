"""Pages of a registry's packages, and the cursors that lead from one page to the next.

A cursor holds the registry and the number of a package. Numbers are never used again, so a cursor stays valid while
packages are published and deleted, even its own.
"""

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from buildkite_emulator.api.context import RequestContext
from buildkite_emulator.errors import ValidationFailed
from buildkite_emulator.storage.queries.packages import LAST_NUMBER
from buildkite_emulator.storage.rows import ListedPackageRow, RegistryRow

CHOICES = ("page", "after", "before")
"""The query parameters that choose a page; a request has one of them at most."""

REGISTRY_BYTES = 16
NUMBER_BYTES = 8
"""Bytes of a cursor for the registry, a part of the digest of its ID, and for the number."""

Link = Mapping[str, str]
"""The query parameters that choose a page."""


class Page(NamedTuple):
    """Some packages, newest first, and the links to the pages around them, by relation."""

    rows: Sequence[ListedPackageRow]
    links: Mapping[str, Link]


def page_of(context: RequestContext) -> Page:
    """Find the page that a request asks for.

    Raises:
        ValidationFailed: it has two parameters that choose a page, or a cursor of another registry.
    """
    chosen = list(choice_of(context))
    if len(chosen) > 1:
        names = " and ".join(f"`{name}`" for name in chosen)
        raise ValidationFailed(f"{names} choose different pages; send one of them", [(chosen[1], "invalid")])
    if "after" in chosen:
        return page_after(context, position_of(context, "after"))
    if "before" in chosen:
        return page_before(context, position_of(context, "before"))
    return page_of_number(context, context.query["page"])


def choice_of(context: RequestContext) -> dict[str, Any]:
    """Give the query parameters that choose the page of a request; an empty cursor is none."""
    return {name: context.query[name] for name in CHOICES if name in context.given and context.query[name] != ""}


def page_of_number(context: RequestContext, number: int) -> Page:
    """Find a page by its number, from 1."""
    packages, registry = context.transaction.packages, context.registry
    name, size = context.query["name"], context.query["per_page"]
    if number == 1:
        rows = packages.older(registry.id, name, LAST_NUMBER, size + 1)
        return linked(registry, rows[:size], LAST_NUMBER, newer=False, older=len(rows) > size)
    _, rows = packages.page(registry.id, name, (number - 1) * size, size + 1)
    newer = bool(rows) or bool(packages.newer(registry.id, name, 0, 1))
    return linked(registry, rows[:size], 0, newer=newer, older=len(rows) > size)


def page_after(context: RequestContext, position: int) -> Page:
    """Find the page of the packages that are older than a position."""
    packages, registry = context.transaction.packages, context.registry
    name, size = context.query["name"], context.query["per_page"]
    rows = packages.older(registry.id, name, position, size + 1)
    first = rows[0].number if rows else max(position - 1, 0)
    newer = bool(packages.newer(registry.id, name, first, 1))
    return linked(registry, rows[:size], first, newer=newer, older=len(rows) > size)


def page_before(context: RequestContext, position: int) -> Page:
    """Find the page of the packages that are newer than a position."""
    packages, registry = context.transaction.packages, context.registry
    name, size = context.query["name"], context.query["per_page"]
    found = packages.newer(registry.id, name, position, size + 1)
    rows = found[:size][::-1]
    last = rows[-1].number if rows else position + 1
    older = bool(packages.older(registry.id, name, last, 1))
    return linked(registry, rows, last, newer=len(found) > size, older=older)


def linked(registry: RegistryRow, rows: Sequence[ListedPackageRow], position: int, *, newer: bool, older: bool) -> Page:
    """Add to packages the links to the pages around them.

    Args:
        registry: whose packages they are.
        rows: the packages.
        position: where the page is, if it has no packages.
        newer: whether there are newer packages.
        older: whether there are older ones.
    """
    links: dict[str, Link] = {}
    if newer or older:
        links["first"] = {}
    if newer:
        links["prev"] = {"before": cursor(registry, rows[0].number if rows else position)}
    if older:
        links["next"] = {"after": cursor(registry, rows[-1].number if rows else position)}
    return Page(rows, links)


def cursor(registry: RegistryRow, number: int) -> str:
    """Write a cursor."""
    content = hashlib.sha256(registry.id.encode()).digest()[:REGISTRY_BYTES] + number.to_bytes(NUMBER_BYTES)
    return urlsafe_b64encode(content).decode("ascii")


def position_of(context: RequestContext, parameter: str) -> int:
    """Read the cursor in a query parameter; returns the number of its package.

    Raises:
        ValidationFailed: it is not one that the registry has given.
    """
    text, registry = context.query[parameter], context.registry
    try:
        content = urlsafe_b64decode(text.encode("ascii"))
    except ValueError:
        content = b""
    number = int.from_bytes(content[REGISTRY_BYTES : REGISTRY_BYTES + NUMBER_BYTES])
    highest = registry.last_number + 1  # an empty page before it leads there
    if number > highest or cursor(registry, number) != text:
        reason = f"`{parameter}` is no cursor of {registry.slug}; take it from `links` of a page of its packages"
        raise ValidationFailed(reason, [(parameter, "invalid")])
    return number
