"""Organizations, users, and the access tokens that were made at run time."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from buildkite_emulator.storage.queries import Queries, TakenId
from buildkite_emulator.storage.rows import NewOrganization, NewUser, OrganizationRow, UserRow
from buildkite_emulator.storage.statements import Query
from buildkite_emulator.storage.tables import documents, organizations, users

ORGANIZATION = Query(select(organizations).where(organizations.c.slug == bindparam("slug")), OrganizationRow)
ORGANIZATION_OF_ID = Query(select(organizations).where(organizations.c.id == bindparam("id")), OrganizationRow)
ORGANIZATIONS = Query(select(organizations).order_by(organizations.c.slug), OrganizationRow)
USER = Query(select(users).where(users.c.email == bindparam("email")), UserRow)
USER_OF_ID = Query(select(users).where(users.c.id == bindparam("id")), UserRow)
USERS = Query(select(users).order_by(users.c.created_at, users.c.email), UserRow)

MINTED = "token "
"""What the keys of access tokens begin with."""

DOCUMENT = select(documents.c.value).where(documents.c.key == bindparam("key"))


class Organizations(Queries):
    """Organizations."""

    def get(self, slug: str) -> OrganizationRow | None:
        """Find an organization by its slug."""
        return ORGANIZATION.first(self._connection, {"slug": slug})

    def list(self) -> Sequence[OrganizationRow]:
        """List all organizations by slug."""
        return ORGANIZATIONS.all(self._connection, {})

    def ensure(self, row: NewOrganization) -> None:
        """Add an organization, unless its slug is there already.

        Raises:
            TakenId: it is not, and another one has the ID.
        """
        if self.get(row["slug"]) is None:
            if other := ORGANIZATION_OF_ID.first(self._connection, {"id": row["id"]}):
                raise TakenId(f"the ID {other.id} is that of the organization {other.slug}")
            self._connection.execute(insert(organizations), row)


class Users(Queries):
    """Users."""

    def get(self, email: str) -> UserRow | None:
        """Find a user by email address."""
        return USER.first(self._connection, {"email": email})

    def of_id(self, user_id: str) -> UserRow | None:
        """Find a user by ID."""
        return USER_OF_ID.first(self._connection, {"id": user_id})

    def list(self) -> Sequence[UserRow]:
        """List all users, oldest first."""
        return USERS.all(self._connection, {})

    def ensure(self, row: NewUser) -> str:
        """Add a user, unless the email address is there already; returns the user's ID.

        Raises:
            TakenId: it is not, and another one has the ID.
        """
        found = self.get(row["email"])
        return self._add(row) if found is None else found.id

    def put(self, row: NewUser) -> str:
        """Add a user, or change the one who has the email address, and who keeps the ID; returns the user's ID.

        Raises:
            TakenId: no user has the address, and another user has the ID.
        """
        found = self.get(row["email"])
        if found is None:
            return self._add(row)
        changes = {"name": row["name"], "created_at": row["created_at"]}
        self._connection.execute(update(users).where(users.c.id == found.id), changes)
        return found.id

    def _add(self, row: NewUser) -> str:
        if other := self.of_id(row["id"]):
            raise TakenId(f"the ID {other.id} is that of the user {other.email}")
        self._connection.execute(insert(users), row)
        return row["id"]


class AccessTokens(Queries):
    """Access tokens that were made at run time, by their digests."""

    def get(self, sha256: str) -> Mapping[str, Any] | None:
        """Find an access token by its digest."""
        found: Mapping[str, Any] | None = self._connection.execute(DOCUMENT, {"key": MINTED + sha256}).scalar()
        return found

    def list(self) -> dict[str, Mapping[str, Any]]:
        """List all of them by digest, oldest first."""
        rows = self._connection.execute(select(documents).where(documents.c.key.startswith(MINTED))).all()
        by_age = sorted(rows, key=lambda row: (row.value["created_at"], row.key))
        return {row.key.removeprefix(MINTED): row.value for row in by_age}

    def add(self, sha256: str, token: Mapping[str, Any]) -> None:
        """Add one: its `scopes`, `user_id` and `created_at`, and its `organizations` if it is not for every one."""
        self._connection.execute(insert(documents), {"key": MINTED + sha256, "value": token})
