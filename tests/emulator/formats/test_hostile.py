"""Packages made to exhaust the server or to harm the machine that installs them.

The tests assert memory use and the reason of the refusal, never the time.
"""

import bz2
import io
import lzma
import struct
import sys
import tarfile
import tracemalloc
import zipfile
from collections.abc import Callable

import pytest

from buildkite_emulator.formats import limits
from buildkite_emulator.formats.archives import members as archives
from buildkite_emulator.formats.archives import tar
from buildkite_emulator.formats.archives import zip as zipped
from buildkite_emulator.formats.contents import UnreadablePackage
from buildkite_emulator.formats.limits import KIB, MIB
from scripts.samples import packages, rpms
from tests.emulator.formats.samples import read_bytes, refusal

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

EMPTY_TAR = packages.tarball([])
CONTROL = b"Package: ab\nVersion: 1\nArchitecture: all\n"
CONTROL_TAR = packages.tarball([("control", CONTROL)])
WHEEL = "tool-1.0-py3-none-any.whl"
METADATA = ("tool-1.0.dist-info/METADATA", packages.core_metadata("tool", "1.0"))
PKG_INFO = ("tool-1.0/PKG-INFO", packages.core_metadata("tool", "1.0"))
SPECIFICATION = b"name: a\nversion: {version: 1}\n"
PKGINFO = packages.pkginfo("tool", "1.0-r0")
CHART = ("tool/Chart.yaml", packages.chart_yaml("tool", "1.0.0"))
PACKAGE_JSON = ("package/package.json", b'{"name": "tool", "version": "1.0.0"}')
NUSPEC = ("Tool.nuspec", b"<package><metadata><id>Tool</id><version>1.0.0</version></metadata></package>")
MAIN = ("main.tf", b"# Made for a test.\n")
MODULE = "terraform-example-tool-1.0.0"

Made = tuple[str, str, bytes]
"""The ecosystem, file name and bytes of a package."""


def header(name: str, kind: bytes = tarfile.REGTYPE, size: int = 0, link: str = "") -> bytes:
    """Make a tar header block."""
    member = tarfile.TarInfo(name)
    member.type, member.size, member.linkname = kind, size, link
    return member.tobuf(tarfile.GNU_FORMAT if size >= 8 * 2**30 else tarfile.USTAR_FORMAT)


def signed(block: bytes) -> bytes:
    """Put the right checksum into a changed tar header block."""
    checksum = sum(block[:148]) + sum(block[156:]) + 8 * ord(" ")
    return block[:148] + f"{checksum:06o}\0 ".encode() + block[156:]


def padded(data: bytes) -> bytes:
    """Fill up to whole tar blocks."""
    return data + bytes(-len(data) % 512)


def pax(payload: bytes, kind: bytes = tarfile.XHDTYPE) -> bytes:
    """Make an extended header."""
    return header("pax", kind, len(payload)) + padded(payload)


def record(key: str, value: str) -> bytes:
    """Make a record of an extended header; its length counts its own digits."""
    rest = f" {key}={value}\n".encode()
    length = len(rest) + len(str(len(rest)))
    return str(len(rest) + len(str(length))).encode() + rest


def sdist(tar_bytes: bytes) -> bytes:
    """Source distribution that ends with a valid PKG-INFO."""
    return packages.gzipped(tar_bytes + packages.tarball([PKG_INFO]))


def deb(data_tar: bytes) -> bytes:
    """Debian package of any data."""
    return packages.deb_parts(CONTROL_TAR, data_tar, "none", "none")


def peak_bytes(action: Callable[[], object]) -> int:
    """Most memory that Python, and C libraries that use its allocator, held at once."""
    tracemalloc.start()
    try:
        action()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def refusal_within_memory(ecosystem: str, file_name: str, data: bytes, mebibytes: int = 8) -> str:
    """Return the message of a refusal that takes less memory than so many MiB."""
    messages: list[str] = []
    assert peak_bytes(lambda: messages.append(refusal(ecosystem, file_name, data))) < mebibytes * MIB
    return messages[0]


def zeros(compressor: zstd.ZstdCompressor | lzma.LZMACompressor | bz2.BZ2Compressor) -> bytes:
    """Tar member of 300 MiB of zeros."""
    blocks = [compressor.compress(header("x", size=2**33 - 1))]
    blocks += [compressor.compress(bytes(MIB)) for _ in range(300)]
    return b"".join(blocks) + compressor.flush()


def tgz(*files: tuple[str, bytes]) -> bytes:
    """Make a compressed tar archive."""
    return packages.gzipped(packages.tarball(files))


def rpm(payload: bytes, compression: str = "gz") -> bytes:
    """Red Hat package of a payload that is compressed already."""
    return rpms.package(rpms.description("tool", "1.0", "noarch") | rpms.packing(payload, compression), payload)


def tar_bomb(name: str = "x") -> bytes:
    """Compressed tar member of 300 MiB of zeros."""
    return packages.gzipped(header(name, size=2**33 - 1) + bytes(300 * MIB))


def apk_bomb() -> bytes:
    """Alpine package of which signature and data together unpack to 300 MiB."""
    signature = packages.gzipped(header(".SIGN.RSA.x", size=150 * MIB) + bytes(150 * MIB))
    return signature + packages.apk_parts(PKGINFO, header("x", size=2**33 - 1) + bytes(150 * MIB))


def deb_bomb(part: str, data: bytes) -> bytes:
    """Debian package of which one part unpacks to very much."""
    before = [("control.tar", CONTROL_TAR)] if part.startswith("data") else []
    return packages.ar([("debian-binary", b"2.0\n"), *before, (part, data)])


CPIO_BOMB = rpms.cpio_member("./x", b"", 2**32 - 1)
BOMBS: dict[str, Callable[[], Made]] = {
    "control.tar.gz": lambda: ("debian", "a.deb", deb_bomb("control.tar.gz", tar_bomb())),
    "control.tar.zst": lambda: ("debian", "a.deb", deb_bomb("control.tar.zst", zeros(zstd.ZstdCompressor()))),
    "control.tar.xz": lambda: ("debian", "a.deb", deb_bomb("control.tar.xz", zeros(lzma.LZMACompressor(preset=0)))),
    "data.tar.bz2": lambda: ("debian", "a.deb", deb_bomb("data.tar.bz2", zeros(bz2.BZ2Compressor()))),
    "apk": lambda: ("alpine", "a.apk", apk_bomb()),
    "chart": lambda: ("helm", "a.tgz", tar_bomb("tool/x")),
    "npm": lambda: ("javascript", "a.tgz", tar_bomb("package/x")),
    "module": lambda: ("terraform", f"{MODULE}.tgz", tar_bomb("main.tf")),
    "rpm": lambda: ("redhat", "a.rpm", rpm(packages.gzipped(CPIO_BOMB + bytes(300 * MIB)))),
    "rpm of its own kind": lambda: (
        "redhat",
        "a.rpm",
        rpm(packages.gzipped(b"07070X00000000\0\0" + bytes(300 * MIB))),
    ),
    "rpm by lzma": lambda: (
        "redhat",
        "a.rpm",
        rpm(lzma.compress(CPIO_BOMB + bytes(300 * MIB), lzma.FORMAT_ALONE, preset=0), "lzma"),
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", BOMBS)
def test_compression_bomb_is_refused_in_little_memory(kind: str) -> None:
    """A small file that unpacks to very much is refused once it passes its budget, never held whole."""
    ecosystem, file_name, data = BOMBS[kind]()
    assert len(data) < MIB
    assert "256 MiB, the limit" in refusal_within_memory(ecosystem, file_name, data)


@pytest.mark.slow
def test_zip_bomb_is_refused_before_it_is_unpacked() -> None:
    """The sizes that a zip declares are added up first, and no member may be longer than it declares."""
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(30):
            archive.writestr(f"{number}", bytes(10 * MIB))
    data = output.getvalue()
    assert "256 MiB, the limit" in refusal("python", WHEEL, data)
    lying = data.replace(struct.pack("<L", 10 * MIB), struct.pack("<L", 10))
    assert "corrupt" in refusal_within_memory("python", WHEEL, lying)


def zst_with_window(mebibytes: int) -> bytes:
    """Compress a control archive by Zstandard."""
    options: dict[int, int] = {zstd.CompressionParameter.window_log: (mebibytes * MIB).bit_length() - 1}
    compressor = zstd.ZstdCompressor(options=options)
    return compressor.compress(CONTROL_TAR) + compressor.flush()


def xz_with_window(mebibytes: int) -> bytes:
    """Compress a control archive by xz."""
    return lzma.compress(CONTROL_TAR, filters=[{"id": lzma.FILTER_LZMA2, "dict_size": mebibytes * MIB}])


@pytest.mark.parametrize(("suffix", "compress"), [("zst", zst_with_window), ("xz", xz_with_window)])
def test_window_is_limited(suffix: str, compress: Callable[[int], bytes]) -> None:
    """A window of 64 MiB, that of `xz -9`, is read, and nothing that needs more."""

    def deb_with_window(mebibytes: int) -> bytes:
        control = (f"control.tar.{suffix}", compress(mebibytes))
        return packages.ar([("debian-binary", b"2.0\n"), control, ("data.tar", EMPTY_TAR)])

    assert read_bytes("debian", "a.deb", deb_with_window(64)).name == "ab"
    assert "64 MiB of memory" in refusal("debian", "a.deb", deb_with_window(128))


def test_big_package_is_read_in_little_memory() -> None:
    """Memory does not grow with the file."""
    data = packages.deb_parts(CONTROL_TAR, packages.tarball([("./x", bytes(100 * MIB))]), "gz", "none")
    assert peak_bytes(lambda: read_bytes("debian", "a.deb", data)) < 6 * MIB


def test_many_members_take_no_memory() -> None:
    """A tar archive may have many members; none is kept."""
    data = sdist(b"".join(header(f"tool-1.0/{number:0>80}") for number in range(5000)))
    assert peak_bytes(lambda: read_bytes("python", "tool-1.0.tar.gz", data)) < 4 * MIB


LONG = bytes(MIB + 1)
GEM_PARTS = [("metadata.gz", packages.gzipped(SPECIFICATION)), ("data.tar.gz", packages.gzipped(EMPTY_TAR))]
TOO_LONG: dict[str, Made] = {
    "control": ("debian", "a.deb", packages.deb_parts(packages.tarball([("control", LONG)]), b"", "gz", "gz")),
    "PKG-INFO": ("python", "tool-1.0.tar.gz", tgz((PKG_INFO[0], LONG))),
    "METADATA": ("python", WHEEL, packages.zipped([(METADATA[0], LONG)])),
    "specification": ("ruby", "a.gem", packages.gem_parts(LONG, EMPTY_TAR)),
    "checksums": ("ruby", "a.gem", packages.tarball([*GEM_PARTS, ("checksums.yaml.gz", packages.gzipped(LONG))])),
    "Chart.yaml": ("helm", "a.tgz", tgz((CHART[0], LONG))),
    ".PKGINFO": ("alpine", "a.apk", packages.gzipped(packages.tarball([(".PKGINFO", LONG)], cut=True))),
}


@pytest.mark.parametrize("kind", TOO_LONG)
def test_metadata_of_more_than_a_mebibyte_is_refused(kind: str) -> None:
    """Metadata is held in memory, so it is limited, whatever it declares its size to be."""
    assert "longer than 1 MiB" in refusal(*TOO_LONG[kind])


def test_yaml_aliases_are_not_expanded() -> None:
    """A specification of a few lines that would expand to 10^9 strings costs as little as any other."""
    levels = ["x0: &x0 [a, a, a, a, a, a, a, a, a, a]"]
    levels += [f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 10)}]" for n in range(1, 10)]
    specification = SPECIFICATION + "\n".join(levels).encode()
    assert peak_bytes(lambda: read_bytes("ruby", "a.gem", packages.gem_parts(specification, EMPTY_TAR))) < 4 * MIB


@pytest.mark.parametrize("text", ["[" * 100_000, "{a: " * 100_000, "- " * 100_000, "? " * 100_000])
def test_deeply_nested_yaml_is_refused(text: str) -> None:
    """Nesting neither overflows a stack nor takes quadratic time."""
    assert "too deep" in refusal("ruby", "a.gem", packages.gem_parts(text.encode(), EMPTY_TAR))


def test_core_metadata_with_very_many_fields_is_refused() -> None:
    """Parsing takes time that grows with the square of their number."""
    fields = METADATA[1].partition(b"\n\n")[0] + b"".join(b"\nX-%d: \xff" % number for number in range(90_000))
    assert "2500 fields" in refusal("python", WHEEL, packages.zipped([(METADATA[0], fields)]))


EXTENDED: dict[str, bytes] = {
    "giant pax header": header("pax", tarfile.XHDTYPE, 2**32),
    "giant long name": header("@LongLink", tarfile.GNUTYPE_LONGNAME, 2**40),
    "chain of pax headers": pax(bytes(record("comment", "x" * 60_000))) * 20,
    "chain of long names": (header("@LongLink", tarfile.GNUTYPE_LONGNAME, 512) + b"a" * 512) * 3,
    "quadratic pax header": pax(b"1" * 500_000),
    "pax record of length 0": pax(b"0 path=x\n"),
    "pax record too long": pax(b"99 path=x\n"),
    "pax record without line feed": pax(b"9 path=xx"),
    "pax record without key": pax(b"5 xx\n"),
    "pax size that is no number": pax(record("size", "-1")),
    "pax size of many digits": pax(record("size", "9" * 5000)),
    "pax path given twice": pax(record("path", "a")) * 2,
    "global path": pax(record("path", "a"), tarfile.XGLTYPE),
    "global size": pax(record("size", "9"), tarfile.XGLTYPE),
    "negative size": signed(header("x")[:124] + b"\xff" * 12 + header("x")[136:]),
    "negative size of a pax header": signed(pax(b"")[:124] + b"\xff" * 12 + pax(b"")[136:512]),
    "endless map of a sparse member": signed(header("x", tarfile.GNUTYPE_SPARSE)[:482] + b"\1" + bytes(29))
    + (bytes(504) + b"\1" + bytes(7)) * 3000,
    "sparse metadata": pax(record("GNU.sparse.name", PKG_INFO[0])) + header("x", size=512) + bytes(512),
    "unknown kind": header("x", b"Z"),
    "link with a size": header("x", tarfile.SYMTYPE, 512, "y") + bytes(512),
}


@pytest.mark.parametrize("prefix", EXTENDED.values(), ids=EXTENDED)
def test_tar_header_trick_is_refused(prefix: bytes) -> None:
    """Extended headers, sizes and kinds that exhaust a reader, or that two readers read in two ways."""
    data = sdist(prefix)
    message = refusal_within_memory("python", "tool-1.0.tar.gz", data)
    assert "tar" in message or "cut off" in message or "not a file" in message


def test_extended_header_of_no_member_is_refused() -> None:
    """An archive that ends between a header and its member is not whole."""
    data = packages.gzipped(pax(record("path", "a")) + EMPTY_TAR)
    assert "corrupt tar header" in refusal("python", "tool-1.0.tar.gz", data)


def test_long_chain_of_extended_headers_does_not_recurse() -> None:
    """Many extended headers before one member are no more than many headers."""
    data = sdist(pax(record("comment", "x")) * 3000)
    assert read_bytes("python", "tool-1.0.tar.gz", data).name == "tool"


def test_extended_headers_are_obeyed() -> None:
    """A pax or GNU header changes the name and size of the next member and of no other."""
    long = "tool-1.0/" + "long/" * 60 + "x"
    gnu = header("@LongLink", tarfile.GNUTYPE_LONGNAME, len(long) + 1) + padded(long.encode() + b"\0")
    data = sdist(gnu + header("x") + pax(record("size", "3") + record("mtime", "1.5")) + header("y") + padded(b"abc"))
    assert read_bytes("python", "tool-1.0.tar.gz", data).name == "tool"
    hidden = pax(record("path", PKG_INFO[0])) + header("x", size=len(PKG_INFO[1])) + padded(PKG_INFO[1])
    assert "more than one PKG-INFO" in refusal("python", "tool-1.0.tar.gz", sdist(hidden))


@pytest.mark.parametrize("end", [EMPTY_TAR, bytes(512), b""], ids=["end mark", "lone block", "no end mark"])
def test_folder_may_have_a_size(end: bytes) -> None:
    """It is the folder's own, to GNU tar, dpkg, Python and node-tar; and what is compressed needs no end mark."""
    folders = header("package/", tarfile.DIRTYPE, 4096) + pax(record("size", "9" * 15)) + header("x/", tarfile.DIRTYPE)
    packaged = {
        "debian": ("a.deb", "control", CONTROL),
        "python": ("tool-1.0.tar.gz", *PKG_INFO),
        "javascript": ("a.tgz", "package/package.json", b'{"name": "tool", "version": "1.0.0"}'),
        "helm": ("a.tgz", "tool/Chart.yaml", packages.chart_yaml("tool", "1.0.0")),
        "terraform": ("terraform-a-b-1.0.0.tgz", "main.tf", b""),
    }
    for ecosystem, (file_name, path, content) in packaged.items():
        archive = folders + packages.tarball([(path, content)], cut=True) + end
        data = packages.deb_parts(archive, folders + end, "gz", "gz") if ecosystem == "debian" else None
        assert read_bytes(ecosystem, file_name, data or packages.gzipped(archive))
    assert read_bytes("ruby", "a.gem", packages.gem_parts(SPECIFICATION, folders + end)).name == "a"
    assert (
        read_bytes("alpine", "a.apk", packages.apk_parts(packages.pkginfo("tool", "1"), folders + end)).name == "tool"
    )


SPARSE_MAP = signed(header("tool-1.0/x", tarfile.GNUTYPE_SPARSE, 3)[:482] + b"\1" + bytes(29))
SPARSE: dict[str, bytes] = {
    "GNU's old format": header("tool-1.0/x", tarfile.GNUTYPE_SPARSE, 3) + padded(b"abc"),
    "a longer map": SPARSE_MAP + bytes(504) + b"\1" + bytes(7) + bytes(512) + padded(b"abc"),
    "pax": pax(record("GNU.sparse.realsize", str(2**60)) + record("GNU.sparse.name", "tool-1.0/x"))
    + header("tool-1.0/GNUSparseFile.0/x", size=3)
    + padded(b"abc"),
}


@pytest.mark.parametrize("member", SPARSE.values(), ids=SPARSE)
def test_sparse_file_is_read_past(member: bytes) -> None:
    """It has the bytes that are stored, however long it says to be."""
    assert read_bytes("python", "tool-1.0.tar.gz", sdist(member)).name == "tool"


def test_both_names_of_a_sparse_file_are_checked() -> None:
    """Tools that do not know sparse files unpack it under the other name."""
    for name, path in (("x", "../x"), ("../x", "x")):
        member = pax(record("GNU.sparse.name", name) + record("path", path)) + header("y")
        assert "leads out" in refusal("python", "tool-1.0.tar.gz", sdist(member))


UPWARD = ["../x", "a/../../x", "a/..", ".."]
"""Names that lead out of any folder, on any system."""
UPWARD_ON_WINDOWS = [*UPWARD, "..\\x", "/../x", "C:\\..\\x"]
ABSOLUTE = ["/etc/passwd", "\\x", "C:\\x", "C:/x"]
PATHS = [*UPWARD, "..\\x", *ABSOLUTE]
"""Names that lead out of a folder, with absolute ones, of which some installers drop the root."""


@pytest.mark.parametrize("path", PATHS)
def test_member_that_leads_out_of_the_package_is_refused(path: str) -> None:
    """Names with `..` are refused in every archive, by whatever header they come, and absolute ones in most."""
    plain = packages.tarball([(path, b"")])
    by_pax = pax(record("path", path)) + header("x") + EMPTY_TAR
    by_gnu = header("@LongLink", tarfile.GNUTYPE_LONGNAME, len(path)) + padded(path.encode()) + header("x")
    hard_link = header("x", tarfile.LNKTYPE, link=path) + EMPTY_TAR
    for tar_bytes in (plain, by_pax, by_gnu + EMPTY_TAR, hard_link):
        if ".." in path.split("/"):
            assert "leads out" in refusal("debian", "a.deb", deb(tar_bytes))
        if ".." in path:
            assert "leads out" in refusal("python", "tool-1.0.tar.gz", packages.gzipped(tar_bytes))
        assert "leads out" in refusal("ruby", "a.gem", packages.gem_parts(SPECIFICATION, tar_bytes))
    for files in ([METADATA, (path, b"")], [(path, b""), METADATA]):
        assert "leads out" in refusal("python", WHEEL, packages.zipped(files))


WITH_FILE: dict[str, Callable[[tuple[str, bytes]], Made]] = {
    "apk": lambda file: ("alpine", "a.apk", packages.apk_parts(PKGINFO, packages.tarball([file]))),
    "chart": lambda file: ("helm", "a.tgz", tgz(CHART, file)),
    "jar": lambda file: ("java", "tool-1.0.jar", packages.zipped([*packages.jar_metadata("tool", "1.0"), file])),
    "npm": lambda file: ("javascript", "a.tgz", tgz(PACKAGE_JSON, file)),
    "nupkg": lambda file: ("nuget", "a.nupkg", packages.zipped([NUSPEC, file])),
    "rpm": lambda file: ("redhat", "a.rpm", rpm(packages.gzipped(rpms.cpio([file])))),
    "module .tgz": lambda file: ("terraform", f"{MODULE}.tgz", tgz(MAIN, file)),
    "module .zip": lambda file: ("terraform", f"{MODULE}.zip", packages.zipped([MAIN, file])),
}


@pytest.mark.parametrize("path", [*UPWARD_ON_WINDOWS, *ABSOLUTE])
@pytest.mark.parametrize("kind", WITH_FILE)
def test_file_that_leads_out_of_the_package_is_refused(kind: str, path: str) -> None:
    """Names with `..` are refused, also behind the metadata; absolute ones where an installer does not drop the root.

    Red Hat's tools know no separator but the slash.
    """
    package = WITH_FILE[kind]((path, b""))
    leads_up = path in UPWARD or (".." in path and kind != "rpm") or path == "/../x"
    if leads_up or kind in {"apk", "chart", "nupkg"}:
        assert "leads out" in refusal(*package)
    else:
        assert read_bytes(*package)


def test_odd_names_that_stay_inside_are_taken() -> None:
    """Dots within a component, backslashes of systemd's names and symbolic links are all legitimate."""
    link = header("./etc/x", tarfile.SYMTYPE, link="../../../../etc/passwd")
    names = ["./a..b", "./...", "./dev-disk-by\\x2dlabel.swap", "./é"]
    data_tar = link + packages.tarball([(name, b"") for name in names])
    assert read_bytes("debian", "a.deb", deb(data_tar)).name == "ab"


@pytest.mark.parametrize("name", ["\0", "a\0/../b"])
def test_nul_in_a_name_is_refused(name: str) -> None:
    """Tools cut a name at a NUL or do not, and so see two names."""
    with pytest.raises(UnreadablePackage):
        archives.check_member_name(name)


def test_metadata_given_twice_is_refused() -> None:
    """Which of two counts differs from tool to tool, so what is checked may not be what is installed."""
    two_controls = packages.tarball([("control", CONTROL), ("./control", CONTROL.replace(b"ab", b"cd"))])
    assert "more than one" in refusal("debian", "a.deb", packages.deb_parts(two_controls, EMPTY_TAR, "gz", "gz"))
    for part in GEM_PARTS:
        assert "twice" in refusal("ruby", "a.gem", packages.tarball([*GEM_PARTS, part]))
    assert "more than one METADATA" in refusal(
        "python", WHEEL, packages.zipped([METADATA, ("other-1.0.dist-info/METADATA", METADATA[1])])
    )
    two_infos = packages.tarball([PKG_INFO, PKG_INFO])
    assert "more than one PKG-INFO" in refusal("python", "tool-1.0.tar.gz", packages.gzipped(two_infos))
    with pytest.warns(UserWarning, match="Duplicate name"):
        same_name = packages.zipped([METADATA, METADATA])
    assert "two members of one name" in refusal("python", WHEEL, same_name)


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE])
def test_metadata_that_is_no_file_is_refused(kind: bytes) -> None:
    """The link could resolve to something else when the package is installed."""

    def link(name: str) -> bytes:
        return header(name, kind, link="x") + EMPTY_TAR

    data = packages.gzipped(EMPTY_TAR)
    for package in (
        ("debian", "a.deb", packages.deb_parts(link("control"), EMPTY_TAR, "gz", "gz")),
        ("python", "tool-1.0.tar.gz", packages.gzipped(link(PKG_INFO[0]))),
        ("ruby", "a.gem", link("metadata.gz")),
        ("javascript", "a.tgz", packages.gzipped(link(PACKAGE_JSON[0]))),
        ("helm", "a.tgz", packages.gzipped(link(CHART[0]))),
        ("alpine", "a.apk", packages.gzipped(header(".PKGINFO", kind, link="x")) + data),
    ):
        assert "not a file" in refusal(*package)


def test_number_of_members_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each archive has a limit, so that tiny members cannot keep the server busy."""
    monkeypatch.setattr(tar, "TAR_MEMBERS", 10)
    monkeypatch.setattr(zipped, "ZIP_MEMBERS", 10)
    many = [(f"{number}", b"") for number in range(11)]
    assert "more than 10 members" in refusal("python", "tool-1.0.tar.gz", sdist(packages.tarball(many)))
    assert "more than 10 members" in refusal("python", WHEEL, packages.zipped([METADATA, *many]))
    padding = [("_", b"")] * limits.AR_MEMBERS
    data = packages.ar([("debian-binary", b"2.0\n"), *padding, ("control.tar", CONTROL_TAR)])
    assert "more than 64 members" in refusal("debian", "a.deb", data)
    parts = packages.tarball([(f"{number}.sig", b"") for number in range(limits.GEM_MEMBERS + 1)])
    monkeypatch.undo()
    assert "more than 64 parts" in refusal("ruby", "a.gem", parts)


def test_number_of_compressed_streams_is_limited() -> None:
    """An empty stream costs 20 bytes and gives nothing, so their number is limited."""
    data = packages.gzipped(b"") * (limits.COMPRESSED_STREAMS + 2)
    assert "compressed streams" in refusal("python", "tool-1.0.tar.gz", data)


def test_zip_table_of_contents_is_limited() -> None:
    """`zipfile` reads it whole, so a long one is refused before that."""
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, 9 * MIB, 0, 0)
    data = b"PK\3\4" + bytes(9 * MIB - 4) + end
    assert "table of contents" in refusal("python", WHEEL, data)
    entries = b"PK\1\2" * (limits.ZIP_MEMBERS + 1)
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, len(entries), 0, 0)
    assert "50000 members" in refusal("python", WHEEL, entries + end)


def test_zip_members_may_not_overlap() -> None:
    """One compressed kernel under many names is how a zip of 40 KiB unpacks to 5 GiB."""
    data = packages.zipped([METADATA, ("a", b"x" * 100), ("b", b"y" * 100)])
    directory = data.index(b"PK\1\2")
    first = data.index(b"PK\1\2", directory + 1)
    second = data.index(b"PK\1\2", first + 1)
    offset = slice(first + 42, first + 46)
    shared = bytearray(data)
    shared[second + 42 : second + 46] = data[offset]
    assert "overlap" in refusal("python", WHEEL, bytes(shared))


def test_zip_member_is_as_long_as_declared() -> None:
    """Less than a member's declared length, and compressed bytes beyond its place, are corruption."""
    data = packages.zipped([METADATA])
    directory = data.index(b"PK\1\2")
    for position, field in ((20, 10_000), (24, 10_000)):
        lying = bytearray(data)
        lying[directory + position : directory + position + 4] = struct.pack("<L", field)
        assert "corrupt" in refusal("python", WHEEL, bytes(lying))


@pytest.mark.parametrize(
    ("position", "value"),
    [(6, 99), (8, 0x20), (46, 0xFF), (16, 1)],
    ids=["version", "patch", "name", "CRC"],
)
def test_zip_entry_that_zipfile_cannot_read_is_refused(position: int, value: int) -> None:
    """Whatever `zipfile` raises for a bad table of contents is a refusal."""
    data = bytearray(packages.zipped([METADATA]))
    directory = data.index(b"PK\1\2")
    data[directory + position] = value
    assert "corrupt" in refusal("python", WHEEL, bytes(data))


def test_zip_member_without_a_name_is_refused() -> None:
    """It is neither a file nor a folder."""
    assert "without a name" in refusal("python", WHEEL, packages.zipped([METADATA, ("", b"")]))


def test_zip_name_that_is_not_utf8_is_refused() -> None:
    """A name that says it is UTF-8 and is not cannot be compared with anything."""
    data = packages.zipped([METADATA, ("\xe9", b"")])
    assert "corrupt" in refusal("python", WHEEL, data.replace("\xe9".encode(), b"\xff\xff"))


def test_corrupt_deflate_is_refused() -> None:
    """A block of a kind that Deflate does not have is no crash."""
    data = bytearray(packages.zipped([METADATA]))
    data[30 + len(METADATA[0])] = 0b111
    assert "corrupt" in refusal("python", WHEEL, bytes(data))


def test_encrypted_zip_is_refused() -> None:
    """What cannot be read cannot be checked."""
    data = bytearray(packages.zipped([METADATA]))
    data[6] |= 1
    data[data.index(b"PK\1\2") + 8] |= 1
    assert "encrypted" in refusal("python", WHEEL, bytes(data))


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_zip_compression_without_limit_to_memory_is_refused(method: int) -> None:
    """`zipfile` unpacks these without a limit, and no tool makes wheels with them."""
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w", method) as archive:
        archive.writestr(*METADATA)
    assert "Deflate" in refusal("python", WHEEL, output.getvalue())


@pytest.mark.parametrize("offset", [2**32 - 2, 2**63, 2**64 - 1])
def test_zip_with_impossible_offsets_is_refused(offset: int) -> None:
    """Offsets beyond the file, and beyond what a file can have, are no crash."""
    end64 = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 1, 1, 46, offset)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, 0, 1)
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 2**32 - 1, 2**32 - 1, 0)
    assert "zip archive" in refusal("python", WHEEL, b"PK\3\4" + bytes(100) + end64 + locator + end)


def test_ar_size_is_a_plain_number() -> None:
    """A negative size would walk in a circle for ever."""
    for size in (b"-60       ", b"+1        ", b"1_0       ", b" 4        ", b"          "):
        data = b"!<arch>\ndebian-binary   " + b"0" * 32 + size + b"`\n2.0\n"
        assert "corrupt ar header" in refusal("debian", "a.deb", data)


def test_budget_grows_with_the_file() -> None:
    """Small files may be mostly zeros; big ones may unpack to 50 times their size, and to 16 GiB at most."""
    sizes = [1 * KIB, 10 * MIB, 2**40]
    assert [limits.Budget(size).allowed for size in sizes] == [256 * MIB, 500 * MIB, 16 * limits.GIB]
