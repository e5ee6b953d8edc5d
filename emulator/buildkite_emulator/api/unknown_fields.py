"""Finds what a request has and the spec does not know: properties, query parameters and form fields."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from buildkite_emulator.errors import Objection
from buildkite_emulator.spec import Operation, Spec
from buildkite_emulator.suggestions import advice, shown

MOST_OBJECTIONS = 10
"""Unknown names that one answer lists."""

UNKNOWN = "unknown_field"
"""The code for machines."""


class Known(NamedTuple):
    """What a schema knows.

    Attributes:
        properties: the schemas of its properties.
        items: the schemas of its items.
        is_open: whether it has properties of its own and yet accepts others; validation sees to the rest.
        schema: the schema itself, which must live as long as this is kept by its identity.
    """

    properties: Mapping[str, Any]
    items: Sequence[Any]
    is_open: bool
    schema: Mapping[str, Any]


class UnknownFields:
    """Knows the names that each operation takes.

    Args:
        spec: what has the names.
    """

    def __init__(self, spec: Spec) -> None:
        self._spec = spec
        self._known: dict[int, Known] = {}  # by the identity of the schema, which the spec keeps

    def in_body(self, operation: Operation, body: Any) -> list[Objection]:
        """Find the properties of a JSON body that its schema does not know, however deep."""
        if operation.body_schema is None:
            return []
        return list(islice(self._in_value(operation.body_schema, body, ""), MOST_OBJECTIONS))

    def in_query(self, operation: Operation, query_string: bytes) -> list[Objection]:
        """Find the query parameters that an operation does not take."""
        if not query_string:
            return []
        names = dict(parse_qsl(query_string.decode("latin-1"), keep_blank_values=True))
        known = [parameter.name for parameter in operation.query]
        return objections(names, known, "query parameter", operation.id)

    def in_form(self, operation: Operation, fields: Iterable[str]) -> list[Objection]:
        """Find the form fields that an operation does not take."""
        return objections(dict.fromkeys(fields), self._names(operation.body_schema or {}), "form field", operation.id)

    def _in_value(self, schema: Mapping[str, Any], value: Any, path: str) -> Iterator[Objection]:
        known = self._know(schema)
        if isinstance(value, list):
            for items in known.items:
                for index, item in enumerate(value):
                    if isinstance(item, list | dict):
                        yield from self._in_value(items, item, f"{path}[{index}]")
        elif isinstance(value, dict):
            for name, child in value.items():
                if name in known.properties:
                    if isinstance(child, list | dict):
                        yield from self._in_value(known.properties[name], child, f"{path}.{name}" if path else name)
                elif known.is_open:
                    field = shown(f"{path}.{name}" if path else name)
                    yield Objection(field, UNKNOWN, f"`{field}` is unknown; {advice(name, known.properties, path)}")

    def _names(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """Find the properties that a schema knows, with their schemas."""
        return self._know(schema).properties

    def _know(self, schema: Mapping[str, Any]) -> "Known":
        known = self._known.get(id(schema))
        if known is None:
            parts = list(self._parts(schema))
            has_own = any("properties" in part for part in parts)
            known = self._known[id(schema)] = Known(
                {name: child for part in parts for name, child in part.get("properties", {}).items()},
                [part["items"] for part in parts if "items" in part],
                has_own and not any("additionalProperties" in part for part in parts),
                schema,
            )
        return known

    def _parts(self, schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        """Follow a schema's references, and list it with all that it is put together of."""
        schema = self._spec.follow(schema)
        yield schema
        for keyword in ("allOf", "anyOf", "oneOf"):
            for child in schema.get(keyword, ()):
                yield from self._parts(child)


def objections(names: Iterable[str], known: Collection[str], kind: str, taker: str) -> list[Objection]:
    """Describe those of some names that are unknown."""
    unknown = (name for name in names if name not in known)
    return [
        Objection(shown(name), UNKNOWN, f"the {kind} `{shown(name)}` is unknown; {advice(name, known, taker)}")
        for name in islice(unknown, MOST_OBJECTIONS)
    ]
