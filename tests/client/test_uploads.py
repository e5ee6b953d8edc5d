"""Files to send: what each kind of source gives, and what a form with files is on the wire."""

import asyncio
import gc
import hashlib
import io
import os
import re
import tempfile
import threading
import tracemalloc
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any, BinaryIO

import anyio
import httpx
import pytest
from python_multipart import parse_form

from buildkite_packages.models.package_publish import PackagePublish
from buildkite_packages.publishing import multipart, uploads
from buildkite_packages.publishing.multipart import MultipartBody
from buildkite_packages.publishing.uploads import CHUNK_SIZE, FileSource, NotRepeatable, SizeMismatch, Upload
from buildkite_packages.types import File
from scripts.servers.raw_requests import until

pytestmark = pytest.mark.slow

URL = "http://testserver/upload"
CONTENT = bytes(range(256)) * 4096 + b"odd"
"""Longer than a chunk, and not by a whole number of chunks."""

Send = Callable[..., httpx.Response]
"""Sends a body with a sync or an async client; the argument `handler` answers."""

Part = tuple[str, str | None, bytes]
"""Name, file name and content."""


class Unseekable(io.RawIOBase):
    """A file like a pipe."""

    def __init__(self, content: bytes) -> None:
        self._content = io.BytesIO(content)

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Give little at a time."""
        return self._content.readinto(memoryview(buffer)[:1000])


class Ticking(io.BytesIO):
    """A file each of whose reads waits until the event loop has run something else."""

    def __init__(self, content: bytes, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(content)
        self._loop = loop

    def read(self, size: int | None = -1, /) -> bytes:
        """Read, when the loop has moved."""
        moved = threading.Event()
        self._loop.call_soon_threadsafe(moved.set)
        assert moved.wait(30), "the event loop is blocked"
        return super().read(size)


async def as_async(chunks: Iterable[bytes]) -> AsyncIterator[bytes]:
    """Make an async iterator of chunks."""
    for chunk in chunks:
        await asyncio.sleep(0)
        yield chunk


def in_pieces(content: bytes = CONTENT) -> Iterator[bytes]:
    """Make an iterator of uneven chunks, some of them empty, and one far longer than what goes on at once."""
    yield b""
    yield content[:10]
    yield b""
    yield content[10:]


def at_middle(file: BinaryIO) -> BinaryIO:
    """Move a file to where `CONTENT` starts in it."""
    file.seek(7)
    return file


SOURCES: dict[str, Callable[[Path, ExitStack], FileSource]] = {
    "path": lambda path, _: path,
    "str": lambda path, _: str(path),
    "bytes": lambda _, __: CONTENT,
    "file": lambda path, stack: stack.enter_context(path.open("rb")),
    "unbuffered file": lambda path, stack: stack.enter_context(path.open("rb", buffering=0)),
    "file not at its start": lambda _, __: at_middle(io.BytesIO(b"passed " + CONTENT)),
    "unseekable file": lambda _, __: io.BufferedReader(Unseekable(CONTENT)),
    "raw unseekable file": lambda _, __: Unseekable(CONTENT),
    "generator": lambda _, __: in_pieces(),
    "list": lambda _, __: [CONTENT[:5], CONTENT[5:]],
    "async iterator": lambda _, __: as_async(in_pieces()),
}
SIZED = {"path", "str", "bytes", "file", "unbuffered file", "file not at its start"}
REPEATABLE = SIZED | {"list"}


class Answering(httpx.MockTransport):
    """A transport that leaves requests as they are; `MockTransport` puts what it read in the place of their stream."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer, sync."""
        return super().handle_request(self._copy(request))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer, async."""
        return await super().handle_async_request(self._copy(request))

    @staticmethod
    def _copy(request: httpx.Request) -> httpx.Request:
        return httpx.Request(request.method, request.url, headers=request.headers, stream=request.stream)


@pytest.fixture(params=[False, True], ids=["sync", "async"])
def is_async(request: pytest.FixtureRequest) -> bool:
    """Say which kind of client sends."""
    return bool(request.param)


@pytest.fixture
def send(is_async: bool) -> Send:  # noqa: FBT001
    """Give what sends a body, with a sync or an async client."""

    def send_it(body: MultipartBody, handler: Any, **settings: Any) -> httpx.Response:
        settings["transport"] = handler if isinstance(handler, httpx.BaseTransport) else Answering(handler)
        if not is_async:
            with httpx.Client(**settings) as client:
                return client.send(body.attach_to(client.build_request("POST", URL)))

        async def run() -> httpx.Response:
            async with httpx.AsyncClient(**settings) as client:
                return await client.send(body.attach_to(client.build_request("POST", URL)))

        return asyncio.run(run())

    return send_it


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Give a file with `CONTENT`."""
    path = tmp_path / "banana-1.0.0.gem"
    path.write_bytes(CONTENT)
    return path


def parts_of(request: httpx.Request) -> list[Part]:
    """Parse the form in a request, whose length has to be what its headers say."""
    content = request.content
    if "Content-Length" in request.headers:
        assert int(request.headers["Content-Length"]) == len(content)
    else:
        assert request.headers["Transfer-Encoding"] == "chunked"
    parts: list[Part] = []

    def on_field(field: Any) -> None:
        parts.append((field.field_name.decode(), None, field.value))

    def on_file(file: Any) -> None:
        file.file_object.seek(0)
        parts.append((file.field_name.decode(), file.file_name.decode(), file.file_object.read()))
        file.close()

    parse_form({"Content-Type": request.headers["Content-Type"].encode()}, io.BytesIO(content), on_field, on_file)
    return parts


def whole(body: MultipartBody, *, is_async: bool = False) -> bytes:
    """Read a body whole."""
    if not is_async:
        return b"".join(body)

    async def read() -> bytes:
        return b"".join([chunk async for chunk in body])

    return asyncio.run(read())


def body_of(source: FileSource | Upload, filename: str | None = "a.bin", **named: Any) -> MultipartBody:
    """Make a form with one file."""
    upload = source if isinstance(source, Upload) else Upload.of(source, filename=filename)
    return MultipartBody([("file", (None, upload, None))], **named)


@pytest.mark.parametrize("kind", SOURCES)
def test_every_source_arrives_whole(send: Send, path: Path, kind: str, *, is_async: bool) -> None:
    """Each kind of source arrives byte for byte, its digests are known then, and progress ends at its size."""
    calls: list[tuple[int, int | None]] = []
    received: list[Part] = []

    def handler(sent: httpx.Request) -> httpx.Response:
        received.extend(parts_of(sent))
        return httpx.Response(200)

    with ExitStack() as stack:
        upload = Upload.of(SOURCES[kind](path, stack), filename="a.bin")
        body = body_of(upload, progress=lambda *call: calls.append(call))
        assert upload.size == (len(CONTENT) if kind in SIZED else None)
        assert body.repeatable == upload.repeatable == (kind in REPEATABLE)
        assert (body.started, body.finished, upload.digests) == (False, False, None)
        if kind == "async iterator" and not is_async:
            with pytest.raises(TypeError, match=r"a\.bin comes from an async iterable, which only an async client"):
                send(body, handler)
            assert not body.started
            return
        assert send(body, handler).is_success
    assert received == [("file", "a.bin", CONTENT)]
    assert (body.started, body.finished) == (True, True)
    assert upload.digests == {
        "sha256": hashlib.sha256(CONTENT).hexdigest(),
        "sha512": hashlib.sha512(CONTENT).hexdigest(),
    }
    total = upload.size
    assert calls[0] == (0, total)
    assert calls[-1] == (len(CONTENT), len(CONTENT))
    steps = calls if total is not None else calls[:-1]
    assert {step[1] for step in steps} == {total}
    assert [step[0] for step in steps] == sorted({step[0] for step in steps}), "each step is told once"
    assert len(steps) > 3


@pytest.mark.parametrize("source", [b"", [], [b""]])
def test_an_empty_file(send: Send, source: FileSource) -> None:
    """A file without a byte arrives as one, and progress ends at 0 of 0."""
    calls: list[tuple[int, int | None]] = []
    received: list[Part] = []

    def handler(request: httpx.Request) -> httpx.Response:
        received.extend(parts_of(request))
        return httpx.Response(200)

    send(body_of(source, progress=lambda *call: calls.append(call)), handler)
    assert received == [("file", "a.bin", b"")]
    assert calls == ([(0, 0)] if source == b"" else [(0, None), (0, 0)])


@pytest.mark.parametrize("source", [CONTENT, [CONTENT]])
def test_a_request_keeps_all_but_its_body(source: FileSource) -> None:
    """Attaching a body changes the headers that tell of the body, and no other."""
    body = body_of(source)
    with httpx.Client(headers={"X-Own": "1"}, cookies={"a": "b"}, timeout=3) as client:
        bare = client.build_request("POST", URL)
    request = body.attach_to(bare)
    kept = {name: value for name, value in bare.headers.items() if name != "content-length"}
    assert dict(request.headers) == kept | {name.lower(): value for name, value in body.headers.items()}
    assert (request.method, request.url, request.extensions) == (bare.method, bare.url, bare.extensions)
    assert request.stream is body


NAMES = [
    "plain-1.0.tar.gz",
    'quo"te.txt',
    "back\\slash",
    'a"\r\nX-Injected: 1\r\n\r\n',
    "\N{LATIN SMALL LETTER E WITH ACUTE}\N{BANANA}.deb",
    "percent%22.rpm",
    "semi;colon; x=y.gem",
    "tab\there\0",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_form_is_written_as_httpx_writes_it(name: str) -> None:
    """Names, file names and content types are written as httpx does, so that none can add a header."""
    fields: list[multipart.FormField] = [
        (name, (None, b"value", "text/plain")),
        ("file", (name, b"content", None)),
        (name, (name, b"other", "application/x-a")),
    ]
    body = MultipartBody(fields)
    headers = {"Content-Type": body.headers["Content-Type"]}
    expected = httpx.Request("POST", URL, headers=headers, files=fields)  # type: ignore[arg-type] # narrower there
    assert whole(body) == expected.read()
    assert body.headers["Content-Length"] == expected.headers["Content-Length"]
    assert b"\r\nX-Injected" not in whole(body)


def test_the_fields_of_a_generated_model() -> None:
    """What `to_multipart` of a generated model gives is sent: its file, and its additional properties as text."""
    model = PackagePublish(file=File(io.BytesIO(CONTENT), "a-1.0.gem"))
    model["note"] = "gr\N{LATIN SMALL LETTER U WITH DIAERESIS}n"
    body = MultipartBody(model.to_multipart())
    request = body.attach_to(httpx.Request("POST", URL))
    request.read()
    assert parts_of(request) == [("file", "a-1.0.gem", CONTENT), ("note", None, model["note"].encode())]
    assert [upload.filename for upload in body.uploads] == ["a-1.0.gem"]
    text = MultipartBody([("note", (None, "text", "text/plain"))])
    assert b"\r\n\r\ntext\r\n" in whole(text)
    assert not text.uploads


def test_a_content_type_cannot_add_headers() -> None:
    """A content type with a line break is refused."""
    with pytest.raises(ValueError, match="contains control characters"):
        MultipartBody([("file", ("a", b"", "text/plain\r\nX-Injected: 1"))])


def test_each_body_has_a_boundary_of_its_own() -> None:
    """Boundaries are random, with at least 128 bits."""
    boundaries = {body_of(b"").headers["Content-Type"].partition("boundary=")[2] for _ in range(100)}
    assert len(boundaries) == 100
    assert all(re.fullmatch(r"[0-9a-f]{32,70}", boundary) for boundary in boundaries)


def test_file_names(path: Path) -> None:
    """The name of a file is by default that of its path or of the open file; where there is none, one is asked for."""
    assert Upload.of(path).filename == Upload.of(str(path)).filename == path.name
    with path.open("rb") as file:
        assert Upload.of(file).filename == path.name
        assert Upload.of(file, filename="other").filename == "other"
    with os.fdopen(os.open(path, os.O_RDONLY), "rb") as numbered:
        sources: list[FileSource] = [b"", [b""], iter([b""]), io.BytesIO(), as_async([]), numbered]
        for source in sources:
            with pytest.raises(ValueError, match="give filename="):
                Upload.of(source)
    standard_input = io.BytesIO()
    standard_input.name = "<stdin>"
    with pytest.raises(ValueError, match="give filename="):
        Upload.of(standard_input)
    with pytest.raises(ValueError, match="not valid text: give filename="):
        Upload.of(b"", filename=os.fsdecode(b"\xff.gem"))


def test_sources_that_cannot_be_sent(tmp_path: Path) -> None:
    """What cannot be sent is refused when the upload is made, and nothing was opened then."""
    missing = tmp_path / "missing.gem"
    with pytest.raises(FileNotFoundError, match=re.escape(f"No such file or directory: '{missing}'")):
        Upload.of(missing)
    with pytest.raises(IsADirectoryError, match=re.escape(f"Is a directory: '{tmp_path}'")):
        Upload.of(tmp_path)
    with pytest.raises(TypeError, match=r'type StringIO is open for text; .*mode "rb"'):
        Upload.of(io.StringIO("text"), filename="a")  # type: ignore[arg-type]
    with tempfile.NamedTemporaryFile("w+", encoding="utf-8") as wrapped, pytest.raises(TypeError, match="for text"):
        Upload.of(wrapped)
    with pytest.raises(TypeError, match="cannot send an object of type int; it should be a path"):
        Upload.of(1, filename="a")  # type: ignore[arg-type]
    with pytest.raises(SizeMismatch, match="a has 3 bytes, not size=4"):
        Upload.of(b"abc", filename="a", size=4)
    with pytest.raises(ValueError, match="size=-1 is negative"):
        Upload.of([], filename="a", size=-1)


@pytest.mark.parametrize("chunk", ["text", None, 7])
def test_a_chunk_that_is_not_bytes(chunk: Any, is_async: bool) -> None:  # noqa: FBT001
    """A chunk that is not bytes is an error, and no end of the file."""
    kind = type(chunk).__name__
    with pytest.raises(TypeError, match=f"the source of a.bin gave an object of type {kind}; chunks should be bytes"):
        whole(body_of(iter([b"first", chunk])), is_async=is_async)
    if is_async:
        with pytest.raises(TypeError, match="chunks should be bytes"):
            whole(body_of(as_async([chunk])), is_async=True)


@pytest.mark.parametrize("size", [len(CONTENT) - 1, len(CONTENT) + 1, 0, 2 * len(CONTENT)])
@pytest.mark.parametrize("kind", ["generator", "async iterator", "unseekable file"])
def test_a_wrong_size_never_arrives_as_a_whole(kind: str, size: int, path: Path) -> None:
    """A source that gives fewer or more bytes than its size raises before the form ends."""
    with ExitStack() as stack:
        body = body_of(Upload.of(SOURCES[kind](path, stack), filename="a.bin", size=size))
        assert int(body.headers["Content-Length"]) > size
        words = "ended after" if size > len(CONTENT) else "gives more"
        with pytest.raises(SizeMismatch, match=f"a.bin should have {size} bytes, but its source {words}"):
            whole(body, is_async=True)
        assert (body.started, body.finished, body.uploads[0].digests) == (True, False, None)


@pytest.mark.parametrize("change", [b"", CONTENT + b"+"])
def test_a_file_that_changes_is_not_sent_in_part(path: Path, change: bytes) -> None:
    """A file whose size changes after the upload was made raises."""
    body = body_of(Upload.of(path))
    path.write_bytes(change)
    with pytest.raises(SizeMismatch):
        whole(body)
    with pytest.raises(SizeMismatch):
        body.uploads[0].digest()


def test_a_known_size_of_an_iterator() -> None:
    """An iterator with a size is sent with a length."""
    body = body_of(Upload.of(in_pieces(), filename="a", size=len(CONTENT)))
    assert int(body.headers["Content-Length"]) == len(whole(body))
    assert "Transfer-Encoding" not in body.headers


@pytest.mark.parametrize("kind", SOURCES)
def test_a_redirect_sends_the_file_again_or_raises(send: Send, path: Path, kind: str, *, is_async: bool) -> None:
    """A redirect that keeps the body sends a repeatable file once more and whole, and raises for every other."""
    if kind == "async iterator" and not is_async:
        return
    received: list[list[Part]] = []
    calls: list[tuple[int, int | None]] = []

    def handler(request: httpx.Request) -> httpx.Response:
        received.append(parts_of(request))
        return (
            httpx.Response(307, headers={"Location": "/other"})
            if request.url.path == "/upload"
            else httpx.Response(200)
        )

    with ExitStack() as stack:
        source = SOURCES[kind](path, stack)
        body = body_of(source, progress=lambda *call: calls.append(call))
        if kind in REPEATABLE:
            assert send(body, handler, follow_redirects=True).is_success
            assert received == [[("file", "a.bin", CONTENT)]] * 2
            assert calls.count((0, body.uploads[0].size)) == 2
        else:
            with pytest.raises(NotRepeatable, match=r"a\.bin cannot be read again") as raised:
                send(body, handler, follow_redirects=True)
            assert isinstance(raised.value, httpx.StreamConsumed)
            assert len(received) == 1
        if hasattr(source, "closed"):
            assert not source.closed, "a file that was given stays open"


def test_digests_without_sending(path: Path) -> None:
    """Digests can be had before sending, sync and async; after that they are of what was sent last."""
    expected = {"sha256": hashlib.sha256(CONTENT).hexdigest(), "sha512": hashlib.sha512(CONTENT).hexdigest()}
    assert Upload.of(path).digest() == expected
    assert asyncio.run(Upload.of(path).adigest()) == expected
    file = at_middle(io.BytesIO(b"passed " + CONTENT))
    upload = Upload.of(file, filename="a")
    assert upload.digest() == expected
    assert CONTENT in whole(body_of(upload))
    md5 = Upload.of(path, algorithms=("md5",))
    assert md5.digest() == {"md5": hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()}
    path.write_bytes(CONTENT[::-1])
    assert md5.digest() == {"md5": hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()}, "computed once"
    whole(body_of(md5))
    assert md5.digests == {"md5": hashlib.md5(CONTENT[::-1], usedforsecurity=False).hexdigest()}


def test_digests_of_what_is_read_once() -> None:
    """Digests of an iterator are not computed before it is sent, for that would use it up; then they are known."""
    upload = Upload.of(in_pieces(), filename="a")
    with pytest.raises(NotRepeatable, match="its digests are known when it has been sent"):
        upload.digest()
    with pytest.raises(NotRepeatable):
        asyncio.run(upload.adigest())
    assert CONTENT in whole(body_of(upload))
    assert upload.digest()["sha256"] == asyncio.run(upload.adigest())["sha256"] == hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[BinaryIO]:
    """Give the list of files that uploads open."""
    files: list[BinaryIO] = []

    def opening(*arguments: Any) -> BinaryIO:
        files.append(open(*arguments))  # noqa: PTH123, SIM115
        return files[-1]

    monkeypatch.setattr(uploads, "open", opening, raising=False)
    return files


class Broken(Exception):
    """Raised by what a test gives to a body."""


def test_a_file_is_open_only_while_it_is_sent(path: Path, opened: list[BinaryIO]) -> None:
    """A path is opened when its first chunk is read, and closed when its last one is."""
    body = body_of(Upload.of(path))
    chunks = iter(body)
    next(chunks)
    assert not opened
    next(chunks)
    assert not opened[0].closed
    assert list(chunks)[-1].endswith(b"--\r\n")
    assert opened[0].closed
    assert len(opened) == 1


class Sending:
    """One iteration of a body, sync or async, chunk by chunk."""

    def __init__(self, body: MultipartBody, runner: asyncio.Runner | None) -> None:
        self.body = body
        self._runner = runner
        self._chunks = aiter(body) if runner else iter(body)

    def next(self) -> bytes:
        """Get the next chunk."""
        if self._runner and isinstance(self._chunks, AsyncIterator):
            return self._runner.run(self._next())
        assert isinstance(self._chunks, Iterator)
        return next(self._chunks)

    async def _next(self) -> bytes:
        assert isinstance(self._chunks, AsyncIterator)
        return await anext(self._chunks)

    def close(self) -> None:
        """Close the body."""
        if self._runner:
            self._runner.run(self.body.aclose())
        else:
            self.body.close()


@pytest.fixture
def runner(is_async: bool) -> Iterator[asyncio.Runner | None]:  # noqa: FBT001
    """Give what runs coroutines, or None to do without them."""
    with asyncio.Runner() as runner:
        yield runner if is_async else None


def under_way(body: MultipartBody, runner: asyncio.Runner | None) -> Sending:
    """Begin to send a body, until the first chunk of its file."""
    sending = Sending(body, runner)
    sending.next()
    assert len(sending.next()) == CHUNK_SIZE
    return sending


def test_an_error_in_the_progress_callback(path: Path, opened: list[BinaryIO], runner: asyncio.Runner | None) -> None:
    """What a progress callback raises comes through, and the file is closed although the traceback is kept."""

    def progress(sent: int, _: int | None) -> None:
        if sent:
            raise Broken

    body = body_of(Upload.of(path), progress=progress)
    sending = under_way(body, runner)
    with pytest.raises(Broken):
        sending.next()
    assert [file.closed for file in opened] == [True]
    assert not body.finished


def test_an_error_in_the_source(path: Path, opened: list[BinaryIO], runner: asyncio.Runner | None) -> None:
    """When a file turns out to be shorter, it is closed although the traceback is kept."""
    sending = under_way(body_of(Upload.of(path)), runner)
    os.truncate(path, 0)
    with pytest.raises(SizeMismatch):
        sending.next()
    assert [file.closed for file in opened] == [True]


def test_closing_early(path: Path, opened: list[BinaryIO], runner: asyncio.Runner | None) -> None:
    """Closing a body, beginning it anew, and dropping its iteration each close the file that it was sending."""
    body = body_of(Upload.of(path))
    whole(body)
    assert body.finished
    opened.clear()
    first = under_way(body, runner)
    assert not body.finished
    first.close()
    assert [file.closed for file in opened] == [True]
    second = under_way(body, runner)
    assert [file.closed for file in opened] == [True, False]
    third = under_way(body, runner)
    assert [file.closed for file in opened] == [True, True, False]
    with pytest.raises((StopIteration, StopAsyncIteration)):
        second.next()
    del third
    gc.collect()
    assert [file.closed for file in opened] == [True, True, True]
    assert (body.started, body.finished) == (True, False)


def test_a_transport_that_fails(path: Path, opened: list[BinaryIO], send: Send) -> None:
    """When a transport fails in the midst of a file, the file is closed although the traceback is kept."""

    class Transport(httpx.BaseTransport, httpx.AsyncBaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            assert isinstance(request.stream, httpx.SyncByteStream)
            for chunk in request.stream:
                if len(chunk) == CHUNK_SIZE:
                    raise Broken
            raise AssertionError

        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            assert isinstance(request.stream, httpx.AsyncByteStream)
            async for chunk in request.stream:
                if len(chunk) == CHUNK_SIZE:
                    raise Broken
            raise AssertionError

    body = body_of(Upload.of(path))
    with pytest.raises(Broken):
        send(body, Transport())
    assert [file.closed for file in opened] == [True]


class Blocking:
    """What a read waits in."""

    def __init__(self) -> None:
        self.release, self.waiting, self.ended = threading.Event(), threading.Event(), threading.Event()

    def wait(self) -> None:
        """Wait until it is released."""
        self.waiting.set()
        self.release.wait(10)
        self.ended.set()

    def iterate(self) -> Iterator[bytes]:
        """Give a chunk late."""
        self.wait()
        yield b"late"

    async def cancel(self, body: MultipartBody, *, natively: bool) -> None:
        """Cancel the sending of a body while it waits, by asyncio or anyio; it must not wait for its source."""
        chunks = aiter(body)
        await anext(chunks)
        scope = anyio.CancelScope()

        async def send() -> None:
            with scope:
                await anext(chunks)
                raise AssertionError

        task = asyncio.create_task(send())
        while not self.waiting.is_set():
            await asyncio.sleep(0.001)
        if natively:
            task.cancel()
            with pytest.raises(asyncio.CancelledError) as self.raised:  # kept, with its traceback
                await task
        else:
            scope.cancel()
            await task
        assert not self.ended.is_set()


@pytest.mark.parametrize("natively", [False, True])
def test_cancellation_does_not_wait_for_a_source_that_blocks(natively: bool) -> None:  # noqa: FBT001
    """A task that is cancelled while an iterator of the caller's blocks ends without the iterator's next chunk."""

    async def run() -> None:
        blocking = Blocking()
        await blocking.cancel(body_of(blocking.iterate()), natively=natively)
        blocking.release.set()

    asyncio.run(run())


@pytest.mark.parametrize("natively", [False, True])
def test_cancellation_in_the_midst_of_a_read(
    path: Path,
    natively: bool,  # noqa: FBT001
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A file that is being read when its task is cancelled is closed after that read, and can be sent again whole."""
    blocking = Blocking()
    opened: list[io.BytesIO] = []

    class Slow(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            blocking.wait()
            return super().read(size)

    def opening(*_: Any) -> io.BytesIO:
        opened.append(io.BytesIO(CONTENT) if opened else Slow(CONTENT))
        return opened[-1]

    monkeypatch.setattr(uploads, "open", opening, raising=False)

    async def run() -> None:
        body = body_of(Upload.of(path))
        await blocking.cancel(body, natively=natively)
        assert not opened[0].closed
        blocking.release.set()
        assert CONTENT in b"".join([chunk async for chunk in body])

    asyncio.run(run())
    until(lambda: all(file.closed for file in opened), "both files are closed")
    assert len(opened) == 2


def test_sources_do_not_block_the_event_loop() -> None:
    """A read or an iteration that waits for the event loop to go on gets what it waits for."""

    async def run() -> None:
        loop = asyncio.get_running_loop()

        def iterate() -> Iterator[bytes]:
            file = Ticking(CONTENT, loop)
            while chunk := file.read(100_000):
                yield chunk

        for source in (Ticking(CONTENT, loop), iterate()):
            upload = Upload.of(source, filename="a")
            assert CONTENT in b"".join([chunk async for chunk in body_of(upload)])
        upload = Upload.of(Ticking(CONTENT, loop), filename="a")
        assert (await upload.adigest())["sha256"] == hashlib.sha256(CONTENT).hexdigest()

    asyncio.run(run())


@pytest.mark.parametrize("kind", ["path", "generator", "async iterator"])
def test_hashing_and_opening_happen_beside_the_event_loop(
    path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Digests are computed and paths opened in other threads; progress is told in that of the event loop."""
    threads: dict[str, set[int]] = {"hash": set(), "open": set(), "tell": set()}

    class Hash:
        def __init__(self, name: str) -> None:
            self._hash = hashlib.new(name)
            self.hexdigest = self._hash.hexdigest

        def update(self, chunk: bytes) -> None:
            threads["hash"].add(threading.get_ident())
            self._hash.update(chunk)

    def opening(*arguments: Any) -> Any:
        threads["open"].add(threading.get_ident())
        return open(*arguments)  # noqa: PTH123

    monkeypatch.setattr(uploads, "hashlib", SimpleNamespace(new=Hash))
    monkeypatch.setattr(uploads, "open", opening, raising=False)
    with ExitStack() as stack:
        source = SOURCES[kind](path, stack)
        whole(body_of(source, progress=lambda *_: threads["tell"].add(threading.get_ident())), is_async=True)
    assert threads["hash"]
    assert bool(threads["open"]) == (kind == "path")
    assert threads["tell"] == {threading.get_ident()}
    assert not threads["tell"] & (threads["hash"] | threads["open"])


def test_long_chunks_are_cut_without_copies() -> None:
    """However long the chunks of a source are, no longer ones than `CHUNK_SIZE` go on, and no second copy is made."""
    long = bytes(64 << 20)
    sources: list[Callable[[], FileSource]] = [lambda: long, lambda: iter([long]), lambda: as_async([long])]
    tracemalloc.start()
    try:
        for source in sources:
            for is_async in (True,) if source is sources[-1] else (False, True):
                tracemalloc.reset_peak()
                before = tracemalloc.get_traced_memory()[0]
                lengths = asyncio.run(lengths_of(body_of(source()), is_async=is_async))
                assert max(lengths) == CHUNK_SIZE
                assert tracemalloc.get_traced_memory()[1] - before < 16 * CHUNK_SIZE
    finally:
        tracemalloc.stop()


async def lengths_of(body: MultipartBody, *, is_async: bool) -> list[int]:
    """Tell how long the chunks of a body are."""
    return [len(chunk) async for chunk in body] if is_async else [len(chunk) for chunk in body]


def test_a_chunk_can_be_used_again_by_its_source() -> None:
    """A source may fill one buffer again and again, and change its size, for nothing holds it between two chunks."""

    def refilled() -> Iterator[bytes]:
        buffer = bytearray()
        for length in (5, 3, 0, 4):
            buffer[:] = bytes([length]) * length
            yield buffer  # type: ignore[misc]

    assert b"\5\5\5\5\5\3\3\3\4\4\4\4" in whole(body_of(refilled()))


def test_pipes_are_read_once(tmp_path: Path) -> None:
    """The path of a pipe is sent with an unknown size, and not twice."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    upload = Upload.of(pipe)
    assert (upload.filename, upload.size, upload.repeatable) == ("pipe", None, False)
    writer = threading.Thread(target=pipe.write_bytes, args=[CONTENT])
    writer.start()
    body = body_of(upload)
    assert CONTENT in whole(body)
    writer.join()
    with pytest.raises(NotRepeatable):
        whole(body)


def test_several_files_in_a_form(tmp_path: Path) -> None:
    """Progress counts the bytes of all files of a form; one unknown size makes the total unknown."""
    calls: list[tuple[int, int | None]] = []
    fields: list[multipart.FormField] = [("a", ("a", b"12", None)), ("b", ("b", b"345", None))]
    whole(MultipartBody(fields, progress=lambda *call: calls.append(call)))
    assert calls == [(0, 5), (2, 5), (5, 5)]
    calls.clear()
    body = MultipartBody([*fields, ("c", ("c", iter([b"6"]), None))], progress=lambda *call: calls.append(call))
    whole(body)
    assert calls == [(0, None), (2, None), (5, None), (6, None), (6, 6)]
    (tmp_path / "a.txt").touch()
    assert MultipartBody([("a", (None, str(tmp_path / "a.txt"), None))]).uploads[0].filename == "a.txt"


def test_a_reading_can_be_closed_before_it_began(path: Path, opened: list[BinaryIO]) -> None:
    """To open an upload opens no file yet."""
    with closing(Upload.of(path).open(is_async=False)):
        pass
    assert not opened
