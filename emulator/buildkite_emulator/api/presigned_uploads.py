"""Presigned uploads: the form that takes a file, and how a publish finds the file.

At the service, S3 receives the form. The emulator receives it itself, at a path of its own.
"""

import logging
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import unquote, urlsplit

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from buildkite_emulator.api.access import digest
from buildkite_emulator.api.answers import answered
from buildkite_emulator.api.context import Emulator, RequestContext
from buildkite_emulator.api.forms import FormReceiver, last_segment
from buildkite_emulator.errors import FormRefused, MethodNotAllowed, StoreUnavailable, UnknownPath, ValidationFailed
from buildkite_emulator.http.exchange import EXCHANGE, Exchange
from buildkite_emulator.identity import timestamp
from buildkite_emulator.storage.blobs import BlobWriter
from buildkite_emulator.storage.database import tried
from buildkite_emulator.storage.rows import NewBlob, PresignedUploadRow

log = logging.getLogger(__name__)

PATH = "/_uploads/"
"""The path that receives the form."""

FILE_INPUT = "file"
"""The form's field for the file."""

SIGNED = ("key", "expires", "signature")
"""The form's other fields: the key of the file, when the form expires (seconds since 1970), and its signature."""

LIFETIME = 3_600_000
"""Milliseconds in which the form can be sent and its file published."""

FILE_NAME = "${filename}"
"""Stands for the file's name in `key`."""


def new_form(context: RequestContext) -> dict[str, object]:
    """Make a form for a file of a registry; returns the values of the spec's schema."""
    identity = context.emulator.identity
    now, signature = identity.now(), identity.new_secret()
    upload_id, expires_at = identity.new_id(now), now + LIFETIME
    uploads = context.transaction.presigned_uploads
    uploads.sweep(now)
    uploads.add(
        {
            "id": upload_id,
            "registry_id": context.registry.id,
            "signature_sha256": digest(signature),
            "expires_at": expires_at,
            "is_used": False,
        }
    )
    url = context.base_url + PATH
    data = {"key": f"{upload_id}/{FILE_NAME}", "expires": str(expires_at // 1000), "signature": signature}
    return {"uri": url, "form": {"file_input": FILE_INPUT, "method": "POST", "url": url, "data": data}}


def find(context: RequestContext, url: str) -> tuple[PresignedUploadRow, str, NewBlob]:
    """Find the file that was sent to a form, for a publish.

    Args:
        context: of the call.
        url: the `package_url`.

    Returns:
        the upload, the file's name, and its blob.

    Raises:
        ValidationFailed: there is none that this call may use.
    """
    try:
        path = unquote(urlsplit(url).path)
    except ValueError:
        path = ""
    upload_id, _, file_name = path.removeprefix(PATH).partition("/")
    with context.emulator.database.transaction(read_only=True) as transaction:
        row = transaction.presigned_uploads.get(upload_id) if path.startswith(PATH) else None
    if row is None:
        raise refused("is not the address of an upload that was requested here; it is `form.url` with `data.key`")
    if row.registry_id != context.registry.id:
        raise refused("is of an upload that was requested for another registry")
    if row.is_used:
        raise refused("was used before; request another upload")
    if row.expires_at <= context.emulator.identity.now():
        raise refused(f"expired at {timestamp(row.expires_at)}; request another upload")
    if row.blob_id is None or row.file_name is None:
        raise refused("has no file yet; send one to the form first")
    if row.file_name not in (file_name, last_segment(unquote(file_name))):  # the form's name was read like that
        raise refused(f"ends in {file_name!r}, but the file that was sent is {row.file_name!r}")
    blob: NewBlob = {"id": row.blob_id, "size": row.size or 0, "sha256": row.sha256 or "", "sha512": row.sha512 or ""}
    return row, row.file_name, blob


def refused(reason: str) -> ValidationFailed:
    """Make the error for a `package_url` that cannot be used."""
    return ValidationFailed(f"`package_url` {reason}", [("package_url", "invalid")])


def changed() -> ValidationFailed:
    """Make the error for an upload that was found and is not the same any more."""
    return refused("was used, was sent another file or has expired meanwhile; request another upload")


@dataclass
class Received:
    """A form that is being received: its upload, and the blob that its file is written to."""

    upload_id: str = ""
    blob_id: str = ""
    is_recorded: bool = False


class UploadForms:
    """Receives the forms, as an ASGI application.

    Args:
        emulator: what calls share.
        max_size: bytes that a file may have.
        refresh: sees what other processes have changed, the clock among it.
    """

    def __init__(self, emulator: Emulator, max_size: int, refresh: Callable[[Exchange], Awaitable[None]]) -> None:
        self._emulator = emulator
        self._max_size = max_size
        self._refresh = refresh

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        request, exchange = Request(scope, receive), scope[EXCHANGE]
        response = await answered(self._respond(request, exchange), exchange)
        log.info("%s %s %d", request.method, PATH, response.status_code)
        await response(scope, receive, send)

    async def _respond(self, request: Request, exchange: Exchange) -> Response:
        """Receive a form.

        Raises:
            ApiError: it cannot be accepted.
            StoreUnavailable: a store does not work.
        """
        if exchange.path != PATH.encode():
            raise UnknownPath(f"Forms are sent to {PATH}")
        if request.method != "POST":
            raise MethodNotAllowed(request.method, ["POST"])
        await self._refresh(exchange)
        received = Received()

        async def begin(receiver: FormReceiver) -> BlobWriter:
            if late := [name for name in SIGNED if name not in receiver.before_file]:
                raise FormRefused(f"The form's {', '.join(late)} should be sent as they were given, before the file")
            fields = {name: receiver.text(name) or "" for name in SIGNED}
            await self._emulator.run(self._admit, received, fields)
            return self._emulator.blobs.create(received.blob_id)

        receiver = FormReceiver(request, FILE_INPUT, begin, self._max_size, kept=SIGNED)
        try:
            await receiver.receive()
            if receiver.file_name is None:
                raise ValidationFailed(f"the form field `{FILE_INPUT}` is missing", [(FILE_INPUT, "missing_field")])
            file_name, blob = await to_thread.run_sync(receiver.finish)
            digests = {"size": blob["size"], "sha256": blob["sha256"], "sha512": blob["sha512"]}
            exchange.file = {"name": file_name, **digests}
            released = await self._emulator.run(self._record, received, file_name, blob)
        finally:
            await receiver.abandon()
            if received.blob_id and not received.is_recorded:
                await to_thread.run_sync(self._emulator.unused_blobs.delete, [received.blob_id])
        if released:
            await to_thread.run_sync(self._emulator.unused_blobs.delete, released)
        return Response(status_code=HTTPStatus.NO_CONTENT)

    def _admit(self, received: Received, fields: dict[str, str]) -> None:
        """Check that a form may be sent, and record the blob that its file goes to.

        Raises:
            FormRefused: it may not.
        """
        upload_id, _, name = fields["key"].partition("/")
        identity = self._emulator.identity
        now = identity.now()

        def admit() -> None:
            with self._emulator.database.transaction() as transaction:
                row = transaction.presigned_uploads.get(upload_id) if name == FILE_NAME else None
                is_signed = row is not None and secrets.compare_digest(
                    digest(fields["signature"]), row.signature_sha256
                )
                if row is None or not is_signed or fields["expires"] != str(row.expires_at // 1000):
                    raise FormRefused(f"The form's {', '.join(SIGNED)} should be sent as they were given")
                if row.expires_at <= now or row.is_used:
                    raise FormRefused("The form has expired, or its file is published; request another upload")
                received.blob_id = identity.new_id(now)
                received.upload_id = upload_id
                transaction.blobs.expect([received.blob_id])

        try:
            tried(admit)
        except StoreUnavailable:  # it may be recorded all the same
            self._emulator.unused_blobs.remember([received.blob_id] if received.blob_id else [])
            raise

    def _record(self, received: Received, file_name: str, blob: NewBlob) -> list[str]:
        """Record the file that was received; returns the blobs that it replaces.

        Raises:
            FormRefused: the registry was deleted, or the upload published, meanwhile.
        """

        def record() -> list[str]:
            with self._emulator.database.transaction() as transaction:
                if not transaction.presigned_uploads.receive(received.upload_id, file_name, blob):
                    raise FormRefused("The registry was deleted, or the file published, while the form was received")
                return list(transaction.released)

        released = tried(record)
        received.is_recorded = True
        return released
