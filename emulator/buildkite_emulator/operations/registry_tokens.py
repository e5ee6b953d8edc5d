"""Registry tokens."""

from typing import Any

from sqlalchemy import Row

from buildkite_emulator.api.access import digest
from buildkite_emulator.api.context import Call


def create_registry_token(call: Call) -> Any:
    identity = call.emulator.identity
    now, secret = identity.now(), identity.new_secret()
    token_id = identity.new_id(now)
    call.transaction.add_registry_token(
        {
            "id": token_id,
            "registry_id": call.registry.id,
            "description": call.body["description"],
            "secret_sha256": digest(secret),
            "created_by_id": call.user_id,
            "created_at": now,
        }
    )
    return {**current(call, token_id), "token": secret}


def list_registry_tokens(call: Call) -> Any:
    return [values(call, row) for row in call.transaction.list_registry_tokens(call.registry.id)]


def get_registry_token(call: Call) -> Any:
    return values(call, call.registry_token)


def update_registry_token(call: Call) -> Any:
    call.transaction.update_registry_token(call.registry_token.id, {"description": call.body["description"]})
    return current(call, call.registry_token.id)


def delete_registry_token(call: Call) -> Any:
    call.transaction.delete_registry_token(call.registry_token.id)


def current(call: Call, token_id: str) -> dict[str, Any]:
    """Read a registry token back that is known to be there."""
    row = call.transaction.registry_token(call.registry.id, token_id)
    if row is None:
        raise LookupError(token_id)
    return values(call, row)


def values(call: Call, row: Row[Any]) -> dict[str, Any]:
    """Collect what the answer shows of a registry token."""
    columns = row._asdict()
    return {
        **columns,
        "org_slug": call.organization.slug,
        "registry_slug": call.registry.slug,
        "created_by": {
            **{name.removeprefix("user_"): value for name, value in columns.items() if name.startswith("user_")},
            "avatar_url": None,
        },
        "organization": call.organization._asdict(),
        "registry": call.registry._asdict(),
    }
