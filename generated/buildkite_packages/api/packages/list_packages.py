"""List all packages."""

from typing import Any

from ...client import AuthenticatedClient
from ...http.calls import acall, call
from ...http.operation import Operation
from ...http.paths import path_segment
from ...models.package_list import PackageList
from ...types import UNSET, Response, Unset

OPERATION = Operation(
    id="list_packages",
    method="GET",
    path="/v2/packages/organizations/{org_slug}/registries/{registry_slug}/packages",
    scopes=(("read_packages",),),
    documentation="https://buildkite.com/docs/apis/rest-api/package-registries/packages#list-all-packages",
)

parse = PackageList.from_dict


def request_arguments(
    org_slug: str,
    registry_slug: str,
    *,
    name: str | Unset = UNSET,
    page: int | Unset = 1,
    after: str | Unset = UNSET,
    before: str | Unset = UNSET,
    per_page: int | Unset = 30,
) -> dict[str, Any]:
    """Make the arguments of `httpx.Client.build_request` that call the operation.

    Args:
        org_slug: Slug of the organization.
        registry_slug: Slug of the registry.
        name: Lists only packages of exactly this name.
        page: Number of the page, from 1.
        after: Cursor out of a page's `links.next`; the page begins with what follows it. An empty one is
            none.
        before: Cursor out of a page's `links.prev`; the page ends with what precedes it. An empty one is
            none.
        per_page: Number of items on a page.

    Raises:
        ValueError: `org_slug` is empty, or `registry_slug` is empty.
    """

    params: dict[str, Any] = {}

    params["name"] = name

    params["page"] = page

    params["after"] = after

    params["before"] = before

    params["per_page"] = per_page

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": OPERATION.method,
        "url": OPERATION.path.format(
            org_slug=path_segment("org_slug", org_slug),
            registry_slug=path_segment("registry_slug", registry_slug),
        ),
        "params": params,
    }
    return _kwargs


def sync_detailed(
    org_slug: str,
    registry_slug: str,
    *,
    client: AuthenticatedClient,
    name: str | Unset = UNSET,
    page: int | Unset = 1,
    after: str | Unset = UNSET,
    before: str | Unset = UNSET,
    per_page: int | Unset = 30,
) -> Response[PackageList]:
    """List all packages.

    Lists the packages of a registry page by page, the newest first. The addresses in `links` carry cursors, so
    that following `next` gives each package once, even if others are published and deleted meanwhile. At most
    one of `page`, `after` and `before` chooses the page.

    Args:
        org_slug (str): Slug of the organization.
        registry_slug (str): Slug of the registry.
        name (str | Unset): Lists only packages of exactly this name.
        page (int | Unset): Number of the page, from 1.
        after (str | Unset): Cursor out of a page's `links.next`; the page begins with what follows it. An
            empty one is none.
        before (str | Unset): Cursor out of a page's `links.prev`; the page ends with what precedes it. An
            empty one is none.
        per_page (int | Unset): Number of items on a page.
        client (AuthenticatedClient): The client that makes the call.

    Returns:
        Response[PackageList]: A page of the registry's packages.

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

    Needs the scope `read_packages`. See https://buildkite.com/docs/apis/rest-api/package-registries/packages#list-all-packages
    """

    return call(
        client,
        OPERATION,
        request_arguments(
            org_slug=org_slug,
            registry_slug=registry_slug,
            name=name,
            page=page,
            after=after,
            before=before,
            per_page=per_page,
        ),
        parse,
    )


def sync(
    org_slug: str,
    registry_slug: str,
    *,
    client: AuthenticatedClient,
    name: str | Unset = UNSET,
    page: int | Unset = 1,
    after: str | Unset = UNSET,
    before: str | Unset = UNSET,
    per_page: int | Unset = 30,
) -> PackageList:
    """List all packages.

    Lists the packages of a registry page by page, the newest first. The addresses in `links` carry cursors, so
    that following `next` gives each package once, even if others are published and deleted meanwhile. At most
    one of `page`, `after` and `before` chooses the page.

    Args:
        org_slug (str): Slug of the organization.
        registry_slug (str): Slug of the registry.
        name (str | Unset): Lists only packages of exactly this name.
        page (int | Unset): Number of the page, from 1.
        after (str | Unset): Cursor out of a page's `links.next`; the page begins with what follows it. An
            empty one is none.
        before (str | Unset): Cursor out of a page's `links.prev`; the page ends with what precedes it. An
            empty one is none.
        per_page (int | Unset): Number of items on a page.
        client (AuthenticatedClient): The client that makes the call.

    Returns:
        PackageList: A page of the registry's packages.

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

    Needs the scope `read_packages`. See https://buildkite.com/docs/apis/rest-api/package-registries/packages#list-all-packages
    """

    return (
        sync_detailed(
            org_slug=org_slug,
            registry_slug=registry_slug,
            client=client,
            name=name,
            page=page,
            after=after,
            before=before,
            per_page=per_page,
        )
    ).parsed


async def asyncio_detailed(
    org_slug: str,
    registry_slug: str,
    *,
    client: AuthenticatedClient,
    name: str | Unset = UNSET,
    page: int | Unset = 1,
    after: str | Unset = UNSET,
    before: str | Unset = UNSET,
    per_page: int | Unset = 30,
) -> Response[PackageList]:
    """List all packages.

    Lists the packages of a registry page by page, the newest first. The addresses in `links` carry cursors, so
    that following `next` gives each package once, even if others are published and deleted meanwhile. At most
    one of `page`, `after` and `before` chooses the page.

    Args:
        org_slug (str): Slug of the organization.
        registry_slug (str): Slug of the registry.
        name (str | Unset): Lists only packages of exactly this name.
        page (int | Unset): Number of the page, from 1.
        after (str | Unset): Cursor out of a page's `links.next`; the page begins with what follows it. An
            empty one is none.
        before (str | Unset): Cursor out of a page's `links.prev`; the page ends with what precedes it. An
            empty one is none.
        per_page (int | Unset): Number of items on a page.
        client (AuthenticatedClient): The client that makes the call.

    Returns:
        Response[PackageList]: A page of the registry's packages.

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

    Needs the scope `read_packages`. See https://buildkite.com/docs/apis/rest-api/package-registries/packages#list-all-packages
    """

    return await acall(
        client,
        OPERATION,
        request_arguments(
            org_slug=org_slug,
            registry_slug=registry_slug,
            name=name,
            page=page,
            after=after,
            before=before,
            per_page=per_page,
        ),
        parse,
    )


async def asyncio(
    org_slug: str,
    registry_slug: str,
    *,
    client: AuthenticatedClient,
    name: str | Unset = UNSET,
    page: int | Unset = 1,
    after: str | Unset = UNSET,
    before: str | Unset = UNSET,
    per_page: int | Unset = 30,
) -> PackageList:
    """List all packages.

    Lists the packages of a registry page by page, the newest first. The addresses in `links` carry cursors, so
    that following `next` gives each package once, even if others are published and deleted meanwhile. At most
    one of `page`, `after` and `before` chooses the page.

    Args:
        org_slug (str): Slug of the organization.
        registry_slug (str): Slug of the registry.
        name (str | Unset): Lists only packages of exactly this name.
        page (int | Unset): Number of the page, from 1.
        after (str | Unset): Cursor out of a page's `links.next`; the page begins with what follows it. An
            empty one is none.
        before (str | Unset): Cursor out of a page's `links.prev`; the page ends with what precedes it. An
            empty one is none.
        per_page (int | Unset): Number of items on a page.
        client (AuthenticatedClient): The client that makes the call.

    Returns:
        PackageList: A page of the registry's packages.

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

    Needs the scope `read_packages`. See https://buildkite.com/docs/apis/rest-api/package-registries/packages#list-all-packages
    """

    return (
        await asyncio_detailed(
            org_slug=org_slug,
            registry_slug=registry_slug,
            client=client,
            name=name,
            page=page,
            after=after,
            before=before,
            per_page=per_page,
        )
    ).parsed
