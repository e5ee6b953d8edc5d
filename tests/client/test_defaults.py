"""What a client does that was told nothing but who it is."""

import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler

import pytest

from buildkite_packages import PackageRegistries
from tests.support.client import ORGANIZATION, TOKEN, Kind, server

LONGEST = 600.0
"""Seconds in which somebody would think that a program hangs."""


def test_no_wait_is_for_ever(kind: Kind) -> None:
    """Every wait of a client ends; a service that stores a large file may take a minute, one that is away may not."""
    made = kind.client().client
    timeout = (made.get_async_httpx_client() if kind.is_async else made.get_httpx_client()).timeout
    assert 0 < (timeout.connect or 0) <= 30
    assert 60 < (timeout.read or 0) <= LONGEST
    assert 60 <= (timeout.write or 0) <= LONGEST
    assert 0 < (timeout.pool or 0) <= LONGEST


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
        server(answer) as (url, _),
        PackageRegistries(TOKEN, ORGANIZATION, base_url=url) as buildkite,
        ThreadPoolExecutor(many) as threads,
    ):
        for _ in range(2):
            assert list(threads.map(lambda _: buildkite.registries.list(), range(many))) == [[]] * many
    assert len(connections) == many
