"""A seed in memory: rows of the tables, and the contents of packages.

It holds digests instead of secrets, and can be pickled for another process.
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
"""Path of a value in the seed file: names and indexes from the root."""

Row = dict[str, Any]


class SeedError(Exception):
    """An invalid seed; the text is one line with the place, the mistake and what would be right."""


@dataclass(frozen=True)
class Content:
    """The bytes of a package.

    Attributes:
        path: the file with the bytes; None if `data` holds them.
        data: the bytes.
    """

    path: Path | None = None
    data: bytes = field(default=b"", repr=False)

    def open(self) -> io.BytesIO | io.BufferedReader:
        """Open the content for reading.

        Raises:
            OSError: the path is not a regular file, or cannot be opened.
        """
        if self.path is None:
            return io.BytesIO(self.data)
        if not S_ISREG(self.path.stat().st_mode):
            raise OSError(EINVAL, "it is no file")
        return self.path.open("rb")


@dataclass(frozen=True)
class Grant:
    """What an access token grants: scopes, the email address of its user, and organizations (None: all)."""

    scopes: frozenset[str]
    user: str
    organizations: frozenset[str] | None = None


@dataclass(frozen=True)
class Seed:
    """Rows of the tables, in order, with generated values for whatever the seed file leaves out.

    Attributes:
        organizations: the organizations.
        users: the users; a token belongs to the first one unless it names another.
        tokens: the access tokens by SHA-256.
        registries: the registries.
        registry_tokens: the registries' tokens; `created_by` is an email address.
        packages: the packages, oldest first; `sha256` is the digest of the content.
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
    """A mistake in a seed file.

    Args:
        place: where it is.
        reason: what is wrong and what would be right, without any value that may be a secret.
    """

    def __init__(self, place: Place, reason: str) -> None:
        super().__init__(reason)
        self.place = place
