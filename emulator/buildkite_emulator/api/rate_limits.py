"""Counts the requests of each organization and each user, tells them how they stand, and may refuse more.

What the headers are called and what the limits are comes from the spec, where each is an example of its header.
"""

from collections.abc import Sequence
from typing import NamedTuple

from buildkite_emulator.errors import RateLimited
from buildkite_emulator.spec import Spec
from buildkite_emulator.state_store import Shelf, Window

ORGANIZATION, USER = "RateLimit-", "RateLimit-User-"
"""How the names of the headers of each limit begin."""

LENGTH = 60_000
"""Milliseconds of a window: the spec's limits are for one minute."""


class Limit:
    """One of the limits.

    Args:
        prefix: how the names of its headers begin.
        scope: what the spec calls it.
        most: requests that are allowed in a window.
        warning: what a 429 answer says where it is exhausted.
    """

    def __init__(self, prefix: str, scope: str, most: int, warning: str) -> None:
        self.prefix = prefix
        self.scope = scope
        self.most = most
        self.warning = warning
        self._scope_header, self._limit_header = self._header("Scope", scope), self._header("Limit", str(most))
        self._remaining_name, _ = self._header("Remaining", "")
        self._reset_name, _ = self._header("Reset", "")

    def headers(self, current: int, reset: int) -> tuple[tuple[bytes, bytes], ...]:
        """Write what an answer says of it, as ASGI has headers."""
        remaining = b"%d" % max(0, self.most - current)
        return (
            self._scope_header,
            self._limit_header,
            (self._remaining_name, remaining),
            (self._reset_name, b"%d" % reset),
        )

    def _header(self, end: str, value: str) -> tuple[bytes, bytes]:
        return f"{self.prefix}{end}".lower().encode(), value.encode()


class Usage(NamedTuple):
    """How much of a limit is used: requests made in the window, and the seconds that it has left."""

    limit: Limit
    current: int
    reset: int

    @property
    def is_exhausted(self) -> bool:
        """Whether the last request was one too many."""
        return self.current > self.limit.most


class Standing(NamedTuple):
    """How a caller stands with the limits, the organization's first."""

    usages: tuple[Usage, ...]

    def headers(self) -> list[tuple[bytes, bytes]]:
        """Write what each answer says of it, as ASGI has headers."""
        headers: list[tuple[bytes, bytes]] = []
        for limit, current, reset in self.usages:
            headers += limit.headers(current, reset)
        return headers

    def refusal(self) -> RateLimited | None:
        """Make the error for the exhausted limit, if one is; for the one that lasts longest, if both are."""
        exhausted = [usage for usage in self.usages if usage.is_exhausted]
        if not exhausted:
            return None
        worst = max(exhausted, key=lambda usage: usage.reset)
        warnings = {f"{usage.limit.prefix}Warning": usage.limit.warning for usage in exhausted}
        return RateLimited(worst.limit.scope, worst.limit.most, worst.current, worst.reset, warnings)

    def exhausted(self, reset: int | None) -> "Standing":
        """Say how a caller would stand whose user had just made a request too many.

        Args:
            reset: seconds that the window has left; None for as many as it has.
        """
        *others, user = self.usages
        used_up = max(user.current, user.limit.most + 1)
        return Standing((*others, Usage(user.limit, used_up, user.reset if reset is None else reset)))


class RateLimits:
    """The limits.

    Args:
        spec: has the headers and the usual limits.
        shelf: where the requests are counted.
        enforced: requests that an organization and a user may make in a minute; None refuses none, and tells of the
            usual limits.
    """

    def __init__(self, spec: Spec, shelf: Shelf, enforced: tuple[int, int] | None) -> None:
        usual = [int(spec.header_example(f"{prefix}Limit")) for prefix in (ORGANIZATION, USER)]
        self._shelf = shelf
        self._is_enforced = enforced is not None
        self._limits = [
            Limit(prefix, spec.header_example(f"{prefix}Scope"), most, spec.header_example(f"{prefix}Warning"))
            for prefix, most in zip((ORGANIZATION, USER), enforced or usual, strict=True)
        ]

    def count(self, organization: str, user_id: str, now: int) -> Standing:
        """Count a request.

        Args:
            organization: slug of the organization in the path, whether or not it exists.
            user_id: whose token it bears.
            now: milliseconds since 1970.
        """
        keys = (f"organization {organization}", f"user {user_id}")
        return self._standing(self._shelf.count(keys, now, LENGTH), now)

    def look(self, organization: str | None, now: int) -> Standing:
        """Tell of a request that is not counted, because nobody knows whose it is, or even of which organization."""
        unused = Window(0, now)
        if organization is None:
            return self._standing([unused, unused], now)
        windows = self._shelf.count([f"organization {organization}"], now, LENGTH, by=0)
        return self._standing([*windows, unused], now)

    def check(self, standing: Standing) -> None:
        """Refuse a request that is one too many, where the limits are enforced.

        Raises:
            RateLimited: it is.
        """
        if self._is_enforced and (refusal := standing.refusal()):
            raise refusal

    def _standing(self, windows: Sequence[Window], now: int) -> Standing:
        usages = [
            Usage(limit, total, -(-(started + LENGTH - now) // 1000))  # whole seconds, rather more than less
            for limit, (total, started) in zip(self._limits, windows, strict=True)
        ]
        return Standing(tuple(usages))
