"""How long a 429 answer asks to wait."""

from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from ..spec import RATE_LIMITS, RateLimit
from .parsing import member


def seconds_to_wait(headers: httpx.Headers, body: Any) -> float | None:
    """Read how long to wait: the longest of what the exhausted limits and `Retry-After` say.

    Args:
        headers: headers of the answer.
        body: its JSON, which says when the exhausted limit is reset; that counts where no header does.

    Returns:
        seconds, None where the answer does not say.
    """
    exhausted = [limit for limit in RATE_LIMITS if is_exhausted(limit, headers, body)]
    waits = (
        longest(headers.get(limit.reset) for limit in exhausted or RATE_LIMITS),
        longest([member(body, "reset")]),
        longest(headers.get(limit.reset) for limit in RATE_LIMITS),
    )
    said = next((each for each in waits if each is not None), None)
    return longest([said, retry_after(headers)])


def is_exhausted(limit: RateLimit, headers: httpx.Headers, body: Any) -> bool:
    """Tell whether an answer shows a limit as exhausted: nothing remains, there is a warning, or the body names it."""
    scope = member(body, "scope")
    return (
        number(headers.get(limit.remaining)) == 0
        or limit.warning in headers
        or (isinstance(scope, str) and scope == headers.get(limit.scope))
    )


def retry_after(headers: httpx.Headers) -> float | None:
    """Read `Retry-After`, which is seconds or a date (RFC 9110)."""
    value = headers.get("Retry-After", "")
    if (seconds := number(value)) is not None:
        return seconds
    try:
        date = parsedate_to_datetime(value)
        return max(0.0, (date.replace(tzinfo=date.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError, IndexError, OverflowError):  # what the parser meets in what is no date
        return None


def longest(values: Iterable[Any]) -> float | None:
    """Give the largest of the values that are numbers; None where none is."""
    return max((found for value in values if (found := number(value)) is not None), default=None)


def number(value: Any) -> float | None:
    """Read a number of seconds or requests that is not negative; None where it is none."""
    try:
        found = float(value)
    except (TypeError, ValueError):
        return None
    return found if 0 <= found < float("inf") else None
