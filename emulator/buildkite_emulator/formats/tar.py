"""Tar archives, read forward with constant memory.

`tarfile` reads each header block here (`TarInfo.frombuf`), but it does not walk the archive: `TarFile` keeps
every member, reads extended headers of any size whole, calls itself for each of a chain of them, and before
Python 3.11.10 took quadratic time for some. Sources of the layout: POSIX.1-2017, pax, "pax Interchange
Format", and the manual of GNU tar.
"""

import tarfile
from collections.abc import Iterator

from buildkite_emulator.formats.archives import Member, check_member_name
from buildkite_emulator.formats.contents import UnreadablePackage, shown
from buildkite_emulator.formats.limits import CHUNK_BYTES, METADATA_BYTES, TAR_EXTENDED_BYTES, TAR_MEMBERS
from buildkite_emulator.formats.streams import TRUNCATED, Body, Source, drain, read_exactly, read_up_to

_BLOCK_BYTES = 512
_ENCODING = ("utf-8", "surrogateescape")
_FILE_TYPES = {tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.CONTTYPE}
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


def members(source: Source, *, cut: bool = False) -> Iterator[Member]:
    """Yield the members in their order, up to the end mark; then read the source to its end.

    With `cut` the source is a piece of an archive that goes on elsewhere: it ends after a member, with no end mark.

    Raises:
        UnreadablePackage: this is no tar archive, or it is corrupt or cut off, has more than `TAR_MEMBERS`
            headers, a sparse or unknown kind of member, or a member whose path leads out of the archive.
    """
    extended: dict[str, str] = {}
    extended_bytes = all_extended_bytes = 0
    for _ in range(TAR_MEMBERS):
        block = read_up_to(source, _BLOCK_BYTES)
        if cut and not block and not extended:
            return
        if len(block) < _BLOCK_BYTES:
            raise UnreadablePackage(TRUNCATED)
        if not block.strip(b"\0"):
            if cut:
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
        name, size = _resolve(header, extended)
        body = Body(source, size)
        yield Member(name, is_file=header.type in _FILE_TYPES, body=body)
        drain(body)
        read_exactly(source, -size % _BLOCK_BYTES)
        extended, extended_bytes = {}, 0
    raise UnreadablePackage(f"The package's tar archive has more than {TAR_MEMBERS} members.")


def check(source: Source) -> None:
    """Read a whole archive of which nothing is wanted.

    Raises:
        UnreadablePackage: as `members` does.
    """
    for _ in members(source):
        pass


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
    """Note what an extended header says of the member after it."""
    if kind == tarfile.GNUTYPE_LONGNAME:
        records = {"path": payload.partition(b"\0")[0].decode(*_ENCODING)}
    elif kind == tarfile.GNUTYPE_LONGLINK:
        records = {"linkpath": payload.partition(b"\0")[0].decode(*_ENCODING)}
    else:
        records = _pax_records(payload)
    if kind == tarfile.XGLTYPE:
        # They would hold for all members that follow, and tools differ on whether they do.
        if records:
            raise UnreadablePackage("The package's tar archive sets the path or the size of many members at once.")
    elif records.keys() & extended.keys():
        # Tools differ on which of the two counts.
        raise UnreadablePackage("The package's tar archive gives one member two paths or two sizes.")
    else:
        extended.update(records)


def _pax_records(payload: bytes) -> dict[str, str]:
    """Return the records that change how the archive is read.

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
            raise _unsupported(tarfile.GNUTYPE_SPARSE)
        if name in _OVERRIDES:
            records[name] = value.decode(*_ENCODING)
        position += length
    return records


def _resolve(header: tarfile.TarInfo, extended: dict[str, str]) -> tuple[str, int]:
    """Return name and size of a member, both found to be harmless."""
    if header.type not in _FILE_TYPES | _OTHER_TYPES:
        raise _unsupported(header.type)
    name = extended.get("path", header.name)
    size = extended.get("size", str(header.size))
    # 20 digits are more than any file has bytes, and int() of many thousands of them would be slow.
    if not (size.isascii() and size.isdigit() and len(size) <= 20):  # noqa: PLR2004 - said above
        raise _corrupt()
    if int(size) and header.type not in _FILE_TYPES:
        # Tools differ on whether bytes follow, so that one would see other members than another.
        raise UnreadablePackage(f"The package's tar archive gives {shown(name)}, which is no file, a size.")
    check_member_name(name)
    if header.type == tarfile.LNKTYPE:
        check_member_name(extended.get("linkpath", header.linkname))
    return name, int(size)


def _check_end(source: Source, *, dangling: bool) -> None:
    if dangling:
        raise _corrupt()
    while block := source.read(CHUNK_BYTES):
        if block.strip(b"\0"):
            raise UnreadablePackage("The package's tar archive goes on after its end mark.")


def _corrupt() -> UnreadablePackage:
    return UnreadablePackage("The package has a corrupt tar header.")


def _unsupported(kind: bytes) -> UnreadablePackage:
    what = "sparse" if kind == tarfile.GNUTYPE_SPARSE else f"of the kind {shown(kind.decode('latin-1'))}"
    return UnreadablePackage(f"The package's tar archive has a member that is {what}, which is not supported.")
