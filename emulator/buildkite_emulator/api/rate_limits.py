"""Counts the requests of each organization and each user, and may refuse more.

The names of the headers and the limits come from the spec, where each limit is an example of its header.
"""

from collections.abc import Sequence

from buildkite_emulator.http.rate_limit_headers import Limit, RateLimitUsage, Usage
from buildkite_emulator.spec import Spec
from buildkite_emulator.state_store import StateStore, Window

ORGANIZATION, USER = "RateLimit-", "RateLimit-User-"
"""How the names of the headers of each limit begin."""

LENGTH = 60_000
"""Milliseconds of a window: the spec's limits are for one minute."""


class RateLimits:
    """The limits.

    Args:
        spec: has the headers and the usual limits.
        state: where the requests are counted.
        enforced: requests that an organization and a user may make in a minute; None refuses none, and shows the
            usual limits.
    """

    def __init__(self, spec: Spec, state: StateStore, enforced: tuple[int, int] | None) -> None:
        usual = [int(spec.header_example(f"{prefix}Limit")) for prefix in (ORGANIZATION, USER)]
        self._state = state
        self._is_enforced = enforced is not None
        self._limits = [
            Limit(prefix, spec.header_example(f"{prefix}Scope"), most, spec.header_example(f"{prefix}Warning"))
            for prefix, most in zip((ORGANIZATION, USER), enforced or usual, strict=True)
        ]

    def count(self, organization: str, user_id: str, now: int) -> RateLimitUsage:
        """Count a request.

        Args:
            organization: slug of the organization in the path, whether or not it exists.
            user_id: the user whose token it has.
            now: milliseconds since 1970.
        """
        keys = (f"organization {organization}", f"user {user_id}")
        return self._usage(self._state.count(keys, now, LENGTH), now)

    def peek(self, organization: str | None, now: int) -> RateLimitUsage:
        """Return the usage for a request that is not counted, because its user or its organization is unknown."""
        unused = Window(0, now)
        if organization is None:
            return self._usage([unused, unused], now)
        windows = self._state.count([f"organization {organization}"], now, LENGTH, by=0)
        return self._usage([*windows, unused], now)

    def check(self, rate_limits: RateLimitUsage) -> None:
        """Refuse a request that is one too many, where the limits are enforced.

        Raises:
            RateLimited: it is.
        """
        if self._is_enforced and (refusal := rate_limits.refusal()):
            raise refusal

    def _usage(self, windows: Sequence[Window], now: int) -> RateLimitUsage:
        usages = [
            Usage(limit, total, -(-(started + LENGTH - now) // 1000))  # whole seconds, rounded up
            for limit, (total, started) in zip(self._limits, windows, strict=True)
        ]
        return RateLimitUsage(tuple(usages))
