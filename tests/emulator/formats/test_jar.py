"""Java archives: whose metadata counts, what is read out of it, and what is refused."""

from contextlib import suppress

import pytest

from buildkite_emulator.formats import Contents, UnreadablePackage, limits
from buildkite_emulator.formats.limits import MIB
from tests import packages
from tests.emulator.formats.samples import read_bytes, refusal
from tests.emulator.formats.test_hostile import PATHS, peak_bytes

FOLDER = "META-INF/maven/org.example/tool"
PROPERTIES = "artifactId=tool\ngroupId=org.example\nversion=1.0\n"
COORDINATES = "<groupId>org.example</groupId><artifactId>tool</artifactId><version>1.0</version>"
TOOL = Contents("org.example:tool", "1.0")


def jar(text: bytes | str, file_name: str = "pom.properties", folder: str = FOLDER) -> bytes:
    """Make a jar of nothing but metadata."""
    return packages.zipped([(f"{folder}/{file_name}", text.encode() if isinstance(text, str) else text)])


def pom(fields: str) -> bytes:
    """Make a jar of nothing but a pom.xml of these elements."""
    return jar(f'<project xmlns="http://maven.apache.org/POM/4.0.0">{fields}</project>', "pom.xml")


@pytest.mark.parametrize(
    ("file_name", "variant"),
    [
        ("tool-1.0.jar", None),
        ("tool-1.0-sources.jar", "sources"),
        ("tool-1.0-linux-x86_64.jar", "linux-x86_64"),
        ("tool-1.0-1.jar", "1"),
    ],
)
def test_classifier_is_the_variant(file_name: str, variant: str | None) -> None:
    """What a Maven repository's file name has behind the version tells apart the files of one version."""
    assert read_bytes("java", file_name, jar(PROPERTIES)) == Contents("org.example:tool", "1.0", variant)


@pytest.mark.parametrize(
    "file_name",
    [
        *[
            "tool.jar",
            "app.jar",
            ".jar",
            "tool-.jar",
            "tool-1.jar",
            "tool-1.0.1.jar",
            "tool-1.0_1.jar",
            "tool-1.0-.jar",
        ],
        *["Tool-1.0.jar", "atool-1.0.jar", "org.example.tool-1.0.jar", "tool-1.0- x.jar", "tool-2.0.jar"],
    ],
)
def test_file_name_that_disagrees_is_refused(file_name: str) -> None:
    """The message says of what form the name has to be, and what the metadata says."""
    message = refusal("java", file_name, jar(PROPERTIES))
    assert "ARTIFACT-VERSION[-CLASSIFIER].jar" in message
    assert "'org.example:tool 1.0'" in message


def test_jar_without_metadata_is_refused() -> None:
    """The message says where Maven's metadata would be; metadata of other places does not count."""
    for file_name in ("META-INF/MANIFEST.MF", "META-INF/maven/tool/pom.properties", f"x/{FOLDER}/pom.properties"):
        data = packages.zipped([(file_name, PROPERTIES.encode())])
        assert "META-INF/maven/GROUP/ARTIFACT/pom.properties" in refusal("java", "tool-1.0.jar", data)


def test_metadata_of_shaded_projects_does_not_count() -> None:
    """The file name says which of several projects the jar is of."""
    shaded = [("guava", "31.0"), ("tool", "1.0"), ("tool-api", "2.0"), ("to", "1.0")]
    data = packages.zipped([file for project in shaded for file in packages.jar_metadata(*project)])
    for artifact, version in shaded:
        contents = read_bytes("java", f"{artifact}-{version}-all.jar", data)
        assert contents == Contents(f"org.example:{artifact}", version, "all")
    message = refusal("java", "app-1.0-all.jar", data)
    assert "ARTIFACT-VERSION" in message
    assert "'org.example:guava 31.0'" in message


def test_project_that_the_whole_name_fits_goes_first() -> None:
    """The end of a file name may be read as a classifier, but not where another project explains it all."""
    projects = [("tool", "1.0"), ("tool-1.0-extra", "2.0")]
    data = packages.zipped([file for project in projects for file in packages.jar_metadata(*project)])
    assert read_bytes("java", "tool-1.0-extra-2.0.jar", data) == Contents("org.example:tool-1.0-extra", "2.0")
    assert "several projects" in refusal("java", "tool-1.0-extra-2.0-sources.jar", data)


def test_two_projects_that_fit_are_refused() -> None:
    """Nothing says which group the jar is of; the message names both."""
    files = [file for group in ("com.example", "org.example") for file in packages.jar_metadata("tool", "1.0", group)]
    message = refusal("java", "tool-1.0.jar", packages.zipped(files))
    assert "'com.example:tool' and 'org.example:tool'" in message


@pytest.mark.parametrize(
    "text",
    [
        PROPERTIES,
        PROPERTIES.replace("\n", "\r\n"),
        PROPERTIES.replace("\n", "\r"),
        PROPERTIES.replace("=", " : "),
        PROPERTIES.replace("=", "\t"),
        "#Generated\n!by Maven\n\n \n" + PROPERTIES.replace("v", "\f v"),
        "m2e.projectLocation=C\\:\\\\Users\\\\x\n" + PROPERTIES,
        "#continued \\\n!continued \\\n" + PROPERTIES,
        PROPERTIES + "x=1\nx=2\ny\n=\n\xff",
        PROPERTIES.removesuffix("\n"),
    ],
)
def test_pom_properties_are_read_as_java_reads_them(text: str) -> None:
    """Line ends, separators, comments and other keys are those of `java.util.Properties`."""
    assert read_bytes("java", "tool-1.0.jar", jar(text.encode("latin-1"))) == TOOL


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "says '' ''"),
        (PROPERTIES.replace("org.example", "com.example"), "says 'com.example' 'tool'"),
        (PROPERTIES.replace("tool", "other"), "says 'org.example' 'other'"),
        (PROPERTIES.replace("version", "Version"), "ARTIFACT-VERSION"),
        (PROPERTIES.replace("1.0", "${revision}"), "${revision}"),
        (PROPERTIES + "version=1.0\n", "twice"),
        (PROPERTIES + "vers\\u0069on=2.0\n", "escaped key"),
        (PROPERTIES + "x=\\\nversion=2.0\n", "continued line"),
        (PROPERTIES.encode("utf-16"), "escaped key"),
    ],
)
def test_pom_properties_that_say_something_else_are_refused(text: bytes | str, fault: str) -> None:
    """What contradicts its folder, or is read in two ways by two readers, is refused."""
    if isinstance(text, str):
        assert fault in refusal("java", "tool-1.0.jar", jar(text))
    else:
        assert refusal("java", "tool-1.0.jar", jar(text))


PARENT = "<parent><groupId>org.example</groupId><artifactId>parent</artifactId><version>1.0</version></parent>"


@pytest.mark.parametrize(
    "fields",
    [
        COORDINATES,
        f"<modelVersion>4.0.0</modelVersion>{COORDINATES}<dependencies><dependency>{COORDINATES}</dependency></dependencies>",
        PARENT + "<artifactId>tool</artifactId>",
        PARENT.replace("org.example", "com.example") + COORDINATES,
        "<!-- x --><groupId>\n org.example </groupId><artifactId>tool</artifactId><version>1.0</version>",
    ],
)
def test_pom_xml_is_read_where_it_is_alone(fields: str) -> None:
    """Group and version may be inherited from the parent, of which the pom.xml says them."""
    assert read_bytes("java", "tool-1.0.jar", pom(fields)) == TOOL


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ("", "says '' ''"),
        (PARENT, "says 'org.example' ''"),
        (COORDINATES.replace("1.0", "${revision}"), "${revision}"),
        (COORDINATES + COORDINATES, "twice"),
        (COORDINATES + "<a>", "not well-formed"),
    ],
)
def test_pom_xml_that_says_something_else_is_refused(fields: str, fault: str) -> None:
    """What is not well-formed, missing or not resolved is refused."""
    assert fault in refusal("java", "tool-1.0.jar", pom(fields))


def test_document_type_declaration_is_refused() -> None:
    """Without one there is no entity that expands."""
    laughs = "<!DOCTYPE project [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;&a;'>]>"
    data = jar(f"{laughs}<project>{COORDINATES.replace('1.0', '&b;')}</project>", "pom.xml")
    assert "document type declaration" in refusal("java", "tool-1.0.jar", data)


@pytest.mark.parametrize("order", [1, -1])
def test_pom_properties_go_before_pom_xml(order: int) -> None:
    """Maven writes resolved values to it, so the pom.xml beside it is not read, wherever the two are in the file."""
    files = [(f"{FOLDER}/pom.xml", b"<!DOCTYPE x><"), (f"{FOLDER}/pom.properties", PROPERTIES.encode())]
    assert read_bytes("java", "tool-1.0.jar", packages.zipped(files[::order])) == TOOL


@pytest.mark.parametrize("version", ["1.0-SNAPSHOT", "1", "2.0.0.RELEASE", "r09", "1.0_2+b"])
def test_version_may_be_of_any_scheme(version: str) -> None:
    """Maven prescribes none."""
    assert read_bytes("java", *packages.jar("tool", version)).version == version


@pytest.mark.parametrize("version", ["", "-1", ".1", "a b", "1:2", "[1,2)", "1*", "\u0661"])
def test_version_with_other_characters_is_refused(version: str) -> None:
    """Neither a version that Maven forbids nor one that no file name can have is taken."""
    name = f"tool-{version}.jar"
    assert "ARTIFACT-VERSION" in refusal("java", name, jar(PROPERTIES.replace("1.0", version)))


@pytest.mark.parametrize("kind", ["pom.properties", "pom.xml"])
def test_metadata_of_very_many_projects_is_bounded(kind: str) -> None:
    """Files that do not bear the artifact's name are not even read; of those that do, a few are."""
    text = PROPERTIES if kind == "pom.properties" else f"<project>{COORDINATES}</project>"
    own = (f"{FOLDER}/{kind}", text.encode())
    padding = b" " * MIB
    others = [(f"META-INF/maven/g{number}/other/{kind}", padding) for number in range(200)]
    data = packages.zipped([*others, own])
    assert peak_bytes(lambda: read_bytes("java", "tool-1.0.jar", data)) < 8 * MIB
    alike = [(f"META-INF/maven/g{number}/tool/{kind}", padding) for number in range(limits.JAR_PROJECTS)]
    data = packages.zipped([*alike, own])
    messages: list[str] = []
    assert peak_bytes(lambda: messages.append(refusal("java", "tool-1.0.jar", data))) < 16 * MIB
    assert "more than 8 projects" in messages[0]
    assert "longer than 1 MiB" in refusal("java", "tool-1.0.jar", jar(PROPERTIES.encode() + padding, kind))


COSTLY = {
    "backslashes": "\\" * 1_000_000,
    "continued lines": "a\\\n" * 330_000,
    "blanks": " " * 1_000_000,
    "separators": "=" * 1_000_000,
    "line feeds": "\n" * 1_000_000,
    "escaped backslashes": "\\\\ " * 330_000,
}


@pytest.mark.parametrize("key", ["x=", "", "#"])
@pytest.mark.parametrize("text", COSTLY.values(), ids=COSTLY)
def test_pom_properties_that_are_made_to_cost_much_are_bounded(text: str, key: str) -> None:
    """No run of characters takes much memory, or time that grows with the square of its length: hours, here."""
    data = jar(PROPERTIES + key + text)

    def read() -> None:
        with suppress(UnreadablePackage):
            read_bytes("java", "tool-1.0.jar", data)

    assert peak_bytes(read) < 8 * MIB


@pytest.mark.parametrize("path", PATHS)
def test_member_that_leads_out_of_the_jar_is_refused(path: str) -> None:
    """Absolute paths and `..` are refused."""
    files = [(f"{FOLDER}/pom.properties", PROPERTIES.encode()), (path, b"")]
    assert "leads out" in refusal("java", "tool-1.0.jar", packages.zipped(files))
