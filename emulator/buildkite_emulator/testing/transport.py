"""HTTPX transports to an emulator in the same process, without a socket.

    httpx.Client(transport=EmulatorTransport.fresh(), base_url="http://emulator")
    httpx.AsyncClient(transport=AsyncEmulatorTransport.fresh(), base_url="http://emulator")

The request is streamed to the application; the response is read whole. The client's timeouts have no effect here: to
test those, use `testing.RunningEmulator`, which has a socket.
"""

import weakref
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AsyncExitStack, ExitStack, aclosing
from typing import Any, Self

import httpx
from anyio import Event, to_thread
from anyio.from_thread import BlockingPortal, start_blocking_portal
from starlette.types import ASGIApp, Message, Scope

from buildkite_emulator.http.connection import CUT


class EmulatorTransport(httpx.BaseTransport):
    """A transport for `httpx.Client` that calls an ASGI application on an event loop in its own thread.

    Args:
        app: the ASGI application.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._stack = ExitStack()
        self._portal: BlockingPortal = self._stack.enter_context(start_blocking_portal())
        self._close = weakref.finalize(self, self._stack.close)  # or a program that does not close it would never end

    @classmethod
    def fresh(cls, **options: Any) -> Self:
        """Make a transport with its own emulator, which is closed with it.

        Args:
            options: arguments of `server.build`; by default the emulator keeps its data in memory.
        """
        app, close = build(options)
        transport = cls(app)
        transport._stack.callback(close)
        return transport

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request.

        Raises:
            httpx.RemoteProtocolError: the application cut the connection, or sent an incomplete response.
        """
        return self._portal.call(self._exchange, request)

    async def _exchange(self, request: httpx.Request) -> httpx.Response:
        async with aclosing(in_thread(request.stream)) as body:
            return await AsgiCall(request, body).run(self._app)

    def close(self) -> None:
        """Stop the thread, and close the emulator if it is the transport's own."""
        self._close()


class AsyncEmulatorTransport(httpx.AsyncBaseTransport):
    """A transport for `httpx.AsyncClient` that calls an ASGI application on the client's own event loop.

    Args:
        app: the ASGI application.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._stack = AsyncExitStack()

    @classmethod
    def fresh(cls, **options: Any) -> Self:
        """Make a transport with its own emulator, which is closed with it.

        Args:
            options: arguments of `server.build`; by default the emulator keeps its data in memory.
        """
        app, close = build(options)
        transport = cls(app)
        transport._stack.callback(close)
        return transport

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request.

        Raises:
            httpx.RemoteProtocolError: the application cut the connection, or sent an incomplete response.
        """
        if not isinstance(request.stream, httpx.AsyncByteStream):
            raise TypeError("an httpx.AsyncClient sends asynchronous streams")
        return await AsgiCall(request, aiter(request.stream)).run(self._app)

    async def aclose(self) -> None:
        """Close the emulator if it is the transport's own."""
        await self._stack.aclose()


def build(options: dict[str, Any]) -> tuple[ASGIApp, Callable[[], None]]:
    """Build an emulator; return its application and the function that closes it."""
    from buildkite_emulator import server  # noqa: PLC0415 - not needed for an existing application

    emulator = server.build(**options)
    return emulator.app, emulator.close


class AsgiCall:
    """One request to an ASGI application and its response. It is created on the application's event loop.

    Args:
        request: the request.
        body: the request's body.
    """

    def __init__(self, request: httpx.Request, body: AsyncIterator[bytes]) -> None:
        self._request = request
        self._sent = body
        self._is_sent = False
        self._failure: Exception | None = None
        self._start: Message = {}
        self._body: list[bytes] = []
        self._is_complete = False
        self._ended = Event()  # both sides are done

    async def run(self, app: ASGIApp) -> httpx.Response:
        """Call the application and read its response."""
        await app(self._scope(), self._receive, self._send)
        if self._failure is not None:
            raise self._failure
        if not self._is_complete:
            raise httpx.RemoteProtocolError("the connection was cut before the end of the response")
        headers, content = httpx.Headers(self._start.get("headers", [])), b"".join(self._body)
        if self._request.method == "HEAD":
            content = b""
        elif int(headers.get("content-length", len(content))) != len(content):
            length = headers["content-length"]
            raise httpx.RemoteProtocolError(f"the response ended after {len(content)} of {length} bytes")
        return httpx.Response(self._start["status"], headers=headers, stream=httpx.ByteStream(content))

    def _scope(self) -> Scope:
        url = self._request.url
        return {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": self._request.method,
            "headers": [(name.lower(), value) for name, value in self._request.headers.raw],
            "scheme": url.scheme,
            "path": url.path,
            "raw_path": url.raw_path.partition(b"?")[0],
            "query_string": url.query,
            "server": (url.host, url.port),
            "client": ("127.0.0.1", 0),
            "root_path": "",
            "extensions": {CUT: self._ended.set},
        }

    async def _receive(self) -> Message:
        if self._is_sent:
            await self._ended.wait()
        if self._ended.is_set():
            return {"type": "http.disconnect"}
        try:
            chunk = await anext(self._sent, None)
        except Exception as error:  # raised by the client's stream: `run` raises it again
            self._failure = error
            self._ended.set()
            return {"type": "http.disconnect"}
        self._is_sent = chunk is None
        return {"type": "http.request", "body": chunk or b"", "more_body": not self._is_sent}

    async def _send(self, message: Message) -> None:
        if self._ended.is_set():
            return
        if message["type"] == "http.response.start":
            self._start = message
        elif message["type"] == "http.response.body":
            self._body.append(message.get("body", b""))
            if not message.get("more_body", False):
                self._is_complete = True
                self._ended.set()


async def in_thread(stream: "httpx.SyncByteStream | httpx.AsyncByteStream") -> AsyncGenerator[bytes, None]:
    """Read a body in a worker thread, chunk by chunk, since it may wait for a file or another thread."""
    if not isinstance(stream, httpx.SyncByteStream):
        raise TypeError("an httpx.Client sends synchronous streams")
    pieces = iter(stream)
    if isinstance(stream, httpx.ByteStream):  # in memory
        for piece in pieces:
            yield piece
        return
    while (chunk := await to_thread.run_sync(lambda: next(pieces, None))) is not None:
        yield chunk
