"""Code as a user of the client writes it, for type checkers in their strictest mode to read."""

from collections.abc import AsyncIterator
from typing import assert_type
from uuid import UUID

import httpx

from buildkite_packages import (
    UNSET,
    AsyncPackageRegistries,
    AsyncPages,
    AuthenticatedClient,
    Forbidden,
    NotFound,
    PackageRegistries,
    Pages,
    Published,
    RateLimited,
    Retry,
    Unset,
    ValidationFailed,
    Wait,
)
from buildkite_packages.api.registries import get_registry
from buildkite_packages.models import (
    OidcPolicyStatement,
    Package,
    PackageList,
    PackageSummary,
    Registry,
    RegistryToken,
    RegistryTokenWithSecret,
)


def release(file: str) -> list[str]:
    """Publish a file, and say what the registry has then."""
    with PackageRegistries.from_env(timeout=30.0) as buildkite:
        policy = [OidcPolicyStatement(iss="https://agent.buildkite.com")]
        registry = buildkite.registries.create(name="my registry", ecosystem="ruby", oidc_policy=policy)
        assert_type(registry, Registry)
        assert_type(registry.id, UUID)
        assert_type(registry.description, str | None)
        package = buildkite.packages.publish(registry.slug, file, progress=show)
        assert_type(package, Package)
        assert_type(package.version, str | None | Unset)
        assert_type(buildkite.packages.list(registry.slug), Pages[PackageSummary, PackageList])
        for page in buildkite.packages.list(registry.slug, name="banana", per_page=10).pages():
            assert_type(page, PackageList)
        copied = buildkite.packages.copy(registry.slug, package.id, to="other")
        assert_type(buildkite.packages.delete(copied.registry.slug, str(copied.id)), None)
        token = buildkite.registry_tokens.create(registry.slug, description="Usher")
        assert_type(token, RegistryTokenWithSecret)
        assert_type(buildkite.registry_tokens.list(registry.slug), list[RegistryToken])
        for result in buildkite.packages.publish_many(registry.slug, [file], jobs=2):
            assert_type(result, Published[Package])
            assert_type(result.package, Package | None)
        return [package.name for package in buildkite.packages.list(registry.slug)]


async def packages(buildkite: AsyncPackageRegistries, registry: str) -> AsyncIterator[PackageSummary]:
    """List packages without blocking."""
    listed = buildkite.packages.list(registry)
    assert_type(listed, AsyncPages[PackageSummary, PackageList])
    assert_type(await listed, list[PackageSummary])
    assert_type(await buildkite.registries.get(registry), Registry)
    async for package in listed:
        yield package


def careful(token: str) -> Registry | None:
    """Take what may go wrong apart, with the functions of openapi-python-client."""
    retry = Retry(attempts=3, on_wait=tell)
    client = AuthenticatedClient("https://api.example.com", token, retry=retry)
    try:
        assert_type(get_registry.sync("my-org", "my-registry", client=client), Registry)
        return get_registry.sync_detailed("my-org", "my-registry", client=client).parsed
    except NotFound:
        return None
    except Forbidden as error:
        assert_type(error.scopes, tuple[tuple[str, ...], ...])
        raise
    except RateLimited as error:
        assert_type(error.seconds, float | None)
        raise
    except ValidationFailed as error:
        raise SystemExit(", ".join(each.field for each in error.errors)) from error
    except httpx.TransportError:
        raise


def show(sent: int, total: int | None) -> None:
    """Tell how far it is."""
    assert_type(UNSET, Unset)
    print(sent, total)


def tell(wait: Wait) -> None:
    """Tell of a wait."""
    print(wait.operation, wait.seconds, wait.reason)
