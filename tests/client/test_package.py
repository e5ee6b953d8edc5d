"""The package that carries the client: what is in its wheel, what it needs, and that it may be copied."""

import os
import shutil
import subprocess
import sys
import venv
import zipfile
from email import message_from_bytes
from email.message import Message
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from scripts import ROOT
from scripts.servers.api import TOKEN, Api

CLIENT = ROOT / "generated" / "buildkite_packages"

USE = """
import importlib, pkgutil, sys
name, url, token = sys.argv[1:]
package = importlib.import_module(name)
for module in pkgutil.walk_packages(package.__path__, name + "."):
    if not module.name.startswith(name + ".cli"):  # the command line needs more
        importlib.import_module(module.name)
create_registry = sys.modules[name + ".api.registries.create_registry"]
models = sys.modules[name + ".models"]
with package.AuthenticatedClient(base_url=url, token=token) as client:
    body = models.RegistryCreate(name=f"for {name}", ecosystem="ruby")
    print(create_registry.sync("my-org", client=client, body=body).slug)
for path in sorted({module.__file__ for module in list(sys.modules.values()) if getattr(module, "__file__", None)}):
    print(path)
"""
"""Imports every module of a client package and calls an operation; prints the result and all files it imported."""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel, from a copy of what it is built from."""
    place = tmp_path_factory.mktemp("wheel")
    for name in ("pyproject.toml", "README.md", "LICENSE", "generated", "emulator"):
        source = ROOT / name
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, place / name)
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(place / "dist"), str(place))
    (built,) = (place / "dist").iterdir()
    return built


@pytest.fixture(scope="module")
def metadata(wheel: Path) -> Message:
    """Read the wheel's metadata."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        return message_from_bytes(archive.read(name))


@pytest.fixture(scope="module")
def emulator_url(served: Api) -> str:
    """Give the address of an emulator."""
    return str(served.client.base_url)


def run(*command: str, cwd: Path = ROOT) -> str:
    """Run a command that has to succeed, without Python's settings from the environment; returns its output."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    finished = subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout


def closure(requirements: list[Requirement]) -> set[str]:
    """Find the distributions that requirements bring, in the environment that the tests run in."""
    found: set[str] = set()
    todo = [(each.name, extra) for each in requirements for extra in ("", *each.extras)]
    done = set(todo)
    while todo:
        name, extra = todo.pop()
        found.add(name)
        for needed in map(Requirement, distribution(name).requires or []):
            if needed.marker is None or needed.marker.evaluate({"extra": extra}):
                more = {(needed.name, wanted) for wanted in ("", *needed.extras)} - done
                done |= more
                todo += more
    return found


def required(metadata: Message, extra: str) -> list[Requirement]:
    """Read what the wheel requires with an extra; "" is without any."""
    requirements = [Requirement(text) for text in metadata.get_all("Requires-Dist", [])]
    return [each for each in requirements if each.marker is None or each.marker.evaluate({"extra": extra})]


def make_environment(place: Path, distributions: set[str]) -> tuple[Path, Path]:
    """Make an environment that has some distributions of this one and nothing else.

    Returns:
        its Python, and the folder that it imports from.
    """
    venv.create(place, with_pip=False)
    python = place / "bin" / "python"
    site_packages = Path(run(str(python), "-I", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
    for name in distributions:
        for path in distribution(name).files or []:
            top = site_packages / path.parts[0]
            if path.parts[0] not in {"..", "__pycache__"} and not top.exists():
                top.symlink_to(
                    Path(str(path.locate())).parents[len(path.parts) - 2] if path.parts[1:] else path.locate()
                )
    return python, site_packages


def installed(place: Path, wheel: Path, requirements: list[Requirement]) -> Path:
    """Make an environment with the wheel and what it needs; gives its folder of commands."""
    python, _ = make_environment(place, closure(requirements))
    pip = [sys.executable, "-m", "pip", f"--python={python}", "install", "--no-deps", "--no-index", "--quiet"]
    run(*pip, str(wheel))
    return python.parent


@pytest.mark.slow
def test_the_wheel_holds_what_it_should(wheel: Path) -> None:
    """The two packages are in it whole, with the types' marker and the bundle, and nothing else is."""
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
        assert archive.read("buildkite_packages/openapi.json") == (CLIENT / "openapi.json").read_bytes()
    expected = {
        str(path.relative_to(folder))
        for folder in (ROOT / "generated", ROOT / "emulator")
        for path in folder.rglob("*")
        if path.is_file() and path.parent != folder and "__pycache__" not in path.parts
    }
    assert names == expected
    assert {"buildkite_packages/py.typed", "buildkite_packages/openapi.json"} <= names


def test_the_metadata_says_what_it_takes(metadata: Message) -> None:
    """The client needs httpx and attrs alone; the emulator, the contract tests and the tools are extras."""
    assert metadata["Name"] == "buildkite-packages"
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["License-Expression"] == "MIT"
    assert set(metadata.get_all("Provides-Extra", [])) == {
        "cli",
        "drift",
        "emulator",
        "postgresql",
        "contract",
        "dev",
        "browser",
    }
    assert {each.name for each in required(metadata, "")} == {"attrs", "httpx"}
    assert {each.name for each in required(metadata, "drift")} == {"attrs", "httpx", "jsonschema-rs"}
    assert {"starlette", "uvicorn", "sqlalchemy", "obstore"} <= {each.name for each in required(metadata, "emulator")}
    names = [{each.name for each in required(metadata, extra)} for extra in ("emulator", "contract", "dev")]
    assert names[0] < names[1] < names[2]
    assert "schemathesis" in names[1] - names[0]


@pytest.mark.slow
def test_the_client_works_in_an_empty_environment(
    tmp_path: Path, wheel: Path, metadata: Message, emulator_url: str
) -> None:
    """Installed alone, with httpx and attrs, the client imports and calls; it takes nothing from elsewhere."""
    commands = installed(tmp_path, wheel, required(metadata, ""))
    output = run(str(commands / "python"), "-I", "-c", USE, "buildkite_packages", emulator_url, TOKEN)
    slug, *files = output.splitlines()
    assert slug == "for-buildkite_packages"
    imported = {path.partition("site-packages/")[2].partition("/")[0] for path in files if "site-packages/" in path}
    assert {"buildkite_packages", "attrs", "httpx"} <= imported
    assert "buildkite_emulator" not in imported
    assert not any(path.startswith(str(ROOT / "generated")) for path in files)


@pytest.mark.slow
def test_the_command_line_works_in_an_empty_environment(tmp_path: Path, wheel: Path, metadata: Message) -> None:
    """Installed with its extra, the command has its help; without, it names the extra."""
    commands = installed(tmp_path / "with", wheel, required(metadata, "cli"))
    assert "publish" in run(str(commands / "buildkite-packages"), "--help")
    commands = installed(tmp_path / "without", wheel, required(metadata, ""))
    alone = subprocess.run([str(commands / "buildkite-packages")], capture_output=True, text=True, check=False)
    assert (alone.returncode, alone.stdout) == (1, "")
    assert alone.stderr.endswith("install buildkite-packages[cli]\n")
    assert "Traceback" not in alone.stderr


@pytest.mark.slow
def test_the_emulator_works_in_an_empty_environment(tmp_path: Path, wheel: Path, metadata: Message) -> None:
    """Installed with its extra, the command starts, answers and ends."""
    commands = installed(tmp_path, wheel, required(metadata, "emulator"))
    command = [str(commands / "buildkite-emulator"), "--port=0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            assert url
            output = run(str(commands / "python"), "-I", "-c", USE, "buildkite_packages", url, TOKEN)
            assert output.startswith("for-buildkite_packages\n")
        finally:
            process.terminate()
    assert process.returncode == 0
