"""Ruby gems (`.gem`).

A gem is a plain tar of `metadata.gz` (the specification in YAML), `data.tar.gz` (the files), in most gems
`checksums.yaml.gz` (digests of these two), and in signed ones a `.sig` beside each. Sources: RubyGems' guide
"Specification Reference" and what its `package.rb`, `specification_policy.rb` and `version.rb` check.
"""

import re
from typing import BinaryIO

from buildkite_emulator.formats import tar
from buildkite_emulator.formats.compression import COMPRESSIONS, Decompressed
from buildkite_emulator.formats.contents import Contents, UnreadablePackage, shown
from buildkite_emulator.formats.limits import GEM_MEMBERS, Budget
from buildkite_emulator.formats.streams import Hashing, Source, drain, open_upload, read_metadata
from buildkite_emulator.formats.yaml_scalars import Path, scalars

_METADATA, _DATA, _CHECKSUMS = "metadata.gz", "data.tar.gz", "checksums.yaml.gz"
# Those that `gem` has written over the years.
_ALGORITHMS = ("SHA1", "SHA256", "SHA512")

# As `gem build` demands: at least one letter, and a letter or digit first.
_NAME = re.compile(r"(?=.*[A-Za-z])[0-9A-Za-z][0-9A-Za-z._-]*")
_VERSION = re.compile(r"[0-9]+(?:\.[0-9A-Za-z]+)*(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?")
_PLATFORM = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]*")
_NO_PLATFORM = "ruby"
_TOLD = ("summary", "description", "homepage", "email", "date", "rubygems_version")


def read(file_name: str, file: BinaryIO, size: int) -> Contents:  # noqa: ARG001 - a .gem may have any name
    """Read name, version and platform from the specification; no platform where the gem is for all of them.

    Raises:
        UnreadablePackage: see `formats.read`.
    """
    budget = Budget(size)
    parts: dict[str, Hashing] = {}
    specification: dict[Path, str] = {}
    checksums: dict[Path, str] = {}
    for member in tar.members(open_upload(file, size)):
        if not member.is_file:
            raise UnreadablePackage(f"The gem's {shown(member.name)} is a link or a folder, not a file.")
        if member.name in parts:
            raise UnreadablePackage(f"The gem has {shown(member.name)} twice.")
        if len(parts) == GEM_MEMBERS:
            raise UnreadablePackage(f"The gem has more than {GEM_MEMBERS} parts, where two to six would be right.")
        parts[member.name] = part = Hashing(member.body, _ALGORITHMS)
        if member.name == _METADATA:
            specification = _yaml(part, _METADATA, budget)
        elif member.name == _CHECKSUMS:
            checksums = _yaml(part, _CHECKSUMS, budget)
        elif member.name == _DATA:
            tar.check(Decompressed(part, COMPRESSIONS[".gz"], budget))
        else:
            drain(part)
    for name in (_METADATA, _DATA):
        if name not in parts:
            raise UnreadablePackage(f"The file is not a gem: it has no {name}.")
    _check(checksums, parts)
    return _contents(specification)


def _yaml(part: Source, name: str, budget: Budget) -> dict[Path, str]:
    return scalars(read_metadata(Decompressed(part, COMPRESSIONS[".gz"], budget), name), name)


def _check(checksums: dict[Path, str], parts: dict[str, Hashing]) -> None:
    """Compare with the gem's own digests, if it has any. Their paths are algorithm and part."""
    for (algorithm, *rest), digest in checksums.items():
        if algorithm not in _ALGORITHMS or len(rest) != 1:
            continue
        part = parts.get(rest[0])
        if part is None or part.hexdigest(algorithm) != digest:
            raise UnreadablePackage(f"The gem's {shown(rest[0])} does not have the checksum that {_CHECKSUMS} gives.")


def _contents(specification: dict[Path, str]) -> Contents:
    name = specification.get(("name",), "")
    version = specification.get(("version", "version"), "")
    platform = specification.get(("platform",), "") or _NO_PLATFORM
    if not _NAME.fullmatch(name):
        message = (
            f"The gem's name is {shown(name)}, but has to be letters, digits and . _ - only, with a "
            "letter or digit first and at least one letter."
        )
        raise UnreadablePackage(message)
    if not _VERSION.fullmatch(version):
        message = f"The gem's version is {shown(version)}, but has to be like 1.2.3 or 1.2.3.pre.1."
        raise UnreadablePackage(message)
    if not _PLATFORM.fullmatch(platform):
        raise UnreadablePackage(f"The gem's platform is {shown(platform)}, but has to be one like x86_64-linux.")
    told = {key: specification[key,] for key in _TOLD if (key,) in specification}
    return Contents(name, version, None if platform == _NO_PLATFORM else platform, metadata=told)
