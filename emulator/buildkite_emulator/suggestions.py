"""Describes unknown names: how one is shown, and which known name may have been meant."""

from collections.abc import Collection
from difflib import get_close_matches

LONGEST_NAME = 100
"""Characters of a name that are shown; for a longer one nothing is suggested."""


def advice(name: str, known: Collection[str], taker: str) -> str:
    """Say what might have been meant by an unknown name, or else what there is."""
    if nearest := nearest_name(name, known):
        return f"did you mean `{nearest}`?"
    listed = ", ".join(f"`{each}`" for each in known)
    return f"{taker or 'the body'} takes {listed or 'none'}"


def nearest_name(name: str, known: Collection[str]) -> str | None:
    """Find the known name that is most like another one, if any is."""
    if len(name) > LONGEST_NAME:
        return None
    by_lower = {each.lower(): each for each in known}
    return next((by_lower[each] for each in get_close_matches(name.lower(), by_lower, n=1)), None)


def shown(name: str) -> str:
    """Cut a name that is too long to be shown."""
    return name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}…"
