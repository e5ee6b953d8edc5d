"""Puts what the spec expects and what came into words."""

import json
from typing import TYPE_CHECKING, Any

from ..http.parsing import NestedTooDeeply
from ..openapi import Node, items_of

if TYPE_CHECKING:
    from jsonschema_rs import ValidationError

TYPES = {
    "array": "an array",
    "boolean": "a boolean",
    "integer": "an integer",
    "null": "null",
    "number": "a number",
    "object": "an object",
    "string": "a string",
}

LIMITS = {
    "format": "a string of format {}",
    "pattern": "a string that fits the pattern {}",
    "const": "{}",
    "minimum": "a number of at least {}",
    "maximum": "a number of at most {}",
    "exclusiveMinimum": "a number above {}",
    "exclusiveMaximum": "a number below {}",
    "multipleOf": "a multiple of {}",
    "minLength": "a string of at least {} characters",
    "maxLength": "a string of at most {} characters",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "minProperties": "at least {} properties",
    "maxProperties": "at most {} properties",
    "uniqueItems": "items that differ from each other",
}
"""What a keyword asks for, in words."""


def expectation(root: Node, error: "ValidationError") -> tuple[str, str]:
    """Say what a schema expects, and where it does."""
    *way, keyword = map(str, error.schema_path)
    schema = root.child(*way)
    limit = schema.value.get(keyword)
    if keyword == "required":
        return "", schema.child(keyword).pointer
    if keyword == "type":
        return " or ".join(TYPES.get(name, name) for name in map(str, items_of(limit) or [limit])), schema.pointer
    if keyword == "enum":
        return f"one of {', '.join(map(json.dumps, limit))}", schema.pointer
    if keyword in {"anyOf", "oneOf"}:
        return f"one of the {len(limit)} alternatives of {keyword}", schema.pointer
    if keyword in LIMITS:
        return LIMITS[keyword].format(limit if isinstance(limit, str) else json.dumps(limit)), schema.pointer
    return f"what the keyword {keyword} allows", schema.pointer


def kind_of(value: Any) -> str:
    """Name the type of a JSON value."""
    if isinstance(value, bool):
        return TYPES["boolean"]
    if isinstance(value, list):
        return f"an array of {len(items_of(value))}"
    names = {"int": "integer", "float": "number", "str": "string", "dict": "object", "NoneType": "null"}
    return TYPES[names[type(value).__name__]]


def size(content: bytes) -> str:
    """Say how long a body is."""
    return f"{len(content)} byte{'' if len(content) == 1 else 's'}"


def reason(error: Exception) -> str:
    """Say why JSON cannot be read, without a piece of it."""
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg.lower()}, line {error.lineno}, column {error.colno}"
    if isinstance(error, UnicodeDecodeError):
        return f"no UTF-8 at byte {error.start}"
    return "nested too deeply" if isinstance(error, NestedTooDeeply) else "a number that JSON does not have"
