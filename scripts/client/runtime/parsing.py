"""Parsing of JSON into what the API's description promises; where it is something else, the error says where.

A parser is a function that takes a value as `json.loads` gives it, and returns what it stands for or raises
`UnexpectedValue`. Unknown properties and unknown values of enumerations are no error, as newer servers may send them.
"""

import datetime
import json
from collections.abc import Callable, Iterable, Mapping
from enum import IntEnum, StrEnum
from io import BytesIO
from types import NoneType
from typing import Any, Generic, TypeVar, cast
from uuid import UUID

from .types import File, Unset

T = TypeVar("T")
A = TypeVar("A")
B = TypeVar("B")
EnumT = TypeVar("EnumT", bound=StrEnum | IntEnum)

UUID_LENGTH = 36

DEEPEST = 128
"""Arrays and objects that JSON may have inside each other. Far fewer than what Python can read, copy and print."""

JSON_TYPES: tuple[tuple[type, str], ...] = (
    (Unset, "missing"),
    (NoneType, "null"),
    (bool, "a boolean"),  # an int too, so it comes first
    (int, "a number"),
    (float, "a number"),
    (str, "a string"),
    (list, "an array"),
    (Mapping, "an object"),
)


class UnexpectedValue(ValueError):
    """A value that is not what the API's description promises. The value itself is not told: it may be a secret.

    Attributes:
        pointer: where it is, as a JSON pointer (RFC 6901); empty for the whole document.
        expected: what should be there, such as "a UUID".
        found: what is there instead, such as "null".
    """

    def __init__(self, expected: str, found: str, pointer: str = "") -> None:
        super().__init__(expected, found, pointer)
        self.expected = expected
        self.found = found
        self.pointer = pointer

    @property
    def reason(self) -> str:
        """What is wrong, such as "should be a UUID, is null" or "is missing"."""
        return "is missing" if self.found == "missing" else f"should be {self.expected}, is {self.found}"

    def move_below(self, token: str | int) -> None:
        """Put a property's name, or an index of an array, before the pointer."""
        self.pointer = "/" + str(token).replace("~", "~0").replace("/", "~1") + self.pointer

    def __str__(self) -> str:
        return f"{self.pointer or 'the document'} {self.reason}"


class NestedTooDeeply(ValueError):
    """JSON that has more than `DEEPEST` arrays and objects inside each other."""

    def __init__(self) -> None:
        super().__init__(f"it is nested more than {DEEPEST} levels deep")


def read_json(content: str | bytes, *, parse_constant: Callable[[str], Any] | None = None) -> Any:
    """Read JSON, of the same depth with each version of Python: their parsers give up at 1,000 levels, or far later.

    Args:
        content: the JSON, text or its bytes.
        parse_constant: as of `json.loads`.

    Raises:
        NestedTooDeeply: it is nested too deeply.
        ValueError: it is not JSON.
    """
    try:
        value = json.loads(content, parse_constant=parse_constant)
    except RecursionError:
        raise NestedTooDeeply() from None
    if isinstance(content, str):
        openings = content.count("[") + content.count("{")
    else:
        openings = content.count(b"[") + content.count(b"{")
    if openings > DEEPEST and is_deep(value):  # most answers have fewer, so they need not be walked
        raise NestedTooDeeply()
    return value


def is_deep(value: Any) -> bool:
    """Tell whether a value has more than `DEEPEST` lists and dicts inside each other."""
    level = [value]
    for _ in range(DEEPEST + 1):
        containers = [each for each in level if isinstance(each, (dict, list))]
        if not containers:
            return False
        level = [child for each in containers for child in (each.values() if isinstance(each, dict) else each)]
    return True


def json_type(value: object) -> str:
    """Name the JSON type of a value, such as "a string"; "missing" for UNSET."""
    return next((name for kind, name in JSON_TYPES if isinstance(value, kind)), f"of type {type(value).__name__}")


def member(document: object, name: str) -> Any:
    """Give a property of JSON that may be anything; None where it has none."""
    return cast("dict[str, Any]", document).get(name) if isinstance(document, dict) else None


def unexpected(expected: str, value: object) -> UnexpectedValue:
    """Make the error for a value of another type than expected."""
    return UnexpectedValue(expected, json_type(value))


def anything(value: Any) -> Any:
    """Accept any value, but not that there is none."""
    if isinstance(value, Unset):
        raise unexpected("any value", value)
    return value


def boolean(value: Any) -> bool:
    """Accept true and false."""
    if isinstance(value, bool):
        return value
    raise unexpected("a boolean", value)


def string(value: Any) -> str:
    """Accept a string."""
    if isinstance(value, str):
        return value
    raise unexpected("a string", value)


def integer(value: Any) -> int:
    """Accept a number without a fraction."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float):
        if value.is_integer():
            return int(value)
        raise UnexpectedValue("an integer", "another number")
    raise unexpected("an integer", value)


def number(value: Any) -> float:
    """Accept a number; one without a fraction stays an int."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    raise unexpected("a number", value)


def uuid(value: Any) -> UUID:
    """Parse a UUID."""
    if isinstance(value, str):
        if len(value) == UUID_LENGTH:
            try:
                return UUID(value)
            except ValueError:
                pass
        raise UnexpectedValue("a UUID", "another string")
    raise unexpected("a UUID", value)


def date(value: Any) -> datetime.date:
    """Parse a date."""
    if isinstance(value, str):
        try:
            return datetime.date.fromisoformat(value)
        except ValueError:
            pass
        raise UnexpectedValue("a date", "another string")
    raise unexpected("a date", value)


def date_time(value: Any) -> datetime.datetime:
    """Parse a date with a time and an offset from UTC."""
    if isinstance(value, str):
        try:
            parsed = datetime.datetime.fromisoformat(value)
        except ValueError:
            pass
        else:
            if parsed.tzinfo is not None:
                return parsed
        raise UnexpectedValue("a date-time with an offset", "another string")
    raise unexpected("a date-time with an offset", value)


def file(value: Any) -> File:
    """Accept the bytes of a file."""
    if isinstance(value, bytes):
        return File(payload=BytesIO(value))
    raise unexpected("bytes", value)


class Constant(Generic[T]):
    """Parser of the one value that is allowed."""

    def __init__(self, value: T) -> None:
        self.value = value

    def __call__(self, value: Any) -> T:
        """Accept the value, and nothing that Python takes for equal but JSON does not."""
        if value == self.value and isinstance(value, bool) == isinstance(self.value, bool):
            return self.value
        found = json_type(value)
        if found == json_type(self.value):
            found = found.replace("a ", "another ")
        raise UnexpectedValue(json.dumps(self.value), found)


null = Constant[None](None)


def enumeration(kind: type[EnumT]) -> Callable[[Any], EnumT]:
    """Make a parser of an enumeration's values, whose class gives unknown ones a member of their own."""
    parse = string if issubclass(kind, str) else integer

    def parse_member(value: Any) -> EnumT:
        parsed: Any = parse(value)
        return kind(parsed)

    return parse_member


def nullable(parse: Callable[[Any], T]) -> Callable[[Any], T | None]:
    """Make a parser that accepts null too."""

    def parse_unless_null(value: Any) -> T | None:
        return None if value is None else parse(value)

    return parse_unless_null


def either(parse_one: Callable[[Any], A], parse_other: Callable[[Any], B]) -> Callable[[Any], A | B]:
    """Make a parser that tries two."""

    def parse_either(value: Any) -> A | B:
        try:
            return parse_one(value)
        except UnexpectedValue as error:
            one = error
        try:
            return parse_other(value)
        except UnexpectedValue as other:
            if one.pointer or other.pointer:  # it is of the right type, and wrong inside
                raise (one if one.pointer else other) from None
            raise UnexpectedValue(f"{one.expected} or {other.expected}", one.found) from None

    return parse_either


def list_of(parse: Callable[[Any], T]) -> Callable[[Any], list[T]]:
    """Make a parser of arrays from that of their items."""

    def parse_list(value: Any) -> list[T]:
        if not isinstance(value, list):
            raise unexpected("an array", value)
        parsed: list[T] = []
        try:
            for item in cast("Iterable[Any]", value):
                parsed.append(parse(item))  # noqa: PERF401 - its length says where it stopped
        except UnexpectedValue as error:
            error.move_below(len(parsed))
            raise
        return parsed

    return parse_list


def members(value: Any) -> dict[str, Any]:
    """Copy an object's properties."""
    if isinstance(value, (dict, Mapping)):  # the first is much faster to find out
        return dict(cast("Mapping[str, Any]", value))
    raise unexpected("an object", value)


def values_of(properties: dict[str, Any], parse: Callable[[Any], T]) -> dict[str, T]:
    """Parse the values of properties that are all alike."""
    parsed: dict[str, T] = {}
    for name, value in properties.items():
        try:
            parsed[name] = parse(value)
        except UnexpectedValue as error:
            error.move_below(name)
            raise
    return parsed
