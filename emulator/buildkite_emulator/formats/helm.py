"""Helm charts (`.tgz`) as `helm package` makes them.

A chart is a tar archive of one folder, which bears the chart's name and holds Chart.yaml; the charts that it depends on
may lie deeper. Sources: Helm's pages "Charts" and "Chart Conventions", and what `helm package` refuses: its
`Metadata.Validate`, and the names that `helm create` takes.
"""

import re
from posixpath import normpath
from typing import BinaryIO

from buildkite_emulator.formats import semver, tar
from buildkite_emulator.formats.compression import COMPRESSIONS, Decompressed
from buildkite_emulator.formats.contents import Contents, UnreadablePackage, shown
from buildkite_emulator.formats.limits import Budget
from buildkite_emulator.formats.streams import open_upload, read_metadata
from buildkite_emulator.formats.yaml_scalars import scalars

_CHART_YAML = "Chart.yaml"
_API_VERSIONS = ("v1", "v2")
_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]*")


def read(file_name: str, file: BinaryIO, size: int) -> Contents:  # noqa: ARG001 - a .tgz may have any name
    """Read name and version from Chart.yaml.

    Raises:
        UnreadablePackage: see `formats.read`.
    """
    folder, chart_yaml = None, None
    for member in tar.members(Decompressed(open_upload(file, size), COMPRESSIONS[".gz"], Budget(size))):
        # As Helm sees it, so that no other spelling hides a second Chart.yaml from it.
        top, _, path = normpath(member.name.replace("\\", "/")).partition("/")
        if top == ".":
            continue  # the folder above, which some tools put first
        if member.is_file and not path:
            raise UnreadablePackage(f"The chart has the file {shown(member.name)} in no folder.")
        folder = folder or top
        if top != folder:
            # Helm drops the first component whatever it is, so that the two would become one.
            raise UnreadablePackage(f"The chart has two top folders, {shown(folder)} and {shown(top)}.")
        if path == _CHART_YAML:
            if not member.is_file:
                raise UnreadablePackage(f"The chart's {_CHART_YAML} is a link or a folder, not a file.")
            if chart_yaml is not None:
                raise UnreadablePackage(f"The chart has two {_CHART_YAML}.")
            chart_yaml = read_metadata(member.body, _CHART_YAML)
    if folder is None or chart_yaml is None:
        raise UnreadablePackage(f"The file is not a Helm chart: it has no {_CHART_YAML} in its top folder.")
    return _contents(chart_yaml, folder)


def _contents(chart_yaml: bytes, folder: str) -> Contents:
    fields = scalars(chart_yaml, _CHART_YAML)
    api_version, name, version = (fields.get((key,), "") for key in ("apiVersion", "name", "version"))
    if api_version not in _API_VERSIONS:
        message = f"The chart's apiVersion is {shown(api_version)}, but has to be {' or '.join(_API_VERSIONS)}."
        raise UnreadablePackage(message)
    if not _NAME.fullmatch(name):
        message = (
            f"The chart's name is {shown(name)}, but has to be letters, digits and . _ - only, with a letter or digit "
            "first."
        )
        raise UnreadablePackage(message)
    if name != folder:
        raise UnreadablePackage(f"The chart's name is {shown(name)}, but its folder is {shown(folder)}.")
    # Some charts have a "v" first, which Helm takes.
    if not semver.VERSION.fullmatch(version.removeprefix("v")):
        message = f"The chart's version is {shown(version)}, but has to be a semantic one, like 1.2.3-rc.1."
        raise UnreadablePackage(message)
    others = {path[0]: value for path, value in fields.items() if len(path) == 1}
    return Contents(name, version, metadata={key: others[key] for key in others if key not in {"name", "version"}})
