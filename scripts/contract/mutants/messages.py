"""Requests and answers, as mutants see and change them. Both are values: a change gives another one."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from http import HTTPStatus
from io import BytesIO
from typing import Any, Self
from urllib.parse import parse_qsl, urlencode

import httpx
from python_multipart import parse_form

Headers = Sequence[tuple[bytes, bytes]]
"""Names, in lower case, and values, as ASGI has them."""


@dataclass(frozen=True)
class Message:
    """What a request and an answer have in common.

    Attributes:
        headers: the headers.
        body: the body, whole.
    """

    headers: Headers = field(repr=False)
    body: bytes = field(repr=False)

    def header(self, name: str) -> str | None:
        """Look a header up, by its name in any case; None where it is missing."""
        wanted = name.lower().encode()
        return next((value.decode("latin-1") for key, value in self.headers if key == wanted), None)

    def with_header(self, name: str, value: object) -> Self:
        """Set a header, in its place if it is there, else at the end."""
        key, text = name.lower().encode(), str(value).encode("latin-1")
        if all(each != key for each, _ in self.headers):
            return replace(self, headers=(*self.headers, (key, text)))
        return replace(self, headers=tuple((each, text if each == key else old) for each, old in self.headers))

    def without_header(self, *names: str) -> Self:
        """Leave headers out."""
        keys = {name.lower().encode() for name in names}
        return replace(self, headers=tuple(header for header in self.headers if header[0] not in keys))

    def with_body(self, body: bytes, media_type: str | None = None) -> Self:
        """Replace the body, with its length, and with another media type if one is given."""
        changed = replace(self, body=body).with_header("Content-Length", len(body))
        return changed.with_header("Content-Type", media_type) if media_type else changed

    def with_json(self, value: Any) -> Self:
        """Replace the body by JSON."""
        body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
        return self.with_body(body, "application/json")

    @cached_property
    def json(self) -> Any:
        """The body as JSON, anew for each message; None where it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


@dataclass(frozen=True)
class Request(Message):
    """A request to the API.

    Attributes:
        method: the HTTP method, in upper case.
        path: the path as it was sent, percent-encoded.
        query_string: the query as it was sent, percent-encoded.
    """

    method: str
    path: str
    query_string: str

    @cached_property
    def query(self) -> Mapping[str, str]:
        """The query parameters; of those that are sent twice, the last."""
        return dict(parse_qsl(self.query_string, keep_blank_values=True))

    def with_query(self, **parameters: object) -> Self:
        """Set query parameters; None takes one away."""
        merged = {**self.query, **parameters}
        left = {name: value for name, value in merged.items() if value is not None}
        return replace(self, query_string=urlencode(left))

    def with_token(self, token: str) -> Self:
        """Let it bear another access token."""
        return self.with_header("Authorization", f"Bearer {token}")

    @cached_property
    def file(self) -> tuple[str, str, bytes] | None:
        """The file of a form: name of its field, its file name, and its bytes. None where there is none."""
        found: list[tuple[str, str, bytes]] = []
        if not (self.header("Content-Type") or "").startswith("multipart/"):
            return None

        def take(file: Any) -> None:
            with file.file_object as content:
                content.seek(0)
                found.append(((file.field_name or b"").decode(), (file.file_name or b"").decode(), content.read()))

        headers = {name.decode().title(): value for name, value in self.headers}
        try:
            parse_form(headers, BytesIO(self.body), None, take)
        except Exception:  # whatever is wrong with a fuzzer's form, it has no file
            return None
        return found[0] if found else None

    def with_file(self, field: str, name: str, content: bytes) -> Self:
        """Send a form with a file instead of the body."""
        form = httpx.Request("POST", "http://localhost", files={field: (name, content)})
        return self.with_body(form.read(), form.headers["Content-Type"])


@dataclass(frozen=True)
class Answer(Message):
    """An answer of the API.

    Attributes:
        status: the HTTP status.
    """

    status: int

    @property
    def ok(self) -> bool:
        """Whether the status is a 2xx."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES

    def with_status(self, status: int) -> Self:
        """Set the status; with 204 there is no body either."""
        changed = replace(self, status=status)
        if status == HTTPStatus.NO_CONTENT:
            changed = replace(changed, body=b"").without_header("Content-Length", "Content-Type")
        return changed

    def error(self, status: int, message: str) -> Self:
        """Make an error of it, in the form of the spec."""
        return self.with_status(status).with_json({"message": message})
