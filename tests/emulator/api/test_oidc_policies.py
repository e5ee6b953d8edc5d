"""OIDC policies: what is accepted, where an error points, and what comes back."""

from collections.abc import Callable
from typing import Any

import pytest
import yaml

from scripts.servers.api import Api

ISSUER = "https://agent.buildkite.com"
LONGEST = 65_536

Written = Callable[[Any], Any]


def as_json(statements: Any) -> Any:
    """Send a policy as JSON."""
    return statements


def as_yaml(statements: Any) -> Any:
    """Send a policy as YAML."""
    return yaml.safe_dump(statements)


written = pytest.mark.parametrize("written", [as_json, as_yaml])


@pytest.fixture
def registry(api: Api) -> str:
    """Give a registry without a policy."""
    return api.registry()


def accepted(api: Api, policy: Any) -> Any:
    """Set a policy; returns what comes back."""
    answered = api.ok("update_registry", "my-registry", json={"oidc_policy": policy})["oidc_policy"]
    assert api.ok("get_registry", "my-registry")["oidc_policy"] == answered
    return answered


def refused(api: Api, policy: Any) -> tuple[str, str]:
    """Send a policy that is not accepted; returns the field at fault and the message."""
    before = api.ok("get_registry", "my-registry")
    response = api.call("update_registry", "my-registry", json={"name": "other", "oidc_policy": policy})
    assert response.status_code == 422, response.text
    assert api.ok("get_registry", "my-registry") == before
    ((field, _),) = [error.values() for error in response.json()["errors"]]
    message = response.json()["message"]
    assert field in message
    return field, message


def claiming(value: Any) -> list[dict[str, Any]]:
    """Make a policy with one claim."""
    return [{"iss": ISSUER, "claims": {"pipeline_slug": value}}]


@written
@pytest.mark.parametrize(
    "policy",
    [
        [],
        [{"iss": ISSUER}],
        [{"iss": ISSUER, "scopes": []}],
        [{"iss": ISSUER, "scopes": ["read_packages", "write_packages", "delete_packages"]}],
        [{"iss": ISSUER, "claims": {}}],
        [{"iss": ISSUER}, {"iss": "https://token.actions.githubusercontent.com"}],
        claiming("my-pipeline"),
        claiming(1),
        claiming(1.5),
        claiming(value=True),
        claiming({"equals": "x", "not_equals": "y", "in": ["x", 1], "not_in": [False], "matches": "x*"}),
        claiming({"matches": ["x*", "?y"]}),
        claiming({"in": []}),
        claiming({"equals": 10**30}),
    ],
)
@pytest.mark.usefixtures("registry")
def test_sound_policies_are_accepted(api: Api, written: Written, policy: Any) -> None:
    """Every matcher and scope is accepted in JSON and in YAML, and comes back as YAML that says the same."""
    assert yaml.safe_load(accepted(api, written(policy))) == policy


@pytest.mark.usefixtures("registry")
def test_json_comes_back_as_yaml_that_says_the_same(api: Api) -> None:
    """Strings that YAML would take for something else stay strings, and the YAML is accepted when sent back."""
    tricky = ["2024-01-01", "yes", "null", "~", "1", "1.0", "1e3", "0o7", "1:30", "=", "<<", "*a", "&a", "!a", "- a"]
    tricky += ["", " x ", "a: b", "a #b", "a\nb\n", "'", '"', "\\", "a\u0085b", "\u2028", "\x7f", "😀", "a é " * 50]
    policy = [{"iss": ISSUER, "claims": {text: {"in": tricky, "equals": text} for text in tricky}}]
    text = accepted(api, policy)
    assert yaml.safe_load(text) == policy
    assert accepted(api, text) == text


@pytest.mark.usefixtures("registry")
def test_dates_are_strings(api: Api) -> None:
    """What looks like a date in YAML is the string that it is in JSON, so it can be an issuer, a glob or a claim."""
    claims = "{2024-01-02: {matches: [2024-01-03, 2024-01-03T00:00:00Z], in: [9999-99-99]}}"
    policy = f"- iss: 2024-01-01\n  claims: {claims}\n"
    assert accepted(api, policy) == policy


@written
@pytest.mark.parametrize(
    ("policy", "field"),
    [
        ([{}], "oidc_policy[0].iss"),
        ([{"iss": ISSUER}, {"claims": {}}], "oidc_policy[1].iss"),
        ([{"iss": ""}], "oidc_policy[0].iss"),
        ([{"iss": None}], "oidc_policy[0].iss"),
        ([{"iss": [ISSUER]}], "oidc_policy[0].iss"),
        ([{"iss": ISSUER, "claim": {}}], "oidc_policy[0].claim"),
        ([{"iss": ISSUER, "scopes": "read_packages"}], "oidc_policy[0].scopes"),
        ([{"iss": ISSUER, "scopes": ["read_packages", "admin"]}], "oidc_policy[0].scopes[1]"),
        ([{"iss": ISSUER, "scopes": ["read_registries"]}], "oidc_policy[0].scopes[0]"),
        ([{"iss": ISSUER, "claims": []}], "oidc_policy[0].claims"),
        ([None], "oidc_policy[0]"),
        (["x"], "oidc_policy[0]"),
        (claiming([]), "oidc_policy[0].claims.pipeline_slug"),
        (claiming(["x"]), "oidc_policy[0].claims.pipeline_slug"),
        (claiming({}), "oidc_policy[0].claims.pipeline_slug"),
        (claiming({"equal": "x"}), "oidc_policy[0].claims.pipeline_slug.equal"),
        (claiming({"equals": ["x"]}), "oidc_policy[0].claims.pipeline_slug.equals"),
        (claiming({"not_equals": []}), "oidc_policy[0].claims.pipeline_slug.not_equals"),
        (claiming({"in": "x"}), "oidc_policy[0].claims.pipeline_slug.in"),
        (claiming({"in": ["x", {}]}), "oidc_policy[0].claims.pipeline_slug.in[1]"),
        (claiming({"not_in": {}}), "oidc_policy[0].claims.pipeline_slug.not_in"),
        (claiming({"matches": 1}), "oidc_policy[0].claims.pipeline_slug.matches"),
        (claiming({"matches": ["x", 1]}), "oidc_policy[0].claims.pipeline_slug.matches[1]"),
    ],
)
@pytest.mark.usefixtures("registry")
def test_an_error_points_into_the_policy(api: Api, written: Written, policy: Any, field: str) -> None:
    """A policy that is not what the spec wants is refused at the very place, the same for JSON and for YAML."""
    assert refused(api, written(policy))[0] == field


@pytest.mark.parametrize("policy", [1, True, {}, {"iss": ISSUER}, "", "x", "iss: x", "1", "null", "# nothing"])
@pytest.mark.usefixtures("registry")
def test_what_is_no_list_is_refused(api: Api, policy: Any) -> None:
    """A policy is a list of statements in either form."""
    assert refused(api, policy)[0] == "oidc_policy"


@pytest.mark.parametrize(
    ("third_line", "named"),
    [
        ("  claims: &anchor {}", "anchor &anchor"),
        ("  claims: {a: &b x}", "anchor &b"),
        ("  claims: {&c a: x}", "anchor &c"),
        ("  claims: *anchor", "alias *anchor"),
        ("  claims: {<<: *d}", "merge key <<"),
        ("  claims: {a: !!str x}", "tag tag:yaml.org,2002:str"),
        ("  claims: {a: ! x}", "tag !"),
        ("  claims: {a: !own x}", "tag !own"),
        ("  claims: !!map {}", "tag tag:yaml.org,2002:map"),
        ("  scopes: !!python/tuple []", "tag tag:yaml.org,2002:python/tuple"),
        ("  claims: {a: !!python/object/apply:os.getcwd []}", "tag tag:yaml.org,2002:python/object/apply:os.getcwd"),
    ],
)
@pytest.mark.usefixtures("registry")
def test_anchors_aliases_and_tags_are_refused(api: Api, third_line: str, named: str) -> None:
    """YAML that is more than plain values is refused, naming what it is and in which line, used or not."""
    field, message = refused(api, f"# policy\n- iss: {ISSUER}\n{third_line}\n- iss: x\n")
    assert field == "oidc_policy"
    assert f"has the {named} in line 3" in message


@pytest.mark.parametrize(
    ("policy", "named"),
    [
        (f"- iss: {ISSUER}\n  iss: other\n", "iss stands twice in line 2"),
        (f"- iss: {ISSUER}\n  claims: {{a: 1, a: 2}}\n", "a stands twice in line 2"),
        (f"- iss: {ISSUER}\n  claims: {{<<: {{a: b}}}}\n", "merge key << in line 2"),
        (f"%TAG ! tag:example.com,2000:\n---\n- iss: {ISSUER}\n", "a directive in line"),
    ],
)
@pytest.mark.usefixtures("registry")
def test_yaml_that_json_has_not_is_refused(api: Api, policy: str, named: str) -> None:
    """A name that stands twice, a merge and a directive say something that JSON could not, and are refused."""
    field, message = refused(api, policy)
    assert field == "oidc_policy"
    assert named in message


@pytest.mark.usefixtures("registry")
def test_a_wrong_type_is_answered_with_the_right_ones(api: Api) -> None:
    """Where several types would do, the error names them."""
    field, message = refused(api, [{"iss": ISSUER, "claims": {"a": ["x"]}}])
    assert field == "oidc_policy[0].claims.a"
    assert all(name in message for name in ("boolean", "number", "string", "object"))


@pytest.mark.usefixtures("registry")
def test_an_answer_names_a_bounded_number_of_faults(api: Api) -> None:
    """Thousands of faults are not all listed."""
    response = api.call("update_registry", "my-registry", json={"oidc_policy": [1] * 5000})
    assert response.status_code == 422
    assert len(response.content) < 10_000


@pytest.mark.usefixtures("registry")
def test_the_same_signs_within_text_are_plain(api: Api) -> None:
    """An asterisk, ampersand or exclamation mark in a comment or a quoted string is no alias, anchor or tag."""
    policy = f"- iss: {ISSUER}  # &a *b !c\n  claims: {{a: '*b', b: \"!c\", c: d&e, d: {{matches: 'x*'}}}}\n"
    assert accepted(api, policy) == policy


@pytest.mark.parametrize(
    "policy",
    [
        "- iss: [",
        '- iss: "x',
        "- iss: x\n\tclaims: {}",
        "- iss: x\n claims: {}",
        "- iss: @x",
        "%YAML 3.0\n---\n- iss: x",
        "- iss: x\n---\n- iss: y",
        "- iss: x\n  claims: {[a]: x}",
        "- iss: \x01",
    ],
)
@pytest.mark.usefixtures("registry")
def test_what_is_no_yaml_is_refused(api: Api, policy: str) -> None:
    """Broken YAML and more than one document are refused as such."""
    assert "is not YAML" in refused(api, policy)[1]


@pytest.mark.parametrize("key", ["1", "1.5", "true", "null", "~"])
@pytest.mark.usefixtures("registry")
def test_names_that_are_no_strings_are_refused(api: Api, key: str) -> None:
    """A name in YAML that is a number or the like, which JSON cannot have, is refused."""
    refused(api, f"- iss: x\n  claims: {{{key}: x}}\n")
    refused(api, f"- iss: x\n  {key}: x\n")


@pytest.mark.parametrize("escape", [r"\0", r"\uD800", r"\uDFFF"])
@pytest.mark.parametrize(
    "policy",
    [
        '- iss: "{}"',
        '- {{iss: x, "{}": x}}',
        '- {{iss: x, scopes: ["{}"]}}',
        '- {{iss: x, claims: {{"{}": x}}}}',
        '- {{iss: x, claims: {{a: "{}"}}}}',
        '- {{iss: x, claims: {{a: {{matches: ["{}"]}}}}}}',
        '- {{iss: x, claims: {{a: {{"{}": x}}}}}}',
    ],
)
@pytest.mark.usefixtures("registry")
def test_what_is_no_text_is_refused(api: Api, policy: str, escape: str) -> None:
    """NUL and half a surrogate pair are refused where YAML escapes them, as they are in JSON."""
    refused(api, policy.format(escape))


@pytest.mark.parametrize("number", [".nan", ".inf", "-.inf"])
@pytest.mark.usefixtures("registry")
def test_numbers_that_json_does_not_know_are_refused(api: Api, number: str) -> None:
    """A policy in YAML has no numbers that the same policy in JSON could not have."""
    assert refused(api, f"- iss: x\n  claims: {{a: {number}}}\n")[0] == "oidc_policy[0].claims.a"


@pytest.mark.usefixtures("registry")
def test_a_policy_may_be_as_long_as_the_limit(api: Api) -> None:
    """Of the longest policy all is kept, and one more character is refused with the limit."""
    longest = f"- iss: {ISSUER} #".ljust(LONGEST, "x")
    assert accepted(api, longest) == longest
    assert str(LONGEST) in refused(api, f"{longest}x")[1]


@pytest.mark.usefixtures("registry")
def test_the_limit_holds_for_json_too(api: Api) -> None:
    """A policy that would be too long as YAML is refused as JSON, so that what comes back can be sent back."""
    refused(api, [{"iss": "x" * LONGEST}])


@pytest.mark.parametrize("opening", ["- ", "? ", "[", "{a: ", "[{a: "])
@pytest.mark.usefixtures("registry")
def test_deeply_nested_yaml_is_refused(api: Api, opening: str) -> None:
    """Nesting is cut off as such before the rest is read, for reading on costs the square of the depth."""
    assert "nested too deeply" in refused(api, opening * 2500)[1]


@written
@pytest.mark.parametrize("depth", [20, 200, 300])
@pytest.mark.usefixtures("registry")
def test_deep_values_are_refused(api: Api, written: Written, depth: int) -> None:
    """A list in a list, however deep, is no value of a claim."""
    value: Any = "x"
    for _ in range(depth):
        value = [value]
    assert refused(api, written(claiming(value)))[0].startswith("oidc_policy")
