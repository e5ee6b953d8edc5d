"""The client's types are complete and true, to the strictest modes of two type checkers."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts import ROOT

CLIENT = ROOT / "generated" / "buildkite_packages"
CONSUMER = Path(__file__).with_name("typed_consumer.py")

MISTAKES = {
    "registries.create(name=": "registries.create(title=",
    "publish(registry.slug, file,": "publish(registry.slug, 5,",
    "packages.list(registry.slug, name=": "packages.list(registry.slug, page=",
    "return get_registry.sync_detailed(": "return get_registry.sync_detailed(1, ",
    "buildkite.packages.copy(": "buildkite.packages.clone(",
}
"""By what the consumer says: what would be wrong."""

Check = Callable[..., str]
"""Takes files and gives what a type checker says of them, empty where it has nothing to say."""


def mypy(folder: Path, *files: Path) -> str:
    """Check files with mypy."""
    settings = ["--strict", "--no-color-output", "--no-error-summary", "--config-file="]
    cache = f"--cache-dir={ROOT / '.mypy_cache' / 'client'}"
    return said(folder, sys.executable, "-m", "mypy", *settings, cache, *map(str, files))


def pyright(folder: Path, *files: Path) -> str:
    """Check files with pyright."""
    settings = {
        "include": [str(file) for file in files],
        "typeCheckingMode": "strict",
        "extraPaths": [str(ROOT / "generated")],
    }
    (folder / "pyrightconfig.json").write_text(json.dumps(settings), encoding="utf-8")
    output = said(
        folder,
        sys.executable,
        "-m",
        "basedpyright",
        "--pythonpath",
        sys.executable,
        "--project",
        str(folder),
        "--outputjson",
    )
    found = json.loads(output)
    assert found["summary"]["filesAnalyzed"] > 0
    return "\n".join(
        f"{each['file']}:{each['range']['start']['line'] + 1}: {each['message']}"
        for each in found["generalDiagnostics"]
    )


def said(folder: Path, *command: str) -> str:
    """Run a command; gives what it prints."""
    environment = {**os.environ, "MYPYPATH": str(ROOT / "generated")}
    finished = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert finished.returncode in {0, 1}, finished.stderr
    return finished.stdout


@pytest.mark.slow
@pytest.mark.parametrize("check", [mypy, pyright])
def test_the_types_are_complete_and_not_loose(tmp_path: Path, check: Check) -> None:
    """The package and code that uses it have no type error in strict mode; a wrong use is an error where it stands."""
    text = CONSUMER.read_text(encoding="utf-8")
    for right, wrong in MISTAKES.items():
        assert text.count(right) == 1, right
        text = text.replace(right, wrong)
    user = tmp_path / "user.py"
    user.write_text(text, encoding="utf-8")
    complaints = check(tmp_path, CLIENT, CONSUMER, user)
    assert all("user.py:" in line for line in complaints.splitlines() if ": " in line), complaints
    for number, line in enumerate(text.splitlines(), start=1):
        if any(wrong in line for wrong in MISTAKES.values()):
            assert f"user.py:{number}:" in complaints, line
