"""Forms with files, as bodies of requests that stream."""

import mimetypes
import os
import weakref
from collections.abc import AsyncIterator, Callable, Generator, Iterable, Iterator
from contextlib import ExitStack, closing
from typing import Self, TypeAlias

import httpx

from .uploads import FileSource, Reading, Upload

FormField: TypeAlias = tuple[str, tuple[str | None, FileSource | Upload, str | None]]
"""Name of a field, and file name, content and content type.

Text or bytes with a content type, which may be empty for none, but without a file name are a plain field. Everything
else is a file.
"""

Progress: TypeAlias = Callable[[int, int | None], object]
"""Called with the bytes of files that were sent and, if it is known, the number of all of them."""

_ESCAPES = {
    **{character: f"%{character:02X}" for character in range(0x20)},
    ord('"'): "%22",
    ord("\\"): "\\\\",
}


class MultipartBody(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A form with files (`multipart/form-data`) as the body of a request, for sync and async clients.

    Each iteration sends it once, from the start; httpx iterates once more for a redirect that keeps the body. Async
    iteration reads and hashes in worker threads. Files that were opened for it are closed as soon as the iteration
    ends or is given up.

    Attributes:
        headers: `Content-Type`, and `Content-Length` if all sizes are known, else `Transfer-Encoding`.
        uploads: the files of the form.
        progress: called as the argument of that name; it may be set before the body is sent.
        started: whether it was sent, even in part.
        finished: whether the last sending got to its last byte, so that a server may have received it whole.
    """

    def __init__(self, fields: Iterable[FormField], *, progress: Progress | None = None) -> None:
        """Make the body of a form.

        Args:
            fields: name of each field, and its file name, content and content type. The file name is by default that
                of the source, the content type that of the file name's suffix.
            progress: called with (0, total) when a sending begins, after each chunk, and at the end with
                (total, total); in bytes of the files, without what the form adds. Until the end, total is None if it
                is not known. What it raises ends the sending.

        Raises:
            OSError: there is no such file.
            TypeError: a content is no `FileSource`.
            ValueError: a file has no name, or a content type contains control characters.
        """
        self.started = False
        self.finished = False
        self.uploads: list[Upload] = []
        self.progress = progress
        self._sending: Callable[[], Generator[bytes | Reading, bytes, None] | None] = lambda: None
        self._pieces: list[bytes | Upload] = []
        boundary = os.urandom(16).hex()
        for name, (filename, content, content_type) in fields:
            piece: bytes | Upload
            if filename is None and content_type is not None and isinstance(content, str | bytes):
                piece = content.encode() if isinstance(content, str) else content
            else:
                piece = content if isinstance(content, Upload) else Upload.of(content, filename=filename)
                self.uploads.append(piece)
                filename = filename or piece.filename  # noqa: PLW2901
                content_type = content_type or mimetypes.guess_type(filename)[0] or "application/octet-stream"  # noqa: PLW2901
            self._pieces += [_head(boundary, name, filename, content_type), piece, b"\r\n"]
        self._tail = f"--{boundary}--\r\n".encode()
        self._total = _sum(upload.size for upload in self.uploads)
        length = _sum(len(piece) if isinstance(piece, bytes) else piece.size for piece in (*self._pieces, self._tail))
        self.headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        self.headers |= {"Transfer-Encoding": "chunked"} if length is None else {"Content-Length": str(length)}

    @property
    def repeatable(self) -> bool:
        """Whether it can be sent more than once."""
        return all(upload.repeatable for upload in self.uploads)

    def attach_to(self, request: httpx.Request) -> httpx.Request:
        """Copy a request that was built without a body, with this one and its headers."""
        headers = request.headers.copy()
        headers.pop("Content-Length", None)  # 0, which httpx set
        headers.update(self.headers)
        return httpx.Request(request.method, request.url, headers=headers, stream=self, extensions=request.extensions)

    def __iter__(self) -> Iterator[bytes]:
        """Send it once more, from the start.

        Raises (the iterator does):
            NotRepeatable: it was started before, and has a file that can be read only once.
            SizeMismatch: a source gives fewer or more bytes than its size.
            TypeError: a source is async, or gives a chunk that is not bytes.
        """
        return self._start(is_async=False)

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Send it once more, from the start; raises what `__iter__` raises."""
        return self._start(is_async=True)

    def close(self) -> None:
        """Give up the sending that is under way, if there is one, and close the files that were opened for it."""
        if sending := self._sending():
            sending.close()

    async def aclose(self) -> None:
        """Do what `close` does."""
        self.close()

    def _start(self, *, is_async: bool) -> "_Chunks":
        self.close()
        steps = self._steps(is_async=is_async)
        self._sending = weakref.ref(steps)  # so that files are closed when the transport drops the iterator
        return _Chunks(steps)

    def _steps(self, *, is_async: bool) -> Generator[bytes | Reading, bytes, None]:
        """Give each chunk to send, or a reading whose next chunk is then to be sent into the generator."""
        with ExitStack() as stack:
            pieces = [
                stack.enter_context(closing(piece.open(is_async=is_async))) if isinstance(piece, Upload) else piece
                for piece in self._pieces
            ]
            self.started, self.finished = True, False
            sent = 0
            self._report(sent, self._total)
            for piece in pieces:
                if isinstance(piece, bytes):
                    yield piece
                    continue
                while chunk := (yield piece):
                    yield chunk
                    sent += len(chunk)
                    self._report(sent, self._total)
                piece.upload.digests = piece.digests()
            if self._total is None:
                self._report(sent, sent)
            self.finished = True
            yield self._tail

    def _report(self, sent: int, total: int | None) -> None:
        if self.progress:
            self.progress(sent, total)


class _Chunks(Iterator[bytes], AsyncIterator[bytes]):
    """The chunks of one sending.

    Not an async generator: one that a transport drops, as after a cut connection, is closed late or with a warning.
    """

    def __init__(self, steps: Generator[bytes | Reading, bytes, None]) -> None:
        self._steps = steps

    def __iter__(self) -> Self:
        return self

    def __aiter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        try:
            step = next(self._steps)
            while isinstance(step, Reading):
                step = self._steps.send(step.read())
        except BaseException:
            self._steps.close()
            raise
        return step

    async def __anext__(self) -> bytes:
        try:
            step = next(self._steps, None)
            while isinstance(step, Reading):
                step = self._steps.send(await step.aread())
        except BaseException:
            self._steps.close()
            raise
        if step is None:
            raise StopAsyncIteration
        return step


def _head(boundary: str, name: str, filename: str | None, content_type: str) -> bytes:
    if not content_type.isprintable():
        raise ValueError(f"the content type {content_type!r} contains control characters")
    disposition = f'form-data; name="{name.translate(_ESCAPES)}"'
    if filename is not None:
        disposition += f'; filename="{filename.translate(_ESCAPES)}"'
    lines = [f"--{boundary}", f"Content-Disposition: {disposition}"]
    lines += [f"Content-Type: {content_type}"] if content_type else []
    return "\r\n".join([*lines, "", ""]).encode()


def _sum(sizes: Iterable[int | None]) -> int | None:
    total = 0
    for size in sizes:
        if size is None:
            return None
        total += size
    return total
