"""Delete a registry."""

from typing import Any

from ...client import AuthenticatedClient
from ...http.calls import acall, call
from ...http.operation import Operation
from ...http.paths import path_segment
from ...types import Response

OPERATION = Operation(
    id="delete_registry",
    method="DELETE",
    path="/v2/packages/organizations/{org_slug}/registries/{registry_slug}",
    scopes=(("delete_registries",),),
    documentation="https://buildkite.com/docs/apis/rest-api/package-registries/registries#delete-a-registry",
)

parse = None


def request_arguments(
    org_slug: str,
    registry_slug: str,
) -> dict[str, Any]:
    """Make the arguments of `httpx.Client.build_request` that call the operation.

    Args:
        org_slug: Slug of the organization.
        registry_slug: Slug of the registry.

    Raises:
        ValueError: `org_slug` is empty, or `registry_slug` is empty.
    """

    _kwargs: dict[str, Any] = {
        "method": OPERATION.method,
        "url": OPERATION.path.format(
            org_slug=path_segment("org_slug", org_slug),
            registry_slug=path_segment("registry_slug", registry_slug),
        ),
    }
    return _kwargs


def sync_detailed(
    org_slug: str,
    registry_slug: str,
    *,
    client: AuthenticatedClient,
) -> Response[None]:
    """Delete a registry.

    Deletes a registry with its packages and registry tokens.

    Args:
        org_slug (str): Slug of the organization.
        registry_slug (str): Slug of the registry.
        client (AuthenticatedClient): The client that makes the call.

    Returns:
        Response[None]: The registry is gone.

    Raises:
        Unauthorized: No bearer token was sent, or it is malformed or unknown.
        Forbidden: The token lacks a scope that the operation needs.
        NotFound: The organization, the registry, the registry token or the package does not exist.
        RateLimited: The organization or the user has made too many requests. The answer has no
            `Retry-After`: wait for the `reset` of the limit that is exhausted.
        ServerError: The service failed.
        UnexpectedStatus: The answer has another status.
        UnexpectedResponse: The answer is no JSON, not of the type that the API documents, or too large.
        httpx.TransportError: There was no answer.
        ValueError: `org_slug` is empty, or `registry_slug` is empty.

    Needs the scope `delete_registries`. See https://buildkite.com/docs/apis/rest-api/package-registries/registries#delete-a-registry
    """

    return call(
        client,
        OPERATION,
        request_arguments(
            org_slug=org_slug,
            registry_slug=registry_slug,
        ),
        parse,
    )


def sync(
    org_slug: str,
    registry_slug: str,
    *,
    client: AuthenticatedClient,
) -> None:
    """Delete a registry.

    Deletes a registry with its packages and registry tokens.

    Args:
        org_slug (str): Slug of the organization.
        registry_slug (str): Slug of the registry.
        client (AuthenticatedClient): The client that makes the call.

    Returns:
        None: The registry is gone.

    Raises:
        Unauthorized: No bearer token was sent, or it is malformed or unknown.
        Forbidden: The token lacks a scope that the operation needs.
        NotFound: The organization, the registry, the registry token or the package does not exist.
        RateLimited: The organization or the user has made too many requests. The answer has no
            `Retry-After`: wait for the `reset` of the limit that is exhausted.
        ServerError: The service failed.
        UnexpectedStatus: The answer has another status.
        UnexpectedResponse: The answer is no JSON, not of the type that the API documents, or too large.
        httpx.TransportError: There was no answer.
        ValueError: `org_slug` is empty, or `registry_slug` is empty.

    Needs the scope `delete_registries`. See https://buildkite.com/docs/apis/rest-api/package-registries/registries#delete-a-registry
    """

    sync_detailed(
        org_slug=org_slug,
        registry_slug=registry_slug,
        client=client,
    )


async def asyncio_detailed(
    org_slug: str,
    registry_slug: str,
    *,
    client: AuthenticatedClient,
) -> Response[None]:
    """Delete a registry.

    Deletes a registry with its packages and registry tokens.

    Args:
        org_slug (str): Slug of the organization.
        registry_slug (str): Slug of the registry.
        client (AuthenticatedClient): The client that makes the call.

    Returns:
        Response[None]: The registry is gone.

    Raises:
        Unauthorized: No bearer token was sent, or it is malformed or unknown.
        Forbidden: The token lacks a scope that the operation needs.
        NotFound: The organization, the registry, the registry token or the package does not exist.
        RateLimited: The organization or the user has made too many requests. The answer has no
            `Retry-After`: wait for the `reset` of the limit that is exhausted.
        ServerError: The service failed.
        UnexpectedStatus: The answer has another status.
        UnexpectedResponse: The answer is no JSON, not of the type that the API documents, or too large.
        httpx.TransportError: There was no answer.
        ValueError: `org_slug` is empty, or `registry_slug` is empty.

    Needs the scope `delete_registries`. See https://buildkite.com/docs/apis/rest-api/package-registries/registries#delete-a-registry
    """

    return await acall(
        client,
        OPERATION,
        request_arguments(
            org_slug=org_slug,
            registry_slug=registry_slug,
        ),
        parse,
    )


async def asyncio(
    org_slug: str,
    registry_slug: str,
    *,
    client: AuthenticatedClient,
) -> None:
    """Delete a registry.

    Deletes a registry with its packages and registry tokens.

    Args:
        org_slug (str): Slug of the organization.
        registry_slug (str): Slug of the registry.
        client (AuthenticatedClient): The client that makes the call.

    Returns:
        None: The registry is gone.

    Raises:
        Unauthorized: No bearer token was sent, or it is malformed or unknown.
        Forbidden: The token lacks a scope that the operation needs.
        NotFound: The organization, the registry, the registry token or the package does not exist.
        RateLimited: The organization or the user has made too many requests. The answer has no
            `Retry-After`: wait for the `reset` of the limit that is exhausted.
        ServerError: The service failed.
        UnexpectedStatus: The answer has another status.
        UnexpectedResponse: The answer is no JSON, not of the type that the API documents, or too large.
        httpx.TransportError: There was no answer.
        ValueError: `org_slug` is empty, or `registry_slug` is empty.

    Needs the scope `delete_registries`. See https://buildkite.com/docs/apis/rest-api/package-registries/registries#delete-a-registry
    """

    await asyncio_detailed(
        org_slug=org_slug,
        registry_slug=registry_slug,
        client=client,
    )
