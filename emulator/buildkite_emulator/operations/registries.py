"""Registries."""

import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row

from buildkite_emulator.api import oidc_policies as policies
from buildkite_emulator.api.context import Call
from buildkite_emulator.api.validation import Validators
from buildkite_emulator.errors import ValidationFailed
from buildkite_emulator.spec import Spec
from buildkite_emulator.storage.transaction import Taken


def create_registry(call: Call) -> Any:
    body, emulator = call.body, call.emulator
    now = emulator.identity.now()
    row = {"id": emulator.identity.new_id(now), "organization_id": call.organization.id, "created_at": now}
    row |= columns(body, emulator.spec, emulator.validators)
    try:
        call.transaction.add_registry(row)
    except Taken:
        raise taken(row["slug"]) from None
    return values(call, stored(call, row["slug"]))


def list_registries(call: Call) -> Any:
    return [values(call, row) for row in call.transaction.list_registries(call.organization.id)]


def get_registry(call: Call) -> Any:
    return values(call, call.registry)


def update_registry(call: Call) -> Any:
    changes = {name: call.body[name] for name in ("name", "description") if name in call.body}
    if "name" in changes:
        changes["slug"] = slug_of(changes["name"])
    if "oidc_policy" in call.body:
        changes["oidc_policy"] = policies.to_yaml(call.body["oidc_policy"], call.emulator.validators)
    try:
        call.transaction.update_registry(call.registry.id, changes)
    except Taken:
        raise taken(changes["slug"]) from None
    return values(call, stored(call, changes.get("slug", call.registry.slug)))


def delete_registry(call: Call) -> Any:
    call.transaction.delete_registry(call.registry.id)


def columns(body: Mapping[str, Any], spec: Spec, validators: Validators) -> dict[str, Any]:
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
        "oidc_policy": policies.to_yaml(body.get("oidc_policy"), validators),
        "team_ids": body.get("team_ids", []),
    }


def slug_of(name: str) -> str:
    """Make the slug of a name, as the spec describes it.

    Raises:
        ValidationFailed: nothing would be left.
    """
    slug = re.sub("[^A-Za-z0-9_-]+", "-", name).strip("-").lower()
    if not slug:
        raise ValidationFailed("`name` needs a letter or a digit", [("name", "invalid")])
    return slug


def stored(call: Call, slug: str) -> Row[Any]:
    """Read a registry back that is known to be there."""
    row = call.transaction.registry(call.organization.id, slug)
    if row is None:
        raise LookupError(slug)
    return row


def taken(slug: str) -> ValidationFailed:
    """Make the error for a name whose slug is in use."""
    return ValidationFailed(f"`name` has the slug {slug}, which is taken", [("name", "already_exists")])


def values(call: Call, row: Row[Any]) -> dict[str, Any]:
    """Collect what the answer shows of a registry."""
    return {**row._asdict(), "org_slug": call.organization.slug, "registry_slug": row.slug}
