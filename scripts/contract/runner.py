"""Runs the units of a contract run against an API, and writes down what comes of them."""

import hashlib
import math
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import httpx

from buildkite_emulator.spec import Spec
from buildkite_packages import ResponseError
from scripts.contract.checks.answered import NotInAnswer
from scripts.contract.checks.observed import Observed
from scripts.contract.flows.flow import Flow
from scripts.contract.flows.flow_client import FlowClient, FlowEnded, NoAnswer, operation_place
from scripts.contract.fuzzing.endurance import Endurance
from scripts.contract.fuzzing.schemathesis_run import BUNDLE, Fuzzing
from scripts.contract.harness_errors import described_fault
from scripts.contract.http.bounded import BoundedTransport
from scripts.contract.http.errors import LostWrite
from scripts.contract.recorder import Recorder, StopAtFirst
from scripts.contract.results import Finding, Results, Status, read
from scripts.contract.suite import load_flows
from scripts.contract.target import Target
from scripts.contract.units import CHAINS, FUZZ, Shard

if TYPE_CHECKING:
    from scripts.contract.replay.minimising import Minimiser

TIMEOUT = 60.0
"""Seconds that an answer may take."""

MINIMISING = 60.0
"""Seconds that may go into test cases after each round of a run that fuzzes for long."""

PHASES, CHAINED = "examples,coverage,fuzzing", "stateful"
"""The phases of schemathesis in which it calls operations by themselves, and along the links of the spec."""


OF_ANSWERS = (ResponseError, NotInAnswer, httpx.InvalidURL, httpx.RequestError)
"""What a flow runs into where an answer lacks what it needs, be the answer as the spec says or not."""
BAFFLED = (*OF_ANSWERS, LookupError, ValueError, TypeError, AttributeError, ArithmeticError, RecursionError)
"""What a flow may run into after an answer that is not what the spec says; after none it is a fault of the flow."""


UNREACHABLE = (NoAnswer, httpx.ConnectError, httpx.ConnectTimeout)
"""What a flow runs into where the API is away; the latter two come of a client that the flow made."""


COULD_NOT_RUN = "schemathesis could not run {}; what it says is above"


@dataclass(frozen=True)
class Part:
    """What one process of schemathesis does.

    Attributes:
        phases: of schemathesis, separated by commas.
        operations: operationIds; empty for the chains, which are of all.
    """

    phases: str
    operations: Sequence[str]

    @property
    def units(self) -> list[str]:
        """The units of the run that it is."""
        return [f"{FUZZ} {operation}" for operation in self.operations] or [CHAINS]


class CannotRun(Exception):
    """A run that cannot go on; its text says why."""


class Runner:
    """A contract run, or what one machine does of it.

    Args:
        target: the API.
        results: where to write.
        fuzzing: how schemathesis is run.
        stop_at_first: whether it ends with its first finding.
        endurance: how long to go on fuzzing; None for once.
        minimiser: makes test cases of what fuzzing finds; None for none.
        transport: what sends the requests of flows; None for httpx's own.
        say: shows a line to whoever waits.
    """

    def __init__(  # noqa: PLR0913 - what a run is made of
        self,
        target: Target,
        results: Results,
        fuzzing: Fuzzing,
        *,
        stop_at_first: bool = False,
        endurance: Endurance | None = None,
        minimiser: "Minimiser | None" = None,
        transport: httpx.BaseTransport | None = None,
        say: Callable[[str], None] = lambda line: print(line, file=sys.stderr, flush=True),
    ) -> None:
        self._target = target
        self._results = results
        self._fuzzing = fuzzing
        self._endurance = endurance
        self._minimiser = minimiser
        self._transport = transport
        self._say = say
        secrets = {target.token, *target.scoped.values()}
        self._recorder = Recorder(results, Observed(Spec.load()), secrets, stop_at_first=stop_at_first)
        self._stop_at_first = stop_at_first

    def begin(self, shard: Shard, units: Sequence[str], everything: Sequence[str], command: str) -> None:
        """Write down what runs.

        Args:
            shard: which machine this is.
            units: its units.
            everything: the units of the whole run.
            command: how to run the same again.
        """
        self._results.write(
            "run",
            target=self._target.kind,
            base_url=self._target.base_url,
            organization=self._target.organization,
            seed=self._fuzzing.seed,
            shard=str(shard),
            spec_version=Spec.load().document["info"]["version"],
            spec_digest=hashlib.sha256(BUNDLE.read_bytes()).hexdigest(),
            started=datetime.now(UTC).isoformat(timespec="seconds"),
            units=list(units),
            all_units=list(everything),
            command=command,
        )

    def units(self, units: Sequence[str], *, apart: bool = False) -> None:
        """Run units.

        Args:
            units: their names.
            apart: whether each operation is fuzzed by a process of its own, which is how a run can be resumed within.

        Raises:
            CannotRun: the API does not answer, or schemathesis cannot run.
        """
        try:
            for unit in units:
                kind, _, name = unit.partition(" ")
                if kind == "flow":
                    self._flow(load_flows()[name])
            fuzzed = [unit.partition(" ")[2] for unit in units if unit.startswith(f"{FUZZ} ")]
            parts = [Part(PHASES, each) for each in ([[each] for each in fuzzed] if apart else [fuzzed]) if each]
            parts += [Part(CHAINED, [])] if CHAINS in units else []
            if self._endurance:
                self._endure(self._endurance, parts)
                return
            for part in parts:
                self._fuzz(part)
            if self._minimiser:
                self._minimiser.run()
        except StopAtFirst:
            pass
        finally:
            if self._minimiser:
                self._minimiser.give_up("the run ended before it could be replayed")
            self._results.write("seen", **self._recorder.observed.values(self._recorder.masked))

    def end(self, status: str = "complete", reason: str = "") -> None:
        """Write down that the run ended."""
        self._results.write("end", status=status, reason=reason)

    def _flow(self, flow: Flow) -> None:
        started, sent, found = time.monotonic(), self._recorder.requests, len(self._results.findings)
        answered = Counter({name: sum(each.values()) for name, each in self._recorder.observed.answers.items()})
        settings: dict[str, Any] = {"transport": self._transport or BoundedTransport()}
        with httpx.Client(base_url=self._target.base_url, timeout=TIMEOUT, trust_env=False, **settings) as client:
            flow_client = FlowClient(self._target, client, self._recorder, flow.unit, settings)
            reason, fault, stopped = self._run_flow(flow, flow_client)
            if not stopped:
                flow_client.clean()
            if flow_client.unsent and not reason:
                reason = f"{flow_client.unsent} requests were not sent, because they might change what is not the run's"
        now = {name: sum(each.values()) for name, each in self._recorder.observed.answers.items()}
        failed = len(self._results.findings) > found
        self._results.write(
            "unit",
            name=flow.unit,
            sentence=flow.sentence,
            status=Status.ERROR if fault else Status.FAILED if failed else Status.PASSED,
            reason=fault or reason,
            operations=sorted(name for name in now if now[name] > answered[name]),
            requests=self._recorder.requests - sent,
            seconds=round(time.monotonic() - started, 3),
            settles=[] if flow_client.unsent else list(flow.settles),
        )
        if fault:
            self._say(f"  {flow.unit} could not run: {fault}")
        if failed:
            self._say(f"  {flow.unit}: {len(self._results.findings) - found} findings")
        if stopped:
            raise StopAtFirst

    def _run_flow(self, flow: Flow, flow_client: FlowClient) -> tuple[str, str, bool]:
        """Run a flow; gives why it did not end, what of the harness failed, and whether the run is to end with it."""
        found = len(self._results.findings)
        ended = "it could not go on"
        try:
            flow.run(flow_client)
        except (FlowEnded, StopAtFirst) as error:
            return ended, "", isinstance(error, StopAtFirst)
        except UNREACHABLE as error:
            raise CannotRun(f"{self._target.base_url} cannot be asked: {error}") from None
        except LostWrite:
            raise
        except Exception as error:  # whatever it is, it must not look as if the API were at fault
            if isinstance(error, BAFFLED) and len(self._results.findings) > found:
                return ended, "", False  # as a finding says
            if isinstance(error, OF_ANSWERS):
                return ended, "", self._baffled(flow_client, error)
            return ended, flow_client.masked(described_fault(error)), False
        return "", "", False

    def _baffled(self, flow_client: FlowClient, error: Exception) -> bool:
        """Write down that an answer has not what a flow needs; gives whether the run is to end with that."""
        operation, about = flow_client.operation, None
        if isinstance(error, ResponseError):
            operation = error.operation
        elif isinstance(error, NotInAnswer) and error.source:
            operation, about = error.source.operation, error.source
        text = str(error) if isinstance(error, NotInAnswer) else f"{type(error).__name__}: {error}"
        try:
            flow_client.found(
                "understood",
                "an answer that the flow can go on with",
                f"one that it cannot: {text}",
                operation_place(operation) if operation else "#",
                about=about,
                operation=operation,
            )
        except StopAtFirst:
            return True
        return False

    def _fuzz(self, part: Part) -> None:
        started, before = time.monotonic(), list(read(self._results.path))
        could_run = self._fuzzing.run(self._target, part.phases, part.operations, sent=self._sent())
        findings = self._fuzzed(part.units, before, started)
        if not could_run and not findings:
            raise CannotRun(COULD_NOT_RUN.format(", ".join(part.units)))
        if findings and self._stop_at_first:
            raise StopAtFirst

    def _endure(self, endurance: Endurance, parts: Sequence[Part]) -> None:
        """Fuzz as any run does, and go on until the time is up; what came of it is written down however it ends."""
        started, before = time.monotonic(), list(read(self._results.path))
        failed: list[str] = []
        try:
            for part in parts:
                if not self._fuzzing.run(self._target, part.phases, part.operations, sent=self._sent()):
                    failed += part.units
            self._between_rounds(before)
            for number, seconds in endurance.rounds() if parts and not failed else ():
                for part in parts:
                    if not self._fuzzing.go_on(
                        self._target,
                        part.operations,
                        number=number,
                        seconds=math.ceil(seconds / len(parts)),
                        corpus=endurance.corpus,
                        sent=self._sent(),
                    ):
                        failed += part.units
                if failed:
                    break
                self._say(f"  round {number} of fuzzing, of {seconds:.0f} seconds, has ended")
                self._between_rounds(before)
        finally:
            findings = self._fuzzed([unit for part in parts for unit in part.units], before, started)
        if failed and not findings:
            raise CannotRun(COULD_NOT_RUN.format(", ".join(failed)))

    def _between_rounds(self, before: Sequence[Mapping[str, Any]]) -> None:
        if self._stop_at_first and any(each["event"] == "finding" for each in self._since(before)):
            raise StopAtFirst
        if self._minimiser:
            self._minimiser.run(MINIMISING)
            self._minimiser.empty()

    def _sent(self) -> int:
        """Count the requests that the run has sent."""
        return self._recorder.requests + fuzzed_requests(list(read(self._results.path)))

    def _since(self, before: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """List the events that were written since there were these."""
        return list(read(self._results.path))[len(before) :]

    def _fuzzed(self, units: Sequence[str], before: Sequence[Mapping[str, Any]], started: float) -> int:
        """Write down how units ended that were fuzzed; gives the number of findings."""
        written = self._since(before)
        findings = [each for each in written if each["event"] == "finding"]
        for each in findings:
            self._results.findings.append(Finding(**{name: each[name] for name in Finding.__dataclass_fields__}))
        failed = {each["unit"] for each in findings}
        faults = [each for each in written if each["event"] == "fault"]
        answers: dict[str, Counter[str]] = {}
        for each in written:
            for name, counts in each["answers"].items() if each["event"] == "seen" else ():
                answers.setdefault(name, Counter()).update(counts)
        for unit in units:
            operation = unit.partition(" ")[2]
            counted = {name: counts for name, counts in answers.items() if operation in ("", name)}
            status = Status.PASSED if counted else Status.SKIPPED
            fault = next((each["reason"] for each in faults if each["unit"] == unit or each["unit"] not in units), "")
            if fault:
                self._say(f"  {unit} could not run: {fault}")
            self._results.write(
                "unit",
                name=unit,
                sentence=f"{operation or 'Each operation along the links of the spec'} answers as the spec says.",
                status=Status.ERROR if fault else Status.FAILED if unit in failed else status,
                reason=fault or ("" if counted else "the run ended before it"),
                operations=sorted(counted),
                requests=sum(sum(counts.values()) for counts in counted.values()),
                seconds=round((time.monotonic() - started) / len(units), 3),
                settles=[],
            )
        return len(findings)


def fuzzed_requests(events: Sequence[Mapping[str, Any]]) -> int:
    """Count the requests that schemathesis sent, by the events of a run."""
    seen = [each["answers"] for each in events if each["event"] == "seen"]
    return sum(sum(counts.values()) for answers in seen for counts in answers.values())
