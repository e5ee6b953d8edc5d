"""Reading what a package is out of its file.

To add a format, write one module with a function `read` (see `contents.Reader`) and add its row to `READERS`.
What formats have in common is in `archives` (ar, cpio, tar, zip, compression) and `documents` (YAML, XML, RPM headers,
Python metadata, version numbers); `limits` says how much they read.
"""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import BinaryIO

from buildkite_emulator.formats import apk, deb, files, gem, helm, jar, npm, nuget, rpm, sdist, terraform, wheel
from buildkite_emulator.formats.contents import Contents, Reader, UnreadablePackage, shown
from buildkite_emulator.formats.limits import FIELD_CHARACTERS, FILE_NAME_BYTES
from buildkite_emulator.formats.metadata import bounded

__all__ = ["READERS", "Contents", "Reader", "UnreadablePackage", "read", "reader"]

READERS: Mapping[str, Mapping[str, Reader]] = MappingProxyType(
    {
        "alpine": {".apk": apk.read},
        "debian": {".deb": deb.read},
        "files": {"": files.read},
        "helm": {".tgz": helm.read},
        "java": {".jar": jar.read},
        "javascript": {".tgz": npm.read},
        "nuget": {".nupkg": nuget.read},
        "python": {".whl": wheel.read, **dict.fromkeys((".tar.gz", ".zip", ".tar", ".tar.bz2", ".tar.xz"), sdist.read)},
        "redhat": {".rpm": rpm.read},
        "ruby": {".gem": gem.read},
        "terraform": {".tgz": terraform.read, ".tar.gz": terraform.read, ".zip": terraform.read},
    }
)
"""Ecosystem of a registry, then suffix of a file name ("" is any), then what reads it."""


def reader(ecosystem: str, file_name: str) -> Reader:
    """Choose what reads a file, before the file is there.

    Raises:
        UnreadablePackage: the ecosystem is not supported, or the file name is not of it.
    """
    readers = READERS.get(ecosystem)
    if readers is None:
        raise UnreadablePackage(f"Packages of the ecosystem {shown(ecosystem)} are not supported by the emulator yet.")
    _check_file_name(file_name)
    for suffix, found in readers.items():
        if file_name.endswith(suffix):
            return found
    accepted = " or ".join(readers)
    raise UnreadablePackage(f"The file name {shown(file_name)} should end with {accepted}.")


def read(ecosystem: str, file_name: str, file: BinaryIO, size: int) -> Contents:
    """Read name, version and variant of the package in `file`, and check the file whole.

    `file` is seekable and `size` bytes long. It is read in blocks of 1 MiB, mostly from first to last, and is
    left open at an unknown position. Memory and work stay within `limits`; nothing is written anywhere.

    Raises:
        UnreadablePackage: the ecosystem is not supported, the file name is not of it, or the file is no whole
            and harmless package. Errors of the storage behind `file` pass through as they are.
    """
    contents = reader(ecosystem, file_name)(file_name, file, size)
    if max(map(len, (contents.name, contents.version, contents.variant or ""))) > FIELD_CHARACTERS:
        message = f"The package's name, version or variant is longer than {FIELD_CHARACTERS} characters."
        raise UnreadablePackage(message)
    return replace(contents, metadata=bounded(contents.metadata))


def _check_file_name(file_name: str) -> None:
    """Refuse what is no plain name, whatever the format: the name ends up in URLs, headers and paths."""
    if not file_name:
        raise UnreadablePackage("The file has no name.")
    if "/" in file_name or "\\" in file_name or file_name in {".", ".."}:
        raise UnreadablePackage(f"The file name {shown(file_name)} must not have / or \\ in it, or be . or ...")
    # Of the unprintable ones, str.isprintable counts control characters, lone surrogates and direction marks.
    if not file_name.isprintable():
        raise UnreadablePackage(f"The file name {shown(file_name)} must not have control characters in it.")
    if len(file_name.encode()) > FILE_NAME_BYTES:
        raise UnreadablePackage(f"The file name is longer than {FILE_NAME_BYTES} bytes.")
