"""Turns what handlers return into the JSON that the spec promises.

A handler returns values under the names of the spec's properties; the rest follows from the spec: which properties
there are, the forms of URLs, GraphQL IDs, how times are written.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from buildkite_emulator.identity import graphql_id, timestamp
from buildkite_emulator.spec import Operation, Spec

Values = Mapping[str, Any]
Render = Callable[[Any, Values], Any]
"""Takes the value to render, and the values that fill `{placeholders}` of URL forms, `base_url` among them."""

Part = tuple[str, Render | None, bool]
"""A property: its name, what writes it if anything has to, and whether it is made from the others."""


class Renderer:
    """For each operation, how to write its successful answer."""

    def __init__(self, spec: Spec) -> None:
        self._spec = spec
        self._by_operation: dict[str, Render | None] = {}
        for operation in spec.operations.values():
            definition = spec.document["paths"][operation.path][operation.method.lower()]
            response = spec.follow(definition["responses"][str(operation.success)])
            content = next(iter(response.get("content", {}).values()), None)
            self._by_operation[operation.id] = self._compile(content["schema"]) or as_it_is if content else None

    def render(self, operation: Operation, value: Any, base_url: str) -> Any:
        """Write the answer of an operation.

        Args:
            operation: the operation.
            value: what its handler returned.
            base_url: scheme and host for URLs.

        Returns:
            a JSON value, or None where the operation's answer has no body.
        """
        render = self._by_operation[operation.id]
        return None if render is None else render(value, {"base_url": base_url})

    def _compile(self, schema: Mapping[str, Any]) -> Render | None:
        """Make what writes a value of a schema; None where the value is written as it is."""
        schema = self._spec.follow(schema)
        choices = [self._spec.follow(each) for each in schema.get("anyOf", [])]
        objects = [each for each in choices if "properties" in each]
        if len(objects) == 1 and len(choices) == 2:  # noqa: PLR2004 - an object or null; handlers never give null
            schema = objects[0]
        properties: dict[str, Any] = {}
        for part in [schema, *(self._spec.follow(each) for each in schema.get("allOf", []))]:
            properties.update(part.get("properties", {}))
        if properties:
            return self._compile_object(properties)
        if schema.get("type") == "array":
            item = self._compile(schema["items"])
            return item and (lambda value, context: [item(child, context) for child in value])
        if "x-url-forms" in schema:
            form = filled_by_percent("{base_url}" + schema["x-url-forms"][0])
            return lambda _, context: form % context
        if "x-graphql-type" in schema:
            kind = schema["x-graphql-type"]
            return lambda value, _: graphql_id(kind, value["id"])
        if schema.get("format") == "date-time":
            return lambda value, _: timestamp(value)
        return None

    def _compile_object(self, properties: Mapping[str, Any]) -> Render:
        parts = [(name, self._compile(child), self._made(child)) for name, child in properties.items()]
        if all(render is None for _, render, _ in parts):
            return lambda value, _: {name: value[name] for name in properties if name in value}
        return lambda value, context: render_object(parts, value, context)

    def _made(self, schema: Mapping[str, Any]) -> bool:
        """Tell whether a property is made from others rather than returned by the handler."""
        schema = self._spec.follow(schema)
        return "x-url-forms" in schema or "x-graphql-type" in schema


def filled_by_percent(form: str) -> str:
    """Write a form for Python's % instead of `format`, which takes almost twice as long."""
    return form.replace("%", "%%").replace("{", "%(").replace("}", ")s")


def as_it_is(value: Any, _: Values) -> Any:
    """Write a value that needs no change."""
    return value


def render_object(parts: Sequence[Part], value: Values, context: Values) -> dict[str, Any]:
    """Write an object's properties in the spec's order; those that the handler left out are left out."""
    context = {**context, **value}
    rendered = {}
    for name, render, is_made in parts:
        if is_made or name in value:
            given = value if is_made else value[name]
            rendered[name] = given if render is None else render(given, context)
    return rendered
