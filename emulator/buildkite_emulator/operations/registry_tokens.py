"""Registry tokens."""

from buildkite_emulator.api.access import digest
from buildkite_emulator.api.context import RequestContext
from buildkite_emulator.operations.results import RegistryTokenResult, registry_token_result

SECRET_PREFIX = "pkgreg_v1_"  # noqa: S105 - the part that is the same in all of them


def create_registry_token(context: RequestContext) -> RegistryTokenResult:
    identity = context.emulator.identity
    now, secret = identity.now(), SECRET_PREFIX + identity.new_secret()
    token_id = identity.new_id(now)
    context.transaction.registry_tokens.add(
        {
            "id": token_id,
            "registry_id": context.registry.id,
            "description": context.body["description"],
            "secret_sha256": digest(secret),
            "created_by_id": context.user_id,
            "created_at": now,
        }
    )
    return {**stored(context, token_id), "token": secret}


def list_registry_tokens(context: RequestContext) -> list[RegistryTokenResult]:
    rows = context.transaction.registry_tokens.list(context.registry.id)
    return [registry_token_result(context.organization, context.registry, row) for row in rows]


def get_registry_token(context: RequestContext) -> RegistryTokenResult:
    return registry_token_result(context.organization, context.registry, context.registry_token)


def update_registry_token(context: RequestContext) -> RegistryTokenResult:
    context.transaction.registry_tokens.update(context.registry_token.id, context.body["description"])
    return stored(context, context.registry_token.id)


def delete_registry_token(context: RequestContext) -> None:
    context.transaction.registry_tokens.delete(context.registry_token.id)


def stored(context: RequestContext, token_id: str) -> RegistryTokenResult:
    """Read back a registry token that is known to be there."""
    row = context.transaction.registry_tokens.get(context.registry.id, token_id)
    if row is None:
        raise LookupError(token_id)
    return registry_token_result(context.organization, context.registry, row)
