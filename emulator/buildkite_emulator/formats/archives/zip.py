"""Zip archives, with CRC-32 and length of every member verified."""

import io
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from buildkite_emulator.formats.archives.members import Member, NameCheck, check_member_name
from buildkite_emulator.formats.archives.streams import Source, Upload, drain
from buildkite_emulator.formats.contents import UnreadablePackage, shown
from buildkite_emulator.formats.limits import (
    CHUNK_BYTES,
    KIB,
    MIB,
    STORAGE_BLOCK_BYTES,
    ZIP_DIRECTORY_BYTES,
    ZIP_MEMBERS,
    Budget,
)

_LOCAL_HEADER_BYTES = 30
_END_BYTES = 22
# A read without size is how `zipfile` looks for the end record, in the last 64 KiB.
_TAIL_BYTES = 64 * KIB + _END_BYTES
_DIRECTORY_ENTRY, _END = b"PK\1\2", b"PK\5\6"
_SCRIPT = b"#!"
_ENCRYPTED = 0x1 | 0x40
# `zipfile` limits memory only for these two.
_COMPRESSIONS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}

# For bad input `zipfile` documents BadZipFile, RuntimeError and its NotImplementedError. It also raises ValueError
# (names that are not UTF-8) and zlib.error (corrupt members), and by its source OverflowError (impossible offsets) and
# EOFError (truncated files).
_BAD_INPUT = (zipfile.BadZipFile, RuntimeError, ValueError, OverflowError, EOFError, zlib.error)
_CORRUPT = "The file is not a zip archive, or it is corrupt or cut off."


class _Reader(io.BufferedReader):
    """The file that `zipfile` reads. It limits the table of contents, which `zipfile` reads at once."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is None or size < 0:
            size = _TAIL_BYTES
        if size > ZIP_DIRECTORY_BYTES:
            message = f"The package's zip table of contents is longer than {ZIP_DIRECTORY_BYTES // MIB} MiB."
            raise UnreadablePackage(message)
        data = super().read(size)
        if data.count(_DIRECTORY_ENTRY) > ZIP_MEMBERS:
            raise UnreadablePackage(f"The package's zip archive has more than {ZIP_MEMBERS} members.")
        return data


def members(
    file: BinaryIO, size: int, *, check_name: NameCheck = check_member_name, runnable: bool = False
) -> Iterator[Member]:
    """Yield the members in the order of their data in the file.

    Args:
        file: the archive.
        size: its size in bytes.
        check_name: checks the names of members.
        runnable: accept what Java accepts: a shell script before the archive, and duplicate names.

    Raises:
        UnreadablePackage: this is not a zip archive, is corrupt, encrypted or too large once unpacked, or has more than
            `ZIP_MEMBERS` members, duplicate names, overlapping members, or a path that leads out of the target folder.
    """
    reader = _Reader(Upload(file, size), STORAGE_BLOCK_BYTES)
    try:
        archive = zipfile.ZipFile(reader)
    except _BAD_INPUT:
        raise UnreadablePackage(_CORRUPT) from None
    entries = sorted(archive.infolist(), key=lambda entry: entry.header_offset)
    _check_end(reader, size, archive)
    if len({entry.orig_filename for entry in entries}) != len(entries) and not runnable:
        raise UnreadablePackage("The package's zip archive has two members of one name.")
    if not entries or not (entries[0].header_offset == 0 or (runnable and _starts(reader, _SCRIPT))):
        raise UnreadablePackage(_CORRUPT)
    _check_places(archive, entries)
    budget = Budget(size)
    for entry in entries:
        if not entry.orig_filename:
            raise UnreadablePackage("The package's zip archive has a member without a name.")
        check_name(entry.orig_filename)
        if entry.flag_bits & _ENCRYPTED:
            raise UnreadablePackage(f"The package's file {shown(entry.filename)} is encrypted.")
        if entry.compress_type not in _COMPRESSIONS:
            message = f"The package's file {shown(entry.filename)} is compressed in another way than Deflate."
            raise UnreadablePackage(message)
        budget.spend(entry.file_size)
        body = _open(archive, entry)
        yield Member(entry.filename, is_file=not entry.is_dir(), body=body)
        drain(body)


def _starts(reader: io.BufferedReader, magic: bytes) -> bool:
    reader.seek(0)
    return reader.read(len(magic)) == magic


def _check_end(reader: io.BufferedReader, size: int, archive: zipfile.ZipFile) -> None:
    """Refuse bytes after the archive."""
    reader.seek(max(size - _END_BYTES - len(archive.comment), 0))
    if reader.read(len(_END)) != _END:
        raise UnreadablePackage(_CORRUPT)


def _check_places(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> None:
    """Refuse overlapping members."""
    free = 0
    for entry in entries:
        if entry.header_offset < free:
            raise UnreadablePackage("The package's zip archive has members that overlap.")
        free = entry.header_offset + _LOCAL_HEADER_BYTES + entry.compress_size
    if free > archive.start_dir:
        raise UnreadablePackage(_CORRUPT)


def _open(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Source:
    try:
        return _Body(archive.open(entry), entry)
    except _BAD_INPUT:
        raise UnreadablePackage(_CORRUPT) from None


class _Body:
    """The data of a member. `zipfile` verifies the CRC-32 at the end, and this class the length."""

    def __init__(self, body: Source, entry: zipfile.ZipInfo) -> None:
        self._body = body
        self._name = entry.filename
        self._left = entry.file_size

    def read(self, size: int, /) -> bytes:
        """Read like `Source`."""
        try:
            # Small reads, since `_Reader` searches each block.
            data = self._body.read(min(size, CHUNK_BYTES // 4))
        except _BAD_INPUT:
            raise UnreadablePackage(f"The package's file {shown(self._name)} is corrupt.") from None
        self._left -= len(data)
        if not data and self._left:
            raise UnreadablePackage(f"The package's file {shown(self._name)} is corrupt.")
        return data
