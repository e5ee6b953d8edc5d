"""A request under way and what becomes known of it, as the layers around the API hand it on."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.types import Scope

from buildkite_emulator.rate_limits import Standing
from buildkite_emulator.spec import Operation

EXCHANGE = "buildkite_emulator.exchange"
"""Where the ASGI scope has the exchange."""

HOST = re.compile(r"[A-Za-z0-9._-]+(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?")


@dataclass(slots=True)
class Exchange:
    """What is known of a request so far.

    Attributes:
        time: when it came, in milliseconds since 1970 by the emulator's clock.
        operation: what it calls.
        organization: slug of the organization that its path names.
        standing: how the caller stands with the rate limits.
        objections: what the spec objects to, a sentence each.
        fault: ID of the fault that was put in.
        file: name, size and digests of the file that was sent, as far as they are known.
    """

    time: int
    operation: Operation | None = None
    organization: str | None = None
    standing: Standing | None = None
    objections: list[str] = field(default_factory=list)
    fault: int | None = None
    file: Mapping[str, Any] | None = None


def raw_path(scope: Scope) -> bytes:
    """Get a request's path as it was sent, percent-encoded and without the query."""
    path: bytes = scope.get("raw_path") or scope["path"].encode()
    return path.partition(b"?")[0]


def base_url(scheme: str, headers: Iterable[tuple[bytes, bytes]], server: tuple[str, int | None] | None) -> str:
    """Find what a request was sent to.

    Args:
        scheme: of the request, and so below.
        headers: its headers; where `Host` is no host, `server` is taken.
        server: the address and port where it came in.
    """
    host = next((value.decode("latin-1") for name, value in headers if name == b"host"), "")
    if not HOST.fullmatch(host):
        name, port = server or ("localhost", 80)
        host = f"[{name}]:{port}" if ":" in name else f"{name}:{port}"
    return f"{scheme}://{host}"
