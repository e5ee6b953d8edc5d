"""What the members of ar, tar and zip archives have in common."""

import re
from dataclasses import dataclass

from buildkite_emulator.formats.contents import UnreadablePackage, shown
from buildkite_emulator.formats.streams import Source

_DRIVE = re.compile(r"[A-Za-z]:/")


@dataclass(frozen=True, slots=True)
class Member:
    """One entry of an archive.

    `body` is to be read before the next member is asked for; what is left of it then is skipped.
    """

    name: str
    is_file: bool
    body: Source


def check_member_name(name: str) -> None:
    r"""Refuse the name of a member that could unpack outside of the folder it is unpacked in.

    A backslash counts as a separator, as on Windows; names such as `dev-disk-by\\x2dlabel.swap` still pass.

    Raises:
        UnreadablePackage: the name is absolute, has a component `..` or has a NUL.
    """
    path = name.replace("\\", "/")
    if path.startswith("/") or _DRIVE.match(path) or ".." in path.split("/") or "\0" in path:
        message = f"The package holds a file whose path leads out of it: {shown(name)}."
        raise UnreadablePackage(message)
