"""One valid package of every kind, and how the tests of this folder read them."""

import io

import pytest

from buildkite_emulator.formats import Contents, UnreadablePackage, read
from tests import packages
from tests.packages import Package

SAMPLES: dict[str, tuple[str, Package, Contents]] = {
    **{
        f"deb-{compression}": (
            "debian",
            packages.deb("hello-2", "1:2.10-3~rc1", "arm64", compression),
            Contents("hello-2", "1:2.10-3~rc1", "arm64"),
        )
        for compression in packages.COMPRESS
    },
    "gem": ("ruby", packages.gem("my_gem", "1.2.3.pre1"), Contents("my_gem", "1.2.3.pre1")),
    "gem-platform": (
        "ruby",
        packages.gem("My-gem", "0.1", "x86_64-linux"),
        Contents("My-gem", "0.1", "x86_64-linux"),
    ),
    "wheel": ("python", packages.wheel("My.Tool", "1.0rc1"), Contents("My.Tool", "1.0rc1", "py3-none-any")),
    "sdist": ("python", packages.sdist("My.Tool", "1.0+local.1"), Contents("My.Tool", "1.0+local.1")),
    "sdist-zip": (
        "python",
        ("tool-1.0.zip", packages.zipped([("tool-1.0/PKG-INFO", packages.core_metadata("tool", "1.0"))])),
        Contents("tool", "1.0"),
    ),
}


def read_bytes(ecosystem: str, file_name: str, data: bytes) -> Contents:
    """Read a package that is in memory."""
    return read(ecosystem, file_name, io.BytesIO(data), len(data))


def refusal(ecosystem: str, file_name: str, data: bytes) -> str:
    """Return the message that a package is refused with; fail if it is not."""
    try:
        contents = read_bytes(ecosystem, file_name, data)
    except UnreadablePackage as error:
        return str(error)
    pytest.fail(f"read as {contents}")
