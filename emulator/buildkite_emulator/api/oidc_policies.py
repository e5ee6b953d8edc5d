"""OIDC policies: read from YAML or JSON, checked against the spec, kept as YAML."""

import json
from typing import Any

import yaml

from buildkite_emulator.api.validation import DEEPEST, Validators, check_plain
from buildkite_emulator.errors import ValidationFailed

try:  # many times as fast, where PyYAML was built with libyaml
    from yaml import CSafeDumper as Dumper
    from yaml import CSafeLoader as Loader
except ImportError:
    from yaml import SafeDumper as Dumper  # type: ignore[assignment]
    from yaml import SafeLoader as Loader  # type: ignore[assignment]

FIELD = "oidc_policy"
STATEMENTS = "OidcPolicyStatements"
LONGEST = 65_536
"""Characters that a policy may have as YAML."""


class PlainLoader(Loader):
    """Reads YAML as JSON has it: a date stays a string, and no name stands twice in a mapping."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002
        """Make a mapping of a node's names and values."""
        seen = set()
        for name, _ in node.value:
            if str(name.value) in seen:
                raise yaml.MarkedYAMLError(problem=f"{name.value} stands twice", problem_mark=name.start_mark)
            seen.add(str(name.value))
        mapping: dict[Any, Any] = super().construct_mapping(node, deep=deep)
        return mapping


PlainLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


class PlainDumper(Dumper):
    """Writes no anchors and aliases, which a policy may not have."""

    def ignore_aliases(self, _data: Any) -> bool:
        """Write each value out."""
        return True


def to_yaml(policy: Any, validators: Validators) -> str | None:
    """Check a policy and write it as YAML.

    Args:
        policy: None, a string of YAML (kept as it is), or a list of statements out of a body that was checked already.
        validators: of the spec.

    Raises:
        ValidationFailed: the policy is not plain YAML or does not match the spec; the error points into it.
    """
    if policy is None:
        return None
    if isinstance(policy, str):
        statements = load(check_length(policy))
        check_plain(statements, FIELD)
        validators.check(STATEMENTS, statements, FIELD)
        return policy
    check_length(json.dumps(policy))  # before the dump, which is far slower
    return check_length(yaml.dump(policy, Dumper=PlainDumper, sort_keys=False))


def load(text: str) -> Any:
    """Read a policy's YAML.

    Raises:
        ValidationFailed: it is not YAML, or uses anchors, aliases or tags.
    """
    depth = 0
    try:
        for event in yaml.parse(text, PlainLoader):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > DEEPEST:
                raise refused("is nested too deeply")
            where = f"in line {event.start_mark.line + 1}" if event.start_mark else "somewhere"
            anchor, tag = getattr(event, "anchor", None), getattr(event, "tag", None)
            if isinstance(event, yaml.AliasEvent):
                raise refused(f"has the alias *{anchor} {where}; write the value out")
            if isinstance(event, yaml.DocumentStartEvent) and (event.version or event.tags):
                raise refused(f"has a directive {where}; use plain values")
            if isinstance(event, yaml.ScalarEvent) and event.value == "<<" and event.implicit[0]:
                raise refused(f"has the merge key << {where}; write the values out")
            if anchor is not None:
                raise refused(f"has the anchor &{anchor} {where}; write the value out")
            if tag is not None:
                raise refused(f"has the tag {tag} {where}; use plain values")
        return yaml.load(text, PlainLoader)  # noqa: S506 - it is a SafeLoader
    except yaml.MarkedYAMLError as error:
        where = f" in line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise refused(f"is not YAML: {error.problem}{where}") from error
    except (yaml.YAMLError, ValueError, ArithmeticError) as error:
        raise refused("is not YAML") from error


def check_length(text: str) -> str:
    """Pass a policy's YAML on.

    Raises:
        ValidationFailed: it is too long.
    """
    if len(text) > LONGEST:
        raise refused(f"is longer than {LONGEST} characters")
    return text


def refused(reason: str) -> ValidationFailed:
    """Make the error for a policy that cannot be read."""
    return ValidationFailed(f"`{FIELD}` {reason}", [(FIELD, "invalid")])
