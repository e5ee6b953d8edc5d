"""What the API's description says of operations, as far as commands are made from it.

Imports nothing that is slow to import: `--help` should not wait.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ..openapi import Json, Operation, packaged
from .methods import METHODS, Method

SETTING = "x-client-setting"
"""Marks a parameter whose value the client has."""

SCALARS = {"string", "integer", "number", "boolean"}


class Field(NamedTuple):
    """Something that an operation takes.

    Attributes:
        name: as the API has it.
        place: `path`, `query`, `header` or `cookie`; `body` for a property of JSON, `form` for one of a form.
        required: whether it has to be there.
        schema: what it may be, followed.
        setting: the client's setting that it is; None for one that the caller gives.
    """

    name: str
    place: str
    required: bool
    schema: Json
    setting: str | None = None

    @property
    def description(self) -> str:
        """What the description says of it."""
        return str(self.schema.get("description", ""))


class Described(NamedTuple):
    """An operation, as it is described.

    Attributes:
        id: its operationId.
        http_method: in capitals.
        path: template of its path.
        summary: a line on it.
        description: some sentences on it.
        scopes: the alternatives in words.
        link: address of its reference page.
        fields: what it takes.
        is_body_required: whether it takes a body in any case.
        answer: what a success gives, followed; empty where that has no body.
        method: the client's method.
    """

    id: str
    http_method: str
    path: str
    summary: str
    description: str
    scopes: str
    link: str
    fields: tuple[Field, ...]
    is_body_required: bool
    answer: Json
    method: Method

    @property
    def noun(self) -> str:
        """What it is about, such as "registry token"."""
        return self.id.partition("_")[2].replace("_", " ")

    @property
    def item(self) -> Json | None:
        """What the items of a list are; None where the answer is no list."""
        answer = self.answer
        if self.method.pages is not None:
            answer = properties(answer)[self.method.pages.items]
        return merged(answer["items"]) if answer.get("type") == "array" else None


def operations() -> Iterator[Described]:
    """Yield the operations that the client has methods for."""
    for operation in packaged().operations():
        if operation.id in METHODS:
            yield described(operation)


def described(operation: Operation) -> Described:
    """Gather what the description says of one operation."""
    said = operation.node.value
    success = next(each.value for status, each in operation.responses.items() if status.startswith("2"))
    return Described(
        id=operation.id,
        http_method=operation.method,
        path=operation.path,
        summary=said["summary"],
        description=said["description"],
        scopes=" or ".join(
            " and ".join(scope for scopes in alternative.values() for scope in scopes)
            for alternative in said["security"]
        ),
        link=said["externalDocs"]["url"],
        fields=(*(field_of(each.value) for each in operation.parameters), *body_fields(operation.body.value)),
        is_body_required=operation.body.value.get("required", False),
        answer=merged(success.get("content", {}).get("application/json", {}).get("schema", {})),
        method=METHODS[operation.id],
    )


def field_of(parameter: Json) -> Field:
    """Read a parameter."""
    schema = merged(parameter["schema"])
    return Field(
        name=parameter["name"],
        place=parameter["in"],
        required=parameter.get("required", False),
        schema={**schema, "description": parameter.get("description", schema.get("description", ""))},
        setting=parameter.get(SETTING),
    )


def body_fields(body: Json) -> Iterator[Field]:
    """Yield the properties of a body."""
    for media_type, content in body.get("content", {}).items():
        schema = merged(content["schema"])
        place = "body" if media_type == "application/json" else "form"
        for name, each in properties(schema).items():
            yield Field(name, place, name in schema.get("required", []), each)


def properties(schema: Json) -> dict[str, Json]:
    """Give an object's properties, followed."""
    return {name: merged(each) for name, each in schema.get("properties", {}).items()}


def merged(schema: Json) -> Json:
    """Give a schema with its reference followed and the parts of its `allOf` merged into it."""
    if "$ref" in schema:
        target: Json = packaged().resolve(schema["$ref"]).value
        return merged({**target, **{name: value for name, value in schema.items() if name != "$ref"}})
    for part in map(merged, schema.get("allOf", [])):
        schema = {
            **part,
            **schema,
            "properties": {**schema.get("properties", {}), **part.get("properties", {})},
            "required": [*schema.get("required", []), *part.get("required", [])],
        }
    return schema


def kinds(schema: Mapping[str, Any]) -> set[str]:
    """Name the types of JSON that a schema lets through, as far as it says."""
    found = schema.get("type", [])
    types = {found} if isinstance(found, str) else set(found)
    for choice in ("anyOf", "oneOf"):
        for each in schema.get(choice, []):
            types |= kinds(merged(each))
    return types
