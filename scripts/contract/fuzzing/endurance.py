"""How long a run goes on fuzzing, in rounds, each from an emulator that holds nothing: ``FUZZ_MINUTES=``."""

import itertools
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from scripts.contract.settings import BadSetting, positive, text_of

ROUND = 180.0
"""Seconds of a round: an emulator that holds too much grows slow, and so does hypothesis in a session without end."""


@dataclass(frozen=True)
class Endurance:
    """How long to go on fuzzing, and with what.

    Attributes:
        seconds: of fuzzing.
        corpus: folder of hypothesis' example databases, which the next run begins with.
        clock: gives seconds.
    """

    seconds: float
    corpus: Path
    clock: Callable[[], float] = time.monotonic

    def rounds(self) -> Iterator[tuple[int, float]]:
        """Yield the number of each round, from 1, and its seconds, until the time is up."""
        end = self.clock() + self.seconds
        for number in itertools.count(1):
            left = end - self.clock()
            if left <= 0:
                return
            yield number, min(left, ROUND)


def read_endurance(environment: Mapping[str, str], reports: Path) -> Endurance | None:
    """Read how long to fuzz, and make the folder of the corpus; None where ``FUZZ_MINUTES`` is not set.

    Raises:
        BadSetting: it is no positive number, or ``CORPUS`` is no folder.
    """
    minutes = positive(environment, "FUZZ_MINUTES", "a number of minutes above 0, such as 60 or 0.5")
    if minutes is None:
        return None
    corpus = Path(text_of(environment, "CORPUS", "a folder") or reports / "corpus").resolve()
    try:
        corpus.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadSetting(
            f"CORPUS should be a folder that can be written to, and is {corpus}: {error.strerror}"
        ) from None
    return Endurance(minutes * 60, corpus)
