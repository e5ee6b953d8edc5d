"""What the path of a request names, found by one query."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, FromClause, Select, bindparam, select

from buildkite_emulator.storage.queries import Queries
from buildkite_emulator.storage.queries.packages import PACKAGE_COLUMNS
from buildkite_emulator.storage.queries.registry_tokens import TOKEN_COLUMNS
from buildkite_emulator.storage.rows import OrganizationRow, PackageRow, RegistryRow, RegistryTokenRow
from buildkite_emulator.storage.statements import NUL, Selection
from buildkite_emulator.storage.tables import blobs, organizations, packages, registries, registry_tokens, users

COLUMNS: Mapping[str, tuple[ColumnElement[Any], ...]] = {
    "organizations": tuple(organizations.c),
    "registries": tuple(registries.c),
    "tokens": TOKEN_COLUMNS,
    "packages": PACKAGE_COLUMNS,
}
"""By the path segment before a path parameter, the columns of what the parameter names."""


class NamedRows(NamedTuple):
    """The rows that a path names; None for what does not exist, or what the path does not name."""

    organization: OrganizationRow | None
    registry: RegistryRow | None
    registry_token: RegistryTokenRow | None
    package: PackageRow | None


def selection(collections: tuple[str, ...]) -> Selection:
    """Make the query for paths of some collections. It has a row where the organization exists."""
    tables: FromClause = organizations
    if "registries" in collections:
        of_organization = registries.c.organization_id == organizations.c.id
        tables = tables.outerjoin(registries, of_organization & (registries.c.slug == bindparam("registries")))
    if "tokens" in collections:
        of_registry = registry_tokens.c.registry_id == registries.c.id
        tables = tables.outerjoin(registry_tokens, of_registry & (registry_tokens.c.id == bindparam("tokens")))
        tables = tables.outerjoin(users, users.c.id == registry_tokens.c.created_by_id)
    if "packages" in collections:
        of_registry = packages.c.registry_id == registries.c.id
        tables = tables.outerjoin(packages, of_registry & (packages.c.id == bindparam("packages")))
        tables = tables.outerjoin(blobs, blobs.c.id == packages.c.blob_id)
    columns: list[ColumnElement[Any]] = [column for collection in collections for column in COLUMNS[collection]]
    slug = organizations.c.slug == bindparam("organizations")
    statement: Select[Any] = select(*columns).select_from(tables).where(slug)
    return Selection(statement)


SELECTIONS: Mapping[tuple[str, ...], Selection] = {
    collections: selection(collections)
    for collections in (
        ("organizations",),
        ("organizations", "registries"),
        ("organizations", "registries", "tokens"),
        ("organizations", "registries", "packages"),
    )
}


class Paths(Queries):
    """Paths of the API."""

    def find(self, names: Mapping[str, str]) -> NamedRows:
        """Find what a path names.

        Args:
            names: by the path segment before each path parameter, in order, the parameter's value.
        """
        collections = tuple(names)
        values = {collection: "" if NUL in name else name for collection, name in names.items()}  # nothing is named ""
        rows = SELECTIONS[collections].rows(self._connection, values)
        found = {}
        if rows:
            end = 0
            for collection in collections:
                start, end = end, end + len(COLUMNS[collection])
                if rows[0][start] is not None:  # its ID
                    found[collection] = rows[0][start:end]
        return NamedRows(
            OrganizationRow._make(found["organizations"]) if "organizations" in found else None,
            RegistryRow._make(found["registries"]) if "registries" in found else None,
            RegistryTokenRow._make(found["tokens"]) if "tokens" in found else None,
            PackageRow._make(found["packages"]) if "packages" in found else None,
        )
