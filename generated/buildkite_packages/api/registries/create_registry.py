"""Create a registry."""

from typing import Any

from ...client import AuthenticatedClient
from ...http.calls import acall, call
from ...http.operation import Operation
from ...http.paths import path_segment
from ...models.registry import Registry
from ...models.registry_create import RegistryCreate
from ...types import Response

OPERATION = Operation(
    id="create_registry",
    method="POST",
    path="/v2/packages/organizations/{org_slug}/registries",
    scopes=(
        ("write_registries",),
        ("create_registries",),
    ),
    documentation="https://buildkite.com/docs/apis/rest-api/package-registries/registries#create-a-registry",
)

parse = Registry.from_dict


def request_arguments(
    org_slug: str,
    *,
    body: RegistryCreate,
) -> dict[str, Any]:
    """Make the arguments of `httpx.Client.build_request` that call the operation.

    Args:
        org_slug: Slug of the organization.
        body: A registry to create.

    Raises:
        ValueError: `org_slug` is empty.
    """
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": OPERATION.method,
        "url": OPERATION.path.format(
            org_slug=path_segment("org_slug", org_slug),
        ),
    }
    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def sync_detailed(
    org_slug: str,
    *,
    client: AuthenticatedClient,
    body: RegistryCreate,
) -> Response[Registry]:
    """Create a registry.

    Creates a registry in an organization. Its slug follows from its name.

    Args:
        org_slug (str): Slug of the organization.
        body (RegistryCreate): A registry to create.
        client (AuthenticatedClient): The client that makes the call.

    Returns:
        Response[Registry]: The registry that was created.

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
        ValueError: `org_slug` is empty.

    Needs the scope `write_registries` or `create_registries`. See https://buildkite.com/docs/apis/rest-api/package-registries/registries#create-a-registry
    """

    return call(
        client,
        OPERATION,
        request_arguments(
            org_slug=org_slug,
            body=body,
        ),
        parse,
    )


def sync(
    org_slug: str,
    *,
    client: AuthenticatedClient,
    body: RegistryCreate,
) -> Registry:
    """Create a registry.

    Creates a registry in an organization. Its slug follows from its name.

    Args:
        org_slug (str): Slug of the organization.
        body (RegistryCreate): A registry to create.
        client (AuthenticatedClient): The client that makes the call.

    Returns:
        Registry: The registry that was created.

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
        ValueError: `org_slug` is empty.

    Needs the scope `write_registries` or `create_registries`. See https://buildkite.com/docs/apis/rest-api/package-registries/registries#create-a-registry
    """

    return (
        sync_detailed(
            org_slug=org_slug,
            client=client,
            body=body,
        )
    ).parsed


async def asyncio_detailed(
    org_slug: str,
    *,
    client: AuthenticatedClient,
    body: RegistryCreate,
) -> Response[Registry]:
    """Create a registry.

    Creates a registry in an organization. Its slug follows from its name.

    Args:
        org_slug (str): Slug of the organization.
        body (RegistryCreate): A registry to create.
        client (AuthenticatedClient): The client that makes the call.

    Returns:
        Response[Registry]: The registry that was created.

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
        ValueError: `org_slug` is empty.

    Needs the scope `write_registries` or `create_registries`. See https://buildkite.com/docs/apis/rest-api/package-registries/registries#create-a-registry
    """

    return await acall(
        client,
        OPERATION,
        request_arguments(
            org_slug=org_slug,
            body=body,
        ),
        parse,
    )


async def asyncio(
    org_slug: str,
    *,
    client: AuthenticatedClient,
    body: RegistryCreate,
) -> Registry:
    """Create a registry.

    Creates a registry in an organization. Its slug follows from its name.

    Args:
        org_slug (str): Slug of the organization.
        body (RegistryCreate): A registry to create.
        client (AuthenticatedClient): The client that makes the call.

    Returns:
        Registry: The registry that was created.

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
        ValueError: `org_slug` is empty.

    Needs the scope `write_registries` or `create_registries`. See https://buildkite.com/docs/apis/rest-api/package-registries/registries#create-a-registry
    """

    return (
        await asyncio_detailed(
            org_slug=org_slug,
            client=client,
            body=body,
        )
    ).parsed
