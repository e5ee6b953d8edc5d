"""Fuzzing for minutes: how long, what is kept, and what becomes of what is found."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from buildkite_emulator.server import build
from buildkite_emulator.testing import EmulatorTransport
from scripts import ROOT
from scripts.contract.emulator import repeatable
from scripts.contract.fuzzing.corpus import Corpus
from scripts.contract.fuzzing.endurance import SEEDS, Endurance, Part, read_minutes
from scripts.contract.fuzzing.schemathesis_run import Fuzzing
from scripts.contract.replay import replay
from scripts.contract.replay.minimising import Minimiser
from scripts.contract.replay.recorded_requests import RecordedRequests, Trace, write_trace
from scripts.contract.replay.steps import BEARERS, SPEC, From, Package, Raw, Step, read_step, step_of
from scripts.contract.results import Results, read
from scripts.contract.runner import Runner
from scripts.contract.settings import BadSetting
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


def trace(kind: str, steps: Sequence[Step], **values: Any) -> Trace:
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


CREATED = Step(1, "create_registry", json={"name": f"one {SOUGHT}", "ecosystem": "ruby", "color": "#abcdef"})
OTHER = Step(2, "create_registry", json={"name": "two", "ecosystem": "python"})
PUBLISHED = Step(4, "publish_package", (From(1, "slug"),), package=Package("ruby", "banana17"))
DELETED = Step(6, "delete_package", (From(1, "slug"), From(4, "id")))
NOISE = [
    Step(3, "create_registry_token", (From(2, "slug"),), json={"description": "x"}),
    PUBLISHED,
    Step(5, "update_registry", (From(2, "slug"),), json={"description": "y"}),
]
PLAIN = {"name": "a", "ecosystem": "files"}
TO_THE_FIRST = (From(1, "slug"),)

CASES: Mapping[str, tuple[Change, Trace, str]] = {
    "a character of a member": (
        forgets_descriptions,
        trace(
            "keeps_to_the_spec",
            [
                CREATED,
                OTHER,
                *NOISE,
                Step(
                    9,
                    "update_registry",
                    TO_THE_FIRST,
                    query=(("to", "x"),),
                    json={"description": f"some {SOUGHT} text", "color": None, "emoji": ":one:"},
                ),
            ],
            drift="body",
            spec="#/components/schemas/Registry/required",
        ),
        """
    with emulator() as api:
        registry = api.call("create_registry", json={"name": "a", "ecosystem": "files"})
        api.call("update_registry", registry["slug"], json={"description": "\\xdf"})
        api.keeps_to_the_spec()
""",
    ),
    "a parameter of the query": (
        forgets_names,
        trace(
            "keeps_to_the_spec",
            [
                CREATED,
                OTHER,
                *NOISE,
                Step(9, "list_packages", TO_THE_FIRST, query=(("page", "1"), ("per_page", "7"), ("x", "y"))),
            ],
            drift="body",
        ),
        """
    with emulator() as api:
        registry = api.call("create_registry", json={"name": "a", "ecosystem": "files"})
        api.call("publish_package", registry["slug"], package=Package("files", "banana"))
        api.call("list_packages", registry["slug"], query=[("per_page", "7")])
        api.keeps_to_the_spec()
""",
    ),
    "what should be refused": (
        takes_any_description,
        trace(
            "is_refused",
            [
                CREATED,
                OTHER,
                *NOISE,
                Step(9, "update_registry", TO_THE_FIRST, json={"name": "long", "description": [12, 13]}),
            ],
            check="negative_data_rejection",
        ),
        """
    with emulator() as api:
        registry = api.call("create_registry", json={"name": "a", "ecosystem": "files"})
        api.call("update_registry", registry["slug"], json={"description": []})
        api.is_refused()
""",
    ),
    "what should be accepted": (
        takes_no_description,
        trace(
            "is_accepted",
            [
                replace(CREATED, json=PLAIN),
                OTHER,
                Step(9, "update_registry", TO_THE_FIRST, json={"name": "other", "description": "long"}),
            ],
            check="positive_data_acceptance",
        ),
        """
    with emulator() as api:
        registry = api.call("create_registry", json={"name": "a", "ecosystem": "files"})
        api.call("update_registry", registry["slug"], json={"description": ""})
        api.is_accepted()
""",
    ),
    "what should be gone": (
        keeps_what_is_deleted,
        trace(
            "is_refused",
            [CREATED, OTHER, *NOISE, DELETED, Step(9, "get_package", (From(1, "slug"), From(4, "id")))],
            statuses=(404,),
            keeps=6,
            check="use_after_free",
        ),
        """
    with emulator() as api:
        registry = api.call("create_registry", json={"name": "a", "ecosystem": "files"})
        package = api.call("publish_package", registry["slug"], package=Package("files", "banana"))
        api.call("delete_package", registry["slug"], package["id"])
        api.call("get_package", registry["slug"], package["id"])
        api.is_refused(404)
""",
    ),
}


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
    assert text[text.index("\n    with emulator()") :] == expected
    assert path.name.startswith(f"test_{found.operation}_{found.check}_")
    assert "make contract SEED=7" in text
    assert outcome(path, monkeypatch, broken(change)) == pytest.ExitCode.TESTS_FAILED
    assert outcome(path, monkeypatch) == pytest.ExitCode.OK


def test_what_is_found_by_the_state_is_there_no_more(broken: Callable[[Change], Broken], tmp_path: Path) -> None:
    """A finding that an emulator which holds nothing does not show is written down, with its requests as commands."""
    write_trace(tmp_path / "1-of-1.traces", trace("is_no_server_error", [CREATED], check="not_a_server_error"))
    write_trace(tmp_path / "1-of-1.traces", replace(trace("is_there", [CREATED], check="odd"), steps=()))
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


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    """Make an empty folder of requests."""
    return Corpus(tmp_path / "corpus")


SEVEN = Step(8, "list_packages", (From(1, "slug"),), query=(("per_page", "7"),))


def test_only_what_shows_something_new_is_kept(corpus: Corpus) -> None:
    """A request is kept if its answer is like none before, unless it holds a secret or names what cannot be made."""
    secret = "not-to-be-told"  # noqa: S105 - of no one
    assert corpus.consider(SEVEN, "one", {secret})
    assert not corpus.consider(replace(SEVEN, query=(("per_page", "8"),)), "one", {secret})
    assert not corpus.consider(replace(SEVEN, query=(("per_page", secret),)), "two", {secret})
    assert not corpus.consider(replace(SEVEN, raw=Raw("text/plain", secret.encode())), "three", {secret})
    assert not corpus.consider(replace(SEVEN, path=("a-registry-of-this-run",)), "four", {secret})
    assert not corpus.consider(replace(SEVEN, raw=Raw("text/plain", b"." * 20_000)), "five", {secret})
    (path,) = corpus.path.iterdir()
    assert json.loads(path.read_text()) == {
        "operation": "list_packages",
        "query": [["per_page", "7"]],
        "shows": "one",
    }


def test_folders_merge_by_copying(corpus: Corpus, tmp_path: Path) -> None:
    """The same request has the same name wherever it was kept; what is damaged is named and passed over."""
    other = Corpus(tmp_path / "other")
    created = Step(1, "create_registry", json={"name": "a 17", "ecosystem": "files"})
    assert corpus.consider(created, "one", ())
    assert other.consider(replace(created, number=5, json={"name": "a 312", "ecosystem": "files"}), "one", ())
    assert corpus.consider(SEVEN, "two", ())
    assert [*other.kept] == [next(iter(corpus.kept))]
    (corpus.path / "0000.json").write_text("{")
    (corpus.path / "0001.json").write_text('{"operation": "no_such_operation", "shows": "x"}')
    said: list[str] = []
    again = Corpus(corpus.path, said.append)
    assert again.kept.keys() == corpus.kept.keys()
    assert [line.partition(" ")[0] for line in said] == [str(corpus.path / f"000{n}.json") for n in (0, 1)]
    assert not again.consider(replace(SEVEN, query=()), "one", ())


def test_a_folder_has_a_bound(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    """No more requests are kept than can be sent again, and of a larger folder the same ones are read each time."""
    for number in range(5):
        assert corpus.consider(replace(SEVEN, query=(("page", str(number)),)), str(number), ())
    monkeypatch.setattr("scripts.contract.fuzzing.corpus.MOST", 3)
    few = Corpus(corpus.path)
    assert [*few.kept] == sorted(corpus.kept)[:3]
    assert not few.consider(replace(SEVEN, query=()), "new", ())


class Pretended(Fuzzing):
    """Fuzzing that takes time by a clock of its own and sends nothing."""

    def run(
        self,
        target: Target,  # noqa: ARG002 - as Fuzzing has it
        phases: str,
        operations: Sequence[str],
        *,
        sent: int,  # noqa: ARG002 - likewise
        arguments: Sequence[str] = (),
    ) -> bool:
        """Note how it was run."""
        runs.append((self.seed, phases, tuple(operations), tuple(arguments)))
        now[0] += float(arguments[0].partition("=")[2])
        return True


runs: list[tuple[int, str, tuple[str, ...], tuple[str, ...]]] = []
now = [0.0]


def test_rounds_go_on_until_the_time_is_up(tmp_path: Path) -> None:
    """Each round has seeds of its own that follow from the run's; the last one ends when the time is up."""
    runs.clear()
    now[0] = 0.0
    said: list[str] = []
    left: list[float] = []
    parts = [
        Part(["fuzz a"], ["a"], "examples,coverage,fuzzing", "fuzzing"),
        Part(["chains"], [], "stateful", "stateful"),
    ]
    fuzzing = Pretended(7, None, stop_at_first=False, results=tmp_path / "x", environment={})
    failed = Endurance(1000, tmp_path / "corpus", clock=lambda: now[0]).rounds(
        TARGET, fuzzing, parts, sent=lambda: 0, say=said.append, between=left.append
    )
    assert failed == []
    assert now[0] == 1000
    assert [(seed, phases) for seed, phases, _, _ in runs] == [
        (7, "examples,coverage,fuzzing"),
        (7, "stateful"),
        (7 + SEEDS, "fuzzing"),
        (7 + SEEDS, "stateful"),
        (7 + 2 * SEEDS, "fuzzing"),
        (7 + 2 * SEEDS, "stateful"),
        (7 + 3 * SEEDS, "fuzzing"),
        (7 + 3 * SEEDS, "stateful"),
    ]
    assert left == [400, 220, 40, 0]
    assert "7 minutes left" in said[0]
    assert all(f"--generation-database={tmp_path / 'corpus' / 'hypothesis'}" in each[3] for each in runs)


def test_the_next_run_begins_with_what_is_kept(broken: Callable[[Change], Broken], tmp_path: Path) -> None:
    """A request that was kept is sent again first, to things made anew, and its answer is held against the spec."""
    asked: list[httpx.URL] = []

    def listen(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        asked.append(request.url)
        return forgets_descriptions(request, response)

    kept = Corpus(tmp_path / "corpus")
    assert kept.consider(SEVEN, "one", ())
    updated = Step(9, "update_registry", (From(1, "slug"),), json={"description": SOUGHT})
    assert kept.consider(updated, "two", ())
    to = (("to", From(2, "slug")), ("x", "y"))
    assert kept.consider(Step(9, "copy_package", (From(1, "slug"), From(2, "id")), query=to), "three", ())
    assert kept.consider(Step(9, "publish_package", (From(1, "slug"),), package=Package("ruby", "b")), "four", ())
    results = Results(tmp_path / "1-of-1.jsonl")
    runs.clear()
    fuzzing = Pretended(7, None, stop_at_first=False, results=results.path, environment={})
    endurance = Endurance(10, kept.path, clock=lambda: now[0])
    run = Runner(TARGET, results, fuzzing, endurance=endurance, transport=broken(listen), say=print)
    run.units(["corpus", "fuzz list_packages", "chains"])
    assert [url.params for url in asked if "per_page" in url.params] == [httpx.QueryParams({"per_page": "7"})]
    (copied,) = [url.params for url in asked if "to" in url.params]
    assert copied["x"] == "y"
    units = {event["name"]: event for event in read(results.path) if event["event"] == "unit"}
    assert [*units] == ["corpus", "fuzz list_packages", "chains"]
    assert units["corpus"]["status"] == "failed"
    assert {"copy_package", "publish_package"} <= set(units["corpus"]["operations"])
    findings = [event for event in read(results.path) if event["event"] == "finding"]
    assert {(finding["unit"], finding["operation"]) for finding in findings} == {("corpus", "update_registry")}
    assert len(runs) == 2


@pytest.mark.parametrize("text", ["0", "0.0", "-1", "an hour", "1e3", "1/2"])
def test_a_time_that_cannot_be_is_refused(text: str) -> None:
    """A number of minutes that is none is an error that says what would be right."""
    with pytest.raises(BadSetting, match="FUZZ_MINUTES should be a number of minutes above 0"):
        read_minutes({"FUZZ_MINUTES": text})


def test_the_time_is_in_minutes() -> None:
    """Whole minutes and parts of one are taken; without any there is no such run."""
    assert [read_minutes({"FUZZ_MINUTES": text}) for text in ("60", "0.5")] == [60, 0.5]
    assert read_minutes({}) is None


def contract(folder: Path, **settings: str) -> subprocess.Popen[str]:
    """Start a contract run that goes on fuzzing."""
    environment = {name: value for name, value in os.environ.items() if name not in {"FAIL_FAST", "SHARD"}} | settings
    environment |= {"RESULTS": str(folder / "reports"), "CORPUS": str(folder / "corpus"), "SEED": "1"}
    command = [sys.executable, "-m", "scripts.contract"]
    pipe = subprocess.PIPE
    return subprocess.Popen(
        command, env=environment, cwd=ROOT, stdout=pipe, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )


@pytest.mark.long
def test_a_run_makes_a_test_of_what_it_finds(tmp_path: Path) -> None:
    """A run that finds something ends with drift when its time is up, and leaves a test that fails as long."""
    mutant = {"MUTANT": "get_registry_without_slug"}
    units = "corpus,fuzz get_registry"
    with contract(tmp_path, FUZZ_MINUTES="0.05", ONLY=units, MAX_EXAMPLES="5", **mutant) as process:
        output, _ = process.communicate(timeout=300)
    assert process.returncode == 1, output
    (path,) = (tmp_path / "reports" / "found").glob("test_get_registry_answer_*.py")
    assert str(path) in output
    assert path.read_text().count("api.call(") == 2
    kept = [*(tmp_path / "corpus").glob("*.json")]
    assert kept
    written = [file for file in tmp_path.rglob("*") if file.is_file() and file.suffix != ".log"]
    assert not [file for file in written if b"contract-token" in file.read_bytes() and file != path]
    for given, status in ((mutant, 1), ({}, 0)):
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(path)]
        done = subprocess.run(
            command, cwd=ROOT, env=os.environ | given, capture_output=True, text=True, check=False, timeout=300
        )
        assert done.returncode == status, done.stdout


@pytest.mark.slow
def test_ctrl_c_ends_a_run_with_a_report(tmp_path: Path) -> None:
    """A run that is interrupted writes down what it saw, and its report, and says that it did not end."""
    with contract(tmp_path, FUZZ_MINUTES="60", ONLY="fuzz list_registries") as process:
        while process.poll() is None and not [*(tmp_path / "corpus").glob("*.json")]:
            time.sleep(0.1)
        os.killpg(process.pid, signal.SIGINT)
        output, _ = process.communicate(timeout=300)
    assert process.returncode == 2, output
    events = [*read(tmp_path / "reports" / "results" / "1-of-1.jsonl")]
    assert events[-1] == {"event": "end", "status": "interrupted", "reason": "Ctrl-C"}
    assert any(event.get("answers", {}).get("list_registries") for event in events if event["event"] == "seen"), output
    assert [event["name"] for event in events if event["event"] == "unit"] == ["fuzz list_registries"]
    assert (tmp_path / "reports" / "index.html").exists()
