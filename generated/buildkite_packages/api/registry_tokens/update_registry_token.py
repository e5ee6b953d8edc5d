"""Update a registry token."""

from typing import Any
from uuid import UUID

from ...client import AuthenticatedClient
from ...http.calls import acall, call
from ...http.operation import Operation
from ...http.paths import path_segment
from ...models.registry_token import RegistryToken
from ...models.registry_token_update import RegistryTokenUpdate
from ...types import Response

OPERATION = Operation(
    id="update_registry_token",
    method="POST",
    path="/v2/packages/organizations/{org_slug}/registries/{registry_slug}/tokens/{id}",
    scopes=(("write_registries",),),
    documentation="https://buildkite.com/docs/apis/rest-api/package-registries/registry-tokens#update-a-registry-token",
)

parse = RegistryToken.from_dict


def request_arguments(
    org_slug: str,
    registry_slug: str,
    id: UUID,
    *,
    body: RegistryTokenUpdate,
) -> dict[str, Any]:
    """Make the arguments of `httpx.Client.build_request` that call the operation.

    Args:
        org_slug: Slug of the organization.
        registry_slug: Slug of the registry.
        id: UUID of the registry token.
        body: What to change of a registry token.

    Raises:
        ValueError: `org_slug` is empty, or `registry_slug` is empty.
    """
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": OPERATION.method,
        "url": OPERATION.path.format(
            org_slug=path_segment("org_slug", org_slug),
            registry_slug=path_segment("registry_slug", registry_slug),
            id=path_segment("id", id),
        ),
    }
    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def sync_detailed(
    org_slug: str,
    registry_slug: str,
    id: UUID,
    *,
    client: AuthenticatedClient,
    body: RegistryTokenUpdate,
) -> Response[RegistryToken]:
    """Update a registry token.

    Changes the description of a registry token.

    Args:
        org_slug (str): Slug of the organization.
        registry_slug (str): Slug of the registry.
        id (UUID): UUID of the registry token.
        body (RegistryTokenUpdate): What to change of a registry token.
        client (AuthenticatedClient): The client that makes the call.

    Returns:
        Response[RegistryToken]: The registry token.

    Raises:
        Unauthorized: No bearer token was sent, or it is malformed or unknown.
        Forbidden: The token lacks a scope that the operation needs.
        NotFound: The organization, the registry, the registry token or the package does not exist.
        ValidationFailed: What was sent cannot be accepted; nothing was changed.
        RateLimited: The organization or the user has made too many requests. The answer has no
            `Retry-After`: wait for the `reset` of the limit that is exhausted.
        ServerError: The service failed.
        UnexpectedStatus: The answer has another status.
        UnexpectedResponse: The answer is no JSON, not of the type that the API documents, or too large.
        httpx.TransportError: There was no answer.
        ValueError: `org_slug` is empty, or `registry_slug` is empty.

    Needs the scope `write_registries`. See https://buildkite.com/docs/apis/rest-api/package-registries/registry-tokens#update-a-registry-token
    """

    return call(
        client,
        OPERATION,
        request_arguments(
            org_slug=org_slug,
            registry_slug=registry_slug,
            id=id,
            body=body,
        ),
        parse,
    )


def sync(
    org_slug: str,
    registry_slug: str,
    id: UUID,
    *,
    client: AuthenticatedClient,
    body: RegistryTokenUpdate,
) -> RegistryToken:
    """Update a registry token.

    Changes the description of a registry token.

    Args:
        org_slug (str): Slug of the organization.
        registry_slug (str): Slug of the registry.
        id (UUID): UUID of the registry token.
        body (RegistryTokenUpdate): What to change of a registry token.
        client (AuthenticatedClient): The client that makes the call.

    Returns:
        RegistryToken: The registry token.

    Raises:
        Unauthorized: No bearer token was sent, or it is malformed or unknown.
        Forbidden: The token lacks a scope that the operation needs.
        NotFound: The organization, the registry, the registry token or the package does not exist.
        ValidationFailed: What was sent cannot be accepted; nothing was changed.
        RateLimited: The organization or the user has made too many requests. The answer has no
            `Retry-After`: wait for the `reset` of the limit that is exhausted.
        ServerError: The service failed.
        UnexpectedStatus: The answer has another status.
        UnexpectedResponse: The answer is no JSON, not of the type that the API documents, or too large.
        httpx.TransportError: There was no answer.
        ValueError: `org_slug` is empty, or `registry_slug` is empty.

    Needs the scope `write_registries`. See https://buildkite.com/docs/apis/rest-api/package-registries/registry-tokens#update-a-registry-token
    """

    return (
        sync_detailed(
            org_slug=org_slug,
            registry_slug=registry_slug,
            id=id,
            client=client,
            body=body,
        )
    ).parsed


async def asyncio_detailed(
    org_slug: str,
    registry_slug: str,
    id: UUID,
    *,
    client: AuthenticatedClient,
    body: RegistryTokenUpdate,
) -> Response[RegistryToken]:
    """Update a registry token.

    Changes the description of a registry token.

    Args:
        org_slug (str): Slug of the organization.
        registry_slug (str): Slug of the registry.
        id (UUID): UUID of the registry token.
        body (RegistryTokenUpdate): What to change of a registry token.
        client (AuthenticatedClient): The client that makes the call.

    Returns:
        Response[RegistryToken]: The registry token.

    Raises:
        Unauthorized: No bearer token was sent, or it is malformed or unknown.
        Forbidden: The token lacks a scope that the operation needs.
        NotFound: The organization, the registry, the registry token or the package does not exist.
        ValidationFailed: What was sent cannot be accepted; nothing was changed.
        RateLimited: The organization or the user has made too many requests. The answer has no
            `Retry-After`: wait for the `reset` of the limit that is exhausted.
        ServerError: The service failed.
        UnexpectedStatus: The answer has another status.
        UnexpectedResponse: The answer is no JSON, not of the type that the API documents, or too large.
        httpx.TransportError: There was no answer.
        ValueError: `org_slug` is empty, or `registry_slug` is empty.

    Needs the scope `write_registries`. See https://buildkite.com/docs/apis/rest-api/package-registries/registry-tokens#update-a-registry-token
    """

    return await acall(
        client,
        OPERATION,
        request_arguments(
            org_slug=org_slug,
            registry_slug=registry_slug,
            id=id,
            body=body,
        ),
        parse,
    )


async def asyncio(
    org_slug: str,
    registry_slug: str,
    id: UUID,
    *,
    client: AuthenticatedClient,
    body: RegistryTokenUpdate,
) -> RegistryToken:
    """Update a registry token.

    Changes the description of a registry token.

    Args:
        org_slug (str): Slug of the organization.
        registry_slug (str): Slug of the registry.
        id (UUID): UUID of the registry token.
        body (RegistryTokenUpdate): What to change of a registry token.
        client (AuthenticatedClient): The client that makes the call.

    Returns:
        RegistryToken: The registry token.

    Raises:
        Unauthorized: No bearer token was sent, or it is malformed or unknown.
        Forbidden: The token lacks a scope that the operation needs.
        NotFound: The organization, the registry, the registry token or the package does not exist.
        ValidationFailed: What was sent cannot be accepted; nothing was changed.
        RateLimited: The organization or the user has made too many requests. The answer has no
            `Retry-After`: wait for the `reset` of the limit that is exhausted.
        ServerError: The service failed.
        UnexpectedStatus: The answer has another status.
        UnexpectedResponse: The answer is no JSON, not of the type that the API documents, or too large.
        httpx.TransportError: There was no answer.
        ValueError: `org_slug` is empty, or `registry_slug` is empty.

    Needs the scope `write_registries`. See https://buildkite.com/docs/apis/rest-api/package-registries/registry-tokens#update-a-registry-token
    """

    return (
        await asyncio_detailed(
            org_slug=org_slug,
            registry_slug=registry_slug,
            id=id,
            client=client,
            body=body,
        )
    ).parsed
