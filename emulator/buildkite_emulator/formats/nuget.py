"""NuGet packages (`.nupkg`).

What is refused follows the client of NuGet:

- `PackageIdValidator`: an ID has letters and digits of any script and _, with single . or - between them, and 100
  characters at most. Only ASCII is a rule of the public gallery;
- `NuGetVersion`, page "Package versioning": a version has one to four numbers of 32 bits, then labels;
- page ".nuspec File Reference": one .nuspec at the top, well-formed XML with an id and a version. .NET's reader refuses
  document types too;
- `PackageReaderBase`: no file unpacks outside of the package's folder. Names are parts of URIs (ECMA-376 part 2), so
  they are looked at once decoded.

Two members of one name are refused though NuGet takes them, as tools differ on which one counts.

NuGet takes two versions for one where their pre-release parts differ in case alone. That part is kept as it is spelled,
and here the two are two.
"""

import re
from typing import BinaryIO
from urllib.parse import unquote

from buildkite_emulator.formats.archives import zip as zip_archive
from buildkite_emulator.formats.archives.members import check_member_name, read_only_file
from buildkite_emulator.formats.contents import Contents, UnreadablePackage, invalid
from buildkite_emulator.formats.documents.xml_texts import texts

_NUSPEC = re.compile(r"[^/\\]+\.nuspec", re.IGNORECASE)
_ID_PATH, _VERSION_PATH = (("package", "metadata", name) for name in ("id", "version"))

_ID = re.compile(r"\w+(?:[.-]\w+)*")
_ID_CHARACTERS = 100
_LABELS = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*"
_VERSION = re.compile(rf"([0-9]{{1,20}}(?:\.[0-9]{{1,20}}){{0,3}})(-{_LABELS})?(?:\+{_LABELS})?")
_LEAST_PARTS = 3
_EXTRA = ("title", "authors", "description", "summary", "tags", "language", "copyright", "projectUrl", "licenseUrl")
_MOST = 2**31 - 1


def read(file_name: str, file: BinaryIO, size: int) -> Contents:  # noqa: ARG001 - a .nupkg may have any name
    """Read ID and version from the .nuspec; the version is in its normal form, and IDs are one in any case.

    Raises:
        UnreadablePackage: see `formats.read`.
    """
    nuspec = None
    for member in zip_archive.members(file, size):
        # Names are parts of URIs to whoever unpacks this.
        check_member_name(unquote(member.name))
        if _NUSPEC.fullmatch(member.name):
            nuspec = read_only_file(member, nuspec, "NuGet package", ".nuspec")
    if nuspec is None:
        raise UnreadablePackage("The file is not a NuGet package: it has no .nuspec at its top.")
    fields = texts(nuspec, (_ID_PATH, _VERSION_PATH), ".nuspec")
    name, version = fields.get(_ID_PATH, ""), fields.get(_VERSION_PATH, "")
    if not _ID.fullmatch(name) or len(name) > _ID_CHARACTERS:
        form = "letters, digits and _ only, with single . or - between them, and of {} characters at most"
        raise invalid("NuGet package's ID", name, form.format(_ID_CHARACTERS))
    return Contents(name, _normal(version), unique_name=name.lower(), metadata=_metadata(nuspec))


def _metadata(nuspec: bytes) -> dict[str, str]:
    """Return what else the .nuspec says in plain texts; nothing where one of them is more than that."""
    paths = {name: ("package", "metadata", name) for name in _EXTRA}
    try:
        found = texts(nuspec, tuple(paths.values()), ".nuspec")
    except UnreadablePackage:
        return {}
    return {name: found[path] for name, path in paths.items() if path in found}


def _normal(version: str) -> str:
    """Return the version with three or four numbers, the fourth not 0, without leading zeros and build metadata."""
    match = _VERSION.fullmatch(version)
    numbers = [int(number) for number in match[1].split(".")] if match else []
    if match is None or max(numbers) > _MOST:
        raise invalid("NuGet package's version", version, "like 1.2.3, 1.2.3.4 or 1.2.3-rc.1")
    numbers += [0] * (_LEAST_PARTS - len(numbers))
    if not any(numbers[_LEAST_PARTS:]):
        del numbers[_LEAST_PARTS:]
    return ".".join(map(str, numbers)) + (match[2] or "")
