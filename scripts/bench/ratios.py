"""A ratio of two measurements that were taken in turns, since a machine is not always equally fast."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Ratio:
    """How one thing compares with another.

    Attributes:
        what: what was measured, for people.
        compared_with: what it is compared with, for people.
        pairs: what was measured of the one and of the other, a pair for each round.
        unit: of the measurements.
        at_least: the lowest ratio that is good enough, if low ones are bad.
        at_most: the highest ratio that is good enough, if high ones are bad.
    """

    what: str
    compared_with: str
    pairs: Sequence[tuple[float, float]]
    unit: str
    at_least: float | None = None
    at_most: float | None = None

    @property
    def value(self) -> float:
        """The ratio: the median of those of the rounds."""
        return statistics.median(one / other for one, other in self.pairs)

    @property
    def is_met(self) -> bool:
        """Whether it is good enough."""
        too_low = self.at_least is not None and self.value < self.at_least
        too_high = self.at_most is not None and self.value > self.at_most
        return not too_low and not too_high

    @property
    def bound(self) -> str:
        """What is good enough, for people."""
        return f"at most {self.at_most:g}" if self.at_least is None else f"at least {self.at_least:g}"

    def as_json(self) -> dict[str, Any]:
        """Describe it for machines."""
        return {
            "what": self.what,
            "compared_with": self.compared_with,
            "ratio": round(self.value, 3),
            "bound": self.bound,
            "is_met": self.is_met,
            "unit": self.unit,
            "rounds": [[round(one, 6), round(other, 6)] for one, other in self.pairs],
        }


def in_turns(rounds: int, one: Callable[[], float], other: Callable[[], float]) -> list[tuple[float, float]]:
    """Measure two things in turns; which of them is first changes from round to round."""
    pairs = []
    for number in range(rounds):
        if number % 2 == 0:
            pairs.append((one(), other()))
        else:
            second = other()
            pairs.append((one(), second))
    return pairs


def table(ratios: Sequence[Ratio]) -> str:
    """Write ratios as a table in Markdown."""
    lines = ["| what | compared with | ratio | bound |", "| --- | --- | --- | --- |"]
    for ratio in ratios:
        mark = "" if ratio.is_met else " (missed)"
        lines.append(f"| {ratio.what} | {ratio.compared_with} | {ratio.value:.2f} | {ratio.bound}{mark} |")
    return "\n".join(lines)
