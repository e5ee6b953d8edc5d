"""The log of requests: what it has of each, and that no secret is ever in it."""

import base64
import hashlib
import json
import logging
import os
import shlex
import subprocess
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from buildkite_emulator.http.masking import places
from buildkite_emulator.http.request_log import MOST_KEPT
from buildkite_emulator.state_store import MOST_ENTRIES
from scripts.samples import packages
from scripts.servers.api import SPEC, TOKEN, Api
from scripts.servers.raw_requests import MULTIPART, connected, form, head, part, until, upload_under_way
from tests.support.emulators import fresh

pytestmark = pytest.mark.slow

REQUESTS = "/_emulator/requests"
REGISTRIES = "/v2/packages/organizations/my-org/registries"
SECRET = "bkua_0123456789abcdef0123456789abcdef01234567"  # noqa: S105 - a token as Buildkite makes them


def log(api: Api, **query: Any) -> list[dict[str, Any]]:
    """List the requests in the log."""
    entries: list[dict[str, Any]] = api.client.get(REQUESTS, params=query).raise_for_status().json()["requests"]
    return entries


def last(api: Api) -> dict[str, Any]:
    """Give the last request in the log."""
    return log(api)[-1]


# what is in an entry


def test_an_entry_has_the_request_and_its_answer(api: Api) -> None:
    """An entry tells what was asked, what it was taken for, what was answered, and when."""
    api.client.put("/_emulator/clock", json={"time": "2031-02-03T04:05:06Z", "frozen": True})
    sent = b'{"name": "my registry", "ecosystem": "files"}'
    answer = api.call(
        "create_registry", params={"x": "1"}, content=sent, headers={"Content-Type": "application/json", "X-Mine": "y"}
    )
    entry = last(api)
    assert entry["time"] == "2031-02-03T04:05:06.000Z"
    assert (entry["method"], entry["path"]) == ("POST", f"{REGISTRIES}?x=1")
    assert (entry["operation"], entry["organization"], entry["status"]) == ("create_registry", "my-org", 200)
    assert entry["milliseconds"] > 0
    assert entry["fault"] is None
    assert entry["request"]["body"] == sent.decode()
    assert (entry["request"]["body_bytes"], entry["request"]["file"]) == (len(sent), None)
    assert ["x-mine", "y"] in entry["request"]["headers"]
    assert ["authorization", "Bearer ****"] in entry["request"]["headers"]
    assert entry["response"]["body"] == answer.text
    assert entry["response"]["body_bytes"] == len(answer.content)
    assert [tuple(header) for header in entry["response"]["headers"]] == list(answer.headers.multi_items())


def test_what_is_no_operation_is_in_the_log(api: Api) -> None:
    """A path or method that the API does not have is listed without an operation."""
    api.client.get("/missing")
    api.client.put(REGISTRIES)
    assert [(entry["path"], entry["operation"], entry["organization"], entry["status"]) for entry in log(api)] == [
        ("/missing", None, None, 404),
        (REGISTRIES, None, "my-org", 405),
    ]


def test_a_body_that_was_not_read_is_not_in_the_log(api: Api) -> None:
    """Where a request is refused before its body is read, there is none."""
    api.call("create_registry", token=None, json={"name": "x"})
    assert last(api)["request"] | {"headers": []} == {"headers": [], "body": None, "body_bytes": 0, "file": None}


def test_head_has_no_body(api: Api) -> None:
    """The answer to HEAD has none, and neither has its entry."""
    api.client.head(REGISTRIES, headers={"Authorization": f"Bearer {TOKEN}"})
    assert (last(api)["method"], last(api)["status"], last(api)["response"]["body"]) == ("HEAD", 200, None)


def test_long_bodies_are_cut(api: Api) -> None:
    """Of each body the whole words of the first 16 KiB are kept, and its length."""
    answer = api.call("create_registry", json={"name": "x", "ecosystem": "files", "description": "ddd " * 12_000})
    entry = last(api)
    for kept, whole in ((entry["request"], answer.request.content), (entry["response"], answer.content)):
        assert kept["body"].encode() == whole[: whole.rindex(b" ", 0, MOST_KEPT) + 1]
        assert kept["body_bytes"] == len(whole)


def test_a_body_that_just_fits_is_whole(api: Api) -> None:
    """A body of 16 KiB loses nothing, and one of a byte more the word that the byte belongs to."""
    start = b"no JSON "
    for length, shown in ((MOST_KEPT, MOST_KEPT), (MOST_KEPT + 1, len(start))):
        api.call("create_registry", content=start.ljust(length, b"x"), headers={"Content-Type": "application/json"})
        assert len(last(api)["request"]["body"]) == shown


def test_a_body_in_pieces_is_kept_from_its_beginning(api: Api) -> None:
    """However a body arrives, it is the beginning that is kept."""
    whole = b'{"name": "x", "ecosystem": "files", "description": "%s"}' % (b"01234 6789" * 4000)
    pieces = [whole[start : start + 7000] for start in range(0, len(whole), 7000)]
    api.ok("create_registry", content=iter(pieces), headers={"Content-Type": "application/json"})
    assert last(api)["request"]["body"].encode() == whole[: whole.rindex(b" ", 0, MOST_KEPT) + 1]
    assert last(api)["request"]["body_bytes"] == len(whole)


def test_a_body_that_is_no_text_does_no_harm(api: Api) -> None:
    """Bytes that are no text are shown as such."""
    api.call("create_registry", content=b"\xff\0", headers={"Content-Type": "application/json"})
    assert last(api)["request"]["body"] == "\ufffd\0"


def test_no_byte_of_a_file_is_kept(api: Api) -> None:
    """Of an upload the log has the file's name, size and digests."""
    name, content = packages.generic("banana", "1.0.0")
    api.publish(api.registry(), (name, content)).raise_for_status()
    request = last(api)["request"]
    assert request["body"] is None
    assert request["body_bytes"] > len(content)
    assert request["file"] == {
        "name": name,
        "size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "sha512": hashlib.sha512(content).hexdigest(),
    }


def test_a_file_that_is_refused_is_not_kept_either(api: Api) -> None:
    """An upload that fails leaves its reason."""
    api.publish(api.registry(), ("banana.txt", b"0123456789" * 10))
    assert last(api)["request"]["file"] == {"name": "banana.txt"}
    assert "0123456789" not in json.dumps(last(api))
    assert last(api)["objections"][0].startswith("Invalid filename format")


# hostile input


def test_hostile_text_is_text(api: Api) -> None:
    """What callers send is in the log as it was sent; who shows it has to see to that."""
    hostile = "<script>alert(1)</script>'\"&"
    api.ok("create_registry", json={"name": hostile, "ecosystem": "files"}, headers={"X-Hostile": hostile})
    entry = last(api)
    assert ["x-hostile", hostile] in entry["request"]["headers"]
    assert json.loads(entry["request"]["body"])["name"] == hostile
    assert json.loads(entry["response"]["body"])["name"] == hostile


@pytest.mark.parametrize("encoded", ["%3Cscript%3E", "%00", "%ff", "%0A", "%25", "%F0%9F%8D%8C"])
def test_a_path_is_shown_as_it_was_sent(api: Api, encoded: str) -> None:
    """A path and a query are not decoded."""
    api.client.get(f"{REGISTRIES}/{encoded}?q={encoded}", headers={"Authorization": f"Bearer {TOKEN}"})
    assert last(api)["path"] == f"{REGISTRIES}/{encoded}?q={encoded}"


# the list


def test_the_newest_are_listed(api: Api) -> None:
    """Without `after` the newest requests are listed, the oldest of them first."""
    for number in range(5):
        api.client.get(f"/{number}")
    assert [entry["path"] for entry in log(api, limit=2)] == ["/3", "/4"]
    assert [entry["path"] for entry in log(api)] == [f"/{number}" for number in range(5)]


def test_the_log_can_be_followed(api: Api) -> None:
    """With `after` each request is listed once, however many are asked for at a time."""
    seen, after = [], 0
    for number in range(7):
        api.client.get(f"/{number}")
        if number % 3 == 2:
            continue
        for _ in range(2):
            answer = api.client.get(REQUESTS, params={"after": after, "limit": 2}).json()
            seen += [entry["path"] for entry in answer["requests"]]
            after = answer["last"]
    assert seen == [f"/{number}" for number in range(7)]
    assert api.client.get(REQUESTS, params={"after": after}).json() == {"requests": [], "last": after}


def test_the_log_can_be_followed_with_a_filter(api: Api) -> None:
    """`last` goes past what the filter leaves out, so that nothing is looked at again."""
    api.registry()
    for _ in range(3):
        api.ok("list_registries")
    answer = api.client.get(REQUESTS, params={"after": 0, "operation": "create_registry"}).json()
    assert [entry["operation"] for entry in answer["requests"]] == ["create_registry"]
    assert answer["last"] == log(api)[-1]["id"]
    answer = api.client.get(REQUESTS, params={"after": 0, "operation": "list_registries", "limit": 2}).json()
    assert answer["last"] == answer["requests"][-1]["id"] == log(api)[-2]["id"]


def test_requests_can_be_picked(api: Api) -> None:
    """Requests are picked by operation, by status and by class of status."""
    api.registry()
    api.call("get_registry", "missing")
    api.call("list_registries", token=None)
    api.ok("list_registries")
    assert [entry["status"] for entry in log(api, operation="list_registries")] == [401, 200]
    assert [entry["operation"] for entry in log(api, status="404")] == ["get_registry"]
    assert [entry["status"] for entry in log(api, status="4xx")] == [404, 401]
    assert [entry["status"] for entry in log(api, status="4xx", operation="list_registries")] == [401]
    assert log(api, status="5xx") == log(api, status="cut") == []


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ({"limit": "0"}, "`limit` should be an integer of at least 1"),
        ({"limit": "many"}, "`limit` should be an integer of at least 1"),
        ({"after": "-1"}, "`after` should be an integer of at least 0"),
        ({"status": "9xx"}, "`status` should be a status such as 404, a class such as 4xx, or `cut`"),
        ({"operation": "get_regsitry"}, "there is no operation `get_regsitry`; did you mean `get_registry`?"),
        ({"operaton": "get_registry"}, "`operaton` is unknown; did you mean `operation`?"),
    ],
)
def test_what_cannot_be_asked_is_refused(api: Api, query: Mapping[str, str], reason: str) -> None:
    """A question that cannot be read is answered 422, and says why."""
    answer = api.client.get(REQUESTS, params=dict(query))
    assert (answer.status_code, answer.json()) == (422, {"message": reason})


def test_the_log_can_be_emptied(api: Api) -> None:
    """DELETE empties the log, and who follows it goes on where it was."""
    api.client.get("/1")
    after = last(api)["id"]
    assert api.client.delete(REQUESTS).status_code == 204
    assert log(api) == []
    api.client.get("/2")
    assert [entry["path"] for entry in log(api, after=after)] == ["/2"]


def test_the_log_is_bounded(api: Api) -> None:
    """The newest thousand requests are kept."""
    for number in range(MOST_ENTRIES + 3):
        api.client.get(f"/{number}")
    entries = log(api)
    assert (len(entries), entries[0]["path"], entries[-1]["path"]) == (MOST_ENTRIES, "/3", f"/{MOST_ENTRIES + 2}")


def test_what_is_the_emulator_s_own_is_not_in_the_log(api: Api) -> None:
    """Looking at the log or the page, and setting faults, leaves no trace."""
    log(api)
    api.client.get("/_emulator/faults")
    api.client.get("/", headers={"Accept": "text/html"})
    assert log(api) == []


# connections


def test_a_caller_who_hangs_up_has_no_status(served: Api) -> None:
    """An upload that its caller gives up is listed without a status, with what had come by then."""
    registry = served.registry(name="given up")
    with upload_under_way(served.client.base_url, registry, 1_000_000) as connection:
        connection.sendall(form(part(b"x" * 1000, "file", "banana-1.0.0.txt"))[:1000])
    until(lambda: log(served, operation="publish_package"), "the upload is in the log")
    entry = log(served, operation="publish_package")[-1]
    assert entry["status"] is None
    assert entry["request"]["body_bytes"] <= 1000
    assert entry["request"]["file"] in (None, {"name": "banana-1.0.0.txt"})
    assert [each["id"] for each in log(served, status="cut")] == [entry["id"]]


def test_no_connection_is_held_on_to(served: Api) -> None:
    """A pipelined and a closed connection leave entries that can be read afterwards."""
    for number in range(3):
        with connected(served.client.base_url) as connection:
            connection.sendall(head("missing", 0, f"X-Number: {number}", "Connection: close"))
            assert connection.recv(65536).startswith(b"HTTP/1.1 404 ")
    numbers = [value for entry in log(served) for name, value in entry["request"]["headers"] if name == "x-number"]
    assert numbers == ["0", "1", "2"]


# curl


def run_curl(entry: Mapping[str, Any], served: Api, cwd: Any) -> str:
    """Run an entry's command; returns what it writes."""
    environment = {"PATH": os.environ["PATH"], "BUILDKITE_API_TOKEN": served.token}
    command = ["sh", "-euc", f"{entry['curl']} --silent --show-error"]
    run = subprocess.run(command, env=environment, cwd=cwd, capture_output=True, text=True, check=True)
    return run.stdout


HOSTILE_BODY = (
    """{"name": "it's $(touch broken) `touch broken` \\"x\\"", "ecosystem": "files", "description": "a\\nb"}"""
)


def test_the_curl_command_sends_the_request_again(served: Api, tmp_path: Any) -> None:
    """The command of an entry does what the request did, whatever the request was, and nothing else."""
    served.registry(name="curl")
    name = "odd,name;-1.0.0.txt"
    file = tmp_path / name
    file.write_bytes(b"content")
    calls: list[Callable[[], httpx.Response]] = [
        lambda: served.call(
            "create_registry",
            content=HOSTILE_BODY.encode(),
            headers={"Content-Type": "application/json", "X-Y": "it's"},
        ),
        lambda: served.call("list_packages", "curl", params={"name": "[a-z]{1,2} 'x'\"$HOME`x`", "page": "1"}),
        lambda: served.call("get_registry", "..%2F$(touch broken)"),
        lambda: served.publish("curl", (name, b"content")),
        lambda: served.call("delete_registry", "curl"),
    ]
    for call in calls:
        first = call()
        again = run_curl(log(served)[-1], served, tmp_path)
        entry, repeated = log(served)[-2:]
        for key in ("method", "path", "operation"):
            assert repeated[key] == entry[key]
        assert repeated["request"]["body"] == entry["request"]["body"]
        assert repeated["request"]["file"] == entry["request"]["file"]
        assert repeated["response"]["body"] == (again or None) or first.content == b""
        assert ["x-y", "it's"] not in entry["request"]["headers"] or ["x-y", "it's"] in repeated["request"]["headers"]
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_the_curl_command_has_no_token(served: Api) -> None:
    """The token comes from the environment, under the name that Buildkite's own tool has for it."""
    served.ok("list_registries")
    words = shlex.split(last(served)["curl"])
    assert words[:5] == ["curl", "-X", "GET", "--globoff", "--path-as-is"]
    assert words[words.index("-H") + 1] == "Authorization: Bearer $BUILDKITE_API_TOKEN"


@pytest.mark.parametrize("body", [b"\xff", b"\0", b"x" * (MOST_KEPT + 1)])
def test_a_body_that_is_not_whole_is_not_in_the_command(api: Api, body: bytes) -> None:
    """A body that the log does not have, or that no command line can have, is left to be filled in."""
    api.call("create_registry", content=body, headers={"Content-Type": "application/json"})
    assert last(api)["curl"].endswith(" --data-binary @BODY")


def test_a_command_for_head(api: Api) -> None:
    """HEAD is asked of curl in its own way, as it would wait for a body otherwise."""
    api.client.head(REGISTRIES)
    assert shlex.split(last(api)["curl"])[:2] == ["curl", "--head"]


# secrets


@pytest.fixture
def secret_api() -> Iterator[Api]:
    """Reach an emulator with a token as real ones are."""
    with fresh(tokens={SECRET: SPEC.scopes, TOKEN: SPEC.scopes}) as api:
        yield api


def shown(api: Api) -> str:
    """Give all that can be seen of the log."""
    return api.client.get(REQUESTS).text


MISPLACED: dict[str, Callable[[Api, str], httpx.Response]] = {
    "bearer": lambda api, secret: api.call("list_registries", token=secret),
    "other case": lambda api, secret: api.client.get(REGISTRIES, headers={"authorization": f"bearer {secret}"}),
    "malformed": lambda api, secret: api.client.get(REGISTRIES, headers={"Authorization": f"Bearer  {secret} x"}),
    "bare": lambda api, secret: api.client.get(REGISTRIES, headers={"Authorization": secret}),
    "scheme": lambda api, secret: api.client.get(REGISTRIES, headers={"Authorization": f"Token token={secret}"}),
    "basic": lambda api, secret: api.client.get(REGISTRIES, auth=("buildkite", secret)),
    "basic user": lambda api, secret: api.client.get(REGISTRIES, auth=(secret, "")),
    "query": lambda api, secret: api.client.get(REGISTRIES, params={"access_token": secret}),
    "odd query": lambda api, secret: api.client.get(REGISTRIES, params={"x": secret}),
    "bare query": lambda api, secret: api.client.get(f"{REGISTRIES}?{secret}"),
    "encoded query": lambda api, secret: api.client.get(
        f"{REGISTRIES}?x={''.join(f'%{byte:02x}' for byte in secret.encode())}"
    ),
    "path": lambda api, secret: api.call("get_registry", secret),
    "encoded path": lambda api, secret: api.client.get(f"{REGISTRIES}/%62{secret[1:]}"),
    "organization": lambda api, secret: api.call("list_registries", organization=secret),
    "no operation": lambda api, secret: api.client.get(f"/{secret}"),
    "header": lambda api, secret: api.call("list_registries", headers={"X-Custom": secret}),
    "header with more": lambda api, secret: api.call("list_registries", headers={"X-Custom": f"a:{secret}; b"}),
    "encoded header": lambda api, secret: api.call("list_registries", headers={"X-Custom": f"%62{secret[1:]}"}),
    "cookie": lambda api, secret: api.call("list_registries", headers={"Cookie": f"session={secret}"}),
    "host": lambda api, secret: api.call("list_registries", headers={"Host": secret.replace("_", "-")}),
    "address": lambda api, secret: api.call("list_registries", headers={"Referer": f"https://x:{secret}@example.com/"}),
    "property": lambda api, secret: api.call("create_registry", json={"name": "x", "ecosystem": "files", "a": secret}),
    "name": lambda api, secret: api.call("create_registry", json={"name": secret, "ecosystem": "files"}),
    "property's name": lambda api, secret: api.call("create_registry", json={secret: 1, "ecosystem": "files"}),
    "text": lambda api, secret: api.call(
        "create_registry", json={"name": "x", "ecosystem": "files", "description": f"my token is {secret}."}
    ),
    "no json": lambda api, secret: api.call("create_registry", content=f"token={secret}".encode()),
    "file name": lambda api, secret: api.publish(api.registry(name="f"), (f"{secret}-1.0.0.txt", b"x")),
    "within a word": lambda api, secret: api.call("list_registries", params={"x": f"a{secret}b"}, token=secret),
    "form field": lambda api, secret: api.call(
        "publish_package",
        api.registry(name="g"),
        content=form(part(b"x", secret), part(b"x", "file", "banana-1.0.0.txt")),
        headers={"Content-Type": MULTIPART},
    ),
}


@pytest.mark.parametrize("place", MISPLACED)
def test_a_token_is_hidden_wherever_it_stands(secret_api: Api, place: str) -> None:
    """An access token that is known is not in the log, in whatever part of a request or answer it is put."""
    MISPLACED[place](secret_api, SECRET)
    log_text = shown(secret_api)
    assert "****" in log_text or place == "host"
    for written in (SECRET, quote(SECRET), SECRET[1:], base64.b64encode(f"buildkite:{SECRET}".encode()).decode()):
        assert written not in log_text


@pytest.mark.parametrize(
    "place", ["bearer", "other case", "malformed", "bare", "scheme", "basic", "basic user", "query", "cookie"]
)
def test_what_stands_where_credentials_belong_is_hidden(api: Api, place: str) -> None:
    """Somebody else's token, sent by mistake, is not in the log either, where it can be told for one."""
    MISPLACED[place](api, SECRET)
    assert SECRET not in shown(api)


def test_an_unknown_token_is_hidden_elsewhere_too(api: Api) -> None:
    """What is sent as a token and in another place is hidden in both."""
    api.call("list_registries", token=SECRET, params={"x": SECRET}, headers={"X-Custom": f"x {SECRET}"})
    assert SECRET not in shown(api)
    assert last(api)["path"] == f"{REGISTRIES}?x=****"


def test_a_token_made_at_run_time_is_hidden(api: Api) -> None:
    """A token that was made by `/_emulator/tokens` is known from the first moment, though others were asked for."""
    api.client.get(REGISTRIES, params={"x": "no token"})
    shown(api)
    token = api.client.post("/_emulator/tokens", json={"scopes": []}).json()["token"]
    api.client.get(REGISTRIES, params={"x": token})
    assert token not in shown(api)


def test_the_secret_of_a_registry_token_is_hidden(api: Api) -> None:
    """What the spec gives the format `password` is hidden in answers, and the rest of them is whole."""
    answer = api.ok("create_registry_token", api.registry(), json={"description": "mine"})
    entry = last(api)
    assert answer["token"] not in shown(api)
    assert json.loads(entry["response"]["body"]) == {**answer, "token": "****"}


@pytest.mark.parametrize("length", [MOST_KEPT - 1200, MOST_KEPT - 1000, MOST_KEPT - 800, MOST_KEPT, 100_000])
def test_the_secret_is_hidden_in_long_answers(api: Api, length: int) -> None:
    """A secret is hidden wherever in the answer it begins, be it where the log cuts it."""
    answer = api.ok("create_registry_token", api.registry(), json={"description": "d" * length})
    text = shown(api)
    assert not [start for start in range(56) if answer["token"][start : start + 8] in text]


def test_the_secret_is_hidden_in_a_truncated_answer(api: Api) -> None:
    """Half of an answer with a secret is not kept at all, for it might end within."""
    registry = api.registry()
    api.client.post("/_emulator/faults", json={"operation": "create_registry_token", "body": "truncated"})
    with pytest.raises(httpx.RemoteProtocolError):
        api.call("create_registry_token", registry, json={"description": ""})
    assert (last(api)["status"], last(api)["response"]["body"]) == (200, None)
    assert last(api)["response"]["body_bytes"] > 0


@pytest.mark.parametrize("kept", [1, len(SECRET) // 2, len(SECRET) - 1])
def test_a_token_that_is_cut_is_hidden(secret_api: Api, kept: int) -> None:
    """Of a token that stands where the log cuts a body nothing is shown."""
    content = b"x " * ((MOST_KEPT - kept) // 2) + SECRET.encode().rjust(len(SECRET) + (MOST_KEPT - kept) % 2)
    assert content[:MOST_KEPT].endswith(SECRET[:kept].encode())
    secret_api.call("create_registry", content=content + b" x", headers={"Content-Type": "application/json"})
    assert set(last(secret_api)["request"]["body"]) == {"x", " "}


@pytest.mark.parametrize("place", ["path", "encoded path", "organization", "no operation", "query", "bearer"])
def test_a_token_is_not_in_the_access_line(secret_api: Api, place: str, caplog: pytest.LogCaptureFixture) -> None:
    """The line that is written of each request has no token, wherever the request has one."""
    caplog.set_level(logging.INFO, "buildkite_emulator.api.app")
    answer = MISPLACED[place](secret_api, SECRET)
    (line,) = caplog.messages
    assert line.startswith("GET /")
    assert line.endswith(f" {answer.status_code}")
    assert SECRET[1:] not in line
    assert ("****" in line) == (place not in ("query", "bearer"))


def test_a_token_made_at_run_time_is_not_in_the_access_line(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    """A token that was made is hidden, and one that nobody knows is where the request bears it, too."""
    caplog.set_level(logging.INFO, "buildkite_emulator.api.app")
    token = api.client.post("/_emulator/tokens").json()["token"]
    for path, bearer in ((token, TOKEN), (SECRET, TOKEN), (SECRET, SECRET)):
        api.call("get_registry", path, token=bearer)
    assert caplog.messages == [
        f"GET {REGISTRIES}/{shown} {status}" for shown, status in (("****", 404), (SECRET, 404), ("****", 401))
    ]


def test_a_word_is_no_secret_in_a_sentence(api: Api) -> None:
    """The default token is a word; it is hidden where it stands alone, and a longer name with it is not."""
    api.registry(name="emulator tests")
    api.call("list_registries", params={"x": "emulator", "y": "emulator-tests"})
    assert last(api)["path"] == f"{REGISTRIES}?x=****&y=emulator-tests"
    assert json.loads(log(api)[0]["response"]["body"])["slug"] == "emulator-tests"


def test_secrets_are_found_in_every_form_of_a_schema() -> None:
    """References, lists and schemas put together of others are walked for the format `password`."""
    secret = {"type": "string", "format": "password"}
    schema = {
        "allOf": [{"$ref": "#/components/schemas/Registry"}, {"properties": {"a": secret}}],
        "properties": {"list": {"items": {"properties": {"b": {"oneOf": [secret]}, "c": {"type": "string"}}}}},
    }
    assert sorted(places(SPEC, schema, ())) == [("a",), ("list", None, "b")]
