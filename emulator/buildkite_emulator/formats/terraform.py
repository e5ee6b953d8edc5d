"""Terraform modules (`.tgz`, `.tar.gz`, `.zip`), known by the name of their archive.

What is refused:

- Buildkite's page "Terraform" of Package Registries: a file name that is not like
  `terraform-PROVIDER-MODULE-1.0.0.tgz`. The page does not say whether another word than `terraform` may come first,
  whether a version may have more than MAJOR.MINOR.PATCH, or whether other archives are taken; this takes them all,
  since Terraform can unpack them;
- HashiCorp's page "Files and configuration structure": an archive without a file .tf or .tf.json, in any folder;
- go-getter, by which Terraform unpacks: names with `..`. It puts absolute names below its folder.
"""

import re
from typing import BinaryIO

from buildkite_emulator.formats.archives import tar
from buildkite_emulator.formats.archives import zip as zip_archive
from buildkite_emulator.formats.archives.compression import COMPRESSIONS, Decompressed
from buildkite_emulator.formats.archives.members import Member, check_rooted_name
from buildkite_emulator.formats.archives.streams import open_upload
from buildkite_emulator.formats.contents import Contents, UnreadablePackage, shown
from buildkite_emulator.formats.documents import semver
from buildkite_emulator.formats.limits import Budget

_SUFFIX = re.compile(r"\.(?:tgz|tar\.gz|zip)\Z")
_NAME = re.compile(r"[0-9A-Za-z_]+(?:-[0-9A-Za-z_]+)+")


def read(file_name: str, file: BinaryIO, size: int) -> Contents:
    """Split the file name, and see that the archive is whole and holds a module.

    Raises:
        UnreadablePackage: see `formats.read`.
    """
    contents = _contents(file_name)
    if file_name.endswith(".zip"):
        members = zip_archive.members(file, size, check_name=check_rooted_name)
    else:
        unpacked = Decompressed(open_upload(file, size), COMPRESSIONS[".gz"], Budget(size))
        members = tar.members(unpacked, check_name=check_rooted_name)
    # All of them are gone through: that is what checks the archive.
    if not sum(_is_configuration(member) for member in members):
        raise UnreadablePackage("The archive is not a Terraform module: it has no file .tf or .tf.json.")
    return contents


def _is_configuration(member: Member) -> bool:
    name = member.name.rpartition("/")[2]
    return member.is_file and name.endswith((".tf", ".tf.json")) and not name.startswith(".")


def _contents(file_name: str) -> Contents:
    """Split at the last hyphen before the first dot, for a name has no dot."""
    stem, dot, rest = _SUFFIX.sub("", file_name).partition(".")
    name, _, major = stem.rpartition("-")
    version = major + dot + rest
    if not _NAME.fullmatch(name) or not semver.VERSION.fullmatch(version):
        message = (
            f"The file name {shown(file_name)} is not that of a Terraform module, which is NAMESPACE-NAME-VERSION.tgz, "
            "like terraform-buildkite-pipeline-1.0.0.tgz."
        )
        raise UnreadablePackage(message)
    namespace, _, module = name.partition("-")
    return Contents(name, version, metadata={"namespace": namespace, "name": module})
