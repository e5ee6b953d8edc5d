"""The flows themselves: that a right emulator passes each, and that each has what a report needs."""

import io
import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from buildkite_emulator import formats
from buildkite_emulator.server import build
from buildkite_emulator.spec import Spec
from buildkite_emulator.testing import EmulatorTransport
from scripts.contract.checks.observed import Observed
from scripts.contract.emulator import repeatable
from scripts.contract.flows.builders import RIGHT, new_registry
from scripts.contract.flows.flow_client import FlowClient, Lent
from scripts.contract.fuzzing.schemathesis_run import Fuzzing
from scripts.contract.recorder import Recorder
from scripts.contract.results import Results, Status, read
from scripts.contract.runner import CannotRun, Runner
from scripts.contract.target import Target, scoped_tokens, telling_scopes
from scripts.samples.ecosystems import BUILDERS
from tests.contract.flows import FLOWS
from tests.contract.flows.files import MIB, SIZES, content_of
from tests.contract.flows.packages import METADATA, OF_VARIANT, VARIANTS, WITHOUT_VARIANTS
from tests.contract.flows.pages import ODD_NAMES, near
from tests.support.flows import failures_of_flows

TOKEN = "access-of-contract-tests"  # noqa: S105 - of an emulator in this process
SPEC = Spec.load()
BASE_URL = "http://localhost"


@pytest.fixture
def target() -> Target:
    """Describe an emulator in this process."""
    return Target("emulator", BASE_URL, "contract", TOKEN, scoped=scoped_tokens(TOKEN, telling_scopes(SPEC)))


@pytest.fixture
def transport(target: Target) -> Iterator[httpx.BaseTransport]:
    """Run an emulator in this process."""
    tokens = {TOKEN: SPEC.scopes} | {token: scopes for scopes, token in target.scoped.items()}
    emulator = build(organizations=[target.organization], tokens=tokens, identity=repeatable(1))
    yield EmulatorTransport(emulator.app)
    emulator.close()


def units_of(target: Target, transport: httpx.BaseTransport, path: Path, *units: str) -> list[dict[str, Any]]:
    """Run units; gives the events of the run."""
    results = Results(path / "1-of-1.jsonl")
    fuzzing = Fuzzing(1, None, stop_at_first=False, results=results.path, environment={})
    Runner(target, results, fuzzing, transport=transport, say=print).units(units)
    return [dict(event) for event in read(results.path)]


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name, flow in FLOWS.items() if not flow.needs_emulator])
def test_a_right_emulator_passes_each_flow(
    target: Target, transport: httpx.BaseTransport, tmp_path: Path, name: str
) -> None:
    """A flow finds nothing in the emulator as it is, and calls something."""
    assert failures_of_flows(target, tmp_path, name, transport=transport) == []


def test_each_operation_has_a_right_request(target: Target, transport: httpx.BaseTransport, tmp_path: Path) -> None:
    """For each operation of the spec there is a request that succeeds, which the flows about access are made of."""
    assert RIGHT.keys() == SPEC.operations.keys()
    recorder = Recorder(Results(tmp_path / "1-of-1.jsonl"), Observed(SPEC), {TOKEN})
    with httpx.Client(transport=transport, base_url=BASE_URL) as client:
        api = FlowClient(target, client, recorder, "flow test")
        for operation, make in RIGHT.items():
            path, arguments = make(api)
            api.call(operation, *path, **arguments)
    assert recorder.results.findings == []


def test_what_flows_settle_is_there() -> None:
    """What a flow says that it settles is a place in the bundle, or a sentence."""
    for flow in FLOWS.values():
        for each in flow.settles:
            if not each.startswith("#/"):
                assert each.endswith(".")
                continue
            found: Any = SPEC.document
            for part in each[2:].split("/"):
                step = part.replace("~1", "/")
                found = found[int(step)] if isinstance(found, list) else found[step]


class Changed(httpx.BaseTransport):
    """A transport that changes what comes back.

    Args:
        transport: where requests go.
        change: makes another answer of the request and its answer.
    """

    def __init__(self, transport: httpx.BaseTransport, change: Any) -> None:
        self._transport = transport
        self._change = change

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request."""
        response = self._transport.handle_request(request)
        response.read()
        changed = self._change(request, response)
        assert isinstance(changed, httpx.Response)
        return changed


def test_a_finding_says_what_was_expected_and_how_to_see_it(
    target: Target, transport: httpx.BaseTransport, tmp_path: Path
) -> None:
    """A finding has what was expected, what came, where the spec says so, and commands without the token."""

    def drop(_request: httpx.Request, response: httpx.Response) -> httpx.Response:
        text = response.content.replace(b'"second"', b"null")
        return httpx.Response(response.status_code, content=text, headers={**response.headers, "content-length": "0"})

    events = units_of(target, Changed(transport, drop), tmp_path, "flow update_changes_what_is_sent")
    findings = [event for event in events if event["event"] == "finding"]
    first = next(event for event in findings if "description" in event["expected"])
    assert first["operation"] == "update_registry"
    assert '"second"' in first["expected"]
    assert first["received"] == "null"
    assert first["place"].endswith("/RegistryUpdate/properties/description")
    assert first["curl"].startswith('curl -X POST -H "Authorization: Bearer $BUILDKITE_API_TOKEN"')
    assert '"$BUILDKITE_REST_API_ENDPOINT/v2/' in first["curl"]
    assert first["steps"]
    assert TOKEN not in str(events).replace(f"{TOKEN}-", "")


def test_a_secret_that_an_answer_repeats_is_found(
    target: Target, transport: httpx.BaseTransport, tmp_path: Path
) -> None:
    """An access token or a registry token's secret in any later answer is a finding, which does not repeat it."""
    secrets: list[str] = []

    def repeat(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if request.method == "POST" and response.is_success and "token" in response.json():
            secrets.append(response.json()["token"])
            return response
        if request.method == "DELETE":
            return httpx.Response(response.status_code, headers={**response.headers, "x-user": TOKEN})
        if secrets and response.status_code == SPEC.operations["get_registry_token"].errors["NotFound"]:
            return httpx.Response(response.status_code, json={"message": secrets[0]}, headers=response.headers)
        return response

    events = units_of(target, Changed(transport, repeat), tmp_path, "flow token_is_deleted")
    found = {event["operation"] for event in events if event["event"] == "finding" and event["check"] == "secret"}
    assert {"delete_registry_token", "get_registry_token"} <= found
    assert secrets
    assert not any(secret in str(events) for secret in [*secrets, TOKEN])


def test_a_flow_that_is_baffled_says_so(target: Target, transport: httpx.BaseTransport, tmp_path: Path) -> None:
    """An answer of another shape altogether is a finding, and the run goes on."""

    def listed(_request: httpx.Request, response: httpx.Response) -> httpx.Response:
        return httpx.Response(200, json=[response.json()], headers={"content-type": "application/json"})

    units = [FLOWS[name].unit for name in ("token_is_updated", "copies_live_apart")]
    events = units_of(target, Changed(transport, listed), tmp_path, *units)
    assert [event["status"] for event in events if event["event"] == "unit"] == [Status.FAILED] * 2
    assert all(event["place"].startswith("#/") for event in events if event["event"] == "finding")


def test_an_api_that_does_not_answer_is_no_drift(target: Target, tmp_path: Path) -> None:
    """Where nothing answers, the run cannot go on, and nothing is found."""

    class Nothing(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            raise httpx.ConnectError("connection refused", request=request)

    with pytest.raises(CannotRun, match="connection refused"):
        units_of(target, Nothing(), tmp_path, "flow registry_is_deleted")
    assert [event["event"] for event in read(tmp_path / "1-of-1.jsonl")] == ["seen"]


def test_a_flow_deletes_only_what_it_has_made(target: Target, transport: httpx.BaseTransport, tmp_path: Path) -> None:
    """In the end a flow deletes the registries that it has made, and tries no others, also where some were refused."""
    made: set[str] = set()
    deleted: set[str] = set()

    def note(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        operation = SPEC.match(request.url.raw_path.partition(b"?")[0])
        if operation and "create_registry" in [each.id for each in operation.operations.values()]:
            made.update([response.json()["slug"]] if request.method == "POST" and response.is_success else [])
        elif request.method == "DELETE":
            deleted.add(request.url.path.rpartition("/")[2])
        return httpx.Response(response.status_code, content=response.content, headers=response.headers)

    units_of(target, Changed(transport, note), tmp_path, "flow registry_names_are_unique")
    assert deleted == made != set()


def test_no_finding_shows_the_secret_of_a_registry_token(tmp_path: Path) -> None:
    """A secret is masked wherever in an answer it came, also in a list that should have none."""
    recorder = Recorder(Results(tmp_path / "1-of-1.jsonl"), Observed(SPEC), {TOKEN})
    recorder.learn([{"id": "1", "token": "leaked-secret-1"}, {"below": {"secret": "leaked-secret-2"}}])
    assert recorder.masked(f"{TOKEN} leaked-secret-1 leaked-secret-2") == "**** **** ****"


@pytest.mark.parametrize("word", ["files", "contract", "python"])
def test_a_token_that_is_a_word_of_the_api_is_not_found(
    target: Target, transport: httpx.BaseTransport, tmp_path: Path, word: str
) -> None:
    """A token like an ecosystem or the organization accuses no answer that has that word as a value."""
    recorder = Recorder(Results(tmp_path / "1-of-1.jsonl"), Observed(SPEC), {TOKEN, word})
    with httpx.Client(transport=transport, base_url=BASE_URL) as client:
        api = FlowClient(target, client, recorder, "flow test")
        registry = new_registry(api)
        api.call("get_registry", registry["slug"])
        api.call("list_registries")
    assert recorder.results.findings == []


def test_no_finding_shows_a_token_that_was_sent_cut_short(
    target: Target, transport: httpx.BaseTransport, tmp_path: Path
) -> None:
    """Where calls without a valid token are not refused as they should be, the commands show no part of a valid one."""

    def other(_request: httpx.Request, response: httpx.Response) -> httpx.Response:
        status = {401: 403}.get(response.status_code, response.status_code)
        return httpx.Response(status, content=response.content, headers=response.headers)

    events = units_of(target, Changed(transport, other), tmp_path, "flow every_operation_wants_a_token")
    findings = [event for event in events if event["event"] == "finding"]
    assert any("Bearer ****" in event["curl"] for event in findings)
    assert [event["unit"] for event in findings if TOKEN[:-1] in str(event)] == []


@pytest.mark.parametrize(
    "name",
    [
        "registry_is_deleted",
        "registry_names_are_unique",
        "wrong_registries_are_refused",
        "client_says_what_the_api_says",
        "registry_is_created_as_sent",
    ],
)
def test_a_flow_does_not_mind_what_others_do(
    target: Target, transport: httpx.BaseTransport, tmp_path: Path, name: str
) -> None:
    """In a live organization somebody else may make registries meanwhile, and that is no drift."""
    live = replace(target, kind="live", prefix="contract-abcdefgh-1")
    registries = SPEC.operations["list_registries"].path.format(org_slug=target.organization)
    numbers = itertools.count()

    def work(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if request.url.path == registries and request.method == "GET":
            body = {"name": f"somebody else's {next(numbers)}", "ecosystem": "ruby"}
            headers = {"Authorization": f"Bearer {TOKEN}"}
            with httpx.Client(transport=Lent(transport), base_url=BASE_URL, headers=headers) as client:
                client.post(registries, json=body).raise_for_status()
        return response

    events = units_of(live, Changed(transport, work), tmp_path, f"flow {name}")
    assert [event for event in events if event["event"] == "finding"] == []
    assert next(numbers) > 0


def test_a_token_that_may_not_is_no_drift(target: Target, transport: httpx.BaseTransport, tmp_path: Path) -> None:
    """Where the run's own token lacks a scope in a live organization, the run cannot go on, and says which."""

    def forbid(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        return httpx.Response(403, json={"message": "Forbidden"}, headers=limits(response), request=request)

    def limits(response: httpx.Response) -> dict[str, str]:
        return {name: value for name, value in response.headers.items() if name.startswith("ratelimit")}

    live = replace(target, kind="live")
    with pytest.raises(CannotRun, match="create_registry is forbidden; a token that has the scope write_registries"):
        units_of(live, Changed(transport, forbid), tmp_path, "flow registry_is_deleted")
    assert [event["event"] for event in read(tmp_path / "1-of-1.jsonl")] == ["seen"]


def test_each_ecosystem_has_its_variants_and_its_metadata() -> None:
    """Each ecosystem whose packages are files has variants that the flows publish, or is known to have none."""
    assert sorted((*VARIANTS, *WITHOUT_VARIANTS)) == sorted(BUILDERS)
    assert METADATA.keys() == BUILDERS.keys()
    for ecosystem, variants in VARIANTS.items():
        for variant in variants:
            name, content = OF_VARIANT[ecosystem]("banana", variant)
            assert formats.read(ecosystem, name, io.BytesIO(content), len(content)).variant == variant


@pytest.mark.parametrize("ecosystem", ODD_NAMES)
def test_names_that_are_near_are_others(ecosystem: str) -> None:
    """What is nearly a name is never the name itself, and there are many ways to be near."""
    name, _ = ODD_NAMES[ecosystem]
    found = near(name)
    assert name not in found
    assert len(found) == len(set(found)) > 20


def test_files_reach_all_parts(target: Target) -> None:
    """The sizes that are tried lie below, at and above those of parts, and the bytes of each part are others."""
    assert target.kind == "emulator"
    assert all({part * MIB - 1, part * MIB, part * MIB + 1} <= set(SIZES) for part in (5, 8, 16))
    content = content_of(3 * MIB)
    assert len({content[start : start + 65_536] for start in range(0, len(content), 65_536)}) == 48
