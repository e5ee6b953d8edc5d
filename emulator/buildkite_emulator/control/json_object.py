"""Reads and validates the JSON objects in requests to `/_emulator/`."""

import json
from collections.abc import Collection, Iterable
from typing import Any

from buildkite_emulator.suggestions import advice, shown


class BadInput(ValueError):
    """Invalid input to `/_emulator/`; the text is a sentence for the caller."""


class JsonObject:
    """Typed access to the members of a JSON object.

    Each method that reads a member raises `BadInput` if its value is missing, of another type or out of range.

    Args:
        value: a decoded JSON value.
        name: what error messages call the object.
        known: names of the members that it may have.

    Raises:
        BadInput: the value is not an object, or has an unknown member.
    """

    def __init__(self, value: Any, name: str, known: Collection[str]) -> None:
        if not isinstance(value, dict):
            raise BadInput(f"{name} should be a JSON object")
        for member in value:
            if member not in known:
                raise BadInput(f"`{shown(member)}` is unknown; {advice(member, known, name)}")
        self._value = value

    def __contains__(self, member: str) -> bool:
        """Tell whether the object has a member."""
        return member in self._value

    def get(self, member: str) -> Any:
        """Return a member without validating it; None if it is missing."""
        return self._value.get(member)

    def text(self, member: str) -> str:
        """Read a string."""
        value = self._value.get(member)
        if not isinstance(value, str):
            raise self._invalid(member, "a string")
        return value

    def texts(self, member: str, what: str) -> list[str]:
        """Read a list of strings; `what` names them in the error message."""
        value = self._value.get(member)
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise self._invalid(member, f"a list of {what}")
        return value

    def choice(self, member: str, choices: Iterable[str]) -> str:
        """Read one of several strings."""
        listed = list(choices)
        value = self._value.get(member)
        if not isinstance(value, str) or value not in listed:
            raise self._invalid(member, " or ".join(f'"{each}"' for each in listed))
        return value

    def flag(self, member: str) -> bool:
        """Read a boolean; false if it is missing."""
        value = self._value.get(member, False)
        if not isinstance(value, bool):
            raise self._invalid(member, "true or false")
        return value

    def integer(self, member: str, least: int, most: int) -> int:
        """Read an integer from `least` to `most`."""
        value = self._value.get(member)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise self._invalid(member, f"an integer from {least} to {most}")
        return value

    def number(self, member: str, least: float, most: float) -> float:
        """Read a number from `least` to `most`."""
        value = self._value.get(member)
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            raise self._invalid(member, f"a number from {least:g} to {most:g}")
        return float(value)

    def _invalid(self, member: str, expected: str) -> BadInput:
        return BadInput(f"`{member}` {'' if member in self._value else 'is missing; it '}should be {expected}")


def parse_body(content: bytes) -> Any:
    """Decode a request body as JSON, whatever its Content-Type.

    Raises:
        BadInput: it is not valid JSON.
    """
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise BadInput("the body should be JSON") from error
