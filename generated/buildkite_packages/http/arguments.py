"""What callers pass, as what is sent."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from uuid import UUID

from ..types import Unset
from .parsing import UnexpectedValue, strict, to_json

BodyT = TypeVar("BodyT")


def body_of(parse: Callable[[Mapping[str, Any]], BodyT], values: Mapping[str, object]) -> BodyT:
    """Make a request's body of a method's arguments.

    Args:
        parse: makes the body's model of JSON.
        values: the arguments by name; those that are unset are left out. Models, and lists of them, are taken, and
            so is the JSON of one.

    Raises:
        TypeError: an argument is not what the spec says of it; the message names it.
    """
    given = {name: to_json(value) for name, value in values.items() if not isinstance(value, Unset)}
    try:
        with strict():
            return parse(given)
    except UnexpectedValue as error:
        name = error.pointer.lstrip("/").replace("/", ".")
        raise TypeError(f"the argument {name} {error.reason}") from None


def uuid_of(name: str, value: UUID | str) -> UUID:
    """Read a UUID, as itself or as text.

    Raises:
        ValueError: it is neither; the message names the argument.
    """
    try:
        return value if isinstance(value, UUID) else UUID(value)
    except (AttributeError, TypeError, ValueError):
        raise ValueError(f"the argument {name} is {value!r}; it should be a UUID") from None
