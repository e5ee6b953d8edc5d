"""Publishing: what is accepted, what is refused, and that a refusal leaves nothing behind."""

import asyncio
import hashlib
import os
import socket
import struct
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from buildkite_emulator.api.forms import sent_file_name
from buildkite_emulator.server import BuiltEmulator, build
from buildkite_emulator.testing import EmulatorTransport
from scripts.samples import packages
from scripts.samples.packages import Package
from scripts.servers.api import ORGANIZATION, SPEC, TOKEN, Api
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
from tests.support.emulators import emulator_in_thread

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


@pytest.mark.parametrize("content", [b"", b"text"])
def test_the_bytes_of_a_file_are_kept_as_sent(emulator: BuiltEmulator, api: Api, content: bytes) -> None:
    """What is stored is the file, and its digests are those of the answer."""
    response = api.publish(api.registry(), packages.generic("banana", "1.0.0", content))
    digests = {name: hashlib.new(name, content).hexdigest() for name in ("sha256", "sha512")}
    assert response.json()["digests"] == digests
    assert contents(emulator, len(content)) == content


DEB, WHEEL = packages.deb("banana", "1.0"), packages.wheel("banana", "1.0")
BAD_FILES: dict[str, tuple[str, Package, str]] = {
    "of another ecosystem": ("ruby", DEB, REFUSALS["package_type"]["value"]["message"]),
    "without a version": ("files", ("README.md", b""), "Invalid filename format"),
    "empty": ("debian", ("a_1_all.deb", b""), "not a Debian package"),
    "cut off": ("debian", (DEB[0], DEB[1][: len(DEB[1]) // 2]), "cut off"),
    "of another name": ("python", ("cherry-1.0-py3-none-any.whl", WHEEL[1]), "banana"),
    "too large": ("files", ("tool-1.0.0.bin", bytes(LIMIT + 1)), f"larger than {LIMIT} bytes"),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_a_bad_file_is_refused_and_nothing_of_it_is_kept(
    emulator: BuiltEmulator, api: Api, data: Path, case: str
) -> None:
    """A file that its reader or the limit refuses gets 422, the reason, and no place; `formats` tests the readers."""
    ecosystem, package, reason = BAD_FILES[case]
    registry = api.registry(ecosystem)
    assert_refused(api.publish(registry, package), reason)
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
    assert_refused(refused, REFUSALS["package_type"]["value"]["message"])
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


def test_a_file_that_is_too_large_is_refused_while_it_arrives(tmp_path: Path) -> None:
    """The client of an over-large upload gets its 422 over a socket too, and what was written by then is dropped."""
    with emulator_in_thread(tmp_path, data=tmp_path / "data", max_upload_size=LIMIT) as api:
        registry = api.registry()
        assert_refused(api.publish(registry, ("a-1.0.0.bin", bytes(2 * LIMIT))), f"larger than {LIMIT} bytes")
        assert api.publish(registry, ("a-1.0.0.bin", bytes(LIMIT))).status_code == 200
        until(lambda: len(blobs_below(tmp_path / "data/blobs")) == 1, "only the published file is there")


@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
def test_a_client_that_goes_away_leaves_nothing(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    *,
    reset: bool,
) -> None:
    """An upload whose client hangs up in its middle leaves no package and no file, and is no fault of the emulator."""
    data = tmp_path / "data"
    with emulator_in_thread(tmp_path, data=data) as api:
        registry = api.registry()
        opening = b"--boundary\r\n" + part(bytes(10 * MIB), file_name="a-1.0.0.bin")
        with upload_under_way(api.client.base_url, registry, 20 * MIB) as connection:
            connection.sendall(opening)
            until(lambda: blobs_below(data / "blobs"), "the emulator has begun to write")
            if reset:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        until(lambda: not blobs_below(data / "blobs"), "the unfinished file is gone")
        assert api.ok("list_packages", registry)["items"] == []
    assert [record for record in caplog.records if record.levelname in {"WARNING", "ERROR"}] == []


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.URL]:
    """Run an emulator with a registry and a token that may not publish; gives its address."""
    reader = "- {token: reader, scopes: [read_packages]}"
    with emulator_in_thread(tmp_path_factory.mktemp("guarded"), further_tokens=reader) as api:
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
    with emulator_in_thread(tmp_path, data=tmp_path / "data") as api:
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
        until(lambda: not blobs_below(tmp_path / "data/blobs"), "the file is gone")


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
        assert_refused(api.publish(slug, packages.nupkg(name, version)), REFUSALS["duplicate"]["value"]["message"])


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
