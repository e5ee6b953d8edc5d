"""Members of archives, and checks of their names."""

import re
from dataclasses import dataclass
from typing import Protocol

from buildkite_emulator.formats.archives.streams import Source, read_metadata
from buildkite_emulator.formats.contents import UnreadablePackage, shown

_DRIVE = re.compile(r"[A-Za-z]:/")


@dataclass(frozen=True, slots=True)
class Member:
    """One entry of an archive.

    `body` must be read before the next member is requested; the rest is skipped then. `link_target` is the target of a
    symbolic link in a tar archive, unchecked; None for all other members.
    """

    name: str
    is_file: bool
    body: Source
    link_target: str | None = None


def read_only_file(member: Member, previous: bytes | None, package: str, name: str) -> bytes:
    """Read the metadata file that a package has once.

    Args:
        member: the metadata file.
        previous: what was read of such a file before; None if this is the first one.
        package: what messages call the package, as in "wheel".
        name: what messages call the file.

    Raises:
        UnreadablePackage: it is not a file, not the only one, or longer than `METADATA_BYTES`.
    """
    if not member.is_file:
        raise UnreadablePackage(f"The {package}'s {name} is a link or a folder, not a file.")
    if previous is not None:
        raise UnreadablePackage(f"The {package} has more than one {name}.")
    return read_metadata(member.body, name)


class NameCheck(Protocol):
    """One of the functions below, according to how an ecosystem's installer treats names."""

    def __call__(self, name: str, /) -> None:
        """Raise `UnreadablePackage` for a name that leads out of the target folder."""


def check_member_name(name: str) -> None:
    r"""Refuse a name that could be unpacked outside of the target folder on any system.

    A backslash counts as a separator, as on Windows; names such as `dev-disk-by\\x2dlabel.swap` still pass.

    Raises:
        UnreadablePackage: the name is absolute, or has a component `..` or a NUL.
    """
    path = name.replace("\\", "/")
    _check(name, path, leads_out=path.startswith("/") or _DRIVE.match(path) is not None)


def check_rooted_name(name: str) -> None:
    """Like `check_member_name`, for installers that drop the root of an absolute name.

    Raises:
        UnreadablePackage: the name has a component `..` or a NUL.
    """
    _check(name, name.replace("\\", "/"))


def check_unix_name(name: str) -> None:
    """Like `check_rooted_name`, for Unix installers, where a backslash is an ordinary character.

    Raises:
        UnreadablePackage: the name has a component `..` or a NUL.
    """
    _check(name, name)


def _check(name: str, path: str, *, leads_out: bool = False) -> None:
    if leads_out or ".." in path.split("/") or "\0" in path:
        message = f"The package holds a file whose path leads out of it: {shown(name)}."
        raise UnreadablePackage(message)
