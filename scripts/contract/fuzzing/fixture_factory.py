"""What the fuzzer needs to exist: registries, packages and tokens, made on demand with the client.

A request is only worth something beyond a 404 if what its path names is there. Reads share one registry of each
ecosystem; what a request may change or delete is made anew for it.
"""

import io
import itertools
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

import httpx

from buildkite_packages import AuthenticatedClient
from buildkite_packages.api.packages import list_packages, publish_package
from buildkite_packages.api.registries import create_registry
from buildkite_packages.api.registry_tokens import create_registry_token
from buildkite_packages.models.package import Package
from buildkite_packages.models.package_publish import PackagePublish
from buildkite_packages.models.registry import Registry
from buildkite_packages.models.registry_create import RegistryCreate
from buildkite_packages.models.registry_token_create import RegistryTokenCreate
from buildkite_packages.types import File
from scripts.samples.ecosystems import BUILDERS

Made = TypeVar("Made")

MOST_TRIES = 5
"""How often something is made anew where nobody knows what became of it."""

NUMBERS = 16
"""No request takes more numbers than that, with what is made for it."""


class FixtureFactory:
    """The things that exist, in one organization.

    Args:
        client: reaches the API under test.
        organization: slug of the organization.
        prefix: how the names of registries begin.
        sent: how many requests other processes of the run have sent, for none may make a name that another made.

    Attributes:
        made: is told of what is made on demand: operationId, path parameters after the organization, what else the
            request had (`json`, or `package`, the file's name and bytes), the answer.
    """

    def __init__(self, client: AuthenticatedClient, organization: str, prefix: str = "world", sent: int = 0) -> None:
        self.organization = organization
        self.prefix = prefix
        self.made: Callable[[str, tuple[str, ...], Mapping[str, Any], Any], object] = lambda *_: None
        self._client = client
        self._ecosystems: dict[str, str] = {}
        self._shared: dict[str, str] = {}
        self._known_ids: set[str] = set()
        self._gone: set[object] = set()
        self._numbers = itertools.count(1 + sent * NUMBERS)
        self._lock = threading.RLock()

    def number(self) -> int:
        """Count up: each call gives a number that no other call in this run gave."""
        with self._lock:
            return next(self._numbers)

    def named(self, text: str) -> str:
        """Make a name for a registry of a text, which no other registry has."""
        return f"{self.prefix} {text.removeprefix(self.prefix).strip()}"[:90] + f" {self.number()}"

    def pick(self, ecosystems: Sequence[str]) -> str:
        """Pick an ecosystem, each in turn."""
        return ecosystems[self.number() % len(ecosystems)]

    def knows_registry(self, slug: object) -> bool:
        """Tell whether a registry of this slug was ever seen, be it gone by now."""
        return slug in self._ecosystems

    def knows_id(self, value: object) -> bool:
        """Tell whether a package or registry token of this ID was ever seen, be it gone by now."""
        return value in self._known_ids

    def ecosystem_of(self, slug: str) -> str:
        """Look up the ecosystem of a registry that was seen."""
        return self._ecosystems[slug]

    def see(self, body: Any) -> None:
        """Remember the registries, packages and registry tokens that an answer shows."""
        for item in body if isinstance(body, list) else [body]:
            if not isinstance(item, dict):
                continue
            self.see(item.get("items", []))
            if isinstance(item.get("slug"), str) and isinstance(item.get("ecosystem"), str):
                self._ecosystems[item["slug"]] = item["ecosystem"]
                self._gone.discard(item["slug"])
            elif isinstance(item.get("id"), str):
                self._known_ids.add(item["id"])

    def is_there(self, slug: object) -> bool:
        """Tell whether a registry of this slug exists, as far as the answers so far show."""
        return slug in self._ecosystems and slug not in self._gone

    def forget(self, slug: object) -> None:
        """Stop counting on a registry, because it was renamed or deleted."""
        with self._lock:
            self._gone.add(slug)
            self._shared = {ecosystem: shared for ecosystem, shared in self._shared.items() if shared != slug}

    def new_registry(self, ecosystem: str) -> str:
        """Create a registry; returns its slug."""

        def create() -> Registry:
            body = RegistryCreate(name=self.named("world"), ecosystem=ecosystem)
            return create_registry.sync(self.organization, client=self._client, body=body)

        created = retry_create(create)
        self.made("create_registry", (), {"json": {"name": created.name, "ecosystem": ecosystem}}, created.to_dict())
        self._ecosystems[created.slug] = ecosystem
        return created.slug

    def registry(self, ecosystem: str) -> str:
        """Find or create the shared registry of an ecosystem; returns its slug."""
        with self._lock:
            if ecosystem not in self._shared:
                self._shared[ecosystem] = self.new_registry(ecosystem)
            return self._shared[ecosystem]

    def package_file(self, ecosystem: str) -> tuple[str, bytes]:
        """Build a package that was not published before: its file name and bytes."""
        return BUILDERS[ecosystem](f"banana{self.number()}", "1.0.0")

    def new_package(self, slug: str) -> str:
        """Publish a package to a registry; returns its ID."""

        def publish() -> Package:
            name, content = self.package_file(self._ecosystems[slug])
            body = PackagePublish(file=File(io.BytesIO(content), name))
            published = publish_package.sync(self.organization, slug, client=self._client, body=body)
            self.made("publish_package", (slug,), {"package": (name, content)}, published.to_dict())
            return published

        return self._known(retry_create(publish).id)

    def cursor(self, slug: str) -> str | None:
        """Find a cursor of a registry's packages; None where all are on one page."""
        page = list_packages.sync(self.organization, slug, client=self._client, per_page=1)
        following = page.links.next_ if isinstance(page.links.next_, str) else ""
        return dict(parse_qsl(urlsplit(following).query)).get("after")

    def new_registry_token(self, slug: str) -> str:
        """Create a token of a registry; returns its ID."""
        body = RegistryTokenCreate(description="world")
        created = retry_create(
            lambda: create_registry_token.sync(self.organization, slug, client=self._client, body=body)
        )
        self.made("create_registry_token", (slug,), {"json": body.to_dict()}, created.to_dict())
        return self._known(created.id)

    def _known(self, identifier: UUID) -> str:
        self._known_ids.add(str(identifier))
        return str(identifier)


def retry_create(make: Callable[[], Made]) -> Made:
    """Make something, and something else like it where the connection was lost."""
    for _ in range(MOST_TRIES - 1):
        try:
            return make()
        except httpx.TransportError:
            continue
    return make()
