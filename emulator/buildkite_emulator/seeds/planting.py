"""Puts a seed into the database and the blob store."""

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
    """Let an emulator begin with a seed. One that holds something takes its organizations and users alone.

    Returns:
        the ID of each user by email address.

    Raises:
        SeedError: a file of a package is not what it was when the seed was read, or an ID belongs to something else.
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
        raise foreign(error) from error
    return restore(emulator, seed)


def restore(emulator: Emulator, seed: Seed) -> dict[str, str]:
    """Replace all that an emulator holds by a seed, at once.

    Returns:
        the ID of each user by email address. One whose address is there already keeps the ID.

    Raises:
        SeedError: a file of a package is not what it was when the seed was read, or an ID is that of a user who stays.
            All is left as it was.
        Conflict: other requests came between time and again.
        StoreUnavailable: a store was lost; all is as it was, or as the seed has it.
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
            raise foreign(error) from error
        raise
    emulator.unused_blobs.delete(released)
    return user_ids


def foreign(error: TakenId) -> SeedError:
    """Make the error for an ID of the seed that something else in the data has."""
    return SeedError(f"{error} in the data; leave it out of the seed")


def replaced(emulator: Emulator, seed: Seed, blobs: Mapping[str, NewBlob], released: list[str]) -> dict[str, str]:
    """Run the transaction; returns users' IDs by email address, and puts the blobs to delete into `released`."""
    with emulator.database.transaction() as transaction:
        user_ids = replace(transaction, seed, blobs)
        released[:] = transaction.released
    return user_ids


def replace(transaction: Transaction, seed: Seed, blobs: Mapping[str, NewBlob]) -> dict[str, str]:
    """Replace all rows by those of a seed; `blobs` are the rows of its contents, by SHA-256."""
    transaction.clear([row["email"] for row in seed.users])
    user_ids = {row["email"]: transaction.users.put(row) for row in seed.users}
    transaction.fill(
        {
            "organizations": seed.organizations,
            "blobs": list(blobs.values()),
            "registries": seed.registries,
            "registry_tokens": renamed(seed.registry_tokens, "created_by", "created_by_id", user_ids),
            "packages": renamed(seed.packages, "sha256", "blob_id", {key: row["id"] for key, row in blobs.items()}),
        }
    )
    return user_ids


def renamed(
    rows: Sequence[Mapping[str, Any]], old: str, new: str, values: Mapping[str, str]
) -> list[Mapping[str, Any]]:
    """Put a column in the place of another, with the value that the other's stands for."""
    return [{**{name: row[name] for name in row if name != old}, new: values[row[old]]} for row in rows]


def write(store: BlobStore, blob_id: str, content: Content, sha256: str) -> NewBlob:
    """Write a content into a blob; returns the blob's row.

    Raises:
        SeedError: it is not what it was; there is no blob then.
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
        raise SeedError(f"{content.path} is not what it was when the emulator started; start it anew")
    return row
