"""The one way by which requests of a live run leave: past the guard, into the ledger, at the run's pace.

What says nothing about the API is kept from the tests: a 429 is waited out, and a connection that was cut or a server
that is away for a moment is tried again, where that can do no harm.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Generic, NoReturn, TypeVar

import httpx

from buildkite_packages.http.rate_limits import seconds_to_wait
from buildkite_packages.http.retries import TEMPORARY
from scripts.contract.http.errors import READABLE, TRANSPORT, Unreadable
from scripts.contract.http.outgoing_request import Refused, Request, read_json, read_object
from scripts.contract.live.guard import Guard, Permit
from scripts.contract.live.ownership import (
    Disagreement,
    Foreign,
    Missing,
    Unread,
    command,
    not_own,
)
from scripts.contract.live.pace import LONGEST, Pace

Native = TypeVar("Native")

TOO_MANY = httpx.codes.TOO_MANY_REQUESTS

BACKOFF = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0)
"""Seconds before each further attempt, after an answer that says nothing or none at all."""

MOST_LOST = 10
"""Writes in a row of which nobody knows what became of them, before the run gives up."""

MARGIN = 0.5
"""Seconds that are waited beyond what a 429 says, as it says whole ones."""

PATIENCE = 1800.0
"""Seconds for which one request is refused with 429 before the run gives up."""

DEFAULT_RESET = 60.0
"""Seconds to wait after a 429 that does not say."""


class Outage(Exception):
    """The API could not be reached, or not any more; this says nothing about how it keeps to the spec."""


class Lost(Exception):
    """Nobody knows what became of a write, and to repeat it might do another thing than the test means."""


class NotSent(Exception):
    """A connection could not be made, so that nothing was sent."""


class Broken(Exception):
    """A connection was cut or timed out after something was sent."""


@dataclass(frozen=True)
class GatewayResponse(Generic[Native]):
    """An answer of the API.

    Attributes:
        status: its status.
        headers: its headers.
        body: all of it.
        native: the same, as the caller's library has it.
    """

    status: int
    headers: httpx.Headers
    body: bytes = field(repr=False)
    native: Native = field(repr=False)


@dataclass
class Counts:
    """What a gateway did.

    Attributes:
        refused: how many requests the guard refused, by reason.
        limited: how many answers were a 429.
        repeated: how many requests were sent again.
        lost: how many writes came to nobody knows what.
    """

    refused: dict[str, int] = field(default_factory=dict)
    limited: int = 0
    repeated: int = 0
    lost: int = 0


class Gateway:
    """The gateway of a process of a run.

    Args:
        guard: decides about each request.
        pace: of the run.
        sleep: waits for some seconds.
        backoff: seconds before each further attempt.
        look: called before each request; what it raises ends the matter.
        on_outage: called with the reason when the API is away for good.
        on_disagreement: called, once for each, with what the API answers that is not the run's own.
        deletes_missing: whether a request may be sent that deletes what a read does not find, to see the answer to it.

    Attributes:
        pace: of the run.
        counts: what it did.
        outage: why the API cannot be reached; None as long as it can.
    """

    def __init__(  # noqa: PLR0913 - tests put their own in place
        self,
        guard: Guard,
        pace: Pace,
        *,
        sleep: Callable[[float], object] = time.sleep,
        backoff: Sequence[float] = BACKOFF,
        look: Callable[[], object] = lambda: None,
        on_outage: Callable[[str], object] = lambda _: None,
        on_disagreement: Callable[[Disagreement], object] = lambda _: None,
        deletes_missing: bool = True,
    ) -> None:
        self._guard = guard
        self.pace = pace
        self._sleep = sleep
        self._backoff = backoff
        self._look = look
        self._on_outage = on_outage
        self._on_disagreement = on_disagreement
        self._deletes_missing = deletes_missing
        self._reported: set[tuple[str, ...]] = set()
        self._unreadable: set[str] = set()
        self._shown: set[str] = set()  # IDs in answers; any may be of what is not the run's own
        self._own: set[str] = set()  # paths of what was read and is the run's own
        self.counts = Counts()
        self.outage: str | None = None
        self._lost_in_a_row = 0

    @property
    def token(self) -> str:
        """The access token of the run."""
        return self._guard.token

    def send(
        self,
        request: Request,
        transmit: Callable[[], GatewayResponse[Native]],
        read: Callable[[str], GatewayResponse[Native]],
    ) -> GatewayResponse[Native]:
        """Send a request, if the guard lets it pass.

        What a request deletes is read again first. It may still change between the two.

        Args:
            request: what would be sent.
            transmit: sends it, each time that it is called.
            read: gets a path of the API with the token of the run, without following redirects.

        Raises:
            Refused: by the guard. Nothing was sent.
            Lost: nobody knows what became of a write.
            Unreadable: the answer cannot be read.
            Outage: the API is not there, now or since an earlier request.
        """
        if self.outage is not None:
            raise Outage(self.outage)
        try:
            permit = self._guard.check(request)
            self._see_own(permit, read)
        except Refused as error:
            if isinstance(error, Foreign):
                self._report(error.disagreement)
            self.counts.refused[str(error)] = self.counts.refused.get(str(error), 0) + 1
            raise
        answer = self._deliver(permit, transmit)
        self._shown.update(ids_in(read_json(answer.body)))
        for disagreement in self._guard.answered(permit, request, answer.status, answer.body):
            self._report(disagreement)
        return answer

    def _see_own(self, permit: Permit, read: Callable[[str], GatewayResponse[Native]]) -> None:
        """Read again what a request deletes.

        Raises:
            Foreign: it is not the run's own, or cannot be read.
            Missing: it is not there, and it may not be deleted then.
        """
        for look in permit.looks:
            try:
                answer = self._deliver(Permit(None, is_repeatable=True), partial(read, look.path))
            except Unreadable as error:
                raise Unread(not_own(look.operation, look.path, f"it cannot be read again: {error}")) from None
            if answer.status == look.missing:
                if look.must_exist or not self._deletes_missing:
                    raise Missing(f"a read of it is answered with {answer.status}")
                if look.path not in self._own and str(look.identifier).lower() in self._shown:
                    raise Missing("its ID came in an answer, and it is not in the registry of the run's own")
                continue  # there is nothing to delete; a test may ask what the API says to that
            if not 200 <= answer.status < 300:
                reason = f"it cannot be read again, as the API answers {answer.status}"
                raise Unread(not_own(look.operation, look.path, reason))
            if fault := look.fault(read_object(answer.body)):
                raise Foreign(not_own(look.operation, look.path, fault))
            self._own.add(look.path)

    def report_unreadable(self, path: str, method: str, reason: str) -> None:
        """Tell, once for each operation, that an answer cannot be read."""
        operation = self._guard.operation_at(method, path)
        name = operation.id if operation else method
        if name not in self._unreadable:
            self._unreadable.add(name)
            curl = command(method, path)
            self._on_disagreement(Disagreement(operation, READABLE, reason, curl, TRANSPORT))

    def _report(self, disagreement: Disagreement) -> None:
        key = (str(disagreement.operation and disagreement.operation.id), disagreement.expected, disagreement.received)
        if key not in self._reported:
            self._reported.add(key)
            self._on_disagreement(disagreement)

    def _deliver(self, permit: Permit, transmit: Callable[[], GatewayResponse[Native]]) -> GatewayResponse[Native]:
        """Send what the guard lets pass, again where that does no harm."""
        failures, limited = 0, 0.0
        while True:
            self.pace.wait()
            self._look()
            is_broken = False
            try:
                answer = transmit()
            except NotSent as error:
                reason = str(error)
            except Broken as error:
                reason = str(error)
                is_broken = True
                self._see_repeatable(permit, reason, is_broken=True)
            else:
                if answer.status == TOO_MANY:
                    limited += self._rest(answer, limited)
                    continue
                if answer.status not in TEMPORARY:
                    self._lost_in_a_row = 0
                    self.pace.observe(answer.headers)
                    return answer
                reason = f"the API answered {answer.status}"
                self._see_repeatable(permit, reason, is_broken=False)
            if failures >= len(self._backoff):
                if is_broken:  # it can be reached, but breaks off
                    self._backoff = self._backoff[:1]
                    raise Unreadable(f"{reason}, {failures + 1} times in a row")
                self._give_up(f"{reason}, {failures + 1} times in a row")
            self._sleep(self._backoff[failures])
            failures += 1
            self.counts.repeated += 1

    def _see_repeatable(self, permit: Permit, reason: str, *, is_broken: bool) -> None:
        if not permit.is_repeatable:
            self.counts.lost += 1
            self._lost_in_a_row += 1
            if self._lost_in_a_row == MOST_LOST and not is_broken:
                self._give_up(f"{reason}, for {MOST_LOST} writes in a row")
            operation = permit.operation.id if permit.operation else "a request"
            raise Lost(f"nobody knows what became of {operation}: {reason}")

    def _rest(self, answer: GatewayResponse[Native], limited: float) -> float:
        """Wait as a 429 says; returns the seconds."""
        self.counts.limited += 1
        said = seconds_to_wait(answer.headers, read_object(answer.body))
        seconds = min(DEFAULT_RESET if said is None else said, LONGEST) + MARGIN
        if limited + seconds > PATIENCE:
            self._give_up(f"the rate limit was exhausted for {limited / 60:.0f} minutes")
        self.pace.pause(seconds)
        return seconds

    def _give_up(self, reason: str) -> NoReturn:
        self.outage = reason
        self._on_outage(reason)
        raise Outage(reason)


def ids_in(answer: Any) -> Iterator[str]:
    """List the IDs in an answer's JSON, at any depth, in lower case."""
    waiting = [answer]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if isinstance(value.get("id"), str):
                yield value["id"].lower()
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
