"""What the operations ask of the database and change in it.

A `Transaction` offers just that; nothing of it shows until it ends well. Statements are made once, since making one
takes longer than running it.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, Table, bindparam, delete, exists, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from buildkite_emulator.tables import (
    blobs,
    organizations,
    package_counts,
    packages,
    pending_blobs,
    registries,
    registry_tokens,
    users,
)

BLOCKS = (4096, 64)
"""How many package numbers a row of `package_counts` stands for, on each of its levels."""

BATCH = 500
"""Values that one statement takes at a time."""

COLLISIONS = {"SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY", "23505"}
"""What SQLite and PostgreSQL call an error of uniqueness: https://www.sqlite.org/rescode.html and
https://www.postgresql.org/docs/current/errcodes-appendix.html."""


def next_number(table: Table) -> Any:
    """Count on from the highest number of a table."""
    return select(func.coalesce(func.max(table.c.number), 0) + 1).scalar_subquery()


ORGANIZATION = select(organizations).where(organizations.c.slug == bindparam("slug"))
USER = select(users).where(users.c.email == bindparam("email"))

REGISTRIES = select(registries).where(registries.c.organization_id == bindparam("organization_id"))
REGISTRY = REGISTRIES.where(registries.c.slug == bindparam("slug"))
REGISTRY_LOCKED = REGISTRY.with_for_update()
REGISTRIES_IN_ORDER = REGISTRIES.order_by(registries.c.number, registries.c.id)
NEW_REGISTRY = insert(registries).values(number=next_number(registries))
COUNT_UP = (
    update(registries)
    .where(registries.c.id == bindparam("registry_id"))
    .values(last_number=registries.c.last_number + 1)
    .returning(registries.c.last_number)
)

TOKENS = (
    select(registry_tokens, *[column.label(f"user_{column.name}") for column in users.c])
    .join(users)
    .where(registry_tokens.c.registry_id == bindparam("registry_id"))
)
TOKEN = TOKENS.where(registry_tokens.c.id == bindparam("token_id"))
TOKENS_IN_ORDER = TOKENS.order_by(registry_tokens.c.number, registry_tokens.c.id)
NEW_TOKEN = insert(registry_tokens).values(number=next_number(registry_tokens))

PACKAGES = (
    select(packages, blobs.c.sha256, blobs.c.sha512, blobs.c.size)
    .join(blobs)
    .where(packages.c.registry_id == bindparam("registry_id"))
)
PACKAGE = PACKAGES.where(packages.c.id == bindparam("package_id"))
PAGE = (
    PACKAGES.where(packages.c.number <= bindparam("highest"))
    .order_by(packages.c.number.desc())
    .offset(bindparam("rows_before"))
    .limit(bindparam("rows"))
)
PAGE_OF_NAME = PAGE.where(packages.c.name == bindparam("name"))

COUNTS = select(package_counts.c.block, package_counts.c.count).where(
    package_counts.c.registry_id == bindparam("registry_id"),
    package_counts.c.named == bindparam("named"),
    package_counts.c.name == bindparam("name"),
    package_counts.c.size == bindparam("size"),
    package_counts.c.block.between(bindparam("first"), bindparam("last")),
)
COUNTS_IN_ORDER = COUNTS.order_by(package_counts.c.block.desc())
# The names of a count's columns are those of what is set, so what it is found by has names of its own.
COUNT = [
    package_counts.c[name] == bindparam(f"the_{name}") for name in ("registry_id", "named", "name", "size", "block")
]
ADD_TO_COUNT = update(package_counts).where(*COUNT).values(count=package_counts.c.count + bindparam("change"))
DROP_COUNT = delete(package_counts).where(*COUNT, package_counts.c.count == 0)

LAST_BLOCK = 2**31 - 1
NUL = "\0"
"""Nothing has it in its name, and PostgreSQL would not even look for it."""


class Taken(Exception):
    """What was to be written collides with what is there: a slug, or a package's name, version and variant."""


class Gone(Exception):
    """What was to be written to is not there any more."""


class StoreError(Exception):
    """The database or the blobs cannot be opened; the text says why."""


class Transaction:
    """Questions and changes that take effect together.

    Rows come back as SQLAlchemy rows, whose columns are attributes.

    Args:
        connection: a connection with a transaction begun.
        process_id: the process that asks.

    Attributes:
        released: IDs of blobs that no package uses any more, to be deleted once the transaction has ended well.
    """

    def __init__(self, connection: Connection, process_id: int) -> None:
        self._connection = connection
        self._process_id = process_id
        self.released: list[str] = []

    def _one(self, statement: Any, **values: str) -> Row[Any] | None:
        if any(NUL in value for value in values.values()):
            return None
        return self._connection.execute(statement, values).one_or_none()

    # organizations and users

    def organization(self, slug: str) -> Row[Any] | None:
        """Find an organization by its slug."""
        return self._one(ORGANIZATION, slug=slug)

    def ensure_organization(self, row: Mapping[str, Any]) -> None:
        """Add an organization, unless its slug is there already."""
        if self.organization(row["slug"]) is None:
            self._connection.execute(insert(organizations), row)

    def user(self, email: str) -> Row[Any] | None:
        """Find a user by email address."""
        return self._one(USER, email=email)

    def ensure_user(self, row: Mapping[str, Any]) -> str:
        """Add a user, unless the email address is there already; returns the user's ID."""
        found = self.user(row["email"])
        if found is None:
            self._connection.execute(insert(users), row)
        return str(row["id"] if found is None else found.id)

    # registries

    def registry(self, organization_id: str, slug: str, *, lock: bool = False) -> Row[Any] | None:
        """Find a registry by its slug.

        Args:
            organization_id: the organization.
            slug: the slug.
            lock: keep others from changing it, or what is in it, until the transaction ends. Whoever changes
                something holds the lock of its registry first, and then those of blobs.
        """
        return self._one(REGISTRY_LOCKED if lock else REGISTRY, organization_id=organization_id, slug=slug)

    def list_registries(self, organization_id: str) -> Sequence[Row[Any]]:
        """List an organization's registries, oldest first."""
        return self._connection.execute(REGISTRIES_IN_ORDER, {"organization_id": organization_id}).all()

    def add_registry(self, row: Mapping[str, Any]) -> None:
        """Add a registry.

        Raises:
            Taken: another registry of the organization has the slug.
        """
        self._write(NEW_REGISTRY, row)

    def update_registry(self, registry_id: str, changes: Mapping[str, Any]) -> None:
        """Change columns of a registry.

        Raises:
            Taken: another registry of the organization has the slug.
        """
        if changes:
            self._write(update(registries).where(registries.c.id == registry_id), changes)

    def delete_registry(self, registry_id: str) -> None:
        """Delete a registry with its tokens and packages, and release the blobs that only those used."""
        used = select(packages.c.blob_id).where(packages.c.registry_id == registry_id).distinct()
        blob_ids = list(self._connection.execute(used).scalars())
        for table in (package_counts, packages, registry_tokens):
            self._connection.execute(delete(table).where(table.c.registry_id == registry_id))
        self._connection.execute(delete(registries).where(registries.c.id == registry_id))
        self._release(blob_ids)

    # registry tokens

    def registry_token(self, registry_id: str, token_id: str) -> Row[Any] | None:
        """Find a registry token of a registry, with its creator's columns as `user_...`."""
        return self._one(TOKEN, registry_id=registry_id, token_id=token_id)

    def list_registry_tokens(self, registry_id: str) -> Sequence[Row[Any]]:
        """List a registry's tokens, oldest first, each with its creator's columns as `user_...`."""
        return self._connection.execute(TOKENS_IN_ORDER, {"registry_id": registry_id}).all()

    def add_registry_token(self, row: Mapping[str, Any]) -> None:
        """Add a registry token."""
        self._connection.execute(NEW_TOKEN, row)

    def update_registry_token(self, token_id: str, changes: Mapping[str, Any]) -> None:
        """Change columns of a registry token."""
        self._connection.execute(update(registry_tokens).where(registry_tokens.c.id == token_id), changes)

    def delete_registry_token(self, token_id: str) -> None:
        """Delete a registry token."""
        self._connection.execute(delete(registry_tokens).where(registry_tokens.c.id == token_id))

    # packages

    def package(self, registry_id: str, package_id: str) -> Row[Any] | None:
        """Find a package of a registry, with its blob's digests and size."""
        return self._one(PACKAGE, registry_id=registry_id, package_id=package_id)

    def add_package(self, row: Mapping[str, Any], blob: Mapping[str, Any] | None = None) -> None:
        """Add a package, numbered as the newest of its registry.

        Args:
            row: the package's columns but its number.
            blob: columns of its blob, where that is new; it was announced by `expect_blob`.

        Raises:
            Taken: the registry has a package of this name, version and variant.
            Gone: the registry is not there any more, or the blob was given up by another process.
        """
        number = self._connection.execute(COUNT_UP, {"registry_id": row["registry_id"]}).scalar_one_or_none()
        if number is None or (blob is not None and not self.forget_blobs([blob["id"]])):
            raise Gone
        if blob is not None:
            self._connection.execute(insert(blobs), blob)
        self._write(insert(packages), {**row, "number": number})
        self._count(row["registry_id"], row["name"], number, 1)

    def delete_package(self, package: Row[Any]) -> None:
        """Delete a package, and release its blob if no other package uses it."""
        self._connection.execute(delete(packages).where(packages.c.id == package.id))
        self._count(package.registry_id, package.name, package.number, -1)
        self._release([package.blob_id])

    def list_packages(
        self, registry_id: str, name: str | None, offset: int, limit: int
    ) -> tuple[int, Sequence[Row[Any]]]:
        """List some of a registry's packages, newest first.

        Args:
            registry_id: the registry.
            name: the name that packages must have; None for any.
            offset: how many of the newest to leave out.
            limit: how many to list at most.

        Returns:
            how many packages there are in all, and those that were asked for.
        """
        if name is not None and NUL in name:
            return 0, []
        total, lowest, highest = None, 0, LAST_BLOCK
        counted = {"registry_id": registry_id, "named": name is not None, "name": name or ""}
        for size in BLOCKS:
            blocks = {**counted, "size": size, "first": lowest // size, "last": highest // size}
            rows = self._connection.execute(COUNTS_IN_ORDER, blocks).all()
            if total is None:
                total = sum(count for _, count in rows)
                if offset >= total:
                    return total, []
            for block, count in rows:
                lowest, highest = block * size, (block + 1) * size - 1
                if offset < count:
                    break
                offset -= count
        page = {"registry_id": registry_id, "highest": highest, "rows_before": offset, "rows": limit}
        if name is not None:
            page["name"] = name
        return total or 0, self._connection.execute(PAGE if name is None else PAGE_OF_NAME, page).all()

    def _count(self, registry_id: str, name: str, number: int, change: int) -> None:
        for size in BLOCKS:
            for counted in (None, name):
                row = {"registry_id": registry_id, "named": counted is not None, "name": counted or ""}
                row |= {"size": size, "block": number // size}
                the_row = {f"the_{column}": value for column, value in row.items()}
                if self._connection.execute(ADD_TO_COUNT, {**the_row, "change": change}).rowcount == 0:
                    self._connection.execute(insert(package_counts), {**row, "count": change})
                if change < 0:
                    self._connection.execute(DROP_COUNT, the_row)

    def _release(self, blob_ids: Iterable[str]) -> None:
        in_order = sorted(blob_ids)
        for start in range(0, len(in_order), BATCH):
            mine = blobs.c.id.in_(in_order[start : start + BATCH])
            # A copy that is under way elsewhere is waited for here, and then seen by the statement after it.
            self._connection.execute(select(blobs.c.id).where(mine).order_by(blobs.c.id).with_for_update())
            unused = mine & ~exists().where(packages.c.blob_id == blobs.c.id)
            released = list(self._connection.execute(delete(blobs).where(unused).returning(blobs.c.id)).scalars())
            self.expect_blobs(released)
            self.released += released

    def _write(self, statement: Any, values: Mapping[str, Any]) -> None:
        try:
            self._connection.execute(statement, values)
        except IntegrityError as error:
            names = (getattr(error.orig, "sqlite_errorname", None), getattr(error.orig, "sqlstate", None))
            if COLLISIONS.isdisjoint(names):
                raise
            raise Taken from error

    # blobs

    def expect_blobs(self, blob_ids: Iterable[str]) -> None:
        """Note blobs that no package uses: before one is written, and until it is deleted."""
        rows = [{"id": blob_id, "process_id": self._process_id} for blob_id in blob_ids]
        if rows:
            self._connection.execute(insert(pending_blobs), rows)

    def forget_blobs(self, blob_ids: Sequence[str]) -> int:
        """Take back what was noted of blobs; returns of how many."""
        forgotten = 0
        for start in range(0, len(blob_ids), BATCH):
            mine = pending_blobs.c.id.in_(blob_ids[start : start + BATCH])
            forgotten += self._connection.execute(delete(pending_blobs).where(mine)).rowcount
        return forgotten
