"""Alpine packages: what is read out of .PKGINFO, and what is refused."""

import pytest

from buildkite_emulator.formats import Contents, limits
from buildkite_emulator.formats.limits import CHUNK_BYTES
from scripts.samples import packages
from tests.emulator.formats.samples import read_bytes, refusal
from tests.emulator.formats.test_hostile import header, padded, pax, record

FILE = "any name.apk"
INFO = packages.pkginfo("tool", "1.0-r0")
EMPTY_TAR = packages.tarball([])
DATA = packages.gzipped(EMPTY_TAR)
MAGIC_BYTES = 3
"""What is looked at first."""
TOOL = Contents("tool", "1.0-r0", "noarch")


def apk(info: str) -> bytes:
    """Make a package of no files."""
    return packages.apk_parts(info, EMPTY_TAR)


def cut(*files: tuple[str, bytes]) -> bytes:
    """Make a piece before the data."""
    return packages.gzipped(packages.tarball(files, cut=True))


def signature(key: str = "RSA.me@example.com.rsa.pub") -> bytes:
    """Make a piece that is a signature."""
    return cut((f".SIGN.{key}", b"made for a test"))


@pytest.mark.parametrize("name", ["a", "0", "lib-x11", "gtk+3.0", "py3-Foo_bar", "so.1"])
def test_name_of_the_manual_is_read(name: str) -> None:
    """Names are of the characters that apk-package(5) lists."""
    assert read_bytes("alpine", FILE, apk(packages.pkginfo(name, "1"))).name == name


@pytest.mark.parametrize("name", ["", ".a", "-a", "_a", "a b", "a/b", "../a", "é", "a\r", "a:b", "a" * 256])
def test_name_of_another_form_is_refused(name: str) -> None:
    """The message speaks of the name."""
    assert "name" in refusal("alpine", FILE, apk(packages.pkginfo(name, "1")))


@pytest.mark.parametrize(
    "version", ["1", "1.2.3-r0", "1.2b_rc1_p2-r10", "20260101", "1.0_git20260101~0a1b-r1", "1.0.0_rc.1-r0-p5"]
)
def test_version_that_tools_write_is_read(version: str) -> None:
    """Versions follow apk-package(5), or are what nfpm makes of semantic ones."""
    assert read_bytes("alpine", FILE, apk(packages.pkginfo("tool", version))) == Contents("tool", version, "noarch")


@pytest.mark.parametrize("version", ["", "a1", "-r0", "1 2", "1/2", "1:2", ".1", "\u0661"])
def test_version_of_another_form_is_refused(version: str) -> None:
    """The message speaks of the version."""
    assert "version" in refusal("alpine", FILE, apk(packages.pkginfo("tool", version)))


@pytest.mark.parametrize("architecture", ["", "../x", "x86 64", "_"])
def test_architecture_of_another_form_is_refused(architecture: str) -> None:
    """The message speaks of the architecture."""
    assert "architecture" in refusal("alpine", FILE, apk(packages.pkginfo("tool", "1", architecture)))


@pytest.mark.parametrize("key", ["pkgname", "pkgver", "arch", "datahash"])
def test_field_given_twice_is_refused(key: str) -> None:
    """Which of two counts differs from tool to tool; others, such as `depend`, may be there many times."""
    assert read_bytes("alpine", FILE, apk(INFO)) == TOOL
    assert f"{key} twice" in refusal("alpine", FILE, apk(INFO + f"{key} = x\n{key} = x\n"))


@pytest.mark.parametrize("key", ["pkgname", "pkgver", "arch"])
def test_field_that_is_missing_is_refused(key: str) -> None:
    """A comment, and a field without the blanks around its sign, are none."""
    for instead in ("", f"#{key} = 1\n", f"{key}=1\n"):
        lines = [line for line in INFO.splitlines(keepends=True) if not line.startswith(f"{key} ")]
        assert "has to be" in refusal("alpine", FILE, apk("".join(lines) + instead))


def test_pkginfo_that_is_not_utf8_is_refused() -> None:
    """Nothing can be read out of it with certainty."""
    info = INFO.encode() + b"pkgdesc = \xff\n"
    assert "UTF-8" in refusal("alpine", FILE, cut((".PKGINFO", info)) + DATA)


def test_signed_package_with_scripts_is_read() -> None:
    """Signatures come first, in one piece or in several; scripts are beside .PKGINFO."""
    package = packages.apk_parts(INFO, EMPTY_TAR, [(".post-install", b"#!/bin/sh\n"), (".trigger", b"")])
    two = cut((".SIGN.RSA.a.pub", b"1"), (".SIGN.RSA256.b.pub", b"2"))
    for signatures in (signature(), signature() * 2, two):
        assert read_bytes("alpine", FILE, signatures + package) == TOOL


def test_data_with_another_digest_are_refused() -> None:
    """The digest covers the data as they are compressed."""
    info = INFO + f"datahash = {'0' * 64}\n"
    assert "datahash" in refusal("alpine", FILE, cut((".PKGINFO", info.encode())) + DATA)
    package = apk(INFO)
    other = packages.gzipped(packages.tarball([("x", b"")]))
    assert "datahash" in refusal("alpine", FILE, package.removesuffix(DATA) + other)


@pytest.mark.parametrize("digest", ["", "datahash = \n", "datahash = xyz\n", f"datahash = {'A' * 64}\n"])
def test_package_without_a_digest_of_its_data_is_refused(digest: str) -> None:
    """Nothing would say what the data have to be."""
    assert "SHA-256" in refusal("alpine", FILE, cut((".PKGINFO", (INFO + digest).encode())) + DATA)


def test_pieces_of_another_kind_or_order_are_refused() -> None:
    """Signatures come first, then control, then data, with one gzip stream for each of the last two."""
    package = apk(INFO)
    control = package.removesuffix(DATA)
    assert "cut off" in refusal("alpine", FILE, control)
    assert "goes on after its data" in refusal("alpine", FILE, package + DATA)
    assert "goes on after its data" in refusal("alpine", FILE, package + bytes(1))
    assert "cut off" in refusal("alpine", FILE, signature())
    assert ".PKGINFO" in refusal("alpine", FILE, cut() + package)
    assert ".PKGINFO" in refusal("alpine", FILE, cut((".post-install", b"")) + package)
    assert ".PKGINFO" in refusal("alpine", FILE, cut((".SIGN.RSA.a", b""), (".trigger", b"")) + package)
    assert "signature beside" in refusal("alpine", FILE, cut((".SIGN.RSA.a", b""), (".PKGINFO", b"")) + package)
    dangling = packages.gzipped(pax(record("path", ".PKGINFO")))
    assert "cut off" in refusal("alpine", FILE, dangling + package)
    assert "end mark" in refusal("alpine", FILE, packages.gzipped(packages.tarball([(".SIGN.RSA.a", b"")])) + package)


def test_package_ends_with_its_data_wherever_blocks_end() -> None:
    """A file is read in blocks; one that ends with the data does not hide what follows."""
    package = apk(INFO)
    # A comment in the head of the first gzip stream, which has none, fills up the block.
    block = MAGIC_BYTES + CHUNK_BYTES
    comment = b"x" * (block - len(package) - 1) + b"\0"
    filled = package[:3] + b"\x10" + package[4:10] + comment + package[10:]
    assert len(filled) == block
    assert read_bytes("alpine", FILE, filled) == TOOL
    assert "goes on after its data" in refusal("alpine", FILE, filled + b"x")


def test_file_that_is_no_alpine_package_says_so() -> None:
    """Android packages have the same suffix, and apk 3 another format; the message distinguishes them."""
    assert "not an Alpine package" in refusal("alpine", FILE, packages.zipped([("AndroidManifest.xml", b"")]))
    assert "format 3" in refusal("alpine", FILE, b"ADBd" + bytes(100))


def test_only_hidden_files_may_come_before_the_data() -> None:
    """Old versions of apk take the first other name for data, which no digest covers then."""
    for name in ("usr/bin/sh", "x", "./.PKGINFO", ".hidden/x"):
        control = cut((".PKGINFO", INFO.encode()), (name, b""))
        assert "before its data" in refusal("alpine", FILE, control + DATA)


def test_pkginfo_given_twice_is_refused() -> None:
    """What is checked may not be what is installed."""
    twice = cut((".PKGINFO", INFO.encode()), (".PKGINFO", INFO.encode()))
    assert "more than one .PKGINFO" in refusal("alpine", FILE, twice + DATA)
    hidden = pax(record("path", ".PKGINFO")) + header("x", size=len(INFO.encode())) + padded(INFO.encode())
    by_pax = packages.gzipped(packages.tarball([(".PKGINFO", INFO.encode())], cut=True) + hidden)
    assert "more than one .PKGINFO" in refusal("alpine", FILE, by_pax + DATA)


def test_number_of_pieces_and_of_their_files_is_limited() -> None:
    """Signatures, which are not checked, cannot keep the server busy."""
    package = apk(INFO)
    most = limits.APK_MEMBERS
    assert read_bytes("alpine", FILE, signature() * (most - 1) + package) == TOOL
    assert "64 pieces" in refusal("alpine", FILE, signature() * most + package)
    many = cut(*[(f".SIGN.RSA.{number}", b"") for number in range(most + 1)])
    assert "64 files" in refusal("alpine", FILE, many + package)
