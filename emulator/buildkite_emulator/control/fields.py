"""Reads the JSON objects that `/_emulator/` is sent, and says what is wrong with them."""

from collections.abc import Collection, Iterable
from typing import Any

from buildkite_emulator.suggestions import advice, shown


class BadInput(ValueError):
    """Something sent to `/_emulator/` that cannot be accepted; the text is a sentence for people."""


class Fields:
    """The members of a JSON object.

    Args:
        value: what was sent.
        name: what it is called in errors.
        known: the members that there may be.

    Raises:
        BadInput: it is no object, or has other members.
    """

    def __init__(self, value: Any, name: str, known: Collection[str]) -> None:
        if not isinstance(value, dict):
            raise BadInput(f"{name} should be a JSON object")
        for member in value:
            if member not in known:
                raise BadInput(f"`{shown(member)}` is unknown; {advice(member, known, name)}")
        self._value = value

    def __contains__(self, member: str) -> bool:
        """Tell whether a member was sent."""
        return member in self._value

    def get(self, member: str) -> Any:
        """Give a member as it was sent; None where it was not."""
        return self._value.get(member)

    def text(self, member: str) -> str:
        """Read a string.

        Raises:
            BadInput: it is none, or missing.
        """
        value = self._value.get(member)
        if not isinstance(value, str):
            raise self._wrong(member, "a string")
        return value

    def choice(self, member: str, choices: Iterable[str]) -> str:
        """Read one of some strings.

        Raises:
            BadInput: it is none of them, or missing.
        """
        listed = list(choices)
        value = self._value.get(member)
        if not isinstance(value, str) or value not in listed:
            raise self._wrong(member, " or ".join(f'"{each}"' for each in listed))
        return value

    def flag(self, member: str) -> bool:
        """Read a truth value; false where it is missing.

        Raises:
            BadInput: it is none.
        """
        value = self._value.get(member, False)
        if not isinstance(value, bool):
            raise self._wrong(member, "true or false")
        return value

    def integer(self, member: str, least: int, most: int) -> int:
        """Read an integer.

        Raises:
            BadInput: it is none, out of range or missing.
        """
        value = self._value.get(member)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise self._wrong(member, f"an integer from {least} to {most}")
        return value

    def number(self, member: str, least: float, most: float) -> float:
        """Read a number.

        Raises:
            BadInput: it is none, out of range or missing.
        """
        value = self._value.get(member)
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            raise self._wrong(member, f"a number from {least:g} to {most:g}")
        return float(value)

    def _wrong(self, member: str, right: str) -> BadInput:
        return BadInput(f"`{member}` {'' if member in self._value else 'is missing; it '}should be {right}")
