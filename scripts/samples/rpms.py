"""What Red Hat packages are made of, for the tests: headers, cpio archives, and the digests that hold them together.

Source of the layout: rpm.org, "V4 Package format".
"""

import hashlib
import struct
from collections.abc import Iterable, Mapping

Value = str | int | bytes | list[str] | list[int]
"""What a header can hold under a tag."""

LEAD = struct.pack(">4sBBHH66sHH16x", b"\xed\xab\xee\xdb", 3, 0, 0, 1, b"made for a test", 1, 5)
_MAGIC = b"\x8e\xad\xe8\x01\0\0\0\0"
_SIGNATURES, _IMMUTABLE = 62, 63
INT16, INT32, STRING, BINARY, STRING_ARRAY, TRANSLATED = 3, 4, 6, 7, 8, 9

COMPRESSORS = {"gz": "gzip", "bz2": "bzip2", "xz": "xz", "lzma": "lzma", "zst": "zstd", "none": None}


def header(region: int, values: Mapping[int, tuple[int, Value]]) -> bytes:
    """Header of values by tag, each with its kind, all of them in one immutable region."""
    index, data = b"", b""
    for tag, (kind, value) in sorted(values.items()):
        count, encoded = _encoded(kind, value)
        if kind in {INT16, INT32}:
            data += bytes(-len(data) % 4)
        index += struct.pack(">IIII", tag, kind, len(data), count)
        data += encoded
    first = struct.pack(">IIII", region, BINARY, len(data), 16)
    data += struct.pack(">IIiI", region, BINARY, -len(first + index), 16)
    return raw_header(first + index, data)


def raw_header(index: bytes, data: bytes) -> bytes:
    """Header of an index and of data that may be anything."""
    return _MAGIC + struct.pack(">II", len(index) // 16, len(data)) + index + data


def entry(tag: int, kind: int, offset: int, count: int = 1) -> bytes:
    """Entry of an index."""
    return struct.pack(">IIII", tag, kind, offset, count)


def _encoded(kind: int, value: Value) -> tuple[int, bytes]:
    if isinstance(value, bytes):
        return len(value), value
    several = value if isinstance(value, list) else [value]
    if kind in {INT16, INT32}:
        return len(several), struct.pack(f">{len(several)}{'H' if kind == INT16 else 'I'}", *several)
    return len(several), b"".join(str(each).encode() + b"\0" for each in several)


def description(name: str, evr: str, architecture: str) -> dict[int, tuple[int, Value]]:
    """Values that describe a package of the one file `/README`, but for how its payload is packed.

    `evr` is [EPOCH:]VERSION[-RELEASE].
    """
    epoch, _, version_release = evr.rpartition(":")
    version, _, release = version_release.partition("-")
    release = release or "1"
    values: dict[int, tuple[int, Value]] = {
        100: (STRING_ARRAY, ["C"]),
        1000: (STRING, name),
        1001: (STRING, version),
        1002: (STRING, release),
        1004: (TRANSLATED, ["made for a test"]),
        1005: (TRANSLATED, ["It holds one file."]),
        1009: (INT32, 17),
        1014: (STRING, "MIT"),
        1021: (STRING, "linux"),
        1022: (STRING, "noarch" if architecture == "src" else architecture),
        1028: (INT32, [17]),
        1030: (INT16, [0o100644]),
        1034: (INT32, [0]),
        1035: (STRING_ARRAY, [""]),
        1036: (STRING_ARRAY, [""]),
        1037: (INT32, [0]),
        1039: (STRING_ARRAY, ["root"]),
        1040: (STRING_ARRAY, ["root"]),
        1116: (INT32, [0]),
        1117: (STRING_ARRAY, ["README"]),
        1118: (STRING_ARRAY, ["" if architecture == "src" else "/"]),
    }
    if epoch:
        values[1003] = (INT32, int(epoch))
    if architecture == "src":
        values[1106] = (INT32, 1)
    else:
        values[1044] = (STRING, f"{name}-{version}-{release}.src.rpm")
    return values


def packing(payload: bytes, compression: str) -> dict[int, tuple[int, Value]]:
    """Values that say how a payload, which is compressed already, is packed; `compression` is of `COMPRESSORS`."""
    values: dict[int, tuple[int, Value]] = {
        1124: (STRING, "cpio"),
        5092: (STRING_ARRAY, [hashlib.sha256(payload).hexdigest()]),
        5093: (INT32, 8),
    }
    compressor = COMPRESSORS[compression]
    if compressor is not None:
        values |= {1125: (STRING, compressor), 1126: (STRING, "9")}
    return values


def package(values: Mapping[int, tuple[int, Value]], payload: bytes) -> bytes:
    """Package of values and a compressed payload, with right digests."""
    return with_digests(header(_IMMUTABLE, values), payload)


def with_digests(main_header: bytes, payload: bytes) -> bytes:
    """Package of a header and a compressed payload, with right digests."""
    return assembled(
        {
            269: (STRING, hashlib.sha1(main_header, usedforsecurity=False).hexdigest()),
            273: (STRING, hashlib.sha256(main_header).hexdigest()),
            1000: (INT32, len(main_header + payload)),
            1004: (BINARY, hashlib.md5(main_header + payload, usedforsecurity=False).digest()),
        },
        main_header,
        payload,
    )


def assembled(signature: Mapping[int, tuple[int, Value]], main_header: bytes, payload: bytes) -> bytes:
    """Package of values of the signature header, a header and a compressed payload."""
    signature_header = header(_SIGNATURES, signature)
    return LEAD + signature_header + bytes(-len(signature_header) % 8) + main_header + payload


def cpio(files: Iterable[tuple[str, bytes]]) -> bytes:
    """Cpio archive of files."""
    return b"".join(cpio_member(path, content) for path, content in [*files, ("TRAILER!!!", b"")])


def cpio_member(path: str, content: bytes, size: int | None = None) -> bytes:
    """Member of a cpio archive, which may say that it is of another size than it is."""
    name = path.encode() + b"\0"
    numbers = [0, 0o100644, 0, 0, 1, 0, len(content) if size is None else size, 0, 0, 0, 0, len(name), 0]
    head = b"070701" + b"".join(b"%08x" % number for number in numbers) + name
    return head + bytes(-len(head) % 4) + content + bytes(-len(content) % 4)
