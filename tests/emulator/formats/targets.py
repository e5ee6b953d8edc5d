"""The fuzzing targets: each layer of each format, so that code behind a checksum or a compression is reached too.

A layer is a part of a package that the fuzzer changes; `wrap` makes a package from it, with correct checksums.
"""

import gzip
import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from scripts.samples import packages, rpms
from scripts.samples.packages import Package
from tests.emulator.formats.samples import SAMPLES

Wrap = Callable[[bytes], Package]

EMPTY_TAR = packages.tarball([])
TOOL_WHEEL = "tool-1.0-py3-none-any.whl"
METADATA = packages.core_metadata("tool", "1.0")
CONTROL = b"Package: ab\nVersion: 1:1.0-1\nArchitecture: all\nDescription: d\n l\n"
SPECIFICATION = b"--- !ruby/object:Gem::Specification\nname: a\nversion: !ruby/object:Gem::Version\n  version: 1.0\n"
CHECKSUMS = f"---\nSHA256:\n  metadata.gz: {hashlib.sha256(packages.gzipped(SPECIFICATION)).hexdigest()}\n".encode()
(_, POM), (_, PROPERTIES) = packages.jar_metadata("tool", "1.0")
CHART = packages.chart_yaml("tool", "1.0.0-rc.1")
PKGINFO = packages.pkginfo("tool", "1.0-r0").encode()
_, MODULE = packages.terraform_module("tool", "1.0.0")
PAYLOAD = packages.gzipped(rpms.cpio([("./README", b"Made for a test.\n")]))
RPM_HEADER = rpms.header(63, rpms.description("tool", "1:1.0-1", "x86_64") | rpms.packing(PAYLOAD, "gz"))
APK_DATA = packages.gzipped(EMPTY_TAR)
NUSPEC = b'<package xmlns="u"><metadata><id>Tool</id><version>1.0</version></metadata></package>'


@dataclass(frozen=True)
class Target:
    """A layer: its ecosystem and kind, how it is wrapped into a package, and a valid example."""

    ecosystem: str
    kind: Literal["package", "tar", "zip", "metadata"]
    wrap: Wrap
    seed: bytes


def _in_tar(path: str, file_name: str) -> Wrap:
    return lambda data: (file_name, packages.gzipped(packages.tarball([(path, data)])))


def _in_zip(path: str, file_name: str) -> Wrap:
    return lambda data: (file_name, packages.zipped([(path, data)]))


def _named(file_name: str) -> Wrap:
    return lambda data: (file_name, data)


def _gzipped(file_name: str) -> Wrap:
    return lambda data: (file_name, packages.gzipped(data))


def _gem_with_checksums(data: bytes) -> Package:
    parts = {"metadata.gz": SPECIFICATION, "data.tar.gz": EMPTY_TAR, "checksums.yaml.gz": data}
    return "a.gem", packages.tarball((name, packages.gzipped(part)) for name, part in parts.items())


def _deb(control_tar: bytes, data_tar: bytes) -> Package:
    return "a.deb", packages.deb_parts(control_tar, data_tar, "none", "none")


def _apk(control_tar: bytes) -> Package:
    return "a.apk", packages.gzipped(control_tar) + APK_DATA


def _pkginfo_tar(info: bytes) -> bytes:
    datahash = f"datahash = {hashlib.sha256(APK_DATA).hexdigest()}\n".encode()
    return packages.tarball([(".PKGINFO", info + datahash)], cut=True)


def _rpm(main_header: bytes, payload: bytes) -> Package:
    return "a.rpm", rpms.with_digests(main_header, payload)


def _rpm_of_cpio(data: bytes) -> Package:
    payload = packages.gzipped(data)
    values = rpms.description("tool", "1.0", "noarch") | rpms.packing(payload, "gz")
    return "a.rpm", rpms.package(values, payload)


CONTROL_TAR = packages.tarball([("control", CONTROL)])

METADATA_TARGETS: Mapping[str, Target] = {
    name: Target(ecosystem, "metadata", wrap, seed)
    for name, ecosystem, wrap, seed in (
        ("file name", "files", lambda data: (data.decode("utf-8", "surrogateescape"), b""), b"banana-1.0.0-rc.1.txt"),
        (
            "module name",
            "terraform",
            lambda data: (data.decode("utf-8", "replace"), MODULE),
            b"terraform-a-b-1.0.0-0.tgz",
        ),
        ("control", "debian", lambda data: _deb(packages.tarball([("control", data)]), EMPTY_TAR), CONTROL),
        ("specification", "ruby", lambda data: ("a.gem", packages.gem_parts(data, EMPTY_TAR)), SPECIFICATION),
        ("checksums", "ruby", _gem_with_checksums, CHECKSUMS),
        ("METADATA", "python", _in_zip("tool-1.0.dist-info/METADATA", TOOL_WHEEL), METADATA),
        ("PKG-INFO", "python", _in_tar("tool-1.0/PKG-INFO", "tool-1.0.tar.gz"), METADATA),
        ("package.json", "javascript", _in_tar("p/package.json", "a.tgz"), b'{"name": "@a/b", "version": "1.0.0-0+1"}'),
        (
            "pom.properties",
            "java",
            _in_zip("META-INF/maven/org.example/tool/pom.properties", "tool-1.0.jar"),
            PROPERTIES,
        ),
        ("pom.xml", "java", _in_zip("META-INF/maven/org.example/tool/pom.xml", "tool-1.0-x.jar"), POM),
        ("Chart.yaml", "helm", _in_tar("tool/Chart.yaml", "a.tgz"), CHART),
        (".PKGINFO", "alpine", lambda data: _apk(_pkginfo_tar(data)), PKGINFO),
        ("rpm header", "redhat", lambda data: _rpm(data, PAYLOAD), RPM_HEADER),
        ("cpio", "redhat", _rpm_of_cpio, rpms.cpio([("./README", b"Made for a test.\n")])),
        (".nuspec", "nuget", _in_zip("tool.nuspec", "a.nupkg"), NUSPEC),
    )
}

TAR_TARGETS: Mapping[str, Target] = {
    "control.tar": Target("debian", "tar", lambda data: _deb(data, EMPTY_TAR), CONTROL_TAR),
    "data.tar": Target("debian", "tar", lambda data: _deb(CONTROL_TAR, data), EMPTY_TAR),
    "apk control": Target("alpine", "tar", _apk, _pkginfo_tar(PKGINFO)),
    "apk data": Target("alpine", "tar", lambda data: ("a.apk", packages.apk_parts(PKGINFO.decode(), data)), EMPTY_TAR),
    "data.tar.gz": Target("ruby", "tar", lambda data: ("a.gem", packages.gem_parts(SPECIFICATION, data)), EMPTY_TAR),
}


def _of_samples() -> Iterator[tuple[str, Target]]:
    """The samples themselves, and what lies behind the compression of those that are one compressed tar archive."""
    for sample, (ecosystem, (file_name, data), _) in SAMPLES.items():
        yield sample, Target(ecosystem, "package", _named(file_name), data)
        if file_name.endswith((".tgz", ".tar.gz")):
            yield f"{sample} unpacked", Target(ecosystem, "tar", _gzipped(file_name), gzip.decompress(data))
        if file_name.endswith((".whl", ".zip", ".jar", ".nupkg")):
            yield f"{sample} remade", Target(ecosystem, "zip", _named(file_name), data)
        if file_name.endswith(".gem"):
            yield f"{sample} remade", Target(ecosystem, "tar", _named(file_name), data)


TARGETS: Mapping[str, Target] = {**METADATA_TARGETS, **TAR_TARGETS, **dict(_of_samples())}
