"""A transaction: queries and changes that take effect together."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, delete, insert, select, text

from buildkite_emulator.storage.queries import Session
from buildkite_emulator.storage.queries.accounts import MINTED, AccessTokens, Organizations, Users
from buildkite_emulator.storage.queries.blobs import BlobRecords
from buildkite_emulator.storage.queries.packages import BLOCKS, COUNTED, Packages
from buildkite_emulator.storage.queries.paths import Paths
from buildkite_emulator.storage.queries.presigned_uploads import PresignedUploads
from buildkite_emulator.storage.queries.registries import Registries
from buildkite_emulator.storage.queries.registry_tokens import RegistryTokens
from buildkite_emulator.storage.tables import (
    blobs,
    documents,
    organizations,
    package_counts,
    packages,
    presigned_uploads,
    registries,
    registry_tokens,
    users,
)


class Transaction:
    """Queries and changes that take effect together; nothing of it is visible to others until it is committed.

    Each subject has its queries under its own attribute, such as `packages`.

    Args:
        connection: a connection with a transaction begun.
        process_id: the process that runs it.
    """

    def __init__(self, connection: Connection, process_id: int) -> None:
        self._connection = connection
        self._session = session = Session(connection, process_id)
        self.organizations = Organizations(session)
        self.users = Users(session)
        self.access_tokens = AccessTokens(session)
        self.registries = Registries(session)
        self.registry_tokens = RegistryTokens(session)
        self.packages = Packages(session)
        self.presigned_uploads = PresignedUploads(session)
        self.blobs = BlobRecords(session)
        self.paths = Paths(session)

    @property
    def released(self) -> Sequence[str]:
        """IDs of blobs that no package uses any more, to be deleted once the transaction has been committed."""
        return self._session.released

    def is_empty(self) -> bool:
        """Tell whether there is nothing yet, not even an organization."""
        return self._connection.execute(select(organizations.c.id).limit(1)).first() is None

    def clear(self, kept_users: Collection[str]) -> None:
        """Delete everything, access tokens of run time too, and release all blobs.

        Args:
            kept_users: email addresses of users that stay.
        """
        # in the order in which calls lock them, so that a reset and a call rarely wait for each other
        tables = (organizations, users, registries, registry_tokens, packages, presigned_uploads, package_counts, blobs)
        if self._connection.dialect.name == "postgresql":  # nobody else may write until this transaction ends
            names = ", ".join(table.name for table in tables)
            self._connection.execute(text(f"LOCK TABLE {names} IN EXCLUSIVE MODE"))
        for table in (package_counts, packages, presigned_uploads, registry_tokens, registries, organizations):
            self._connection.execute(delete(table))
        self._connection.execute(delete(users).where(users.c.email.not_in(kept_users)))
        self._connection.execute(delete(documents).where(documents.c.key.startswith(MINTED)))
        released = list(self._connection.execute(delete(blobs).returning(blobs.c.id)).scalars())
        self.blobs.expect(released)
        self._session.released += released

    def fill(self, rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
        """Insert many rows where there are none.

        Args:
            rows: by name of the table, in order and without numbers: organizations, blobs (which were announced by
                `BlobRecords.expect`), registries, registry tokens and packages.

        Raises:
            StoreUnavailable: another process took this one for dead and has deleted a blob.
        """
        self.blobs.take([row["id"] for row in rows["blobs"]])
        numbers: Counter[str] = Counter()
        counts: Counter[tuple[str, bool, str, int, int]] = Counter()
        numbered = []
        for row in rows["packages"]:
            registry_id = row["registry_id"]
            numbers[registry_id] += 1
            numbered.append({**row, "number": numbers[registry_id]})
            for size in BLOCKS:
                block = numbers[registry_id] // size
                counts.update([(registry_id, False, "", size, block), (registry_id, True, row["name"], size, block)])
        filled: list[tuple[Table, list[dict[str, Any]]]] = [
            (organizations, [dict(row) for row in rows["organizations"]]),
            (blobs, [dict(row) for row in rows["blobs"]]),
            (registries, [{**row, "last_number": numbers[row["id"]]} for row in in_order(rows["registries"])]),
            (registry_tokens, in_order(rows["registry_tokens"])),
            (packages, numbered),
            (package_counts, [dict(zip(COUNTED, key, strict=True), count=count) for key, count in counts.items()]),
        ]
        for table, values in filled:
            if values:
                self._connection.execute(insert(table), values)


def in_order(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Number rows from 1."""
    return [{**row, "number": number} for number, row in enumerate(rows, 1)]
