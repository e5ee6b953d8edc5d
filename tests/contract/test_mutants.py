"""The declared mutants and the layer. That each mutant changes what a user sees is seen by `make drift-power`."""

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.types import ASGIApp

from buildkite_emulator.server import build
from buildkite_emulator.testing import EmulatorTransport
from scripts.contract.emulator import repeatable
from scripts.contract.mutants import Layer, MutantsError, load, mutated
from scripts.contract.mutants.environment import FAILURE
from scripts.samples import packages
from scripts.servers.api import ORGANIZATION, SPEC, TOKEN, Api

MUTANTS = load()
TOKENS = {TOKEN: SPEC.scopes}
MISSING = "00000000-0000-7000-8000-000000000000"


@contextmanager
def served(around: Callable[[ASGIApp], ASGIApp]) -> Iterator[Api]:
    """Give an emulator in this process, with something around it."""
    emulator = build(organizations=[ORGANIZATION], tokens=TOKENS, identity=repeatable(1))
    with httpx.Client(transport=EmulatorTransport(around(emulator.app)), base_url="http://emulator") as client:
        yield Api(client)
    emulator.close()


def forwards(*operations: str) -> Callable[[ASGIApp], ASGIApp]:
    """Make a layer that forwards the calls of some operations as they are."""
    return lambda app: Layer(app, operations, lambda call: call.forward(), TOKENS)


def named(**environment: object) -> Callable[[ASGIApp], ASGIApp]:
    """Make the layer that an environment names."""
    return lambda app: mutated(app, TOKENS, {name: str(value) for name, value in environment.items()})


def answers(api: Api) -> Iterator[httpx.Response]:
    """Call each operation, with a token and without, where there is something and where there is nothing."""
    slug, other = api.registry(), api.registry(name="\u00fcber")
    token = api.ok("create_registry_token", slug, json={"description": "\U0001f33b"})["id"]
    package = api.publish(slug, packages.generic("banana", "1.0.0"))
    yield package
    for operation in sorted(SPEC.operations.values(), key=lambda each: each.method == "DELETE"):
        arguments: dict[str, Any] = {"json": {"name": "a b", "ecosystem": "files", "description": "a"}}
        if operation.media_type != "application/json":
            arguments = {"params": {"to": other, "per_page": 1}}
        for last in (token if "token" in operation.id else package.json()["id"], MISSING):
            path = (slug, last)[: len(operation.collections) - 1]
            for bearer in (None, TOKEN):
                yield api.call(operation.id, *path, token=bearer, **arguments)


@pytest.mark.parametrize("operations", [tuple(SPEC.operations), ("get_registry",)])
def test_the_layer_changes_nothing_by_itself(operations: tuple[str, ...]) -> None:
    """A mutant that forwards every call gives every byte of the emulator's answers."""
    seen = []
    for around in (lambda app: app, forwards(*operations)):
        with served(around) as api:
            seen.append([(each.status_code, each.headers.multi_items(), each.content) for each in answers(api)])
    assert seen[0] == seen[1]
    assert {status for status, _, _ in seen[0]} >= {200, 401, 404, 422}


@pytest.mark.parametrize("operation", ["publish_package", "get_registry"])
def test_uploads_arrive_whole_behind_a_layer(operation: str) -> None:
    """A large file that is sent in chunks of unknown number is stored as it is, whether its calls are named or not."""
    content = bytes(range(256)) * 40_000
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a-1.0.0.bin"\r\n\r\n'
    body = head + content + b"\r\n--x--\r\n"
    chunks = (body[start : start + 65_536] for start in range(0, len(body), 65_536))
    with served(forwards(operation)) as api:
        slug = api.registry()
        headers = {"Content-Type": "multipart/form-data; boundary=x"}
        published = api.ok("publish_package", slug, headers=headers, content=chunks)
    assert published["digests"]["sha256"] == hashlib.sha256(content).hexdigest()


def test_mutants_are_many_and_of_all_operations() -> None:
    """There are at least 80 mutants, and at least four of each operation, each with a sentence of its own."""
    counts = Counter(each.operations[0] for each in MUTANTS.values())
    assert len(MUTANTS) >= 80
    assert counts.keys() == SPEC.operations.keys()
    assert min(counts.values()) >= 4
    of_each = {(each.operations[0], each.sentence) for each in MUTANTS.values()}
    assert len(of_each) == len(MUTANTS)


def test_names_and_sentences_can_be_read() -> None:
    """A name is in snake case, and a sentence begins like one, or with an operation, and ends in a full stop."""
    assert not [name for name in MUTANTS if not re.fullmatch("[a-z][a-z0-9]*(_[a-z0-9]+)*", name)]
    sentences = [each.sentence for each in MUTANTS.values()]
    form = re.compile(rf"([A-Z0-9]\S*|{'|'.join(SPEC.operations)}) [^.]+([.][a-z0-9]+[^.]+)*\.")
    assert not [sentence for sentence in sentences if not form.fullmatch(sentence)]


OF_ONE = """
from scripts.contract.mutants import Answer, Call, mutant

@mutant("get_registry", "A registry is a teapot.")
def teapot(call: Call) -> Answer:
    return call.forward().with_status(418)
"""

IN_TABLES = """
from scripts.contract.mutants import *

A = mutants_of(("update_registry", "get_registry"), is_a_teapot=changed(status, 200, 418), trims=sending(dict))
B = mutants_of_each(["get_package", "get_registry"], is_a_kettle=("It is a kettle.", lambda call: call.forward()))
C = mutants_by_name(get_registry_token_fails=changed(status, 200, 500))
"""


def test_mutants_of_elsewhere_can_be_named(tmp_path: Path) -> None:
    """A module outside of these tests declares mutants in the same way, and the environment names one of them."""
    (tmp_path / "mine.py").write_text(OF_ONE, encoding="utf-8")
    assert list(load(tmp_path / "mine.py")) == list(load(tmp_path)) == ["teapot"]
    with served(named(MUTANT="teapot", MUTANTS=tmp_path)) as api:
        assert api.call("get_registry", api.registry()).status_code == 418
        assert api.call("list_registries").status_code == 200


def test_rows_of_tables_are_mutants(tmp_path: Path) -> None:
    """A row's name begins with its first operation, and is its sentence where it has none."""
    (tmp_path / "mine.py").write_text(IN_TABLES, encoding="utf-8")
    found = [(each.name, each.operations, each.sentence) for each in load(tmp_path).values()]
    both = ("update_registry", "get_registry")
    assert found == [
        ("update_registry_is_a_teapot", both, "update_registry is a teapot."),
        ("update_registry_trims", both, "update_registry trims."),
        ("get_package_is_a_kettle", ("get_package",), "It is a kettle."),
        ("get_registry_is_a_kettle", ("get_registry",), "It is a kettle."),
        ("get_registry_token_fails", ("get_registry_token",), "get_registry_token fails."),
    ]


def test_without_a_mutant_there_is_no_layer() -> None:
    """Where the environment names no mutant, the emulator's application is given back as it is."""
    app: Any = object()
    assert named()(app) is app


def test_a_mutant_that_fails_says_so_in_the_results(tmp_path: Path) -> None:
    """What goes wrong in a mutant is written down, so that nobody takes it for a mutant that was caught."""
    broken = OF_ONE.replace("return call.forward().with_status(418)", "return call.nothing()")
    (tmp_path / "mine.py").write_text(broken, encoding="utf-8")
    around = named(MUTANT="teapot", MUTANTS=tmp_path, RESULTS=tmp_path)
    with served(around) as api, pytest.raises(AttributeError):
        api.call("get_registry", "any")
    assert "nothing" in (tmp_path / FAILURE).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "neither a Python module nor a folder"),
        ("", "declares no mutant"),
        ("import nothing_of_the_kind", "cannot be loaded: ModuleNotFoundError"),
        (OF_ONE.replace("get_registry", "get_teapot"), "a mutant names get_teapot"),
        (IN_TABLES.replace("get_registry_token_fails", "get_teapot_fails"), "a mutant names get_teapot"),
        (OF_ONE + "again = (teapot,)\n", "there are two mutants teapot"),
    ],
)
def test_a_place_without_mutants_is_refused(content: str | None, message: str, tmp_path: Path) -> None:
    """What is wrong with a place of mutants is said in a sentence that names it."""
    place = tmp_path / "mine.py"
    if content is not None:
        place.write_text(content, encoding="utf-8")
    with pytest.raises(MutantsError, match=message) as raised:
        load(place)
    assert str(place) in str(raised.value)


def test_a_mutant_that_is_not_there_is_refused() -> None:
    """A name that no mutant has is said, with the names that are there."""
    with pytest.raises(MutantsError, match="there is no mutant teapot; there are"), served(named(MUTANT="teapot")):
        pass
