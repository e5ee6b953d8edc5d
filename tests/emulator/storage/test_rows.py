"""Rows and results are typed: mypy finds a column that is misspelt."""

import subprocess
import sys
from pathlib import Path

import pytest

from scripts import ROOT

PACKAGES = ROOT / "emulator" / "buildkite_emulator" / "operations" / "packages.py"


@pytest.mark.slow
def test_misspelt_columns_are_found(tmp_path: Path) -> None:
    """A misspelling is an error, in a column that is read, in one that is written, and in a result."""
    misspelt = {
        '"variant": package.variant,': '"variant": package.varient,',
        '"unique_name": contents.unique_name or': '"unique_nme": contents.unique_name or',
        '"registry_slug": context.registry.slug,': '"registry_slugs": context.registry.slug,',
    }
    text = PACKAGES.read_text(encoding="utf-8")
    for right, wrong in misspelt.items():
        assert text.count(right) == 1
        text = text.replace(right, wrong)
    copy = tmp_path / "packages.py"
    copy.write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", f"--cache-dir={tmp_path / 'cache'}"]
    command += ["--shadow-file", str(PACKAGES), str(copy), str(PACKAGES)]
    checked = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    errors = [line for line in checked.stdout.splitlines() if ": error: " in line]
    assert checked.returncode == 1
    assert [any(name in line for line in errors) for name in ("varient", "unique_nme", "registry_slugs")] == [True] * 3
