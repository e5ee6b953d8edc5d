"""Shows where two JSON values differ, in a text for each of them."""

import json
import unicodedata
from collections.abc import Iterator
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Any

MOST = 5
"""Differences that are shown."""
LONGEST = 160
"""Characters that are shown of a value."""
BEFORE = 30
"""Characters that are shown before the first difference of two texts that are too long."""
MOST_ITEMS = 500
"""Items of a list up to which what was left out or put in is looked for."""
NESTED = 50
"""Depth to which differences are looked for."""


class Missing:
    """Stands for what a value does not have."""


MISSING = Missing()


def difference(expected: Any, received: Any) -> tuple[str, str]:
    """Show two values, and no more of them than what differs.

    Args:
        expected: what should be.
        received: what is.

    Returns:
        both as texts. Of objects and arrays each gives the JSON pointers of what differs, with the values there.
    """
    if not isinstance(expected, dict | list) or type_of(expected) != type_of(received):
        return pair(expected, received)
    found = differences(expected, received, "")
    wanted, came = [], []
    for number, (path, one, other) in enumerate(found):
        if number == MOST:
            wanted.append("and more")
            came.append("and more")
            break
        left, right = pair(one, other)
        wanted.append(f"{path} {left}")
        came.append(f"{path} {right}")
    return "; ".join(wanted), "; ".join(came)


def differences(expected: Any, received: Any, path: str, depth: int = 0) -> Iterator[tuple[str, Any, Any]]:
    """Yield the JSON pointer of each difference, with what should be there and what is."""
    kind = type_of(expected)
    if kind == type_of(received) and depth < NESTED:
        if kind == "object":
            for name in dict.fromkeys((*expected, *received)):
                below = f"{path}/{name.replace('~', '~0').replace('/', '~1')}"
                one, other = expected.get(name, MISSING), received.get(name, MISSING)
                yield from differences(one, other, below, depth + 1)
            return
        if kind == "array":
            yield from of_arrays(expected, received, path, depth)
            return
    if written(expected) != written(received):
        yield path or "/", expected, received


def of_arrays(expected: list[Any], received: list[Any], path: str, depth: int) -> Iterator[tuple[str, Any, Any]]:
    """Yield the differences of two arrays; what was left out or put in moves nothing else."""
    if max(len(expected), len(received)) > MOST_ITEMS:
        for number, (one, other) in enumerate(zip_longest(expected, received, fillvalue=MISSING)):
            yield from differences(one, other, f"{path}/{number}", depth + 1)
        return
    matcher = SequenceMatcher(None, list(map(written, expected)), list(map(written, received)), autojunk=False)
    for tag, start, end, at, to in matcher.get_opcodes():
        if tag == "equal":
            continue
        for number in range(max(end - start, to - at)):
            one = expected[start + number] if start + number < end else MISSING
            other = received[at + number] if at + number < to else MISSING
            place = f"{path}/{start + number if one is not MISSING else at + number}"
            yield from differences(one, other, place, depth + 1)


def pair(expected: Any, received: Any) -> tuple[str, str]:
    """Show two values; texts that are too long from shortly before the place where they differ."""
    left, right = written(expected), written(received)
    if unicodedata.normalize("NFKC", left) == unicodedata.normalize("NFKC", right) or is_odd(left) or is_odd(right):
        left, right = written(expected, ascii_only=True), written(received, ascii_only=True)  # else they look the same
    place = next((number for number, (one, other) in enumerate(zip(left, right, strict=False)) if one != other), None)
    start = min(len(left), len(right)) if place is None else place
    return around(left, start), around(right, start)


def around(text: str, place: int) -> str:
    """Cut a text that is too long to what is near a place in it."""
    if len(text) <= LONGEST:
        return text
    start = 0 if place < LONGEST else place - BEFORE
    end = start + LONGEST
    cut = f"{'…' if start else ''}{text[start:end]}{'…' if end < len(text) else ''}"
    return f"{cut} ({len(text)} characters)"


def quoted(value: Any) -> str:
    """Show a value; a text in quotes, with what cannot be seen escaped."""
    text = written(value)
    return around(written(value, ascii_only=True) if is_odd(text) else text, 0)


def written(value: Any, *, ascii_only: bool = False) -> str:
    """Write a value as JSON, the members of objects in order of their names."""
    if value is MISSING:
        return "missing"
    try:
        return json.dumps(value, ensure_ascii=ascii_only, sort_keys=True)
    except RecursionError:
        return "a value that is nested too deeply to be shown"


def identical(one: Any, other: Any) -> bool:
    """Compare JSON, in which true is not 1."""
    return written(one) == written(other)


def is_odd(text: str) -> bool:
    """Tell whether a text has characters that are not seen or look like others: no ASCII, yet spaces or controls."""
    return any(unicodedata.category(each)[0] in "ZC" and each != " " for each in text)


def type_of(value: Any) -> str:
    """Name the JSON type of a value."""
    if isinstance(value, dict):
        return "object"
    if isinstance(value, list):
        return "array"
    return "missing" if value is MISSING else "other"
