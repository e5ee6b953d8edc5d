"""Makes the requests that led to a finding as few and as simple as still show it."""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from scripts.contract.replay.recorded_requests import Trace, renumbered
from scripts.contract.replay.steps import NOTHING, From, Package, Raw, Step
from scripts.samples.ecosystems import BUILDERS

SIMPLEST = "files"
"""The ecosystem whose packages are any file."""

FEW = 64
"""Characters of a text up to which each is tried by itself."""


@dataclass(frozen=True)
class Replayed:
    """What came of steps that were sent again.

    Attributes:
        statuses: of the answers, by the numbers of the steps.
        status: of the last answer.
        drifts: where that is not what the spec says: the kind, and the place in the spec.
        shows: digest of what that shows.
    """

    statuses: Mapping[int, int]
    status: int
    drifts: frozenset[tuple[str, str]]
    shows: str


Send = Callable[[Sequence[Step]], Replayed | None]
"""Sends steps to an API that holds nothing yet; None where they cannot all be sent."""


class Spent(Exception):
    """There is no time left."""


class Reduction:
    """Reduces the steps of one finding.

    Args:
        trace: how it came about.
        send: sends steps.
        seconds: how long it may take.
        clock: tells seconds.
    """

    def __init__(self, trace: Trace, send: Send, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._trace = trace
        self._send = send
        self._clock = clock
        self._end = clock() + seconds
        self._tried: set[str] = set()
        self._first: Replayed | None = None
        self._fits: bool | None = None

    def run(self) -> list[Step] | None:
        """Reduce the steps; gives None where none of the ways shows the finding again."""
        try:
            steps = next((list(way) for way in self._trace.steps if self._begins(way)), None)
        except Spent:
            return None
        if steps is None:
            return None
        try:
            before: list[Step] = []
            while steps != before:
                before = steps
                for better in self._better(steps):
                    steps = better
        except Spent:
            pass
        return renumbered(self._best)

    def _begins(self, way: Sequence[Step]) -> bool:
        self._first, self._fits = None, way[-1].fits()
        return self._shows(way)

    def _better(self, steps: list[Step]) -> Iterator[list[Step]]:
        """Give better and better steps."""
        yield (steps := self._fewer(steps))
        if self._shows(simplest := [in_simplest(step) for step in steps]):
            steps = simplest
        for index in reversed(range(len(steps))):
            changed = True
            while changed:
                changed = False
                for simple in simpler(steps[index]):
                    other = [*steps[:index], simple, *steps[index + 1 :]]
                    if self._shows(other):
                        steps, changed = other, True
                        break
        yield steps

    def _fewer(self, steps: list[Step]) -> list[Step]:
        """Leave steps out, many at once where that goes."""
        size = len(steps) // 2
        while size:
            start = 0
            while start < len(steps) - 1:
                gone = {step.number for step in steps[start : start + size]}
                other = without(steps, gone)
                if other and self._shows(other):
                    steps = other
                else:
                    start += size
            size //= 2
        return steps

    def _shows(self, steps: Sequence[Step]) -> bool:
        """Tell whether steps show the finding; the same steps are tried once."""
        key = json.dumps([step.values() for step in steps])
        if key in self._tried:
            return False
        self._tried.add(key)
        if self._clock() > self._end:
            raise Spent
        if self._trace.kind in ("is_refused", "is_accepted") and self._first and not self._same_claim(steps[-1]):
            return False
        replayed = self._send(steps)
        if replayed is None or not shows(self._trace, replayed, self._first):
            return False
        self._first = self._first or replayed
        self._best = list(steps)
        return True

    def _same_claim(self, last: Step) -> bool:
        """Tell whether the spec says of a simpler request what it says of the first: to refuse it, or to accept it."""
        if self._trace.statuses:
            return True
        wanted = self._trace.kind == "is_accepted"
        return last.fits() is wanted if self._fits is wanted else asks(last) == asks(self._best[-1])


def asks(step: Step) -> str:
    """Write down what a step sends, whatever its number."""
    return json.dumps(replace(step, number=0, path=()).values())


def shows(trace: Trace, replayed: Replayed, first: Replayed | None) -> bool:
    """Tell whether answers show a finding.

    Args:
        trace: how the finding came about.
        replayed: the answers.
        first: those to the steps as they were found; None for the first time.
    """
    status = replayed.status
    if trace.keeps is not None and not is_success(replayed.statuses.get(trace.keeps, 0)):
        return False
    if trace.kind == "keeps_to_the_spec":
        return any(trace.drift in ("", kind) and trace.spec in ("", spec) for kind, spec in replayed.drifts)
    if first and status != first.status:
        return False
    return {
        "is_no_server_error": status >= 500,
        "is_there": status == 404 and all(map(is_success, [*replayed.statuses.values()][:-1])),
        "is_accepted": 400 <= status < 500 and (first is None or replayed.shows == first.shows),
        "is_refused": status not in (trace.statuses or range(400, 500)),
    }[trace.kind]


def is_success(status: int) -> bool:
    """Tell whether a status is one of success."""
    return 200 <= status < 300


def without(steps: Sequence[Step], gone: set[int]) -> list[Step] | None:
    """Leave steps out, and those that need them; None where the last one would go, or nothing does."""
    left = []
    for step in steps:
        if step.number in gone or step.needs & gone:
            gone = gone | {step.number}
        else:
            left.append(step)
    return left if left and left[-1] is steps[-1] and len(left) < len(steps) else None


def in_simplest(step: Step) -> Step:
    """Let a step be about the simplest ecosystem."""
    if step.package and not step.package.cut:
        step = replace(step, package=replace(step.package, ecosystem=SIMPLEST))
    if isinstance(step.json, dict) and step.json.get("ecosystem") in BUILDERS:
        step = replace(step, json={**step.json, "ecosystem": SIMPLEST})
    return step


def simpler(step: Step) -> Iterator[Step]:
    """Give simpler steps in place of one."""
    for index, (name, value) in enumerate(step.query):
        before, after = step.query[:index], step.query[index + 1 :]
        yield replace(step, query=(*before, *after))
        if not isinstance(value, From):
            for text in simpler_text(value):
                yield replace(step, query=(*before, (name, text), *after))
    if step.json is not NOTHING:
        yield replace(step, json=NOTHING)
        for value in simpler_json(step.json):
            yield replace(step, json=value)
    if step.package and step.package.name != "banana":
        yield replace(step, package=Package(step.package.ecosystem, "banana", step.package.cut))
    if step.raw:
        yield replace(step, raw=None)
        for size in (0, len(step.raw.content) // 2):
            if size < len(step.raw.content):
                yield replace(step, raw=Raw(step.raw.media_type, step.raw.content[:size]))


def simpler_json(value: Any) -> Iterator[Any]:
    """Give simpler JSON."""
    if isinstance(value, dict):
        for name in value:
            yield {other: each for other, each in value.items() if other != name}
        for name, each in value.items():
            yield from ({**value, name: simple} for simple in simpler_json(each))
    elif isinstance(value, list):
        for index in range(len(value)):
            yield [*value[:index], *value[index + 1 :]]
        for index, each in enumerate(value):
            yield from ([*value[:index], simple, *value[index + 1 :]] for simple in simpler_json(each))
    elif isinstance(value, str):
        yield from simpler_text(value)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield from (number for number in (0, 1, int(value / 2)) if abs(number) < abs(value))


def simpler_text(text: str) -> Iterator[str]:
    """Give simpler texts: shorter ones, and those with plainer characters."""
    if text:
        yield ""
    if len(text) > 1:
        yield "a"
        half = len(text) // 2
        yield text[:half]
        yield text[half:]
    size = 1 if len(text) <= FEW else len(text) // 16
    if len(text) > 1:
        for start in range(0, len(text), size):
            yield text[:start] + text[start + size :]
    if len(text) <= FEW:
        for index, character in enumerate(text):
            for plain in "a0":
                if plain_rank(plain) < plain_rank(character):
                    yield text[:index] + plain + text[index + 1 :]


def plain_rank(character: str) -> int:
    """Rank a character by how plain it is."""
    return {"a": 0, "0": 1}.get(character, 2)
