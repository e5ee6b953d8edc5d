"""HTTP on a connection: uvicorn's protocol, with bounds on what a caller may take, and with refusals of our own."""

import asyncio
import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, cast

from httptools import HttpParserCallbackError, HttpParserError, HttpParserUpgrade, HttpRequestParser
from starlette.types import Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from buildkite_emulator.http.capacity import make_room
from buildkite_emulator.http.connection import extensions
from buildkite_emulator.http.responses import json_bytes

LONGEST_HEAD = 64 * 1024
"""Bytes that may come outside a body: before a request, as its head, and as chunk extensions and trailers."""

MOST_HEADERS = 256
"""Header lines of one request."""

CHUNK_FRAME = 32
"""Bytes that a chunk may have around its content, besides `LONGEST_HEAD` for all of them."""

MOST_WAITING = 16
"""Requests that are read while an earlier one of the connection is answered."""

SLICE = 4096
"""Bytes that are parsed at a time outside a body, so that few more requests are read than `MOST_WAITING`."""

BODY_SLICE = 4 * SLICE
"""Bytes that are parsed at a time in a body."""

LONGEST_HELD = 1 << 20
"""Bytes that wait to be parsed, behind requests that wait for their answers."""

PATIENCE = 30
"""Seconds that a caller has for the head of a request, from the connection or the head's first byte on."""

STALLED = 120
"""Seconds after which a caller who sends no more of a body, or reads no more of an answer, is given up."""

LINGER = 5
"""Seconds that what still comes is thrown away, after an answer that did not need it."""

LONGEST_LINGER = 64 << 20
"""Bytes that are thrown away at most."""

UPGRADING = (b"connection", b"upgrade", b"http2-settings")
"""Headers of a request that asks for another protocol."""

ABSOLUTE = re.compile(rb"[A-Za-z][A-Za-z0-9+.-]*://([^/?#]*)")
"""The beginning of an address in the form for proxies."""

MOST_GATHERED = 64 * 1024
"""Bytes that are gathered before they are written."""


class Protocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol, with refusals in the form of the spec's errors and bounds on what a caller may take."""

    transport: "GatheringTransport"  # type: ignore[assignment]

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._held = bytearray()
        self._in_head = False
        self._outside = 0  # bytes outside the body: since the head began, and again since it ended
        self._chunks = 0
        self._body_size = 0
        self._reason = ""  # why a callback has refused the head
        self._head_timer: asyncio.TimerHandle | None = None
        self._stall_timer: asyncio.TimerHandle | None = None
        self._linger_timer: asyncio.TimerHandle | None = None
        self._heard_at = self._written_at = self._idle_since = self.loop.time()
        self._refusal: bytes | None = None
        self._has_refused = self._has_ended = self._lingers = False
        self._lingered = 0
        self._answering: RequestResponseCycle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin a connection."""
        gathering = GatheringTransport(cast("asyncio.Transport", transport), self.loop, self._linger)
        super().connection_made(cast("asyncio.Transport", gathering))
        self._extensions = extensions(cast("asyncio.Transport", gathering))
        self._bound_head()
        self._stall_timer = self.loop.call_later(STALLED / 2, self._give_up_stalled)
        make_room(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """End a connection. uvicorn notifies the last request alone, which may wait behind the current one."""
        self._unbound_head()
        for timer in (self._stall_timer, self._linger_timer):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)
        self._abandon(self._answering)

    def data_received(self, data: bytes) -> None:
        """Take what came over the connection."""
        self._heard_at = self.loop.time()
        if self._lingers:
            self._lingered += len(data)
            if self._lingered > LONGEST_LINGER:
                self.transport.abort()
        elif self._refusal is None:
            self._held += data
            self._read_on()

    def eof_received(self) -> bool:  # type: ignore[override]  # asyncio lets it tell
        """Go on for a caller who has ended his side of the connection, where he waits for an answer still."""
        self._has_ended = True
        if self._held:
            return True  # `_read_on` comes back to it
        if self.cycle is not None and not self.cycle.more_body and not self.cycle.response_complete:
            self.cycle.keep_alive = False
            return True
        self.transport.close()
        return False

    def _read_on(self) -> None:
        """Parse what was received, as far as there are not too many requests that wait already."""
        while self._held and len(self.pipeline) < MOST_WAITING and self._refusal is None and self._is_open:
            in_body = not self._in_head and self.cycle is not None and self.cycle.more_body
            size = BODY_SLICE if in_body else SLICE
            piece = bytes(self._held[:size])
            del self._held[:size]
            self._outside += len(piece)
            self._feed(piece)
        if not self._is_open or self._refusal is not None:
            self._held.clear()
        elif self._held:
            self.flow.pause_reading()
            if len(self._held) > LONGEST_HELD:
                self.transport.abort()
        elif self._outside > LONGEST_HEAD + CHUNK_FRAME * self._chunks:
            where = "before the body" if self._in_head else "outside the body"
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, f"more than {LONGEST_HEAD} bytes {where}")
        elif self._has_ended:
            self.eof_received()
        elif self._in_head and self._head_timer is None:  # most heads come at once and need none
            self._bound_head()

    @property
    def address(self) -> str:
        """The address that the connection is from."""
        return self.client[0] if self.client else ""

    @property
    def _is_open(self) -> bool:
        return not self._has_refused and not self._lingers and not self.transport.is_closing()

    def _feed(self, data: bytes) -> None:
        """Parse a piece. The parser ends where a request asks for another protocol, and is begun again there."""
        rest: bytes | None = data
        while rest is not None:
            data, rest = rest, None
            try:
                self.parser.feed_data(data)
            except HttpParserUpgrade as upgrade:
                rest = self._pass_over_upgrade(data[upgrade.args[0] :])
            except HttpParserCallbackError:
                if self._reason:
                    self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, self._reason)
                else:
                    self._refuse(HTTPStatus.BAD_REQUEST, "the address cannot be read")
            except HttpParserError as error:
                self._refuse(HTTPStatus.BAD_REQUEST, str(error))

    def _pass_over_upgrade(self, rest: bytes) -> bytes | None:
        """Write a request again as if it asked for no other protocol, as Java's client does.

        Args:
            rest: what came after the head.

        Returns:
            what is to be parsed next; None where nothing is.
        """
        method = self.parser.get_method()
        if method == b"CONNECT":
            self._refuse(HTTPStatus.BAD_REQUEST, "this is no proxy")
            return None
        lines = [b"%s: %s\r\n" % header for header in self.headers if header[0] not in UPGRADING]
        self.parser = HttpRequestParser(self)
        return b"%s %s HTTP/1.1\r\n%s\r\n%s" % (method, self.url, b"".join(lines), rest)

    def on_message_begin(self) -> None:
        """Begin a request."""
        self._unset_keepalive_if_required()
        self._in_head, self._outside, self._chunks = True, 0, 0
        super().on_message_begin()
        self.scope["extensions"] = self._extensions

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header. Trailers are dropped: none of them means anything here, and none may count as a header."""
        if not self._in_head:
            return
        if len(self.headers) >= MOST_HEADERS:
            self._reason = f"more than {MOST_HEADERS} header lines"
            raise ValueError(self._reason)
        super().on_header(name, value.rstrip(b" \t"))  # RFC 9112, section 5: that is not part of the value

    def on_headers_complete(self) -> None:
        """End the head of a request."""
        if self.parser.should_upgrade():
            return
        self._take_host_of_address()
        super().on_headers_complete()
        self._in_head, self._outside = False, 0
        self._unbound_head()
        self._unset_keepalive_if_required()  # it began when this head had not come yet

    def _take_host_of_address(self) -> None:
        """Let the host of an address in the form for proxies stand in `Host`, as RFC 9112, section 3.2.2, wants it."""
        found = ABSOLUTE.match(self.url)
        places = [place for place, (name, _) in enumerate(self.headers) if name == b"host"] if found else []
        if found and len(places) == 1:
            self.headers[places[0]] = (b"host", found[1])

    def on_chunk_header(self) -> None:
        """Begin a chunk of a body."""
        self._chunks += 1

    def on_body(self, body: bytes) -> None:
        """Take a piece of a body."""
        self._outside -= len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """End a request."""
        if not self.parser.should_upgrade():
            super().on_message_complete()
            self._outside = 0

    def on_response_complete(self) -> None:
        """Go on after an answer: to the next request, or to what was wrong after the last one."""
        self._idle_since = self.loop.time()
        if self._lingers:
            return
        super().on_response_complete()
        if self._held:
            self._read_on()
        if self.pipeline:
            self.flow.pause_reading()  # until these are answered; uvicorn reads on, and keeps all that comes
        if self._refusal is not None and self.cycle.response_complete:
            self._hang_up(self._refusal)

    def resume_writing(self) -> None:
        """Go on with an answer that the caller reads again."""
        self._written_at = self.loop.time()
        super().resume_writing()

    def pause_writing(self) -> None:
        """Wait with an answer that the caller does not read."""
        self._written_at = self.loop.time()
        super().pause_writing()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._answering = cycle
        super()._start_asgi_task(cycle, closing_early(cycle, app) if cycle.more_body else app)

    def _bound_head(self) -> None:
        self._head_timer = self.loop.call_later(PATIENCE, self._give_up)

    def _unbound_head(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _give_up(self) -> None:
        self._head_timer = None
        if self.flow.read_paused:
            self._bound_head()  # it is not the caller who is slow
        elif self._in_head:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT, f"the head took more than {PATIENCE} seconds")
        else:
            self.transport.close()  # the connection is idle

    def _give_up_stalled(self) -> None:
        self._stall_timer = self.loop.call_later(STALLED / 2, self._give_up_stalled)
        if self.flow.write_paused and self.loop.time() - self._written_at > STALLED:
            self.transport.abort()
        elif self.stalled_for() > STALLED:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT, f"nothing of the body came for {STALLED} seconds")

    def idle_for(self) -> float | None:
        """Tell for how many seconds there is no request under way, or one whose body does not come; None otherwise.

        A head that is not whole is no request yet, however much of it keeps coming.
        """
        if self._lingers or self._answering is None or self._answering.response_complete:
            return self.loop.time() - self._idle_since
        stalled_for = self.stalled_for()
        return stalled_for if stalled_for > PATIENCE else None

    def stalled_for(self) -> float:
        """Tell for how many seconds nothing has come of a body that the application waits for."""
        waits = self.cycle is not None and self.cycle.more_body and not self.cycle.response_complete
        return self.loop.time() - self._heard_at if waits and not self.flow.read_paused else 0

    def refuse_connection(self, reason: str) -> None:
        """Say that there are too many connections, and end this one."""
        self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, reason, "retry-after: 5\r\n")

    def _refuse(self, status: HTTPStatus, reason: str, more: str = "") -> None:
        """Say what is wrong and hang up, after the answers to the requests before."""
        body = json_bytes({"message": f"{status.phrase}: {reason}"})
        head = f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-type: application/json\r\n{more}"
        refusal = f"{head}content-length: {len(body)}\r\nconnection: close\r\n\r\n".encode() + body
        self._unbound_head()
        if self.pipeline and self.cycle.more_body and not self._in_head:
            self.pipeline.popleft()  # the request whose body is wrong has no other answer
            self.cycle = self.pipeline[0][0] if self.pipeline else cast("RequestResponseCycle", self._answering)
            self._refusal = refusal
        elif self.cycle is None or self.cycle.response_complete:
            self._hang_up(refusal)
        elif self._in_head or not self.cycle.more_body:
            self._refusal = refusal
        else:
            self._hang_up(b"" if self.cycle.response_started else refusal)

    def _hang_up(self, refusal: bytes) -> None:
        self._has_refused = True
        self._abandon(self.cycle)
        self.transport.write(refusal)
        self.transport.close()

    @staticmethod
    def _abandon(cycle: RequestResponseCycle | None) -> None:
        """Notify the application that the caller has gone."""
        if cycle is not None and not cycle.response_complete:
            cycle.disconnected = True
            cycle.message_event.set()

    def _linger(self) -> bool:
        """Keep a connection that is to be closed while the caller still sends, so that he gets the answer.

        A socket that is closed with something unread in it takes away from the caller what he has not read yet.

        Returns:
            whether the connection is kept.
        """
        is_sending = self._has_refused or (self.cycle is not None and self.cycle.more_body)
        if self._lingers or self._has_ended or not is_sending:
            return False
        self._lingers = True
        self._abandon(self._answering)
        self._unbound_head()
        self._unset_keepalive_if_required()
        self._held.clear()
        self.pipeline.clear()
        self.transport.write_eof()
        self.flow.resume_reading()
        self._linger_timer = self.loop.call_later(LINGER, self.transport.abort)
        return True


def closing_early(cycle: RequestResponseCycle, app: Any) -> Any:
    """Wrap an application so that the connection ends after an answer that comes before the request's body."""

    async def answering(scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start" and cycle.more_body:
                cycle.keep_alive = False
            await send(message)

        await app(scope, receive, sending if cycle.more_body else send)

    return answering


class GatheringTransport:
    """A transport that writes together what comes in one turn of the event loop.

    Head and body of an answer are two writes otherwise. Each wakes the one who waits for it, which takes longer than
    all else in a short answer.

    Args:
        transport: what to write to.
        loop: the event loop.
        keeps_open: called before it is closed; returns whether it stays open to be read from.
    """

    def __init__(
        self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop, keeps_open: Callable[[], bool]
    ) -> None:
        self._transport = transport
        self._loop = loop
        self._keeps_open = keeps_open
        self._has_ended = False
        self._gathered = bytearray()

    def __getattr__(self, name: str) -> Any:
        """Do all else as the transport does it."""
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Write soon."""
        if self._has_ended:
            return
        if not self._gathered:
            self._loop.call_soon(self._flush)
        self._gathered += data
        if len(self._gathered) > MOST_GATHERED:
            self._flush()

    def close(self) -> None:
        """Close, once all is written."""
        self._flush()
        if not self._keeps_open():
            self._transport.close()

    def write_eof(self) -> None:
        """Say that nothing more is written, once all is."""
        self._flush()
        self._has_ended = True
        if not self._transport.is_closing():
            self._transport.write_eof()

    def _flush(self) -> None:
        data, self._gathered = bytes(self._gathered), bytearray()
        if data and not self._transport.is_closing():
            self._transport.write(data)
