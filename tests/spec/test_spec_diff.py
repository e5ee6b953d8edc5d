"""The comparison of two states of the spec: each change is named, with its place and whom it breaks."""

import copy as copying
import io
import json
import random
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from scripts import ROOT
from scripts.spec.bundle import SPEC, Bundle, Bundler, Pointer, bundle, walk
from scripts.spec.diff import history
from scripts.spec.diff.__main__ import main
from scripts.spec.diff.changes import Change, Level
from scripts.spec.diff.documents import compare
from scripts.spec.diff.history import HistoryError, write_files
from scripts.spec.diff.keywords import KEYWORDS
from scripts.spec.diff.versions import Version
from scripts.spec.lint import all_schemas
from tests.spec.spec_edits import CALLERS, EDITS, FURTHER, PACKAGES, REGISTRIES, ROOTS, SERVERS, SHARED, change
from tests.support.spec_copy import SpecCopy

pytestmark = pytest.mark.slow


def git(folder: Path, *arguments: str) -> None:
    """Run git in a folder, with no settings but its own."""
    settings = ("-c", "user.name=Somebody", "-c", "user.email=somebody@example.com", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *settings, "-C", folder, *arguments], check=True, capture_output=True)


@pytest.fixture(scope="module")
def joined() -> Bundle:
    """Give the bundle of the spec as it is."""
    return bundle()


@pytest.fixture(scope="module")
def few(joined: Bundle) -> Bundle:
    """Give a bundle of two paths alone, which is compared sooner."""
    paths = joined.document["paths"]
    kept = {path: item for path, item in paths.items() if path.endswith(("/registries", "/packages"))}
    return replace(joined, document={**joined.document, "paths": kept})


@pytest.fixture(scope="module")
def committed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Commit the spec in a git repository of its own."""
    top = tmp_path_factory.mktemp("committed")
    shutil.copytree(SPEC.parent, top / "openapi")
    git(top, "init", "--quiet", "--template=")
    git(top, "add", "--all")
    git(top, "commit", "--quiet", "--message=Begin")
    return top


@pytest.fixture
def repository(
    copy: SpecCopy, committed: Path, joined: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> SpecCopy:
    """Give a copy of the spec that is HEAD of a git repository."""
    text = {path.name: path.read_bytes() for path in SPEC.parent.iterdir()}

    def bundle_once(root: Path) -> Bundle:
        is_known = {path.name: path.read_bytes() for path in root.parent.iterdir()} == text
        return joined if is_known else bundle(root)

    monkeypatch.setattr(history, "bundle", bundle_once)
    # validating takes longest, and is tested elsewhere
    monkeypatch.setattr("scripts.spec.bundle.prance.BaseParser", Mock())
    shutil.copytree(committed / ".git", tmp_path / ".git")
    return copy


def run(folder: SpecCopy, *arguments: str) -> int:
    """Compare a copy with HEAD, or with what the arguments say; gives the exit status."""
    return main([f"--repository={folder.folder.parent}", "--base=HEAD", *arguments])


@pytest.mark.parametrize("name", EDITS)
def test_a_change_is_judged(copy: SpecCopy, joined: Bundle, name: str) -> None:
    """Of a change it is said whom it breaks, in a sentence, with the file."""
    change(copy, name)
    changes = compare(joined, Bundler(copy.root).bundle())
    assert changes
    assert verdict(changes) == EDITS[name].breaks, changes
    assert any(EDITS[name].says in each.text for each in changes), changes
    edited = {EDITS[name].file, *(file for file, _, _ in FURTHER.get(name, []))} | (
        {REGISTRIES} if "renamed" in name else set()
    )
    # what changes in each use is said where it is used
    assert edited & {each.place.file.name for each in changes} or name in ("exception renamed", "path changed")


def test_json(repository: SpecCopy, capsys: pytest.CaptureFixture[str]) -> None:
    """The report for programs has each change with its sentence, whom it breaks, and the line of the file."""
    change(repository, "parameter removed")
    assert run(repository, "--format=json") == 1
    changes = json.loads(capsys.readouterr().out)["changes"]
    assert any(each["breaks_callers"] and not each["breaks_servers"] for each in changes)
    assert all(EDITS["parameter removed"].says in each["text"] for each in changes if each["breaks_callers"])
    assert all(re.fullmatch(r"openapi/\w+\.yaml:\d+", each["place"]) for each in changes)


def test_a_spec_has_not_changed_from_itself(
    repository: SpecCopy, joined: Bundle, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where nothing changed nothing is named, and the exit status is 0."""
    assert run(repository) == 0
    version = joined.document["info"]["version"]
    assert capsys.readouterr().out == f"the spec says what it says at HEAD, version {version}\n"


def version(folder: SpecCopy, number: str) -> None:
    """Set the version of a copy."""
    held = folder.read(ROOTS)
    line = next(line for line in held.splitlines() if line.startswith("  version: "))
    folder.edit(ROOTS, f"{line}\n", f"  version: {number}\n")


STEPS = [
    ("0.5.0", "operation added", "0.6.0", 1),
    ("0.3.7", "header added", "0.3.8", 0),
    ("0.3.7", "description changed", "0.3.8", 0),
    ("1.2.3", "operation added", "2.0.0", 1),
    ("1.2.3", "parameter removed", "2.0.0", 1),
    ("1.2.3", "header added", "1.3.0", 0),
    ("1.2.3", "description changed", "1.2.4", 0),
]


@pytest.mark.parametrize("step", STEPS)
def test_the_version_step(
    repository: SpecCopy, capsys: pytest.CaptureFixture[str], step: tuple[str, str, str, int]
) -> None:
    """The step follows from the greatest change; only what breaks somebody must not lack it. Taking it is enough."""
    before, name, needed, status = step
    version(repository, before)
    git(repository.folder.parent, "commit", "--all", "--quiet", "--allow-empty", "--message=Set the version")
    change(repository, name)
    assert run(repository) == status
    printed = capsys.readouterr()
    assert (
        f"version step: {before} -> {needed} {'needed' if status else 'right'}, info.version is {before}" in printed.out
    )
    assert f"info.version should be {needed}" in printed.err
    version(repository, needed)
    assert run(repository) == 0
    printed = capsys.readouterr()
    assert f"and taken: info.version is {needed}" in printed.out
    assert printed.err == ""


@pytest.mark.parametrize(
    ("before", "now", "is_enough"),
    [
        ("0.9.9", "1.0.0", True),
        ("0.9.9", "0.10.0-rc.1", True),
        ("0.9.9", "0.9.10", False),
        ("1.0.0", "0.9.0", False),
        ("2.0.0", "3.1.4+build.5", True),
    ],
)
def test_versions_are_compared_as_numbers(before: str, now: str, is_enough: bool) -> None:  # noqa: FBT001
    """A later version than needed is enough, as is a pre-release of it; an earlier one never is."""
    assert (Version.read(now) >= Version.read(before).after(Level.BREAKING)) == is_enough


def test_places_lead_to_the_lines(repository: SpecCopy, capsys: pytest.CaptureFixture[str]) -> None:
    """What is new or changed is given by its line now, what is gone by its line at the base."""
    gone = repository.place(PACKAGES, "        - $ref: '#/parameters/PackageName'\n").rpartition(":")[2]
    change(repository, "parameter removed")
    repository.edit(SHARED, "maximum: 100", "# The most.\n      maximum: 50")
    now = repository.place(SHARED, "      maximum: 50").rpartition(":")[2]
    run(repository)
    printed = capsys.readouterr().out
    assert f"openapi/packages.yaml:{gone} at HEAD\n" in printed
    assert f"openapi/shared.yaml:{now} /parameters/PerPage/schema/maximum\n" in printed


def test_a_line_is_not_wide(repository: SpecCopy, capsys: pytest.CaptureFixture[str]) -> None:
    """The report for a terminal fits into 80 columns, and groups what it says by operation."""
    for name in (
        "operation added",
        "status added",
        "header removed",
        "ecosystem removed",
        "length of a request shorter",
    ):
        change(repository, name)
    run(repository)
    lines = capsys.readouterr().out.splitlines()
    assert {len(line) > 80 for line in lines} == {False}
    assert {"create_registry", "make_registry", "list_packages"} <= set(lines)
    assert "create_registry, put_registry, update_registry, patch_registry" in lines


def test_markdown(repository: SpecCopy, capsys: pytest.CaptureFixture[str]) -> None:
    """The report for a pull request has a row for each change, and what follows above the tables."""
    change(repository, "pattern of a request changed")
    repository.edit(REGISTRIES, "pattern: '[a-z]'", "pattern: '<a|z>'")
    run(repository, "--format=markdown")
    printed = capsys.readouterr().out
    assert printed.startswith("## Changes of the spec\n\nbreaking for callers: 1, for servers: 1; changes: 1  \n")
    row = next(line for line in printed.splitlines() if line.startswith("| **breaks** | **breaks** |"))
    assert '"&lt;a\\|z>" now' in row


BROKEN = [
    (["--base="], "name a git ref"),
    (["--base=nowhere"], "git knows no 'nowhere' here"),
    (["--base=--help"], "git knows no '--help' here"),
    (["--format=yaml"], "it should be one of text, markdown, json"),
    (["--base=empty"], "empty has no folder openapi/"),
    (["--base=unbundlable"], "the spec of unbundlable cannot be bundled: openapi/packages.yaml:"),
    (["--base=numbered"], "info.version is '3'; it should be MAJOR.MINOR.PATCH"),
]


@pytest.mark.parametrize(("arguments", "reason"), BROKEN)
def test_what_cannot_be_compared(
    repository: SpecCopy, capsys: pytest.CaptureFixture[str], arguments: list[str], reason: str
) -> None:
    """Where the comparison cannot run, the exit status is 2 and a sentence says why."""
    top = repository.folder.parent
    shutil.copytree(repository.folder, top / "kept")
    version(repository, "'3'")
    git(top, "commit", "--all", "--quiet", "--message=Number")
    git(top, "tag", "numbered")
    repository.edit(PACKAGES, "#/schemas/PageLinks'", "#/schemas/Nothing'")
    git(top, "commit", "--all", "--quiet", "--message=Break")
    git(top, "tag", "unbundlable")
    git(top, "rm", "-r", "--quiet", "openapi")
    git(top, "commit", "--quiet", "--allow-empty", "--message=Empty")
    git(top, "tag", "empty")
    shutil.copytree(top / "kept", repository.folder)
    assert run(repository, *arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert reason in printed.err
    assert printed.err.count("\n") == 1
    assert str(top) not in printed.err


def test_a_folder_without_history(
    copy: SpecCopy, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a git repository, and without git, the exit status is 2 too; so it is where the spec of now is broken."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(copy.folder.parent.parent))
    assert run(copy) == 2
    assert "not a git repository" in capsys.readouterr().err
    monkeypatch.setenv("PATH", str(copy.folder))
    assert run(copy) == 2
    assert "git is missing" in capsys.readouterr().err
    copy.edit(PACKAGES, "#/schemas/PageLinks'", "#/schemas/Nothing'")
    assert run(copy) == 2
    assert "which does not exist" in capsys.readouterr().err


def packed(*members: tuple[str, bytes]) -> bytes:
    """Make a tar archive of members, each a file with the text, or, with none, a link to ``shared.yaml``."""
    output = io.BytesIO()
    with tarfile.open(fileobj=output, mode="w") as archive:
        for name, text in members:
            member = tarfile.TarInfo(name)
            if text:
                member.size = len(text)
            else:
                member.type, member.linkname = tarfile.SYMTYPE, "shared.yaml"
            archive.addfile(member, io.BytesIO(text))
    return output.getvalue()


@pytest.mark.parametrize("name", ["../evil.yaml", "openapi/../../evil.yaml", "/evil.yaml"])
def test_nothing_is_written_outside_the_folder(tmp_path: Path, name: str) -> None:
    """An archive whose member's name leads out of the folder is refused, with the name, and writes nothing there."""
    with pytest.raises(HistoryError, match=rf"named '{re.escape(name)}', which is outside"):
        write_files(packed(("openapi/a.yaml", b"a"), (name, b"evil")), tmp_path / "into")
    assert not list(tmp_path.rglob("evil.yaml"))


def test_links_of_a_former_state(tmp_path: Path) -> None:
    """A link is read as the file of the archive that it leads to; one that leads elsewhere is not read."""
    outside = tmp_path / "shared.yaml"
    outside.write_text("outside")
    links = ("openapi/link.yaml", b""), ("link.yaml", b"")
    write_files(packed(("openapi/shared.yaml", b"inside"), *links, ("shared.yaml/x", b"x")), tmp_path / "into")
    written = {path.name: path for path in (tmp_path / "into").rglob("*") if path.is_file()}
    assert sorted(written) == ["link.yaml", "shared.yaml", "x"]
    assert written["link.yaml"].read_text() == "inside"
    assert not any(path.is_symlink() for path in written.values())
    with pytest.raises(HistoryError, match="openapi/a/b of the former state cannot be written"):
        write_files(packed(("openapi/a", b"file"), ("openapi/a/b", b"file")), tmp_path / "other")


def test_the_command(repository: SpecCopy) -> None:
    """The module is a command, and its exit status says what it found."""
    change(repository, "parameter removed")
    command = [sys.executable, "-m", "scripts.spec.diff", f"--repository={repository.folder.parent}", "--base=HEAD"]
    finished = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (finished.returncode, "breaking for callers: 1, for servers: 0" in finished.stdout) == (1, True)


def with_schema(joined: Bundle, name: str, schema: Any) -> Bundle:
    """Give the bundle with another schema in place of a component's."""
    document = copying.deepcopy(joined.document)
    document["components"]["schemas"][name] = schema
    return replace(joined, document=document)


def verdict(changes: list[Change]) -> tuple[bool, bool]:
    """Tell whether changes break callers, and servers."""
    return any(each.callers for each in changes), any(each.servers for each in changes)


STRING: dict[str, Any] = {"type": "string"}
OBJECT: dict[str, Any] = {"type": "object", "properties": {"a": STRING, "b": STRING}, "required": ["a"]}
WIDENINGS: dict[str, tuple[Any, Any]] = {
    "type": (STRING, {"type": ["string", "integer"]}),
    "integer to number": ({"type": "integer"}, {"type": "number"}),
    "any type": (STRING, {}),
    "null as a type": (STRING, {"type": ["string", "null"]}),
    "null as an alternative": (STRING, {"anyOf": [STRING, {"type": "null"}]}),
    "null in an enumeration": ({"enum": ["a"]}, {"enum": ["a", None]}),
    "enumeration": ({"enum": ["a"]}, {"enum": ["a", "b"]}),
    "constant": ({"const": "a"}, {"enum": ["a", "b"]}),
    "enumeration opened": ({**STRING, "enum": ["a"]}, STRING),
    "maxLength": ({**STRING, "maxLength": 5}, {**STRING, "maxLength": 6}),
    "minLength": ({**STRING, "minLength": 5}, STRING),
    "maximum": ({"type": "integer", "maximum": 5}, {"type": "integer", "maximum": 6}),
    "exclusiveMinimum": ({"type": "integer", "exclusiveMinimum": 5}, {"type": "integer", "exclusiveMinimum": 4}),
    "multipleOf": ({"type": "integer", "multipleOf": 6}, {"type": "integer", "multipleOf": 3}),
    "pattern": ({**STRING, "pattern": "a"}, STRING),
    "format": ({**STRING, "format": "uri"}, STRING),
    "contentMediaType": ({**STRING, "contentMediaType": "a/b"}, STRING),
    "items": ({"type": "array", "items": STRING}, {"type": "array", "items": {"type": ["string", "number"]}}),
    "any items": ({"type": "array", "items": STRING}, {"type": "array"}),
    "uniqueItems": ({"type": "array", "uniqueItems": True}, {"type": "array", "uniqueItems": False}),
    "required": (OBJECT, {**OBJECT, "required": []}),
    "nested": (OBJECT, {**OBJECT, "properties": {"a": {}, "b": STRING}}),
    "additionalProperties": ({**OBJECT, "additionalProperties": False}, OBJECT),
    "values of other properties": (
        {**OBJECT, "additionalProperties": STRING},
        {**OBJECT, "additionalProperties": True},
    ),
    "some other properties": (
        {**OBJECT, "additionalProperties": False},
        {**OBJECT, "additionalProperties": {"type": "integer"}},
    ),
    "anyOf": ({"anyOf": [STRING, {"type": "object"}]}, {"anyOf": [STRING, {"type": "object"}, {"type": "array"}]}),
    "oneOf instead of one": (STRING, {"oneOf": [STRING, {"type": "array"}]}),
    "alternatives and limits": ({**STRING, "maxLength": 3}, {"anyOf": [{**STRING, "maxLength": 3}, {"type": "array"}]}),
    "allOf": ({"allOf": [STRING, {"maxLength": 3}]}, STRING),
    "not": ({"not": {"type": "null"}}, {}),
}
"""Schemas of which the second allows more than the first."""


@pytest.mark.parametrize("name", WIDENINGS)
def test_directions(few: Bundle, name: str) -> None:
    """More breaks servers in requests and callers in answers, less the other way round; either way it is one change."""
    narrow, wide = WIDENINGS[name]
    for component, more, less in (("RegistryName", SERVERS, CALLERS), ("PackageName", CALLERS, SERVERS)):
        small, big = with_schema(few, component, narrow), with_schema(few, component, wide)
        for found, expected in ((compare(small, big), more), (compare(big, small), less)):
            breaking = [each for each in found if each.level is Level.BREAKING]
            assert (len(breaking), verdict(breaking)) == (1, expected), breaking


EQUAL: dict[str, tuple[Any, Any]] = {
    "null": ({"type": ["string", "null"]}, {"anyOf": [{"type": "null"}, STRING]}),
    "allOf of one": (STRING, {"allOf": [STRING]}),
    "few": (OBJECT, {"allOf": [{"type": "object", "required": ["a"]}, {"properties": OBJECT["properties"]}]}),
    "order": ({"enum": ["a", "b"]}, {"enum": ["b", "a"]}),
    "constant": ({"const": "a"}, {"enum": ["a"]}),
    "alternatives": ({"anyOf": [STRING, {"type": "array"}]}, {"anyOf": [{"type": "array"}, STRING]}),
    "types": ({"type": ["string", "integer"]}, {"anyOf": [{"type": "integer"}, STRING]}),
    "no limit": (STRING, {**STRING, "minLength": 0}),
    "open": (OBJECT, {**OBJECT, "additionalProperties": {}}),
}
"""Schemas that say the same."""


@pytest.mark.parametrize("name", EQUAL)
def test_the_same_said_otherwise(few: Bundle, name: str) -> None:
    """How a schema is written does not matter."""
    one, other = (with_schema(few, "PackageName", schema) for schema in EQUAL[name])
    assert compare(one, other) == []
    assert compare(other, one) == []


def test_a_component_in_both_directions(few: Bundle) -> None:
    """What is sent and received is judged in each direction."""
    longer = {**few.document["components"]["schemas"]["Ecosystem"], "maxLength": 9}
    found = compare(few, with_schema(few, "Ecosystem", longer))
    assert {each.direction: (each.callers, each.servers) for each in found} == {"request": CALLERS, "response": SERVERS}


def test_a_schema_within_itself(few: Bundle) -> None:
    """A schema that holds itself is compared, and so is its change."""
    itself = {"$ref": "#/components/schemas/PackageMetadata"}
    for nested in (
        {"items": itself},
        {"properties": {"a": itself, "b": True}},
        {"properties": {"a": {**itself, "description": "The next."}}},
        {"anyOf": [itself, {"type": "object"}]},
    ):
        before, after = (
            with_schema(few, "PackageMetadata", {**nested, "type": "object", "maxProperties": limit})
            for limit in (5, 4)
        )
        assert compare(before, before) == []
        assert verdict(compare(before, after)) == SERVERS


def test_every_extension_has_a_meaning(joined: Bundle) -> None:
    """Whatever extension a schema of the spec carries is one that the comparison knows how to judge."""
    document = joined.document
    used = {key for _, schema in all_schemas(document) for key in schema if key.startswith("x-")}
    assert used - set(KEYWORDS) - {"x-ecosystems"} == set()
    assert used


def mutants(document: dict[str, Any], seed: int, count: int) -> Iterator[tuple[Pointer, dict[str, Any]]]:
    """Give documents that differ from one in a single value."""
    places = [
        (pointer, value)
        for pointer, value in walk(document)
        if isinstance(value, str | int) and pointer[-1] not in ("$ref", "version", "in", "name", "openapi")
    ]
    for pointer, value in random.Random(seed).sample(places, count):  # noqa: S311 - not for secrets
        mutant = copying.deepcopy(document)
        holder: Any = mutant
        for key in pointer[:-1]:
            holder = holder[key]
        holder[pointer[-1]] = (
            not value if isinstance(value, bool) else value + 1 if isinstance(value, int) else f"{value}x"
        )
        yield pointer, mutant


@pytest.mark.parametrize("seed", range(2))
def test_no_change_goes_unseen(joined: Bundle, seed: int) -> None:
    """Whatever single value of the document is another one, the comparison names a change, in either direction."""
    for pointer, document in mutants(joined.document, seed, 12):
        mutant = replace(joined, document=document)
        assert compare(joined, mutant), pointer
        assert compare(mutant, joined), pointer
