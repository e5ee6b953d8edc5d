"""Presigned uploads: files that are sent by a form before they are published."""

from sqlalchemy import bindparam, delete, insert, select, update

from buildkite_emulator.storage.queries import Queries
from buildkite_emulator.storage.queries.blobs import BlobRecords
from buildkite_emulator.storage.queries.registries import Registries
from buildkite_emulator.storage.rows import NewBlob, NewPresignedUpload, PresignedUploadRow
from buildkite_emulator.storage.statements import Change, Query
from buildkite_emulator.storage.tables import blobs, presigned_uploads

REMEMBERED = 86_400_000
"""Milliseconds for which an expired upload is remembered, so that a late publish gets a clear error."""

UPLOAD = Query(
    select(*presigned_uploads.c, blobs.c.sha256, blobs.c.sha512, blobs.c.size)
    .select_from(presigned_uploads.outerjoin(blobs, blobs.c.id == presigned_uploads.c.blob_id))
    .where(presigned_uploads.c.id == bindparam("upload_id")),
    PresignedUploadRow,
)
ADD = Change(insert(presigned_uploads))
UNUSED = (presigned_uploads.c.id == bindparam("upload_id")) & presigned_uploads.c.is_used.is_(False)
UPDATE = Change(update(presigned_uploads).where(UNUSED))
HELD = select(presigned_uploads.c.blob_id).where(UNUSED).with_for_update()
USE = Change(update(presigned_uploads).where(UNUSED & (presigned_uploads.c.blob_id == bindparam("used_blob_id"))))


class PresignedUploads(Queries):
    """Uploads that were requested."""

    def get(self, upload_id: str) -> PresignedUploadRow | None:
        """Find an upload by its ID."""
        return UPLOAD.first(self._connection, {"upload_id": upload_id})

    def add(self, row: NewPresignedUpload) -> None:
        """Add an upload.

        Raises:
            Conflict: another transaction has deleted the registry.
        """
        self._write(ADD.run, row)

    def receive(self, upload_id: str, file_name: str, blob: NewBlob) -> bool:
        """Record the file of an upload, and release the one that it replaces.

        Args:
            upload_id: the upload.
            file_name: the file's name.
            blob: columns of its blob; it was announced by `BlobRecords.expect`.

        Returns:
            whether the upload is still there and unused.
        """
        before = self._connection.execute(HELD, {"upload_id": upload_id}).first()
        if before is None:
            return False
        BlobRecords(self._session).add(blob)
        self._write(UPDATE.run, {"upload_id": upload_id, "blob_id": blob["id"], "file_name": file_name})
        if before.blob_id is not None:
            BlobRecords(self._session).release([before.blob_id])
        return True

    def use(self, upload: PresignedUploadRow) -> bool:
        """Let a package have an upload's file.

        Args:
            upload: the upload as it was read.

        Returns:
            whether the upload is still there and unused, with that file.

        Raises:
            Conflict: another transaction has deleted the registry.
        """
        Registries(self._session).lock(upload.registry_id)
        values = {"upload_id": upload.id, "used_blob_id": upload.blob_id, "blob_id": None, "is_used": True}
        return self._write(USE.run, values) > 0

    def sweep(self, now: int) -> None:
        """Release the files of uploads that have expired, and forget those that expired long ago.

        Args:
            now: milliseconds since 1970.
        """
        expired = presigned_uploads.c.expires_at <= now
        has_file = presigned_uploads.c.blob_id.is_not(None)
        held = select(presigned_uploads.c.blob_id).where(expired & has_file).order_by(presigned_uploads.c.id)
        # Nobody may send another file meanwhile, which would be forgotten here and never deleted.
        blob_ids = list(self._connection.execute(held.with_for_update()).scalars())
        if blob_ids:
            self._connection.execute(update(presigned_uploads).where(expired & has_file).values(blob_id=None))
            BlobRecords(self._session).release(blob_ids)
        self._connection.execute(delete(presigned_uploads).where(presigned_uploads.c.expires_at <= now - REMEMBERED))
