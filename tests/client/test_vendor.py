"""Vendoring: a copy of the client under any name works alone, and what happens to it later is seen."""

import ast
import contextlib
import errno
import itertools
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import distribution, packages_distributions
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from scripts import ROOT
from scripts.client import vendor
from scripts.servers.api import Api
from tests.client.test_package import closure, make_environment, run
from tests.test_readme import example, make_ready, run_example

pytestmark = pytest.mark.slow

CLIENT = ROOT / "generated" / "buildkite_packages"
NEEDED = {"httpx", "attrs", "anyio"}
"""What the client may import besides Python's own; httpx needs anyio itself."""

OPTIONAL = {"wording.py": {"jsonschema_rs"}, "checker.py": {"jsonschema_rs"}, "pytest_plugin.py": {"pytest"}}
"""What further modules may import, each when it is asked for something that needs it."""

WRITING = [(Path, "mkdir"), (Path, "write_bytes"), (Path, "rename"), (shutil, "rmtree")]
"""Whatever changes files while a copy is made."""


class Killed(BaseException):
    """Stands for the end of the process."""


@pytest.fixture(autouse=True)
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Vendor from a copy of a part of this checkout, which tests may change; its client has a command line."""
    place = tmp_path / "checkout"
    parts = shutil.ignore_patterns("__pycache__", "api", "models", "resources", "http", "publishing", "cli")
    shutil.copytree(ROOT / "generated", place / "generated", ignore=parts)
    for name in ("LICENSE", "pyproject.toml"):
        shutil.copy(ROOT / name, place)
    commands = place / "generated" / "buildkite_packages" / "cli"
    commands.mkdir()
    (commands / "__init__.py").touch()
    (commands / "words.py").write_text("WORDS = 1\n")
    monkeypatch.setattr(vendor, "ROOT", place)
    return place


@pytest.fixture
def whole_checkout(monkeypatch: pytest.MonkeyPatch, checkout: Path) -> None:
    """Vendor from this checkout itself."""
    assert checkout != ROOT
    monkeypatch.setattr(vendor, "ROOT", ROOT)


@pytest.fixture
def destination(tmp_path: Path) -> Path:
    """Name a folder of another project, which is not there yet."""
    return tmp_path / "acme" / "_vendor"


@pytest.fixture
def copied(destination: Path) -> Path:
    """Vendor the client as `bk_packages`."""
    vendor.copy(destination, "bk_packages")
    return destination / "bk_packages"


def files(folder: Path) -> dict[str, bytes]:
    """Read every file below a folder but compiled ones."""
    found = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def manifest(folder: Path) -> Any:
    """Read the manifest of a copy."""
    return json.loads((folder / vendor.MANIFEST).read_text(encoding="utf-8"))


def complaints(destination: Path, name: str = "") -> list[str]:
    """Check copies; returns the lines, with paths relative to the folder that holds them."""
    _, lines = vendor.check(destination, name)
    return [line.removeprefix(f"{destination}{os.sep}") for line in lines]


def refusal(capsys: pytest.CaptureFixture[str], command: str, destination: Path | str, *options: str) -> str:
    """Run a command that has to fail with a message; returns the message."""
    assert vendor.main([command, f"--dest={destination}", *options]) == 1
    output, message = capsys.readouterr()
    assert output == ""
    assert message.strip()
    return message


def test_a_copy_is_the_client_with_license_and_manifest(checkout: Path, destination: Path) -> None:
    """The folder is made, parents too; it holds the client but its command line, and says what it was made from."""
    said = vendor.copy(destination, "bk_packages")
    held = files(destination / "bk_packages")
    source = files(checkout / "generated" / "buildkite_packages")
    text = held.pop(vendor.MANIFEST).decode()
    described = json.loads(text)
    assert text == json.dumps(described, indent=2, sort_keys=True) + "\n"
    assert b"Copyright" in held["LICENSE"]
    assert held == {name: content for name, content in source.items() if not name.startswith("cli/")} | {
        "LICENSE": (ROOT / "LICENSE").read_bytes()
    }
    assert described["files"].keys() == held.keys()
    assert described["distribution"] == "buildkite-packages"
    assert described["version"] == distribution("buildkite-packages").version
    assert described["generator"]["version"] == distribution("openapi-python-client").version
    assert described["spec"]["version"] == json.loads(held["openapi.json"])["info"]["version"]
    assert described["spec"]["sha256"] == described["files"]["openapi.json"]
    assert described["cli"] is False
    assert said[-1].startswith(f"{destination / 'bk_packages'}: buildkite-packages {described['version']}")
    assert complaints(destination) == []


def make(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run make in this checkout, without the settings of a make that runs the tests."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(
        ["make", *arguments], cwd=ROOT, env=kept | environment, capture_output=True, text=True, timeout=300, check=False
    )


PYTHON = f"PYTHON={sys.executable}"


@pytest.mark.usefixtures("whole_checkout")
def test_the_commands_of_the_manifest_work(destination: Path) -> None:
    """What a manifest says for checking and updating are commands of make that do it."""
    for name in ("bk_packages", "other"):  # so that the name matters
        vendor.copy(destination, name)
    copied = destination / "bk_packages"
    for key in ("check", "update"):
        program, *words = manifest(copied)[key].split()
        finished = make(PYTHON, *(f"DEST={destination}" if "=path/to/" in word else word for word in words))
        assert program == "make"
        assert finished.returncode == 0, finished.stderr
        assert finished.stdout.startswith(f"{copied}: ")


def test_make_takes_any_folder_and_says_what_is_missing(tmp_path: Path) -> None:
    """DEST may hold blanks and quotes, a NAME of the environment is not meant, and without DEST an example is shown."""
    odd = tmp_path / 'it\'s an "odd" one'
    assert make(PYTHON, "vendor", f"DEST={odd}", NAME="DESKTOP-1").returncode == 0
    (odd / "buildkite_packages" / "mine.py").touch()
    assert make(PYTHON, "vendor-check", f"DEST={odd}", NAME="DESKTOP-1").returncode != 0
    assert make(PYTHON, "vendor", f"DEST={odd}", "FORCE=0").returncode != 0
    assert make(PYTHON, "vendor", f"DEST={odd}", "FORCE=1").returncode == 0
    for target in ("vendor", "vendor-check"):
        without = make(PYTHON, target)
        assert without.returncode != 0
        assert f"make {target} DEST=../" in without.stderr


@pytest.mark.parametrize("target", ["vendor", "vendor-check"])
def test_make_runs_nothing_that_a_value_holds(tmp_path: Path, target: str) -> None:
    """`$(...)` in a value given to make is a part of the value, for make and the shell alike."""
    mark = tmp_path / "mark"
    touch = f"touch {mark}"
    for value in (f"$(shell {touch})", f"$$({touch})", f"$({touch})", f"`{touch}`", f"${{shell {touch}}}"):
        settings = dict.fromkeys(("NAME", "CLI", "FORCE", "ARGS", "SEED", "BASE"), value)
        named = [f"{name}={each}" for name, each in {**settings, "DEST": f"{tmp_path}/{value}"}.items()]
        for python in (sys.executable, value):
            make(f"PYTHON={python}", target, *named)
        assert not mark.exists(), value


def test_the_same_again_is_the_same(copied: Path, destination: Path, tmp_path: Path) -> None:
    """Vendored again, here or elsewhere, the bytes are equal, manifest and all."""
    before = files(copied)
    vendor.copy(destination, "bk_packages")
    vendor.copy(tmp_path / "elsewhere", "bk_packages")
    assert files(copied) == files(tmp_path / "elsewhere" / "bk_packages") == before
    assert [path.name for path in destination.iterdir()] == ["bk_packages"]


def test_the_command_line_comes_when_asked_and_stays(destination: Path, checkout: Path) -> None:
    """The choice is kept by updates until it is made anew; where there is no command line, that is said."""
    vendor.copy(destination, "bk_packages", cli=True)
    commands = destination / "bk_packages" / "cli"
    assert (commands / "words.py").is_file()
    assert complaints(destination) == []
    vendor.copy(destination)
    assert (commands / "words.py").is_file()
    vendor.copy(destination, cli=False)
    assert not commands.exists()
    vendor.copy(destination)
    assert not commands.exists()
    shutil.rmtree(checkout / "generated" / "buildkite_packages" / "cli")
    with pytest.raises(vendor.VendorError, match="no command line"):
        vendor.copy(destination, cli=True)
    assert complaints(destination) == []


def test_what_was_done_by_hand_is_named(copied: Path, destination: Path) -> None:
    """A changed, a missing and an added file are a line each, a link in a file's place too; compiled files are none."""
    (copied / "client.py").write_text("x = 1\n")
    (copied / "errors.py").unlink()
    (copied / "drift" / "mine.py").touch()
    (copied / "more").symlink_to(copied / "drift")
    (copied / "pages.py").rename(copied.parent / "pages.py")
    (copied / "pages.py").symlink_to(copied.parent / "pages.py")
    (copied / "drift" / "__pycache__").mkdir()
    (copied / "drift" / "__pycache__" / "mine.cpython-311.pyc").touch()
    assert complaints(destination) == [
        "bk_packages/client.py: changed by hand",
        "bk_packages/drift/mine.py: added by hand",
        "bk_packages/errors.py: missing",
        "bk_packages/more: added by hand",
        "bk_packages/pages.py: changed by hand, it is no plain file any more",
    ]


@pytest.mark.usefixtures("copied")
def test_what_is_behind_is_named(destination: Path, checkout: Path) -> None:
    """Another spec, version or generator is a line each, and so is each file that is other, new or gone."""
    source = checkout / "generated" / "buildkite_packages"
    spec = json.loads((source / "openapi.json").read_text(encoding="utf-8"))
    spec["info"]["version"] = "99.0.0"
    (source / "openapi.json").write_text(json.dumps(spec), encoding="utf-8")
    (source / "__init__.py").write_text('__version__ = "98.0.0"\n')
    (source / "new.py").touch()
    (source / "pages.py").unlink()
    (source / "cli" / "words.py").unlink()
    project = (checkout / "pyproject.toml").read_text(encoding="utf-8")
    generator = distribution("openapi-python-client").version
    (checkout / "pyproject.toml").write_text(project.replace(f"client=={generator}", "client==97.0"), encoding="utf-8")
    versions, spec_line, generator_line, *rest = complaints(destination)
    assert versions.endswith("this checkout has buildkite-packages 98.0.0")
    assert "this checkout has spec 99.0.0 (SHA-256 " in spec_line
    assert generator_line.endswith(f"{generator}; this checkout has openapi-python-client 97.0")
    assert rest == [
        "bk_packages/__init__.py: behind, changed in this checkout",
        "bk_packages/new.py: behind, new in this checkout",
        "bk_packages/openapi.json: behind, changed in this checkout",
        "bk_packages/pages.py: behind, no longer in this checkout",
    ]
    vendor.copy(destination)
    assert complaints(destination) == []


def test_other_line_ends_are_no_change(copied: Path, destination: Path, checkout: Path) -> None:
    r"""Where git writes `\r\n` into the project or into this checkout, a copy counts as what it was."""
    before = files(copied)
    for folder in (copied, checkout / "generated"):
        for path in (path for path in folder.rglob("*") if path.is_file()):
            path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert files(copied) != before
    assert complaints(destination) == []
    vendor.copy(destination)
    assert files(copied) == before


def test_changes_by_hand_are_not_lost(
    copied: Path, destination: Path, checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An update that would undo them names them and leaves all as it is; told to go on, it names them again."""
    (checkout / "generated" / "buildkite_packages" / "new.py").touch()
    (copied / "client.py").write_text("x = 1\n")
    (copied / "errors.py").unlink()
    (copied / "mine.py").touch()
    before = files(copied)
    message = refusal(capsys, "copy", destination)
    for name in ("client.py", "errors.py", "mine.py"):
        assert f"{copied / name}: " in message
    assert "FORCE=1" in message
    assert files(copied) == before
    assert vendor.main(["copy", f"--dest={destination}", "--force"]) == 0
    said = capsys.readouterr().out
    for name in ("client.py", "errors.py", "mine.py"):
        assert f"{copied / name}: " in said
    assert "new.py" in files(copied)
    assert complaints(destination) == []


@pytest.mark.parametrize("force", [[], ["--force"]])
def test_a_folder_of_somebody_else_is_left_alone(
    destination: Path, force: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder without a manifest, a file and a link are never replaced; one with compiled files alone may be."""
    other = destination / "bk_packages"
    (other / "__pycache__").mkdir(parents=True)
    (other / "__pycache__" / "mine.cpython-311.pyc").touch()
    (other / "mine.py").write_text("mine = True\n")
    (destination / "file").touch()
    (destination / "link").symlink_to(other)
    vendor.copy(destination.parent, "copy")
    (destination / "link_to_copy").symlink_to(destination.parent / "copy")
    for name in ("bk_packages", "file", "link", "link_to_copy"):
        assert str(destination / name) in refusal(capsys, "copy", destination, f"--name={name}", *force)
    assert files(destination) == {"bk_packages/mine.py": b"mine = True\n", "file": b""}
    assert "not a vendored copy" in vendor.check(destination, "bk_packages")[1][0]
    own = other / "__pycache__" / "mine.txt"  # what else lies in a `__pycache__` is somebody's own
    (other / "mine.py").rename(own)
    assert "left alone" in refusal(capsys, "copy", destination, "--name=bk_packages", *force)
    own.unlink()
    vendor.copy(destination, "bk_packages")
    assert complaints(destination) == []


@pytest.mark.parametrize("end", [vendor.NEW, vendor.OLD])
@pytest.mark.parametrize("there", [True, False])
def test_a_folder_beside_a_copy_is_left_alone(
    destination: Path, end: str, capsys: pytest.CaptureFixture[str], *, there: bool
) -> None:
    """A folder, link or file that only has the name of what an interrupted update leaves is never removed."""
    if there:
        vendor.copy(destination, "bk_packages")
    beside = destination / f".bk_packages{end}"
    beside.mkdir(parents=True)
    (beside / "mine.py").write_text("mine = True\n")
    before = files(destination)
    assert f"{beside} is in the way" in refusal(capsys, "copy", destination, "--name=bk_packages", "--force")
    assert files(destination) == before
    beside.rename(destination / "mine")
    beside.symlink_to(destination / "mine")
    assert f"{beside} is in the way" in refusal(capsys, "copy", destination, "--name=bk_packages")
    assert (destination / "mine" / "mine.py").is_file()
    beside.unlink()
    beside.write_text("a file")
    assert f"{beside} is in the way" in refusal(capsys, "copy", destination, "--name=bk_packages")
    assert beside.read_text() == "a file"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "damaged"),
        (b'{"format": 1, "fil', "damaged"),
        (b"\xff\xfe", "damaged"),
        (b"[]", "not a manifest"),
        (b'{"format": 1}', "not a manifest"),
        (
            (
                b'{"format": 1, "cli": true, "distribution": "", "files": {"client.py": 1}, "version": "",\n'
                b'"generator": {"name": "", "version": ""}, "spec": {"sha256": "", "version": ""}}'
            ),
            "not a manifest",
        ),
        (b'{"format": 2}', "newer"),
    ],
)
def test_a_damaged_manifest_is_said(
    copied: Path, destination: Path, content: bytes, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is replaced or found well by a manifest that cannot be read; other copies are checked all the same."""
    vendor.copy(destination, "other")
    (destination / "other" / "mine.py").touch()
    (copied / vendor.MANIFEST).write_bytes(content)
    before = files(copied)
    broken, other = complaints(destination)
    assert broken.startswith(f"bk_packages/{vendor.MANIFEST} ")
    assert said in broken
    assert other == "other/mine.py: added by hand"
    assert said in refusal(capsys, "copy", destination, "--name=bk_packages", "--force")
    assert files(copied) == before


NO_NAMES = ["class", "bk-packages", "1st", "a.b", "../up", "a/b", " ", "None"]
NO_NAMES += ["\ufb01le", "\uff42k", "\ufb00", "__init__", "__pycache__"]


@pytest.mark.parametrize("command", ["copy", "check"])
def test_a_name_is_one_that_python_imports(destination: Path, command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Any other name is refused, and nothing is made."""
    for name in NO_NAMES:
        assert "is not a name that Python can import" in refusal(capsys, command, destination, f"--name={name}")
    assert not destination.exists()


def test_a_destination_is_a_folder_outside(
    copied: Path, destination: Path, checkout: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file, a place in generated/ (by a link too), a copy itself and none at all are refused in words."""
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(checkout / "generated")
    before = files(tmp_path)
    assert "is a file; it should be a folder" in refusal(capsys, "copy", tmp_path / "file")
    assert str(tmp_path / "file") in refusal(capsys, "copy", tmp_path / "file" / "below")
    for inside in (checkout / "generated", checkout / "generated" / "new", tmp_path / "link" / "new"):
        assert "is in generated/" in refusal(capsys, "copy", inside)
    for inside in (copied, copied / "drift"):
        assert f"DEST={destination.resolve()}" in refusal(capsys, "copy", inside)
    for command in ("copy", "check"):
        assert "DEST is missing" in refusal(capsys, command, "")
    for nowhere in (tmp_path / "nowhere", tmp_path / "file", checkout):
        assert "no vendored copy" in refusal(capsys, "check", nowhere)
    assert "no vendored copy" in refusal(capsys, "check", destination, "--name=other")
    assert files(tmp_path) == before


def test_a_link_to_a_destination_is_followed(copied: Path, destination: Path, tmp_path: Path) -> None:
    """DEST may be a link to a folder; the copies in it are found and updated."""
    (tmp_path / "link").symlink_to(destination)
    vendor.copy(tmp_path / "link", cli=True)
    assert manifest(copied)["cli"] is True
    assert vendor.check(tmp_path / "link") == ([tmp_path / "link" / "bk_packages"], [])


def test_several_copies_are_checked_and_updated_by_name(
    copied: Path, destination: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a name all copies in a folder are checked, but none is picked for an update."""
    vendor.copy(destination, "other")
    (copied / "mine.py").touch()
    (destination / "other" / "mine.py").touch()
    assert complaints(destination) == ["bk_packages/mine.py: added by hand", "other/mine.py: added by hand"]
    assert complaints(destination, "other") == ["other/mine.py: added by hand"]
    assert "bk_packages, other; say which with NAME=" in refusal(capsys, "copy", destination)
    assert vendor.main(["check", f"--dest={destination}"]) == 1
    assert vendor.main(["copy", f"--dest={destination}", "--name=other", "--force"]) == 0
    assert vendor.main(["check", f"--dest={destination}", "--name=other"]) == 0


def fail_at(monkeypatch: pytest.MonkeyPatch, step: int, error: BaseException, *, for_good: bool) -> Callable[[], bool]:
    """Let a change of files fail, and all that follow if it is for good; returns what tells whether it came to it."""
    steps = itertools.count()
    failed = False

    def failing(original: Callable[..., Any]) -> Callable[..., Any]:
        def change(*arguments: Any, **options: Any) -> Any:
            nonlocal failed
            number = next(steps)
            if number == step or (for_good and number > step):
                failed = True
                raise error
            return original(*arguments, **options)

        return change

    for owner, name in WRITING:
        monkeypatch.setattr(owner, name, failing(getattr(owner, name)))
    return lambda: failed


@pytest.mark.parametrize("named", ["bk_packages", ""])
def test_a_killed_update_leaves_the_old_or_the_new(
    copied: Path, destination: Path, checkout: Path, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    """Killed at any step, a whole copy is there or beside its place; the check says so, and the next run ends it."""
    (checkout / "generated" / "buildkite_packages" / "new.py").touch()
    old = files(copied)
    vendor.copy(destination, "new")
    new = {**files(destination / "new"), vendor.MANIFEST: b""}
    shutil.rmtree(destination / "new")
    shutil.copytree(copied, checkout / "kept")
    aside = destination / ".bk_packages.vendor-old"
    states = set()
    for step in itertools.count():
        with monkeypatch.context() as patches:
            failed = fail_at(patches, step, Killed(), for_good=True)
            with contextlib.suppress(Killed):
                vendor.copy(destination, named)
        if not failed():
            break
        found = files(copied if copied.exists() else aside)
        assert {**found, vendor.MANIFEST: b""} == new or found == old
        states.add((copied.exists(), aside.exists(), found == old))
        if len(list(destination.iterdir())) > 1:
            assert any("interrupted" in line for line in complaints(destination, named))
        vendor.copy(destination, named)
        assert {**files(copied), vendor.MANIFEST: b""} == new
        assert [path.name for path in destination.iterdir()] == ["bk_packages"]
        assert complaints(destination, named) == []
        shutil.rmtree(copied)
        shutil.copytree(checkout / "kept", copied)
    assert states == {(True, False, True), (False, True, True), (True, True, False)}


def test_a_failing_update_leaves_the_copy(
    copied: Path,
    destination: Path,
    checkout: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Where the system refuses a step, the message names the file, the copy stays and nothing new lies beside it."""
    source = checkout / "generated" / "buildkite_packages"
    old = files(copied)
    (source / "new.py").touch()
    for step in itertools.count():
        with monkeypatch.context() as patches:
            failed = fail_at(patches, step, PermissionError(errno.EACCES, "Permission denied", "a/b"), for_good=False)
            assert vendor.main(["copy", f"--dest={destination}"]) == 1
        assert failed()
        assert capsys.readouterr() == ("", "a/b: Permission denied\n")
        if files(copied) != old:
            break
        assert [path.name for path in destination.iterdir()] == ["bk_packages"]
    assert step > 10
    assert [line.partition(":")[0] for line in complaints(destination)] == [".bk_packages.vendor-old"]
    vendor.copy(destination)
    assert complaints(destination) == []


def test_the_client_imports_itself_by_relative_names_and_little_else() -> None:
    """No module names its own package, and but for the command line all is of Python, httpx, attrs or anyio."""
    modules = sorted(CLIENT.rglob("*.py"))
    assert len(modules) > 20
    for module in modules:
        imported: set[str] = set()
        for node in ast.walk(ast.parse(module.read_bytes())):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                imported.add((node.module or "").partition(".")[0])
        path = module.relative_to(CLIENT)
        assert "buildkite_packages" not in imported, path
        if path.parts[0] != "cli":
            assert imported <= {*sys.stdlib_module_names, *NEEDED, *OPTIONAL.get(path.name, ())}, path


EXAMPLE = example("Use the client", "python")
"""What a user writes; run with a copy under another name."""

IMPORTS = """
import importlib, importlib.util, pkgutil, sys
package = importlib.import_module("acme._vendor.bk_packages")
for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
    importlib.import_module(module.name)
print(*(name for name in sys.argv[1:] if importlib.util.find_spec(name)))
"""
"""Imports every module of the copy; prints which of the names that it is given can be imported."""


@pytest.mark.usefixtures("whole_checkout")
def test_a_copy_works_in_an_empty_environment(tmp_path: Path, served: Api) -> None:
    """Under another name, with httpx and attrs and what they need alone, all imports and the example runs."""
    distributions = closure([Requirement("httpx"), Requirement("attrs")])
    python, site_packages = make_environment(tmp_path / "environment", distributions)
    destination = site_packages / "acme" / "_vendor"
    vendor.copy(destination, "bk_packages")

    normal = {name.lower().replace("_", "-") for name in distributions}
    owners = packages_distributions()
    own = {name for name, by in owners.items() if {each.lower().replace("_", "-") for each in by} <= normal}
    others = {name for name in owners.keys() - own if name.isidentifier()} - {"__pycache__", *sys.stdlib_module_names}
    assert {"httpx", "attrs", "anyio"} <= own
    assert {"pydantic", "click", "starlette"} <= others
    found = run(str(python), "-I", "-c", IMPORTS, "httpx", "buildkite_packages", *sorted(others))
    assert found.split() == ["httpx"]

    make_ready(tmp_path, served)
    use = EXAMPLE.replace("from buildkite_packages", "from acme._vendor.bk_packages")
    assert "banana" in run_example(tmp_path, served, str(python), "-I", "-c", use)
    registries = [registry["slug"] for registry in served.ok("list_registries")]
    assert any(served.ok("list_packages", registry)["items"] for registry in registries)
    assert list(destination.rglob("*.pyc"))
    assert complaints(destination) == []


DRIFT = """
import sys, httpx
sys.path.insert(0, sys.argv[1])
from acme._vendor.bk_packages import PackageRegistries
answer = httpx.MockTransport(lambda _: httpx.Response(200, json=[], headers={"RateLimit-Limit": "many"}))
with PackageRegistries("x", "my-org", httpx_args={"transport": answer}, on_drift=print) as buildkite:
    buildkite.registries.list()
print([name for name in sys.modules if name.startswith("buildkite_packages")])
"""
"""Prints the drift of an answer to a copy, and the modules of the package itself."""


@pytest.mark.usefixtures("whole_checkout")
def test_a_copy_tells_of_drift(tmp_path: Path) -> None:
    """A copy checks answers against the description that it carries, where jsonschema-rs is installed."""
    vendor.copy(tmp_path / "acme" / "_vendor", "bk_packages")
    drift, modules = run(sys.executable, "-c", DRIFT, str(tmp_path)).splitlines()
    assert drift.startswith('list_registries: the header RateLimit-Limit is "many"; it should be an integer')
    assert modules == "[]"
