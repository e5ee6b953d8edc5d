"""Turns what handlers return into the JSON that the spec promises.

A handler returns values under the names of the spec's properties; the rest follows from the spec: which properties
there are, the forms of URLs, GraphQL IDs, how times are written.
"""

from collections.abc import Callable, Mapping
from typing import Any

from buildkite_emulator.identity import graphql_id, timestamp
from buildkite_emulator.spec import Operation, Spec

Values = Mapping[str, Any]
Render = Callable[[Any, Values], Any]
"""Takes the value to render, and the values that fill `{placeholders}` of URL forms, `base_url` among them."""


class Renderer:
    """For each operation, how to write its successful answer."""

    def __init__(self, spec: Spec) -> None:
        self._spec = spec
        self._by_operation: dict[str, Render | None] = {}
        for operation in spec.operations.values():
            definition = spec.document["paths"][operation.path][operation.method.lower()]
            response = spec.follow(definition["responses"][str(operation.success)])
            content = next(iter(response.get("content", {}).values()), None)
            self._by_operation[operation.id] = self._compile(content["schema"]) if content else None

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

    def _compile(self, schema: Mapping[str, Any]) -> Render:
        schema = self._spec.follow(schema)
        properties: dict[str, Any] = {}
        for part in [schema, *(self._spec.follow(each) for each in schema.get("allOf", []))]:
            properties.update(part.get("properties", {}))
        if properties:
            parts = {name: self._compile(child) for name, child in properties.items()}
            made = {name for name, child in properties.items() if self._made(child)}
            return lambda value, context: render_object(parts, made, value, context)
        if schema.get("type") == "array":
            item = self._compile(schema["items"])
            return lambda value, context: [item(child, context) for child in value]
        if "x-url-forms" in schema:
            form = "{base_url}" + schema["x-url-forms"][0]
            return lambda _, context: form.format_map(context)
        if "x-graphql-type" in schema:
            kind = schema["x-graphql-type"]
            return lambda value, _: graphql_id(kind, value["id"])
        if schema.get("format") == "date-time":
            return lambda value, _: timestamp(value)
        return lambda value, _: value

    def _made(self, schema: Mapping[str, Any]) -> bool:
        """Tell whether a property is made from others rather than returned by the handler."""
        schema = self._spec.follow(schema)
        return "x-url-forms" in schema or "x-graphql-type" in schema


def render_object(parts: Mapping[str, Render], made: set[str], value: Values, context: Values) -> dict[str, Any]:
    """Write an object's properties in the spec's order; those that the handler left out are left out."""
    context = {**context, **value}
    return {
        name: render(value if name in made else value[name], context)
        for name, render in parts.items()
        if name in made or name in value
    }
