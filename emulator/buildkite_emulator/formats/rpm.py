"""Red Hat packages (`.rpm`), binary and source.

A package is a lead, of which only the first bytes are still significant, a header of digests and signatures, a header
that describes the package, and the payload, a cpio archive. What is refused follows rpm:

- rpm.org, "V4 Package format" and "V6 Package format": the order of the parts, and correct digests of all parts.
  Signatures are not checked, since there is no list of trusted keys;
- `header.c`: the limits of a header's size and number of values;
- "RPM Tags": the meaning of each tag, and the type of its value. A duplicate of a tag that is read is refused, since
  tools differ on which one counts;
- `parsePreamble.c`: the characters of name, version and release;
- names in the payload may be absolute or start with `./`, since rpm takes paths from the header. Names with `..` are
  refused anyway.

The library `rpmfile` is unsuitable: it checks no digest, and allocates as much memory as a header declares, even a
thousand times the size of the file.
"""

import re
from typing import BinaryIO

from buildkite_emulator.formats.archives import cpio
from buildkite_emulator.formats.archives.compression import COMPRESSIONS, Decompressed
from buildkite_emulator.formats.archives.streams import Hashing, Prefixed, Source, open_upload, read_exactly, read_up_to
from buildkite_emulator.formats.contents import Contents, UnreadablePackage, invalid, shown
from buildkite_emulator.formats.documents.rpm_header import Header, read_header
from buildkite_emulator.formats.limits import Budget

_LEAD_BYTES, _LEAD_MAGIC = 96, b"\xed\xab\xee\xdb"

# Tags of the signature header. The digests cover the main header; the MD5 covers main header and payload.
_DIGESTS = {269: "sha1", 273: "sha256", 279: "sha3_256"}
_MD5 = 1004
# Tags of the main header.
_NAME, _VERSION, _RELEASE, _EPOCH, _ARCHITECTURE, _IS_SOURCE = 1000, 1001, 1002, 1003, 1022, 1106
_FORMAT, _COMPRESSOR, _PAYLOAD_DIGEST, _PAYLOAD_ALGORITHM = 1124, 1125, 5092, 5093
_DESCRIPTION = {_NAME, _VERSION, _RELEASE, _EPOCH, _ARCHITECTURE, _IS_SOURCE}
_PAYLOAD = {_FORMAT, _COMPRESSOR, _PAYLOAD_DIGEST, _PAYLOAD_ALGORITHM}

_EXTRA = {
    1004: "summary",
    1005: "description",
    1007: "buildhost",
    1011: "vendor",
    1014: "license",
    1015: "packager",
    1016: "group",
    1020: "url",
    1044: "sourcerpm",
}
"""Names of further metadata in rpm, by tag."""

_SHA256 = 8  # The number of OpenPGP; rpm has never used another algorithm under this tag.
_COMPRESSORS = {"gzip": ".gz", "bzip2": ".bz2", "xz": ".xz", "lzma": ".lzma", "zstd": ".zst"}
_GZIP_MAGIC = b"\x1f\x8b"

_IS_NAME = re.compile(r"[0-9A-Za-z_][0-9A-Za-z._+-]*")
_IS_VERSION = re.compile(r"[0-9A-Za-z._+~^]+")
_IS_ARCHITECTURE = re.compile(r"[0-9A-Za-z_]+")


def read(file_name: str, file: BinaryIO, size: int) -> Contents:  # noqa: ARG001 - an .rpm may have any name
    """Read name, version and architecture from the main header, and verify the digests of the package.

    The version is [EPOCH:]VERSION-RELEASE; an epoch of 0 is left out, since it equals none. The
    architecture of a source package is "src". Signatures are not checked.

    Raises:
        UnreadablePackage: see `formats.read`.
    """
    source = open_upload(file, size)
    if not read_up_to(source, _LEAD_BYTES).startswith(_LEAD_MAGIC):
        raise UnreadablePackage("The file is not a Red Hat package: it does not start as one.")
    signature = read_header(source, {*_DIGESTS, _MD5})
    read_exactly(source, -signature.size % 8)
    after_signature = Hashing(source, ("md5",) if _MD5 in signature else ())

    digests = {kind: signature.text(tag) for tag, kind in _DIGESTS.items() if tag in signature}
    hashed = Hashing(after_signature, tuple(digests))
    header = read_header(hashed, _DESCRIPTION | _PAYLOAD, _EXTRA)
    for kind, digest in digests.items():
        _compare(hashed, kind, digest, "header does")
    if _MD5 not in signature and not (digests and _PAYLOAD_DIGEST in header):
        raise UnreadablePackage("The Red Hat package does not carry digests of all of it.")
    contents = _contents(header)

    payload = Hashing(after_signature, ("sha256",))
    cpio.check(_unpacked(payload, header, Budget(size)))
    if _PAYLOAD_DIGEST in header:
        if header.number(_PAYLOAD_ALGORITHM) not in {None, _SHA256}:
            raise UnreadablePackage("The Red Hat package has a digest of its payload that is not SHA-256.")
        _compare(payload, "sha256", header.text(_PAYLOAD_DIGEST), "payload does")
    if _MD5 in signature:
        _compare(after_signature, "md5", signature.binary(_MD5).hex(), "header and payload do")
    return contents


def _compare(hashed: Hashing, algorithm: str, digest: str, what: str) -> None:
    if hashed.hexdigest(algorithm) != digest:
        raise UnreadablePackage(f"The Red Hat package's {what} not have the {algorithm} digest that it carries.")


def _unpacked(payload: Source, header: Header, budget: Budget) -> Source:
    kind = header.text(_FORMAT) if _FORMAT in header else "cpio"
    if kind != "cpio":
        raise UnreadablePackage(f"The Red Hat package's payload is of the format {shown(kind)}, but has to be cpio.")
    if _COMPRESSOR in header:
        compressor = header.text(_COMPRESSOR)
    else:
        # rpm names none for uncompressed payloads, and old versions named none for gzip.
        start = read_up_to(payload, len(_GZIP_MAGIC))
        payload = Prefixed(start, payload)
        if start != _GZIP_MAGIC:
            return payload
        compressor = "gzip"
    if compressor not in _COMPRESSORS:
        accepted = ", ".join(_COMPRESSORS)
        message = f"The Red Hat package's payload is compressed by {shown(compressor)}, but has to be by {accepted}."
        raise UnreadablePackage(message)
    return Decompressed(payload, COMPRESSIONS[_COMPRESSORS[compressor]], budget)


def _contents(header: Header) -> Contents:
    name, version, release, architecture = map(header.text, (_NAME, _VERSION, _RELEASE, _ARCHITECTURE))
    if not _IS_NAME.fullmatch(name):
        form = "letters, digits and . _ + - only, with a letter, digit or _ first"
        raise invalid("Red Hat package's name", name, form)
    for what, value in (("version", version), ("release", release)):
        if not _IS_VERSION.fullmatch(value):
            raise invalid(f"Red Hat package's {what}", value, "letters, digits and . _ + ~ ^ only")
    if not _IS_ARCHITECTURE.fullmatch(architecture):
        raise invalid("Red Hat package's architecture", architecture, "noarch or one, like x86_64")
    epoch = header.number(_EPOCH)
    evr = f"{epoch}:{version}-{release}" if epoch else f"{version}-{release}"
    extra = {name: header.localized_text(tag) for tag, name in _EXTRA.items()}
    return Contents(name, evr, "src" if _IS_SOURCE in header else architecture, metadata=extra)
