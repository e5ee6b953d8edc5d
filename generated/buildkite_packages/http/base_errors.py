"""The errors that `errors` adds those of the documented statuses to."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self, cast

import httpx

from .operation import IDEMPOTENT, Operation

if TYPE_CHECKING:
    from ..models.field_error import FieldError

LONGEST_MESSAGE = 500
"""Characters of a server's message that an error repeats."""


class PackageRegistriesError(Exception):
    """The base of the errors of this package. They can be pickled, and hold no token."""

    def __reduce__(self) -> tuple[Any, ...]:
        return rebuilt, (type(self), self.args, self.__dict__)


def rebuilt(kind: type[PackageRegistriesError], args: tuple[object, ...], state: dict[str, Any]) -> Exception:
    """Make an error again from what its pickle holds."""
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(state)
    return error


class ConfigurationError(PackageRegistriesError, ValueError):
    """A setting is missing or wrong; the message names it."""


class ResponseError(PackageRegistriesError):
    """The API answered, and not with success.

    Attributes:
        operation: operationId of what was asked for.
        scopes: the scopes that it needs, as alternatives; those of one alternative are needed together.
        documentation: address of the operation's reference page.
        status: the answer's status code.
        message: what the answer says, or what is wrong with it.
        errors: the fields at fault, where the answer names any.
        headers: headers of the answer.
        method: method of the request.
        url: address of the request.
        body: the answer's JSON, or None where it is none.
    """

    operation: str
    scopes: tuple[tuple[str, ...], ...]
    documentation: str
    status: int
    message: str
    errors: "list[FieldError]"
    headers: httpx.Headers
    method: str
    url: str
    body: Any

    @classmethod
    def of(cls, operation: Operation, response: httpx.Response, message: str, body: Any = None) -> Self:
        """Make the error of an answer.

        Args:
            operation: what was asked for.
            response: the answer; nothing of its request but method and address is kept.
            message: what the answer says, without the token.
            body: its JSON.
        """
        error = cls.__new__(cls)
        error.operation, error.scopes, error.documentation = operation.id, operation.scopes, operation.documentation
        error.status, error.headers = response.status_code, response.headers
        error.method, error.url = response.request.method, str(response.request.url)
        error.message, error.body = message, body
        error.errors = field_errors(body)
        error.args = (error.sentence(),)
        return error

    def sentence(self) -> str:
        """Say what happened and what to do about it."""
        said = shortened(self.message).rstrip(".")
        at_fault = shortened("; ".join(f"`{each.field}`: {each.code}" for each in self.errors))
        what = f"{said} ({at_fault})" if at_fault else said
        advice = self.advice()
        return (
            f"{self.operation} ended in {status_line(self.status)}: {what}."
            + (f" {advice}" if advice else "")
            + f" [{self.method} {shortened(self.url)}]"
        )

    def advice(self) -> str:
        """Say what to do; nothing where that depends."""
        return ""


class StatusError(ResponseError):
    """The answer's status is no success."""


class ServerError(StatusError):
    """The service failed: a 5xx status."""

    def advice(self) -> str:
        """Say how far it is known what the service did."""
        if self.method in IDEMPOTENT:
            return "The service failed; try again later."
        return "The service failed, and may have done it all the same; look before you try again."


class UnexpectedStatus(StatusError):
    """The answer's status is one that the operation does not document."""

    def advice(self) -> str:
        """Say what the operation documents, or where a redirect leads."""
        if self.headers.get("Location"):
            return "The address of the API seems to be another now; check `base_url`."
        return f"It is not documented at {self.documentation}; check `base_url`, or look for a newer client."


class UploadFailed(StatusError):
    """The receiver of a presigned upload's form, which may be a store beside the API, did not take the file."""

    def advice(self) -> str:
        """Say whose answer it is."""
        return "It is the answer of the address that the API named for the upload; nothing was published."


class UnexpectedResponse(ResponseError):
    """A success whose body is not what the operation documents, or an answer that is too large; the message says."""

    def advice(self) -> str:
        """Say what may be the reason."""
        done = "" if self.method in IDEMPOTENT else "The service may have done what was asked. "
        return f"{done}Check that `base_url` is the API's, or look for a newer client."


class ForeignLink(PackageRegistriesError):
    """A page's link to the next leads to another origin, where the token must not go."""


class PublishError(PackageRegistriesError):
    """A file was not published, or not as it is.

    Attributes:
        filename: name of the file.
        digests: of the file, by name of the algorithm, in hexadecimal.
    """

    def __init__(self, message: str, filename: str, digests: Mapping[str, str]) -> None:
        super().__init__(message)
        self.filename = filename
        self.digests = dict(digests)


class DigestMismatch(PublishError):
    """What the service stored is not what was sent."""


class DifferentContent(PublishError):
    """The registry has other content under the same name and version."""


def field_errors(body: Any) -> "list[FieldError]":
    """Read the fields at fault out of an error's JSON, as far as they are what the spec says."""
    from ..models.field_error import FieldError  # noqa: PLC0415 - models load when used
    from .parsing import UnexpectedValue, member, strict  # noqa: PLC0415

    errors = member(body, "errors")
    entries = cast("Sequence[Any]", errors) if isinstance(errors, list) else ()
    found: list[FieldError] = []
    for entry in entries:
        with suppress(UnexpectedValue), strict():
            found.append(FieldError.from_dict(entry))
    return found


def shortened(text: str) -> str:
    """Put a text into one line of bounded length, without what a terminal would act on."""
    line = "".join(each if each.isprintable() else "\ufffd" for each in " ".join(text.split()))
    return line if len(line) <= LONGEST_MESSAGE else f"{line[:LONGEST_MESSAGE]}…"


def status_line(status: int) -> str:
    """Write a status code with its name, where it has one."""
    return f"{status} {httpx.codes.get_reason_phrase(status)}".strip()  # those of `HTTPStatus` change with Python
