"""Vendor the client: ``python -m scripts.client.vendor copy`` copies it into a project, ``check`` checks the copy.

A vendored copy is the folder of the client under a name of its own, with the license and a manifest. This needs Python
and nothing else, so that a project can check its copy without setting this one up.
"""

import argparse
import hashlib
import json
import keyword
import os
import re
import shlex
import shutil
import sys
import tomllib
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from scripts import ROOT

PACKAGE = "buildkite_packages"
COMMAND_LINE = "cli"
"""The folder of the client that only its command line needs."""

MANIFEST = "vendored-buildkite-packages.json"
NEW, OLD = ".vendor-new", ".vendor-old"
"""Ends of the names of the folders that an update has beside a copy."""

FORMAT = 1
"""Version of the manifest's own format."""

GENERATOR = "openapi-python-client"
EXAMPLE = "../acme/src/acme/_vendor"

Files = dict[str, bytes]
Manifest = dict[str, Any]


class VendorError(Exception):
    """What stands in the way of vendoring or checking, in words for who asked for it."""


def normalized(content: bytes) -> bytes:
    r"""Write line ends as ``\n``, for git may have converted them on the way (``core.autocrlf``)."""
    return content.replace(b"\r\n", b"\n")


def digest(content: bytes) -> str:
    """Give the SHA-256 of a text whatever its line ends are, in hexadecimal."""
    return hashlib.sha256(normalized(content)).hexdigest()


def paths(folder: Path) -> dict[str, Path]:
    """Find whatever is below a folder but folders and what Python compiled, by its name relative to it."""
    found = {path.relative_to(folder): path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir()}
    return {name.as_posix(): path for name, path in sorted(found.items()) if not is_compiled(name)}


def is_compiled(path: Path) -> bool:
    """Say whether a file is one that Python writes beside a module that it imports."""
    return path.parent.name == "__pycache__" and ".pyc" in path.suffixes  # `.pyc.1234` while it is being written


def client_files(*, cli: bool) -> Files:
    """Read what a copy holds besides its manifest.

    Args:
        cli: whether the command line is part of it.

    Raises:
        VendorError: the command line is asked for, and this checkout has none.
    """
    source = ROOT / "generated" / PACKAGE
    files = {name: normalized(path.read_bytes()) for name, path in paths(source).items()}
    if cli and not any(name.startswith(f"{COMMAND_LINE}/") for name in files):
        raise VendorError("the client of this checkout has no command line; leave CLI=1 out, or say CLI=0")
    kept = {name: content for name, content in files.items() if cli or not name.startswith(f"{COMMAND_LINE}/")}
    return {**kept, "LICENSE": normalized((ROOT / "LICENSE").read_bytes())}


def make_manifest(name: str, files: Files, *, cli: bool) -> Manifest:
    """Describe a copy. It holds no times and no paths of this machine, so that the same copy has the same manifest.

    Args:
        name: of the copy.
        files: as `client_files` gives them.
        cli: whether the command line is among them.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    generators = {text.partition("==")[0]: text.partition("==")[2] for text in project["optional-dependencies"]["dev"]}
    version = re.search(r"""^__version__\b[^=]*= *["'](.+?)["']""", files["__init__.py"].decode(), re.MULTILINE)
    if version is None:
        raise VendorError(f"generated/{PACKAGE} does not say its version; `make generate` makes it anew")
    folder = "DEST=path/to/the/folder/above"
    return {
        "about": f"The client of {project['name']}, vendored. Change nothing here by hand: an update replaces it all. "
        f"The commands below run in a checkout of {project['name']}.",
        "check": f"make vendor-check {folder} NAME={name}",
        "cli": cli,
        "digests": "SHA-256 of each file, its line ends written as \\n",
        "distribution": project["name"],
        "files": {name: digest(content) for name, content in files.items()},
        "format": FORMAT,
        "generator": {"name": GENERATOR, "version": generators[GENERATOR]},
        "spec": {
            "sha256": digest(files["openapi.json"]),
            "version": json.loads(files["openapi.json"])["info"]["version"],
        },
        "update": f"make vendor {folder} NAME={name}",
        "version": version[1],
    }


def read_manifest(folder: Path) -> Manifest | None:
    """Read the manifest of a copy; None where there is none.

    Raises:
        VendorError: it is damaged, or newer than this module.
    """
    path = folder / MANIFEST
    if not path.is_file():
        return None
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise VendorError(f"{path} is damaged ({error}); restore it, or remove {folder} and vendor anew") from error
    match manifest:
        case {
            "format": 1,
            "cli": bool(),
            "distribution": str(),
            "files": dict(files),
            "generator": {"name": str(), "version": str()},
            "spec": {"sha256": str(), "version": str()},
            "version": str(),
        } if all(isinstance(value, str) for value in files.values()):
            return dict(manifest)
        case {"format": int(number)} if number > FORMAT:
            raise VendorError(f"{path} has format {number}, which a newer checkout made; update this one")
    raise VendorError(f"{path} is not a manifest that this made; restore it, or remove {folder} and vendor anew")


def changes_by_hand(folder: Path, manifest: Manifest) -> Iterator[str]:
    """Yield a line for each file of a copy that is not as its manifest says."""
    recorded = manifest["files"]
    present = {name: path for name, path in paths(folder).items() if name != MANIFEST}
    for name in sorted(recorded.keys() | present.keys()):
        if name not in present:
            yield f"{folder / name}: missing"
        elif name not in recorded:
            yield f"{folder / name}: added by hand"
        elif present[name].is_symlink() or not present[name].is_file():
            yield f"{folder / name}: changed by hand, it is no plain file any more"
        elif digest(present[name].read_bytes()) != recorded[name]:
            yield f"{folder / name}: changed by hand"


def origins(manifest: Manifest) -> list[str]:
    """Describe what a copy was made from: the client's version, the spec and the generator."""
    spec, generator = manifest["spec"], manifest["generator"]
    return [
        f"{manifest['distribution']} {manifest['version']}",
        f"spec {spec['version']} (SHA-256 {spec['sha256'][:16]}...)",
        f"{generator['name']} {generator['version']}",
    ]


def differences_to_today(folder: Path, manifest: Manifest) -> Iterator[str]:
    """Yield a line for each thing in which a copy's manifest differs from what this checkout would write today.

    Raises:
        VendorError: this checkout cannot make such a copy.
    """
    today = make_manifest(folder.name, client_files(cli=manifest["cli"]), cli=manifest["cli"])
    for was, would_be in zip(origins(manifest), origins(today), strict=True):
        if was != would_be:
            yield f"{folder}: behind, made from {was}; this checkout has {would_be}"
    then, now = manifest["files"], today["files"]
    for name in sorted(then.keys() | now.keys()):
        if name not in then:
            yield f"{folder / name}: behind, new in this checkout"
        elif name not in now:
            yield f"{folder / name}: behind, no longer in this checkout"
        elif then[name] != now[name]:
            yield f"{folder / name}: behind, changed in this checkout"


def findings(folder: Path) -> list[str]:
    """List what is wrong with a copy, a line each; none where all is well."""
    try:
        manifest = read_manifest(folder)
        if manifest is None:
            return [f"{folder}: not a vendored copy, it has no {MANIFEST}"]
        return [*changes_by_hand(folder, manifest), *differences_to_today(folder, manifest)]
    except VendorError as error:
        return [str(error)]


def beside(target: Path) -> tuple[Path, Path]:
    """Name the folders in which the next copy is built and the last one waits to be removed."""
    return target.with_name(f".{target.name}{NEW}"), target.with_name(f".{target.name}{OLD}")


def is_ours(folder: Path) -> bool:
    """Say whether a folder may be replaced or removed: it has a manifest of a copy, or holds nothing else."""
    if folder.is_symlink() or not folder.is_dir():
        return False
    if not paths(folder).keys() - {MANIFEST}:
        return True  # the manifest is the first file that an update writes
    try:
        return read_manifest(folder) is not None
    except VendorError:
        return False


def clean_up(target: Path) -> None:
    """End what an interrupted run left: the last copy is put back where it is missing, and the rest is removed.

    Raises:
        VendorError: a folder has the name of one that an update makes, and is none; nothing was changed.
    """
    new, old = beside(target)
    leftovers = [path for path in (new, old) if os.path.lexists(path)]
    for leftover in leftovers:
        if not is_ours(leftover):
            raise VendorError(
                f"{leftover} is in the way, and is left alone as it has no {MANIFEST}; move it elsewhere or remove it"
            )
    if old in leftovers and not target.exists():
        old.rename(target)
        leftovers.remove(old)
    for leftover in leftovers:
        remove(leftover)


def remove(folder: Path) -> None:
    """Remove a folder, its manifest last, so that what is left of it after an interruption is still known as ours."""
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path.name != MANIFEST:
            path.unlink()
    shutil.rmtree(folder)


def replace(target: Path, files: Files) -> None:
    """Put files in the place of a folder, or leave it as it was.

    No system renames a full folder over another in one step. Whoever is killed between the two renames leaves both
    copies, whole, beside the target; the next run starts with `clean_up`.
    """
    new, old = beside(target)
    try:
        for name, content in files.items():
            path = new / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        if target.exists():
            target.rename(old)
        new.rename(target)
    finally:
        clean_up(target)


def check_name(name: str) -> str:
    """Give back the name of a copy.

    Raises:
        VendorError: no Python package can have it.
    """
    # Python looks a name up in its NFKC form, https://docs.python.org/3/reference/lexical_analysis.html#identifiers
    is_found = name.isidentifier() and not keyword.iskeyword(name) and name == unicodedata.normalize("NFKC", name)
    if not is_found or re.fullmatch("__.*__", name):
        raise VendorError(f"NAME={shlex.quote(name)} is not a name that Python can import; try NAME=bk_packages")
    return name


def copies(destination: Path) -> list[Path]:
    """Find the copies in a folder by their manifests, with those that an interrupted update has moved aside."""
    found = {path.parent for path in destination.glob(f"*/{MANIFEST}")}
    shown = {path for path in found if not path.name.startswith(".")}
    names = [path.name.removeprefix(".").removesuffix(OLD) for path in found if path.name.endswith(OLD)]
    return sorted({*shown, *(destination / name for name in names)})


def choose(destination: Path, name: str) -> Path:
    """Choose the folder to vendor into: what was named, the only copy that is there, or the client's own name.

    Raises:
        VendorError: the name is no good, or there are several copies and none is named.
    """
    if name:
        return destination / check_name(name)
    found = copies(destination)
    if len(found) > 1:
        raise VendorError(f"{destination} holds {', '.join(path.name for path in found)}; say which with NAME=")
    return found[0] if found else destination / PACKAGE


def check_destination(destination: Path) -> None:
    """See that copies can be put into a folder, which need not exist.

    Raises:
        VendorError: it is no place for them.
    """
    if destination.exists() and not destination.is_dir():
        raise VendorError(f"DEST={destination} is a file; it should be a folder, as in DEST={EXAMPLE}")
    whole = destination.resolve()
    if whole.is_relative_to(ROOT.resolve() / "generated"):
        raise VendorError(f"DEST={destination} is in generated/, which is made anew; try DEST={EXAMPLE}")
    for folder in (whole, *whole.parents):
        if (folder / MANIFEST).is_file():
            raise VendorError(f"{folder} is a vendored copy; name the folder that holds it: DEST={folder.parent}")


def copy(destination: Path, name: str = "", *, cli: bool | None = None, force: bool = False) -> list[str]:
    """Vendor the client, or bring a vendored copy up to date.

    Args:
        destination: folder that is to hold the copy; it is made where it is missing.
        name: of the copy; "" for the name of the only copy that is there, or else the client's own.
        cli: whether the command line comes along; None for what the present copy has, or else without.
        force: whether changes made by hand to the present copy may go.

    Returns:
        lines that say what was done.

    Raises:
        VendorError: something speaks against it; nothing has been changed.
        OSError: a file cannot be read or written; the copy is whole, the last one or the new one.
    """
    check_destination(destination)
    target = choose(destination, name)
    if target.is_symlink() or (target.exists() and not target.is_dir()):
        raise VendorError(f"{target} is there and is no folder; remove it or choose another NAME=")
    clean_up(target)
    manifest = read_manifest(target)
    if manifest is None and target.exists() and paths(target):
        raise VendorError(f"{target} is there and has no {MANIFEST}, so it is left alone; choose another NAME=")
    lost = list(changes_by_hand(target, manifest)) if manifest else []
    if lost and not force:
        raise VendorError("\n".join([*lost, "nothing was replaced; FORCE=1 gives up these changes"]))
    wanted = cli if cli is not None else bool(manifest and manifest["cli"])
    files = client_files(cli=wanted)
    today = make_manifest(target.name, files, cli=wanted)
    text = json.dumps(today, indent=2, sort_keys=True) + "\n"
    replace(target, {MANIFEST: text.encode(), **files})
    extent = f"{len(files)} files, {'with' if wanted else 'without'} the command line"
    return [*(f"{line}; replaced" for line in lost), f"{target}: {', '.join([*origins(today), extent])}"]


def check(destination: Path, name: str = "") -> tuple[list[Path], list[str]]:
    """Compare vendored copies with their manifests and with what this checkout would vendor today.

    Args:
        destination: folder that holds the copies.
        name: of the copy; "" for all that are there.

    Returns:
        the copies, and a line for each thing that is wrong with them.

    Raises:
        VendorError: there is no copy.
        OSError: a file cannot be read.
    """
    found = [destination / check_name(name)] if name else copies(destination)
    lines = [
        f"{leftover}: left by an update that was interrupted; `make vendor` again ends it"
        for path in found
        for leftover in beside(path)
        if is_ours(leftover)
    ]
    there = [path for path in found if path.is_dir()]
    if not there and not lines:
        example = f"make vendor DEST={shlex.quote(str(destination))}" + (f" NAME={name}" if name else "")
        raise VendorError(f"{destination / name}: no vendored copy; `{example}` makes one")
    return there, [*lines, *(line for path in there for line in findings(path))]


def main(arguments: Sequence[str] | None = None) -> int:
    """Vendor, or check.

    Args:
        arguments: of the command; None for those of this process.

    Returns:
        0 where all went or is well, 1 otherwise.
    """
    parser = argparse.ArgumentParser(description="Copy the client into another project, or check such a copy.")
    commands = parser.add_subparsers(dest="command", required=True)
    for command, text in {"copy": "copy the client, or update a copy", "check": "compare copies"}.items():
        subparser = commands.add_parser(command, help=text, description=text)
        subparser.add_argument("--dest", default="", help="folder that holds the copy")
        subparser.add_argument("--name", default="", help="name of the copy")
    copying = commands.choices["copy"]
    copying.add_argument("--cli", action=argparse.BooleanOptionalAction, help="the command line comes along")
    copying.add_argument("--force", action="store_true", help="replace what was changed by hand")
    options = parser.parse_args(arguments)
    target = "vendor" if options.command == "copy" else "vendor-check"
    destination = Path(options.dest).expanduser()
    if not options.dest:
        print(f"DEST is missing; say which folder holds the copy: make {target} DEST={EXAMPLE}", file=sys.stderr)
        return 1
    try:
        if options.command == "copy":
            print("\n".join(copy(destination, options.name, cli=options.cli, force=options.force)))
            return 0
        folders, lines = check(destination, options.name)
    except VendorError as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{error.filename or destination}: {error.strerror or error}", file=sys.stderr)
        return 1
    print("\n".join(lines or [f"{folder}: up to date" for folder in folders]))
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
