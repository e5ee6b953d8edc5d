"""Fills a database past the API, which is quick."""

from collections import Counter
from typing import Any

from sqlalchemy import insert

from buildkite_emulator.storage import tables
from buildkite_emulator.storage import transaction as store
from buildkite_emulator.storage.database import Database
from tests.support.api import ORGANIZATION


def new_registry(database: Database) -> str:
    """Add a registry past the API; returns its ID, which is its slug as well."""
    with database.transaction() as transaction:
        transaction.ensure_organization({"id": "organization", "slug": ORGANIZATION})
        registry_id = f"registry-{len(transaction.list_registries('organization'))}"
        row = {"id": registry_id, "organization_id": "organization", "slug": registry_id, "name": registry_id}
        transaction.add_registry({**row, "ecosystem": "files", "public": False, "team_ids": [], "created_at": 0})
    return registry_id


def package_row(registry_id: str, number: int) -> dict[str, Any]:
    """Make the row of a package; every other has the same name."""
    package_id = f"{registry_id}-{number}"
    row = {"id": package_id, "registry_id": registry_id, "name": f"name-{number % 2}", "version": str(number)}
    return {
        **row,
        "unique_name": row["name"],
        "variant": "",
        "file_name": "x",
        "blob_id": package_id,
        "created_at": number,
    }


def blob_row(package: dict[str, Any]) -> dict[str, Any]:
    """Make the row of a package's blob."""
    return {"id": package["blob_id"], "size": 0, "sha256": "", "sha512": ""}


def fill(database: Database, count: int) -> str:
    """Make a registry with packages, in few statements; returns its ID."""
    registry_id = new_registry(database)
    rows = [package_row(registry_id, number) | {"number": number} for number in range(1, count + 1)]
    counts = Counter(
        (name is not None, name or "", size, row["number"] // size)
        for row in rows
        for name in (None, row["name"])
        for size in store.BLOCKS
    )
    counted = [
        {"registry_id": registry_id, "named": named, "name": name, "size": size, "block": block, "count": count}
        for (named, name, size, block), count in counts.items()
    ]
    with database.transaction() as transaction:
        connection = transaction._connection
        connection.execute(insert(tables.blobs), [blob_row(row) for row in rows])
        connection.execute(insert(tables.packages), rows)
        connection.execute(insert(tables.package_counts), counted)
    return registry_id
