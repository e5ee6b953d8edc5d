"""JavaScript packages (`.tgz`) as `npm pack` makes them.

What is refused follows `npm install`; the sources are the packages that npm is made of:

- pacote drops the first component of a path, whatever it is; most tools call it `package`. node-tar drops the root of
  an absolute path, and skips a path with `..`;
- a name is one that `validate-npm-package-name` takes for packages that exist already. Capitals, the characters
  ~ ' ! ( ) * and more than 214 characters are forbidden to new packages of the public registry alone;
- a version is what `clean` of `semver` makes of it in its loose form, in which @npmcli/package-json calls it;
- node-tar takes an archive that is not compressed, whatever its file is called;
- package.json is JSON. As Node.js reads it, a byte order mark is skipped and bytes that are no UTF-8 are replaced.

Only a key that is given twice with two values is refused though npm takes the last one.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, BinaryIO

from buildkite_emulator.formats.archives import tar
from buildkite_emulator.formats.archives.compression import COMPRESSIONS, Decompressed
from buildkite_emulator.formats.archives.members import Member, check_rooted_name, read_only_file
from buildkite_emulator.formats.archives.streams import Prefixed, Source, open_upload, read_up_to
from buildkite_emulator.formats.contents import Contents, UnreadablePackage, invalid, shown
from buildkite_emulator.formats.limits import Budget

_GZIP_MAGIC = b"\x1f\x8b"
_TAR_MAGIC, _TAR_MAGIC_AT, _BLOCK_BYTES = b"ustar", 257, 512
_PACKAGE_JSON = re.compile(r"(?:\./)?[^/]*/package\.json")
# What `encodeURIComponent` leaves alone.
_CHARACTERS = r"[0-9A-Za-z._~'!()*-]"
_NAME = re.compile(
    rf"@(?!\.{{1,2}}/){_CHARACTERS}+/(?!\.){_CHARACTERS}+"
    rf"|(?!(?i:node_modules|favicon\.ico)\Z)(?![._-]){_CHARACTERS}+"
)
_IDENTIFIER = r"(?:[0-9]*[A-Za-z-][0-9A-Za-z-]*|[0-9]+)"
_LOOSE_VERSION = re.compile(
    rf"([0-9]+)\.([0-9]+)\.([0-9]+)(?:-?({_IDENTIFIER}(?:\.{_IDENTIFIER})*))?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?"
)
_BEFORE_VERSION = "=v \t\n\v\f\r\u00a0\ufeff"
_VERSION_CHARACTERS = 256
_LONGEST = 1024
"""Of a version with the blanks around it; `strip` and the pattern are not tried on more."""
# JavaScript counts no further, so `semver` refuses what is beyond.
_MOST = 2**53 - 1


def read(file_name: str, file: BinaryIO, size: int) -> Contents:  # noqa: ARG001 - a .tgz may have any name
    """Read name and version from package.json; the version without its build part, as `npm publish` sends it.

    Raises:
        UnreadablePackage: see `formats.read`.
    """
    data = None
    for member in _members(open_upload(file, size), Budget(size)):
        if _PACKAGE_JSON.fullmatch(member.name):
            data = read_only_file(member, data, "npm package", "package.json")
    if data is None:
        raise UnreadablePackage("The file is not an npm package: it has no package.json in its top folder.")
    return _contents(_object(data))


def _members(source: Source, budget: Budget) -> Iterator[Member]:
    start = read_up_to(source, _BLOCK_BYTES)
    source = Prefixed(start, source)
    if start[_TAR_MAGIC_AT:].startswith(_TAR_MAGIC) and not start.startswith(_GZIP_MAGIC):
        # Nothing but the end mark says that it is whole.
        return tar.members(source, end=tar.End.REQUIRED, check_name=check_rooted_name)
    return tar.members(Decompressed(source, COMPRESSIONS[".gz"], budget), check_name=check_rooted_name)


def _object(data: bytes) -> dict[str, Any]:
    """Return the strings of the outermost object; no value inside of another object is kept.

    JSON does not say which of two equal keys counts, so the ones that matter must not be there twice.
    """
    pairs: list[tuple[str, Any]] = []

    def keep(found: list[tuple[str, Any]]) -> None:
        nonlocal pairs
        pairs = found  # The outermost object is the last one to end.

    def refuse(constant: str) -> None:
        raise ValueError(constant)

    try:
        text = data.decode("utf-8", "replace").removeprefix("\ufeff")
        # Numbers are not wanted, and int() of very many digits would fail.
        outermost = json.loads(text, object_pairs_hook=keep, parse_int=float, parse_constant=refuse)
    except (ValueError, RecursionError):
        raise UnreadablePackage("The npm package's package.json is not valid JSON.") from None
    if outermost is not None:
        raise UnreadablePackage("The npm package's package.json is not an object.")
    for key in ("name", "version"):
        values = [value for found, value in pairs if found == key]
        if any(value != values[0] for value in values):
            raise UnreadablePackage(f"The npm package's package.json has {shown(key)} twice.")
    return dict(pairs)


def _contents(fields: dict[str, Any]) -> Contents:
    name, version = fields.get("name"), fields.get("version")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        form = "NAME or @SCOPE/NAME of letters, digits and . _ - ~ ' ! ( ) * only, with none of . _ - first"
        raise invalid("npm package's name", str(name), form)
    if not isinstance(version, str) or (cleaned := _cleaned(version)) is None:
        raise invalid("npm package's version", str(version), "a semantic one, like 1.2.3-rc.1")
    others = {key: value for key, value in fields.items() if key not in {"name", "version"}}
    return Contents(name, cleaned, metadata=others)


def _cleaned(version: str) -> str | None:
    """Do what `clean` of `semver` does in its loose form; None where the version is not valid."""
    match = _LOOSE_VERSION.fullmatch(version.strip().lstrip(_BEFORE_VERSION)) if len(version) < _LONGEST else None
    if match is None or len(match[0]) > _VERSION_CHARACTERS:
        return None
    *core, prerelease = match.groups()
    if any(int(number) > _MOST for number in core):
        return None
    cleaned = ".".join(str(int(number)) for number in core)
    if prerelease is None:
        return cleaned
    identifiers = [part.lstrip("0") or "0" if part.isdigit() else part for part in prerelease.split(".")]
    return f"{cleaned}-{'.'.join(identifiers)}"
