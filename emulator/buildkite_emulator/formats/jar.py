"""Java archives (`.jar`) with Maven's metadata: META-INF/maven/GROUP/ARTIFACT/pom.properties, or else pom.xml there.

Shading puts the metadata of other projects into a jar, so what is in there does not tell whose the jar is. The file
name does, and has to be that of a file in a Maven repository: ARTIFACT-VERSION[-CLASSIFIER].jar. The package's name is
GROUP:ARTIFACT. No public source says what the real service makes of a jar; both are the emulator's choice.

Sources: Maven's pages "Maven Archiver", "Repository Layout" and "POM Reference", its `DefaultModelValidator`, and
`java.util.Properties`. The package `javaproperties` does not serve: where lines are continued, it takes time that grows
with the square of their number.
"""

import re
from collections.abc import Mapping
from typing import BinaryIO

from buildkite_emulator.formats import zipped
from buildkite_emulator.formats.contents import Contents, UnreadablePackage, shown
from buildkite_emulator.formats.limits import JAR_PROJECTS
from buildkite_emulator.formats.streams import read_metadata
from buildkite_emulator.formats.xml_texts import texts

_ID = r"[0-9A-Za-z_.-]+"
_METADATA = re.compile(rf"META-INF/maven/({_ID})/({_ID})/pom\.(properties|xml)")
# Maven forbids a few characters only; these are the ones in use.
_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z._+-]*")
_REST = re.compile(rf"(-{_VERSION.pattern})?")

_KEYS = ("groupId", "artifactId", "version")
_LINE = re.compile(r"[ \t\f]*([^\r\n]+)")
_SEPARATOR = re.compile(r"([ \t\f]*[=:][ \t\f]*|[ \t\f]+|\Z)")

_PROJECT, _PARENT = ("project",), ("project", "parent")
_POM_PATHS = [(*element, key) for element in (_PROJECT, _PARENT) for key in _KEYS]


def read(file_name: str, file: BinaryIO, size: int) -> Contents:
    """Read group, artifact and version from the metadata that the file name agrees with; the variant is the classifier.

    Raises:
        UnreadablePackage: see `formats.read`.
    """
    stem = file_name.removesuffix(".jar")
    projects = _projects(file, size, stem)
    if not projects:
        message = (
            "The jar has no Maven metadata: no META-INF/maven/GROUP/ARTIFACT/pom.properties, and no pom.xml there."
        )
        raise UnreadablePackage(message)
    versions = {project: _version(*project, files) for project, files in projects.items()}
    found = [_contents(stem, *project, version) for project, version in versions.items()]
    agreeing = [contents for contents in found if contents is not None]
    if not agreeing:
        (group, artifact), version = versions.popitem()
        message = (
            f"The file name {shown(file_name)} has to be ARTIFACT-VERSION[-CLASSIFIER].jar and agree with the jar's "
            f"Maven metadata, which says {shown(f'{group}:{artifact} {version}')}."
        )
        raise UnreadablePackage(message)
    # The rest of the file name may be the classifier of one project and the version of another.
    agreeing = [contents for contents in agreeing if contents.variant is None] or agreeing
    if len(agreeing) > 1:
        names = " and ".join(shown(contents.name) for contents in agreeing[:2])
        raise UnreadablePackage(f"The jar's file name agrees with the Maven metadata of several projects: {names}.")
    return agreeing[0]


def _projects(file: BinaryIO, size: int, stem: str) -> dict[tuple[str, str], dict[str, bytes]]:
    """Return the metadata files by group and artifact: of those whose artifact the file name begins with, or of one."""
    projects: dict[tuple[str, str], dict[str, bytes]] = {}
    other: dict[tuple[str, str], dict[str, bytes]] = {}
    for member in zipped.members(file, size):
        match = _METADATA.fullmatch(member.name)
        if match is None:
            continue
        group, artifact, kind = match.groups()
        named = stem.startswith(f"{artifact}-")
        if not named and (projects or other.keys() - {(group, artifact)}):
            continue
        kept = projects if named else other
        kept.setdefault((group, artifact), {})[kind] = read_metadata(member.body, f"pom.{kind}")
        if len(projects) > JAR_PROJECTS:
            message = f"The jar has Maven metadata of more than {JAR_PROJECTS} projects with names like its own."
            raise UnreadablePackage(message)
    return projects or other


def _contents(stem: str, group: str, artifact: str, version: str) -> Contents | None:
    """Return what the jar is as the project's; None where the file name does not agree."""
    rest = stem.removeprefix(f"{artifact}-{version}")
    if rest == stem or not _VERSION.fullmatch(version) or not _REST.fullmatch(rest):
        return None
    told = {"groupId": group, "artifactId": artifact}
    return Contents(f"{group}:{artifact}", version, rest[1:] or None, metadata=told)


def _version(group: str, artifact: str, files: Mapping[str, bytes]) -> str:
    """Return the version that a project's metadata says; pom.properties counts first, as nothing in it is inherited."""
    if "properties" in files:
        said = _properties(files["properties"])
    else:
        found = texts(files["xml"], _POM_PATHS, "pom.xml")
        said = {key: found.get((*_PROJECT, key), "") for key in _KEYS}
        for key in ("groupId", "version"):
            said[key] = said[key] or found.get((*_PARENT, key), "")
    if (said["groupId"], said["artifactId"]) != (group, artifact):
        folder = shown(f"META-INF/maven/{group}/{artifact}")
        message = f"The jar's Maven metadata in {folder} says {shown(said['groupId'])} {shown(said['artifactId'])}."
        raise UnreadablePackage(message)
    return said["version"]


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
