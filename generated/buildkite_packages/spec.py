"""What the spec says of the API as a whole."""

from typing import NamedTuple


class RateLimit(NamedTuple):
    """The headers that speak of one rate limit.

    Attributes:
        scope: names the limit.
        remaining: how many requests are left.
        reset: in how many seconds the window starts anew.
        warning: is there where the limit is exhausted.
    """

    scope: str
    remaining: str
    reset: str
    warning: str


VERSION = "0.2.0"
"""Version of this package, as in `__version__`."""

SERVER = "https://api.buildkite.com"
"""Address of the service."""

ROOT = "/v2"
"""What the path of each operation begins with."""

RATE_LIMITS = (
    RateLimit("RateLimit-Scope", "RateLimit-Remaining", "RateLimit-Reset", "RateLimit-Warning"),
    RateLimit("RateLimit-User-Scope", "RateLimit-User-Remaining", "RateLimit-User-Reset", "RateLimit-User-Warning"),
)
