"""The transports that reach an emulator without a socket."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from buildkite_emulator.http.connection import CUT
from buildkite_emulator.server import build
from buildkite_emulator.testing import AsyncEmulatorTransport, EmulatorTransport
from scripts.samples import packages
from scripts.servers.api import TOKEN, Api

BASE_URL = "http://emulator"

Exchange = Callable[..., httpx.Response]
"""Takes an application, a method, a path and perhaps a body, sends that, and gives the answer."""


def exchange(app: ASGIApp, method: str, path: str, content: Iterable[bytes] | None = None) -> httpx.Response:
    """Send a request with an `httpx.Client`."""
    with httpx.Client(transport=EmulatorTransport(app), base_url=BASE_URL) as client:
        return client.request(method, path, content=content)


def exchange_async(app: ASGIApp, method: str, path: str, content: Iterable[bytes] | None = None) -> httpx.Response:
    """Send a request with an `httpx.AsyncClient`."""

    async def pieces(content: Iterable[bytes]) -> AsyncIterator[bytes]:
        for piece in content:
            yield piece

    async def run() -> httpx.Response:
        async with httpx.AsyncClient(transport=AsyncEmulatorTransport(app), base_url=BASE_URL) as client:
            return await client.request(method, path, content=None if content is None else pieces(content))

    return asyncio.run(run())


either = pytest.mark.parametrize("send", [exchange, exchange_async])


def answering(respond: Callable[[Request], Response]) -> ASGIApp:
    """Make an application that answers without reading the body."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await respond(Request(scope, receive))(scope, receive, send)

    return app


# the emulator


def test_a_client_with_a_fresh_emulator() -> None:
    """One line makes a client with its own emulator, which stores packages."""
    with httpx.Client(transport=EmulatorTransport.fresh(), base_url=BASE_URL) as client:
        api = Api(client)
        registry = api.registry()
        api.publish(registry, packages.generic("banana", "1.0.0")).raise_for_status()
        assert [package["name"] for package in api.ok("list_packages", registry)["items"]] == ["banana"]
    with httpx.Client(transport=EmulatorTransport.fresh(), base_url=BASE_URL) as client:
        assert Api(client).ok("list_registries") == []


def test_an_async_client_with_a_fresh_emulator() -> None:
    """One line makes an asynchronous client with its own emulator, which stores packages."""
    registries = "/v2/packages/organizations/my-org/registries"

    async def run() -> list[str]:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        transport = AsyncEmulatorTransport.fresh()
        async with httpx.AsyncClient(transport=transport, base_url=BASE_URL, headers=headers) as client:
            (await client.post(registries, json={"name": "x", "ecosystem": "files"})).raise_for_status()
            sent = [
                client.post(f"{registries}/x/packages", files={"file": packages.generic(name, "1.0.0")})
                for name in ("apple", "banana", "cherry")
            ]
            for response in await asyncio.gather(*sent):
                response.raise_for_status()
            listed = (await client.get(f"{registries}/x/packages")).raise_for_status()
            return [package["name"] for package in listed.json()["items"]]

    assert sorted(asyncio.run(run())) == ["apple", "banana", "cherry"]


def test_a_fresh_emulator_takes_the_options_of_build(tmp_path: Path) -> None:
    """What `build` takes, `fresh` takes; closing the client closes the emulator, so that its folder is free again."""
    for number in range(2):
        transport = EmulatorTransport.fresh(data=tmp_path, tokens={"mine": ["read_registries", "write_registries"]})
        with httpx.Client(transport=transport, base_url=BASE_URL) as client:
            api = Api(client, token="mine")  # noqa: S106
            assert len(api.ok("list_registries")) == number
            api.registry(name=f"registry {number}")


def test_an_async_fresh_emulator_is_closed_with_its_client(tmp_path: Path) -> None:
    """Closing the asynchronous client closes the emulator, so that its folder is free again."""

    async def run() -> int:
        transport = AsyncEmulatorTransport.fresh(data=tmp_path)
        async with httpx.AsyncClient(transport=transport, base_url=BASE_URL) as client:
            return (await client.get("/v2/packages/organizations/my-org/registries")).status_code

    assert [asyncio.run(run()) for _ in range(2)] == [401, 401]


@pytest.mark.slow
def test_a_client_that_is_not_closed_does_not_keep_a_program_from_its_end() -> None:
    """A program that uses a transport and never closes it ends all the same."""
    code = (
        "import httpx\n"
        "from buildkite_emulator.testing.transport import EmulatorTransport\n"
        f"client = httpx.Client(transport=EmulatorTransport.fresh(), base_url='{BASE_URL}')\n"
        "print(client.post('/', files={'file': b'x'}).status_code)"
    )
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=False)
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, "404\n", "")


def test_threads_share_a_client() -> None:
    """Calls from several threads over one client are all answered, each with its own answer."""
    with httpx.Client(transport=EmulatorTransport.fresh(), base_url=BASE_URL) as client, ThreadPoolExecutor(8) as pool:
        api = Api(client)
        names = [f"registry-{number}" for number in range(40)]
        assert list(pool.map(lambda name: api.registry(name=name), names)) == names


@pytest.mark.parametrize(
    ("fault", "published"),
    [
        ({"cut": "before"}, 0),
        ({"cut": "after"}, 1),
        ({"body": "truncated"}, 1),
        ({"upload": {"after_bytes": 10, "action": "cut"}}, 0),
    ],
    ids=["before", "after", "truncated", "upload"],
)
def test_faults_that_cut_the_connection(fault: dict[str, object], published: int) -> None:
    """A fault raises to an asynchronous client what a socket's would; `test_faults.py` tries the other client."""
    built = build()
    url = "/v2/packages/organizations/my-org/registries/my-registry/packages"
    headers, files = {"Authorization": f"Bearer {TOKEN}"}, {"file": packages.generic("banana", "1.0.0")}

    async def publish() -> None:
        async with httpx.AsyncClient(transport=AsyncEmulatorTransport(built.app), base_url=BASE_URL) as client:
            await client.post(url, headers=headers, files=files)

    with httpx.Client(transport=EmulatorTransport(built.app), base_url=BASE_URL) as client:
        api = Api(client)
        registry = api.registry()
        client.post("/_emulator/faults", json={"operation": "publish_package", **fault}).raise_for_status()
        with pytest.raises(httpx.RemoteProtocolError):
            asyncio.run(publish())
        assert len(api.ok("list_packages", registry)["items"]) == published
    built.close()


# requests


@either
def test_an_application_sees_the_request(send: Exchange) -> None:
    """Method, path as it was sent, query, headers and host reach the application."""
    seen: list[Request] = []

    def respond(request: Request) -> Response:
        seen.append(request)
        return PlainTextResponse("seen", headers={"X-Answer": "yes"})

    response = send(answering(respond), "PATCH", "/a%2Fb/%C3%BC?c=d&c=e")
    assert (response.status_code, response.text, response.headers["x-answer"]) == (200, "seen", "yes")
    (request,) = seen
    assert (request.method, request.scope["raw_path"]) == ("PATCH", b"/a%2Fb/%C3%BC")
    assert request.query_params.getlist("c") == ["d", "e"]
    assert (request.headers["host"], request.url.hostname) == ("emulator", "emulator")


@either
def test_a_body_is_streamed(send: Exchange) -> None:
    """A body is streamed: a chunk reaches the application before the one after the next is requested."""
    made, received = 0, 0
    ahead = []

    def body() -> Iterator[bytes]:
        nonlocal made
        for _ in range(20):
            made += 1
            ahead.append(made - received)
            yield b"piece"

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal received
        async for piece in Request(scope, receive).stream():
            received += piece == b"piece"
        await PlainTextResponse(str(received))(scope, receive, send)

    assert send(app, "POST", "/", body()).text == "20"
    assert max(ahead) <= 2


def test_a_slow_body_holds_up_nobody_else() -> None:
    """While one thread's body is waited for, the requests of others are answered."""
    with httpx.Client(transport=EmulatorTransport.fresh(), base_url=BASE_URL) as client, ThreadPoolExecutor(1) as pool:
        api = Api(client)

        def body() -> Iterator[bytes]:
            yield b'{"name": "slow", '
            pool.submit(api.registry, name="other").result(timeout=300)
            yield b'"ecosystem": "files"}'

        api.ok("create_registry", content=body(), headers={"Content-Type": "application/json"})
        assert [registry["slug"] for registry in api.ok("list_registries")] == ["other", "slow"]


@either
def test_an_answer_does_not_wait_for_the_body(send: Exchange) -> None:
    """An application may respond before it has read the body; the rest is not requested."""
    asked = []

    def body() -> Iterator[bytes]:
        for number in range(20):
            asked.append(number)
            yield b"piece"

    assert send(answering(lambda _: PlainTextResponse("no", 413)), "POST", "/", body()).status_code == 413
    assert len(asked) < 20


@either
def test_a_body_that_cannot_be_made_is_the_client_s_own_error(send: Exchange) -> None:
    """What goes wrong while a body is made is raised to the client; to the application it is a lost connection."""
    lost = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            async for _ in Request(scope, receive).stream():
                pass
        except ClientDisconnect as error:
            lost.append(error)
        await PlainTextResponse("nobody reads this")(scope, receive, send)

    def body() -> Iterator[bytes]:
        yield b"piece"
        raise OSError("the disk is broken")

    with pytest.raises(OSError, match="the disk is broken"):
        send(app, "POST", "/", body())
    assert len(lost) == 1


# answers


@either
def test_an_answer_may_be_streamed(send: Exchange) -> None:
    """An answer in pieces arrives whole, though Starlette listens meanwhile for the end of the connection."""

    async def pieces() -> AsyncIterator[bytes]:
        for number in range(3):
            await asyncio.sleep(0)
            yield str(number).encode()

    assert send(answering(lambda _: StreamingResponse(pieces())), "GET", "/").text == "012"


@either
def test_an_answer_to_head_has_no_body(send: Exchange) -> None:
    """The answer to HEAD keeps its Content-Length and loses its body."""
    response = send(answering(lambda _: PlainTextResponse("text")), "HEAD", "/")
    assert (response.headers["content-length"], response.content) == ("4", b"")


@either
def test_an_application_s_error_is_raised(send: Exchange) -> None:
    """What an application raises is raised to the client, as a test wants it."""

    def respond(_: Request) -> Response:
        raise LookupError("a fault of the application")

    with pytest.raises(LookupError, match="a fault of the application"):
        send(answering(respond), "GET", "/")


@either
@pytest.mark.parametrize("sent", [0, 1, 2])
def test_a_cut_connection(send: Exchange, sent: int) -> None:
    """A connection that is cut raises what a socket's would, however much of the answer was sent."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        messages = [
            {"type": "http.response.start", "status": 200, "headers": []},
            {"type": "http.response.body", "body": b"the beginning", "more_body": True},
        ]
        for message in messages[:sent]:
            await send(message)
        scope["extensions"][CUT]()
        assert (await receive())["type"] == "http.disconnect"
        await send({"type": "http.response.body", "body": b"too late"})

    with pytest.raises(httpx.RemoteProtocolError, match="cut"):
        send(app, "GET", "/")


@either
def test_an_answer_without_an_end(send: Exchange) -> None:
    """An answer that the application does not end raises what a socket's would."""

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"the beginning", "more_body": True})

    with pytest.raises(httpx.RemoteProtocolError, match="end of the response"):
        send(app, "GET", "/")


@either
def test_an_answer_that_is_shorter_than_it_says(send: Exchange) -> None:
    """An answer with fewer bytes than its Content-Length raises what a socket's would."""
    app = answering(lambda _: Response(b"four", headers={"Content-Length": "5"}))
    with pytest.raises(httpx.RemoteProtocolError, match="after 4 of 5 bytes"):
        send(app, "GET", "/")
