"""The registries as JSON for the page, without secrets."""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from buildkite_emulator.api.context import Emulator
from buildkite_emulator.control.json_object import BadInput
from buildkite_emulator.formats import READERS
from buildkite_emulator.http.responses import json_response
from buildkite_emulator.identity import timestamp
from buildkite_emulator.storage.rows import ListedPackageRow, OrganizationRow, RegistryRow, RegistryTokenRow
from buildkite_emulator.storage.transaction import Transaction
from buildkite_emulator.web.assets import HEADERS

PER_PAGE = 50
LONGEST_TEXT = 200


class Catalogue:
    """The endpoints that return registries.

    Args:
        emulator: the emulator.
    """

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator

    async def registries(self, _request: Request) -> Response:
        """Return the organizations and their registries."""
        organizations = await self._emulator.run(self._organizations)
        return json_response(HTTPStatus.OK, {"organizations": organizations}, HEADERS)

    async def registry(self, request: Request) -> Response:
        """Return a registry, its tokens and a page of its packages, selected by the parameters `page` and `text`."""
        page, text = request.query_params.get("page", "1"), request.query_params.get("text", "")
        if not re.fullmatch("[1-9][0-9]{0,6}", page):
            raise BadInput("`page` should be a number from 1 to 9999999")
        if len(text) > LONGEST_TEXT:
            raise BadInput(f"`text` may have {LONGEST_TEXT} characters")
        slugs = request.path_params["organization"], request.path_params["registry"]
        found = await self._emulator.run(self._registry, *slugs, int(page), text)
        if found is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, "There is no such registry")
        return json_response(HTTPStatus.OK, found, HEADERS)

    def _organizations(self) -> list[dict[str, Any]]:
        with self._emulator.database.transaction(read_only=True) as transaction:
            return [self._organization(transaction, each) for each in transaction.organizations.list()]

    def _organization(self, transaction: Transaction, organization: OrganizationRow) -> dict[str, Any]:
        counts = transaction.packages.count(organization.id)
        return {
            "slug": organization.slug,
            "create_path": self._path("create_registry", organization.slug),
            "registries": [
                {**self._summary(registry), "packages": counts.get(registry.id, 0)}
                for registry in transaction.registries.list(organization.id)
            ],
        }

    def _registry(self, organization_slug: str, slug: str, page: int, text: str) -> dict[str, Any] | None:
        offset = (page - 1) * PER_PAGE
        with self._emulator.database.transaction(read_only=True) as transaction:
            organization = transaction.organizations.get(organization_slug)
            registry = organization and transaction.registries.get(organization.id, slug)
            if registry is None:
                return None
            if text:  # a search needs to know whether there are more matches, not how many
                total, rows = None, transaction.packages.search(registry.id, text, offset, PER_PAGE + 1)
            else:
                total, rows = transaction.packages.page(registry.id, None, offset, PER_PAGE)
            tokens = transaction.registry_tokens.list(registry.id)
        return {
            "organization": organization_slug,
            "registry": self._summary(registry),
            "oidc_policy": registry.oidc_policy,
            "publish": self._publish(organization_slug, registry),
            "total": total,
            "page": page,
            "per_page": PER_PAGE,
            "more": len(rows) > PER_PAGE if total is None else offset + len(rows) < total,
            "packages": [package_of(row) for row in rows[:PER_PAGE]],
            "tokens": [token_of(row) for row in tokens],
        }

    def _summary(self, registry: RegistryRow) -> dict[str, Any]:
        ecosystem = self._emulator.spec.ecosystems.get(registry.ecosystem)
        return {
            "id": registry.id,
            "slug": registry.slug,
            "name": registry.name,
            "description": registry.description,
            "ecosystem": ecosystem.title if ecosystem else registry.ecosystem,
            "created_at": timestamp(registry.created_at),
        }

    def _publish(self, organization_slug: str, registry: RegistryRow) -> Mapping[str, Any] | None:
        """Return how to publish a file to a registry; None if its ecosystem takes no files."""
        suffixes = list(READERS.get(registry.ecosystem, ()))
        if not suffixes:
            return None
        path = self._path("publish_package", organization_slug, registry.slug)
        field = self._emulator.spec.operations["publish_package"].file_field
        return {"path": path, "field": field, "file": f"package-1.0.0{suffixes[0] or '.txt'}"}

    def _path(self, operation_id: str, *values: str) -> str:
        operation = self._emulator.spec.operations[operation_id]
        names = [name for _, name in operation.collections]
        return operation.path.format_map(dict(zip(names, values, strict=True)))


def package_of(row: ListedPackageRow) -> dict[str, Any]:
    """Return the JSON of a package."""
    return {
        "id": row.id,
        "name": row.name,
        "version": row.version,
        "variant": row.variant or None,
        "file_name": row.file_name,
        "size": row.size,
        "sha256": row.sha256,
        "sha512": row.sha512,
        "created_at": timestamp(row.created_at),
    }


def token_of(row: RegistryTokenRow) -> dict[str, Any]:
    """Return the JSON of a registry token."""
    return {
        "id": row.id,
        "description": row.description,
        "created_by": row.user_name,
        "created_at": timestamp(row.created_at),
    }
