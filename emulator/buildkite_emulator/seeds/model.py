"""What a seed is once it has been read: rows of the tables, and the contents of files.

It holds digests and no secrets, and may be sent to another process.
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from errno import EINVAL
from pathlib import Path
from stat import S_ISREG
from typing import Any

from buildkite_emulator.storage.rows import NewOrganization, NewUser

Place = tuple[str | int, ...]
"""Where in the file a value lies: the names and indexes that lead there."""


Row = dict[str, Any]


class SeedError(Exception):
    """A seed that cannot be used; the text is one line that says what is wrong where, and what would be right."""


@dataclass(frozen=True)
class Content:
    """The bytes of a package.

    Attributes:
        path: the file that they are in; None where `data` holds them.
        data: the bytes themselves.
    """

    path: Path | None = None
    data: bytes = field(default=b"", repr=False)

    def open(self) -> io.BytesIO | io.BufferedReader:
        """Open them for reading.

        Raises:
            OSError: the file is none, or cannot be opened.
        """
        if self.path is None:
            return io.BytesIO(self.data)
        if not S_ISREG(self.path.stat().st_mode):
            raise OSError(EINVAL, "it is no file")
        return self.path.open("rb")


@dataclass(frozen=True)
class Grant:
    """What an access token of a seed gives: scopes, the email address of its user, and organizations (None: all)."""

    scopes: frozenset[str]
    user: str
    organizations: frozenset[str] | None = None


@dataclass(frozen=True)
class Seed:
    """Rows of the tables, in order, with all that is made where a seed file does not give it.

    Attributes:
        organizations: the organizations.
        users: the users; the first one is whose a token is that nobody is named for.
        tokens: the access tokens, by SHA-256.
        registries: the registries.
        registry_tokens: the registries' tokens; `created_by` is an email address.
        packages: the packages, oldest first; `sha256` is that of their content.
        contents: the contents by SHA-256.
    """

    organizations: Sequence[NewOrganization] = field(repr=False)
    users: Sequence[NewUser] = field(repr=False)
    tokens: Mapping[str, Grant] = field(repr=False)
    registries: Sequence[Row] = field(repr=False)
    registry_tokens: Sequence[Row] = field(repr=False)
    packages: Sequence[Row] = field(repr=False)
    contents: Mapping[str, Content] = field(repr=False)


class SeedFault(Exception):
    """Something in a seed file is wrong.

    Args:
        place: where.
        reason: what is wrong and what would be right; it repeats nothing that may be a secret.
    """

    def __init__(self, place: Place, reason: str) -> None:
        super().__init__(reason)
        self.place = place
