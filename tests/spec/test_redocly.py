"""A linter that this project did not write finds nothing in the spec either."""

import json
import os
import subprocess

import pytest

from scripts import ROOT
from scripts.spec.bundle import SPEC

REDOCLY = ROOT / "node_modules" / ".bin" / "redocly"


@pytest.mark.slow
@pytest.mark.skipif(not REDOCLY.exists(), reason=f"Redocly CLI is not at {REDOCLY.relative_to(ROOT)}")
def test_redocly_has_no_findings() -> None:
    """Redocly CLI, with the rules that it recommends, has neither an error nor a warning."""
    command = [str(REDOCLY), "lint", "--extends=recommended", "--format=json", str(SPEC.relative_to(ROOT))]
    # Nothing is to be sent or fetched: neither what was run nor whether a newer release exists.
    environment = {**os.environ, "REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert run.stdout, run.stderr
    report = json.loads(run.stdout)
    assert report["problems"] == []
    assert report["totals"] == {"errors": 0, "warnings": 0, "ignored": 0}
    assert run.returncode == 0
