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
from scripts.contract.replay.recorded_requests import Trail, read_trails
from scripts.contract.replay.reducing import Reduction, Replayed
from scripts.contract.replay.replay import TIMEOUT, Api
from scripts.contract.replay.steps import Step
from scripts.contract.results import Results
from scripts.contract.target import Target

MOST = 10
"""Findings of which test cases are made at a time; of the others there are commands."""

SECONDS = 20.0
"""How long that may take."""

MOST_TRAILS = 3
"""Of so many times that something was found the requests are tried."""

RESET = "/_emulator/reset"


def joined(trails: Sequence[Trail]) -> Trail:
    """Make one of several trails to the same, with the ways of all, from the shortest."""
    return replace(trails[0], steps=sorted((way for trail in trails for way in trail.steps), key=len))


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
    """Makes test cases of the trails that a run leaves.

    Args:
        target: an emulator; it is emptied.
        trails: the file of the trails.
        folder: where test cases go.
        results: is told of them.
        again: the command of the run.
        say: shows a line to whoever waits.
        transport: what sends requests; None for httpx's own.
    """

    def __init__(  # noqa: PLR0913 - what it goes between
        self,
        target: Target,
        trails: Path,
        folder: Path,
        results: Results,
        again: str,
        *,
        say: Callable[[str], None] = print,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._target = target
        self._trails = trails
        self._folder = folder
        self._results = results
        self._again = again
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
        trails = self._new()
        end = time.monotonic() + seconds
        written = []
        if not trails:
            return []
        with self._client() as client:
            emulator = Emptied(self._target, client)
            for number, trail in enumerate(trails):
                left = min(len(trails), MOST) - number
                each = max(end - time.monotonic(), 0) / left if left > 0 else 0
                written.append(self._made(trail, emulator, each))
        self.empty()
        return written

    def empty(self) -> None:
        """Empty the emulator; one that does not answer is left to whoever needs it next."""
        with self._client() as client, suppress(httpx.HTTPError):
            Emptied(self._target, client).empty()

    def give_up(self, why: str) -> list[Path]:
        """Write down what is left as commands, and why nothing is made of it."""
        return [self._named(write_commands(self._folder, trail, self._again, why), trail) for trail in self._new()]

    def _client(self) -> httpx.Client:
        return httpx.Client(transport=self._transport, base_url=self._target.base_url, timeout=TIMEOUT, trust_env=False)

    def _new(self) -> list[Trail]:
        found: dict[tuple[str, ...], list[Trail]] = {}
        for trail in read_trails(self._trails):
            if trail.key not in self._done:
                found.setdefault(trail.key, []).append(trail)
        self._done |= found.keys()
        return [joined(trails[:MOST_TRAILS]) for trails in found.values()]

    def _made(self, trail: Trail, emulator: Emptied, seconds: float) -> Path:
        why = "it is not among the first that were found, of which tests are made" if not seconds else ""
        if not trail.steps:
            why = "its check or its requests cannot be replayed"
        try:
            steps = None if why else Reduction(trail, emulator.send, seconds).run()
        except httpx.HTTPError as error:
            steps, why = None, f"the emulator did not go on ({type(error).__name__})"
        if steps:
            return self._named(write_module(self._folder, trail, steps, self._again), trail)
        why = why or "its requests did not show it again on an emulator that held nothing"
        return self._named(write_commands(self._folder, trail, self._again, why), trail)

    def _named(self, path: Path, trail: Trail) -> Path:
        self._results.write(
            "case", file=path.name, unit=trail.unit, operation=trail.operation, check=trail.check, place=trail.place
        )
        self._say(f"  {trail.unit}: {trail.check}: {path}")
        return path
