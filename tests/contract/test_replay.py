"""What becomes of what fuzzing finds: a test of the fewest requests that show it, or its requests as commands."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from buildkite_emulator.server import build
from buildkite_emulator.testing import EmulatorTransport
from scripts.contract.emulator import repeatable
from scripts.contract.replay import replay
from scripts.contract.replay.minimising import Minimiser
from scripts.contract.replay.recorded_requests import RecordedRequests, Trace, write_trace
from scripts.contract.replay.steps import BEARERS, SPEC, From, Package, Raw, Step, read_step, step_of
from scripts.contract.results import Results, read
from scripts.contract.target import Target
from scripts.samples.ecosystems import BUILDERS

TOKEN = "contract-token"  # noqa: S105 - of an emulator in this process
BASE_URL = "http://localhost"
TARGET = Target("emulator", BASE_URL, "contract", TOKEN)
SOUGHT = "\N{LATIN SMALL LETTER SHARP S}"

Change = Callable[[httpx.Request, httpx.Response], httpx.Response]


class Broken(httpx.BaseTransport):
    """A transport to an emulator in this process that changes what comes back.

    Args:
        change: makes another answer of the request and its answer.
    """

    def __init__(self, change: Change) -> None:
        self._built = build(organizations=["contract"], tokens={TOKEN: SPEC.scopes}, identity=repeatable(1))
        self._transport = EmulatorTransport(self._built.app)
        self._change = change

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request."""
        request.read()
        response = self._transport.handle_request(request)
        response.read()
        return self._change(request, response)

    def stop(self) -> None:
        """Stop the emulator; clients that are closed leave it as it is."""
        self._transport.close()
        self._built.close()


def answer(response: httpx.Response, values: Any, status: int | None = None) -> httpx.Response:
    """Make another answer."""
    headers = {name: value for name, value in response.headers.items() if name != "content-length"}
    return httpx.Response(status or response.status_code, headers=headers, content=json.dumps(values))


def forgets_descriptions(request: httpx.Request, response: httpx.Response) -> httpx.Response:
    """Leave the description out of the answer to an update, where it has a certain character."""
    if response.status_code == 200 and request.method == "POST" and SOUGHT in str(response.json().get("description")):
        return answer(response, {name: each for name, each in response.json().items() if name != "description"})
    return response


def forgets_names(request: httpx.Request, response: httpx.Response) -> httpx.Response:
    """Leave the names of packages out of pages of seven."""
    if request.url.params.get("per_page") == "7" and response.status_code == 200:
        items = [{name: each for name, each in item.items() if name != "name"} for item in response.json()["items"]]
        return answer(response, {**response.json(), "items": items})
    return response


def takes_any_description(request: httpx.Request, response: httpx.Response) -> httpx.Response:
    """Accept what is wrong, where there is a description."""
    if response.status_code == 422 and b'"description"' in request.content:
        return answer(response, {"message": "fine"}, 200)
    return response


def keeps_what_is_deleted(request: httpx.Request, response: httpx.Response) -> httpx.Response:
    """Find packages that are gone."""
    if response.status_code == 404 and request.method == "GET" and request.url.path.count("/packages/") == 2:
        return answer(response, {"message": "here"}, 200)
    return response


def takes_no_description(request: httpx.Request, response: httpx.Response) -> httpx.Response:
    """Refuse what is right, where there is a description."""
    if response.status_code == 200 and b'"description"' in request.content:
        return answer(response, {"message": "Validation Failed", "errors": []}, 422)
    return response


def trace(kind: str, *steps: Step, **values: Any) -> Trace:
    """Describe what led to a finding."""
    given: dict[str, Any] = {
        "check": "answer",
        "unit": f"fuzz {steps[-1].operation}",
        "operation": steps[-1].operation,
        "expected": "something else",
        "received": 'something \\ with """ in it',
        "place": "#/paths",
        "commands": ["curl first", "curl last"],
    }
    return Trace(**{**given, **values}, kind=kind, steps=[steps])


PLAIN = {"name": "a", "ecosystem": "files"}
TO_THE_FIRST = (From(1, "slug"),)
CREATED = Step(1, "create_registry", json={"name": f"one {SOUGHT}", "ecosystem": "ruby", "color": "#abcdef"})
OTHER = Step(2, "create_registry", json={"name": "two", "ecosystem": "python"})
NOISE = [
    CREATED,
    OTHER,
    Step(3, "create_registry_token", (From(2, "slug"),), json={"description": "x"}),
    Step(4, "publish_package", TO_THE_FIRST, package=Package("ruby", "banana17")),
    Step(5, "update_registry", (From(2, "slug"),), json={"description": "y"}),
]


def update(body: Any, **values: Any) -> Step:
    """Update the first registry."""
    return Step(9, "update_registry", TO_THE_FIRST, json=body, **values)


CASES: Mapping[str, tuple[Change, Trace, Sequence[str]]] = {
    "a character of a member": (
        forgets_descriptions,
        trace(
            "keeps_to_the_spec",
            *NOISE,
            update({"description": f"some {SOUGHT} text", "color": None, "emoji": ":one:"}, query=(("to", "x"),)),
            drift="body",
            spec="#/components/schemas/Registry/required",
        ),
        ['api.call("update_registry", registry["slug"], json={"description": "\\xdf"})', "api.keeps_to_the_spec()"],
    ),
    "a parameter of the query": (
        forgets_names,
        trace(
            "keeps_to_the_spec",
            *NOISE,
            Step(9, "list_packages", TO_THE_FIRST, query=(("page", "1"), ("per_page", "7"), ("x", "y"))),
            drift="body",
        ),
        [
            'api.call("publish_package", registry["slug"], package=Package("files", "banana"))',
            'api.call("list_packages", registry["slug"], query=[("per_page", "7")])',
            "api.keeps_to_the_spec()",
        ],
    ),
    "what should be refused": (
        takes_any_description,
        trace("is_refused", *NOISE, update({"name": "long", "description": [12, 13]}), check="negative_data_rejection"),
        ['api.call("update_registry", registry["slug"], json={"description": []})', "api.is_refused()"],
    ),
    "what should be accepted": (
        takes_no_description,
        trace(
            "is_accepted",
            *(replace(CREATED, json=PLAIN), OTHER, update({"name": "other", "description": "long"})),
            check="positive_data_acceptance",
        ),
        ['api.call("update_registry", registry["slug"], json={"description": ""})', "api.is_accepted()"],
    ),
    "what should be gone": (
        keeps_what_is_deleted,
        trace(
            "is_refused",
            *NOISE,
            Step(6, "delete_package", (From(1, "slug"), From(4, "id"))),
            Step(9, "get_package", (From(1, "slug"), From(4, "id"))),
            statuses=(404,),
            keeps=6,
            check="use_after_free",
        ),
        [
            'package = api.call("publish_package", registry["slug"], package=Package("files", "banana"))',
            'api.call("delete_package", registry["slug"], package["id"])',
            'api.call("get_package", registry["slug"], package["id"])',
            "api.is_refused(404)",
        ],
    ),
}
FIRST_LINES = [
    "with emulator() as api:",
    'registry = api.call("create_registry", json={"name": "a", "ecosystem": "files"})',
]


@pytest.fixture
def broken() -> Iterator[Callable[[Change], Broken]]:
    """Give what runs an emulator that answers otherwise."""
    running: list[Broken] = []

    def make(change: Change) -> Broken:
        running.append(Broken(change))
        return running[-1]

    yield make
    for each in running:
        each.stop()


def minimiser(folder: Path, transport: httpx.BaseTransport) -> Minimiser:
    """Make what reduces the findings in a folder."""
    results = Results(folder / "1-of-1.jsonl")
    path = folder / "1-of-1.traces"
    return Minimiser(TARGET, path, folder / "found", results, "make contract SEED=7", transport=transport)


def outcome(path: Path, monkeypatch: pytest.MonkeyPatch, transport: httpx.BaseTransport | None = None) -> int:
    """Run a test module against the emulator behind a transport, or one as it should be; gives pytest's exit status."""
    with monkeypatch.context() as patch:
        if transport:
            patch.setattr(replay, "EmulatorTransport", lambda _app: transport)
        return int(
            pytest.main(
                ["-q", "-p", "no:cacheprovider", "--import-mode=importlib", "--rootdir", str(path.parent), str(path)]
            )
        )


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_what_is_found_becomes_a_test_of_just_what_shows_it(
    name: str, broken: Callable[[Change], Broken], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A test case has no step, parameter or member that it does not need, and fails as long as the drift is there."""
    change, found, expected = CASES[name]
    write_trace(tmp_path / "1-of-1.traces", found)
    (path,) = minimiser(tmp_path, broken(change)).run(seconds=60)
    text = path.read_text()
    assert [line.strip() for line in text[text.index("    with emulator()") :].splitlines()] == [
        *FIRST_LINES,
        *expected,
    ]
    assert path.name.startswith(f"test_{found.operation}_{found.check}_")
    assert "make contract SEED=7" in text
    assert outcome(path, monkeypatch, broken(change)) == pytest.ExitCode.TESTS_FAILED
    assert outcome(path, monkeypatch) == pytest.ExitCode.OK


def test_what_is_found_by_the_state_is_there_no_more(broken: Callable[[Change], Broken], tmp_path: Path) -> None:
    """A finding that an emulator which holds nothing does not show is written down, with its requests as commands."""
    write_trace(tmp_path / "1-of-1.traces", trace("is_no_server_error", CREATED, check="not_a_server_error"))
    write_trace(tmp_path / "1-of-1.traces", replace(trace("is_there", CREATED, check="odd"), steps=()))
    first, second = minimiser(tmp_path, broken(lambda _, response: response)).run(seconds=60)
    assert first.name.startswith("not_replayed_create_registry_not_a_server_error_")
    assert second.name.startswith("not_replayed_create_registry_odd_")
    assert "# curl first\n# curl last\n" in first.read_text()
    assert [event["file"] for event in read(tmp_path / "1-of-1.jsonl")] == [first.name, second.name]


def test_a_way_to_a_finding_is_what_made_its_things() -> None:
    """The shortest way has what made the things that the last request names; longer ones have what touched them."""
    recorded = RecordedRequests()
    recorded.add(Step(recorded.number(), "create_registry", json=PLAIN), 200, {"slug": "one"})
    recorded.add(Step(recorded.number(), "create_registry", json=PLAIN), 200, {"slug": "two"})
    recorded.add(Step(recorded.number(), "publish_package", ("one",)), 200, {"id": "x"})
    recorded.add(Step(recorded.number(), "update_registry", ("one",)), 422, {"message": "no"})
    recorded.add(Step(recorded.number(), "delete_registry", ("one",)), 200, None)
    found = recorded.add(Step(recorded.number(), "get_registry", ("one",)), 200, {"slug": "one"}, case="c")
    recorded.add(Step(recorded.number(), "create_registry", json=PLAIN), 200, {"slug": "one"})
    later = recorded.add(Step(recorded.number(), "get_registry", ("one",)), 200, {"slug": "one"})
    assert recorded.of_case("c") == found
    ways = [[step.number for step in way] for way in recorded.ways(found)]
    assert ways == [[1, 6], [1, 3, 5, 6], [1, 2, 3, 5, 6]]
    assert [step.number for step in recorded.ways(later)[0]] == [7, 8]


def sent(method: str, path: str, headers: Mapping[str, str], body: bytes, operation: str) -> Step | None:
    """Make a step of a request to the target."""
    url = f"{BASE_URL}/v2/packages/organizations/{path}"
    return step_of(1, operation, method, url, headers, body, organization="contract", token=TOKEN)


def test_a_step_has_no_token_and_no_address() -> None:
    """A request is kept as what it says; a right token, a wrong one and none are told apart, and none is kept."""
    headers = {"authorization": f"Bearer {TOKEN}", "content-type": "application/json"}
    step = sent("POST", "contract/registries?x=%C3%9F", headers, b'{"name": null}', "create_registry")
    assert step == Step(1, "create_registry", query=(("x", "\xdf"),), json={"name": None})
    step = sent("GET", "other/registries/a%2Fb", {"authorization": "Bearer 1234"}, b"", "get_registry")
    assert step == Step(1, "get_registry", ("a/b",), bearer=BEARERS[2], organization="other")
    step = sent("PUT", "contract/registries/a", {}, b"", "get_registry")
    assert step == Step(1, "get_registry", ("a",), bearer=BEARERS[1], method="PUT")
    assert sent("GET", "contract/registries/a/b/c/d", {}, b"", "get_registry") is None


@pytest.mark.parametrize("ecosystem", BUILDERS)
def test_a_package_is_kept_as_how_it_is_built(ecosystem: str) -> None:
    """Of a package in a form only the ecosystem and the name are kept, also where it is cut."""
    for package in (Package(ecosystem, "banana12"), Package(ecosystem, "banana12", cut=True)):
        request = httpx.Request("POST", BASE_URL, files={"file": package.build()})
        content_type = {"content-type": request.headers["content-type"]}
        step = sent("POST", "contract/registries/a/packages", content_type, request.read(), "publish_package")
        assert step
        assert step.package
        assert step.package.build() == package.build()
    assert step
    raw = sent("POST", "contract/registries/a/packages", content_type, b"--x", "publish_package")
    assert raw
    assert raw.raw == Raw(content_type["content-type"], b"--x")
    assert [read_step(json.loads(json.dumps(each.values()))) for each in (step, raw)] == [step, raw]
