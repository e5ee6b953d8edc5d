"""What a call needs of the client that makes it and of the body that it sends."""

from typing import Protocol

import httpx

from .operation import Operation
from .retries import Retry


class Caller(Protocol):
    """A client, as calls see it; `Client` is one."""

    @property
    def base_url(self) -> str:
        """Scheme and host of the API."""
        ...

    @property
    def retry(self) -> Retry | None:
        """When a call is retried; None for never."""
        ...

    @property
    def max_response_size(self) -> int:
        """Bytes that the decoded body of an answer may have."""
        ...

    def get_httpx_client(self) -> httpx.Client:
        """Get the `httpx.Client` that requests go through."""
        ...

    def get_async_httpx_client(self) -> httpx.AsyncClient:
        """Get the `httpx.AsyncClient` that requests go through."""
        ...

    def masked(self, text: str) -> str:
        """Mask the token in a text."""
        ...

    def forget_token(self, error: Exception) -> None:
        """Remove the token from the request that an error of httpx holds."""
        ...

    def check_drift(self, operation: Operation, response: httpx.Response) -> None:
        """Report where an answer differs from the API's description, if anybody asked for it."""
        ...


class Body(Protocol):
    """A body that is streamed; `MultipartBody` is one."""

    started: bool
    finished: bool

    @property
    def repeatable(self) -> bool:
        """Whether it can be sent again."""
        ...

    def attach_to(self, request: httpx.Request) -> httpx.Request:
        """Make it the body of a request."""
        ...
