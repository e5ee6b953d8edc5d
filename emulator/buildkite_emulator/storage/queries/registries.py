"""Registries."""

from collections.abc import Sequence

from sqlalchemy import bindparam, delete, insert, select, update

from buildkite_emulator.storage.queries import Conflict, Queries, next_number
from buildkite_emulator.storage.queries.blobs import BlobRecords
from buildkite_emulator.storage.rows import NewRegistry, RegistryChanges, RegistryRow
from buildkite_emulator.storage.statements import Query
from buildkite_emulator.storage.tables import package_counts, packages, presigned_uploads, registries, registry_tokens

OF_ORGANIZATION = select(registries).where(registries.c.organization_id == bindparam("organization_id"))
REGISTRY = Query(OF_ORGANIZATION.where(registries.c.slug == bindparam("slug")), RegistryRow)
REGISTRIES = Query(OF_ORGANIZATION.order_by(registries.c.number, registries.c.id), RegistryRow)
LOCK = select(registries.c.id).where(registries.c.id == bindparam("registry_id")).with_for_update()
ADD = Query(
    insert(registries).values(number=next_number(registries), last_number=0).returning(*registries.c), RegistryRow
)
UPDATE = Query(
    update(registries).where(registries.c.id == bindparam("registry_id")).returning(*registries.c), RegistryRow
)


class Registries(Queries):
    """Registries."""

    def get(self, organization_id: str, slug: str) -> RegistryRow | None:
        """Find a registry by its slug."""
        return REGISTRY.first(self._connection, {"organization_id": organization_id, "slug": slug})

    def list(self, organization_id: str) -> Sequence[RegistryRow]:
        """List an organization's registries, oldest first."""
        return REGISTRIES.all(self._connection, {"organization_id": organization_id})

    def add(self, row: NewRegistry) -> RegistryRow:
        """Add a registry; returns its row.

        Raises:
            Taken: another registry of the organization has the slug.
        """
        (added,) = self._write(ADD.all, row)
        return added

    def update(self, registry_id: str, changes: RegistryChanges) -> RegistryRow:
        """Change columns of a registry, at least one; returns its row.

        Raises:
            Taken: another registry of the organization has the slug.
            Conflict: another transaction has deleted the registry.
        """
        changed = self._write(UPDATE.all, {"registry_id": registry_id, **changes})
        if not changed:
            raise Conflict
        return changed[0]

    def delete(self, registry_id: str) -> None:
        """Delete a registry with its tokens and packages, and release the blobs that only those used.

        Raises:
            Conflict: another transaction has deleted it.
        """
        self.lock(registry_id)
        blob_ids: set[str] = set()
        used = select(packages.c.blob_id).where(packages.c.registry_id == registry_id).distinct()
        sent = delete(presigned_uploads).where(presigned_uploads.c.registry_id == registry_id)
        blob_ids.update(self._connection.execute(used).scalars())
        # Forms go on meanwhile, so that only the deletion itself tells their last files.
        files = self._connection.execute(sent.returning(presigned_uploads.c.blob_id)).scalars()
        blob_ids.update(blob_id for blob_id in files if blob_id is not None)
        for table in (package_counts, packages, registry_tokens):
            self._connection.execute(delete(table).where(table.c.registry_id == registry_id))
        self._connection.execute(delete(registries).where(registries.c.id == registry_id))
        BlobRecords(self._session).release(blob_ids)

    def lock(self, registry_id: str) -> None:
        """Keep others from adding to a registry or deleting from it, until the transaction ends.

        A transaction locks one registry only, and blobs only after it, so there are no deadlocks.

        Raises:
            Conflict: another transaction has deleted it.
        """
        if self._connection.execute(LOCK, {"registry_id": registry_id}).first() is None:
            raise Conflict
