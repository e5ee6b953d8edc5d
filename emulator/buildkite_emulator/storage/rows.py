"""The rows of the tables, typed: what is read as tuples with names, what is written as dictionaries.

Times are in milliseconds since 1970.
"""

from typing import Any, NamedTuple, TypedDict


class OrganizationRow(NamedTuple):
    """An organization."""

    id: str
    slug: str


class UserRow(NamedTuple):
    """A user."""

    id: str
    name: str
    email: str
    created_at: int


class RegistryRow(NamedTuple):
    """A registry."""

    id: str
    organization_id: str
    slug: str
    name: str
    ecosystem: str
    description: str | None
    emoji: str | None
    color: str | None
    public: bool
    oidc_policy: str | None
    team_ids: list[str]
    created_at: int
    number: int
    last_number: int


class RegistryTokenRow(NamedTuple):
    """A registry token, and the user who made it."""

    id: str
    registry_id: str
    description: str
    secret_sha256: str
    created_by_id: str
    created_at: int
    number: int
    user_id: str
    user_name: str
    user_email: str
    user_created_at: int


class PackageRow(NamedTuple):
    """A package, and the digests (hexadecimal) and size (bytes) of its file."""

    id: str
    registry_id: str
    number: int
    name: str
    unique_name: str
    version: str
    variant: str
    file_name: str
    blob_id: str
    created_at: int
    metadata: dict[str, Any] | None
    sha256: str
    sha512: str
    size: int


class PresignedUploadRow(NamedTuple):
    """An upload that was requested, and the digests and size of its file where that was sent."""

    id: str
    registry_id: str
    signature_sha256: str
    expires_at: int
    is_used: bool
    blob_id: str | None
    file_name: str | None
    sha256: str | None
    sha512: str | None
    size: int | None


class ListedPackageRow(NamedTuple):
    """What a list shows of a package; to read the other columns takes a third of the time."""

    id: str
    number: int
    name: str
    version: str
    variant: str
    file_name: str
    created_at: int
    sha256: str
    sha512: str
    size: int


class NewOrganization(TypedDict):
    """An organization to be added."""

    id: str
    slug: str


class NewUser(TypedDict):
    """A user to be added."""

    id: str
    name: str
    email: str
    created_at: int


class RegistryChanges(TypedDict, total=False):
    """The columns of a registry that can be changed."""

    slug: str
    name: str
    description: str | None
    emoji: str | None
    color: str | None
    oidc_policy: str | None


class RegistryColumns(TypedDict):
    """The columns of a registry that follow from what its maker sends."""

    slug: str
    name: str
    ecosystem: str
    description: str | None
    emoji: str | None
    color: str | None
    public: bool
    oidc_policy: str | None
    team_ids: list[str]


class NewRegistry(RegistryColumns):
    """A registry to be added."""

    id: str
    organization_id: str
    created_at: int


class NewRegistryToken(TypedDict):
    """A registry token to be added."""

    id: str
    registry_id: str
    description: str
    secret_sha256: str
    created_by_id: str
    created_at: int


class PackageColumns(TypedDict):
    """The columns of a package that follow from its file."""

    name: str
    unique_name: str
    version: str
    variant: str
    file_name: str
    metadata: dict[str, Any] | None


class NewPackage(PackageColumns):
    """A package to be added; the transaction numbers it."""

    id: str
    registry_id: str
    blob_id: str
    created_at: int


class NewPresignedUpload(TypedDict):
    """An upload that is requested."""

    id: str
    registry_id: str
    signature_sha256: str
    expires_at: int
    is_used: bool


class NewBlob(TypedDict):
    """A blob to be added, with digests in hexadecimal and its size in bytes."""

    id: str
    size: int
    sha256: str
    sha512: str
