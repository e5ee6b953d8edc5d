"""Lists that come page by page: lazily, in order, and never from anywhere else."""

import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from buildkite_emulator.testing import RunningEmulator
from buildkite_packages.errors import ForeignLink, NotFound
from buildkite_packages.models.package_list import PackageList
from buildkite_packages.models.package_summary import PackageSummary
from tests.support.client import TOKEN, Kind, count, server

pytestmark = pytest.mark.slow

PACKAGES = 1000

LIST = "/v2/packages/organizations/my-org/registries/many/packages"


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEmulator]:
    """Run an emulator with a registry of 1,000 packages, of 10 versions each."""
    packages = [
        {"file_name": f"tool{number // 10}-{number % 10}.0.0.txt", "content": "YQ=="} for number in range(PACKAGES)
    ]
    seed = {
        "organizations": ["my-org"],
        "users": [{"name": "Ann", "email": "ann@example.com"}],
        "registries": [{"name": "many", "ecosystem": "files", "packages": packages}],
    }
    path = Path(tmp_path_factory.mktemp("seed"), "seed.yaml")
    path.write_text(yaml.safe_dump(seed), encoding="utf-8")
    with RunningEmulator(path) as emulator:
        yield emulator


@pytest.fixture
def emulator(many: RunningEmulator) -> RunningEmulator:
    """Give the emulator of 1,000 packages, with no requests so far, none that counts for a rate limit either."""
    httpx.post(f"{many.url}/_emulator/clock", json={"advance": 61}).raise_for_status()
    httpx.delete(f"{many.url}/_emulator/requests").raise_for_status()
    httpx.delete(f"{many.url}/_emulator/faults").raise_for_status()
    return many


def test_all_packages_are_iterated_over(kind: Kind, emulator: RunningEmulator) -> None:
    """1,000 packages come in 10 requests, each once; iterating once more begins anew."""
    packages = kind.of(emulator).packages.list("many")
    assert emulator.requests == []
    for times in (1, 2):
        found = kind.collect(packages)
        assert all(isinstance(package, PackageSummary) for package in found)
        assert len({package.id for package in found}) == len(found) == PACKAGES
        assert count(emulator, "list_packages") == len(emulator.requests) == 10 * times


def test_pages_are_fetched_when_they_are_needed(kind: Kind, emulator: RunningEmulator) -> None:
    """The first item costs one request."""
    packages = kind.of(emulator).packages.list("many")
    assert isinstance(kind.first(packages), PackageSummary)
    assert len(emulator.requests) == 1
    page = kind.first(packages.pages())
    assert isinstance(page, PackageList)
    assert len(page.items) == 100
    assert len(emulator.requests) == 2


def test_what_changes_meanwhile_moves_nothing(kind: Kind, buildkite_emulator: RunningEmulator) -> None:
    """Each package that was there comes once, although what was listed is deleted and more is published meanwhile."""
    client = kind.of(buildkite_emulator)
    kind.run(client.registries.create(name="many", ecosystem="files"))
    for number in range(7):
        kind.run(client.packages.publish("many", b"a", filename=f"tool-{number}.0.0.txt"))

    async def main() -> list[str]:
        found: list[str] = []
        async for package in client.packages.list("many", per_page=2):
            found.append(package.version)
            await client.packages.delete("many", package.id)
            await client.packages.publish("many", b"a", filename=f"other-{len(found)}.0.0.txt")
        return found

    if kind.is_async:
        found = kind.run(main())
    else:
        found = []
        for package in client.packages.list("many", per_page=2):
            found.append(package.version)
            client.packages.delete("many", package.id)
            client.packages.publish("many", b"a", filename=f"other-{len(found)}.0.0.txt")
    assert found == [f"{number}.0.0" for number in reversed(range(7))]


def test_a_list_can_begin_at_a_cursor(kind: Kind, emulator: RunningEmulator) -> None:
    """`after` and `before` take the cursors of links; what follows is listed from there."""
    client = kind.of(emulator)
    first, second, *_ = pages = kind.collect(client.packages.list("many").pages())
    after = httpx.URL(first.links.next_).params["after"]
    before = httpx.URL(second.links.prev).params["before"]
    rest = [item for page in pages[1:] for item in page.items]
    assert kind.collect(client.packages.list("many", after=after)) == rest
    assert kind.first(client.packages.list("many", before=before).pages()).items == first.items


def test_pages_are_reachable(kind: Kind, emulator: RunningEmulator) -> None:
    """`pages()` gives the pages as the API has them, together all items in their order."""
    packages = kind.of(emulator).packages.list("many", per_page=50)
    pages = kind.collect(packages.pages())
    assert [len(page.items) for page in pages] == [50] * 20
    assert all(isinstance(page, PackageList) for page in pages)
    assert [item for page in pages for item in page.items] == kind.collect(packages)


def test_a_list_can_begin_later_and_be_of_one_name(kind: Kind, emulator: RunningEmulator) -> None:
    """The filter and the page to begin with go along, and the following pages keep the filter."""
    client = kind.of(emulator)
    everything = kind.collect(client.packages.list("many"))
    assert kind.collect(client.packages.list("many", page=9)) == everything[800:]
    assert kind.collect(client.packages.list("many", page=99)) == []
    named = kind.collect(client.packages.list("many", name="tool7", per_page=3))
    assert named == [package for package in everything if package.name == "tool7"]
    assert len(named) == 10
    assert kind.collect(client.packages.list("many", name="nothing")) == []


def test_an_asynchronous_list_can_be_awaited(emulator: RunningEmulator) -> None:
    """Awaiting a list gives all items."""
    kind = Kind(is_async=True)
    packages = kind.of(emulator).packages.list("many")
    assert kind.run(packages) == kind.collect(packages)
    kind.close()


@pytest.mark.parametrize("fault", [{"status": 429, "reset": 0}, {"status": 503}, {"cut": "after"}])
def test_a_failure_midway_is_waited_out(kind: Kind, emulator: RunningEmulator, fault: dict[str, Any]) -> None:
    """A page that fails for a moment is asked for again, and no item is lost or doubled."""
    found = []
    client = kind.of(emulator)

    def note(page: PackageList) -> None:
        found.extend(page.items)
        if len(found) == 300:
            emulator.fault(operation="list_packages", times=2, **fault)

    pages = client.packages.list("many").pages()
    if kind.is_async:

        async def main() -> None:
            async for page in pages:
                note(page)

        kind.run(main())
    else:
        for page in pages:
            note(page)
    assert len({package.id for package in found}) == len(found) == PACKAGES
    assert count(emulator, "list_packages") == 12


def test_an_error_is_raised_when_its_page_is_reached(kind: Kind, emulator: RunningEmulator) -> None:
    """A list of what does not exist raises when it is iterated over."""
    packages = kind.of(emulator).packages.list("missing")
    with pytest.raises(NotFound):
        kind.collect(packages)


def answer_pages(following: Callable[[str], object]) -> Callable[[BaseHTTPRequestHandler], None]:
    """Answer each request with an empty page, whose link to the next depends on the request's path."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        link = following(request.path)
        links = {"self": "x"} if link is Ellipsis else {"self": "x", "next": link}
        body = json.dumps({"items": [], "links": links}).encode()
        request.send_response(200)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    return answer


@pytest.mark.parametrize(
    "link",
    [
        "{other}/v2/next",
        "//{other_netloc}/v2/next",
        "{other}\\@{netloc}/v2/next",
        "http://user:password@{netloc}/v2/next",
        "http://{netloc}@{other_netloc}/v2/next",
        "http://localhost:{port}/v2/next",
        "https://{netloc}/v2/next",
        "ftp://{netloc}/v2/next",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "http://[::1",
        "http://{netloc}:99999999/",
        "https://xn--a/v2/next",
        "//xn--a/v2/next",
        "https://a..b/v2/next",
        "https://ex\u2100mple.com/v2/next",
        "\udcff",
        "http://{netloc}.evil.example/v2/next",
        "\u0000",
    ],
)
def test_a_link_to_another_origin_is_refused(kind: Kind, link: str) -> None:
    """Whatever a link to the next page is that leads elsewhere, nothing is sent there, least of all the token."""
    with server(answer_pages(lambda _: ...)) as (other, seen_there):
        places: dict[str, Any] = {"other": other, "other_netloc": httpx.URL(other).netloc.decode()}

        with server(answer_pages(lambda _: link.format(**places))) as (url, seen):
            places |= {"netloc": httpx.URL(url).netloc.decode(), "port": httpx.URL(url).port}
            with pytest.raises(ForeignLink, match="list_packages: the link to the next page") as raised:
                kind.collect(kind.client(url).packages.list("many"))
            assert TOKEN not in str(raised.value)
            assert len(seen) == 1
        assert seen_there == []


@pytest.mark.parametrize(
    ("link", "path"),
    [
        ("{url}/v2/next?page=2", "/v2/next?page=2"),
        ("/v2/next?page=2", "/v2/next?page=2"),
        ("?page=2&per_page=7", f"{LIST}?page=2&per_page=7"),
        ("packages/2", LIST + "/2"),
    ],
)
def test_a_link_of_the_same_origin_is_followed(kind: Kind, link: str, path: str) -> None:
    """A link may be whole, or relative to the page that has it; the token goes along, and nothing else is added."""
    base: list[str] = []

    def following(asked: str) -> object:
        return link.format(url=base[0]) if asked == f"{LIST}?per_page=100" else ...

    with server(answer_pages(following)) as (url, seen):
        base.append(url)
        assert kind.collect(kind.client(url).packages.list("many")) == []
    assert seen == [f"GET {each} Bearer {TOKEN}" for each in (f"{LIST}?per_page=100", path)]


@pytest.mark.parametrize("path", [f"{LIST}?per_page=100", "/v2/next"])
def test_a_link_in_a_circle_is_refused(kind: Kind, path: str) -> None:
    """A link to a page that there was ends the list with an error, rather than never."""
    with server(answer_pages(lambda _: path)) as (url, seen):
        with pytest.raises(ForeignLink, match="was there before"):
            kind.collect(kind.client(url).packages.list("many"))
        assert len(seen) <= 2


@pytest.mark.parametrize("link", [..., ""])
def test_the_last_page_has_no_link(kind: Kind, link: object) -> None:
    """Where there is no link to a next page, the list ends."""
    with server(answer_pages(lambda _: link)) as (url, seen):
        assert kind.collect(kind.client(url).packages.list("many")) == []
        assert len(seen) == 1


def test_no_error_shows_a_token_that_a_link_has(kind: Kind) -> None:
    """A server that puts the token into a link does not get it into an error."""
    with server(answer_pages(lambda _: f"/v2/next?access_token={TOKEN}")) as (url, _):
        with pytest.raises(ForeignLink) as raised:
            kind.collect(kind.client(url).packages.list("many"))
        assert TOKEN not in str(raised.value)
        assert "****" in str(raised.value)


def test_a_list_shows_what_it_is_of(kind: Kind) -> None:
    """The `repr` names operation and path."""
    assert LIST in repr(kind.client().packages.list("many"))
