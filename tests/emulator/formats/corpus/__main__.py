"""Fetches the packages of the lists, reads them, and reports."""

import email
import io
import json
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from packaging.utils import canonicalize_name
from packaging.version import Version

from buildkite_emulator.formats import Contents, UnreadablePackage, read

LISTS = Path(__file__).parent
CACHE = Path("reports/packages")

Check = Callable[[Contents], bool]


@dataclass(frozen=True)
class Real:
    """A real package: its file, the name that it is sent under, and what another reader says of it."""

    ecosystem: str
    file: Path
    file_name: str
    said: str
    agrees: Check

    def fault(self) -> str | None:
        """Read it; return what is wrong."""
        data = self.file.read_bytes()
        try:
            contents = read(self.ecosystem, self.file_name, io.BytesIO(data), len(data))
        except UnreadablePackage as error:
            return f"refused: {error}"
        return None if self.agrees(contents) else f"read as {contents}, but it is {self.said}"


def run(*command: str | Path, cwd: Path | None = None) -> str:
    """Run a program; return what it writes."""
    result = subprocess.run(command, check=True, capture_output=True, text=True, cwd=cwd, timeout=600)
    return result.stdout


def exactly(ecosystem: str, file: Path, name: str, version: str, variant: str | None) -> Real:
    """Describe a package of which another reader has said everything."""
    expected = Contents(name, version, variant)
    return Real(ecosystem, file, file.name, str(expected), lambda contents: contents == expected)


def from_pip(option: str, spec: str, folder: Path) -> Iterator[Real]:
    """Download a distribution with pip, which must have the requested name and version."""
    if not any(folder.iterdir()):
        arguments = ("--no-deps", f"{option}=:all:", "--dest", folder, spec)
        run(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", *arguments)
    name, _, version = spec.partition("==")
    for file in folder.iterdir():
        tags = file.stem.split("-", 2)[2] if file.suffix == ".whl" else None
        yield Real("python", file, file.name, f"{spec} {tags}", partial(_is_distribution, name, version, tags))


def _is_distribution(name: str, version: str, tags: str | None, contents: Contents) -> bool:
    return (canonicalize_name(contents.name), Version(contents.version), contents.variant) == (
        canonicalize_name(name),
        Version(version),
        tags,
    )


def from_npm(spec: str, folder: Path) -> Iterator[Real]:
    """Fetch a package, of which npm says the name and the version."""
    said = folder / "said.json"
    if not said.exists():
        said.write_text(run("npm", "pack", "--json", "--ignore-scripts", spec, cwd=folder))
    (packed,) = json.loads(said.read_text())
    (file,) = folder.glob("*.tgz")
    yield exactly("javascript", file, packed["name"], packed["version"], None)


def fetch_deb(name: str, folder: Path) -> Path:
    """Fetch a Debian package."""
    if not list(folder.glob("*.deb")):
        run("apt-get", "download", "--quiet", name, cwd=folder)
    (file,) = folder.glob("*.deb")
    return file


def unpack_deb(name: str, folder: Path) -> Path:
    """Fetch a Debian package and unpack its files."""
    root = folder / "root"
    if not root.exists():
        run("dpkg-deb", "--extract", fetch_deb(name, folder), root)
    return root


def from_debian(name: str, folder: Path) -> Iterator[Real]:
    """Read a Debian package, of which dpkg-deb says everything."""
    file = fetch_deb(name, folder)
    fields = run("dpkg-deb", "--show", "--showformat", "${Package} ${Version} ${Architecture}", file).split(" ")
    yield exactly("debian", file, fields[0], fields[1], fields[2])


def from_maven_repository(name: str, folder: Path) -> Iterator[Real]:
    """Read the jars of a Debian package: those of its Maven repository, whose paths give artifact and version.

    Of the others, only those with a version in their file name or manifest are read.
    """
    root = unpack_deb(name, folder)
    repository = root / "usr/share/maven-repo"
    for jar in sorted(repository.rglob("*.jar")):
        *_, artifact, version, _ = jar.relative_to(repository).parts
        if jar.exists() and version != "debian":  # which stands for any version, and is in no file name elsewhere
            yield Real("java", jar, jar.name, f"{artifact} {version}", partial(_is_in_maven, artifact, version))
    for jar in sorted((root / "usr/share/java").glob("*.jar")):
        versions = set() if jar.is_symlink() else said_by_manifest(jar)
        if versions or (not jar.is_symlink() and re.search("-[0-9]", jar.name)):
            yield Real("java", jar, jar.name, f"{jar.stem} {versions}", partial(_is_artifact, jar.stem, versions))


def said_by_manifest(jar: Path) -> set[str]:
    """Return the versions that a manifest has."""
    with zipfile.ZipFile(jar) as archive:
        try:
            manifest = email.message_from_bytes(archive.read("META-INF/MANIFEST.MF"))
        except KeyError:
            return set()
    return {manifest[f"{kind}-Version"] for kind in ("Implementation", "Bundle", "Specification")} - {None}


def _is_in_maven(artifact: str, version: str, contents: Contents) -> bool:
    return (contents.name.rpartition(":")[2], contents.version) == (artifact, version)


def _is_artifact(artifact: str, versions: set[str], contents: Contents) -> bool:
    """Tell whether the name is right, and the version is one of these or is in the file name."""
    name, is_of_maven = contents.name.rpartition(":")[2], ":" in contents.name
    if artifact.startswith(f"{name}-{contents.version}"):
        return True
    return (name == artifact and (is_of_maven or not versions)) or contents.version in versions


PACK = """
require "rubygems/package"
specification, folder, file = ARGV
specification = Gem::Specification.load(specification)
Dir.chdir(folder)
specification.files = Dir["**/*"].select { |path| File.file?(path) && !File.symlink?(path) }
specification.executables = specification.extra_rdoc_files = specification.test_files = specification.extensions = []
Gem::DefaultUserInteraction.ui = Gem::SilentUI.new
Gem::Package.build(specification, true, false, "#{file}.new")
File.rename("#{file}.new", file)
"""
SAY = """
require "rubygems/package"
said = Gem::Package.new(ARGV[0]).spec
puts [said.name, said.version, said.platform].join(" ")
"""


def from_rubygems(name: str, folder: Path) -> Iterator[Real]:
    """Have RubyGems pack what a Debian package has of a gem, and say what it is."""
    root = unpack_deb(name, folder)
    for specification in sorted(root.rglob("rubygems-integration/*/specifications/*.gemspec")):
        file = (folder / f"{specification.stem}.gem").resolve()
        contents = specification.parent.parent / "gems" / specification.stem
        if not file.exists():
            run("ruby", "-e", PACK, specification.resolve(), contents if contents.is_dir() else root, file)
        said_name, version, platform = run("ruby", "-e", SAY, file).split()
        yield exactly("ruby", file, said_name, version, None if platform == "ruby" else platform)


PAYLOADS = ("w9.gzdio", "w7.xzdio", "w3.zstdio", "w9.bzdio", "w7.lzdio", "w.ufdio")
SPEC = """
Name: {name}
Epoch: {epoch}
Version: {version}
Release: {release}
Summary: real
License: real
AutoReqProv: no
{architecture}
%description
%files -f {files}
"""
DEFINITIONS = (
    "_build_id_links none",
    "__os_install_post %{nil}",
    "debug_package %{nil}",
    "_binaries_in_noarch_packages_terminate_build 0",
)


def from_rpmbuild(name: str, folder: Path) -> Iterator[Real]:
    """Have rpmbuild pack what a Debian package has, and rpm say what it is."""
    deb = fetch_deb(name, folder)
    for payload in PAYLOADS:
        target = folder / payload
        if not list(target.rglob("*.rpm")):
            shutil.rmtree(target, ignore_errors=True)
            build_rpm(deb, target.resolve(), payload)
        (file,) = target.rglob("*.rpm")
        tags = "%{NAME}|%{EPOCHNUM}|%{VERSION}-%{RELEASE}|%{ARCH}"
        said_name, epoch, version, architecture = run("rpm", "-qp", "--queryformat", tags, file).split("|")
        version = version if epoch == "0" else f"{epoch}:{version}"
        yield exactly("redhat", file, said_name, version, architecture)


def build_rpm(deb: Path, target: Path, payload: str) -> None:
    """Make a package of the files of another."""
    root = target / "root"
    root.mkdir(parents=True)
    run("dpkg-deb", "--extract", deb, root)
    paths = [path for path in sorted(root.rglob("*")) if path.is_symlink() or not path.is_dir()]
    (target / "files").write_text("".join(f'"/{path.relative_to(root)}"\n' for path in paths))
    shown = run("dpkg-deb", "--show", "--showformat", "${Package} ${Version} ${Architecture}", deb)
    name, version, architecture = shown.split(" ")
    epoch, _, rest = version.rpartition(":")
    upstream, _, revision = rest.rpartition("-")
    spec = SPEC.format(
        name=name,
        epoch=epoch or "0",
        version=(upstream or revision).replace("-", "_"),
        release=revision if upstream else "0",
        architecture="BuildArch: noarch" if architecture == "all" else "",
        files=target / "files",
    )
    (target / "spec").write_text(spec)
    definitions = (*DEFINITIONS, f"_topdir {target}", f"_binary_payload {payload}")
    options = [part for definition in definitions for part in ("--define", definition)]
    run("rpmbuild", "-bb", "--quiet", "--noclean", "--buildroot", root, *options, target / "spec")


SOURCES: Mapping[str, tuple[str, Callable[[str, Path], Iterator[Real]], tuple[str, ...]]] = {
    "wheels": ("wheels.txt", partial(from_pip, "--only-binary"), ()),
    "sdists": ("sdists.txt", partial(from_pip, "--no-binary"), ()),
    "npm": ("npm.txt", from_npm, ("npm",)),
    "debs": ("debs.txt", from_debian, ("apt-get", "dpkg-deb")),
    "jars": ("jars.txt", from_maven_repository, ("apt-get", "dpkg-deb")),
    "gems": ("gems.txt", from_rubygems, ("apt-get", "dpkg-deb", "ruby")),
    "rpms": ("rpms.txt", from_rpmbuild, ("apt-get", "dpkg-deb", "rpmbuild", "rpm")),
}
"""By name: the list, what makes packages of an entry of it, and the programs that this needs."""


def entries(file: Path) -> list[str]:
    """Return what a list names."""
    lines = (line.strip() for line in file.read_text().splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def gather(source: str, entry: str) -> list[Real] | str:
    """Return the packages of an entry, or why there are none."""
    folder = CACHE / source / entry.replace("/", "%2F")
    folder.mkdir(parents=True, exist_ok=True)
    try:
        return list(SOURCES[source][1](entry, folder))
    except subprocess.CalledProcessError as error:
        reason = (error.stderr or error.stdout).strip().splitlines()
        return " ".join(reason[:3]) if reason else str(error)
    except (OSError, subprocess.TimeoutExpired, ValueError) as error:
        return str(error)


def check(source: str) -> bool:
    """Check the packages of one list; return whether all were read, and at least one was there."""
    file, _, programs = SOURCES[source]
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        print(f"{source}: skipped, as {' and '.join(missing)} is missing")
        return True
    with ThreadPoolExecutor(2) as pool:
        names = entries(LISTS / file)
        gathered = dict(zip(names, pool.map(partial(gather, source), names), strict=True))
    count = faults = 0
    for entry, packages in gathered.items():
        if isinstance(packages, str):
            print(f"{source}: {entry} could not be had: {packages}")
            continue
        for package in packages:
            count += 1
            fault = package.fault()
            if fault is not None:
                faults += 1
                print(f"{source}: {entry}: {package.file_name}: {fault}")
    print(f"{source}: {count} packages, {faults} not read as they should be")
    return bool(count) and not faults


def main() -> int:
    """Check the lists that are named, or all of them; return 1 where something is wrong."""
    chosen = sys.argv[1:] or list(SOURCES)
    unknown = [name for name in chosen if name not in SOURCES]
    if unknown:
        print(f"There is no list {unknown[0]}; there are {', '.join(SOURCES)}.", file=sys.stderr)
        return 2
    results = [check(source) for source in chosen]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
