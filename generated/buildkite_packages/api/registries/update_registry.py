"""Update a registry."""

from typing import Any

from ...client import AuthenticatedClient
from ...http.calls import acall, call
from ...http.operation import Operation
from ...http.paths import path_segment
from ...models.registry import Registry
from ...models.registry_update import RegistryUpdate
from ...types import Response

OPERATION = Operation(
    id="update_registry",
    method="POST",
    path="/v2/packages/organizations/{org_slug}/registries/{registry_slug}",
    scopes=(("write_registries",),),
    documentation="https://buildkite.com/docs/apis/rest-api/package-registries/registries#update-a-registry",
)

parse = Registry.from_dict


def request_arguments(
    org_slug: str,
    registry_slug: str,
    *,
    body: RegistryUpdate,
) -> dict[str, Any]:
    """Make the arguments of `httpx.Client.build_request` that call the operation.

    Args:
        org_slug: Slug of the organization.
        registry_slug: Slug of the registry.
        body: What to change of a registry. What is left out stays as it is.

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
    body: RegistryUpdate,
) -> Response[Registry]:
    """Update a registry.

    Changes the properties that are sent and leaves the others as they are. An OIDC policy is replaced as a
    whole, and `null` clears it. The ecosystem of a registry cannot be changed.

    Args:
        org_slug (str): Slug of the organization.
        registry_slug (str): Slug of the registry.
        body (RegistryUpdate): What to change of a registry. What is left out stays as it is.
        client (AuthenticatedClient): The client that makes the call.

    Returns:
        Response[Registry]: The registry as it is now.

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

    Needs the scope `write_registries`. See https://buildkite.com/docs/apis/rest-api/package-registries/registries#update-a-registry
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
    body: RegistryUpdate,
) -> Registry:
    """Update a registry.

    Changes the properties that are sent and leaves the others as they are. An OIDC policy is replaced as a
    whole, and `null` clears it. The ecosystem of a registry cannot be changed.

    Args:
        org_slug (str): Slug of the organization.
        registry_slug (str): Slug of the registry.
        body (RegistryUpdate): What to change of a registry. What is left out stays as it is.
        client (AuthenticatedClient): The client that makes the call.

    Returns:
        Registry: The registry as it is now.

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

    Needs the scope `write_registries`. See https://buildkite.com/docs/apis/rest-api/package-registries/registries#update-a-registry
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
    body: RegistryUpdate,
) -> Response[Registry]:
    """Update a registry.

    Changes the properties that are sent and leaves the others as they are. An OIDC policy is replaced as a
    whole, and `null` clears it. The ecosystem of a registry cannot be changed.

    Args:
        org_slug (str): Slug of the organization.
        registry_slug (str): Slug of the registry.
        body (RegistryUpdate): What to change of a registry. What is left out stays as it is.
        client (AuthenticatedClient): The client that makes the call.

    Returns:
        Response[Registry]: The registry as it is now.

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

    Needs the scope `write_registries`. See https://buildkite.com/docs/apis/rest-api/package-registries/registries#update-a-registry
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
    body: RegistryUpdate,
) -> Registry:
    """Update a registry.

    Changes the properties that are sent and leaves the others as they are. An OIDC policy is replaced as a
    whole, and `null` clears it. The ecosystem of a registry cannot be changed.

    Args:
        org_slug (str): Slug of the organization.
        registry_slug (str): Slug of the registry.
        body (RegistryUpdate): What to change of a registry. What is left out stays as it is.
        client (AuthenticatedClient): The client that makes the call.

    Returns:
        Registry: The registry as it is now.

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

    Needs the scope `write_registries`. See https://buildkite.com/docs/apis/rest-api/package-registries/registries#update-a-registry
    """

    return (
        await asyncio_detailed(
            org_slug=org_slug,
            registry_slug=registry_slug,
            client=client,
            body=body,
        )
    ).parsed
