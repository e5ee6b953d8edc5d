"""Reading bytes forward, in blocks: the seam between storage, compression and archives."""

import hashlib
import io
from typing import TYPE_CHECKING, BinaryIO, Protocol

from buildkite_emulator.formats.contents import UnreadablePackage
from buildkite_emulator.formats.limits import CHUNK_BYTES, METADATA_BYTES, MIB, STORAGE_BLOCK_BYTES

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class Source(Protocol):
    """Bytes that are read once, from first to last."""

    def read(self, size: int, /) -> bytes:
        """Return 1 to `size` bytes, or b"" at the end and ever after."""


class Upload(io.RawIOBase):
    """The first `size` bytes of a stored file. Closing it leaves the file open: it is not ours."""

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
            # What io.FileIO raises; zipfile relies on it to tell that a file is too short.
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
        """Read as `Source` does; UnreadablePackage where the source ends too early."""
        if self._left == 0:
            return b""
        data = self._source.read(min(size, self._left))
        if not data:
            raise UnreadablePackage(TRUNCATED)
        self._left -= len(data)
        return data


class Prefixed:
    """A source that goes on after bytes that were read of it already."""

    def __init__(self, start: bytes, source: Source) -> None:
        self._start = start
        self._source = source

    def read(self, size: int, /) -> bytes:
        """Read as `Source` does."""
        if not self._start:
            return self._source.read(size)
        data, self._start = self._start[:size], self._start[size:]
        return data


class Hashing:
    """A source that computes digests of all that was read through it."""

    def __init__(self, source: Source, algorithms: tuple[str, ...]) -> None:
        self._source = source
        self._hashes = {name: hashlib.new(name, usedforsecurity=False) for name in algorithms}

    def read(self, size: int, /) -> bytes:
        """Read as `Source` does."""
        data = self._source.read(size)
        for digest in self._hashes.values():
            digest.update(data)
        return data

    def hexdigest(self, algorithm: str) -> str:
        """Digest, in lower-case hexadecimal digits, of what was read so far."""
        return self._hashes[algorithm].hexdigest()


TRUNCATED = "The package is cut off: it ends before its contents do."


def read_up_to(source: Source, size: int) -> bytes:
    """Read `size` bytes, fewer only where the source ends. The caller has found `size` to be small."""
    data = bytearray()
    while len(data) < size and (block := source.read(size - len(data))):
        data += block
    return bytes(data)


def read_exactly(source: Source, size: int) -> bytes:
    """Read `size` bytes, for a `size` that the caller has found to be small.

    Raises:
        UnreadablePackage: the source ends before.
    """
    data = read_up_to(source, size)
    if len(data) < size:
        raise UnreadablePackage(TRUNCATED)
    return data


def read_metadata(source: Source, what: str) -> bytes:
    """Read a whole metadata file; `what` names it in the message.

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
    """Read to the end and keep nothing: that is what runs a source's own checks."""
    while source.read(CHUNK_BYTES):
        pass
