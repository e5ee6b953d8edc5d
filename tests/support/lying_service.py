"""A service for tests that lies: it passes requests on to an emulator, and alters what comes back as it is told.

Each lie is told of one operation, or of all. It gets the exchange, and changes the answer's status, headers or JSON, or
gives the bytes to send in place of all of it.
"""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import urlsplit

import httpx

from buildkite_emulator.spec import Spec

SPEC = Spec.load()

HOPS = frozenset({"connection", "content-length", "host", "transfer-encoding", "keep-alive", "accept-encoding", "date"})
"""Headers that are of a single connection."""


@dataclass
class Exchange:
    """A request and its answer, which a lie may change.

    Attributes:
        operation: operationId of the request; empty where it has none.
        method: of the request.
        path: of the request, with the query.
        sent: body of the request.
        status: of the answer.
        headers: of the answer.
        body: of the answer.
        raw: what is sent in place of the answer, byte for byte, before the connection is closed.
    """

    operation: str
    method: str
    path: str
    sent: bytes
    status: int
    headers: dict[str, str]
    body: bytes
    raw: Iterator[bytes] | bytes | None = None

    @property
    def json(self) -> Any:
        """The JSON of the answer; None where it has none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    @json.setter
    def json(self, value: Any) -> None:
        self.body = json.dumps(value).encode()

    def update(self, **members: Any) -> None:
        """Change members of the answer's JSON object, where it is a success."""
        if self.status < 300:
            self.json = {**self.json, **members}


Lie = Callable[[Exchange], object]


@dataclass
class LyingService:
    """The service.

    Args:
        upstream: address of the emulator that it passes requests on to.

    Attributes:
        lies: by operationId, or ``all``.
        arrived: method and path of each request.
    """

    upstream: str
    lies: dict[str, Lie] = field(default_factory=dict)
    arrived: list[tuple[str, str]] = field(default_factory=list)

    def __enter__(self) -> Self:
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one_request(self) -> None:
                try:
                    self.raw_requestline = self.rfile.readline(65537)
                    if not self.raw_requestline or not self.parse_request():
                        self.close_connection = True
                        return
                    service.answer(self)
                except (ConnectionError, TimeoutError):
                    self.close_connection = True

        self._client = httpx.Client(base_url=self.upstream, timeout=300, trust_env=False)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._client.close()

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer a request."""
        sent = read_body(handler)
        self.arrived.append((handler.command, handler.path))
        found = SPEC.match(urlsplit(handler.path).path.encode())
        operation = found.operations.get(handler.command) if found else None
        headers = {name: value for name, value in handler.headers.items() if name.lower() not in HOPS}
        response = self._client.request(handler.command, handler.path, content=sent, headers=headers)
        exchange = Exchange(
            operation.id if operation else "",
            handler.command,
            handler.path,
            sent,
            response.status_code,
            {name: value for name, value in response.headers.items() if name not in HOPS},
            response.content.replace(self.upstream.encode(), self.url.encode()),
        )
        for name in (exchange.operation, "all"):
            if name in self.lies:
                self.lies[name](exchange)
        if exchange.raw is None:
            head = [f"HTTP/1.1 {exchange.status} Answer", f"Content-Length: {len(exchange.body)}"]
            head += [f"{name}: {value}" for name, value in exchange.headers.items()]
            body = b"" if handler.command == "HEAD" else exchange.body
            handler.wfile.write("\r\n".join([*head, "", ""]).encode("latin-1") + body)
            return
        handler.close_connection = True
        for chunk in [exchange.raw] if isinstance(exchange.raw, bytes) else exchange.raw:
            handler.wfile.write(chunk)


def read_body(handler: BaseHTTPRequestHandler) -> bytes:
    """Read the body of a request."""
    if "chunked" not in handler.headers.get("Transfer-Encoding", ""):
        return handler.rfile.read(int(handler.headers.get("Content-Length", "0")))
    body = b""
    while size := int(handler.rfile.readline().split(b";")[0], 16):
        body += handler.rfile.read(size)
        handler.rfile.readline()
    handler.rfile.readline()
    return body
