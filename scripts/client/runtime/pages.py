"""Lists that come page by page."""

from collections.abc import AsyncIterator, Callable, Generator, Iterator
from typing import Any, Generic, TypeVar, cast

import httpx

from .errors import ForeignLink
from .http.addresses import parse_address, same_origin
from .http.calls import acall, call
from .http.operation import Operation
from .http.ports import Caller

ItemT = TypeVar("ItemT")
PageT = TypeVar("PageT")


class PageRequests(Generic[ItemT, PageT]):
    """The requests for the pages of a list.

    Args:
        client: the client that makes them.
        operation: what lists.
        arguments: the request for the first page, as `httpx.Client.build_request` takes it.
        parse: makes a page of an answer's JSON.
        items: gives the items of a page; what is no list counts as none.
        following: gives the address of the page after a page; what is no text counts as none.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - generated code alone calls it
        self,
        client: Caller,
        operation: Operation,
        arguments: dict[str, Any],
        parse: Callable[[Any], PageT],
        items: Callable[[PageT], object],
        following: Callable[[PageT], object],
    ) -> None:
        self._client = client
        self._operation = operation
        self._arguments = arguments
        self._parse = parse
        self._items = items
        self._following = following

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._operation.id} {self._arguments['url']})"

    def _items_of(self, page: PageT) -> "list[ItemT]":
        """Give the items of a page; none where the answer has no list of them."""
        items = self._items(page)
        return cast("list[ItemT]", items) if isinstance(items, list) else []

    def _first(self) -> str:
        """Give the address of the first page."""
        params = self._arguments.get("params") or None  # an empty one would take a query away
        return str(httpx.URL(self._client.base_url.rstrip("/") + self._arguments["url"], params=params))

    def _after(self, page: PageT, seen: list[str]) -> dict[str, Any] | None:
        """Make the request for the page after a page; None after the last.

        Args:
            page: the page.
            seen: addresses of the pages so far, to which the next one is added.

        Raises:
            ForeignLink: the link leads to another origin, or back to a page that there was.
        """
        address = self._following(page)
        if not address or not isinstance(address, str):
            return None
        try:
            url = parse_address(address, httpx.URL(seen[-1]))
        except ValueError as error:
            raise self._refused(str(error)) from None
        if url.userinfo or not same_origin(url, httpx.URL(self._client.base_url)):
            raise self._refused(
                f"leads to {url.scheme}://{url.netloc.decode('ascii')}, where the token must not go; it should lead to "
                f"{self._client.base_url}"
            )
        if str(url) in seen:
            raise self._refused(f"leads to {url}, which was there before")
        seen.append(str(url))
        return {"method": self._operation.method, "url": str(url)}

    def _refused(self, fault: str) -> ForeignLink:
        return ForeignLink(self._client.masked(f"{self._operation.id}: the link to the next page {fault}"))


class Pages(PageRequests[ItemT, PageT]):
    """A list whose pages are fetched while it is iterated over; each iteration begins anew.

    for package in buildkite.packages.list("my-registry"):
        ...
    for page in buildkite.packages.list("my-registry").pages():
        ...

    It follows what each page says is next. Where that is a cursor, as in lists of packages, each item comes once, also
    while others are published or deleted; those that are published meanwhile do not come. What such an iteration lists
    may be deleted as it goes.
    """

    def __iter__(self) -> Iterator[ItemT]:
        for page in self.pages():
            yield from self._items_of(page)

    def pages(self) -> Iterator[PageT]:
        """Iterate over the pages themselves, each as the API gives it.

        Raises:
            ForeignLink: a link leads to another origin, or round in a circle.
            ResponseError, httpx.TransportError: as the operation raises them.
        """
        arguments: dict[str, Any] | None = self._arguments
        seen = [self._first()]
        while arguments is not None:
            page = call(self._client, self._operation, arguments, self._parse).parsed
            yield page
            arguments = self._after(page, seen)


class AsyncPages(PageRequests[ItemT, PageT]):
    """A list whose pages are fetched while it is iterated over; each iteration begins anew.

    async for package in buildkite.packages.list("my-registry"):
        ...
    async for page in buildkite.packages.list("my-registry").pages():
        ...
    packages = await buildkite.packages.list("my-registry")  # a list of all

    It follows what each page says is next. Where that is a cursor, as in lists of packages, each item comes once, also
    while others are published or deleted; those that are published meanwhile do not come. What such an iteration lists
    may be deleted as it goes.
    """

    async def __aiter__(self) -> AsyncIterator[ItemT]:
        async for page in self.pages():
            for item in self._items_of(page):
                yield item

    def __await__(self) -> Generator[Any, Any, list[ItemT]]:
        return self._all().__await__()

    async def _all(self) -> list[ItemT]:
        return [item async for item in self]

    async def pages(self) -> AsyncIterator[PageT]:
        """Iterate over the pages themselves, each as the API gives it.

        Raises:
            ForeignLink: a link leads to another origin, or round in a circle.
            ResponseError, httpx.TransportError: as the operation raises them.
        """
        arguments: dict[str, Any] | None = self._arguments
        seen = [self._first()]
        while arguments is not None:
            page = (await acall(self._client, self._operation, arguments, self._parse)).parsed
            yield page
            arguments = self._after(page, seen)
