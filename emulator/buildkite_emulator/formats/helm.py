"""Helm charts (`.tgz`).

A chart is a tar archive of one folder that holds Chart.yaml; the charts that it depends on may lie deeper. What is
refused follows `helm install`, not the stricter `helm lint`:

- `loader/archive.go`: the first component of a path is dropped, whatever it is; then no path is absolute or empty, or
  has `..`. So several top folders become one, and only a second Chart.yaml is ambiguous;
- `loader/load.go`: Chart.yaml is YAML, and without an apiVersion it is of v1. Another apiVersion than v1 and v2 is
  refused, as `helm install` refuses those that it does not know;
- `metadata.go`: a name has no slash, and blanks and unprintable characters in it are dropped or replaced, so that one
  with any is refused here; a version is one that `semver.NewVersion` takes: `1`, `1.2` and `v1.2.3` too. It is kept as
  it is spelled;
- sigs.k8s.io/yaml: a version that YAML takes for a number is spelled anew: `1.10` is `1.1`.
"""

import re
from posixpath import normpath
from typing import Any, BinaryIO

from buildkite_emulator.formats.archives import tar
from buildkite_emulator.formats.archives.compression import COMPRESSIONS, Decompressed
from buildkite_emulator.formats.archives.members import read_only_file
from buildkite_emulator.formats.archives.streams import open_upload
from buildkite_emulator.formats.contents import Contents, UnreadablePackage, invalid, shown
from buildkite_emulator.formats.documents.yaml_document import Mapping, Plain, load, scalar
from buildkite_emulator.formats.limits import Budget

_CHART_YAML = "Chart.yaml"
_API_VERSIONS = ("", "v1", "v2")
_TYPES = ("", "application", "library")

_IDENTIFIERS = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*"
_VERSION = re.compile(
    rf"v?([0-9]{{1,20}})(?:\.([0-9]{{1,20}}))?(?:\.([0-9]{{1,20}}))?(?:-({_IDENTIFIERS}))?(?:\+{_IDENTIFIERS})?"
)
_MOST = 2**64 - 1
_LEADING_ZERO = re.compile(r"0[0-9]+")

_OCTAL = re.compile(r"0[0-7]+")
_INTEGER = re.compile(r"[0-9]{1,20}")
_FLOAT = re.compile(r"[0-9]{1,20}\.[0-9]{0,20}")
_LEAST_WITH_EXPONENT = 1e6


def read(file_name: str, file: BinaryIO, size: int) -> Contents:  # noqa: ARG001 - a .tgz may have any name
    """Read name and version from Chart.yaml.

    Raises:
        UnreadablePackage: see `formats.read`.
    """
    chart_yaml = None
    for member in tar.members(Decompressed(open_upload(file, size), COMPRESSIONS[".gz"], Budget(size))):
        # As Helm sees it, so that no other spelling hides a second Chart.yaml from it.
        path = normpath(member.name.replace("\\", "/")).partition("/")[2]
        if member.is_file and not path:
            raise UnreadablePackage(f"The chart has the file {shown(member.name)} in no folder.")
        if path == _CHART_YAML:
            chart_yaml = read_only_file(member, chart_yaml, "chart", _CHART_YAML)
    if chart_yaml is None:
        raise UnreadablePackage(f"The file is not a Helm chart: it has no {_CHART_YAML} in its top folder.")
    return _contents(load(chart_yaml, _CHART_YAML))


def _contents(chart: Any) -> Contents:
    api_version, kind, name, version = (
        scalar(chart, key, _CHART_YAML) for key in ("apiVersion", "type", "name", "version")
    )
    if api_version not in _API_VERSIONS or (
        isinstance(chart, Mapping) and not isinstance(chart.get("apiVersion", ""), str)
    ):
        raise invalid("chart's apiVersion", api_version, "v1 or v2, or left out")
    if kind not in _TYPES:
        raise invalid("chart's type", kind, "application or library")
    if not name or name in {".", ".."} or "/" in name or "\\" in name or not name.isprintable() or name != name.strip():
        raise invalid("chart's name", name, "printable characters without / and \\, and without blanks around them")
    version = _as_text(version)
    if not _is_version(version):
        raise invalid("chart's version", version, "a semantic one, like 1.2.3-rc.1")
    others = {key: each for key, each in chart.items() if key not in {"name", "version"}}
    return Contents(name, version, metadata=others)


def _is_version(version: str) -> bool:
    match = _VERSION.fullmatch(version)
    if match is None:
        return False
    *core, prerelease = match.groups("0")
    return all(int(number) <= _MOST for number in core) and not any(
        _LEADING_ZERO.fullmatch(part) for part in prerelease.split(".")
    )


def _as_text(scalar: str) -> str:
    """Spell a number of YAML 1.1 as Helm does, which reads numbers before it makes strings of them."""
    plain = scalar.replace("_", "") if isinstance(scalar, Plain) else ""
    if _OCTAL.fullmatch(plain):
        return str(int(plain, 8))
    if _INTEGER.fullmatch(plain):
        return str(int(plain))
    if _FLOAT.fullmatch(plain):
        number = float(plain)
        # Go writes an exponent from here on, and no version has one.
        return f"{number:e}" if number >= _LEAST_WITH_EXPONENT else f"{number!r}".removesuffix(".0")
    return scalar
