"""What the client tries again, after what wait, and what it leaves alone."""

import asyncio
import logging
import random
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from buildkite_emulator.testing import RunningEmulator
from buildkite_packages import Retry, Wait
from buildkite_packages.errors import NotFound, RateLimited, ServerError
from buildkite_packages.http.rate_limits import seconds_to_wait
from scripts.samples import packages
from tests.support.client import TOKEN, Kind, count, nothing_listens, operations

REFUSED = {"message": "Too many requests", "scope": "rest", "limit": 200, "current": 201, "reset": 7}

Answer = Callable[[httpx.Request], httpx.Response]


def one_after(*answers: httpx.Response | Exception) -> Answer:
    """Answer one after another, and then with an empty list."""
    left: Iterator[httpx.Response | Exception] = iter(answers)

    def answer(_: httpx.Request) -> httpx.Response:
        found = next(left, None) or httpx.Response(200, json=[])
        if isinstance(found, Exception):
            raise found
        return found

    return answer


def limited(headers: dict[str, str] | None = None, body: Any = None) -> httpx.Response:
    """Make a 429."""
    return httpx.Response(429, headers=headers or {}, json={"message": "slow down"} if body is None else body)


ORGANIZATION_USED_UP = {"RateLimit-Remaining": "0", "RateLimit-Reset": "4"}
USER_USED_UP = {"RateLimit-User-Remaining": "0", "RateLimit-User-Reset": "9"}


@pytest.mark.parametrize(
    ("headers", "body", "seconds"),
    [
        (ORGANIZATION_USED_UP | USER_USED_UP, None, 9),
        (ORGANIZATION_USED_UP | USER_USED_UP, REFUSED, 9),
        (ORGANIZATION_USED_UP | {"RateLimit-User-Remaining": "3", "RateLimit-User-Reset": "50"}, None, 4),
        (USER_USED_UP | {"RateLimit-Remaining": "3", "RateLimit-Reset": "50"}, None, 9),
        ({"RateLimit-Warning": "x", "RateLimit-Reset": "4", "RateLimit-User-Reset": "50"}, None, 4),
        ({"RateLimit-Reset": "4", "RateLimit-User-Reset": "9"}, None, 9),
        (USER_USED_UP | {"RateLimit-User-Reset": "soon", "RateLimit-Reset": "50"}, REFUSED, 7),
        ({}, REFUSED, 7),
        ({"Retry-After": "12"}, REFUSED, 12),
        (USER_USED_UP | {"Retry-After": "1"}, None, 9),
        ({"Retry-After": "2.5"}, None, 2.5),
        ({"Retry-After": "Mon, 01 Jan 1990 00:00:00 GMT"}, None, 0),
    ],
)
def test_a_429_is_waited_out(kind: Kind, naps: list[float], headers: dict[str, str], body: Any, seconds: float) -> None:
    """The wait is what the exhausted limit says, the longer of both, or `Retry-After` where that is longer."""
    client = kind.answered(one_after(limited(headers, body)))
    assert kind.run(client.registries.list()) == []
    assert naps == [seconds]


def test_retry_after_may_be_a_date(kind: Kind, naps: list[float]) -> None:
    """A date in `Retry-After` is waited for; the header counts for a 503 as well."""
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=100), usegmt=True)
    kind.run(kind.answered(one_after(limited({"Retry-After": date}))).registries.list())
    kind.run(kind.answered(one_after(httpx.Response(503, headers={"Retry-After": "8"}))).registries.list())
    assert 0 < naps[0] <= 100
    assert naps[1:] == [8]


NO_TIMES = ["", "-5", "nan", "inf", "-inf", "soon", "1e999", "12;3", "Jan", ",", "Mon, 99 Foo 2026 +99999999"]
NO_TIMES += ["Mon, 01 Jan 2024 00:00:00 +999999999999", "1 Jan 1 00:00:00 +1400"]


@pytest.mark.parametrize("value", NO_TIMES)
def test_what_is_no_time_is_not_waited_for(kind: Kind, naps: list[float], value: str) -> None:
    """Headers and bodies that name no time lead to a random wait, as if they were not there."""
    names = ("RateLimit-Reset", "RateLimit-User-Reset", "RateLimit-Remaining", "Retry-After")
    answer = limited(dict.fromkeys(names, value), {"message": "x", "reset": value, "scope": [value]})
    kind.run(kind.answered(one_after(answer)).registries.list())
    assert naps == [0]


@given(
    st.dictionaries(st.sampled_from(["Retry-After", "RateLimit-Reset", "RateLimit-User-Remaining"]), st.text()),
    st.recursive(st.none() | st.floats() | st.text(), lambda inner: st.dictionaries(st.just("reset"), inner)),
)
def test_no_answer_makes_reading_the_wait_fail(headers: dict[str, str], body: Any) -> None:
    """Whatever headers and body hold, the wait is none or a number that can be slept for."""
    encoded = [(name.encode(), value.encode()) for name, value in headers.items()]
    seconds = seconds_to_wait(httpx.Headers(encoded), body)
    assert seconds is None or 0 <= seconds < float("inf")


def test_the_emulators_limits_are_waited_out(kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that makes too many requests waits as long as the window lasts, and then goes on."""
    waits: list[Wait] = []
    with RunningEmulator(rate_limit=(100, 2)) as emulator, httpx.Client(base_url=emulator.url) as control:
        clock = {"time": "2026-01-01T00:00:00Z", "frozen": True}
        control.put("/_emulator/clock", json=clock).raise_for_status()

        def pass_time(wait: Wait) -> None:
            waits.append(wait)
            control.post("/_emulator/clock", json={"advance": wait.seconds}).raise_for_status()

        monkeypatch.setattr("buildkite_packages.http.calls.pause", lambda _: None)
        monkeypatch.setattr("buildkite_packages.http.calls.apause", lambda _: asyncio.sleep(0))
        client = kind.of(emulator, retry=Retry(first_backoff=0, on_wait=pass_time))
        for _ in range(5):
            assert kind.run(client.registries.list()) == []
        monkeypatch.undo()
    assert [(wait.operation, wait.attempt, wait.seconds) for wait in waits] == [("list_registries", 1, 60)] * 2
    assert all(isinstance(wait.reason, RateLimited) for wait in waits)


@pytest.mark.parametrize(
    "fault", [{"status": 502}, {"status": 503}, {"status": 504}, {"cut": "before"}, {"cut": "after"}]
)
def test_reads_and_deletes_are_repeated(kind: Kind, buildkite_emulator: RunningEmulator, fault: dict[str, Any]) -> None:
    """A read or delete that meets a failure that passes is made again, and succeeds."""
    client = kind.of(buildkite_emulator)
    registry = kind.run(client.registries.create(name="x", ecosystem="files"))
    for operation in ("list_registries", "get_registry", "delete_registry"):
        buildkite_emulator.fault(operation=operation, times=2, **fault)
    assert kind.run(client.registries.list()) == [registry]
    assert kind.run(client.registries.get("x")) == registry
    assert kind.run(client.registries.delete("x")) is None
    tries = [count(buildkite_emulator, f"{verb}_registry") for verb in ("get", "delete")]
    assert tries == [3, 3]
    assert count(buildkite_emulator, "list_registries") == 3


@pytest.mark.parametrize("status", [400, 401, 404, 409, 422, 500, 501, 505])
def test_other_failures_are_not_repeated(kind: Kind, buildkite_emulator: RunningEmulator, status: int) -> None:
    """An answer that would come again is raised after one request."""
    buildkite_emulator.fault(operation="list_registries", status=status, times=5)
    with pytest.raises(Exception, match=str(status)):
        kind.run(kind.of(buildkite_emulator).registries.list())
    assert operations(buildkite_emulator) == ["list_registries"]


WRITES: dict[str, Callable[[Any, Any], Any]] = {
    "create_registry": lambda client, _: client.registries.create(name="new", ecosystem="files"),
    "update_registry": lambda client, _: client.registries.update("one", description="new"),
    "copy_package": lambda client, package: client.packages.copy("one", package.id, to="other"),
    "create_registry_token": lambda client, _: client.registry_tokens.create("one", description="new"),
}


@pytest.mark.parametrize("operation", WRITES)
@pytest.mark.parametrize("fault", [{"status": 500}, {"status": 503}, {"cut": "before"}, {"cut": "after"}])
def test_writes_are_not_repeated(
    kind: Kind, buildkite_emulator: RunningEmulator, operation: str, fault: dict[str, Any]
) -> None:
    """A write that the service may have acted on is made once, and its failure raised."""
    client, package = with_package(kind, buildkite_emulator)
    buildkite_emulator.fault(operation=operation, times=5, **fault)
    before = count(buildkite_emulator, operation)
    with pytest.raises((ServerError, httpx.TransportError)):
        kind.run(WRITES[operation](client, package))
    assert count(buildkite_emulator, operation) == before + 1


@pytest.mark.parametrize("operation", WRITES)
def test_writes_that_were_refused_are_repeated(kind: Kind, buildkite_emulator: RunningEmulator, operation: str) -> None:
    """A write that met a rate limit was not done, so it is made again."""
    client, package = with_package(kind, buildkite_emulator)
    buildkite_emulator.fault(operation=operation, times=2, status=429, reset=0)
    before = count(buildkite_emulator, operation)
    kind.run(WRITES[operation](client, package))
    assert count(buildkite_emulator, operation) == before + 3


def with_package(kind: Kind, emulator: RunningEmulator) -> tuple[Any, Any]:
    """Make two registries, with a package in the first; gives the client and the package."""
    client = kind.of(emulator)
    for name in ("one", "other"):
        kind.run(client.registries.create(name=name, ecosystem="ruby"))
    filename, content = packages.gem("banana", "1.0.0")
    return client, kind.run(client.packages.publish("one", content, filename=filename))


def test_a_write_that_never_left_is_repeated(kind: Kind) -> None:
    """Where no connection comes about, nothing was sent, so that even a write is tried again."""
    waits: list[Wait] = []
    with nothing_listens() as url:
        client = kind.client(url, retry=Retry(attempts=3, first_backoff=0, on_wait=waits.append))
        with pytest.raises(httpx.ConnectError):
            kind.run(client.registries.create(name="x", ecosystem="files"))
    assert [(wait.operation, wait.attempt) for wait in waits] == [("create_registry", 1), ("create_registry", 2)]
    assert all(isinstance(wait.reason, httpx.ConnectError) for wait in waits)


def test_a_delete_whose_answer_was_lost_is_done(kind: Kind, buildkite_emulator: RunningEmulator) -> None:
    """Gone on the second attempt means deleted by the first; gone on the first means that it was not there."""
    client = kind.of(buildkite_emulator)
    kind.run(client.registries.create(name="x", ecosystem="files"))
    buildkite_emulator.fault(operation="delete_registry", cut="after")
    assert kind.run(client.registries.delete("x")) is None
    with pytest.raises(NotFound):
        kind.run(client.registries.delete("x"))
    buildkite_emulator.fault(operation="delete_registry", status=429, reset=0)
    with pytest.raises(NotFound):
        kind.run(client.registries.delete("x"))


def test_gone_means_done_for_a_delete_that_left_alone(kind: Kind) -> None:
    """A 404 after a read, or after a connection that did not come about, means that it was not there."""
    missing = httpx.Response(404, json={"message": "No registry found"})
    for error in (httpx.ConnectError("x"), httpx.ConnectTimeout("x"), httpx.PoolTimeout("x")):
        with pytest.raises(NotFound):
            kind.run(kind.answered(one_after(error, missing)).registries.delete("x"))
    with pytest.raises(NotFound):
        kind.run(kind.answered(one_after(httpx.ReadError("x"), missing)).registries.get("x"))


def test_waits_are_random_below_a_bound_that_doubles(
    kind: Kind, naps: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Backing off has full jitter: any time from 0 to a bound, which doubles up to its own bound."""
    bounds: list[tuple[float, float]] = []

    def draw(low: float, high: float) -> float:
        bounds.append((low, high))
        return high / 2

    monkeypatch.setattr(random, "uniform", draw)
    client = kind.answered(one_after(*[httpx.Response(503)] * 5), retry=Retry(attempts=6, longest_backoff=3))
    assert kind.run(client.registries.list()) == []
    assert bounds == [(0, 0.5), (0, 1), (0, 2), (0, 3), (0, 3)]
    assert naps == [high / 2 for _, high in bounds]


@pytest.mark.parametrize(
    ("error", "tries"),
    [
        (httpx.ReadTimeout("x"), 2),
        (httpx.WriteError("x"), 2),
        (httpx.RemoteProtocolError("x"), 2),
        (httpx.LocalProtocolError("x"), 1),
        (httpx.UnsupportedProtocol("x"), 1),
        (httpx.TooManyRedirects("x"), 1),
    ],
)
def test_errors_that_would_come_again_are_raised_as_they_are(kind: Kind, error: Exception, tries: int) -> None:
    """Errors of httpx come through as themselves, at once where another attempt would change nothing."""
    seen = []

    def answer(_: httpx.Request) -> httpx.Response:
        seen.append(1)
        raise error

    with pytest.raises(type(error)) as raised:
        kind.run(kind.answered(answer, retry=Retry(attempts=2, first_backoff=0)).registries.list())
    assert raised.value is error
    assert len(seen) == tries


def test_many_attempts_are_possible(kind: Kind) -> None:
    """The bound of a random wait does not overflow, however many attempts there were."""
    client = kind.answered(one_after(*[httpx.Response(503)] * 1100), retry=Retry(attempts=1101, first_backoff=0))
    assert kind.run(client.registries.list()) == []


def test_a_wait_that_is_too_long_is_not_begun(kind: Kind, naps: list[float]) -> None:
    """Where the limit starts anew only after the total wait, the error comes at once and says when."""
    answers = [limited(USER_USED_UP), limited(USER_USED_UP)]
    with pytest.raises(RateLimited, match="9 seconds") as raised:
        kind.run(kind.answered(one_after(*answers), retry=Retry(total_wait=17)).registries.list())
    assert raised.value.seconds == 9
    assert len(naps) == 1
    naps.clear()
    retry = Retry(total_wait=9, first_backoff=10)
    assert kind.run(kind.answered(one_after(limited(USER_USED_UP)), retry=retry).registries.list()) == []
    assert naps == [9]  # the random part does not take it beyond the bound
    client = kind.answered(one_after(httpx.Response(503)), retry=Retry(total_wait=0))
    with pytest.raises(ServerError):
        kind.run(client.registries.list())


def test_each_wait_is_told(kind: Kind, naps: list[float], caplog: pytest.LogCaptureFixture) -> None:
    """A callback and a line in the log say what waits, for how long, after which attempt and why, without the token."""
    waits: list[Wait] = []
    caplog.set_level(logging.INFO, "buildkite_packages")
    error = httpx.ReadError("gone")
    client = kind.answered(
        one_after(limited(USER_USED_UP, {"message": f"no more, {TOKEN}"}), error),
        retry=Retry(first_backoff=0, on_wait=waits.append),
    )
    kind.run(client.registries.list())
    assert [wait[:3] for wait in waits] == [("list_registries", 1, 9), ("list_registries", 2, 0)]
    assert isinstance(waits[0].reason, RateLimited)
    assert waits[1].reason is error
    assert naps == [9, 0]
    lines = [record.getMessage() for record in caplog.records if record.name == "buildkite_packages"]
    assert len(lines) == 2
    assert "waiting 9.0 s to try list_registries again after attempt 1" in lines[0]
    assert "429" in lines[0]
    assert "ReadError" in lines[1]
    assert TOKEN not in caplog.text


@pytest.mark.parametrize("error", [RuntimeError("stop"), KeyboardInterrupt()])
def test_a_callback_that_raises_ends_the_call(kind: Kind, naps: list[float], error: BaseException) -> None:
    """What the callback raises comes out of the call, and nothing is sent any more."""

    def stop(_: Wait) -> None:
        raise error

    seen = []

    def answer(_: httpx.Request) -> httpx.Response:
        seen.append(1)
        return httpx.Response(503)

    with pytest.raises(type(error)) as raised:
        kind.run(kind.answered(answer, retry=Retry(on_wait=stop)).registries.list())
    assert raised.value is error
    assert seen == [1]
    assert naps == []


def test_retries_can_be_off_and_changed(kind: Kind, buildkite_emulator: RunningEmulator) -> None:
    """None turns them off, and a copy with other rules leaves the original as it is."""
    off = kind.of(buildkite_emulator, retry=None)
    twice = kind.closing(off.with_retry(Retry(attempts=2, first_backoff=0)))
    for client, attempts in [(off, 1), (twice, 2), (off, 1)]:
        buildkite_emulator.reset()
        for operation in ("list_registries", "get_registry"):
            buildkite_emulator.fault(operation=operation, status=429, times=5, reset=0)
        with pytest.raises(RateLimited):
            kind.run(client.registries.list())
        with pytest.raises(RateLimited):
            kind.run(client.registries.get("x"))
        assert len(buildkite_emulator.requests) == 2 * attempts


def test_a_wait_can_be_cancelled() -> None:
    """A task that is cancelled while it waits ends then, and sends nothing more."""
    kind = Kind(is_async=True)
    seen = []

    def answer(_: httpx.Request) -> httpx.Response:
        seen.append(1)
        return limited({"Retry-After": "100"})

    async def main() -> None:
        waiting = asyncio.Event()
        retry = Retry(on_wait=lambda _: waiting.set())
        task = asyncio.ensure_future(kind.answered(answer, retry=retry).registries.list())
        await waiting.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    kind.run(main())
    kind.close()
    assert seen == [1]


def test_a_wait_can_be_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C while a call waits ends it."""
    kind = Kind(is_async=False)

    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(time, "sleep", interrupted)
    client = kind.answered(one_after(limited({"Retry-After": "100"})))
    with pytest.raises(KeyboardInterrupt):
        client.registries.list()
    monkeypatch.undo()
    kind.close()


@pytest.mark.parametrize(
    "settings",
    [
        {"attempts": 0},
        {"attempts": -1},
        {"attempts": 1.5},
        {"attempts": "3"},
        {"total_wait": -1},
        {"total_wait": float("nan")},
        {"first_backoff": -0.1},
        {"first_backoff": float("nan")},
        {"first_backoff": float("inf")},
        {"longest_backoff": float("inf")},
        {"longest_backoff": "1"},
        {"on_wait": "log"},
    ],
)
def test_rules_that_cannot_be_are_refused(settings: dict[str, Any]) -> None:
    """A rule that means nothing is refused when it is made, by name."""
    with pytest.raises((TypeError, ValueError), match=next(iter(settings))):
        Retry(**settings)


def test_threads_share_a_client(buildkite_emulator: RunningEmulator) -> None:
    """Each call counts its own attempts, also where several threads use one client."""
    kind = Kind(is_async=False)
    client = kind.of(buildkite_emulator, retry=Retry(attempts=5, first_backoff=0))
    client.registries.list()
    buildkite_emulator.fault(operation="list_registries", status=503, times=4)
    failures = []

    def work() -> None:
        for _ in range(3):
            try:
                client.registries.list()
            except ServerError as error:
                failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kind.close()
    assert failures == []
    assert count(buildkite_emulator, "list_registries") == 1 + 12 + 4
