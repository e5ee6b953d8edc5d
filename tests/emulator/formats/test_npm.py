"""JavaScript packages: what is read out of package.json, and what is refused."""

import json

import pytest

from buildkite_emulator.formats import Contents
from buildkite_emulator.formats.limits import MIB
from scripts.samples import packages
from tests.emulator.formats.samples import read_bytes, refusal
from tests.emulator.formats.test_hostile import (
    header,
    padded,
    pax,
    peak_bytes,
    record,
)

FILE = "any name.tgz"


def tgz(package_json: bytes | str, top: str = "package") -> bytes:
    """Make a package of nothing but package.json."""
    data = package_json.encode() if isinstance(package_json, str) else package_json
    return packages.gzipped(packages.tarball([(f"{top}/package.json", data)]))


def fields(**values: object) -> str:
    """Make a package.json that is valid but for what is given."""
    return json.dumps({"name": "tool", "version": "1.0.0"} | values)


def says(package_json: bytes | str) -> str:
    """Return why a package of this package.json is refused."""
    return refusal("javascript", FILE, tgz(package_json))


@pytest.mark.parametrize(
    "name",
    [
        *["a", "tool", "0x", "my.tool_2-x", "@my-org/tool", "@_o/_x", "@o/-x", "@o/node_modules", "a" * 214],
        *["JSONStream", "Base64", "@Foo/Bar", "@a~b/c", "a~", "~a", "a!", "a'b", "a(b)*", "http", "a" * 255, "@.x/a"],
    ],
)
def test_name_that_npm_installs_is_read(name: str) -> None:
    """Names may have a scope, and every character that needs no escape in a URL; rules for new names do not count."""
    assert read_bytes("javascript", FILE, tgz(fields(name=name))) == Contents(name, "1.0.0")


@pytest.mark.parametrize(
    "name",
    [
        *[
            "",
            ".a",
            "_a",
            "-a",
            "a b",
            " a",
            "a/b",
            "@o",
            "@o/",
            "@/a",
            "@o/a/b",
            "@o/.a",
            "@../a",
            "@./a",
            "@o/..",
            "../a",
            "é",
        ],
        *["a%2fb", "a:b", "a\n", "\0", "node_modules", "Node_Modules", "favicon.ico", "\uff21"],
        *[None, 1, True, ["a"], {"a": 1}],
    ],
)
def test_name_that_npm_does_not_take_is_refused(name: object) -> None:
    """The message says of what form a name has to be."""
    assert "@SCOPE/NAME" in says(fields(name=name))


@pytest.mark.parametrize(
    ("version", "published"),
    [
        ("1.2.3", "1.2.3"),
        ("0.0.0-0", "0.0.0-0"),
        ("1.2.3-RC.1.x-y", "1.2.3-RC.1.x-y"),
        ("1.2.3+build.7", "1.2.3"),
        ("1.2.3-rc.1+build-7", "1.2.3-rc.1"),
        ("v1.2.3", "1.2.3"),
        ("=v1.2.3", "1.2.3"),
        (" 1.2.3\n", "1.2.3"),
        ("= v1.2.3", "1.2.3"),
        ("v 1.2.3", "1.2.3"),
        ("01.02.03", "1.2.3"),
        ("1.2.3beta", "1.2.3-beta"),
        ("1.2.3b.01", "1.2.3-b.1"),
        ("1.2.3-01", "1.2.3-1"),
        ("1.2.3-", "1.2.3--"),
        ("9007199254740991.0.0", "9007199254740991.0.0"),
    ],
)
def test_version_is_read_as_npm_cleans_it(version: str, published: str) -> None:
    """A `v` before the version and the build part after it are not the registry's to know."""
    assert read_bytes("javascript", FILE, tgz(fields(version=version))).version == published


@pytest.mark.parametrize(
    "version",
    [
        *[
            "",
            "1",
            "1.2",
            "1.2.3.4",
            "1.2.3.beta",
            "1.2.3-a..b",
            "1.2.3+",
            "1.2.3 x",
            "x",
            "latest",
            "1.2.3-" + "a" * 300,
        ],
        *["1.2.3/../x", "1.2.\u0663", "9007199254740992.0.0", "1" * 5000 + ".0.0", None, 1.5, ["1.2.3"]],
    ],
)
def test_version_that_is_not_semantic_is_refused(version: object) -> None:
    """The message shows one that is."""
    assert "1.2.3-rc.1" in says(fields(version=version))


def test_package_without_name_or_version_is_refused() -> None:
    """Such a package can be packed and not published."""
    assert "name" in says("{}")
    assert "version" in says('{"name": "a"}')


@pytest.mark.parametrize("top", ["package", "my-org-tool", "./package", "x y"])
def test_the_top_folder_may_have_any_name(top: str) -> None:
    """It is dropped by npm, and tools differ in what they call it."""
    assert read_bytes("javascript", FILE, tgz(fields(), top)).name == "tool"


def test_only_the_package_json_of_the_top_folder_counts() -> None:
    """A bundled dependency has its own, and so may test data."""
    files = [("package/node_modules/x/package.json", b"{"), ("package/package.json", fields().encode())]
    assert read_bytes("javascript", FILE, packages.gzipped(packages.tarball(files))).name == "tool"
    for stray in ("package.json", "package/package.json/x", "package/x/package.json", "package/package.jsonx"):
        data = packages.gzipped(packages.tarball([(stray, fields().encode())]))
        assert "no package.json" in refusal("javascript", FILE, data)


def test_two_package_json_in_top_folders_are_refused() -> None:
    """Both are unpacked to the same place, and so they are one file with two contents."""
    files = [("package/package.json", fields().encode()), ("other/package.json", fields(name="other").encode())]
    assert "more than one" in refusal("javascript", FILE, packages.gzipped(packages.tarball(files)))
    hidden = pax(record("path", "package/package.json")) + header("x", size=2) + padded(b"{}")
    data = packages.gzipped(hidden + packages.tarball(files[:1]))
    assert "more than one" in refusal("javascript", FILE, data)


@pytest.mark.parametrize(
    "package_json",
    [
        '{"name": "tool", "name": "other", "version": "1.0.0"}',
        '{"name": "tool", "version": "1.0.0", "\\u0076ersion": "2.0.0"}',
    ],
)
def test_key_given_twice_is_refused(package_json: str) -> None:
    """Which of the two counts differs from tool to tool, however the key is spelled."""
    assert "twice" in says(package_json)


def test_key_given_twice_elsewhere_does_no_harm() -> None:
    """Only name and version are read, and only those of the outermost object."""
    text = '{"x": {"name": "a", "name": "b"}, "name": "tool", "y": 1, "y": [{"version": "2"}], "version": "1.0.0"}'
    assert read_bytes("javascript", FILE, tgz(text)) == Contents("tool", "1.0.0")


@pytest.mark.parametrize(
    ("package_json", "fault"),
    [
        (b"", "not valid JSON"),
        (b"{", "not valid JSON"),
        (b"{'name': 'a'}", "not valid JSON"),
        (b'{"name": "a",}', "not valid JSON"),
        (b'{"a": NaN}', "not valid JSON"),
        (b'{"a": -Infinity}', "not valid JSON"),
        (b'{"name": "\xff"}', "@SCOPE/NAME"),
        (b'{"name": "a"} {}', "not valid JSON"),
        (fields().encode("utf-16"), "not valid JSON"),
        (b"[" * 100_000, "not valid JSON"),
        (b'{"a":' * 100_000, "not valid JSON"),
        (b'[{"name": "tool", "version": "1.0.0"}]', "not an object"),
        (b'"a"', "not an object"),
        (b"1", "not an object"),
    ],
)
def test_package_json_that_is_not_a_json_object_is_refused(package_json: bytes, fault: str) -> None:
    """What is not JSON by RFC 8259 is refused, and nesting that would overflow a stack."""
    assert fault in says(package_json)


def test_package_json_null_is_refused() -> None:
    """`null` is valid JSON and no object."""
    assert "name" in says("null")


def test_byte_order_mark_and_huge_numbers_are_let_be() -> None:
    """Both are valid to npm; a number of any length costs nothing, for none is wanted."""
    text = '\ufeff{"name": "tool", "n": %s, "e": 1e999999, "version": "1.0.0"}' % ("9" * 100_000)
    assert read_bytes("javascript", FILE, tgz(text)) == Contents("tool", "1.0.0")


def test_bytes_that_are_no_utf8_are_let_be() -> None:
    """Node.js replaces them, in an author's name for one; and a key may have one value twice."""
    data = '{"name": "tool", "author": "Björn", "name": "tool", "version": "1.0.0"}'.encode("latin-1")
    assert read_bytes("javascript", FILE, tgz(data)) == Contents("tool", "1.0.0")


@pytest.mark.slow
def test_package_json_that_is_made_to_cost_much_is_bounded() -> None:
    """The longest that is read, of the values that take the most memory, takes what `limits` says."""
    text = fields()[:-1] + ', "x": [' + "[],".join([""] * 340_000) + "0]}"
    assert len(text) < MIB
    data = tgz(text)
    assert peak_bytes(lambda: read_bytes("javascript", FILE, data)) < 36 * MIB
    assert "longer than 1 MiB" in says(text + " " * MIB)


def test_archive_that_is_not_compressed_is_read() -> None:
    """node-tar tells by the first bytes. Without an end mark, nothing says that such an archive is whole."""
    files = [("package/package.json", fields().encode()), ("package/index.js", b"x" * 100)]
    assert read_bytes("javascript", FILE, packages.tarball(files)) == Contents("tool", "1.0.0")
    assert "cut off" in refusal("javascript", FILE, packages.tarball(files, cut=True))
    assert "leads out" in refusal("javascript", FILE, packages.tarball([*files, ("package/../../x", b"")]))


def test_package_json_at_the_root_counts() -> None:
    """The first component is dropped, which here is nothing."""
    files = [("/package.json", fields(name="other").encode())]
    assert read_bytes("javascript", FILE, packages.gzipped(packages.tarball(files))).name == "other"
    files.append(("package/package.json", fields().encode()))
    assert "more than one" in refusal("javascript", FILE, packages.gzipped(packages.tarball(files)))
