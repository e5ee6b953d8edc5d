"""Python source distributions (`.tar.gz` and, from older tools, `.zip`).

Source: PyPA, "Source distribution format".
"""

import re
from collections.abc import Iterable
from typing import BinaryIO

from packaging.utils import InvalidSdistFilename, parse_sdist_filename

from buildkite_emulator.formats import tar, zipped
from buildkite_emulator.formats.archives import Member
from buildkite_emulator.formats.compression import COMPRESSIONS, Decompressed
from buildkite_emulator.formats.contents import Contents, UnreadablePackage, shown
from buildkite_emulator.formats.core_metadata import metadata_of, name_and_version
from buildkite_emulator.formats.limits import Budget
from buildkite_emulator.formats.streams import open_upload, read_metadata

_PKG_INFO = re.compile(r"(?:\./)?[^/]+/PKG-INFO")


def read(file_name: str, file: BinaryIO, size: int) -> Contents:
    """Read name and version from PKG-INFO, which the file name has to agree with.

    Raises:
        UnreadablePackage: see `formats.read`.
    """
    try:
        named = parse_sdist_filename(file_name)
    except InvalidSdistFilename:
        message = f"The file name {shown(file_name)} is not that of a source distribution: NAME-VERSION.tar.gz."
        raise UnreadablePackage(message) from None
    if file_name.endswith(".zip"):
        data = _pkg_info(zipped.members(file, size))
    else:
        data = _pkg_info(tar.members(Decompressed(open_upload(file, size), COMPRESSIONS[".gz"], Budget(size))))
    said = name_and_version(data, "PKG-INFO", file_name, named)
    return Contents(*said, unique_name=named[0], metadata=metadata_of(data))


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
