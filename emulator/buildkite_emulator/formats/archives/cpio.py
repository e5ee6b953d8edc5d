"""The cpio archive inside of a Red Hat package.

Source of the layout: cpio(5), "New ASCII Format", and rpm's page "Large files" for its variant without names and sizes,
which are only in the package's header.
"""

import re
import struct

from buildkite_emulator.formats.archives.members import check_unix_name
from buildkite_emulator.formats.archives.streams import Body, Prefixed, Source, drain, read_exactly, read_up_to
from buildkite_emulator.formats.contents import UnreadablePackage
from buildkite_emulator.formats.limits import CHUNK_BYTES, CPIO_MEMBERS, CPIO_NAME_BYTES

_MAGIC, _MAGIC_OF_RPM = b"070701", b"07070X"
# After the magic follow 13 numbers of 8 hexadecimal digits; two of them are needed.
_FIELDS = re.compile(rb"[0-9A-Fa-f]{104}")
_FILE_SIZE, _NAME_SIZE = 6, 11
_HEADER_BYTES = 110
_TRAILER = "TRAILER!!!"


def check(source: Source) -> None:
    """Validate a complete archive; rpm's variant is only read to its end.

    Raises:
        UnreadablePackage: this is not a cpio archive, is corrupt or truncated, or has more than `CPIO_MEMBERS` members
            or one whose path leads out of the target folder.
    """
    magic = read_up_to(source, len(_MAGIC))
    if magic == _MAGIC_OF_RPM:
        drain(source)
        return
    source = Prefixed(magic, source)
    for _ in range(CPIO_MEMBERS):
        header = read_exactly(source, _HEADER_BYTES)
        if not header.startswith(_MAGIC) or not _FIELDS.fullmatch(header, len(_MAGIC)):
            raise UnreadablePackage("The package has a corrupt cpio header, or what should be a cpio archive is not.")
        fields = struct.unpack(">13I", bytes.fromhex(header[len(_MAGIC) :].decode("ascii")))
        name = _name(source, fields[_NAME_SIZE])
        if name == _TRAILER:
            _check_end(source)
            return
        check_unix_name(name)
        drain(Body(source, fields[_FILE_SIZE]))
        read_exactly(source, -fields[_FILE_SIZE] % 4)
    raise UnreadablePackage(f"The package's cpio archive has more than {CPIO_MEMBERS} members.")


def _name(source: Source, size: int) -> str:
    if size > CPIO_NAME_BYTES:
        raise UnreadablePackage("The package's cpio archive has a name that is far too long.")
    data = read_exactly(source, size)
    read_exactly(source, -(_HEADER_BYTES + size) % 4)
    # The size includes the NUL at the end; `check_unix_name` refuses any other NUL.
    return data.removesuffix(b"\0").decode("utf-8", "surrogateescape")


def _check_end(source: Source) -> None:
    while block := source.read(CHUNK_BYTES):
        if block.strip(b"\0"):
            raise UnreadablePackage("The package's cpio archive goes on after its end mark.")
