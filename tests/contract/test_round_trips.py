"""A property that is new in the spec is tried by the contract run, without a flow for it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from buildkite_emulator.spec import Spec
from scripts import ROOT
from scripts.client import generate
from scripts.contract.flows.sample_values import SampleValues
from scripts.contract.results import read
from scripts.spec.bundle import SPEC as ROOT_FILE
from tests.contract.flows.round_trips import resources
from tests.spec.spec_edits import passage
from tests.support.spec_copy import SpecCopy

UNIT = "flow what_is_sent_comes_back"

REGISTRIES, TOKENS = "registries.yaml", "registry_tokens.yaml"
NEW = [
    (REGISTRIES, ("RegistryCreate", "Registry"), "stars: {type: integer, description: Stars., examples: [7]}"),
    (
        REGISTRIES,
        ("RegistryUpdate", "Registry"),
        "tagline: {type: [string, 'null'], description: A line., examples: [so]}",
    ),
    (
        TOKENS,
        ("RegistryTokenCreate", "RegistryTokenUpdate", "RegistryToken"),
        "is_old: {type: boolean, description: Whether it is., examples: [true]}",
    ),
]
"""Properties that are added to the spec: the file, the schemas that get it, the property."""


@pytest.mark.slow
def test_a_new_property_that_is_dropped_is_found(tmp_path: Path) -> None:
    """A property that the spec lets send and answers, and that the emulator drops, is a finding that names it."""
    copy = SpecCopy(Path(shutil.copytree(ROOT_FILE.parent, tmp_path / "openapi")))
    for file, schemas, new in NEW:
        for schema in schemas:
            head = passage(file, f"  {schema}:\n    type: object", "    properties:\n")
            copy.edit(file, f"{head}    properties:\n", f"{head}    properties:\n      {new}\n")
    generated = tmp_path / "generated"
    generated.mkdir()
    generate.generate(generated, copy.root)
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("BUILDKITE_")},
        "ONLY": UNIT,
        "SEED": "1",
        "RESULTS": str(tmp_path / "reports"),
        "PYTHONPATH": os.pathsep.join((str(generated), str(ROOT))),
    }
    command = [sys.executable, "-m", "scripts.contract"]
    ended = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, timeout=300, check=False)
    events = list(read(tmp_path / "reports" / "results" / "1-of-1.jsonl"))
    missing = [event for event in events if event["event"] == "finding" and event["received"] == "missing"]
    assert ended.returncode == 1, ended.stderr
    for _, _, new in NEW:
        assert [event for event in missing if f"the {new.partition(':')[0]} in" in event["expected"]], new


def test_every_property_of_the_spec_has_several_values() -> None:
    """Each property that can be sent and is answered has at least two values that are tried."""
    tried = {}
    for resource in resources():
        for operation in filter(None, (resource.create, resource.update)):
            for name, schema in resource.sendable(operation).items():
                tried[operation.id, name] = SampleValues(Spec.load()).of(schema, resource.answered[name])
    assert {name for operation, name in tried if operation == "create_registry"} >= {"name", "team_ids", "oidc_policy"}
    assert not [each for each, values in tried.items() if len(values) < 2]


@pytest.mark.parametrize(
    ("schema", "values"),
    [
        ({"type": "boolean"}, [True, False]),
        ({"type": ["integer", "null"], "minimum": 3, "maximum": 9}, [3, 9, 7, None]),
        ({"enum": ["a", "b"], "type": "string"}, ["a", "b"]),
        ({"type": "string", "contentMediaType": "application/yaml", "examples": ["a: b"]}, ["a: b"]),
        ({"type": "array", "items": {"type": "string", "enum": ["a"]}}, [[], ["a"]]),
        ({"type": "object", "required": ["a"], "properties": {"a": {"enum": [1]}, "b": {"enum": [2]}}}, [{"a": 1}]),
    ],
)
def test_values_follow_from_a_schema(schema: dict[str, Any], values: list[Any]) -> None:
    """The values of a property are those that its schema allows, at its limits and within, each once."""
    found = SampleValues(Spec.load()).of(schema)
    assert found[: len(values)] == values
    assert len({str(each) for each in found}) == len(found)


def test_texts_reach_the_limits_of_their_schema() -> None:
    """A text is as short and as long as it may be, and never longer."""
    found = SampleValues(Spec.load()).of({"type": "string", "minLength": 2, "maxLength": 300})
    assert {2, 256, 300} <= set(map(len, found))
    assert max(map(len, found)) == 300


def test_a_schema_without_values_says_what_to_add() -> None:
    """Where no value is known that fits, the error says that the schema needs an example."""
    with pytest.raises(LookupError, match="give it `examples` in the spec"):
        SampleValues(Spec.load()).of({"type": "string", "contentMediaType": "application/yaml"})
