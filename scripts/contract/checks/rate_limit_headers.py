"""How a caller stands with the rate limits, as the headers of each answer say."""

from collections.abc import Iterable, Iterator, Mapping

from buildkite_emulator.spec import Spec

SPEC = Spec.load()

PREFIXES = ("RateLimit-", "RateLimit-User-")
WINDOW = 60
"""Seconds that a window lasts, by the description of `RateLimit-Limit`."""


def number(headers: Mapping[str, str], name: str) -> int:
    """Read a header that holds a number; -1 where it does not."""
    value = headers.get(name, "")
    return int(value) if value.isdecimal() else -1


def wrong_rate_limit_headers(headers: Mapping[str, str], promised: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Find what the headers of the rate limits say that cannot be.

    Args:
        headers: of the answer, by names in any case.
        promised: names of the headers that the spec lists for the answer.

    Yields:
        the name of a header, and what it should be.
    """
    listed = set(promised)
    for prefix in PREFIXES:
        scope, limit, left, reset, warning = (
            f"{prefix}{end}" for end in ("Scope", "Limit", "Remaining", "Reset", "Warning")
        )
        missing = [name for name in (scope, limit, left, reset) if name in listed and name not in headers]
        yield from ((name, f"the header {name}") for name in missing)
        if warning not in listed and warning in headers:
            yield warning, f"no {warning} where no limit is exhausted"
        if missing or scope not in listed:
            continue
        if headers[scope] != SPEC.header_example(scope):
            yield scope, f"{scope}: {SPEC.header_example(scope)}"
        most = number(headers, limit)
        if most <= 0:
            yield limit, f"{limit} above 0"
        if not 0 <= number(headers, left) <= most:
            yield left, f"{left} from 0 to {most}"
        if not 0 <= number(headers, reset) <= WINDOW:
            yield reset, f"{reset} from 0 to {WINDOW}"
