"""Bounds a package's metadata to JSON of limited size.

No public source shows the metadata of the real service. The names are those of each format; which of them are kept is
the emulator's choice.
"""

import json
import math
import re
from collections.abc import Mapping
from itertools import islice
from typing import Any

NAMES = 64
"""Limit of names, and of the items of a list or an object."""
CHARACTERS = 2_000
"""Limit of a string; a longer one is cut."""
TOTAL_CHARACTERS = 16_384
"""Limit of the complete JSON; whatever exceeds it is left out."""
DEPTH = 3
"""Limit of nested lists and objects."""

# PostgreSQL rejects NUL, and UTF-8 cannot encode lone surrogates.
_UNSAFE = re.compile("[\0\ud800-\udfff]")


def bounded(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Return the metadata within the limits, without empty values."""
    kept: dict[str, Any] = {}
    budget = _Budget()
    for name, value in islice(metadata.items(), NAMES):
        before = budget.left
        copied = budget.plain(value, DEPTH)
        budget.spend(_text(name))
        if copied in (None, "", [], {}) or budget.left < 0:
            budget.left = before
        else:
            kept[_text(name)] = copied
    return kept


class _Budget:
    """Counts characters while values are copied, so that size and work stay bounded."""

    def __init__(self) -> None:
        self.left = TOTAL_CHARACTERS

    def spend(self, value: Any) -> None:
        """Count a scalar and its punctuation."""
        self.left -= len(json.dumps(value)) + len(", ")

    def plain(self, value: Any, depth: int) -> Any:
        """Copy a value; None if it is not JSON or the budget is spent."""
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
        copied = _scalar(value)
        self.spend(copied)
        return copied


def _scalar(value: Any) -> str | float | None:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, bool) or (isinstance(value, int) and abs(value) < 2**53):
        return value
    return value if isinstance(value, float) and math.isfinite(value) else None


def _text(text: str) -> str:
    return _UNSAFE.sub("\N{REPLACEMENT CHARACTER}", text[:CHARACTERS])
