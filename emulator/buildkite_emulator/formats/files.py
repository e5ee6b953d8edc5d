"""Generic files. Name and version come from the file name alone.

Sources: Buildkite's page "Files" of Package Registries, section "File name format requirements" (a base name
of letters, digits and hyphens, then the version, then the extension), and Semantic Versioning 2.0.0.

A base name has no dots, so the first dot of the file name ends MAJOR, which determines where the version starts:
`a-1.0.0-2.0.0.zip` is `a` of version `1.0.0-2.0.0`. The end of the version is ambiguous if it has a pre-release or
build part, since these may contain dots, as extensions may. Of the splits with a valid version, this takes:

- the one whose extension starts with `tar.`: `my-tool-1.2.3-rc.1+build.5.tar.gz` is version
  `1.2.3-rc.1+build.5`;
- else the one with the longest version: `firmware-2.3.1-beta.1.bin`, an example of that page, is version
  `2.3.1-beta.1`.

An extension has a letter before its first dot, so `a-1.0.0.5.zip`, which has no semantic version, is refused. The page
does not say how the real service decides; this is the emulator's choice.
"""

import re
from typing import BinaryIO

from buildkite_emulator.formats.contents import Contents, UnreadablePackage
from buildkite_emulator.formats.documents import semver

_BASE_NAME = re.compile(r"[0-9A-Za-z](?:[0-9A-Za-z-]*[0-9A-Za-z])?")
_EXTENSION = re.compile(r"[0-9_-]*[A-Za-z][0-9A-Za-z_-]*(?:\.[0-9A-Za-z_-]+)*")

INVALID_FILE_NAME = "Invalid filename format. Expected: {BASENAME}-{SEMVER}.{EXT}"


def read(file_name: str, file: BinaryIO, size: int) -> Contents:  # noqa: ARG001 - only the name is used
    """Split the file name; the file is not read. The variant is the extension: a `.zip` and a `.txt` may coexist.

    Raises:
        UnreadablePackage: the name does not match; the message is that of the real service.
    """
    major, *rest = file_name.split(".")
    name, _, major = major.rpartition("-")
    if _BASE_NAME.fullmatch(name):
        splits = [
            (".".join([major, *rest[:dots]]), ".".join(rest[dots:]))
            # MINOR and PATCH come before the extension; a name of 255 bytes keeps this short.
            for dots in range(2, len(rest))
        ]
        valid = [split for split in splits if semver.VERSION.fullmatch(split[0]) and _EXTENSION.fullmatch(split[1])]
        tarballs = [split for split in valid if split[1].startswith("tar.")]
        if valid:
            return Contents(name, *(tarballs or valid)[-1])
    raise UnreadablePackage(INVALID_FILE_NAME)
