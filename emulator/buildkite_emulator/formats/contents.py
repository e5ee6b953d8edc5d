"""What a package file says of itself, and the one error that a reader raises."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Protocol

_SHOWN_CHARACTERS = 80


@dataclass(frozen=True, slots=True)
class Contents:
    """Name and version of a package, each valid by the rules of its format.

    `variant` tells apart files of one name and version: the architecture of a Debian package, the platform of
    a gem, the build number and tags of a wheel, the classifier of a jar; None where the format has no such
    thing. `unique_name` is the same for all spellings of a name that mean one package; None where the name has
    only one. `metadata` is what else the file says of itself, under the names of its format: JSON values.
    """

    name: str
    version: str
    variant: str | None = None
    unique_name: str | None = field(default=None, compare=False)
    metadata: Mapping[str, Any] = field(default_factory=dict, compare=False)


class UnreadablePackage(Exception):
    """The file is not a package of its format; `str()` is one sentence for whoever uploaded it."""


class Reader(Protocol):
    """What each format's module has as `read`."""

    def __call__(self, file_name: str, file: BinaryIO, size: int, /) -> Contents:
        """Read a package.

        `file` is seekable and `size` bytes long; it is read in big blocks and never written. `file_name` has
        passed `formats.read`: no path, printable, with one of the format's suffixes.

        Raises:
            UnreadablePackage: it is not a whole and harmless package of this format.
        """


def invalid(what: str, value: str, form: str) -> UnreadablePackage:
    """Make the error for a value of a wrong form; `what` names it, as in "gem's name"."""
    return UnreadablePackage(f"The {what} is {shown(value)}, but has to be {form}.")


def shown(text: str) -> str:
    """Quote `text`, which comes from a file and may hold anything, for a message: ASCII, one line, short."""
    return ascii(text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "...")
