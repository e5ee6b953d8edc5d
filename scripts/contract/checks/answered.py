"""Objects of answers that know which request was answered with them."""

from dataclasses import dataclass
from typing import Any


class NotInAnswer(KeyError):
    """A flow looked for a member that an object of an answer lacks.

    Args:
        name: of the member.
        source: what the object was the answer to.
    """

    def __init__(self, name: object, source: "Source | None") -> None:
        super().__init__(name)
        self.name = name
        self.source = source

    def __str__(self) -> str:
        return f"an object without {self.name!r}"


@dataclass(frozen=True)
class Source:
    """The request that was answered: its operationId, and its number among those of the flow, from 0."""

    operation: str
    number: int


class Answered(dict[str, Any]):
    """A JSON object of an answer.

    Args:
        members: its members.
        source: the request; None where it is not known.
    """

    def __init__(self, members: dict[str, Any], source: Source | None) -> None:
        super().__init__(members)
        self.source = source

    def __missing__(self, name: str) -> Any:
        raise NotInAnswer(name, self.source)


def source_of(value: Any) -> Source | None:
    """Find the request that was answered with a value, or with a list of such; None where it is not known."""
    if isinstance(value, Answered):
        return value.source
    if isinstance(value, list):
        return next((found for each in value if (found := source_of(each))), None)
    return None


def like(value: dict[str, Any], members: dict[str, Any]) -> dict[str, Any]:
    """Make another object of the members of one, which knows what that knows."""
    return Answered(members, value.source) if isinstance(value, Answered) else members
