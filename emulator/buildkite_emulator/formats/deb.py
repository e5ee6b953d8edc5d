"""Debian packages (`.deb`).

What is refused follows dpkg, which is more lenient than Debian Policy; each rule was tried with `dpkg --unpack` 1.21:

- the ar archive holds debian-binary ("2.MINOR"), control.tar (not compressed, gzip, xz or Zstandard) and data.tar (also
  bzip2 or lzma), with nothing between but members that start with an underscore; see deb(5);
- names in data.tar may be absolute, as dpkg installs below its root; backslashes mean nothing;
- a field is `NAME : VALUE`, where blanks around the colon do not count and NAME has no blank and no hyphen first. The
  encoding is not checked: dpkg counts bytes;
- a name has letters, digits and + - . _ and starts with a letter or digit; dpkg does not tell its cases apart;
- versions and architectures are as deb-version(7) and Policy 5.6.8 have them.

Only what leads out of the archive (`..`) is refused though dpkg takes it.
"""

import re
from collections.abc import Iterator
from posixpath import normpath
from typing import BinaryIO

from buildkite_emulator.formats.archives import ar, tar
from buildkite_emulator.formats.archives.compression import COMPRESSIONS, Decompressed
from buildkite_emulator.formats.archives.members import Member, check_unix_name, read_only_file
from buildkite_emulator.formats.archives.streams import Source, open_upload, read_metadata
from buildkite_emulator.formats.contents import Contents, UnreadablePackage, invalid, shown
from buildkite_emulator.formats.limits import Budget

_CONTROL_COMPRESSIONS = ("", ".gz", ".xz", ".zst")
_DATA_COMPRESSIONS = (*_CONTROL_COMPRESSIONS, ".bz2", ".lzma")

_FIELD = re.compile(r"(?![#-])([^\s:]+)[ \t\r\f\v]*:[ \t]*(.*)")
_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z+._-]*")
# Policy 5.6.12, and dpkg, which insists on the digit at the start. An epoch is an int of C to dpkg.
_EPOCH = re.compile(r"[0-9]{1,10}")
_MOST = 2**31 - 1
_UPSTREAM = re.compile(r"[0-9][0-9A-Za-z.+~:-]*")
_REVISION = re.compile(r"[0-9A-Za-z.+~]+")
# dpkg's rule for the name of an architecture. Policy 5.6.8: a binary package never has one of the names
# below.
_ARCHITECTURE = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]*")
_WILDCARD = re.compile(r"source|any|any-.*|.*-any")

_IDENTIFYING = ("package", "version", "architecture")


def read(file_name: str, file: BinaryIO, size: int) -> Contents:  # noqa: ARG001 - a .deb may have any name
    """Read name, version and architecture from the control file.

    Raises:
        UnreadablePackage: see `formats.read`.
    """
    budget = Budget(size)
    archive = ar.members(open_upload(file, size))
    _check_format(_next(archive, "debian-binary", ("",)).body)
    control = _unpack(_next(archive, "control.tar", _CONTROL_COMPRESSIONS), budget)
    contents = _contents(_fields(_control_file(control)))
    tar.check(_unpack(_next(archive, "data.tar", _DATA_COMPRESSIONS), budget), check_name=check_unix_name)
    for _ in archive:  # deb(5): whatever follows is ignored. But it has to be whole.
        pass
    return contents


def _next(archive: Iterator[Member], stem: str, suffixes: tuple[str, ...]) -> Member:
    """Return the next required member. deb(5): those whose names start with an underscore are ignored."""
    for member in archive:
        if member.name in {stem + suffix for suffix in suffixes}:
            return member
        if not member.name.startswith("_") or stem == "debian-binary":
            break
    accepted = ", ".join(stem + suffix for suffix in suffixes)
    raise UnreadablePackage(f"The file is not a whole Debian package: it does not have {accepted} in its place.")


def _check_format(body: Source) -> None:
    """Deb(5): a higher minor version may bring further lines, a higher major version may bring anything."""
    if not re.match(rb"2\.[0-9]+\n", read_metadata(body, "debian-binary")):
        raise UnreadablePackage("The Debian package is not of format 2.")


def _unpack(member: Member, budget: Budget) -> Source:
    _, _, compression = member.name.partition(".tar")
    return Decompressed(member.body, COMPRESSIONS[compression], budget) if compression else member.body


def _control_file(source: Source) -> bytes:
    control = None
    for member in tar.members(source, check_name=check_unix_name):
        if normpath(member.name).lstrip("/") == "control":
            control = read_only_file(member, control, "Debian package", "control file")
    if control is None:
        raise UnreadablePackage("The Debian package has no control file.")
    return control


def _fields(control: bytes) -> dict[str, str]:
    """Return the first line of each field, by its name in lower case.

    Strict like dpkg, unlike `debian.deb822`: one paragraph, no field twice, no line that is none.
    """
    try:
        text = control.decode("utf-8")
    except UnicodeDecodeError:
        text = control.decode("latin-1")
    fields: dict[str, str] = {}
    for line in text.strip("\n").split("\n"):
        if fields and line.startswith((" ", "\t")) and line.strip():
            continue
        match = _FIELD.fullmatch(line)
        if match is None:
            raise UnreadablePackage(f"The Debian package's control file has a line that is no field: {shown(line)}.")
        if match[1].lower() in fields:
            raise UnreadablePackage(f"The Debian package's control file has the field {shown(match[1])} twice.")
        fields[match[1].lower()] = match[2].rstrip()
    return fields


def _is_version(version: str) -> bool:
    epoch, colon, rest = version.partition(":")
    if not colon:
        epoch, rest = "0", version
    upstream, hyphen, revision = rest.rpartition("-")
    if not hyphen:
        upstream, revision = rest, "0"
    if not _EPOCH.fullmatch(epoch) or int(epoch) > _MOST:
        return False
    return bool(_UPSTREAM.fullmatch(upstream) and _REVISION.fullmatch(revision))


def _contents(fields: dict[str, str]) -> Contents:
    name, version, architecture = (fields.get(key, "") for key in ("package", "version", "architecture"))
    if not _NAME.fullmatch(name):
        form = "letters, digits and + - . _ only, with a letter or digit first"
        raise invalid("Debian package's name", name, form)
    if not _is_version(version):
        form = "[EPOCH:]UPSTREAM[-REVISION], with a digit first in UPSTREAM"
        raise invalid("Debian package's version", version, form)
    if not _ARCHITECTURE.fullmatch(architecture) or _WILDCARD.fullmatch(architecture):
        raise invalid("Debian package's architecture", architecture, "all or one, like amd64")
    others = {key: value for key, value in fields.items() if key not in _IDENTIFYING}
    return Contents(name, version, architecture, name.lower(), others)
