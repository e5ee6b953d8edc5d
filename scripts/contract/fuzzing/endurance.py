"""Fuzzes for minutes: round after round with other seeds, each from an emulator that holds nothing."""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from scripts.contract.fuzzing.corpus import HYPOTHESIS, Corpus
from scripts.contract.fuzzing.schemathesis_run import AGAIN, CORPUS, Fuzzing
from scripts.contract.settings import positive
from scripts.contract.target import Target

ROUND = 180.0
"""Seconds of a round; an emulator that holds too much grows slow."""

FIRST = 600.0
"""Seconds of the first round, which has the examples and the coverage phase besides."""

SEEDS = 1000
"""Between the seeds of two rounds, for schemathesis counts up by itself."""


@dataclass(frozen=True)
class Part:
    """What one process of a round does.

    Attributes:
        units: of the run.
        operations: operationIds; empty for all.
        first: the phases of schemathesis in the first round.
        later: those in the others.
    """

    units: Sequence[str]
    operations: Sequence[str]
    first: str
    later: str


@dataclass(frozen=True)
class Endurance:
    """How long to go on, and what with.

    Attributes:
        seconds: of fuzzing.
        corpus: the folder of the requests that are kept.
        clock: tells seconds.
    """

    seconds: float
    corpus: Path
    clock: Callable[[], float] = time.monotonic

    def rounds(  # noqa: PLR0913 - what it goes between
        self,
        target: Target,
        fuzzing: Fuzzing,
        parts: Sequence[Part],
        *,
        sent: Callable[[], int],
        say: Callable[[str], None],
        between: Callable[[float], object],
    ) -> list[str]:
        """Fuzz until the time is up.

        Args:
            target: the API.
            fuzzing: how schemathesis is run in the first round.
            parts: what each round has.
            sent: counts the requests that were sent.
            say: shows a line to whoever waits.
            between: is called after each round, with the seconds that are left.

        Returns:
            the units that schemathesis could not run.
        """
        end = self.clock() + self.seconds
        environment = {**fuzzing.environment, CORPUS: str(self.corpus), AGAIN: "1"}
        failed: list[str] = []
        number, left = 0, self.seconds
        while left > 0 and parts and not failed:
            share = min(left, ROUND if number else FIRST) / len(parts)
            for part in parts:
                seconds = max(1, math.ceil(min(share, end - self.clock())))
                arguments = [f"--max-time={seconds}", f"--generation-database={self.corpus / HYPOTHESIS}"]
                this = replace(fuzzing, seed=(fuzzing.seed + number * SEEDS) % (1 << 32), environment=environment)
                phases = part.later if number else part.first
                if not this.run(target, phases, part.operations, sent=sent(), arguments=arguments):
                    failed.extend(part.units)
                if number and self.clock() >= end:
                    break
            number, left = number + 1, end - self.clock()
            kept = len(Corpus(self.corpus).kept)
            say(f"  round {number} of fuzzing: {written(left)} left; {kept} requests kept in {self.corpus}")
            between(left)
            left = end - self.clock()
        return failed


def written(seconds: float) -> str:
    """Write a time for people."""
    return f"{seconds / 60:.0f} minutes" if seconds >= 120 else f"{max(seconds, 0):.0f} seconds"


def read_minutes(environment: Mapping[str, str]) -> float | None:
    """Read ``FUZZ_MINUTES=``; gives None where it is not there.

    Raises:
        BadSetting: it is no positive number.
    """
    return positive(environment, "FUZZ_MINUTES", "a number of minutes above 0, such as 60 or 0.5")
