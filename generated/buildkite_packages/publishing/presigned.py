"""Presigned uploads: a file is sent to a form that the API gives, and then published by its address."""

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Protocol, cast
from urllib.parse import quote

import httpx
from attrs import define, field

from ..errors import UploadFailed
from ..http.addresses import parse_address
from ..http.masking import mask_addresses, mask_json, mask_text
from ..http.operation import Operation
from ..http.parsing import UnexpectedValue, read_json
from ..http.receiving import UnreadableBody
from .multipart import FormField, MultipartBody, Progress
from .uploads import Upload

FILE_NAME = "${filename}"
"""Stands for the file's name in the form's `key`."""

KEY = "key"
"""The form's field with the key of the file, below the form's address."""

LONGEST_REASON = 200
"""Characters of a receiver's answer that an error repeats, where the answer has no message."""

XML_REASON = re.compile(r"<(Code|Message)>([^<]*)</\1>")
"""What S3 and similar stores say about an error."""


class GivenForm(Protocol):
    """A form, as the API gives it."""

    @property
    def file_input(self) -> Any: ...  # noqa: D102
    @property
    def method(self) -> Any: ...  # noqa: D102
    @property
    def url(self) -> Any: ...  # noqa: D102
    @property
    def data(self) -> Any: ...  # noqa: D102


@define(frozen=True)
class Presigning:
    """How files are sent by a form and published.

    Attributes:
        operation: what gives a form.
        arguments: of the request for one, as `httpx.Client.build_request` takes them.
        parse: takes the form out of an answer's JSON.
        address: the property that takes the file's address.
        publish: gives the arguments of the request that publishes the file at an address.
    """

    operation: Operation
    arguments: dict[str, Any]
    parse: Callable[[Any], GivenForm]
    address: str
    publish: Callable[[str], dict[str, Any]]

    def form(self, base_url: str) -> "Callable[[Any], UploadForm]":
        """Give what makes the form of an answer's JSON."""
        return lambda document: UploadForm.of(self.parse(document), self.operation, httpx.URL(base_url))


@define
class UploadForm:
    """A form that takes a file. Its signature is shown nowhere.

    Attributes:
        operation: what gave it.
        url: where it is sent to.
        file_input: name of the field that takes the file.
        fields: the other fields, in their order.
    """

    operation: Operation
    url: httpx.URL = field(repr=False)
    file_input: str
    fields: Mapping[str, str] = field(repr=False)

    @classmethod
    def of(cls, given: GivenForm, operation: Operation, base_url: httpx.URL) -> "UploadForm":
        """Take a form that the API gave.

        Args:
            given: the form.
            operation: what gave it.
            base_url: what a relative address is relative to.

        Raises:
            UnexpectedValue: no file can be sent with it.
        """
        to_dict = getattr(given.data, "to_dict", dict)
        data: dict[str, Any] = to_dict()
        fields = {name: str(value) for name, value in data.items() if isinstance(value, str | int)}
        if not isinstance(given.method, str) or given.method.upper() != "POST":
            raise UnexpectedValue("POST", "another method", "/form/method")
        if not isinstance(given.file_input, str) or not given.file_input:
            raise UnexpectedValue("the name of a field", "none", "/form/file_input")
        if len(fields) < len(data) or FILE_NAME not in fields.get(KEY, ""):
            raise UnexpectedValue(f"strings, with {FILE_NAME} in `{KEY}`", "something else", "/form/data")
        try:
            url = parse_address(given.url, base_url)
        except (TypeError, ValueError):
            raise UnexpectedValue("an address that a request can be sent to", "none", "/form/url") from None
        if url.scheme == "http" and base_url.scheme == "https":
            raise UnexpectedValue("an address with https", "one with http", "/form/url")
        return cls(operation, url, given.file_input, fields)

    def address(self, filename: str) -> str:
        """Give the address of a file that was sent, by its name."""
        place = str(self.url.copy_with(query=None, fragment=None)).rstrip("/")
        return f"{place}/{quote(self.fields[KEY].replace(FILE_NAME, filename).lstrip('/'))}"

    def request(
        self, http: httpx.Client | httpx.AsyncClient, upload: Upload, progress: Progress | None
    ) -> httpx.Request:
        """Build the request that sends a file, without the client's headers, cookies and token."""
        fields: list[FormField] = [(name, (None, value, "")) for name, value in self.fields.items()]
        body = MultipartBody([*fields, (self.file_input, (upload.filename, upload, None))], progress=progress)
        headers = {"User-Agent": http.headers.get("User-Agent", ""), "Accept": "*/*"}
        extensions = {"timeout": http.timeout.as_dict()}
        return body.attach_to(httpx.Request("POST", self.url, headers=headers, extensions=extensions))

    def check(self, response: httpx.Response) -> None:
        """Check that the file was taken.

        Raises:
            UploadFailed: it was not.
        """
        if not response.is_success:
            raise self._failed(response, reason_of(response))

    def unreadable(self, error: UnreadableBody) -> UploadFailed:
        """Make the error of an answer that cannot be read."""
        return self._failed(error.response, error.fault)

    def _failed(self, response: httpx.Response, reason: str) -> UploadFailed:
        reason = self._masked(reason)  # no local has the secrets where this is raised
        body: Any = None
        with suppress(ValueError, httpx.ResponseNotRead):
            body = mask_json(read_json(response.content), lambda _, __: False, self._masked)
        error = UploadFailed.of(self.operation, response, reason, body)
        error.url = self._masked(mask_addresses(str(self.url), lambda _: True))
        error.headers = httpx.Headers([(name, self._masked(each)) for name, each in error.headers.multi_items()])
        error.args = (error.sentence(),)
        return error

    def _masked(self, text: str) -> str:
        return mask_text(text, [value for name, value in self.fields.items() if name != KEY])


def reason_of(response: httpx.Response) -> str:
    """Say why a receiver refused a form: what its JSON or XML says, or the beginning of its answer."""
    if response.has_redirect_location:
        return "it leads to another address, which is not followed"
    try:
        document = read_json(response.content)
    except ValueError:
        document = None
    said = cast("dict[str, object]", document).get("message") if isinstance(document, dict) else None
    if isinstance(said, str) and said.strip():
        return said
    found = dict(XML_REASON.findall(response.text))
    if found:
        return ": ".join(filter(None, (found.get("Code"), found.get("Message"))))
    return response.text[:LONGEST_REASON].strip() or "the answer does not say why"
