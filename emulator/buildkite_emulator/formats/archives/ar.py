"""The ar archive around a Debian package.

Source of the layout: deb(5), which allows only the common format, without long names. `debian.arfile` is unsuitable: it
keeps every member in a list, and loops forever on a negative size.
"""

from collections.abc import Iterator

from buildkite_emulator.formats.archives.members import Member
from buildkite_emulator.formats.archives.streams import TRUNCATED, Body, Source, drain, read_up_to
from buildkite_emulator.formats.contents import UnreadablePackage
from buildkite_emulator.formats.limits import AR_MEMBERS

_MAGIC = b"!<arch>\n"
_HEADER_BYTES = 60
_NAME, _SIZE, _END = slice(0, 16), slice(48, 58), slice(58, 60)


def members(source: Source) -> Iterator[Member]:
    """Yield the members in order.

    Raises:
        UnreadablePackage: this is not an ar archive, is truncated, or has more than `AR_MEMBERS` members.
    """
    if read_up_to(source, len(_MAGIC)) != _MAGIC:
        raise UnreadablePackage("The file is not a Debian package: it does not start as an ar archive.")
    for _ in range(AR_MEMBERS):
        header = read_up_to(source, _HEADER_BYTES)
        if not header:
            return
        name, size = header[_NAME].rstrip(b" "), header[_SIZE].rstrip(b" ")
        if len(header) < _HEADER_BYTES:
            raise UnreadablePackage(TRUNCATED)
        if header[_END] != b"`\n" or not name.isascii() or not size.isdigit():
            raise UnreadablePackage("The package has a corrupt ar header.")
        body = Body(source, int(size))
        yield Member(name.decode("ascii").removesuffix("/"), is_file=True, body=body)
        drain(body)
        if int(size) % 2:
            read_up_to(source, 1)  # dpkg accepts a last member without padding
    raise UnreadablePackage(f"The package's ar archive has more than {AR_MEMBERS} members.")
