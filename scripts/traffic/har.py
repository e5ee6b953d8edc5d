"""Recorded traffic: the requests and answers in an HTTP Archive (HAR 1.2), as browsers and proxies write it."""

import base64
import binascii
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from buildkite_packages.http.parsing import read_json

METHOD = re.compile(r"[\w!#$%&'*+.^`|~-]+", re.ASCII)
"""What RFC 9110 lets a method be."""


class HarError(Exception):
    """A file is no HAR that can be read; says what is wrong, in words for who gave it."""


@dataclass(frozen=True)
class Entry:
    """A request and its answer.

    Attributes:
        number: its place in the file, from 1.
        method: method of the request.
        url: address of the request.
        request_headers: headers of the request, with names in lower case.
        status: status code of the answer; 0 where there was none.
        headers: headers of the answer, with names in lower case.
        content: body of the answer, decoded; None where it was not recorded.
    """

    number: int
    method: str
    url: str
    request_headers: dict[str, str]
    status: int
    headers: dict[str, str]
    content: bytes | None


def read(path: Path) -> Any:
    """Read a file.

    Returns:
        the JSON value in it, which holds a list of entries.

    Raises:
        HarError: it is missing, or no HAR.
    """
    try:
        document = read_json(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise HarError(f"{path} cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise HarError(f"{path} is no HAR file, for it is no JSON") from error
    match document:
        case {"log": {"entries": list()}}:
            return document
    raise HarError(f"{path} is no HAR file, for it has no list `log.entries`")


def entries(document: Any) -> list[Entry]:
    """Give the entries of a HAR.

    Raises:
        HarError: one of them is not as HAR 1.2 has it.
    """
    return [entry(value, number) for number, value in enumerate(document["log"]["entries"], start=1)]


def entry(value: Any, number: int) -> Entry:
    """Read an entry.

    Raises:
        HarError: it is not as HAR 1.2 has it.
    """
    match value:
        case {
            "request": {"method": str(method), "url": str(url)},
            "response": {"status": int(status)},
        } if METHOD.fullmatch(method) and not isinstance(status, bool):
            request, response = value["request"], value["response"]
            answered = headers(response, number)
            content = body(response.get("content", {}))
            if content is None and answered.get("content-length") == "0":
                content = b""
            return Entry(number, method, url, headers(request, number), status, answered, content)
    wanted = "`request.method`, `request.url` and `response.status`"
    raise HarError(f"entry {number} is none that HAR 1.2 has; it should have {wanted}")


def headers(message: dict[str, Any], number: int) -> dict[str, str]:
    """Collect the headers of a request or an answer, without the pseudo-headers that HTTP/2 begins with.

    Raises:
        HarError: they are no list.
    """
    found: dict[str, str] = {}
    listed = message.get("headers", [])
    if not isinstance(listed, list):
        raise HarError(
            f"entry {number} has headers that are none of HAR 1.2; they should be a list of names and values"
        )
    for header in listed:
        match header:
            case {"name": str(name), "value": str(text)} if not name.startswith(":"):
                found[name.lower()] = f"{found[name.lower()]}, {text}" if name.lower() in found else text
    return found


def body(content: Any) -> bytes | None:
    """Decode an answer's body; None where the recorder has left it out, as browsers do with empty ones too."""
    match content:
        case {"text": str(text), "encoding": "base64"}:
            try:
                return base64.b64decode(text, validate=True)
            except (binascii.Error, ValueError):
                return None
        case {"text": str(text)}:
            return text.encode(errors="replace")
        case {"size": 0}:
            return b""
    return None
