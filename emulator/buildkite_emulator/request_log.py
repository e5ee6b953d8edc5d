"""Records each request to the API and what was answered, for people to look at.

A request is recorded as it stands, which takes next to no time, and put into words when it is first read.
"""

import shlex
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from buildkite_emulator.exchange import EXCHANGE, Exchange, base_url, raw_path
from buildkite_emulator.identity import timestamp
from buildkite_emulator.masking import Mask, SecretProperties
from buildkite_emulator.shelf import Shelf
from buildkite_emulator.spec import Spec

MOST_KEPT = 16 * 1024
"""Bytes of a body that are kept."""

LEFT_OUT = {
    *("authorization", "content-length", "content-type", "host", "user-agent", "accept", "accept-encoding"),
    *("connection", "keep-alive", "transfer-encoding", "expect", "te", "upgrade"),
}
"""Headers that a curl command has on its own, gets from us in another form, or that are about the connection."""

Headers = list[tuple[bytes, bytes]]


class Record:
    """A request as it stood, and its answer. It holds on to nothing of the connection.

    Args:
        scope: the ASGI scope.
        exchange: what else is known of it.
    """

    __slots__ = (
        "answer",
        "answer_size",
        "body",
        "exchange",
        "headers",
        "method",
        "milliseconds",
        "path",
        "query",
        "response_headers",
        "scheme",
        "server",
        "size",
        "status",
    )

    def __init__(self, scope: Scope, exchange: Exchange) -> None:
        self.exchange = exchange
        self.method: str = scope["method"]
        self.scheme: str = scope["scheme"]
        self.server: tuple[str, int | None] | None = scope.get("server")
        self.path = raw_path(scope)
        self.query: bytes = scope["query_string"]
        self.headers: Headers = scope["headers"]
        self.body: bytes | None = None
        self.size = 0
        self.status: int | None = None
        self.response_headers: Headers = []
        self.answer: bytes | None = None
        self.answer_size = 0
        self.milliseconds = 0.0

    def add_body(self, data: bytes) -> None:
        """Take a piece of the request's body; of a file nothing is kept."""
        self.size += len(data)
        operation = self.exchange.operation
        if operation is not None and operation.file_field is None:
            kept = self.body or b""
            self.body = kept + data[: MOST_KEPT - len(kept)] if len(kept) < MOST_KEPT else kept


class Recorder:
    """The layer around the API that records what passes.

    Args:
        app: the API.
        spec: tells where answers hold secrets.
        shelf: has the log.
        now: gives milliseconds since 1970.
        is_token: tells whether a text is an access token.
    """

    def __init__(
        self, app: ASGIApp, spec: Spec, shelf: Shelf, now: Callable[[], int], is_token: Callable[[str], bool]
    ) -> None:
        self._app = app
        self._secrets = SecretProperties(spec)
        self._shelf = shelf
        self._now = now
        self._is_token = is_token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take a request to the API."""
        started = time.perf_counter()
        if not self._shelf.is_quick:
            await self._shelf.run(self._shelf.refresh)
        exchange = scope[EXCHANGE] = Exchange(self._now())
        record = Record(scope, exchange)
        is_lost = False

        async def receiving() -> Message:
            nonlocal is_lost
            message = await receive()
            if message["type"] == "http.request":
                record.add_body(message.get("body", b""))
            else:
                is_lost = True
            return message

        async def sending(message: Message) -> None:
            if not is_lost:
                self._see(record, message)
            await send(message)

        try:
            await self._app(scope, receiving, sending)
        finally:
            record.milliseconds = (time.perf_counter() - started) * 1000
            self._shelf.append(partial(entry, record, self._is_token))

    def _see(self, record: Record, message: Message) -> None:
        if message["type"] == "http.response.start":
            record.status = message["status"]
            record.response_headers = message["headers"]
            return
        body: bytes | None = bytes(message.get("body", b""))
        record.answer_size += len(body or b"")
        operation = record.exchange.operation
        if body and operation is not None and self._secrets.are_in(operation):
            body = self._secrets.hide(operation, body)
        if body is not None and record.method != "HEAD":
            record.answer = ((record.answer or b"") + body)[:MOST_KEPT]


def entry(record: Record, is_token: Callable[[str], bool]) -> dict[str, Any]:
    """Put a record into words, without secrets."""
    exchange = record.exchange
    headers = texts(record.headers)
    mask = Mask(is_token, next((value for name, value in headers if name == "authorization"), None))
    address = mask.address(record.path.decode("latin-1"), record.query.decode("latin-1"))
    host = base_url(record.scheme, record.headers, record.server)
    body = masked(mask, record.body)
    file = exchange.file and {**exchange.file, "name": mask.text(exchange.file["name"])}
    shown = [[name, mask.header(name, value)] for name, value in headers]
    return {
        "time": timestamp(exchange.time),
        "method": record.method,
        "path": address,
        "operation": exchange.operation.id if exchange.operation else None,
        "organization": None if exchange.organization is None else mask.text(exchange.organization),
        "status": record.status,
        "milliseconds": round(record.milliseconds, 3),
        "objections": [mask.text(objection) for objection in exchange.objections],
        "fault": exchange.fault,
        "request": {
            "headers": shown,
            "body": body,
            "body_bytes": record.size,
            "file": file,
        },
        "response": {
            "headers": [[name, mask.header(name, value)] for name, value in texts(record.response_headers)],
            "body": masked(mask, record.answer),
            "body_bytes": record.answer_size,
        },
        "curl": curl(record, mask.text(host) + address, shown, body, file["name"] if file else "FILE"),
    }


def texts(headers: Headers) -> list[tuple[str, str]]:
    """Read headers."""
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]


def masked(mask: Mask, body: bytes | None) -> str | None:
    """Read a body, or as much of it as was kept."""
    return None if body is None else mask.text(body.decode("utf-8", "replace"))


def curl(record: Record, url: str, headers: list[list[str]], body: str | None, file_name: str) -> str:
    """Write a command that sends the request again, but for secrets; the token comes from the environment.

    Args:
        record: the request.
        url: its address without secrets; and so below.
        headers: its headers.
        body: its body.
        file_name: the name of the file that was sent, as far as it is known.
    """
    operation = record.exchange.operation
    words = ["curl", *(["--head"] if record.method == "HEAD" else ["-X", shlex.quote(record.method)])]
    words += ["--globoff", "--path-as-is", shlex.quote(url)]
    for name, value in headers:
        if name == "authorization":
            words += ["-H", '"Authorization: Bearer $BUILDKITE_API_TOKEN"']
        elif name not in LEFT_OUT or (name == "content-type" and body is not None):
            words += ["-H", shlex.quote(f"{name}: {value}")]
    if operation is not None and operation.file_field is not None:
        quoted = file_name.replace("\\", "\\\\").replace('"', '\\"')  # as curl wants it, for , and ; mean something
        words += ["-F", shlex.quote(f'{operation.file_field}=@"{quoted}"')]
    elif body is not None:
        is_whole = record.size <= MOST_KEPT and "\0" not in body and body.encode() == record.body
        words += ["--data-binary", shlex.quote(body) if is_whole else "@BODY"]
    return " ".join(words)
