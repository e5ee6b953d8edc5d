"""Checks what a request carries against the spec, and says what is wrong with it in words."""

import json
import re
from collections.abc import Mapping
from itertools import islice
from typing import Any, NoReturn
from urllib.parse import parse_qsl

import jsonschema_rs

from buildkite_emulator.api.narrowing import narrowed, property_names
from buildkite_emulator.api.unknown_fields import UNKNOWN
from buildkite_emulator.errors import Objection, ValidationFailed
from buildkite_emulator.spec import Operation, Spec
from buildkite_emulator.suggestions import advice, shown

LONGEST_JSON = 1 << 20
"""Bytes that a JSON body may have."""

INTEGER = re.compile(r"[+-]?[0-9]{1,400}")
LONGEST_PATH = 1000
"""Characters of a place in a value that are shown."""

MOST_FAULTS = 10
"""Faults that one answer names."""

DEEPEST = 128
"""Lists and objects that may lie in each other."""

UNSTORABLE = re.compile("[\0\ud800-\udfff]")
"""Characters that no database keeps as text: NUL and halves of surrogate pairs."""


class Validators:
    """A compiled validator for each body and query parameter of the spec, and for schemas by name."""

    def __init__(self, spec: Spec) -> None:
        self._spec = spec
        self._names = property_names(spec.document["components"]["schemas"])
        self._bodies = {
            operation.id: self._compile(operation.body_schema)
            for operation in spec.operations.values()
            if operation.body_schema is not None
        }
        self._parameters = {
            (operation.id, parameter.name): self._compile(parameter.schema)
            for operation in spec.operations.values()
            for parameter in operation.query
        }
        self._schemas: dict[str, jsonschema_rs.Draft202012Validator] = {}  # compiled when they are first asked for

    def _compile(self, schema: Mapping[str, Any]) -> jsonschema_rs.Draft202012Validator:
        rooted = {"allOf": [schema], "components": self._spec.document["components"]}
        return jsonschema_rs.Draft202012Validator(rooted, validate_formats=True)

    def query(self, operation: Operation, query_string: bytes) -> tuple[dict[str, Any], frozenset[str]]:
        """Read an operation's query parameters; those that it does not have are passed over.

        Returns:
            the values, with defaults, and the names of those that were sent.

        Raises:
            ValidationFailed: one is missing, given twice or not what its schema wants.
        """
        values: dict[str, Any] = {}
        if not operation.query:
            return values, frozenset()
        given: dict[str, list[str]] = {}
        for name, value in parse_qsl(query_string.decode("latin-1"), keep_blank_values=True):
            given.setdefault(name, []).append(value)
        for parameter in operation.query:
            name, schema = parameter.name, parameter.schema
            texts = given.get(name, [])
            if len(texts) > 1:
                raise ValidationFailed(f"`{name}` is given {len(texts)} times", [(name, "repeated")])
            if not texts and parameter.required:
                raise ValidationFailed(f"`{name}` is missing", [(name, "missing_field")])
            values[name] = schema.get("default")
            for text in texts:
                is_integer = schema.get("type") == "integer" and INTEGER.fullmatch(text)
                values[name] = int(text) if is_integer else text
                self._check(self._parameters[operation.id, name], values[name], name)
        return values, frozenset(given)

    def parse(self, operation: Operation, content_type: str | None, content: bytes) -> Any:
        """Read the JSON body of a request.

        Raises:
            ValidationFailed: it is not JSON that can be stored.
        """
        if len(content) > LONGEST_JSON:
            raise ValidationFailed(f"the body is longer than {LONGEST_JSON} bytes")
        media_type = (content_type or "").partition(";")[0].strip().lower()
        if media_type != operation.media_type:
            said = f"not {media_type}" if media_type else "and no Content-Type was sent"
            raise ValidationFailed(f"the body should be {operation.media_type}, {said}")
        try:
            body = json.loads(content.decode("utf-8"), parse_constant=refuse_constant)
        except UnicodeDecodeError as error:
            raise ValidationFailed(f"the body is not UTF-8 at byte {error.start}") from error
        except RecursionError as error:
            raise ValidationFailed("the body is nested too deeply") from error
        except json.JSONDecodeError as error:
            where = f"{error.msg}, line {error.lineno}, column {error.colno}"
            raise ValidationFailed(f"the body is not JSON: {where}") from error
        except ValueError as error:  # an integer of more digits than Python reads
            raise ValidationFailed("the body is not JSON that can be read: a number in it is too long") from error
        check_plain(body, "")
        return body

    def check_body(self, operation: Operation, body: Any) -> None:
        """Check a JSON body against the operation's schema.

        Raises:
            ValidationFailed: it does not fit.
        """
        self._check(self._bodies[operation.id], body, "")

    def check(self, schema: str, value: Any, path: str) -> None:
        """Check a value against a schema of the spec.

        Args:
            schema: name of the component.
            value: what to check.
            path: what the value is called in errors, such as ``oidc_policy``.

        Raises:
            ValidationFailed: it does not fit; the error points into the value.
        """
        if schema not in self._schemas:
            self._schemas[schema] = self._compile(self._spec.schema(schema))
        self._check(self._schemas[schema], value, path)

    def _check(self, validator: jsonschema_rs.Draft202012Validator, value: Any, path: str) -> None:
        if validator.is_valid(value):
            return
        part = narrowed(value, validator.is_valid, self._names)
        errors = islice(validator.iter_errors(part), MOST_FAULTS)
        raise ValidationFailed.of(fault(self._spec, error, path) for error in errors)


def refuse_constant(name: str) -> NoReturn:
    """Refuse numbers that Python's parser accepts and JSON does not have."""
    raise ValidationFailed(f"the body is not JSON: {name} is no number there")


def check_plain(value: Any, path: str) -> None:
    """Check that a value is plain JSON that can be stored: text only, names that are strings, no endless nesting.

    Args:
        value: what to check, with all that it holds.
        path: what the outermost value is called in errors.

    Raises:
        ValidationFailed: it is not.
    """
    if not is_plain(value):
        find_odd(value, path)


def is_plain(value: Any) -> bool:
    """Tell whether a value is plain JSON that can be stored."""
    level, depth = [value], 0
    while level:
        if depth > DEEPEST:
            return False
        below: list[Any] = []
        for each in level:
            if isinstance(each, str):
                if UNSTORABLE.search(each):
                    return False
            elif isinstance(each, list):
                below += each
            elif isinstance(each, dict):
                if not all(isinstance(name, str) and not UNSTORABLE.search(name) for name in each):
                    return False
                below += each.values()
        level, depth = below, depth + 1
    return True


def find_odd(value: Any, path: str, *inside: str | int) -> None:
    """Find what of a value is not plain.

    Args:
        value: what to check, with all that it holds.
        path: what the outermost value is called in errors.
        inside: where in it the value lies.

    Raises:
        ValidationFailed: it is not plain.
    """
    if len(inside) > DEEPEST:
        field = path or join(path, list(inside[:1]))
        raise ValidationFailed(f"{named(field)} is nested too deeply", [(field, "invalid")])
    if isinstance(value, str) and UNSTORABLE.search(value):
        field = join(path, list(inside))
        raise ValidationFailed(f"{named(field)} holds a character that is no text", [(field, "invalid")])
    for index, child in enumerate(value) if isinstance(value, list) else ():
        find_odd(child, path, *inside, index)
    for name, child in value.items() if isinstance(value, dict) else ():
        if not isinstance(name, str):
            field = join(path, list(inside))
            reason = f"{named(field)} has the name {shown(str(name))}, which is no string; quote it"
            raise ValidationFailed(reason, [(field, "invalid")])
        find_odd(name, path, *inside)
        find_odd(child, path, *inside, name)


def named(path: str) -> str:
    """Name a value in a sentence."""
    return f"`{path}`" if path else "the body"


def join(path: str, parts: list[str | int]) -> str:
    """Write the path of a value for people: ``oidc_policy[0].claims.pipeline_slug``."""
    for part in parts:
        path += f"[{part}]" if isinstance(part, int) else f".{shown(part)}" if path else shown(part)
    return path if len(path) <= LONGEST_PATH else f"{path[: LONGEST_PATH // 2]} … {path[-LONGEST_PATH // 2 :]}"


def fault(spec: Spec, error: jsonschema_rs.ValidationError, path: str) -> Objection:
    """Put a validator's error into words."""
    error = nearest(error)
    field = join(path, error.instance_path)
    it = named(field)
    kinds = jsonschema_rs.ValidationErrorKind
    match error.kind:
        case kinds.Required():
            field = join(field, [error.kind.property])
            return Objection(field, "missing_field", f"`{field}` is missing")
        case kinds.AdditionalProperties():
            schema: Any = spec.document
            for part in error.schema_path[:-1]:
                schema = schema[part]
            name = error.kind.unexpected[0]
            field = join(field, [name])
            return Objection(field, UNKNOWN, f"`{field}` is unknown; {advice(name, schema['properties'], it)}")
        case kinds.AnyOf():
            return Objection(field, "invalid", f"{it} should be {' or '.join(meant_types(error))}")
    return Objection(field, "invalid", f"{it} is invalid: {shorten(error.message)}")


def meant_types(error: jsonschema_rs.ValidationError) -> list[str]:
    """List the types that the alternatives of an "any of these" take."""
    types: dict[str, None] = {}
    kinds = jsonschema_rs.ValidationErrorKind
    for branch in error.kind.context if isinstance(error.kind, kinds.AnyOf) else []:
        for each in branch:
            if isinstance(each.kind, kinds.Type) and each.instance_path == error.instance_path:
                types.update(dict.fromkeys(each.kind.types))
    return [f"of the type {name}" for name in types] or ["one of the alternatives of the spec"]


def nearest(error: jsonschema_rs.ValidationError) -> jsonschema_rs.ValidationError:
    """Descend from "fits none of these" to what is wrong with the one that was meant, the one of the value's type."""
    kinds = jsonschema_rs.ValidationErrorKind
    while isinstance(error.kind, kinds.AnyOf):
        place = error.instance_path
        firsts = [branch[0] for branch in error.kind.context if branch]
        meant = [each for each in firsts if not isinstance(each.kind, kinds.Type) or each.instance_path != place]
        if len(meant) != 1:
            break
        error = meant[0]
    return error


def shorten(message: str, most: int = 300) -> str:
    """Cut a message that quotes a long value."""
    return message if len(message) <= most else f"{message[: most // 2]} … {message[-most // 2 :]}"
