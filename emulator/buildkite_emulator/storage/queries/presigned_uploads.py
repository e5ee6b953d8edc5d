"""Presigned uploads: files that are sent by a form before they are published."""

from sqlalchemy import bindparam, delete, insert, select, update

from buildkite_emulator.storage.queries import Queries
from buildkite_emulator.storage.queries.blobs import BlobRecords
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
        before = self.get(upload_id)
        BlobRecords(self._session).add(blob)
        values = {"upload_id": upload_id, "blob_id": blob["id"], "file_name": file_name}
        if self._write(UPDATE.run, values) == 0:
            return False
        if before is not None and before.blob_id is not None:
            BlobRecords(self._session).release([before.blob_id])
        return True

    def use(self, upload_id: str) -> bool:
        """Let a package have an upload's file; returns whether the upload is still there and unused."""
        return self._write(UPDATE.run, {"upload_id": upload_id, "blob_id": None, "is_used": True}) > 0

    def sweep(self, now: int) -> None:
        """Release the files of uploads that have expired, and forget those that expired long ago.

        Args:
            now: milliseconds since 1970.
        """
        expired = presigned_uploads.c.expires_at <= now
        has_file = presigned_uploads.c.blob_id.is_not(None)
        released = self._connection.execute(select(presigned_uploads.c.blob_id).where(expired & has_file)).scalars()
        blob_ids = [blob_id for blob_id in released if blob_id is not None]
        if blob_ids:
            self._connection.execute(update(presigned_uploads).where(expired & has_file).values(blob_id=None))
            BlobRecords(self._session).release(blob_ids)
        self._connection.execute(delete(presigned_uploads).where(presigned_uploads.c.expires_at <= now - REMEMBERED))
