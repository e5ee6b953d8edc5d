"""Python wheels (`.whl`).

What is refused follows PyPA and pip:

- "Binary distribution format": the file name is NAME-VERSION[-BUILD]-PYTHON-ABI-PLATFORM.whl, as `packaging` reads it;
- "Core metadata": METADATA has one valid Name and Version, equal to those of the file name once both are normalized.
  It lies in a folder .dist-info at the top, of which pip takes no more than one;
- `unpacking.py` and `wheel.py` of pip's installer: no name is absolute or has `..`.

Refused though pip takes it: two members of one name, bytes before or after the zip archive, and compression other than
Deflate, for which `zipfile` sets no limit to memory.
"""

import re
from typing import BinaryIO

from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from buildkite_emulator.formats.archives import zip as zip_archive
from buildkite_emulator.formats.archives.members import read_only_file
from buildkite_emulator.formats.contents import Contents, UnreadablePackage, shown
from buildkite_emulator.formats.documents.core_metadata import metadata_of, name_and_version

_METADATA = re.compile(r"[^/]+\.dist-info/METADATA")


def read(file_name: str, file: BinaryIO, size: int) -> Contents:
    """Read name and version from METADATA, which the file name has to agree with, and the rest from that one.

    Raises:
        UnreadablePackage: see `formats.read`.
    """
    try:
        name, version, _, _ = parse_wheel_filename(file_name)
    except InvalidWheelFilename:
        message = (
            f"The file name {shown(file_name)} is not that of a wheel, which is "
            "NAME-VERSION[-BUILD]-PYTHON-ABI-PLATFORM.whl."
        )
        raise UnreadablePackage(message) from None
    metadata = None
    for member in zip_archive.members(file, size):
        if _METADATA.fullmatch(member.name):
            metadata = read_only_file(member, metadata, "wheel", "METADATA")
    if metadata is None:
        raise UnreadablePackage("The wheel has no METADATA in a folder .dist-info.")
    _, _, tags = file_name.removesuffix(".whl").split("-", 2)
    named = name_and_version(metadata, "METADATA", file_name, [(name, version)])
    return Contents(*named, tags, name, metadata_of(metadata))
