"""Packages of the formats' own tools are read, and the packages that the tests are made of are valid to these tools.

A test is skipped where its tool is missing, and says which package of Debian has it. No tool reaches a network: each
has a home of its own, and Maven takes its plugins from Debian.
"""

import gzip
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from buildkite_emulator.formats import Contents, UnreadablePackage
from scripts.samples import packages
from tests.emulator.formats.samples import read_bytes, refusal

pytestmark = pytest.mark.slow

DEBIAN_MAVEN = Path("/usr/share/maven-repo")
"""Where Debian keeps what is a Maven repository elsewhere."""
JAR_PLUGIN = DEBIAN_MAVEN / "org/apache/maven/plugins/maven-jar-plugin"

DEB_CONTROL = (
    "Package: hello\nVersion: 2:1.0-1\nArchitecture: amd64\nMaintainer: N <n@example.com>\nDescription: d\n l\n"
)
GEMSPEC = """
Gem::Specification.new do |gem|
  gem.name, gem.version, gem.platform = "my_tool", "1.2.3.pre1", "{}"
  gem.summary, gem.authors, gem.license = "made for a test", ["Nobody"], "MIT"
  gem.homepage, gem.files, gem.required_ruby_version = "https://example.com", ["lib/tool.rb"], ">= 2"
  gem.description = "It holds one file."
end
"""
PYPROJECT = """[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "My.Tool"
version = "1.0rc1"
requires-python = ">=3"
[tool.hatch.build.targets.wheel]
packages = ["tool"]
"""
NUSPEC = """<?xml version="1.0"?>
<package xmlns="http://schemas.microsoft.com/packaging/2010/07/nuspec.xsd">
  <metadata>
    <id>My.Tool</id><version>1.0.0-Beta</version><authors>Nobody</authors><description>made for a test</description>
  </metadata>
  <files><file src="made for a test.txt" target="content" /></files>
</package>
"""
POM = """<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <parent>
    <groupId>org.example</groupId><artifactId>parent</artifactId><version>3</version>
    <relativePath>parent.xml</relativePath>
  </parent>
  <artifactId>my-tool</artifactId>
  <version>${revision}</version>
  <properties><revision>1.0-SNAPSHOT</revision></properties>
</project>
"""
PARENT = """<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>org.example</groupId><artifactId>parent</artifactId><version>3</version><packaging>pom</packaging>
</project>
"""
MAVEN_SETTINGS = f"""<settings>
  <mirrors><mirror><id>debian</id><mirrorOf>*</mirrorOf><url>{DEBIAN_MAVEN.as_uri()}</url></mirror></mirrors>
</settings>
"""


def needs(tool: str, package: str) -> pytest.MarkDecorator:
    """Skip a test where a tool is missing that a package of Debian has."""
    return pytest.mark.skipif(shutil.which(tool) is None, reason=f"needs {tool}, of Debian's {package}")


def run(folder: Path, *command: str | Path) -> str:
    """Run a tool in a folder that is also its home; return its output."""
    home = folder / "home"
    home.mkdir(exist_ok=True)
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "LC_ALL": "C.UTF-8", "npm_config_offline": "true"}
    result = subprocess.run(command, cwd=folder, env=environment, check=False, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def write(folder: Path, files: dict[str, str]) -> None:
    """Write text files."""
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)


def read_only_file(ecosystem: str, folder: Path, pattern: str) -> Contents:
    """Read the package that a tool made."""
    (path,) = folder.glob(pattern)
    return read_bytes(ecosystem, path.name, path.read_bytes())


def put(folder: Path, package: packages.Package) -> Path:
    """Write a package that the tests are made with."""
    path = folder / package[0]
    path.write_bytes(package[1])
    return path


@needs("dpkg-deb", "dpkg")
@pytest.mark.parametrize("compression", ["none", "gzip", "xz", "zstd"])
def test_reads_what_dpkg_deb_builds(tmp_path: Path, compression: str) -> None:
    """A package is read with a long path and a link that points out of the package."""
    long = "/".join(["long" * 20] * 3)
    write(tmp_path / "root", {"DEBIAN/control": DEB_CONTROL, rf"usr/share/{long}/unit-\x2dname.service": "x"})
    (tmp_path / "root/usr/link").symlink_to("../../../etc/passwd")
    run(tmp_path, "dpkg-deb", f"-Z{compression}", "--root-owner-group", "--build", "root", "hello.deb")
    assert read_only_file("debian", tmp_path, "*.deb") == Contents("hello", "2:1.0-1", "amd64")


@needs("dpkg-deb", "dpkg")
@pytest.mark.parametrize("compression", ["none", "gz", "xz", "bz2"])
def test_dpkg_deb_reads_what_the_builder_makes(tmp_path: Path, compression: str) -> None:
    """It lists the files and finds the version."""
    path = put(tmp_path, packages.deb("hello", "1:1.0", "amd64", compression))
    assert "README" in run(tmp_path, "dpkg-deb", "--contents", path)
    assert run(tmp_path, "dpkg-deb", "-f", path, "Version") == "1:1.0\n"


@needs("gem", "ruby")
@pytest.mark.parametrize(("platform", "variant"), [("ruby", None), ("x86_64-linux", "x86_64-linux")])
def test_reads_what_gem_builds(tmp_path: Path, platform: str, variant: str | None) -> None:
    """A gem is read for all platforms and for one."""
    write(tmp_path, {"tool.gemspec": GEMSPEC.format(platform), "lib/tool.rb": "# Made for a test.\n"})
    run(tmp_path, "gem", "build", "tool.gemspec")
    assert read_only_file("ruby", tmp_path, "*.gem") == Contents("my_tool", "1.2.3.pre1", variant)


@needs("gem", "ruby")
def test_gem_installs_what_the_builder_makes(tmp_path: Path) -> None:
    """It checks the checksums on the way."""
    path = put(tmp_path, packages.gem("my_tool", "1.2.3"))
    run(tmp_path, "gem", "install", "--local", "--no-document", "--install-dir", "gems", path)
    assert (tmp_path / "gems/gems/my_tool-1.2.3/lib/my_tool.rb").is_file()


@needs("gem", "ruby")
@pytest.mark.parametrize(
    ("target", "stays_inside"),
    [
        ("../tool/a", True),
        ("b/./c", True),
        ("..", False),
        ("../../a", False),
        ("../b/../../a", False),
        ("/etc/passwd", False),
    ],
)
def test_links_that_gem_does_not_install_are_refused(tmp_path: Path, target: str, *, stays_inside: bool) -> None:
    """A link may not lead out of the gem, for the next file would be written through it."""
    link = tarfile.TarInfo("lib/link")
    link.type, link.linkname = tarfile.SYMTYPE, target
    name, data = packages.gem("tool", "1.0")
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        specification = archive.extractfile("metadata.gz")
        assert specification is not None
        metadata = gzip.decompress(specification.read())
    path = put(tmp_path, (name, packages.gem_parts(metadata, link.tobuf() + packages.tarball([]))))
    install = ("gem", "install", "--local", "--no-document", "--install-dir", "gems", path)
    if stays_inside:
        run(tmp_path, *install)
        assert read_bytes("ruby", name, path.read_bytes()) == Contents("tool", "1.0")
    else:
        with pytest.raises(AssertionError, match="symlink"):
            run(tmp_path, *install)
        assert "leads out of the gem" in refusal("ruby", name, path.read_bytes())


@pytest.mark.parametrize(
    ("option", "pattern", "variant"), [("--wheel", "*.whl", "py3-none-any"), ("--sdist", "*.tar.gz", None)]
)
def test_reads_what_build_builds(tmp_path: Path, option: str, pattern: str, variant: str | None) -> None:
    """A wheel and a source distribution of a project are read under its name as it spells it."""
    write(tmp_path, {"pyproject.toml": PYPROJECT, "tool/__init__.py": "", "README.md": "Über."})
    run(tmp_path, sys.executable, "-m", "build", "--no-isolation", option, "--outdir", "dist", ".")
    assert read_only_file("python", tmp_path / "dist", pattern) == Contents("My.Tool", "1.0rc1", variant)


def test_pip_installs_what_the_builder_makes(tmp_path: Path) -> None:
    """The wheel is a valid one."""
    path = put(tmp_path, packages.wheel("My.Tool", "1.0"))
    run(tmp_path, sys.executable, "-m", "pip", "install", "--no-index", "--no-deps", "--target", "site", path)
    assert (tmp_path / "site/my_tool.py").is_file()


@needs("npm", "npm")
@pytest.mark.parametrize(("name", "stem"), [("my.tool", "my.tool"), ("@my-org/tool", "my-org-tool")])
def test_reads_what_npm_packs(tmp_path: Path, name: str, stem: str) -> None:
    """A package is read with a scope and without, and with a bundled dependency that has its own package.json."""
    fields = {"name": name, "version": "1.0.0-rc.1+build.5", "bundleDependencies": ["x"], "dependencies": {"x": "1"}}
    write(
        tmp_path / "p",
        {
            "package.json": "\ufeff" + json.dumps(fields),
            "index.js": "",
            "node_modules/x/package.json": '{"name": "x", "version": "1.0.0"}',
        },
    )
    run(tmp_path, "npm", "pack", "./p")
    assert [path.name for path in tmp_path.glob("*.tgz")] == [f"{stem}-1.0.0-rc.1+build.5.tgz"]
    assert read_only_file("javascript", tmp_path, "*.tgz") == Contents(name, "1.0.0-rc.1")


@needs("npm", "npm")
def test_npm_installs_what_the_builder_makes(tmp_path: Path) -> None:
    """The package is a valid one."""
    path = put(tmp_path, packages.npm("@my-org/tool", "1.0.0"))
    write(tmp_path, {"package.json": "{}"})
    run(tmp_path, "npm", "install", "--no-audit", "--no-fund", path)
    assert (tmp_path / "node_modules/@my-org/tool/index.js").is_file()


NPM_RULES = """
const path = require("path"), fs = require("fs");
const cli = fs.realpathSync(process.argv[1]);
const load = (name) => require(require.resolve(name, {paths: [path.dirname(cli)]}));
const validate = load("validate-npm-package-name"), semver = load("semver");
const {names, versions} = JSON.parse(fs.readFileSync(0));
const isInstalled = (name) => validate(name).validForOldPackages;
const clean = (version) => semver.clean(version, {loose: true});
console.log(JSON.stringify({names: names.map(isInstalled), versions: versions.map(clean)}));
"""


@needs("npm", "npm")
def test_names_and_versions_are_judged_as_npm_judges_them() -> None:
    """The rules agree with those by which npm installs, which are not those by which it publishes new names.

    What is compared is drawn at random, the same each time.
    """
    names, versions = ["http", "node_modules", "@o/node_modules", "x" * 214, "x" * 215], ["1.2.3", "v1.2.3"]

    @settings(derandomize=True, max_examples=1000, database=None)
    @given(
        name=st.from_regex(r"(@[0-9a-z_-][0-9a-zA-Z._~-]{0,3}/)?[0-9a-zA-Z._@/~!'é -]{0,5}", fullmatch=True),
        version=st.from_regex(r"[ =v]{0,2}[0-9.]{3,8}([-+][0-9a-z.+-]{0,8})?", fullmatch=True)
        | st.from_regex(r"[0-9]{1,2}\.[0-9]{1,17}\.[0-9]([-+][0-9a-z.+-]{0,8})?", fullmatch=True),
    )
    def draw(name: str, version: str) -> None:
        names.append(name)
        versions.append(version)

    draw()
    npm = shutil.which("npm") or ""
    asked = json.dumps({"names": names, "versions": versions})
    said = subprocess.run(["node", "-e", NPM_RULES, npm], input=asked, check=True, stdout=subprocess.PIPE, text=True)
    expected = json.loads(said.stdout)
    assert {judged(name, "1.0.0") == (name, "1.0.0") for name in names} == {True, False}
    for name, is_installed in zip(names, expected["names"], strict=True):
        assert (judged(name, "1.0.0") is not None) == is_installed, name
    for version, cleaned in zip(versions, expected["versions"], strict=True):
        assert judged("x", version) == (cleaned and ("x", cleaned)), version


def judged(name: str, version: str) -> tuple[str, str] | None:
    """Read an npm package; None where it is refused."""
    package_json = json.dumps({"name": name, "version": version}).encode()
    data = packages.gzipped(packages.tarball([("package/package.json", package_json)]))
    try:
        contents = read_bytes("javascript", "x.tgz", data)
    except UnreadablePackage:
        return None
    return contents.name, contents.version


@needs("jar", "default-jdk-headless")
def test_reads_what_jar_makes(tmp_path: Path) -> None:
    """The JDK's tool puts a manifest before Maven's metadata, and folders, stored members and a mark of its own."""
    write(tmp_path / "classes", {path: data.decode() for path, data in packages.jar_metadata("my-tool", "1.0")})
    run(tmp_path, "jar", "--create", "--file", "my-tool-1.0-sources.jar", "-C", "classes", ".")
    assert read_only_file("java", tmp_path, "*.jar") == Contents("org.example:my-tool", "1.0", "sources")
    run(tmp_path, "jar", "--create", "--no-compress", "--file", "my-tool-1.0-sources.jar", "-C", "classes", ".")
    assert read_only_file("java", tmp_path, "*.jar") == Contents("org.example:my-tool", "1.0", "sources")


@needs("jar", "default-jdk-headless")
def test_jar_lists_what_the_builder_makes(tmp_path: Path) -> None:
    """The archive is a valid one."""
    path = put(tmp_path, packages.jar("my-tool", "1.0"))
    assert "META-INF/maven/org.example/my-tool/pom.properties\n" in run(tmp_path, "jar", "--list", "--file", path)


@needs("mvn", "maven")
@pytest.mark.skipif(not JAR_PLUGIN.is_dir(), reason="needs Debian's libmaven-jar-plugin-java")
def test_reads_what_maven_packages(tmp_path: Path) -> None:
    """The group is inherited and the version a property, which the pom.xml inside does not resolve."""
    write(tmp_path, {"pom.xml": POM, "parent.xml": PARENT, "settings.xml": MAVEN_SETTINGS, "target/classes/x.txt": ""})
    version = max(path.name for path in JAR_PLUGIN.iterdir() if path.name[0].isdigit())
    plugin = f"org.apache.maven.plugins:maven-jar-plugin:{version}:jar"
    run(tmp_path, "mvn", "--batch-mode", "--settings", "settings.xml", "-Dmaven.repo.local=repository", plugin)
    (path,) = (tmp_path / "target").glob("*.jar")
    with zipfile.ZipFile(path) as archive:
        assert b"${revision}" in archive.read("META-INF/maven/org.example/my-tool/pom.xml")
    assert read_only_file("java", tmp_path / "target", "*.jar") == Contents("org.example:my-tool", "1.0-SNAPSHOT")


@needs("nuget", "nuget")
def test_reads_what_nuget_packs(tmp_path: Path) -> None:
    """Mono's build of the client is read, with the escapes and the descriptors that it puts into the archive."""
    write(tmp_path, {"My.Tool.nuspec": NUSPEC, "made for a test.txt": "x"})
    run(tmp_path, "nuget", "pack", "My.Tool.nuspec")
    assert read_only_file("nuget", tmp_path, "*.nupkg") == Contents("My.Tool", "1.0.0-Beta")


@needs("nuget", "nuget")
def test_nuget_installs_what_the_builder_makes(tmp_path: Path) -> None:
    """The package is a valid one."""
    feed = tmp_path / "feed"
    feed.mkdir()
    put(feed, packages.nupkg("My.Tool", "1.0.0"))
    run(tmp_path, "nuget", "install", "My.Tool", "-Source", feed, "-OutputDirectory", "out", "-NonInteractive")
    assert (tmp_path / "out/My.Tool.1.0.0/content/made for a test.txt").is_file()
