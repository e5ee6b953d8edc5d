"""Compressed streams, unpacked chunk by chunk and verified to their end.

This uses the standard library's decompressor objects. Its file objects accept truncated files in some formats and
trailing garbage in others, and do not limit memory.
"""

import bz2
import lzma
import sys
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

from buildkite_emulator.formats.archives.streams import TRUNCATED, Source
from buildkite_emulator.formats.contents import UnreadablePackage
from buildkite_emulator.formats.limits import CHUNK_BYTES, COMPRESSED_STREAMS, MIB, WINDOW_BYTES, Budget


class Decompressor(Protocol):
    """The interface of decompressors in `bz2`, `lzma` and `zstd` of the standard library."""

    @property
    def eof(self) -> bool:
        """Whether the stream has ended."""

    @property
    def needs_input(self) -> bool:
        """Whether more input is needed for more output."""

    @property
    def unused_data(self) -> bytes:
        """The bytes after the end of the stream."""

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """Take more input and return at most `max_length` bytes of output."""


class _Gzip:
    """Adapts `zlib` to `Decompressor`; zlib verifies gzip's CRC-32 and length."""

    def __init__(self) -> None:
        self._zlib = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
        self.needs_input = True

    @property
    def eof(self) -> bool:
        return self._zlib.eof

    @property
    def unused_data(self) -> bytes:
        return self._zlib.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        output = self._zlib.decompress(self._zlib.unconsumed_tail + data, max_length)
        # After a full output more may follow, even if all input is consumed.
        self.needs_input = len(output) < max_length and not self._zlib.unconsumed_tail
        return output


def _xz() -> Decompressor:
    # The decoder needs some KiB besides its dictionary: `xz --info-memory` reports 65 MiB for `xz -9`.
    return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=WINDOW_BYTES + 2 * MIB)


def _lzma() -> Decompressor:
    return lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=WINDOW_BYTES + 2 * MIB)


def _zstd() -> Decompressor:
    window_log = WINDOW_BYTES.bit_length() - 1
    return zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: window_log})


@dataclass(frozen=True, slots=True)
class Compression:
    """A compression format: its name in messages, its decompressor, and what that raises for bad input."""

    name: str
    start: Callable[[], Decompressor]
    errors: tuple[type[Exception], ...]


COMPRESSIONS: Mapping[str, Compression] = {
    ".gz": Compression("gzip", _Gzip, (zlib.error,)),
    ".xz": Compression("xz", _xz, (lzma.LZMAError,)),
    ".lzma": Compression("lzma", _lzma, (lzma.LZMAError,)),
    ".zst": Compression("Zstandard", _zstd, (zstd.ZstdError,)),
    # The manual of `bz2` names no exception; it raises OSError for bad data and ValueError for some of it.
    ".bz2": Compression("bzip2", bz2.BZ2Decompressor, (OSError, ValueError)),
}


class Decompressed:
    """The unpacked bytes of `source`: one or more streams of one format, followed only by zeros.

    With `single`, only the first stream is unpacked; `rest` then has the bytes that were read after its end.
    """

    def __init__(self, source: Source, compression: Compression, budget: Budget, *, single: bool = False) -> None:
        self.rest = b""
        self._source = source
        self._compression = compression
        self._budget = budget
        self._single = single
        self._decompressor = compression.start()
        self._streams = 1
        self._waiting = b""
        self._ended = False

    def read(self, size: int, /) -> bytes:
        """Read like `Source`.

        Raises:
            UnreadablePackage: the data is corrupt, truncated, or exceeds the budget.
        """
        while not self._ended:
            output = self._unpack(min(size, CHUNK_BYTES))
            if self._decompressor.eof:
                self._next_stream()
            if output:
                self._budget.spend(len(output))
                return output
        return b""

    def _unpack(self, size: int) -> bytes:
        data = b""
        if self._decompressor.needs_input:
            data = self._waiting or self._source.read(CHUNK_BYTES)
            self._waiting = b""
            if not data:
                raise UnreadablePackage(TRUNCATED)
        try:
            output = self._decompressor.decompress(data, size)
        except self._compression.errors:
            raise self._corrupt() from None
        if not (data or output or self._decompressor.needs_input or self._decompressor.eof):
            raise self._corrupt()  # no progress: a faulty decoder would loop forever
        return output

    def _next_stream(self) -> None:
        rest = self._decompressor.unused_data
        if self._single:
            self.rest, self._ended = rest, True
            return
        # gzip and xz allow zeros as padding after a stream; no stream starts with a zero.
        while not (rest := rest.lstrip(b"\0")):
            rest = self._source.read(CHUNK_BYTES)
            if not rest:
                self._ended = True
                return
        self._streams += 1
        if self._streams > COMPRESSED_STREAMS:
            raise UnreadablePackage(f"The package has more than {COMPRESSED_STREAMS} compressed streams in a row.")
        self._decompressor = self._compression.start()
        self._waiting = rest

    def _corrupt(self) -> UnreadablePackage:
        return UnreadablePackage(
            f"The package's {self._compression.name} data is invalid, or needs more than {WINDOW_BYTES // MIB} MiB of "
            "memory to unpack."
        )
