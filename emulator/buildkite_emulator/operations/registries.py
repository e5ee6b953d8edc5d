"""Registries."""

import re
from collections.abc import Mapping
from typing import Any

from buildkite_emulator.api import oidc_policies
from buildkite_emulator.api.context import RequestContext
from buildkite_emulator.api.validation import Validators
from buildkite_emulator.errors import ValidationFailed
from buildkite_emulator.operations.results import RegistryResult, registry_result
from buildkite_emulator.spec import Spec
from buildkite_emulator.storage.queries import Taken
from buildkite_emulator.storage.rows import RegistryChanges, RegistryColumns

UNFIT_FOR_SLUG = re.compile("[^A-Za-z0-9_-]+")


def create_registry(context: RequestContext) -> RegistryResult:
    emulator = context.emulator
    columns = registry_columns(context.body, emulator.spec, emulator.validators)
    now = emulator.identity.now()
    registry_id = emulator.identity.new_id(now)
    try:
        row = context.transaction.registries.add(
            {**columns, "id": registry_id, "organization_id": context.organization.id, "created_at": now}
        )
    except Taken:
        raise taken(columns["slug"]) from None
    return registry_result(context.organization, row)


def list_registries(context: RequestContext) -> list[RegistryResult]:
    rows = context.transaction.registries.list(context.organization.id)
    return [registry_result(context.organization, row) for row in rows]


def get_registry(context: RequestContext) -> RegistryResult:
    return registry_result(context.organization, context.registry)


def update_registry(context: RequestContext) -> RegistryResult:
    body, changes = context.body, RegistryChanges()
    if "name" in body:
        changes["name"], changes["slug"] = body["name"], slug_of(body["name"])
    if "description" in body:
        changes["description"] = body["description"]
    if "oidc_policy" in body:
        changes["oidc_policy"] = oidc_policies.to_yaml(body["oidc_policy"], context.emulator.validators)
    if not changes:
        return get_registry(context)
    try:
        row = context.transaction.registries.update(context.registry.id, changes)
    except Taken:
        raise taken(changes["slug"]) from None
    return registry_result(context.organization, row)


def delete_registry(context: RequestContext) -> None:
    context.transaction.registries.delete(context.registry.id)


def registry_columns(body: Mapping[str, Any], spec: Spec, validators: Validators) -> RegistryColumns:
    """Make the columns of a registry that is to be created as a body says, which fits its schema.

    Raises:
        ValidationFailed: it does not follow the rules that go beyond the schema.
    """
    if body["ecosystem"] not in spec.ecosystems:
        known = ", ".join(spec.ecosystems)
        raise ValidationFailed(f"`ecosystem` should be one of {known}", [("ecosystem", "invalid")])
    return {
        "slug": slug_of(body["name"]),
        "name": body["name"],
        "ecosystem": body["ecosystem"],
        "description": body.get("description"),
        "emoji": body.get("emoji"),
        "color": body.get("color"),
        "public": False,
        "oidc_policy": oidc_policies.to_yaml(body.get("oidc_policy"), validators),
        "team_ids": body.get("team_ids", []),
    }


def slug_of(name: str) -> str:
    """Make the slug of a name, as the spec describes it.

    Raises:
        ValidationFailed: nothing would be left.
    """
    slug = UNFIT_FOR_SLUG.sub("-", name).strip("-").lower()
    if not slug:
        raise ValidationFailed("`name` needs a letter or a digit", [("name", "invalid")])
    return slug


def taken(slug: str) -> ValidationFailed:
    """Make the error for a name whose slug is in use."""
    return ValidationFailed(f"`name` has the slug {slug}, which is taken", [("name", "already_exists")])
