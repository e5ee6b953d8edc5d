"""What a package's file says of itself, told in another way or not at all."""

from collections.abc import Callable
from typing import Any

from scripts.contract.mutants import Answer, Call, drop, mutant, put

SHOWN = ("publish_package", "get_package", "copy_package")
"""The operations whose answers show metadata."""


def texts(call: Call, change: Callable[[str], str]) -> Answer:
    """Change each text of the metadata."""

    def changed(value: Any) -> Any:
        if isinstance(value, str):
            return change(value)
        if isinstance(value, list):
            return [changed(each) for each in value]
        return {name: changed(each) for name, each in value.items()} if isinstance(value, dict) else value

    return put(call.forward(), "metadata", changed)


@mutant(SHOWN, "The metadata of a package is missing.")
def publish_package_without_metadata(call: Call) -> Answer:
    return drop(call.forward(), "metadata")


@mutant(SHOWN, "The metadata of a package is null.")
def publish_package_has_null_metadata(call: Call) -> Answer:
    return put(call.forward(), "metadata", lambda _: None)


@mutant(SHOWN, "The metadata of a package is empty.")
def publish_package_has_empty_metadata(call: Call) -> Answer:
    return put(call.forward(), "metadata", lambda _: {})


@mutant("get_package", "A package that is looked up lacks its metadata.")
def get_package_without_metadata(call: Call) -> Answer:
    return drop(call.forward(), "metadata")


@mutant("copy_package", "A copy has no metadata.")
def copy_package_loses_metadata(call: Call) -> Answer:
    return put(call.forward(), "metadata", lambda _: {})


@mutant(SHOWN, "The names of metadata are in lower case.")
def publish_package_folds_names_of_metadata(call: Call) -> Answer:
    return put(call.forward(), "metadata", lambda value: {name.lower(): each for name, each in (value or {}).items()})


@mutant(SHOWN, "Lists in metadata are joined to texts.")
def publish_package_joins_metadata(call: Call) -> Answer:
    def joined(value: Any) -> Any:
        told = (value or {}).items()
        return {name: ", ".join(map(str, each)) if isinstance(each, list) else each for name, each in told}

    return put(call.forward(), "metadata", joined)


@mutant(SHOWN, "Texts of metadata are cut at ten characters.")
def publish_package_cuts_metadata(call: Call) -> Answer:
    return texts(call, lambda text: text[:10])


@mutant(SHOWN, "Texts of metadata lose their accents.")
def publish_package_spoils_metadata(call: Call) -> Answer:
    return texts(call, lambda text: text.encode("ascii", "replace").decode())


@mutant("get_package", "The metadata of a package has the name of the package in it.")
def get_package_repeats_the_name_in_metadata(call: Call) -> Answer:
    answer = call.forward()
    name = answer.json.get("name") if answer.ok else None
    return put(answer, "metadata", lambda value: {**(value or {}), "name": name})
