"""What a client does that was told nothing but who it is."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler

import httpx
import pytest

from buildkite_packages import AsyncPackageRegistries, PackageRegistries, __version__
from tests.support import client as flow
from tests.support.client import ORGANIZATION, TOKEN

LONGEST = 600.0
"""Seconds in which somebody would think that a program hangs."""


def timeouts() -> list[httpx.Timeout]:
    """Give the timeouts of the httpx clients of both kinds."""
    with PackageRegistries(TOKEN, ORGANIZATION) as buildkite:
        found = buildkite.client.get_httpx_client().timeout

    async def awaited() -> httpx.Timeout:
        async with AsyncPackageRegistries(TOKEN, ORGANIZATION) as buildkite:
            return buildkite.client.get_async_httpx_client().timeout

    return [found, asyncio.run(awaited())]


def test_no_wait_is_for_ever() -> None:
    """Every wait of a client has an end."""
    for timeout in timeouts():
        for seconds in (timeout.connect, timeout.read, timeout.write, timeout.pool):
            assert seconds is not None
            assert 0 < seconds <= LONGEST


def test_a_large_upload_has_time() -> None:
    """A service that stores a large file may take a minute and more to answer; one that is away is seen sooner."""
    for timeout in timeouts():
        assert timeout.connect is not None
        assert timeout.read is not None
        assert timeout.write is not None
        assert timeout.read > 60
        assert timeout.write >= 60
        assert timeout.connect <= 30


def test_the_client_says_what_it_is() -> None:
    """A request names the client, with its version, as what sent it."""
    requests: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(200, json=[])

    transport = httpx.MockTransport(answer)
    with PackageRegistries(TOKEN, ORGANIZATION, httpx_args={"transport": transport}) as buildkite:
        buildkite.registries.list()
    assert requests[0].headers["User-Agent"].split()[0] == f"buildkite-packages/{__version__}"


@pytest.mark.slow
def test_no_connection_is_closed_while_a_thread_may_want_it() -> None:
    """Fifty threads that share a client keep their fifty connections from one round of calls to the next.

    A client that closes some of them as surplus may close one that another thread is about to send on.
    """
    many = 50
    meeting = threading.Barrier(many)
    connections = set()

    def answer(handler: BaseHTTPRequestHandler) -> None:
        connections.add(handler.client_address)
        meeting.wait(timeout=300)  # so that each call of a round has a connection of its own
        handler.send_response(200)
        handler.send_header("Content-Length", "2")
        handler.end_headers()
        handler.wfile.write(b"[]")

    with (
        flow.server(answer) as (url, _),
        PackageRegistries(TOKEN, ORGANIZATION, base_url=url) as buildkite,
        ThreadPoolExecutor(many) as threads,
    ):
        for _ in range(2):
            assert list(threads.map(lambda _: buildkite.registries.list(), range(many))) == [[]] * many
    assert len(connections) == many
