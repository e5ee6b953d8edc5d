"""One call of an operation: sent, tried again where that is safe, and understood."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, TypeVar

import httpx

from ..errors import (
    BY_STATUS,
    NotFound,
    PackageRegistriesError,
    ResponseError,
    ServerError,
    StatusError,
    UnexpectedResponse,
    UnexpectedStatus,
)
from ..types import Response
from .masking import mask_json
from .operation import Operation
from .parsing import UnexpectedValue, member, parse_answer, read_json
from .ports import Body, Caller
from .receiving import UnreadableBody, asend, send
from .retries import LOST, NEVER_SENT, Attempts, apause, pause

UNSENT = (httpx.InvalidURL, UnicodeError)
"""What httpx raises where the address of a proxy or redirect cannot be used; Python's IDNA raises the last."""

FAILURES = (*UNSENT, UnreadableBody, httpx.RequestError, StatusError)
"""What ends an attempt; the call may make another."""

T = TypeVar("T")
ErrorT = TypeVar("ErrorT", bound=ResponseError)


class Call:
    """A call, without the input and output of it.

    Args:
        client: the client that makes it.
        operation: what is called.
        arguments: of `httpx.Client.build_request`; `body` in it, if there is one, is a `Body`.
        attempts: those that count for this call.
    """

    def __init__(
        self, client: Caller, operation: Operation, arguments: dict[str, Any], attempts: Attempts | None = None
    ) -> None:
        self._client = client
        self._operation = operation
        self._attempts = attempts or Attempts(client.retry, operation)
        self._arguments = dict(arguments)
        self.body: Body | None = self._arguments.pop("body", None)
        self._is_uncertain = False

    def request(self, http: httpx.Client | httpx.AsyncClient) -> httpx.Request:
        """Build the request of the next attempt."""
        self._attempts.begin()
        request = http.build_request(**self._arguments)
        return request if self.body is None else self.body.attach_to(request)

    def understood(self, response: httpx.Response, parse: Callable[[Any], T] | None) -> Response[T]:
        """Take the success out of an answer.

        Args:
            response: the answer, read to its end.
            parse: makes the model of its JSON; None where a success has no body.

        Raises:
            ResponseError: it is no success, or not the one that the operation documents.
        """
        self._client.check_drift(self._operation, response)
        parsed: Any = None
        fault = ""
        if not response.is_success:
            error = status_error(self._client, self._operation, response)
            if not self._was_deleted_before(error, parse):
                raise error
        elif parse is not None or response.content.strip():
            try:
                # The JSON is in no local, for it may hold a secret.
                parsed = parse_answer(self._operation.id, parse or unread, read_json(response.content))
            except UnexpectedValue as error:
                fault = str(error)
            except ValueError:
                kind = response.headers.get("Content-Type", "").partition(";")[0] or "no content type"
                fault = f"its body cannot be read as JSON: {len(response.content)} bytes with {kind}"
        if fault:  # raised here, without the parser's error for a context: the locals of that one may hold a secret
            raise self._unexpected(response, fault)
        return Response(status_of(response), response.content, response.headers, parsed)

    def wait_after(self, error: Exception) -> float:
        """Decide what follows a failed attempt; gives the seconds to wait before the next one.

        Raises:
            Exception: there is no next attempt: `error` itself, or what it means to the caller.
        """
        if isinstance(error, UnreadableBody):
            raise self._unexpected(error.response, error.fault) from None
        self._client.forget_token(error)
        is_of_the_file = isinstance(error, UnicodeError) and self.body is not None and self.body.started
        if isinstance(error, UNSENT) and not is_of_the_file:
            why = self._client.masked(str(error))
            raise PackageRegistriesError(
                f"{self._operation.id}: a proxy or a redirect has no usable address: {why}"
            ) from None
        self._is_uncertain |= isinstance(error, (*LOST, ServerError)) and not isinstance(error, NEVER_SENT)
        was_cut_short = self.body is not None and not self.body.finished and isinstance(error, LOST)
        can_go_again = self.body is None or not self.body.started or self.body.repeatable
        is_safe = self._operation.is_idempotent or was_cut_short
        seconds = self._attempts.wait_after(error, is_safe=is_safe) if can_go_again else None
        if seconds is None:
            raise error
        return seconds

    def _was_deleted_before(self, error: StatusError, parse: object) -> bool:
        """Tell whether it is gone because an earlier attempt, whose answer was lost, deleted it."""
        return (
            isinstance(error, NotFound) and self._is_uncertain and parse is None and self._operation.method == "DELETE"
        )

    def _unexpected(self, response: httpx.Response, fault: str) -> ResponseError:
        return without_token(self._client, UnexpectedResponse.of(self._operation, response, self._client.masked(fault)))


def unread(document: object) -> None:
    """Make nothing of JSON that comes where none is promised; a page of HTML would be no success there either."""


def status_error(client: Caller, operation: Operation, response: httpx.Response) -> StatusError:
    """Make the error of an answer that is no success."""
    kind = BY_STATUS.get(response.status_code, ServerError if response.is_server_error else UnexpectedStatus)
    try:
        body = mask_json(read_json(response.content), lambda _, __: False, client.masked)
    except ValueError:
        body = None
    said = member(body, "message")
    message = said if isinstance(said, str) and said.strip() else "the answer does not say why"
    return without_token(client, kind.of(operation, response, message, body))


def status_of(response: httpx.Response) -> HTTPStatus | int:
    """Give the status of an answer, with its name where it has one."""
    try:
        return HTTPStatus(response.status_code)
    except ValueError:
        return response.status_code


def without_token(client: Caller, error: ErrorT) -> ErrorT:
    """Mask the token in the headers and the address of an error, should the answer repeat it."""
    error.url = client.masked(error.url)
    error.args = (error.sentence(),)
    headers = [(name, client.masked(value)) for name, value in error.headers.multi_items()]
    error.headers = httpx.Headers(headers, encoding="utf-8")
    return error


def call(
    client: Caller,
    operation: Operation,
    arguments: dict[str, Any],
    parse: Callable[[Any], T] | None,
    attempts: Attempts | None = None,
) -> Response[T]:
    """Call an operation.

    Args:
        client: the client that makes the call.
        operation: what is called.
        arguments: of `httpx.Client.build_request`, and `body` for a `Body`.
        parse: makes the model of a success's JSON; None where it has no body.
        attempts: those that count for this call; by default as many as the client allows.

    Raises:
        ResponseError: the answer is no success, or not what the operation documents.
        httpx.TransportError: there was no answer.
    """
    this = Call(client, operation, arguments, attempts)
    http = client.get_httpx_client()
    while True:
        try:
            return this.understood(send(http, this.request(http), client.max_response_size), parse)
        except FAILURES as error:
            seconds = this.wait_after(error)
        pause(seconds)


async def acall(
    client: Caller,
    operation: Operation,
    arguments: dict[str, Any],
    parse: Callable[[Any], T] | None,
    attempts: Attempts | None = None,
) -> Response[T]:
    """Do as `call` does, awaited."""
    this = Call(client, operation, arguments, attempts)
    http = client.get_async_httpx_client()
    while True:
        try:
            return this.understood(await asend(http, this.request(http), client.max_response_size), parse)
        except FAILURES as error:
            seconds = this.wait_after(error)
        await apause(seconds)
