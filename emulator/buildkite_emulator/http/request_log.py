"""Records each request to the API and what was answered, for people to look at.

A request is recorded as it is, which takes next to no time, and formatted when it is first read.
"""

import time
from collections.abc import Callable, Mapping
from functools import partial
from itertools import chain
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from buildkite_emulator.http.curl import curl
from buildkite_emulator.http.exchange import EXCHANGE, Exchange, Headers
from buildkite_emulator.http.masking import Mask, SecretProperties, whole_words
from buildkite_emulator.identity import timestamp
from buildkite_emulator.spec import Spec
from buildkite_emulator.state_store import StateStore

MOST_KEPT = 16 * 1024
"""Bytes of a body that are kept; of one that is longer, the whole words among them are shown."""

LONGEST_ADDRESS = 8192
"""Bytes of a path and query that are kept; the API takes no longer ones."""

LONGEST_HEADER = 4096
"""Bytes of a header that are kept."""

LONGEST_HEADERS = 16 * 1024
"""Bytes that all headers of a request or an answer may have in the log."""

LONGEST_TEXT = 1000
"""Characters of a file's name or an objection that are kept."""

MOST_REASONS = 20
"""Statements of an OIDC policy whose reasons are shown."""

TOO_LONG = b"(%d bytes)"
"""What stands in the place of what is longer; no part of it, as that might be half a secret."""


class Recorder:
    """The layer around the API that records what passes.

    Args:
        app: the API.
        spec: says where answers hold secrets.
        state: has the log.
        now: gives milliseconds since 1970.
        is_token: returns whether a text is an access token.
    """

    def __init__(
        self, app: ASGIApp, spec: Spec, state: StateStore, now: Callable[[], int], is_token: Callable[[str], bool]
    ) -> None:
        self._app = app
        self._secrets = SecretProperties(spec)
        self._state = state
        self._now = now
        self._is_token = is_token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take a request to the API."""
        started = time.perf_counter()
        exchange = scope[EXCHANGE] = Exchange(scope, self._now())
        is_lost = False

        async def receiving() -> Message:
            nonlocal is_lost
            message = await receive()
            if message["type"] == "http.request":
                see_body(exchange, message.get("body", b""))
            else:
                is_lost = True
            return message

        async def sending(message: Message) -> None:
            if is_lost:
                pass
            elif message["type"] == "http.response.start":
                exchange.status = message["status"]
                exchange.answer_headers = message["headers"]
            else:
                self._see_answer(exchange, bytes(message.get("body", b"")))
            await send(message)

        try:
            await self._app(scope, receiving, sending)
        finally:
            exchange.milliseconds = (time.perf_counter() - started) * 1000
            trim(exchange)
            self._state.append(partial(entry, exchange, self._is_token))

    def _see_answer(self, exchange: Exchange, data: bytes) -> None:
        exchange.answer_size += len(data)
        if not data or exchange.method == "HEAD":
            return
        shown: bytes | None = data
        if exchange.operation is not None and self._secrets.are_in(exchange.operation):
            shown = self._secrets.hide(exchange.operation, data)
        if shown is not None:
            exchange.answer = ((exchange.answer or b"") + shown)[:MOST_KEPT]


def see_body(exchange: Exchange, data: bytes) -> None:
    """Take a piece of the request's body; of a file nothing is kept."""
    exchange.size += len(data)
    if exchange.operation is not None and exchange.operation.file_field is None:
        exchange.body = ((exchange.body or b"") + data[:MOST_KEPT])[:MOST_KEPT]


def trim(exchange: Exchange) -> None:
    """Let go of what is too long to be kept until somebody reads the log."""
    if len(exchange.path) + len(exchange.query) > LONGEST_ADDRESS:
        start, _, _ = exchange.path[:LONGEST_TEXT].rpartition(b"/")
        exchange.path = start + b"/" + TOO_LONG % len(exchange.path)
        exchange.query = TOO_LONG % len(exchange.query) if exchange.query else b""
    headers = short(exchange.headers)
    if headers is not exchange.headers:
        known = [value for name, value in exchange.headers if name == b"authorization"]
        exchange.headers = headers
        if known != [value for name, value in exchange.headers if name == b"authorization"]:
            exchange.body = exchange.answer = None  # their secrets can no longer be recognized
    exchange.answer_headers = short(exchange.answer_headers)
    exchange.objections = tuple(map(shortened, exchange.objections))
    if exchange.file and len(exchange.file["name"]) > LONGEST_TEXT:
        exchange.file = {**exchange.file, "name": f"({len(exchange.file['name'])} characters)"}


def short(headers: Headers) -> Headers:
    """Leave out what is too long of some headers."""
    if sum(map(len, chain.from_iterable(headers))) <= LONGEST_HEADER:
        return headers
    kept: Headers = []
    size = 0
    for name, value in headers:
        if len(name) + len(value) > LONGEST_HEADER:
            name, value = name[:LONGEST_TEXT], TOO_LONG % len(value)  # noqa: PLW2901
        size += len(name) + len(value)
        if size > LONGEST_HEADERS:
            kept.append((b"...", b"(%d more headers)" % (len(headers) - len(kept))))
            break
        kept.append((name, value))
    return kept


def entry(exchange: Exchange, is_token: Callable[[str], bool]) -> dict[str, Any]:
    """Format an exchange, without secrets."""
    headers = texts(exchange.headers)
    mask = Mask(is_token, next((value for name, value in headers if name == "authorization"), None))
    address = mask.address(exchange.path.decode("latin-1"), exchange.query.decode("latin-1"))
    body = masked(mask, exchange.body, exchange.size)
    file = exchange.file and {**exchange.file, "name": mask.text(exchange.file["name"])}
    shown = [[name, mask.header(name, value)] for name, value in headers]
    url = exchange.own_url + address
    return {
        "time": timestamp(exchange.time),
        "method": exchange.method,
        "path": address,
        "operation": exchange.operation.id if exchange.operation else None,
        "organization": None if exchange.organization is None else mask.text(exchange.organization),
        "status": exchange.status,
        "milliseconds": round(exchange.milliseconds, 3),
        "objections": [mask.text(objection) for objection in exchange.objections],
        "oidc": exchange.oidc and shown_oidc(exchange.oidc, mask),
        "fault": exchange.fault,
        "request": {"headers": shown, "body": body, "body_bytes": exchange.size, "file": file},
        "response": {
            "headers": [[name, mask.header(name, value)] for name, value in texts(exchange.answer_headers)],
            "body": masked(mask, exchange.answer, exchange.answer_size),
            "body_bytes": exchange.answer_size,
        },
        "curl": curl(exchange, url, shown, body if is_whole(exchange, body) else None, file),
    }


def shown_oidc(decision: Mapping[str, Any], mask: Mask) -> dict[str, Any]:
    """Show how a registry's policy judged an OIDC token."""
    reasons = [mask.text(shortened(reason)) for reason in decision["reasons"][:MOST_REASONS]]
    registry = decision["registry"] and mask.text(decision["registry"])
    return {"registry": registry, "statement": decision["statement"], "reasons": reasons}


def shortened(text: str) -> str:
    """Cut a text that is long, after a word."""
    return text if len(text) <= LONGEST_TEXT else f"{whole_words(text[:LONGEST_TEXT])}..."


def texts(headers: Headers) -> list[tuple[str, str]]:
    """Read headers."""
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]


def is_whole(exchange: Exchange, body: str | None) -> bool:
    """Tell whether a body as it is shown is the one that was sent."""
    return body is not None and exchange.size <= MOST_KEPT and body.encode() == exchange.body


def masked(mask: Mask, body: bytes | None, size: int) -> str | None:
    """Read a body of a size, or as much of it as was kept."""
    if body is None:
        return None
    text = body.decode("utf-8", "replace")
    return mask.text(whole_words(text) if len(body) == MOST_KEPT < size else text)
