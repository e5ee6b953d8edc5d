"""The tables, and the only module that knows them.

A `Transaction` offers what the operations need to ask and to change; nothing of it shows until it ends well. SQLite
has one connection with a lock around each transaction: transactions are short, and waiting for each other inside the
process is quicker than SQLite's waiting.
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import (
    JSON,
    URL,
    BigInteger,
    Boolean,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Row,
    String,
    Table,
    Text,
    UniqueConstraint,
    create_engine,
    delete,
    event,
    exists,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DatabaseError, IntegrityError
from sqlalchemy.pool import StaticPool

metadata = MetaData()

organizations = Table(
    "organizations",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("slug", Text, nullable=False, unique=True),
)

users = Table(
    "users",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("name", Text, nullable=False),
    Column("email", Text, nullable=False, unique=True),
    Column("created_at", BigInteger, nullable=False),  # milliseconds since 1970, here and below
)

registries = Table(
    "registries",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("organization_id", ForeignKey("organizations.id"), nullable=False),
    Column("slug", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("ecosystem", Text, nullable=False),
    Column("description", Text),
    Column("emoji", Text),
    Column("color", Text),
    Column("public", Boolean, nullable=False),
    Column("oidc_policy", Text),
    Column("team_ids", JSON, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("number", Integer, nullable=False, index=True),  # orders what came in the same millisecond
    Column("last_number", Integer, nullable=False, default=0),
    UniqueConstraint("organization_id", "slug"),
)

registry_tokens = Table(
    "registry_tokens",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("registry_id", ForeignKey("registries.id"), nullable=False, index=True),
    Column("description", Text, nullable=False),
    Column("secret_sha256", String(64), nullable=False),
    Column("created_by_id", ForeignKey("users.id"), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("number", Integer, nullable=False, index=True),
)

blobs = Table(
    "blobs",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("sha512", String(128), nullable=False),
)

packages = Table(
    "packages",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("registry_id", ForeignKey("registries.id"), nullable=False),
    Column("number", Integer, nullable=False),  # counts up in a registry; the newest has the highest
    Column("name", Text, nullable=False),
    Column("unique_name", Text, nullable=False),  # the same for all spellings of a name that count as one
    Column("version", Text, nullable=False),
    Column("variant", Text, nullable=False),  # "" for none, because NULLs are never equal in a unique constraint
    Column("file_name", Text, nullable=False),
    Column("blob_id", ForeignKey("blobs.id"), nullable=False, index=True),
    Column("created_at", BigInteger, nullable=False),
    UniqueConstraint("registry_id", "unique_name", "version", "variant"),
    UniqueConstraint("registry_id", "number"),
    Index("packages_by_name", "registry_id", "name", "number"),
)

BLOCKS = (4096, 64)
"""How many package numbers a row of `package_counts` stands for, on each of its levels."""

BATCH = 500
"""Values that one statement takes at a time."""

package_counts = Table(
    # How many packages each block of numbers holds, per registry and per registry and name. By it whole blocks are
    # skipped, first large ones and then small ones, so that a far page costs little more than a near one.
    "package_counts",
    metadata,
    Column("registry_id", ForeignKey("registries.id"), primary_key=True),
    Column("named", Boolean, primary_key=True),  # whether packages of the name are counted, or all
    Column("name", Text, primary_key=True),
    Column("size", Integer, primary_key=True),
    Column("block", Integer, primary_key=True),
    Column("count", Integer, nullable=False),
)

PACKAGE = select(packages, blobs.c.sha256, blobs.c.sha512, blobs.c.size).join(blobs)


def next_number(table: Table) -> Any:
    """Count on from the highest number of a table."""
    return select(func.coalesce(func.max(table.c.number), 0) + 1).scalar_subquery()


class Taken(Exception):
    """What was to be written collides with what is there: a slug, or a package's name, version and variant."""


class StoreError(Exception):
    """The store cannot be opened; the text says why."""


class Transaction:
    """Questions and changes that take effect together.

    Rows come back as SQLAlchemy rows, whose columns are attributes.

    Attributes:
        released: IDs of blobs that no package uses any more, to be deleted once the transaction has ended well.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.released: list[str] = []

    def _one(self, statement: Any) -> Row[Any] | None:
        return self._connection.execute(statement).one_or_none()

    # organizations and users

    def organization(self, slug: str) -> Row[Any] | None:
        """Find an organization by its slug."""
        return self._one(select(organizations).where(organizations.c.slug == slug))

    def ensure_organization(self, row: Mapping[str, Any]) -> None:
        """Add an organization, unless its slug is there already."""
        if self.organization(row["slug"]) is None:
            self._connection.execute(insert(organizations).values(row))

    def user(self, email: str) -> Row[Any] | None:
        """Find a user by email address."""
        return self._one(select(users).where(users.c.email == email))

    def ensure_user(self, row: Mapping[str, Any]) -> None:
        """Add a user, unless the email address is there already."""
        if self.user(row["email"]) is None:
            self._connection.execute(insert(users).values(row))

    # registries

    def registry(self, organization_id: str, slug: str) -> Row[Any] | None:
        """Find a registry by its slug."""
        is_it = (registries.c.organization_id == organization_id) & (registries.c.slug == slug)
        return self._one(select(registries).where(is_it))

    def list_registries(self, organization_id: str) -> Sequence[Row[Any]]:
        """List an organization's registries, oldest first."""
        mine = registries.c.organization_id == organization_id
        return self._connection.execute(select(registries).where(mine).order_by(registries.c.number)).all()

    def add_registry(self, row: Mapping[str, Any]) -> None:
        """Add a registry.

        Raises:
            Taken: another registry of the organization has the slug.
        """
        self._write(insert(registries).values({**row, "number": next_number(registries)}))

    def update_registry(self, registry_id: str, changes: Mapping[str, Any]) -> None:
        """Change columns of a registry.

        Raises:
            Taken: another registry of the organization has the slug.
        """
        if changes:
            self._write(update(registries).where(registries.c.id == registry_id).values(changes))

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
        return self._one(self._tokens(registry_id).where(registry_tokens.c.id == token_id))

    def list_registry_tokens(self, registry_id: str) -> Sequence[Row[Any]]:
        """List a registry's tokens, oldest first, each with its creator's columns as `user_...`."""
        tokens = self._tokens(registry_id).order_by(registry_tokens.c.number)
        return self._connection.execute(tokens).all()

    def _tokens(self, registry_id: str) -> Any:
        creator = [column.label(f"user_{column.name}") for column in users.c]
        return select(registry_tokens, *creator).join(users).where(registry_tokens.c.registry_id == registry_id)

    def add_registry_token(self, row: Mapping[str, Any]) -> None:
        """Add a registry token."""
        self._connection.execute(insert(registry_tokens).values({**row, "number": next_number(registry_tokens)}))

    def update_registry_token(self, token_id: str, changes: Mapping[str, Any]) -> None:
        """Change columns of a registry token."""
        self._connection.execute(update(registry_tokens).where(registry_tokens.c.id == token_id).values(changes))

    def delete_registry_token(self, token_id: str) -> None:
        """Delete a registry token."""
        self._connection.execute(delete(registry_tokens).where(registry_tokens.c.id == token_id))

    # packages

    def package(self, registry_id: str, package_id: str) -> Row[Any] | None:
        """Find a package of a registry, with its blob's digests and size."""
        is_it = (packages.c.registry_id == registry_id) & (packages.c.id == package_id)
        return self._one(PACKAGE.where(is_it))

    def add_package(self, row: Mapping[str, Any], blob: Mapping[str, Any] | None = None) -> None:
        """Add a package, numbered as the newest of its registry.

        Args:
            row: the package's columns but its number.
            blob: columns of its blob, where that is new.

        Raises:
            Taken: the registry has a package of this name, version and variant.
        """
        mine = registries.c.id == row["registry_id"]
        count_up = update(registries).where(mine).values(last_number=registries.c.last_number + 1)
        number = self._connection.execute(count_up.returning(registries.c.last_number)).scalar_one()
        if blob is not None:
            self._connection.execute(insert(blobs).values(blob))
        self._write(insert(packages).values({**row, "number": number}))
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
        total, lowest, highest = None, 0, None
        for size in BLOCKS:
            inside = self._counts(registry_id, name, size) & (package_counts.c.block >= lowest // size)
            if highest is not None:
                inside &= package_counts.c.block <= highest // size
            blocks = select(package_counts.c.block, package_counts.c.count).where(inside)
            rows = self._connection.execute(blocks.order_by(package_counts.c.block.desc())).all()
            if total is None:
                total = sum(count for _, count in rows)
                if offset >= total:
                    return total, []
            for block, count in rows:
                lowest, highest = block * size, (block + 1) * size - 1
                if offset < count:
                    break
                offset -= count
        query = PACKAGE.where((packages.c.registry_id == registry_id) & (packages.c.number <= highest))
        if name is not None:
            query = query.where(packages.c.name == name)
        page = query.order_by(packages.c.number.desc()).offset(offset).limit(limit)
        return total or 0, self._connection.execute(page).all()

    def _counts(self, registry_id: str, name: str | None, size: int) -> Any:
        row = (package_counts.c.registry_id == registry_id) & (package_counts.c.size == size)
        return row & (package_counts.c.named == (name is not None)) & (package_counts.c.name == (name or ""))

    def _count(self, registry_id: str, name: str, number: int, change: int) -> None:
        for size in BLOCKS:
            for counted in (None, name):
                row = self._counts(registry_id, counted, size) & (package_counts.c.block == number // size)
                changed = update(package_counts).where(row).values(count=package_counts.c.count + change)
                if self._connection.execute(changed).rowcount == 0:
                    values = {"registry_id": registry_id, "named": counted is not None, "name": counted or ""}
                    values |= {"size": size, "block": number // size, "count": change}
                    self._connection.execute(insert(package_counts).values(values))
                if change < 0:
                    self._connection.execute(delete(package_counts).where(row, package_counts.c.count == 0))

    def _release(self, blob_ids: Sequence[str]) -> None:
        for start in range(0, len(blob_ids), BATCH):
            is_used = exists().where(packages.c.blob_id == blobs.c.id)
            unused = blobs.c.id.in_(blob_ids[start : start + BATCH]) & ~is_used
            self.released += self._connection.execute(delete(blobs).where(unused).returning(blobs.c.id)).scalars()

    def _write(self, statement: Any) -> None:
        try:
            self._connection.execute(statement)
        except IntegrityError as error:
            raise Taken from error

    # blobs

    def blob_ids(self) -> set[str]:
        """List the blobs that packages use."""
        return set(self._connection.execute(select(blobs.c.id)).scalars())


class Store:
    """The database.

    Args:
        folder: where to keep it; None keeps it in memory.

    Raises:
        StoreError: the database cannot be opened there, or another emulator has it open.
    """

    def __init__(self, folder: Path | None = None) -> None:
        url = URL.create("sqlite", database=None if folder is None else str(folder / "emulator.sqlite3"))
        self._lock = threading.Lock()
        arguments = {"check_same_thread": False, "timeout": 0}
        self._engine = create_engine(url, poolclass=StaticPool, connect_args=arguments, hide_parameters=True)
        event.listen(self._engine, "connect", configure)
        try:
            self._connection = open_database(self._engine)
        except DatabaseError as error:
            reason = str(error.orig)
            if "locked" in reason:
                reason = "another emulator uses it"
            raise StoreError(reason) from error

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Begin a transaction; it is committed at the end of the block, or undone by an exception."""
        with self._lock, self._connection.begin():
            yield Transaction(self._connection)

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._connection.close()
            self._engine.dispose()


def configure(connection: Any, _record: object) -> None:
    """Set a new SQLite connection up.

    WAL with `synchronous=NORMAL` keeps a commit through a killed process, and the exclusive lock keeps a second
    emulator away from the folder: https://www.sqlite.org/pragma.html.
    """
    connection.executescript(
        "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;"
    )


def open_database(engine: Engine) -> Connection:
    """Connect, create the tables that are missing, and take the lock."""
    connection = engine.connect()
    with connection.begin():
        metadata.create_all(connection)
        connection.execute(update(registries).where(registries.c.id == "").values(slug=""))  # a write takes the lock
    return connection
