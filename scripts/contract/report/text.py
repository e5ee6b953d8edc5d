"""What an answer said, made fit to be shown: secrets hidden, odd characters visible, long texts cut."""

import unicodedata
from collections.abc import Callable, Collection
from typing import Any

from buildkite_packages.http.masking import mask_json, mask_text

ODD = frozenset(("Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"))
"""Categories of Unicode that are not to be seen, that turn the text around them, or that XML has no way to write."""

Clean = Callable[[Any], Any]


def cleaner(secrets: Collection[str]) -> Clean:
    """Make what hides secrets in a JSON value, at any depth, and makes its odd characters visible.

    Args:
        secrets: what must not be shown, in any form that `mask_text` knows.

    Returns:
        a function that takes a JSON value and returns it cleaned.
    """
    return lambda value: mask_json(value, lambda *_: False, lambda text: printable(mask_text(text, secrets)))


def printable(text: str) -> str:
    """Write characters that cannot be seen, or that change how others are seen, by their numbers; lines stay."""
    if text.isprintable():
        return text
    return "".join(
        character if character in "\n\t" or unicodedata.category(character) not in ODD else escape(character)
        for character in text
    )


def escape(character: str) -> str:
    """Write a character as its number."""
    number = ord(character)
    return f"\\u{number:04x}" if number < 1 << 16 else f"\\U{number:08x}"


def cut(text: str, length: int) -> str:
    """Keep the beginning of a text, and say how much is missing.

    Args:
        text: the text.
        length: characters to keep.
    """
    return text if len(text) <= length else f"{text[:length]} … ({len(text) - length:,} more characters)"


def amount(number: int, noun: str, plural: str | None = None) -> str:
    """Write a number with what it counts: ``1 unit``, ``2 units``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def listed(names: Collection[str], most: int = 5) -> str:
    """Write names as a list within a sentence, the first of them where there are many."""
    shown = list(names)[:most]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more:,} more" if more else "")
