"""What a policy makes of the claims of a token: each matcher, globs, and the first statement that matches."""

from typing import Any

import pytest

from buildkite_emulator.oidc.policies import decide, matches

ISSUER = "https://agent.buildkite.com"
SCOPES = frozenset({"read_packages", "write_packages", "delete_packages"})
ABSENT = object()


def claim(wanted: Any, value: Any) -> bool:
    """Tell whether a claim of a value fits."""
    claims = {"iss": ISSUER} if value is ABSENT else {"iss": ISSUER, "c": value}
    return decide([{"iss": ISSUER, "claims": {"c": wanted}}], claims, SCOPES).statement == 1


@pytest.mark.parametrize(
    ("wanted", "fitting", "failing"),
    [
        ("a", ["a"], ["A", "", "a ", "ab", 1, None, True, ["a"], {"a": "a"}, ABSENT]),
        ("", [""], [None, 0, False, [], ABSENT]),
        (1, [1, 1.0], ["1", True, 2, ABSENT]),
        (0, [0, 0.0], [False, None, "", ABSENT]),
        (True, [True], ["true", 1, False, ABSENT]),
        (None, [None], ["null", "", 0, False, [], ABSENT]),
        ({"equals": "a"}, ["a"], ["b", ABSENT]),
        ({"equals": None}, [None], ["", ABSENT]),
        ({"not_equals": "a"}, ["b", 1, None, "A", ""], ["a", ["a"], ["b"], {}, ABSENT]),
        ({"not_equals": None}, ["a", 0, False], [None, [], ABSENT]),
        ({"not_equals": 1}, [True, "1", 2], [1, 1.0, ABSENT]),
        ({"in": ["a", 7]}, ["a", 7], ["7", "b", None, True, ["a"], ABSENT]),
        ({"in": [None]}, [None], ["", ABSENT]),
        ({"in": []}, [], ["a", None, ABSENT]),
        ({"not_in": ["a", 7]}, ["b", "7", None], ["a", 7, ["b"], ABSENT]),
        ({"not_in": []}, ["a", None], [[], ABSENT]),
        ({"matches": "a-*"}, ["a-", "a-b"], ["a", "b-a-c", 7, None, True, ["a-b"], ABSENT]),
        ({"matches": ["a-*", "b-?"]}, ["a-", "b-c"], ["b-", "b-cd", ABSENT]),
        ({"matches": []}, [], ["", "a", ABSENT]),
        ({"matches": "*", "not_equals": "a"}, ["", "b"], ["a", 7, ABSENT]),
        ({"matches": "v*", "in": ["v1", "v2"], "not_in": ["v2"]}, ["v1"], ["v2", "v3", ABSENT]),
    ],
)
def test_a_claim(wanted: Any, fitting: list[Any], failing: list[Any]) -> None:
    """A matcher fits the values that it names, with their types, and never what is absent, a list or an object."""
    assert [value for value in fitting if not claim(wanted, value)] == []
    assert [value for value in failing if claim(wanted, value)] == []


@pytest.mark.parametrize(
    ("glob", "fitting", "failing"),
    [
        ("", [""], ["a", "\n"]),
        ("*", ["", "a", "a/b", "a\nb", "\u00e9"], []),
        ("?", ["a", "/", "\n", "\u00e9", "\U0001f600"], ["", "ab"]),
        ("a?c*", ["abc", "a*cd"], ["ac", "xabc"]),
        ("*.rb", [".rb", "a.rb"], ["a_rb", "a.rb\n", "a.rbx"]),
        ("refs/heads/*", ["refs/heads/", "refs/heads/a/b"], ["refs/heads", "refs/tags/a"]),
        ("[ab]", ["[ab]"], ["a", "b"]),
        ("[!a]*", ["[!a]x"], ["b"]),
        (r"a\*", ["a\\b"], ["a*"]),
        ("a|b", ["a|b"], ["a", "b"]),
        ("(a)+", ["(a)+"], ["aa"]),
        ("^a$", ["^a$"], ["a"]),
        (r"\d{2}.", [r"\d{2}."], ["12x"]),
        ("(?i)a", ["(?i)a", "(xi)a"], ["A"]),
        ("**", ["", "a"], []),
        ("A", ["A"], ["a"]),
    ],
)
def test_a_glob(glob: str, fitting: list[str], failing: list[str]) -> None:
    """`*` and `?` alone mean something; every other character means itself."""
    assert [text for text in fitting if not matches(text, glob)] == []
    assert [text for text in failing if matches(text, glob)] == []


@pytest.mark.parametrize("glob", ["*a" * 30 + "b", "a*" * 50 + "b", "*?" * 40 + "b", "*" * 200 + "b", "?*a" * 30 + "b"])
def test_no_glob_takes_for_ever(glob: str) -> None:
    """Many stars do not multiply the time that a long text takes."""
    assert not matches("a" * 5_000, glob)


def test_the_first_statement_that_matches_decides() -> None:
    """The scopes are those of the first statement that matches, even where a later one grants more."""
    policy: list[dict[str, Any]] = [
        {"iss": "https://token.actions.githubusercontent.com", "claims": {}},
        {"iss": ISSUER, "scopes": ["delete_packages"], "claims": {"c": "z"}},
        {"iss": ISSUER, "scopes": ["read_packages"], "claims": {"c": "a"}},
        {"iss": ISSUER, "scopes": ["write_packages"]},
    ]
    decision = decide(policy, {"iss": ISSUER, "c": "a"}, SCOPES)
    assert decision[:2] == (3, frozenset({"read_packages"}))
    assert decision.reasons == (
        f'statement 1: iss: "{ISSUER}" is not "https://token.actions.githubusercontent.com"',
        'statement 2: claim c: "a" is not "z"',
    )
    assert decide(policy, {"iss": ISSUER}, SCOPES).statement == 4


def test_a_statement_without_scopes_grants_all_and_an_empty_list_none() -> None:
    """Scopes that are left out are all that a policy may grant; an empty list grants nothing."""
    assert decide([{"iss": ISSUER}], {"iss": ISSUER}, SCOPES).scopes == SCOPES
    assert decide([{"iss": ISSUER, "scopes": []}], {"iss": ISSUER}, SCOPES) == (1, frozenset(), ())


@pytest.mark.parametrize(
    ("wanted", "claims", "reason"),
    [
        ("a", {}, "claim c: is missing"),
        ("a", {"c": ["a"]}, 'claim c: ["a"] is no single value'),
        ({"in": ["a", "b"]}, {"c": "x"}, 'claim c: "x" is not in ["a", "b"]'),
        ({"not_in": ["a", 1]}, {"c": 1}, 'claim c: 1 is in ["a", 1]'),
        ({"not_equals": None}, {"c": None}, "claim c: null is null"),
        ({"matches": "v*"}, {"c": "x"}, 'claim c: "x" does not match "v*"'),
        ({"equals": "a"}, {"c": "x" * 5_000}, 'claim c: "' + "x" * 199 + '... is not "a"'),
    ],
)
def test_a_reason_names_claim_and_value(wanted: Any, claims: dict[str, Any], reason: str) -> None:
    """Where no statement matches, the reason of each tells the claim, its value and what was wanted."""
    decision = decide([{"iss": ISSUER, "claims": {"c": wanted}}], {"iss": ISSUER, **claims}, SCOPES)
    assert decision == (None, frozenset(), (f"statement 1: {reason}",))


def test_an_empty_policy_admits_nobody() -> None:
    """A policy without statements matches no token."""
    assert decide([], {"iss": ISSUER}, SCOPES) == (None, frozenset(), ("the policy has no statement",))
