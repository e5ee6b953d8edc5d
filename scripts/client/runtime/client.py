"""Clients: where the API is, how to talk to it, and as whom."""

import ssl
from types import TracebackType
from typing import Any, Self

import httpx
from attrs import define, evolve, field

DEFAULT_TIMEOUT = httpx.Timeout(60.0, connect=10.0)
"""Seconds for each single read, write or wait for a connection; a large upload as a whole may take longer."""


@define
class Client:
    """A client without credentials.

    The two httpx clients below it are made when they are first needed. A value that may hold a secret (headers,
    cookies, further arguments) is left out of the `repr`.

    Attributes:
        raise_on_unexpected_status: whether an answer with a status that the API does not document raises
            `errors.UnexpectedStatus` rather than being returned with nothing parsed.
        base_url: scheme and host of the API, without the path of an operation.
        cookies: cookies for every request.
        headers: headers for every request.
        timeout: bounds in seconds; an exceeded one raises `httpx.TimeoutException`. None waits for ever.
        verify_ssl: whether to verify certificates, or the context (or CA file) to verify them with.
        follow_redirects: whether to follow redirects.
        httpx_args: further keyword arguments of `httpx.Client` and `httpx.AsyncClient`.
    """

    raise_on_unexpected_status: bool = field(default=False, kw_only=True)
    _base_url: str = field(alias="base_url")
    _cookies: dict[str, str] = field(factory=dict, kw_only=True, alias="cookies", repr=False)
    _headers: dict[str, str] = field(factory=dict, kw_only=True, alias="headers", repr=False)
    _timeout: httpx.Timeout | None = field(default=DEFAULT_TIMEOUT, kw_only=True, alias="timeout")
    _verify_ssl: str | bool | ssl.SSLContext = field(default=True, kw_only=True, alias="verify_ssl")
    _follow_redirects: bool = field(default=False, kw_only=True, alias="follow_redirects")
    _httpx_args: dict[str, Any] = field(factory=dict, kw_only=True, alias="httpx_args", repr=False)
    _client: httpx.Client | None = field(default=None, init=False, repr=False, eq=False)
    _async_client: httpx.AsyncClient | None = field(default=None, init=False, repr=False, eq=False)

    def with_headers(self, headers: dict[str, str]) -> Self:
        """Copy the client, with more headers for every request; this one stays as it is.

        A client set by `set_httpx_client` or `set_async_httpx_client` is not taken over, here and below.
        """
        return evolve(self, headers={**self._headers, **headers})

    def with_cookies(self, cookies: dict[str, str]) -> Self:
        """Copy the client, with more cookies for every request; this one stays as it is."""
        return evolve(self, cookies={**self._cookies, **cookies})

    def with_timeout(self, timeout: httpx.Timeout | None) -> Self:
        """Copy the client, with other bounds on waiting; this one stays as it is."""
        return evolve(self, timeout=timeout)

    def set_httpx_client(self, client: httpx.Client) -> Self:
        """Use an `httpx.Client` of your own, whose settings then count in place of this client's."""
        self._client = client
        return self

    def get_httpx_client(self) -> httpx.Client:
        """Get the `httpx.Client` that requests go through."""
        if self._client is None:
            self._client = httpx.Client(**self._httpx_settings())
        return self._client

    def set_async_httpx_client(self, async_client: httpx.AsyncClient) -> Self:
        """Use an `httpx.AsyncClient` of your own, whose settings then count in place of this client's."""
        self._async_client = async_client
        return self

    def get_async_httpx_client(self) -> httpx.AsyncClient:
        """Get the `httpx.AsyncClient` that requests go through."""
        if self._async_client is None:
            self._async_client = httpx.AsyncClient(**self._httpx_settings())
        return self._async_client

    def _request_headers(self) -> dict[str, str]:
        return self._headers

    def _httpx_settings(self) -> dict[str, Any]:
        return {
            "base_url": self._base_url,
            "cookies": self._cookies,
            "headers": self._request_headers(),
            "timeout": self._timeout,
            "verify": self._verify_ssl,
            "follow_redirects": self._follow_redirects,
            **self._httpx_args,
        }

    def __enter__(self) -> Self:
        self.get_httpx_client().__enter__()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self.get_httpx_client().__exit__(exc_type, exc_value, traceback)

    async def __aenter__(self) -> Self:
        await self.get_async_httpx_client().__aenter__()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        await self.get_async_httpx_client().__aexit__(exc_type, exc_value, traceback)


@define
class AuthenticatedClient(Client):
    """A client with an API access token.

    The token goes into the headers of requests and nowhere else; the `repr` does not show it.

    Attributes:
        token: the API access token.
        prefix: the scheme before the token in the header; empty for none.
        auth_header_name: the header that carries the token.
    """

    token: str = field(repr=False)
    prefix: str = "Bearer"
    auth_header_name: str = "Authorization"

    def _request_headers(self) -> dict[str, str]:
        credentials = f"{self.prefix} {self.token}" if self.prefix else self.token
        return {**self._headers, self.auth_header_name: credentials}
