"""A contract run against a live organization, unit by unit, each of which cleans up after itself."""

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import httpx

from buildkite_emulator.spec import Spec
from scripts.contract.fuzzing.schemathesis_run import BUNDLE, Fuzzing
from scripts.contract.http.errors import READABLE, TRANSPORT
from scripts.contract.http.outgoing_request import Refused
from scripts.contract.live.cleanup_command import clean
from scripts.contract.live.expectations import Expectations
from scripts.contract.live.gateway import Gateway, Outage
from scripts.contract.live.guarded_transport import GuardedTransport
from scripts.contract.live.ledger import Ledger
from scripts.contract.live.ownership import CHECK, Disagreement, not_own
from scripts.contract.live.ownership import command as curl_command
from scripts.contract.live.probe import Snapshot
from scripts.contract.live.run_channel import RunChannel
from scripts.contract.live.settings import LiveSettings
from scripts.contract.live.state import LiveState
from scripts.contract.results import Results, Status, read
from scripts.contract.runner import CannotRun, Runner
from scripts.contract.suite import load_flows
from scripts.contract.units import Shard, all_units, picked

MOST_TRIES = 6
"""How often a unit is begun in which a write was lost, which says nothing about the API."""

CLEANUP = "clean-up"
"""What the findings of a clean-up name as their unit."""

CHAINS_PER_EXAMPLE = 3
"""Chains of calls that are made for each example of an operation."""


class LiveRun:
    """A run against a live organization.

    Args:
        settings: of the run.
        shard: which of several machines this is.
        state: where it stands.
        say: shows a line to whoever waits.

    Attributes:
        results: the file that it writes.
        is_whole: whether no other machine has a share of it.
    """

    def __init__(
        self, settings: LiveSettings, shard: Shard, state: LiveState, say: Callable[[str], None] = print
    ) -> None:
        self._settings = settings
        self._shard = shard
        self._state = state
        self._say = say
        self._state_path = state_path(settings, shard)
        self._ledger = settings.folder / f"{state.run_id}.ledger"
        self.results = results_path(settings, shard)
        self._expectations = Expectations(settings.folder / "requests.json", settings.max_examples)
        self._everything = all_units("live", writes=settings.writes)
        self._everything = picked(self._everything, os.environ)
        self._units = shard.pick(self._everything)
        self.is_whole = shard.count == 1
        self._disagreed: set[str] = set()

    @property
    def left(self) -> list[str]:
        """The units that are not done."""
        return [unit for unit in self._units if unit not in self._state.done]

    def begin(self, command: str) -> None:
        """Begin, or begin again where the last unit ended.

        Args:
            command: how to run the same again.
        """
        if self._state.size:
            self._truncate()
            self.clean()
            return
        for left in self.results.parent.glob("*.jsonl") if self.is_whole else [self.results]:
            left.unlink(missing_ok=True)
        (self._settings.folder / "pace.json").unlink(missing_ok=True)
        existing = self._snapshot() if self._settings.writes else set()
        ledger = Ledger.begin(
            self._ledger,
            run_id=self._state.run_id,
            endpoint=self._settings.endpoint,
            organization=self._settings.organization,
            seed=self._state.seed,
            spec_digest=spec_digest(),
            started=self._state.started,
        )
        ledger.existed(existing)
        run, _ = self._run(self._channel())
        run.begin(self._shard, self._units, self._everything, command)
        self._save()

    def go(self) -> None:
        """Run the units that are not done.

        Raises:
            CannotRun: the run cannot go on.
        """
        for unit in self.left:
            _, gateway = self._run(self._channel())
            before = gateway.pace.sent
            gateway.pace.expect(before + self._expectations.of(self.left))
            self._try(unit)
            self.clean()
            self._expectations.learn(unit, gateway.pace.sent - before)
            self._state.done.append(unit)
            self._save()

    def end(self, status: str, reason: str = "") -> None:
        """Write down how it ended."""
        Results(self.results).write("end", status=status, reason=reason)
        self._state.is_finished = status == "complete"
        self._state.save(self._state_path)

    def clean(self) -> bool:
        """Remove what the run has made; returns whether nothing is left."""
        if not self._ledger.exists() or Ledger(self._ledger).is_clean:
            return True
        if self.left and all(thing.is_gone or thing.is_refused for thing in Ledger(self._ledger).registries):
            return True  # it is looked at again in the end
        outcome = clean(self._settings, self._ledger)
        for name, reason in outcome.drift.items():
            operation = Spec.load().operations[name]
            curl = curl_command("GET", self._list_path)
            self._found(Disagreement(operation, READABLE, reason, curl, TRANSPORT))
        for complaint in outcome.complaints:
            self._say(complaint)
        for name, reason in outcome.foreign.items():
            self.disagree(f"{name}: {reason}")
        if outcome.failed:
            self._say("make contract-cleanup removes what is left")
        return outcome.is_complete

    def disagree(self, reason: str) -> None:
        """Write down, once, that something was not removed because it may not be the run's own."""
        self._found(not_own(Spec.load().operations["delete_registry"], self._list_path, reason))

    def _found(self, disagreement: Disagreement) -> None:
        """Write down, once, what disagrees in a clean-up."""
        if disagreement.received not in self._disagreed:
            self._disagreed.add(disagreement.received)
            Results(self.results).add(disagreement.finding(CLEANUP))

    @property
    def _list_path(self) -> str:
        return Spec.load().operations["list_registries"].path.format(org_slug=self._settings.organization)

    def _snapshot(self) -> set[str]:
        """List what exists before the run writes anything."""
        run_channel = self._channel()
        target = run_channel.target(self._settings.endpoint, self._settings.organization, self._settings.token)
        return Snapshot(target, run_channel.gateway(target)).values()

    def _try(self, unit: str) -> None:
        """Run a unit, again where a write was lost in it."""
        for _ in range(MOST_TRIES):
            self._state.attempts += 1
            self._state.save(self._state_path)
            run_channel = self._channel(unit)
            run_channel.outage.unlink(missing_ok=True)
            run, gateway = self._run(run_channel)
            try:
                run.units([unit], apart=True)
                see_outage(run_channel)
            except Refused as error:
                self._refused(unit, f"the guard does not let it go on: {error}")
            except Outage as error:
                raise CannotRun(f"the API is away: {error}") from None
            except (CannotRun, httpx.TransportError) as error:
                see_outage(run_channel)
                if not gateway.counts.lost:
                    raise CannotRun(str(error)) from None
                self._say(f"  {unit}: {error}; it begins again")
                self._truncate()
                continue
            Results(self.results).write("gateway", unit=unit, **asdict(gateway.counts))
            return
        reason = f"a write came to nobody knows what, each of {MOST_TRIES} times that the unit began"
        Results(self.results).add(Disagreement(None, READABLE, reason, "", TRANSPORT).finding(unit))
        self._refused(unit, reason)

    def _refused(self, unit: str, reason: str) -> None:
        """Write down that a unit could not go on, as what it would have sent may touch what is not the run's own."""
        results = Results(self.results)
        failed = any(event["event"] == "finding" and event["unit"] == unit for event in read(self.results))
        flow = load_flows().get(unit.partition(" ")[2])
        results.write(
            "unit",
            name=unit,
            sentence=flow.sentence if flow else "",
            status=Status.FAILED if failed else Status.SKIPPED,
            reason=reason,
            operations=[],
            requests=0,
            seconds=0.0,
            settles=list(flow.settles) if flow and not failed else [],
        )

    def _run(self, run_channel: RunChannel) -> tuple[Runner, Gateway]:
        settings, results = self._settings, Results(self.results)
        target = run_channel.target(settings.endpoint, settings.organization, settings.token, settings.scoped)

        def note(disagreement: Disagreement) -> None:
            results.add(disagreement.finding(run_channel.unit))

        gateway = run_channel.gateway(target, on_disagreement=note)
        fuzzing = Fuzzing(
            self._state.seed,
            settings.max_examples,
            stop_at_first=False,
            results=results.path,
            environment=run_channel.environment,
            shows=False,
            chains=settings.max_examples * CHAINS_PER_EXAMPLE,
        )
        return Runner(target, results, fuzzing, transport=GuardedTransport(gateway), say=self._say), gateway

    def _channel(self, unit: str = "") -> RunChannel:
        """Say how the unit that is next sends. Its names are others than those of a unit before."""
        prefix = f"contract-{self._state.run_id}-{self._state.attempts}"
        return RunChannel(
            str(self._settings.folder),
            self._ledger.name,
            prefix,
            self._settings.per_minute,
            self._settings.writes,
            unit,
        )

    def _save(self) -> None:
        self._state.size = self.results.stat().st_size
        self._state.save(self._state_path)

    def _truncate(self) -> None:
        """Forget what a unit wrote that is to begin again, but not that an answer named what is not the run's own."""
        with self.results.open("r+b") as file:
            file.seek(self._state.size)
            kept = [line for line in file if line.endswith(b"\n") and is_disagreement(line)]
            file.seek(self._state.size)
            file.truncate()
            file.writelines(kept)


def is_disagreement(line: bytes) -> bool:
    """Tell whether a line of results is a finding about what is not the run's own."""
    event = json.loads(line)
    return bool(event["event"] == "finding" and event["check"] == CHECK)


def state_path(settings: LiveSettings, shard: Shard) -> Path:
    """Say where it is written down how far a run is."""
    return settings.folder / f"{shard.name}.json"


def results_path(settings: LiveSettings, shard: Shard) -> Path:
    """Say where a run writes what it sees."""
    return settings.folder / "results" / f"{shard.name}.jsonl"


def see_outage(run_channel: RunChannel) -> None:
    """See whether a child of the run found the API away.

    Raises:
        CannotRun: it did.
    """
    if run_channel.outage.exists():
        raise CannotRun(f"the API is away: {run_channel.outage.read_text(encoding='utf-8')}")


def spec_digest() -> str:
    """Compute the SHA-256 of the bundle."""
    return hashlib.sha256(BUNDLE.read_bytes()).hexdigest()
