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


VERSION = "0.3.0"
"""Version of this package, as in `__version__`."""

SERVER = "https://api.buildkite.com"
"""Address of the service."""

ROOT = "/v2"
"""What the path of each operation begins with."""

OIDC_AUDIENCE = "https://packages.buildkite.com/{org_slug}/{registry_slug}"
"""Audience of an OIDC token for the packages of a registry."""

OIDC_LIFETIME = 300
"""Seconds that an OIDC token may live."""

RATE_LIMITS = (
    RateLimit("RateLimit-Scope", "RateLimit-Remaining", "RateLimit-Reset", "RateLimit-Warning"),
    RateLimit("RateLimit-User-Scope", "RateLimit-User-Remaining", "RateLimit-User-Reset", "RateLimit-User-Warning"),
)
