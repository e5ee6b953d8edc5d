"""What is read out of packages that are as they should be, and out of names and fields that are not."""

import io

import pytest
import yaml

from buildkite_emulator.formats import READERS, Contents, UnreadablePackage, read
from buildkite_emulator.formats.documents import yaml_document
from scripts.samples import packages
from scripts.samples.ecosystems import BUILDERS
from scripts.servers.api import SPEC
from tests.emulator.formats.samples import SAMPLES, read_bytes, refusal

EMPTY_TAR = packages.tarball([])
CONTROL = "Package: {}\nVersion: {}\nArchitecture: {}\n"


@pytest.mark.parametrize(("ecosystem", "package", "contents"), SAMPLES.values(), ids=SAMPLES)
def test_reads_what_the_package_says(ecosystem: str, package: packages.Package, contents: Contents) -> None:
    """Name, version and variant are those that the package was made with."""
    assert read_bytes(ecosystem, *package) == contents


def test_builders_are_deterministic() -> None:
    """The same arguments make the same bytes, so that a test can compare digests."""
    assert packages.deb("ab", "1") == packages.deb("ab", "1")
    assert packages.gem("ab", "1") == packages.gem("ab", "1")
    assert packages.wheel("ab", "1") == packages.wheel("ab", "1")
    assert packages.sdist("ab", "1") == packages.sdist("ab", "1")
    assert packages.generic("ab", "1.0.0") == ("ab-1.0.0.bin", b"")
    for build in BUILDERS.values():
        assert build("ab", "1.0.0") == build("ab", "1.0.0")


def test_every_ecosystem_of_files_has_a_reader_and_a_builder() -> None:
    """What the spec names no native tool for can be published as a file, and the contract tests do."""
    of_files = {each.value for each in SPEC.ecosystems.values() if each.native_tool is None}
    assert of_files == READERS.keys() == BUILDERS.keys()
    for ecosystem, build in BUILDERS.items():
        assert "1.0.0" in read_bytes(ecosystem, *build("banana", "1.0.0")).version


def test_file_is_read_from_storage_in_big_blocks() -> None:
    """Storage may be remote, so it is read in large blocks; the file is never closed or written."""

    class Counting(io.BytesIO):
        reads = 0

        def read(self, size: int | None = -1, /) -> bytes:
            self.reads += 1
            return super().read(size)

    content = bytes(range(256)) * 4096 * 3
    data_tar = packages.tarball([(f"./{number}", content) for number in range(2)])
    control_tar = packages.tarball([("control", CONTROL.format("ab", "1", "all").encode())])
    data = packages.deb_parts(control_tar, data_tar, "gz", "none")
    file = Counting(data)
    assert read("debian", "a.deb", file, len(data)).name == "ab"
    assert file.reads <= len(data) / 2**20 + 2
    assert not file.closed


def test_storage_errors_are_not_blamed_on_the_package() -> None:
    """An error of the storage passes through, so that it is not shown as a fault of the upload."""

    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise ConnectionError(size)

    with pytest.raises(ConnectionError):
        read("debian", "a.deb", Broken(), 100)


def test_ecosystem_without_reader_is_refused() -> None:
    """A format that has no module is said to be not supported yet."""
    assert "'docker' are not supported by the emulator yet" in refusal("docker", "a.tar", b"")


@pytest.mark.parametrize("ecosystem", sorted(READERS.keys() - {"files"}))
def test_wrong_suffix_is_refused_with_the_right_ones(ecosystem: str) -> None:
    """The message names every suffix that the ecosystem takes."""
    message = refusal(ecosystem, "package.exe", b"")
    assert all(suffix in message for suffix in READERS[ecosystem])


@pytest.mark.parametrize(
    "file_name",
    [
        "",
        "../a-1.0.0.txt",
        "a/b-1.0.0.txt",
        "a\\b-1.0.0.txt",
        "..",
        ".",
        "a\0-1.0.0.txt",
        "a\n-1.0.0.txt",
        "a\x7f-1.0.0.txt",
        "a\u202e-1.0.0.txt",
        "a\udc80-1.0.0.txt",
        "a" * 255 + "-1.0.0.txt",
    ],
)
@pytest.mark.parametrize("ecosystem", READERS)
def test_file_name_that_is_no_plain_name_is_refused(ecosystem: str, file_name: str) -> None:
    """Separators, dots that lead upwards, unprintable characters and long names are refused."""
    message = refusal(ecosystem, file_name, b"")
    assert "file name" in message or "no name" in message
    assert message.isprintable()
    assert message.isascii()


@pytest.mark.parametrize(
    ("file_name", "name", "version"),
    [
        ("banana-1.0.0.txt", "banana", "1.0.0"),
        ("my-tool-1.2.3-rc.1+build.5.tar.gz", "my-tool", "1.2.3-rc.1+build.5"),
        ("a-1.0.0-2.0.0.zip", "a", "1.0.0-2.0.0"),
        ("my-app-1.0.0.zip", "my-app", "1.0.0"),
        ("firmware-2.3.1-beta.1.bin", "firmware", "2.3.1-beta.1"),
        ("a-1.0.0+build.123.7z", "a", "1.0.0+build.123"),
        ("a-1.0.0+001.zip", "a", "1.0.0+001"),
        ("a-1.0.0.tar.gz.sha256", "a", "1.0.0"),
        ("a-1.0.0-rc-1.tar.zst", "a", "1.0.0-rc-1"),
        ("a-1.2.3-1.x86_64.pkg.tar.zst", "a", "1.2.3-1"),
        ("3-4-5.6.7.x", "3-4", "5.6.7"),
    ],
)
def test_generic_file_name_is_split(file_name: str, name: str, version: str) -> None:
    """The file name is split as the module `files` describes."""
    extension = file_name.removeprefix(f"{name}-{version}.")
    assert read_bytes("files", file_name, b"") == Contents(name, version, extension)


@pytest.mark.parametrize(
    "file_name",
    [
        "banana.txt",
        "banana-1.0.txt",
        "banana-1.0.0",
        "banana-1.0.0.",
        "banana-1.0.0-rc.1",
        "banana-1.0.0.5.txt",
        "banana-01.0.0.txt",
        "banana-1.0.0-rc.01.7",
        "banana-v1.0.0.txt",
        "banana_1.0.0.txt",
        "ban_ana-1.0.0.txt",
        "banana--1.0.0.txt",
        "1.0.0.txt",
        "-1.0.0.txt",
        "banane\u0301-1.0.0.txt",
        "a-1.0.\u0660.txt",
        "a-1.2.3-1-x86_64.pkg.tar.zst",
        "a-1.0.0. txt",
    ],
)
def test_generic_file_name_of_another_form_is_refused(file_name: str) -> None:
    """The message is, letter for letter, that of the real service."""
    expected = "Invalid filename format. Expected: {BASENAME}-{SEMVER}.{EXT}"
    assert refusal("files", file_name, b"") == expected


def _deb(control: str) -> bytes:
    return packages.deb_parts(packages.tarball([("control", control.encode())]), EMPTY_TAR, "gz", "gz")


@pytest.mark.parametrize("version", ["1", "1.0-1", "1:1.0-2-3", "0:1:2:3-1", "1~rc1+b.2", "20260101", "1-1~bpo"])
def test_debian_version_of_policy_is_taken(version: str) -> None:
    """Every form that Debian Policy 5.6.12 allows is a version."""
    assert read_bytes("debian", "a.deb", _deb(CONTROL.format("ab", version, "all"))).version == version


@pytest.mark.parametrize(
    ("name", "version", "architecture", "fault"),
    [
        ("é", "1", "all", "name"),
        (".a", "1", "all", "name"),
        ("-ab", "1", "all", "name"),
        ("a/../b", "1", "all", "name"),
        ("", "1", "all", "name"),
        ("a" * 300, "1", "all", "name"),
        ("ab", "", "all", "version"),
        ("ab", "a1", "all", "version"),
        ("ab", "1_0", "all", "version"),
        ("ab", "1.0-", "all", "version"),
        ("ab", ":1", "all", "version"),
        ("ab", "x:1", "all", "version"),
        ("ab", "1:2-3:4", "all", "version"),
        ("ab", "1/../2", "all", "version"),
        ("ab", "1", "", "architecture"),
        ("ab", "1", "any", "architecture"),
        ("ab", "1", "linux-any", "architecture"),
        ("ab", "1", "amd64 arm64", "architecture"),
        ("ab", "1", "../x", "architecture"),
    ],
)
def test_debian_field_against_policy_is_refused(name: str, version: str, architecture: str, fault: str) -> None:
    """The message names the field that Debian Policy does not allow."""
    assert fault in refusal("debian", "a.deb", _deb(CONTROL.format(name, version, architecture)))


@pytest.mark.parametrize(
    "control",
    [
        CONTROL.format("ab", "1", "all") + "Package: cd\n",
        CONTROL.format("ab", "1", "all") + "package: cd\n",
        CONTROL.format("ab", "1", "all") + "\n" + CONTROL.format("cd", "1", "all"),
        " continued\n" + CONTROL.format("ab", "1", "all"),
        CONTROL.format("ab", "1", "all") + "no field\n",
        "-----BEGIN PGP SIGNED MESSAGE-----\n\n" + CONTROL.format("ab", "1", "all"),
        "",
        "# a comment\n" + CONTROL.format("ab", "1", "all"),
        CONTROL.format("ab", "1", "all") + "two words: x\n",
        CONTROL.format("ab", "1", "all") + "-x: y\n",
        CONTROL.format("ab", "1", "all") + " \n",
    ],
)
def test_debian_control_file_that_dpkg_refuses_is_refused(control: str) -> None:
    """Nothing is read from a control file that one tool reads in one way and another in another."""
    assert "Debian package" in refusal("debian", "a.deb", _deb(control))


@pytest.mark.parametrize(
    "control",
    [
        CONTROL.format("ab", "1", "all") + "Homepage : x\n",
        CONTROL.format("ab", "1", "all").replace(": ", " \t:\t"),
        CONTROL.format("ab", "1", "all").replace(": ", ":"),
        CONTROL.format("ab", "1", "all").replace("\n", " \n"),
        CONTROL.format("ab", "1", "all").replace("\n", "\r\n"),
        "\n\n" + CONTROL.format("ab", "1", "all") + "\n\n",
        CONTROL.format("ab", "1", "all").upper().replace("AB", "ab").replace("ALL", "all"),
        CONTROL.format("ab", "1", "all") + "Maintainer: Bj\xf6rn <b@example.com>\nDescription: d\n \xe9\n .\n\t: x\n",
        CONTROL.format("ab", "1", "all") + "\xdc: 1\n",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_debian_control_file_that_dpkg_takes_is_read(control: str, encoding: str) -> None:
    """Blanks around the colon, lines of Windows, and every encoding: each was tried with `dpkg --unpack`."""
    control_tar = packages.tarball([("control", control.encode(encoding))])
    data = packages.deb_parts(control_tar, EMPTY_TAR, "gz", "gz")
    assert read_bytes("debian", "a.deb", data) == Contents("ab", "1", "all")


@pytest.mark.parametrize("name", ["a", "A", "0", "a_b", "Foo.Bar+-", "a."])
def test_debian_name_that_dpkg_takes_is_read(name: str) -> None:
    """Policy wants lower-case letters and two characters; dpkg does not, and does not tell cases apart."""
    contents = read_bytes("debian", "a.deb", _deb(CONTROL.format(name, "1", "all")))
    assert (contents.name, contents.unique_name) == (name, name.lower())


@pytest.mark.parametrize("version", ["2147483647:1", "2147483648:1"])
def test_debian_epoch_is_an_int_of_c(version: str) -> None:
    """What is larger overflows in dpkg."""
    data = _deb(CONTROL.format("ab", version, "all"))
    if version.startswith("2147483647"):
        assert read_bytes("debian", "a.deb", data).version == version
    else:
        assert "version" in refusal("debian", "a.deb", data)


@pytest.mark.parametrize("control", [".gz", ".xz", ".zst", ""])
@pytest.mark.parametrize("data", [".gz", ".xz", ".zst", "", ".bz2", ".lzma"])
@pytest.mark.parametrize("end", ["", "/"])
def test_debian_parts_of_every_compression_are_read(control: str, data: str, end: str) -> None:
    """Those that dpkg takes; ar may end a name with a slash."""
    compress = {f".{name}": function for name, function in packages.RPM_COMPRESS.items()} | {"": bytes}
    control_tar = packages.tarball([("control", CONTROL.format("ab", "1", "all").encode())])
    parts = [
        (f"debian-binary{end}", b"2.0\n"),
        (f"control.tar{control}{end}", compress[control](control_tar)),
        (f"data.tar{data}{end}", compress[data](EMPTY_TAR)),
    ]
    whole = packages.ar(parts)
    for file in (whole, whole.removesuffix(b"\n") if len(parts[2][1]) % 2 else whole):
        assert read_bytes("debian", "a.deb", file) == Contents("ab", "1", "all")


@pytest.mark.parametrize("member", ["control.tar.bz2", "control.tar.lzma", "data.tar.br", "data.tar.Z"])
def test_debian_part_of_another_compression_is_refused(member: str) -> None:
    """The message names those that dpkg takes."""
    control_tar = packages.tarball([("control", CONTROL.format("ab", "1", "all").encode())])
    parts = [("debian-binary", b"2.0\n"), ("control.tar", control_tar), ("data.tar", EMPTY_TAR)]
    parts = [(member, b"x") if member.startswith(name) else (name, part) for name, part in parts]
    assert f"{member.partition('.tar')[0]}.tar.xz" in refusal("debian", "a.deb", packages.ar(parts))


@pytest.mark.parametrize("path", ["/usr/bin/x", "/", "./a\\..\\b", "..\\x", "C:/x", "C:\\x", "./a..b"])
def test_debian_file_may_have_an_odd_name(path: str) -> None:
    """Absolute names are installed below the root, and dpkg knows no separator but the slash."""
    control_tar = packages.tarball([("./control", CONTROL.format("ab", "1", "all").encode())])
    data = packages.deb_parts(control_tar, packages.tarball([(path, b"x")]), "gz", "gz")
    assert read_bytes("debian", "a.deb", data).name == "ab"


@pytest.mark.parametrize("name", ["control", "./control", "/control", "././control", ".//control"])
def test_debian_control_file_may_be_spelled_in_other_ways(name: str) -> None:
    """They all unpack to one file; so two of them are one file with two contents."""
    one = (name, CONTROL.format("ab", "1", "all").encode())
    assert read_bytes("debian", "a.deb", packages.deb_parts(packages.tarball([one]), EMPTY_TAR, "gz", "gz"))
    two = packages.tarball([one, ("control", one[1])])
    assert "more than one control file" in refusal("debian", "a.deb", packages.deb_parts(two, EMPTY_TAR, "gz", "gz"))


def test_debian_members_may_be_added_where_deb5_says() -> None:
    """Underscored members between the required ones, and any after them, are ignored; others are refused."""
    control_tar = packages.tarball([("control", CONTROL.format("ab", "1", "all").encode())])
    parts = [("debian-binary", b"2.1\nmore\n"), ("control.tar", control_tar), ("data.tar", EMPTY_TAR)]
    extended = [parts[0], ("_x", b"1"), parts[1], ("_y/", b"2"), parts[2], ("_gpgorigin", b"3")]
    assert read_bytes("debian", "a.deb", packages.ar(extended)).name == "ab"
    assert "control.tar" in refusal("debian", "a.deb", packages.ar([parts[0], ("x", b""), *parts[1:]]))
    assert "data.tar" in refusal("debian", "a.deb", packages.ar(parts[:2]))
    assert "format 2" in refusal("debian", "a.deb", packages.ar([("debian-binary", b"3.0\n"), *parts[1:]]))


def _gem(specification: str) -> bytes:
    return packages.gem_parts(specification.encode(), EMPTY_TAR)


GEM = "--- !ruby/object:Gem::Specification\nname: {}\nversion: !ruby/object:Gem::Version\n  version: {}\n"


@pytest.mark.parametrize(
    ("specification", "fault"),
    [
        (GEM.format(".", "1"), "name"),
        (GEM.format("..", "1"), "name"),
        (GEM.format("a/b", "1"), "name"),
        (GEM.format("é", "1"), "name"),
        (GEM.format('"a\\0"', "1"), "name"),
        (GEM.format("[a]", "1"), "name"),
        (GEM.format("a", "x"), "version"),
        (GEM.format("a", "1..2"), "version"),
        (GEM.format("a", "'1 2'"), "version"),
        ("name: a\nversion: '1'\n", "version"),
        ("name: a\nversion: &v {version: *v}\n", "version"),
        (GEM.format("a", "1") + "platform: ../x\n", "platform"),
        (GEM.format("a", "1") + "name: b\n", "twice"),
        (GEM.format("a", "1") + "  version: 2\n", "twice"),
        ("a: [", "not valid YAML"),
        ("- a\n", "name"),
        ("a", "name"),
        ("", "name"),
        ('name: "\\UFFFFFFFF"', "not valid YAML"),
        ("%YAML 1." + "9" * 5000 + "\n--- {}\n", "not valid YAML"),
    ],
)
@pytest.mark.parametrize("loader", ["C", "Python"])
def test_gem_specification_that_is_not_valid_is_refused(
    monkeypatch: pytest.MonkeyPatch, specification: str, fault: str, loader: str
) -> None:
    """The message says what is wrong with the specification, with libyaml and without it."""
    if loader == "Python":
        monkeypatch.setattr(yaml_document, "_LOADER", yaml.SafeLoader)
    assert fault in refusal("ruby", "a.gem", _gem(specification))


def test_gem_of_old_ruby_with_binary_strings_is_read() -> None:
    """Ruby 1.9 wrote strings as base64 with a tag; they are read, and so are anchors."""
    specification = "name: !binary |-\n  YWJj\nversion: &v !ruby/object:Gem::Version\n  version: '1'\nx: *v\n"
    assert read_bytes("ruby", "a.gem", _gem(specification)) == Contents("abc", "1")


@pytest.mark.parametrize("name", ["_a", "-a", ".a", "123", "A.b-c_d", "a" * 255])
def test_gem_name_that_rubygems_installs_is_read(name: str) -> None:
    """`gem build` wants a letter, and no sign first; `gem install` does not."""
    assert read_bytes("ruby", "a.gem", _gem(GEM.format(f"'{name}'", "1"))).name == name


@pytest.mark.parametrize(
    ("specification", "variant"),
    [
        (GEM.format("a", "1") + "platform: ruby\n", None),
        (GEM.format("a", "1") + "platform: ''\n", None),
        (GEM.format("a", "1") + "platform: ~\n", None),
        (GEM.format("a", "1") + "platform: java\n", "java"),
        (
            GEM.format("a", "1") + "platform: !ruby/object:Gem::Platform\n  cpu: x86\n  os: mingw32\n  version:\n",
            "x86-mingw32",
        ),
        (
            "x: &v !ruby/object:Gem::Version\n  version: '1'\nname: a\nversion: *v\n",
            None,
        ),
        (GEM.format("a", "1") + "x: !ruby/regexp /a/\ny: !ruby/sym b\nz: !ruby/object:Date\n  1: 2\n", None),
        (GEM.format("a", "1") + "cert_chain: []\nrequired_ruby_version:\n  requirements:\n", None),
        (GEM.format("a", "1") + "--- {}\n", None),
        (GEM.format("a", "1").removeprefix("--- !ruby/object:Gem::Specification\n"), None),
    ],
)
def test_gem_specification_of_many_tools_is_read(specification: str, variant: str | None) -> None:
    """Objects of Ruby, aliases and odd platforms, as RubyGems of many ages wrote them."""
    assert read_bytes("ruby", "a.gem", _gem(specification)) == Contents("a", "1", variant)


def test_gem_specification_may_be_uncompressed() -> None:
    """Old gems have it so; and parts that RubyGems does not look for do not count, whatever they are."""
    specification = ("metadata", GEM.format("a", "1").encode())
    data = ("data.tar.gz", packages.gzipped(EMPTY_TAR))
    others = [("data.tar.gz.sig", b"x"), ("folder/x", b"")]
    assert read_bytes("ruby", "a.gem", packages.tarball([specification, data, *others])) == Contents("a", "1")
    both = [specification, data, ("metadata.gz", packages.gzipped(specification[1]))]
    assert "two specifications" in refusal("ruby", "a.gem", packages.tarball(both))


@pytest.mark.parametrize("algorithm", ["SHA1", "SHA256", "SHA512"])
def test_gem_with_wrong_checksum_is_refused(algorithm: str) -> None:
    """Each algorithm that RubyGems has used is checked, and parts that are not there fail the check."""
    parts = [
        ("metadata.gz", packages.gzipped(GEM.format("a", "1").encode())),
        ("data.tar.gz", packages.gzipped(EMPTY_TAR)),
    ]
    assert read_bytes("ruby", "a.gem", packages.tarball(parts)) == Contents("a", "1")
    for part in ("data.tar.gz", "absent"):
        checksums = packages.gzipped(f"{algorithm}:\n  {part}: {'0' * 40}\n".encode())
        data = packages.tarball([*parts, ("checksums.yaml.gz", checksums)])
        assert "checksum" in refusal("ruby", "a.gem", data)


@pytest.mark.parametrize("missing", ["metadata.gz", "data.tar.gz"])
def test_gem_without_a_part_is_refused(missing: str) -> None:
    """The message names the part."""
    parts = {
        "metadata.gz": packages.gzipped(GEM.format("a", "1").encode()),
        "data.tar.gz": packages.gzipped(EMPTY_TAR),
    }
    del parts[missing]
    assert missing in refusal("ruby", "a.gem", packages.tarball(parts.items()))


def _wheel(metadata: bytes, folder: str = "tool-1.0.dist-info") -> bytes:
    return packages.zipped([(f"{folder}/METADATA", metadata)])


def _sdist(pkg_info: bytes, folder: str = "tool-1.0") -> bytes:
    return packages.gzipped(packages.tarball([(f"{folder}/PKG-INFO", pkg_info)]))


@pytest.mark.parametrize(
    ("file_name", "tags"),
    [
        ("Tool-1.0-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl", None),
        ("tool-1.0.0-1-py2.py3-none-any.whl", "1-py2.py3-none-any"),
    ],
)
def test_wheel_of_equal_name_and_version_is_read(file_name: str, tags: str | None) -> None:
    """Names and versions are compared in their normal forms, and the tags are kept as they are spelled."""
    data = _wheel(packages.core_metadata("tool", "1.0"))
    expected = tags or file_name.removeprefix("Tool-1.0-").removesuffix(".whl")
    assert read_bytes("python", file_name, data) == Contents("tool", "1.0", expected)


@pytest.mark.parametrize(
    ("metadata", "fault"),
    [
        (packages.core_metadata("other", "1.0"), "says"),
        (packages.core_metadata("tool", "2.0"), "says"),
        (packages.core_metadata("../tool", "1.0"), "Name"),
        (packages.core_metadata("", "1.0"), "Name"),
        (packages.core_metadata("tool", "one"), "Version"),
        (packages.core_metadata("tool", "9" * 5000), "Version"),
        (packages.core_metadata("tool", "1.0\nName: other"), "Name"),
        (packages.core_metadata("tool", "1.0\nVersion: 2.0"), "Version"),
        (b"", "Name"),
        (b"\xff\xfe", "Name"),
    ],
)
def test_python_metadata_that_is_wrong_or_not_of_the_file_name_is_refused(metadata: bytes, fault: str) -> None:
    """The message says what is wrong, for wheels and sdists alike."""
    assert fault in refusal("python", "tool-1.0-py3-none-any.whl", _wheel(metadata))
    assert fault in refusal("python", "tool-1.0.tar.gz", _sdist(metadata))


@pytest.mark.parametrize(
    "file_name",
    [
        "tool.whl",
        "tool-1.0.whl",
        "tool-x-py3-none-any.whl",
        "tool.tar.gz",
        "tool-x.tar.gz",
        "-1.0.tar.gz",
        ".zip",
    ],
)
def test_python_file_name_of_another_form_is_refused(file_name: str) -> None:
    """The message says of what form the name has to be."""
    assert "NAME-VERSION" in refusal("python", file_name, b"")


def test_sdist_counts_only_the_pkg_info_at_the_top() -> None:
    """A PKG-INFO of an .egg-info folder or of test data is not the package's own."""
    data = packages.gzipped(
        packages.tarball(
            [
                ("tool-1.0/tool.egg-info/PKG-INFO", packages.core_metadata("other", "2")),
                ("./tool-1.0/PKG-INFO", packages.core_metadata("tool", "1.0")),
            ]
        )
    )
    assert read_bytes("python", "tool-1.0.tar.gz", data) == Contents("tool", "1.0")


@pytest.mark.parametrize(
    ("file_name", "name", "version", "read"),
    [
        ("pst-1.0-1.tar.gz", "pst", "1.0-1", "1.0.post1"),
        ("pst-1.0-1.tar.gz", "pst", "1.0.post1", "1.0.post1"),
        ("foo-2-1.0.tar.gz", "foo-2", "1.0", "1.0"),
        ("foo-2-1.0.tar.gz", "Foo.2", "1.0", "1.0"),
        ("foo-bar-1.0.tar.gz", "foo_bar", "1.0", "1.0"),
        ("foo--bar-1.0.tar.gz", "foo.bar", "1.0", "1.0"),
        ("Foo.Bar-1.0-rc-1.tar.gz", "Foo.Bar", "1.0-rc-1", "1.0rc1"),
        ("foo-v1.0.tar.gz", "foo", "1", "1"),
        ("foo-1.0_rc1.tar.gz", "foo", "1.0rc1", "1.0rc1"),
        ("foo-1.0.dev0.tar.gz", "foo", "1.0dev", "1.0.dev0"),
        ("foo-1!2.0+ubuntu-1.tar.gz", "foo", "1!2.0+ubuntu.1", "1!2.0+ubuntu.1"),
        ("foo-01.0.tar.gz", "foo", "1.0", "1.0"),
    ],
)
def test_sdist_is_split_by_its_metadata(file_name: str, name: str, version: str, read: str) -> None:
    """A hyphen may belong to the name or to the version: PKG-INFO decides. Both count in their normal forms."""
    assert read_bytes("python", file_name, _sdist(packages.core_metadata(name, version))) == Contents(name, read)


@pytest.mark.parametrize("compression", ["bz2", "xz", "none"])
def test_sdist_of_each_kind_that_setuptools_makes_is_read(compression: str) -> None:
    """All of them are what pip unpacks; a damaged one is refused."""
    suffix = "" if compression == "none" else f".{compression}"
    archive = packages.tarball([("tool-1.0/PKG-INFO", packages.core_metadata("tool", "1.0"))])
    data = packages.COMPRESS[compression](archive)
    assert read_bytes("python", f"tool-1.0.tar{suffix}", data) == Contents("tool", "1.0")
    assert refusal("python", f"tool-1.0.tar{suffix}", data[: len(data) // 10])
    assert refusal("python", "tool-1.0.tar.gz", data)


@pytest.mark.parametrize("built_by", ["setup.py", "pyproject.toml"])
@pytest.mark.parametrize("suffix", [".tar.gz", ".zip"])
def test_sdist_without_pkg_info_is_named_by_its_file(built_by: str, suffix: str) -> None:
    """An archive of a repository has none, and pip builds it."""
    files = [(f"tool-1.0/{built_by}", b""), ("tool-1.0/tests/PKG-INFO", b"")]
    data = packages.zipped(files) if suffix == ".zip" else packages.gzipped(packages.tarball(files))
    assert read_bytes("python", f"My_Tool-1.0-rc1{suffix}", data) == Contents("my-tool", "1.0rc1")
    assert "where the version starts" in refusal("python", f"tool-1.0-1{suffix}", data)


def test_sdist_that_pip_cannot_build_is_refused() -> None:
    """A tarball without build files is not an sdist, and the name must be valid."""
    for path in ("tool-1.0/README", "tool-1.0/src/setup.py", "setup.py"):
        data = packages.gzipped(packages.tarball([(path, b"")]))
        assert "no PKG-INFO" in refusal("python", "tool-1.0.tar.gz", data)
    data = packages.gzipped(packages.tarball([("tool-1.0/setup.py", b"")]))
    for name in ("a b", "-a", "a_", "\u00e9"):
        assert "NAME-VERSION" in refusal("python", f"{name}-1.0.tar.gz", data)


def test_sdist_of_another_split_is_refused() -> None:
    """The message shows what the file name may say."""
    data = _sdist(packages.core_metadata("foo", "2"))
    assert "'foo-2' '1.0'" in refusal("python", "foo-2-1.0.tar.gz", data)
    assert "'foo' '2.0.post1'" in refusal("python", "foo-2.0-1.tar.gz", data)


@pytest.mark.parametrize(
    "pkg_info",
    [
        "Author: Bj\xf6rn",
        "Description: a\n        b\n        \n        c",
        "Metadata-Version: 2.4\nLicense-Expression: MIT\nLicense-File: LICENSE\nDynamic: x\nX-Other: y",
        "License: UNKNOWN\nPlatform: UNKNOWN\nRequires: a (>1)\nRequires-Dist: ???",
        "name-of-none",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_python_metadata_of_many_tools_is_read(pkg_info: str, encoding: str) -> None:
    """What is odd in other fields, or in their encoding, does not count."""
    data = f"Metadata-Version: 1.1\nName: tool\nVersion: 1.0\n{pkg_info}\n\nBody: x\n".encode(encoding)
    assert read_bytes("python", "tool-1.0.tar.gz", _sdist(data)) == Contents("tool", "1.0")
    assert read_bytes("python", "tool-1.0-py3-none-any.whl", _wheel(data)).name == "tool"


@pytest.mark.parametrize("path", ["/etc/x", "\\x", "C:\\x", "/tool-1.0/PKG-INFO"])
def test_sdist_may_have_absolute_names(path: str) -> None:
    """Python drops the root of what it unpacks."""
    files = [("/tool-1.0/setup.py", b""), (path, packages.core_metadata("tool", "1.0"))]
    if not path.endswith("PKG-INFO"):
        files.append(("tool-1.0/PKG-INFO", files[1][1]))
    assert read_bytes("python", "tool-1.0.tar.gz", packages.gzipped(packages.tarball(files))).name == "tool"


def test_message_is_of_bounded_length() -> None:
    """A long or strange value out of a file is cut and quoted in the message."""
    with pytest.raises(UnreadablePackage) as error:
        read_bytes("debian", "a.deb", _deb(CONTROL.format("\u202e" * 100_000, "1", "all")))
    assert len(str(error.value)) < 1000
    assert str(error.value).isascii()
