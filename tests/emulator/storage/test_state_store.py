"""The shelf, which keeps what is set and shown at `/_emulator/`; each kind of shelf does the same."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from buildkite_emulator.state_store import MOST_ENTRIES, MOST_WINDOWS, MemoryShelf, Shelf
from buildkite_emulator.storage.database import Database
from buildkite_emulator.storage.database_state_store import DatabaseShelf
from tests.conftest import NewStores

MINUTE = 60_000


@pytest.fixture(params=["memory", "postgresql"])
def shelf(request: pytest.FixtureRequest, new_stores: NewStores) -> Iterator[Shelf]:
    """Give an empty shelf of each kind."""
    if request.param == "memory":
        yield MemoryShelf()
        return
    database = Database(new_stores("postgresql", "memory").database)
    shelf = DatabaseShelf(database)
    yield shelf
    shelf.close()
    database.close()


def entry(**values: Any) -> Callable[[], dict[str, Any]]:
    """Make what makes an entry."""
    return lambda: dict(values)


# documents


def test_a_document_is_kept(shelf: Shelf) -> None:
    """What a block puts into a document is there after it, under its key and no other."""
    assert shelf.get("faults") is None
    with shelf.change("faults") as document:
        assert document == {}
        document["list"] = [{"id": 1}]
    shelf.refresh()
    assert shelf.get("faults") == {"list": [{"id": 1}]}
    assert shelf.get("clock") is None


def test_a_document_that_is_emptied_is_gone(shelf: Shelf) -> None:
    """An empty document is none."""
    with shelf.change("clock") as document:
        document["offset"] = 1
    with shelf.change("clock") as document:
        document.clear()
    assert shelf.get("clock") is None


def test_a_block_that_fails_changes_nothing(shelf: Shelf) -> None:
    """An exception leaves the document as it was, however deep it was changed."""
    with shelf.change("faults") as document:
        document["list"] = [1]

    def fail() -> None:
        with shelf.change("faults") as document:
            document["list"].append(2)
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert shelf.get("faults") == {"list": [1]}


def test_a_document_that_was_got_does_not_change(shelf: Shelf) -> None:
    """Who has got a document keeps it as it was, whatever is changed later."""
    with shelf.change("faults") as document:
        document["list"] = [1]
    before = shelf.get("faults")
    with shelf.change("faults") as document:
        document["list"].append(2)
    assert before == {"list": [1]}


def test_changes_of_several_threads_are_all_kept(shelf: Shelf) -> None:
    """One thread changes a document at a time, so that none undoes what another has done."""
    gate = threading.Barrier(8)

    def add() -> None:
        gate.wait(timeout=300)
        for _ in range(50):
            with shelf.change("count") as document:
                document["value"] = document.get("value", 0) + 1

    with ThreadPoolExecutor(8) as pool:
        for future in [pool.submit(add) for _ in range(8)]:
            future.result(timeout=300)
    shelf.refresh()
    assert shelf.get("count") == {"value": 400}


# windows


def test_a_window_begins_with_the_first_count(shelf: Shelf) -> None:
    """Counts add up until the window is over; then the next count begins another."""
    assert shelf.count(["a"], 1000, MINUTE) == [(1, 1000)]
    assert shelf.count(["a"], 60_999, MINUTE) == [(2, 1000)]
    assert shelf.count(["a"], 61_000, MINUTE) == [(1, 61_000)]


def test_windows_do_not_touch_each_other(shelf: Shelf) -> None:
    """Each key has a window of its own."""
    shelf.count(["a"], 1000, MINUTE)
    assert shelf.count(["a", "b"], 2000, MINUTE) == [(2, 1000), (1, 2000)]


def test_to_look_is_not_to_count(shelf: Shelf) -> None:
    """Adding nothing begins no window and lengthens none."""
    assert shelf.count(["a"], 1000, MINUTE, by=0) == [(0, 1000)]
    assert shelf.count(["a"], 5000, MINUTE) == [(1, 5000)]
    assert shelf.count(["a"], 6000, MINUTE, by=0) == [(1, 5000)]


def test_a_clock_that_is_set_back_begins_a_window(shelf: Shelf) -> None:
    """A window that would begin in the future is none."""
    shelf.count(["a"], 100_000, MINUTE)
    assert shelf.count(["a"], 99_999, MINUTE) == [(1, 99_999)]


def test_windows_are_bounded() -> None:
    """Callers that make up names without end do not fill the memory, and those of others are remembered."""
    shelf = MemoryShelf()
    for _ in range(5):
        shelf.count(["known"], 0, MINUTE)
    for number in range(3 * MOST_WINDOWS):
        shelf.count([str(number)], 0, MINUTE)
        assert len(shelf._windows) <= MOST_WINDOWS
    assert shelf.count(["known"], 0, MINUTE) == [(6, 0)]
    assert shelf.count(["0"], 0, MINUTE) == [(1, 0)]


# the log


def test_entries_are_listed_in_order(shelf: Shelf) -> None:
    """Each entry has an ID above those before it, and can be asked for from any ID on."""
    for number in range(5):
        shelf.append(entry(number=number))
    listed = shelf.entries()
    assert [each["number"] for each in listed] == [0, 1, 2, 3, 4]
    ids = [each["id"] for each in listed]
    assert ids == sorted(set(ids))
    assert [each["number"] for each in shelf.entries(after=ids[1])] == [2, 3, 4]
    assert [each["number"] for each in shelf.entries(after=ids[1], limit=2)] == [2, 3]
    assert shelf.entries(after=ids[-1]) == []
    assert shelf.entries(after=ids[-1] + 100) == []


def test_the_newest_entries_are_kept(shelf: Shelf) -> None:
    """The log is bounded: an old entry makes room for a new one."""
    for number in range(MOST_ENTRIES + 5):
        shelf.append(entry(number=number))
    listed = shelf.entries()
    assert [each["number"] for each in listed] == list(range(5, MOST_ENTRIES + 5))
    assert [each["number"] for each in shelf.entries(after=listed[9]["id"], limit=1)] == [15]


def test_entries_that_come_faster_than_they_are_written_push_out_the_oldest(shelf: Shelf) -> None:
    """While nothing is written, the newest entries wait."""
    may_go_on = threading.Event()

    def make_slowly() -> dict[str, Any]:
        may_go_on.wait(timeout=300)
        return {"number": -1}

    shelf.append(make_slowly)
    for number in range(2 * MOST_ENTRIES):
        shelf.append(entry(number=number))
    may_go_on.set()
    assert [each["number"] for each in shelf.entries()] == list(range(MOST_ENTRIES, 2 * MOST_ENTRIES))


def test_an_entry_is_made_once(shelf: Shelf) -> None:
    """An entry stays as it was when it was first listed."""
    made: list[Any] = []

    def make() -> dict[str, Any]:
        made.append(None)
        return {"number": len(made)}

    shelf.append(make)
    assert shelf.entries() == shelf.entries()
    assert len(made) == 1


def test_an_emptied_log_goes_on_counting(shelf: Shelf) -> None:
    """IDs are not used again, so that who follows the log misses nothing; documents stay."""
    shelf.append(entry(number=0))
    with shelf.change("clock") as document:
        document["offset"] = 1
    last = shelf.entries()[-1]["id"]
    shelf.clear_entries()
    assert shelf.entries() == []
    shelf.append(entry(number=1))
    assert [each["number"] for each in shelf.entries(after=last)] == [1]
    assert shelf.get("clock") == {"offset": 1}


def test_a_cleared_shelf_is_empty(shelf: Shelf) -> None:
    """Clearing forgets documents, windows and the log."""
    with shelf.change("clock") as document:
        document["offset"] = 1
    shelf.count(["a"], 1000, MINUTE)
    shelf.append(entry(number=0))
    last = shelf.entries()[-1]["id"]
    shelf.clear()
    assert shelf.get("clock") is None
    assert shelf.count(["a"], 2000, MINUTE) == [(1, 2000)]
    assert shelf.entries() == []
    shelf.append(entry(number=1))
    assert shelf.entries()[0]["id"] > last
