"""Java archives: which metadata counts, what is read from it, and what is refused."""

from contextlib import suppress

import pytest

from buildkite_emulator.formats import Contents, UnreadablePackage, limits
from buildkite_emulator.formats.limits import MIB
from scripts.samples import packages
from tests.emulator.formats.samples import read_bytes, refusal
from tests.emulator.formats.test_hostile import peak_bytes, refusal_within_memory

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
    ("file_name", "contents"),
    [
        ("tool.jar", TOOL),
        ("app.jar", TOOL),
        ("tool-.jar", TOOL),
        ("tool-2.0.jar", Contents("org.example:tool", "2.0")),
        ("tool-1.0.1.jar", Contents("org.example:tool", "1.0.1")),
        ("tool-1.0_1-sources.jar", Contents("org.example:tool", "1.0_1", "sources")),
        ("Tool-1.0.jar", Contents("Tool", "1.0")),
        ("org.example.tool-1.0.jar", Contents("org.example.tool", "1.0")),
        ("atool-1.0-all.jar", Contents("atool", "1.0", "all")),
    ],
)
def test_file_name_goes_before_the_metadata(file_name: str, contents: Contents) -> None:
    """Maven takes any file under any coordinates; what the file name does not say, the only project inside does."""
    assert read_bytes("java", file_name, jar(PROPERTIES)) == contents


def test_jar_that_says_nothing_is_refused() -> None:
    """The message says of what form the name has to be; metadata of other places does not count."""
    for inside in ("META-INF/maven/tool/pom.properties", f"x/{FOLDER}/pom.properties", "x/META-INF/MANIFEST.MF"):
        data = packages.zipped([(inside, PROPERTIES.encode() + b"Implementation-Version: 1.0\n")])
        assert "ARTIFACT-VERSION[-CLASSIFIER].jar" in refusal("java", "tool.jar", data)
    for file_name in (".jar", "-.jar", "tool-x.jar", "a b.jar"):
        assert "ARTIFACT-VERSION[-CLASSIFIER].jar" in refusal("java", file_name, packages.zipped([("x", b"")]))
    assert "ARTIFACT-VERSION[-CLASSIFIER].jar" in refusal("java", ".jar", jar(PROPERTIES))


@pytest.mark.parametrize(
    ("file_name", "manifest", "contents"),
    [
        ("jna-5.13.0.jar", "", Contents("jna", "5.13.0")),
        ("commons-cli-1.5.0.jar", "Bundle-Version: 1.5.0", Contents("commons-cli", "1.5.0")),
        ("commons-cli-1.5.0-tests.jar", "", Contents("commons-cli", "1.5.0", "tests")),
        ("guava-31.1-jre.jar", "", Contents("guava", "31.1-jre")),
        ("a-1.0-beta-2.jar", "", Contents("a", "1.0-beta-2")),
        ("a-1.0-20240101.120000-1.jar", "", Contents("a", "1.0-20240101.120000-1")),
        (
            "a-1.0-20240101.120000-1-natives-linux.jar",
            "Implementation-Version: 1.0-SNAPSHOT",
            Contents("a", "1.0-20240101.120000-1", "natives-linux"),
        ),
        ("log4j-1.2-api-2.17.1.jar", "Implementation-Version: 2.17.1", Contents("log4j-1.2-api", "2.17.1")),
        ("a-1.0-natives-linux.jar", "implementation-version:1.0", Contents("a", "1.0", "natives-linux")),
        ("jna.jar", "Implementation-Version: 5.13.0 (b0)", Contents("jna", "5.13.0")),
        ("jna.jar", "Bundle-Version: 5.13.0", Contents("jna", "5.13.0")),
        ("jna.jar", "Specification-Version: 5", Contents("jna", "5")),
        ("jna.jar", "Implementation-Version: 5.1\r\n 3.0", Contents("jna", "5.13.0")),
        ("a.jar", "Implementation-Version: 2\nImplementation-Vendor-Id: org.a", Contents("org.a:a", "2")),
        ("a b.jar", "Bundle-SymbolicName: org.a;singleton:=true\nBundle-Version: 1", Contents("org.a", "1")),
        ("ü.jar", "Automatic-Module-Name: org.a\nImplementation-Version: 1", Contents("org.a", "1")),
    ],
)
def test_jar_without_maven_metadata_is_named_by_file_and_manifest(
    file_name: str, manifest: str, contents: Contents
) -> None:
    """The file name counts; the manifest tells where its version begins, and gives what is missing."""
    data = packages.zipped([("META-INF/MANIFEST.MF", f"Manifest-Version: 1.0\n{manifest}\n\nName: x\n".encode())])
    assert read_bytes("java", file_name, data) == contents


def test_attributes_of_other_sections_do_not_count() -> None:
    """They are of one file or package, and there may be very many."""
    sections = "\n\nName: x\nImplementation-Version: 2.0\n" + "x" * 2 * MIB
    data = packages.zipped([("META-INF/MANIFEST.MF", f"Manifest-Version: 1.0{sections}".encode())])
    assert "ARTIFACT-VERSION" in refusal("java", "tool.jar", data)
    assert read_bytes("java", "tool-1.jar", data) == Contents("tool", "1")


@pytest.mark.parametrize(
    ("file_name", "version", "variant"),
    [
        ("tool-1.0-SNAPSHOT.jar", "1.0-SNAPSHOT", None),
        ("tool-1.0-20240131.120000-12.jar", "1.0-20240131.120000-12", None),
        ("tool-1.0-20240131.120000-12-sources.jar", "1.0-20240131.120000-12", "sources"),
        ("tool-1.0-20240131.120000-12-linux-x86_64.jar", "1.0-20240131.120000-12", "linux-x86_64"),
    ],
)
def test_time_stamped_snapshot_is_read(file_name: str, version: str, variant: str | None) -> None:
    """Maven names a deployed snapshot by its time, unlike the metadata inside."""
    data = jar(PROPERTIES.replace("1.0", "1.0-SNAPSHOT"))
    assert read_bytes("java", file_name, data) == Contents("org.example:tool", version, variant)


def test_jar_that_java_runs_is_read() -> None:
    """A shell script may come first, and one name may be there several times."""
    with pytest.warns(UserWarning, match="Duplicate name"):
        data = packages.zipped([("META-INF/NOTICE", b"a"), ("META-INF/NOTICE", b"b")])
    for prefix in (b"", b"#!/bin/sh\nexec java -jar $0\n"):
        assert read_bytes("java", "tool-1.0.jar", prefix + data) == Contents("tool", "1.0")
    assert "corrupt" in refusal("java", "tool-1.0.jar", b"MZ" + data)


def test_metadata_of_shaded_projects_does_not_count() -> None:
    """The file name says which of several projects the jar is of, if it is of one."""
    shaded = [("guava", "31.0"), ("tool", "1.0"), ("tool-api", "2.0"), ("to", "1.0")]
    data = packages.zipped([file for project in shaded for file in packages.jar_metadata(*project)])
    for artifact, version in shaded:
        contents = read_bytes("java", f"{artifact}-{version}-all.jar", data)
        assert contents == Contents(f"org.example:{artifact}", version, "all")
    assert read_bytes("java", "app-1.0-all.jar", data) == Contents("app", "1.0", "all")
    assert read_bytes("java", "guava.jar", data) == Contents("org.example:guava", "31.0")
    assert "ARTIFACT-VERSION" in refusal("java", "app.jar", data)


def test_project_that_the_whole_name_fits_goes_first() -> None:
    """The end of a file name may be read as a classifier, but not where another project explains it all."""
    projects = [("tool", "1.0"), ("tool-1.0-extra", "2.0")]
    data = packages.zipped([file for project in projects for file in packages.jar_metadata(*project)])
    whole = Contents("org.example:tool-1.0-extra", "2.0")
    assert read_bytes("java", "tool-1.0-extra-2.0.jar", data) == whole
    sources = read_bytes("java", "tool-1.0-extra-2.0-sources.jar", data)
    assert (sources.name, sources.variant) == (whole.name, "sources")


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
    "text",
    [
        b"",
        PROPERTIES.replace("org.example", "com.example"),
        PROPERTIES.replace("version", "Version"),
        PROPERTIES.replace("1.0", "${revision}"),
        PROPERTIES + "version=2.0\n",
        PROPERTIES + "vers\\u0069on=2.0\n",
        PROPERTIES + "x=\\\nversion=2.0\n",
        PROPERTIES.encode("utf-16"),
    ],
)
def test_pom_properties_that_say_something_else_do_not_count(text: bytes | str) -> None:
    """The folder gives group and artifact, and the file name the version."""
    assert read_bytes("java", "tool-1.0.jar", jar(text)) == TOOL
    assert read_bytes("java", "tool-1.0-sources.jar", jar(text)).variant == "sources"


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
    "fields",
    [
        "",
        PARENT,
        COORDINATES.replace("1.0", "${revision}"),
        COORDINATES + COORDINATES,
        COORDINATES + "<a>",
    ],
)
def test_pom_xml_that_says_something_else_does_not_count(fields: str) -> None:
    """What is not well-formed, missing or not resolved says nothing."""
    assert read_bytes("java", "tool-1.0.jar", pom(fields)) == TOOL
    assert read_bytes("java", "tool-3.0.jar", pom(fields)) == Contents("org.example:tool", "3.0")


def test_document_type_declaration_is_not_read() -> None:
    """Without one there is no entity that expands."""
    laughs = "<!DOCTYPE project [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;&a;'>]>"
    data = jar(f"{laughs}<project>{COORDINATES.replace('1.0', '&b;')}</project>", "pom.xml")
    assert read_bytes("java", "tool-1.0.jar", data) == TOOL
    assert "ARTIFACT-VERSION" in refusal("java", "tool.jar", data)


@pytest.mark.parametrize("order", [1, -1])
def test_pom_properties_go_before_pom_xml(order: int) -> None:
    """Maven writes resolved values to it, so the pom.xml beside it is not read, wherever the two are in the file."""
    files = [(f"{FOLDER}/pom.xml", b"<!DOCTYPE x><"), (f"{FOLDER}/pom.properties", PROPERTIES.encode())]
    assert read_bytes("java", "tool-1.0.jar", packages.zipped(files[::order])) == TOOL


@pytest.mark.parametrize("version", ["1.0-SNAPSHOT", "1", "2.0.0.RELEASE", "r09", "1.0_2+b"])
def test_version_may_be_of_any_scheme(version: str) -> None:
    """Maven prescribes none."""
    assert read_bytes("java", *packages.jar("tool", version)).version == version


@pytest.mark.parametrize("version", ["", ".1", "a b", "1:2", "[1,2)", "1*", "\u0661"])
def test_version_with_other_characters_is_refused(version: str) -> None:
    """Neither a version that Maven forbids nor one that no file name can have is taken, from wherever."""
    assert "ARTIFACT-VERSION" in refusal("java", "tool.jar", jar(PROPERTIES.replace("1.0", version)))
    name = f"tool-{version}.jar"
    assert "ARTIFACT-VERSION" in refusal("java", name, jar(PROPERTIES.replace("1.0", version)))


@pytest.mark.slow
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
    assert "more than 8 projects" in refusal_within_memory("java", "tool-1.0.jar", data, 16)
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
