"""OIDC policies: read from YAML or JSON, checked against the spec, kept as YAML."""

from typing import Any

import yaml

from buildkite_emulator.errors import ValidationFailed
from buildkite_emulator.validation import Validators, check_text

FIELD = "oidc_policy"
STATEMENTS = "OidcPolicyStatements"
LONGEST = 65_536
"""Characters that a policy may have as YAML."""


class PlainLoader(yaml.SafeLoader):
    """Reads YAML as JSON has it: a date stays a string."""


PlainLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def to_yaml(policy: Any, validators: Validators) -> str | None:
    """Check a policy and write it as YAML.

    Args:
        policy: None, a string of YAML (kept as it is), or a list of statements.
        validators: of the spec.

    Raises:
        ValidationFailed: the policy is not plain YAML or not what the spec wants; the error points into it.
    """
    if policy is None:
        return None
    statements = load(policy) if isinstance(policy, str) else policy
    validators.check(STATEMENTS, statements, FIELD)
    check_text(statements, FIELD)
    return policy if isinstance(policy, str) else yaml.safe_dump(policy, sort_keys=False, allow_unicode=True)


def load(text: str) -> Any:
    """Read a policy's YAML.

    Raises:
        ValidationFailed: it is not YAML, or uses anchors, aliases or tags.
    """
    if len(text) > LONGEST:
        raise refused(f"is longer than {LONGEST} characters")
    try:
        for event in yaml.parse(text, PlainLoader):
            where = f"in line {event.start_mark.line + 1}" if event.start_mark else "somewhere"
            anchor, tag = getattr(event, "anchor", None), getattr(event, "tag", None)
            if isinstance(event, yaml.AliasEvent):
                raise refused(f"has the alias *{anchor} {where}; write the value out")
            if anchor is not None:
                raise refused(f"has the anchor &{anchor} {where}; write the value out")
            if tag is not None:
                raise refused(f"has the tag {tag} {where}; use plain values")
        return yaml.load(text, PlainLoader)  # noqa: S506 - it is a SafeLoader
    except yaml.MarkedYAMLError as error:
        where = f" in line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise refused(f"is not YAML: {error.problem}{where}") from error
    except (yaml.YAMLError, ValueError) as error:
        raise refused("is not YAML") from error
    except RecursionError as error:
        raise refused("is nested too deeply") from error


def refused(reason: str) -> ValidationFailed:
    """Make the error for a policy that cannot be read."""
    return ValidationFailed(f"`{FIELD}` {reason}", [(FIELD, "invalid")])
