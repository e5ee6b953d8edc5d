"""What of a package's metadata is kept: JSON of bounded size, whatever the file says.

No public source shows the metadata of the real service. The names are those of each format, and which of them are kept
is the emulator's choice.
"""

import json
import math
import re
from collections.abc import Mapping
from itertools import islice
from typing import Any

NAMES = 64
"""Names, and items of a list or of an object."""
CHARACTERS = 2_000
"""Characters of a text; a longer one is cut."""
TOTAL_CHARACTERS = 16_384
"""Characters of all of it as JSON; what would go beyond is left out."""
DEPTH = 3
"""Levels of lists and objects."""

# NUL, which PostgreSQL does not take, and halves of surrogate pairs, which UTF-8 does not have.
_UNSAFE = re.compile("[\0\ud800-\udfff]")


def bounded(said: Mapping[str, Any]) -> dict[str, Any]:
    """Keep what is no more than that, and leave out what says nothing."""
    kept: dict[str, Any] = {}
    budget = _Budget()
    for name, value in islice(said.items(), NAMES):
        before = budget.left
        told = budget.plain(value, DEPTH)
        budget.spend(_text(name))
        if told in (None, "", [], {}) or budget.left < 0:
            budget.left = before
        else:
            kept[_text(name)] = told
    return kept


class _Budget:
    """Counts what is kept while it is copied, so that neither size nor work grows with what the file says."""

    def __init__(self) -> None:
        self.left = TOTAL_CHARACTERS

    def spend(self, value: Any) -> None:
        """Count a scalar with the signs around it."""
        self.left -= len(json.dumps(value)) + len(", ")

    def plain(self, value: Any, depth: int) -> Any:
        """Copy a value; None where it is no JSON, or nothing is left."""
        if self.left < 0:
            return None
        if isinstance(value, list | tuple) and depth:
            self.spend([])
            return [self.plain(each, depth - 1) for each in islice(value, NAMES)]
        if isinstance(value, Mapping) and depth:
            found = {}
            self.spend({})
            for name, each in islice(value.items(), NAMES):
                self.spend(_text(str(name)))
                found[_text(str(name))] = self.plain(each, depth - 1)
            return found
        told = _scalar(value)
        self.spend(told)
        return told


def _scalar(value: Any) -> str | float | None:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, bool) or (isinstance(value, int) and abs(value) < 2**53):
        return value
    return value if isinstance(value, float) and math.isfinite(value) else None


def _text(text: str) -> str:
    return _UNSAFE.sub("\N{REPLACEMENT CHARACTER}", text[:CHARACTERS])
