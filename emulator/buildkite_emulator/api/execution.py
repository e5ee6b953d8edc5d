"""Executes a call that was admitted: reads its input, runs the handler in a transaction, and renders the result."""

import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from functools import partial
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from buildkite_emulator.api.context import Emulator, Handler, RequestContext
from buildkite_emulator.api.rendering import Renderer
from buildkite_emulator.api.unknown_fields import UnknownFields
from buildkite_emulator.api.uploads import Uploads
from buildkite_emulator.api.validation import LONGEST_JSON
from buildkite_emulator.errors import Objection, StoreUnavailable, ValidationFailed
from buildkite_emulator.http.responses import json_response
from buildkite_emulator.storage.database import tried

log = logging.getLogger(__name__)

LONGEST_INLINE = 16 * 1024
"""Bytes of a JSON body up to which it is read in the event loop; that is quicker than a thread's start."""


class Executor:
    """Executes calls.

    What is wrong with the input is kept in `RequestContext.refusal`, and raised once it is known that what the path
    names exists.

    Args:
        emulator: what calls share.
        handlers: the function of each operation.
        max_upload_size: bytes that an uploaded file may have.
        strict: whether names that the spec does not know are refused.
    """

    def __init__(
        self, emulator: Emulator, handlers: Mapping[str, Handler], max_upload_size: int, *, strict: bool
    ) -> None:
        self._emulator = emulator
        self._handlers = handlers
        self._strict = strict
        self._unknown = UnknownFields(emulator.spec)
        self._renderer = Renderer(emulator.spec)
        self._uploads = Uploads(emulator.blobs, emulator.spec.ecosystems, max_upload_size)

    async def execute(self, context: RequestContext, request: Request) -> Response:
        """Execute a call.

        Args:
            context: of the call.
            request: the request, whose body has not been read.

        Raises:
            ApiError: the call fails.
            StoreUnavailable: a store does not work. The call may have taken effect all the same.
        """
        operation = context.operation
        context.refusal = self._refusal(context, self._unknown.in_query(operation, context.exchange.query))
        if operation.file_field is not None:
            return await self._execute_upload(context, request)
        if operation.media_type:
            await self._receive_json(context, request)
        return await self._perform(context)

    async def _execute_upload(self, context: RequestContext, request: Request) -> Response:
        """Receive the file into a blob, which is deleted unless the call succeeds.

        This takes two transactions, for none stays open while a file arrives. The first reports a missing registry
        before the file is read, and records the blob before it exists, so that a process that is killed leaves no
        unrecorded blob. The second runs the handler, which makes the blob part of a package; in between the registry
        may have gone. Only a call that fails needs more, to delete the blob and then its record.
        """
        blob_id = await self._emulator.run(tried, self._expect_blob, context)
        try:
            context.upload = await self._uploads.receive(context, request, blob_id)
            unknown = self._unknown.in_form(context.operation, context.upload.other_fields)
            context.refusal = context.refusal or self._refusal(context, unknown)
            return await self._perform(context)
        finally:
            if not context.committed or (context.upload and context.upload.blob["id"] != blob_id):
                await self._delete_blobs([blob_id])

    def _expect_blob(self, context: RequestContext) -> str:
        """Record a new blob before its first byte is written, so that it is never forgotten; returns its ID."""
        identity = self._emulator.identity
        blob_id = identity.new_id(identity.now())
        try:
            with self._emulator.database.transaction() as context.transaction:
                context.resolve()
                context.transaction.blobs.expect([blob_id])
        except StoreUnavailable:  # it may be recorded all the same
            self._emulator.unused_blobs.remember([blob_id])
            raise
        return blob_id

    async def _delete_blobs(self, blob_ids: Sequence[str]) -> None:
        try:
            await run_in_threadpool(self._emulator.unused_blobs.delete, blob_ids)
        except Exception:  # the response is not about these; a later call or the next start deletes what is left
            log.exception("blobs could not be deleted")

    async def _receive_json(self, context: RequestContext, request: Request) -> None:
        content = await read_body(request.stream())
        read = partial(self._read_json, context, request.headers.get("content-type"), content)
        try:
            await run_in_threadpool(read) if len(content) > LONGEST_INLINE else read()
        except ValidationFailed as error:
            context.refusal = error

    def _read_json(self, context: RequestContext, content_type: str | None, content: bytes) -> None:
        operation, validators = context.operation, self._emulator.validators
        context.body = validators.parse(operation, content_type, content)
        if refusal := self._refusal(context, self._unknown.in_body(operation, context.body)):
            raise refusal  # rather than for what is missing because its name is misspelt
        validators.check_body(operation, context.body)

    def _refusal(self, context: RequestContext, objections: Sequence[Objection]) -> ValidationFailed | None:
        """Make the error for names that the spec does not know; note them in the exchange where they are accepted."""
        if objections and self._strict:
            return ValidationFailed.of(objections)
        context.exchange.objections += tuple(each.reason for each in objections)
        return None

    async def _perform(self, context: RequestContext) -> Response:
        operation, unused_blobs = context.operation, self._emulator.unused_blobs
        try:
            value, released = await self._emulator.run(tried, self._transact, context)
        except StoreUnavailable:  # it may have taken effect all the same
            unused_blobs.remember(context.released)
            raise
        context.committed = True
        if released or unused_blobs.can_delete:
            await self._delete_blobs(released)
        if value is None:
            return Response(status_code=operation.success, headers=context.headers)
        body = self._renderer.render(operation, value, context.base_url)
        return json_response(operation.success, body, context.headers)

    def _transact(self, context: RequestContext) -> tuple[Any, Sequence[str]]:
        """Run the handler in a transaction.

        Returns:
            what the handler returned, and the blobs that are to be deleted.
        """
        operation, emulator = context.operation, self._emulator
        context.headers.clear()
        with emulator.database.transaction(read_only=operation.method == "GET") as context.transaction:
            context.resolve()
            if context.refusal is not None:
                raise context.refusal
            context.query, context.given = emulator.validators.query(operation, context.exchange.query)
            return self._handlers[operation.id](context), context.transaction.released


async def read_body(stream: AsyncIterator[bytes]) -> bytes:
    """Read a body, but no further than one byte more than a JSON body may have."""
    content = bytearray()
    async for data in stream:
        content += data
        if len(content) > LONGEST_JSON:
            break
    return bytes(content[: LONGEST_JSON + 1])
