from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.error import Error
from ...models.package import Package
from ...models.package_publish import PackagePublish
from ...models.rate_limit_error import RateLimitError
from ...models.validation_error import ValidationError
from ...paths import path_segment
from ...types import Response


def _get_kwargs(
    org_slug: str,
    registry_slug: str,
    *,
    body: PackagePublish,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v2/packages/organizations/{org_slug}/registries/{registry_slug}/packages".format(
            org_slug=path_segment("org_slug", org_slug),
            registry_slug=path_segment("registry_slug", registry_slug),
        ),
    }
    _kwargs["files"] = body.to_multipart()

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Error | Package | RateLimitError | ValidationError | None:
    if response.status_code == 200:
        response_200 = Package.from_dict(response.json())

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

    if response.status_code == 422:
        response_422 = ValidationError.from_dict(response.json())

        return response_422

    if response.status_code == 429:
        response_429 = RateLimitError.from_dict(response.json())

        return response_429

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    return None


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[Error | Package | RateLimitError | ValidationError]:
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
    body: PackagePublish,
) -> Response[Error | Package | RateLimitError | ValidationError]:
    """Publish a package

     Publishes a file to a registry. Its name and version are read out of the file, as the registry's
    ecosystem has it. For some ecosystems the native tool is the recommended way, but this one works for
    all whose packages come as one file; `x-ecosystems` names the tool of the others.

    Args:
        org_slug (str):
        registry_slug (str):
        body (PackagePublish): A package to publish.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Error | Package | RateLimitError | ValidationError]
    """

    kwargs = _get_kwargs(
        org_slug=org_slug,
        registry_slug=registry_slug,
        body=body,
    )
    response = client.get_httpx_client().request(**kwargs)
    return _build_response(client=client, response=response)


def sync(
    org_slug: str,
    registry_slug: str,
    *,
    client: AuthenticatedClient,
    body: PackagePublish,
) -> Error | Package | RateLimitError | ValidationError | None:
    """Publish a package

     Publishes a file to a registry. Its name and version are read out of the file, as the registry's
    ecosystem has it. For some ecosystems the native tool is the recommended way, but this one works for
    all whose packages come as one file; `x-ecosystems` names the tool of the others.

    Args:
        org_slug (str):
        registry_slug (str):
        body (PackagePublish): A package to publish.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Error | Package | RateLimitError | ValidationError
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
    body: PackagePublish,
) -> Response[Error | Package | RateLimitError | ValidationError]:
    """Publish a package

     Publishes a file to a registry. Its name and version are read out of the file, as the registry's
    ecosystem has it. For some ecosystems the native tool is the recommended way, but this one works for
    all whose packages come as one file; `x-ecosystems` names the tool of the others.

    Args:
        org_slug (str):
        registry_slug (str):
        body (PackagePublish): A package to publish.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Error | Package | RateLimitError | ValidationError]
    """

    kwargs = _get_kwargs(
        org_slug=org_slug,
        registry_slug=registry_slug,
        body=body,
    )
    response = await client.get_async_httpx_client().request(**kwargs)
    return _build_response(client=client, response=response)


async def asyncio(
    org_slug: str,
    registry_slug: str,
    *,
    client: AuthenticatedClient,
    body: PackagePublish,
) -> Error | Package | RateLimitError | ValidationError | None:
    """Publish a package

     Publishes a file to a registry. Its name and version are read out of the file, as the registry's
    ecosystem has it. For some ecosystems the native tool is the recommended way, but this one works for
    all whose packages come as one file; `x-ecosystems` names the tool of the others.

    Args:
        org_slug (str):
        registry_slug (str):
        body (PackagePublish): A package to publish.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Error | Package | RateLimitError | ValidationError
    """

    return (
        await asyncio_detailed(
            org_slug=org_slug,
            registry_slug=registry_slug,
            client=client,
            body=body,
        )
    ).parsed
