"""A request and its answer, and what the layers around the API record of both."""

import re
from collections.abc import Mapping
from typing import Any

from starlette.types import Scope

from buildkite_emulator.http.rate_limit_headers import RateLimitUsage
from buildkite_emulator.spec import Operation

EXCHANGE = "buildkite_emulator.http.exchange"
"""Where the ASGI scope has the exchange."""

HOST = re.compile(r"[A-Za-z0-9._-]+(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?")

Headers = list[tuple[bytes, bytes]]


class Exchange:
    """A request and its answer. It holds on to nothing of the connection.

    Args:
        scope: the ASGI scope of the request.
        time: when it came, in milliseconds since 1970 by the emulator's clock.

    Attributes:
        time: as above.
        method: the HTTP method.
        path: the path as it was sent, percent-encoded and without the query.
        query: the query as it was sent.
        headers: the request's headers.
        body: the beginning of its body, if that was read and is no file.
        size: bytes of the body that were read.
        file: name, size and digests of the file that was sent, as far as they are known.
        operation: what it calls.
        organization: slug of the organization that its path names.
        rate_limits: how far the rate limits are used.
        objections: what the spec objects to, a sentence each.
        oidc: which statement of a registry's OIDC policy admitted the request, or why none did; None where it has no
            OIDC token.
        fault: ID of the fault that was applied.
        status: the answer's status; None until it is sent, or where none was.
        answer_headers: its headers.
        answer: the beginning of its body.
        answer_size: bytes of that body.
        milliseconds: how long it took.
    """

    body: bytes | None = None
    size = 0
    file: Mapping[str, Any] | None = None
    operation: Operation | None = None
    organization: str | None = None
    rate_limits: RateLimitUsage | None = None
    objections: tuple[str, ...] = ()
    oidc: Mapping[str, Any] | None = None
    fault: int | None = None
    status: int | None = None
    answer_headers: Headers = []  # noqa: RUF012 - never added to
    answer: bytes | None = None
    answer_size = 0
    milliseconds = 0.0

    def __init__(self, scope: Scope, time: int) -> None:
        self.time = time
        self.method: str = scope["method"]
        self.path = raw_path(scope)
        self.query: bytes = scope["query_string"]
        self.headers: Headers = scope["headers"]
        self._scheme: str = scope["scheme"]
        self._server: tuple[str, int | None] | None = scope.get("server")

    @property
    def own_url(self) -> str:
        """The scheme, address and port that the request came in on, whatever its Host says."""
        name, port = self._server or ("localhost", None)
        host = f"[{name}]" if ":" in name else name
        return f"{self._scheme}://{host}" + (f":{port}" if port else "")

    @property
    def base_url(self) -> str:
        """The scheme and host that the request was sent to; where its Host is no host, where the emulator listens."""
        host = next((value.decode("latin-1") for name, value in self.headers if name == b"host"), "")
        if not HOST.fullmatch(host):
            return self.own_url
        return f"{self._scheme}://{host}"


def raw_path(scope: Scope) -> bytes:
    """Get a request's path as it was sent, percent-encoded and without the query."""
    path: bytes = scope.get("raw_path") or scope["path"].encode()
    return path.partition(b"?")[0]
