"""What a change does to whom.

A caller sends requests and reads answers; a server implements the spec, as the emulator or a mock does. What a caller
may send and what a server may answer are sets of values. Where the set of requests shrinks, a caller may send what is
refused now; where it grows, a server has to take what it did not know. With answers it is the other way round. Callers
are also those of the generated client, whose functions, arguments and models follow from names in the spec.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum, IntEnum, StrEnum

from scripts.spec.bundle import Bundle, Place, Pointer


class Direction(StrEnum):
    """Which way a value goes."""

    REQUEST = "request"
    RESPONSE = "response"


class Effect(Enum):
    """What a change does to the set of values, or to what may be relied on."""

    NARROWER = "fewer values are allowed"
    WIDER = "more values are allowed"
    OTHER = "other values are allowed, or the same ones mean something else"
    DEFAULT_ADDED = "it is said now what leaving a value out means"
    DEFAULT_REMOVED = "it is no longer said what leaving a value out means"
    GAINED_OPTIONAL = "there is something new, which may be left out"
    GAINED_REQUIRED = "there is something new, which may not be left out"
    LOST_OPTIONAL = "something is gone that could be left out"
    LOST_REQUIRED = "something is gone that could not be left out"
    CLIENT_NAME = "the same goes over the wire, but the client has another name for it"
    ADDITION = "something is known now that nobody has to heed"
    DOCUMENTATION = "people read something else"


BREAKS: Mapping[tuple[Effect, Direction], tuple[bool, bool]] = {
    (Effect.NARROWER, Direction.REQUEST): (True, False),
    (Effect.NARROWER, Direction.RESPONSE): (False, True),
    (Effect.WIDER, Direction.REQUEST): (False, True),
    (Effect.WIDER, Direction.RESPONSE): (True, False),
    # A server has to do what a new parameter asks for; nobody has to send an optional property, or to read any.
    (Effect.GAINED_OPTIONAL, Direction.REQUEST): (False, True),
    (Effect.GAINED_OPTIONAL, Direction.RESPONSE): (False, False),
    (Effect.GAINED_REQUIRED, Direction.REQUEST): (True, True),
    (Effect.GAINED_REQUIRED, Direction.RESPONSE): (False, True),
    # The client's argument or attribute is gone, and what was asked for is not done or sent any more. A server may
    # go on sending what it likes, but it has to take requests without what it relied on.
    (Effect.LOST_OPTIONAL, Direction.REQUEST): (True, False),
    (Effect.LOST_OPTIONAL, Direction.RESPONSE): (True, False),
    (Effect.LOST_REQUIRED, Direction.REQUEST): (True, True),
    (Effect.LOST_REQUIRED, Direction.RESPONSE): (True, False),
}
"""Whether an effect breaks callers and servers, where it depends on the direction."""

BREAKS_EITHER_WAY: Mapping[Effect, tuple[bool, bool]] = {
    Effect.OTHER: (True, True),
    Effect.DEFAULT_ADDED: (False, True),
    Effect.DEFAULT_REMOVED: (True, False),
    Effect.CLIENT_NAME: (True, False),
    Effect.ADDITION: (False, False),
    Effect.DOCUMENTATION: (False, False),
}
"""The same where it does not."""


def verdict(effect: Effect, direction: Direction | None) -> tuple[bool, bool]:
    """Tell whether an effect breaks callers, and servers.

    Args:
        effect: the effect.
        direction: of the value; without one, what depends on it is taken to break both.
    """
    if effect in BREAKS_EITHER_WAY:
        return BREAKS_EITHER_WAY[effect]
    return BREAKS[effect, direction] if direction else (True, True)


class Level(IntEnum):
    """How much a change is, in the order of the version steps that follow from it."""

    DOCUMENTATION = 0
    ADDITION = 1
    BREAKING = 2


@dataclass(frozen=True)
class Change:
    """One change.

    Attributes:
        text: a sentence without its full stop.
        direction: the way that the value goes; None where a change is no matter of one.
        place: where it is written, in the new state; in the old one where `is_gone`.
        is_gone: whether it is written in the old state alone.
        callers: whether it breaks them.
        servers: whether it breaks them.
        level: how much it is.
        operations: the operationIds that it concerns, in the order of the spec; empty where it is none in particular.
    """

    text: str
    direction: Direction | None
    place: Place
    is_gone: bool
    callers: bool
    servers: bool
    level: Level
    operations: tuple[str, ...]


@dataclass(frozen=True)
class Site:
    """Who is concerned by what is being compared: an operation, if any, and the way that the value goes, if any."""

    operation: str = ""
    direction: Direction | None = None


NOWHERE = Site()


class Changes:
    """Collects changes. What is shared by several operations is compared for each, and noted once.

    Args:
        old: the state before.
        new: the state now.
    """

    def __init__(self, old: Bundle, new: Bundle) -> None:
        self.old = old
        self.new = new
        self._noted: dict[tuple[str, Direction | None, Pointer, bool], tuple[bool, bool, Level]] = {}
        self._operations: dict[tuple[str, Direction | None, Pointer, bool], dict[str, None]] = {}

    def note(
        self, site: Site, text: str, *effects: Effect, new: Pointer | None = None, gone: Pointer | None = None
    ) -> None:
        """Note a change by its effects.

        Args:
            site: whom it concerns. Without a direction, what depends on it is taken to break both.
            text: a sentence without its full stop.
            effects: what it does.
            new: where it is in the new document.
            gone: where it was in the old document, for what is in the new one no more.
        """
        if all(effect in BREAKS_EITHER_WAY for effect in effects):
            site = replace(site, direction=None)
        verdicts = [verdict(effect, site.direction) for effect in effects]
        breaks = any(callers for callers, _ in verdicts), any(servers for _, servers in verdicts)
        level = Level.DOCUMENTATION if set(effects) == {Effect.DOCUMENTATION} else Level.ADDITION
        self.judge(site, text, breaks, level, new=new, gone=gone)

    def judge(  # noqa: PLR0913 - a verdict has these parts
        self,
        site: Site,
        text: str,
        breaks: tuple[bool, bool],
        level: Level = Level.ADDITION,
        *,
        new: Pointer | None = None,
        gone: Pointer | None = None,
    ) -> None:
        """Note a change whose verdict is known.

        Args:
            site: whom it concerns.
            text: a sentence without its full stop.
            breaks: whether it breaks callers, and servers.
            level: how much it is where it breaks nobody.
            new: where it is in the new document.
            gone: where it was in the old document, for what is in the new one no more.
        """
        pointer = new if new is not None else gone if gone is not None else ()
        direction = site.direction if any(breaks) else None  # what breaks nobody does so either way
        key = (text, direction, pointer, new is None)
        callers, servers, before = self._noted.get(key, (False, False, Level.DOCUMENTATION))
        self._noted[key] = (callers or breaks[0], servers or breaks[1], max(before, level))
        self._operations.setdefault(key, {})
        if site.operation:
            self._operations[key][site.operation] = None

    def __iter__(self) -> Iterator[Change]:
        for key, (callers, servers, level) in self._noted.items():
            text, direction, pointer, is_gone = key
            yield Change(
                text=text,
                direction=direction,
                place=(self.old if is_gone else self.new).place(pointer),
                is_gone=is_gone,
                callers=callers,
                servers=servers,
                level=Level.BREAKING if callers or servers else level,
                operations=tuple(self._operations[key]),
            )
