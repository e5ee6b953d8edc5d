"""Receives a multipart body: the file goes to the blob store while it arrives, and is then looked into.

Memory does not grow with the file, because it is handed on in blocks of a mebibyte; writing and hashing a block happens
off the event loop.
"""

import os
import re
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from email.message import Message
from urllib.parse import unquote_to_bytes

from anyio import CapacityLimiter, to_thread
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from buildkite_emulator import formats
from buildkite_emulator.api.context import RequestContext, Upload
from buildkite_emulator.errors import StoreUnavailable, ValidationFailed
from buildkite_emulator.spec import Ecosystem
from buildkite_emulator.storage.blobs import CHUNK, BlobStore, BlobWriter
from buildkite_emulator.storage.rows import NewBlob, RegistryRow

CURL_MEDIA_TYPE = "application/json"
"""What curl calls a form, beside its boundary, when it is given this Content-Type as the API's older pages have it."""

MOST_OTHER_BYTES = 64 * 1024
"""Bytes that all that is not the file may have: boundaries, headers, other fields."""

_DRIVE = re.compile(r"\A[A-Za-z]:")
_SEPARATOR = re.compile(r"[/\\]")
_CHARSETS = {"iso-8859-1": "iso-8859-1", "us-ascii": "us-ascii"}


@dataclass
class Part:
    """A part of a multipart body, as far as it has come."""

    headers: dict[str, bytes] = field(default_factory=dict)
    header_name: bytes = b""
    header_value: bytes = b""
    is_file: bool = False


def sent_file_name(disposition: bytes) -> str:
    r"""Return the last segment of the file name in a Content-Disposition header; "" where there is none.

    Clients send paths: `dist/x.whl`, `C:\dist\x.whl`. RFC 7578 lets them percent-encode a name, as browsers do with
    some characters and aiohttp with all that need it. It forbids `filename*=` of RFC 5987, but urllib3 sends it for
    names that are not ASCII; where it is there it counts.
    """
    message = Message()
    message["Content-Disposition"] = disposition.decode("latin-1")
    names = [value for key, value in message.get_params([], "content-disposition") if key.lower() == "filename"]
    # One without a charset, or with nothing after it, is malformed: then the plain one counts.
    extended = (value for value in names if isinstance(value, tuple) and value[0] and value[2])
    name = next(extended, next((value for value in names if isinstance(value, str)), names[0] if names else ""))
    if isinstance(name, tuple):
        charset, _, value = name  # whose escapes are bytes by now
        name = value.encode("latin-1", "replace").decode(_CHARSETS.get((charset or "").lower(), "utf-8"), "replace")
    else:
        try:
            name = unquote_to_bytes(name.encode("latin-1")).decode("utf-8")
        except UnicodeDecodeError:
            name = name.encode("latin-1").decode("utf-8", "replace")
    return _SEPARATOR.split(_DRIVE.sub("", name))[-1]


class FileReceiver:
    """Picks one file out of a multipart body.

    Args:
        file_field: name of the form field that holds the file.
        ecosystem: what kind of package the file should be.
        boundary: the boundary from the Content-Type header.
        create: makes the writer for the file's bytes, once the file begins.
        max_size: bytes that the file may have.
    """

    def __init__(
        self, file_field: str, ecosystem: str, boundary: bytes, create: Callable[[], BlobWriter], max_size: int
    ) -> None:
        self.file_field = file_field
        self.ecosystem = ecosystem
        self.max_size = max_size
        self.file_name: str | None = None
        self.other_fields: list[str] = []
        self.writer: BlobWriter | None = None
        self._create = create
        self._part = Part()
        self._pending = bytearray()
        self._ended = False
        self._file_bytes = 0
        self._all_bytes = 0
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._part_begin,
                "on_header_field": self._header_field,
                "on_header_value": self._header_value,
                "on_header_end": self._header_end,
                "on_headers_finished": self._headers_finished,
                "on_part_data": self._part_data,
                "on_end": self._end,
            },
        )

    async def receive(self, body: AsyncIterator[bytes]) -> None:
        """Read a body to its end.

        Raises:
            ValidationFailed: the body is malformed or truncated, the file is missing, doubled or too large.
        """
        async for data in body:
            self._all_bytes += len(data)
            try:
                self._parser.write(data)
            except FormParserError as error:
                raise self._invalid(f"the body is not valid multipart/form-data: {error}", "malformed") from error
            if self._all_bytes - self._file_bytes > MOST_OTHER_BYTES:
                raise self._invalid(f"the body holds too much beside the file `{self.file_field}`", "malformed")
            if len(self._pending) >= CHUNK:
                await run_in_threadpool(self._flush)
        if not self._ended:
            raise self._invalid("the body ends before the form does; was the upload cut?", "truncated")
        if self.writer is None:
            raise self._invalid(f"the form field `{self.file_field}` is missing", "missing_field")

    def finish(self) -> tuple[str, NewBlob]:
        """Write what is left of the file; returns its name and its blob's row. It takes a thread's time."""
        if self.writer is None or self.file_name is None:
            raise LookupError("no file was received")
        self._flush()
        return self.file_name, self.writer.close()

    def _flush(self) -> None:
        if self.writer is not None and self._pending:
            data, self._pending = bytes(self._pending), bytearray()
            self.writer.write(data)

    def _invalid(self, reason: str, code: str) -> ValidationFailed:
        return ValidationFailed(reason, [(self.file_field, code)])

    def _part_begin(self) -> None:
        self._part = Part()

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._part.header_name += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._part.header_value += data[start:end]

    def _header_end(self) -> None:
        part = self._part
        part.headers[part.header_name.decode("latin-1").lower()] = part.header_value
        part.header_name = part.header_value = b""

    def _headers_finished(self) -> None:
        disposition = self._part.headers.get("content-disposition", b"")
        _, options = parse_options_header(disposition)
        name = options.get(b"name", b"")
        if name != self.file_field.encode():
            self.other_fields.append(name.decode("utf-8", "replace"))
            return
        if self.writer is not None:
            raise self._invalid(f"the form field `{self.file_field}` is there twice", "repeated")
        file_name = sent_file_name(disposition)
        if not file_name:
            raise self._invalid(f"the form field `{self.file_field}` has no file name; send it as a file", "invalid")
        self._part.is_file = True
        self.file_name = file_name
        try:
            formats.reader(self.ecosystem, self.file_name)  # rather now than after a gibibyte of the file
        except formats.UnreadablePackage as error:
            raise self._invalid(str(error), "invalid") from error
        self.writer = self._create()

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        if self._part.is_file:
            self._file_bytes += end - start
            if self._file_bytes > self.max_size:
                raise self._invalid(f"the file is larger than {self.max_size} bytes", "too_large")
            self._pending += memoryview(data)[start:end]

    def _end(self) -> None:
        self._ended = True


class Uploads:
    """Receives the files of calls whose operation takes one.

    Args:
        blobs: where the bytes go.
        ecosystems: the known ecosystems by name.
        max_size: bytes that a file may have.
    """

    def __init__(self, blobs: BlobStore, ecosystems: Mapping[str, Ecosystem], max_size: int) -> None:
        self._blobs = blobs
        self._ecosystems = ecosystems
        self._max_size = max_size
        self._readers = CapacityLimiter(os.cpu_count() or 1)  # so that costly files cannot take all threads

    async def receive(self, context: RequestContext, request: Request, blob_id: str) -> Upload:
        """Receive the file of a request. Its blob is the caller's to use or to delete, however this ends.

        Args:
            context: of the call.
            request: the request, whose body has not been read.
            blob_id: the blob to put it in.

        Raises:
            ValidationFailed: the body or the package cannot be accepted. The blob may exist all the same.
        """
        operation, registry = context.operation, context.registry
        ecosystem = self._ecosystems[registry.ecosystem]
        if ecosystem.native_tool is not None:
            raise ValidationFailed(
                f"{formats.UNSUPPORTED_TYPE}: packages of {ecosystem.title} cannot be published as a file; "
                f"use `{ecosystem.native_tool}`",
                [(operation.file_field or "", "invalid")],
            )
        media_type, options = parse_options_header(request.headers.get("content-type"))
        boundary = options.get(b"boundary")
        types = (operation.media_type, CURL_MEDIA_TYPE)
        if media_type.decode("latin-1") not in types or not boundary or operation.file_field is None:
            raise ValidationFailed(f"the body should be {operation.media_type} with a boundary")
        try:
            receiver = FileReceiver(
                operation.file_field, registry.ecosystem, boundary, lambda: self._blobs.create(blob_id), self._max_size
            )
        except FormParserError as error:
            raise ValidationFailed(f"the boundary is invalid: {error}") from error
        try:
            await receiver.receive(request.stream())
            upload = await to_thread.run_sync(self._inspect, receiver, registry, limiter=self._readers)
        finally:
            if receiver.file_name is not None:
                context.exchange.file = {"name": receiver.file_name}
            if receiver.writer is not None and receiver.writer.is_open:
                await run_in_threadpool(receiver.writer.abandon)
        digests = {"size": upload.blob["size"], "sha256": upload.blob["sha256"], "sha512": upload.blob["sha512"]}
        context.exchange.file = {"name": upload.file_name, **digests}
        return upload

    def _inspect(self, receiver: FileReceiver, registry: RegistryRow) -> Upload:
        file_name, blob = receiver.finish()
        try:
            with self._blobs.open(blob["id"], blob["size"]) as file:
                contents = formats.read(registry.ecosystem, file_name, file, blob["size"])
        except formats.UnreadablePackage as error:
            raise ValidationFailed(str(error), [(receiver.file_field, "invalid")]) from error
        except FileNotFoundError as error:
            raise StoreUnavailable("The blob store has lost what was received; send it again", error) from error
        return Upload(registry.id, file_name, blob, contents, tuple(receiver.other_fields))
