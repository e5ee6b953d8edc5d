"""Refuses requests that a page of another site may have sent.

A browser says in `Origin` or `Sec-Fetch-Site` whose page sends a request. If the name of a site resolves
to this machine (DNS rebinding), both look right, and only `Host` does not.
"""

import ipaddress
import re
import socket
from collections.abc import Collection
from functools import lru_cache
from http import HTTPStatus

from starlette.types import ASGIApp, Receive, Scope, Send

from buildkite_emulator.http.responses import json_response
from buildkite_emulator.suggestions import shown

HOST = re.compile(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]{1,5}))?")
ORIGIN = re.compile(r"(https?)://([^/?#@]+)", re.IGNORECASE)
PORTS = {"http": "80", "https": "443"}
HIGHEST_PORT = 65_535

MOST_NAMES = 512
"""Names that are remembered as they were read; the same few come with each request."""


class Hosts:
    """The layer that lets only requests to this server through, and those of its own pages.

    This server's are every loopback address, `localhost` and what ends in `.localhost`, the machine's name, and the
    address that a request came in on. The port is not looked at, as it may be another one outside a container.

    Args:
        app: what answers.
        allowed: names and addresses that others know this server by, such as a reverse proxy's; their pages may use it.
        listens_on: the name or address that it was told to listen on.
    """

    def __init__(self, app: ASGIApp, allowed: Collection[str] = (), listens_on: str = "localhost") -> None:
        self._app = app
        self._allowed = {plain(name) for name in allowed}
        self._names = {*self._allowed, plain(listens_on), plain(socket.gethostname())}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            raise ValueError(f"cannot answer {scope['type']}")
        refusal = self._refusal(scope)
        if refusal is None:
            await self._app(scope, receive, send)
        else:
            status, reason = refusal
            await json_response(status, {"message": reason})(scope, receive, send)

    def _refusal(self, scope: Scope) -> tuple[HTTPStatus, str] | None:
        """Say with which status and why a request is refused; None where it is not."""
        hosts = header_values(scope, b"host")
        if len(hosts) > 1 or (not hosts and scope["http_version"] != "1.0"):
            return HTTPStatus.BAD_REQUEST, f"Bad Request: there should be one Host header, and there are {len(hosts)}"
        own, _ = scope.get("server") or ("", None)
        host = hosts[0] if hosts else ""
        if hosts and not self._is_known(host, own):
            reason = f"{shown(ascii(host))} is no name or address of this emulator; --allow-host adds one"
            return HTTPStatus.FORBIDDEN, f"Forbidden: {reason}"
        if self._is_of_foreign_page(scope, host):
            reason = "pages of other sites may not use this emulator; --allow-host lets those of a host"
            return HTTPStatus.FORBIDDEN, f"Forbidden: {reason}"
        return None

    def _is_of_foreign_page(self, scope: Scope, host: str) -> bool:
        origins = header_values(scope, b"origin")
        if origins:
            found = ORIGIN.fullmatch(origins[0])
            parts = found and HOST.fullmatch(found[2])
            if len(origins) > 1 or not found or not parts:
                return True
            if plain(parts[1]) in self._allowed:
                return False
            default, asked = PORTS[found[1].lower()], HOST.fullmatch(host)
            if not asked or (plain(parts[1]), parts[2] or default) != (plain(asked[1]), asked[2] or default):
                return True
        may_be_linked = scope["path"] == "/" and scope["method"] in ("GET", "HEAD")  # links lead to the page
        sites = header_values(scope, b"sec-fetch-site")
        return not may_be_linked and any(site.lower() not in ("same-origin", "none", "") for site in sites)

    def _is_known(self, host: str, own: str) -> bool:
        found = HOST.fullmatch(host)
        if not found or int(found[2] or 0) > HIGHEST_PORT:
            return False
        name = plain(found[1])
        return is_loopback(name) or name in self._names or name == plain(own)


def header_values(scope: Scope, wanted: bytes) -> list[str]:
    """List the values of a header, whose name is given in lower case."""
    return [value.decode("latin-1") for name, value in scope["headers"] if name == wanted]


@lru_cache(MOST_NAMES)
def plain(name: str) -> str:
    """Write a name or an address in the one form that it is compared in."""
    name = name.lower().removeprefix("[").removesuffix("]").removesuffix(".")
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return name
    return str(getattr(address, "ipv4_mapped", None) or address)


@lru_cache(MOST_NAMES)
def is_loopback(name: str) -> bool:
    """Tell whether a name or address, as `plain` has it, is this machine's own."""
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")
