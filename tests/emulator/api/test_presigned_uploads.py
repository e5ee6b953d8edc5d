"""Presigned uploads: what a flow cannot see of them."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from buildkite_emulator.api import presigned_uploads
from buildkite_emulator.api.uploads import Uploads
from buildkite_emulator.server import BuiltEmulator, build
from buildkite_emulator.testing import EmulatorTransport
from scripts.samples import packages
from scripts.servers.api import Api
from scripts.servers.raw_requests import MULTIPART, files_below, part
from scripts.servers.raw_requests import form as multipart

REGISTRY = "my-registry"
FILE = packages.generic("banana", "1.0.0", b"yellow")
HOUR = 3600
LIMIT = 1000


@pytest.fixture
def registry(api: Api) -> str:
    """Give a registry without packages."""
    return api.registry()


@pytest.fixture
def form(api: Api, registry: str) -> dict[str, Any]:
    """Give the form of a presigned upload."""
    form: dict[str, Any] = api.ok("request_presigned_upload", registry)["form"]
    return form


def send(
    api: Api, form: dict[str, Any], file: tuple[str, bytes] = FILE, data: dict[str, str | None] | None = None
) -> httpx.Response:
    """Send a form; `data` replaces fields of it, or leaves out those that are None."""
    fields = {name: value for name, value in {**form["data"], **(data or {})}.items() if value is not None}
    return api.client.post(form["url"], data=fields, files={form["file_input"]: file})


def url_of(form: dict[str, Any], file_name: str = FILE[0]) -> str:
    """Make the `package_url` of a form."""
    return f"{form['url']}{form['data']['key'].replace('${filename}', file_name)}"


def publish(api: Api, url: str) -> httpx.Response:
    """Publish a presigned upload."""
    return api.call("publish_package", REGISTRY, files={"package_url": (None, url)})


def advance(api: Api, seconds: int) -> None:
    """Let the emulator's clock go forward."""
    api.client.post("/_emulator/clock", json={"advance": seconds}).raise_for_status()


def pending(emulator: BuiltEmulator) -> int:
    """Count the blobs that exist."""
    return len(emulator.blobs.strays())


def test_the_form_needs_no_token_and_tolerates_one(api: Api, form: dict[str, Any]) -> None:
    """The signature alone lets a form in; an Authorization header beside it, even a wrong one, changes nothing."""
    assert send(api, form).status_code == 204
    api.client.headers["Authorization"] = "Bearer wrong"
    assert send(api, form).status_code == 204


@pytest.mark.parametrize("name", ["key", "expires", "signature"])
@pytest.mark.parametrize("value", [None, "", "wrong", "0" * 64])
def test_a_form_that_was_not_given_out_is_refused(
    api: Api, emulator: BuiltEmulator, form: dict[str, Any], name: str, value: str | None
) -> None:
    """Without the key, the expiry and the signature as they were given out, the file is refused and not kept."""
    response = send(api, form, data={name: value})
    assert response.status_code == 403
    assert "as they were given" in response.json()["message"]
    assert pending(emulator) == 0


@pytest.mark.parametrize("size", [1, 1 << 20])
def test_the_file_comes_last(api: Api, emulator: BuiltEmulator, form: dict[str, Any], size: int) -> None:
    """What signs the form counts before the file alone, however small the file is; the refusal says so."""
    (name, _), data = FILE, [part(value.encode(), key) for key, value in form["data"].items()]
    body = multipart(data[0], part(bytes(size), file_name=name), *data[1:])
    response = api.client.post(form["url"], content=body, headers={"Content-Type": MULTIPART})
    assert response.status_code == 403
    assert "expires, signature should be sent as they were given, before the file" in response.json()["message"]
    assert pending(emulator) == 0


def test_a_file_name_that_no_database_keeps_is_refused(api: Api, emulator: BuiltEmulator, form: dict[str, Any]) -> None:
    """A file whose name holds NUL, percent-encoded, is refused and not kept."""
    response = send(api, form, ("banana%00-1.0.0.bin", b"yellow"))
    assert response.status_code == 422
    assert "name" in response.json()["message"]
    assert pending(emulator) == 0


@pytest.mark.parametrize(
    "name", ["b%61nana-1.0.0.bin", "%2Fbanana-1.0.0.bin", "a\\banana-1.0.0.bin", "banana-1.0.0.bin"]
)
def test_a_name_in_the_url_is_read_like_that_in_the_form(api: Api, form: dict[str, Any], name: str) -> None:
    """A file whose name reads like an escape or a path is found by the name as it was sent, quoted once."""
    assert send(api, form, (name, b"yellow")).status_code == 204
    assert publish(api, url_of(form, quote(name))).json()["name"] == "banana"


def test_a_form_expires(api: Api, emulator: BuiltEmulator, form: dict[str, Any]) -> None:
    """After an hour the form takes no file, and a file that was sent cannot be published and is deleted."""
    assert send(api, form).status_code == 204
    advance(api, HOUR)
    refused = send(api, form)
    assert refused.status_code == 403
    assert "expired" in refused.json()["message"]
    response = publish(api, url_of(form))
    assert response.status_code == 422
    assert "expired at" in response.json()["message"]
    assert pending(emulator) == 1
    api.ok("request_presigned_upload", REGISTRY)  # sweeps
    assert pending(emulator) == 0
    assert "expired at" in publish(api, url_of(form)).json()["message"]


def test_a_form_can_be_sent_again_until_it_is_published(
    api: Api, emulator: BuiltEmulator, form: dict[str, Any]
) -> None:
    """The last file counts, as after a retry; once it is published the form takes no other."""
    assert send(api, form, ("banana-1.0.0.txt", b"first")).status_code == 204
    assert send(api, form, ("banana-2.0.0.txt", b"second")).status_code == 204
    assert pending(emulator) == 1
    assert "banana-2.0.0.txt" in publish(api, url_of(form, "banana-1.0.0.txt")).json()["message"]
    assert publish(api, url_of(form, "banana-2.0.0.txt")).json()["version"] == "2.0.0"
    assert send(api, form).status_code == 403
    assert pending(emulator) == 1


@pytest.mark.parametrize("gone", ["registry", "reset"])
def test_what_was_sent_goes_with_its_registry(
    api: Api, emulator: BuiltEmulator, form: dict[str, Any], gone: str
) -> None:
    """A file that was sent and not published is deleted with the registry, and by a reset."""
    assert send(api, form).status_code == 204
    if gone == "registry":
        api.ok("delete_registry", REGISTRY)
    else:
        api.client.post("/_emulator/reset").raise_for_status()
    assert pending(emulator) == 0
    assert send(api, form).status_code == 403
    api.registry()
    assert publish(api, url_of(form)).status_code == 422


@pytest.fixture
def limited(tmp_path: Path) -> Iterator[tuple[Api, Path]]:
    """Give an emulator that takes small files only, and the folder of its blobs."""
    built = build(data=tmp_path, max_upload_size=LIMIT)
    with httpx.Client(transport=EmulatorTransport(built.app), base_url="http://testserver") as client:
        api = Api(client)
        api.registry()
        yield api, tmp_path / "blobs"
    built.close()


def test_the_limit_holds_for_forms(limited: tuple[Api, Path]) -> None:
    """A file over the limit is refused, and nothing of it is kept."""
    api, folder = limited
    form = api.ok("request_presigned_upload", REGISTRY)["form"]
    kept = files_below(folder)
    response = send(api, form, ("banana-1.0.0.txt", bytes(LIMIT + 1)))
    assert response.status_code == 422
    assert f"{LIMIT} bytes" in response.json()["message"]
    assert files_below(folder) == kept
    assert send(api, form, ("banana-1.0.0.txt", bytes(LIMIT))).status_code == 204


def test_an_upload_outlives_a_restart(tmp_path: Path) -> None:
    """A file that was sent before a restart can be published after it; one that expired meanwhile is deleted."""
    forms = []
    built = build(data=tmp_path)
    with httpx.Client(transport=EmulatorTransport(built.app), base_url="http://testserver") as client:
        api = Api(client)
        api.registry()
        forms = [api.ok("request_presigned_upload", REGISTRY)["form"] for _ in range(2)]
        for form in forms:
            assert send(api, form).status_code == 204
    built.close()
    built = build(data=tmp_path)
    with httpx.Client(transport=EmulatorTransport(built.app), base_url="http://testserver") as client:
        assert publish(Api(client), url_of(forms[0])).status_code == 200
        advance(Api(client), HOUR)
        Api(client).ok("request_presigned_upload", REGISTRY)
        assert len(built.blobs.strays()) == 1  # that of the package
    built.close()


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/_uploads/", 405), ("POST", "/_uploads/x", 404), ("PUT", "/_uploads/", 405)]
)
def test_only_the_form_is_there(api: Api, method: str, path: str, status: int) -> None:
    """Files cannot be read back, and nothing else is at the form's path."""
    assert api.client.request(method, path).status_code == status


def test_a_form_without_a_file_is_refused(api: Api, form: dict[str, Any]) -> None:
    """A form whose file is missing, or has no name, or that is no form is told so."""
    key = {name: (None, value) for name, value in form["data"].items()}
    for arguments in ({"files": key}, {"files": {**key, "file": (None, b"yellow")}}, {"json": form["data"]}):
        response = api.client.post(form["url"], **arguments)
        assert response.status_code == 422, arguments
        assert response.json()["message"].startswith("Validation failed: ")


@pytest.mark.parametrize("then", ["another file", "sweep"])
def test_an_upload_that_changes_while_it_is_published(
    api: Api, form: dict[str, Any], monkeypatch: pytest.MonkeyPatch, then: str
) -> None:
    """A file that is replaced or deleted after the publish has found it is refused; the next publish finds the new one.

    It is the same whether the publish has read the file by then or not.
    """
    assert send(api, form).status_code == 204
    find, read = presigned_uploads.find, Uploads._read

    def delete(*_: Any) -> None:
        raise FileNotFoundError

    if then == "sweep":
        monkeypatch.setattr(Uploads, "_read", delete)
    else:
        other = api.ok("request_presigned_upload", REGISTRY)["form"]
        assert send(api, other, (FILE[0], b"green")).status_code == 204

        def find_other(context: Any, url: str) -> Any:
            row, *rest = find(context, url)
            return row._replace(blob_id=find(context, url_of(other))[0].blob_id), *rest

        monkeypatch.setattr(presigned_uploads, "find", find_other)
    response = publish(api, url_of(form))
    assert response.status_code == 422
    assert "was sent another file" in response.json()["message"]
    monkeypatch.setattr(presigned_uploads, "find", find)
    monkeypatch.setattr(Uploads, "_read", read)
    assert publish(api, url_of(form)).status_code == 200


def test_the_signature_is_in_no_log(api: Api, form: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
    """The log of requests shows the request and hides what signs the form; that of the command has a line for it."""
    caplog.set_level(logging.INFO, "buildkite_emulator")
    assert send(api, form).status_code == 204
    assert "POST /_uploads/ 204" in caplog.text
    assert form["data"]["signature"] not in caplog.text
    log = api.client.get("/_emulator/requests")
    assert form["data"]["signature"] not in log.text
    assert [each["path"] for each in log.json()["requests"]][-1] == "/_uploads/"
    assert log.json()["requests"][-1]["request"]["file"]["name"] == FILE[0]


def test_attestations_beside_a_presigned_upload_are_kept(api: Api, form: dict[str, Any]) -> None:
    """Attestations are sent with the call that publishes, and kept with the package, whatever their strings hold."""
    assert send(api, form).status_code == 204
    bundle = b'{"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json"}\r\n{"a": "\xe2\x80\xa8"}\n'
    files = {"package_url": (None, url_of(form)), "attestation_bundle": ("attestations.jsonl", bundle)}
    package = api.ok("publish_package", REGISTRY, files=files)
    assert package["metadata"]["attestation_bundle"] == bundle.decode()
