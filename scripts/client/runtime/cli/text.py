"""Text for people and for other programs: nothing that comes from elsewhere may steer a terminal."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, TextIO, TypeGuard, cast

import click


def safe(text: str) -> str:
    r"""Put an escape, such as `\x1b` or `\n`, in place of each character that does not print."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


def as_json(value: Any) -> str:
    """Write a document; what does not print is escaped as JSON has it."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return "".join(each if each.isprintable() or each == "\n" else json.dumps(each)[1:-1] for each in text)


def cell(value: Any) -> str:
    """Write a value in one line; empty for null."""
    if value is None:
        return ""
    return safe(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def is_text(value: Any) -> bool:
    """Tell whether a value of JSON can be sent: bytes that are not in the locale's encoding cannot."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def flattened(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Give the names, with dots for what is inside others, and values of an object."""
    if isinstance(value, dict) and value:
        for key, each in cast("dict[str, Any]", value).items():
            yield from flattened(each, f"{name}.{key}" if name else key)
        return
    if not is_list(value):
        yield name, value
    elif any(isinstance(each, dict | list) for each in value):
        for index, each in enumerate(value):
            yield from flattened(each, f"{name}.{index}" if name else str(index))
    else:
        yield name, ", ".join(each if isinstance(each, str) else json.dumps(each) for each in value)


def is_list(value: Any) -> TypeGuard[list[Any]]:
    """Tell whether a value is an array."""
    return isinstance(value, list)


def is_terminal(stream: TextIO) -> bool:
    """Tell whether a person looks at a stream, on a terminal that can do more than print lines."""
    return stream.isatty() and os.environ.get("TERM") not in {"dumb", "unknown"}


def has_colors(stream: TextIO) -> bool:
    """Tell whether to use colours, as `NO_COLOR` and `FORCE_COLOR` have it."""
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or is_terminal(stream)


def say(line: str) -> None:
    """Print a line of a result."""
    click.echo(line, color=has_colors(sys.stdout))


def tell(line: str) -> None:
    """Print a line that is no result: a note, a question, an error."""
    with suppress(OSError):  # where it cannot be told, as on a full disk, what is done goes on all the same
        click.echo(line, err=True, color=has_colors(sys.stderr))


def warn(line: str) -> None:
    """Print an error that does not end the command."""
    tell(f"{click.style('Error:', fg='red')} {safe(line)}")
