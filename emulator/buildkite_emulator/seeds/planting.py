"""Writes a seed to the database and the blob store."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from buildkite_emulator.api.context import Emulator
from buildkite_emulator.seeds.model import Content, Seed, SeedError
from buildkite_emulator.storage.blobs import CHUNK, BlobStore
from buildkite_emulator.storage.database import tried
from buildkite_emulator.storage.queries import TakenId
from buildkite_emulator.storage.rows import NewBlob
from buildkite_emulator.storage.transaction import Transaction

log = logging.getLogger(__name__)


def start(emulator: Emulator, seed: Seed) -> dict[str, str]:
    """Start an emulator with a seed. If it has data already, add only the seed's organizations and users.

    Returns:
        the ID of each user by email address.

    Raises:
        SeedError: the file of a package has changed since the seed was read, or an ID is taken.
    """
    try:
        with emulator.database.transaction() as transaction:
            if not transaction.is_empty():
                if seed.registries:
                    log.info("there is data already, so the seed's registries and packages wait for a reset")
                for row in seed.organizations:
                    transaction.organizations.ensure(row)
                return {row["email"]: transaction.users.ensure(row) for row in seed.users}
    except TakenId as error:
        raise taken_id_error(error) from error
    return restore(emulator, seed)


def restore(emulator: Emulator, seed: Seed) -> dict[str, str]:
    """Replace all data of an emulator by a seed, in one transaction.

    Returns:
        the ID of each user by email address. A user whose address exists already keeps the ID.

    Raises:
        SeedError: the file of a package has changed since the seed was read, or an ID is taken by a user who stays.
            The data is unchanged.
        Conflict: concurrent requests made each attempt fail.
        StoreUnavailable: a store failed; the data is unchanged, or the seed's.
    """
    identity = emulator.identity
    blob_ids = {sha256: identity.new_id(identity.now()) for sha256 in seed.contents}
    released: list[str] = []
    try:
        with emulator.database.transaction() as transaction:
            transaction.blobs.expect(blob_ids.values())
        blobs = {
            sha256: write(emulator.blobs, blob_ids[sha256], content, sha256)
            for sha256, content in seed.contents.items()
        }
        user_ids = tried(lambda: replaced(emulator, seed, blobs, released))
    except BaseException as error:
        emulator.unused_blobs.delete([*blob_ids.values(), *released])  # those that no package uses
        if isinstance(error, TakenId):
            raise taken_id_error(error) from error
        raise
    emulator.unused_blobs.delete(released)
    return user_ids


def taken_id_error(error: TakenId) -> SeedError:
    """Make the error for an ID of the seed that other data has taken."""
    return SeedError(f"{error} in the data; leave it out of the seed")


def replaced(emulator: Emulator, seed: Seed, blobs: Mapping[str, NewBlob], released: list[str]) -> dict[str, str]:
    """Run the transaction; return users' IDs by email address, and put the blobs to delete into `released`."""
    with emulator.database.transaction() as transaction:
        user_ids = replace(transaction, seed, blobs)
        released[:] = transaction.released
    return user_ids


def replace(transaction: Transaction, seed: Seed, blobs: Mapping[str, NewBlob]) -> dict[str, str]:
    """Replace all rows by those of a seed; `blobs` has the rows of its contents by SHA-256."""
    transaction.clear([row["email"] for row in seed.users])
    user_ids = {row["email"]: transaction.users.put(row) for row in seed.users}
    transaction.fill(
        {
            "organizations": seed.organizations,
            "blobs": list(blobs.values()),
            "registries": seed.registries,
            "registry_tokens": mapped_column(seed.registry_tokens, "created_by", "created_by_id", user_ids),
            "packages": mapped_column(
                seed.packages, "sha256", "blob_id", {key: row["id"] for key, row in blobs.items()}
            ),
        }
    )
    return user_ids


def mapped_column(
    rows: Sequence[Mapping[str, Any]], old: str, new: str, values: Mapping[str, str]
) -> list[Mapping[str, Any]]:
    """Replace a column by another, whose values are looked up in `values`."""
    return [{**{name: row[name] for name in row if name != old}, new: values[row[old]]} for row in rows]


def write(store: BlobStore, blob_id: str, content: Content, sha256: str) -> NewBlob:
    """Write a content to a blob; return the blob's row.

    Raises:
        SeedError: the content has changed since the seed was read, or cannot be read. No blob is left.
    """
    writer = store.create(blob_id)
    try:
        with content.open() as file:
            while data := file.read(CHUNK):
                writer.write(data)
        row = writer.close()
    except OSError as error:
        if content.path is None:
            raise
        raise SeedError(f"cannot read {content.path}: {error.strerror or type(error).__name__}") from error
    finally:
        writer.abandon()
    if row["sha256"] != sha256:
        raise SeedError(f"{content.path} has changed since the emulator started; restart the emulator")
    return row
