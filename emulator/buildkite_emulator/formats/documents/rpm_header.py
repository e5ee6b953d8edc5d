"""The two headers of a Red Hat package, of the signature and of the package: values by the number of their tag.

Source of the layout: rpm.org, "RPM Package Header format", and the limits of rpm's `header.c`. A header may have many
MiB, for it lists all files; so what is not wanted is only read past.
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
# Longer than any value that is wanted may be: a name, a version, a digest.
_VALUE_BYTES = 1024


@dataclass(slots=True)
class _Entry:
    """What the index says of a value, and the value's first bytes."""

    kind: int
    offset: int
    count: int
    data: bytearray


class Header:
    """The values of one header.

    Args:
        size: bytes of all of it.
        entries: the wanted ones by tag.
    """

    def __init__(self, size: int, entries: dict[int, _Entry]) -> None:
        self.size = size
        self._entries = entries

    def __contains__(self, tag: int) -> bool:
        return tag in self._entries

    def text(self, tag: int) -> str:
        """Return a string, the first one where there are several.

        Raises:
            UnreadablePackage: there is none, or it is not in UTF-8, or far too long.
        """
        entry = self._entry(tag, {_STRING, _STRING_ARRAY})
        text, end, _ = entry.data.partition(b"\0")
        if not end:
            raise _corrupt(tag)
        try:
            return text.decode("utf-8")
        except UnicodeDecodeError:
            raise _corrupt(tag) from None

    def said(self, tag: int) -> str | None:
        """Return the start of a text that may be long and in several languages, the first of them; None for none."""
        entry = self._entries.get(tag)
        if entry is None or entry.kind not in {_STRING, _STRING_ARRAY, _I18N_STRING}:
            return None
        return bytes(entry.data.partition(b"\0")[0]).decode("utf-8", "replace")

    def number(self, tag: int) -> int | None:
        """Return a number; None where there is none.

        Raises:
            UnreadablePackage: it is no number of 32 bits, or more than one.
        """
        if tag not in self._entries:
            return None
        entry = self._entry(tag, {_INT32})
        if entry.count != 1 or len(entry.data) < _INT32_BYTES:
            raise _corrupt(tag)
        return int.from_bytes(entry.data[:_INT32_BYTES], "big")

    def binary(self, tag: int) -> bytes:
        """Return a binary value, of which nobody wants more than 1 KiB.

        Raises:
            UnreadablePackage: there is none.
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


def read_header(source: Source, wanted: Collection[int], told: Collection[int] = ()) -> Header:
    """Read a header to its end, and keep the values of the tags that are wanted, and the first ones that are told.

    Raises:
        UnreadablePackage: it is corrupt or cut off, has a wanted tag twice, or is larger than rpm takes.
    """
    magic, count, size = struct.unpack(">8sII", read_exactly(source, _INTRO_BYTES))
    if magic != _MAGIC:
        raise UnreadablePackage("The Red Hat package is corrupt: it has no header where one has to be.")
    if count > RPM_HEADER_ENTRIES or size > RPM_HEADER_BYTES:
        message = f"The Red Hat package has a header of {count} values and {size} bytes, more than rpm takes."
        raise UnreadablePackage(message)
    entries: dict[int, _Entry] = {}
    for tag, kind, offset, number in struct.iter_unpack(">IIII", read_exactly(source, count * _ENTRY_BYTES)):
        if tag not in wanted and (tag not in told or tag in entries):
            continue
        if tag in entries:
            # Which of two counts differs from tool to tool.
            raise UnreadablePackage(f"The Red Hat package has a header that has the tag {tag} twice.")
        entries[tag] = _Entry(kind, offset, number, bytearray())
    _read_values(Body(source, size), entries.values())
    return Header(_INTRO_BYTES + count * _ENTRY_BYTES + size, entries)


def _read_values(source: Source, entries: Collection[_Entry]) -> None:
    """Give each entry its first bytes, in one pass."""
    position = 0
    while block := source.read(CHUNK_BYTES):
        for entry in entries:
            start = max(entry.offset - position, 0)
            end = max(entry.offset - position + _VALUE_BYTES, 0)
            entry.data += block[start:end]
        position += len(block)


def _corrupt(tag: int) -> UnreadablePackage:
    return UnreadablePackage(f"The Red Hat package has a corrupt header: tag {tag} has no valid value.")
