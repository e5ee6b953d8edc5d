"""Turns what handlers return into the JSON that the spec promises.

A handler returns values under the names of the spec's properties; the rest follows from the spec: which properties
there are, the forms of URLs, GraphQL IDs, how times are written.

For each object of the spec, the source of a Python function that writes it is made and compiled, as `dataclasses` does
it. That takes half of the time of a loop over the properties, which counts in a list.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from buildkite_emulator.identity import graphql_id, timestamp
from buildkite_emulator.spec import Operation, Spec

PLACEHOLDER = re.compile(r"\{(\w+)\}")

Render = Callable[[Any, Mapping[str, Any]], Any]
"""Takes the value to render, and the values that fill `{placeholders}` of URL forms, `base_url` among them."""


class Renderer:
    """For each operation, how to write its successful response."""

    def __init__(self, spec: Spec) -> None:
        self._spec = spec
        self._names: dict[str, Any] = {"graphql_id": graphql_id, "timestamp": timestamp}  # what the sources may use
        self._by_operation: dict[str, Render | None] = {}
        for operation in spec.operations.values():
            response = spec.responses(operation)[str(operation.success)]
            content = next(iter(response.get("content", {}).values()), None)
            self._by_operation[operation.id] = content and self._compile(
                [f"return {self._expression(content['schema'], 'value')}"]
            )

    def render(self, operation: Operation, value: Any, base_url: str) -> Any:
        """Write the response of an operation.

        Args:
            operation: the operation.
            value: what its handler returned.
            base_url: scheme and host for URLs.

        Returns:
            a JSON value, or None where the operation's response has no body.
        """
        render = self._by_operation[operation.id]
        return None if render is None else render(value, {"base_url": base_url})

    def _expression(self, schema: Mapping[str, Any], given: str) -> str:
        """Make the source of an expression that writes a value of a schema.

        Args:
            schema: the schema.
            given: the source of the value.
        """
        schema = self._spec.follow(schema)
        choices = [self._spec.follow(each) for each in schema.get("anyOf", [])]
        objects = [each for each in choices if "properties" in each]
        if len(objects) == 1 and len(choices) == 2:  # noqa: PLR2004 - an object or null; handlers never give null
            schema = objects[0]
        properties: dict[str, Any] = {}
        for part in [schema, *(self._spec.follow(each) for each in schema.get("allOf", []))]:
            properties.update(part.get("properties", {}))
        if properties:
            return f"{self._object(properties)}({given}, context)"
        if schema.get("type") == "array":
            item = self._expression(schema["items"], "item")
            return given if item == "item" else f"[{item} for item in {given}]"
        if "x-url-forms" in schema:
            form = "{base_url}" + schema["x-url-forms"][0]
            values = [f"context[{name!r}]" for name in PLACEHOLDER.findall(form)]
            return f"{PLACEHOLDER.sub('%s', form.replace('%', '%%'))!r} % ({', '.join(values)},)"
        if "x-graphql-type" in schema:
            return f"graphql_id({schema['x-graphql-type']!r}, context['id'])"
        return f"timestamp({given})" if schema.get("format") == "date-time" else given

    def _object(self, properties: Mapping[str, Any]) -> str:
        """Compile a function that writes an object's properties in the spec's order; returns its name.

        What the handler left out is left out.
        """
        lines = ["rendered = {}"]
        for name, schema in properties.items():
            line = f"rendered[{name!r}] = {self._expression(schema, f'value[{name!r}]')}"
            lines.append(line if self._is_made(schema) else f"if {name!r} in value: {line}")
        if any("context" in line for line in lines):
            lines.insert(0, "context = {**context, **value}")
        function = f"object_{len(self._names)}"
        self._names[function] = self._compile([*lines, "return rendered"])
        return function

    def _is_made(self, schema: Mapping[str, Any]) -> bool:
        """Tell whether a property is made from others rather than returned by the handler."""
        schema = self._spec.follow(schema)
        return "x-url-forms" in schema or "x-graphql-type" in schema

    def _compile(self, lines: list[str]) -> Render:
        found: dict[str, Render] = {}
        source = "\n    ".join(["def render(value, context):", *lines])
        exec(source, self._names, found)  # noqa: S102 - the source is made of the spec's names alone
        return found["render"]
