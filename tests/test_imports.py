"""The direction of imports, between the packages and inside them, is the one that `pyproject.toml` lists."""

import logging.config

import pytest
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

from scripts import ROOT


def test_imports_go_one_way(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Every contract of `[tool.importlinter]` is kept."""
    # import-linter configures logging for its process, which disables the loggers that other tests read.
    monkeypatch.setattr(logging.config, "dictConfig", lambda _: None)
    status = lint_imports(config_filename=str(ROOT / "pyproject.toml"), cache_dir=None)
    assert status == EXIT_STATUS_SUCCESS, capsys.readouterr().out
