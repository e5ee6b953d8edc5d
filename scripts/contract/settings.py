"""Reads the environment variables that are the settings of contract runs. One that is set and empty is a mistake."""

import re
from collections.abc import Collection, Mapping
from difflib import get_close_matches

MOST_SUGGESTED = 3
"""Names that are suggested where one is not known."""
LONGEST = 60
"""Characters of a value that a message quotes."""


class BadSetting(Exception):
    """A setting of a run that cannot be right; its text says what would be."""


def text_of(environment: Mapping[str, str], name: str, right: str) -> str | None:
    """Read a variable; None where it is not set.

    Args:
        environment: the environment variables.
        name: of the variable.
        right: what it should be, to follow "should be".

    Raises:
        BadSetting: it is set and empty.
    """
    text = environment.get(name)
    if text is not None and not text.strip():
        raise BadSetting(f"{name} should be {right}, and is empty; leave it out for the default")
    return text


def whole(environment: Mapping[str, str], name: str, least: int = 0) -> int | None:
    """Read a variable that is a whole number; None where it is not set.

    Raises:
        BadSetting: it is something else, or less than `least`.
    """
    right = f"a whole number from {least}"
    text = text_of(environment, name, right)
    if text is None:
        return None
    if not re.fullmatch("[0-9]{1,18}", text) or int(text) < least:
        raise wrong(name, right, text)
    return int(text)


def positive(environment: Mapping[str, str], name: str, right: str) -> float | None:
    """Read a variable that is a decimal number above 0; None where it is not set.

    Raises:
        BadSetting: it is something else.
    """
    text = text_of(environment, name, right)
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", text) or not float(text):
        raise wrong(name, right, text)
    return float(text)


def switch(environment: Mapping[str, str], name: str, *, default: bool = False) -> bool:
    """Read a variable that is 1 or 0.

    Raises:
        BadSetting: it is something else.
    """
    text = text_of(environment, name, "1 or 0")
    if text not in (None, "0", "1"):
        raise wrong(name, "1 or 0", text)
    return default if text is None else text == "1"


def names(environment: Mapping[str, str], name: str, right: str) -> list[str]:
    """Read a variable that is a list of names with commas between them; an empty list where it is not set.

    Raises:
        BadSetting: it is set and has no name in it.
    """
    text = text_of(environment, name, right)
    found = [each.strip() for each in (text or "").split(",") if each.strip()]
    if text is not None and not found:
        raise wrong(name, right, text)
    return found


def wrong(name: str, right: str, text: str | None) -> BadSetting:
    """Make the exception for a value that cannot be right."""
    said = repr(text)
    return BadSetting(f"{name} should be {right}, and is {said if len(said) <= LONGEST else f'{said[:LONGEST]}...'}")


def nearest(wanted: str, known: Collection[str]) -> list[str]:
    """Find the names that are most like one that is not known: those that differ little, then those that have it in."""
    close = get_close_matches(wanted, known, MOST_SUGGESTED, cutoff=0.8)
    within = sorted((each for each in known if wanted.lower() in each.lower()), key=len)
    found = [*close, *within] or get_close_matches(wanted, known, 1, cutoff=0.3)
    return list(dict.fromkeys(found))[:MOST_SUGGESTED]
