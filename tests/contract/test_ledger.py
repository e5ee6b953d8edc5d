"""The ledger: what is about to be made is on disk before anything is sent."""

import json
import multiprocessing
from pathlib import Path

import httpx
import pytest

from buildkite_emulator.testing import EmulatorTransport
from scripts.contract.live.gateway import Gateway
from scripts.contract.live.guard import Guard
from scripts.contract.live.guarded_transport import GuardedTransport
from scripts.contract.live.ledger import REGISTRY, Ledger, LedgerError
from scripts.contract.live.pace import Pace
from scripts.contract.target import Target
from scripts.samples.packages import generic

HEADER = {"run_id": "abcdefgh", "endpoint": "http://localhost", "organization": "my-org", "seed": 1}
NAME = "contract-abcdefgh-1 files 1"


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """Give a ledger of nothing."""
    return Ledger.begin(tmp_path / "run.ledger", **HEADER)


def test_a_ledger_is_read_as_it_was_written(ledger: Ledger) -> None:
    """What one process writes down, another reads: header, names, slugs, IDs and what became of each thing."""
    first = ledger.making_registry(NAME, "contract-abcdefgh-1-files-1")
    ledger.made(first, "an-id", "a-slug")
    ledger.renaming(first, f"{NAME} b")
    ledger.renamed(first, "b-slug")
    second = ledger.making("package", "b-slug")
    third = ledger.making_registry(f"{NAME} c", "c")
    ledger.refused(third)
    ledger.gone(first)
    other = Ledger(ledger.path)
    assert other.header == HEADER
    thing = other.things[first]
    assert (thing.kind, thing.names, thing.id) == (REGISTRY, [NAME, f"{NAME} b"], "an-id")
    assert (thing.slug, thing.former, thing.is_gone) == ("b-slug", ["a-slug"], True)
    assert other.things[second].registry == "b-slug"
    assert other.things[third].is_refused
    assert [each.key for each in other.registries] == [first, third]


def test_a_ledger_is_clean_until_something_more_is_made(ledger: Ledger) -> None:
    """A clean ledger is so only as long as no line comes after."""
    ledger.clean()
    assert Ledger(ledger.path).is_clean
    ledger.making_registry(NAME, "slug")
    assert not Ledger(ledger.path).is_clean


@pytest.mark.parametrize("cut", range(1, 40, 6))
def test_a_line_that_was_cut_short_is_passed_over(ledger: Ledger, cut: int) -> None:
    """A process that is killed while it writes a line spoils neither the lines before nor those after."""
    first = ledger.making_registry(NAME, "slug")
    whole = ledger.path.read_bytes()
    lost = ledger.making_registry(f"{NAME} lost", "slug")
    ledger.path.write_bytes(ledger.path.read_bytes()[: len(whole) + cut])
    again = Ledger(ledger.path)
    assert list(again.things) == [first]
    second = again.making_registry(f"{NAME} b", "slug")
    assert list(again.things) == list(Ledger(ledger.path).things) == [first, second]
    assert lost not in again.things


def test_what_is_no_ledger_is_refused(tmp_path: Path) -> None:
    """A file without a run's header is not taken for a ledger of nothing."""
    path = tmp_path / "run.ledger"
    with pytest.raises(LedgerError, match="there is no ledger"):
        assert Ledger(path).header
    path.write_text('{"event": "clean"}\n')
    with pytest.raises(LedgerError, match="does not begin with the line of a run"):
        assert Ledger(path).header


def line(event: object, **values: object) -> str:
    """Write a line of a ledger."""
    return json.dumps({"event": event, **values})


FAULTS = {
    "a second header": (line("run", run_id="abcdefgh"), "is the header of a run"),
    "no JSON": ("banana", "is no JSON"),
    "bytes that are no text": ("\udcff\udcfe", "is no JSON"),
    "deep JSON": ("[" * 100_000, "is no JSON"),
    "a list": ("[1, 2]", "is no JSON object"),
    "null": ("null", "is no JSON object"),
    "no event": ("{}", "has no event"),
    "an event that is a list": (line([]), "has no event"),
    "an event that nobody knows": (line("deleted", key="x"), "has no event"),
    "no key": (line("made", id="an-id", slug=None), "has no key"),
    "a key that is a list": (line("gone", key=[1]), "has no key"),
    "a key that no line has": (line("made", key="x", id=None, slug=None), "is of a key"),
    "a slug that is a number": (line("renamed", key="x", slug=7), "has no slug"),
    "a name that is null": (line("making", key="x", kind="registry", name=None, at=0), "has no name"),
    "a time that is a text": (line("making", key="x", kind="package", at="x"), "has no "),
    "a time that is no number": (line("making", key="x", kind="registry", name="x", at=float("nan")), "has no at"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_line_that_is_wrong_is_a_fault(ledger: Ledger, name: str) -> None:
    """A line that no ledger has lists nothing, is named by its number, and leaves the ledger not clean."""
    text, fault = FAULTS[name]
    ledger.clean()
    with ledger.path.open("a", encoding="utf-8", errors="surrogateescape") as file:
        file.write(f"{text}\n")
    again = Ledger(ledger.path)
    assert [each[: len(f"line 3 {fault}")] for each in again.faults] == [f"line 3 {fault}"]
    assert again.things == {}
    assert not again.is_clean


def write_many(path: Path) -> None:
    """Note a hundred registries."""
    ledger = Ledger(path)
    for number in range(100):
        ledger.making_registry(f"{NAME} {number}", "slug")


@pytest.mark.slow
def test_several_processes_write_to_one_ledger(ledger: Ledger) -> None:
    """No line of a process is lost or torn by another's."""
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=write_many, args=(ledger.path,)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert len(ledger.things) == 300
    assert len([json.loads(line) for line in ledger.path.read_text().splitlines()]) == 301


class Witness(httpx.BaseTransport):
    """Reads the ledger from the disk whenever a request arrives.

    Args:
        inner: answers the requests.
        path: the ledger.
    """

    def __init__(self, inner: httpx.BaseTransport, path: Path) -> None:
        self._inner = inner
        self._path = path
        self.seen: list[list[dict[str, str]]] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request."""
        self.seen.append([json.loads(line) for line in self._path.read_text().splitlines()])
        return self._inner.handle_request(request)


def test_the_ledger_is_written_before_the_request_is_sent(ledger: Ledger, tmp_path: Path) -> None:
    """When a request that makes or renames something arrives, what it makes is in the file already."""
    target = Target("live", "http://localhost", "my-org", "emulator", prefix="contract-abcdefgh-1")
    with EmulatorTransport.fresh() as transport:
        witness = Witness(transport, ledger.path)
        gateway = Gateway(Guard(target, ledger), Pace(tmp_path / "pace.json", 60_000))
        headers = {"Authorization": "Bearer emulator"}
        with httpx.Client(
            transport=GuardedTransport(gateway, witness), base_url=target.base_url, headers=headers
        ) as client:
            registries = "/v2/packages/organizations/my-org/registries"
            slugs = []
            for number in (1, 2):
                body = {"name": f"{NAME} {number}", "ecosystem": "files"}
                slugs.append(client.post(registries, json=body).json()["slug"])
                assert witness.seen[-1][-1] | {"kind": REGISTRY, "name": body["name"]} == witness.seen[-1][-1]
            one, other = (f"{registries}/{slug}" for slug in slugs)
            client.post(f"{one}/tokens", json={"description": "deploys"})
            assert witness.seen[-1][-1] | {"kind": "registry token", "registry": slugs[0]} == witness.seen[-1][-1]
            package = client.post(f"{one}/packages", files={"file": generic("banana", "1.0.0")}).json()
            assert witness.seen[-1][-1] | {"kind": "package", "registry": slugs[0]} == witness.seen[-1][-1]
            client.post(f"{one}/packages/{package['id']}/copy", params={"to": slugs[1]})
            assert witness.seen[-1][-1] | {"kind": "package", "registry": slugs[1]} == witness.seen[-1][-1]
            renamed = client.post(other, json={"name": f"{NAME} renamed"}).json()
            assert witness.seen[-1][-1] | {"event": "renaming", "name": f"{NAME} renamed"} == witness.seen[-1][-1]
            assert client.delete(f"{registries}/{renamed['slug']}").status_code == 200
    made = [thing for thing in ledger.things.values() if thing.id]
    assert len(made) == 5
    assert [thing.is_gone for thing in ledger.registries] == [False, True]
    assert ledger.registries[1].former == [slugs[1]]
