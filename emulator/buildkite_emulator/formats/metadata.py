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
    left = TOTAL_CHARACTERS
    for said_name, said_value in islice(said.items(), NAMES):
        name, value = _text(said_name), _plain(said_value, DEPTH)
        cost = len(json.dumps({name: value}))
        if value not in (None, "", [], {}) and cost <= left:
            kept[name] = value
            left -= cost
    return kept


def _plain(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, bool) or (isinstance(value, int) and abs(value) < 2**53):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, list | tuple) and depth:
        return [_plain(each, depth - 1) for each in islice(value, NAMES)]
    if isinstance(value, Mapping) and depth:
        return {_text(str(name)): _plain(each, depth - 1) for name, each in islice(value.items(), NAMES)}
    return None


def _text(text: str) -> str:
    return _UNSAFE.sub("\N{REPLACEMENT CHARACTER}", text[:CHARACTERS])
