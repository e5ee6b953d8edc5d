"""Fills a database past the API, which is quick."""

from collections import Counter

from sqlalchemy import insert

from buildkite_emulator.storage import tables
from buildkite_emulator.storage.database import Database
from buildkite_emulator.storage.queries.packages import BLOCKS
from buildkite_emulator.storage.rows import NewBlob, NewPackage
from scripts.servers.api import ORGANIZATION


def new_registry(database: Database) -> str:
    """Add a registry past the API; returns its ID, which is its slug as well."""
    with database.transaction() as transaction:
        transaction.organizations.ensure({"id": "organization", "slug": ORGANIZATION})
        registry_id = f"registry-{len(transaction.registries.list('organization'))}"
        transaction.registries.add(
            {
                "id": registry_id,
                "organization_id": "organization",
                "slug": registry_id,
                "name": registry_id,
                "ecosystem": "files",
                "description": None,
                "emoji": None,
                "color": None,
                "public": False,
                "oidc_policy": None,
                "team_ids": [],
                "created_at": 0,
            }
        )
    return registry_id


def package_row(registry_id: str, number: int) -> NewPackage:
    """Make the row of a package; every other has the same name."""
    package_id, name = f"{registry_id}-{number}", f"name-{number % 2}"
    return {
        "id": package_id,
        "registry_id": registry_id,
        "name": name,
        "unique_name": name,
        "version": str(number),
        "variant": "",
        "metadata": None,
        "file_name": "x",
        "blob_id": package_id,
        "created_at": number,
    }


def blob_row(package: NewPackage) -> NewBlob:
    """Make the row of a package's blob."""
    return {"id": package["blob_id"], "size": 0, "sha256": "", "sha512": ""}


def fill(database: Database, count: int) -> str:
    """Make a registry with packages, in few statements; returns its ID."""
    registry_id = new_registry(database)
    rows = [package_row(registry_id, number) for number in range(1, count + 1)]
    counts = Counter(
        (name is not None, name or "", size, number // size)
        for number, row in enumerate(rows, 1)
        for name in (None, row["name"])
        for size in BLOCKS
    )
    counted = [
        {"registry_id": registry_id, "named": named, "name": name, "size": size, "block": block, "count": count}
        for (named, name, size, block), count in counts.items()
    ]
    with database.transaction() as transaction:
        connection = transaction._connection
        connection.execute(insert(tables.blobs), [blob_row(row) for row in rows])
        connection.execute(insert(tables.packages), [{**row, "number": each} for each, row in enumerate(rows, 1)])
        connection.execute(insert(tables.package_counts), counted)
    return registry_id
