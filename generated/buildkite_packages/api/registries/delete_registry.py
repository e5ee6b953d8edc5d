from http import HTTPStatus
from typing import Any, cast

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.error import Error
from ...models.rate_limit_error import RateLimitError
from ...paths import path_segment
from ...types import Response


def _get_kwargs(
    org_slug: str,
    registry_slug: str,
) -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "delete",
        "url": "/v2/packages/organizations/{org_slug}/registries/{registry_slug}".format(
            org_slug=path_segment("org_slug", org_slug),
            registry_slug=path_segment("registry_slug", registry_slug),
        ),
    }
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Any | Error | RateLimitError | None:
    if response.status_code == 200:
        response_200 = cast(Any, None)
        return response_200

    if response.status_code == 401:
        response_401 = Error.from_dict(response.json())

        return response_401

    if response.status_code == 403:
        response_403 = Error.from_dict(response.json())

        return response_403

    if response.status_code == 404:
        response_404 = Error.from_dict(response.json())

        return response_404

    if response.status_code == 429:
        response_429 = RateLimitError.from_dict(response.json())

        return response_429

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    return None


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[Any | Error | RateLimitError]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    org_slug: str,
    registry_slug: str,
    *,
    client: AuthenticatedClient,
) -> Response[Any | Error | RateLimitError]:
    """Delete a registry

     Deletes a registry with its packages and registry tokens.

    Args:
        org_slug (str):
        registry_slug (str):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | Error | RateLimitError]
    """

    kwargs = _get_kwargs(
        org_slug=org_slug,
        registry_slug=registry_slug,
    )
    response = client.get_httpx_client().request(**kwargs)
    return _build_response(client=client, response=response)


def sync(
    org_slug: str,
    registry_slug: str,
    *,
    client: AuthenticatedClient,
) -> Any | Error | RateLimitError | None:
    """Delete a registry

     Deletes a registry with its packages and registry tokens.

    Args:
        org_slug (str):
        registry_slug (str):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | Error | RateLimitError
    """

    return (
        sync_detailed(
            org_slug=org_slug,
            registry_slug=registry_slug,
            client=client,
        )
    ).parsed


async def asyncio_detailed(
    org_slug: str,
    registry_slug: str,
    *,
    client: AuthenticatedClient,
) -> Response[Any | Error | RateLimitError]:
    """Delete a registry

     Deletes a registry with its packages and registry tokens.

    Args:
        org_slug (str):
        registry_slug (str):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | Error | RateLimitError]
    """

    kwargs = _get_kwargs(
        org_slug=org_slug,
        registry_slug=registry_slug,
    )
    response = await client.get_async_httpx_client().request(**kwargs)
    return _build_response(client=client, response=response)


async def asyncio(
    org_slug: str,
    registry_slug: str,
    *,
    client: AuthenticatedClient,
) -> Any | Error | RateLimitError | None:
    """Delete a registry

     Deletes a registry with its packages and registry tokens.

    Args:
        org_slug (str):
        registry_slug (str):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | Error | RateLimitError
    """

    return (
        await asyncio_detailed(
            org_slug=org_slug,
            registry_slug=registry_slug,
            client=client,
        )
    ).parsed
