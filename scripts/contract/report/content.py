"""What a report says, whatever form it has."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from buildkite_emulator.spec import Spec
from scripts.contract.report.coverage import Dimension, coverage
from scripts.contract.report.culprits import Culprit, likely_culprit
from scripts.contract.report.places import Place, Places
from scripts.contract.report.run import Run, Unit
from scripts.contract.report.text import amount, cut
from scripts.contract.results import Finding, Status, spec_digest

CHANGED = "The spec has changed since this run was made; what it says now is what is shown here."

NO_DRIFT, DRIFT, COULD_NOT_RUN = 0, 1, 2
"""What a run comes to, as an exit status."""

NO_OPERATION = "no operation"
UNSENT = "requests that might have changed what is not the run's own"
"""What a live run's guard keeps back."""

LONGEST_NOTICE = 300
MOST_ALIKE = 5
"""Further requests that are shown of findings that are the same."""


@dataclass(frozen=True)
class Verdict:
    """What a run comes to.

    Attributes:
        status: 0 no drift, 1 drift, 2 could not run or not as a whole. Drift that was found outweighs what is missing.
        sentence: the same for people.
        reasons: why the run is not the whole run, a sentence each.
        summary: the report for a terminal, 80 columns wide; empty until it is written.
    """

    status: int
    sentence: str
    reasons: Sequence[str]
    summary: str = ""

    @property
    def word(self) -> str:
        """The verdict in a word or two."""
        return ("No drift", "Drift", "Could not run" if self.sentence.startswith("Could not") else "Not complete")[
            self.status
        ]


@dataclass(frozen=True)
class Group:
    """Findings that are the same: of the same check and operation, about the same place, on the same basis.

    Attributes:
        number: which of the groups it is, from 1.
        finding: the one that fewest requests led to.
        count: how many there are.
        alike: some of the others.
        units: names of the units that made them.
        unit: the unit that made the one that is shown; None where it did not end.
        place: what in the spec they rest on: of the request where that is their basis, else of the answer.
        culprit: who is likely at fault.
        case: the file in ``found/`` that was made of it; empty where there is none.
    """

    number: int
    finding: Finding
    count: int
    alike: Sequence[Finding]
    units: Sequence[str]
    unit: Unit | None
    place: Place
    culprit: Culprit
    case: str = ""

    @property
    def operation(self) -> str:
        """The operation, or that there is none."""
        return self.finding.operation or NO_OPERATION


@dataclass(frozen=True)
class Cell:
    """What a check came to with an operation: how often it passed and failed, and the first group of its failures."""

    passed: int
    failed: int
    group: int | None


@dataclass(frozen=True)
class Row:
    """What an operation came to.

    Attributes:
        operation: the operationId.
        calls: how many requests were answered.
        successes: how many of them with 2xx.
        refusals: how many with 4xx.
        findings: how many findings there are.
        cells: by check, what it came to.
    """

    operation: str
    calls: int
    successes: int
    refusals: int
    findings: int
    cells: Mapping[str, Cell]


@dataclass(frozen=True)
class Notice:
    """What the API announces in the headers of answers; it is no finding.

    Attributes:
        operation: the operationId.
        text: name and value of the header.
        count: how many answers had it.
    """

    operation: str
    text: str
    count: int

    def __str__(self) -> str:
        return f"{self.operation}: {self.text}"


@dataclass(frozen=True)
class Report:
    """All that a report says.

    Attributes:
        run: the run, merged from its shards.
        spec: the spec that it was made with.
        groups: what was found.
        dimensions: what of the spec was seen.
        changed: whether the spec was another one when the run was made.
    """

    run: Run
    spec: Spec
    groups: Sequence[Group]
    dimensions: Sequence[Dimension]
    changed: bool

    @cached_property
    def target(self) -> str:
        """What was asked, as the subject of a sentence."""
        return "the emulator" if self.run.head.get("target") == "emulator" else "the live service"

    @cached_property
    def verdict(self) -> Verdict:
        """What the run comes to."""
        reasons = tuple(self.run.gaps)
        if self.groups:
            ways = amount(len(self.groups), "way")
            sentence = f"{ways} in which {self.target} and the spec part"
            return Verdict(DRIFT, sentence + ("; and the run is not complete." if reasons else "."), reasons)
        if reasons:
            first = reasons[0].rstrip(".")
            more = f" ({amount(len(reasons) - 1, 'further reason')} below)" if len(reasons) > 1 else ""
            if self.run.with_status(Status.PASSED):
                return Verdict(COULD_NOT_RUN, f"Not complete, so not green: {first}{more}.", reasons)
            return Verdict(COULD_NOT_RUN, f"Could not run: {first}{more}.", reasons)
        done = amount(len(self.run.with_status(Status.PASSED)), "unit")
        return Verdict(NO_DRIFT, f"No drift: {self.target} keeps to the spec in {done}.", ())

    @cached_property
    def facts(self) -> Mapping[str, str]:
        """What the run was, by what it is called."""
        head = self.run.head
        if not head:
            return {}
        shards = f" in {amount(self.run.shards, 'shard')}" if self.run.shards > 1 else ""
        ended = amount(len(self.run.all_units), "unit") + shards
        if len(self.run.units) < len(self.run.all_units):
            ended = f"{len(self.run.units)} of {ended}"
        return {
            "Target": str(head["target"]),
            "Organization": str(head.get("organization")),
            "Address": str(head.get("base_url")),
            "Begun": str(head["started"])[:19].replace("T", " ") + " UTC",
            "Seed": str(head["seed"]),
            "Spec": f"{head.get('spec_version')} ({str(head['spec_digest']).removeprefix('sha256:')[:12]})",
            **({"Note": CHANGED} if self.changed else {}),
            "Ran": ended + (f", {len(self.skipped)} skipped" if self.skipped else ""),
            "Requests": f"{self.run.requests:,}",
            **({"Not sent": f"{self.run.unsent:,} {UNSENT}"} if self.run.unsent else {}),
        }

    @cached_property
    def checks(self) -> Sequence[str]:
        """The checks, those that failed first."""
        failed = Counter[str]()
        for group in self.groups:
            failed[group.finding.check] += group.count
        names = {name for counts in self.run.checks.values() for name in counts}
        return [*sorted(failed), *sorted(names.difference(failed))]

    @cached_property
    def rows(self) -> Sequence[Row]:
        """What each operation came to, in the order of the spec; then what belongs to none of them."""
        groups: dict[tuple[str, str], list[Group]] = {}
        for group in self.groups:
            groups.setdefault((group.operation, group.finding.check), []).append(group)
        names = dict.fromkeys((*self.spec.operations, *self.run.answers, *(operation for operation, _ in groups)))
        return [self._row(name, groups) for name in names]

    def _row(self, name: str, groups: Mapping[tuple[str, str], Sequence[Group]]) -> Row:
        answers = self.run.answers[name]
        cells = {}
        for check in self.checks:
            mine = groups.get((name, check), ())
            passed = self.run.checks[name][check]
            if mine or passed:
                failed = sum(group.count for group in mine)
                cells[check] = Cell(passed, failed, mine[0].number if mine else None)
        return Row(
            operation=name,
            calls=sum(answers.values()),
            successes=sum(number for status, number in answers.items() if status.startswith("2")),
            refusals=sum(number for status, number in answers.items() if status.startswith("4")),
            findings=sum(cell.failed for cell in cells.values()),
            cells=cells,
        )

    @cached_property
    def notices(self) -> Sequence[Notice]:
        """What the API announces of its operations: their end, or a warning."""
        return [
            Notice(operation, cut(" ".join(text.split()), LONGEST_NOTICE), count)
            for operation, counts in self.run.notices.items()
            for text, count in counts.items()
        ]

    @cached_property
    def skipped(self) -> Sequence[Unit]:
        """The units that were skipped."""
        return self.run.with_status(Status.SKIPPED)


def content(run: Run, spec: Spec) -> Report:
    """Work out what a report on a run says.

    Args:
        run: the run.
        spec: the spec that it was made with.
    """
    places = Places(spec.document)
    changed = bool(run.head) and run.head["spec_digest"] != spec_digest()
    return Report(run, spec, grouped(run, spec, places), coverage(run, spec, places), changed)


def grouped(run: Run, spec: Spec, places: Places) -> list[Group]:
    """Put findings that are the same together, in the order in which they came."""
    found: dict[tuple[str, str | None, str, str], list[Finding]] = {}
    for finding in run.findings:
        found.setdefault((finding.check, finding.operation, finding.place, finding.basis), []).append(finding)
    groups = []
    for number, same in enumerate(found.values(), start=1):
        first = min(same, key=lambda finding: len(finding.steps))
        place = places.find(first.basis or first.place)
        culprit = likely_culprit(first, place, run.head["target"], spec.document.get("x-sources", {}))
        others = [finding for finding in same if finding is not first][:MOST_ALIKE]
        units = list(dict.fromkeys(finding.unit for finding in same))
        case = run.cases.get((first.check, first.operation or "", first.place), "")
        unit = run.units.get(first.unit)
        groups.append(Group(number, first, len(same), others, units, unit, place, culprit, case))
    return groups
