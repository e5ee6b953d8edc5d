"""What a package's file says of itself: kept and bounded; flows see that it is told and copied."""

import io
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from buildkite_emulator.formats import read
from buildkite_emulator.formats.metadata import CHARACTERS, NAMES, TOTAL_CHARACTERS, bounded
from scripts.samples import packages
from tests.support.emulators import fresh


def test_a_state_brings_metadata_along(tmp_path: Path) -> None:
    """A package of a state has the metadata in the next emulator that it has in the first one."""
    shown = []
    seed: dict[str, Any] = {}
    for _ in range(2):
        with fresh(**seed) as api:
            if not seed:
                api.publish(api.registry("alpine"), packages.apk("banana", "1.0.0"))
            (row,) = api.ok("list_packages", "my-registry")["items"]
            shown.append(api.ok("get_package", "my-registry", row["id"]))
            (tmp_path / "seed.yaml").write_bytes(api.client.get("/_emulator/state").content)
            seed = {"seed": tmp_path / "seed.yaml"}
    assert shown[0] == shown[1]
    assert shown[0]["metadata"]["depend"] == ["one", "two"]


def test_what_an_earlier_emulator_took_has_none(tmp_path: Path) -> None:
    """A package whose row has no metadata says null, and so does its copy; a new one says what it is."""
    with fresh(data=tmp_path) as api:
        old = api.publish(api.registry("ruby"), packages.gem("banana", "1.0.0")).json()
        api.registry("ruby", "copies")
    with closing(sqlite3.connect(tmp_path / "emulator.sqlite3")) as database:
        database.execute("UPDATE packages SET metadata = NULL")
        database.commit()
    with fresh(data=tmp_path) as api:
        assert api.ok("get_package", "my-registry", old["id"])["metadata"] is None
        assert api.ok("copy_package", "my-registry", old["id"], params={"to": "copies"})["metadata"] is None
        assert api.publish("copies", packages.gem("grapes", "1.0.0")).json()["metadata"]["summary"] == "made for a test"


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ({"a": "x" * (CHARACTERS + 1)}, {"a": "x" * CHARACTERS}),
        ({"a": list(range(NAMES + 1))}, {"a": list(range(NAMES))}),
        ({str(number): 1 for number in range(NAMES + 1)}, {str(number): 1 for number in range(NAMES)}),
        ({"a": "", "b": None, "c": [], "d": {}, "e": False, "f": 0}, {"e": False, "f": 0}),
        ({"a": "one\0two\ud800"}, {"a": "one\ufffdtwo\ufffd"}),
        ({"a": float("inf"), "b": 10**400, "c": 1.5}, {"c": 1.5}),
        ({"a": {"b": [{"c": ["d"]}]}}, {"a": {"b": [{"c": None}]}}),
        ({"a": object(), "b": b"bytes"}, {}),
    ],
)
def test_metadata_is_bounded(said: dict[str, Any], kept: dict[str, Any]) -> None:
    """Long texts are cut, long lists shortened, and what is no JSON, or nothing, is left out."""
    found = bounded(said)
    assert json.loads(json.dumps(found, allow_nan=False).encode()) == found
    assert len(json.dumps(found)) <= TOTAL_CHARACTERS + NAMES
    assert {name: found.get(name) for name in kept} == kept
    assert not found.keys() - kept.keys()


def test_huge_metadata_makes_no_huge_answer() -> None:
    """A package whose metadata has a megabyte is taken, and tells what fits."""
    script = {f"script{number}": "x" * 10_000 for number in range(90)}
    package_json = {"name": "banana", "version": "1.0.0", "description": "made for a test", **script}
    data = packages.gzipped(packages.tarball([("package/package.json", json.dumps(package_json).encode())]))
    metadata = read("javascript", "banana-1.0.0.tgz", io.BytesIO(data), len(data)).metadata
    assert metadata["description"] == "made for a test"
    assert len(json.dumps(metadata)) <= TOTAL_CHARACTERS + NAMES
