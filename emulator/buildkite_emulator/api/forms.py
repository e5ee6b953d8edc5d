"""Receives a form with a file: the file goes to the blob store while it arrives.

Memory does not grow with the file, because it is handed on in blocks of a mebibyte; writing and hashing a block happens
off the event loop.
"""

import re
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from email.message import Message
from urllib.parse import unquote_to_bytes

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from buildkite_emulator.api.validation import UNSTORABLE
from buildkite_emulator.errors import ValidationFailed
from buildkite_emulator.storage.blobs import CHUNK, BlobWriter
from buildkite_emulator.storage.rows import NewBlob

MULTIPART = "multipart/form-data"

CURL_MEDIA_TYPE = "application/json"
"""What curl calls a form, beside its boundary, when it is given this Content-Type as the API's older pages have it."""

MOST_OTHER_BYTES = 1 << 20
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
    content: bytearray | None = None


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
    return last_segment(name)


def last_segment(name: str) -> str:
    """Take the path off a file's name."""
    return _SEPARATOR.split(_DRIVE.sub("", name))[-1]


class FormReceiver:
    """Receives a form.

    Args:
        request: the request, whose body has not been read.
        file_field: name of the field that holds the file.
        kept: names of the other fields whose content is kept.
        renamed: by older name of a field, the name that it has now; None for one that has no effect.
        begin: called once the file has begun, with this receiver; it gives the writer for the file's bytes.
        max_size: bytes that the file may have.

    Attributes:
        file_name: the name that the file was sent with; None where no file has begun.
        fields: the content of the fields that are kept, as far as they have come.
        before_file: the names of those of them that came before the file.
        other_fields: names of the fields besides the file.
        writer: writes the file; None where no file has begun.

    Raises:
        ValidationFailed: the request has no form.
    """

    def __init__(  # noqa: PLR0913
        self,
        request: Request,
        file_field: str,
        begin: "Callable[[FormReceiver], Awaitable[BlobWriter]]",
        max_size: int,
        *,
        kept: Collection[str] = (),
        renamed: Mapping[str, str | None] | None = None,
    ) -> None:
        self.file_field = file_field
        self.file_name: str | None = None
        self.fields: dict[str, bytearray] = {}
        self.before_file: frozenset[str] = frozenset()
        self.other_fields: list[str] = []
        self.writer: BlobWriter | None = None
        self._begin = begin
        self._max_size = max_size
        self._kept = kept
        self._renamed = renamed or {}
        self._body = request.stream()
        self._part = Part()
        self._pending = bytearray()
        self._ended = False
        self._file_bytes = 0
        self._all_bytes = 0
        media_type, options = parse_options_header(request.headers.get("content-type"))
        boundary = options.get(b"boundary")
        if media_type.decode("latin-1") not in (MULTIPART, CURL_MEDIA_TYPE) or not boundary:
            raise ValidationFailed(f"the body should be {MULTIPART} with a boundary")
        try:
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
        except FormParserError as error:
            raise ValidationFailed(f"the boundary is invalid: {error}") from error

    async def receive(self) -> None:
        """Read the form to its end.

        Raises:
            ValidationFailed: it is malformed or truncated, the file is doubled or too large, or it may not begin.
        """
        async for data in self._body:
            self._all_bytes += len(data)
            try:
                self._parser.write(data)
            except FormParserError as error:
                raise self._invalid(f"the body is not valid {MULTIPART}: {error}", "malformed") from error
            if self._all_bytes - self._file_bytes > MOST_OTHER_BYTES:
                raise self._invalid(f"the body holds too much beside the file `{self.file_field}`", "malformed")
            if self.file_name is not None and self.writer is None:
                self.writer = await self._begin(self)
            if len(self._pending) >= CHUNK:
                await run_in_threadpool(self._flush)
        if not self._ended:
            raise self._invalid("the body ends before the form does; was the upload cut?", "truncated")

    def finish(self) -> tuple[str, NewBlob]:
        """Write what is left of the file; returns its name and its blob's row. It takes a thread's time."""
        if self.writer is None or self.file_name is None:
            raise LookupError("no file was received")
        self._flush()
        return self.file_name, self.writer.close()

    async def abandon(self) -> None:
        """Give up the file, unless it is finished."""
        if self.writer is not None and self.writer.is_open:
            await run_in_threadpool(self.writer.abandon)

    def text(self, name: str) -> str | None:
        """Read the content of a field that is kept; None where it was not sent.

        Raises:
            ValidationFailed: it is not UTF-8.
        """
        if name not in self.fields:
            return None
        try:
            return self.fields[name].decode("utf-8")
        except UnicodeDecodeError as error:
            raise ValidationFailed(f"`{name}` is not UTF-8 at byte {error.start}", [(name, "invalid")]) from error

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
        sent_name = options.get(b"name", b"").decode("utf-8", "replace")
        name = self._renamed.get(sent_name, sent_name)
        if name is None:
            return
        if name != self.file_field:
            self.other_fields.append(name)
            if name in self.fields:
                raise ValidationFailed(f"the form field `{name}` is there twice", [(name, "repeated")])
            if name in self._kept:
                self._part.content = self.fields[name] = bytearray()
            return
        if self.file_name is not None:
            raise self._invalid(f"the form field `{self.file_field}` is there twice", "repeated")
        file_name = sent_file_name(disposition)
        if not file_name:
            raise self._invalid(f"the form field `{self.file_field}` has no file name; send it as a file", "invalid")
        if UNSTORABLE.search(file_name):
            raise self._invalid("the file's name holds a character that is no text", "invalid")
        self._part.is_file = True
        self.file_name = file_name
        self.before_file = frozenset(self.fields)

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        if self._part.is_file:
            self._file_bytes += end - start
            if self._file_bytes > self._max_size:
                raise self._invalid(f"the file is larger than {self._max_size} bytes", "too_large")
            self._pending += memoryview(data)[start:end]
        elif self._part.content is not None:
            self._part.content += memoryview(data)[start:end]

    def _end(self) -> None:
        self._ended = True
