"""The client package follows from the spec, always the same, and `--check` sees whether it still does."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import ROOT
from scripts.client import facts as client_facts
from scripts.client import generate
from scripts.spec.bundle import SpecError, bundle, walk
from tests.support.spec_copy import SpecCopy

pytestmark = pytest.mark.slow

PACKAGE = Path(generate.PACKAGE)

Capture = pytest.CaptureFixture[str]
Patch = pytest.MonkeyPatch
Factory = pytest.TempPathFactory


@pytest.fixture(scope="module")
def built(tmp_path_factory: Factory) -> Path:
    """Give a folder with a package made from the spec as it is."""
    folder = tmp_path_factory.mktemp("built")
    generate.generate(folder)
    return folder


@pytest.fixture
def drifted(built: Path, tmp_path: Path, monkeypatch: Patch) -> Path:
    """Give a `generated/` to change, for `main` to compare with the package already made."""

    def take_built(folder: Path) -> None:
        shutil.copytree(built, folder, dirs_exist_ok=True)

    copy = Path(shutil.copytree(built, tmp_path / "generated"))
    monkeypatch.setattr(generate, "GENERATED", copy)
    monkeypatch.setattr(generate, "generate", take_built)
    monkeypatch.setattr(sys, "argv", ["generate", "--check"])
    return copy


def test_the_command_gives_the_same_files_and_leaves_none_behind(tmp_path: Path, built: Path) -> None:
    """Generating again, in another place and a process with other hashes, gives the same; a stale file is gone."""
    for name in ("openapi", "scripts"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    stale = tmp_path / "generated" / PACKAGE / "models" / "stale.py"
    stale.parent.mkdir(parents=True)
    stale.touch()
    command = [sys.executable, "-m", "scripts.client.generate"]
    environment = {**os.environ, "PYTHONHASHSEED": "1"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert generate.files(tmp_path / "generated") == generate.files(built)


def test_check_is_content_where_nothing_drifted(drifted: Path, capsys: Capture) -> None:
    """`--check` succeeds where `generated/` is what the spec gives, whatever Python has compiled in it."""
    (drifted / PACKAGE / "__pycache__").mkdir()
    (drifted / PACKAGE / "__pycache__" / "types.cpython-311.pyc").write_bytes(b"compiled")
    assert generate.main() == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("types.py", b"changed = True\n"),
        ("types.py", None),
        ("untracked.py", b"untracked = True\n"),
        ("py.typed", None),
        ("untracked.py", b""),
    ],
    ids=["changed", "deleted", "untracked", "deleted and empty", "untracked and empty"],
)
def test_check_sees_each_drift(drifted: Path, capsys: Capture, file: str, content: bytes | None) -> None:
    """`--check` fails for one file changed, deleted or untracked, shows it, and names what mends it."""
    path = drifted / PACKAGE / file
    path.unlink() if content is None else path.write_bytes(content)
    assert generate.main() == 1
    shown = capsys.readouterr()
    assert f"generated/buildkite_packages/{file}" in shown.out
    assert "run `make generate`" in shown.err


def test_check_sees_line_ends(drifted: Path) -> None:
    """`--check` fails for a file that differs in its line ends alone."""
    path = drifted / PACKAGE / "types.py"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert generate.main() == 1


def test_a_wrong_spec_changes_nothing(drifted: Path, monkeypatch: Patch, capsys: Capture) -> None:
    """Where the spec is wrong, the command says why, fails and leaves `generated/` as it was."""

    def refuse(_: Path) -> None:
        raise SpecError("openapi/openapi.yaml:1 / is wrong")

    monkeypatch.setattr(generate, "generate", refuse)
    monkeypatch.setattr(sys, "argv", ["generate"])
    before = generate.files(drifted)
    assert generate.main() == 1
    assert capsys.readouterr().err == "openapi/openapi.yaml:1 / is wrong\n"
    assert generate.files(drifted) == before


def test_a_finding_is_refused(copy: SpecCopy, tmp_path: Path) -> None:
    """A spec that breaks a house rule is not generated from."""
    copy.edit("packages.yaml", "description: The package is gone.", "description: ''")
    with pytest.raises(SpecError, match=r"/responses/DeletedPackage has no description \[descriptions\]"):
        generate.generate(tmp_path, copy.root)


@pytest.mark.parametrize(
    ("file", "old", "new", "line", "pointer", "complaint"),
    [
        (
            "packages.yaml",
            "          multipart/form-data:\n",
            "          application/xml:\n",
            "    post:\n      operationId: publish_package",
            "/paths/packages/post",
            "Unsupported content type application/xml",
        ),
        (
            "registries.yaml",
            "enum: [read_packages, write_packages, delete_packages]",
            "enum: [read_packages, 7]",
            "  OidcScope:",
            "/schemas/OidcScope",
            "Enum values must all be the same type",
        ),
    ],
    ids=["operation", "schema"],
)
def test_a_warning_is_an_error(  # noqa: PLR0913, PLR0917 - an edit and what comes of it
    copy: SpecCopy, tmp_path: Path, file: str, old: str, new: str, line: str, pointer: str, complaint: str
) -> None:
    """What the generator warns of and leaves out fails, with the place of what it could not express."""
    copy.edit(file, old, new)
    with pytest.raises(SpecError) as error:
        generate.generate(tmp_path, copy.root)
    first = error.value.problems[0]
    assert first.startswith(f"{copy.place(file, line)} {pointer} openapi-python-client: ")
    assert complaint in first


def test_an_invented_name_is_an_error(copy: SpecCopy, tmp_path: Path, monkeypatch: Patch) -> None:
    """A model that has not the name of a component fails, even where the house rules let its schema pass."""
    monkeypatch.setattr(generate, "lint", lambda _: [])
    copy.edit("packages.yaml", "  Digests:\n", "  Digests:\n    title: Sums\n")
    with pytest.raises(SpecError) as error:
        generate.generate(tmp_path, copy.root)
    [problem] = error.value.problems
    assert problem.startswith(f"{copy.place('openapi.yaml', 'components:')} /components/schemas ")
    assert "the generator invented the model sums" in problem


SCOPES = "enum: [read_packages, write_packages, delete_packages]"

UNNAMEABLE = [
    *(
        (f"        {name}: {{type: string, description: Some., x-source: emulator, examples: [v]}}\n", name)
        for name in ("to_dict", "toDict", "from_dict", "additional_properties", "additional_keys", "cls", "src_dict")
    ),
    ("a-b, a_b", "the value 'a_b' has the same name in Python as 'a-b'"),
    ("a, A", "the value 'A' has the same name in Python as 'a'"),
]
"""Properties, and values of an enumeration, with a part of what is said of them."""


def with_a_name(copy: SpecCopy, added: str) -> str:
    """Put a property, or values, into a copy of the spec; gives the place of what was put there."""
    if "type" not in added:
        copy.edit("registries.yaml", SCOPES, f"enum: [{added}]")
        return copy.place("registries.yaml", f"enum: [{added}]")
    title = "    description: What to change of a registry. What is left out stays as it is.\n    properties:\n"
    copy.edit("registries.yaml", title, title + added[2:])
    return copy.place("registries.yaml", added[2:].strip())


@pytest.mark.parametrize(("added", "complaint"), UNNAMEABLE, ids=[complaint for _, complaint in UNNAMEABLE])
def test_a_name_that_python_cannot_have_is_refused(
    copy: SpecCopy, tmp_path: Path, monkeypatch: Patch, added: str, complaint: str
) -> None:
    """A property that a model has a method for, and values that are alike in Python, are errors with their place."""
    place = with_a_name(copy, added)
    monkeypatch.setattr(generate, "lint", lambda _: [])
    with pytest.raises(SpecError, match=complaint) as error:
        generate.generate(tmp_path, copy.root)
    assert [problem.partition(" ")[0] for problem in error.value.problems] == [place]


@pytest.mark.parametrize("added", ["a-b, a_b", UNNAMEABLE[0][0]], ids=["the generator's", "ruff's"])
def test_what_nobody_foresaw_is_told_in_a_line(copy: SpecCopy, tmp_path: Path, monkeypatch: Patch, added: str) -> None:
    """Where the generator fails, or what it writes is no good code, that is an error of the spec in one line."""
    with_a_name(copy, added)
    monkeypatch.setattr(generate, "lint", lambda _: [])
    monkeypatch.setattr(client_facts, "wrong_names", lambda _, __: ())
    with pytest.raises(SpecError, match=r"Duplicate key A_B in enum|models/registry_update\.py:\d+:\d+: F811") as error:
        generate.generate(tmp_path, copy.root)
    [problem] = error.value.problems
    assert problem.startswith(f"{copy.root}:1 / the client ")
    assert "\n" not in problem


def test_the_package_holds_its_spec_and_its_types(built: Path) -> None:
    """The package has the bundle that it was made from, `py.typed` and the hand-written modules."""
    files = generate.files(built)
    assert files[PACKAGE / "openapi.json"].decode() == bundle().to_json()
    assert PACKAGE / "py.typed" in files
    for module in (generate.CLIENT / "runtime").glob("*.py"):  # some take the place of a generated one
        assert documentation(files[PACKAGE / module.name]) == documentation(module.read_bytes())
    assert {path.parts[0] for path in files} == {generate.PACKAGE}


def documentation(code: bytes) -> str | None:
    """Give the docstring of a module, which formatting leaves alone."""
    return ast.get_docstring(ast.parse(code))


def test_no_description_speaks_of_an_extension(built: Path) -> None:
    """What users of the client read names no extension of the spec, nor what the list of ecosystems consists of."""
    document = bundle().document
    names = {str(pointer[-1]) for pointer, _ in walk(document) if str(*pointer[-1:]).startswith("x-")}
    ecosystems = document["components"]["schemas"]["Ecosystem"]
    words = names | {f"`{name}`" for entry in ecosystems["x-ecosystems"] for name in entry}
    assert {"x-ecosystems", "`native_tool`"} <= words
    code = "".join(path.read_text(encoding="utf-8") for path in (built / PACKAGE / "resources").glob("*.py"))
    assert [word for word in sorted(words) if word in code] == []
