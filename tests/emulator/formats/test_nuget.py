"""NuGet packages: what is read out of the .nuspec, and what is refused."""

from functools import partial

import pytest

from buildkite_emulator.formats import Contents
from buildkite_emulator.formats.limits import MIB
from scripts.samples import packages
from tests.emulator.formats.samples import read_bytes, refusal
from tests.emulator.formats.test_hostile import peak_bytes, refusal_within_memory

FILE = "any name.nupkg"
DECLARATION = '<?xml version="1.0" encoding="utf-8"?>'


def metadata(fields: str) -> str:
    """Make a .nuspec of these elements."""
    return f"<package><metadata>{fields}</metadata></package>"


def nuspec(name: str = "Tool", version: str = "1.0.0") -> str:
    """Make a .nuspec."""
    return metadata(f"<id>{name}</id><version>{version}</version>")


def nupkg(text: bytes | str, file_name: str = "Tool.nuspec") -> bytes:
    """Make a package of nothing but a .nuspec."""
    return packages.zipped([(file_name, text.encode() if isinstance(text, str) else text)])


def says(text: bytes | str) -> str:
    """Return why a package of this .nuspec is refused."""
    return refusal("nuget", FILE, nupkg(text))


@pytest.mark.parametrize(
    ("version", "normal"),
    [
        ("1", "1.0.0"),
        ("1.0", "1.0.0"),
        ("1.2.3", "1.2.3"),
        ("1.0.0.0", "1.0.0"),
        ("1.0.0.1", "1.0.0.1"),
        ("1.00", "1.0.0"),
        ("1.01.1", "1.1.1"),
        ("1.00.0.1", "1.0.0.1"),
        ("1.0.01.0", "1.0.1"),
        ("1.0.7+r3456", "1.0.7"),
        ("1.0-Beta.01+x.y", "1.0.0-Beta.01"),
        ("1.0.0.0-rc-1", "1.0.0-rc-1"),
        ("2147483647.0.0", "2147483647.0.0"),
        ("\n 1.2.3 \t", "1.2.3"),
    ],
)
def test_version_is_read_in_its_normal_form(version: str, normal: str) -> None:
    """The forms and examples are those of NuGet's page on versions."""
    assert read_bytes("nuget", FILE, nupkg(nuspec(version=version))) == Contents("Tool", normal)


@pytest.mark.parametrize(
    "version",
    [
        *["", "x", "v1.0", "1.", ".1", "1.0.0.0.0", "-1.0", "1.0-", "1.0-a..b", "1.0+", "1.0 beta", "1.\u0661"],
        *["2147483648.0", "1.99999999999999999999", "9" * 5000, "0" * 5000, "1.0.*", "[1.0,2.0)", "$version$", "1.0/x"],
    ],
)
def test_version_that_nuget_does_not_take_is_refused(version: str) -> None:
    """Versions of other forms, ranges, placeholders and numbers beyond those of .NET are refused."""
    assert "has to be like 1.2.3" in says(nuspec(version=version))


@pytest.mark.parametrize("name", ["a", "A.b-c_D.1", "_", "Tool__x", "1", "a" * 100, "\u00c9t\u00e9.\u65e5\u672c"])
def test_id_is_read_as_it_is_spelled(name: str) -> None:
    """What tells packages apart is the ID in lower case."""
    contents = read_bytes("nuget", FILE, nupkg(nuspec(name)))
    assert (contents.name, contents.unique_name) == (name, name.lower())


@pytest.mark.parametrize(
    "name", ["", ".a", "a.", "a..b", "a.-b", "-a", "a b", "a/b", "../a", "a+b", "\u2116", "\u202ea", "$id$", "a" * 101]
)
def test_id_that_nuget_does_not_take_is_refused(name: str) -> None:
    """The message says what an ID may have."""
    assert "ID is" in says(nuspec(name))


def test_namespaces_comments_and_encodings_do_not_matter() -> None:
    """The .nuspec's schema has had many namespaces, and XML has many ways to say one thing."""
    body = nuspec("T<!-- not the name -->o<![CDATA[o]]>&#108;")
    prefixed = (
        '<n:package xmlns:n="urn:x"><n:metadata minClientVersion="2.5"><n:id>Tool</n:id>'
        "<n:version>1.0.0</n:version><n:title><n:id>Other</n:id></n:title></n:metadata></n:package>"
    )
    for text in (body, prefixed, DECLARATION + body, "\ufeff" + DECLARATION + body):
        assert read_bytes("nuget", FILE, nupkg(text)) == Contents("Tool", "1.0.0")
    for encoding in ("utf-16", "iso-8859-1", "us-ascii"):
        declared = f'<?xml version="1.0" encoding="{encoding}"?>' + body
        assert read_bytes("nuget", FILE, nupkg(declared.encode(encoding))) == Contents("Tool", "1.0.0")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "not well-formed"),
        ("no XML", "not well-formed"),
        (nuspec()[:-1], "not well-formed"),
        (nuspec() + nuspec(), "not well-formed"),
        (nuspec("&undefined;"), "not well-formed"),
        (nuspec("\x01"), "not well-formed"),
        (nuspec("<n:a/>"), "not well-formed"),
        (nuspec("\xe9").encode("latin-1"), "not well-formed"),
        ("<package/>", "ID is"),
        ("<metadata><id>a</id><version>1</version></metadata>", "ID is"),
        (nuspec().replace("metadata", "Metadata"), "ID is"),
        (metadata("<id>a</id>"), "version is"),
        (metadata("<id>a</id><id>a</id><version>1</version>"), "twice"),
        (f"<package>{'<metadata><id>a</id><version>1</version></metadata>' * 2}</package>", "twice"),
        (nuspec("a<b/>c"), "more than text in 'id'"),
        ("<a>" * 51, "nested too deep"),
        ("<a>" * 300_000, "nested too deep"),
    ],
)
def test_nuspec_that_is_not_valid_is_refused(text: bytes | str, fault: str) -> None:
    """The message says what is wrong with it."""
    assert fault in says(text)


ENTITIES = {
    "laughs": "<!DOCTYPE package [<!ENTITY a 'ha'>"
    + "".join(f"<!ENTITY {new} '{f'&{old};' * 10}'>" for old, new in zip("abcdefgh", "bcdefghi", strict=True))
    + "]>"
    + nuspec("&i;"),
    "quadratic": f"<!DOCTYPE package [<!ENTITY a '{'a' * 100_000}'>]>" + nuspec("&a;" * 100_000),
    "file": "<!DOCTYPE package [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>" + nuspec("&a;"),
    "parameter": "<!DOCTYPE package [<!ENTITY % a SYSTEM 'http://127.0.0.1/x'>%a;]>" + nuspec(),
    "external": "<!DOCTYPE package SYSTEM 'http://127.0.0.1/x.dtd'>" + nuspec(),
    "default": "<!DOCTYPE package [<!ATTLIST package a CDATA 'a'>]>" + nuspec(),
    "empty": "<!DOCTYPE package>" + nuspec(),
}


@pytest.mark.parametrize("text", ENTITIES.values(), ids=ENTITIES)
def test_document_type_declaration_is_refused(text: str) -> None:
    """Without one there is no entity that expands, and none that names a file or an address."""
    assert "document type declaration" in refusal_within_memory("nuget", FILE, nupkg(text))


@pytest.mark.parametrize("encoding", ["windows-1252", "utf-7", "rot13", "zlib", "idna", "unicode_escape", "nonsense"])
def test_encoding_that_needs_a_codec_is_refused(encoding: str) -> None:
    """No codec of Python's runs because a file asks for it."""
    assert "should be in UTF-8" in says(f'<?xml version="1.0" encoding="{encoding}"?>' + nuspec())


@pytest.mark.slow
def test_nuspec_that_is_made_to_cost_much_is_bounded() -> None:
    """Very many elements or attributes, each as small as can be, take little memory."""
    attributes = " ".join(f'_{number:x}=""' for number in range(80_000))
    for stuff in ("<a/>" * 250_000, f"<a {attributes}/>"):
        data = nupkg(metadata(stuff + "<id>Tool</id><version>1.0.0</version>"))
        assert peak_bytes(partial(read_bytes, "nuget", FILE, data)) < 36 * MIB
    assert "longer than 1 MiB" in says(nuspec(" " * MIB))


def test_only_the_nuspec_at_the_top_counts() -> None:
    """Content may hold others; at the top there is one, whatever its name and case."""
    files = [("content/other.nuspec", b"<"), ("TOOL.NUSPEC", nuspec().encode())]
    assert read_bytes("nuget", FILE, packages.zipped(files)).name == "Tool"
    assert "more than one" in refusal("nuget", FILE, packages.zipped([*files, ("tool.nuspec", nuspec().encode())]))
    for file_name in ("content/Tool.nuspec", "content\\Tool.nuspec", ".nuspec", "Tool.nuspec/x", "Tool.nuspec.txt"):
        assert "no .nuspec" in refusal("nuget", FILE, nupkg(nuspec(), file_name))


@pytest.mark.parametrize("path", ["content/%2e%2E/%2e%2e/x", "%2Fetc/passwd", "..%5cx", "a%2F..%2F..%2Fx"])
def test_member_that_leads_out_of_the_package_is_refused(path: str) -> None:
    """Percent-encoded names are refused too, since the names are parts of URIs."""
    files = [("Tool.nuspec", nuspec().encode()), (path, b"")]
    assert "leads out" in refusal("nuget", FILE, packages.zipped(files))
