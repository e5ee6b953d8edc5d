"""Ruby gems (`.gem`).

A gem is a plain tar of `metadata.gz` (the specification in YAML), `data.tar.gz` (the files), in most gems
`checksums.yaml.gz` (digests of these two), and in signed ones a `.sig` beside each.

What is refused follows `gem install`, not the stricter `gem build`:

- `package.rb`: no part twice, `data.tar.gz` and the specification are there, and the checksums hold. The specification
  may also be `metadata`, not compressed. Other parts do not count. No file of the data has an absolute name or `..`,
  and no symbolic link leads out of the gem;
- `specification.rb`: a name has letters, digits and . _ - only;
- `version.rb`: a version is digits, then more parts of digits and letters;
- `platform.rb`: a platform is a string, or in old gems an object of CPU, system and version.
"""

import re
from collections.abc import Collection
from posixpath import dirname, join, normpath
from typing import Any, BinaryIO

from buildkite_emulator.formats.archives import tar
from buildkite_emulator.formats.archives.compression import COMPRESSIONS, Decompressed
from buildkite_emulator.formats.archives.members import Member
from buildkite_emulator.formats.archives.streams import Hashing, Source, drain, open_upload, read_metadata
from buildkite_emulator.formats.contents import Contents, UnreadablePackage, invalid, shown
from buildkite_emulator.formats.documents.yaml_document import Mapping, load, scalar
from buildkite_emulator.formats.limits import GEM_MEMBERS, Budget

_METADATA, _PLAIN_METADATA, _DATA, _CHECKSUMS = "metadata.gz", "metadata", "data.tar.gz", "checksums.yaml.gz"
_SPECIFICATIONS = (_METADATA, _PLAIN_METADATA)
_PARTS = (*_SPECIFICATIONS, _DATA, _CHECKSUMS)
# Those that `gem` has written over the years.
_ALGORITHMS = ("SHA1", "SHA256", "SHA512")

_NAME = re.compile(r"(?!\.{1,2}\Z)[0-9A-Za-z._-]+")
_VERSION = re.compile(r"[0-9]+(?:\.[0-9A-Za-z]+)*(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?")
_PLATFORM = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]*")
_NO_PLATFORM = "ruby"
_EXTRA = ("summary", "description", "homepage", "email", "date", "rubygems_version")


def read(file_name: str, file: BinaryIO, size: int) -> Contents:  # noqa: ARG001 - a .gem may have any name
    """Read name, version and platform from the specification; no platform where the gem is for all of them.

    Raises:
        UnreadablePackage: see `formats.read`.
    """
    budget = Budget(size)
    parts: dict[str, Hashing] = {}
    specification: Any = None
    checksums: Any = None
    for member in tar.members(open_upload(file, size), end=tar.End.REQUIRED):
        _check_part(member, parts)
        parts[member.name] = part = Hashing(member.body, _ALGORITHMS)
        if member.name in _SPECIFICATIONS:
            specification = _yaml(part, member.name, budget)
        elif member.name == _CHECKSUMS:
            checksums = _yaml(part, _CHECKSUMS, budget)
        elif member.name == _DATA:
            _check_files(Decompressed(part, COMPRESSIONS[".gz"], budget))
        else:
            drain(part)
    for names in (_SPECIFICATIONS, (_DATA,)):
        if not any(name in parts for name in names):
            raise UnreadablePackage(f"The file is not a gem: it has no {names[0]}.")
    _check(checksums, parts)
    return _contents(specification)


def _check_part(member: Member, before: Collection[str]) -> None:
    if not member.is_file and member.name in _PARTS:
        raise UnreadablePackage(f"The gem's {shown(member.name)} is a link or a folder, not a file.")
    if member.name in before:
        raise UnreadablePackage(f"The gem has {shown(member.name)} twice.")
    if member.name in _SPECIFICATIONS and any(name in before for name in _SPECIFICATIONS):
        raise UnreadablePackage("The gem has two specifications.")
    if len(before) == GEM_MEMBERS:
        raise UnreadablePackage(f"The gem has more than {GEM_MEMBERS} parts, where two to six would be right.")


def _check_files(source: Source) -> None:
    for member in tar.members(source):
        if member.link_target is not None:
            # An absolute target replaces what it is joined to. A link to the top folder itself leads out, to `gem`.
            target = normpath(join(dirname(member.name), member.link_target))
            if target.startswith("/") or target.partition("/")[0] in {"..", "."}:
                message = f"The gem's link {shown(member.name)} leads out of the gem, to {shown(member.link_target)}."
                raise UnreadablePackage(message)


def _yaml(part: Source, name: str, budget: Budget) -> Any:
    source = Decompressed(part, COMPRESSIONS[".gz"], budget) if name.endswith(".gz") else part
    return load(read_metadata(source, name), name)


def _check(checksums: Any, parts: dict[str, Hashing]) -> None:
    """Compare with the gem's own digests, if it has any: by algorithm, then by part."""
    for algorithm in _ALGORITHMS:
        digests = checksums.get(algorithm) if isinstance(checksums, Mapping) else None
        for name in digests if isinstance(digests, Mapping) else ():
            part = parts.get(name)
            if part is None or part.hexdigest(algorithm) != scalar(digests, name, _CHECKSUMS):
                raise UnreadablePackage(f"The gem's {shown(name)} does not have the checksum that {_CHECKSUMS} gives.")


def _platform(specification: Any) -> str:
    platform = specification.get("platform") if isinstance(specification, Mapping) else None
    if isinstance(platform, Mapping):
        parts = (scalar(platform, key, _METADATA) for key in ("cpu", "os", "version"))
        return "-".join(filter(None, parts)) or _NO_PLATFORM
    return scalar(specification, "platform", _METADATA) or _NO_PLATFORM


def _contents(specification: Any) -> Contents:
    name = scalar(specification, "name", _METADATA)
    of_version = specification.get("version") if isinstance(specification, Mapping) else None
    version = scalar(of_version, "version", _METADATA)
    platform = _platform(specification)
    if not _NAME.fullmatch(name):
        raise invalid("gem's name", name, "letters, digits and . _ - only")
    if not _VERSION.fullmatch(version):
        raise invalid("gem's version", version, "like 1.2.3 or 1.2.3.pre.1")
    if not _PLATFORM.fullmatch(platform):
        raise invalid("gem's platform", platform, "one like x86_64-linux")
    extra = {key: specification[key] for key in _EXTRA if key in specification}
    return Contents(name, version, None if platform == _NO_PLATFORM else platform, metadata=extra)
