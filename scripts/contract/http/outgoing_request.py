"""Reads a request that is about to be sent, by the bytes that would be sent and in one way only.

What a server might read in another way is refused.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from buildkite_emulator.spec import Operation
from buildkite_packages.http import parsing

URL = re.compile(r"(?P<origin>https?://[A-Za-z0-9.:\[\]-]+)(?P<path>/[!-~]*?)?(?:\?(?P<query>[!-~]*))?", re.ASCII)
"""Scheme, host and port, path and query; no user name, fragment, space or control character."""

SEGMENT = re.compile(
    r"(?!\.+$)(?:[\w.~!$'()*+,=:@-]|%(?!2[5EF]|3[BF]|5C|23|[01]|7F)[0-9A-F]{2})+", re.ASCII | re.IGNORECASE
)
"""What names a thing. No encoded slash, dot, percent sign or the like, which a server may decode twice."""

PARAMETER = re.compile(r"(\w+)=([\w.~%-]*)", re.ASCII)

OTHER_MEANINGS = re.compile(r"method|forwarded|original-url|rewrite|-host|destination|upgrade", re.IGNORECASE)
"""In names of headers that may let a server do something else than the request line says."""

PLAIN_HEADERS = frozenset(
    {
        *("accept", "accept-encoding", "accept-language", "authorization", "connection", "content-length"),
        *("content-type", "cookie", "host", "transfer-encoding", "user-agent", "x-schemathesis-testcaseid"),
    }
)
"""The headers that a write may have."""

METHOD_FIELD = re.compile(rb"(?:^|[&;])_method\b|name=\W?_method\b|\"_method\"", re.IGNORECASE)
"""A form field by which some servers take a POST for something else."""

STRANGE_PROPERTIES = frozenset({"_method", "action", "controller", "format", "id", "organization", "registry", "slug"})
"""Properties that the API does not document, and that some servers would take for a part of the path."""

JSON = re.compile(r"application/json(?:; ?charset=utf-8)?", re.IGNORECASE)


class Refused(Exception):
    """A request must not leave. The message says why."""


@dataclass(frozen=True)
class Request:
    """A request that is about to be sent.

    Attributes:
        method: as it will be sent.
        url: likewise: scheme, host, path and query, without any change.
        headers: names and values; a name may come more than once.
        body: all of it.
    """

    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = field(default=b"", repr=False)

    def values(self, header: str) -> list[str]:
        """List the values of a header."""
        return [value for name, value in self.headers if name.lower() == header]


def refuse(reason: str) -> NoReturn:
    """Refuse a request."""
    raise Refused(reason)


def check_framing(request: Request) -> None:
    """See that a server finds the end of the request where it is, and takes it for what its first line says.

    Raises:
        Refused: it may not.
    """
    for name, value in request.headers:
        if not re.fullmatch(r"[!#$%&'*+.^`|~\w-]+", name, re.ASCII) or re.search(r"[\r\n\0]", value):
            refuse("a header is malformed")
        if OTHER_MEANINGS.search(name):
            refuse(f"a request with the header {name} may mean something else")
    lengths, encodings = request.values("content-length"), request.values("transfer-encoding")
    if lengths and (encodings or lengths != [str(len(request.body))]):
        refuse("the length of the body is another than the headers say")
    if [value.lower() for value in encodings] not in ([], ["chunked"]):
        refuse("the body is encoded for the transfer in an unusual way")


def parse_query(operation: Operation, query: str | None) -> Mapping[str, str]:
    """Read the query of a write: parameters of the operation's own, each once.

    Raises:
        Refused: it has others, which some servers merge with the body.
    """
    if query is None:
        return {}
    documented = {parameter.name for parameter in operation.query}
    values: dict[str, str] = {}
    for part in query.split("&"):
        found = PARAMETER.fullmatch(part)
        if found is None or found[1] not in documented or found[1] in values:
            refuse(f"{operation.id} has no such query")
        values[found[1]] = found[2]
    return values


def registry_body(request: Request) -> Mapping[str, Any]:
    """Read the JSON of a registry that is to be made or changed, in the one way in which it can be read.

    Raises:
        Refused: there may be another way.
    """
    types = request.values("content-type")
    if len(types) != 1 or not JSON.fullmatch(types[0]):
        refuse("the body of a registry should be application/json, so that nobody reads it as a form")
    try:
        body = json.loads(request.body.decode(), object_pairs_hook=unique, parse_constant=refuse)
    except (ValueError, RecursionError):
        refuse("the body is no JSON")
    if not isinstance(body, dict):
        refuse("the body is no object")
    for name in body:
        folded = name.strip().casefold()
        if folded in STRANGE_PROPERTIES or folded.endswith("_slug") or (folded == "name" and name != "name"):
            refuse(f"some servers may take the property {name[:50]!r} for something else")
    return body


def unique(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object of its members.

    Raises:
        Refused: two have the same name, and servers differ in which one counts.
    """
    members: dict[str, Any] = {}
    for name, value in pairs:
        if name in members:
            refuse("two members of an object have the same name")
        members[name] = value
    return members


def read_json(body: bytes, *, object_hook: Callable[[dict[str, Any]], Any] | None = None) -> Any:
    """Read an answer's JSON; None where it is none, or nested more deeply than the client takes.

    Args:
        body: the answer's body.
        object_hook: as of `json.loads`.
    """
    try:
        return parsing.read_json(body, parse_constant=refuse_constant, object_hook=object_hook)
    except ValueError:
        return None


def refuse_constant(name: str) -> NoReturn:
    """Refuse `NaN` and `Infinity`, which JSON does not have.

    Raises:
        ValueError: always.
    """
    raise ValueError(f"{name} is no JSON")


def read_object(body: bytes) -> Mapping[str, Any]:
    """Read an answer's JSON object; an empty one where it is none."""
    value = read_json(body)
    return value if isinstance(value, dict) else {}


def text(value: object) -> str | None:
    """Give a value that is a string with something in it; None for any other."""
    return value if isinstance(value, str) and value else None
