"""Small valid packages of each format, for every test that publishes one.

Each builder returns a file name and the file's bytes, the same for the same arguments. They are made with the
standard library alone, so they need none of the formats' own tools; Zstandard alone needs the package that
the emulator has.
"""

import bz2
import gzip
import hashlib
import io
import lzma
import re
import sys
import tarfile
import zipfile
from collections.abc import Callable, Iterable, Mapping

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

Package = tuple[str, bytes]


def gzipped(data: bytes) -> bytes:
    """Compress with no time in the header."""
    return gzip.compress(data, mtime=0)


COMPRESS: Mapping[str, Callable[[bytes], bytes]] = {
    "none": bytes,
    "gz": gzipped,
    "xz": lzma.compress,
    "zst": zstd.compress,
    "bz2": bz2.compress,
}


def deb(name: str, version: str, architecture: str = "all", compression: str = "gz") -> Package:
    """Debian package; with `compression` "bz2", which is for data only, the control part is gzip."""
    control = (
        f"Package: {name}\nVersion: {version}\nArchitecture: {architecture}\n"
        "Maintainer: Nobody <nobody@example.com>\nDescription: made for a test\n It holds one file.\n"
    )
    readme = f"./usr/share/doc/{name}/README"
    data = deb_parts(
        tarball([("./control", control.encode())]),
        tarball([(readme, b"Made for a test.\n")]),
        "gz" if compression == "bz2" else compression,
        compression,
    )
    return f"{name}_{version.partition(':')[2] or version}_{architecture}.deb", data


def deb_parts(control_tar: bytes, data_tar: bytes, control_compression: str, data_compression: str) -> bytes:
    """Debian package of two tar archives."""

    def part(stem: str, compression: str, data: bytes) -> tuple[str, bytes]:
        return stem if compression == "none" else f"{stem}.{compression}", COMPRESS[compression](data)

    return ar(
        [
            ("debian-binary", b"2.0\n"),
            part("control.tar", control_compression, control_tar),
            part("data.tar", data_compression, data_tar),
        ]
    )


def gem(name: str, version: str, platform: str | None = None) -> Package:
    """Ruby gem; `platform` None is the platform "ruby", which the file name leaves out."""
    specification = (
        f"--- !ruby/object:Gem::Specification\nname: {name}\n"
        f"version: !ruby/object:Gem::Version\n  version: {version!r}\n"
        f"platform: {platform or 'ruby'}\nauthors:\n- Nobody\nfiles:\n- lib/{name}.rb\n"
        'required_ruby_version: !ruby/object:Gem::Requirement\n  requirements:\n  - - ">="\n'
        "    - !ruby/object:Gem::Version\n      version: '0'\nsummary: made for a test\n"
    )
    data = tarball([(f"lib/{name}.rb", b"# Made for a test.\n")])
    file_name = f"{name}-{version}.gem" if platform is None else f"{name}-{version}-{platform}.gem"
    return file_name, gem_parts(specification.encode(), data)


def gem_parts(specification: bytes, data_tar: bytes) -> bytes:
    """Ruby gem of a specification and a tar archive, with right checksums."""
    parts = [("metadata.gz", gzipped(specification)), ("data.tar.gz", gzipped(data_tar))]
    checksums = "---\n"
    for algorithm in ("SHA256", "SHA512"):
        checksums += f"{algorithm}:\n"
        for part, content in parts:
            checksums += f"  {part}: {hashlib.new(algorithm, content).hexdigest()}\n"
    return tarball([*parts, ("checksums.yaml.gz", gzipped(checksums.encode()))])


def wheel(name: str, version: str) -> Package:
    """Python wheel for any platform."""
    stem = f"{_escaped(name)}-{version}"
    files = [
        (f"{_escaped(name)}.py", b"# Made for a test.\n"),
        (f"{stem}.dist-info/METADATA", core_metadata(name, version)),
        (f"{stem}.dist-info/WHEEL", b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"),
    ]
    record = "".join(f"{path},,\n" for path, _ in files) + f"{stem}.dist-info/RECORD,,\n"
    return f"{stem}-py3-none-any.whl", zipped([*files, (f"{stem}.dist-info/RECORD", record.encode())])


def sdist(name: str, version: str) -> Package:
    """Python source distribution."""
    stem = f"{_escaped(name)}-{version}"
    files = [
        (f"{stem}/PKG-INFO", core_metadata(name, version)),
        (f"{stem}/pyproject.toml", b'[build-system]\nrequires = ["setuptools"]\n'),
        (f"{stem}/{_escaped(name)}.py", b"# Made for a test.\n"),
    ]
    return f"{stem}.tar.gz", gzipped(tarball(files))


def generic(name: str, version: str, content: bytes = b"") -> Package:
    """File of no particular format, for a Files registry."""
    return f"{name}-{version}.bin", content


def core_metadata(name: str, version: str) -> bytes:
    """METADATA or PKG-INFO."""
    fields = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nSummary: made for a test\n"
    return f"{fields}\nÜber.\n".encode()


def tarball(files: Iterable[tuple[str, bytes]]) -> bytes:
    """Tar archive of files, uncompressed."""
    output = io.BytesIO()
    with tarfile.open(fileobj=output, mode="w") as archive:
        for path, content in files:
            member = tarfile.TarInfo(path)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return output.getvalue()


def zipped(files: Iterable[tuple[str, bytes]]) -> bytes:
    """Zip archive of files, deflated."""
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files:
            archive.writestr(zipfile.ZipInfo(path), content, zipfile.ZIP_DEFLATED)
    return output.getvalue()


def ar(files: Iterable[tuple[str, bytes]]) -> bytes:
    """Ar archive of files."""
    output = b"!<arch>\n"
    for path, content in files:
        output += f"{path:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(content):<10}`\n".encode()
        output += content + b"\n" * (len(content) % 2)
    return output


def _escaped(name: str) -> str:
    """Spell a project's name as file names do. Source: PyPA, "Binary distribution format"."""
    return re.sub(r"[-_.]+", "_", name).lower()
