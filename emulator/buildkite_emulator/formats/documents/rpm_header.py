"""Reads the signature header and the main header of a Red Hat package: values by tag number.

Source of the layout: rpm.org, "RPM Package Header format", and the limits of rpm's `header.c`. A header lists all files
and may take many MiB, so only requested values are kept.
"""

import struct
from collections.abc import Collection
from dataclasses import dataclass

from buildkite_emulator.formats.archives.streams import Body, Source, read_exactly
from buildkite_emulator.formats.contents import UnreadablePackage
from buildkite_emulator.formats.limits import CHUNK_BYTES, RPM_HEADER_BYTES, RPM_HEADER_ENTRIES

_MAGIC = b"\x8e\xad\xe8\x01\0\0\0\0"
_INTRO_BYTES, _ENTRY_BYTES = 16, 16
_INT32, _STRING, _BINARY, _STRING_ARRAY, _I18N_STRING = 4, 6, 7, 8, 9
_INT32_BYTES = 4
# Longer than any requested value may be: a name, a version, a digest.
_VALUE_BYTES = 1024


@dataclass(slots=True)
class _Entry:
    """An index entry, and the first bytes of its value."""

    kind: int
    offset: int
    count: int
    data: bytearray


class Header:
    """The values of one header.

    Args:
        size: size of the complete header in bytes.
        entries: the requested entries by tag.
    """

    def __init__(self, size: int, entries: dict[int, _Entry]) -> None:
        self.size = size
        self._entries = entries

    def __contains__(self, tag: int) -> bool:
        return tag in self._entries

    def text(self, tag: int) -> str:
        """Return a string, the first one of a list.

        Raises:
            UnreadablePackage: it is missing, not UTF-8, or far too long.
        """
        entry = self._entry(tag, {_STRING, _STRING_ARRAY})
        text, end, _ = entry.data.partition(b"\0")
        if not end:
            raise _corrupt(tag)
        try:
            return text.decode("utf-8")
        except UnicodeDecodeError:
            raise _corrupt(tag) from None

    def localized_text(self, tag: int) -> str | None:
        """Return the start of a text in its first language; None if it is missing."""
        entry = self._entries.get(tag)
        if entry is None or entry.kind not in {_STRING, _STRING_ARRAY, _I18N_STRING}:
            return None
        return bytes(entry.data.partition(b"\0")[0]).decode("utf-8", "replace")

    def number(self, tag: int) -> int | None:
        """Return a number; None if it is missing.

        Raises:
            UnreadablePackage: it is not one number of 32 bits.
        """
        if tag not in self._entries:
            return None
        entry = self._entry(tag, {_INT32})
        if entry.count != 1 or len(entry.data) < _INT32_BYTES:
            raise _corrupt(tag)
        return int.from_bytes(entry.data[:_INT32_BYTES], "big")

    def binary(self, tag: int) -> bytes:
        """Return a binary value, cut to 1 KiB.

        Raises:
            UnreadablePackage: it is missing.
        """
        entry = self._entry(tag, {_BINARY})
        return bytes(entry.data[: entry.count])

    def _entry(self, tag: int, kinds: Collection[int]) -> _Entry:
        entry = self._entries.get(tag)
        if entry is None:
            raise UnreadablePackage(f"The Red Hat package has a header without the tag {tag}.")
        if entry.kind not in kinds or not entry.count:
            raise _corrupt(tag)
        return entry


def read_header(source: Source, wanted: Collection[int], extra: Collection[int] = ()) -> Header:
    """Read a complete header.

    Args:
        source: the package, at the start of the header.
        wanted: tags whose values are kept, and which may occur once.
        extra: tags whose first value is kept.

    Raises:
        UnreadablePackage: the header is corrupt or truncated, has a wanted tag twice, or exceeds rpm's limits.
    """
    magic, count, size = struct.unpack(">8sII", read_exactly(source, _INTRO_BYTES))
    if magic != _MAGIC:
        raise UnreadablePackage("The Red Hat package is corrupt: it has no header where one should be.")
    if count > RPM_HEADER_ENTRIES or size > RPM_HEADER_BYTES:
        message = f"The Red Hat package has a header of {count} values and {size} bytes, more than rpm takes."
        raise UnreadablePackage(message)
    entries: dict[int, _Entry] = {}
    for tag, kind, offset, number in struct.iter_unpack(">IIII", read_exactly(source, count * _ENTRY_BYTES)):
        if tag not in wanted and (tag not in extra or tag in entries):
            continue
        if tag in entries:
            # Tools differ on which of the two counts.
            raise UnreadablePackage(f"The Red Hat package has a header that has the tag {tag} twice.")
        entries[tag] = _Entry(kind, offset, number, bytearray())
    _read_values(Body(source, size), entries.values())
    return Header(_INTRO_BYTES + count * _ENTRY_BYTES + size, entries)


def _read_values(source: Source, entries: Collection[_Entry]) -> None:
    """Fill in the first bytes of each entry, in one pass."""
    position = 0
    while block := source.read(CHUNK_BYTES):
        for entry in entries:
            start = max(entry.offset - position, 0)
            end = max(entry.offset - position + _VALUE_BYTES, 0)
            entry.data += block[start:end]
        position += len(block)


def _corrupt(tag: int) -> UnreadablePackage:
    return UnreadablePackage(f"The Red Hat package has a corrupt header: tag {tag} has no valid value.")
