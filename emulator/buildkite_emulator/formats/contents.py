"""The result of a reader, and the only error that it raises."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Protocol

_SHOWN_CHARACTERS = 80


@dataclass(frozen=True, slots=True)
class Contents:
    """Name and version of a package, each valid by the rules of its format.

    `variant` distinguishes files of the same name and version: the architecture of a Debian package, the platform of a
    gem, the build number and tags of a wheel, the classifier of a jar; None if the format has none. `unique_name` is
    the normalized name, equal for all spellings of one package; None if names are not normalized. `metadata` is the
    file's other metadata: JSON values under the names of the format.
    """

    name: str
    version: str
    variant: str | None = None
    unique_name: str | None = field(default=None, compare=False)
    metadata: Mapping[str, Any] = field(default_factory=dict, compare=False)


class UnreadablePackage(Exception):
    """The file is not a valid package of its format; `str()` is a sentence for the user who uploaded it."""


class Reader(Protocol):
    """The function `read` of each format's module."""

    def __call__(self, file_name: str, file: BinaryIO, size: int, /) -> Contents:
        """Read a package.

        `file` is seekable and `size` bytes long; it is read in large blocks and never written. `formats.read` has
        checked `file_name`: it is not a path, is printable, and has one of the format's suffixes.

        Raises:
            UnreadablePackage: it is not a complete and harmless package of this format.
        """


def invalid(what: str, value: str, form: str) -> UnreadablePackage:
    """Make the error for a value of a wrong form; `what` names it, as in "gem's name"."""
    return UnreadablePackage(f"The {what} is {shown(value)}, but has to be {form}.")


def shown(text: str) -> str:
    """Quote untrusted text for a message: ASCII, on one line, at most 80 characters of it."""
    return ascii(text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "...")
