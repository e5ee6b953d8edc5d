"""What the operations return: values under the names of the spec's properties, which `api.rendering` writes as JSON.

URLs, GraphQL IDs and the form of times are not here; the renderer makes them from these values. `org_slug` and
`registry_slug` fill the placeholders of URLs.
"""

from typing import Any, NotRequired, TypedDict

from buildkite_emulator.storage.rows import (
    ListedPackageRow,
    OrganizationRow,
    PackageRow,
    RegistryRow,
    RegistryTokenRow,
)


class OrganizationResult(TypedDict):
    """An organization, as part of something else."""

    id: str
    slug: str


class RegistrySummaryResult(TypedDict):
    """A registry, as part of something else."""

    id: str
    slug: str


class RegistryResult(RegistrySummaryResult):
    """A registry."""

    org_slug: str
    registry_slug: str
    name: str
    ecosystem: str
    description: str | None
    emoji: str | None
    color: str | None
    type: str
    public: bool
    oidc_policy: str | None
    team_ids: list[str]


class UserResult(TypedDict):
    """A user."""

    id: str
    name: str
    email: str
    avatar_url: None
    created_at: int


class RegistryTokenResult(TypedDict):
    """A registry token; its secret is there where it has just been made."""

    org_slug: str
    registry_slug: str
    id: str
    description: str
    created_at: int
    created_by: UserResult
    organization: OrganizationResult
    registry: RegistrySummaryResult
    token: NotRequired[str]


class DigestsResult(TypedDict):
    """Digests in hexadecimal."""

    sha256: str
    sha512: str


class PackageSummaryResult(TypedDict):
    """A package in a list."""

    id: str
    name: str
    created_at: int
    version: str
    variant: str | None
    digests: DigestsResult


class PackageResult(PackageSummaryResult):
    """A package."""

    org_slug: str
    registry_slug: str
    metadata: dict[str, Any] | None
    organization: OrganizationResult
    registry: RegistrySummaryResult


class PackageListResult(TypedDict):
    """A page of packages, and the addresses of others."""

    org_slug: str
    registry_slug: str
    items: list[PackageSummaryResult]
    links: dict[str, str]


def registry_result(organization: OrganizationRow, row: RegistryRow) -> RegistryResult:
    """Collect what a response shows of a registry."""
    return {
        "org_slug": organization.slug,
        "registry_slug": row.slug,
        "id": row.id,
        "slug": row.slug,
        "name": row.name,
        "ecosystem": row.ecosystem,
        "description": row.description,
        "emoji": row.emoji,
        "color": row.color,
        "type": "source",
        "public": row.public,
        "oidc_policy": row.oidc_policy,
        "team_ids": row.team_ids,
    }


def registry_token_result(
    organization: OrganizationRow, registry: RegistryRow, row: RegistryTokenRow
) -> RegistryTokenResult:
    """Collect what a response shows of a registry token."""
    return {
        "org_slug": organization.slug,
        "registry_slug": registry.slug,
        "id": row.id,
        "description": row.description,
        "created_at": row.created_at,
        "created_by": {
            "id": row.user_id,
            "name": row.user_name,
            "email": row.user_email,
            "avatar_url": None,
            "created_at": row.user_created_at,
        },
        "organization": {"id": organization.id, "slug": organization.slug},
        "registry": {"id": registry.id, "slug": registry.slug},
    }


def package_summary_result(row: ListedPackageRow | PackageRow) -> PackageSummaryResult:
    """Collect what a list shows of a package."""
    return {
        "id": row.id,
        "name": row.name,
        "created_at": row.created_at,
        "version": row.version,
        "variant": row.variant or None,
        "digests": {"sha256": row.sha256, "sha512": row.sha512},
    }


def package_result(organization: OrganizationRow, registry: RegistryRow, row: PackageRow) -> PackageResult:
    """Collect what a response shows of a package."""
    return {
        **package_summary_result(row),
        "org_slug": organization.slug,
        "registry_slug": registry.slug,
        "metadata": row.metadata,
        "organization": {"id": organization.id, "slug": organization.slug},
        "registry": {"id": registry.id, "slug": registry.slug},
    }
