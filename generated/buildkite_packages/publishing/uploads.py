"""Files to send: where their bytes come from, how many there are, and their digests."""

import errno
import hashlib
import io
import os
import stat
import threading
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, Self, TypeAlias, cast

import httpx
from attrs import define, field

from ..types import UNSET, Unset

FileSource: TypeAlias = str | os.PathLike[str] | bytes | BinaryIO | Iterable[bytes] | AsyncIterable[bytes]
"""Where the bytes of a file come from. A `str` is a path."""

Document: TypeAlias = str | os.PathLike[str] | bytes
"""A document to send beside a file. A `str` is its content where it begins with `{`, else a path."""

CHUNK_SIZE = 512 * 1024
"""Bytes that go on at once at most: about a millisecond of hashing, beside which a change of threads is cheap."""

_NOTHING = memoryview(b"")


class NotRepeatable(httpx.StreamConsumed):
    """A file has to be read once more, but its source can be read only once."""

    def __init__(self, message: str) -> None:
        httpx.StreamError.__init__(self, message)


class SizeMismatch(ValueError):
    """A source gives fewer or more bytes than it was said, or seen, to have."""


class _Source(NamedTuple):
    """What a source can do.

    Attributes:
        chunks: begins to read from the start. A file is opened when the first chunk is asked for.
        name: its file name, if it has one.
        size: in bytes, if it is known.
        repeatable: whether it can be read more than once.
        owned: whether `chunks` gives a generator that has to be closed.
    """

    chunks: Callable[[], Iterator[Any] | AsyncIterator[Any]]
    name: str | None = None
    size: int | None = None
    repeatable: bool = False
    owned: bool = False


@define(eq=False)
class Upload:
    """A file to send.

    Made by `Upload.of`. It opens no file before it is read, and leaves a file that it was given open.

    Attributes:
        filename: name of the file at the receiver.
        size: in bytes; None if it is not known.
        repeatable: whether the file can be read, and so sent, more than once.
        algorithms: of the digests, as `hashlib.new` names them.
        digests: hexadecimal digests of the file as it was last read whole, by algorithm; None before that.
    """

    filename: str
    size: int | None
    repeatable: bool
    algorithms: tuple[str, ...]
    digests: dict[str, str] | None = field(default=None, init=False)
    _source: _Source = field(alias="source", repr=False)
    _opened: bool = field(default=False, init=False, repr=False)
    _lock: threading.Lock = field(factory=threading.Lock, init=False, repr=False)

    @classmethod
    def of(
        cls,
        source: FileSource,
        *,
        filename: str | None = None,
        size: int | None = None,
        algorithms: tuple[str, ...] = ("sha256", "sha512"),
    ) -> Self:
        """Make an upload of a source.

        Args:
            source: a path, bytes, an open binary file (sent from where it stands to its end) or an iterable of chunks.
                Iterators and files that cannot seek are not repeatable.
            filename: name of the file at the receiver; by default that of the path or of the open file.
            size: in bytes, for a source whose size is not known. With a size, fewer or more bytes are an error.
            algorithms: of the digests, as `hashlib.new` names them.

        Raises:
            FileNotFoundError: there is no file at the path.
            IsADirectoryError: the path is a directory.
            SizeMismatch: the source has another size.
            TypeError: the source is of no such kind, or a file that is open for text.
            ValueError: the path is that of a device or socket, which may never end; no file name is given and the
                source has none, or it is not text; or the size is negative.
        """
        looked_at = _look_at(source)
        filename = looked_at.name if filename is None else filename
        if not filename:
            raise ValueError(f"a file to send needs a name, and {_kind(source)} has none: give filename=")
        try:
            filename.encode()
        except UnicodeEncodeError:
            raise ValueError(f"the file name {filename!r} is not valid text: give filename=") from None
        if size is not None and size < 0:
            raise ValueError(f"size={size} is negative; it should be the number of bytes")
        if size is not None and looked_at.size not in (None, size):
            raise SizeMismatch(f"{filename} has {looked_at.size} bytes, not size={size}")
        return cls(
            filename=filename,
            size=looked_at.size if size is None else size,
            repeatable=looked_at.repeatable,
            algorithms=algorithms,
            source=looked_at,
        )

    def open(self, *, is_async: bool) -> "Reading":
        """Begin to read the file from its start.

        Args:
            is_async: whether it will be read by `Reading.aread`.

        Raises:
            NotRepeatable: it was read before, and its source can be read only once.
            TypeError: its source is an async iterable, which cannot be read by `Reading.read`.
        """
        if self._opened and not self.repeatable:
            raise NotRepeatable(f"{self.filename} cannot be read again, for its source can be read only once")
        chunks = self._source.chunks()
        if isinstance(chunks, AsyncIterator) and not is_async:
            raise TypeError(f"{self.filename} comes from an async iterable, which only an async client can send")
        self._opened = True
        return Reading(self, self._source, chunks, self._lock)

    @property
    def readable(self) -> bool:
        """Whether it can be read, for the first time or once more."""
        return self.repeatable or not self._opened

    def digest(self) -> dict[str, str]:
        """Get the digests; computes them, without sending the file, unless it was read before.

        Raises:
            NotRepeatable: the source can be read only once; its digests are known when it has been sent.
            SizeMismatch: the source gives fewer or more bytes than `size`.
        """
        if self.digests is None:
            self._require_repeatable()
            with closing(self.open(is_async=False)) as reading:
                while reading.read():
                    pass
            self.digests = reading.digests()
        return self.digests

    async def adigest(self) -> dict[str, str]:
        """Get the digests as `digest` does, without blocking the event loop."""
        if self.digests is None:
            self._require_repeatable()
            with closing(self.open(is_async=True)) as reading:
                while await reading.aread():
                    pass
            self.digests = reading.digests()
        return self.digests

    def _require_repeatable(self) -> None:
        if not self.repeatable:
            raise NotRepeatable(f"{self.filename} can be read only once: its digests are known when it has been sent")


def text_of(name: str, document: Document | None) -> str | Unset:
    """Read a document; UNSET for none.

    Args:
        name: of the argument.
        document: its path or content.

    Raises:
        OSError: it cannot be read.
        TypeError: it is of no such kind.
        ValueError: it is not text in UTF-8.
    """
    if document is None:
        return UNSET
    if isinstance(document, str) and document.lstrip().startswith("{"):
        return document
    if not isinstance(cast("object", document), str | os.PathLike | bytes):
        raise TypeError(f"the argument {name} is {_kind(document)}; it should be a path, bytes or text")
    content = document if isinstance(document, bytes) else Path(document).read_bytes()
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise ValueError(f"the argument {name} is not text in UTF-8") from None


class Reading:
    """One reading of an upload, from its start, in chunks of at most `CHUNK_SIZE` bytes.

    Attributes:
        upload: what is read.
    """

    def __init__(
        self, upload: Upload, source: _Source, chunks: Iterator[Any] | AsyncIterator[Any], lock: threading.Lock
    ) -> None:
        self.upload = upload
        self._lock = lock  # of the upload: a read that a cancelled task left behind must not meet the next reading
        self._closed = False
        self._source = source
        self._chunks = chunks
        self._rest = _NOTHING
        self._count = 0
        self._hashes = {name: hashlib.new(name) for name in upload.algorithms}

    def read(self) -> bytes:
        """Read the next chunk; empty at the end.

        Raises:
            SizeMismatch: the source gives fewer or more bytes than the upload's size.
            TypeError: the source gives a chunk that is not bytes.
        """
        try:
            with self._lock:
                return b"" if self._closed else self._read()
        finally:
            if self._closed:  # meanwhile
                self._close(wait=True)

    async def aread(self) -> bytes:
        """Read the next chunk as `read` does; reading, iterating and hashing happen in a worker thread."""
        from anyio import to_thread  # noqa: PLC0415 - slow to import, and sync clients do without

        if not isinstance(self._chunks, AsyncIterator):
            return await to_thread.run_sync(self.read, abandon_on_cancel=True)
        while not self._rest:
            try:
                chunk = await anext(self._chunks)
            except StopAsyncIteration:
                return self._end()
            self._rest = self._view(chunk)
        return await to_thread.run_sync(self._take)

    def digests(self) -> dict[str, str]:
        """Compute the hexadecimal digests of what was read so far, by algorithm."""
        return {name: each.hexdigest() for name, each in self._hashes.items()}

    def close(self) -> None:
        """Close the file, if it was opened for this reading; as soon as a read of a cancelled task has ended."""
        self._closed = True
        self._close(wait=False)

    def _close(self, *, wait: bool) -> None:
        close: Any = getattr(self._chunks, "close", None)
        if self._source.owned and close and self._lock.acquire(blocking=wait):
            try:
                close()
            finally:
                self._lock.release()

    def _read(self) -> bytes:
        chunks = cast("Iterator[object]", self._chunks)  # `Upload.open` refuses async ones
        while not self._rest:
            try:
                chunk = next(chunks)
            except StopIteration:
                return self._end()
            self._rest = self._view(chunk)
        return self._take()

    def _view(self, chunk: object) -> memoryview:
        view = _view_of(chunk)
        if view is None:
            raise TypeError(f"the source of {self.upload.filename} gave {_kind(chunk)}; chunks should be bytes")
        return view or _NOTHING

    def _take(self) -> bytes:
        chunk = bytes(self._rest[:CHUNK_SIZE])
        self._rest = self._rest[CHUNK_SIZE:] or _NOTHING  # an empty view still keeps a buffer from being resized
        self._count += len(chunk)
        size = self.upload.size
        if size is not None and self._count > size:
            raise SizeMismatch(f"{self.upload.filename} should have {size} bytes, but its source gives more")
        for each in self._hashes.values():
            each.update(chunk)
        return chunk

    def _end(self) -> bytes:
        if self.upload.size not in (None, self._count):
            raise SizeMismatch(
                f"{self.upload.filename} should have {self.upload.size} bytes, but its source ended after {self._count}"
            )
        return b""


def _look_at(source: Any) -> _Source:
    if isinstance(source, str | os.PathLike):
        return _look_at_path(os.fspath(source))
    if isinstance(source, io.TextIOBase) or (hasattr(source, "read") and hasattr(source, "encoding")):
        raise TypeError(f'{_kind(source)} is open for text; a file to send should be open for bytes, as by mode "rb"')
    if isinstance(source, AsyncIterable):
        return _Source(source.__aiter__)
    if hasattr(source, "read"):
        return _look_at_file(source)
    content = _view_of(source)
    if content is not None:
        return _Source(lambda: iter((content,)), size=len(content), repeatable=True)
    if isinstance(source, Iterable):
        # Any other object may be exhausted after one iteration, even if it is not an iterator.
        return _Source(source.__iter__, repeatable=isinstance(source, Sequence))
    raise TypeError(f"cannot send {_kind(source)}; it should be a path, bytes, an open binary file or chunks of bytes")


def _look_at_path(path: str | bytes) -> _Source:
    status = os.stat(path)  # noqa: PTH116 - any path, and the error that open() gives
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    is_regular = stat.S_ISREG(status.st_mode)  # a pipe has no size and gives its content once
    if not is_regular and not stat.S_ISFIFO(status.st_mode):
        raise ValueError(
            f"{os.fsdecode(path)} is {kind_of_file(status.st_mode)}; a file to send should be a regular one"
        )
    return _Source(
        lambda: _read_path(path),
        name=os.path.basename(os.fsdecode(path)),  # noqa: PTH119
        size=status.st_size if is_regular else None,
        repeatable=is_regular,
        owned=True,
    )


def kind_of_file(mode: int) -> str:
    """Name the kind of a file that is neither regular nor a folder.

    Args:
        mode: as `os.stat_result.st_mode` has it.
    """
    if stat.S_ISFIFO(mode):
        return "a FIFO"
    return "a socket" if stat.S_ISSOCK(mode) else "a device"


def _look_at_file(file: Any) -> _Source:
    name = getattr(file, "name", None)  # a number for a file descriptor, "<stdin>" for standard input
    path = os.fsdecode(name) if isinstance(name, str | bytes) else "<>"
    filename = None if path.startswith("<") else os.path.basename(path)  # noqa: PTH119
    if not (hasattr(file, "seekable") and file.seekable()):
        return _Source(lambda: iter(partial(file.read, CHUNK_SIZE), b""), name=filename)
    start = file.tell()
    end = file.seek(0, os.SEEK_END)
    file.seek(start)
    return _Source(lambda: _read_file(file, start), name=filename, size=max(end - start, 0), repeatable=True)


def _read_path(path: str | bytes) -> Iterator[bytes]:
    with open(path, "rb") as file:  # noqa: PTH123 - any path
        yield from iter(partial(file.read, CHUNK_SIZE), b"")


def _read_file(file: BinaryIO, start: int) -> Iterator[bytes]:
    file.seek(start)
    yield from iter(partial(file.read, CHUNK_SIZE), b"")


def _view_of(thing: Any) -> memoryview | None:
    try:
        return memoryview(thing).cast("B")
    except TypeError:
        return None


def _kind(thing: object) -> str:
    return f"an object of type {type(thing).__name__}"
