"""What a run has seen so far: exchanges, secrets, findings."""

import itertools
import json
from collections.abc import Mapping
from typing import Any

import httpx

from scripts.redaction import CREDENTIAL
from tests.contract.newness import Known
from tests.contract.observed import Observed
from tests.contract.results import Finding, Results

MASK = "****"
SHORTEST = 8
"""Characters that a secret has; what is shorter is not masked, for it may be anything."""


class StopAtFirst(Exception):
    """A finding was made, and the run is to end with its first."""


class Recorder:
    """Counts and keeps what a run sees.

    Args:
        results: where findings are written.
        observed: counts what is seen.
        secrets: that no finding may show; those that answers bring are added.
        stop_at_first: whether a finding ends the run.
    """

    def __init__(self, results: Results, observed: Observed, secrets: set[str], *, stop_at_first: bool = False) -> None:
        self.results = results
        self.observed = observed
        self.secrets = secrets
        self.known = Known()
        self._stop_at_first = stop_at_first
        self._numbers = itertools.count(1)

    @property
    def requests(self) -> int:
        """How many requests were answered."""
        return self.observed.requests

    def number(self) -> int:
        """Count up."""
        return next(self._numbers)

    def saw(self, operation_id: str, request: httpx.Request, response: httpx.Response, body: Any) -> None:
        """Count an answer.

        Args:
            operation_id: what was called.
            request: the request.
            response: its answer.
            body: the request's JSON or form.
        """
        self.observed.see(
            operation_id, str(request.url), body, response.status_code, response.headers, response.content
        )

    def learn(self, answer: Any) -> None:
        """Remember the secrets in an answer, at any depth and by any name, so that no finding shows them."""
        if isinstance(answer, dict):
            told = [value for name, value in answer.items() if CREDENTIAL.search(name)]
            self.secrets.update(value for value in told if isinstance(value, str) and len(value) >= SHORTEST)
        if isinstance(answer, dict | list):
            for each in answer.values() if isinstance(answer, dict) else answer:
                self.learn(each)

    def passed(self, operation_id: str | None, check: str) -> None:
        """Count a check that found nothing."""
        if operation_id:
            self.observed.checks[operation_id][check] += 1

    def found(self, finding: Finding) -> None:
        """Write a finding down.

        Raises:
            StopAtFirst: the run is to end with it.
        """
        self.results.add(finding)
        if self._stop_at_first:
            raise StopAtFirst

    def masked(self, text: str) -> str:
        """Put asterisks in place of every secret that is known, also as JSON would write it."""
        for secret in sorted(filter(None, self.secrets), key=len, reverse=True):
            text = text.replace(secret, MASK).replace(json.dumps(secret)[1:-1], MASK)
        return text


def body_of(arguments: Mapping[str, Any]) -> Any:
    """Find the JSON or the form among the arguments of a request."""
    return arguments.get("json", arguments.get("files"))
