"""Decides by a registry's OIDC policy what the claims of a token may do."""

import fnmatch
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from buildkite_emulator.oidc.tokens import quoted

Statement = Mapping[str, Any]


class Decision(NamedTuple):
    """The decision of a policy about a token.

    Attributes:
        statement: number of the statement that admits it, from 1; None where none does.
        scopes: what it may do.
        reasons: why each statement before that does not, a sentence part each.
    """

    statement: int | None
    scopes: frozenset[str]
    reasons: tuple[str, ...]


def decide(statements: Sequence[Statement], claims: Mapping[str, Any], every_scope: Collection[str]) -> Decision:
    """Find the first statement that matches a token.

    Args:
        statements: of the policy, in order.
        claims: of the token, verified.
        every_scope: what a statement grants that lists no scopes.
    """
    reasons: list[str] = []
    for number, statement in enumerate(statements, 1):
        reason = next(objections(statement, claims), None)
        if reason is None:
            return Decision(number, frozenset(statement.get("scopes", every_scope)), tuple(reasons))
        reasons.append(f"statement {number}: {reason}")
    return Decision(None, frozenset(), tuple(reasons) or ("the policy has no statement",))


def objections(statement: Statement, claims: Mapping[str, Any]) -> Iterator[str]:
    """Say why a statement does not match."""
    if statement["iss"] != claims["iss"]:
        yield f"iss: {quoted(claims['iss'])} is not {quoted(statement['iss'])}"
    for name, wanted in statement.get("claims", {}).items():
        matchers = wanted if isinstance(wanted, dict) else {"equals": wanted}
        if name not in claims:
            yield f"claim {name}: is missing"
        elif isinstance(claims[name], dict | list):
            yield f"claim {name}: {quoted(claims[name])} is no single value"
        else:
            for matcher, operand in matchers.items():
                if not MATCHERS[matcher](claims[name], operand):
                    yield f"claim {name}: {quoted(claims[name])} {WORDS[matcher]} {quoted(operand)}"


def equals(value: Any, operand: Any) -> bool:
    """Tell whether two scalars are the same, of the same type."""
    return isinstance(value, bool) == isinstance(operand, bool) and bool(value == operand)


def is_in(value: Any, operand: Sequence[Any]) -> bool:
    """Tell whether a scalar is one of several."""
    return any(equals(value, each) for each in operand)


def matches(value: Any, operand: str | Sequence[str]) -> bool:
    """Tell whether a string matches a glob, or one of several."""
    globs = [operand] if isinstance(operand, str) else operand
    return isinstance(value, str) and any(pattern(glob).fullmatch(value) for glob in globs)


@lru_cache(1024)
def pattern(glob: str) -> re.Pattern[str]:
    """Compile a glob, in which `*` and `?` alone mean something.

    The pattern of `fnmatch` does not backtrack into a part between two stars, so matching takes bounded time.
    """
    return re.compile(fnmatch.translate(glob.replace("[", "[[]")))


MATCHERS = {
    "equals": equals,
    "not_equals": lambda value, operand: not equals(value, operand),
    "in": is_in,
    "not_in": lambda value, operand: not is_in(value, operand),
    "matches": matches,
}
WORDS = {
    "equals": "is not",
    "not_equals": "is",
    "in": "is not in",
    "not_in": "is in",
    "matches": "does not match",
}
"""What a claim does where a matcher fails."""
