"""Reads answers with bounds on their size and time, whatever a service sends.

A body is decoded here and not by the HTTP libraries, as these decode a chunk of any ratio of compression at once.
"""

import io
import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpcore
import httpx
import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse
from urllib3.exceptions import HTTPError

from scripts.contract.http.errors import Unreadable

MOST_BYTES = 64 * 1024 * 1024
"""Of a body, before and after it is decoded."""

MOST_SECONDS = 120.0
"""For all of an answer; a single wait is bounded by the timeout of whoever asks."""

CODED = frozenset({"content-encoding", "content-length", "transfer-encoding"})
"""Headers that are not true any more of a body that was read and decoded."""

WINDOWS: Mapping[str, tuple[int, ...]] = {
    "gzip": (16 + zlib.MAX_WBITS,),
    "x-gzip": (16 + zlib.MAX_WBITS,),
    "deflate": (zlib.MAX_WBITS, -zlib.MAX_WBITS),
}
"""The encodings that a request asks for, each with the forms that it may have."""

ACCEPTED = "gzip, deflate"

local = threading.local()
"""Has the `deadline` of the answer that a thread waits for, by `time.monotonic`; None where it waits for none."""


@contextmanager
def deadline() -> Iterator[None]:
    """Give the answer that the block waits for its time; what the thread waits for later is not bounded by it."""
    before = getattr(local, "deadline", None)
    local.deadline = time.monotonic() + MOST_SECONDS
    try:
        yield
    finally:
        local.deadline = before


def body_of(chunks: Iterable[bytes], encoding: str, clock: Callable[[], float] = time.monotonic) -> bytes:
    """Read a body.

    Args:
        chunks: what is sent.
        encoding: value of the header `Content-Encoding`.
        clock: gives seconds.

    Raises:
        Unreadable: it is too long, takes too long, or is not encoded as it says.
    """
    end = clock() + MOST_SECONDS
    received = io.BytesIO()
    for chunk in chunks:
        received.write(chunk)
        if received.tell() > MOST_BYTES:
            raise Unreadable(f"its body is longer than {MOST_BYTES:,} bytes")
        if clock() > end:
            raise Unreadable(f"its body has not ended after {MOST_SECONDS:.0f} seconds")
    body = received.getvalue()
    for name in reversed([each.strip().lower() for each in encoding.split(",")]):
        body = decoded(body, name) if body and name not in ("", "identity") else body
    return body


def decoded(body: bytes, encoding: str) -> bytes:
    """Undo an encoding of a body.

    Raises:
        Unreadable: the body is not so encoded, or too long.
    """
    if encoding not in WINDOWS:
        raise Unreadable(f"its Content-Encoding is {encoding[:50]!r}, which the request did not ask for")
    for window in WINDOWS[encoding]:
        try:
            return inflated(body, window)
        except zlib.error:
            continue
    raise Unreadable(f"its Content-Encoding is {encoding}, and its body is not")


def inflated(body: bytes, window: int) -> bytes:
    """Decompress a body, which may have several members.

    Raises:
        zlib.error: it is not compressed so.
        Unreadable: it is cut short or too long.
    """
    out = io.BytesIO()
    while body:
        member = zlib.decompressobj(window)
        out.write(member.decompress(body, MOST_BYTES + 1 - out.tell()))
        if out.tell() > MOST_BYTES:
            raise Unreadable(f"its body is longer than {MOST_BYTES:,} bytes after it is decoded")
        if not member.eof:
            raise Unreadable("its body is compressed and cut short")
        body = member.unused_data
    return out.getvalue()


class DeadlineStream(httpcore.NetworkStream):
    """A connection of httpcore that is read until the thread's deadline."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read some bytes."""
        left = local.deadline - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout(too_slow())
        return self._stream.read(max_bytes, left if timeout is None else min(timeout, left))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write bytes."""
        self._stream.write(buffer, timeout)

    def close(self) -> None:
        """Close it."""
        self._stream.close()

    def start_tls(self, *arguments: Any, **options: Any) -> httpcore.NetworkStream:
        """Go on with TLS."""
        return DeadlineStream(self._stream.start_tls(*arguments, **options))

    def get_extra_info(self, info: str) -> Any:
        """Tell about the connection."""
        return self._stream.get_extra_info(info)


class DeadlineBackend(httpcore.SyncBackend):
    """Makes such connections."""

    def connect_tcp(self, *arguments: Any, **options: Any) -> httpcore.NetworkStream:
        """Connect to a host."""
        return DeadlineStream(super().connect_tcp(*arguments, **options))


class BoundedTransport(httpx.BaseTransport):
    """A transport of httpx that bounds answers, and gives their bodies decoded.

    Args:
        inner: sends the requests; by default a transport that goes past proxies.

    Raises:
        httpx.DecodingError: when a request was answered with what cannot be read.
    """

    def __init__(self, inner: httpx.BaseTransport | None = None) -> None:
        if inner is None:
            inner = httpx.HTTPTransport(trust_env=False)
            inner._pool._network_backend = DeadlineBackend()  # httpx has no option for it
        self._inner = inner

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request."""
        if "Accept-Encoding" in request.headers:
            request.headers["Accept-Encoding"] = ACCEPTED
        with deadline():
            response = self._inner.handle_request(request)
            try:
                body = body_of(raw_chunks(response), response.headers.get("Content-Encoding", ""))
            except Unreadable as error:
                raise httpx.DecodingError(str(error), request=request) from None
            finally:
                response.close()
        headers = [pair for pair in response.headers.raw if pair[0].decode("latin-1").lower() not in CODED]
        return httpx.Response(
            response.status_code,
            headers=headers,
            stream=httpx.ByteStream(body),
            extensions=response.extensions,
            request=request,
        )

    def close(self) -> None:
        """Close what sends the requests."""
        self._inner.close()


def raw_chunks(response: httpx.Response) -> Iterator[bytes]:
    """Give a body as it is sent."""
    if response.is_stream_consumed:
        yield response.content
    else:
        yield from response.iter_raw()


def bound_requests() -> None:
    """Let everything that this process gets with `requests` be bounded from now on.

    An answer that cannot be read raises `requests.exceptions.ContentDecodingError`.
    """
    send, readinto = HTTPAdapter.send, socket.SocketIO.readinto

    def bounded(
        self: HTTPAdapter, request: requests.PreparedRequest, *values: Any, **options: Any
    ) -> requests.Response:
        request.headers["Accept-Encoding"] = ACCEPTED
        with deadline():
            return read_whole(self, request, send(self, request, *values, **options))

    def until_deadline(self: socket.SocketIO, buffer: Any) -> int | None:
        if (end := getattr(local, "deadline", None)) is not None and time.monotonic() > end:
            raise TimeoutError(too_slow())
        return readinto(self, buffer)

    HTTPAdapter.send = bounded  # type: ignore[method-assign]
    socket.SocketIO.readinto = until_deadline  # type: ignore[method-assign,assignment]


def read_whole(
    adapter: HTTPAdapter, request: requests.PreparedRequest, response: requests.Response
) -> requests.Response:
    """Read the body of an answer of `requests`; gives the answer with the decoded body."""
    try:
        chunks = response.raw.stream(65536, decode_content=False)
        body = body_of(chunks, response.headers.get("Content-Encoding", ""))
    except Unreadable as error:
        raise requests.exceptions.ContentDecodingError(str(error), request=request) from None
    except (HTTPError, ValueError) as error:  # as requests itself has it where it reads a body
        raise requests.exceptions.ChunkedEncodingError(error, request=request) from None
    finally:
        response.close()
    headers = response.raw.headers.copy()
    for name in CODED:
        headers.discard(name)
    raw = HTTPResponse(
        io.BytesIO(body),
        headers,
        response.status_code,
        version=response.raw.version,
        reason=response.reason,
        request_method=request.method,
        preload_content=False,
    )
    return adapter.build_response(request, raw)


def too_slow() -> str:
    """Say that an answer takes too long."""
    return f"the answer has not ended after {MOST_SECONDS:.0f} seconds"
