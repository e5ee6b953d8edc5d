"""What the spec rests on without a document that says so: ``python -m scripts.contract.assumptions``.

Such a statement carries ``x-source`` in the spec, or a flow says that it would settle it. Each is listed with the tests
that would settle it, and with its verdict after the last live run.
"""

import json
import os
import sys
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from scripts import ROOT
from scripts.contract.results import Status, read
from scripts.contract.suite import load_flows
from scripts.contract.units import FUZZ
from scripts.spec.bundle import Bundle, bundle, format_pointer, walk

LIVE = Path("live", "results")
"""Where a live run leaves what it saw, below the folder of the reports."""

OPEN = "emulator"
"""The source of what the spec leaves open and the emulator had to decide."""

WIDTH = 80
MOST_TESTS = 4
"""Tests that are named for a statement."""


class Verdict(StrEnum):
    """What the last live run said of a statement."""

    CONFIRMED = "confirmed"
    REFUTED = "refuted"
    NOT_SEEN = "not seen"


@dataclass(frozen=True)
class Assumption:
    """A statement that no document backs.

    Attributes:
        name: JSON pointer into the bundle, or the sentence itself.
        statement: what is assumed.
        source: which of the spec's sources says so.
        place: file and line, where the spec has it.
        tests: units of a contract run that would settle it.
        verdict: after the last live run.
        evidence: of a live run that refuted it.
    """

    name: str
    statement: str
    source: str
    place: str
    tests: Sequence[str]
    verdict: Verdict = Verdict.NOT_SEEN
    evidence: Sequence[str] = ()


class Live:
    """What the last live run saw.

    Args:
        events: of its results, of all shards; none where there was no such run.
    """

    def __init__(self, events: Iterable[Mapping[str, Any]]) -> None:
        self.started = ""
        self._findings: list[Mapping[str, Any]] = []
        self._passed: set[str] = set()
        self._seen: set[str] = set()
        for event in events:
            if event["event"] == "run":
                self.started = event["started"]
            elif event["event"] == "finding":
                self._findings.append(event)
            elif event["event"] == "unit" and event["status"] == Status.PASSED:
                self._passed.update(event["settles"])
            elif event["event"] == "seen":
                self._seen.update(event["places"])

    def stands(self, name: str) -> tuple[Verdict, list[str]]:
        """Say how a statement stands, and what refutes it."""
        evidence = [
            f"{each['unit']}: expected {each['expected']}; received {each['received']}"
            for each in self._findings
            if is_within(each["place"], name) or name in settled_by(each["unit"])
        ]
        if evidence:
            return Verdict.REFUTED, evidence
        is_shown = name in self._seen and not wants_flow(name)
        return Verdict.CONFIRMED if is_shown or name in self._passed else Verdict.NOT_SEEN, []


def is_within(place: str, name: str) -> bool:
    """Tell whether a place in the bundle is a pointer's, or below it."""
    return place == name or place.startswith(f"{name}/")


def wants_flow(name: str) -> bool:
    """Tell whether it takes a flow to confirm a statement, since an answer alone shows less than it says.

    An extension of OpenAPI shows in no answer: where one was seen, a flow has said so.
    """
    settling = (flow for flow in load_flows().values() if name in flow.settles)
    return "/x-" not in name and any(not flow.needs_emulator for flow in settling)


def settled_by(unit: str) -> list[str]:
    """List the sentences that a flow settles; of the places, a finding itself says which it is about."""
    flow = load_flows().get(unit.partition(" ")[2])
    return [each for each in flow.settles if not each.startswith("#")] if flow else []


def uses(document: Mapping[str, Any]) -> Mapping[str, list[str]]:
    """List for each place in the bundle the operations that use it, however far down."""
    found: dict[str, list[str]] = {}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if isinstance(operation, dict) and "operationId" in operation:
                start = ("paths", path, method)
                for place in reachable(document, start):
                    found.setdefault(f"#{format_pointer(place)}", []).append(operation["operationId"])
    return found


def reachable(document: Mapping[str, Any], start: Sequence[str | int]) -> set[tuple[str | int, ...]]:
    """Find every place below a place, also through references."""
    found: set[tuple[str | int, ...]] = set()
    waiting: list[tuple[str | int, ...]] = [tuple(start)]
    while waiting:
        top = waiting.pop()
        value: Any = document
        for part in top:
            value = value[part]
        for place, each in walk(value, top):
            if place in found:
                continue
            found.add(place)
            if place[-1] == "$ref" and isinstance(each, str):
                target = tuple(part.replace("~1", "/") for part in each[2:].split("/"))
                if target not in found:
                    waiting.append(target)
    return found


def assumptions(joined: Bundle, live: Live) -> list[Assumption]:
    """List the statements that no document backs.

    Args:
        joined: the spec.
        live: what the last live run saw.
    """
    document = joined.document
    users = uses(document)
    found = []
    for pointer, value in walk(document):
        is_ecosystem = pointer[-2:-1] == ("x-ecosystems",)
        if isinstance(value, dict) and ("x-source" in value or is_ecosystem):
            name = f"#{format_pointer(pointer)}"
            tests = [flow.unit for flow in load_flows().values() if name in flow.settles]
            tests = tests or [f"{FUZZ} {operation}" for operation in users.get(name, [])]
            place = joined.place(pointer)
            line = f"{place.file.relative_to(ROOT)}:{place.line}"
            verdict, evidence = live.stands(name)
            source = value.get("x-source", OPEN)
            found.append(Assumption(name, statement_of(value), source, line, tests, verdict, evidence))
    for flow in load_flows().values():
        for sentence in settled_by(flow.unit):
            verdict, evidence = live.stands(sentence)
            found.append(Assumption(sentence, sentence, OPEN, "", [flow.unit], verdict, evidence))
    order = list(document["x-sources"])
    return sorted(found, key=lambda each: order.index(each.source))


def statement_of(value: Mapping[str, Any]) -> str:
    """Say what a part of the spec states."""
    if "title" in value:
        copied = "can" if value["copy"] else "cannot"
        return f"`{value['value']}` is the ecosystem of {value['title']}, whose packages {copied} be copied."
    if "command" in value:
        return f"Packages of this ecosystem do not come as one file; `{value['command']}` publishes them."
    return str(value.get("description") or value["summary"])


def last_live_run(folder: Path) -> Live:
    """Read what the last live run saw; nothing where there was none."""
    events = [event for path in sorted(folder.glob("*.jsonl")) for event in read(path)]
    return Live(events)


def written(found: Sequence[Assumption], sources: Mapping[str, str], started: str) -> str:
    """Write the statements for a terminal."""
    counts = {verdict: sum(each.verdict is verdict for each in found) for verdict in Verdict}
    when = f"after the live run of {started}" if started else "no live run was made yet"
    lines = [f"{len(found)} statements that no document backs ({when}):"]
    lines.append("  " + ", ".join(f"{count} {verdict}" for verdict, count in counts.items()))
    for source, description in sources.items():
        lines += ["", *textwrap.wrap(f"{source}: {description}", WIDTH), ""]
        for each in found:
            if each.source == source:
                lines += entry(each)
    return "\n".join(lines)


def entry(assumption: Assumption) -> list[str]:
    """Write one statement."""
    named = f"{assumption.place} {assumption.name}" if assumption.place else ""
    tests = list(assumption.tests[:MOST_TESTS])
    more = len(assumption.tests) - len(tests)
    settled = ", ".join(tests) + (f" and {more} more" if more else "")
    lines = textwrap.wrap(assumption.statement, WIDTH - 2, initial_indent="  ", subsequent_indent="  ")
    lines += [f"      {named}"] if named else []
    lines += textwrap.wrap(f"settled by: {settled}", WIDTH, initial_indent=" " * 6, subsequent_indent=" " * 8)
    lines.append(f"      {assumption.verdict}")
    for each in assumption.evidence:
        lines += textwrap.wrap(each, WIDTH, initial_indent=" " * 8, subsequent_indent=" " * 8)
    return lines


def main() -> int:
    """Print the statements, as JSON with ``FORMAT=json``; gives the exit status, 1 where one is refuted.

    Like the run it takes another folder than ``reports/`` from the environment variable ``RESULTS``.
    """
    live = last_live_run(Path(os.environ.get("RESULTS") or ROOT / "reports") / LIVE)
    joined = bundle()
    found = assumptions(joined, live)
    if os.environ.get("FORMAT") == "json":
        print(json.dumps([asdict(each) for each in found], indent=2, ensure_ascii=False))
    else:
        print(written(found, joined.document["x-sources"], live.started))
    return 1 if any(each.verdict is Verdict.REFUTED for each in found) else 0


if __name__ == "__main__":
    sys.exit(main())
