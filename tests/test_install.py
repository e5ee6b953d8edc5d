"""`make setup` gives uv what pip is configured with."""

import subprocess
from pathlib import Path

import pytest

from scripts import install


@pytest.fixture
def pip_lists(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Replace pip by a command that prints the file that this gives."""
    path = tmp_path / "listed"
    monkeypatch.setattr(
        subprocess,
        "run",
        lambda command, **_: subprocess.CompletedProcess(command, 0, stdout=path.read_text(encoding="utf-8")),
    )
    return path


def test_uv_gets_what_pip_has(pip_lists: Path) -> None:
    """Each index and folder reaches uv, separated as it expects; environment variables override files, as in pip."""
    pip_lists.write_text(
        ":env:.find-links='/a /b'\n"
        ":env:.timeout='9'\n"
        "global.extra-index-url='\\nhttps://one.example/simple\\nhttps://two.example/simple'\n"
        "global.find-links='/c'\n"
        "global.index-url='https://zero.example/simple'\n"
        "install.index-url='https://own.example/simple'\n",
        encoding="utf-8",
    )
    assert install.uv_environment(install.configured(), {"HOME": "/home/me"}) == {
        "HOME": "/home/me",
        "UV_DEFAULT_INDEX": "https://own.example/simple",
        "UV_INDEX": "https://one.example/simple https://two.example/simple",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_FIND_LINKS": "/a,/b",
    }


def test_what_is_set_for_uv_has_precedence() -> None:
    """A variable of uv itself is kept."""
    mine = {"UV_DEFAULT_INDEX": "https://mine.example/simple"}
    assert install.uv_environment({"index-url": "https://other.example/simple"}, mine) == mine


@pytest.mark.parametrize(
    ("failing", "programs"), [((), ["pip", "uv"]), (("uv",), ["pip", "uv", "pip"]), (("pip",), ["pip", "pip"])]
)
def test_pip_does_it_where_uv_cannot(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], failing: tuple[str, ...], programs: list[str]
) -> None:
    """Where the index has no uv, or uv fails, pip installs, and a line says so."""
    called: list[str] = []

    def run(command: list[str], **_: object) -> "subprocess.CompletedProcess[str]":
        called.append(command[2])
        return subprocess.CompletedProcess(command, int(command[2] in failing))

    monkeypatch.setattr(install, "configured", dict)
    monkeypatch.setattr(subprocess, "run", run)
    assert install.install("dev") == int("pip" in failing)
    assert called == programs
    assert ("pip" in capsys.readouterr().err) is bool(failing)
