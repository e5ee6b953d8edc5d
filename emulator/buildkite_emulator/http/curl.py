"""Writes a request of the log as a curl command.

People paste it into a shell, and anybody may have sent the request. So the command goes to the emulator's own address,
reads no file that the request names, and has no character that a shell, curl or a terminal takes for more than text.
"""

import json
import re
import shlex
from collections.abc import Mapping
from typing import Any

from buildkite_emulator.http.exchange import Exchange

LEFT_OUT = {
    *("authorization", "content-length", "content-type", "host", "user-agent", "accept", "accept-encoding"),
    *("connection", "keep-alive", "transfer-encoding", "expect", "te", "upgrade", "trailer"),
}
"""Headers that a curl command has on its own, gets from us in another form, or that are about the connection."""

TOKEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9!#$%&'*+.^_`|~-]*")
"""Names of methods and headers, as RFC 9110 has most of them. curl takes a header that begins with @ for a file."""

FILE_NAME = re.compile(r"[^/\\.~-][^/\\]*[0-9][^/\\]*\.[A-Za-z0-9]+")
"""Names that a package's file may have. They lead into the folder that one is in, and not to keys or settings there."""


def curl(
    exchange: Exchange, url: str, headers: list[list[str]], body: str | None, file: Mapping[str, Any] | None
) -> str:
    """Write a command that sends a request again, but for secrets; the token comes from the environment.

    Args:
        exchange: the request.
        url: where to send it, without secrets; and so below.
        headers: its headers; those that a command line cannot have are left out.
        body: its body, if that is known as it was sent.
        file: what is known of the file that was sent. One whose name is that of a package is expected in the
            folder where the command runs, and any other under the name `FILE`.
    """
    operation = exchange.operation
    is_head = exchange.method == "HEAD"
    method = exchange.method if TOKEN.fullmatch(exchange.method) else "GET"
    words = ["curl", *(["--head"] if is_head else ["-X", shlex.quote(method)])]
    words += ["--globoff", "--path-as-is", shlex.quote(escaped(url))]
    for name, value in headers:
        if name == "authorization":
            words += ["-H", '"Authorization: Bearer $BUILDKITE_API_TOKEN"']
        elif (name not in LEFT_OUT or (name == "content-type" and exchange.body is not None)) and is_line(name, value):
            words += ["-H", shlex.quote(f"{name}: {value}")]
    if operation is not None and operation.file_field is not None:
        words += ["-F", shlex.quote(f"{operation.file_field}={upload(file or {})}")]
    elif exchange.body is not None:
        text = None if body is None else on_one_line(body)
        words += ["--data-binary", "@BODY"] if text is None else ["--data-raw", shlex.quote(text)]
    return " ".join(words)


def escaped(url: str) -> str:
    """Percent-encode what of an address is no printable ASCII."""
    return "".join(
        character
        if "!" <= character <= "~"
        else "".join(f"%{byte:02X}" for byte in character.encode("latin-1", "replace"))
        for character in url
    )


def is_line(name: str, value: str) -> bool:
    """Tell whether curl sends a header as it is, and a terminal shows it so."""
    return TOKEN.fullmatch(name) is not None and value.isascii() and value.isprintable()


def upload(file: Mapping[str, Any]) -> str:
    """Write what curl sends as a file; quoted, as a comma and a semicolon mean something to it."""
    name = str(file.get("name", ""))
    if not name or not name.isprintable():
        return "@FILE"
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    if FILE_NAME.fullmatch(name):
        return f'@"./{quoted}"'
    return f'@FILE;filename="{quoted}"'


def on_one_line(body: str) -> str | None:
    """Write a body without line breaks and other characters that a terminal acts on.

    In JSON such characters can be written otherwise. Returns None where the body is something else and has some.
    """
    if body.isprintable():
        return body
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return None
    return "".join(
        character if character.isprintable() else " " if character in "\t\r\n" else json.dumps(character)[1:-1]
        for character in body
    )
