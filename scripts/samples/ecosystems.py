"""Which builder makes a sample package of each ecosystem."""

from collections.abc import Callable, Mapping

from buildkite_emulator.spec import Spec
from scripts.samples import packages

BUILDERS: Mapping[str, Callable[[str, str], tuple[str, bytes]]] = {
    "alpine": packages.apk,
    "debian": packages.deb,
    "files": packages.generic,
    "helm": packages.chart,
    "java": packages.jar,
    "javascript": packages.npm,
    "nuget": packages.nupkg,
    "python": packages.wheel,
    "redhat": packages.rpm,
    "ruby": packages.gem,
    "terraform": packages.terraform_module,
}
"""By ecosystem, what builds a package of a name and version: its file name and bytes."""

COPIED = [ecosystem for ecosystem in BUILDERS if Spec.load().ecosystems[ecosystem].copy]
"""The ecosystems whose packages can be copied."""
