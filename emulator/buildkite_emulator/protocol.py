"""HTTP on a connection: uvicorn's protocol, with bounds on what a caller may take, and with refusals of our own."""

import asyncio
from http import HTTPStatus
from typing import Any, cast

from httptools import HttpParserCallbackError, HttpParserError, HttpParserUpgrade, HttpRequestParser
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from buildkite_emulator.connection import extensions
from buildkite_emulator.responses import json_bytes

LONGEST_HEAD = 64 * 1024
"""Bytes that a request may have before its body; more is refused while it arrives."""

PATIENCE = 30
"""Seconds that a caller has for the head of a request, from the connection or the head's first byte on."""

UPGRADING = (b"connection", b"upgrade", b"http2-settings")
"""Headers of a request that asks for another protocol."""

MOST_GATHERED = 64 * 1024
"""Bytes that are gathered before they are written."""


class Protocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol, with refusals in the form of the spec's errors and bounds on the head."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._in_head = False
        self._head_size = 0
        self._head_timer: asyncio.TimerHandle | None = None
        self._refusal: bytes | None = None
        self._answering: RequestResponseCycle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin a connection."""
        gathering = GatheringTransport(cast("asyncio.Transport", transport), self.loop)
        super().connection_made(cast("asyncio.Transport", gathering))
        self._bound_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """End a connection. uvicorn tells that to the last request alone, which may wait behind the one under way."""
        self._unbound_head()
        super().connection_lost(exc)
        if self._answering is not None and not self._answering.response_complete:
            self._answering.disconnected = True
            self._answering.message_event.set()

    def data_received(self, data: bytes) -> None:
        """Take what came over the connection."""
        if self._refusal is not None:
            return
        was_in_head = self._in_head
        self._unset_keepalive_if_required()
        self._feed(data)
        if not self._in_head:
            self._unbound_head()
            return
        if self._head_timer is None:
            self._bound_head()
        if was_in_head:  # nothing but a piece of the head
            self._head_size += len(data)
            if self._head_size > LONGEST_HEAD:
                reason = f"more than {LONGEST_HEAD} bytes before the body"
                self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, reason)

    def eof_received(self) -> bool:  # type: ignore[override]  # asyncio lets it tell
        """Go on for a caller who has ended his side of the connection, where he waits for an answer still."""
        if self.cycle is not None and not self.cycle.more_body and not self.cycle.response_complete:
            self.cycle.keep_alive = False
            return True
        self.transport.close()
        return False

    def _feed(self, data: bytes) -> None:
        try:
            self.parser.feed_data(data)
        except HttpParserUpgrade as upgrade:
            self._pass_over_upgrade(data[upgrade.args[0] :])
        except HttpParserCallbackError:
            self._refuse(HTTPStatus.BAD_REQUEST, "the address cannot be read")
        except HttpParserError as error:
            self._refuse(HTTPStatus.BAD_REQUEST, str(error))

    def _pass_over_upgrade(self, rest: bytes) -> None:
        """Read a request again as if it asked for no other protocol, as Java's client does; the parser ends there.

        Args:
            rest: what came after the head.
        """
        method = self.parser.get_method()
        if method == b"CONNECT":
            self._refuse(HTTPStatus.BAD_REQUEST, "this is no proxy")
            return
        lines = [b"%s: %s\r\n" % header for header in self.headers if header[0] not in UPGRADING]
        self.parser = HttpRequestParser(self)
        self._feed(b"%s %s HTTP/1.1\r\n%s\r\n%s" % (method, self.url, b"".join(lines), rest))

    def on_message_begin(self) -> None:
        """Begin a request."""
        self._in_head, self._head_size = True, 0
        super().on_message_begin()
        self.scope["extensions"] = extensions(self.transport)

    def on_headers_complete(self) -> None:
        """End the head of a request."""
        if self.parser.should_upgrade():
            return
        super().on_headers_complete()
        self._in_head = False

    def on_message_complete(self) -> None:
        """End a request."""
        if not self.parser.should_upgrade():
            super().on_message_complete()

    def on_response_complete(self) -> None:
        """Go on after an answer: to the next request, or to what was wrong after the last one."""
        super().on_response_complete()
        if self.pipeline:
            self.flow.pause_reading()  # until these are answered; uvicorn reads on, and keeps all that comes
        if self._refusal is not None and self.cycle.response_complete:
            self._hang_up(self._refusal)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._answering = cycle
        super()._start_asgi_task(cycle, app)

    def _bound_head(self) -> None:
        self._head_timer = self.loop.call_later(PATIENCE, self._give_up)

    def _unbound_head(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _give_up(self) -> None:
        if self._in_head:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT, f"the head took more than {PATIENCE} seconds")
        else:
            self.transport.close()  # nobody has said anything

    def _refuse(self, status: HTTPStatus, reason: str) -> None:
        """Say what is wrong and hang up, after the answers to the requests before."""
        body = json_bytes({"message": f"{status.phrase}: {reason}"})
        head = f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-type: application/json\r\n"
        refusal = f"{head}content-length: {len(body)}\r\nconnection: close\r\n\r\n".encode() + body
        self._unbound_head()
        if self._in_head and self.cycle is not None and not self.cycle.response_complete:
            self._refusal = refusal
        elif self._in_head or not self.cycle.response_started:
            self._hang_up(refusal)
        else:
            self.transport.close()  # it is about the body of a request that is answered already

    def _hang_up(self, refusal: bytes) -> None:
        self.transport.write(refusal)
        self.transport.close()


class GatheringTransport:
    """A transport that writes together what comes in one turn of the event loop.

    Head and body of an answer are two writes otherwise. Each wakes the one who waits for it, which takes longer than
    all else in a short answer.

    Args:
        transport: what to write to.
        loop: the event loop.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._gathered = bytearray()

    def __getattr__(self, name: str) -> Any:
        """Do all else as the transport does it."""
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Write soon."""
        if not self._gathered:
            self._loop.call_soon(self._flush)
        self._gathered += data
        if len(self._gathered) > MOST_GATHERED:
            self._flush()

    def close(self) -> None:
        """Close, once all is written."""
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        data, self._gathered = bytes(self._gathered), bytearray()
        if data and not self._transport.is_closing():
            self._transport.write(data)
