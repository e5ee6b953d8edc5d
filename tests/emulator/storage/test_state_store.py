"""The state store, which keeps what is set and shown at `/_emulator/`; each kind of state store does the same."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from buildkite_emulator.state_store import MOST_ENTRIES, MOST_WINDOWS, MemoryStateStore, StateStore
from buildkite_emulator.storage.database import Database
from buildkite_emulator.storage.database_state_store import DatabaseStateStore
from tests.conftest import NewStores

MINUTE = 60_000


@pytest.fixture(params=["memory", "postgresql"])
def state(request: pytest.FixtureRequest, new_stores: NewStores) -> Iterator[StateStore]:
    """Give an empty state store of each kind."""
    if request.param == "memory":
        yield MemoryStateStore()
        return
    database = Database(new_stores("postgresql", "memory").database)
    state = DatabaseStateStore(database)
    yield state
    state.close()
    database.close()


def entry(**values: Any) -> Callable[[], dict[str, Any]]:
    """Make what makes an entry."""
    return lambda: dict(values)


# documents


def test_a_document_is_kept(state: StateStore) -> None:
    """What a block puts into a document is there after it, under its key and no other."""
    assert state.get("faults") is None
    with state.change("faults") as document:
        assert document == {}
        document["list"] = [{"id": 1}]
    state.refresh()
    assert state.get("faults") == {"list": [{"id": 1}]}
    assert state.get("clock") is None


def test_a_document_that_is_emptied_is_gone(state: StateStore) -> None:
    """An empty document is none."""
    with state.change("clock") as document:
        document["offset"] = 1
    with state.change("clock") as document:
        document.clear()
    assert state.get("clock") is None


def test_a_block_that_fails_changes_nothing(state: StateStore) -> None:
    """An exception leaves the document as it was, however deep it was changed."""
    with state.change("faults") as document:
        document["list"] = [1]

    def fail() -> None:
        with state.change("faults") as document:
            document["list"].append(2)
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert state.get("faults") == {"list": [1]}


def test_a_document_that_was_got_does_not_change(state: StateStore) -> None:
    """Who has got a document keeps it as it was, whatever is changed later."""
    with state.change("faults") as document:
        document["list"] = [1]
    before = state.get("faults")
    with state.change("faults") as document:
        document["list"].append(2)
    assert before == {"list": [1]}


@pytest.mark.slow
def test_changes_of_several_threads_are_all_kept(state: StateStore) -> None:
    """One thread changes a document at a time, so that none undoes what another has done."""
    gate = threading.Barrier(8)

    def add() -> None:
        gate.wait(timeout=300)
        for _ in range(50):
            with state.change("count") as document:
                document["value"] = document.get("value", 0) + 1

    with ThreadPoolExecutor(8) as pool:
        for future in [pool.submit(add) for _ in range(8)]:
            future.result(timeout=300)
    state.refresh()
    assert state.get("count") == {"value": 400}


# windows


def test_a_window_begins_with_the_first_count(state: StateStore) -> None:
    """Counts add up until the window is over; then the next count begins another."""
    assert state.count(["a"], 1000, MINUTE) == [(1, 1000)]
    assert state.count(["a"], 60_999, MINUTE) == [(2, 1000)]
    assert state.count(["a"], 61_000, MINUTE) == [(1, 61_000)]


def test_windows_do_not_touch_each_other(state: StateStore) -> None:
    """Each key has a window of its own."""
    state.count(["a"], 1000, MINUTE)
    assert state.count(["a", "b"], 2000, MINUTE) == [(2, 1000), (1, 2000)]


def test_to_look_is_not_to_count(state: StateStore) -> None:
    """Adding nothing begins no window and lengthens none."""
    assert state.count(["a"], 1000, MINUTE, by=0) == [(0, 1000)]
    assert state.count(["a"], 5000, MINUTE) == [(1, 5000)]
    assert state.count(["a"], 6000, MINUTE, by=0) == [(1, 5000)]


def test_a_clock_that_is_set_back_begins_a_window(state: StateStore) -> None:
    """A window that would begin in the future is none."""
    state.count(["a"], 100_000, MINUTE)
    assert state.count(["a"], 99_999, MINUTE) == [(1, 99_999)]


def test_windows_are_bounded() -> None:
    """Callers that make up names without end do not fill the memory, and those of others are remembered."""
    state = MemoryStateStore()
    for _ in range(5):
        state.count(["known"], 0, MINUTE)
    for number in range(3 * MOST_WINDOWS):
        state.count([str(number)], 0, MINUTE)
        assert len(state._windows) <= MOST_WINDOWS
    assert state.count(["known"], 0, MINUTE) == [(6, 0)]
    assert state.count(["0"], 0, MINUTE) == [(1, 0)]


# the log


def test_entries_are_listed_in_order(state: StateStore) -> None:
    """Each entry has an ID above those before it, and can be asked for from any ID on."""
    for number in range(5):
        state.append(entry(number=number))
    listed = state.entries()
    assert [each["number"] for each in listed] == [0, 1, 2, 3, 4]
    ids = [each["id"] for each in listed]
    assert ids == sorted(set(ids))
    assert [each["number"] for each in state.entries(after=ids[1])] == [2, 3, 4]
    assert [each["number"] for each in state.entries(after=ids[1], limit=2)] == [2, 3]
    assert state.entries(after=ids[-1]) == []
    assert state.entries(after=ids[-1] + 100) == []


def test_the_newest_entries_are_kept(state: StateStore) -> None:
    """The log is bounded: an old entry makes room for a new one."""
    for number in range(MOST_ENTRIES + 5):
        state.append(entry(number=number))
    listed = state.entries()
    assert [each["number"] for each in listed] == list(range(5, MOST_ENTRIES + 5))
    assert [each["number"] for each in state.entries(after=listed[9]["id"], limit=1)] == [15]


def test_entries_that_come_faster_than_they_are_written_push_out_the_oldest(state: StateStore) -> None:
    """While nothing is written, the newest entries wait."""
    may_go_on = threading.Event()

    def make_slowly() -> dict[str, Any]:
        may_go_on.wait(timeout=300)
        return {"number": -1}

    state.append(make_slowly)
    for number in range(2 * MOST_ENTRIES):
        state.append(entry(number=number))
    may_go_on.set()
    assert [each["number"] for each in state.entries()] == list(range(MOST_ENTRIES, 2 * MOST_ENTRIES))


def test_an_entry_is_made_once(state: StateStore) -> None:
    """An entry stays as it was when it was first listed."""
    made: list[Any] = []

    def make() -> dict[str, Any]:
        made.append(None)
        return {"number": len(made)}

    state.append(make)
    assert state.entries() == state.entries()
    assert len(made) == 1


def test_an_emptied_log_goes_on_counting(state: StateStore) -> None:
    """IDs are not used again, so that who follows the log misses nothing; documents stay."""
    state.append(entry(number=0))
    with state.change("clock") as document:
        document["offset"] = 1
    last = state.entries()[-1]["id"]
    state.clear_entries()
    assert state.entries() == []
    state.append(entry(number=1))
    assert [each["number"] for each in state.entries(after=last)] == [1]
    assert state.get("clock") == {"offset": 1}


def test_a_cleared_shelf_is_empty(state: StateStore) -> None:
    """Clearing forgets documents, windows and the log."""
    with state.change("clock") as document:
        document["offset"] = 1
    state.count(["a"], 1000, MINUTE)
    state.append(entry(number=0))
    last = state.entries()[-1]["id"]
    state.clear()
    assert state.get("clock") is None
    assert state.count(["a"], 2000, MINUTE) == [(1, 2000)]
    assert state.entries() == []
    state.append(entry(number=1))
    assert state.entries()[0]["id"] > last
