"""Create a registry token."""

from typing import Any

from ...client import AuthenticatedClient
from ...http.calls import acall, call
from ...http.operation import Operation
from ...http.paths import path_segment
from ...models.registry_token_create import RegistryTokenCreate
from ...models.registry_token_with_secret import RegistryTokenWithSecret
from ...types import Response

OPERATION = Operation(
    id="create_registry_token",
    method="POST",
    path="/v2/packages/organizations/{org_slug}/registries/{registry_slug}/tokens",
    scopes=(("write_registries",),),
    documentation="https://buildkite.com/docs/apis/rest-api/package-registries/registry-tokens#create-a-registry-token",
)

parse = RegistryTokenWithSecret.from_dict


def request_arguments(
    org_slug: str,
    registry_slug: str,
    *,
    body: RegistryTokenCreate,
) -> dict[str, Any]:
    """Make the arguments of `httpx.Client.build_request` that call the operation.

    Args:
        org_slug: Slug of the organization.
        registry_slug: Slug of the registry.
        body: A registry token to create.

    Raises:
        ValueError: `org_slug` is empty, or `registry_slug` is empty.
    """
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": OPERATION.method,
        "url": OPERATION.path.format(
            org_slug=path_segment("org_slug", org_slug),
            registry_slug=path_segment("registry_slug", registry_slug),
        ),
    }
    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def sync_detailed(
    org_slug: str,
    registry_slug: str,
    *,
    client: AuthenticatedClient,
    body: RegistryTokenCreate,
) -> Response[RegistryTokenWithSecret]:
    """Create a registry token.

    Makes a token for a registry. Its secret is in this answer and in no other.

    Args:
        org_slug (str): Slug of the organization.
        registry_slug (str): Slug of the registry.
        body (RegistryTokenCreate): A registry token to create.
        client (AuthenticatedClient): The client that makes the call.

    Returns:
        Response[RegistryTokenWithSecret]: The registry token that was created, with its secret.

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

    Needs the scope `write_registries`. See https://buildkite.com/docs/apis/rest-api/package-registries/registry-tokens#create-a-registry-token
    """

    return call(
        client,
        OPERATION,
        request_arguments(
            org_slug=org_slug,
            registry_slug=registry_slug,
            body=body,
        ),
        parse,
    )


def sync(
    org_slug: str,
    registry_slug: str,
    *,
    client: AuthenticatedClient,
    body: RegistryTokenCreate,
) -> RegistryTokenWithSecret:
    """Create a registry token.

    Makes a token for a registry. Its secret is in this answer and in no other.

    Args:
        org_slug (str): Slug of the organization.
        registry_slug (str): Slug of the registry.
        body (RegistryTokenCreate): A registry token to create.
        client (AuthenticatedClient): The client that makes the call.

    Returns:
        RegistryTokenWithSecret: The registry token that was created, with its secret.

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

    Needs the scope `write_registries`. See https://buildkite.com/docs/apis/rest-api/package-registries/registry-tokens#create-a-registry-token
    """

    return (
        sync_detailed(
            org_slug=org_slug,
            registry_slug=registry_slug,
            client=client,
            body=body,
        )
    ).parsed


async def asyncio_detailed(
    org_slug: str,
    registry_slug: str,
    *,
    client: AuthenticatedClient,
    body: RegistryTokenCreate,
) -> Response[RegistryTokenWithSecret]:
    """Create a registry token.

    Makes a token for a registry. Its secret is in this answer and in no other.

    Args:
        org_slug (str): Slug of the organization.
        registry_slug (str): Slug of the registry.
        body (RegistryTokenCreate): A registry token to create.
        client (AuthenticatedClient): The client that makes the call.

    Returns:
        Response[RegistryTokenWithSecret]: The registry token that was created, with its secret.

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

    Needs the scope `write_registries`. See https://buildkite.com/docs/apis/rest-api/package-registries/registry-tokens#create-a-registry-token
    """

    return await acall(
        client,
        OPERATION,
        request_arguments(
            org_slug=org_slug,
            registry_slug=registry_slug,
            body=body,
        ),
        parse,
    )


async def asyncio(
    org_slug: str,
    registry_slug: str,
    *,
    client: AuthenticatedClient,
    body: RegistryTokenCreate,
) -> RegistryTokenWithSecret:
    """Create a registry token.

    Makes a token for a registry. Its secret is in this answer and in no other.

    Args:
        org_slug (str): Slug of the organization.
        registry_slug (str): Slug of the registry.
        body (RegistryTokenCreate): A registry token to create.
        client (AuthenticatedClient): The client that makes the call.

    Returns:
        RegistryTokenWithSecret: The registry token that was created, with its secret.

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

    Needs the scope `write_registries`. See https://buildkite.com/docs/apis/rest-api/package-registries/registry-tokens#create-a-registry-token
    """

    return (
        await asyncio_detailed(
            org_slug=org_slug,
            registry_slug=registry_slug,
            client=client,
            body=body,
        )
    ).parsed
