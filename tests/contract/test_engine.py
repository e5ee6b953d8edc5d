"""What contract runs say of what they find: whose fault it is, of which operation, on what it rests, what differs."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from schemathesis.core.failures import Failure
from schemathesis.engine import Status

from buildkite_packages import AuthenticatedClient
from buildkite_packages.api.registries import delete_registry
from scripts.contract.checks.differences import LONGEST, difference
from scripts.contract.checks.notices import announced
from scripts.contract.checks.observed import MOST_NOTICES, Observed
from scripts.contract.flows.builders import new_registry, new_token, publish
from scripts.contract.flows.flow_client import SPEC, FlowClient, schema_place
from scripts.contract.harness_errors import HarnessError
from scripts.contract.recorder import Recorder
from scripts.contract.report import write_reports
from scripts.contract.report.content import Group, content
from scripts.contract.report.run import merge
from scripts.contract.results import Results
from scripts.contract.target import Target
from tests.contract import hooks
from tests.contract.flows import FLOWS, Flow
from tests.contract.test_flows import BASE_URL, TOKEN, Changed, target, transport, units_of

pytestmark = pytest.mark.slow

__all__ = ["target", "transport"]  # fixtures

Run = Callable[[FlowClient], object]
Events = list[dict[str, Any]]
Patch = pytest.MonkeyPatch


@pytest.fixture
def held(target: Target, transport: httpx.BaseTransport, tmp_path: Path, monkeypatch: Patch) -> Callable[..., Events]:
    """Give what runs a flow that a test makes up, against an emulator whose answers a function may change."""

    def hold(run: Run, change: Callable[[httpx.Request, httpx.Response], httpx.Response] | None = None) -> Events:
        def made_up(api: FlowClient) -> None:
            run(api)

        flow = Flow("made_up", "It is made up.", made_up, writes=True, needs_emulator=False, settles=())
        monkeypatch.setitem(FLOWS, "made_up", flow)
        way = Changed(transport, change) if change else transport
        return units_of(target, way, tmp_path, "flow made_up")

    return hold


def findings(events: Events) -> Events:
    """Pick the findings."""
    return [event for event in events if event["event"] == "finding"]


def unit(events: Events) -> dict[str, Any]:
    """Pick how the unit ended."""
    (found,) = (event for event in events if event["event"] == "unit")
    return found


def fails(error: Exception) -> Run:
    """Make a flow that fails after a right answer."""

    def run(api: FlowClient) -> None:
        new_registry(api)
        raise error

    return run


@pytest.mark.parametrize(
    "error",
    [
        KeyError("get_registry_stats"),
        AttributeError("no such"),
        AssertionError("never"),
        TypeError("not that"),
        OSError(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_fault_of_a_flow_accuses_nobody(held: Callable[..., Events], error: Exception, tmp_path: Path) -> None:
    """An exception of a flow after right answers is no finding: its unit is an error that names the line."""
    events = held(fails(error))
    assert findings(events) == []
    assert unit(events)["status"] == "error"
    assert "a fault of the contract tests, not of the API" in unit(events)["reason"]
    assert "tests/contract/test_engine.py:" in unit(events)["reason"]
    assert type(error).__name__ in unit(events)["reason"]
    assert verdict(events, tmp_path).status == 2


def test_a_fault_of_the_harness_says_what_to_add(held: Callable[..., Events]) -> None:
    """Where the harness knows what is missing, its words are the reason."""
    events = held(fails(HarnessError("get_registry_stats has no entry: add one")))
    assert unit(events)["reason"].endswith("get_registry_stats has no entry: add one")


def test_what_an_answer_lacks_is_no_fault_of_the_flow(held: Callable[..., Events]) -> None:
    """A member that an answer lacks is a finding about that answer, not about a later one."""

    def run(api: FlowClient) -> None:
        registry = new_registry(api)
        new_token(api, registry)
        registry["lock"]

    events = held(run)
    (found,) = findings(events)
    assert (found["check"], found["operation"]) == ("understood", "create_registry")
    assert found["received"] == "one that it cannot: an object without 'lock'"
    assert "registries" in found["curl"]
    assert "tokens" not in found["curl"]


def test_a_finding_is_of_the_operation_that_was_answered(
    held: Callable[..., Events],
    transport: httpx.BaseTransport,
) -> None:
    """An error that the client raises is of the operation that it called, not of the last one that the flow called."""

    def conflict(_request: httpx.Request, response: httpx.Response) -> httpx.Response:
        return httpx.Response(409, json={"message": "Conflict"}, headers=response.headers)

    def run(api: FlowClient) -> None:
        registry = new_registry(api)
        token = new_token(api, registry)
        api.call("get_registry_token", registry["slug"], token["id"])
        with AuthenticatedClient(BASE_URL, TOKEN, httpx_args={"transport": Changed(transport, conflict)}) as client:
            delete_registry.sync(api.target.organization, registry["slug"], client=client)

    (found,) = findings(held(run))
    assert found["operation"] == "delete_registry"
    assert "409" in found["received"]
    assert "/delete" in found["place"]


def test_a_comparison_is_of_the_answer_that_it_quotes(held: Callable[..., Events]) -> None:
    """A finding about an earlier answer names its operation, and its command is the one that was answered."""

    def run(api: FlowClient) -> None:
        registry = new_registry(api)
        api.call("list_registries")
        api.same(registry, {**registry, "color": "#f0ccff"}, "a registry", schema_place("Registry"))

    (found,) = findings(held(run))
    assert found["operation"] == "create_registry"
    assert found["curl"].startswith("curl -X POST")
    assert found["expected"] == 'a registry: /color "#f0ccff"'
    assert found["received"] == "/color null"


def test_fuzzing_tells_a_fault_of_its_hooks(tmp_path: Path, monkeypatch: Patch) -> None:
    """An exception of a hook is written down as a fault of the harness, and no finding."""
    path = tmp_path / "1-of-1.jsonl"
    monkeypatch.setenv("CONTRACT_RESULTS", str(path))
    monkeypatch.setattr(hooks, "faults", {"get_registry": "a fault of the contract tests, not of the API: KeyError"})
    hooks.FindingsWriter().shutdown(None)
    events = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert events[0] == {"event": "fault", "unit": "fuzz get_registry", "reason": hooks.faults["get_registry"]}


def test_fuzzing_names_the_operation_whose_answer_it_quotes(tmp_path: Path) -> None:
    """A check of one operation that fails for the answer of another is a finding about the other."""
    calls = {
        name: SimpleNamespace(operation=SimpleNamespace(definition=SimpleNamespace(raw={"operationId": name})))
        for name in ("get_registry_token", "delete_registry")
    }
    failure = Failure(operation="", title="Conflict", message="It is in use", case_id="delete_registry")
    failed = SimpleNamespace(failure=failure, code_sample="curl x", steps=[])
    check = SimpleNamespace(name="use_after_free", status=Status.FAILURE, failure_info=failed)
    scenario = SimpleNamespace(
        checks={"get_registry_token": [check]},
        cases={name: SimpleNamespace(value=case) for name, case in calls.items()},
        find_response=lambda case_id: SimpleNamespace(status_code=409, text=case_id, content=case_id.encode()),
    )
    event: Any = SimpleNamespace(recorder=scenario, phase=None)
    recorder = Recorder(Results(tmp_path / "1-of-1.jsonl"), Observed(SPEC), set())
    hooks.FindingsWriter()._write(recorder, event)
    (found,) = recorder.results.findings
    assert (found.operation, found.received) == ("delete_registry", "409: delete_registry")
    assert "/delete/responses" in found.place


def copied(api: FlowClient) -> Any:
    """Copy a package."""
    registry = new_registry(api)
    package = publish(api, registry)
    return api.call("copy_package", registry["slug"], package["id"], params={"to": new_registry(api)["slug"]})


MAKERS: Mapping[str, Run] = {
    "create_registry": new_registry,
    "create_registry_token": lambda api: new_token(api, new_registry(api)),
    "publish_package": lambda api: publish(api, new_registry(api)),
    "copy_package": copied,
}


@pytest.mark.parametrize("operation", MAKERS)
def test_what_is_made_must_be_new(held: Callable[..., Events], operation: str) -> None:
    """An operation that makes something and answers with what was there is accused itself, for each ID."""
    before: dict[str, Any] = {}

    def old(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        match = SPEC.match(request.url.raw_path.partition(b"?")[0])
        called = match.operations[request.method].id if match and request.method in match.operations else ""
        if called != operation or not response.is_success:
            return response
        answer = before.setdefault("answer", response.json())
        return httpx.Response(response.status_code, json=answer, headers=limits(response))

    def run(api: FlowClient) -> None:
        MAKERS[operation](api)
        MAKERS[operation](api)

    found = [event for event in findings(held(run, old)) if event["check"] == "newness"]
    assert {event["operation"] for event in found} == {operation}
    names = {event["expected"].partition(":")[0] for event in found}
    assert "id" in names
    assert names >= {"create_registry": {"slug", "graphql_id"}, "create_registry_token": {"graphql_id", "token"}}.get(
        operation, set()
    )
    assert not any("bkpr" in str(event) for event in found)


def test_a_slug_that_is_free_again_may_be_taken(held: Callable[..., Events]) -> None:
    """A slug that a registry had before it was deleted or renamed is new to another."""

    def run(api: FlowClient) -> None:
        first = new_registry(api)
        api.call("delete_registry", first["slug"])
        again = api.call("create_registry", json={"name": first["name"], "ecosystem": "files"})
        api.call("update_registry", again["slug"], json={"name": api.name("renamed")})
        api.call("create_registry", json={"name": first["name"], "ecosystem": "files"})

    assert findings(held(run)) == []


def limits(response: httpx.Response) -> dict[str, str]:
    """Pick the headers that every answer has."""
    every = ("ratelimit", "access-control")
    return {name: value for name, value in response.headers.items() if name.startswith(every)}


def rewritten(**members: Callable[[Any], Any]) -> Callable[[httpx.Request, httpx.Response], httpx.Response]:
    """Make what changes members of the objects of answers."""

    def change(_request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if not response.is_success or not response.content:
            return response
        answer = response.json()
        for each in answer if isinstance(answer, list) else [answer]:
            for name, new in members.items():
                if isinstance(each, dict) and isinstance(each.get(name), str):
                    each[name] = new(each[name])
        return httpx.Response(response.status_code, json=answer, headers=limits(response))

    return change


def groups(events: Events, folder: Path) -> list[Group]:
    """Group the findings of a run as a report does."""
    return list(content(merge(report_of(events, folder), lambda value: value), SPEC).groups)


def verdict(events: Events, folder: Path) -> Any:
    """Say what a run comes to."""
    return write_reports(report_of(events, folder), folder / "reports")


def report_of(events: Events, folder: Path) -> Path:
    """Write the events of a unit as those of a whole run; gives the file."""
    results = Results(folder / "whole.jsonl")
    units = [event["name"] for event in events if event["event"] == "unit"]
    head = {"seed": 1, "shard": "1/1", "spec_digest": "", "started": "2024-08-22T06:24:53", "units": units}
    results.write("run", target="emulator", all_units=units, organization="contract", base_url=BASE_URL, **head)
    for event in events:
        results.write(**event)
    results.write("end", status="complete", reason="")
    return results.path


CHOICES: Mapping[str, tuple[dict[str, Any], dict[str, Callable[[str], str]], str, str]] = {
    "a name with spaces at its ends": ({"name": " {} "}, {"name": str.strip}, "spec or emulator", "RegistryName"),
    "a name with two spaces": (
        {"name": "{}  b"},
        {"name": lambda name: " ".join(name.split())},
        "spec or emulator",
        "RegistryName",
    ),
    "a colour of three digits": (
        {"color": "#abc"},
        {"color": lambda _: "#aabbcc"},
        "spec or emulator",
        "RegistryCreate/properties/color",
    ),
    "a description with a space at its end": (
        {"description": "for gems "},
        {"description": str.strip},
        "spec or emulator",
        "RegistryCreate/properties/description",
    ),
    "a plain name": ({}, {"name": str.upper}, "emulator", "Registry/properties/name"),
    "a colour of six digits": ({"color": "#f0ccff"}, {"color": str.upper}, "emulator", "Registry/properties/color"),
    "a plain description": ({"description": "for gems"}, {"description": str.upper}, "emulator", "description"),
}


@pytest.mark.parametrize("what", CHOICES)
def test_blame_rests_on_what_was_sent(held: Callable[..., Events], what: str, tmp_path: Path) -> None:
    """What no document shows is of the spec or the emulator, with the request's place; what one shows is not."""
    sent, changes, culprit, place = CHOICES[what]

    def run(api: FlowClient) -> None:
        body = {"ecosystem": "ruby", "name": api.name(), **sent}
        body["name"] = sent.get("name", "{}").format(api.name())
        created = api.call("create_registry", json=body)
        for name in changes:
            api.same(created.get(name), body[name], f"the {name}", schema_place("Registry", name))

    (group,) = groups(held(run, rewritten(**changes)), tmp_path)
    assert group.culprit.name == culprit
    assert group.place.pointer.endswith(place)
    assert ("reference pages state this" in group.culprit.why) == (culprit == "emulator")


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"color": "#gggggg"}, "/RegistryCreate/properties/color"),
        ({"name": "- _ -"}, "/schemas/RegistryName"),
        ({"description": 7}, "/responses/ValidationFailed"),
    ],
)
def test_blame_for_what_was_not_refused(
    held: Callable[..., Events], body: dict[str, Any], place: str, tmp_path: Path
) -> None:
    """Where only a choice of this project refuses a value, the finding is about that, and not about the status."""

    def accept(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        return (
            httpx.Response(404, json={"message": "x"}, headers=limits(response))
            if request.method == "POST"
            else response
        )

    def run(api: FlowClient) -> None:
        whole = {"name": api.name(), "ecosystem": "ruby", **body}
        api.refused("ValidationFailed", "create_registry", json=whole, why="it is wrong")

    found = [group for group in groups(held(run, accept), tmp_path) if group.finding.check == "refusal"]
    assert [(group.culprit.name, group.place.pointer[-len(place) :]) for group in found] == [
        ("spec or emulator", place)
    ]


def test_blame_for_what_was_refused(held: Callable[..., Events], tmp_path: Path) -> None:
    """A colour of three digits that is refused is no breach of the reference pages."""

    def refuse(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        answer = {"message": "Validation failed", "errors": [{"field": "color", "code": "invalid"}]}
        return httpx.Response(422, json=answer, headers=limits(response)) if request.method == "POST" else response

    events = held(lambda api: new_registry(api, color="#abc"), refuse)
    (group,) = (group for group in groups(events, tmp_path) if group.finding.check == "success")
    assert group.culprit.name == "spec or emulator"
    assert group.place.pointer.endswith("/RegistryCreate/properties/color")


@pytest.mark.parametrize(
    ("expected", "received", "wanted", "came"),
    [
        ("edges ", "edges", '"edges "', '"edges"'),
        (1, "1", "1", '"1"'),
        (True, 1, "true", "1"),
        ("\u00e9", "e\u0301", r'"\u00e9"', r'"e\u0301"'),
        ("a b", "a\u00a0b", '"a b"', r'"a\u00a0b"'),
        ({"a": 1, "b": {"c/d": [1, 2]}}, {"a": 1, "b": {"c/d": [1, 3]}}, "/b/c~1d/1 2", "/b/c~1d/1 3"),
        ({"a": 1}, {"b": 1}, "/a 1; /b missing", "/a missing; /b 1"),
        ({"a": None}, {}, "/a null", "/a missing"),
        ([1, 2, 3], [1, 3], "/1 2", "/1 missing"),
        ([1, 2], [0, 1, 2], "/0 missing", "/0 0"),
        ([], {}, "[]", "{}"),
    ],
)
def test_only_what_differs_is_shown(expected: Any, received: Any, wanted: str, came: str) -> None:
    """Texts are quoted, what looks alike is escaped, and of objects and arrays the places that differ are shown."""
    assert difference(expected, received) == (wanted, came)


def test_what_differs_is_shown_briefly() -> None:
    """A long text is cut to the place where it differs, and of many differences the first are shown."""
    wanted, came = difference("x" * 5000 + "a" + "y" * 5000, "x" * 5000 + "b" + "y" * 5000)
    assert "xa" in wanted
    assert "xb" in came
    assert max(len(wanted), len(came)) < LONGEST + 40
    wanted, came = difference({str(n): n for n in range(9999)}, {str(n): -1 for n in range(9999)})
    assert wanted.startswith("/0 0; /1 1; ")
    assert wanted.endswith("; and more")
    assert len(came) < 100


def test_a_lost_space_is_seen_in_each_report(held: Callable[..., Events], tmp_path: Path) -> None:
    """The terminal, the Markdown, the page and the JUnit report show a value with the spaces at its ends."""

    def run(api: FlowClient) -> None:
        api.call("list_registries")
        place = schema_place("Registry", "name")
        api.same(" edges", "  edges  ", f"the name of a registry {'that was made ' * 4}", place)

    summary = verdict(held(run), tmp_path).summary
    assert max(map(len, summary.splitlines()[:-1])) <= 80
    for text in (summary, *((tmp_path / "reports" / name).read_text() for name in ("report.md", "junit.xml"))):
        assert '"  edges  "' in text.replace("&quot;", '"')
        assert '" edges"' in text.replace("&quot;", '"')
    assert "&#34;  edges  &#34;" in (tmp_path / "reports" / "index.html").read_text()


ANNOUNCED = {
    "Deprecation": "@1688169599",
    "Sunset": "Sat, 31 Dec 2050 23:59:59 GMT",
    "Warning": '299 - "<b>old</b> ' + TOKEN + '"',
    "Link": '<https://example.com/x>; rel="next", <https://example.com/gone>; rel="a sunset"; type="text/html"',
}


def test_what_an_api_announces_is_a_notice(held: Callable[..., Events], tmp_path: Path) -> None:
    """Deprecation, Sunset, Warning and links about them are in each report, once for an operation, and no finding."""

    def announce(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        headers = [*response.headers.multi_items(), *(ANNOUNCED.items() if request.method == "GET" else ())]
        return httpx.Response(response.status_code, content=response.content, headers=headers)

    def run(api: FlowClient) -> None:
        api.recorder.observed.see("list_registries", BASE_URL, None, 200, ANNOUNCED, b"")
        api.call("list_registries")

    events = held(run)
    (seen,) = (event for event in events if event["event"] == "seen")
    told = seen["notices"]["list_registries"]
    assert told["Deprecation: @1688169599 (2023-06-30 23:59:59 UTC)"] == 1
    assert told["Link sunset: https://example.com/gone"] == 1
    assert len(told) == 4
    assert TOKEN not in str(events)
    ended = verdict(events, tmp_path)
    assert ended.status == 0
    texts = {name: (tmp_path / "reports" / name).read_text() for name in ("index.html", "report.md", "junit.xml")}
    for text in (ended.summary, *texts.values()):
        assert text.count("Sat, 31 Dec 2050") == 1
        assert "@1688169599" in text
    assert "<b>old</b>" not in texts["index.html"]
    assert not [
        each for each in announce(httpx.Request("POST", BASE_URL), httpx.Response(200)).headers if each == "sunset"
    ]


def test_an_announcement_that_changes_is_bounded() -> None:
    """A header that is another in each answer, or endless, fills no report."""
    observed = Observed(SPEC)
    for number in range(100):
        headers = {"warning": f"{number} {'x' * 5000}"}
        observed.see("list_registries", BASE_URL, None, 200, headers, b"")
    told = observed.values()["notices"]["list_registries"]
    assert len(told) == MOST_NOTICES
    assert sum(told.values()) == 100
    assert max(map(len, told)) < 400
    headers = {"deprecation": f"@{'9' * 30}", "link": "<a>; rel=next"}
    assert list(announced(headers)) == [("Deprecation", headers["deprecation"])]


@pytest.mark.parametrize(
    ("description", "expected"), [("deploys", {"anyOf/0"}), (None, {"anyOf/1"}), (7, set())], ids=["text", "null", "7"]
)
def test_only_the_alternative_that_a_value_is_of_counts_as_seen(description: object, expected: set[str]) -> None:
    """A description that is a text does not confirm that one may be null, nor the other way round."""
    observed = Observed(SPEC)
    place = "#/components/schemas/RegistryToken/properties/description/"
    content = json.dumps([{"description": description}]).encode()
    url = f"{BASE_URL}/v2/packages/organizations/my-org/registries/x/tokens"
    observed.see("list_registry_tokens", url, None, 200, {}, content)
    assert {each.removeprefix(place) for each in observed.places if each.startswith(place)} == expected
