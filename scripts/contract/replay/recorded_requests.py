"""What a process has sent, so that what led to a finding can be sent again."""

import itertools
import json
import threading
from collections import deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from scripts.contract.replay.steps import From, Step, read_step

MOST = 5000
"""Steps that are remembered."""

LONGEST = 300
"""Steps of a trace."""

NAMES = ("slug", "id")
"""What an answer calls the thing that it shows."""


@dataclass(frozen=True)
class Sent:
    """A step, and whether it succeeded."""

    step: Step
    succeeded: bool


@dataclass(frozen=True)
class Trace:
    """What led to a finding.

    Attributes:
        check: name of the check.
        unit: of the run.
        operation: operationId.
        expected: as the finding has it.
        received: likewise.
        place: likewise.
        kind: how a replay tells whether it is there: a method of `scripts.contract.replay.replay.Api`.
        statuses: of a refusal; empty for any of 4xx.
        drift: the kind of drift; empty for any.
        spec: where the spec says so; empty for anywhere.
        keeps: the number of a step that is the point of it, such as the deletion of what is found again.
        commands: the requests as commands.
        steps: ways to get there, from the shortest; empty where there is none.
    """

    check: str
    unit: str
    operation: str
    expected: str
    received: str
    place: str
    kind: str
    statuses: Sequence[int] = ()
    drift: str = ""
    spec: str = ""
    keeps: int | None = None
    commands: Sequence[str] = ()
    steps: Sequence[Sequence[Step]] = ()

    @property
    def key(self) -> tuple[str, ...]:
        """What makes it another one than the next."""
        return (self.operation, self.kind, *map(str, self.statuses), self.drift, self.spec)

    def values(self) -> dict[str, Any]:
        """Give it as JSON."""
        return vars(self) | {"steps": [[step.values() for step in steps] for steps in self.steps]}


def read_traces(path: Path) -> list[Trace]:
    """Read the traces that a run left; none where it left none."""
    if not path.exists():
        return []
    traces = []
    for line in path.read_text(encoding="utf-8").splitlines(keepends=True):
        if line.endswith("\n"):
            values = json.loads(line)
            steps = [[read_step(step) for step in steps] for steps in values.pop("steps")]
            traces.append(Trace(**values, steps=steps))
    return traces


def write_trace(path: Path, trace: Trace) -> None:
    """Append a trace to a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(trace.values()) + "\n")


class RecordedRequests:
    """Remembers what was sent, and which step made what the next ones name."""

    def __init__(self) -> None:
        self._sent: deque[Sent] = deque(maxlen=MOST)
        self._makers: dict[str, From] = {}
        self._gone: set[str | From] = set()
        self._cases: dict[str, Step] = {}
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    def number(self) -> int:
        """Give a number for a step."""
        return next(self._numbers)

    def add(self, step: Step, status: int, answer: Any, case: str = "") -> Step:
        """Remember a step.

        Args:
            step: the step, with the names that were sent.
            status: of its answer.
            answer: the answer's JSON.
            case: the ID that schemathesis gave it.

        Returns:
            the step, with references to the steps that made what it names.
        """
        with self._lock:
            linked = step.linked(self._makers)
            succeeded = 200 <= status < 300
            self._sent.append(Sent(linked, succeeded))
            if case:
                self._cases[case] = linked
                while len(self._cases) > MOST:
                    self._cases.pop(next(iter(self._cases)))
            if succeeded and step.writes and step.method is None:
                if answer is None:
                    self._gone.update(step.path[-1:])
                for name in NAMES:
                    value = answer.get(name) if isinstance(answer, dict) else None
                    if isinstance(value, str) and (value not in self._makers or value in self._gone):
                        self._makers[value] = From(step.number, name)
                        self._gone.discard(value)
            return linked

    def of_case(self, case: str) -> Step | None:
        """Look up the step that a case of schemathesis was; None where it is not known."""
        return self._cases.get(case)

    def linked(self, step: Step) -> Step:
        """Let a step take what it names from the steps that made it."""
        with self._lock:
            return step.linked(self._makers)

    def ways(self, last: Step, also: Collection[int] = ()) -> list[list[Step]]:
        """List ways to a step, from the shortest to what was written before it at all.

        Args:
            last: the step.
            also: numbers of steps that belong to it.
        """
        with self._lock:
            before = [sent for sent in self._sent if sent.step.number < last.number]
        steps = {sent.step.number: sent.step for sent in before}
        wrote = {sent.step.number for sent in before if sent.succeeded and sent.step.writes}
        wanted = closure({last.number, *also}, steps | {last.number: last})
        ways = [wanted]
        touching = {n for n in wrote if steps[n].needs & wanted}
        ways.append(closure(wanted | touching, steps | {last.number: last}))
        recent = set(sorted(wrote)[-LONGEST:])
        ways.append(closure(wanted | recent, steps | {last.number: last}))
        whole = steps | {last.number: last}
        found = []
        for way in ways:
            if way <= whole.keys() and len(way) <= 2 * LONGEST:
                listed = [whole[number] for number in sorted(way)]
                if listed not in found:
                    found.append(listed)
        return found


def closure(numbers: Iterable[int], steps: Mapping[int, Step]) -> set[int]:
    """Add the numbers of all steps that those of some numbers need."""
    found: set[int] = set()
    waiting = list(numbers)
    while waiting:
        number = waiting.pop()
        if number not in found:
            found.add(number)
            waiting.extend(steps[number].needs if number in steps else ())
    return found


def renumbered(steps: Sequence[Step]) -> list[Step]:
    """Number steps from 1."""
    numbers = {step.number: number for number, step in enumerate(steps, 1)}

    def value(each: str | From) -> str | From:
        return From(numbers[each.step], each.name) if isinstance(each, From) else each

    return [
        replace(
            step,
            number=numbers[step.number],
            path=tuple(map(value, step.path)),
            query=tuple((name, value(each)) for name, each in step.query),
        )
        for step in steps
    ]
