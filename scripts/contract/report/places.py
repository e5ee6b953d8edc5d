"""Where a statement of the spec stands: in the bundle, and in the files that the bundle was made from."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from buildkite_packages.openapi import Document, Node, parse_pointer
from scripts import ROOT
from scripts.spec.bundle import SPEC, Bundle, Bundler, Pointer, SpecError, format_pointer

MOST_LINES = 14
"""Lines of the spec that are quoted."""


@dataclass(frozen=True)
class Place:
    """A place in the spec.

    Attributes:
        pointer: JSON pointer into the bundle, with references followed, such as ``#/components/schemas/Registry``.
        file: the file, such as ``openapi/registries.yaml``; empty where it is not known.
        line: the line in it, from 1.
        lines: the lines that stand there, with their numbers.
        more: whether there are more than those.
        known: whether the spec has that place.
        source: the ``x-source`` of the statement; None where the API's reference pages make it.
    """

    pointer: str
    file: str = ""
    line: int = 0
    lines: Sequence[tuple[int, str]] = field(default=())
    more: bool = False
    known: bool = False
    source: str | None = None

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.file else self.pointer


class Places:
    """Finds places.

    Args:
        document: the bundle that the run was made with.
    """

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document

    @cached_property
    def _bundle(self) -> Bundle | None:
        try:
            return Bundler(SPEC).bundle()
        except SpecError:
            return None  # the report is about a run; that the files are being worked on is no reason to have none

    def find(self, pointer: str) -> Place:
        """Find a place; what is not there is placed where it would be.

        Args:
            pointer: JSON pointer into the bundle; it may lead through references.
        """
        parts = parse_pointer(pointer)
        if not parts:
            return Place("")
        way = list(self.walk(parts))
        place, value = way[-1]
        source = None
        for _, passed in way:
            if isinstance(passed, dict) and "x-source" in passed:
                source = str(passed["x-source"])
        known = value is not MISSING
        file, line, lines = self._written(place)
        shown = lines[:MOST_LINES]
        return Place("#" + format_pointer(place), file, line, shown, len(lines) > len(shown), known, source)

    def walk(self, parts: Sequence[str]) -> Iterator[tuple[Pointer, Any]]:
        """Yield each value on the way to a place with its pointer, from the whole document on.

        A reference is followed, but for one that the way ends at and that is all there is of a property. What is not
        there is yielded as `MISSING`, and ends the way.
        """
        place: Pointer = ()
        value: Any = self._document
        yield place, value
        for number, part in enumerate(parts):
            if isinstance(value, list) and part.isdigit() and int(part) < len(value):
                place, value = (*place, int(part)), value[int(part)]
            elif isinstance(value, dict) and part in value:
                place, value = (*place, part), value[part]
            else:
                yield (*place, *parts[number:]), MISSING
                return
            yield place, value
            is_property = number and parts[number - 1] == "properties"
            while isinstance(value, dict) and "$ref" in value and not (is_property and number == len(parts) - 1):
                value, pointer = Document(self._document).follow(Node(value, ""))
                place = tuple(parse_pointer(pointer))
                yield place, value

    def _written(self, place: Pointer) -> tuple[str, int, list[tuple[int, str]]]:
        if self._bundle is None:
            return "", 0, []
        found = self._bundle.place(place)
        lines = found.file.read_text(encoding="utf-8").splitlines()
        return found.file.relative_to(ROOT).as_posix(), found.line, block(lines, found.line)


MISSING = object()
"""Stands for what the spec does not have."""


def block(lines: Sequence[str], first: int) -> list[tuple[int, str]]:
    """Take a YAML entry out of a file: its line and those that are indented further.

    Args:
        lines: all lines of the file.
        first: number of the entry's line, from 1.

    Returns:
        the entry's lines with their numbers, moved to the left.
    """
    indent = indentation(lines[first - 1])
    end = first
    while end < len(lines) and (not lines[end].strip() or indentation(lines[end]) > indent):
        end += 1
    while end > first and not lines[end - 1].strip():
        end -= 1
    return [(number, lines[number - 1][indent:]) for number in range(first, end + 1)]


def indentation(line: str) -> int:
    """Count the spaces that a line begins with."""
    return len(line) - len(line.lstrip(" "))
