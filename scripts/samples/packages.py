"""Small valid packages of each format, for every test that publishes one.

Each builder returns a file name and the file's bytes, the same for the same arguments. They are made with the
standard library alone, so they need none of the formats' own tools; Zstandard alone needs the package that
the emulator has.
"""

import bz2
import gzip
import hashlib
import io
import json
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

from scripts.samples import rpms

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

RPM_COMPRESS: Mapping[str, Callable[[bytes], bytes]] = {
    **COMPRESS,
    "lzma": lambda data: lzma.compress(data, lzma.FORMAT_ALONE),
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
        "require_paths:\n- lib\nspecification_version: 4\n"
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


def wheel(name: str, version: str, tags: str = "py3-none-any") -> Package:
    """Python wheel; `tags` may begin with a build number, as they do in the file name."""
    python, abi, platform = tags.split("-")[-3:]
    lines = "".join(f"Tag: {python}-{abi}-{each}\n" for each in platform.split("."))
    stem = f"{_escaped(name)}-{version}"
    files = [
        (f"{_escaped(name)}.py", b"# Made for a test.\n"),
        (f"{stem}.dist-info/METADATA", core_metadata(name, version)),
        (f"{stem}.dist-info/WHEEL", f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\n{lines}".encode()),
    ]
    record = "".join(f"{path},,\n" for path, _ in files) + f"{stem}.dist-info/RECORD,,\n"
    return f"{stem}-{tags}.whl", zipped([*files, (f"{stem}.dist-info/RECORD", record.encode())])


def sdist(name: str, version: str) -> Package:
    """Python source distribution."""
    stem = f"{_escaped(name)}-{version}"
    files = [
        (f"{stem}/PKG-INFO", core_metadata(name, version)),
        (f"{stem}/pyproject.toml", b'[build-system]\nrequires = ["setuptools"]\n'),
        (f"{stem}/{_escaped(name)}.py", b"# Made for a test.\n"),
    ]
    return f"{stem}.tar.gz", gzipped(tarball(files))


def apk(name: str, version: str, architecture: str = "noarch") -> Package:
    """Alpine package, not signed."""
    readme = tarball([(f"usr/share/doc/{name}/README", b"Made for a test.\n")])
    return f"{name}-{version}.apk", apk_parts(pkginfo(name, version, architecture), readme)


def pkginfo(name: str, version: str, architecture: str = "noarch") -> str:
    """.PKGINFO, but for the digest of the data."""
    return (
        f"# Made for a test.\npkgname = {name}\npkgver = {version}\npkgdesc = Über\nurl = https://example.com\n"
        f"arch = {architecture}\nlicense = MIT\ndepend = one\ndepend = two\n"
    )


def apk_parts(info: str, data_tar: bytes, scripts: Iterable[tuple[str, bytes]] = ()) -> bytes:
    """Alpine package of .PKGINFO, to which the digest is added, of data and of scripts."""
    data = gzipped(data_tar)
    info += f"datahash = {hashlib.sha256(data).hexdigest()}\n"
    return gzipped(tarball([(".PKGINFO", info.encode()), *scripts], cut=True)) + data


def rpm(name: str, version: str, architecture: str = "noarch", compression: str = "gz") -> Package:
    """Red Hat package of a version [EPOCH:]VERSION[-RELEASE]; `architecture` "src" makes a source package."""
    path = "README" if architecture == "src" else "./README"
    payload = RPM_COMPRESS[compression](rpms.cpio([(path, b"Made for a test.\n")]))
    values = rpms.description(name, version, architecture) | rpms.packing(payload, compression)
    return f"{name}-{version.rpartition(':')[2]}.{architecture}.rpm", rpms.package(values, payload)


def chart(name: str, version: str, api_version: str = "v2") -> Package:
    """Helm chart, with another one inside."""
    files = [
        (f"{name}/Chart.yaml", chart_yaml(name, version, api_version)),
        (f"{name}/values.yaml", b"made: for a test\n"),
        (f"{name}/templates/made.yaml", b"# Made for a test.\n"),
        (f"{name}/charts/part/Chart.yaml", chart_yaml("part", "0.1.0")),
    ]
    return f"{name}-{version}.tgz", gzipped(tarball(files))


def chart_yaml(name: str, version: str, api_version: str = "v2") -> bytes:
    """Chart.yaml."""
    return f"apiVersion: {api_version}\nname: {name}\nversion: {version}\ndescription: made for a test\n".encode()


def terraform_module(name: str, version: str, suffix: str = ".tgz") -> Package:
    """Terraform module of the namespace "terraform" and the provider "example"."""
    files = [("main.tf", b"# Made for a test.\n"), ("README.md", b"Made for a test.\n")]
    data = zipped(files) if suffix == ".zip" else gzipped(tarball(files))
    return f"terraform-example-{name}-{version}{suffix}", data


def npm(name: str, version: str) -> Package:
    """JavaScript package; `name` may be of the form @scope/name."""
    package_json = json.dumps({"name": name, "version": version, "description": "made for a test", "main": "index.js"})
    files = [("package/package.json", package_json.encode()), ("package/index.js", b"// Made for a test.\n")]
    return f"{name.removeprefix('@').replace('/', '-')}-{version}.tgz", gzipped(tarball(files))


def jar(artifact: str, version: str, group: str = "org.example", classifier: str | None = None) -> Package:
    """Java archive with the metadata that Maven adds."""
    stem = f"{artifact}-{version}" if classifier is None else f"{artifact}-{version}-{classifier}"
    return f"{stem}.jar", zipped([*jar_metadata(artifact, version, group), ("org/example/Made.class", b"for a test")])


def jar_metadata(artifact: str, version: str, group: str = "org.example") -> list[tuple[str, bytes]]:
    """Files of Maven's in a jar, of one project."""
    folder = f"META-INF/maven/{group}/{artifact}"
    pom = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<project xmlns="http://maven.apache.org/POM/4.0.0">\n'
        f"  <modelVersion>4.0.0</modelVersion>\n  <groupId>{group}</groupId>\n  <artifactId>{artifact}</artifactId>\n"
        f"  <version>{version}</version>\n</project>\n"
    )
    properties = f"#Generated by Maven\nartifactId={artifact}\ngroupId={group}\nversion={version}\n"
    return [(f"{folder}/pom.xml", pom.encode()), (f"{folder}/pom.properties", properties.encode())]


def nupkg(name: str, version: str) -> Package:
    """NuGet package."""
    declaration = '<?xml version="1.0" encoding="utf-8"?>'
    microsoft, open_xml = "http://schemas.microsoft.com/packaging", "http://schemas.openxmlformats.org/package/2006"
    nuspec = (
        f'\ufeff{declaration}\n<package xmlns="{microsoft}/2013/05/nuspec.xsd">\n  <metadata>\n'
        f"    <id>{name}</id>\n    <version>{version}</version>\n    <authors>Nobody</authors>\n"
        "    <description>made for a test</description>\n  </metadata>\n</package>\n"
    )
    relationships = (
        f'{declaration}<Relationships xmlns="{open_xml}/relationships">'
        f'<Relationship Id="R0" Type="{microsoft}/2010/07/manifest" Target="/{name}.nuspec"/></Relationships>'
    )
    suffixes = {
        "nuspec": "application/octet",
        "rels": "application/vnd.openxmlformats-package.relationships+xml",
        "txt": "application/octet",
    }
    types = "".join(f'<Default Extension="{suffix}" ContentType="{kind}"/>' for suffix, kind in suffixes.items())
    files = [
        ("_rels/.rels", relationships.encode()),
        (f"{name}.nuspec", nuspec.encode()),
        ("content/made%20for%20a%20test.txt", b"made for a test\n"),
        ("[Content_Types].xml", f'{declaration}<Types xmlns="{open_xml}/content-types">{types}</Types>'.encode()),
    ]
    return f"{name}.{version}.nupkg", zipped(files)


def generic(name: str, version: str, content: bytes = b"") -> Package:
    """File of no particular format, for a Files registry."""
    return f"{name}-{version}.bin", content


def core_metadata(name: str, version: str) -> bytes:
    """METADATA or PKG-INFO."""
    fields = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nSummary: made for a test\n"
    return f"{fields}\nÜber.\n".encode()


def tarball(files: Iterable[tuple[str, bytes]], *, cut: bool = False) -> bytes:
    """Tar archive of files, uncompressed; with `cut` it has no end mark, so that another one may follow."""
    output = io.BytesIO()
    with tarfile.open(fileobj=output, mode="w") as archive:
        for path, content in files:
            member = tarfile.TarInfo(path)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        end = archive.offset
    return output.getvalue()[: end if cut else None]


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
