"""Addresses that cannot be used, wherever they come from: each ends in an error of the client's own."""

from collections.abc import Callable

import httpx
import pytest

from buildkite_packages import (
    ConfigurationError,
    PackageRegistries,
    PackageRegistriesError,
    UnexpectedStatus,
)
from buildkite_packages.http.addresses import parse_address
from tests.support.client import Kind

TOKEN = "s3cret-value"  # noqa: S105 - of a mock
URL = "https://api.example.com"

HOSTS = [
    "xn--a",
    "xn--",
    "XN--A.example.com",
    "api..example.com",
    "a" * 64 + ".example.com",
    "ex℀mple.com",
    "é..com",
    "≠",
    "[::1",
    "[zz]",
    "example.com:port",
    "example.com:-1",
    "example.com:65536",
    "ex ample.com",
]
"""Hosts that no request can be sent to, as they stand in an address."""


def listed(kind: Kind, answer: Callable[[httpx.Request], httpx.Response], *, follow: bool = False) -> object:
    """List registries with a client whose requests a function answers."""
    settings = {"transport": httpx.MockTransport(answer), "follow_redirects": follow}
    return kind.run(kind.client(URL, TOKEN, retry=None, httpx_args=settings).registries.list())


@pytest.mark.parametrize("host", HOSTS)
def test_a_host_that_cannot_be_is_no_setting(host: str) -> None:
    """A client is not made for a host that cannot be looked up, and the message names the setting."""
    with pytest.raises(ConfigurationError, match=r"base_url is .*, which is no address that a request can be sent to"):
        PackageRegistries(TOKEN, "my-org", base_url=f"https://{host}/")


@pytest.mark.parametrize("host", ["é.com", "a_b.example.com", "example.com.", "127.0.0.1", "[::1]:8787", "例え.jp"])
def test_unusual_hosts_are_taken(host: str) -> None:
    """International names, underscores, a dot at the end and addresses of both versions are hosts."""
    assert parse_address(f"https://{host}/").host


@pytest.mark.parametrize("follow", [False, True])
@pytest.mark.parametrize(
    "location",
    [
        *(f"https://{host}/".encode() for host in HOSTS),
        b"//xn--a/",
        b"https://\xff..com/",
        b"\x01",
        b"mailto:somebody",
        b"ftp://example.com/",
        b"//[",
        b"/" + b"x" * 70_000,
    ],
)
def test_a_redirect_that_leads_nowhere(kind: Kind, location: bytes, *, follow: bool) -> None:
    """Where no request can be sent to a `Location`, the answer is an unexpected status, followed or not."""
    with pytest.raises(UnexpectedStatus, match="list_registries ended in 302 Found"):
        listed(kind, lambda _: httpx.Response(302, headers=[(b"Location", location)]), follow=follow)


@pytest.mark.parametrize("location", ["/ü".encode(), b"/\xff", "https://é.example.com/".encode(), b"https://\xff.de/"])
def test_a_location_beyond_ascii_is_told(kind: Kind, location: bytes) -> None:
    """A `Location` that is not ASCII can be read from the error's headers, and is followed where that is asked for."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.startswith("/v2/"):
            return httpx.Response(302, headers=[(b"Location", location)])
        return httpx.Response(200, json=[])

    with pytest.raises(UnexpectedStatus, match="The address of the API seems to be another now") as raised:
        listed(kind, answer)
    assert raised.value.headers["Location"] in {location.decode("utf-8", "replace"), location.decode("latin-1")}
    assert listed(kind, answer, follow=True) == []


def test_a_proxy_whose_host_cannot_be_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy of the environment whose host cannot be looked up ends in an error of the client's own."""
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy..example:1")
    client = PackageRegistries(TOKEN, "my-org", base_url=URL, retry=None)
    with client, pytest.raises(PackageRegistriesError, match="a proxy or a redirect has no usable address"):
        client.registries.list()


@pytest.mark.parametrize("slug", [".", "..", ""])
def test_a_segment_that_paths_lose_is_refused(slug: str) -> None:
    """A slug that proxies would normalise away, also when encoded, is refused before anything is sent."""
    sent: list[httpx.Request] = []
    arguments = {"transport": httpx.MockTransport(lambda request: sent.append(request) or httpx.Response(200))}  # type: ignore[func-returns-value]
    with PackageRegistries(TOKEN, "my-org", base_url=URL, httpx_args=arguments) as client:
        for call in (
            client.registries.get,
            client.registries.delete,
            client.packages.list,
            client.registry_tokens.list,
        ):
            with pytest.raises(ValueError, match=r"registry_slug is '.*', which no path can hold"):
                call(slug)
    assert sent == []
