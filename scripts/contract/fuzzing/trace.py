"""Follows what schemathesis sends, and writes down how each of its findings came about.

Its hooks tell of each request (`Follower.saw`) and of each failure (`Follower.failed`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import requests
from schemathesis.core.failures import Failure
from schemathesis.core.transport import Response
from schemathesis.engine.recorder import RecordedScenario

from buildkite_packages.http.masking import mask_json
from scripts.contract.http.outgoing_request import read_json
from scripts.contract.recorder import Recorder, new_secrets
from scripts.contract.replay.recorded_requests import RecordedRequests, Trace, write_trace
from scripts.contract.replay.steps import Package, Step, package_in, read_step, step_of
from scripts.contract.results import Finding

OUR_CHECK = "answer"
"""The check that holds an answer against the spec; schemathesis' own checks of that find nothing besides."""

DRIFTS = {
    "status_code_conformance": "status",
    "content_type_conformance": "content_type",
    "response_headers_conformance": "header",
    "response_schema_conformance": "body",
}
"""Checks of schemathesis for which `buildkite_packages.drift` has a kind."""

SERVER_ERROR = "not_a_server_error"

KINDS: Mapping[str, tuple[str, Sequence[int]]] = {
    SERVER_ERROR: ("is_no_server_error", ()),
    "negative_data_rejection": ("is_refused", ()),
    "missing_required_header": ("is_refused", ()),
    "positive_data_acceptance": ("is_accepted", ()),
    "use_after_free": ("is_refused", (404,)),
    "ensure_resource_availability": ("is_there", ()),
    "ignored_auth": ("is_refused", (401,)),
    "unsupported_method": ("is_refused", (405,)),
}
"""Its other checks: what would hold of the answer if there were nothing to find."""


class Follower:
    """Follows what one process sends.

    Args:
        organization: slug of the target's organization.
        token: the target's access token.
        path: the file that traces are written to; None for none.

    Attributes:
        secrets: the token, and those that answers brought.
    """

    def __init__(self, organization: str, token: str, path: Path | None) -> None:
        self.recorded = RecordedRequests()
        self.secrets = {token}
        self._organization = organization
        self._token = token
        self._path = path

    def made(self, operation: str, path: tuple[str, ...], arguments: Mapping[str, Any], answer: Any) -> None:
        """Remember what the fixture factory made on demand."""
        self.learn(answer)
        package = package_of(*arguments["package"]) if "package" in arguments else None
        step = Step(self.recorded.number(), operation, path, package=package)
        if "json" in arguments:
            step = Step(step.number, operation, path, json=arguments["json"])
        self.recorded.add(step, 201, answer)

    def saw(self, case: str, operation: str, response: Response) -> None:
        """Remember a request of schemathesis and its answer."""
        answer = read_json(response.content)
        self.learn(answer)
        if step := self._step(operation, response.request):
            self.recorded.add(step, response.status_code, answer, case)

    def learn(self, answer: Any, text: str = "") -> None:
        """Remember the secrets that an answer brings, as `Recorder.learn` does."""
        self.secrets.update(new_secrets(answer, text))

    def failed(
        self, recorder: Recorder, finding: Finding, failure: Failure, scenario: RecordedScenario, case: str
    ) -> None:
        """Write down how a failure of a check came about."""
        if self._path is None:
            return
        drift = getattr(failure, "drift", None)
        ours = any(check.name == OUR_CHECK and check.failure_info for check in scenario.checks.get(case, []))
        if ours and finding.check in {**DRIFTS, SERVER_ERROR: ""}:
            return
        kind, statuses = KINDS.get(finding.check, ("keeps_to_the_spec", ()))
        replayed = finding.check in KINDS or finding.check in DRIFTS or drift is not None
        steps: list[list[Step]] = []
        keeps = None
        last = self._last(failure.case_id or case, scenario)
        if replayed and last:
            deletion = self.recorded.of_case(getattr(failure, "deleted_case_id", ""))
            keeps = deletion.number if deletion else None
            steps = self.recorded.ways(last, [keeps] if keeps else [])
        trace = Trace(
            check=finding.check,
            unit=finding.unit,
            operation=str(finding.operation),
            expected=finding.expected,
            received=finding.received,
            place=finding.place,
            kind=kind,
            statuses=statuses,
            drift=drift.kind if drift else DRIFTS.get(finding.check, ""),
            spec=drift.spec if drift else "",
            keeps=keeps,
            commands=[*finding.steps, finding.curl],
            steps=[[masked(recorder, step) for step in way] for way in steps],
        )
        write_trace(self._path, trace)

    def _last(self, case: str, scenario: RecordedScenario) -> Step | None:
        """Find the request that a failure is about, be it one that a check sent."""
        if step := self.recorded.of_case(case):
            return step
        response = scenario.find_response(case_id=case)
        if response is None or case not in scenario.cases:
            return None
        operation = str(scenario.cases[case].value.operation.definition.raw["operationId"])
        found = self._step(operation, response.request)
        return self.recorded.linked(found) if found else None

    def _step(self, operation: str, request: requests.PreparedRequest) -> Step | None:
        body = request.body or b""
        if not isinstance(body, str | bytes):
            return None
        return step_of(
            self.recorded.number(),
            operation,
            str(request.method),
            str(request.url),
            {name.lower(): str(value) for name, value in request.headers.items()},
            body.encode() if isinstance(body, str) else body,
            organization=self._organization,
            token=self._token,
        )


def package_of(name: str, content: bytes) -> Package | None:
    """Find out how a package was built."""
    return package_in(b'filename="%b"\r\n\r\n%b\r\n--' % (name.encode(), content))


def masked(recorder: Recorder, step: Step) -> Step:
    """Take every secret that is known out of a step."""
    if step.raw:
        text = recorder.masked(step.raw.content.decode("latin-1"))
        step = replace(step, raw=replace(step.raw, content=text.encode("latin-1")))
    values = step.values()
    return read_step(
        {
            name: value if name == "raw" else mask_json(value, lambda *_: False, recorder.masked)
            for name, value in values.items()
        }
    )
