"""Publish a package."""

from typing import Any

from ...client import AuthenticatedClient
from ...http.calls import acall, call
from ...http.operation import Operation
from ...http.paths import path_segment
from ...models.package import Package
from ...models.package_publish import PackagePublish
from ...types import Response

OPERATION = Operation(
    id="publish_package",
    method="POST",
    path="/v2/packages/organizations/{org_slug}/registries/{registry_slug}/packages",
    scopes=(
        ("write_packages",),
        ("create_packages",),
    ),
    documentation="https://buildkite.com/docs/apis/rest-api/package-registries/packages#publish-a-package",
)

parse = Package.from_dict


def request_arguments(
    org_slug: str,
    registry_slug: str,
    *,
    body: PackagePublish,
) -> dict[str, Any]:
    """Make the arguments of `httpx.Client.build_request` that call the operation.

    Args:
        org_slug: Slug of the organization.
        registry_slug: Slug of the registry.
        body: A package to publish, its `file` or the `package_url` of the file that was sent.

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
    _kwargs["files"] = body.to_multipart()

    if "files" in _kwargs:
        from ...publishing.multipart import MultipartBody  # noqa: PLC0415 - most calls send no file

        _kwargs["body"] = MultipartBody(_kwargs.pop("files"))

    _kwargs["headers"] = headers
    return _kwargs


def sync_detailed(
    org_slug: str,
    registry_slug: str,
    *,
    client: AuthenticatedClient,
    body: PackagePublish,
) -> Response[Package]:
    """Publish a package.

    Publishes a file to a registry. Its name and version are read out of the file, as the registry's ecosystem
    has it. For some ecosystems the native tool is the recommended way, but this one works for all whose
    packages are single files. Send the file with this call, or before it as `request_presigned_upload` says;
    then send `package_url` in its place.

    Args:
        org_slug (str): Slug of the organization.
        registry_slug (str): Slug of the registry.
        body (PackagePublish): A package to publish, its `file` or the `package_url` of the file that was
            sent.
        client (AuthenticatedClient): The client that makes the call.

    Returns:
        Response[Package]: The package that was published.

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

    Needs the scope `write_packages` or `create_packages`. See https://buildkite.com/docs/apis/rest-api/package-registries/packages#publish-a-package
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
    body: PackagePublish,
) -> Package:
    """Publish a package.

    Publishes a file to a registry. Its name and version are read out of the file, as the registry's ecosystem
    has it. For some ecosystems the native tool is the recommended way, but this one works for all whose
    packages are single files. Send the file with this call, or before it as `request_presigned_upload` says;
    then send `package_url` in its place.

    Args:
        org_slug (str): Slug of the organization.
        registry_slug (str): Slug of the registry.
        body (PackagePublish): A package to publish, its `file` or the `package_url` of the file that was
            sent.
        client (AuthenticatedClient): The client that makes the call.

    Returns:
        Package: The package that was published.

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

    Needs the scope `write_packages` or `create_packages`. See https://buildkite.com/docs/apis/rest-api/package-registries/packages#publish-a-package
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
) -> Response[Package]:
    """Publish a package.

    Publishes a file to a registry. Its name and version are read out of the file, as the registry's ecosystem
    has it. For some ecosystems the native tool is the recommended way, but this one works for all whose
    packages are single files. Send the file with this call, or before it as `request_presigned_upload` says;
    then send `package_url` in its place.

    Args:
        org_slug (str): Slug of the organization.
        registry_slug (str): Slug of the registry.
        body (PackagePublish): A package to publish, its `file` or the `package_url` of the file that was
            sent.
        client (AuthenticatedClient): The client that makes the call.

    Returns:
        Response[Package]: The package that was published.

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

    Needs the scope `write_packages` or `create_packages`. See https://buildkite.com/docs/apis/rest-api/package-registries/packages#publish-a-package
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
    body: PackagePublish,
) -> Package:
    """Publish a package.

    Publishes a file to a registry. Its name and version are read out of the file, as the registry's ecosystem
    has it. For some ecosystems the native tool is the recommended way, but this one works for all whose
    packages are single files. Send the file with this call, or before it as `request_presigned_upload` says;
    then send `package_url` in its place.

    Args:
        org_slug (str): Slug of the organization.
        registry_slug (str): Slug of the registry.
        body (PackagePublish): A package to publish, its `file` or the `package_url` of the file that was
            sent.
        client (AuthenticatedClient): The client that makes the call.

    Returns:
        Package: The package that was published.

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

    Needs the scope `write_packages` or `create_packages`. See https://buildkite.com/docs/apis/rest-api/package-registries/packages#publish-a-package
    """

    return (
        await asyncio_detailed(
            org_slug=org_slug,
            registry_slug=registry_slug,
            client=client,
            body=body,
        )
    ).parsed
