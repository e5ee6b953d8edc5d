"""Where time, IDs and secrets come from; a test puts its own in their place."""

import base64
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from uuid_utils import uuid7

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime.max.replace(tzinfo=UTC)
"""The first and the last time that `timestamp` can write."""


def now() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True)
class Identity:
    """Makers of time, IDs and secrets.

    Attributes:
        now: gives milliseconds since 1970.
        new_id: gives a UUID of version 7 for a time in milliseconds.
        new_secret: gives the secret of a registry token, but for its prefix, or the signature of a form.
    """

    now: Callable[[], int] = now
    new_id: Callable[[int], str] = lambda milliseconds: str(uuid7(nanoseconds=milliseconds * 1_000_000))
    new_secret: Callable[[], str] = lambda: secrets.token_hex(32)


def graphql_id(kind: str, uuid: str) -> str:
    """Make the ID that the GraphQL API has for something: base64 of ``KIND---UUID``."""
    return base64.b64encode(f"{kind}---{uuid}".encode()).decode()


@lru_cache(4096)  # the same packages are listed again and again
def timestamp(milliseconds: int) -> str:
    """Write a time as the API does, ``2024-09-03T06:46:39.441Z``."""
    moment = EPOCH + timedelta(milliseconds=milliseconds)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def milliseconds(text: str) -> int:
    """Read a time as `timestamp` writes it, or in another form of RFC 3339.

    Raises:
        ValueError: it is no time, one without an offset from UTC, or one before 1970 or after 9999 in UTC.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("the offset from UTC is missing")
    if moment < EPOCH:
        raise ValueError("it is before 1970")  # UUIDs of version 7 cannot represent it
    if moment > LATEST:
        raise ValueError("it is after 9999 in UTC")
    return (moment - EPOCH) // timedelta(milliseconds=1)
