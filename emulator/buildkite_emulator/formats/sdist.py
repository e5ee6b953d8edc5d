"""Python source distributions (`.tar.gz` and, from older tools, `.zip`).

What is refused follows PyPA, "Source distribution format", and pip:

- the file name is NAME-VERSION, and equal to what PKG-INFO says once both are normalized. Where a hyphen could belong
  to either, PKG-INFO decides: `pst-1.0-1.tar.gz` is `pst` of version `1.0-1`, a post-release in an old spelling;
- a version follows PEP 440, in any spelling that `packaging` normalizes; pip takes no other since 24.1;
- PKG-INFO lies in the one top folder, and is read by `packaging`, which lets odd encodings be;
- Python's `tarfile` drops the root of absolute names, as pip has it do; zip archives may not have such names.
"""

import re
from collections.abc import Iterable
from contextlib import suppress
from typing import BinaryIO

from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import InvalidVersion, Version

from buildkite_emulator.formats import tar, zipped
from buildkite_emulator.formats.archives import Member, check_rooted_name
from buildkite_emulator.formats.compression import COMPRESSIONS, Decompressed
from buildkite_emulator.formats.contents import Contents, UnreadablePackage, shown
from buildkite_emulator.formats.core_metadata import metadata_of, name_and_version
from buildkite_emulator.formats.limits import Budget
from buildkite_emulator.formats.streams import open_upload, read_metadata

_PKG_INFO = re.compile(r"(?:\.?/)?[^/]+/PKG-INFO")


def read(file_name: str, file: BinaryIO, size: int) -> Contents:
    """Read name and version from PKG-INFO, which the file name has to agree with.

    Raises:
        UnreadablePackage: see `formats.read`.
    """
    named = _named(file_name)
    if not named:
        message = f"The file name {shown(file_name)} is not that of a source distribution: NAME-VERSION.tar.gz."
        raise UnreadablePackage(message)
    if file_name.endswith(".zip"):
        data = _pkg_info(zipped.members(file, size))
    else:
        unpacked = Decompressed(open_upload(file, size), COMPRESSIONS[".gz"], Budget(size))
        data = _pkg_info(tar.members(unpacked, check_name=check_rooted_name))
    name, version = name_and_version(data, "PKG-INFO", file_name, named)
    return Contents(name, version, unique_name=canonicalize_name(name), metadata=metadata_of(data))


def _named(file_name: str) -> list[tuple[NormalizedName, Version]]:
    """Return every name and version that a file name can be split into."""
    stem = file_name.removesuffix(".zip").removesuffix(".tar.gz")
    found = []
    for hyphen in re.finditer("-", stem):
        name, version = stem[: hyphen.start()], stem[hyphen.end() :]
        with suppress(InvalidVersion):
            if name:
                found.append((canonicalize_name(name), Version(version)))
    return found


def _pkg_info(archive: Iterable[Member]) -> bytes:
    """Return the PKG-INFO beside the sources; those deeper down, in folders .egg-info, do not count."""
    data = None
    for member in archive:
        if _PKG_INFO.fullmatch(member.name):
            if not member.is_file:
                raise UnreadablePackage("The source distribution's PKG-INFO is a link or a folder, not a file.")
            if data is not None:
                raise UnreadablePackage("The source distribution has more than one PKG-INFO in a top folder.")
            data = read_metadata(member.body, "PKG-INFO")
    if data is None:
        raise UnreadablePackage("The source distribution has no PKG-INFO in its top folder.")
    return data
