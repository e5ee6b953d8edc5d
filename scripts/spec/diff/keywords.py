"""What the appearance, the change or the disappearance of a schema's keyword does: a table."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from scripts.spec.diff.changes import Effect
from scripts.spec.diff.forms import DOCUMENTATION
from scripts.spec.diff.nodes import Node, resolved, shown

CLIENT_TYPES = frozenset({"binary", "byte", "date", "date-time", "uuid"})
"""Formats whose values the generated client gives a type of their own, not that of a string."""

Judge = Callable[[Any, Any], Effect]
"""Tells the effect of a keyword from what it was and is; None where it is not there."""


def limit(*, is_upper: bool) -> Judge:
    """Make the judge of a number that values are limited to."""

    def judge(old: Any, new: Any) -> Effect:
        if old is None or new is None:
            return Effect.NARROWER if old is None else Effect.WIDER
        return Effect.NARROWER if (new < old) == is_upper else Effect.WIDER

    return judge


def restriction(old: Any, new: Any) -> Effect:
    """Judge what restricts the values in a way that cannot be compared."""
    return Effect.NARROWER if old is None else Effect.WIDER if new is None else Effect.OTHER


def multiple(old: Any, new: Any) -> Effect:
    """Judge `multipleOf`."""
    if old is None or new is None:
        return restriction(old, new)
    return Effect.NARROWER if new % old == 0 else Effect.WIDER if old % new == 0 else Effect.OTHER


def flag(old: Any, new: Any) -> Effect:
    """Judge a restriction that is on or off."""
    return Effect.NARROWER if new and not old else Effect.WIDER


def default(old: Any, new: Any) -> Effect:
    """Judge `default`; its null is a value, and is given here as a text."""
    return Effect.DEFAULT_ADDED if old is None else Effect.DEFAULT_REMOVED if new is None else Effect.OTHER


def forms_of_urls(old: Any, new: Any) -> Effect:
    """Judge `x-url-forms`, the forms that a URL may have."""
    if old is None or new is None:
        return restriction(old, new)
    if set(old) <= set(new):
        return Effect.WIDER
    return Effect.NARROWER if set(new) <= set(old) else Effect.OTHER


def further_names(old: Any, new: Any) -> Effect:
    """Judge `x-older-fields`, names that are accepted besides those of the properties."""
    return Effect.WIDER if old is None else Effect.NARROWER if new is None else Effect.OTHER


def always(effect: Effect) -> Judge:
    """Make the judge of a keyword whose every change has the same effect."""
    return lambda _old, _new: effect


KEYWORDS: Mapping[str, Judge] = {
    **dict.fromkeys(("maximum", "exclusiveMaximum"), limit(is_upper=True)),
    **dict.fromkeys(("maxLength", "maxItems", "maxProperties", "maxContains"), limit(is_upper=True)),
    **dict.fromkeys(("minimum", "exclusiveMinimum"), limit(is_upper=False)),
    **dict.fromkeys(("minLength", "minItems", "minProperties", "minContains"), limit(is_upper=False)),
    "multipleOf": multiple,
    "uniqueItems": flag,
    "x-unique": flag,
    "x-existing": always(Effect.DOCUMENTATION),  # says what the values name, and restricts nothing
    "x-required-one-of": restriction,
    "x-presigned-by": restriction,
    "x-older-fields": further_names,
    "default": default,
    "x-url-forms": forms_of_urls,
    "x-graphql-type": restriction,
    "x-client-setting": always(Effect.CLIENT_NAME),
    "deprecated": always(Effect.ADDITION),
    **dict.fromkeys(DOCUMENTATION, always(Effect.DOCUMENTATION)),
}
"""What a change of a keyword does.

A keyword that is not listed is a `restriction`, and an extension that is not could mean anything."""

ABSENT: Mapping[str, Any] = {
    "minLength": 0,
    "minItems": 0,
    "minProperties": 0,
    "uniqueItems": False,
    "deprecated": False,
    "additionalProperties": True,
    "unevaluatedProperties": True,
}
"""What says the same as the keyword's absence."""

NESTED = frozenset({"items", "additionalProperties", "unevaluatedProperties", "contains", "propertyNames"})
"""Keywords whose value is a schema that restricts more the narrower it is."""


def value(keyword: str, node: Node | None) -> Any:
    """Give what a keyword says; None where it is not there, or says the same as if it were not.

    The value of a default is given as JSON, for null is one.
    """
    if node is None or (keyword in ABSENT and node.value == ABSENT[keyword]):
        return None
    return json.dumps(node.value, sort_keys=True) if keyword == "default" else resolved(node)


def judge_of(keyword: str) -> Judge:
    """Find the judge of a keyword."""
    return KEYWORDS.get(keyword, always(Effect.OTHER) if keyword.startswith("x-") else restriction)


def ecosystem_breaks(key: str, old: Any, new: Any) -> tuple[bool, bool]:
    """Tell whom it breaks that something else is said of an ecosystem: what may be copied, and what published."""
    if key == "copy":
        return (not new, bool(new))
    if key == "native_tool":  # names the command where a file cannot be published
        return (old is None, new is None)
    return (False, False) if key == "title" else (True, True)


def said(keyword: str, old: Any, new: Any, show: Callable[[Any], str] = shown) -> str:
    """Say how a keyword differs.

    Args:
        keyword: its name.
        old: what it was; None where it was not there.
        new: what it is; None where it is gone.
        show: writes a value.
    """
    if old is None:
        return f"{keyword} is {show(new)} now, and was not there"
    if new is None:
        return f"{keyword} is gone, was {show(old)}"
    return f"{keyword} is {show(new)} now, was {show(old)}"
