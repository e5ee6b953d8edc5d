"""Reads name, version and metadata from package files.

Each format is one module with a function `read` (see `contents.Reader`) and a row in `READERS`. Formats share
`archives` (ar, cpio, tar, zip, compression) and `documents` (YAML, XML, RPM headers, Python metadata, version numbers).
`limits` bounds what they read.
"""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import BinaryIO

from buildkite_emulator.formats import apk, deb, files, gem, helm, jar, npm, nuget, rpm, sdist, terraform, wheel
from buildkite_emulator.formats.contents import Contents, Reader, UnreadablePackage, shown
from buildkite_emulator.formats.limits import FIELD_CHARACTERS, FILE_NAME_BYTES
from buildkite_emulator.formats.metadata import bounded

__all__ = ["READERS", "UNSUPPORTED_TYPE", "Contents", "Reader", "UnreadablePackage", "read", "reader"]

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
"""Readers by ecosystem of the registry and by suffix of the file name ("" matches any)."""

UNSUPPORTED_TYPE = "This registry does not support that package type"
"""How the service refuses a file of another ecosystem. Clients look for these words."""


def reader(ecosystem: str, file_name: str) -> Reader:
    """Select the reader of a file by its name; the file itself is not needed.

    Raises:
        UnreadablePackage: the ecosystem is not supported, or does not accept the file name.
    """
    readers = READERS.get(ecosystem)
    if readers is None:
        raise UnreadablePackage(f"Packages of the ecosystem {shown(ecosystem)} are not supported by the emulator yet.")
    _check_file_name(file_name)
    for suffix, found in readers.items():
        if file_name.endswith(suffix):
            return found
    accepted = " or ".join(readers)
    raise UnreadablePackage(f"{UNSUPPORTED_TYPE}: the file name {shown(file_name)} should end with {accepted}.")


def read(ecosystem: str, file_name: str, file: BinaryIO, size: int) -> Contents:
    """Read name, version and variant of the package in `file`, and validate the complete file.

    `file` is seekable and `size` bytes long. It is read in blocks of 1 MiB, mostly sequentially, and is left open at
    an unspecified position. Memory and work stay within `limits`. Nothing is written to disk.

    Raises:
        UnreadablePackage: the ecosystem is not supported or does not accept the file name, or the file is not a
            complete and harmless package. Errors of the storage behind `file` propagate unchanged.
    """
    contents = reader(ecosystem, file_name)(file_name, file, size)
    if max(map(len, (contents.name, contents.version, contents.variant or ""))) > FIELD_CHARACTERS:
        message = f"The package's name, version or variant is longer than {FIELD_CHARACTERS} characters."
        raise UnreadablePackage(message)
    return replace(contents, metadata=bounded(contents.metadata))


def _check_file_name(file_name: str) -> None:
    """Refuse file names that are unsafe in URLs, headers and paths, for every format."""
    if not file_name:
        raise UnreadablePackage("The file has no name.")
    if "/" in file_name or "\\" in file_name or file_name in {".", ".."}:
        raise UnreadablePackage(f"The file name {shown(file_name)} must not have / or \\ in it, or be . or ...")
    # str.isprintable is false for control characters, lone surrogates and direction marks.
    if not file_name.isprintable():
        raise UnreadablePackage(f"The file name {shown(file_name)} must not have control characters in it.")
    if len(file_name.encode()) > FILE_NAME_BYTES:
        raise UnreadablePackage(f"The file name is longer than {FILE_NAME_BYTES} bytes.")
