"""Addresses that a configuration or an answer names."""

import re

import httpx

MOST_PORTS = 65535


def parse_address(address: str, base: httpx.URL | None = None) -> httpx.URL:
    """Parse an address to which a request can be sent.

    Args:
        address: the address.
        base: what a relative address is relative to; None where it should be absolute.

    Raises:
        ValueError: no request can be sent there.
    """
    try:
        url = httpx.URL(address) if base is None else base.join(address)
        url.raw_host.decode("ascii").encode("idna")  # as the system's look-up of the host does
        is_host = bool(url.host) and not re.search("[% ]", url.host)
    except (httpx.InvalidURL, ValueError):  # errors of idna are ValueErrors
        url, is_host = httpx.URL(), False
    if not is_host or url.scheme not in {"http", "https"} or not 0 <= (url.port or 0) <= MOST_PORTS:
        raise ValueError("is no address that a request can be sent to")
    return url


def drop_unusable_location(response: httpx.Response) -> None:
    """Take a `Location` away where no request can be sent there, as httpx raises errors of all kinds for it."""
    if response.has_redirect_location:
        try:
            parse_address(response.headers["Location"], response.request.url)
        except ValueError:
            del response.headers["Location"]


async def adrop_unusable_location(response: httpx.Response) -> None:
    """Do as `drop_unusable_location` does."""
    drop_unusable_location(response)


def same_origin(one: httpx.URL, other: httpx.URL) -> bool:
    """Tell whether two addresses have scheme, host and port in common."""
    return origin(one) == origin(other)


def origin(url: httpx.URL) -> tuple[str, str, int | None]:
    """Give scheme, host and port of an address, the usual port where it names none."""
    return url.scheme, url.host, url.port or {"http": 80, "https": 443}.get(url.scheme)
