"""Turns what fuzzing found into test cases that one can commit: replayed on an emulator that holds nothing, reduced."""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import httpx

from scripts.contract.checks.shown import shown
from scripts.contract.flows.flow_client import NoAnswer
from scripts.contract.replay.generated_tests import write_commands, write_module
from scripts.contract.replay.recorded_requests import Trace, read_traces
from scripts.contract.replay.reducing import Reduction, Replayed
from scripts.contract.replay.replay import TIMEOUT, Api
from scripts.contract.replay.steps import Step
from scripts.contract.results import Results
from scripts.contract.target import Target

MOST = 10
"""Findings of which test cases are made at a time; of the others there are commands."""

SECONDS = 20.0
"""How long that may take."""

MOST_TRACES = 3
"""Of so many times that something was found the requests are tried."""

RESET = "/_emulator/reset"


def joined(traces: Sequence[Trace]) -> Trace:
    """Make one of several traces to the same, with the ways of all, from the shortest."""
    return replace(traces[0], steps=sorted((way for trace in traces for way in trace.steps), key=len))


class Emptied:
    """An emulator that is emptied before steps are sent.

    Args:
        target: the emulator.
        client: reaches it.
    """

    def __init__(self, target: Target, client: httpx.Client) -> None:
        self._target = target
        self._client = client

    def empty(self) -> None:
        """Go back to an emulator as it is at the start."""
        self._client.post(RESET).raise_for_status()

    def send(self, steps: Sequence[Step]) -> Replayed | None:
        """Send steps; gives None where an answer has not what a later step needs."""
        self.empty()
        api = Api(self._client, self._target.organization, self._target.token)
        try:
            statuses = api.replay(steps)
        except (AssertionError, NoAnswer, httpx.InvalidURL, ValueError):
            return None
        answer, last = api.answer, steps[-1]
        if answer is None:
            return None
        shows = shown(last.operation, answer.status, api.url, answer.headers, answer.text.encode(), last.method)
        return Replayed(statuses, answer.status, frozenset((each.kind, each.spec) for each in api.drifts), shows)


class Minimiser:
    """Makes test cases of the traces that a run leaves.

    Args:
        target: an emulator; it is emptied.
        traces: the file of the traces.
        folder: where test cases go.
        results: is told of them.
        command: the command of the run.
        say: shows a line to whoever waits.
        transport: what sends requests; None for httpx's own.
    """

    def __init__(  # noqa: PLR0913 - what it goes between
        self,
        target: Target,
        traces: Path,
        folder: Path,
        results: Results,
        command: str,
        *,
        say: Callable[[str], None] = print,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._target = target
        self._traces = traces
        self._folder = folder
        self._results = results
        self._command = command
        self._say = say
        self._transport = transport
        self._done: set[tuple[str, ...]] = set()

    def run(self, seconds: float = SECONDS) -> list[Path]:
        """Make test cases of what was found since the last time.

        Args:
            seconds: how long it may take.

        Returns:
            the files.
        """
        traces = self._new()
        end = time.monotonic() + seconds
        written = []
        if not traces:
            return []
        with self._client() as client:
            emulator = Emptied(self._target, client)
            for number, trace in enumerate(traces):
                left = min(len(traces), MOST) - number
                each = max(end - time.monotonic(), 0) / left if left > 0 else 0
                written.append(self._made(trace, emulator, each))
        self.empty()
        return written

    def empty(self) -> None:
        """Empty the emulator; one that does not answer is left to whoever needs it next."""
        with self._client() as client, suppress(httpx.HTTPError):
            Emptied(self._target, client).empty()

    def give_up(self, why: str) -> list[Path]:
        """Write down what is left as commands, and why nothing is made of it."""
        return [self._named(write_commands(self._folder, trace, self._command, why), trace) for trace in self._new()]

    def _client(self) -> httpx.Client:
        return httpx.Client(transport=self._transport, base_url=self._target.base_url, timeout=TIMEOUT, trust_env=False)

    def _new(self) -> list[Trace]:
        found: dict[tuple[str, ...], list[Trace]] = {}
        for trace in read_traces(self._traces):
            if trace.key not in self._done:
                found.setdefault(trace.key, []).append(trace)
        self._done |= found.keys()
        return [joined(traces[:MOST_TRACES]) for traces in found.values()]

    def _made(self, trace: Trace, emulator: Emptied, seconds: float) -> Path:
        why = "it is not among the first that were found, of which tests are made" if not seconds else ""
        if not trace.steps:
            why = "its check or its requests cannot be replayed"
        try:
            steps = None if why else Reduction(trace, emulator.send, seconds).run()
        except httpx.HTTPError as error:
            steps, why = None, f"the emulator did not go on ({type(error).__name__})"
        if steps:
            return self._named(write_module(self._folder, trace, steps, self._command), trace)
        why = why or "its requests did not show it again on an emulator that held nothing"
        return self._named(write_commands(self._folder, trace, self._command, why), trace)

    def _named(self, path: Path, trace: Trace) -> Path:
        self._results.write(
            "case", file=path.name, unit=trace.unit, operation=trace.operation, check=trace.check, place=trace.place
        )
        self._say(f"  {trace.unit}: {trace.check}: {path}")
        return path
