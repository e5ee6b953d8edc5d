"""Publishing: what is accepted, what is refused, and that a refusal leaves nothing behind."""

import asyncio
import gzip
import hashlib
import io
import os
import socket
import struct
import tarfile
import zipfile
import zlib
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from buildkite_emulator.api.uploads import sent_file_name
from buildkite_emulator.server import BuiltEmulator, build
from buildkite_emulator.testing import EmulatorTransport
from scripts.samples import packages
from scripts.samples.packages import Package
from scripts.servers.api import ORGANIZATION, SPEC, TOKEN, Api, running_emulator
from scripts.servers.raw_requests import (
    MULTIPART,
    blobs_below,
    connected,
    files_below,
    form,
    head,
    part,
    receive_head,
    until,
    upload_under_way,
)

pytestmark = pytest.mark.slow

MIB = 1 << 20
LIMIT = 6 * MIB
"""The largest file that the emulator of these tests takes."""

FORM = form(part(b"content", file_name="tool-1.0.0.bin"))

REFUSALS = SPEC.document["components"]["responses"]["ValidationFailed"]["content"]["application/json"]["examples"]

NATIVE_TOOLS = {"container": "docker push", "helm_oci": "helm push", "huggingface": "huggingface-cli upload"}
"""By ecosystem whose packages are not single files, what publishes them."""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Name a folder, which exists once an emulator keeps its data there."""
    return tmp_path_factory.mktemp("publish") / "data"


@pytest.fixture(scope="module", params=["memory", "folder"])
def emulator(request: pytest.FixtureRequest, data: Path) -> Iterator[BuiltEmulator]:
    """Give an emulator of this process, once in memory and once in a folder; the tests share it."""
    built = build(data=data if request.param == "folder" else None, max_upload_size=LIMIT)
    yield built
    built.close()


@pytest.fixture
def api(emulator: BuiltEmulator) -> Iterator[Api]:
    """Reach the emulator, and empty it after the test."""
    with httpx.Client(transport=EmulatorTransport(emulator.app), base_url="http://testserver") as client:
        api = Api(client)
        yield api
        for registry in api.ok("list_registries"):
            api.ok("delete_registry", registry["slug"])
    assert emulator.blobs.ids() == set()


def send(api: Api, registry: str, body: bytes, content_type: str | None = MULTIPART) -> httpx.Response:
    """Publish with a body that was made by hand."""
    headers = {} if content_type is None else {"Content-Type": content_type}
    return api.call("publish_package", registry, content=body, headers=headers)


def refusal(example: str) -> str:
    """Return the message of an example of the spec, which clients look for."""
    message: str = REFUSALS[example]["value"]["message"]
    return message


def assert_refused(response: httpx.Response, reason: str) -> None:
    """See that a request was refused as invalid, and that the message gives the reason."""
    assert response.status_code == 422, response.text
    assert reason in response.json()["message"]


def assert_nothing_kept(emulator: BuiltEmulator, api: Api, registry: str, data: Path) -> None:
    """See that a registry is empty and that no blob and no file is left, soon if not at once."""
    assert api.ok("list_packages", registry)["items"] == []
    assert emulator.blobs.ids() == set()
    until(lambda: not blobs_below(data / "blobs"), "the unfinished file is gone")


def contents(emulator: BuiltEmulator, size: int) -> bytes:
    """Read the only blob that there is."""
    (blob_id,) = emulator.blobs.ids()
    with emulator.blobs.open(blob_id, size) as file:
        return file.read()


@pytest.mark.parametrize(
    ("ecosystem", "package", "expected"),
    [
        ("debian", packages.deb("banana", "1:1.1-2", "amd64"), ("banana", "1:1.1-2", "amd64")),
        ("ruby", packages.gem("banana", "1.0.0"), ("banana", "1.0.0", None)),
        ("ruby", packages.gem("banana", "1.0.0", "x86_64-linux"), ("banana", "1.0.0", "x86_64-linux")),
        ("python", packages.wheel("Banana.Split", "1.0"), ("Banana.Split", "1.0", "py3-none-any")),
        ("python", packages.sdist("Banana.Split", "1.0"), ("Banana.Split", "1.0", None)),
        ("alpine", packages.apk("banana", "1.0_rc1-r2", "x86_64"), ("banana", "1.0_rc1-r2", "x86_64")),
        ("helm", packages.chart("banana", "1.0.0"), ("banana", "1.0.0", None)),
        ("redhat", packages.rpm("banana", "2:1.0-3.el9", "aarch64"), ("banana", "2:1.0-3.el9", "aarch64")),
        ("redhat", packages.rpm("banana", "1.0", "src"), ("banana", "1.0-1", "src")),
        ("terraform", packages.terraform_module("banana", "1.0.0"), ("terraform-example-banana", "1.0.0", None)),
        ("java", packages.jar("banana", "1.0", classifier="sources"), ("org.example:banana", "1.0", "sources")),
        ("javascript", packages.npm("@fruit/banana", "1.0.0"), ("@fruit/banana", "1.0.0", None)),
        ("nuget", packages.nupkg("Banana.Split", "1.0"), ("Banana.Split", "1.0.0", None)),
        ("files", packages.generic("banana-split", "1.0.0-rc.1", b"any"), ("banana-split", "1.0.0-rc.1", "bin")),
        ("files", packages.generic("empty", "1.0.0"), ("empty", "1.0.0", "bin")),
    ],
    ids=[
        *["deb", "gem", "gem-of-a-platform", "wheel", "sdist", "apk", "chart", "rpm", "source-rpm", "module", "jar"],
        *["npm", "nupkg", "file", "empty-file"],
    ],
)
def test_each_format_is_published_with_what_it_says_of_itself(
    emulator: BuiltEmulator, api: Api, ecosystem: str, package: Package, expected: tuple[str, str, str | None]
) -> None:
    """Name, version and variant come out of the file, the digests are the file's, and its bytes are kept as sent."""
    registry = api.registry(ecosystem)
    response = api.publish(registry, package)
    assert response.status_code == 200, response.text
    published = response.json()
    assert (published["name"], published["version"], published["variant"]) == expected
    digests = {name: hashlib.new(name, package[1]).hexdigest() for name in ("sha256", "sha512")}
    assert published["digests"] == digests
    assert api.ok("get_package", registry, published["id"]) == published
    (listed,) = api.ok("list_packages", registry)["items"]
    assert listed == {name: published[name] for name in listed}
    assert contents(emulator, len(package[1])) == package[1]


def renamed(package: Package, file_name: str) -> Package:
    """Give a package's file another name."""
    return file_name, package[1]


def truncated(package: Package, share: float = 0.5) -> Package:
    """Leave only the first part of a package's file."""
    return package[0], package[1][: int(len(package[1]) * share)]


def corrupted(package: Package, at: bytes, offset: int = 0) -> Package:
    """Flip the bits of the byte some way after the last place of a mark in a package's file."""
    content = bytearray(package[1])
    content[package[1].rindex(at) + offset] ^= 0xFF
    return package[0], bytes(content)


def zeros(size: int) -> bytes:
    """Compress a tar archive with one file of zeros."""
    member = tarfile.TarInfo("zeros")
    member.size = size
    deflate = zlib.compressobj(1, wbits=16 + zlib.MAX_WBITS)
    blocks = (deflate.compress(bytes(MIB)) for _ in range(size // MIB))
    return deflate.compress(member.tobuf()) + b"".join(blocks) + deflate.flush()


def bomb_of_deb() -> Package:
    """Make a Debian package that unpacks to 300 MiB."""
    control = packages.tarball([("control", b"Package: ab\nVersion: 1\nArchitecture: all\n")])
    parts = [("debian-binary", b"2.0\n"), ("control.tar.gz", gzip.compress(control)), ("data.tar.gz", zeros(300 * MIB))]
    return "ab_1_all.deb", packages.ar(parts)


def bomb_of_gem() -> Package:
    """Make a gem that unpacks to 300 MiB."""
    specification = gzip.compress(b"name: ab\nversion: {version: 1}\n")
    return "ab-1.gem", packages.tarball([("metadata.gz", specification), ("data.tar.gz", zeros(300 * MIB))])


def bomb_of_sdist() -> Package:
    """Make a source distribution that unpacks to 300 MiB."""
    return "ab-1.tar.gz", zeros(300 * MIB)


def bomb_of_wheel() -> Package:
    """Make a wheel that unpacks to 300 MiB."""
    _, content = packages.wheel("ab", "1")
    added = io.BytesIO(content)
    with (
        zipfile.ZipFile(added, "a", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("zeros", "w") as member,
    ):
        for _ in range(300):
            member.write(bytes(MIB))
    return "ab-1-py3-none-any.whl", added.getvalue()


def sdist_that_leads_out() -> Package:
    """Make a source distribution that unpacks outside of its folder."""
    files = [("ab-1/PKG-INFO", packages.core_metadata("ab", "1")), ("ab-1/../../evil.py", b"")]
    return "ab-1.tar.gz", gzip.compress(packages.tarball(files))


def wheel_that_leads_out() -> Package:
    """Make a wheel that unpacks outside of its folder."""
    files = [("ab-1.dist-info/METADATA", packages.core_metadata("ab", "1")), ("../evil.py", b"")]
    return "ab-1-py3-none-any.whl", packages.zipped(files)


DEB, GEM = packages.deb("banana", "1.0"), packages.gem("banana", "1.0")
APK, RPM = packages.apk("banana", "1.0"), packages.rpm("banana", "1.0")
CHART, MODULE = packages.chart("banana", "1.0.0"), packages.terraform_module("banana", "1.0.0")
WHEEL, SDIST = packages.wheel("banana", "1.0"), packages.sdist("banana", "1.0")

BAD_FILES: dict[str, tuple[str, Package | Callable[[], Package], str]] = {
    "deb of a wrong suffix": ("debian", renamed(DEB, "banana_1.0_all.rpm"), "should end with .deb"),
    "gem of a wrong suffix": ("ruby", renamed(GEM, "banana-1.0.gem.txt"), "should end with .gem"),
    "wheel of a wrong suffix": ("python", renamed(WHEEL, "banana-1.0-py3-none-any.egg"), "should end with .whl"),
    "sdist of a wrong suffix": ("python", renamed(SDIST, "banana-1.0.tgz"), "should end with .whl or .tar.gz"),
    "file without a version": (
        "files",
        ("README.md", b""),
        "Invalid filename format. Expected: {BASENAME}-{SEMVER}.{EXT}",
    ),
    "file without a suffix": (
        "files",
        ("tool-1.0.0", b""),
        "Invalid filename format. Expected: {BASENAME}-{SEMVER}.{EXT}",
    ),
    "apk of a wrong suffix": ("alpine", renamed(APK, "banana-1.0.tgz"), "should end with .apk"),
    "rpm of a wrong suffix": ("redhat", renamed(RPM, "banana-1.0.deb"), "should end with .rpm"),
    "chart of a wrong suffix": ("helm", renamed(CHART, "banana-1.0.0.zip"), "should end with .tgz"),
    "module of a wrong suffix": ("terraform", renamed(MODULE, "terraform-a-b-1.0.0.7z"), "should end with .tgz or"),
    "module without a version": ("terraform", renamed(MODULE, "terraform-a-b.tgz"), "not that of a Terraform module"),
    "truncated deb": ("debian", truncated(DEB), "cut off"),
    "truncated gem": ("ruby", truncated(GEM, 0.25), "cut off"),
    "truncated wheel": ("python", truncated(WHEEL), "corrupt or cut off"),
    "truncated sdist": ("python", truncated(SDIST), "cut off"),
    "corrupt deb": ("debian", corrupted(DEB, b"data.tar", 80), "corrupt"),
    "corrupt gem": ("ruby", corrupted(GEM, b"\x1f\x8b", 20), "corrupt"),
    "corrupt wheel": ("python", corrupted(WHEEL, b"PK\3\4", 80), "corrupt"),
    "corrupt sdist": ("python", corrupted(SDIST, b"\x1f\x8b", 40), "corrupt"),
    "truncated apk": ("alpine", truncated(APK), "cut off"),
    "truncated rpm": ("redhat", truncated(RPM), "cut off"),
    "truncated chart": ("helm", truncated(CHART), "cut off"),
    "truncated module": ("terraform", truncated(MODULE), "cut off"),
    "corrupt apk": ("alpine", corrupted(APK, b"\x1f\x8b", 40), "corrupt"),
    "corrupt rpm": ("redhat", corrupted(RPM, b"\x1f\x8b", 40), "corrupt"),
    "corrupt rpm header": ("redhat", corrupted(RPM, b"made for a test"), "header does not have the sha1 digest"),
    "empty deb": ("debian", ("a_1_all.deb", b""), "not a Debian package"),
    "empty gem": ("ruby", ("a-1.gem", b""), "The "),
    "empty wheel": ("python", ("a-1-py3-none-any.whl", b""), "not a zip archive"),
    "empty sdist": ("python", ("a-1.tar.gz", b""), "cut off"),
    "gem that calls itself a deb": ("debian", renamed(GEM, "banana.deb"), "not a Debian package"),
    "deb that calls itself a gem": ("ruby", renamed(DEB, "banana.gem"), "The "),
    "wheel of another name": ("python", renamed(WHEEL, "cherry-1.0-py3-none-any.whl"), "banana"),
    "wheel of another version": ("python", renamed(WHEEL, "banana-2.0-py3-none-any.whl"), "1.0"),
    "sdist of another name": ("python", renamed(SDIST, "cherry-1.0.tar.gz"), "banana"),
    "deb in a registry of gems": ("ruby", DEB, f"{refusal('package_type')}: the file name"),
    "deb that calls itself an rpm": ("redhat", renamed(DEB, "banana.rpm"), "not a Red Hat package"),
    "chart that calls itself an apk": ("alpine", renamed(CHART, "banana.apk"), "The Alpine package has"),
    "npm package that calls itself a chart": ("helm", packages.npm("banana", "1.0.0"), "not a Helm chart"),
    "npm package that calls itself a module": (
        "terraform",
        renamed(packages.npm("banana", "1.0.0"), "terraform-a-b-1.0.0.tgz"),
        "not a Terraform module",
    ),
    "deb that is a bomb": ("debian", bomb_of_deb, "unpacks to more than 256 MiB"),
    "gem that is a bomb": ("ruby", bomb_of_gem, "unpacks to more than 256 MiB"),
    "sdist that is a bomb": ("python", bomb_of_sdist, "unpacks to more than 256 MiB"),
    "wheel that is a bomb": ("python", bomb_of_wheel, "unpacks to more than 256 MiB"),
    "sdist with a path that leads out": ("python", sdist_that_leads_out, "leads out of it"),
    "wheel with a path that leads out": ("python", wheel_that_leads_out, "leads out of it"),
    "file that is too large": ("files", ("tool-1.0.0.bin", bytes(LIMIT + 1)), f"larger than {LIMIT} bytes"),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_a_bad_file_is_refused_and_nothing_of_it_is_kept(
    emulator: BuiltEmulator, api: Api, data: Path, case: str
) -> None:
    """A file that is no whole and harmless package of its registry's ecosystem gets 422, the reason, and no place."""
    ecosystem, package, reason = BAD_FILES[case]
    registry = api.registry(ecosystem)
    assert_refused(api.publish(registry, package() if callable(package) else package), reason)
    assert_nothing_kept(emulator, api, registry, data)


@pytest.mark.parametrize(
    "file_name",
    [
        *[
            "x-1.0.0...bin",
            "x-1.0.0.b\tin",
            "x-1.0.0.\u202ebin",
            ".",
            "..",
            "a/",
            "a/..",
            "a\\",
            "C:",
            "x" * 300 + "-1.0.0.bin",
        ],
        *["%2E%2E", "..%2F", "x%00-1.0.0.bin", "x-1.0.0.b%0Ain", "x-1.0.0.bin%2f", "%252fx-1.0.0.bin", "x-1.0.0.b\0in"],
    ],
)
def test_a_file_name_that_is_none_is_refused(emulator: BuiltEmulator, api: Api, data: Path, file_name: str) -> None:
    """A name whose last segment is still no name gets 422, and nothing is written, here or elsewhere."""
    registry = api.registry()
    before = files_below(data.parent)
    assert_refused(send(api, registry, form(part(b"content", file_name=file_name))), "file")
    assert_nothing_kept(emulator, api, registry, data)
    assert {name for name in files_below(data.parent) - before if "emulator.sqlite3" not in name} == set()


@pytest.mark.parametrize(
    "parameters",
    [
        *[
            'filename="dist/x-1.0.0.bin"',
            'filename="../x-1.0.0.bin"',
            'filename="/etc/x-1.0.0.bin"',
            "filename=a/x-1.0.0.bin",
        ],
        *[
            r'filename="C:\a\x-1.0.0.bin"',
            r'filename="C:\\a\\x-1.0.0.bin"',
            r'filename="\\a\x-1.0.0.bin"',
            r"filename=a\x-1.0.0.bin",
        ],
        *[
            'filename="C:x-1.0.0.bin"',
            'filename="a/b\\x-1.0.0.bin"',
            'FileName="x-1.0.0.bin"',
            'filename = "x-1.0.0.bin"',
        ],
        *[
            'filename="x%2D1.0.0.bin"',
            'filename="dist%2Fx-1.0.0.bin"',
            'filename="C%3A%5Cx-1.0.0.bin"',
            'filename="%41/x-1.0.0.bin"',
        ],
        *[
            "filename*=utf-8''x-1.0.0.bin",
            "filename*=UTF-8'en'dist%2Fx%2D1.0.0.bin",
            "filename*=iso-8859-1''%E4/x-1.0.0.bin",
        ],
        *["filename*=\"utf-8''x-1.0.0.bin\"", "filename=y-1.0.0.bin; filename*=utf-8''x-1.0.0.bin"],
        *["filename*=utf-8''x-1.0.0.bin; filename=y-1.0.0.bin", 'filename*0="dist/x-"; filename*1="1.0.0.bin"'],
    ],
)
def test_the_last_segment_of_a_file_name_counts(emulator: BuiltEmulator, api: Api, parameters: str) -> None:
    """Browsers, aiohttp, requests and scripts send paths, percent-encoded names and `filename*=` of RFC 5987."""
    registry = api.registry()
    body = f'Content-Disposition: form-data; name="file"; {parameters}\r\n\r\n'.encode() + b"content"
    response = send(api, registry, form(body))
    assert response.status_code == 200, response.text
    assert (response.json()["name"], response.json()["version"]) == ("x", "1.0.0")
    assert contents(emulator, 7) == b"content"


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        (b'form-data; filename="\xc3\xa4 100%.bin"', "\xe4 100%.bin"),
        (b'form-data; filename="%E4.bin"', "%E4.bin"),
        (b'form-data; filename="%c3%a4+%2b.bin"', "\xe4++.bin"),
        (b"form-data; filename*=utf-8''%c3%a4%25.bin", "\xe4%.bin"),
        (b"form-data; filename*=iso-8859-1''%e4.bin", "\xe4.bin"),
        (b"form-data; filename*=utf-7''%2BAOQ-.bin", "+AOQ-.bin"),
        (b"form-data; filename*=x.bin", "x.bin"),
        (b"form-data; filename=y.bin; filename*=x.bin", "y.bin"),
        (b"form-data; filename*=utf-8''; filename=y.bin", "y.bin"),
        (b'form-data; filename="a\\"b;c=d.bin"', 'a"b;c=d.bin'),
        (b'form-data; filename="a%22b.bin"', 'a"b.bin'),
        (b'form-data; filename="a_1%3a2.deb"', "a_1:2.deb"),
        (b"form-data", ""),
        (b"", ""),
    ],
)
def test_a_file_name_is_decoded_once(disposition: bytes, name: str) -> None:
    """Escapes count where they make UTF-8; of the character sets of RFC 5987 those that it names count."""
    assert sent_file_name(disposition) == name


BAD_FORMS: dict[str, tuple[bytes, str | None, str]] = {
    "no field": (form(part(b"1", "other")), MULTIPART, "`file` is missing"),
    "no part at all": (b"--boundary--\r\n", MULTIPART, "Validation failed"),
    "empty body": (b"", MULTIPART, "Validation failed"),
    "the field under another name": (form(part(b"1", "files", "a-1.0.0.bin")), MULTIPART, "`file` is missing"),
    "the field twice": (form(*[part(b"1", file_name="a-1.0.0.bin")] * 2), MULTIPART, "twice"),
    "the field twice, once as text": (
        form(part(b"1", file_name="a-1.0.0.bin"), part(b"1")),
        MULTIPART,
        "Validation failed: the form field `file`",
    ),
    "no file name": (form(part(b"1")), MULTIPART, "has no file name"),
    "an empty file name": (form(part(b"1", file_name="")), MULTIPART, "has no file name"),
    "JSON": (b"{}", "application/json", "should be multipart/form-data"),
    "a form of the other kind": (b"file=1", "application/x-www-form-urlencoded", "should be multipart/form-data"),
    "no content type": (FORM, None, "should be multipart/form-data"),
    "mixed parts": (FORM, "multipart/mixed; boundary=boundary", "should be multipart/form-data"),
    "no boundary": (FORM, "multipart/form-data", "with a boundary"),
    "an empty boundary": (FORM, "multipart/form-data; boundary=", "with a boundary"),
    "an overlong boundary": (FORM, f"multipart/form-data; boundary={'b' * 300}", "Validation failed"),
    "another boundary": (FORM, "multipart/form-data; boundary=another", "not valid multipart/form-data"),
    "no closing boundary": (FORM.replace(b"boundary--", b"boundary"), MULTIPART, "Validation failed"),
    "no form inside": (b"nothing of the kind", MULTIPART, "not valid multipart/form-data"),
    "an overlong header": (form(b"X-Long: " + bytes(70_000).replace(b"\0", b"x") + b"\r\n\r\n"), MULTIPART, "Valid"),
    "many headers": (form(b"X-A: b\r\n" * 20_000 + part(b"", file_name="a-1.0.0.bin")), MULTIPART, "Validation failed"),
    "many fields": (form(*[part(b"", "x")] * 2000, part(b"", file_name="a-1.0.0.bin")), MULTIPART, "too much"),
    "a large field": (
        form(part(b"1", file_name="a-1.0.0.bin"), part(bytes(70_000), "x")),
        MULTIPART,
        "too much beside the file `file`",
    ),
}


@pytest.mark.parametrize("case", BAD_FORMS)
def test_a_bad_form_is_refused_and_nothing_of_it_is_kept(
    emulator: BuiltEmulator, api: Api, data: Path, case: str
) -> None:
    """A body that is not a form with one file in `file` gets 422 with the reason, and nothing of it stays."""
    body, content_type, reason = BAD_FORMS[case]
    registry = api.registry()
    assert_refused(send(api, registry, body, content_type), reason)
    assert_nothing_kept(emulator, api, registry, data)


def test_a_body_that_is_cut_anywhere_is_refused(emulator: BuiltEmulator, api: Api, data: Path) -> None:
    """However many bytes of a form arrive, unless it is closed it gets 422 and nothing of it stays."""
    registry = api.registry()
    whole = FORM.removesuffix(b"\r\n")  # the last line may lack its end
    for length in range(len(whole)):
        assert_refused(send(api, registry, whole[:length]), "Validation failed")
    assert_nothing_kept(emulator, api, registry, data)
    assert send(api, registry, whole).status_code == 200


@pytest.mark.parametrize(
    "content_type",
    ["Multipart/Form-Data; boundary=boundary", 'multipart/form-data; charset=utf-8; boundary="boundary"'],
)
def test_other_spellings_of_the_content_type_are_taken(api: Api, content_type: str) -> None:
    """The content type counts in any case, its boundary with and without quotes, and other parameters are let be."""
    assert send(api, api.registry(), FORM, content_type).status_code == 200


def test_a_few_other_fields_are_let_be(emulator: BuiltEmulator, api: Api) -> None:
    """Fields that the API does not know, before and after the file, text or file, do no harm."""
    others = [part(b"text", "x"), part(b"file", "y", "y.txt")]
    body = form(*others, part(b"content", file_name="a-1.0.0.bin"), *others)
    response = send(api, api.registry(), body)
    assert response.status_code == 200, response.text
    assert contents(emulator, 7) == b"content"


@pytest.mark.parametrize(("ecosystem", "tool"), NATIVE_TOOLS.items())
def test_an_ecosystem_whose_packages_are_no_files_names_its_tool(
    emulator: BuiltEmulator, api: Api, data: Path, ecosystem: str, tool: str
) -> None:
    """A registry of images, models or OCI charts can be had; a file is refused, unread, for the tool that publishes."""
    registry = api.registry(ecosystem)
    refused = send(api, registry, FORM)
    assert_refused(refused, refusal("package_type"))
    assert_refused(refused, f"use `{tool}`")
    pulled: list[bytes] = []

    async def chunks() -> AsyncIterator[bytes]:
        pulled.append(FORM)
        yield FORM

    async def publish() -> httpx.Response:
        path = SPEC.operations["publish_package"].path.format(org_slug=ORGANIZATION, registry_slug=registry)
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": MULTIPART}
        transport = httpx.ASGITransport(emulator.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers) as client:
            return await client.post(path, content=chunks())

    assert_refused(asyncio.run(publish()), f"use `{tool}`")
    assert not pulled
    assert_nothing_kept(emulator, api, registry, data)


def test_the_same_package_twice_is_refused(emulator: BuiltEmulator, api: Api) -> None:
    """The second of one name, version and variant gets 422 and the first stays as it is; another variant is another."""
    registry = api.registry("debian")
    first = api.publish(registry, packages.deb("banana", "1.0", "amd64")).json()
    again = api.publish(registry, packages.deb("banana", "1.0", "amd64", "xz"))
    assert_refused(again, f"{refusal('duplicate')}: {registry} already has banana 1.0 amd64")
    assert api.ok("get_package", registry, first["id"]) == first
    assert len(emulator.blobs.ids()) == 1
    assert api.publish(registry, packages.deb("banana", "1.0", "arm64")).status_code == 200


def test_one_file_is_another_package_in_another_registry(emulator: BuiltEmulator, api: Api) -> None:
    """A package that one registry has can be published to another."""
    for name in ("one", "two"):
        assert api.publish(api.registry("files", name), packages.generic("a", "1.0.0", b"x")).status_code == 200
    assert len(emulator.blobs.ids()) == 2


async def publish_in_chunks(app: Any, registry: str, bodies: Sequence[Sequence[bytes]]) -> list[httpx.Response]:
    """Publish bodies that reach the application in exactly these chunks."""

    async def chunks(body: Sequence[bytes]) -> AsyncIterator[bytes]:
        for chunk in body:
            yield chunk

    path = SPEC.operations["publish_package"].path.format(org_slug=ORGANIZATION, registry_slug=registry)
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": MULTIPART}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test", headers=headers) as client:
        return [await client.post(path, content=chunks(body)) for body in bodies]


LOOKALIKES = (
    b"\r\n--boundar\r\n--boundar\r--boundary\n--boundary--\r\n\r\n-\r\n--\r\n--+++\r\n--Boundary\r\n--+++--\r\n\r\r\n"
    b'Content-Disposition: form-data; name="file"; filename="b-1.0.0.bin"\r\n\r\n-----boundary\r\n--boundar\r\n'
)
"""Bytes that come close to a boundary in every way that still is none."""


def test_lookalikes_of_the_boundary_come_through_wherever_chunks_end(emulator: BuiltEmulator, api: Api) -> None:
    """A file that is full of almost-boundaries arrives byte for byte, wherever the network cuts it."""
    registry = api.registry()
    bodies = []
    for number in range(len(form(part(LOOKALIKES, file_name="a-1.0.000.bin")))):
        body = form(part(LOOKALIKES, file_name=f"a-1.0.{number}.bin"))
        bodies.append([body[:number], body[number:]])
    for size in range(1, 20):
        body = form(part(LOOKALIKES, file_name=f"a-1.1.{size}.bin"))
        bodies.append([body[start : start + size] for start in range(0, len(body), size)])
    responses = asyncio.run(publish_in_chunks(emulator.app, registry, bodies))
    expected = hashlib.sha256(LOOKALIKES).hexdigest()
    assert [response.json().get("digests", response.json()) for response in responses] == [
        {"sha256": expected, "sha512": hashlib.sha512(LOOKALIKES).hexdigest()}
    ] * len(bodies)
    for blob_id in emulator.blobs.ids():
        with emulator.blobs.open(blob_id, len(LOOKALIKES)) as file:
            assert file.read() == LOOKALIKES


def test_a_large_file_comes_through_whole(emulator: BuiltEmulator, api: Api) -> None:
    """A file of several blocks, with almost-boundaries around the edges of them, arrives byte for byte."""
    content = bytearray(os.urandom(LIMIT).replace(b"\r", b"."))
    for edge in range(MIB, LIMIT, MIB):
        content[edge - 12 : edge + 12] = b"\r\n--boundar\r\n--boundar.."
    body = form(part(bytes(content), file_name="a-1.0.0.bin"))
    chunks = [body[start : start + 65_536] for start in range(0, len(body), 65_536)]
    (response,) = asyncio.run(publish_in_chunks(emulator.app, api.registry(), [chunks]))
    assert response.json()["digests"]["sha256"] == hashlib.sha256(content).hexdigest()
    assert contents(emulator, len(content)) == content


def test_bytes_that_look_like_a_fixed_boundary_come_through(emulator: BuiltEmulator, api: Api) -> None:
    r"""A package that holds `\r\n--+++\r\n`, which is where a fixed boundary would cut it, arrives byte for byte."""
    content = b'before\r\n--+++\r\nContent-Disposition: form-data; name="file"\r\n\r\nafter\r\n--+++--\r\n'
    assert api.publish(api.registry(), ("a-1.0.0.bin", content)).status_code == 200
    assert contents(emulator, len(content)) == content


def test_a_file_that_is_too_large_is_refused_while_it_arrives(tmp_path: Path) -> None:
    """The client of an over-large upload gets its 422 over a socket too, and what was written by then is dropped."""
    with running_emulator(f"--data={tmp_path}", f"--max-upload-size={LIMIT}") as (api, _):
        registry = api.registry()
        assert_refused(api.publish(registry, ("a-1.0.0.bin", bytes(2 * LIMIT))), f"larger than {LIMIT} bytes")
        assert api.publish(registry, ("a-1.0.0.bin", bytes(LIMIT))).status_code == 200
        until(lambda: len(blobs_below(tmp_path / "blobs")) == 1, "only the published file is there")


@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
def test_a_client_that_goes_away_leaves_nothing(tmp_path: Path, reset: bool) -> None:  # noqa: FBT001
    """An upload whose client hangs up in its middle leaves no package and no file, and is no fault of the emulator."""
    data, log = tmp_path / "data", tmp_path / "log"
    with running_emulator(f"--data={data}", log=log) as (api, _):
        registry = api.registry()
        opening = b"--boundary\r\n" + part(bytes(10 * MIB), file_name="a-1.0.0.bin")
        with upload_under_way(api.client.base_url, registry, 20 * MIB) as connection:
            connection.sendall(opening)
            until(lambda: blobs_below(data / "blobs"), "the emulator has begun to write")
            if reset:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        until(lambda: not blobs_below(data / "blobs"), "the unfinished file is gone")
        assert api.ok("list_packages", registry)["items"] == []
    assert "failed" not in log.read_text()
    assert "Traceback" not in log.read_text()


@pytest.fixture(scope="module")
def guarded() -> Iterator[httpx.URL]:
    """Run an emulator with a registry and a token that may not publish; gives its address."""
    with running_emulator("--token=emulator", "--token=reader=read_packages") as (api, _):
        api.registry()
        yield api.client.base_url


@pytest.mark.parametrize(
    ("status", "registry", "authorization"),
    [(404, "missing", TOKEN), (403, "my-registry", "reader"), (401, "my-registry", "unknown")],
)
@pytest.mark.parametrize("expect", [["Expect: 100-continue"], []], ids=["expect", "plain"])
def test_a_refusal_does_not_wait_for_the_body(
    guarded: httpx.URL, status: int, registry: str, authorization: str, expect: list[str]
) -> None:
    """A request that no body could save is answered before any of its gigabyte is sent."""
    with connected(guarded) as connection:
        request = head(registry, 1 << 30, *expect)
        connection.sendall(request.replace(b"Bearer emulator", f"Bearer {authorization}".encode()))
        assert receive_head(connection).startswith(f"HTTP/1.1 {status} ".encode())


@pytest.mark.parametrize("successor", [None, "ruby"])
def test_a_registry_that_goes_while_a_package_comes_does_not_get_it(tmp_path: Path, successor: str | None) -> None:
    """A registry that is deleted during an upload, be another in its place or not, leaves the upload nowhere to go."""
    with running_emulator(f"--data={tmp_path}") as (api, _):
        registry = api.registry("files")
        with upload_under_way(api.client.base_url, registry, len(FORM)) as connection:
            connection.sendall(FORM[:-10])
            api.ok("delete_registry", registry)
            if successor:
                assert api.registry(successor) == registry
            connection.sendall(FORM[-10:])
            assert receive_head(connection).split(b" ")[1] in {b"404", b"422"}
        if successor:
            assert api.ok("list_packages", registry)["items"] == []
        until(lambda: not blobs_below(tmp_path / "blobs"), "the file is gone")


def test_spellings_of_a_python_name_are_one_package(api: Api) -> None:
    """`foo-bar`, `Foo_Bar` and `foo.bar` are one project to Python, so the second to come is refused."""
    slug = api.registry("python")
    assert api.publish(slug, packages.sdist("foo-bar", "1.0")).json()["name"] == "foo-bar"
    for name in ("Foo_Bar", "foo.bar"):
        response = api.publish(slug, packages.sdist(name, "1.0"))
        assert response.status_code == 422
        assert "already has" in response.json()["message"]


def test_spellings_of_a_nuget_package_are_one_package(api: Api) -> None:
    """IDs count in any case and versions in their normal form, so the second to come is refused."""
    slug = api.registry("nuget")
    assert api.publish(slug, packages.nupkg("Foo.Bar", "1.0")).json()["version"] == "1.0.0"
    for name, version in (("foo.bar", "1.0"), ("Foo.Bar", "1.0.0.0"), ("Foo.Bar", "01.00+build")):
        assert_refused(api.publish(slug, packages.nupkg(name, version)), "already has")


def test_the_command_of_the_older_page_works(api: Api) -> None:
    """The API's older pages name JSON as the type of the form, to which curl adds the boundary; that is taken."""
    slug = api.registry()
    name, content = packages.generic("a", "1.0.0")
    sent = {"Content-Type": "application/json; boundary=boundary"}
    body = form(part(content, file_name=name))
    assert api.call("publish_package", slug, content=body, headers=sent).status_code == 200
    assert (
        api.call("publish_package", slug, content=body, headers={"Content-Type": "application/json"}).status_code == 422
    )
