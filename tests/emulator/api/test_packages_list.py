"""The list of packages: order, filter, pages, links, and what a page costs."""

import itertools
import random
from collections.abc import Iterator, Sequence
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from buildkite_emulator.identity import Identity
from buildkite_emulator.server import build
from buildkite_emulator.storage import tables
from buildkite_emulator.storage.database import Database
from buildkite_emulator.testing import EmulatorTransport
from scripts.samples import packages
from scripts.servers.api import Api
from scripts.servers.filling import blob_row, fill, new_registry, package_row

pytestmark = pytest.mark.slow

REGISTRY = "my-registry"
ADDRESS = "http://testserver/v2/packages/organizations/my-org/registries/my-registry/packages"


def publish(api: Api, count: int, names: Sequence[str] = ("banana",)) -> list[str]:
    """Publish packages of names in turn; returns their IDs, the newest first."""
    ids = []
    for number, name in zip(range(count), itertools.cycle(names), strict=False):
        response = api.publish(REGISTRY, packages.generic(name, f"1.0.{number}"))
        assert response.status_code == 200, response.text
        ids.append(response.json()["id"])
    return ids[::-1]


def listed(api: Api, **query: Any) -> list[str]:
    """Get the IDs of a page."""
    return [item["id"] for item in api.ok("list_packages", REGISTRY, params=query)["items"]]


def walk(api: Api, relation: str, start: str) -> Iterator[list[str]]:
    """Follow a relation from a page, by the `Link` header, which must say what the body says."""
    url: str | None = start
    while url is not None:
        response = api.client.get(url, headers={"Authorization": "Bearer emulator"})
        assert response.status_code == 200, response.text
        body = response.json()
        links = {name: link["url"] for name, link in response.links.items()}
        assert links == {name: link for name, link in body["links"].items() if name != "self"}
        yield [item["id"] for item in body["items"]]
        url = links.get(relation)


@pytest.fixture
def registry(api: Api) -> str:
    """Give a registry without packages."""
    return api.registry()


# order and filter


@pytest.mark.usefixtures("registry")
def test_the_newest_is_first(api: Api) -> None:
    """Packages are listed in the reverse of the order in which they came, whatever their names and versions."""
    ids = publish(api, 7, ["b", "a", "c"])
    assert listed(api) == ids


@pytest.mark.parametrize("tick", [0, -1000])
def test_the_newest_is_first_whatever_the_clock_says(tick: int) -> None:
    """The order is that of publishing even where time stands still or runs back, and so within a millisecond."""
    moments = itertools.repeat(10**12) if tick == 0 else itertools.count(10**12, tick)
    built = build(identity=Identity(now=lambda: next(moments)))
    with httpx.Client(transport=EmulatorTransport(built.app), base_url="http://testserver") as client:
        api = Api(client)
        api.registry()
        ids = publish(api, 8)
        assert listed(api) == ids
        assert list(walk(api, "next", f"{ADDRESS}?per_page=3")) == [ids[:3], ids[3:6], ids[6:]]
    built.close()


@pytest.mark.usefixtures("registry")
def test_a_copy_is_as_new_as_its_copying(api: Api) -> None:
    """What is copied to a registry comes before what was published there earlier."""
    other = api.registry(name="other")
    old = api.publish(other, packages.generic("old", "1.0.0")).json()["id"]
    publish(api, 2)
    copied = api.ok("copy_package", other, old, params={"to": REGISTRY})["id"]
    assert listed(api)[0] == copied


@pytest.mark.usefixtures("registry")
def test_what_a_list_shows_of_a_package(api: Api) -> None:
    """An item has what the package has, but for organization, registry and metadata; a version and time are in it."""
    package = api.publish(REGISTRY, packages.generic("banana", "1.2.3")).json()
    (item,) = api.ok("list_packages", REGISTRY)["items"]
    assert item == {
        name: value for name, value in package.items() if name not in ("organization", "registry", "metadata")
    }
    assert (item["name"], item["version"]) == ("banana", "1.2.3")
    assert item["created_at"].endswith("Z")


@pytest.mark.usefixtures("registry")
def test_the_name_filter_is_exact(api: Api) -> None:
    """Only packages of exactly the name are listed: no part, other case, pattern or blank."""
    ids = publish(api, 6, ["banana", "banana-split", "Banana"])
    assert listed(api, name="banana") == ids[2::3]
    assert listed(api, name="banana-split") == ids[1::3]
    assert listed(api, name="Banana") == ids[0::3]
    for name in ("", "ban", "banana ", " banana", "BANANA", "ban%", "b_nana", "*", "/", "\0", "\ufffd", "'"):
        assert listed(api, name=name) == []


@pytest.mark.usefixtures("registry")
def test_lists_are_apart(api: Api) -> None:
    """A list has the packages of its own registry only."""
    publish(api, 2)
    other = api.registry(name="other")
    assert api.ok("list_packages", other)["items"] == []


# pages


@pytest.mark.usefixtures("registry")
def test_a_page_has_30_packages_unless_told(api: Api) -> None:
    """Without parameters the first 30 are listed, and per_page gives at most 100."""
    ids = publish(api, 101)
    assert listed(api) == ids[:30]
    assert listed(api, page=2) == ids[30:60]
    assert listed(api, per_page=100) == ids[:100]
    assert listed(api, per_page=100, page=2) == ids[100:]
    assert listed(api, per_page=1, page=101) == ids[100:]


@pytest.mark.parametrize("value", ["0", "-1", "1.0", "1e1", "", " 1", "x", "0x1", "\u0661", "9" * 5000])
@pytest.mark.parametrize("parameter", ["page", "per_page"])
@pytest.mark.usefixtures("registry")
def test_what_is_no_number_of_a_page_is_refused(api: Api, parameter: str, value: str) -> None:
    """A page or page size that is no whole number above 0 is answered 422, naming the parameter."""
    response = api.call("list_packages", REGISTRY, params={parameter: value})
    assert response.status_code == 422
    assert [error["field"] for error in response.json()["errors"]] == [parameter]


@pytest.mark.parametrize("value", [101, 1000, 10**30])
@pytest.mark.usefixtures("registry")
def test_more_than_100_on_a_page_are_refused(api: Api, value: int) -> None:
    """A larger page is refused rather than cut, so that nobody takes it for all there is."""
    assert api.call("list_packages", REGISTRY, params={"per_page": value}).status_code == 422


@pytest.mark.parametrize("page", [3, 4, 2**31, 2**63 - 1, 2**63, 2**64, 10**30, 10**399])
@pytest.mark.usefixtures("registry")
def test_past_the_end(api: Api, page: int) -> None:
    """A page that is too far is empty, however far, and leads back to the first and the last."""
    publish(api, 4)
    query = {"page": page, "per_page": 2}
    answer = api.ok("list_packages", REGISTRY, params=query)
    assert answer["items"] == []
    assert answer["links"] == {
        "self": f"{ADDRESS}?per_page=2&page={page}",
        "first": f"{ADDRESS}?per_page=2&page=1",
        "prev": f"{ADDRESS}?per_page=2&page=2",
        "last": f"{ADDRESS}?per_page=2&page=2",
    }


# links


@pytest.mark.usefixtures("registry")
def test_a_single_page_has_no_links(api: Api) -> None:
    """Where there is no other page there is no Link header, and the body has only the page's own address."""
    for count in (0, 2):
        publish(api, count)
        response = api.call("list_packages", REGISTRY)
        assert "Link" not in response.headers
        assert response.json()["links"] == {"self": ADDRESS}


@pytest.mark.usefixtures("registry")
def test_links_of_first_middle_and_last_page(api: Api) -> None:
    """Each page links to those that exist, keeping the filter and the page size that were sent."""
    publish(api, 10, ["a", "b"])
    query = {"name": "a", "per_page": 2}

    def relations(page: int) -> dict[str, str]:
        links = api.ok("list_packages", REGISTRY, params={**query, "page": page})["links"]
        assert links.pop("self") == f"{ADDRESS}?name=a&per_page=2&page={page}"
        assert all(link.startswith(f"{ADDRESS}?name=a&per_page=2&page=") for link in links.values())
        return {name: link.rpartition("=")[2] for name, link in links.items()}

    assert relations(1) == {"first": "1", "next": "2", "last": "3"}
    assert relations(2) == {"first": "1", "prev": "1", "next": "3", "last": "3"}
    assert relations(3) == {"first": "1", "prev": "2", "last": "3"}


@pytest.mark.usefixtures("registry")
def test_a_name_in_links_is_encoded(api: Api) -> None:
    """A name with signs that mean something in a URL or a Link header comes back as it was sent."""
    name = 'a&page=9 >; rel="next", <é/?#+%'
    for query in ({"name": name}, {"name": name, "page": 2}):
        response = api.call("list_packages", REGISTRY, params=query)
        own = api.client.build_request("GET", response.json()["links"]["self"]).url
        assert own.params["name"] == name
        assert [link["rel"] for link in response.links.values()] == (
            ["first", "prev", "last"] if "page" in query else []
        )


@pytest.mark.parametrize("per_page", [1, 3, 5, 12, 100])
@pytest.mark.usefixtures("registry")
def test_walking_visits_each_package_once(api: Api, monkeypatch: pytest.MonkeyPatch, per_page: int) -> None:
    """Following `next` from the first page visits every package once in order, following `prev` from the last too.

    A block of four packages makes the pages cross blocks; deletes before the walk leave holes and an empty block.
    """
    monkeypatch.setattr("buildkite_emulator.storage.queries.packages.BLOCKS", (12, 4))
    ids = publish(api, 16, ["a", "b", "b"])
    for gone in [*ids[3:9], ids[0]]:
        api.ok("delete_package", REGISTRY, gone)
    ids = ids[1:3] + ids[9:]
    ids = publish(api, 3, ["c"]) + ids
    pages = list(walk(api, "next", f"{ADDRESS}?per_page={per_page}"))
    assert list(itertools.chain.from_iterable(pages)) == ids
    assert all(pages), "a link leads to an empty page"
    back = list(walk(api, "prev", f"{ADDRESS}?per_page={per_page}&page={len(pages)}"))
    assert back == pages[::-1]
    of_one_name = itertools.chain.from_iterable(walk(api, "next", f"{ADDRESS}?per_page={per_page}&name=b"))
    assert list(of_one_name) == [each for each in ids if api.ok("get_package", REGISTRY, each)["name"] == "b"]


@pytest.mark.usefixtures("registry")
def test_back_from_past_the_end(api: Api) -> None:
    """Packages that are deleted during a walk leave a page past the end, from which `prev` leads to the last page."""
    ids = publish(api, 6)
    for gone in ids[3:]:
        api.ok("delete_package", REGISTRY, gone)
    assert list(walk(api, "prev", f"{ADDRESS}?per_page=2&page=3")) == [[], ids[2:3], ids[:2]]


def test_deletes_leave_every_page_right(monkeypatch: pytest.MonkeyPatch) -> None:
    """After any deletes, each slice of the list is what slicing the whole list gives, with and without a name."""
    monkeypatch.setattr("buildkite_emulator.storage.queries.packages.BLOCKS", (24, 8))
    chance = random.Random(1)  # noqa: S311 - nothing is kept secret by it
    database = Database()
    registry_id = new_registry(database)
    rows = [package_row(registry_id, number) for number in range(100)]
    with database.transaction() as transaction:
        for row in rows:
            transaction.blobs.expect([row["blob_id"]])
            transaction.packages.add(row, blob_row(row))
        for row in chance.sample(rows, 60):
            package = transaction.packages.get(registry_id, row["id"])
            assert package is not None
            transaction.packages.delete(package)
            rows.remove(row)
        for name in (None, "name-0", "name-1", "missing"):
            whole = [row["id"] for row in rows[::-1] if name in (None, row["name"])]
            for offset in range(len(whole) + 2):
                total, found = transaction.packages.page(registry_id, name, offset, 7)
                assert total == len(whole)
                assert [package.id for package in found] == whole[offset : offset + 7]
    database.close()


# cost

FEW, MANY = 200, 20_000
PAGE = 30


def steps(database: Database, registry_id: str, name: str | None, offset: int) -> int:
    """Count the instructions that SQLite's virtual machine takes for a page and for the number of packages."""
    taken = 0

    def step() -> int:
        nonlocal taken
        taken += 1
        return 0

    backend: Any = database._backend
    connection = backend._connection.connection.driver_connection
    connection.set_progress_handler(step, 1)
    with database.transaction() as transaction:
        total, found = transaction.packages.page(registry_id, name, offset, PAGE)
    connection.set_progress_handler(None, 0)
    assert len(found) == min(PAGE, total - offset)
    return taken


@pytest.mark.parametrize("name", [None, "name-1"])
def test_a_page_costs_the_same_however_many_packages_there_are(name: str | None) -> None:
    """The first page of 20,000 packages takes SQLite at most 1.5 times what that of 200 takes; any page, 3 times.

    A far page skips whole blocks and then steps over at most one block of packages, more than 200 have. Counting
    through the packages before the page would take some 70 times as much.
    """
    database = Database()
    few, many = fill(database, FEW), fill(database, MANY)
    share = 1 if name is None else 2
    assert steps(database, many, name, 0) <= 1.5 * steps(database, few, name, 0)
    most_of_few = max(steps(database, few, name, offset) for offset in range(0, FEW // share, PAGE))
    total = MANY // share
    for offset in (total // 4, total // 2, total - total % PAGE, *range(0, total, 17 * PAGE)):
        assert steps(database, many, name, offset) <= 3 * most_of_few, offset
    database.close()


def test_the_cost_is_of_the_real_bookkeeping() -> None:
    """What the measured registries were filled with is what adding the packages one by one leaves."""
    database = Database()
    filled, added = fill(database, 600), new_registry(database)
    with database.transaction() as transaction:
        for number in range(1, 601):
            row = package_row(added, number)
            transaction.blobs.expect([row["blob_id"]])
            transaction.packages.add(row, blob_row(row))
        counts, numbers = tables.package_counts.c, tables.packages.c
        kept = [
            (
                transaction._connection.execute(
                    select(counts.name, counts.size, counts.block, counts.count)
                    .where(counts.registry_id == each)
                    .order_by(counts.name, counts.size, counts.block)
                ).all(),
                transaction._connection.execute(
                    select(numbers.number, numbers.name).where(numbers.registry_id == each).order_by(numbers.number)
                ).all(),
            )
            for each in (filled, added)
        ]
    assert kept[0] == kept[1]
    database.close()


@pytest.mark.parametrize("name", ["", "/", "*", "0"])
@pytest.mark.usefixtures("registry")
def test_a_name_that_nothing_has_lists_nothing(api: Api, name: str) -> None:
    """No name stands for all packages: a filter that fits none gives one empty page."""
    publish(api, 4)
    answer = api.ok("list_packages", REGISTRY, params={"name": name, "per_page": 2})
    assert answer["items"] == []
    assert set(answer["links"]) == {"self"}
