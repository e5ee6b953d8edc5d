"""Reads a former state of the spec out of git."""

import io
import shutil
import subprocess
import tarfile
from pathlib import Path

from scripts.spec.bundle import SPEC, Bundle, SpecError, bundle

FOLDER = SPEC.parent.name


class HistoryError(Exception):
    """Why a former state cannot be read, as a sentence."""


def git(repository: Path, *arguments: str) -> bytes:
    """Run git in a repository and give what it prints.

    Raises:
        HistoryError: git is missing, or fails.
    """
    found = shutil.which("git")
    if not found:
        raise HistoryError("git is missing; it knows the former states of the spec")
    try:
        finished = subprocess.run([found, "-C", str(repository), *arguments], capture_output=True, check=False)
    except OSError as error:
        raise HistoryError(f"git cannot be run: {error.strerror}") from error
    if finished.returncode:
        said = finished.stderr.decode(errors="replace").strip().splitlines() or ["it does not say why"]
        raise HistoryError(f"git {arguments[0]} fails: {said[0]}")
    return finished.stdout


def commit(repository: Path, ref: str) -> str:
    """Find the commit that a ref means.

    Args:
        repository: a folder of a git repository.
        ref: a branch, a tag, a commit or whatever else git understands, such as ``HEAD~3``.

    Returns:
        its full hash.

    Raises:
        HistoryError: there is no repository, or no such ref in it.
    """
    git(repository, "rev-parse", "--git-dir")
    try:
        found = git(repository, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
    except HistoryError:
        raise HistoryError(f"git knows no {ref!r} here; name a branch, tag or commit, and fetch it first") from None
    return found.decode().strip()


def write_files(packed: bytes, folder: Path) -> None:
    """Write the files of a tar archive into a folder.

    `TarFile.extractall` has its filters only since Python 3.11.4, so nothing but plain files is written here: a link
    becomes a copy of the member that it leads to, and is left out where that is not in the archive.

    Raises:
        HistoryError: a member's name leads out of the folder, or two of them exclude each other.
    """
    top = folder.resolve()
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        for member in archive:
            place = (top / member.name).resolve()
            if not place.is_relative_to(top):
                raise HistoryError(f"git has a file named {member.name!r}, which is outside the folder {FOLDER}/")
            try:
                content = archive.extractfile(member)
            except (KeyError, RecursionError):  # a link to what is not there, or to itself
                continue
            if content is None:
                continue
            try:
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(content.read())
            except OSError as error:
                raise HistoryError(f"{member.name} of the former state cannot be written: {error.strerror}") from error


def spec_at(repository: Path, ref: str, folder: Path) -> Bundle:
    """Bundle the spec as it was.

    Args:
        repository: the folder that has ``openapi/`` in it.
        ref: what git is asked for.
        folder: an empty folder for the files.

    Raises:
        HistoryError: git has no such state, or it holds no spec that can be bundled.
    """
    found = commit(repository, ref)
    try:
        packed = git(repository, "archive", "--format=tar", found, "--", FOLDER)
    except HistoryError as error:
        raise HistoryError(f"{ref} has no folder {FOLDER}/ ({error})") from error
    write_files(packed, folder)
    root = folder / FOLDER / SPEC.name
    if not root.exists():
        raise HistoryError(f"{ref} has no {FOLDER}/{SPEC.name}")
    try:
        return bundle(root)
    except SpecError as error:
        problem = error.problems[0].replace(f"{folder.resolve()}/", "").replace(f"{folder}/", "")
        raise HistoryError(f"the spec of {ref} cannot be bundled: {problem}") from error
