"""What one caller may take: bytes outside a body, connections, time. Nobody else has to wait for it."""

import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from threading import Thread

import httpx
import pytest

from buildkite_emulator.http import capacity, protocol
from buildkite_emulator.testing import RunningEmulator
from scripts.servers.api import ORGANIZATION, SPEC, Api, running_emulator
from scripts.servers.raw_requests import connected, receive_head, resident, until
from tests.emulator.http.test_connections import receive_all, receive_response, statuses

pytestmark = pytest.mark.slow

MIB = 1 << 20
LIST = SPEC.operations["list_registries"].path.format(org_slug=ORGANIZATION)


@pytest.fixture
def emulator() -> Iterator[RunningEmulator]:
    """Run an emulator; the constants that a test has changed count."""
    with RunningEmulator() as running:
        yield running


def request(emulator: RunningEmulator, *lines: str, method: str = "GET", token: str | None = "") -> bytes:
    """Make the head of a request."""
    token = emulator.token if token == "" else token
    authorization = [] if token is None else [f"Authorization: Bearer {token}"]
    start = [f"{method} {LIST} HTTP/1.1", f"Host: {httpx.URL(emulator.url).netloc.decode()}", *authorization]
    return "\r\n".join([*start, *lines, "", ""]).encode()


CHUNKED = ("Content-Type: application/json", "Transfer-Encoding: chunked")


def chunked(name: str, *trailers: str) -> bytes:
    """Make a chunked body that creates a registry, with trailers."""
    body = json.dumps({"name": name, "ecosystem": "files"}).encode()
    return b"%x\r\n%s\r\n0\r\n%s\r\n" % (len(body), body, "".join(f"{each}\r\n" for each in trailers).encode())


# headers


def test_blanks_around_a_value_are_no_part_of_it(emulator: RunningEmulator) -> None:
    """RFC 9112 lets blanks stand on both sides of a header's value."""
    authority = httpx.URL(emulator.url).netloc.decode()
    lines = [f"GET {LIST} HTTP/1.1", f"Host: \t{authority} \t", f"Authorization:  Bearer {emulator.token}  "]
    with connected(httpx.URL(emulator.url)) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        assert receive_response(connection)[0] == 200


@pytest.mark.parametrize("second", ["", "unknown"], ids=["the same", "another"])
def test_two_tokens_are_none(emulator: RunningEmulator, second: str) -> None:
    """A request with two `Authorization` headers is refused, rather than one of them chosen."""
    with connected(httpx.URL(emulator.url)) as connection:
        connection.sendall(request(emulator, f"Authorization: Bearer {second or emulator.token}"))
        assert receive_response(connection)[0] == 401


# trailers


def test_a_trailer_is_no_header(emulator: RunningEmulator) -> None:
    """What comes after a body grants nothing, is in no log, and is not taken for a header of the next request."""
    trailers = [f"Authorization: Bearer {emulator.token}", "Host: evil.example", "X-Mine: y"]
    with connected(httpx.URL(emulator.url)) as connection:
        anonymous = request(emulator, *CHUNKED, method="POST", token=None)
        connection.sendall(anonymous + chunked("a", *trailers) + request(emulator, token=None))
        assert [receive_response(connection)[0] for _ in range(2)] == [401, 401]
    with connected(httpx.URL(emulator.url)) as connection:
        connection.sendall(request(emulator, *CHUNKED, "Trailer: X-Mine", method="POST") + chunked("b", *trailers))
        connection.sendall(request(emulator))
        created, listed = (receive_response(connection) for _ in range(2))
    assert (created[0], listed[0]) == (200, 200)
    assert [each["name"] for each in json.loads(listed[1])] == ["b"]
    assert not [name for entry in emulator.requests for name, _ in entry["request"]["headers"] if name == "x-mine"]


# what may come outside a body

ENDLESS = {
    "line breaks": (b"", b"\r\n" * 512),
    "line breaks between requests": (None, b"\r\n" * 512),
    "address": (b"GET /", b"a" * 1024),
    "header": (b"GET / HTTP/1.1\r\nX: ", b"a" * 1024),
    "header name": (b"GET / HTTP/1.1\r\n", b"a" * 1024),
    "headers": (b"GET / HTTP/1.1\r\n", b"X: y\r\n" * 170),
    "chunk extension": (b"1;", b"a" * 1024),
    "chunk extensions": (b"", b"1;%s\r\n{\r\n" % (b"a" * 1024)),
    "zeroes of a chunk's length": (b"", b"0" * 1024),
    "trailer": (b"0\r\nX: ", b"a" * 1024),
    "trailers": (b"0\r\n", b"X: y\r\n" * 170),
    "authorizations": (b"0\r\n", b"Authorization: Bearer emulator\r\n" * 32),
}
IN_BODY = ("chunk", "zeroes", "trailer", "authorization")


@pytest.mark.parametrize("kind", ENDLESS)
def test_what_comes_outside_a_body_is_bounded(emulator: RunningEmulator, kind: str) -> None:
    """Whatever goes on outside a body is refused while it still comes, after a mebibyte at the latest."""
    start, piece = ENDLESS[kind]
    with connected(httpx.URL(emulator.url)) as connection:
        if start is None:
            connection.sendall(request(emulator))
            assert receive_response(connection)[0] == 200
            start = b""
        if kind.startswith(IN_BODY):
            start = request(emulator, *CHUNKED, method="POST") + start
        connection.sendall(start)
        connection.settimeout(0.01)
        received, sent = b"", 0
        while not received:
            assert sent < MIB + 2 * protocol.LONGEST_HELD, "it is not refused"
            with suppress(TimeoutError):
                connection.sendall(piece * 16)
                sent += len(piece) * 16
                received = connection.recv(65536)
        connection.settimeout(30)
        assert received.startswith((b"HTTP/1.1 431 ", b"HTTP/1.1 400 "))
        assert b"connection: close" in received
    with httpx.Client(base_url=emulator.url) as client:
        assert Api(client, emulator.token).ok("list_registries") == []


def test_small_chunks_are_no_excess(emulator: RunningEmulator) -> None:
    """A body of chunks of a byte each is read, though what is around them is longer than they are."""
    body = json.dumps({"name": "small", "ecosystem": "files", "description": "x" * 40_000}).encode()
    sent = b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"
    with connected(httpx.URL(emulator.url)) as connection:
        connection.sendall(request(emulator, *CHUNKED, method="POST") + sent)
        assert receive_response(connection)[0] == 200


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc to read a process's memory")
@pytest.mark.parametrize("start", [b"0\r\nX: ", b"0\r\n", b"1;"], ids=["a trailer", "trailers", "an extension"])
def test_trailers_take_no_memory(start: bytes) -> None:
    """Tens of megabytes of them, with a token and without one, leave the emulator as large as it was."""
    with running_emulator() as (api, process):
        api.ok("list_registries")
        before = resident(process.pid, "VmRSS")
        for line in ("", "Authorization: Bearer emulator\r\n"):
            with connected(api.client.base_url) as connection, suppress(ConnectionError):
                head = f"POST {LIST} HTTP/1.1\r\nHost: localhost\r\n{line}" + "\r\n".join([*CHUNKED, "", ""])
                connection.sendall(head.encode() + start)
                for _ in range(32):
                    connection.sendall(b"a: b\r\n" * 170_000 if start == b"0\r\n" else b"a" * MIB)
        growth = resident(process.pid, "VmHWM") - before
        assert len(api.client.get("/_emulator/requests").content) < 100_000
    assert growth < 16 * MIB, f"it grew by {growth / MIB:.0f} MiB"


@pytest.mark.parametrize("offer", ["", "Connection: Upgrade\r\nUpgrade: h2c\r\n"], ids=["plain", "offering HTTP/2"])
@pytest.mark.parametrize("ends", [True, False])
def test_many_requests_at_once_are_all_answered(emulator: RunningEmulator, offer: str, *, ends: bool) -> None:
    """Thousands of requests that are sent before the first answer are answered, each in its turn."""
    count = 1500
    one = b"GET /%%d HTTP/1.1\r\nHost: localhost\r\n%s\r\n" % offer.encode()
    with connected(httpx.URL(emulator.url)) as connection:
        sender = Thread(target=lambda: connection.sendall(b"".join(one % number for number in range(count))))
        sender.start()
        answers = [receive_response(connection)[0] for _ in range(count - 1)]
        sender.join()
        if ends:
            connection.shutdown(socket.SHUT_WR)
        answers.append(receive_response(connection)[0])
    assert answers == [404] * count
    assert [entry["path"] for entry in emulator.requests][-1] == f"/{count - 1}"


def test_a_wrong_body_takes_no_answer_from_the_requests_before(emulator: RunningEmulator) -> None:
    """A broken body is refused in its turn, after the answers to what was asked before."""
    with connected(httpx.URL(emulator.url)) as connection:
        connection.sendall(request(emulator) * 3 + request(emulator, *CHUNKED, method="POST") + b"zz\r\n")
        assert statuses(receive_all(connection)) == [200, 200, 200, 400]


# the log


def test_the_log_keeps_no_more_than_it_may(emulator: RunningEmulator) -> None:
    """Of a long path, query, header or name of a file the log has the length alone."""
    long = "a" * 60_000
    with httpx.Client(base_url=emulator.url, headers={"Authorization": f"Bearer {emulator.token}"}) as client:
        client.get(f"/v2/packages/{long}")
        client.get(f"/v2/packages?{long}")
        client.get(LIST, headers={"X-Long": long, "X-Short": "y"})
        client.get(LIST, headers={f"X-{number}": "a" * 1000 for number in range(50)})
        client.get(LIST, headers={"Authorization": f"Bearer {long}"})
        client.post(LIST, json={long: 1})
        client.post(f"{LIST}/x/packages", files={long: b"x"})
        entries = emulator.requests
    assert max(len(json.dumps(entry)) for entry in entries) < 100_000
    assert entries[0]["path"] == "/v2/packages/(60013 bytes)"
    assert entries[1]["path"].endswith("?(60000 bytes)")
    assert {("x-long", "(60000 bytes)"), ("x-short", "y")} <= {tuple(each) for each in entries[2]["request"]["headers"]}


def test_one_answer_of_the_log_is_bounded(emulator: RunningEmulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer holds what fits, and who goes on after it gets the rest; the newest come where nothing is said."""
    monkeypatch.setattr("buildkite_emulator.control.routes.MOST_PAGE_BYTES", 20_000)
    with httpx.Client(base_url=emulator.url) as client:
        for number in range(40):
            client.get(f"/{number}")
        newest = client.get("/_emulator/requests")
        assert len(newest.content) < 21_000
        assert newest.json()["requests"][-1]["path"] == "/39"
        seen, after, answers = [], 0, 0
        while requests := (answer := client.get("/_emulator/requests", params={"after": after}).json())["requests"]:
            seen += [entry["path"] for entry in requests]
            after, answers = answer["last"], answers + 1
    assert seen == [f"/{number}" for number in range(40)]
    assert answers > 1


# connections


def send_on(connection: socket.socket, data: bytes, times: int) -> None:
    """Send something again and again."""
    for _ in range(times):
        connection.sendall(data)


@pytest.mark.parametrize("method", ["POST", "GET"])
@pytest.mark.parametrize("framing", ["Content-Length: 1000000", "Content-Length: 5", "Transfer-Encoding: chunked"])
def test_a_refusal_before_the_body_ends_the_connection(
    emulator: RunningEmulator, monkeypatch: pytest.MonkeyPatch, method: str, framing: str
) -> None:
    """Who is refused and sends no body is told that the connection closes, and it does."""
    monkeypatch.setattr(protocol, "LINGER", 0.1)
    with connected(httpx.URL(emulator.url)) as connection:
        connection.sendall(request(emulator, framing, method=method, token="unknown"))  # noqa: S106 - it is nobody's
        received = receive_all(connection)
        assert statuses(received) == [401]
        assert b"\r\nconnection: close\r\n" in received
        with pytest.raises(ConnectionError):
            send_on(connection, bytes(65536), 10_000)


def test_a_refusal_reaches_who_sends_on(emulator: RunningEmulator) -> None:
    """A caller who sends all of a large body before he reads gets the refusal; what he sends is thrown away."""
    with connected(httpx.URL(emulator.url)) as connection:
        connection.sendall(request(emulator, f"Content-Length: {32 * MIB}", method="POST", token="unknown"))  # noqa: S106
        connection.sendall(bytes(32 * MIB))
        assert receive_head(connection).startswith(b"HTTP/1.1 401 ")


def test_what_is_thrown_away_is_bounded(emulator: RunningEmulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """A body that does not end is not read for ever after the refusal."""
    monkeypatch.setattr(protocol, "LONGEST_LINGER", MIB)
    monkeypatch.setattr(protocol, "LINGER", 3600)
    with connected(httpx.URL(emulator.url)) as connection:
        connection.sendall(request(emulator, "Transfer-Encoding: chunked", method="POST", token=None))
        with pytest.raises(ConnectionError):
            send_on(connection, b"100000\r\n" + bytes(MIB) + b"\r\n", 64)


def test_an_answered_request_keeps_its_connection(emulator: RunningEmulator) -> None:
    """A refusal of a request whose body has come leaves the connection open."""
    with connected(httpx.URL(emulator.url)) as connection:
        for _ in range(3):
            connection.sendall(request(emulator, "Content-Length: 2", method="POST", token=None) + b"{}")
            assert receive_response(connection)[0] == 401


def test_a_body_that_does_not_come_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A caller who announces a body and sends nothing more is answered 408."""
    monkeypatch.setattr(protocol, "STALLED", 0.2)
    with RunningEmulator() as emulator, connected(httpx.URL(emulator.url)) as connection:
        connection.sendall(request(emulator, "Content-Type: application/json", "Content-Length: 9", method="POST"))
        assert statuses(receive_all(connection)) == [408]


def test_line_breaks_are_no_sign_of_life(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection over which only line breaks come is closed as one over which nothing comes."""
    monkeypatch.setattr(protocol, "PATIENCE", 0.3)
    with RunningEmulator() as emulator, connected(httpx.URL(emulator.url)) as connection:
        connection.sendall(b"\r\n")
        assert receive_all(connection) == b""


@contextmanager
def bounded(monkeypatch: pytest.MonkeyPatch, most: int, most_from_one: int) -> Iterator[RunningEmulator]:
    """Run an emulator that has few connections."""
    monkeypatch.setattr(capacity, "MOST_CONNECTIONS", most)
    monkeypatch.setattr(capacity, "MOST_FROM_ONE", most_from_one)
    with RunningEmulator() as emulator:
        until(lambda: emulator.requests == [], "it answers")
        yield emulator


def silent(connection: socket.socket, emulator: RunningEmulator) -> None:
    """Say nothing."""


def half_a_head(connection: socket.socket, emulator: RunningEmulator) -> None:
    """Send a part of a head."""
    connection.sendall(request(emulator)[:-2])


def idle(connection: socket.socket, emulator: RunningEmulator) -> None:
    """Keep a connection after an answer."""
    connection.sendall(request(emulator))
    receive_response(connection)


def refused(connection: socket.socket, emulator: RunningEmulator) -> None:
    """Be refused, and send no body."""
    connection.sendall(request(emulator, "Content-Length: 1000000", method="POST", token=None))
    assert receive_head(connection).startswith(b"HTTP/1.1 401 ")


@pytest.mark.parametrize("way", [silent, half_a_head, idle, refused])
def test_idle_connections_keep_nobody_out(monkeypatch: pytest.MonkeyPatch, way: object) -> None:
    """However many connections a caller opens and does not use, there is room for another that is used."""
    assert callable(way)
    with bounded(monkeypatch, 8, 6) as emulator, ExitStack() as stack:
        for _ in range(50):
            way(stack.enter_context(connected(httpx.URL(emulator.url))), emulator)
        with httpx.Client(base_url=emulator.url) as client:
            assert Api(client, emulator.token).ok("list_registries") == []


@contextmanager
def busy(emulator: RunningEmulator, count: int) -> Iterator[None]:
    """Have requests under way."""
    body = b'{"name": "x", "ecosystem": "files"}'
    lines = ("Content-Type: application/json", f"Content-Length: {len(body)}", "Expect: 100-continue")
    with ExitStack() as stack:
        for _ in range(count):
            connection = stack.enter_context(connected(httpx.URL(emulator.url)))
            connection.sendall(request(emulator, *lines, method="POST"))
            assert receive_head(connection).startswith(b"HTTP/1.1 100 ")
        yield


def test_one_address_cannot_take_all_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has too many requests under way is told so, and somebody else is answered."""
    with bounded(monkeypatch, 8, 6) as emulator:
        emulator._client.close()  # its connection counts, too
        url = httpx.URL(emulator.url)
        with busy(emulator, 6):
            with connected(url) as connection:
                answer = receive_all(connection)
            assert statuses(answer) == [503]
            assert b"retry-after: " in answer
            assert b"6 connections from 127.0.0.1 are in use; close some, or use them again" in answer
            with socket.create_connection((url.host, url.port or 80), 30, ("127.0.0.2", 0)) as other:
                other.sendall(request(emulator))
                assert receive_response(other)[0] == 200
        until(lambda: httpx.get(emulator.url, trust_env=False).status_code == 404, "there is room again")
