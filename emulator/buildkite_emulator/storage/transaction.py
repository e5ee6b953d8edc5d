"""What the operations ask of the database and change in it.

A `Transaction` offers just that; nothing of it shows until it ends well. Statements are made once, since making one
takes longer than running it.
"""

import sqlite3
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, Table, bindparam, delete, exists, func, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from buildkite_emulator.storage.statements import Statement
from buildkite_emulator.storage.tables import (
    blobs,
    documents,
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


MISSING = "23503"
"""What PostgreSQL calls a reference to a row that is not there. In SQLite nothing can have removed it meanwhile."""


def next_number(table: Table) -> Any:
    """Count on from the highest number of a table."""
    return select(func.coalesce(func.max(table.c.number), 0) + 1).scalar_subquery()


ORGANIZATION = Statement(select(organizations).where(organizations.c.slug == bindparam("slug")))
ORGANIZATION_OF_ID = Statement(select(organizations).where(organizations.c.id == bindparam("id")))
USER = Statement(select(users).where(users.c.email == bindparam("email")))
USER_OF_ID = Statement(select(users).where(users.c.id == bindparam("id")))

REGISTRIES = select(registries).where(registries.c.organization_id == bindparam("organization_id"))
REGISTRY = Statement(REGISTRIES.where(registries.c.slug == bindparam("slug")))
LOCK_REGISTRY = Statement(select(registries.c.id).where(registries.c.id == bindparam("registry_id")).with_for_update())
REGISTRIES_IN_ORDER = Statement(REGISTRIES.order_by(registries.c.number, registries.c.id))
NEW_REGISTRY = Statement(insert(registries).values(number=next_number(registries), last_number=0))
CHANGED_REGISTRY = update(registries).where(registries.c.id == bindparam("registry_id"))
UPDATE_REGISTRY = Statement(CHANGED_REGISTRY)
COUNT_UP = CHANGED_REGISTRY.values(last_number=registries.c.last_number + 1).returning(registries.c.last_number)

TOKENS = (
    select(registry_tokens, *[column.label(f"user_{column.name}") for column in users.c])
    .join(users)
    .where(registry_tokens.c.registry_id == bindparam("registry_id"))
)
TOKEN = Statement(TOKENS.where(registry_tokens.c.id == bindparam("token_id")))
TOKENS_IN_ORDER = Statement(TOKENS.order_by(registry_tokens.c.number, registry_tokens.c.id))
NEW_TOKEN = Statement(insert(registry_tokens).values(number=next_number(registry_tokens)))
UPDATE_TOKEN = Statement(update(registry_tokens).where(registry_tokens.c.id == bindparam("token_id")))
DELETE_TOKEN = Statement(delete(registry_tokens).where(registry_tokens.c.id == bindparam("token_id")))

PACKAGES = (
    select(packages, blobs.c.sha256, blobs.c.sha512, blobs.c.size)
    .join(blobs)
    .where(packages.c.registry_id == bindparam("registry_id"))
)
PACKAGE = Statement(PACKAGES.where(packages.c.id == bindparam("package_id")))
NEW_PACKAGE = Statement(insert(packages))
DELETE_PACKAGE = Statement(delete(packages).where(packages.c.id == bindparam("package_id")))
LISTED = [packages.c[name] for name in ("id", "name", "version", "variant", "file_name", "created_at")]
LISTED += [blobs.c[name] for name in ("sha256", "sha512", "size")]
PAGE_OF_ALL = (
    PACKAGES.with_only_columns(*LISTED, maintain_column_froms=True)  # to read the others takes a third of the time
    .where(packages.c.number <= bindparam("highest"))
    .order_by(packages.c.number.desc())
    .offset(bindparam("rows_before"))
    .limit(bindparam("rows"))
)
PAGE = Statement(PAGE_OF_ALL)
PAGE_OF_NAME = Statement(PAGE_OF_ALL.where(packages.c.name == bindparam("name")))
FOUND = (
    PACKAGES.where(packages.c.name.icontains(bindparam("text"), escape="/"))
    .order_by(packages.c.number.desc())
    .offset(bindparam("rows_before"))
    .limit(bindparam("rows"))
)

COUNTS = select(package_counts.c.block, package_counts.c.count).where(
    package_counts.c.registry_id == bindparam("registry_id"),
    package_counts.c.named == bindparam("named"),
    package_counts.c.name == bindparam("name"),
    package_counts.c.size == bindparam("size"),
    package_counts.c.block.between(bindparam("first"), bindparam("last")),
)
COUNTS_IN_ORDER = Statement(COUNTS.order_by(package_counts.c.block.desc()))
COUNTS_OF_REGISTRIES = Statement(
    select(package_counts.c.registry_id, func.sum(package_counts.c.count))
    .join(registries)
    .where(
        registries.c.organization_id == bindparam("organization_id"),
        package_counts.c.named == bindparam("named"),
        package_counts.c.name == bindparam("name"),
        package_counts.c.size == bindparam("size"),
    )
    .group_by(package_counts.c.registry_id)
)
# The names of a count's columns are those of what is set, so what it is found by has names of its own.
COUNTED = ("registry_id", "named", "name", "size", "block")
COUNT = [package_counts.c[name] == bindparam(f"the_{name}") for name in COUNTED]
NEW_COUNT = Statement(insert(package_counts))
ADD_TO_COUNT = Statement(
    update(package_counts).where(*COUNT).values(count=package_counts.c.count + bindparam("change"))
)
DROP_COUNT = Statement(delete(package_counts).where(*COUNT, package_counts.c.count == 0))

LAST_BLOCK = 2**31 - 1

MINTED = "token "
"""What the keys of access tokens begin with."""

DOCUMENT = select(documents.c.value).where(documents.c.key == bindparam("key"))

PACKAGES_IN_ORDER = PACKAGES.order_by(packages.c.number)
TOTAL_SIZE = select(func.coalesce(func.sum(blobs.c.size), 0)).select_from(packages).join(blobs)
NUL = "\0"
"""Nothing has it in its name, and PostgreSQL would not even look for it."""


def swept() -> "StoreUnavailable":
    """Make the error for a blob that another process has deleted, while this one had no connection to show its life."""
    return StoreUnavailable("The database could not be reached meanwhile, and what was received is lost; send it again")


def in_order(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Number rows from 1."""
    return [{**row, "number": number} for number, row in enumerate(rows, 1)]


class Taken(Exception):
    """What was to be written collides with what is there: a slug, or a package's name, version and variant."""


class TakenId(Exception):
    """An ID that was given is in use; the text says what for."""


class Conflict(Exception):
    """Another transaction has changed or removed what this one had read. It may be tried again, from the start."""


class StoreError(Exception):
    """The database or the blobs cannot be used; the text says why."""


class StoreUnavailable(StoreError):
    """A store cannot be reached or does not work at the moment. The text is for the caller.

    Attributes:
        reason: what the store or its driver said, for the log.
    """

    def __init__(self, message: str, reason: object = "") -> None:
        super().__init__(message)
        self.reason = " ".join(str(reason).split())[:300]


class StoreFull(StoreUnavailable):
    """A store has no room left."""


class Transaction:
    """Questions and changes that take effect together.

    Rows come back as SQLAlchemy rows, or as named tuples; either way columns are attributes.

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

    def _one(self, question: Statement, **values: str) -> Row[Any] | None:
        if NUL in "".join(values.values()):
            return None
        rows = question.ask(self._connection, values)
        return rows[0] if rows else None

    # organizations and users

    def organization(self, slug: str) -> Row[Any] | None:
        """Find an organization by its slug."""
        return self._one(ORGANIZATION, slug=slug)

    def ensure_organization(self, row: Mapping[str, Any]) -> None:
        """Add an organization, unless its slug is there already.

        Raises:
            TakenId: it is not, and another one has the ID.
        """
        if self.organization(row["slug"]) is None:
            if other := self._one(ORGANIZATION_OF_ID, id=row["id"]):
                raise TakenId(f"the ID {other.id} is that of the organization {other.slug}")
            self._connection.execute(insert(organizations), row)

    def user(self, email: str) -> Row[Any] | None:
        """Find a user by email address."""
        return self._one(USER, email=email)

    def ensure_user(self, row: Mapping[str, Any]) -> str:
        """Add a user, unless the email address is there already; returns the user's ID.

        Raises:
            TakenId: it is not, and another one has the ID.
        """
        found = self.user(row["email"])
        return self._add_user(row) if found is None else str(found.id)

    def _add_user(self, row: Mapping[str, Any]) -> str:
        if other := self._one(USER_OF_ID, id=row["id"]):
            raise TakenId(f"the ID {other.id} is that of the user {other.email}")
        self._connection.execute(insert(users), row)
        return str(row["id"])

    # registries

    def registry(self, organization_id: str, slug: str) -> Row[Any] | None:
        """Find a registry by its slug."""
        return self._one(REGISTRY, organization_id=organization_id, slug=slug)

    def _lock_registry(self, registry_id: str) -> None:
        """Keep others from adding to a registry or deleting from it, until the transaction ends.

        Whoever locks one registry locks no other, and blobs only after it; so none wait for each other for ever.
        """
        if self._one(LOCK_REGISTRY, registry_id=registry_id) is None:
            raise Conflict

    def list_registries(self, organization_id: str) -> Sequence[Row[Any]]:
        """List an organization's registries, oldest first."""
        return REGISTRIES_IN_ORDER.ask(self._connection, {"organization_id": organization_id})

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
            Conflict: another transaction has deleted the registry.
        """
        if changes:
            self._change(UPDATE_REGISTRY, {"registry_id": registry_id, **changes})

    def delete_registry(self, registry_id: str) -> None:
        """Delete a registry with its tokens and packages, and release the blobs that only those used.

        Raises:
            Conflict: another transaction has deleted it.
        """
        self._lock_registry(registry_id)
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
        return TOKENS_IN_ORDER.ask(self._connection, {"registry_id": registry_id})

    def add_registry_token(self, row: Mapping[str, Any]) -> None:
        """Add a registry token.

        Raises:
            Conflict: another transaction has deleted the registry.
        """
        self._write(NEW_TOKEN, row)

    def update_registry_token(self, token_id: str, changes: Mapping[str, Any]) -> None:
        """Change columns of a registry token.

        Raises:
            Conflict: another transaction has deleted it.
        """
        self._change(UPDATE_TOKEN, {"token_id": token_id, **changes})

    def delete_registry_token(self, token_id: str) -> None:
        """Delete a registry token.

        Raises:
            Conflict: another transaction has deleted it.
        """
        self._change(DELETE_TOKEN, {"token_id": token_id})

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
            Conflict: another transaction has deleted the registry.
            StoreUnavailable: another process took this one for dead and has deleted the blob.
        """
        number = self._connection.execute(COUNT_UP, {"registry_id": row["registry_id"]}).scalar_one_or_none()
        if number is None:
            raise Conflict
        if blob is not None and not self.forget_blobs([blob["id"]]):
            raise swept()
        if blob is not None:
            self._connection.execute(insert(blobs), blob)
        self._write(NEW_PACKAGE, {**row, "number": number})
        self._count(row["registry_id"], row["name"], number, 1)

    def delete_package(self, package: Row[Any]) -> None:
        """Delete a package, and release its blob if no other package uses it.

        Raises:
            Conflict: another transaction has deleted it.
        """
        self._lock_registry(package.registry_id)
        self._change(DELETE_PACKAGE, {"package_id": package.id})
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
            rows = COUNTS_IN_ORDER.ask(self._connection, blocks)
            if total is None:
                total = sum(count for _, count in rows)
                if offset >= total:
                    return total, []
            if offset == 0:
                break
            for block, count in rows:
                lowest, highest = block * size, (block + 1) * size - 1
                if offset < count:
                    break
                offset -= count
        page = {"registry_id": registry_id, "highest": highest, "rows_before": offset, "rows": limit}
        if name is not None:
            page["name"] = name
        return total or 0, (PAGE if name is None else PAGE_OF_NAME).ask(self._connection, page)

    def search_packages(self, registry_id: str, text: str, offset: int, limit: int) -> Sequence[Row[Any]]:
        """List some of a registry's packages that have a text in their name, however its letters are cased.

        Args:
            registry_id: the registry.
            text: what the name has to contain.
            offset: how many of the newest to leave out.
            limit: how many to list at most, newest first.
        """
        if NUL in text:
            return []
        escaped = text.translate({ord(special): f"/{special}" for special in "%_/"})
        page = {"registry_id": registry_id, "text": escaped, "rows_before": offset, "rows": limit}
        return self._connection.execute(FOUND, page).all()

    def count_packages(self, organization_id: str) -> dict[str, int]:
        """Count the packages of an organization's registries; returns them by registry, those without any left out."""
        counted = {"organization_id": organization_id, "named": False, "name": "", "size": BLOCKS[0]}
        return {registry_id: int(count) for registry_id, count in COUNTS_OF_REGISTRIES.ask(self._connection, counted)}

    def _count(self, registry_id: str, name: str, number: int, change: int) -> None:
        for size in BLOCKS:
            for counted in (None, name):
                row = {"registry_id": registry_id, "named": counted is not None, "name": counted or ""}
                row |= {"size": size, "block": number // size}
                the_row = {f"the_{column}": value for column, value in row.items()}
                if ADD_TO_COUNT.change(self._connection, {**the_row, "change": change}) == 0:
                    NEW_COUNT.change(self._connection, {**row, "count": change})
                if change < 0:
                    DROP_COUNT.change(self._connection, the_row)

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

    def _change(self, statement: Statement, values: Mapping[str, Any]) -> None:
        if self._write(statement, values) == 0:
            raise Conflict

    def _write(self, statement: Statement, values: Mapping[str, Any]) -> int:
        try:
            return statement.change(self._connection, values)
        except (IntegrityError, sqlite3.IntegrityError) as error:
            cause = error.orig if isinstance(error, IntegrityError) else error
            names = {getattr(cause, "sqlite_errorname", None), getattr(cause, "sqlstate", None)}
            if names & COLLISIONS:
                raise Taken from error
            if MISSING in names:
                raise Conflict from error
            raise

    # access tokens that were made at run time

    def minted_token(self, sha256: str) -> Mapping[str, Any] | None:
        """Find an access token by its digest."""
        found: Mapping[str, Any] | None = self._connection.execute(DOCUMENT, {"key": MINTED + sha256}).scalar()
        return found

    def list_minted_tokens(self) -> dict[str, Mapping[str, Any]]:
        """List all of them by digest, oldest first."""
        rows = self._connection.execute(select(documents).where(documents.c.key.startswith(MINTED))).all()
        by_age = sorted(rows, key=lambda row: (row.value["created_at"], row.key))
        return {row.key.removeprefix(MINTED): row.value for row in by_age}

    def add_minted_token(self, sha256: str, token: Mapping[str, Any]) -> None:
        """Add one: its `scopes`, `user_id` and `created_at`, and its `organizations` if it is not for every one."""
        self._connection.execute(insert(documents), {"key": MINTED + sha256, "value": token})

    # everything at once

    def is_empty(self) -> bool:
        """Tell whether there is nothing yet, not even an organization."""
        return self._connection.execute(select(organizations.c.id).limit(1)).first() is None

    def list_organizations(self) -> Sequence[Row[Any]]:
        """List all organizations by slug."""
        return self._connection.execute(select(organizations).order_by(organizations.c.slug)).all()

    def list_users(self) -> Sequence[Row[Any]]:
        """List all users, oldest first."""
        return self._connection.execute(select(users).order_by(users.c.created_at, users.c.email)).all()

    def list_packages_in_order(self, registry_id: str) -> Sequence[Row[Any]]:
        """List all packages of a registry, oldest first."""
        return self._connection.execute(PACKAGES_IN_ORDER, {"registry_id": registry_id}).all()

    def total_size(self) -> int:
        """Add up the bytes of all packages; what several share is counted for each of them."""
        return int(self._connection.execute(TOTAL_SIZE).scalar_one())

    def clear(self, kept_users: Collection[str]) -> None:
        """Delete everything, access tokens of run time too, and release all blobs.

        Args:
            kept_users: email addresses of users that stay.
        """
        tables = (organizations, users, registries, registry_tokens, packages, package_counts, blobs)
        if self._connection.dialect.name == "postgresql":  # nobody else may write until this transaction ends
            names = ", ".join(table.name for table in tables)
            self._connection.execute(text(f"LOCK TABLE {names} IN EXCLUSIVE MODE"))
        for table in (package_counts, packages, registry_tokens, registries, organizations):
            self._connection.execute(delete(table))
        self._connection.execute(delete(users).where(users.c.email.not_in(kept_users)))
        self._connection.execute(delete(documents).where(documents.c.key.startswith(MINTED)))
        released = list(self._connection.execute(delete(blobs).returning(blobs.c.id)).scalars())
        self.expect_blobs(released)
        self.released += released

    def put_user(self, row: Mapping[str, Any]) -> str:
        """Add a user, or change the one who has the email address, and who keeps the ID; returns the user's ID.

        Raises:
            TakenId: nobody has the address, and another user has the ID.
        """
        found = self.user(row["email"])
        if found is None:
            return self._add_user(row)
        changes = {"name": row["name"], "created_at": row["created_at"]}
        self._connection.execute(update(users).where(users.c.id == found.id), changes)
        return str(found.id)

    def fill(self, rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
        """Insert many rows where there are none.

        Args:
            rows: by name of the table, in order and without numbers: organizations, blobs (which were announced by
                `expect_blobs`), registries, registry tokens and packages.

        Raises:
            StoreUnavailable: another process took this one for dead and has deleted a blob.
        """
        if self.forget_blobs([row["id"] for row in rows["blobs"]]) != len(rows["blobs"]):
            raise swept()
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

    # blobs

    def expect_blobs(self, blob_ids: Iterable[str]) -> None:
        """Note blobs that no package uses: before one is written, and until it is deleted.

        Raises:
            Conflict: another process took this one for dead.
        """
        rows = [{"id": blob_id, "process_id": self._process_id} for blob_id in blob_ids]
        if rows:
            try:
                self._connection.execute(insert(pending_blobs), rows)
            except IntegrityError as error:
                raise Conflict from error

    def unused_blobs(self, blob_ids: Sequence[str]) -> list[str]:
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

    def forget_blobs(self, blob_ids: Sequence[str]) -> int:
        """Take back what was noted of blobs; returns of how many."""
        forgotten = 0
        for start in range(0, len(blob_ids), BATCH):
            mine = pending_blobs.c.id.in_(blob_ids[start : start + BATCH])
            forgotten += self._connection.execute(delete(pending_blobs).where(mine)).rowcount
        return forgotten
