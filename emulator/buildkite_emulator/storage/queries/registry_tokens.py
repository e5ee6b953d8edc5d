"""Registry tokens."""

from collections.abc import Sequence

from sqlalchemy import bindparam, delete, insert, select, update

from buildkite_emulator.storage.queries import Queries, next_number
from buildkite_emulator.storage.rows import NewRegistryToken, RegistryTokenRow
from buildkite_emulator.storage.statements import Change, Query
from buildkite_emulator.storage.tables import registry_tokens, users

TOKEN_COLUMNS = (*registry_tokens.c, *[column.label(f"user_{column.name}") for column in users.c])
OF_REGISTRY = (
    select(*TOKEN_COLUMNS)
    .select_from(registry_tokens.join(users))
    .where(registry_tokens.c.registry_id == bindparam("registry_id"))
)
TOKEN = Query(OF_REGISTRY.where(registry_tokens.c.id == bindparam("token_id")), RegistryTokenRow)
TOKENS = Query(OF_REGISTRY.order_by(registry_tokens.c.number, registry_tokens.c.id), RegistryTokenRow)
ADD = Change(insert(registry_tokens).values(number=next_number(registry_tokens)))
UPDATE = Change(update(registry_tokens).where(registry_tokens.c.id == bindparam("token_id")))
DELETE = Change(delete(registry_tokens).where(registry_tokens.c.id == bindparam("token_id")))


class RegistryTokens(Queries):
    """Registry tokens."""

    def get(self, registry_id: str, token_id: str) -> RegistryTokenRow | None:
        """Find a registry token of a registry, with its creator's columns as `user_...`."""
        return TOKEN.first(self._connection, {"registry_id": registry_id, "token_id": token_id})

    def list(self, registry_id: str) -> Sequence[RegistryTokenRow]:
        """List a registry's tokens, oldest first, each with its creator's columns as `user_...`."""
        return TOKENS.all(self._connection, {"registry_id": registry_id})

    def add(self, row: NewRegistryToken) -> None:
        """Add a registry token.

        Raises:
            Conflict: another transaction has deleted the registry.
        """
        self._write(ADD.run, row)

    def update(self, token_id: str, description: str) -> None:
        """Change the description of a registry token.

        Raises:
            Conflict: another transaction has deleted it.
        """
        self._change(UPDATE, {"token_id": token_id, "description": description})

    def delete(self, token_id: str) -> None:
        """Delete a registry token.

        Raises:
            Conflict: another transaction has deleted it.
        """
        self._change(DELETE, {"token_id": token_id})
