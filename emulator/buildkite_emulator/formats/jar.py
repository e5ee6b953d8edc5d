"""Java archives (`.jar`), known by their names.

Maven and Gradle take any file under any coordinates and never look into a jar, so nothing in it can be wrong. What is
needed is a name, GROUP:ARTIFACT or ARTIFACT alone, and a version:

- The file name is that of a file in a Maven repository: ARTIFACT-VERSION[-CLASSIFIER].jar, see Maven's page "Repository
  Layout". A version of a time-stamped snapshot (`1.0-20240131.120000-1`) is kept as it is.
- Where these parts begin is told by what is in the jar: Maven's metadata in META-INF/maven/GROUP/ARTIFACT (page "Maven
  Archiver"), else the versions of the manifest (Implementation-Version, Bundle-Version, Specification-Version). Shading
  puts other projects' metadata into a jar, so only that of an artifact that the file name starts with counts.
- Where nothing in the jar tells, the version begins at the first hyphen before a digit, and the classifier is one of
  those that plug-ins of Maven and Gradle add.
- A file name without a version takes that of the jar's only Maven project, or of the manifest. Where file name and
  manifest are both silent, the jar is refused.
- The group is Maven's, or Implementation-Vendor-Id, which Maven writes too.

No public source says what the real service makes of a jar: all of this is the emulator's choice.

`java.util.zip` takes several members of one name, absolute names, and a shell script before the archive, as in runnable
jars of Spring Boot. The package `javaproperties` does not serve for pom.properties: where lines are continued, it takes
time that grows with the square of their number.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO

from buildkite_emulator.formats.archives import zip as zip_archive
from buildkite_emulator.formats.archives.members import check_rooted_name
from buildkite_emulator.formats.archives.streams import read_metadata, read_up_to
from buildkite_emulator.formats.contents import Contents, UnreadablePackage, shown
from buildkite_emulator.formats.documents.xml_texts import texts
from buildkite_emulator.formats.limits import JAR_MANIFEST_BYTES, JAR_PROJECTS

_ID = r"[0-9A-Za-z_.-]+"
_METADATA = re.compile(rf"META-INF/maven/({_ID})/({_ID})/pom\.(properties|xml)")
_MANIFEST = "META-INF/MANIFEST.MF"
# Maven forbids a few characters only; these are the ones in use.
_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z._+-]*")
_REST = re.compile(rf"(?:-({_VERSION.pattern}))?")
_ARTIFACT = re.compile(r"(?!\.{1,2}\Z)[0-9A-Za-z_.+-]+")
_SNAPSHOT = "-SNAPSHOT"
_TIMESTAMP = r"-[0-9]{8}\.[0-9]{6}-[0-9]+"
_CLASSIFIERS = ("sources", "javadoc", "tests", "test-sources", "test-javadoc", "test-fixtures", "all", "shaded")

_KEYS = ("groupId", "artifactId", "version")
_LINE = re.compile(r"[ \t\f]*([^\r\n]+)")
_SEPARATOR = re.compile(r"([ \t\f]*[=:][ \t\f]*|[ \t\f]+|\Z)")

_PROJECT, _PARENT = ("project",), ("project", "parent")
_POM_PATHS = [(*element, key) for element in (_PROJECT, _PARENT) for key in _KEYS]

_MANIFEST_VERSIONS = ("implementation-version", "bundle-version", "specification-version")
_MANIFEST_NAMES = ("bundle-symbolicname", "automatic-module-name", "implementation-title")
_VENDOR = "implementation-vendor-id"
_SEVERAL = 2

Project = tuple[str, str]
"""Group and artifact."""


@dataclass
class _Inside:
    """What a jar says of itself: Maven's projects with their versions, "" where they say none, and the manifest."""

    projects: dict[Project, str]
    manifest: dict[str, str]

    def versions(self) -> list[str]:
        """Return the versions of the manifest."""
        said = (self.manifest.get(key, "").partition(" ")[0] for key in _MANIFEST_VERSIONS)
        return [version for version in said if _VERSION.fullmatch(version)]

    def names(self) -> list[str]:
        """Return the names of the manifest."""
        return [self.manifest.get(key, "") for key in _MANIFEST_NAMES]

    def group(self, artifact: str) -> str:
        """Return the group of an artifact; "" where it is not known.

        Raises:
            UnreadablePackage: there are several.
        """
        groups = [group for group, of in self.projects if of == artifact]
        if len(groups) > 1:
            names = " and ".join(shown(f"{group}:{artifact}") for group in groups[:2])
            raise UnreadablePackage(f"The jar's file name agrees with the Maven metadata of several projects: {names}.")
        vendor = self.manifest.get(_VENDOR, "")
        return groups[0] if groups else vendor if re.fullmatch(_ID, vendor) else ""


def read(file_name: str, file: BinaryIO, size: int) -> Contents:
    """Read group, artifact and version; the variant is the classifier.

    Raises:
        UnreadablePackage: see `formats.read`.
    """
    stem = file_name.removesuffix(".jar")
    inside = _inside(file, size, stem)
    for split in (_split_by_projects, _split_by_versions, _split_at_digit, _unversioned):
        found = split(stem, inside) if stem else None
        if found is not None:
            artifact, version, classifier = found
            group = inside.group(artifact)
            extra = {"groupId": group, "artifactId": artifact}
            return Contents(f"{group}:{artifact}" if group else artifact, version, classifier, metadata=extra)
    message = (
        f"The file name {shown(file_name)} has to be ARTIFACT-VERSION[-CLASSIFIER].jar, unless the jar's manifest or "
        "Maven metadata gives a version."
    )
    raise UnreadablePackage(message)


def _inside(file: BinaryIO, size: int, stem: str) -> _Inside:
    """Read the manifest, and the metadata of the projects whose artifact the file name begins with, or of one."""
    manifest: dict[str, str] = {}
    projects: dict[Project, dict[str, bytes]] = {}
    other: dict[Project, dict[str, bytes]] = {}
    for member in zip_archive.members(file, size, check_name=check_rooted_name, runnable=True):
        if member.name.upper() == _MANIFEST and not manifest:
            manifest = _attributes(read_up_to(member.body, JAR_MANIFEST_BYTES))
        match = _METADATA.fullmatch(member.name)
        if match is None:
            continue
        group, artifact, kind = match.groups()
        named = stem == artifact or stem.startswith(f"{artifact}-")
        if not named and (projects or other.keys() - {(group, artifact)}):
            other.setdefault((group, artifact), {})  # There are several, which is all that counts.
            if len(other) > _SEVERAL:
                other.popitem()
            continue
        kept = projects if named else other
        kept.setdefault((group, artifact), {})[kind] = read_metadata(member.body, f"pom.{kind}")
        if len(projects) > JAR_PROJECTS:
            message = f"The jar has Maven metadata of more than {JAR_PROJECTS} projects with names like its own."
            raise UnreadablePackage(message)
    return _Inside({project: _version(files) for project, files in (projects or other).items()}, manifest)


Split = tuple[str, str, str | None]
"""Artifact, version and classifier."""


def _split_by_projects(stem: str, inside: _Inside) -> Split | None:
    """Split where the file name agrees with Maven's metadata; a name that has no more than these two goes first."""
    found = set()
    for (_, artifact), version in inside.projects.items():
        pattern = re.escape(version)
        if version.endswith(_SNAPSHOT):
            pattern = f"{pattern}|{re.escape(version.removesuffix(_SNAPSHOT))}{_TIMESTAMP}"
        match = re.match(f"{re.escape(artifact)}-({pattern})", stem)
        if match and _VERSION.fullmatch(match[1]) and (rest := _REST.fullmatch(stem, match.end())):
            found.add((artifact, match[1], rest[1]))
    whole = [split for split in found if split[2] is None]
    return min(whole or found, key=lambda split: (-len(split[0]), split[1]), default=None)


def _split_by_versions(stem: str, inside: _Inside) -> Split | None:
    """Split around a version of the manifest."""
    for version in inside.versions():
        base = re.escape(version.removesuffix(_SNAPSHOT))
        match = re.fullmatch(rf"(.+?)-({re.escape(version)}|{base}{_TIMESTAMP}){_REST.pattern}", stem)
        if match and _ARTIFACT.fullmatch(match[1]):
            return match[1], match[2], match[3]
    return None


def _split_at_digit(stem: str, _: _Inside) -> Split | None:
    """Split where nothing in the jar tells."""
    match = re.fullmatch(rf"(.+?)-([0-9].*?)(?:-({'|'.join(_CLASSIFIERS)}))?", stem)
    if match and _ARTIFACT.fullmatch(match[1]) and _VERSION.fullmatch(match[2]):
        return match[1], match[2], match[3]
    return None


def _unversioned(stem: str, inside: _Inside) -> Split | None:
    """Take the version from inside, as the file name has none."""
    own = {version for (_, artifact), version in inside.projects.items() if artifact == stem}
    if not own and len(inside.projects) == 1:
        ((_, artifact), version), *_ = inside.projects.items()
        if _VERSION.fullmatch(version):
            return artifact, version, None
    names = [name for name in (stem, *inside.names()) if _ARTIFACT.fullmatch(name)]
    versions = [version for version in (*own, *inside.versions()) if _VERSION.fullmatch(version)]
    return (names[0], versions[0], None) if names and versions else None


def _attributes(data: bytes) -> dict[str, str]:
    """Return the attributes of a manifest's main section, by their names in lower case.

    Source: Java's "JAR File Specification". A line that starts with a blank goes on with the one before it.
    """
    lines = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    main = lines.partition(b"\n\n")[0].replace(b"\n ", b"").decode("utf-8", "replace")
    found: dict[str, str] = {}
    for line in main.split("\n"):
        key, colon, value = line.partition(":")
        if colon:
            found.setdefault(key.strip().lower(), value.partition(";")[0].strip())
    return found


def _version(files: Mapping[str, bytes]) -> str:
    """Return the version that a project's metadata says; pom.properties counts first, as nothing in it is inherited.

    It is "" where they say none, or cannot be read: then the file name decides.
    """
    try:
        if "properties" in files:
            return _properties(files["properties"])["version"]
        if "xml" in files:
            found = texts(files["xml"], _POM_PATHS, "pom.xml")
            return found.get((*_PROJECT, "version")) or found.get((*_PARENT, "version"), "")
    except UnreadablePackage:
        pass
    return ""


def _properties(data: bytes) -> dict[str, str]:
    """Return the three properties, where they are missing as empty ones.

    No escape is read: Maven writes none, and none of the values can have one.
    """
    found: dict[str, str] = {}
    for match in _LINE.finditer(data.decode("latin-1")):
        line = match[1]
        if line.startswith(("#", "!")):
            continue
        key, _, value = _SEPARATOR.split(line, maxsplit=1)
        is_continued = (len(line) - len(line.rstrip("\\"))) % 2
        if "\\" in key or is_continued:
            raise UnreadablePackage("The jar's pom.properties has an escaped key or a continued line.")
        if key in found:
            raise UnreadablePackage(f"The jar's pom.properties has {shown(key)} twice.")
        if key in _KEYS:
            found[key] = value
    return {key: found.get(key, "") for key in _KEYS}
