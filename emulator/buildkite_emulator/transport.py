"""Reaches an emulator in the same process, without a socket."""

import contextlib

import httpx
from anyio.from_thread import BlockingPortal, start_blocking_portal
from starlette.types import ASGIApp


class EmulatorTransport(httpx.BaseTransport):
    """A transport for `httpx.Client` that calls an ASGI application, on an event loop in a thread of its own.

    Args:
        app: the ASGI application.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._transport = httpx.ASGITransport(app=app, raise_app_exceptions=True)
        self._stack = contextlib.ExitStack()
        self._portal: BlockingPortal = self._stack.enter_context(start_blocking_portal())

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; its body is read into memory."""
        return self._portal.call(self._send, request.method, request.url, request.headers, request.read())

    async def _send(self, method: str, url: httpx.URL, headers: httpx.Headers, content: bytes) -> httpx.Response:
        request = httpx.Request(method, url, headers=headers, content=content)
        response = await self._transport.handle_async_request(request)
        return httpx.Response(response.status_code, headers=response.headers, content=await response.aread())

    def close(self) -> None:
        """Stop the thread."""
        self._stack.close()
