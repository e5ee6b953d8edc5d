"""Publishing with a presigned upload, and with attestations beside the file."""

import hashlib
import json
import re
import traceback
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import httpx
import pytest

from buildkite_emulator.testing import RunningEmulator
from buildkite_packages.errors import DigestMismatch, UnexpectedResponse, UploadFailed, ValidationFailed
from buildkite_packages.models.presigned_upload import PresignedUpload
from tests.support.client import Kind, count, operations, server
from tests.support.lying_service import Exchange, LyingService, read_body

pytestmark = pytest.mark.slow

NAME = "tool-1.0.0+a.b.bin"
CONTENT = b"0123456789" * 10_000
SIGNATURE = "5ignature-0f-the-form"
BUNDLE = '{"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json"}\n{"a": 1}\n'

Answer = Callable[[BaseHTTPRequestHandler], None]


class Store:
    """A store of others that takes forms, and passes them on to an emulator.

    Args:
        emulator: the emulator.

    Attributes:
        answers: what is done with the next requests, in place of passing them on.
        got: headers and body of each request.
    """

    def __init__(self, emulator: RunningEmulator) -> None:
        self.upstream = emulator.url
        self.answers: list[Answer] = []
        self.got: list[tuple[dict[str, str], bytes]] = []

    def __call__(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer a request."""
        body = read_body(handler)
        self.got.append(({name.lower(): value for name, value in handler.headers.items()}, body))
        if self.answers:
            self.answers.pop(0)(handler)
            return
        headers = {"Content-Type": handler.headers["Content-Type"]}
        passed = httpx.post(f"{self.upstream}{handler.path}", content=body, headers=headers)
        give(passed.status_code, passed.content)(handler)


def give(status: int, body: bytes = b"", **headers: str) -> Answer:
    """Make an answer of a store."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in {**headers, **({} if status == 204 else {"Content-Length": str(len(body))})}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def cut(handler: BaseHTTPRequestHandler) -> None:
    """Close the connection without an answer."""
    handler.close_connection = True


@pytest.fixture
def store(buildkite_emulator: RunningEmulator) -> Store:
    """Give the store that `service` names in its forms."""
    return Store(buildkite_emulator)


@pytest.fixture
def service(buildkite_emulator: RunningEmulator, store: Store) -> Iterator[LyingService]:
    """Run a service whose forms are sent to a store at another origin."""

    def lead_elsewhere(exchange: Exchange) -> None:
        if exchange.status < 300:
            exchange.update(form={**exchange.json["form"], "url": f"{url}/_uploads/"})

    with server(store) as (url, _), LyingService(buildkite_emulator.url) as made:
        made.lies["request_presigned_upload"] = lead_elsewhere
        yield made


@pytest.fixture
def direct(kind: Kind, buildkite_emulator: RunningEmulator) -> Any:
    """Give a client of an emulator with a registry `files`."""
    made = kind.of(buildkite_emulator)
    kind.run(made.registries.create(name="files", ecosystem="files"))
    return made


@pytest.fixture
def client(kind: Kind, direct: Any, service: LyingService) -> Any:
    """Give a client of the service whose forms lead to the store; it has headers and a cookie of its own."""
    headers, cookies = {"X-Corporate": "secret"}, {"session": "secret"}
    return kind.client(service.url, direct.client.token, headers=headers, cookies=cookies)


def stored(kind: Kind, client: Any) -> list[str]:
    """List the SHA-256 of all that the registry has."""
    return [each.digests.sha256 for each in kind.collect(client.packages.list("files"))]


def publish(kind: Kind, client: Any, file: Any = CONTENT, **arguments: Any) -> Any:
    """Publish a file with a presigned upload."""
    return kind.run(client.packages.publish("files", file, filename=NAME, presigned=True, **arguments))


def test_a_file_is_sent_past_the_api(kind: Kind, direct: Any, buildkite_emulator: RunningEmulator) -> None:
    """What is published is the file byte for byte, progress ends at the total, and the call itself sends no file."""
    progress: list[tuple[int, int | None]] = []
    package = publish(kind, direct, progress=lambda *both: progress.append(both))
    assert (package.name, package.version, package.variant) == ("tool", "1.0.0+a.b", "bin")
    assert package.digests.sha512 == hashlib.sha512(CONTENT).hexdigest()
    assert (progress[0][0], progress[-1]) == (0, (len(CONTENT), len(CONTENT)))
    assert [each for each in operations(buildkite_emulator) if "package" in each or "upload" in each][:2] == [
        "request_presigned_upload", "publish_package"
    ]  # fmt: skip


def test_a_foreign_form_gets_nothing_of_the_client(kind: Kind, client: Any, store: Store) -> None:
    """The form's receiver gets the fields in their order, the file last and its length, and no token or cookie."""
    package = publish(kind, client)
    ((headers, body),) = store.got
    assert headers.keys() == {"host", "user-agent", "accept", "accept-encoding", "content-type", "content-length"}
    assert int(headers["content-length"]) == len(body)
    names = re.findall(rb'name="([^"]+)"', re.sub(rb"filename=", b"", body))
    assert names == [b"key", b"expires", b"signature", b"file"]
    assert body.count(b"Content-Type") == 1
    assert package.digests.sha256 == hashlib.sha256(CONTENT).hexdigest()


def test_a_relative_form_is_below_the_api(kind: Kind, direct: Any, service: LyingService) -> None:
    """A form whose address is relative is sent to the API's own host, without the token."""
    seen: list[bytes] = []

    def relative(exchange: Exchange) -> None:
        exchange.update(form={**exchange.json["form"], "url": "/_uploads/"})

    service.lies = {"request_presigned_upload": relative, "": lambda exchange: seen.append(exchange.sent)}
    client = kind.client(service.url, direct.client.token)
    assert publish(kind, client).name == "tool"
    assert ("POST", "/_uploads/") in service.arrived


@pytest.mark.parametrize("operation", ["request_presigned_upload", "publish_package"])
@pytest.mark.parametrize("fault", [{"status": 503}, {"status": 429, "reset": 0}, {"cut": "before"}, {"cut": "after"}])
@pytest.mark.parametrize("is_repeatable", [True, False])
def test_a_step_that_fails_is_done_again(  # noqa: PLR0913, PLR0917
    kind: Kind,
    direct: Any,
    buildkite_emulator: RunningEmulator,
    operation: str,
    fault: dict[str, Any],
    is_repeatable: bool,  # noqa: FBT001
) -> None:
    """Whatever happens to one step of the API, the file is sent once and published once."""
    buildkite_emulator.fault(operation=operation, times=1, **fault)
    progress: list[int] = []
    file = CONTENT if is_repeatable else iter([CONTENT])
    publish(kind, direct, file, progress=lambda sent, _: progress.append(sent))
    assert progress.count(0) == 1
    assert stored(kind, direct) == [hashlib.sha256(CONTENT).hexdigest()]


@pytest.mark.parametrize("answer", [give(503, b"<Error><Code>SlowDown</Code></Error>"), cut])
def test_a_form_that_fails_is_sent_again(
    kind: Kind, client: Any, store: Store, buildkite_emulator: RunningEmulator, answer: Answer
) -> None:
    """Where the receiver fails for a moment, another form is requested; a file that is read once ends in the error."""
    store.answers = [answer, answer]
    assert publish(kind, client).name == "tool"
    assert count(buildkite_emulator, "request_presigned_upload") == len(store.got) == 3
    assert count(buildkite_emulator, "publish_package") == 1
    store.answers = [answer]
    with pytest.raises((UploadFailed, httpx.TransportError)):
        publish(kind, client, iter([b"once"]))


def test_a_receiver_that_stays_away_is_told(kind: Kind, client: Any, store: Store) -> None:
    """The attempts at a form are as many as those of any call."""
    store.answers = [give(503)] * 9
    with pytest.raises(UploadFailed, match="503"):
        publish(kind, client)
    assert len(store.got) == 5


XML = f"""<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>Policy {SIGNATURE} expired.</Message>
<SignatureProvided>{SIGNATURE}</SignatureProvided></Error>"""


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (XML, "AccessDenied: Policy **** expired"),
        (json.dumps({"message": f"wrong {SIGNATURE}", "policy": SIGNATURE}), "wrong ****"),
        (f"no {SIGNATURE} " + "x" * 10_000, "no ****"),
        ("", "does not say why"),
    ],
)
def test_a_refusal_is_quoted_without_what_signs_the_form(  # noqa: PLR0913, PLR0917
    kind: Kind, client: Any, store: Store, service: LyingService, body: str, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The error tells status and reason of the receiver, bounded; the form's secrets are nowhere, and it is final."""
    lead_elsewhere = service.lies["request_presigned_upload"]

    def sign(exchange: Exchange) -> None:
        lead_elsewhere(exchange)
        form = exchange.json["form"]
        exchange.update(
            form={**form, "url": f"{form['url']}?sig={SIGNATURE[::-1]}", "data": {**form["data"], "policy": SIGNATURE}}
        )

    service.lies["request_presigned_upload"] = sign
    store.answers = [give(403, body.encode(), **{"X-Echo": SIGNATURE})]
    caplog.set_level("DEBUG", "buildkite_packages")
    with pytest.raises(UploadFailed) as raised:
        publish(kind, client)
    error = raised.value
    assert error.status == 403
    assert said in str(error)
    assert len(str(error)) < 1000
    stack = traceback.TracebackException.from_exception(error, capture_locals=True).stack
    report = repr([frame.locals for frame in stack if "buildkite_packages" in frame.filename])
    for text in (str(error), repr(vars(error)), caplog.text, report):
        assert SIGNATURE not in text
    assert SIGNATURE[::-1] not in str(error) + repr(vars(error))
    assert len(store.got) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"method": "PUT"},
        {"method": None},
        {"file_input": ""},
        {"url": "ftp://example.com/"},
        {"url": None},
        {"data": {"key": "fixed", "signature": SIGNATURE}},
        {"data": {"key": "${filename}", "policy": [SIGNATURE]}},
        {"data": None},
    ],
)
def test_a_form_that_takes_no_file_is_an_error(
    kind: Kind, client: Any, store: Store, service: LyingService, change: dict[str, Any]
) -> None:
    """A form that no file can be sent with is refused by the name of what is wrong, and nothing is sent."""
    service.lies["request_presigned_upload"] = lambda exchange: exchange.update(
        form={**exchange.json["form"], **change}
    )
    with pytest.raises(UnexpectedResponse, match=f"/form/{next(iter(change))} ") as raised:
        publish(kind, client)
    assert SIGNATURE not in repr(vars(raised.value))
    assert store.got == []


def test_a_redirect_of_a_form_is_not_followed(kind: Kind, client: Any, service: LyingService, store: Store) -> None:
    """A receiver that leads elsewhere is an error, also where the client follows redirects."""
    with server(give(204)) as (url, seen):
        store.answers = [give(307, Location=url)]
        following = kind.client(service.url, client.client.token, follow_redirects=True)
        with pytest.raises(UploadFailed, match="leads to another address"):
            publish(kind, following)
        assert seen == []


@pytest.mark.parametrize("status", [200, 201, 204])
def test_any_success_of_a_receiver_will_do(kind: Kind, client: Any, store: Store, status: int) -> None:
    """The receiver's answer counts by its status alone."""
    store.answers = [give(status, b"" if status == 204 else b"<PostResponse/>")]
    with pytest.raises(ValidationFailed, match="no file yet"):  # as the store has passed nothing on
        publish(kind, client)


def test_what_is_there_is_not_sent_again(kind: Kind, direct: Any, buildkite_emulator: RunningEmulator) -> None:
    """With `skip_existing` the same content counts as done, also where it can be read only once."""
    first = publish(kind, direct)
    assert publish(kind, direct, skip_existing=True) == first
    assert count(buildkite_emulator, "request_presigned_upload") == 1
    assert publish(kind, direct, iter([CONTENT]), skip_existing=True) == first


def test_other_digests_are_an_error(kind: Kind, client: Any, service: LyingService) -> None:
    """What the service says to have stored is compared with what the form sent."""
    service.lies["publish_package"] = lambda exchange: exchange.update(digests={"sha256": "0" * 64})
    with pytest.raises(DigestMismatch):
        publish(kind, client)


def test_several_files_go_past_the_api(kind: Kind, direct: Any, tmp_path: Path) -> None:
    """Of several files each has its result, and each that goes is there once, with the attestations."""
    files = [tmp_path / name for name in ("a-1.0.0.txt", "bad", "b-1.0.0.txt")]
    for file in files:
        file.write_text(file.name)
    results = kind.run(direct.packages.publish_many("files", files, presigned=True, attestation_bundle=BUNDLE))
    assert [type(each.error) for each in results] == [type(None), ValidationFailed, type(None)]
    assert [each.package.metadata["attestation_bundle"] for each in results if each.package] == [BUNDLE] * 2
    assert len(stored(kind, direct)) == 2


@pytest.mark.parametrize("presigned", [True, False])
@pytest.mark.parametrize("form", ["path", "name", "text", "bytes"])
def test_attestations_go_along(kind: Kind, direct: Any, tmp_path: Path, form: str, presigned: bool) -> None:  # noqa: FBT001
    """Attestations are taken as a path, text or bytes, and are in the package's metadata."""
    path = tmp_path / "attestations.jsonl"
    path.write_text(BUNDLE, encoding="utf-8")
    bundle = {"path": path, "name": str(path), "text": BUNDLE, "bytes": BUNDLE.encode()}[form]
    arguments = {"filename": NAME, "presigned": presigned, "attestation_bundle": bundle}
    package = kind.run(direct.packages.publish("files", CONTENT, **arguments))
    assert package.metadata["attestation_bundle"] == BUNDLE


@pytest.mark.parametrize(
    ("bundle", "error"), [(7, TypeError), (b"\xff", ValueError), ("missing.jsonl", FileNotFoundError)]
)
def test_attestations_that_cannot_be_sent(kind: Kind, bundle: Any, error: type[Exception]) -> None:
    """What is no text, or not there, is an error before anything is sent."""
    with pytest.raises(error):
        kind.run(kind.client().packages.publish("files", CONTENT, filename=NAME, attestation_bundle=bundle))


def test_a_form_shows_its_secrets_nowhere() -> None:
    """The `repr` of a form names the fields that sign it, without their values."""
    data = {"key": "a/${filename}", "policy": SIGNATURE, "x-amz-signature": SIGNATURE}
    form = {"file_input": "file", "method": "POST", "url": "/", "data": data}
    shown = repr(PresignedUpload.from_dict({"uri": "/", "form": form}))
    assert SIGNATURE not in shown
    assert "'policy': '****'" in shown
    assert "a/${filename}" in shown
