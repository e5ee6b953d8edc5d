"""The list of packages: odd clocks, numbers and names, and what a page costs."""

import itertools
import random
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from buildkite_emulator.identity import Identity
from buildkite_emulator.storage import tables
from buildkite_emulator.storage.database import Database
from scripts.samples import packages
from scripts.servers.api import Api
from scripts.servers.filling import blob_row, fill, new_registry, package_row
from tests.support.emulators import fresh

pytestmark = pytest.mark.slow

REGISTRY = "my-registry"
ADDRESS = "http://testserver/v2/packages/organizations/my-org/registries/my-registry/packages"


def publish(api: Api, count: int) -> list[str]:
    """Publish packages; returns their IDs, the newest first."""
    files = [packages.generic("banana", f"1.0.{number}") for number in range(count)]
    return [api.publish(REGISTRY, file).raise_for_status().json()["id"] for file in files][::-1]


@pytest.fixture
def registry(api: Api) -> str:
    """Give a registry without packages."""
    return api.registry()


@pytest.mark.parametrize("tick", [0, -1000])
def test_the_newest_is_first_whatever_the_clock_says(tick: int) -> None:
    """The order is that of publishing even where time stands still or runs back, and so within a millisecond."""
    moments = itertools.repeat(10**12) if tick == 0 else itertools.count(10**12, tick)
    with fresh(identity=Identity(now=lambda: next(moments))) as api:
        api.registry()
        ids = publish(api, 8)
        pages = [api.ok("list_packages", REGISTRY, params={"per_page": 3, "page": page}) for page in (1, 2, 3)]
        assert [[item["id"] for item in page["items"]] for page in pages] == [ids[:3], ids[3:6], ids[6:]]


@pytest.mark.parametrize("value", ["0", "1.0", "1e1", "", " 1", "0x1", "\u0661", "9" * 5000])
@pytest.mark.parametrize("parameter", ["page", "per_page"])
@pytest.mark.usefixtures("registry")
def test_what_is_no_number_of_a_page_is_refused(api: Api, parameter: str, value: str) -> None:
    """A page or page size that is no whole number above 0 is answered 422, naming the parameter."""
    response = api.call("list_packages", REGISTRY, params={parameter: value})
    assert response.status_code == 422
    assert [error["field"] for error in response.json()["errors"]] == [parameter]


@pytest.mark.parametrize("page", [3, 4, 2**31, 2**63 - 1, 2**63, 2**64, 10**30, 10**399])
@pytest.mark.usefixtures("registry")
def test_past_the_end(api: Api, page: int) -> None:
    """A page that is too far is empty, however far, and leads back to the first and to the last packages."""
    publish(api, 4)
    query = {"page": page, "per_page": 2}
    answer = api.ok("list_packages", REGISTRY, params=query)
    assert answer["items"] == []
    assert answer["links"].keys() == {"self", "first", "prev"}
    assert answer["links"]["self"] == f"{ADDRESS}?per_page=2&page={page}"
    assert answer["links"]["first"] == f"{ADDRESS}?per_page=2"
    last = api.ok("list_packages", REGISTRY, params={"page": 2, "per_page": 2})
    headers = {"Authorization": f"Bearer {api.token}"}
    assert api.client.get(answer["links"]["prev"], headers=headers).json()["items"] == last["items"]


@pytest.mark.usefixtures("registry")
def test_a_name_in_links_is_encoded(api: Api) -> None:
    """A name with signs that mean something in a URL or a Link header comes back as it was sent."""
    name = 'a&page=9 >; rel="next", <é/?#+%'
    response = api.call("list_packages", REGISTRY, params={"name": name})
    assert api.client.build_request("GET", response.json()["links"]["self"]).url.params["name"] == name
    assert response.links == {}


@pytest.mark.parametrize("parameter", ["after", "before"])
def test_a_cursor_of_each_place_is_read_as_it_was_given(api: Api, registry: str, parameter: str) -> None:
    """A cursor with anything before, in or behind it, or in another case, is none; an empty one is as if not sent."""
    publish(api, 3)
    page = api.ok("list_packages", registry, params={"per_page": 1, "page": 2})
    relation = {"after": "next", "before": "prev"}[parameter]
    cursor = httpx.URL(page["links"][relation]).params[parameter]
    assert len(api.ok("list_packages", registry, params={parameter: cursor})["items"]) == 1
    around = [f" {cursor}", f"{cursor} ", f"{cursor}=", cursor[:8] + "!" + cursor[8:]]
    others = [cursor[:-1], cursor[:-1] + "_", cursor[:-3] + "zzz", cursor.swapcase(), "!", "\u0661"]
    for value in (*around, *others):
        response = api.call("list_packages", registry, params={parameter: value})
        assert response.status_code == 422, value
        assert [error["field"] for error in response.json()["errors"]] == [parameter]
    assert api.ok("list_packages", registry, params={parameter: ""}) == api.ok("list_packages", registry)


def test_the_last_position_has_nothing_after_it(api: Api, registry: str) -> None:
    """The cursor that leads back from far past the end, used the other way, gives an empty page that leads back."""
    publish(api, 1)
    far = api.ok("list_packages", registry, params={"page": "99"})
    cursor = httpx.URL(far["links"]["prev"]).params["before"]
    page = api.ok("list_packages", registry, params={"after": cursor})
    assert page["items"] == []
    assert httpx.URL(page["links"]["prev"]).params["before"] == cursor


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
