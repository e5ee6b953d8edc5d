"""Deletes the blobs that no package uses."""

from collections.abc import Sequence

from buildkite_emulator.errors import StoreUnavailable
from buildkite_emulator.storage.blobs import BlobStore
from buildkite_emulator.storage.database import Database


class UnusedBlobs:
    """The blobs that no package uses.

    While a store is away they are remembered. What a process that ends has not deleted, a later start deletes.

    Args:
        database: knows which blobs packages use.
        blobs: where they are.
    """

    def __init__(self, database: Database, blobs: BlobStore) -> None:
        self._database = database
        self._blobs = blobs
        self._remembered: set[str] = set()

    def remember(self, blob_ids: Sequence[str]) -> None:
        """Delete blobs later, those of them that no package uses then."""
        self._remembered.update(blob_ids)

    def delete(self, blob_ids: Sequence[str] = ()) -> None:
        """Delete blobs, and those that are remembered, unless a package uses them."""
        self.remember(blob_ids)
        if not self.can_delete:
            return
        ids = list(self._remembered)
        try:
            with self._database.transaction() as transaction:
                unused = transaction.blobs.unused(ids)
            self._blobs.delete(unused)
            with self._database.transaction() as transaction:
                transaction.blobs.forget(ids)
        except StoreUnavailable:
            return
        self._remembered.difference_update(ids)

    @property
    def can_delete(self) -> bool:
        """Whether blobs are remembered, and no store is known to be away."""
        return bool(self._remembered) and not self._blobs.is_away and not self._database.is_away
