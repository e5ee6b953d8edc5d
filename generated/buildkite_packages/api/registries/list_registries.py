"""List all registries."""

from typing import Any

from ...client import AuthenticatedClient
from ...http import parsing as _parsing
from ...http.calls import acall, call
from ...http.operation import Operation
from ...http.paths import path_segment
from ...models.registry import Registry
from ...types import Response

OPERATION = Operation(
    id="list_registries",
    method="GET",
    path="/v2/packages/organizations/{org_slug}/registries",
    scopes=(("read_registries",),),
    documentation="https://buildkite.com/docs/apis/rest-api/package-registries/registries#list-all-registries",
)

parse = _parsing.list_of(Registry.from_dict)


def request_arguments(
    org_slug: str,
) -> dict[str, Any]:
    """Make the arguments of `httpx.Client.build_request` that call the operation.

    Args:
        org_slug: Slug of the organization.

    Raises:
        ValueError: `org_slug` is empty.
    """

    _kwargs: dict[str, Any] = {
        "method": OPERATION.method,
        "url": OPERATION.path.format(
            org_slug=path_segment("org_slug", org_slug),
        ),
    }
    return _kwargs


def sync_detailed(
    org_slug: str,
    *,
    client: AuthenticatedClient,
) -> Response[list[Registry]]:
    """List all registries.

    Lists every registry of an organization.

    Args:
        org_slug (str): Slug of the organization.
        client (AuthenticatedClient): The client that makes the call.

    Returns:
        Response[list[Registry]]: The registries of the organization.

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
        ValueError: `org_slug` is empty.

    Needs the scope `read_registries`. See https://buildkite.com/docs/apis/rest-api/package-registries/registries#list-all-registries
    """

    return call(
        client,
        OPERATION,
        request_arguments(
            org_slug=org_slug,
        ),
        parse,
    )


def sync(
    org_slug: str,
    *,
    client: AuthenticatedClient,
) -> list[Registry]:
    """List all registries.

    Lists every registry of an organization.

    Args:
        org_slug (str): Slug of the organization.
        client (AuthenticatedClient): The client that makes the call.

    Returns:
        list[Registry]: The registries of the organization.

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
        ValueError: `org_slug` is empty.

    Needs the scope `read_registries`. See https://buildkite.com/docs/apis/rest-api/package-registries/registries#list-all-registries
    """

    return (
        sync_detailed(
            org_slug=org_slug,
            client=client,
        )
    ).parsed


async def asyncio_detailed(
    org_slug: str,
    *,
    client: AuthenticatedClient,
) -> Response[list[Registry]]:
    """List all registries.

    Lists every registry of an organization.

    Args:
        org_slug (str): Slug of the organization.
        client (AuthenticatedClient): The client that makes the call.

    Returns:
        Response[list[Registry]]: The registries of the organization.

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
        ValueError: `org_slug` is empty.

    Needs the scope `read_registries`. See https://buildkite.com/docs/apis/rest-api/package-registries/registries#list-all-registries
    """

    return await acall(
        client,
        OPERATION,
        request_arguments(
            org_slug=org_slug,
        ),
        parse,
    )


async def asyncio(
    org_slug: str,
    *,
    client: AuthenticatedClient,
) -> list[Registry]:
    """List all registries.

    Lists every registry of an organization.

    Args:
        org_slug (str): Slug of the organization.
        client (AuthenticatedClient): The client that makes the call.

    Returns:
        list[Registry]: The registries of the organization.

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
        ValueError: `org_slug` is empty.

    Needs the scope `read_registries`. See https://buildkite.com/docs/apis/rest-api/package-registries/registries#list-all-registries
    """

    return (
        await asyncio_detailed(
            org_slug=org_slug,
            client=client,
        )
    ).parsed
