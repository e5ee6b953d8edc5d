"""The direction of imports, between the packages and inside them, is the one that `pyproject.toml` lists."""

import pytest
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

from scripts import ROOT


def test_imports_go_one_way(capsys: pytest.CaptureFixture[str]) -> None:
    """Every contract of `[tool.importlinter]` is kept."""
    status = lint_imports(config_filename=str(ROOT / "pyproject.toml"), cache_dir=None)
    assert status == EXIT_STATUS_SUCCESS, capsys.readouterr().out
