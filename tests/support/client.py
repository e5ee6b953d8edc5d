"""What the tests of retries, publishing and pages share: clients of both kinds, and servers that misbehave."""

import asyncio
import inspect
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

from buildkite_emulator.testing import RunningEmulator
from buildkite_packages import AsyncPackageRegistries, PackageRegistries, Retry

ORGANIZATION = "my-org"
TOKEN = "s3cret"  # noqa: S105 - of servers that accept any

AT_ONCE = Retry(first_backoff=0)
"""Tries again as by default, without the random waits."""


class Kind:
    """One of the two kinds of clients, used alike.

    Args:
        is_async: whether it is the awaited kind.
    """

    def __init__(self, *, is_async: bool) -> None:
        self.is_async = is_async
        self._runner = asyncio.Runner()
        self._closing = ExitStack()

    def client(self, url: str = "http://127.0.0.1:9", token: str = TOKEN, **settings: Any) -> Any:
        """Make a client, which is closed at the end."""
        kind = AsyncPackageRegistries if self.is_async else PackageRegistries
        settings = {"retry": AT_ONCE, **settings}
        return self.closing(kind(token=token, organization=ORGANIZATION, base_url=url, **settings))

    def closing(self, made: Any) -> Any:
        """Have a client closed at the end."""
        self._closing.callback(lambda: self.run(made.aclose() if self.is_async else made.close()))
        return made

    def of(self, emulator: RunningEmulator, **settings: Any) -> Any:
        """Make a client of an emulator."""
        return self.client(emulator.url, emulator.token, **settings)

    def control(self, emulator: RunningEmulator) -> httpx.Client:
        """Make a client of what only an emulator has, which is closed at the end."""
        made = httpx.Client(base_url=f"{emulator.url}/_emulator/")
        self._closing.callback(made.close)
        return made

    def answered(self, answer: Callable[[httpx.Request], httpx.Response], **settings: Any) -> Any:
        """Make a client whose requests a function answers; it gets them with their body read."""
        return self.client(httpx_args={"transport": httpx.MockTransport(answer)}, **settings)

    def run(self, result: Any) -> Any:
        """Give what a method gives, awaited where that is needed."""
        return self._runner.run(awaited(result)) if inspect.isawaitable(result) else result

    def collect(self, items: Any) -> list[Any]:
        """List what is iterated over."""
        return self._runner.run(collected(items)) if hasattr(items, "__aiter__") else list(items)

    def first(self, items: Any) -> Any:
        """Take the first of what is iterated over, and no more."""
        if hasattr(items, "__aiter__"):
            return self._runner.run(first_of(items))
        return next(iter(items))

    def close(self) -> None:
        """Close the clients that were made."""
        self._closing.close()
        self._runner.close()


async def awaited(result: Any) -> Any:
    """Await what may be no coroutine."""
    return await result


async def collected(items: Any) -> list[Any]:
    """List what is iterated over asynchronously."""
    return [each async for each in items]


async def first_of(items: Any) -> Any:
    """Take the first of what is iterated over asynchronously."""
    iterator = aiter(items)
    try:
        return await anext(iterator)
    finally:
        await iterator.aclose()


def operations(emulator: RunningEmulator) -> list[str]:
    """List the operations that an emulator was asked for."""
    return [str(entry["operation"]) for entry in emulator.requests]


def count(emulator: RunningEmulator, operation: str) -> int:
    """Count the requests for an operation."""
    return operations(emulator).count(operation)


@contextmanager
def nothing_listens() -> Iterator[str]:
    """Give an address at which nothing listens."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"


@contextmanager
def server(answer: Callable[[BaseHTTPRequestHandler], None]) -> Iterator[tuple[str, list[str]]]:
    """Run a server; gives its address, and the requests that it gets."""
    seen: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def handle_any(self) -> None:
            seen.append(f"{self.command} {self.path} {self.headers.get('Authorization')}")
            answer(self)

        do_GET = do_POST = do_DELETE = handle_any  # noqa: N815

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{running.server_port}", seen
        finally:
            running.shutdown()
            thread.join()


Answer = tuple[int, dict[str, str], bytes]
"""A status, headers and a body as it is sent."""


class Answering(ThreadingHTTPServer):
    """Gives answers over a socket, as httpx's mock decodes what it is given before the client sees it."""

    daemon_threads = True

    def __init__(self, answers: dict[str, Answer]) -> None:
        super().__init__(("127.0.0.1", 0), GiveAnswer)
        self.answers = answers
        self.accepted: list[str | None] = []

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class GiveAnswer(BaseHTTPRequestHandler):
    """Gives the answer for a path, or the one for any other."""

    server: Answering
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer."""
        self.server.accepted.append(self.headers["Accept-Encoding"])
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path = self.path.partition("?")[0]
        names = (f"{self.command} {path}", path, "*")
        status, headers, body = next(each for name in names if (each := self.server.answers.get(name)))
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815 - its name there

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
        """Say nothing."""


@contextmanager
def serving(answers: dict[str, Answer]) -> Iterator[Answering]:
    """Run a server that gives answers by method and path, by path, or the one for `*`."""
    made = Answering(answers)
    thread = threading.Thread(target=made.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield made
    finally:
        made.shutdown()
        thread.join()
        made.server_close()
