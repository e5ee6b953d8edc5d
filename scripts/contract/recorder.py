"""What a run has seen so far: exchanges, secrets, findings."""

import itertools
from collections.abc import Mapping
from typing import Any

import httpx

from buildkite_packages.http.masking import mask_text
from scripts.contract.checks.newness import Known
from scripts.contract.checks.observed import Observed
from scripts.contract.results import Finding, Results
from scripts.traffic.redaction import secrets_in, secrets_in_text

MOST_TEXT = 100_000
"""Characters of a body that is no JSON in which secrets are looked for; far more than a finding quotes."""

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

    def learn(self, answer: Any, text: str = "") -> None:
        """Remember the secrets that an answer brings, so that no finding shows them.

        Args:
            answer: its JSON, looked through at any depth; None where it is none.
            text: its body, which may be damaged JSON.
        """
        self.secrets.update(new_secrets(answer, text))

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
        """Put asterisks in place of every secret that is known, however it is written."""
        return mask_text(text, self.secrets)


def new_secrets(answer: Any, text: str = "") -> set[str]:
    """Find the secrets that an answer brings, as `Recorder.learn` remembers them."""
    found = {*secrets_in(answer), *(secrets_in_text(text[:MOST_TEXT]) if answer is None else ())}
    return {secret for secret in found if len(secret) >= SHORTEST}


def body_of(arguments: Mapping[str, Any]) -> Any:
    """Find the JSON or the form among the arguments of a request."""
    return arguments.get("json", arguments.get("files"))
