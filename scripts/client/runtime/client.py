"""Clients: where the API is, how to talk to it, and as whom."""

import contextlib
import ipaddress
import platform
import re
import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self, Unpack, cast

import httpx

from .drift import drift_hook
from .drift.drift_hook import OnDrift, check_on_drift
from .errors import ConfigurationError
from .http.addresses import adrop_unusable_location, drop_unusable_location, parse_address
from .http.credentials import Token, TokenAuth, TokenSource
from .http.operation import Operation
from .http.retries import Retry
from .settings import DEFAULTS, Settings
from .spec import ROOT, VERSION

LIMITS = httpx.Limits(max_connections=100, max_keepalive_connections=100)
"""Of connections. Every one is kept alive: beyond what it may keep, httpcore 1.0.9 closes connections that look idle,
also one that another thread is about to send its request on."""

USER_AGENT = f"buildkite-packages/{VERSION} python/{platform.python_version()} httpx/{httpx.__version__}"

HEADER_NAME = re.compile(r"[\w!#$%&'*+.^`|~-]+", re.ASCII)
"""A field name of RFC 9110."""


BEGINNING = threading.Lock()
"""Held while a client is made, for several threads may need one at once."""


class Client:
    """A client without credentials.

    The two httpx clients below it are made when they are first needed. A value that may hold a secret (headers,
    cookies, further arguments) is left out of the `repr`.

    Args:
        base_url: scheme and host of the API, without the path of an operation.
        settings: as `Settings` describes them.

    Raises:
        ConfigurationError: a setting cannot be right, or `base_url` would send plain HTTP over a network.
    """

    _SHOWN: tuple[str, ...] = ("base_url", "timeout", "verify_ssl", "follow_redirects", "retry", "allow_http")

    def __init__(self, base_url: str, **settings: Unpack[Settings]) -> None:
        for name in settings.keys() - DEFAULTS.keys():
            raise TypeError(f"{type(self).__name__} got an unexpected keyword argument {name!r}")
        given: dict[str, Any] = {**DEFAULTS, **settings}
        check_address(base_url, allow_http=given["allow_http"])
        check_headers(given["headers"])
        check_retry(given["retry"])
        check_on_drift(given["on_drift"])
        check_size(given["max_response_size"])
        self._settings: dict[str, Any] = {
            **given,
            "base_url": base_url,
            "timeout": checked_timeout(given["timeout"]),
            **{name: dict(given[name] or {}) for name in ("cookies", "headers", "httpx_args")},
        }
        self._client: httpx.Client | None = None
        self._async_client: httpx.AsyncClient | None = None

    def __repr__(self) -> str:
        settings = self.__dict__.get("_settings", {})  # a traceback shows a client that could not be made
        shown = ", ".join(f"{name}={settings[name]!r}" for name in self._SHOWN if name in settings)
        return f"{type(self).__name__}({shown})"

    def _with(self, **settings: Any) -> Self:
        return type(self)(**{**self._settings, **settings})

    @property
    def base_url(self) -> str:
        """Scheme and host of the API."""
        return str(self._settings["base_url"])

    @property
    def retry(self) -> Retry | None:
        """When a call is retried; None for never."""
        retry: Retry | None = self._settings["retry"]
        return retry

    @property
    def on_drift(self) -> OnDrift | None:
        """What is called with each drift."""
        on_drift: OnDrift | None = self._settings["on_drift"]
        return on_drift

    @property
    def max_response_size(self) -> int:
        """Bytes that an answer's body may have, decoded."""
        return int(self._settings["max_response_size"])

    def with_headers(self, headers: Mapping[str, str]) -> Self:
        """Copy the client, with more headers for every request; this one stays as it is.

        A client set by `set_httpx_client` or `set_async_httpx_client` is not taken over, here and below.
        """
        return self._with(headers={**self._settings["headers"], **headers})

    def with_cookies(self, cookies: Mapping[str, str]) -> Self:
        """Copy the client, with more cookies for every request; this one stays as it is."""
        return self._with(cookies={**self._settings["cookies"], **cookies})

    def with_timeout(self, timeout: httpx.Timeout | float | None) -> Self:
        """Copy the client, with other bounds on waiting, in seconds; this one stays as it is."""
        return self._with(timeout=timeout)

    def with_retry(self, retry: Retry | None) -> Self:
        """Copy the client, with other rules for retries, or none; this one stays as it is."""
        return self._with(retry=retry)

    def set_httpx_client(self, client: httpx.Client) -> Self:
        """Use an `httpx.Client` of your own, whose settings then count in place of this client's."""
        self._client = client
        return self

    def get_httpx_client(self) -> httpx.Client:
        """Get the `httpx.Client` that requests go through."""
        with BEGINNING:
            if self._client is None:
                self._client = httpx.Client(**self._httpx_settings(is_async=False))
            return self._client

    def set_async_httpx_client(self, async_client: httpx.AsyncClient) -> Self:
        """Use an `httpx.AsyncClient` of your own, whose settings then count in place of this client's."""
        self._async_client = async_client
        return self

    def get_async_httpx_client(self) -> httpx.AsyncClient:
        """Get the `httpx.AsyncClient` that requests go through."""
        if self._async_client is None:
            self._async_client = httpx.AsyncClient(**self._httpx_settings(is_async=True))
        return self._async_client

    def masked(self, text: str) -> str:
        """Mask the token in a text; without credentials there is none."""
        return text

    def forget_token(self, error: Exception) -> None:
        """Remove the token from the request that an error of httpx holds."""

    def check_drift(self, operation: Operation, response: httpx.Response) -> None:
        """Report where an answer differs from the API's description, if anybody asked for it."""
        if self.on_drift is not None or drift_hook.listeners:
            drift_hook.notify(self, operation, response)

    def _httpx_settings(self, *, is_async: bool) -> dict[str, Any]:
        headers = httpx.Headers({"User-Agent": USER_AGENT})
        for name, value in self._settings["headers"].items():
            headers[name] = value  # of two names that differ in case alone, the later counts
        further: dict[str, Any] = self._settings["httpx_args"]
        mounts: dict[str, Any] = dict(further.get("mounts") or {})
        if self.base_url.startswith("http:") and not self._settings["allow_http"] and "proxy" not in further:
            # A proxy that the environment names would get the token as plain text, maybe on another machine.
            mounts.setdefault(self.base_url, None)
        hooks: dict[str, Any] = dict(further.get("event_hooks") or {})
        hooks["response"] = [
            adrop_unusable_location if is_async else drop_unusable_location,
            *hooks.get("response", ()),
        ]
        return {
            "base_url": self.base_url,
            "cookies": self._settings["cookies"],
            "headers": headers,
            "timeout": self._settings["timeout"],
            "verify": self._settings["verify_ssl"],
            "follow_redirects": self._settings["follow_redirects"],
            "limits": LIMITS,
            **further,
            "mounts": mounts,
            "event_hooks": hooks,
        }

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_client": None, "_async_client": None}

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


class AuthenticatedClient(Client):
    """A client with an API access token.

    The token goes into the headers of requests to `base_url` and nowhere else: no `repr` and no pickle shows it, and a
    redirect to another host goes without it. A client that comes out of a pickle has no token.

    Args:
        base_url: scheme and host of the API, without the path of an operation.
        token: the API access token, or a function that gives one when it is needed, awaited or not. It is called for
            each request; while the token is a JWT that has not ended, it is used again.
        prefix: the scheme before the token in the header; empty for none.
        auth_header_name: the header that carries the token.
        settings: as `Settings` describes them.

    Raises:
        ConfigurationError: the token cannot be one, or another setting is not right.
    """

    _SHOWN = (*Client._SHOWN, "prefix", "auth_header_name")

    def __init__(
        self,
        base_url: str,
        token: str | Token | TokenSource,
        prefix: str = "Bearer",
        auth_header_name: str = "Authorization",
        **settings: Unpack[Settings],
    ) -> None:
        token = Token.of(token)  # before anything may raise: a traceback shows what a local holds
        super().__init__(base_url, **settings)
        fault = token.fault()
        if fault:
            raise ConfigurationError(f"token {fault}; give an API access token")
        if not (prefix.isascii() and prefix.isprintable()):
            raise ConfigurationError(f"prefix is {prefix!r}; it should be printable ASCII, such as 'Bearer'")
        if not HEADER_NAME.fullmatch(auth_header_name):
            raise ConfigurationError(f"auth_header_name is {auth_header_name!r}; it should be a header's name")
        self._settings |= {"token": token, "prefix": prefix, "auth_header_name": auth_header_name}

    @property
    def token(self) -> Token:
        """The API access token."""
        token: Token = self._settings["token"]
        return token

    def masked(self, text: str) -> str:
        """Mask the token in a text."""
        return self.token.masked(text)

    def forget_token(self, error: Exception) -> None:
        """Remove the token from the request that an error of httpx holds."""
        if isinstance(error, httpx.RequestError):
            with contextlib.suppress(RuntimeError):  # it has none
                self._auth().forget(error.request)

    def _auth(self) -> TokenAuth:
        return TokenAuth(self.token, self._settings["prefix"], self._settings["auth_header_name"], self.base_url)

    def _httpx_settings(self, *, is_async: bool) -> dict[str, Any]:
        fault = self.token.fault()
        if fault:
            raise ConfigurationError(f"token {fault}; a client that was pickled has none, so make one anew")
        auth = self._auth()
        settings = super()._httpx_settings(is_async=is_async)
        hooks = settings["event_hooks"]
        hooks["request"] = [*hooks.get("request", ()), auth.adrop if is_async else auth.drop]
        return {"auth": auth, **settings}


def check_retry(retry: object) -> None:
    """Check that a retry is one.

    Raises:
        ConfigurationError: it is something else, such as a number.
    """
    if retry is not None and not isinstance(retry, Retry):
        raise ConfigurationError(f"retry is {retry!r}; it should be a Retry, such as Retry(attempts=3), or None")


def check_size(max_response_size: object) -> None:
    """Check that an answer may have some bytes.

    Raises:
        ConfigurationError: it may not.
    """
    is_number = isinstance(max_response_size, int) and not isinstance(max_response_size, bool)
    if not is_number or cast("int", max_response_size) < 1:
        raise ConfigurationError(f"max_response_size is {max_response_size!r}; it should be a number of bytes, from 1")


def check_headers(headers: object) -> None:
    """Check that headers are names and values.

    Raises:
        ConfigurationError: they are something else.
    """
    every = cast("Mapping[object, object]", headers).items() if isinstance(headers, Mapping) else None
    if headers is not None and (every is None or not all(isinstance(each, str) for pair in every for each in pair)):
        raise ConfigurationError("headers should be a mapping of names to values, all of them strings")


def checked_timeout(timeout: object) -> httpx.Timeout:
    """Make bounds on waiting of a number of seconds, or take those that are made.

    Raises:
        ConfigurationError: they are no numbers of seconds.
    """
    bounds = timeout if isinstance(timeout, httpx.Timeout) else httpx.Timeout(cast("float | None", timeout))
    for seconds in bounds.as_dict().values():
        is_number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
        if seconds is not None and not (is_number and seconds > 0):
            raise ConfigurationError(f"timeout is {timeout!r}; it should be seconds above 0, an httpx.Timeout or None")
    return bounds


def check_address(base_url: object, *, allow_http: bool) -> None:
    """Check that an address may be an API's.

    Raises:
        ConfigurationError: it is not one, or plain HTTP would carry the token over a network.
    """
    fault = "should be the address of the API, such as https://api.example.com"
    if "@" in str(base_url):  # first of all, as other messages repeat the address
        raise ConfigurationError("base_url holds a user name or password; the token is the only credential")
    if not isinstance(base_url, str):
        raise ConfigurationError(f"base_url is {base_url!r}; it {fault}")
    try:
        url = parse_address(base_url)
    except ValueError as error:
        raise ConfigurationError(f"base_url is {base_url!r}, which {error}; it {fault}") from None
    if url.path.rstrip("/").endswith(ROOT):
        raise ConfigurationError(f"base_url ends in {ROOT}, which the path of each operation begins with; leave it out")
    if url.query or url.fragment:
        raise ConfigurationError(f"base_url has a query or fragment; it {fault}")
    if url.scheme == "http" and not allow_http and not is_loopback(url.host):
        raise ConfigurationError(
            f"base_url is {base_url}, where plain HTTP would show the token to the network; use https, or "
            f"allow_http=True where the network is to be trusted"
        )


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine by its name or address alone."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped  # Python looks there itself since 3.13
    return address.is_loopback
