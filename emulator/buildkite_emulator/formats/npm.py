"""JavaScript packages (`.tgz`) as `npm pack` makes them.

Sources: npm's pages "package.json" and "npm pack", and what `npm publish` checks: its packages
`validate-npm-package-name` (the rules for new packages) and `semver`. The first component of a path does not count,
since npm drops it; most tools call it `package`.
"""

import json
import re
from typing import Any, BinaryIO

from buildkite_emulator.formats import semver, tar
from buildkite_emulator.formats.compression import COMPRESSIONS, Decompressed
from buildkite_emulator.formats.contents import Contents, UnreadablePackage, shown
from buildkite_emulator.formats.limits import Budget
from buildkite_emulator.formats.streams import open_upload, read_metadata

_PACKAGE_JSON = re.compile(r"(?:\./)?[^/]+/package\.json")
_NAME = re.compile(
    r"@[0-9a-z_-][0-9a-z._-]*/[0-9a-z_-][0-9a-z._-]*|(?!(?:node_modules|favicon\.ico)\Z)[0-9a-z][0-9a-z._-]*"
)
_NAME_CHARACTERS = 214
_BLANKS = " \t\n\v\f\r"
# JavaScript counts no further, so `semver` refuses what is beyond.
_MOST = 2**53 - 1


def read(file_name: str, file: BinaryIO, size: int) -> Contents:  # noqa: ARG001 - a .tgz may have any name
    """Read name and version from package.json; the version without its build part, as `npm publish` sends it.

    Raises:
        UnreadablePackage: see `formats.read`.
    """
    data = None
    for member in tar.members(Decompressed(open_upload(file, size), COMPRESSIONS[".gz"], Budget(size))):
        if _PACKAGE_JSON.fullmatch(member.name):
            if not member.is_file:
                raise UnreadablePackage("The npm package's package.json is a link or a folder, not a file.")
            if data is not None:
                raise UnreadablePackage("The npm package has more than one package.json in a top folder.")
            data = read_metadata(member.body, "package.json")
    if data is None:
        raise UnreadablePackage("The file is not an npm package: it has no package.json in its top folder.")
    return _contents(_object(data))


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
        # npm takes a byte order mark. Numbers are not wanted, and int() of very many digits would fail.
        outermost = json.loads(data.decode("utf-8-sig"), object_pairs_hook=keep, parse_int=float, parse_constant=refuse)
    except (ValueError, RecursionError):
        raise UnreadablePackage("The npm package's package.json is not valid JSON in UTF-8.") from None
    if outermost is not None:
        raise UnreadablePackage("The npm package's package.json is not an object.")
    for key in ("name", "version"):
        if sum(1 for found, _ in pairs if found == key) > 1:
            raise UnreadablePackage(f"The npm package's package.json has {shown(key)} twice.")
    return dict(pairs)


def _contents(fields: dict[str, Any]) -> Contents:
    name, version = fields.get("name"), fields.get("version")
    if not isinstance(name, str) or not _NAME.fullmatch(name) or len(name) > _NAME_CHARACTERS:
        message = (
            f"The npm package's name is {shown(str(name))}, but has to be NAME or @SCOPE/NAME of lower-case letters, "
            f"digits and . _ - only, with a letter or digit first and of {_NAME_CHARACTERS} characters at most."
        )
        raise UnreadablePackage(message)
    if not isinstance(version, str) or (cleaned := _cleaned(version)) is None:
        message = f"The npm package's version is {shown(str(version))}, but has to be a semantic one, like 1.2.3-rc.1."
        raise UnreadablePackage(message)
    others = {key: value for key, value in fields.items() if key not in {"name", "version"}}
    return Contents(name, cleaned, metadata=others)


def _cleaned(version: str) -> str | None:
    """Do what `clean` of `semver` does; None where the version is not valid."""
    cleaned = version.strip(_BLANKS).lstrip("=v").strip(_BLANKS)
    if not semver.VERSION.fullmatch(cleaned):
        return None
    core = re.split("[-+]", cleaned, maxsplit=1)[0]
    if any(len(number) > len(str(_MOST)) or int(number) > _MOST for number in core.split(".")):
        return None
    return cleaned.partition("+")[0]
