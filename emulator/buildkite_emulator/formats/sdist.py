"""Python source distributions (`.tar.gz` and, from older tools, `.zip`, `.tar`, `.tar.bz2` and `.tar.xz`).

What is refused follows PyPA, "Source distribution format", and pip:

- the file name is NAME-VERSION, and equal to what PKG-INFO says once both are normalized. Where a hyphen could belong
  to either, PKG-INFO decides: `pst-1.0-1.tar.gz` is `pst` of version `1.0-1`, a post-release in an old spelling;
- a version follows PEP 440, in any spelling that `packaging` normalizes; pip takes no other since 24.1;
- the archive is of a kind that setuptools' `sdist --formats` makes and pip unpacks. PEP 625 allows new ones `.tar.gz`
  alone;
- PKG-INFO lies in the one top folder, and is read by `packaging`, which lets odd encodings be. pip does without it
  where there is a setup.py or pyproject.toml; then the file name tells, unless it can be split in more than one way;
- Python's `tarfile` drops the root of absolute names, as pip has it do; zip archives may not have such names.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import BinaryIO

from packaging.utils import InvalidName, NormalizedName, canonicalize_name
from packaging.version import InvalidVersion, Version

from buildkite_emulator.formats.archives import tar
from buildkite_emulator.formats.archives import zip as zip_archive
from buildkite_emulator.formats.archives.compression import COMPRESSIONS, Decompressed
from buildkite_emulator.formats.archives.members import Member, check_rooted_name, read_only_file
from buildkite_emulator.formats.archives.streams import open_upload
from buildkite_emulator.formats.contents import Contents, UnreadablePackage, shown
from buildkite_emulator.formats.documents.core_metadata import metadata_of, name_and_version
from buildkite_emulator.formats.limits import Budget

_TOP_FILE = re.compile(r"(?:\.?/)?[^/]+/([^/]+)")
_BUILT_BY = ("setup.py", "pyproject.toml")
_COMPRESSIONS = {".tar.gz": ".gz", ".tar.bz2": ".bz2", ".tar.xz": ".xz"}
_SUFFIX = re.compile(r"(?:\.tar(?:\.gz|\.bz2|\.xz)?|\.zip)\Z")


def read(file_name: str, file: BinaryIO, size: int) -> Contents:
    """Read name and version from PKG-INFO, which the file name has to agree with.

    Raises:
        UnreadablePackage: see `formats.read`.
    """
    named = _named(file_name)
    if not named:
        message = f"The file name {shown(file_name)} is not that of a source distribution: NAME-VERSION.tar.gz."
        raise UnreadablePackage(message)
    data = _pkg_info(_members(file_name, file, size))
    if data is None:
        if len(named) > 1:
            raise UnreadablePackage(
                f"The source distribution has no PKG-INFO in its top folder, and its file name {shown(file_name)} does "
                "not tell where the version starts."
            )
        ((unique_name, number),) = named
        return Contents(unique_name, str(number), unique_name=unique_name)
    name, version = name_and_version(data, "PKG-INFO", file_name, named)
    return Contents(name, version, unique_name=canonicalize_name(name), metadata=metadata_of(data))


def _members(file_name: str, file: BinaryIO, size: int) -> Iterator[Member]:
    if file_name.endswith(".zip"):
        return zip_archive.members(file, size)
    source = open_upload(file, size)
    if file_name.endswith(".tar"):
        # Nothing but the end mark says that it is whole.
        return tar.members(source, end=tar.End.REQUIRED, check_name=check_rooted_name)
    (compression,) = (kind for suffix, kind in _COMPRESSIONS.items() if file_name.endswith(suffix))
    return tar.members(Decompressed(source, COMPRESSIONS[compression], Budget(size)), check_name=check_rooted_name)


def _named(file_name: str) -> list[tuple[NormalizedName, Version]]:
    """Return every name and version that a file name can be split into."""
    stem = _SUFFIX.sub("", file_name)
    found = []
    for hyphen in re.finditer("-", stem):
        name, version = stem[: hyphen.start()], stem[hyphen.end() :]
        with suppress(InvalidVersion, InvalidName):
            found.append((canonicalize_name(name, validate=True), Version(version)))
    return found


def _pkg_info(archive: Iterable[Member]) -> bytes | None:
    """Return the PKG-INFO beside the sources, None where pip can do without it.

    Those deeper down, in folders .egg-info, do not count.
    """
    data = None
    can_be_built = False
    for member in archive:
        match = _TOP_FILE.fullmatch(member.name)
        if match is None:
            continue
        can_be_built |= match[1] in _BUILT_BY and member.is_file
        if match[1] == "PKG-INFO":
            data = read_only_file(member, data, "source distribution", "PKG-INFO")
    if data is None and not can_be_built:
        raise UnreadablePackage("The source distribution has no PKG-INFO in its top folder.")
    return data
