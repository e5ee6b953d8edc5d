"""Seeds: the initial data of an emulator, to which a reset returns.

A seed file is read and validated once. `schema` has its JSON Schema and `reading` the rules beyond that; `planting`
writes a seed to the database and the blob store, and `state` exports the current data as a seed file.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from buildkite_emulator.api.oidc_policies import PlainLoader
from buildkite_emulator.api.validation import DEEPEST, Validators, check_plain
from buildkite_emulator.errors import ValidationFailed
from buildkite_emulator.identity import Identity
from buildkite_emulator.seeds.model import Place, Seed, SeedError, SeedFault
from buildkite_emulator.seeds.reading import Reading, os_reason, reason_of
from buildkite_emulator.seeds.schema import check
from buildkite_emulator.spec import Spec

__all__ = ["Seed", "SeedError", "prepare"]


def prepare(  # noqa: PLR0913 - each comes from another place
    path: Path | None,
    organizations: Sequence[str] | None,
    tokens: Mapping[str, Iterable[str]] | None,
    token_organizations: Mapping[str, Collection[str]] | None = None,
    *,
    spec: Spec,
    validators: Validators,
    identity: Identity,
) -> Seed:
    """Read and validate a seed; see `server.prepare_seed`.

    Raises:
        SeedError: the file cannot be read or is invalid.
    """
    document: dict[str, Any] = {}
    reading = Reading(path.parent if path else Path(), spec, validators, identity)
    if path is None:
        try:
            return reading.read(document, organizations, tokens, token_organizations)
        except SeedFault as error:
            raise SeedError(str(error)) from error
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SeedError(f"cannot read the seed {path}: {os_reason(error)}") from error
    try:
        document = parse(content)
        check(spec, document)
        return reading.read(document, organizations, tokens, token_organizations)
    except SeedFault as error:
        line = line_of(content, error.place)
        raise SeedError(f"{path}{f', line {line}' if line else ''}: {error}") from error


def parse(content: bytes) -> Any:
    """Parse YAML of plain values, without anchors and aliases.

    Raises:
        SeedFault: it is not such YAML.
    """
    depth = 0
    try:
        for event in yaml.parse(content, PlainLoader):  # deep nesting would crash the loader
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > DEEPEST:
                raise SeedFault((), "is nested too deeply")
            # A few aliases can expand to more than fits into memory. Their names may be secrets: no message shows them.
            where = f"in line {event.start_mark.line + 1}" if event.start_mark else "somewhere"
            if isinstance(event, yaml.AliasEvent):
                raise SeedFault((), f"has an alias {where}; write the value out, or quote what begins with *")
            if getattr(event, "anchor", None) is not None:
                raise SeedFault((), f"has an anchor {where}; write the value out, or quote what begins with &")
        document = yaml.load(content, PlainLoader)  # noqa: S506 - it is a SafeLoader
    except yaml.MarkedYAMLError as error:
        where = f" in line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise SeedFault((), f"is not YAML that can be read: {error.problem}{where}") from error
    except (yaml.YAMLError, ValueError, ArithmeticError) as error:
        raise SeedFault((), "is not YAML that can be read") from error
    document = {} if document is None else document
    try:
        check_plain(document, "")
    except ValidationFailed as error:
        raise SeedFault((), reason_of(error).replace("the body", "the seed")) from error
    return document


def line_of(content: bytes, place: Place) -> int | None:
    """Return the line of a value, or of the innermost mapping that should hold it; None if unknown."""
    if not place:  # the content may not even be YAML
        return None
    line, node = None, yaml.compose(content, PlainLoader)
    for part in place:
        if isinstance(node, yaml.MappingNode):
            found = [(name, value) for name, value in node.value if name.value == part]
            if not found:
                break
            line, node = found[0][0].start_mark.line + 1, found[0][1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            node = node.value[part]
            line = node.start_mark.line + 1
    return line
