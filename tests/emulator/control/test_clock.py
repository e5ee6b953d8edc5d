"""The clock of `/_emulator/clock`, and the times that follow it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
import pytest

from buildkite_emulator.identity import Identity
from scripts.samples import packages
from scripts.servers.api import Api
from tests.support.emulators import fresh

CLOCK = "/_emulator/clock"
START = 1_767_225_600_000
"""Milliseconds of 2026-01-01T00:00:00Z, when the real time of these tests begins."""


class RealTime:
    """A real time that a test advances by hand."""

    def __init__(self) -> None:
        self.milliseconds = START

    def now(self) -> int:
        """Return the time in milliseconds."""
        return self.milliseconds


@pytest.fixture
def real() -> RealTime:
    """The real time of the emulator."""
    return RealTime()


@pytest.fixture
def timed(real: RealTime) -> Iterator[Api]:
    """An emulator in process with this real time."""
    with fresh(identity=Identity(now=real.now)) as api:
        yield api


def put(api: Api, time: Any, **more: Any) -> httpx.Response:
    """Set the clock."""
    return api.client.put(CLOCK, json={"time": time, **more})


def shown(api: Api) -> Any:
    """Return what the clock shows."""
    return api.client.get(CLOCK).json()


def created_at(api: Api) -> str:
    """Publish a package; return its creation time."""
    registry = api.registry(name=f"registry {len(api.ok('list_registries'))}")
    package = api.publish(registry, packages.generic("banana", "1.0.0")).json()
    milliseconds = UUID(package["id"]).int >> 80
    written = datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds")
    assert package["created_at"] == written.replace("+00:00", "Z")  # IDs of version 7 begin with the time
    return str(package["created_at"])


def test_the_clock_is_the_real_one_at_first(timed: Api, real: RealTime) -> None:
    """By default the clock shows the real time."""
    assert shown(timed) == {"time": "2026-01-01T00:00:00.000Z", "frozen": False, "real": True}
    real.milliseconds += 1
    assert shown(timed)["time"] == created_at(timed) == "2026-01-01T00:00:00.001Z"


def test_a_clock_that_is_set_ticks_on(timed: Api, real: RealTime) -> None:
    """A clock that was set keeps ticking, also for the times of new objects."""
    answer = put(timed, "2031-02-03T04:05:06Z")
    assert (answer.status_code, answer.json()) == (
        200,
        {"time": "2031-02-03T04:05:06.000Z", "frozen": False, "real": False},
    )
    real.milliseconds += 1500
    assert shown(timed)["time"] == created_at(timed) == "2031-02-03T04:05:07.500Z"


def test_a_frozen_clock_stands_still(timed: Api, real: RealTime) -> None:
    """A frozen clock shows the same time until it is advanced, and then exactly that much more."""
    put(timed, "2031-02-03T04:05:06.789+02:00", frozen=True)
    real.milliseconds += 1500
    assert shown(timed) == {"time": "2031-02-03T02:05:06.789Z", "frozen": True, "real": False}
    timed.client.post(CLOCK, json={"advance": 0.25})
    real.milliseconds += 1500
    assert shown(timed)["time"] == created_at(timed) == "2031-02-03T02:05:07.039Z"


def test_the_real_clock_can_be_moved_on(timed: Api, real: RealTime) -> None:
    """A ticking clock keeps ticking after any number of advances."""
    timed.client.post(CLOCK, json={"advance": 60})
    timed.client.post(CLOCK, json={"advance": 3600})
    real.milliseconds += 1000
    assert shown(timed) == {"time": "2026-01-01T01:01:01.000Z", "frozen": False, "real": False}


def test_back_to_the_real_time(timed: Api) -> None:
    """DELETE returns to the real time, and the response shows it."""
    put(timed, "2031-02-03T04:05:06Z", frozen=True)
    assert timed.client.delete(CLOCK).json() == {"time": "2026-01-01T00:00:00.000Z", "frozen": False, "real": True}
    assert created_at(timed) == "2026-01-01T00:00:00.000Z"


def test_a_clock_that_is_set_again_forgets_the_last_time(timed: Api, real: RealTime) -> None:
    """A frozen clock ticks again once it is set without `frozen`."""
    put(timed, "2031-02-03T04:05:06Z", frozen=True)
    put(timed, "2032-02-03T04:05:06Z")
    real.milliseconds += 1000
    assert shown(timed) == {"time": "2032-02-03T04:05:07.000Z", "frozen": False, "real": False}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({}, "`time` is missing; it should be a string"),
        ({"time": 1}, "`time` should be a string"),
        ({"time": "tomorrow"}, '`time` should be a time with its offset, such as "2026-01-01T00:00:00Z"'),
        ({"time": "2026-01-01T00:00:00"}, '`time` should be a time with its offset, such as "2026-01-01T00:00:00Z"'),
        ({"time": "1969-12-31T23:59:59Z"}, "the clock goes from 1970 to the end of 8999"),
        ({"time": "9999-12-31T23:59:59Z"}, "the clock goes from 1970 to the end of 8999"),
        ({"time": "9999-12-31T23:59:59-12:00"}, "the clock goes from 1970 to the end of 8999"),
        ({"time": "2026-01-01T00:00:00Z", "frozen": "yes"}, "`frozen` should be true or false"),
        ({"time": "2026-01-01T00:00:00Z", "freeze": True}, "`freeze` is unknown; did you mean `frozen`?"),
        ([], "the body should be a JSON object"),
    ],
)
def test_what_is_no_time_is_refused(timed: Api, body: Any, reason: str) -> None:
    """An invalid time is refused with the reason, and leaves the clock unchanged."""
    answer = timed.client.put(CLOCK, json=body)
    assert (answer.status_code, answer.json()) == (422, {"message": reason})
    assert shown(timed)["real"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({}, "`advance` is missing; it should be a number from 0 to 1e+12"),
        ({"advance": -1}, "`advance` should be a number from 0 to 1e+12"),
        ({"advance": "1"}, "`advance` should be a number from 0 to 1e+12"),
        ({"advance": True}, "`advance` should be a number from 0 to 1e+12"),
        ({"advance": 10**400}, "`advance` should be a number from 0 to 1e+12"),
        ({"advance": 1e12}, "the clock goes from 1970 to the end of 8999"),
        ({"advanced": 1}, "`advanced` is unknown; did you mean `advance`?"),
    ],
)
def test_a_clock_is_not_moved_on_by_nonsense(timed: Api, body: Any, reason: str) -> None:
    """An invalid advance is refused with the reason, and leaves the clock unchanged."""
    answer = timed.client.post(CLOCK, json=body)
    assert (answer.status_code, answer.json()) == (422, {"message": reason})
    assert shown(timed)["real"]


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_no_number_is_no_number_of_seconds(timed: Api, number: str) -> None:
    """Values that are not JSON numbers are refused."""
    assert timed.client.post(CLOCK, content=f'{{"advance": {number}}}').status_code == 422
    assert shown(timed)["real"]
