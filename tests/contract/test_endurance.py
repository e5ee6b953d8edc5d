"""Fuzzing for minutes: how long, what is kept, and what becomes of what is found."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from buildkite_emulator.server import build
from buildkite_emulator.transport import EmulatorTransport
from tests.contract import replay
from tests.contract.corpus import Corpus, anew, shown
from tests.contract.emulator import repeatable
from tests.contract.endurance import SEEDS, Endurance, Part, read_minutes
from tests.contract.fuzzing import Fuzzing
from tests.contract.history import History, Trail, write_trail
from tests.contract.minimising import Minimiser
from tests.contract.results import Results, read
from tests.contract.run import Run
from tests.contract.steps import NOTHING, SPEC, From, Package, Raw, Step, step_of
from tests.contract.target import Target
from tests.contract.units import BadSetting

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

    def close(self) -> None:
        """Close the emulator."""
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


def trail(kind: str, steps: Sequence[Step], **values: Any) -> Trail:
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
    return Trail(**{**given, **values}, kind=kind, steps=[steps])


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

CASES: Mapping[str, tuple[Change, Trail, str]] = {
    "a character of a member": (
        forgets_descriptions,
        trail(
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
        trail(
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
        trail(
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
        trail(
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
        trail(
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
        each.close()


def minimiser(folder: Path, transport: httpx.BaseTransport) -> Minimiser:
    """Make what reduces the findings in a folder."""
    results = Results(folder / "1-of-1.jsonl")
    path = folder / "1-of-1.trails"
    return Minimiser(TARGET, path, folder / "found", results, "make contract SEED=7", transport=transport)


def outcome(path: Path, monkeypatch: pytest.MonkeyPatch, change: Change | None = None) -> int:
    """Run a test module against an emulator that answers otherwise, or as it should; gives pytest's exit status."""
    with monkeypatch.context() as patch:
        if change:
            patch.setattr(replay, "EmulatorTransport", lambda _app: Broken(change))
        return int(
            pytest.main(
                ["-q", "-p", "no:cacheprovider", "--import-mode=importlib", "--rootdir", str(path.parent), str(path)]
            )
        )


@pytest.mark.parametrize("name", CASES)
def test_what_is_found_becomes_a_test_of_just_what_shows_it(
    name: str, broken: Callable[[Change], Broken], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A test case has no step, parameter or member that it does not need, and fails as long as the drift is there."""
    change, found, expected = CASES[name]
    write_trail(tmp_path / "1-of-1.trails", found)
    (path,) = minimiser(tmp_path, broken(change)).run(seconds=60)
    text = path.read_text()
    assert text[text.index("\n    with emulator()") :] == expected
    assert path.name.startswith(f"test_{found.operation}_{found.check}_")
    assert "make contract SEED=7" in text
    assert outcome(path, monkeypatch, change) == pytest.ExitCode.TESTS_FAILED
    assert outcome(path, monkeypatch) == pytest.ExitCode.OK
