"""The ASGI application: takes a request through the spec to its handler.

The order of answers is fixed here: the path and method must exist, the token be known (401), the rate limits have room
(429), the organization be one that the token is for (404), its scopes be enough (403), what the path names exist (404),
the input be valid (422); then the handler runs. A fault that was asked for comes after the rate limits, and goes around
all that follows.
"""

import logging
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from functools import partial
from http import HTTPStatus
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from buildkite_emulator.api.access import Access, authorize, check_organization
from buildkite_emulator.api.admission import Admission
from buildkite_emulator.api.context import Emulator, Handler, RequestContext
from buildkite_emulator.api.rendering import Renderer
from buildkite_emulator.api.unknown_fields import UnknownNames
from buildkite_emulator.api.uploads import Uploads
from buildkite_emulator.api.validation import LONGEST_JSON
from buildkite_emulator.control.fault_kinds import FaultedCall
from buildkite_emulator.errors import (
    ApiError,
    MethodNotAllowed,
    Objection,
    PathTooLong,
    StoreUnavailable,
    UnknownPath,
    ValidationFailed,
)
from buildkite_emulator.http.exchange import EXCHANGE, Exchange
from buildkite_emulator.http.responses import error_response, json_response, unavailable_response
from buildkite_emulator.spec import Match, Operation
from buildkite_emulator.storage.database import tried
from buildkite_packages.http.masking import HIDDEN

log = logging.getLogger(__name__)

LONGEST_INLINE = 16 * 1024
"""Bytes of a JSON body up to which it is read in the event loop; that is quicker than a thread's start."""

LONGEST_PATH = 8192
"""Bytes that a path and its query may have."""


class App:
    """The API as an ASGI application.

    Args:
        emulator: what calls share.
        admission: authenticates and counts requests, and finds their faults.
        handlers: the function of each operation.
        max_upload_size: bytes that an uploaded file may have.
        strict: whether names that the spec does not know are refused.
    """

    def __init__(
        self,
        emulator: Emulator,
        admission: Admission,
        handlers: Mapping[str, Handler],
        max_upload_size: int,
        *,
        strict: bool,
    ) -> None:
        self._emulator = emulator
        self._admission = admission
        self._strict = strict
        self._unknown = UnknownNames(emulator.spec)
        self._handlers = handlers
        self._renderer = Renderer(emulator.spec)
        self._uploads = Uploads(emulator.blobs, emulator.spec.ecosystems, max_upload_size)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            raise ValueError(f"cannot answer {scope['type']}")
        request, exchange = Request(scope, receive), scope[EXCHANGE]
        response = await answered(self._respond(request, exchange), exchange)
        if exchange.rate_limits is not None:
            response.raw_headers += exchange.rate_limits.headers()
        if log.isEnabledFor(logging.INFO):
            log.info("%s %s %d", request.method, await self._shown_path(exchange), response.status_code)
        await response(scope, receive, send)

    async def _shown_path(self, exchange: Exchange) -> str:
        if self._emulator.database.is_away:  # without it nobody knows what is a token
            return HIDDEN
        try:
            return await self._admission.shown_path(exchange)
        except StoreUnavailable:
            return HIDDEN
        except Exception:  # the answer is not about that
            log.exception("a path cannot be shown")
            return HIDDEN

    async def _respond(self, request: Request, exchange: Exchange) -> Response:
        await self._admission.refresh(exchange)
        try:
            match = self._match(exchange)
            organization = exchange.organization = match.parameters["org_slug"]
            operation = exchange.operation = self._operation(request.method, match)
        except ApiError:
            await self._admission.peek(exchange)
            raise
        authorization = ", ".join(request.headers.getlist("authorization")) or None  # two of them are no token
        access = await self._admission.authenticate(exchange, organization, authorization)

        fault = await self._admission.fault(operation, exchange)
        if fault is None:
            return await self._answer(request, operation, match, access)

        def respond(request: Request) -> Awaitable[Response]:
            return answered(self._answer(request, operation, match, access), exchange)

        return await fault.respond(FaultedCall(self._emulator.spec, operation, exchange, request, respond))

    def _match(self, exchange: Exchange) -> Match:
        if len(exchange.path) + len(exchange.query) > LONGEST_PATH:
            raise PathTooLong(f"The path and query are longer than {LONGEST_PATH} bytes")
        match = self._emulator.spec.match(exchange.path)
        if match is None:
            raise UnknownPath("No such path in this API")
        return match

    def _operation(self, method: str, match: Match) -> Operation:
        operation = match.operations.get("GET" if method == "HEAD" else method)
        if operation is None:
            raise MethodNotAllowed(method, {*match.operations, *(["HEAD"] if "GET" in match.operations else [])})
        return operation

    async def _answer(self, request: Request, operation: Operation, match: Match, access: Access) -> Response:
        check_organization(match.parameters["org_slug"], access)
        authorize(operation, access.scopes)
        exchange: Exchange = request.scope[EXCHANGE]
        context = RequestContext(self._emulator, operation, access.user_id, exchange.base_url, match.parameters)
        refusal = self._refusal(request, self._unknown.in_query(operation, exchange.query))
        if operation.file_field is None:
            if operation.media_type:
                refusal = await self._receive_json(context, request) or refusal
            return await self._perform(context, request, refusal)
        # a missing registry is said before the file is read
        blob_id = await self._emulator.run(self._expect_blob, context)
        try:
            upload = context.upload = await self._uploads.receive(operation, request, context.registry, blob_id)
            blob = upload.blob
            digests = {"size": blob["size"], "sha256": blob["sha256"], "sha512": blob["sha512"]}
            exchange.file = {**(exchange.file or {}), **digests}
            refusal = refusal or self._refusal(request, self._unknown.in_form(operation, upload.other_fields))
            return await self._perform(context, request, refusal)
        finally:
            if not context.committed:
                await self._discard([blob_id])

    def _expect_blob(self, context: RequestContext) -> str:
        identity = self._emulator.identity

        def expect() -> str:
            blob_id = identity.new_id(identity.now())
            try:
                with self._emulator.database.transaction() as context.transaction:
                    context.resolve()
                    context.transaction.blobs.expect([blob_id])
            except StoreUnavailable:  # it may be noted all the same
                self._emulator.discard_later([blob_id])
                raise
            return blob_id

        return tried(expect)

    async def _discard(self, blob_ids: Sequence[str]) -> None:
        try:
            await run_in_threadpool(self._emulator.discard, blob_ids)
        except Exception:  # the answer is not about these; a later call or the next start deletes what is left
            log.exception("blobs could not be deleted")

    async def _receive_json(self, context: RequestContext, request: Request) -> ValidationFailed | None:
        """Read the body; what is wrong with it is said once it is known that what the path names exists."""
        content = await read_body(request.stream())
        read = partial(self._read_json, context, request, content)
        try:
            await run_in_threadpool(read) if len(content) > LONGEST_INLINE else read()
        except ValidationFailed as error:
            return error
        return None

    def _read_json(self, context: RequestContext, request: Request, content: bytes) -> None:
        operation, validators = context.operation, self._emulator.validators
        context.body = validators.parse(operation, request.headers.get("content-type"), content)
        if refusal := self._refusal(request, self._unknown.in_body(operation, context.body)):
            raise refusal  # rather than for what is missing because its name is misspelt
        validators.check_body(operation, context.body)

    def _refusal(self, request: Request, objections: Sequence[Objection]) -> ValidationFailed | None:
        """Refuse what the spec does not know, or else note it down."""
        if objections and self._strict:
            return ValidationFailed.of(objections)
        exchange: Exchange = request.scope[EXCHANGE]
        exchange.objections += tuple(each.reason for each in objections)
        return None

    async def _perform(self, context: RequestContext, request: Request, refusal: ValidationFailed | None) -> Response:
        operation = context.operation
        try:
            value, released = await self._emulator.run(self._transact, context, request.scope["query_string"], refusal)
        except StoreUnavailable:  # it may have taken effect all the same
            self._emulator.discard_later(context.released)
            raise
        context.committed = True
        if released or self._emulator.can_discard:
            await self._discard(released)
        if value is None:
            return Response(status_code=operation.success, headers=context.headers)
        answer = self._renderer.render(operation, value, context.base_url)
        return json_response(operation.success, answer, context.headers)

    def _transact(
        self, context: RequestContext, query_string: bytes, refusal: ValidationFailed | None
    ) -> tuple[Any, Sequence[str]]:
        """Do what is asked for, all of it or nothing.

        Returns:
            what the handler returned, and the blobs that are to be deleted.
        """
        operation, emulator = context.operation, self._emulator
        read_only = operation.method == "GET"

        def transact() -> tuple[Any, Sequence[str]]:
            context.headers.clear()
            with emulator.database.transaction(read_only=read_only) as context.transaction:
                context.resolve()
                if refusal is not None:
                    raise refusal
                context.query, context.given = emulator.validators.query(operation, query_string)
                return self._handlers[operation.id](context), context.transaction.released

        return tried(transact)


async def answered(response: Awaitable[Response], exchange: Exchange) -> Response:
    """Wait for a response, or turn the error that comes in its place into one."""
    try:
        return await response
    except ApiError as error:
        if isinstance(error, ValidationFailed):
            exchange.objections += tuple(error.reasons)
        return error_response(exchange.operation, error)
    except StoreUnavailable as error:
        return unavailable_response(error)
    except ClientDisconnect:
        return Response(status_code=HTTPStatus.BAD_REQUEST)  # nobody is there to read it
    except Exception:
        log.exception("%s failed", exchange.operation.id if exchange.operation else "routing")
        fault = {"message": "Internal Server Error: this is a fault of the emulator"}
        return json_response(HTTPStatus.INTERNAL_SERVER_ERROR, fault)


async def read_body(stream: AsyncIterator[bytes]) -> bytes:
    """Read a body, but no further than one byte more than a JSON body may have."""
    content = bytearray()
    async for data in stream:
        content += data
        if len(content) > LONGEST_JSON:
            break
    return bytes(content[: LONGEST_JSON + 1])
