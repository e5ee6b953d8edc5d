"""A contract run, merged from what its shards wrote down."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from scripts.contract import results
from scripts.contract.report.text import Clean, amount, cut, listed
from scripts.contract.results import Finding, Status

LONGEST_VALUE = 4000
"""Characters of what was expected and of what was received."""
LONGEST_COMMAND = 8000
MOST_STEPS = 50

NEEDED = {"target", "seed", "shard", "spec_digest", "started", "units", "all_units"}
"""What the beginning of a run must tell."""

Counts = dict[str, Counter[str]]


@dataclass(frozen=True)
class Unit:
    """A part of a run, such as a flow.

    Attributes:
        name: its kind and what it is about, such as ``fuzz get_registry``.
        sentence: what it promises.
        status: how it ended.
        reason: why it ended so; empty where it passed.
        requests: how many it sent.
        seconds: how long it took.
    """

    name: str
    sentence: str
    status: Status
    reason: str
    requests: int
    seconds: float

    @property
    def kind(self) -> str:
        """What kind of unit it is: the first word of its name."""
        return self.name.partition(" ")[0]


@dataclass
class Run:
    """What all shards of a run found together.

    Attributes:
        head: the ``run`` event of its first shard; empty where nothing was run.
        shards: of how many shards there are results.
        commands: what runs each shard again, each once.
        all_units: names of the units that belong to the run.
        units: those that ended, by name.
        findings: what was found.
        answers: by operationId, how often each status came.
        checks: by operationId, how often each check passed.
        parameters: by operationId, how often each parameter was sent.
        notices: by operationId, how often each header came by which the API announces something.
        places: how often each place in the bundle was seen, by JSON pointer.
        unsent: requests that a live run's guard did not let out, because they might change what is not the run's own.
        gaps: why the run is not the whole run, a sentence each; empty where it is.
        cases: the files in ``found/`` that were made of findings, by check, operation and place.
    """

    head: Mapping[str, Any] = field(default_factory=dict)
    shards: int = 0
    commands: list[str] = field(default_factory=list)
    all_units: list[str] = field(default_factory=list)
    units: dict[str, Unit] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    answers: Counts = field(default_factory=lambda: defaultdict(Counter))
    checks: Counts = field(default_factory=lambda: defaultdict(Counter))
    parameters: Counts = field(default_factory=lambda: defaultdict(Counter))
    notices: Counts = field(default_factory=lambda: defaultdict(Counter))
    places: Counter[str] = field(default_factory=Counter)
    unsent: int = 0
    gaps: list[str] = field(default_factory=list)
    cases: dict[tuple[str, str, str], str] = field(default_factory=dict)

    @property
    def requests(self) -> int:
        """How many requests were answered."""
        return sum(sum(counts.values()) for counts in self.answers.values())

    def with_status(self, *statuses: Status) -> list[Unit]:
        """List the units that ended in one of some ways."""
        return [unit for unit in self.units.values() if unit.status in statuses]


@dataclass
class Shard:
    """What one file holds: of the runs in it the last one, with the earlier attempts at the same.

    Attributes:
        name: of the file.
        head: the ``run`` event.
        units: those that ended.
        findings: what was found.
        seen: the ``seen`` events.
        unsent: requests that a live run's guard did not let out.
        end: the ``end`` event; None where there is none, because the run was killed or goes on.
        resumed: how many findings there were when the run was last resumed.
        cases: as of a `Run`.
    """

    name: str
    head: Mapping[str, Any]
    units: dict[str, Unit] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    seen: list[Mapping[str, Any]] = field(default_factory=list)
    unsent: int = 0
    end: Mapping[str, Any] | None = None
    resumed: int = 0
    cases: dict[tuple[str, str, str], str] = field(default_factory=dict)

    def repeats(self, unit: str) -> None:
        """Forget what a unit found before the run was resumed, for it runs again."""
        kept = [finding for finding in self.findings[: self.resumed] if finding.unit != unit]
        self.findings[: self.resumed] = kept
        self.resumed = len(kept)

    def alone(self) -> "Shard":
        """Make it a run of its own."""
        return replace(self, head={**self.head, "shard": "1/1", "all_units": self.head["units"]})

    @property
    def number(self) -> int:
        """Which of the run's shards it is, from 1."""
        return int(self.head["shard"].partition("/")[0])

    @property
    def count(self) -> int:
        """How many shards the run has."""
        return int(self.head["shard"].partition("/")[2])

    @property
    def identity(self) -> tuple[Any, ...]:
        """What the shards of one run have in common, and no other run has."""
        return self.head["target"], self.head["seed"], self.head["spec_digest"], self.count


def merge(folder: Path, clean: Clean) -> Run:
    """Read what the shards of a run left, and merge it.

    Whatever is amiss is one of the run's gaps: no file, a file that cannot be read, a shard that is missing, was
    interrupted or never came to its end, a unit that never ended, a file of another run.

    Args:
        folder: where the files are, ``*.jsonl``; or one of them, whose share then is the whole run.
        clean: makes a JSON value fit to be shown (`scripts.contract.report.text.cleaner`).
    """
    run = Run()
    shards = []
    for path in sorted(folder.glob("*.jsonl")) if folder.is_dir() else [folder]:
        try:
            shard = read(path, clean)
            shards.append(shard if folder.is_dir() else shard.alone())
        except OSError as error:
            run.gaps.append(f"{path.name} cannot be read: {error.strerror}.")
        except (ValueError, KeyError, TypeError, AttributeError):
            run.gaps.append(f"{path.name} does not hold the events of a contract run; run that shard again.")
    if not shards:
        run.gaps.append(f"There are no results of a run in {folder}.")
        return run
    newest = max(shards, key=lambda shard: str(shard.head["started"]))
    for shard in shards:
        if shard.identity != newest.identity:
            was = f"{shard.head['target']}, seed {shard.head['seed']}, shard {shard.head['shard']}"
            run.gaps.append(f"{shard.name} is of another run ({was}); remove it, or report on that run alone.")
    for shard in sorted((each for each in shards if each.identity == newest.identity), key=lambda each: each.number):
        add(run, shard)
    look_for_gaps(run, shards, newest)
    return run


def read(path: Path, clean: Clean) -> Shard:
    """Read the file of a shard.

    Args:
        path: the file.
        clean: makes a JSON value fit to be shown.

    Raises:
        OSError: it cannot be read.
        ValueError, KeyError, TypeError, AttributeError: it does not hold the events of a run.
    """
    shard: Shard | None = None
    for raw in results.read(path):
        event = cleaned(raw, clean)
        kind = event.pop("event")
        if kind == "run":
            shard = begun(shard, Shard(path.name, event))
        elif shard is None:
            raise ValueError("an event before the run began")
        elif kind == "unit":
            unit = Unit(
                name=event["name"],
                sentence=event.get("sentence") or "",
                status=Status(event["status"]),
                reason=event.get("reason") or "",
                requests=int(event.get("requests") or 0),
                seconds=float(event.get("seconds") or 0),
            )
            shard.repeats(unit.name)
            shard.units[unit.name] = unit
        elif kind == "finding":
            shard.repeats(event["unit"])
            shard.findings.append(shortened(Finding(**event)))
        else:
            keep(shard, kind, event)
    if shard is None:
        raise ValueError("no run in it")
    return shard


def begun(before: Shard | None, shard: Shard) -> Shard:
    """Begin a run, or go on with the one before, if it is the same that was resumed.

    Raises:
        ValueError: something is missing in its beginning.
    """
    if missing := NEEDED - shard.head.keys():
        raise ValueError(f"the beginning of a run without {listed(sorted(missing))}")
    if before is None or before.identity != shard.identity:
        return shard
    before.head, before.end, before.resumed = shard.head, None, len(before.findings)
    return before


def keep(shard: Shard, kind: str, event: Mapping[str, Any]) -> None:
    """Keep what an event says that is neither a run's beginning nor a unit nor a finding."""
    if kind == "case":
        shard.cases.setdefault((event["check"], event["operation"], event["place"]), event["file"])
    elif kind == "seen":
        shard.seen.append(event)
    elif kind == "gateway":
        shard.unsent += sum(event["refused"].values())
    elif kind == "end":
        shard.end = event


def cleaned(event: Mapping[str, Any], clean: Clean) -> dict[str, Any]:
    """Make an event fit to be shown, but for the words of which it has a few alone."""
    return {**clean(event), **{key: event[key] for key in ("event", "target", "status", "shard") if key in event}}


def shortened(finding: Finding) -> Finding:
    """Cut what is too long to be shown."""
    return replace(
        finding,
        expected=cut(str(finding.expected), LONGEST_VALUE),
        received=cut(str(finding.received), LONGEST_VALUE),
        curl=cut(finding.curl, LONGEST_COMMAND),
        steps=tuple(cut(step, LONGEST_COMMAND) for step in finding.steps[-MOST_STEPS:]),
    )


def add(run: Run, shard: Shard) -> None:
    """Add what a shard found to the run."""
    run.head = run.head or shard.head
    run.shards += 1
    run.commands += [each for each in [shard.head.get("command") or ""] if each and each not in run.commands]
    run.all_units += [name for name in shard.head["all_units"] if name not in run.all_units]
    run.units |= shard.units
    run.findings += shard.findings
    run.cases = {**shard.cases, **run.cases}
    for seen in shard.seen:
        for mine, theirs in (
            *((run.answers, "answers"), (run.checks, "checks"), (run.parameters, "parameters")),
            (run.notices, "notices"),
        ):
            for operation, counts in (seen.get(theirs) or {}).items():
                mine[operation].update(counts)
        run.places.update(seen.get("places") or {})
    run.unsent += shard.unsent
    with_finding = {finding.unit for finding in shard.findings}
    for unit in shard.units.values():
        if unit.status is Status.FAILED and unit.name not in with_finding:
            run.findings.append(failed_silently(unit))


def failed_silently(unit: Unit) -> Finding:
    """Make a finding of a unit that failed and said no more than that."""
    return Finding(
        check="unit",
        unit=unit.name,
        operation=None,
        expected=unit.sentence or "that the unit passes",
        received=cut(unit.reason, LONGEST_VALUE) or "it failed without a reason",
        place="",
        curl="",
    )


def look_for_gaps(run: Run, shards: Sequence[Shard], newest: Shard) -> None:
    """Note why the shards together are not the whole run."""
    there = [shard for shard in shards if shard.identity == newest.identity]
    missing = sorted(set(range(1, newest.count + 1)).difference(shard.number for shard in there))
    if missing:
        names = listed([f"{number}/{newest.count}" for number in missing])
        run.gaps.append(f"{'Shards' if len(missing) > 1 else 'Shard'} {names} left no results.")
    for shard in there:
        name = f"Shard {shard.head['shard']}"
        if shard.end is None:
            run.gaps.append(f"{name} was killed, or goes on still: it has not written its end.")
        elif shard.end["status"] != "complete":
            reason = f": {shard.end['reason']}" if shard.end.get("reason") else "."
            run.gaps.append(f"{name} {'was interrupted' if shard.end['status'] == 'interrupted' else 'failed'}{reason}")
    declared = {name for shard in there for name in shard.head["units"]}
    unclaimed = [name for name in run.all_units if name not in declared and name not in run.units]
    if unclaimed and not missing:
        were = "was" if len(unclaimed) == 1 else "were"
        run.gaps.append(f"{amount(len(unclaimed), 'unit')} {were} left out: {listed(unclaimed)}.")
    unended = [name for name in run.all_units if name not in run.units and name in declared]
    if unended:
        run.gaps.append(f"{amount(len(unended), 'unit')} did not come to an end: {listed(unended)}.")
    for unit in run.with_status(Status.ERROR):
        run.gaps.append(f"{unit.name} could not run: {cut(unit.reason, 300) or 'no reason was given'}")
    if not run.with_status(Status.PASSED, Status.FAILED, Status.ERROR):
        run.gaps.append("No unit was run.")
