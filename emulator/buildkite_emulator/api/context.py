"""One call of an operation, as its handler sees it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

from anyio import CapacityLimiter, to_thread

from buildkite_emulator.api.unused_blobs import UnusedBlobs
from buildkite_emulator.api.validation import Validators
from buildkite_emulator.errors import NotFound, ValidationFailed
from buildkite_emulator.formats import Contents
from buildkite_emulator.http.exchange import Exchange
from buildkite_emulator.identity import Identity
from buildkite_emulator.spec import Operation, Spec
from buildkite_emulator.storage.backends import CONNECTIONS
from buildkite_emulator.storage.blobs import BlobStore
from buildkite_emulator.storage.database import Database
from buildkite_emulator.storage.rows import (
    NewBlob,
    OrganizationRow,
    PackageRow,
    PresignedUploadRow,
    RegistryRow,
    RegistryTokenRow,
)
from buildkite_emulator.storage.transaction import Transaction

Result = TypeVar("Result")
Found = TypeVar("Found")


@dataclass(frozen=True)
class Emulator:
    """What all calls share."""

    spec: Spec
    validators: Validators
    database: Database
    blobs: BlobStore
    unused_blobs: UnusedBlobs
    identity: Identity
    connections: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(CONNECTIONS))

    def registry_slugs(self, organization: str) -> list[str]:
        """List the slugs of an organization's registries; none where there is no such organization."""
        with self.database.transaction(read_only=True) as transaction:
            row = transaction.organizations.get(organization)
            return [] if row is None else [each.slug for each in transaction.registries.list(row.id)]

    async def run(self, function: Callable[..., Result], *arguments: Any) -> Result:
        """Run what uses the database: in the event loop where that is quick, else in a thread."""
        if self.database.is_shared:
            return await to_thread.run_sync(function, *arguments, limiter=self.connections)
        return function(*arguments)


@dataclass(frozen=True)
class Upload:
    """A file that was received and lies in the blob store, unused so far.

    Attributes:
        registry_id: the registry that it was received for.
        file_name: the name that it was sent with.
        blob: the row of its blob.
        contents: what package it is.
        other_fields: names of the form fields besides the file.
        presigned: the presigned upload that it was sent by; None where it came with the call.
        attestations: the attestations that came with it, a JSON object in each line.
    """

    registry_id: str
    file_name: str
    blob: NewBlob
    contents: Contents
    other_fields: tuple[str, ...] = ()
    presigned: PresignedUploadRow | None = None
    attestations: str | None = None


@dataclass
class RequestContext:
    """A call whose token and scopes have been checked.

    Attributes:
        user_id: the user whose token it has.
        exchange: the request and its answer, for the log.
        path: the path parameters.
        registry_slug: slug of the only registry that the token is for; None for all.
        query: the query parameters, with defaults.
        given: the query parameters that were sent.
        body: the JSON body; None where there is none.
        upload: the file that was sent, in a call of an operation that takes one.
        refusal: what is wrong with the input.
        transaction: the transaction that the handler runs in.
        organization: the row of the organization that the path names; likewise the others, where the path has them.
        headers: headers for the answer.
        committed: whether what the handler did has taken effect.
    """

    emulator: Emulator
    operation: Operation
    user_id: str
    exchange: Exchange
    path: Mapping[str, str]
    registry_slug: str | None = None
    query: Mapping[str, Any] = field(default_factory=dict)
    given: frozenset[str] = frozenset()
    body: Any = None
    upload: Upload | None = None
    refusal: ValidationFailed | None = None
    headers: dict[str, str] = field(default_factory=dict)
    committed: bool = False
    transaction: Transaction = field(init=False)
    organization: OrganizationRow = field(init=False)
    registry: RegistryRow = field(init=False)
    registry_token: RegistryTokenRow = field(init=False)
    package: PackageRow = field(init=False)

    @cached_property
    def base_url(self) -> str:
        """The scheme and host that the request was sent to."""
        return self.exchange.base_url

    @property
    def released(self) -> Sequence[str]:
        """Blobs that no package uses any more, if the last transaction has taken effect."""
        return self.transaction.released if hasattr(self, "transaction") else ()

    def resolve(self) -> None:
        """Find what the path names, from left to right.

        Raises:
            NotFound: something of it does not exist.
        """
        names = {collection: self.path[parameter] for collection, parameter in self.operation.collections}
        for collection in ("tokens", "packages"):
            if collection in names:  # these are UUIDs, whose letters may be upper case
                names[collection] = names[collection].lower()
        rows = self.transaction.paths.find(names)
        self.organization = found(rows.organization, "No organization found")
        if "registries" in names:
            self.registry = found(rows.registry, "No registry found")
        if "tokens" in names:
            self.registry_token = found(rows.registry_token, "No registry token found")
        if "packages" in names:
            self.package = found(rows.package, "No package found")


def found(row: Found | None, otherwise: str) -> Found:
    """Return a row.

    Raises:
        NotFound: there is none.
    """
    if row is None:
        raise NotFound(otherwise)
    return row


Handler = Callable[[RequestContext], Any]
"""What does an operation: takes its call, and returns what the answer is rendered from."""
