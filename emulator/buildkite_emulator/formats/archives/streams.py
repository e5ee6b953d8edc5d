"""Sequential reading in blocks: the interface between storage, compression and archives."""

import hashlib
import io
from typing import TYPE_CHECKING, BinaryIO, Protocol

from buildkite_emulator.formats.contents import UnreadablePackage
from buildkite_emulator.formats.limits import CHUNK_BYTES, METADATA_BYTES, MIB, STORAGE_BLOCK_BYTES

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class Source(Protocol):
    """Bytes that are read once, sequentially."""

    def read(self, size: int, /) -> bytes:
        """Return 1 to `size` bytes; b"" at the end and from then on."""


class Upload(io.RawIOBase):
    """The first `size` bytes of a stored file. Closing it leaves the file open, which belongs to the caller."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        self._size = size
        self._position = 0

    def readable(self) -> bool:  # noqa: D102 - io.RawIOBase
        return True

    def seekable(self) -> bool:  # noqa: D102 - io.RawIOBase
        return True

    def tell(self) -> int:  # noqa: D102 - io.RawIOBase
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:  # noqa: D102 - io.RawIOBase
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        if start + offset < 0:
            # As io.FileIO does; zipfile relies on it to detect that a file is too short.
            raise OSError("seek before the start of the file")
        self._position = start + offset
        return self._position

    def readinto(self, buffer: "WriteableBuffer", /) -> int:  # noqa: D102 - io.RawIOBase
        view = memoryview(buffer).cast("B")
        wanted = min(len(view), self._size - self._position)
        if wanted <= 0:
            return 0
        self._file.seek(self._position)
        data = self._file.read(wanted)
        view[: len(data)] = data
        self._position += len(data)
        return len(data)


def open_upload(file: BinaryIO, size: int) -> io.BufferedReader:
    """Read `size` bytes of `file` from its start, a big block at a time, since storage may be far away."""
    return io.BufferedReader(Upload(file, size), STORAGE_BLOCK_BYTES)


class Body:
    """The next `size` bytes of a source: one member of an archive."""

    def __init__(self, source: Source, size: int) -> None:
        self._source = source
        self._left = size

    def read(self, size: int, /) -> bytes:
        """Read like `Source`; raise UnreadablePackage if the source ends early."""
        if self._left == 0:
            return b""
        data = self._source.read(min(size, self._left))
        if not data:
            raise UnreadablePackage(TRUNCATED)
        self._left -= len(data)
        return data


class Prefixed:
    """A source with bytes put back that were read from it."""

    def __init__(self, start: bytes, source: Source) -> None:
        self._start = start
        self._source = source

    def read(self, size: int, /) -> bytes:
        """Read like `Source`."""
        if not self._start:
            return self._source.read(size)
        data, self._start = self._start[:size], self._start[size:]
        return data


class Hashing:
    """A source that computes digests of the bytes read through it."""

    def __init__(self, source: Source, algorithms: tuple[str, ...]) -> None:
        self._source = source
        self._hashes = {name: hashlib.new(name, usedforsecurity=False) for name in algorithms}

    def read(self, size: int, /) -> bytes:
        """Read like `Source`."""
        data = self._source.read(size)
        for digest in self._hashes.values():
            digest.update(data)
        return data

    def hexdigest(self, algorithm: str) -> str:
        """Return the digest of the bytes read so far, in lower-case hexadecimal."""
        return self._hashes[algorithm].hexdigest()


TRUNCATED = "The package is cut off: it ends before its contents do."


def read_up_to(source: Source, size: int) -> bytes:
    """Read `size` bytes, fewer only at the end of the source. The caller has bounded `size`."""
    data = bytearray()
    while len(data) < size and (block := source.read(size - len(data))):
        data += block
    return bytes(data)


def read_exactly(source: Source, size: int) -> bytes:
    """Read `size` bytes. The caller has bounded `size`.

    Raises:
        UnreadablePackage: the source ends early.
    """
    data = read_up_to(source, size)
    if len(data) < size:
        raise UnreadablePackage(TRUNCATED)
    return data


def read_metadata(source: Source, what: str) -> bytes:
    """Read a complete metadata file; `what` names it in the message.

    Raises:
        UnreadablePackage: it is longer than `METADATA_BYTES`.
    """
    data = bytearray()
    while block := source.read(CHUNK_BYTES):
        data += block
        if len(data) > METADATA_BYTES:
            raise UnreadablePackage(f"The package's {what} is longer than {METADATA_BYTES // MIB} MiB.")
    return bytes(data)


def drain(source: Source) -> None:
    """Read to the end and discard the bytes, so that the source checks all of them."""
    while source.read(CHUNK_BYTES):
        pass
