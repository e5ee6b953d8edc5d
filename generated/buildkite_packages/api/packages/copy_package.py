"""Copy a package."""

from typing import Any
from uuid import UUID

from ...client import AuthenticatedClient
from ...http.calls import acall, call
from ...http.operation import Operation
from ...http.paths import path_segment
from ...models.package import Package
from ...types import UNSET, Response

OPERATION = Operation(
    id="copy_package",
    method="POST",
    path="/v2/packages/organizations/{org_slug}/registries/{registry_slug}/packages/{id}/copy",
    scopes=(
        (
            "read_packages",
            "write_packages",
        ),
    ),
    documentation="https://buildkite.com/docs/apis/rest-api/package-registries/packages#copy-a-package",
)

parse = Package.from_dict


def request_arguments(
    org_slug: str,
    registry_slug: str,
    id: UUID,
    *,
    to: str,
) -> dict[str, Any]:
    """Make the arguments of `httpx.Client.build_request` that call the operation.

    Args:
        org_slug: Slug of the organization.
        registry_slug: Slug of the registry.
        id: UUID of the package.
        to: Slug of the registry to copy the package to.

    Raises:
        ValueError: `org_slug` is empty, or `registry_slug` is empty.
    """

    params: dict[str, Any] = {}

    params["to"] = to

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": OPERATION.method,
        "url": OPERATION.path.format(
            org_slug=path_segment("org_slug", org_slug),
            registry_slug=path_segment("registry_slug", registry_slug),
            id=path_segment("id", id),
        ),
        "params": params,
    }
    return _kwargs


def sync_detailed(
    org_slug: str,
    registry_slug: str,
    id: UUID,
    *,
    client: AuthenticatedClient,
    to: str,
) -> Response[Package]:
    """Copy a package.

    Copies a package of this registry to another one of the same ecosystem. Only packages of some ecosystems can
    be copied.

    Args:
        org_slug (str): Slug of the organization.
        registry_slug (str): Slug of the registry.
        id (UUID): UUID of the package.
        to (str): Slug of the registry to copy the package to.
        client (AuthenticatedClient): The client that makes the call.

    Returns:
        Response[Package]: The copy, in the registry that it was copied to.

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

    Needs the scopes `read_packages` and `write_packages`. See https://buildkite.com/docs/apis/rest-api/package-registries/packages#copy-a-package
    """

    return call(
        client,
        OPERATION,
        request_arguments(
            org_slug=org_slug,
            registry_slug=registry_slug,
            id=id,
            to=to,
        ),
        parse,
    )


def sync(
    org_slug: str,
    registry_slug: str,
    id: UUID,
    *,
    client: AuthenticatedClient,
    to: str,
) -> Package:
    """Copy a package.

    Copies a package of this registry to another one of the same ecosystem. Only packages of some ecosystems can
    be copied.

    Args:
        org_slug (str): Slug of the organization.
        registry_slug (str): Slug of the registry.
        id (UUID): UUID of the package.
        to (str): Slug of the registry to copy the package to.
        client (AuthenticatedClient): The client that makes the call.

    Returns:
        Package: The copy, in the registry that it was copied to.

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

    Needs the scopes `read_packages` and `write_packages`. See https://buildkite.com/docs/apis/rest-api/package-registries/packages#copy-a-package
    """

    return (
        sync_detailed(
            org_slug=org_slug,
            registry_slug=registry_slug,
            id=id,
            client=client,
            to=to,
        )
    ).parsed


async def asyncio_detailed(
    org_slug: str,
    registry_slug: str,
    id: UUID,
    *,
    client: AuthenticatedClient,
    to: str,
) -> Response[Package]:
    """Copy a package.

    Copies a package of this registry to another one of the same ecosystem. Only packages of some ecosystems can
    be copied.

    Args:
        org_slug (str): Slug of the organization.
        registry_slug (str): Slug of the registry.
        id (UUID): UUID of the package.
        to (str): Slug of the registry to copy the package to.
        client (AuthenticatedClient): The client that makes the call.

    Returns:
        Response[Package]: The copy, in the registry that it was copied to.

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

    Needs the scopes `read_packages` and `write_packages`. See https://buildkite.com/docs/apis/rest-api/package-registries/packages#copy-a-package
    """

    return await acall(
        client,
        OPERATION,
        request_arguments(
            org_slug=org_slug,
            registry_slug=registry_slug,
            id=id,
            to=to,
        ),
        parse,
    )


async def asyncio(
    org_slug: str,
    registry_slug: str,
    id: UUID,
    *,
    client: AuthenticatedClient,
    to: str,
) -> Package:
    """Copy a package.

    Copies a package of this registry to another one of the same ecosystem. Only packages of some ecosystems can
    be copied.

    Args:
        org_slug (str): Slug of the organization.
        registry_slug (str): Slug of the registry.
        id (UUID): UUID of the package.
        to (str): Slug of the registry to copy the package to.
        client (AuthenticatedClient): The client that makes the call.

    Returns:
        Package: The copy, in the registry that it was copied to.

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

    Needs the scopes `read_packages` and `write_packages`. See https://buildkite.com/docs/apis/rest-api/package-registries/packages#copy-a-package
    """

    return (
        await asyncio_detailed(
            org_slug=org_slug,
            registry_slug=registry_slug,
            id=id,
            client=client,
            to=to,
        )
    ).parsed
