"""Shows values of an answer in a drift, shortened and without secrets."""

import json
from collections.abc import Callable, Collection, Sequence
from typing import Any, NamedTuple, cast
from urllib.parse import unquote

from ..http.base_errors import shortened
from ..http.masking import mask_addresses
from .wording import kind_of

LONGEST_VALUE = 100
"""Characters of a value that a drift shows."""


class Quoted(NamedTuple):
    """A text of an answer, whose secrets are masked before it is shortened.

    Attributes:
        text: the text.
        like: the text that its end should equal, if any; it is shortened to where the two differ.
    """

    text: str
    like: str = ""


class Masking:
    """Shows values without secrets.

    Args:
        secrets: names of the properties whose values are secrets.
        queries: names of the query parameters whose values may be shown.
    """

    def __init__(self, secrets: Collection[str], queries: Collection[str]) -> None:
        self._secrets = secrets
        self._queries = queries

    def shown(self, value: Any, path: Sequence[str | int]) -> str | Quoted:
        """Show a value of an answer, without secrets."""
        if isinstance(value, dict | list):
            return kind_of(cast("object", value))
        if value is not None and any(name in self._secrets for name in path):
            return f"{kind_of(value)}, hidden as it may be a secret"
        if isinstance(value, str):
            return Quoted(value)
        return shortened(json.dumps(value))[:LONGEST_VALUE]

    def quoted(self, received: str | Quoted, mask: Callable[[str], str]) -> str:
        """Show a text of an answer in quotes, in one line of bounded length, without secrets."""
        if isinstance(received, str):
            return mask(received)
        line = json.dumps(mask(self.address(received.text)))
        if len(line) <= LONGEST_VALUE:
            return line
        start = differing(line, received.like)
        start = max(start - LONGEST_VALUE // 2, 0) if start > LONGEST_VALUE * 3 // 4 else 0
        end = start + LONGEST_VALUE
        return f"{'…' if start else ''}{line[start:end]}{'…' if end < len(line) else ''}"

    def address(self, text: str) -> str:
        """Remove credentials from the addresses in a text, and mask values of queries that the spec does not know."""
        return mask_addresses(text, lambda name: unquote(name) not in self._queries)


def differing(text: str, like: str) -> int:
    """Find where a text begins to differ from what its end should be like; 0 where they have no beginning in common."""
    first = like.find("/", 1) + 1
    start = text.find(like[:first]) if first else -1
    if start < 0:
        return 0
    pairs = zip(text[start:], like, strict=False)
    return start + next((number for number, (one, other) in enumerate(pairs) if one != other), len(like))
