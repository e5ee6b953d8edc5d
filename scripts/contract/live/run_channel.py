"""How each process of a live run sends: through a gateway that has the run's ledger and pace."""

import ctypes
import json
import os
import signal
import sys
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from buildkite_emulator.spec import Spec
from scripts.contract.live.gateway import Gateway
from scripts.contract.live.guard import Guard
from scripts.contract.live.guarded_transport import guard_requests
from scripts.contract.live.ledger import Ledger
from scripts.contract.live.lock import locked
from scripts.contract.live.ownership import Disagreement
from scripts.contract.live.pace import Pace
from scripts.contract.results import Results
from scripts.contract.target import Target

VARIABLE = "CONTRACT_RUN_CHANNEL"
"""Environment variable by which a child gets it."""

UNLIMITED = 60_000_000.0
"""Requests a minute that no machine makes."""

SENDERS = "senders"
"""The lock that the children of a run share for as long as they live."""

PARENT_DEATH_SIGNAL = 1
"""`PR_SET_PDEATHSIG` of Linux."""

CANNOT_RUN = 2


@dataclass(frozen=True)
class RunChannel:
    """How the processes of a run send their requests.

    Attributes:
        folder: of the run's files.
        ledger: file name of the run's ledger.
        prefix: how the names begin that may be given.
        per_minute: requests a minute of all processes together.
        writes: whether there may be writes.
        unit: name of the unit that sends.
    """

    folder: str
    ledger: str
    prefix: str
    per_minute: float
    writes: bool
    unit: str = ""

    def target(
        self, base_url: str, organization: str, token: str, scoped: Mapping[frozenset[str], str] | None = None
    ) -> Target:
        """Describe the API, as `Target` does."""
        return Target("live", base_url, organization, token, self.prefix, self.writes, scoped or {})

    def gateway(self, target: Target, **options: Any) -> Gateway:
        """Make a gateway, which says on standard error how far the run is.

        Args:
            target: the API.
            options: further ones of `Gateway`.
        """
        folder = Path(self.folder)
        pace = Pace(folder / "pace.json", self.per_minute, out=sys.stderr)
        return Gateway(Guard(target, Ledger(folder / self.ledger), Spec.load()), pace, **options)

    @property
    def environment(self) -> Mapping[str, str]:
        """What a child needs in its environment. There is no secret in it."""
        return {VARIABLE: json.dumps({**asdict(self), "parent": os.getpid()})}

    @property
    def outage(self) -> Path:
        """The file in which a child says that the API is away."""
        return Path(self.folder) / "outage"


class Worker:
    """A child of a run: whatever it sends with `requests` goes through a gateway from now on.

    It ends when its parent does, and where the API is away for good, so that nothing takes that for an answer.

    Args:
        run_channel: how it sends.
        parent: process ID of its parent.
        environment: names the API, as for Buildkite's command line tool.
    """

    def __init__(self, run_channel: RunChannel, parent: int, environment: Mapping[str, str]) -> None:
        die_with_parent()
        self.run_channel = run_channel
        self._parent = parent
        self._results = environment.get("CONTRACT_RESULTS")
        self._stack = ExitStack()
        self._stack.enter_context(locked(Path(run_channel.folder) / SENDERS, patience=60, shared=True))
        target = run_channel.target(
            environment["BUILDKITE_REST_API_ENDPOINT"],
            environment["BUILDKITE_ORGANIZATION_SLUG"],
            environment["BUILDKITE_API_TOKEN"],
        )
        self.gateway = run_channel.gateway(target, look=self._look, on_outage=self._end, on_disagreement=self._note)
        guard_requests(self.gateway)

    def report(self, results: Results) -> None:
        """Write down what the gateway did."""
        results.write("gateway", **asdict(self.gateway.counts))

    def _note(self, disagreement: Disagreement) -> None:
        if self._results:
            Results(Path(self._results)).add(disagreement.finding(self.run_channel.unit))

    def _look(self) -> None:
        if os.getppid() != self._parent:
            os._exit(CANNOT_RUN)

    def _end(self, reason: str) -> None:
        self.run_channel.outage.write_text(reason, encoding="utf-8")
        os._exit(CANNOT_RUN)


def join_run(environment: Mapping[str, str] = os.environ) -> Worker | None:
    """Join the live run that started this process; None where none did."""
    text = environment.get(VARIABLE)
    if text is None:
        return None
    values = json.loads(text)
    parent = values.pop("parent")
    return Worker(RunChannel(**values), parent, environment)


def die_with_parent() -> None:
    """Let the system kill this process when its parent ends, where it can."""
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(PARENT_DEATH_SIGNAL, signal.SIGKILL)
