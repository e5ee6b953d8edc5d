"""One valid package of every kind, and how the tests of this folder read them."""

import io

import pytest

from buildkite_emulator.formats import Contents, UnreadablePackage, read
from buildkite_emulator.formats.limits import FIELD_CHARACTERS
from scripts.samples import packages
from scripts.samples.packages import Package
from tests.emulator.formats.watch import only_reading

SAMPLES: dict[str, tuple[str, Package, Contents]] = {
    **{
        f"deb-{compression}": (
            "debian",
            packages.deb("hello-2", "1:2.10-3~rc1", "arm64", compression),
            Contents("hello-2", "1:2.10-3~rc1", "arm64"),
        )
        for compression in packages.COMPRESS
    },
    "apk": (
        "alpine",
        packages.apk("my-tool+", "1.2.3_rc1-r4", "x86_64"),
        Contents("my-tool+", "1.2.3_rc1-r4", "x86_64"),
    ),
    "chart": ("helm", packages.chart("my-tool", "1.0.0-rc.1+b.5"), Contents("my-tool", "1.0.0-rc.1+b.5")),
    **{
        f"rpm-{compression}": (
            "redhat",
            packages.rpm("my-tool", "3:1.0~rc1-2.el9", "x86_64", compression),
            Contents("my-tool", "3:1.0~rc1-2.el9", "x86_64"),
        )
        for compression in packages.RPM_COMPRESS
    },
    "rpm-source": ("redhat", packages.rpm("my-tool", "1.0", "src"), Contents("my-tool", "1.0-1", "src")),
    **{
        f"terraform{suffix}": (
            "terraform",
            packages.terraform_module("my_tool", "1.0.0", suffix),
            Contents("terraform-example-my_tool", "1.0.0"),
        )
        for suffix in (".tgz", ".tar.gz", ".zip")
    },
    "gem": ("ruby", packages.gem("my_gem", "1.2.3.pre1"), Contents("my_gem", "1.2.3.pre1")),
    "gem-platform": (
        "ruby",
        packages.gem("My-gem", "0.1", "x86_64-linux"),
        Contents("My-gem", "0.1", "x86_64-linux"),
    ),
    "jar": ("java", packages.jar("my-tool", "1.0-SNAPSHOT"), Contents("org.example:my-tool", "1.0-SNAPSHOT")),
    "jar-classifier": (
        "java",
        packages.jar("my-tool", "1.0", "com.example", "sources"),
        Contents("com.example:my-tool", "1.0", "sources"),
    ),
    "npm": ("javascript", packages.npm("my.tool", "1.0.0-rc.1"), Contents("my.tool", "1.0.0-rc.1")),
    "npm-scope": ("javascript", packages.npm("@my-org/tool", "1.0.0"), Contents("@my-org/tool", "1.0.0")),
    "nupkg": ("nuget", packages.nupkg("My.Tool", "1.0.0.7-rc.1"), Contents("My.Tool", "1.0.0.7-rc.1")),
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


def outcome(ecosystem: str, file_name: str, data: bytes) -> Contents | str:
    """Read whatever it is; return contents or the message of a refusal.

    Anything else is raised on and fails the test, as does a reader that does more than read, or that returns or says
    what does not fit into a table, an address or a line.
    """
    with only_reading():
        try:
            contents = read_bytes(ecosystem, file_name, data)
        except UnreadablePackage as error:
            message = str(error)
            assert message.isascii()
            assert message.isprintable()
            assert message.endswith((".", "{EXT}"))
            assert len(message) < 1000
            return message
    for text in (contents.name, contents.version, contents.variant, contents.unique_name):
        assert text is None or (text and text.isprintable() and len(text) <= FIELD_CHARACTERS), contents
    return contents
