"""Whatever is fed to a reader: contents or a refusal, and nothing done but reading."""

import importlib.util
import io
import os
import socket
import subprocess
import sys
import tarfile
import tempfile
import warnings
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buildkite_emulator.formats import Contents
from tests.emulator.formats.samples import outcome
from tests.emulator.formats.targets import EMPTY_TAR, METADATA_TARGETS, TARGETS, Target
from tests.emulator.formats.test_damage import BOUNDED
from tests.emulator.formats.test_hostile import PATHS, header, padded, pax, record
from tests.emulator.formats.watch import only_reading

RUNS = 20_000

SEEDS = [target.seed for target in METADATA_TARGETS.values()]
NAMES = [
    *["control", "./control", "package/package.json", "./package/package.json", "tool-1.0/PKG-INFO", "metadata.gz"],
    *["data.tar.gz", "checksums.yaml.gz", "tool-1.0.dist-info/METADATA", "Tool.nuspec", "package/", "./", "", "a/b"],
    *["META-INF/maven/org.example/my-tool/pom.properties", "META-INF/maven/org.example/my-tool/pom.xml", "main.tf"],
    *[".PKGINFO", ".SIGN.RSA.x", "tool/Chart.yaml", *PATHS],
]
KINDS = [
    *[tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.LNKTYPE, tarfile.SYMTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE],
    *[tarfile.DIRTYPE, tarfile.FIFOTYPE, tarfile.CONTTYPE, tarfile.GNUTYPE_SPARSE, tarfile.XHDTYPE, tarfile.XGLTYPE],
    *[tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, b"Z"],
]
KEYS = ["path", "linkpath", "size", "mtime", "comment", "GNU.sparse.major", "hdrcharset"]

names = st.sampled_from(NAMES) | st.text(max_size=20)
contents = st.sampled_from(SEEDS) | st.binary(max_size=600)
numbers = st.integers(0, 2000) | st.sampled_from([2**32, 2**33 - 1, 2**63, 10**30])


def of_kind(kind: str) -> st.SearchStrategy[Target]:
    """Pick a layer of a kind."""
    return st.sampled_from([target for target in TARGETS.values() if target.kind == kind])


def changed(draw: st.DrawFn, data: bytes) -> bytes:
    """Change, remove or repeat some of the bytes."""
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(data)))
        end = start + draw(st.integers(0, 20))
        data = data[:start] + draw(st.binary(max_size=20) | st.just(data[start:end] * 2)) + data[end:]
    return data


@st.composite
def tar_archives(draw: st.DrawFn) -> bytes:
    """Archives of any members, with extended headers before them, that may declare other sizes and lack an end."""
    archive = b""
    for _ in range(draw(st.integers(0, 5))):
        for _ in range(draw(st.integers(0, 2))):
            value = draw(names | numbers.map(str))
            kind = draw(st.sampled_from([tarfile.XHDTYPE, tarfile.XGLTYPE]))
            archive += pax(record(draw(st.sampled_from(KEYS)), value), kind)
        content = draw(contents)
        size = draw(st.just(len(content)) | st.integers(0, 2**33 - 1))
        archive += header(draw(names), draw(st.sampled_from(KINDS)), size, draw(names)) + padded(content)
    return draw(st.just(archive + EMPTY_TAR) | st.just(archive)) + draw(st.just(b"") | st.binary(max_size=600))


@st.composite
def zip_archives(draw: st.DrawFn) -> bytes:
    """Archives of any members, of some of which the headers are changed."""
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of names that are there twice
        for _ in range(draw(st.integers(0, 5))):
            member = zipfile.ZipInfo(draw(names))
            member.extra = draw(st.just(b"") | st.binary(max_size=20))
            archive.writestr(member, draw(contents), draw(st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])))
    return changed(draw, output.getvalue())


@st.composite
def metadata(draw: st.DrawFn, seed: bytes) -> bytes:
    """Anything, or something that was right before it was changed."""
    return draw(st.binary(max_size=300) | st.text(max_size=200).map(str.encode) | st.just(changed(draw, seed)))


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_seed_of_each_layer_is_a_package(target: Target) -> None:
    """What is changed is right before it is changed, so that the changes reach all of a reader."""
    assert isinstance(outcome(target.ecosystem, *target.wrap(target.seed)), Contents)


@pytest.mark.slow
@BOUNDED
@given(target=of_kind("metadata"), data=st.data())
def test_any_metadata_is_read_or_refused(target: Target, data: st.DataObject) -> None:
    """Control files, YAML, JSON, XML, properties and core metadata may hold anything."""
    outcome(target.ecosystem, *target.wrap(data.draw(metadata(target.seed))))


@pytest.mark.slow
@BOUNDED
@given(target=of_kind("tar"), archive=tar_archives())
def test_any_tar_archive_is_read_or_refused(target: Target, archive: bytes) -> None:
    """What lies behind the compression of a package may be any archive."""
    outcome(target.ecosystem, *target.wrap(archive))


@pytest.mark.slow
@BOUNDED
@given(target=of_kind("tar"), data=st.data())
def test_changed_tar_archive_is_read_or_refused(target: Target, data: st.DataObject) -> None:
    """It may be an archive that was changed."""
    archive = bytearray(target.seed)
    for _ in range(data.draw(st.integers(1, 4))):
        # Headers are where it matters: the first blocks.
        archive[data.draw(st.integers(0, min(len(archive), 2048) - 1))] = data.draw(st.integers(0, 255))
    outcome(target.ecosystem, *target.wrap(bytes(archive)))


@pytest.mark.slow
@BOUNDED
@given(target=of_kind("zip"), archive=zip_archives())
def test_any_zip_archive_is_read_or_refused(target: Target, archive: bytes) -> None:
    """A package that is a zip archive may be any one, and a changed one."""
    outcome(target.ecosystem, *target.wrap(archive))


def make_folder(folder: Path) -> None:
    """Make a folder."""
    (folder / "x").mkdir()


OTHER_DEEDS: dict[str, Callable[[Path], object]] = {
    "write": lambda folder: (folder / "x").write_bytes(b""),
    "read": lambda _: Path(__file__).with_suffix(".txt").read_bytes(),
    "folder": make_folder,
    "remove": lambda folder: (folder / "x").unlink(),
    "rename": lambda folder: folder.rename(folder / "x"),
    "temporary file": lambda _: tempfile.mkstemp(),
    "look-up": lambda _: socket.getaddrinfo("localhost", 1),
    "program": lambda _: os.system("true"),  # noqa: S605 - it does not get to run
}


@pytest.mark.parametrize("deed", OTHER_DEEDS.values(), ids=OTHER_DEEDS)
def test_a_reader_that_did_more_than_read_would_be_noticed(tmp_path: Path, deed: Callable[[Path], object]) -> None:
    """Even where a reader hid the failure of its try; and the tests of this folder read under this watch."""
    with pytest.raises(AssertionError), only_reading(), suppress(PermissionError):
        deed(tmp_path)
    assert not list(tmp_path.iterdir())


def fuzz(folder: Path, code: str = "") -> subprocess.CompletedProcess[str]:
    """Run the fuzzer that is guided by coverage, the same way each time, after some other code."""
    code = f"from tests.emulator.formats import fuzz\n{code}\nfuzz.main()"
    # By way of a shell, for Linux counts the memory that a process had before its `exec`, and so that of these tests.
    shell = ["sh", "-c", '"$@"; exit $?', "sh"]
    command = [*shell, sys.executable, "-c", code, str(folder), f"-runs={RUNS}", "-seed=1"]
    return subprocess.run(command, check=False, capture_output=True, text=True)


needs_atheris = pytest.mark.skipif(
    importlib.util.find_spec("atheris") is None, reason="atheris has no wheel for this platform"
)


@pytest.mark.long
@needs_atheris
def test_fuzzer_finds_nothing(tmp_path: Path) -> None:
    """In a bounded run: no other exception, no minute at one file, no more memory than is set, no other deed."""
    result = fuzz(tmp_path)
    assert result.returncode == 0, result.stderr[-5000:]
    assert f"Done {RUNS} runs" in result.stderr
    assert not list((tmp_path / "failures").iterdir())


FAULTS = {
    "exception": "fuzz.outcome = lambda *_: 1 / 0",
    "memory": "fuzz.outcome = lambda *_: b'x' * 2**30",
    "deed": "from buildkite_emulator import formats\nformats.reader = lambda *_: lambda *_: open('/dev/null')",
}


@pytest.mark.long
@needs_atheris
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_fuzzer_notices_a_fault(tmp_path: Path, fault: str) -> None:
    """The run fails, and keeps the file that made it fail."""
    assert fuzz(tmp_path, fault).returncode != 0
    assert len(list((tmp_path / "failures").iterdir())) == 1
