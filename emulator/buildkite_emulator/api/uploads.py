"""Receives the file of a publish, or finds the one that was sent before, and reads what package it is."""

import json
import os
from collections.abc import Mapping

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request

from buildkite_emulator import formats
from buildkite_emulator.api import presigned_uploads
from buildkite_emulator.api.context import RequestContext, Upload
from buildkite_emulator.api.forms import FormReceiver
from buildkite_emulator.api.validation import UNSTORABLE
from buildkite_emulator.errors import StoreUnavailable, ValidationFailed
from buildkite_emulator.spec import Ecosystem
from buildkite_emulator.storage.blobs import BlobStore, BlobWriter
from buildkite_emulator.storage.rows import NewBlob, RegistryRow

PACKAGE_URL = "package_url"
ATTESTATION_BUNDLE = "attestation_bundle"


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
        """Receive the file of a request. The new blob is the caller's to use or to delete, however this ends.

        Args:
            context: of the call.
            request: the request, whose body has not been read.
            blob_id: the blob to put the file in, unless it was sent before.

        Raises:
            ValidationFailed: the body or the package cannot be accepted. The blob may exist all the same.
        """
        operation, registry = context.operation, context.registry
        ecosystem = self._ecosystems[registry.ecosystem]
        field = operation.file_field or ""
        if ecosystem.native_tool is not None:
            raise ValidationFailed(
                f"{formats.UNSUPPORTED_TYPE}: packages of {ecosystem.title} cannot be published as a file; "
                f"use `{ecosystem.native_tool}`",
                [(field, "invalid")],
            )

        async def begin(receiver: FormReceiver) -> BlobWriter:
            try:
                formats.reader(registry.ecosystem, receiver.file_name or "")  # now rather than after a gibibyte
            except formats.UnreadablePackage as error:
                raise ValidationFailed(str(error), [(field, "invalid")]) from error
            return self._blobs.create(blob_id)

        receiver = FormReceiver(
            request,
            field,
            begin,
            self._max_size,
            kept=(PACKAGE_URL, ATTESTATION_BUNDLE),
            renamed=operation.older_fields,
        )
        try:
            await receiver.receive()
            attestations = read_attestations(receiver)
            # an empty one beside a file is what Swagger UI sends for a field that was left empty
            if receiver.fields.get(PACKAGE_URL) or (PACKAGE_URL in receiver.fields and receiver.file_name is None):
                upload = await self._find(context, receiver, attestations)
            elif receiver.file_name is None:
                raise ValidationFailed(f"the form field `{field}` is missing", [(field, "missing_field")])
            else:
                upload = await self._finish(context, receiver, attestations)
        finally:
            if receiver.file_name is not None and context.exchange.file is None:
                context.exchange.file = {"name": receiver.file_name}
            await receiver.abandon()
        return upload

    async def _finish(self, context: RequestContext, receiver: FormReceiver, attestations: str | None) -> Upload:
        """Finish a file that was sent with the request, and read it."""

        def finish() -> Upload:
            file_name, blob = receiver.finish()
            try:
                contents = self._read(context.registry, file_name, blob, receiver.file_field)
            except FileNotFoundError as error:
                raise StoreUnavailable("The blob store has lost what was received; send it again", error) from error
            return Upload(
                context.registry.id, file_name, blob, contents, tuple(receiver.other_fields), None, attestations
            )

        upload = await to_thread.run_sync(finish, limiter=self._readers)
        show(context, upload)
        return upload

    async def _find(self, context: RequestContext, receiver: FormReceiver, attestations: str | None) -> Upload:
        """Find and read a file that was sent before."""
        if receiver.file_name is not None:
            reason = f"`{receiver.file_field}` and `{PACKAGE_URL}` are two files; send one of them"
            raise ValidationFailed(reason, [(PACKAGE_URL, "invalid")])
        url = receiver.text(PACKAGE_URL) or ""
        row, file_name, blob = await context.emulator.run(presigned_uploads.find, context, url)

        def read() -> Upload:
            try:
                contents = self._read(context.registry, file_name, blob, PACKAGE_URL)
            except FileNotFoundError:
                raise presigned_uploads.changed() from None
            return Upload(
                context.registry.id, file_name, blob, contents, tuple(receiver.other_fields), row, attestations
            )

        upload = await to_thread.run_sync(read, limiter=self._readers)
        show(context, upload)
        return upload

    def _read(self, registry: RegistryRow, file_name: str, blob: NewBlob, field: str) -> formats.Contents:
        """Read what package a file is.

        Raises:
            ValidationFailed: the registry does not accept it.
            FileNotFoundError: its blob was deleted.
        """
        try:
            with self._blobs.open(blob["id"], blob["size"]) as file:
                return formats.read(registry.ecosystem, file_name, file, blob["size"])
        except formats.UnreadablePackage as error:
            raise ValidationFailed(str(error), [(field, "invalid")]) from error


def show(context: RequestContext, upload: Upload) -> None:
    """Show the file in the log of requests."""
    blob = upload.blob
    digests = {"size": blob["size"], "sha256": blob["sha256"], "sha512": blob["sha512"]}
    context.exchange.file = {"name": upload.file_name, **digests}


def read_attestations(receiver: FormReceiver) -> str | None:
    """Read the attestations that were sent; None where there are none.

    Raises:
        ValidationFailed: they are not JSON objects, one in a line.
    """
    text = receiver.text(ATTESTATION_BUNDLE)
    for number, line in enumerate((text or "").split("\n"), 1):  # other ends of a line may stand in a JSON string
        try:
            is_object = not line.strip() or isinstance(json.loads(line), dict)
        except (ValueError, RecursionError):
            is_object = False
        if not is_object or UNSTORABLE.search(line):
            reason = f"`{ATTESTATION_BUNDLE}` should have a JSON object in each line; line {number} is none"
            raise ValidationFailed(reason, [(ATTESTATION_BUNDLE, "invalid")])
    return text
