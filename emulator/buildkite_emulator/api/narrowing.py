"""Finds a small part of a large value that is invalid as the whole is.

The validator tells quickly whether a value is valid, but it makes an error for each thing that is wrong before it gives
the first one. Each takes 30 µs and more, and a mebibyte has room for half a million of them.
"""

from collections.abc import Callable, Collection, Iterator
from itertools import islice
from typing import Any

FEW = 16
"""Items that are looked at first."""

SMALL = 1000
"""Values within a value up to which it is left as it is."""


def narrowed(value: Any, is_valid: Callable[[Any], bool], names: Collection[str]) -> Any:
    """Leave out what comes late in the lists and objects of an invalid value, so that few of the errors are left.

    What is left keeps its place, so that an error points where it would in the whole.

    Args:
        value: plain JSON, invalid.
        is_valid: tells whether a value is valid.
        names: names of properties that are never left out, as they may be required.
    """
    if len(list(islice(within(value), SMALL))) < SMALL:
        return value
    widths: dict[int, int] = {}
    measure(value, widths)

    def cut(value: Any, most: int) -> Any:
        """Keep the first members of each list and object, as many as `most`."""
        if widths.get(id(value), 0) <= most:
            return value
        if isinstance(value, list):
            return [cut(each, most) for each in value[:most]]
        kept = dict(islice(value.items(), most)) | {name: value[name] for name in names if name in value}
        return {name: cut(each, most) for name, each in kept.items()}

    low, high = 0, FEW
    while is_valid(cut(value, high)):
        low, high = high, 2 * high
    while high - low > max(FEW, high // 512):
        middle = (low + high) // 2
        if is_valid(cut(value, middle)):
            low = middle
        else:
            high = middle
    return cut(value, high)


def measure(value: Any, widths: dict[int, int]) -> int:
    """Find how many members the largest list or object in each list and object has.

    Args:
        value: plain JSON.
        widths: takes the number for each, by its identity.

    Returns:
        the number for the value.
    """
    if not isinstance(value, list | dict):
        return 0
    children = value.values() if isinstance(value, dict) else value
    width = max(len(value), *(measure(each, widths) for each in children if isinstance(each, list | dict)), 0)
    widths[id(value)] = width
    return width


def within(value: Any) -> Iterator[Any]:
    """List the values within a value, however deep."""
    waiting = [value]
    while waiting:
        value = waiting.pop()
        yield value
        if isinstance(value, dict):
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)


def property_names(schema: Any) -> frozenset[str]:
    """List the names of all properties that a schema knows or requires, however deep."""
    return frozenset(
        name
        for each in within(schema)
        if isinstance(each, dict)
        for keyword in ("properties", "required")
        if isinstance(each.get(keyword), dict | list)
        for name in each[keyword]
    )
