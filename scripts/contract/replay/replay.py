"""Sends requests again that showed a drift, to see whether they still do.

A test case that a run made of what it found looks like this, and may be kept in ``tests/contract/found/``::

    with emulator() as api:
        registry = api.call("create_registry", json={"name": "a", "ecosystem": "files"})
        api.call("list_packages", registry["slug"], query=[("per_page", "7")])
        api.keeps_to_the_spec()

`call` sends a request, whatever comes of it, and gives the JSON of its answer. The rest looks at the last answer:
`keeps_to_the_spec`, `is_no_server_error`, `is_accepted`, `is_refused`, `is_there`.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import httpx

from buildkite_emulator.server import build
from buildkite_emulator.testing import EmulatorTransport
from buildkite_packages.drift import Checker, Drift
from scripts.contract.emulator import repeatable
from scripts.contract.flows.flow_client import Answer, NoAnswer
from scripts.contract.mutants import mutated
from scripts.contract.replay.steps import BEARERS, NOTHING, SPEC, From, Package, Raw, Step
from scripts.contract.target import path_of

CHECKER = Checker.load()
TIMEOUT = 60.0
"""Seconds that an answer may take."""

SENTENCES = {
    "keeps_to_the_spec": "answers as the spec says",
    "is_no_server_error": "does not fail",
    "is_accepted": "is accepted",
    "is_refused": "is refused",
    "is_there": "finds what was made",
}


class Thing(dict[str, Any]):
    """The JSON object of an answer; to ask for a property that it has not is a failure that says so."""

    def __init__(self, operation: str, answer: Answer) -> None:
        super().__init__(answer.json if isinstance(answer.json, dict) else {})
        self._what = f"{operation} was answered with {answer.status}"

    def __missing__(self, name: str) -> Any:
        raise AssertionError(f"{self._what}, and has no {name!r}")


class Api:
    """An API, for steps.

    Args:
        client: sends requests; has the base URL.
        organization: slug of the organization.
        token: an access token of every scope.

    Attributes:
        operation: operationId of the last request.
        url: where the last request went.
        answer: the last answer.
        drifts: where it is not what the spec says.
    """

    def __init__(self, client: httpx.Client, organization: str, token: str) -> None:
        self._client = client
        self._organization = organization
        self._token = token
        self.operation = self.url = ""
        self.answer: Answer | None = None
        self.drifts: list[Drift] = []

    def call(  # noqa: PLR0913 - what a request is made of
        self,
        operation: str,
        *path: str,
        query: Sequence[tuple[str, str]] = (),
        json: Any = NOTHING,
        package: Package | None = None,
        raw: Raw | None = None,
        bearer: str = BEARERS[0],
        method: str | None = None,
        organization: str | None = None,
    ) -> Thing:
        """Call an operation, whatever comes of it.

        Args:
            operation: operationId.
            path: the path parameters after the organization, in order.
            query: the query parameters.
            json: a body of JSON.
            package: a package for the form of the body.
            raw: another body.
            bearer: which access token it has: ``right``, ``wrong`` or ``none``.
            method: another method than the operation's.
            organization: another organization than the target's.

        Returns:
            the JSON of the answer.

        Raises:
            NoAnswer: there was none.
        """
        called = SPEC.operations[operation]
        values = (organization or self._organization, *path)
        url = path_of(called, *values)
        arguments: dict[str, Any] = {"params": list(query)} if query else {}
        headers = {}
        if bearer != "none":
            headers["Authorization"] = f"Bearer {self._token if bearer == BEARERS[0] else bearer}"
        if json is not NOTHING:
            arguments["json"] = json
        elif package is not None:
            arguments["files"] = {called.file_field: package.build()}
        elif raw is not None:
            arguments["content"] = raw.content
            headers |= {"Content-Type": raw.media_type} if raw.media_type else {}
        request = self._client.build_request(method or called.method, url, headers=headers, **arguments)
        try:
            response = self._client.send(request)
        except httpx.TransportError as error:
            raise NoAnswer(f"{request.method} {request.url.path}: {error or type(error).__name__}") from None
        self.operation, self.url, self.answer = operation, str(request.url), Answer(response)
        self.drifts = (
            CHECKER.check(
                request.method,
                str(request.url),
                response.status_code,
                response.headers,
                response.content,
                operation=operation,
            )
            if method is None
            else []
        )
        return Thing(operation, self.answer)

    def replay(self, steps: Sequence[Step]) -> dict[int, int]:
        """Send steps.

        Returns:
            the statuses of the answers, by the numbers of the steps.

        Raises:
            AssertionError: an answer has not what a later step needs.
            NoAnswer: there was none.
        """
        things: dict[int, Thing] = {}
        statuses: dict[int, int] = {}

        def value(each: str | From) -> str:
            return each if isinstance(each, str) else str(things[each.step][each.name])

        for step in steps:
            things[step.number] = self.call(
                step.operation,
                *map(value, step.path),
                query=[(name, value(each)) for name, each in step.query],
                json=step.json,
                package=step.package,
                raw=step.raw,
                bearer=step.bearer,
                method=step.method,
                organization=step.organization,
            )
            statuses[step.number] = self._status
        return statuses

    def keeps_to_the_spec(self) -> None:
        """See that the last answer is what the spec says."""
        assert not self.drifts, "\n".join(map(str, self.drifts))

    def is_no_server_error(self) -> None:
        """See that the last answer is none of 5xx."""
        assert self._status < 500, self._told

    def is_accepted(self) -> None:
        """See that the last request, which the spec allows, was not refused."""
        assert self._status < 400, self._told

    def is_refused(self, *statuses: int) -> None:
        """See that the last request was refused, if statuses are given with one of them."""
        assert self._status in (statuses or range(400, 500)), self._told

    def is_there(self) -> None:
        """See that what the last request names was found."""
        assert self._status != 404, self._told

    @property
    def _status(self) -> int:
        assert self.answer, "nothing was called"
        return self.answer.status

    @property
    def _told(self) -> str:
        return f"{self.operation} was answered with {self._status}"


@contextmanager
def emulator() -> Iterator[Api]:
    """Run an emulator in this process, in memory; with ``MUTANT=`` behind `scripts.contract.mutants`."""
    token = "contract-token"  # noqa: S105 - of this emulator alone
    built = build(organizations=["contract"], tokens={token: SPEC.scopes}, identity=repeatable(1))
    transport = EmulatorTransport(mutated(built.app, {token: SPEC.scopes}, os.environ))
    with httpx.Client(transport=transport, base_url="http://localhost", timeout=TIMEOUT) as client:
        yield Api(client, "contract", token)
    built.close()
