"""Hooks of schemathesis: make valid requests meet what exists, hold answers against the spec, write findings down.

Only what schemathesis means to be valid is touched, so that a deliberately wrong part is refused for its own sake. The
target comes from the environment variables that Buildkite's own command line tool reads.
"""

import json
import os
import re
import shlex
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, TypeGuard

import httpx
import requests
import schemathesis
import urllib3
from hypothesis import target
from hypothesis.errors import Flaky, InvalidArgument
from schemathesis import cli
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.core.parameters import ParameterLocation
from schemathesis.core.transport import Response
from schemathesis.engine import Status, events
from schemathesis.engine.errors import UnhealthyAPIError, UnresponsiveOperationError
from schemathesis.engine.run import PhaseName
from schemathesis.generation.case import Case
from schemathesis.generation.meta import TestPhase
from schemathesis.hooks import HookContext

from buildkite_emulator.spec import Operation, Spec
from buildkite_packages import AuthenticatedClient, ResponseError
from buildkite_packages.drift import Drift
from buildkite_packages.http.masking import mask_text
from buildkite_packages.http.parsing import strict
from scripts.contract.checks.basis import of_acceptance, of_refusal
from scripts.contract.checks.observed import Observed
from scripts.contract.checks.shown import shown
from scripts.contract.flows.flow_client import CHECKER, SPEC, at_endpoint, operation_place
from scripts.contract.fuzzing.existing_resources import ExistingResources
from scripts.contract.fuzzing.fixture_factory import FixtureFactory
from scripts.contract.fuzzing.schemathesis_run import ENDURANCE, TRACES
from scripts.contract.fuzzing.trace import Follower
from scripts.contract.harness_errors import described_fault
from scripts.contract.http.bounded import BoundedTransport
from scripts.contract.http.outgoing_request import read_json
from scripts.contract.live.guarded_transport import MARK, GuardedTransport
from scripts.contract.live.run_channel import join_run
from scripts.contract.recorder import Recorder
from scripts.contract.results import Finding, Results, read
from scripts.contract.units import CHAINS, FUZZ
from scripts.samples.ecosystems import BUILDERS, COPIED

POLICY = "- iss: https://agent.buildkite.com\n  claims:\n    organization_slug: my-org\n"

ATTESTATION = ("attestations.jsonl", b'{"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json"}\n')

CURSORS = ("after", "before")
"""Query parameters that take a cursor."""

LONGEST = 2000
"""Characters of an answer, or of what schemathesis says of it, that a finding quotes."""

AUTHORIZATION = re.compile(r"'?Authorization: (?:Bearer [^'\" ]+|\[Filtered\])'?")
"""The header with the token in a command, as it is or hidden by schemathesis."""

OPERATIONS = SPEC.operations
LABELS = {f"{method} {each.path}": each.id for each in OPERATIONS.values() for method in (each.method, *each.aliases)}
"""OperationIds by what schemathesis calls the operations."""

OF_THE_API = (
    *(requests.RequestException, urllib3.exceptions.HTTPError, httpx.HTTPError, ResponseError),
    *(UnhealthyAPIError, UnresponsiveOperationError, Flaky),
)
"""What ends the fuzzing of an operation by what the API does."""

observed = Observed(SPEC)
"""What the answers in this process show."""

run = join_run()
"""The run against a live organization that this process is of; None where it is of none."""

failed_preparations: list[tuple[str, str]] = []
"""What could not be made for a request: the operationId of what was answered, and why."""

faults: dict[str, str] = {}
"""By operationId, the first exception of these hooks: a fault of the harness, which says nothing about the API."""

fixture_factories: list[FixtureFactory] = []
"""The fixtures of an application in this process, set by whoever runs one; else that of the environment is used."""


@cache
def environment_fixtures() -> FixtureFactory:
    """Reach the API that the environment names."""
    base_url, token = os.environ["BUILDKITE_REST_API_ENDPOINT"], os.environ["BUILDKITE_API_TOKEN"]
    organization, prefix = os.environ["BUILDKITE_ORGANIZATION_SLUG"], os.environ.get("CONTRACT_PREFIX", "world")
    if run is None:
        sent = int(os.environ.get("CONTRACT_SENT", "0"))
        client = AuthenticatedClient(base_url, token, httpx_args={"transport": BoundedTransport()})
        fixtures = FixtureFactory(client, organization, prefix, sent)
        fixtures.made = follower().made
        return fixtures
    client = AuthenticatedClient(base_url, token, httpx_args={"transport": GuardedTransport(run.gateway)})
    return (
        FixtureFactory(client, organization, prefix)
        if run.run_channel.writes
        else ExistingResources(client, organization)
    )


@cache
def follower() -> Follower:
    """Follow what this process sends, and write down what the environment wants."""
    traces = os.environ.get(TRACES)
    return Follower(
        os.environ.get("BUILDKITE_ORGANIZATION_SLUG", ""),
        os.environ.get("BUILDKITE_API_TOKEN", ""),
        Path(traces) if traces else None,
    )


def current_fixtures() -> FixtureFactory:
    """Find the fixtures that requests are sent to."""
    return fixture_factories[-1] if fixture_factories else environment_fixtures()


@schemathesis.hook
def before_call(context: HookContext, case: Case[Any], kwargs: dict[str, Any]) -> None:
    """Make the valid parts of a request meet what exists."""
    try:
        with strict():  # what is made is of no use where it is not what the spec says
            meet_what_exists(current_fixtures(), case, kwargs)
    except (ResponseError, httpx.HTTPError) as error:
        if run is None or isinstance(error, ResponseError):  # a connection that is lost says nothing about an API
            answered = error.operation if isinstance(error, ResponseError) else operation_id(case)
            failed_preparations.append((answered, f"{type(error).__name__}: {error}"))
        raise
    except Exception as error:
        faults.setdefault(operation_id(case), described_fault(error))
        raise


def meet_what_exists(fixtures: FixtureFactory, case: Case[Any], kwargs: dict[str, Any]) -> None:
    """Make the valid parts of a request meet what exists."""
    parts = valid_parts(case)  # asked before anything is changed, since schemathesis looks at a changed case anew
    if ParameterLocation.PATH in parts:
        fill_path(fixtures, case)
    if case.query and ParameterLocation.QUERY in parts:
        if "to" in case.query:
            fill_destination(fixtures, case)
        fill_cursor(fixtures, case)
    if isinstance(case.body, dict):
        if field := OPERATIONS[operation_id(case)].file_field:
            if file := pick_file(fixtures, case, cut=ParameterLocation.BODY not in parts):
                others = {"attestation_bundle": ATTESTATION} if "attestation_bundle" in case.body else {}
                kwargs["files"] = {field: file, **others}
                if ParameterLocation.BODY in parts and case.body.keys() != {field}:
                    # without a `package_url`, which would be another file; schemathesis takes changed bytes for wrong
                    case.body = {field: "file"}
        elif ParameterLocation.BODY in parts:
            fill_body(fixtures, case, case.body)
        elif run and is_name(name := case.body.get("name")):
            case.body["name"] = fixtures.named(name)  # what is wrong is another part, and would not leave without


@schemathesis.hook
def after_call(context: HookContext, case: Case[Any], response: schemathesis.Response) -> None:
    """Count the answer and remember what it shows."""
    make_readable(response)
    try:
        count(case, response)
    except Exception as error:
        faults.setdefault(operation_id(case), described_fault(error))
        raise


def make_readable(response: schemathesis.Response) -> None:
    """Let the text of a response be read where its bytes are not in the encoding that it names, or nobody knows that.

    Otherwise what reads it raises. The check `answer` looks at the bytes, and finds that.
    """
    try:
        response.text  # noqa: B018 - decodes it
    except (ValueError, LookupError):
        response.encoding = "latin-1"


def read_response(self: Response) -> Any:
    """Read a response's JSON as schemathesis does; what is deeper or longer than Python takes is no JSON.

    Otherwise `RecursionError`, which schemathesis does not expect, ends its thread.
    """
    try:
        return schemathesis_json(self)
    except json.JSONDecodeError:
        raise
    except (ValueError, LookupError, RecursionError) as error:
        raise json.JSONDecodeError(f"no JSON that can be read: {type(error).__name__}", "", 0) from None


schemathesis_json = Response.json
Response.json = read_response  # type: ignore[method-assign]


def count(case: Case[Any], response: schemathesis.Response) -> None:
    """Count an answer and remember what it shows."""
    if MARK.lower() in response.headers:
        return  # it is none of the API's
    operation = OPERATIONS[operation_id(case)]
    headers = Folded({name: ", ".join(values) for name, values in response.headers.items()})
    methods = (operation.method, *operation.aliases)
    if response.request.method in methods:
        observed.see(
            operation.id, str(response.request.url), case.body, response.status_code, headers, response.content
        )
    follower().learn(read_json(response.content), response.text)  # also where only what a finding shows needs it
    if TRACES in os.environ:
        follower().saw(case.id, operation.id, response)
    if ENDURANCE in os.environ:
        keep_if_new(operation, response, headers)
    fixtures = current_fixtures()
    if response.status_code == operation.success and response.request.method in methods:
        if operation.id in ("update_registry", "delete_registry"):
            fixtures.forget(case.path_parameters.get("registry_slug"))
        fixtures.see(read_json(response.content))


def keep_if_new(operation: Operation, response: schemathesis.Response, headers: Mapping[str, str]) -> None:
    """Let hypothesis keep the example that is being run, if none before it has shown what its answer shows.

    Of the examples that `hypothesis.target` gives scores, its database keeps the best for each label, and the next run
    begins with those.
    """
    method = None if response.request.method == operation.method else str(response.request.method)
    url = str(response.request.url)
    with suppress(InvalidArgument):  # an earlier request of the same example has shown it
        target(1.0, label=shown(operation.id, response.status_code, url, headers, response.content, method))


class Folded(dict[str, str]):
    """Headers by their names, in whatever case."""

    def __init__(self, headers: dict[str, str]) -> None:
        super().__init__({name.lower(): value for name, value in headers.items()})

    def __contains__(self, name: object) -> bool:
        return super().__contains__(str(name).lower())


def masked(text: str) -> str:
    """Take the secrets that are known out of what a drift shows."""
    return mask_text(text, follower().secrets)


class SpecDrift(Failure):
    """An answer that is not what the spec says.

    Args:
        operation: label of the operation.
        drift: what is not.
    """

    __slots__ = ("drift",)

    def __init__(self, operation: str, drift: Drift) -> None:
        super().__init__(operation=operation, title="Drift from the spec", message=str(drift))
        self.drift = drift

    @property
    def _unique_key(self) -> str:
        return f"{self.drift.kind} {self.drift.spec}"


@schemathesis.check
def answer(ctx: Any, response: Response, case: Case[Any]) -> None:
    """See that an answer is what the spec says, down to what schemathesis does not look at."""
    operation = OPERATIONS[operation_id(case)]
    if response.request.method not in (operation.method, *operation.aliases):
        return  # schemathesis tries methods that the spec does not have
    headers = {name: ", ".join(values) for name, values in response.headers.items()}
    drifts = CHECKER.check(
        str(response.request.method),
        str(response.request.url),
        response.status_code,
        headers,
        response.content,
        operation=operation.id,
        mask=masked,
    )
    if drifts:
        raise FailureGroup([SpecDrift(case.operation.label, drift) for drift in drifts])


class FindingsWriter(cli.EventHandler[Any]):
    """Writes findings down as they come, and at the end what was seen."""

    def __init__(self, *_: Any, **__: Any) -> None:
        path = os.environ.get("CONTRACT_RESULTS")
        self._recorder = None
        if path:
            self._recorder = Recorder(Results(Path(path)), observed, follower().secrets)
        self._written: set[tuple[str, ...]] = set()
        self._broken: dict[str, str] = {}
        self._known = known(Path(path)) if path and ENDURANCE in os.environ else set()

    def handle_event(self, ctx: Any, event: Any) -> None:  # noqa: ARG002 - schemathesis calls it so
        """Look at what ended."""
        if self._recorder is None:
            return
        if isinstance(event, events.ScenarioFinished | events.FuzzScenarioFinished):
            self._write(self._recorder, event)
        elif isinstance(event, events.NonFatalError):
            operation = LABELS.get(event.label)
            unit = unit_of(event, operation or event.label)
            if faults:
                self._broken.setdefault(unit, faults.get(operation or "") or next(iter(faults.values())))
                return
            if not isinstance(event.value, OF_THE_API):
                self._broken.setdefault(unit, described_fault(event.value))
                return
            message = self._recorder.masked(event.info.format(base_url_is_set=True))
            self._recorder.found(Finding("error", unit, operation, "a run without errors", message, "#", ""))

    def shutdown(self, ctx: Any) -> None:  # noqa: ARG002 - likewise
        """Write what was seen."""
        if self._recorder:
            for operation, reason in failed_preparations[:1]:
                expected, place = "what the request needs, made with the client", operation_place(operation)
                received = self._recorder.masked(reason)
                self._recorder.found(Finding("preparation", CHAINS, operation, expected, received, place, ""))
            for operation, fault in faults.items():  # schemathesis may pass over an exception in a hook
                unit = f"{FUZZ} {operation}"
                if fault not in self._broken.values():
                    self._broken[unit] = fault
            for unit, fault in self._broken.items():
                self._recorder.results.write("fault", unit=unit, reason=self._recorder.masked(fault))
            self._recorder.results.write("seen", **observed.values(self._recorder.masked))
            if run:
                run.report(self._recorder.results)

    def _write(self, recorder: Recorder, event: events.ScenarioFinished | events.FuzzScenarioFinished) -> None:
        scenario = event.recorder
        for case_id, checks in scenario.checks.items():
            case = scenario.cases[case_id].value
            name = operation_id(case)
            for check in checks:
                if check.status is Status.SUCCESS:
                    recorder.passed(name, check.name)
                elif check.failure_info is not None:
                    failure = check.failure_info.failure
                    key = (name, check.name, type(failure).__name__, failure._unique_key)
                    if key not in self._written:
                        self._written.add(key)
                        unit = unit_of(event, name)
                        steps = [step.curl for step in check.failure_info.steps] or [check.failure_info.code_sample]
                        answered = failure.case_id or case_id
                        answer = scenario.find_response(case_id=answered)
                        asked = scenario.cases[answered].value if answered in scenario.cases else case
                        found = finding(recorder, unit, asked, check.name, failure, steps, answer)
                        if key_of(vars(found)) not in self._known:
                            recorder.found(found)
                            follower().failed(recorder, found, failure, scenario, case_id)


cli.handler()(FindingsWriter)  # not as a decorator, which would leave nothing of the name


def unit_of(event: events.EngineEvent, operation: str) -> str:
    """Name the unit of the run that an event is of."""
    is_chain = getattr(event, "phase", None) is PhaseName.STATEFUL_TESTING or os.environ.get(ENDURANCE) == CHAINS
    return CHAINS if is_chain else f"{FUZZ} {operation}"


def key_of(finding: Mapping[str, Any]) -> tuple[str, ...]:
    """Give what makes a finding another one than the last round's."""
    return tuple(str(finding[name]) for name in ("unit", "operation", "check", "place"))


def known(path: Path) -> set[tuple[str, ...]]:
    """List what earlier rounds of the run found."""
    return {key_of(event) for event in read(path) if event["event"] == "finding"} if path.exists() else set()


def finding(  # noqa: PLR0913, PLR0917 - what a finding is made of
    recorder: Recorder,
    unit: str,
    case: Case[Any],
    check: str,
    failure: Failure,
    steps: list[str],
    answer: Response | None,
) -> Finding:
    """Make a finding of a failure of schemathesis, about the operation whose answer it quotes."""
    operation = operation_id(case)
    received, basis = "", None
    if answer is not None:
        recorder.learn(read_json(answer.content), answer.text)
        received = f"{answer.status_code}: {answer.text}"
    if isinstance(failure, SpecDrift):
        drift = failure.drift
        expected = f"{drift.where or 'the answer'}: {drift.expected}"
        received, place = f"{drift.received}, in {received}", drift.spec
    else:
        place = f"{operation_place(operation)}/responses"
        if answer is not None and str(answer.status_code) in SPEC.responses(OPERATIONS[operation]):
            place += f"/{answer.status_code}"
        expected = f"{failure.title}: {failure.message}"
        if check == "positive_data_acceptance" and answer is not None:
            basis = of_acceptance(operation, case.body, read_json(answer.content))
        elif check == "negative_data_rejection":
            basis = of_refusal(operation, case.body, case.query)
    commands = [recorder.masked(portable(step)) for step in steps]
    return Finding(
        check=check,
        unit=unit,
        operation=operation,
        expected=recorder.masked(expected)[:LONGEST],
        received=recorder.masked(received)[:LONGEST],
        place=place,
        curl=commands[-1],
        steps=commands[:-1],
        number=int(os.environ.get("CONTRACT_SENT", "0")) + observed.requests,
        basis=basis or "",
    )


def portable(command: str) -> str:
    """Put the names of environment variables in place of the address and the token in a command."""
    base = os.environ.get("BUILDKITE_REST_API_ENDPOINT", "").rstrip("/")
    command = re.sub(AUTHORIZATION, '"Authorization: Bearer $BUILDKITE_API_TOKEN"', command)
    command = re.sub(r" -d (\$?'?@)", r" --data-raw \1", command)  # else curl takes the body for the name of a file
    start = max(command.rfind(f" {base}"), command.rfind(f" '{base}"))  # the address comes last
    if not base or start < 0:
        return command
    (address,) = shlex.split(command[start:])
    return f"{command[:start]} --globoff --path-as-is {at_endpoint(address.removeprefix(base))}"


def operation_id(case: Case[Any]) -> str:
    """Name the operation that a case calls, be it by an alias."""
    definition = case.operation.definition.raw
    return str(definition.get("x-alias-of", definition["operationId"]))


def valid_parts(case: Case[Any]) -> set[ParameterLocation]:
    """List the parts of a request that are meant to be valid."""
    parts = {ParameterLocation.PATH, ParameterLocation.QUERY, ParameterLocation.BODY}
    if case.meta is None:
        return parts
    wrong = {location for location, component in case.meta.components.items() if component.mode.is_negative}
    if case.meta.generation.mode.is_negative:
        phase = case.meta.phase.data
        changed = [phase.parameter_location, *(mutation.parameter_location for mutation in phase.mutations)]
        wrong.update(location for location in changed if location is not None)
    return parts - wrong


def stateful(case: Case[Any]) -> bool:
    """Tell whether a case is a step of a chain, whose path may come from an earlier answer."""
    return case.meta is not None and (case.meta.phase.name == TestPhase.STATEFUL or ENDURANCE in os.environ)


def fill_path(fixtures: FixtureFactory, case: Case[Any]) -> None:
    """Let a path name what exists, but leave what an earlier answer of a chain gave, be it gone by now."""
    parameters, path = case.path_parameters, case.operation.path
    parameters["org_slug"] = fixtures.organization
    if "registry_slug" not in parameters:
        return
    ecosystems = COPIED if operation_id(case) == "copy_package" else list(BUILDERS)
    slug = parameters["registry_slug"]
    if not (stateful(case) and fixtures.knows_registry(slug) and fixtures.ecosystem_of(slug) in ecosystems):
        ecosystem = fixtures.pick(ecosystems)
        changes = path.endswith("{registry_slug}") and case.operation.method.upper() != "GET"
        parameters["registry_slug"] = fixtures.new_registry(ecosystem) if changes else fixtures.registry(ecosystem)
    elif fixtures.knows_id(parameters.get("id")) or not fixtures.is_there(parameters["registry_slug"]):
        return
    if "id" in parameters:
        make = fixtures.new_registry_token if "/tokens/" in path else fixtures.new_package
        parameters["id"] = make(parameters["registry_slug"])


def fill_destination(fixtures: FixtureFactory, case: Case[Any]) -> None:
    """Let a copy go to a registry that can take it."""
    source = case.path_parameters.get("registry_slug")
    if fixtures.knows_registry(source):
        case.query["to"] = fixtures.new_registry(fixtures.ecosystem_of(str(source)))


def fill_cursor(fixtures: FixtureFactory, case: Case[Any]) -> None:
    """Let a list be asked for a page in one way: by its number, else by a cursor of the registry, if it has one."""
    named = [name for name in CURSORS if name in case.query]
    if not named:
        return
    slug = case.path_parameters.get("registry_slug")
    cursor = fixtures.cursor(str(slug)) if "page" not in case.query and fixtures.is_there(slug) else None
    for name in named:
        del case.query[name]
    if cursor is not None:
        case.query[named[0]] = cursor


def pick_file(fixtures: FixtureFactory, case: Case[Any], *, cut: bool) -> tuple[str, bytes] | None:
    """Choose the file to publish, of the registry's ecosystem.

    Args:
        fixtures: what exists.
        case: the request.
        cut: whether the file should be refused; then every other one is a truncated package.

    Returns:
        file name and bytes; None to send what schemathesis made up.
    """
    slug = case.path_parameters.get("registry_slug")
    ecosystem = fixtures.ecosystem_of(str(slug)) if fixtures.knows_registry(slug) else "files"
    if not cut:
        return fixtures.package_file(ecosystem)
    if fixtures.number() % 2 and ecosystem != "files":
        name, content = fixtures.package_file(ecosystem)
        return name, content[: len(content) // 4]  # half a gem may be all of it, for padding is the rest
    return None


def is_name(value: object) -> TypeGuard[str]:
    """Tell whether a value may be the name of a registry, as the spec has it."""
    schema = Spec.load().schema("RegistryName")
    return isinstance(value, str) and len(value) <= schema["maxLength"] and bool(re.search(schema["pattern"], value))


def fill_body(fixtures: FixtureFactory, case: Case[Any], body: dict[str, Any]) -> None:
    """Give a registry a name that is free, an ecosystem that is known and a policy that is one."""
    if stateful(case) and "ecosystem" not in body:
        # a new name is a new slug, and then schemathesis would miss the registry that a chain had at the old one
        body.pop("name", None)
    if isinstance(body.get("name"), str):
        body["name"] = fixtures.named(body["name"])
    if "ecosystem" in body:
        body["ecosystem"] = fixtures.pick(list(BUILDERS))
    if isinstance(body.get("oidc_policy"), str):
        body["oidc_policy"] = POLICY
