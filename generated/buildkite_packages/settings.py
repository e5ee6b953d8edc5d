"""The settings of a client: their names, types and defaults."""

import ssl
from collections.abc import Mapping
from typing import Any, TypedDict

import httpx

from .drift.drift_hook import OnDrift
from .http.credentials import Token, TokenSource
from .http.receiving import MAX_RESPONSE_SIZE
from .http.retries import Retry

DEFAULT_TIMEOUT = httpx.Timeout(connect=10.0, read=120.0, write=60.0, pool=60.0)
"""Seconds for each single wait. After the last byte of a large upload the service may take its time to answer."""


class Settings(TypedDict, total=False):
    """The settings of a client, besides its address and credentials.

    Attributes:
        cookies: cookies for every request.
        headers: headers for every request.
        timeout: bounds in seconds on each single wait; an exceeded one raises `httpx.TimeoutException`. None waits
            for ever. By default `DEFAULT_TIMEOUT`.
        verify_ssl: whether to verify certificates (the default), or the context or CA file to verify them with.
        follow_redirects: whether to follow redirects; False by default.
        httpx_args: further keyword arguments of `httpx.Client` and `httpx.AsyncClient`, such as `proxy` or `transport`.
        retry: when a call is retried; None for never. By default `Retry()`.
        allow_http: whether to talk plain HTTP to a host that is not this machine; False by default.
        on_drift: called with each `drift.Drift` of an answer: a difference from the API's description that this
            package carries. It is a plain function, for awaited calls too; an exception that it raises is logged and
            does not fail the call. None, the default, checks nothing; anything else needs the extra `drift`.
        max_response_size: bytes that the decoded body of an answer may have, 64 MiB by default; a larger one raises
            `UnexpectedResponse`.
    """

    cookies: Mapping[str, str] | None
    headers: Mapping[str, str] | None
    timeout: httpx.Timeout | float | None
    verify_ssl: str | bool | ssl.SSLContext
    follow_redirects: bool
    httpx_args: Mapping[str, Any] | None
    retry: Retry | None
    allow_http: bool
    on_drift: OnDrift | None
    max_response_size: int


class EnvironmentSettings(Settings, total=False):
    """The settings of `from_env`: those of a client, and values that take the place of environment variables.

    Attributes:
        token: the API access token, or a function that gives one.
        organization: slug of the organization.
        base_url: scheme and host of the API.
    """

    token: str | Token | TokenSource | None
    organization: str | None
    base_url: str | None


DEFAULTS: Settings = {
    "cookies": None,
    "headers": None,
    "timeout": DEFAULT_TIMEOUT,
    "verify_ssl": True,
    "follow_redirects": False,
    "httpx_args": None,
    "retry": Retry(),
    "allow_http": False,
    "on_drift": None,
    "max_response_size": MAX_RESPONSE_SIZE,
}
"""The value of each setting that is not given."""
