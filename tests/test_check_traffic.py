"""Checking recorded traffic: what does not fit the spec is found, the rest is passed over, and no secret is shown."""

import base64
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from scripts.samples.packages import gem
from scripts.servers.api import ORGANIZATION, Api
from scripts.traffic.check import main

pytestmark = pytest.mark.slow

SERVICE = "https://api.buildkite.com"
REGISTRIES = f"{SERVICE}/v2/packages/organizations/{ORGANIZATION}/registries"
LONG_TOKEN = "bkua_0123456789abcdef0123456789abcdef01234567"  # noqa: S105 - nobody's

Har = dict[str, Any]
Change = Callable[[Har], object]


def named(headers: httpx.Headers) -> list[dict[str, str]]:
    """Write headers as a HAR has them."""
    return [{"name": name, "value": value} for name, value in headers.multi_items()]


def recorded(response: httpx.Response) -> Har:
    """Write an exchange as a browser records it: over HTTP/2, with what the body was sent with decoded."""
    request = response.request
    pseudo = [{"name": ":method", "value": request.method}, {"name": ":authority", "value": request.url.host}]
    content: Har = {"size": len(response.content), "mimeType": response.headers.get("Content-Type", "x-unknown")}
    if response.content:
        content["text"] = response.text
    entry: Har = {
        "startedDateTime": "2026-01-01T00:00:00.000Z",
        "time": 1.5,
        "request": {
            "method": request.method,
            "url": str(request.url),
            "httpVersion": "HTTP/2",
            "headers": pseudo + named(request.headers),
            "queryString": [{"name": name, "value": value} for name, value in request.url.params.multi_items()],
            "cookies": [],
            "headersSize": -1,
            "bodySize": -1,
        },
        "response": {
            "status": response.status_code,
            "statusText": "",
            "httpVersion": "HTTP/2",
            "headers": named(response.headers),
            "cookies": [],
            "content": content,
            "redirectURL": "",
            "headersSize": -1,
            "bodySize": -1,
        },
        "cache": {},
        "timings": {"send": 0, "wait": 1, "receive": 0.5},
    }
    if b"json" in request.headers.raw[0][1] or request.headers.get("Content-Type") == "application/json":
        entry["request"]["postData"] = {"mimeType": "application/json", "text": request.read().decode()}
    return entry


def entry_with(method: str = "GET", status: object = 200, headers: object = ()) -> str:
    """Write a HAR of one entry, with something odd in it."""
    request = {"method": method, "url": REGISTRIES, "headers": headers}
    return json.dumps({"log": {"entries": [{"request": request, "response": {"status": status, "headers": headers}}]}})


@pytest.fixture
def traffic(api: Api, monkeypatch: pytest.MonkeyPatch) -> Har:
    """Record a round of calls of an emulator, as traffic of the service."""
    api.client.base_url = httpx.URL(SERVICE)
    taken: list[httpx.Response] = []
    call = api.call

    def taking(*arguments: Any, **settings: Any) -> httpx.Response:
        taken.append(call(*arguments, **settings))
        return taken[-1]

    monkeypatch.setattr(api, "call", taking)
    slug = api.registry("ruby", "my gems")
    api.publish(slug, gem("a", "1.0"))
    package = api.publish(slug, gem("a", "1.1")).json()
    api.call("list_packages", slug, params={"per_page": 1})
    api.call("get_package", slug, package["id"])
    api.call("create_registry_token", slug, json={"description": "x"})
    api.call("list_registry_tokens", slug)
    api.call("delete_package", slug, package["id"])
    api.call("get_package", slug, package["id"])
    api.call("list_registries", token=None)
    return {"log": {"version": "1.2", "creator": {"name": "x", "version": "1"}, "entries": [*map(recorded, taken)]}}


COUNT = 10
"""Entries of that traffic."""


class Outcome:
    """What became of a check.

    Attributes:
        status: the exit status.
        out: lines of standard output.
        err: standard error.
    """

    def __init__(self, status: int, out: str, err: str) -> None:
        self.status, self.out, self.err = status, out.splitlines(), err


@pytest.fixture
def check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """Give what checks traffic, by way of a file."""

    def run(document: object, *arguments: str) -> Outcome:
        path = tmp_path / "traffic.har"
        text = document if isinstance(document, str) else json.dumps(document)
        path.write_text(text, encoding="utf-8-sig")
        status = main([str(path), *arguments])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return Outcome(status, captured.out, captured.err)

    return run


def body(har: Har, number: int) -> Har:
    """Give the recorded content of an entry."""
    content: Har = har["log"]["entries"][number - 1]["response"]["content"]
    return content


def change_body(har: Har, number: int, **members: Any) -> None:
    """Change members of the JSON object that an entry has recorded."""
    content = body(har, number)
    content["text"] = json.dumps({**json.loads(content["text"]), **members})


def test_traffic_that_fits_has_no_drift(traffic: Har, check: Callable[..., Outcome]) -> None:
    """Every answer of an emulator, recorded as browsers do it, fits; the summary says how many were checked."""
    outcome = check(traffic)
    assert outcome.out == [f"{COUNT} answers checked, no drift; 0 skipped"]
    assert (outcome.status, outcome.err) == (0, "")


def test_drift_is_listed_once(traffic: Har, check: Callable[..., Outcome]) -> None:
    """Each drift comes with its sentence, how often it was there, its first entry and its place in the spec."""
    for number in (2, 3, 5):
        change_body(traffic, number, created_at="2024-13-01")
    body(traffic, 8)["text"] = "gone"
    outcome = check(traffic)
    assert outcome.status == 1
    said = 'in the body is "2024-13-01"; it should be a string of format date-time (#/components/schemas/Package/'
    assert "publish_package: `/created_at` " + said in outcome.out[0]
    assert outcome.out[1] == "    2 times, first in entry 2"
    assert "get_package: `/created_at` " + said in outcome.out[2]
    assert outcome.out[3] == "    once, in entry 5"
    assert outcome.out[4].startswith("delete_package: the body is 4 bytes; it should be no body")
    assert outcome.out[6:] == [f"{COUNT} answers checked, 3 drifts; 0 skipped"]


def test_bodies_may_be_in_base64(traffic: Har, check: Callable[..., Outcome]) -> None:
    """Content that a recorder has encoded is decoded, and one that it has left out is not taken for an empty one."""
    for entry in traffic["log"]["entries"]:
        content = entry["response"]["content"]
        if "text" in content:
            content.update(text=base64.b64encode(content["text"].encode()).decode(), encoding="base64")
    assert check(traffic).out == [f"{COUNT} answers checked, no drift; 0 skipped"]
    body(traffic, 1)["text"] = base64.b64encode(b"[]").decode()
    assert check(traffic).status == 1
    body(traffic, 1)["text"] = "no base64"
    del body(traffic, 2)["text"]
    body(traffic, 3).clear()
    outcome = check(traffic)
    assert outcome.status == 0
    said = "(3 without the body, which was not recorded)"
    assert outcome.out == [f"{COUNT} answers checked {said}, no drift; 0 skipped"]
    traffic["log"]["entries"][1]["response"]["status"] = 500
    assert check(traffic).status == 1


def test_browsers_leave_the_size_of_nothing_open(traffic: Har, check: Callable[..., Outcome]) -> None:
    """An empty body that has no text and no size is none that is missing; where its length is told, it is empty."""
    content = body(traffic, 8)
    content.clear()
    content.update(size=-1, mimeType="x-unknown")
    assert check(traffic).out == [f"{COUNT} answers checked, no drift; 0 skipped"]
    headers = traffic["log"]["entries"][7]["response"]["headers"]
    headers[:] = [each for each in headers if each["name"].lower() != "content-length"]
    outcome = check(traffic)
    assert (outcome.status, "(1 without the body, which was not recorded), no drift" in outcome.out[0]) == (0, True)


def test_what_is_no_answer_of_the_api_is_passed_over(traffic: Har, check: Callable[..., Outcome]) -> None:
    """Other hosts, other APIs of the host, preflights and requests without an answer are counted and left alone."""
    entries = traffic["log"]["entries"]
    for url in (
        "https://example.com/v2/packages/organizations/x",
        f"{SERVICE}/v2/user",
        "data:,x",
        "https://[",
        "http://api.buildkite.com/v2/packages/organizations/x",
    ):
        entries.append({"request": {"method": "GET", "url": url}, "response": {"status": 500}})
    asked = [{"name": "Access-Control-Request-Method", "value": "GET"}]
    entries.append({"request": {"method": "OPTIONS", "url": REGISTRIES, "headers": asked}, "response": {"status": 204}})
    entries.append({"request": {"method": "GET", "url": REGISTRIES}, "response": {"status": 0}})
    outcome = check(traffic)
    assert outcome.status == 0
    assert outcome.out == [
        f"{COUNT} answers checked, no drift; 7 skipped (5 of other hosts or APIs, 1 preflights, 1 without an answer)"
    ]
    entries.append(
        {
            "request": {"method": "GET", "url": f"{REGISTRIES}/x/y/z/1"},
            "response": {"status": 200, "content": {"size": 0}},
        }
    )
    outcome = check(traffic)
    assert (outcome.status, "no known operation" in outcome.out[0]) == (1, True)


def test_the_api_may_be_elsewhere(traffic: Har, check: Callable[..., Outcome]) -> None:
    """An emulator on this machine is known as one, and BASE_URL names any other place, also below a path."""
    for base_url in ("http://127.0.0.1:8787", "http://[::1]:1", "http://localhost"):
        moved = json.loads(json.dumps(traffic).replace(SERVICE, base_url))
        assert check(moved).out == [f"{COUNT} answers checked, no drift; 0 skipped"]
        assert check(moved, "--base-url", base_url).status == 0
        assert check(moved, "--base-url", "http://127.0.0.2").status == 2
    for base_url in ("https://proxy.example.com:8443/buildkite", "https://proxy.example.com:8443/buildkite/"):
        moved = json.loads(json.dumps(traffic).replace(SERVICE, "https://PROXY.example.com:8443/buildkite"))
        outcome = check(moved)
        assert outcome.status == 2
        assert f"no answer of {SERVICE}" in outcome.err
        assert f"{COUNT} of other hosts" in outcome.err
        assert check(moved, "--base-url", base_url).out == [f"{COUNT} answers checked, no drift; 0 skipped"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no HAR file, for it is no JSON"),
        ("\x00\xff", "no HAR file, for it is no JSON"),
        ("[" * 100_000, "no HAR file, for it is no JSON"),
        ('{"log": {"entries": ' + "[" * 5000 + "]" * 5000 + "}}", "no HAR file, for it is no JSON"),
        ("[]", "no HAR file, for it has no list `log.entries`"),
        ('{"log": {"entries": {}}}', "no HAR file, for it has no list `log.entries`"),
        ('{"log": {"entries": [{"request": {}}]}}', "entry 1 is none that HAR 1.2 has"),
        ('{"log": {"entries": [5]}}', "entry 1 is none that HAR 1.2 has"),
        (entry_with(method="G\x1b[2JET"), "entry 1 is none that HAR 1.2 has"),
        (entry_with(status=True), "entry 1 is none that HAR 1.2 has"),
        (entry_with(headers=None), "entry 1 has headers that are none of HAR 1.2"),
        (entry_with(headers={"Authorization": "Bearer x"}), "entry 1 has headers that are none of HAR 1.2"),
        ('{"log": {"entries": []}}', f"no answer of {SERVICE}"),
    ],
)
def test_what_is_no_har_is_said(check: Callable[..., Outcome], text: str, said: str) -> None:
    """A file that cannot be checked gives one line that says why, and the status 2."""
    outcome = check(text)
    assert (outcome.status, outcome.out) == (2, [])
    assert said in outcome.err
    assert outcome.err.count("\n") == 1


@pytest.mark.parametrize("depth", [200, 900, 5000, 100_000])
def test_no_secret_is_left_in_a_body_that_is_nested_too_deeply(
    traffic: Har, check: Callable[..., Outcome], tmp_path: Path, depth: int
) -> None:
    """A body that is too deep to be searched is a drift, and is left out of the copy as a whole."""
    body = '{"token": "s3cret-of-nobody", "a":' + "[" * depth + "]" * depth + "}"
    traffic["log"]["entries"][0]["response"]["content"]["text"] = body
    copy = tmp_path / "copy.har"
    outcome = check(traffic, "--out", str(copy))
    assert outcome.status == 1
    assert "nested too deeply" in "".join(outcome.out)
    assert "s3cret-of-nobody" not in copy.read_text() + outcome.err + "".join(outcome.out)


def test_what_cannot_be_run_is_said(
    traffic: Har, check: Callable[..., Outcome], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A missing file, no file, a wrong address, and a copy that cannot be written."""
    for arguments in ([str(tmp_path / "none.har")], [str(tmp_path)], [""], []):
        assert main(arguments) == 2
        said = capsys.readouterr().err
        assert "cannot be read" in said or "HAR is missing" in said
    for wrong in ("example.com", "ftp://x", "https://", "http://x:99999", "http://["):
        outcome = check(traffic, "--base-url", wrong)
        assert (outcome.status, "BASE_URL is" in outcome.err) == (2, True)
    for place in (tmp_path / "none" / "x.har", tmp_path):
        outcome = check(traffic, "--out", str(place))
        assert (outcome.status, "cannot be written" in outcome.err) == (2, True)
    assert sorted(tmp_path.iterdir()) == [tmp_path / "traffic.har"]


def test_the_recording_is_not_overwritten(traffic: Har, check: Callable[..., Outcome], tmp_path: Path) -> None:
    """A copy of the recording's own name, or of a link to it, is refused."""
    before = json.dumps(traffic)
    source = tmp_path / "traffic.har"
    link = tmp_path / "link.har"
    link.symlink_to(source)
    for place in (source, tmp_path / "x" / ".." / "traffic.har", link):
        (tmp_path / "x").mkdir(exist_ok=True)
        outcome = check(traffic, "--out", str(place))
        assert (outcome.status, "the recording itself" in outcome.err) == (2, True)
        assert source.read_text(encoding="utf-8-sig") == before


SECRETS = (LONG_TOKEN, "se+cret/word", "c00kievalue", "pr0xypass", "k3y-of-the-api", "another-s3cret", "queryS3cret")


def with_secrets(har: Har) -> list[str]:
    """Put secrets wherever traffic may have some; gives them all, with that of the registry token."""
    secret: str = json.loads(body(har, 6)["text"])["token"]
    entry = har["log"]["entries"][3]
    request, response = entry["request"], entry["response"]
    request["headers"] += [
        {"name": "authorization", "value": f"Bearer {LONG_TOKEN}"},
        {"name": "Proxy-Authorization", "value": "Basic " + base64.b64encode(b"me:pr0xypass").decode()},
        {"name": "Cookie", "value": "a=c00kievalue; lang=en"},
        {"name": "X-Api-Thing", "value": "k3y-of-the-api"},
        {"name": "Referer", "value": f"https://x/?access_token=queryS3cret&x={LONG_TOKEN}"},
    ]
    request["cookies"] = [{"name": "a", "value": "c00kievalue"}]
    request["url"] += f"&token=queryS3cret&x={LONG_TOKEN}"
    request["queryString"] += [{"name": "token", "value": "queryS3cret"}, {"name": "x", "value": LONG_TOKEN}]
    request["postData"] = {
        "mimeType": "application/json",
        "text": json.dumps({"token": "se+cret/word", "x": [LONG_TOKEN, True], "c00kievalue": 1}),
    }
    response["headers"] += [
        {"name": "Set-Cookie", "value": "b=another-s3cret; Path=/; HttpOnly"},
        {"name": "X-Echo", "value": f"Bearer {LONG_TOKEN} se%2Bcret%2Fword"},
    ]
    change_body(har, 4, links={"self": f"https://me:pr0xypass@x/?page=1&token=queryS3cret#{secret}"}, **{LONG_TOKEN: 5})
    change_body(har, 5, name=["x"], version=5, variant=LONG_TOKEN * 3, metadata={"x": secret})
    encoded = json.dumps({"message": f"{secret} c00kievalue", "x": "se+cret/word"}).encode()
    body(har, 9).update(text=base64.b64encode(encoded).decode(), encoding="base64")
    har["log"]["entries"][8]["response"]["content"]["comment"] = f"seen: {LONG_TOKEN}"
    form = f"password=queryS3cret&a={LONG_TOKEN}"
    har["log"]["entries"][9]["request"]["postData"] = {
        "mimeType": "application/x-www-form-urlencoded",
        "text": form,
        "params": [{"name": "password", "value": "queryS3cret"}],
    }
    return [secret, *SECRETS]


def test_no_secret_is_printed(traffic: Har, check: Callable[..., Outcome]) -> None:
    """What is said of drift repeats no secret of the traffic, wherever it stood."""
    secrets = with_secrets(traffic)
    change_body(traffic, 6, token=[secrets[0]], description=[secrets[0]], graphql_id=secrets[0], created_at=SECRETS[0])
    outcome = check(traffic)
    assert outcome.status == 1
    assert len(outcome.out) > 10
    for secret in secrets:
        assert secret not in "\n".join(outcome.out) + outcome.err


def test_a_copy_has_no_secrets(traffic: Har, check: Callable[..., Outcome], tmp_path: Path) -> None:
    """The copy is the same traffic without tokens, also in base64, and is checked with the same result."""
    secrets = with_secrets(traffic)
    copy = tmp_path / "clean.har"
    outcome = check(traffic, "--out", str(copy))
    text = copy.read_text()
    cleaned = json.loads(text)
    decoded = [base64.b64decode(body(cleaned, 9)["text"]).decode()]
    assert body(cleaned, 9)["encoding"] == "base64"
    for secret in secrets:
        assert secret not in text + decoded[0], secret
        assert base64.b64encode(f"me:{secret}".encode()).decode() not in text
    assert "Bearer ****" in text
    again = check(text)
    assert again.status == outcome.status == 1
    assert [line.partition("(#")[0] for line in again.out] == [line.partition("(#")[0] for line in outcome.out]
    before, after = traffic["log"]["entries"], cleaned["log"]["entries"]
    assert after[0]["response"] == before[0]["response"]
    assert after[1]["request"]["url"] == before[1]["request"]["url"]
    assert json.loads(after[3]["request"]["postData"]["text"])["x"][1] is True
    assert oct(copy.stat().st_mode & 0o077) == "0o0" or os.name == "nt"


def test_a_short_token_is_hidden_where_it_stands_alone(
    traffic: Har, check: Callable[..., Outcome], tmp_path: Path
) -> None:
    """A token that is a word is no reason to take that word out of others."""
    entry = traffic["log"]["entries"][0]
    entry["request"]["headers"].append({"name": "Authorization", "value": "Bearer abc"})
    entry["request"]["comment"] = "abc abcd x=abc"
    assert check(traffic, "--out", str(tmp_path / "clean.har")).status == 0
    cleaned = json.loads((tmp_path / "clean.har").read_text())
    assert cleaned["log"]["entries"][0]["request"]["comment"] == "**** abcd x=****"


def test_a_copy_has_no_passwords_of_other_sites(traffic: Har, check: Callable[..., Outcome], tmp_path: Path) -> None:
    """What other sites call a password or a token is hidden too, in bodies and in what recorders add to an entry."""
    entry = traffic["log"]["entries"][0]
    entry["_added"] = {"authorization": "Bearer of-a-recorder", "cookies": []}
    entry["request"]["postData"] = {"mimeType": "application/json", "text": '{"password": "of-a-form", "tokens": [1]}'}
    assert check(traffic, "--out", str(tmp_path / "copy.har")).status == 0
    copy = (tmp_path / "copy.har").read_text()
    assert "of-a-recorder" not in copy
    assert "of-a-form" not in copy
    assert json.loads(copy)["log"]["entries"][0]["request"]["postData"]["text"] == '{"password": "****", "tokens": [1]}'
