"""What of a request the expectation of a finding rests on, where the API's reference pages do not back it.

An answer is compared with what was sent. Where what was sent is a choice of this project (a colour of three digits, a
name with a space at its end), the place in the answer's schema says nothing of that; the place in the request's does.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import jsonschema_rs

from buildkite_emulator.spec import Spec
from buildkite_packages.drift.checker import meant
from buildkite_packages.openapi import Document, parse_pointer, pointer_of
from scripts.contract.checks.differences import identical
from scripts.contract.target import place_of

SPEC = Spec.load()
WORD = re.compile(r"[A-Za-z0-9]+")


def of_refusal(operation_id: str, body: Any, params: Any) -> str | None:
    """Find what a request breaks, if it is only what the reference pages do not state.

    Args:
        operation_id: what was called.
        body: the JSON or form that was sent.
        params: the query that was sent.

    Returns:
        JSON pointer into the bundle; None where the reference pages state one of those, or none is known.
    """
    if found := of_query(operation_id, dict(params or {})):
        return found
    operation = SPEC.operations[operation_id]
    if operation.body_schema is None or operation.file_field or body is None:
        return None
    place, _ = followed(body_place(operation_id))
    try:
        errors = [each for error in validator(place).iter_errors(body) for each in meant(error)]
    except ValueError:
        return None
    places = [sourced(error.schema_path) for error in errors]
    return places[0] if places and all(places) else None


def of_query(operation_id: str, params: Mapping[str, Any]) -> str | None:
    """Find a query parameter that was sent, if the reference pages do not state what its value may be."""
    operation = SPEC.operations[operation_id]
    item = SPEC.document["paths"][operation.path]
    for parameter in [*item.get("parameters", []), *item[operation.method.lower()].get("parameters", [])]:
        known = SPEC.follow(parameter)
        if known["in"] == "query" and known["name"] in params and "x-source" in {*known, *known["schema"]}:
            return str(parameter["$ref"]) if "$ref" in parameter else None
    return None


def of_acceptance(operation_id: str, body: Any, answer: Any) -> str | None:
    """Find what an answer refuses of a request that is right, if the reference pages do not show that it is.

    Args:
        operation_id: what was called.
        body: the JSON or form that was sent.
        answer: the JSON of the refusal.

    Returns:
        JSON pointer into the bundle; None where the reference pages back it, or nothing is known.
    """
    errors = answer.get("errors") if isinstance(answer, dict) else None
    for error in errors if isinstance(errors, list) else []:
        field = error.get("field") if isinstance(error, dict) else None
        if isinstance(field, str) and isinstance(body, dict) and field in body:
            return of_property(operation_id, field, body[field])
    return None


def of_value(sent: Sequence[tuple[str, Any]], expected: Any, place: str) -> str | None:
    """Find the request's property that a value of an answer should be as.

    Args:
        sent: operationId and body of each request so far.
        expected: what the value should be.
        place: JSON pointer into the bundle of the answer's property, or of what has it.

    Returns:
        JSON pointer into the bundle; None where the reference pages back it, or it was not sent.
    """
    for operation_id, body in reversed(sent):
        if not isinstance(body, dict) or SPEC.operations[operation_id].file_field:
            continue
        for name, value in body.items():
            is_it = name == place.rpartition("/")[2] and identical(value, expected)
            is_in_it = isinstance(expected, dict) and name in expected and identical(value, expected[name])
            if (is_it or is_in_it) and (found := of_property(operation_id, name, value)):
                return found
        if any(name == place.rpartition("/")[2] and identical(value, expected) for name, value in body.items()):
            return None
    return None


def of_property(operation_id: str, name: str, value: Any) -> str | None:
    """Point at a property of a request, if the reference pages show no value like the one that was sent."""
    if isinstance(value, str) and any(is_like(value, each) for each in documented(operation_id, name)):
        return None
    place, schema = followed(body_place(operation_id))
    if name not in schema.get("properties", {}):
        return None
    found, known = followed(f"{place}/properties/{name}")
    return found if isinstance(value, str) or "x-source" in known else None


def is_like(value: str, example: str) -> bool:
    """Tell whether a text has the form of an example: as many letters in its words, or words like those of a text."""
    if " " not in example.strip() and WORD.fullmatch(example) is None:
        return [len(each) for each in WORD.findall(value)] == [len(each) for each in WORD.findall(example)] and (
            WORD.sub("", value) == WORD.sub("", example)
        )
    return re.fullmatch(r"[A-Za-z0-9]+([ -][A-Za-z0-9]+)*[.!?]?", value) is not None


@cache
def documented(operation_id: str, name: str) -> tuple[str, ...]:
    """List the values of a request's property that the reference pages show."""
    content = SPEC.document["paths"][SPEC.operations[operation_id].path][SPEC.operations[operation_id].method.lower()]
    media = next(iter(content["requestBody"]["content"].values()))
    found = [SPEC.follow(each) for each in media.get("examples", {}).values()]
    values = [each["value"].get(name) for each in found if "x-source" not in each and isinstance(each["value"], dict)]
    _, schema = followed(body_place(operation_id))
    values += (
        [] if "x-source" in SPEC.follow(schema) else schema.get("properties", {}).get(name, {}).get("examples", [])
    )
    return tuple(each for each in values if isinstance(each, str))


def body_place(operation_id: str) -> str:
    """Point at the schema of an operation's request body."""
    operation = SPEC.operations[operation_id]
    return place_of(operation, "requestBody", "content", str(operation.media_type), "schema")


def followed(place: str) -> tuple[str, Any]:
    """Look a place up, with all references on the way followed; gives where that led, and what is there."""
    document = Document(SPEC.document)
    node = document.root
    for name in parse_pointer(place):
        node = document.follow(node.child(name))
    return node.pointer, node.value


@cache
def validator(place: str) -> jsonschema_rs.Draft202012Validator:
    """Compile the schema at a place."""
    return jsonschema_rs.Draft202012Validator({**SPEC.document, "$ref": place}, validate_formats=True)


def sourced(path: Iterable[str | int]) -> str | None:
    """Give the innermost place on the way to a keyword that carries `x-source`, if any does."""
    found = None
    value: Any = SPEC.document
    at = "#"
    for part in path:
        value = value[part]
        at += pointer_of([part])
        if isinstance(value, dict) and "x-source" in value:
            found = at
    return found
