"""Parsing of JSON into models, and writing of models as JSON.

A parser is a function that takes a value as `json.loads` gives it, and returns what it stands for or raises
`UnexpectedValue`. Unknown properties and unknown values of enumerations are no error, as newer servers may send them.

A property that is not what the API's description promises does not fail its model: it keeps the value as it came, and
the difference is logged. Within `strict` it raises.
"""

import datetime
import email.utils
import json
import logging
import re
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from enum import Enum, IntEnum, StrEnum
from io import BytesIO
from itertools import chain, repeat
from operator import attrgetter
from types import NoneType
from typing import Any, Generic, NoReturn, SupportsIndex, TypeAlias, TypeVar, cast
from uuid import UUID

from ..types import UNSET, File, Unset

log = logging.getLogger(__name__.rsplit(".", 2)[0])

T = TypeVar("T")
A = TypeVar("A")
B = TypeVar("B")
K = TypeVar("K", str, int)
EnumT = TypeVar("EnumT", bound=StrEnum | IntEnum)

Field: TypeAlias = tuple[str, str, Callable[[Any], Any], bool]
"""A property of a model: its name in JSON, its attribute, its parser, and whether it is required."""

UUID_LENGTH = 36

DEEPEST = 128
"""Arrays and objects that JSON may have inside each other. Far fewer than what Python can read, copy and print."""

LONGEST_TIME = 100
"""Characters of a text that may be a date with a time in an unusual form."""

ZONE = re.compile(r" ?(?:UTC|GMT)$|(?<=[0-9]) (?=[+-][0-9]{2}:?[0-9]{2}(?: ?UTC)?$)")
"""What ISO 8601 does not allow around an offset or in place of one, as Ruby and Go write it."""

CREDENTIAL = re.compile(
    "authorization|cookie|credential|token|secret|password|signature|private[-_]?key|api[-_]?key", re.IGNORECASE
)
"""What the names of properties that may hold a secret contain."""

TWELVE_HOURS = re.compile(r"(?<![A-Za-z])[AP]\.?M(?![A-Za-z])", re.IGNORECASE)
"""What RFC 2822 does not know, and Python's parser of it takes for no part of the time."""

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
    """A value that is not what the API's description promises. The value itself is left out: it may be a secret.

    Attributes:
        pointer: where it is, as a JSON pointer (RFC 6901); empty for the whole document.
        expected: what should be there, such as "a UUID".
        found: what is there instead, such as "null".
        kept: what to use where the error is tolerated, such as an array of which some items are not as promised; UNSET
            for the value as it came.
    """

    def __init__(self, expected: str, found: str, pointer: str = "", *, kept: Any = UNSET) -> None:
        super().__init__(expected, found, pointer)
        self.expected = expected
        self.found = found
        self.pointer = pointer
        self.kept = kept

    @property
    def reason(self) -> str:
        """What is wrong, such as "should be a UUID, is null" or "is missing"."""
        return "is missing" if self.found == "missing" else f"should be {self.expected}, is {self.found}"

    def move_below(self, token: str | int) -> None:
        """Put a property's name, or an index of an array, before the pointer."""
        self.pointer = "/" + str(token).replace("~", "~0").replace("/", "~1") + self.pointer

    def __str__(self) -> str:
        return f"{self.pointer or 'the document'} {self.reason}"


class Model:
    """The base of the models. It keeps the object that a model was read from where attrs does not show it."""

    __slots__ = ("_source",)

    _source: dict[str, Any]

    def _keep(self, source: dict[str, Any]) -> None:
        self._source = source

    def __reduce_ex__(self, protocol: SupportsIndex) -> Any:
        return super().__reduce_ex__(max(2, protocol.__index__()))  # older ones know no slots


class NestedTooDeeply(ValueError):
    """JSON that has more than `DEEPEST` arrays and objects inside each other."""

    def __init__(self) -> None:
        super().__init__(f"it is nested more than {DEEPEST} levels deep")


def read_json(
    content: str | bytes,
    *,
    parse_constant: Callable[[str], Any] | None = None,
    object_hook: Callable[[dict[str, Any]], Any] | None = None,
) -> Any:
    """Read JSON, of the same depth with each version of Python: their parsers give up at 1,000 levels, or far later.

    Args:
        content: the JSON, text or its bytes.
        parse_constant: as of `json.loads`.
        object_hook: likewise.

    Raises:
        NestedTooDeeply: it is nested too deeply.
        ValueError: it is not JSON.
    """
    try:
        value = json.loads(content, parse_constant=parse_constant, object_hook=object_hook)
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
    level: list[Any] = [value]
    for _ in range(DEEPEST + 1):
        arrays = [cast("Sequence[Any]", each) for each in level if isinstance(each, list)]
        objects = [cast("Mapping[str, Any]", each) for each in level if isinstance(each, dict)]
        level = [child for each in (*arrays, *(each.values() for each in objects)) for child in each]
        if not (arrays or objects):
            return False
    return True


_is_strict = ContextVar("_is_strict", default=False)
_operation: ContextVar[str | None] = ContextVar("_operation", default="")
_logged: set[tuple[str, str, str]] = set()  # no more of them than the description has operations and properties


@contextmanager
def strict() -> Generator[None, None, None]:
    """Let every value that is not as promised raise `UnexpectedValue`, in this thread or task."""
    token = _is_strict.set(True)
    try:
        yield
    finally:
        _is_strict.reset(token)


@contextmanager
def _on_behalf_of(operation: str | None) -> Generator[None, None, None]:
    """Name an operation in what is logged; log nothing for None."""
    token = _operation.set(operation)
    try:
        yield
    finally:
        _operation.reset(token)


def parse_answer(operation: str, parse: Callable[[Any], T], value: Any) -> T:
    """Parse the JSON of an answer.

    Args:
        operation: operationId of what was asked for, which logged differences name.
        parse: the parser.
        value: the JSON.

    Raises:
        UnexpectedValue: its root is not of the promised type.
    """
    with _on_behalf_of(operation):
        try:
            return parse(value)
        except UnexpectedValue as error:
            if isinstance(error.kept, Unset) or _is_strict.get():
                raise
            _note(error, "the answer")
            return cast("T", error.kept)


def _note(error: UnexpectedValue, owner: str, name: str = "") -> None:
    """Log a difference, once for each place. Neither values nor names that came with the answer are shown."""
    operation = _operation.get()
    if operation is None or (operation, owner, name) in _logged:
        return
    _logged.add((operation, owner, name))
    place = f"`{name}` of {owner}" if name else owner
    log.warning(
        "%s%s%s %s; it is kept as it came",
        f"{operation}: " if operation else "",
        "something in " if error.pointer else "",
        place,
        error.reason,
    )


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
    """Parse a date with a time, in any form that `datetime.fromisoformat` or RFC 2822 knows, or with UTC at the end.

    One without an offset is taken to be in UTC, as all times of the API are.
    """
    if isinstance(value, str):
        parsed: datetime.datetime | None
        try:
            parsed = datetime.datetime.fromisoformat(value)
        except ValueError:
            parsed = _other_time(value) if len(value) <= LONGEST_TIME else None
        if parsed is not None:
            return parsed if parsed.tzinfo is not None else parsed.replace(tzinfo=datetime.UTC)
        raise UnexpectedValue("a date with a time", "another string")
    raise unexpected("a date with a time", value)


def _other_time(text: str) -> datetime.datetime | None:
    """Parse a date with a time as Ruby, Go and RFC 2822 write it."""
    try:
        return datetime.datetime.fromisoformat(ZONE.sub("", text.strip().upper()))
    except ValueError:
        pass
    if TWELVE_HOURS.search(text):
        return None
    try:
        return email.utils.parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):  # it should raise the first alone
        return None


def time_text(value: datetime.datetime) -> str:
    """Write a date with a time as the API does: in UTC, with `Z`, and with milliseconds where there are some."""
    if value.tzinfo is None:
        return value.isoformat()
    try:
        value = value.astimezone(datetime.UTC)
    except OverflowError:  # at the first or last day that there is
        return value.isoformat()
    is_exact = value.microsecond % 1000 == 0
    text = value.isoformat(timespec="milliseconds" if value.microsecond and is_exact else "auto")
    return text.replace("+00:00", "Z")


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
    """Make a parser that tries two: whether the value is as one of them promises, then whether one tolerates it."""

    def parse_either(value: Any) -> A | B:
        if _is_strict.get():
            return _strictly_either(parse_one, parse_other, value)
        try:
            with strict():
                return _strictly_either(parse_one, parse_other, value)
        except UnexpectedValue as error:
            fault = error
        for parse in (parse_one, parse_other):
            try:
                return parse(value)
            except UnexpectedValue as error:
                if not isinstance(error.kept, Unset):
                    raise
        raise fault

    return parse_either


def _strictly_either(parse_one: Callable[[Any], A], parse_other: Callable[[Any], B], value: Any) -> A | B:
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


def list_of(parse: Callable[[Any], T]) -> Callable[[Any], list[T]]:
    """Make a parser of arrays from that of their items; what is kept of one has the items that are not as promised."""

    def parse_list(value: Any) -> list[T]:
        if not isinstance(value, list):
            raise unexpected("an array", value)
        parsed, fault = _parse_each(parse, enumerate(cast("Iterable[Any]", value)))
        items = list(parsed.values())
        if fault is not None:
            fault.kept = items
            raise fault
        return items

    return parse_list


def members(value: Any) -> dict[str, Any]:
    """Copy an object's properties."""
    if isinstance(value, (dict, Mapping)):  # the first is much faster to find out
        return dict(cast("Mapping[str, Any]", value))
    raise unexpected("an object", value)


def values_of(properties: Mapping[str, Any], parse: Callable[[Any], T]) -> dict[str, T]:
    """Parse the values of properties that are all alike; what is kept has those that are not as promised."""
    parsed, fault = _parse_each(parse, properties.items())
    if fault is not None:
        fault.kept = parsed
        raise fault
    return parsed


def _parse_each(
    parse: Callable[[Any], T], values: Iterable[tuple[K, Any]]
) -> tuple[dict[K, T], UnexpectedValue | None]:
    """Parse values; gives them by their names or indexes, and the first error. A value that is wrong stays in."""
    parsed: dict[K, T] = {}
    first: UnexpectedValue | None = None
    for name, value in values:
        try:
            parsed[name] = parse(value)
        except UnexpectedValue as error:
            parsed[name] = _kept(error, value)
            if first is None:
                error.move_below(name)
                first = error
    return parsed, first


def _kept(error: UnexpectedValue, value: Any) -> Any:
    """Give what stands for a value where an error of it is tolerated."""
    return value if isinstance(error.kept, Unset) else error.kept


def read(
    owner: str, source: Mapping[str, Any], fields: Iterable[Field], parse_rest: Callable[[Any], Any] = anything
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Parse the properties of an object.

    Args:
        owner: name of its model.
        source: the object.
        fields: the properties that the model names.
        parse_rest: parses the values of the other ones.

    Returns:
        the values of the model's attributes, and the other properties. A property that is missing is UNSET, one that
        is not as promised is as it came.

    Raises:
        UnexpectedValue: within `strict`, one is not as promised.
    """
    rest = dict(source)
    take = rest.pop
    values: dict[str, Any] = {}
    for name, attribute, parse, is_required in fields:
        value = take(name, UNSET)
        values[attribute] = value
        try:
            if value is not UNSET:
                values[attribute] = parse(value)
            elif is_required:
                _miss()
        except UnexpectedValue as error:
            values[attribute] = _tolerated(error, value, owner, name)
    if parse_rest is not anything:
        try:
            rest = values_of(rest, parse_rest)
        except UnexpectedValue as error:
            rest = _tolerated(error, rest, owner)
    return values, rest


def _miss() -> NoReturn:
    raise UnexpectedValue("there", "missing")


def _tolerated(error: UnexpectedValue, value: Any, owner: str, name: str = "") -> Any:
    """Give what stands for a value that is not as promised, and log it; within `strict`, raise the error."""
    if not _is_strict.get():
        _note(error, owner, name)
        return _kept(error, value)
    error.kept = UNSET
    if name:
        error.move_below(name)
    raise error


def repr_of(properties: Mapping[str, Any]) -> str:
    """Write properties that the description does not know, without values that may be secrets by their names."""
    return repr(_without_secrets(properties))


def names_of(properties: Mapping[str, Any]) -> str:
    """Write properties whose values are secrets."""
    return repr(dict.fromkeys(properties, "****"))


def _without_secrets(value: Any, name: str = "") -> Any:
    if isinstance(value, str | list | dict) and CREDENTIAL.search(name):
        return "****"
    if isinstance(value, dict):
        return {key: _without_secrets(each, key) for key, each in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        return [_without_secrets(each) for each in cast("Sequence[Any]", value)]
    return value


def write(
    model: "Model",
    rest: Mapping[str, Any],
    fields: Iterable[Field],
    parse_rest: Callable[[Any], Any] = anything,
) -> dict[str, Any]:
    """Write a model as JSON. What is as it was read has the text, the order and the type that it came with.

    Args:
        model: the model.
        rest: its other properties.
        fields: the properties that the model names.
        parse_rest: parses the values of the other ones.
    """
    source: Mapping[str, Any] = getattr(model, "_source", {})
    written = {name: _as_it_came(value, source.get(name, UNSET), parse_rest) for name, value in rest.items()}
    for name, attribute, parse, _ in fields:
        value = getattr(model, attribute)
        if value is not UNSET:
            written[name] = _as_it_came(value, source.get(name, UNSET), parse)
    return {**{name: written[name] for name in source if name in written}, **written}


def _as_it_came(value: Any, raw: Any, parse: Callable[[Any], Any]) -> Any:
    """Write a value as JSON, in the form that it was read from where it has not changed."""
    if value is raw:
        return value
    written = to_json(value, raw)
    if raw is UNSET or _same(written, raw):
        return written
    with _on_behalf_of(None):
        try:
            before = parse(raw)
        except UnexpectedValue as error:
            before = _kept(error, raw)
    return raw if _same(to_json(before, raw), written) else written


def _same(one: Any, other: Any) -> bool:
    """Compare JSON; unlike in Python, 1, 1.0 and true are different."""
    if one is other or type(one) is not type(other):
        return one is other
    if isinstance(one, list):
        items = cast("Sequence[Any]", one)
        return len(items) == len(other) and all(map(_same, items, other))
    if isinstance(one, dict):
        members = cast("dict[str, Any]", one)
        return members.keys() == other.keys() and all(_same(each, other[name]) for name, each in members.items())
    return bool(one == other)


def to_json(value: Any, raw: Any = UNSET) -> Any:
    """Write a value of a model as JSON: a model, an array of some, a UUID, a date; anything else is as it is.

    Args:
        value: the value.
        raw: the JSON that it was read from; what is still a part of it is not looked into.
    """
    if value is raw:
        return value
    if isinstance(value, list | tuple):
        values = cast("Sequence[Any]", value)
        raws = cast("Iterable[Any]", raw) if isinstance(raw, list) else ()
        return [to_json(each, before) for each, before in zip(values, chain(raws, repeat(UNSET)), strict=False)]
    for kind, writer in WRITERS:
        if isinstance(value, kind):
            return writer(value)
    return value.to_dict() if hasattr(value, "to_dict") else value


WRITERS: tuple[tuple[type, Callable[[Any], Any]], ...] = (
    (Enum, attrgetter("value")),
    (UUID, str),
    (datetime.datetime, time_text),  # a date too, so it comes first
    (datetime.date, datetime.date.isoformat),
    (File, File.to_tuple),
)
"""What writes values that are none of JSON."""
