"""What the database knows of blobs: those that packages use, and those that no package uses yet or any more."""

from collections.abc import Iterable, Sequence

from sqlalchemy import bindparam, delete, exists, insert, select

from buildkite_emulator.errors import StoreUnavailable
from buildkite_emulator.storage.queries import Queries
from buildkite_emulator.storage.rows import NewBlob
from buildkite_emulator.storage.statements import Change
from buildkite_emulator.storage.tables import blobs, packages, pending_blobs, presigned_uploads

ADD = Change(insert(blobs))
EXPECT = Change(insert(pending_blobs))
FORGET = Change(delete(pending_blobs).where(pending_blobs.c.id == bindparam("blob_id")))

BATCH = 500
"""Values that one statement takes at a time."""


class BlobRecords(Queries):
    """The records of blobs."""

    def expect(self, blob_ids: Iterable[str]) -> None:
        """Note blobs that no package uses: before one is written, and until it is deleted.

        Raises:
            Conflict: another process took this one for dead.
        """
        rows = [{"id": blob_id, "process_id": self._session.process_id} for blob_id in blob_ids]
        if rows:
            self._write(EXPECT.run_each, rows)

    def add(self, blob: NewBlob) -> None:
        """Record a blob that was announced by `expect`, and that a package is about to use.

        Raises:
            StoreUnavailable: another process took this one for dead and has deleted the blob.
        """
        if FORGET.run(self._connection, {"blob_id": blob["id"]}) == 0:
            raise lost()
        ADD.run(self._connection, blob)

    def take(self, blob_ids: Sequence[str]) -> None:
        """Take blobs from those that no package uses.

        Raises:
            StoreUnavailable: another process took this one for dead and has deleted some.
        """
        if self.forget(blob_ids) != len(blob_ids):
            raise lost()

    def release(self, blob_ids: Iterable[str]) -> None:
        """Release those of some blobs that no package uses any more."""
        in_order = sorted(blob_ids)
        for start in range(0, len(in_order), BATCH):
            mine = blobs.c.id.in_(in_order[start : start + BATCH])
            # A copy that is under way elsewhere is waited for here, and then seen by the statement after it.
            self._connection.execute(select(blobs.c.id).where(mine).order_by(blobs.c.id).with_for_update())
            uses = [exists().where(table.c.blob_id == blobs.c.id) for table in (packages, presigned_uploads)]
            unused = mine & ~uses[0] & ~uses[1]
            released = list(self._connection.execute(delete(blobs).where(unused).returning(blobs.c.id)).scalars())
            self.expect(released)
            self._session.released += released

    def unused(self, blob_ids: Sequence[str]) -> list[str]:
        """Pick the blobs that no package uses.

        A transaction whose connection was lost may still be about to use one of them; its end is awaited.
        """
        unused = []
        for start in range(0, len(blob_ids), BATCH):
            some = blob_ids[start : start + BATCH]
            self._connection.execute(select(pending_blobs.c.id).where(pending_blobs.c.id.in_(some)).with_for_update())
            used = set(self._connection.execute(select(blobs.c.id).where(blobs.c.id.in_(some))).scalars())
            unused += [blob_id for blob_id in some if blob_id not in used]
        return unused

    def forget(self, blob_ids: Sequence[str]) -> int:
        """Take back what was noted of blobs; returns of how many."""
        forgotten = 0
        for start in range(0, len(blob_ids), BATCH):
            mine = pending_blobs.c.id.in_(blob_ids[start : start + BATCH])
            forgotten += self._connection.execute(delete(pending_blobs).where(mine)).rowcount
        return forgotten


def lost() -> StoreUnavailable:
    """Make the error for a blob that another process has deleted, as it took this one for dead."""
    return StoreUnavailable("The database could not be reached meanwhile, and what was received is lost; send it again")
