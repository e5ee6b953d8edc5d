"""The description of the API that this package carries, and the references in it.

Places in it are JSON pointers (RFC 6901) in the form of URI fragments, such as `#/components/schemas/Registry`.
"""

import json
import pkgutil
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any
from urllib.parse import unquote

PACKAGE = __name__.rpartition(".")[0]
"""The package that this module is a part of, under whatever name."""

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
"""The members of a path item that are operations."""


@cache
def load_document() -> dict[str, Any]:
    """Read the description, once; it is not to be changed."""
    document: dict[str, Any] = json.loads(pkgutil.get_data(PACKAGE, "openapi.json") or b"{}")
    return document


def pointer_of(path: Iterable[str | int]) -> str:
    """Write a JSON pointer, without the `#`."""
    return "".join("/" + str(each).replace("~", "~0").replace("/", "~1") for each in path)


def path_of(pointer: str) -> list[str]:
    """Split a JSON pointer, with or without the `#`, into names and indexes."""
    written = pointer.removeprefix("#").split("/")[1:]
    if pointer.startswith("#"):
        written = list(map(unquote, written))
    return [each.replace("~1", "/").replace("~0", "~") for each in written]


def step(value: Any, name: str) -> Any:
    """Take one step of a path.

    Raises:
        KeyError: an object has no member of the name.
        IndexError: a list has no item of the index.
    """
    return value[int(name)] if isinstance(value, list) else value[name]


def follow(document: Mapping[str, Any], value: Any, place: str = "") -> tuple[Any, str]:
    """Follow a reference, and those that it leads to.

    Args:
        document: what references are into.
        value: a part of it, a reference or not.
        place: where the value is.

    Returns:
        what it leads to, and where that is.

    Raises:
        KeyError: a reference leads to nothing.
    """
    while isinstance(value, Mapping) and isinstance(value.get("$ref"), str):
        place, value = value["$ref"], document
        for name in path_of(place):
            value = step(value, name)
    return value, place
