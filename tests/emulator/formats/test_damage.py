"""Packages that are cut off, changed, or something else altogether."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from buildkite_emulator.formats import READERS, Contents
from scripts.samples import packages, rpms
from tests.emulator.formats.samples import SAMPLES, outcome, read_bytes, refusal

BOUNDED = settings(derandomize=True, max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
KINDS = [(ecosystem, suffix) for ecosystem, readers in READERS.items() for suffix in readers if ecosystem != "files"]
NAMES = {
    ".whl": "tool-1.0-py3-none-any.whl",
    **{suffix: f"terraform-x-tool-1.0.0{suffix}" for suffix in (".tgz", ".tar.gz", ".zip")},
}
"""File names by suffix, where a name and a version do not make one."""


@pytest.mark.parametrize(("ecosystem", "package", "contents"), SAMPLES.values(), ids=SAMPLES)
def test_package_cut_off_anywhere_is_refused(ecosystem: str, package: packages.Package, contents: Contents) -> None:
    """Whatever is missing at the end, even one byte, the package is refused."""
    file_name, data = package
    # The end mark of a plain tar is followed by padding, which may be missing in part.
    needed = len(data.rstrip(b"\0")) if file_name.endswith(".gem") else len(data) - 1
    if file_name.endswith(".deb") and data.endswith(b"\n"):
        needed -= 1  # the padding of the last member, which dpkg does not ask for
    points = {*range(0, needed, 37), *range(max(needed - 40, 0), needed), needed}
    for point in points:
        assert refusal(ecosystem, file_name, data[:point])
    assert read_bytes(ecosystem, file_name, data) == contents


@pytest.mark.parametrize(("ecosystem", "package", "contents"), SAMPLES.values(), ids=SAMPLES)
def test_garbage_after_the_package_is_refused(ecosystem: str, package: packages.Package, contents: Contents) -> None:
    """Bytes behind the end belong to no package; they may be another one, glued to it."""
    file_name, data = package
    assert refusal(ecosystem, file_name, data + b"garbage" * 10)
    assert refusal(ecosystem, file_name, data + data)
    assert contents == read_bytes(ecosystem, file_name, data)


@pytest.mark.parametrize(("ecosystem", "suffix"), KINDS)
@pytest.mark.parametrize("data", [b"", b"\0", bytes(10240), b"PK", b"<html>", b"!<arch>\n", b"\x1f\x8b"])
def test_something_else_is_refused(ecosystem: str, suffix: str, data: bytes) -> None:
    """A file that only has the name of a package is refused."""
    assert refusal(ecosystem, NAMES.get(suffix, "tool-1.0" + suffix), data)


def test_package_of_another_format_is_refused() -> None:
    """Every sample is refused under the name of every other kind; but every zip archive may be called a jar."""
    for sample, (own, (own_name, data), _) in SAMPLES.items():
        for ecosystem, suffix in KINDS:
            long_name, long_suffix = own_name.replace(".tgz", ".tar.gz"), suffix.replace(".tgz", ".tar.gz")
            if suffix == ".jar" and data.startswith(b"PK"):
                continue
            if ecosystem != own or not long_name.endswith(long_suffix):
                assert refusal(ecosystem, NAMES.get(suffix, "tool-1.0" + suffix), data), (sample, ecosystem, suffix)


@pytest.mark.parametrize("suffix", ["gz", "xz", "zst", "bz2"])
def test_corruption_deep_inside_the_data_is_refused(suffix: str) -> None:
    """A flipped bit in the middle of what only the checksums of the compression guard is found."""
    content = bytes((number * 97 + number // 256) % 256 for number in range(100_000))
    control_tar = packages.tarball([("control", b"Package: ab\nVersion: 1\nArchitecture: all\n")])
    data_tar = packages.tarball([("./x", content)])
    control_suffix = "gz" if suffix == "bz2" else suffix
    data = bytearray(packages.deb_parts(control_tar, data_tar, control_suffix, suffix))
    assert read_bytes("debian", "a.deb", bytes(data)).name == "ab"
    data[-len(data) // 3] ^= 1
    assert refusal("debian", "a.deb", bytes(data))


def test_compressed_parts_may_be_several_streams_with_padding() -> None:
    """Parallel compressors write several streams, and gzip and xz both allow zeros behind one."""
    control_tar = packages.tarball([("control", b"Package: ab\nVersion: 1\nArchitecture: all\n")])
    middle = len(control_tar) // 2
    for suffix in ("gz", "xz", "zst"):
        compress = packages.COMPRESS[suffix]
        streams = compress(control_tar[:middle]) + bytes(4) + compress(control_tar[middle:]) + bytes(8)
        data = packages.ar(
            [
                ("debian-binary", b"2.0\n"),
                (f"control.tar.{suffix}", streams),
                ("data.tar", packages.tarball([])),
            ]
        )
        assert read_bytes("debian", "a.deb", data).name == "ab"


@BOUNDED
@given(kind=st.sampled_from(KINDS), data=st.binary(max_size=2000), start=st.sampled_from([b"", *{
    b"!<arch>\ndebian-binary   0           0     0     100644  4         `\n2.0\n",
    b"PK\x03\x04",
    b"\x1f\x8b\x08\0\0\0\0\0\0\xff",
    rpms.LEAD + b"\x8e\xad\xe8\x01\0\0\0\0\0\0\0\x01\0\0\0\x04",
}]))  # fmt: skip
def test_arbitrary_bytes_are_read_or_refused(kind: tuple[str, str], data: bytes, start: bytes) -> None:
    """No file at all makes anything but contents or a refusal."""
    ecosystem, suffix = kind
    outcome(ecosystem, NAMES.get(suffix, "tool-1.0" + suffix), start + data)


@pytest.mark.slow
@BOUNDED
@given(sample=st.sampled_from(sorted(SAMPLES)), changes=st.data())
def test_changed_packages_are_read_or_refused(sample: str, changes: st.DataObject) -> None:
    """Any bytes of a valid package may be changed, removed or repeated."""
    ecosystem, (file_name, data), _ = SAMPLES[sample]
    for _ in range(changes.draw(st.integers(1, 3))):
        start = changes.draw(st.integers(0, len(data) - 1))
        end = start + changes.draw(st.integers(0, 20))
        data = data[:start] + changes.draw(st.binary(max_size=20)) + data[end:]
        data = data or b"\0"
    outcome(ecosystem, file_name, data)


@pytest.mark.slow
@BOUNDED
@given(file_name=st.text(max_size=40) | st.from_regex(r"[a-z-]{1,5}-[0-9]\.[0-9]\.[0-9][-+.a-z0-9]{0,20}"))
def test_any_file_name_is_read_or_refused(file_name: str) -> None:
    """A generic file's parts are always parts of its name, in their order."""
    result = outcome("files", file_name, b"")
    if isinstance(result, Contents):
        assert file_name.startswith(f"{result.name}-{result.version}.")
