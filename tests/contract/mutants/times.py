"""Mutants that change the zone or the format of times."""

from collections.abc import Callable
from datetime import timedelta

from scripts.contract.mutants import *
from tests.contract.mutants import PACKAGES, TOKENS


def spelt(spell: Callable[[str], str], name: str = "created_at") -> Behaviour:
    """Return a behaviour that changes a time."""
    return changed(put, name, spell)


def moved(offset: str = "Z", **by: int) -> Callable[[str], str]:
    """Return a function that moves a time; it writes it as the API does, except for the offset."""

    def move(text: str) -> str:
        return (moment(text) + timedelta(**by)).isoformat(timespec="milliseconds").replace("+00:00", offset)

    return move


def with_offset(text: str) -> str:
    """Write a time with the offset of UTC."""
    return text.replace("Z", "+00:00")


OF_PACKAGES = mutants_of(
    PACKAGES,
    tells_time_elsewhere=spelt(moved(hours=10)),
    is_a_day_late=spelt(moved(days=1)),
    has_a_quarter_zone=spelt(moved(minutes=45)),
    writes_another_offset=spelt(moved("+02:00", hours=2)),
    tells_minutes=spelt(lambda text: f"{text[:17]}00.000Z"),
    writes_an_offset=spelt(with_offset),
    tells_microseconds=spelt(lambda text: text.replace("Z", "000Z")),
    writes_small_letters=spelt(str.lower),
)

OF_TOKENS = mutants_of(
    TOKENS,
    tells_time_elsewhere=spelt(moved(hours=-7)),
    tells_hours=spelt(lambda text: f"{text[:14]}00:00.000Z"),
    writes_an_offset=spelt(with_offset),
    writes_an_offset_of_users=spelt(with_offset, "created_by.created_at"),
    tells_seconds=spelt(lambda text: f"{text[:19]}Z"),
    separates_by_a_blank=spelt(lambda text: text.replace("T", " ")),
)
