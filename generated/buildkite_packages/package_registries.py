"""The API of one organization, as an object."""

from types import TracebackType
from typing import TYPE_CHECKING, Self

from .facade import Facade

if TYPE_CHECKING:
    from .resources.packages import AsyncPackages, Packages
    from .resources.registries import AsyncRegistries, Registries
    from .resources.registry_tokens import AsyncRegistryTokens, RegistryTokens


class PackageRegistries(Facade):
    """The API of one organization, for a `with` block, or until `close` is called.

    `from_env` makes one of environment variables, `from_agent` one with OIDC tokens of
    the Buildkite agent. `AsyncPackageRegistries` is the same, awaited.
    """

    @property
    def registries(self) -> "Registries":
        """Places that hold packages of one ecosystem."""
        from .resources.registries import Registries  # noqa: PLC0415 - loads when used

        return Registries(self.client, self.organization)

    @property
    def registry_tokens(self) -> "RegistryTokens":
        """Read-only credentials for installing from one private registry."""
        from .resources.registry_tokens import RegistryTokens  # noqa: PLC0415 - loads when used

        return RegistryTokens(self.client, self.organization)

    @property
    def packages(self) -> "Packages":
        """Files published to a registry."""
        from .resources.packages import Packages  # noqa: PLC0415 - loads when used

        return Packages(self.client, self.organization)

    def close(self) -> None:
        """Close the connections. A copy made by `with_organization` shares them, the others have their own."""
        self.client.get_httpx_client().close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


class AsyncPackageRegistries(Facade):
    """The API of one organization, for an `async with` block, or until `aclose` is awaited.

    `from_env` makes one of environment variables, `from_agent` one with OIDC tokens of
    the Buildkite agent.
    """

    @property
    def registries(self) -> "AsyncRegistries":
        """Places that hold packages of one ecosystem."""
        from .resources.registries import AsyncRegistries  # noqa: PLC0415 - loads when used

        return AsyncRegistries(self.client, self.organization)

    @property
    def registry_tokens(self) -> "AsyncRegistryTokens":
        """Read-only credentials for installing from one private registry."""
        from .resources.registry_tokens import AsyncRegistryTokens  # noqa: PLC0415 - loads when used

        return AsyncRegistryTokens(self.client, self.organization)

    @property
    def packages(self) -> "AsyncPackages":
        """Files published to a registry."""
        from .resources.packages import AsyncPackages  # noqa: PLC0415 - loads when used

        return AsyncPackages(self.client, self.organization)

    async def aclose(self) -> None:
        """Close the connections. A copy made by `with_organization` shares them, the others have their own."""
        await self.client.get_async_httpx_client().aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()
