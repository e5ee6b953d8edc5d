"""Mutants that change or drop the metadata of packages."""

from collections.abc import Callable
from typing import Any

from scripts.contract.mutants import *

SHOWN = ("publish_package", "get_package", "copy_package")
"""The operations whose answers show metadata."""


def texts(value: Any, change: Callable[[str], str]) -> Any:
    """Change each text of the metadata."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [texts(each, change) for each in value]
    return {name: texts(each, change) for name, each in value.items()} if isinstance(value, dict) else value


def joined(value: Any) -> Any:
    """Join lists to texts."""
    told = (value or {}).items()
    return {name: ", ".join(map(str, each)) if isinstance(each, list) else each for name, each in told}


def folded(value: Any) -> Any:
    """Write names in lower case."""
    return {name.lower(): each for name, each in (value or {}).items()}


def cut(value: Any) -> Any:
    """Cut texts at ten characters."""
    return texts(value, lambda text: text[:10])


def spoilt(value: Any) -> Any:
    """Replace what is not ASCII."""
    return texts(value, lambda text: text.encode("ascii", "replace").decode())


def with_name(package: dict[str, Any]) -> None:
    """Repeat the name of the package."""
    if "metadata" in package:
        package["metadata"] = {**(package["metadata"] or {}), "name": package.get("name")}


SHOWN_ANSWERS = mutants_of(
    SHOWN,
    without_metadata=changed(drop, "metadata"),
    has_null_metadata=changed(put, "metadata", lambda _: None),
    has_empty_metadata=changed(put, "metadata", lambda _: {}),
    folds_names_of_metadata=changed(put, "metadata", folded),
    joins_metadata=changed(put, "metadata", joined),
    cuts_metadata=changed(put, "metadata", cut),
    spoils_metadata=changed(put, "metadata", spoilt),
)

ANSWERS = mutants_by_name(
    get_package_without_metadata=changed(drop, "metadata"),
    get_package_repeats_the_name_in_metadata=changed(each, with_name),
    copy_package_loses_metadata=changed(put, "metadata", lambda _: {}),
)
