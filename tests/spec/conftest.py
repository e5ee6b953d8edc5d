"""What the tests of the spec share."""

import shutil
from pathlib import Path

import pytest
from ruamel.yaml.comments import CommentedMap

from scripts.spec.bundle import SPEC, Source
from tests.support.spec_copy import SpecCopy

PARSED: dict[str, CommentedMap] = {}
"""What the YAML of each text is. Reading it is the slow part, and a test breaks one file of five."""


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SpecCopy:
    """Give a copy of the spec to break."""
    load = Source.load

    def load_once(path: Path) -> Source:
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        if text not in PARSED:
            PARSED[text] = load(path).data
        return Source(path, PARSED[text])

    monkeypatch.setattr(Source, "load", load_once)
    return SpecCopy(Path(shutil.copytree(SPEC.parent, tmp_path / "openapi")))
