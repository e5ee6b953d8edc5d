"""What there is already, for a run that only reads."""

from typing import Any

from buildkite_packages import AuthenticatedClient
from buildkite_packages.api.packages import list_packages
from buildkite_packages.api.registries import list_registries
from buildkite_packages.api.registry_tokens import list_registry_tokens
from scripts.contract.fuzzing.fixture_factory import FixtureFactory

NOWHERE = "contract-no-such-registry"
NOTHING = "00000000-0000-7000-8000-000000000000"
MOST = 5
"""How many registries are looked at, so that a large organization takes no longer than a small one."""


class ExistingResources(FixtureFactory):
    """The things that an organization has, of which nothing is made and nothing changed.

    Where it has none of a kind, requests name what does not exist.

    Args:
        client: reaches the API under test.
        organization: slug of the organization.
    """

    def __init__(self, client: AuthenticatedClient, organization: str) -> None:
        super().__init__(client, organization)
        registries = list_registries.sync(organization, client=client)[:MOST]
        for registry in registries:
            self.see(registry.to_dict())
        self._slugs = [registry.slug for registry in registries]
        self._found: dict[tuple[str, str], list[str]] = {}

    def new_registry(self, ecosystem: str) -> str:
        """Find a registry, of that ecosystem if there is one; returns its slug."""
        fitting = [slug for slug in self._slugs if self.ecosystem_of(slug) == ecosystem] or self._slugs
        return fitting[self.number() % len(fitting)] if fitting else NOWHERE

    def new_package(self, slug: str) -> str:
        """Find a package of a registry; returns its ID."""
        return self._pick("packages", slug)

    def new_registry_token(self, slug: str) -> str:
        """Find a token of a registry; returns its ID."""
        return self._pick("tokens", slug)

    def _pick(self, kind: str, slug: str) -> str:
        if slug == NOWHERE:
            return NOTHING
        if (kind, slug) not in self._found:
            things: list[Any] = (
                list_packages.sync(self.organization, slug, client=self._client).items
                if kind == "packages"
                else list_registry_tokens.sync(self.organization, slug, client=self._client)
            )
            self._found[kind, slug] = [self._known(thing.id) for thing in things]
        found = self._found[kind, slug]
        return found[self.number() % len(found)] if found else NOTHING
