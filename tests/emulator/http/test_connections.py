"""Connections that are slow, cut, idle or full of garbage: each gets what it deserves, and no other waits for it."""

import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from buildkite_emulator.http import protocol
from buildkite_emulator.testing import RunningEmulator
from scripts.samples import packages
from scripts.servers.api import ORGANIZATION, SPEC, TOKEN, Api, running_emulator
from scripts.servers.raw_requests import connected, form, head, part, receive_head, resident, until

pytestmark = pytest.mark.slow

MIB = 1 << 20
LIST = SPEC.operations["list_registries"].path.format(org_slug=ORGANIZATION)
TLS_HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(50)
MANY = 300
"""Idle connections; with both ends of each in view they stay below the usual limit of 1024 open files."""

Hostile = Callable[[Api], AbstractContextManager[object]]


def get(path: str, *lines: str, token: str = TOKEN) -> bytes:
    """Make a request that has no body."""
    return "\r\n".join(
        [f"GET {path} HTTP/1.1", "Host: localhost", f"Authorization: Bearer {token}", *lines, "", ""]
    ).encode()


def create(name: str, *lines: str, length: int = 0) -> bytes:
    """Make a request to create a registry, with a length of its body that is off by some bytes."""
    body = json.dumps({"name": name, "ecosystem": "files"}).encode()
    lines = ("Content-Type: application/json", f"Content-Length: {len(body) + length}", *lines)
    return get(LIST, *lines).replace(b"GET", b"POST", 1) + body


def receive_all(connection: socket.socket) -> bytes:
    """Receive until the emulator hangs up."""
    received = b""
    try:
        while data := connection.recv(65536):
            received += data
    except ConnectionResetError:  # it hung up before it had read all
        pass
    return received


def receive_response(connection: socket.socket) -> tuple[int, bytes]:
    """Receive one response; returns its status and body."""
    received = receive_head(connection).decode("latin-1").lower()
    length = int(received.partition("\r\ncontent-length: ")[2].partition("\r\n")[0])
    body = b""
    while len(body) < length:
        body += connection.recv(length - len(body))
    return int(received.split(" ")[1]), body


def statuses(received: bytes) -> list[int]:
    """List the statuses of the responses in some bytes."""
    return [int(after[:3]) for after in received.decode("latin-1").split("HTTP/1.1 ")[1:]]


def descriptors(pid: int) -> int:
    """Count a process's open files and connections."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


# what is under way while others call


@contextmanager
def silence(api: Api) -> Iterator[None]:
    """Connect many times, and say nothing."""
    with ExitStack() as stack:
        for _ in range(MANY):
            stack.enter_context(connected(api.client.base_url))
        yield


@contextmanager
def idleness(api: Api) -> Iterator[None]:
    """Connect many times, and say nothing more after a first request."""
    with ExitStack() as stack:
        for _ in range(MANY):
            connection = stack.enter_context(connected(api.client.base_url))
            connection.sendall(get(LIST))
            assert receive_response(connection)[0] == 200
        yield


@contextmanager
def slow_head(api: Api) -> Iterator[None]:
    """Send a head byte by byte; it is answered in the end."""
    request = get(LIST)
    with connected(api.client.base_url) as connection:
        for place in range(len(request) - 1):
            connection.sendall(request[place : place + 1])
        yield
        connection.sendall(request[-1:])
        assert receive_response(connection)[0] == 200


@contextmanager
def slow_body(api: Api) -> Iterator[None]:
    """Send a body byte by byte; it is answered in the end."""
    request = create("slow body")
    start = request.index(b"\r\n\r\n")
    with connected(api.client.base_url) as connection:
        connection.sendall(request[:start])
        for place in range(start, len(request) - 1):
            connection.sendall(request[place : place + 1])
        yield
        connection.sendall(request[-1:])
        assert receive_response(connection)[0] == 200


@contextmanager
def slow_uploads(api: Api) -> Iterator[None]:
    """Stall in the middle of many files; each lands once the rest of it comes."""
    registry = api.registry(name="slow uploads")
    with ExitStack() as stack:
        uploads = []
        for number in range(60):  # more than there are threads for files
            name, content = packages.generic("slow", f"1.0.{number}", bytes(100_000))
            body = form(part(content, file_name=name))
            connection = stack.enter_context(connected(api.client.base_url))
            connection.sendall(head(registry, len(body)) + body[:50_000])
            uploads.append((connection, body[50_000:]))
        yield
        for connection, rest in uploads:
            connection.sendall(rest)
        assert {receive_response(connection)[0] for connection, _ in uploads} == {200}


@contextmanager
def too_little(api: Api) -> Iterator[None]:
    """Announce more than is sent, and hang up; nothing comes of it."""
    with connected(api.client.base_url) as connection:
        connection.sendall(create("too little", length=1))
        yield
    assert api.call("get_registry", "too-little").status_code == 404


@contextmanager
def deafness(api: Api) -> Iterator[None]:
    """Send requests until no more go out, and read none of the answers."""
    registry = api.registry(name="deafness")
    for number in range(100):
        assert api.publish(registry, packages.generic("deaf", f"1.0.{number}")).status_code == 200
    path = SPEC.operations["list_packages"].path.format(org_slug=ORGANIZATION, registry_slug=registry)
    with connected(api.client.base_url) as connection:
        connection.settimeout(1)
        requests = get(f"{path}?per_page=100") * 10_000
        with pytest.raises(TimeoutError):
            connection.sendall(requests * 20)
        yield


@contextmanager
def tls(api: Api) -> Iterator[None]:
    """Try to speak TLS, which is answered 400."""
    with connected(api.client.base_url) as connection:
        connection.sendall(TLS_HELLO)
        yield
        assert statuses(receive_all(connection)) == [400]


@contextmanager
def half_closed_head(api: Api) -> Iterator[None]:
    """End one's own side in the middle of a head, which ends the connection."""
    with connected(api.client.base_url) as connection:
        connection.sendall(get(LIST)[:-10])
        connection.shutdown(socket.SHUT_WR)
        yield
        assert receive_all(connection) == b""


@contextmanager
def half_closed_body(api: Api) -> Iterator[None]:
    """End one's own side in the middle of a body, which ends the connection."""
    with connected(api.client.base_url) as connection:
        connection.sendall(create("half closed body")[:-10])
        connection.shutdown(socket.SHUT_WR)
        yield
        assert receive_all(connection) == b""


@pytest.mark.parametrize(
    "hostile",
    [
        silence,
        idleness,
        slow_head,
        slow_body,
        slow_uploads,
        too_little,
        deafness,
        tls,
        half_closed_head,
        half_closed_body,
    ],
)
def test_nobody_waits_for(served: Api, hostile: Hostile) -> None:
    """Whatever else is under way, another caller's calls are answered, reading, writing and publishing."""
    registry = served.registry(name=f"beside {hostile.__name__}")
    with hostile(served), httpx.Client(base_url=served.client.base_url, timeout=300) as client:
        beside = Api(client)
        for number in range(5):
            package = beside.publish(registry, packages.generic("a", f"1.0.{number}", bytes(2 * MIB))).json()["id"]
            beside.ok("get_package", registry, package)
            beside.ok("update_registry", registry, json={"description": str(number)})
        assert len(beside.ok("list_packages", registry)["items"]) == 5


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc to count a process's descriptors")
def test_no_descriptor_stays(tmp_path: Path) -> None:
    """Once such connections are gone, the emulator has as many descriptors open as before."""
    hostiles = (silence, slow_uploads, too_little, deafness, tls, half_closed_head, half_closed_body)
    with running_emulator(f"--data={tmp_path}") as (api, process):
        api.ok("list_registries")
        with silence(api):
            pass
        before = descriptors(process.pid)
        for hostile in hostiles:
            with hostile(api):
                pass
        until(lambda: descriptors(process.pid) <= before, "the descriptors are closed")


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc to read a process's memory")
def test_requests_that_are_not_answered_yet_take_little_memory(tmp_path: Path) -> None:
    """Whoever sends on and on and reads no answer is not read either: the emulator grows by less than 64 MiB."""
    with running_emulator(f"--data={tmp_path}") as (api, process):
        with slow_head(api):
            pass
        before = resident(process.pid, "VmRSS")
        with deafness(api):
            growth = resident(process.pid, "VmHWM") - before
    assert growth < 64 * MIB, f"it grew by {growth / MIB:.0f} MiB"


# what is said to them


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningEmulator]:
    """Run an emulator that waits for the head of a request for a moment only."""
    monkeypatch.setattr(protocol, "PATIENCE", 0.3)
    with RunningEmulator() as emulator:
        yield emulator


def test_a_head_has_a_time_to_come_in(impatient: RunningEmulator) -> None:
    """A head that keeps coming but does not end is answered 408, on a new connection and on one in use."""
    url = httpx.URL(impatient.url)
    for requests_before in (0, 1):
        with connected(url) as connection:
            for _ in range(requests_before):
                connection.sendall(get(LIST, token=impatient.token))
                assert receive_response(connection)[0] == 200
            connection.sendall(b"GET / HTTP/1.1\r\nX: ")
            connection.settimeout(0.02)
            received = b""
            for _ in range(1000):  # much longer than a head may take
                connection.sendall(b"x")
                with suppress(TimeoutError):
                    received = connection.recv(65536)
                    break
            assert received.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
            assert b'{"message":"Request Timeout: ' in received


def test_a_connection_without_a_word_ends(impatient: RunningEmulator) -> None:
    """A connection over which nothing comes is closed, without an answer to what was not asked."""
    with connected(httpx.URL(impatient.url)) as connection:
        assert receive_all(connection) == b""


def test_a_body_may_take_its_time(impatient: RunningEmulator) -> None:
    """The bound is for the head alone: a body that stalls for longer is waited for."""
    request = create("slow").replace(TOKEN.encode(), impatient.token.encode())
    with connected(httpx.URL(impatient.url)) as connection:
        connection.sendall(request[:-1])
        time.sleep(1)  # three times as long as a head may take
        connection.sendall(request[-1:])
        assert receive_response(connection)[0] == 200


def test_requests_in_one_packet_are_answered_in_order(served: Api) -> None:
    """Of requests that come at once, slow ones and quick ones, the answers are in the order of the requests."""
    registry = served.registry(name="pipelined")
    name, content = packages.generic("pipelined", "1.0.0", bytes(3 * MIB))
    body = form(part(content, file_name=name))
    requests = [
        create("pipelined 1"),
        get(f"{LIST}/pipelined-1"),
        get(f"{LIST}/missing"),
        head(registry, len(body)) + body,
        get(f"{LIST}/{registry}/packages"),
        create("pipelined 1"),
        *[get(f"{LIST}/{name}") for name in ("pipelined-1", "missing") * 50],
    ]
    with connected(served.client.base_url) as connection:
        connection.sendall(b"".join(requests))
        responses = [receive_response(connection) for _ in requests]
    assert [status for status, _ in responses] == [200, 200, 404, 200, 200, 422] + [200, 404] * 50
    assert json.loads(responses[4][1])["items"][0]["name"] == "pipelined"
    assert json.loads(responses[1][1]) == json.loads(responses[6][1])


@pytest.mark.parametrize(
    "garbage", [b"garbage\r\n\r\n", TLS_HELLO, b"GET / HTTP/1.1\r\nno colon\r\n\r\n"], ids=["text", "tls", "header"]
)
def test_garbage_after_requests_is_refused_after_their_answers(served: Api, garbage: bytes) -> None:
    """What is no request is answered 400 in its turn, and takes no answer from the requests before it."""
    with connected(served.client.base_url) as connection:
        connection.sendall(get(LIST) * 3 + garbage + get(LIST))
        assert statuses(receive_all(connection)) == [200, 200, 200, 400]


def test_a_body_that_is_longer_than_announced_is_no_part_of_the_request(served: Api) -> None:
    """As many bytes as the length says are the body, and the rest is taken for a request that it is not."""
    with connected(served.client.base_url) as connection:
        connection.sendall(create("too much") + b"garbage")
        assert statuses(receive_all(connection)) == [200, 400]
    with connected(served.client.base_url) as connection:
        connection.sendall(create("much too much", length=-5))
        assert statuses(receive_all(connection)) == [422, 400]


def test_garbage_in_a_body_that_is_refused_already_is_not_answered(served: Api) -> None:
    """A request has one answer: where it was given before the body came, a broken body ends the connection only."""
    request = head("missing", 0, "Transfer-Encoding: chunked").replace(b"Content-Length: 0\r\n", b"")
    with connected(served.client.base_url) as connection:
        connection.sendall(request + b"5\r\nhello\r\n")
        assert receive_response(connection)[0] == 404
        connection.sendall(b"garbage")
        assert receive_all(connection) == b""


@pytest.mark.parametrize("requests", [get(LIST), get(LIST) * 5, create("half closed")], ids=["get", "gets", "post"])
def test_who_ends_his_side_after_requests_gets_the_answers(served: Api, requests: bytes) -> None:
    """A caller who says that no more is to come is answered all the same, and then the connection ends."""
    with connected(served.client.base_url) as connection:
        connection.sendall(requests)
        connection.shutdown(socket.SHUT_WR)
        assert statuses(receive_all(connection)) == [200] * requests.count(b" HTTP/1.1\r\n")


@pytest.mark.parametrize("in_one_packet", [True, False])
def test_a_wish_for_another_protocol_is_passed_over(served: Api, in_one_packet: bool) -> None:  # noqa: FBT001 - pytest names it
    """A request that offers HTTP/2, as Java's client sends, is answered as without the offer, its body read."""
    name = f"upgrade {in_one_packet}"
    upgrade = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABk")
    request = create(name, *upgrade)
    with connected(served.client.base_url) as connection:
        if in_one_packet:
            connection.sendall(request + get(LIST, *upgrade))
        else:
            start = request.index(b"\r\n\r\n")
            connection.sendall(request[:start] + b"\r\nExpect: 100-continue\r\n\r\n")
            assert receive_head(connection).startswith(b"HTTP/1.1 100 ")
            connection.sendall(request[start + 4 :] + get(LIST, *upgrade))
        status, body = receive_response(connection)
        assert (status, json.loads(body)["name"]) == (200, name)
        assert receive_response(connection)[0] == 200


def test_it_is_no_proxy(served: Api) -> None:
    """CONNECT is answered 400, and a request in the form for proxies as any other, if it is to this server."""
    with connected(served.client.base_url) as connection:
        connection.sendall(b"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n")
        assert statuses(receive_all(connection)) == [400]
    for host, status in (("localhost:1", 200), ("example.com", 403), ("user@localhost", 403)):
        with connected(served.client.base_url) as connection:
            connection.sendall(get(f"http://{host}{LIST}"))
            assert receive_response(connection)[0] == status
