"""Alpine packages (`.apk`) of format 2, which Alpine Linux and the tools for it build.

A package is one tar archive in two or more pieces, each a gzip stream of its own: signatures, if it is signed; control,
which is .PKGINFO and scripts; data, whose SHA-256 .PKGINFO gives. What is refused follows apk-tools:

- apk-v2(5): pieces come in that order, and each but the last one has no end mark;
- `extract_v2.c`: the control piece has one .PKGINFO and nothing but names that start with a dot; the data have the
  datahash;
- `database.c`: files with absolute names or `..` are not unpacked, and the package counts as broken;
- apk-package(5): what name and architecture look like. A version only has to start with a digit, since tools do not
  keep the grammar. A field that names the package and is given twice is refused.
"""

import re
from dataclasses import replace
from typing import Any, BinaryIO

from buildkite_emulator.formats.archives import tar
from buildkite_emulator.formats.archives.compression import COMPRESSIONS, Decompressed
from buildkite_emulator.formats.archives.members import read_only_file
from buildkite_emulator.formats.archives.streams import (
    Hashing,
    Prefixed,
    Source,
    open_upload,
    read_up_to,
)
from buildkite_emulator.formats.contents import Contents, UnreadablePackage, invalid, shown
from buildkite_emulator.formats.limits import APK_MEMBERS, Budget

_GZIP = COMPRESSIONS[".gz"]
_GZIP_MAGIC, _FORMAT_3_MAGIC = b"\x1f\x8b", b"ADB"
_PKGINFO, _SIGNATURE = ".PKGINFO", ".SIGN."
_KEYS = {"pkgname", "pkgver", "arch", "datahash"}
_EXTRA = ("pkgdesc", "url", "license", "maintainer", "packager", "origin", "commit")
_EXTRA_LISTS = ("depend", "provides", "replaces", "install_if")

_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z._+-]*")
# apk-package(5) has a grammar, which tools do not keep: nfpm makes `1.0.0_rc.1-r0-p5` of the semantic 1.0.0-rc.1+5.
_VERSION = re.compile(r"[0-9][0-9A-Za-z._+~-]*")
_ARCHITECTURE = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]*")
_SHA256 = re.compile(r"[0-9a-f]{64}")


def read(file_name: str, file: BinaryIO, size: int) -> Contents:  # noqa: ARG001 - an .apk may have any name
    """Read name, version and architecture from .PKGINFO, and compare the data with the digest there.

    Raises:
        UnreadablePackage: see `formats.read`.
    """
    budget = Budget(size)
    source = _checked_start(open_upload(file, size))
    for _ in range(APK_MEMBERS):
        piece = Decompressed(source, _GZIP, budget, single=True)
        info = _pkginfo(piece)
        source = Prefixed(piece.rest, source)
        if info is not None:
            fields = _fields(info)
            contents = replace(_contents(fields), metadata=_metadata(info))
            _check_data(source, budget, fields.get("datahash", ""))
            return contents
    raise UnreadablePackage(f"The Alpine package has no {_PKGINFO} in its first {APK_MEMBERS} pieces.")


def _checked_start(source: Source) -> Source:
    start = read_up_to(source, 3)
    if start == _FORMAT_3_MAGIC:
        raise UnreadablePackage("The Alpine package is of format 3; the emulator reads format 2, that of Alpine Linux.")
    if not start.startswith(_GZIP_MAGIC):
        raise UnreadablePackage("The file is not an Alpine package: it does not start with gzip data.")
    return Prefixed(start, source)


def _pkginfo(piece: Source) -> bytes | None:
    """Return the .PKGINFO of a piece, or None where the piece holds nothing but signatures."""
    info = None
    names: list[str] = []
    for member in tar.members(piece, end=tar.End.ABSENT):
        # From the first name of another kind on, old versions of apk take all for data.
        if not member.name.startswith(".") or "/" in member.name:
            message = f"The Alpine package has {shown(member.name)} before its data, where only .PKGINFO, scripts and "
            raise UnreadablePackage(message + "signatures may be.")
        if len(names) == APK_MEMBERS:
            raise UnreadablePackage(f"The Alpine package has more than {APK_MEMBERS} files in a piece before its data.")
        names.append(member.name)
        if member.name == _PKGINFO:
            info = read_only_file(member, info, "Alpine package", _PKGINFO)
    signatures = sum(name.startswith(_SIGNATURE) for name in names)
    if info is None and (not names or signatures < len(names)):
        raise UnreadablePackage(f"The file is not an Alpine package: it has no {_PKGINFO}.")
    if info is not None and signatures:
        raise UnreadablePackage(f"The Alpine package has a signature beside {_PKGINFO}, not before it.")
    return info


def _fields(info: bytes) -> dict[str, str]:
    """Return the fields that matter. Others may be there many times, such as `depend`."""
    try:
        text = info.decode("utf-8")
    except UnicodeDecodeError:
        raise UnreadablePackage(f"The Alpine package's {_PKGINFO} is not in UTF-8.") from None
    fields: dict[str, str] = {}
    for line in text.split("\n"):
        key, _, value = line.partition(" = ")
        if key in _KEYS:
            if key in fields:
                raise UnreadablePackage(f"The Alpine package's {_PKGINFO} has {key} twice.")
            fields[key] = value
    return fields


def _metadata(info: bytes) -> dict[str, Any]:
    """Return what else .PKGINFO says; what may be there many times as lists."""
    found: dict[str, Any] = {}
    for line in info.decode("utf-8").split("\n"):
        key, _, value = line.partition(" = ")
        if key in _EXTRA_LISTS:
            found.setdefault(key, []).append(value)
        elif key in _EXTRA:
            found[key] = value
    return found


def _check_data(source: Source, budget: Budget, digest: str) -> None:
    if not _SHA256.fullmatch(digest):
        raise invalid("Alpine package's datahash", digest, "the SHA-256 of its data")
    data = Hashing(source, ("sha256",))
    piece = Decompressed(data, _GZIP, budget, single=True)
    tar.check(piece)
    if piece.rest or data.read(1):
        raise UnreadablePackage("The Alpine package goes on after its data.")
    if data.hexdigest("sha256") != digest:
        raise UnreadablePackage(f"The Alpine package's data do not have the datahash that {_PKGINFO} gives.")


def _contents(fields: dict[str, str]) -> Contents:
    name, version, architecture = (fields.get(key, "") for key in ("pkgname", "pkgver", "arch"))
    if not _NAME.fullmatch(name):
        form = "letters, digits and . _ + - only, with a letter or digit first"
        raise invalid("Alpine package's name", name, form)
    if not _VERSION.fullmatch(version):
        raise invalid("Alpine package's version", version, "like 1.2.3_rc1-r0")
    if not _ARCHITECTURE.fullmatch(architecture):
        raise invalid("Alpine package's architecture", architecture, "noarch or one, like x86_64")
    return Contents(name, version, architecture)
