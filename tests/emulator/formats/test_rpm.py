"""Red Hat packages: what is read out of the header, which digests are checked, and what is refused."""

import hashlib
import struct
from collections.abc import Callable

import pytest

from buildkite_emulator.formats import Contents
from buildkite_emulator.formats.archives import cpio
from buildkite_emulator.formats.limits import MIB
from scripts.samples import packages, rpms
from scripts.samples.rpms import BINARY, INT32, STRING, STRING_ARRAY, Value
from tests.emulator.formats.samples import read_bytes, refusal
from tests.emulator.formats.test_hostile import peak_bytes, refusal_within_memory

FILE = "any name.rpm"
IMMUTABLE = 63
NAME, VERSION, RELEASE, EPOCH, ARCHITECTURE = 1000, 1001, 1002, 1003, 1022
FORMAT, COMPRESSOR, PAYLOAD_DIGEST, PAYLOAD_ALGORITHM = 1124, 1125, 5092, 5093
SHA1, SHA256, SHA3, MD5 = 269, 273, 279, 1004
CPIO = rpms.cpio([("./README", b"Made for a test.\n")])
PAYLOAD = packages.gzipped(CPIO)
VALUES = rpms.description("tool", "1.0-1", "noarch") | rpms.packing(PAYLOAD, "gz")
HEADER = rpms.header(IMMUTABLE, VALUES)
TOOL = Contents("tool", "1.0-1", "noarch")


def rpm(changes: dict[int, tuple[int, Value] | None]) -> bytes:
    """Make a package that is valid but for some values of its header; None takes one away."""
    values = {**VALUES, **changes}
    return rpms.package({tag: value for tag, value in values.items() if value is not None}, PAYLOAD)


def of_payload(payload: bytes, compression: str = "gz") -> bytes:
    """Make a package of a payload that is compressed already."""
    return rpms.package(rpms.description("tool", "1.0", "noarch") | rpms.packing(payload, compression), payload)


def signature(header: bytes = HEADER, payload: bytes = PAYLOAD) -> dict[int, tuple[int, Value]]:
    """Give the digests that a signature header may have."""
    return {
        SHA1: (STRING, hashlib.sha1(header, usedforsecurity=False).hexdigest()),
        SHA256: (STRING, hashlib.sha256(header).hexdigest()),
        SHA3: (STRING, hashlib.sha3_256(header).hexdigest()),
        MD5: (BINARY, hashlib.md5(header + payload, usedforsecurity=False).digest()),
    }


def of_header(index: bytes, data: bytes) -> bytes:
    """Make a package of a header of any index and data."""
    return rpms.with_digests(rpms.raw_header(index, data), PAYLOAD)


def entries(*tags: int, offset: int = 0) -> bytes:
    """Make an index of strings that all lie in one place."""
    return b"".join(rpms.entry(tag, STRING, offset) for tag in tags)


def says(data: bytes) -> str:
    """Return why a package is refused."""
    return refusal("redhat", FILE, data)


@pytest.mark.parametrize("name", ["a", "0ad", "libstdc++-devel", "python3.11", "_x", "a-b_c+d.e"])
def test_name_that_rpm_takes_is_read(name: str) -> None:
    """Names are of the characters that rpm lets a spec file have."""
    assert read_bytes("redhat", FILE, rpm({NAME: (STRING, name)})).name == name


@pytest.mark.parametrize("name", ["", "-a", ".a", "a b", "a/b", "../a", "é", "a=b", "a" * 256, "a" * 2000])
def test_name_of_another_form_is_refused(name: str) -> None:
    """The message speaks of the name, or of the tag where it does not even end."""
    message = says(rpm({NAME: (STRING, name)}))
    assert "name" in message or "tag 1000" in message


@pytest.mark.parametrize("version", ["1", "1.0~rc1", "1.0^git5", "1.0+b_1", "v1"])
def test_version_that_rpm_takes_is_read(version: str) -> None:
    """Versions and releases are of the same characters."""
    changed = rpm({VERSION: (STRING, version), RELEASE: (STRING, version)})
    assert read_bytes("redhat", FILE, changed).version == f"{version}-{version}"


@pytest.mark.parametrize("version", ["", "1-0", "1:0", "1 0", "1/0", "é"])
def test_version_or_release_of_another_form_is_refused(version: str) -> None:
    """The message speaks of the one that is wrong."""
    assert "version is" in says(rpm({VERSION: (STRING, version)}))
    assert "release is" in says(rpm({RELEASE: (STRING, version)}))


@pytest.mark.parametrize("architecture", ["", "../x", "x86-64", "x86 64"])
def test_architecture_of_another_form_is_refused(architecture: str) -> None:
    """The message speaks of the architecture."""
    assert "architecture" in says(rpm({ARCHITECTURE: (STRING, architecture)}))


@pytest.mark.parametrize(("epoch", "version"), [(0, "1.0-1"), (1, "1:1.0-1"), (2**32 - 1, "4294967295:1.0-1")])
def test_epoch_is_part_of_the_version(epoch: int, version: str) -> None:
    """An epoch of 0 is the same as none, so that both are one version."""
    assert read_bytes("redhat", FILE, rpm({EPOCH: (INT32, epoch)})).version == version


def test_source_package_is_told_apart() -> None:
    """Its header has the architecture that it was built on, which says nothing of it."""
    assert read_bytes("redhat", FILE, rpm({1106: (INT32, 1)})) == Contents("tool", "1.0-1", "src")


@pytest.mark.parametrize("tag", [NAME, VERSION, RELEASE, ARCHITECTURE])
def test_value_that_is_missing_is_refused(tag: int) -> None:
    """No package is without them."""
    assert f"without the tag {tag}" in says(rpm({tag: None}))


@pytest.mark.parametrize("value", [(INT32, 1), (BINARY, b"tool\0"), (STRING, b"tool\xff\0"), (STRING_ARRAY, [])])
def test_value_of_another_kind_is_refused(value: tuple[int, Value]) -> None:
    """A name is a string, in UTF-8."""
    assert "tag 1000" in says(rpm({NAME: value}))


@pytest.mark.parametrize("value", [(STRING, "1"), (INT32, [1, 2]), (INT32, []), (BINARY, b"\0\0\0\1")])
def test_epoch_of_another_kind_is_refused(value: tuple[int, Value]) -> None:
    """An epoch is one number."""
    assert "tag 1003" in says(rpm({EPOCH: value}))


@pytest.mark.parametrize(
    ("tag", "wrong", "named"),
    [
        (SHA1, (STRING, "0" * 40), "header does not have the sha1"),
        (SHA256, (STRING, "0" * 64), "header does not have the sha256"),
        (SHA3, (STRING, "0" * 64), "header does not have the sha3_256"),
        (SHA256, (STRING, ""), "header does not have the sha256"),
        (SHA256, (BINARY, bytes(32)), "tag 273"),
        (MD5, (BINARY, bytes(16)), "header and payload do not have the md5"),
        (MD5, (BINARY, b""), "tag 1004"),
        (MD5, (STRING, "0" * 32), "tag 1004"),
    ],
)
def test_digest_of_the_signature_header_is_checked(tag: int, wrong: tuple[int, Value], named: str) -> None:
    """The message says what does not have which digest."""
    assert named in says(rpms.assembled(signature() | {tag: wrong}, HEADER, PAYLOAD))


def test_digest_of_the_payload_is_checked() -> None:
    """It is in the header, and of the payload as it is compressed; another kind of digest than SHA-256 is refused."""
    assert "payload does not have" in says(rpm({PAYLOAD_DIGEST: (STRING_ARRAY, ["0" * 64])}))
    assert "payload does not have" in says(rpm({PAYLOAD_DIGEST: (STRING_ARRAY, [hashlib.sha256(CPIO).hexdigest()])}))
    assert "not SHA-256" in says(rpm({PAYLOAD_ALGORITHM: (INT32, 1)}))
    assert read_bytes("redhat", FILE, rpm({PAYLOAD_ALGORITHM: None})) == TOOL


@pytest.mark.parametrize(
    ("carried", "payload_digest", "readable"),
    [
        ({SHA1, SHA256, SHA3, MD5}, True, True),
        ({MD5}, False, True),  # as rpm 3 and 4 wrote
        ({SHA1, SHA256}, True, True),
        ({SHA256, SHA3}, True, True),  # as rpm 6 writes
        ({SHA256}, False, False),
        (set[int](), True, False),
        (set[int](), False, False),
    ],
)
def test_digests_cover_all_of_a_package(carried: set[int], payload_digest: bool, readable: bool) -> None:  # noqa: FBT001 - parameters
    """Whichever there are, together they are of header and payload; rpm refuses less too."""
    header = HEADER if payload_digest else rpms.header(IMMUTABLE, {k: v for k, v in VALUES.items() if k < 5000})
    digests = {tag: value for tag, value in signature(header).items() if tag in carried}
    data = rpms.assembled(digests, header, PAYLOAD)
    if readable:
        assert read_bytes("redhat", FILE, data) == TOOL
    else:
        assert "digests of all" in says(data)


def test_any_changed_bit_of_header_and_payload_is_noticed() -> None:
    """That is what the digests are for."""
    data = rpm({})
    assert read_bytes("redhat", FILE, data) == TOOL
    for position in range(len(data) - len(HEADER + PAYLOAD), len(data)):
        assert says(data[:position] + bytes([data[position] ^ 1]) + data[position + 1 :])


def test_package_of_format_6_is_read() -> None:
    """Its payload has no names and no sizes, and its digests are others."""
    member = b"07070X00000000\0\0Made for a test.\n\0\0\0"
    payload = packages.COMPRESS["zst"](member + rpms.cpio([]))
    values = rpms.description("tool", "2:1.0", "x86_64") | rpms.packing(payload, "zst") | {5114: (INT32, 6)}
    header = rpms.header(IMMUTABLE, values)
    digests = {tag: value for tag, value in signature(header, payload).items() if tag in {SHA256, SHA3}}
    data = rpms.assembled(digests, header, payload)
    assert read_bytes("redhat", FILE, data) == Contents("tool", "2:1.0-1", "x86_64")
    broken = payload[:-1]
    values |= rpms.packing(broken, "zst")
    header = rpms.header(IMMUTABLE, values)
    digests = {tag: value for tag, value in signature(header, broken).items() if tag in {SHA256, SHA3}}
    assert "cut off" in says(rpms.assembled(digests, header, broken))


def test_payload_without_a_compressor_is_gzip_or_not_compressed() -> None:
    """Uncompressed payloads name no compressor, nor do old ones that use gzip."""
    assert read_bytes("redhat", FILE, rpm({COMPRESSOR: None})) == TOOL
    assert read_bytes("redhat", FILE, of_payload(CPIO, "none")) == TOOL


@pytest.mark.parametrize(
    ("tag", "value", "fault"),
    [
        (COMPRESSOR, "xz", "xz data is invalid"),
        (COMPRESSOR, "brotli", "'brotli', but has to be by gzip, bzip2"),
        (COMPRESSOR, "", "compressed by ''"),
        (FORMAT, "drpm", "'drpm', but has to be cpio"),
    ],
)
def test_payload_of_another_kind_is_refused(tag: int, value: str, fault: str) -> None:
    """The message says what was found and what would be right."""
    assert fault in says(rpm({tag: (STRING, value)}))


HEADERS: dict[str, tuple[Callable[[], bytes], str]] = {
    "other magic": (lambda: rpms.with_digests(b"\x8e\xad\xe8\x02" + HEADER[4:], PAYLOAD), "no header"),
    "reserved bytes": (lambda: rpms.with_digests(HEADER[:7] + b"\1" + HEADER[8:], PAYLOAD), "no header"),
    "very many values": (lambda: claimed(2**32 - 1, 0), "more than rpm takes"),
    "one value too many": (lambda: claimed(2**16, 0), "more than rpm takes"),
    "very much data": (lambda: claimed(1, 2**32 - 1), "more than rpm takes"),
    "data beyond the file": (lambda: claimed(1, 2**28), "cut off"),
    "values beyond the file": (lambda: claimed(2**16 - 1, 0), "cut off"),
    "no values": (lambda: of_header(b"", b""), "without the tag 1000"),
    "a tag twice": (lambda: of_header(rpms.entry(NAME, STRING, 0) * 2, b"a\0"), "tag 1000 twice"),
    "an offset beyond the data": (lambda: of_header(rpms.entry(NAME, STRING, 2), b"a\0"), "tag 1000"),
    "a negative offset": (lambda: of_header(rpms.entry(NAME, STRING, 2**32 - 1), b"a\0"), "tag 1000"),
    "a string without an end": (lambda: of_header(rpms.entry(NAME, STRING, 0), b"a"), "tag 1000"),
    "a number without an end": (
        lambda: of_header(entries(NAME, VERSION, RELEASE, ARCHITECTURE) + rpms.entry(EPOCH, INT32, 0), b"a\0\0"),
        "tag 1003",
    ),
    "a long string": (lambda: of_header(rpms.entry(NAME, STRING, 0), b"a" * MIB + b"\0"), "tag 1000"),
}


def claimed(count: int, size: int) -> bytes:
    """Make a package whose header says of itself how large it is."""
    return rpms.with_digests(HEADER[:8] + struct.pack(">II", count, size) + HEADER[16:], PAYLOAD)


@pytest.mark.parametrize(("make", "fault"), HEADERS.values(), ids=HEADERS)
def test_header_that_is_absurd_is_refused_in_little_memory(make: Callable[[], bytes], fault: str) -> None:
    """Neither counts nor sizes nor offsets are believed, in the header and in that of the signatures."""
    data = make()
    assert fault in refusal_within_memory("redhat", FILE, data, 4)
    if fault in {"no header", "more than rpm takes", "cut off"}:
        assert fault in says(rpms.LEAD + data[-len(HEADER + PAYLOAD) :])


def test_large_header_is_read_in_little_memory() -> None:
    """A header that lists very many files is read past, and so are values that overlap."""
    names = b"a\0" * (8 * MIB)
    files = b"".join(rpms.entry(10_000 + number, STRING_ARRAY, 0, 2**24) for number in range(60_000))
    for offset in (0, len(names) - 2):
        index = files + entries(NAME, VERSION, RELEASE, ARCHITECTURE, offset=offset)
        data = of_header(index, names)
        assert peak_bytes(lambda: read_bytes("redhat", FILE, data)) < 6 * MIB  # noqa: B023 - called at once
        assert read_bytes("redhat", FILE, data) == Contents("a", "a-a", "a")


def test_values_are_found_wherever_they_lie() -> None:
    """The data are read in blocks, and a value may lie over the end of one."""
    for offset in (0, 2**18 - 2, 2**18 - 1, 2**18, 2**18 + 1, 2**19 - 3):
        data = bytearray(2**19 + 2000)
        data[offset : offset + 5] = b"tool\0"
        index = entries(NAME, VERSION, RELEASE, ARCHITECTURE, offset=offset)
        assert read_bytes("redhat", FILE, of_header(index, bytes(data))) == Contents("tool", "tool-tool", "tool")


def test_file_that_is_no_package_says_so() -> None:
    """The message is of the lead, not of what would come after it."""
    assert "not a Red Hat package" in says(b"")
    assert "not a Red Hat package" in says(b"\0" + rpm({})[1:])
    assert "cut off" in says(rpms.LEAD)


MEMBER = rpms.cpio_member("./x", b"abc")

ARCHIVES: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "cut off"),
    "no end mark": (MEMBER, "cut off"),
    "no archive": (bytes(1000), "cpio"),
    "a tar archive": (packages.tarball([("x", b"")]), "cpio"),
    "another kind of cpio": (rpms.cpio([]).replace(b"070701", b"070707"), "cpio"),
    "a member of rpm's own kind": (MEMBER + b"07070X00000000\0\0" + rpms.cpio([]), "cpio"),
    "a number that is none": (b"070701" + b"+" * 104 + b"./x\0" + rpms.cpio([]), "cpio"),
    "a number with a sign": (MEMBER.replace(b"00000003", b"+0000003", 1) + rpms.cpio([]), "cpio"),
    "a size beyond the archive": (rpms.cpio_member("./x", b"", 2**32 - 1) + rpms.cpio([]), "cut off"),
    "a size that is too small": (rpms.cpio_member("./x", bytes(8), 4) + rpms.cpio([]), "cpio"),
    "a very long name": (rpms.cpio_member("x" * 5000, b"") + rpms.cpio([]), "far too long"),
    "a NUL in a name": (rpms.cpio_member("./x\0y", b"") + rpms.cpio([]), "leads out"),
    "bytes after the end mark": (rpms.cpio([]) + MEMBER, "goes on"),
}


@pytest.mark.parametrize(("archive", "fault"), ARCHIVES.values(), ids=ARCHIVES)
def test_payload_that_is_no_whole_archive_is_refused(archive: bytes, fault: str) -> None:
    """Right digests do not help."""
    assert fault in says(of_payload(archive, "none"))
    assert fault in says(of_payload(packages.gzipped(archive)))


def test_archive_of_many_kinds_of_members_is_read() -> None:
    """Sizes of any remainder, names that are not UTF-8 or look like the end mark, empty files, zeros at the end."""
    files = [(f"./{'x' * number}", bytes(number)) for number in range(1, 9)]
    archive = rpms.cpio([*files, ("./TRAILER!!!", b""), ("./\xe9", b"")]).replace("\xe9".encode(), b"\xff\xff")
    assert read_bytes("redhat", FILE, of_payload(archive + bytes(500), "none")) == TOOL


@pytest.mark.parametrize("path", ["/", "usr/x", "./a\\..\\b"])
def test_name_of_another_spelling_is_taken(path: str) -> None:
    """Rpm writes `./usr/bin/x` and nfpm `/usr/bin/x`; the paths that count are those of the header."""
    assert read_bytes("redhat", FILE, of_payload(packages.gzipped(rpms.cpio([(path, b"")])))) == TOOL


def test_number_of_members_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that tiny members cannot keep the server busy."""
    monkeypatch.setattr(cpio, "CPIO_MEMBERS", 10)
    archive = rpms.cpio((f"./{number}", b"") for number in range(10))
    assert "more than 10 members" in says(of_payload(packages.gzipped(archive)))


def test_dictionary_of_lzma_is_limited() -> None:
    """What would need more than 64 MiB of memory is refused."""
    payload = bytearray(packages.RPM_COMPRESS["lzma"](CPIO))
    payload[1:5] = struct.pack("<L", 2**31)
    assert "64 MiB of memory" in says(of_payload(bytes(payload), "lzma"))


@pytest.mark.slow
def test_big_package_is_read_in_little_memory() -> None:
    """Memory does not grow with the file."""
    data = of_payload(rpms.cpio([("./x", bytes(100 * MIB))]), "none")
    assert peak_bytes(lambda: read_bytes("redhat", FILE, data)) < 6 * MIB
