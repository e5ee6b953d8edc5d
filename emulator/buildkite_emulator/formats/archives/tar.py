"""Tar archives, read sequentially with constant memory.

`TarInfo.frombuf` of `tarfile` parses the header blocks. `TarFile` is unsuitable: it keeps every member, reads extended
headers of any size at once, recurses for chains of them, and before Python 3.11.10 took quadratic time for some.

Sources of the layout: POSIX.1-2017, pax, "pax Interchange Format", and the manual of GNU tar.
"""

import tarfile
from collections.abc import Iterator
from enum import Enum

from buildkite_emulator.formats.archives.members import Member, NameCheck, check_member_name
from buildkite_emulator.formats.archives.streams import TRUNCATED, Body, Source, drain, read_exactly, read_up_to
from buildkite_emulator.formats.contents import UnreadablePackage, shown
from buildkite_emulator.formats.limits import CHUNK_BYTES, METADATA_BYTES, TAR_EXTENDED_BYTES, TAR_MEMBERS

_BLOCK_BYTES = 512
_ENCODING = ("utf-8", "surrogateescape")
_FILE_TYPES = {tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.CONTTYPE, tarfile.GNUTYPE_SPARSE}
_OTHER_TYPES = {
    tarfile.LNKTYPE,
    tarfile.SYMTYPE,
    tarfile.CHRTYPE,
    tarfile.BLKTYPE,
    tarfile.DIRTYPE,
    tarfile.FIFOTYPE,
}
_EXTENDED_TYPES = {tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK}
_OVERRIDES = {"path", "linkpath", "size"}
_SPARSE = "GNU.sparse"
# Offsets of the flag for another block of the map in GNU's old sparse format.
_MORE_IN_HEADER, _MORE_IN_MAP = 482, 504


class End(Enum):
    """Whether an archive needs an end mark, which is two blocks of zeros."""

    REQUIRED = "required"
    """Nothing else shows that the archive is complete."""
    OPTIONAL = "optional"
    """GNU tar, dpkg, Python and node-tar accept an archive without one; its container shows that it is complete."""
    ABSENT = "absent"
    """The source is a piece of an archive, without the last one."""


def members(source: Source, *, end: End = End.OPTIONAL, check_name: NameCheck = check_member_name) -> Iterator[Member]:
    """Yield the members in order, up to the end mark; then read the source to its end.

    Args:
        source: the uncompressed archive.
        end: whether it has an end mark.
        check_name: checks the names of members and the targets of hard links.

    Raises:
        UnreadablePackage: this is not a tar archive, is corrupt or truncated, or has more than `TAR_MEMBERS` headers,
            an unknown kind of member, or a member whose path leads out of the target folder.
    """
    extended: dict[str, str] = {}
    extended_bytes = all_extended_bytes = 0
    for _ in range(TAR_MEMBERS):
        block = read_up_to(source, _BLOCK_BYTES)
        if end is not End.REQUIRED and not block and not extended:
            return
        if len(block) < _BLOCK_BYTES:
            raise UnreadablePackage(TRUNCATED)
        if not block.strip(b"\0"):
            if end is End.ABSENT:
                raise UnreadablePackage("The package's tar archive has an end mark before its last piece.")
            _check_end(source, dangling=bool(extended))
            return
        header = _parse(block)
        if header.type in _EXTENDED_TYPES:
            extended_bytes += header.size
            all_extended_bytes += header.size
            if extended_bytes > METADATA_BYTES or all_extended_bytes > TAR_EXTENDED_BYTES:
                raise UnreadablePackage("The package's tar archive has extended headers that are far too long.")
            _extend(extended, header.type, read_exactly(source, header.size))
            read_exactly(source, -header.size % _BLOCK_BYTES)
            continue
        name, size = _resolve(header, extended, check_name)
        is_sparse = header.type == tarfile.GNUTYPE_SPARSE or _SPARSE in extended
        if header.type == tarfile.GNUTYPE_SPARSE:
            _skip_sparse_map(source, block)
        body = Body(source, size)
        link_target = extended.get("linkpath", header.linkname) if header.type == tarfile.SYMTYPE else None
        yield Member(name, header.type in _FILE_TYPES and not is_sparse, body, link_target)
        drain(body)
        read_exactly(source, -size % _BLOCK_BYTES)
        extended, extended_bytes = {}, 0
    raise UnreadablePackage(f"The package's tar archive has more than {TAR_MEMBERS} members.")


def check(source: Source, *, check_name: NameCheck = check_member_name) -> None:
    """Validate a complete archive.

    Raises:
        UnreadablePackage: as `members` does.
    """
    for _ in members(source, check_name=check_name):
        pass


def _skip_sparse_map(source: Source, block: bytes) -> None:
    """Skip the further blocks of a sparse map in GNU's old format."""
    more = block[_MORE_IN_HEADER]
    for _ in range(METADATA_BYTES // _BLOCK_BYTES):
        if not more:
            return
        more = read_exactly(source, _BLOCK_BYTES)[_MORE_IN_MAP]
    raise UnreadablePackage("The package's tar archive has extended headers that are far too long.")


def _parse(block: bytes) -> tarfile.TarInfo:
    try:
        header = tarfile.TarInfo.frombuf(block, *_ENCODING)
    except tarfile.HeaderError:
        raise UnreadablePackage(
            "The package has a corrupt tar header, or what should be a tar archive is not."
        ) from None
    if header.size < 0:
        raise _corrupt()
    return header


def _extend(extended: dict[str, str], kind: bytes, payload: bytes) -> None:
    """Add the records of an extended header, which apply to the next member."""
    if kind == tarfile.GNUTYPE_LONGNAME:
        records = {"path": payload.partition(b"\0")[0].decode(*_ENCODING)}
    elif kind == tarfile.GNUTYPE_LONGLINK:
        records = {"linkpath": payload.partition(b"\0")[0].decode(*_ENCODING)}
    else:
        records = _pax_records(payload)
    if kind == tarfile.XGLTYPE:
        # They apply to all later members by the standard, but not in every tool.
        if records:
            raise UnreadablePackage("The package's tar archive sets the path or the size of many members at once.")
    elif records.keys() & extended.keys():
        # Tools differ on which of the two counts.
        raise UnreadablePackage("The package's tar archive gives one member two paths or two sizes.")
    else:
        extended.update(records)


def _pax_records(payload: bytes) -> dict[str, str]:
    """Return the records that affect how the archive is read.

    A record is `LENGTH KEY=VALUE` and a line feed; LENGTH counts all of it, in bytes.
    """
    records: dict[str, str] = {}
    position = 0
    while position < len(payload):
        digits, space, _ = payload[position : position + 8].partition(b" ")
        length = int(digits) if space and digits.isdigit() else 0
        record = payload[position + len(digits) + 1 : position + length]
        key, equals, value = record.removesuffix(b"\n").partition(b"=")
        if not equals or not record.endswith(b"\n") or position + length > len(payload):
            raise _corrupt()
        name = key.decode(*_ENCODING)
        if name.startswith("GNU.sparse."):
            records.setdefault(_SPARSE, "")
        if name == "GNU.sparse.name":
            records[_SPARSE] = value.decode(*_ENCODING)
        elif name in _OVERRIDES:
            records[name] = value.decode(*_ENCODING)
        position += length
    return records


def _resolve(header: tarfile.TarInfo, extended: dict[str, str], check_name: NameCheck) -> tuple[str, int]:
    """Return the validated name and size of a member."""
    if header.type not in _FILE_TYPES | _OTHER_TYPES:
        what = shown(header.type.decode("latin-1"))
        message = f"The package's tar archive has a member of the kind {what}, which is not supported."
        raise UnreadablePackage(message)
    name = extended.get("path", header.name)
    size = extended.get("size", str(header.size))
    # 20 digits are enough for any size; int() of thousands of digits would be slow.
    if not (size.isascii() and size.isdigit() and len(size) <= 20):  # noqa: PLR2004 - said above
        raise _corrupt()
    if header.type == tarfile.DIRTYPE:
        size = "0"  # GNU tar, Python, node-tar and dpkg ignore it.
    if int(size) and header.type not in _FILE_TYPES:
        # Tools differ on whether bytes follow, and so would see different members.
        raise UnreadablePackage(f"The package's tar archive gives {shown(name)}, which is no file, a size.")
    check_name(name)
    if sparse_name := extended.get(_SPARSE):
        # `name` is for tools without support for sparse files.
        name = sparse_name
        check_name(name)
    if header.type == tarfile.LNKTYPE:
        check_name(extended.get("linkpath", header.linkname))
    return name, int(size)


def _check_end(source: Source, *, dangling: bool) -> None:
    if dangling:
        raise _corrupt()
    while block := source.read(CHUNK_BYTES):
        if block.strip(b"\0"):
            raise UnreadablePackage("The package's tar archive goes on after its end mark.")


def _corrupt() -> UnreadablePackage:
    return UnreadablePackage("The package has a corrupt tar header.")
