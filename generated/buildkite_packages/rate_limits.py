"""How long a 429 answer asks to wait."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from .spec import RATE_LIMITS, RateLimit


def seconds_to_wait(headers: httpx.Headers, body: Any) -> float | None:
    """Read how long to wait: the longest of what the exhausted limits and `Retry-After` say.

    Args:
        headers: headers of the answer.
        body: its JSON, which says of one limit when it is reset; that counts where no header does.

    Returns:
        seconds, None where the answer does not say.
    """
    resets = {limit: number(headers.get(limit.reset)) for limit in RATE_LIMITS}
    exhausted = [resets[limit] for limit in RATE_LIMITS if is_exhausted(limit, headers, body)]
    waits = exhausted if any(each is not None for each in exhausted) else list(resets.values())
    if all(each is None for each in waits) and isinstance(body, Mapping):
        waits = [number(body.get("reset"))]
    said = [each for each in (*waits, retry_after(headers)) if each is not None]
    return max(said, default=None)


def is_exhausted(limit: RateLimit, headers: httpx.Headers, body: Any) -> bool:
    """Say whether an answer shows a limit as exhausted: nothing remains, there is a warning, or the body names it."""
    scope = body.get("scope") if isinstance(body, Mapping) else None
    return (
        number(headers.get(limit.remaining)) == 0
        or limit.warning in headers
        or (scope is not None and scope == headers.get(limit.scope))
    )


def retry_after(headers: httpx.Headers) -> float | None:
    """Read `Retry-After`, which is seconds or a date (RFC 9110)."""
    value = headers.get("Retry-After")
    if value is None or (seconds := number(value)) is not None:
        return None if value is None else seconds
    try:
        date = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, (date.replace(tzinfo=date.tzinfo or UTC) - datetime.now(UTC)).total_seconds())


def number(value: Any) -> float | None:
    """Read a number of seconds or requests that is not negative; None where it is none."""
    try:
        found = float(value)
    except (TypeError, ValueError):
        return None
    return found if 0 <= found < float("inf") else None
