"""Whether what an API makes is new: no other thing has its ID, its slug or its secret."""

from collections.abc import Iterator
from typing import Any

from buildkite_emulator.spec import Spec

SPEC = Spec.load()
VERBS = ("create", "publish", "copy")
"""How the operationIds of what makes a thing begin."""
COLLECTIONS = {name for operation in SPEC.operations.values() for name, _ in operation.collections[1:]}


def makes(operation_id: str) -> bool:
    """Tell whether an operation makes a thing."""
    return operation_id.partition("_")[0] in VERBS


def kind_of(operation_id: str) -> str:
    """Name the collection of the things that an operation is about."""
    segments = SPEC.operations[operation_id].path.split("/")
    return next((each for each in reversed(segments) if each in COLLECTIONS), "")


def identifying(schema: Any, place: str) -> Iterator[tuple[str, str]]:
    """Yield each property that no two things may have in common, and its place in the bundle."""
    if "$ref" in schema:
        place, schema = schema["$ref"], SPEC.follow(schema)
    for number, part in enumerate(schema.get("allOf", [])):
        yield from identifying(part, f"{place}/allOf/{number}")
    for name, child in schema.get("properties", {}).items():
        followed = SPEC.follow(child)
        if name in {"id", "slug"} or "x-graphql-type" in followed or followed.get("format") == "password":
            yield name, f"{place}/properties/{name}"


IDENTIFYING = {
    name for schema in SPEC.document["components"]["schemas"].values() for name, _ in identifying(schema, "")
}


class Known:
    """The things that a run has seen."""

    def __init__(self) -> None:
        self._owners: dict[tuple[str, str], dict[str, str]] = {}

    def see(self, operation_id: str, answer: Any) -> Iterator[tuple[str, str, str]]:
        """Note the things that the answer to a success shows.

        Args:
            operation_id: what was called.
            answer: the answer's JSON.

        Yields:
            of a thing that should be new: the name of each property that another thing has as well, its value, and its
            place in the bundle.
        """
        operation = SPEC.operations[operation_id]
        content = SPEC.responses(operation)[str(operation.success)].get("content", {})
        schema: Any = next((each["schema"] for each in content.values()), {})
        kind = kind_of(operation_id)
        shown = answer.get("items", [answer]) if isinstance(answer, dict) else answer
        for thing in shown if isinstance(shown, list) else []:
            if not isinstance(thing, dict):
                continue
            if makes(operation_id):
                yield from self._known(kind, schema, thing)
            self._note(kind, thing)

    def forget(self, operation_id: str, slug: str) -> None:
        """Note that a thing with a slug is deleted, so that the slug is free."""
        self._owners.setdefault((kind_of(operation_id), "slug"), {}).pop(slug, None)

    def _known(self, kind: str, schema: Any, thing: Any) -> Iterator[tuple[str, str, str]]:
        for name, place in identifying(schema, ""):
            value = thing.get(name)
            if isinstance(value, str) and value in self._owners.setdefault((kind, name), {}):
                yield name, value, place

    def _note(self, kind: str, thing: dict[str, Any]) -> None:
        owner = str(thing.get("id"))
        for name, value in thing.items():
            if isinstance(value, str) and name in IDENTIFYING:
                owners = self._owners.setdefault((kind, name), {})
                if name == "slug":  # a rename frees the one that it had
                    for freed in [slug for slug, of in owners.items() if of == owner]:
                        del owners[freed]
                owners.setdefault(value, owner)
