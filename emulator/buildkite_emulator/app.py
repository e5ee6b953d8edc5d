"""The ASGI application: takes a request through the spec to its handler.

The order of answers is fixed here: the path and method must exist, the token be known (401), its scopes be enough
(403), what the path names exist (404), the input be valid (422); then the handler runs.
"""

import json
import logging
import re
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from http import HTTPStatus
from typing import Any, TypeVar

from anyio import CapacityLimiter, to_thread
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from buildkite_emulator.access import AccessTokens, authorize
from buildkite_emulator.backends import CONNECTIONS
from buildkite_emulator.call import Call, Emulator
from buildkite_emulator.database import MOST_ATTEMPTS
from buildkite_emulator.errors import (
    ApiError,
    HttpError,
    MethodNotAllowed,
    PathTooLong,
    UnknownPath,
    ValidationFailed,
)
from buildkite_emulator.operations import handlers
from buildkite_emulator.rendering import Renderer
from buildkite_emulator.spec import Match, Operation
from buildkite_emulator.store import Conflict
from buildkite_emulator.uploads import Uploads
from buildkite_emulator.validation import LONGEST_JSON

log = logging.getLogger(__name__)

LONGEST_INLINE = 16 * 1024
"""Bytes of a JSON body up to which it is read in the event loop; that is quicker than a thread's start."""

LONGEST_PATH = 8192
"""Bytes that a path and its query may have."""

Result = TypeVar("Result")

HOST = re.compile(r"[A-Za-z0-9._-]+(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?")


class App:
    """The emulator as an ASGI application.

    Args:
        emulator: what calls share.
        tokens: who may do what.
        max_upload_size: bytes that an uploaded file may have.
    """

    def __init__(self, emulator: Emulator, tokens: AccessTokens, max_upload_size: int) -> None:
        self._emulator = emulator
        self._tokens = tokens
        self._handlers = handlers(emulator.spec)
        self._renderer = Renderer(emulator.spec)
        self._uploads = Uploads(emulator.blobs, emulator.spec.ecosystems, max_upload_size)
        self._connections = CapacityLimiter(CONNECTIONS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            raise ValueError(f"cannot answer {scope['type']}")
        request = Request(scope, receive)
        response = await self._respond(request)
        log.info("%s %s %d", request.method, ascii(raw_path(request).decode("latin-1"))[1:-1], response.status_code)
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        operation = None
        try:
            match = self._match(request)
            operation = self._operation(request.method, match)
            return await self._answer(request, operation, match)
        except ApiError as error:
            return error_response(operation, error)
        except ClientDisconnect:
            return Response(status_code=HTTPStatus.BAD_REQUEST)  # nobody is there to read it
        except Exception:
            log.exception("%s failed", operation.id if operation else "routing")
            fault = {"message": "Internal Server Error: this is a fault of the emulator"}
            return json_response(HTTPStatus.INTERNAL_SERVER_ERROR, fault)

    def _match(self, request: Request) -> Match:
        path = raw_path(request)
        if len(path) + len(request.scope["query_string"]) > LONGEST_PATH:
            raise PathTooLong(f"The path and query are longer than {LONGEST_PATH} bytes")
        match = self._emulator.spec.match(path)
        if match is None:
            raise UnknownPath("No such path in this API")
        return match

    def _operation(self, method: str, match: Match) -> Operation:
        operation = match.operations.get("GET" if method == "HEAD" else method)
        if operation is None:
            raise MethodNotAllowed(method, {*match.operations, *(["HEAD"] if "GET" in match.operations else [])})
        return operation

    async def _answer(self, request: Request, operation: Operation, match: Match) -> Response:
        access = self._tokens.authenticate(request.headers.get("authorization"))
        authorize(operation, access.scopes)
        call = Call(self._emulator, operation, access.user_id, self._base_url(request), match.parameters)
        if operation.file_field is None:
            refusal = await self._receive_json(call, request) if operation.media_type else None
            return await self._perform(call, request, refusal)
        blob_id = await self._run(self._expect_blob, call)  # a missing registry is said before the file is read
        try:
            call.upload = await self._uploads.receive(operation, request, call.registry, blob_id)
            return await self._perform(call, request)
        finally:
            if not call.committed:
                await self._discard([blob_id])

    async def _run(self, function: Callable[..., Result], *arguments: Any) -> Result:
        """Run what uses the database: in the event loop where that is quick, else in a thread."""
        if self._emulator.database.is_shared:
            return await to_thread.run_sync(function, *arguments, limiter=self._connections)
        return function(*arguments)

    def _expect_blob(self, call: Call) -> str:
        identity = self._emulator.identity
        with self._emulator.database.transaction() as call.transaction:
            call.resolve()
            blob_id = identity.new_id(identity.now())
            call.transaction.expect_blobs([blob_id])
        return blob_id

    async def _discard(self, blob_ids: Sequence[str]) -> None:
        try:
            await run_in_threadpool(self._emulator.discard, blob_ids)
        except Exception:  # the answer is not about these; the next start deletes what is left
            log.exception("blobs could not be deleted")

    async def _receive_json(self, call: Call, request: Request) -> ValidationFailed | None:
        """Read the body; what is wrong with it is said once it is known that what the path names exists."""
        content = await read_body(request.stream())
        read = partial(self._emulator.validators.body, call.operation, request.headers.get("content-type"), content)
        try:
            call.body = await run_in_threadpool(read) if len(content) > LONGEST_INLINE else read()
        except ValidationFailed as error:
            return error
        return None

    async def _perform(self, call: Call, request: Request, refusal: ValidationFailed | None = None) -> Response:
        operation = call.operation
        value, released = await self._run(self._transact, call, request.scope["query_string"], refusal)
        call.committed = True
        if released:
            await self._discard(released)
        if value is None:
            return Response(status_code=operation.success, headers=call.headers)
        answer = self._renderer.render(operation, value, call.base_url)
        return json_response(operation.success, answer, call.headers)

    def _transact(self, call: Call, query_string: bytes, refusal: ValidationFailed | None) -> tuple[Any, Sequence[str]]:
        """Do what is asked for, all of it or nothing.

        Returns:
            what the handler returned, and the blobs that are to be deleted.
        """
        operation, emulator = call.operation, self._emulator
        read_only = operation.method == "GET"
        for attempt in range(1, MOST_ATTEMPTS + 1):
            call.headers.clear()
            try:
                with emulator.database.transaction(read_only=read_only) as call.transaction:
                    call.resolve()
                    call.query, call.given = emulator.validators.query(operation, query_string)
                    if refusal is not None:
                        raise refusal
                    return self._handlers[operation.id](call), call.transaction.released
            except Conflict:
                if attempt == MOST_ATTEMPTS:
                    raise
        raise AssertionError  # not reached

    def _base_url(self, request: Request) -> str:
        host = request.headers.get("host", "")
        if not HOST.fullmatch(host):
            name, port = request.scope.get("server") or ("localhost", 80)
            host = f"[{name}]:{port}" if ":" in name else f"{name}:{port}"
        return f"{request.scope['scheme']}://{host}"


def raw_path(request: Request) -> bytes:
    """Get a request's path as it was sent, percent-encoded and without the query."""
    path: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
    return path.partition(b"?")[0]


async def read_body(stream: AsyncIterator[bytes]) -> bytes:
    """Read a body, but no further than one byte more than a JSON body may have."""
    content = bytearray()
    async for data in stream:
        content += data
        if len(content) > LONGEST_JSON:
            break
    return bytes(content[: LONGEST_JSON + 1])


def json_bytes(value: Any) -> bytes:
    """Write JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def json_response(status: int, value: Any, headers: dict[str, str] | None = None) -> Response:
    """Make a response of JSON."""
    return Response(json_bytes(value), status, headers, "application/json")


def error_response(operation: Operation | None, error: ApiError) -> Response:
    """Turn an error into the response that the spec has under the error's name."""
    if isinstance(error, HttpError):
        status: int = error.status
    else:
        errors = operation.errors if operation else {}
        status = errors.get(type(error).__name__, HTTPStatus.INTERNAL_SERVER_ERROR)
    return json_response(status, error.body, dict(error.headers))
