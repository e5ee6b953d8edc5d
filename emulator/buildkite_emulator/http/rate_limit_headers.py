"""The rate-limit headers of an answer: how far each limit is used."""

from typing import NamedTuple

from buildkite_emulator.errors import RateLimited


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


class RateLimitUsage(NamedTuple):
    """The usage of a caller's limits, the organization's first."""

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

    def exhausted(self, number: int, reset: int | None) -> "RateLimitUsage":
        """Return the usage of a caller who has just exceeded a limit.

        Args:
            number: the limit that is exhausted, 0 for the organization's and 1 for the user's.
            reset: seconds that its window has left, and the organization's, whose `RateLimit-Reset` Buildkite's own
                tools wait for, whichever is exhausted; None for as many as each has.
        """
        usages = list(self.usages)
        if reset is not None:
            for each in {0, number}:
                usages[each] = usages[each]._replace(reset=reset)
        limit, current, _ = usages[number]
        usages[number] = usages[number]._replace(current=max(current, limit.most + 1))
        return RateLimitUsage(tuple(usages))
