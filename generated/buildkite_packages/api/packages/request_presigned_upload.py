"""Request a presigned upload."""

from typing import Any

from ...client import AuthenticatedClient
from ...http.calls import acall, call
from ...http.operation import Operation
from ...http.paths import path_segment
from ...models.presigned_upload import PresignedUpload
from ...types import Response

OPERATION = Operation(
    id="request_presigned_upload",
    method="POST",
    path="/v2/packages/organizations/{org_slug}/registries/{registry_slug}/packages/upload",
    scopes=(
        ("write_packages",),
        ("create_packages",),
    ),
    documentation="https://github.com/buildkite/go-buildkite",
)

parse = PresignedUpload.from_dict


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
) -> Response[PresignedUpload]:
    """Request a presigned upload.

    Answers with a form for a package's file. Send the fields of `data` and then the file, under the name in
    `file_input`, to `url`, without the API access token. Then publish with `package_url`: `url` and `data.key`
    joined, with the file's name in the place of `${filename}`.

    Args:
        org_slug (str): Slug of the organization.
        registry_slug (str): Slug of the registry.
        client (AuthenticatedClient): The client that makes the call.

    Returns:
        Response[PresignedUpload]: The form to send the file with.

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

    Needs the scope `write_packages` or `create_packages`. See https://github.com/buildkite/go-buildkite
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
) -> PresignedUpload:
    """Request a presigned upload.

    Answers with a form for a package's file. Send the fields of `data` and then the file, under the name in
    `file_input`, to `url`, without the API access token. Then publish with `package_url`: `url` and `data.key`
    joined, with the file's name in the place of `${filename}`.

    Args:
        org_slug (str): Slug of the organization.
        registry_slug (str): Slug of the registry.
        client (AuthenticatedClient): The client that makes the call.

    Returns:
        PresignedUpload: The form to send the file with.

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

    Needs the scope `write_packages` or `create_packages`. See https://github.com/buildkite/go-buildkite
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
) -> Response[PresignedUpload]:
    """Request a presigned upload.

    Answers with a form for a package's file. Send the fields of `data` and then the file, under the name in
    `file_input`, to `url`, without the API access token. Then publish with `package_url`: `url` and `data.key`
    joined, with the file's name in the place of `${filename}`.

    Args:
        org_slug (str): Slug of the organization.
        registry_slug (str): Slug of the registry.
        client (AuthenticatedClient): The client that makes the call.

    Returns:
        Response[PresignedUpload]: The form to send the file with.

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

    Needs the scope `write_packages` or `create_packages`. See https://github.com/buildkite/go-buildkite
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
) -> PresignedUpload:
    """Request a presigned upload.

    Answers with a form for a package's file. Send the fields of `data` and then the file, under the name in
    `file_input`, to `url`, without the API access token. Then publish with `package_url`: `url` and `data.key`
    joined, with the file's name in the place of `${filename}`.

    Args:
        org_slug (str): Slug of the organization.
        registry_slug (str): Slug of the registry.
        client (AuthenticatedClient): The client that makes the call.

    Returns:
        PresignedUpload: The form to send the file with.

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

    Needs the scope `write_packages` or `create_packages`. See https://github.com/buildkite/go-buildkite
    """

    return (
        await asyncio_detailed(
            org_slug=org_slug,
            registry_slug=registry_slug,
            client=client,
        )
    ).parsed
