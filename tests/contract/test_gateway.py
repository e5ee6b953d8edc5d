"""The gateway and the pace: what says nothing about an API is kept from the tests, and its limits are kept to."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from buildkite_emulator.identity import Identity
from buildkite_emulator.server import build
from buildkite_emulator.testing import EmulatorTransport
from scripts.contract.http.errors import LostWrite
from scripts.contract.http.outgoing_request import Refused
from scripts.contract.live.gateway import Gateway, Outage
from scripts.contract.live.guard import Guard
from scripts.contract.live.guarded_transport import GuardedTransport
from scripts.contract.live.ledger import Ledger
from scripts.contract.live.pace import Pace, PaceState, progress, seconds_to_rest
from scripts.contract.target import Target

START = 1_790_000_000.0
REGISTRIES = "/v2/packages/organizations/my-org/registries"
PREFIX = "contract-abcdefgh-1"


class Clock:
    """A clock that moves on when somebody sleeps."""

    def __init__(self) -> None:
        self.now = START
        self.slept: list[float] = []

    def __call__(self) -> float:
        """Give the seconds since 1970."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Move on."""
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    """Give a clock."""
    return Clock()


class Way:
    """A way to an API, through a gateway, on a clock that nobody waits for.

    Args:
        folder: for the ledger and the pace.
        clock: the clock.
        inner: answers the requests.
        per_minute: requests a minute.
    """

    def __init__(self, folder: Path, clock: Clock, inner: httpx.BaseTransport, per_minute: float = 60_000) -> None:
        target = Target("live", "http://localhost", "my-org", "emulator", prefix=PREFIX)
        self.ledger = Ledger.begin(folder / "run.ledger", run_id="abcdefgh")
        self.out = io.StringIO()
        self.pace = Pace(folder / "pace.json", per_minute, clock, clock.sleep, self.out)
        self.gateway = Gateway(Guard(target, self.ledger), self.pace, sleep=clock.sleep)
        headers = {"Authorization": "Bearer emulator"}
        transport = GuardedTransport(self.gateway, inner)
        self.client = httpx.Client(transport=transport, base_url=target.base_url, headers=headers)


@pytest.fixture
def limited(tmp_path: Path, clock: Clock) -> Iterator[tuple[Way, list[int], Any]]:
    """Give a way to an emulator with rate limits on the same clock, the statuses that it gives, and the emulator."""
    emulator = build(rate_limit=(30, 20), identity=Identity(now=lambda: int(clock.now * 1000)))
    with EmulatorTransport(emulator.app) as inner:
        statuses: list[int] = []

        class Watched(httpx.BaseTransport):
            def handle_request(self, request: httpx.Request) -> httpx.Response:
                response = inner.handle_request(request)
                statuses.append(response.status_code)
                return response

        yield Way(tmp_path, clock, Watched()), statuses, inner
    emulator.close()


def test_a_run_waits_before_a_limit_is_exhausted(limited: tuple[Way, list[int], Any], clock: Clock) -> None:
    """With little left of a limit a run waits for the next window, so that no request is one too many."""
    way, statuses, _ = limited
    for _ in range(70):
        assert way.client.get(REGISTRIES).status_code == 200
    assert statuses == [200] * 70
    assert 120 < clock.now - START < 240


def test_a_429_is_waited_out_and_kept_from_the_tests(limited: tuple[Way, list[int], Any], clock: Clock) -> None:
    """Where somebody else has used the limit up, the 429 is waited out for as long as its headers say."""
    way, statuses, inner = limited
    headers = {"Authorization": "Bearer emulator"}
    with httpx.Client(transport=inner, base_url="http://localhost", headers=headers) as other:
        assert [other.get(REGISTRIES).status_code for _ in range(25)][-1] == 429
        clock.now += 20
        assert way.client.get(REGISTRIES).status_code == 200
    assert statuses == [429, 200]
    assert 40 <= clock.now - START - 20 <= 43
    assert way.gateway.counts.limited == 1


@pytest.mark.parametrize(
    ("remaining", "reset", "user_remaining", "user_reset", "seconds"),
    [(100, 50, 40, 9, 0), (0, 50, 40, 9, 50), (100, 50, 0, 9, 9), (0, 50, 0, 9, 50), (9, 7, 2, 9, 9)],
)
def test_the_longer_of_both_resets_counts(
    remaining: int, reset: int, user_remaining: int, user_reset: int, seconds: int
) -> None:
    """A run waits for each limit of which little is left, and so for the longer one where it is both."""
    headers = {
        "RateLimit-Limit": "200",
        "RateLimit-Remaining": str(remaining),
        "RateLimit-Reset": str(reset),
        "RateLimit-User-Limit": "50",
        "RateLimit-User-Remaining": str(user_remaining),
        "RateLimit-User-Reset": str(user_reset),
    }
    assert seconds_to_rest(httpx.Headers(headers)) == seconds


def test_a_run_keeps_to_its_rate(tmp_path: Path, clock: Clock) -> None:
    """Forty requests a minute are one in a second and a half, for all processes of a run together."""
    ways = [Pace(tmp_path / "pace.json", 40, clock, clock.sleep) for _ in range(2)]
    for number in range(41):
        ways[number % 2].wait()
    assert clock.now - START == pytest.approx(60)
    assert ways[0].sent == 41


def test_it_says_how_long_is_left(tmp_path: Path, clock: Clock) -> None:
    """Now and then a line tells how many requests were sent, how many there will be, and how long that takes."""
    out = io.StringIO()
    pace = Pace(tmp_path / "pace.json", 40, clock, clock.sleep, out)
    pace.expect(820)
    for _ in range(90):
        pace.wait()
    lines = out.getvalue().splitlines()
    assert lines == [
        "1 of about 820 requests, about 20 min left",
        "41 of about 820 requests, about 19 min left",
        "81 of about 820 requests, about 18 min left",
    ]
    slower = PaceState(sent=100, about=300, most=10, paused_until=clock.now + 60)
    assert progress(slower, 40, clock.now) == "100 of about 300 requests, about 21 min left"


def answers(*given: int | Exception) -> tuple[httpx.MockTransport, list[str]]:
    """Answer requests one after the other, the last one ever after; gives what arrives as well."""
    left, arrived = list(given), []

    def answer(request: httpx.Request) -> httpx.Response:
        arrived.append(request.method)
        each = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(each, Exception):
            raise each
        return httpx.Response(each, json={"name": f"{PREFIX} a", "slug": f"{PREFIX}-a", "id": "an-id"})

    return httpx.MockTransport(answer), arrived


CREATE: Callable[[httpx.Client], httpx.Response] = lambda client: client.post(REGISTRIES, json={"name": f"{PREFIX} a"})  # noqa: E731


@pytest.mark.parametrize("trouble", [503, 502, 504, httpx.ReadError("cut"), httpx.ReadTimeout("late")])
def test_reads_are_repeated(tmp_path: Path, clock: Clock, trouble: int | Exception) -> None:
    """A read that met a cut connection, or a server that is away, is sent again."""
    transport, arrived = answers(trouble, trouble, 200)
    assert Way(tmp_path, clock, transport).client.get(REGISTRIES).status_code == 200
    assert len(arrived) == 3


@pytest.mark.parametrize("trouble", [503, httpx.ReadError("cut")])
def test_a_write_of_which_nobody_knows_is_not_repeated(tmp_path: Path, clock: Clock, trouble: int | Exception) -> None:
    """A write that may have been done is not sent twice; the caller is told that it is lost."""
    transport, arrived = answers(trouble, 200)
    way = Way(tmp_path, clock, transport)
    with pytest.raises(httpx.ReadError, match="nobody knows what became of create_registry"):
        CREATE(way.client)
    assert arrived == ["POST"]
    assert way.gateway.counts.lost == 1


@pytest.mark.parametrize("trouble", [429, httpx.ConnectError("refused")])
def test_a_write_that_was_not_done_is_repeated(tmp_path: Path, clock: Clock, trouble: int | Exception) -> None:
    """A write that was certainly not done is sent again, and is in the ledger once."""
    transport, arrived = answers(trouble, 200)
    way = Way(tmp_path, clock, transport)
    assert CREATE(way.client).status_code == 200
    assert arrived == ["POST", "POST"]
    assert [thing.slug for thing in way.ledger.registries] == [f"{PREFIX}-a"]


def test_an_update_without_a_name_is_repeated(tmp_path: Path, clock: Clock) -> None:
    """An update comes to the same if it is done twice, unless it renames."""
    transport, arrived = answers(200, 503, 200, 503)
    way = Way(tmp_path, clock, transport)
    CREATE(way.client)
    assert way.client.post(f"{REGISTRIES}/{PREFIX}-a", json={"description": "x"}).status_code == 200
    with pytest.raises(httpx.ReadError):
        way.client.post(f"{REGISTRIES}/{PREFIX}-a", json={"name": f"{PREFIX} b"})
    assert len(arrived) == 4


@pytest.mark.parametrize("trouble", [503, httpx.ConnectError("refused"), 429])
def test_an_outage_ends_the_run(tmp_path: Path, clock: Clock, trouble: int | Exception) -> None:
    """Where an API is away for good, nothing is sent any more, and that is no answer."""
    transport, arrived = answers(trouble)
    way = Way(tmp_path, clock, transport)
    with pytest.raises(Outage):
        way.client.get(REGISTRIES)
    count = len(arrived)
    with pytest.raises(Outage):
        way.client.get(REGISTRIES)
    assert len(arrived) == count


@pytest.mark.parametrize(
    "trouble", [httpx.ReadError("cut"), httpx.RemoteProtocolError("peer closed connection"), httpx.ReadTimeout("late")]
)
def test_connections_that_are_always_cut_are_no_outage(tmp_path: Path, clock: Clock, trouble: Exception) -> None:
    """Where an API can be reached and always breaks off, that is what it answers, and the run goes on."""
    transport, arrived = answers(trouble)
    way = Way(tmp_path, clock, transport)
    for _ in range(2):
        with pytest.raises(httpx.DecodingError, match="times in a row"):
            way.client.get(REGISTRIES)
    assert len(arrived) == 7 + 2
    for _ in range(12):
        with pytest.raises(LostWrite):
            CREATE(way.client)
    assert way.gateway.outage is None


@pytest.mark.parametrize("trouble", [httpx.DecodingError("no gzip"), httpx.RemoteProtocolError("illegal status line")])
def test_an_answer_that_cannot_be_read_is_not_asked_for_again(tmp_path: Path, clock: Clock, trouble: Exception) -> None:
    """What cannot be read is told at once; of a write the ledger says that it may have been done."""
    transport, arrived = answers(trouble)
    way = Way(tmp_path, clock, transport)
    with pytest.raises(httpx.DecodingError):
        CREATE(way.client)
    assert arrived == ["POST"]
    assert [(thing.id, thing.is_refused) for thing in way.ledger.registries] == [(None, False)]


def test_writes_that_are_all_lost_end_the_run(tmp_path: Path, clock: Clock) -> None:
    """Where no write is answered any more, a run does not go on to make what nobody knows of."""
    transport, arrived = answers(503)
    way = Way(tmp_path, clock, transport)
    for _ in range(9):
        with pytest.raises(httpx.ReadError):
            CREATE(way.client)
    for _ in range(3):
        with pytest.raises(Outage):
            CREATE(way.client)
    assert len(arrived) == 10


def test_a_500_is_given_to_the_tests(tmp_path: Path, clock: Clock) -> None:
    """An answer that the API gave of itself is a test's business."""
    transport, arrived = answers(500)
    assert Way(tmp_path, clock, transport).client.get(REGISTRIES).status_code == 500
    assert len(arrived) == 1


def test_an_id_from_an_answer_is_deleted_only_where_it_is_the_runs(tmp_path: Path, clock: Clock) -> None:
    """A service that shows an ID of somebody else's, and does not find it, gets no DELETE with it; the run's own twice.

    Whoever deletes by the ID alone would delete it, wherever it is.
    """
    sent: list[tuple[str, str]] = []
    slug = f"{PREFIX}-a"
    there = {"own"}

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append((request.method, request.url.path))
        last = request.url.path.rpartition("/")[2]
        if request.method == "POST":
            return httpx.Response(200, json={"id": "theirs", "slug": slug, "name": f"{PREFIX} a"})
        if request.method == "DELETE":
            there.discard(last)
            return httpx.Response(200)
        if last == slug:
            return httpx.Response(200, json={"id": "x", "name": f"{PREFIX} a", "slug": slug})
        is_there = last in there
        return httpx.Response(
            200 if is_there else 404, json={"id": last, "registry": {"slug": slug}} if is_there else {}
        )

    way = Way(tmp_path, clock, httpx.MockTransport(answer))
    way.ledger.made(way.ledger.making_registry(f"{PREFIX} a", slug), "x", slug)
    tokens = f"{REGISTRIES}/{slug}/tokens"
    way.client.post(tokens, json={"description": "a"})
    with pytest.raises(Refused, match="came in an answer"):
        way.client.delete(f"{tokens}/theirs")
    for _ in range(2):
        way.client.delete(f"{tokens}/own")
    way.client.delete(f"{tokens}/made-up")
    deleted = [path.rpartition("/")[2] for method, path in sent if method == "DELETE"]
    assert deleted == ["own", "own", "made-up"]
