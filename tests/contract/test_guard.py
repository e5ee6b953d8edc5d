"""The guard: no request of a live run changes what is not the run's own, whatever made the request."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

import httpx
import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

from buildkite_emulator.spec import Spec
from scripts.contract.http.outgoing_request import Refused, Request
from scripts.contract.live.gateway import Gateway
from scripts.contract.live.guard import Guard, Permit
from scripts.contract.live.guarded_transport import MARK, GuardedTransport, guard_requests
from scripts.contract.live.ledger import Ledger
from scripts.contract.live.pace import Pace
from scripts.contract.target import Target

HOST = "https://api.buildkite.com"
PREFIX = "contract-abcdefgh-1"
OWN, OTHER_OWN, FOREIGN = f"{PREFIX}-a", f"{PREFIX}-b", "production-gems"
ROOT = "/v2/packages/organizations/my-org/registries"
MINE = f"{ROOT}/{OWN}"
UUID = "0191df84-85e4-77aa-83ba-6579084728eb"
CREATE = {"name": f"{PREFIX} c", "ecosystem": "files"}
SHOWN = {"name": f"{PREFIX} a", "slug": OWN, "id": f"id of {OWN}"}
JSON, FORM = ({"Content-Type": f"application/{kind}"} for kind in ("json", "x-www-form-urlencoded"))
SPEC = Spec.load()


def guard_in(folder: Path, *, writes: bool = True, prefix: str = PREFIX) -> tuple[Guard, Ledger]:
    """Make the guard of a run that has made two registries."""
    ledger = Ledger.begin(folder / "run.ledger", run_id="abcdefgh")
    for slug in (OWN, OTHER_OWN):
        ledger.made(ledger.making_registry(slug, slug), f"id of {slug}", slug)
    return Guard(Target("live", HOST, "my-org", "a-token", prefix=prefix, writes=writes), ledger, SPEC), ledger


@pytest.fixture
def guard(tmp_path: Path) -> Guard:
    """Give the guard of a run that has made two registries."""
    return guard_in(tmp_path)[0]


def request(
    method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None, host: str = HOST
) -> Request:
    """Make a request; a body that is no bytes is sent as JSON."""
    content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    kind = {} if body is None or isinstance(body, bytes) else {"Content-Type": "application/json"}
    return Request(method, host + path, tuple({**kind, **(headers or {})}.items()), content)


ALLOWED = {
    "a read": request("GET", ROOT),
    "a read of what is another's": request("GET", f"{ROOT}/{FOREIGN}/packages?page=2"),
    "a read of nothing that the spec knows": request("HEAD", "/v3/%2e%2e//x"),
    "options": request("OPTIONS", f"{ROOT}/{FOREIGN}"),
    "create": request("POST", ROOT, CREATE),
    "update": request("POST", MINE, {"description": "other"}),
    "update by PATCH": request("PATCH", MINE, {"description": "other"}),
    "update by PUT": request("PUT", MINE, {"name": f"{PREFIX} renamed"}),
    "request a form": request("POST", f"{MINE}/packages/upload"),
    "rename": request("POST", MINE, {"name": f"{PREFIX} renamed"}),
    "an update of nothing": request("POST", MINE),
    "delete": request("DELETE", MINE),
    "publish": request("POST", f"{MINE}/packages", b"anything", {"Content-Type": "multipart/form-data; boundary=x"}),
    "copy": request("POST", f"{MINE}/packages/{UUID}/copy?to={OTHER_OWN}"),
    "delete a package": request("DELETE", f"{MINE}/packages/{UUID}"),
    "delete what has an odd id": request("DELETE", f"{MINE}/packages/%C3%A4%20b"),
    "create a token": request("POST", f"{MINE}/tokens", {"description": "deploys"}),
    "update a token": request("POST", f"{MINE}/tokens/{UUID}", {"description": 7}),
    "delete a token": request("DELETE", f"{MINE}/tokens/{UUID}"),
}

HOSTILE = {
    "another's registry is deleted": request("DELETE", f"{ROOT}/{FOREIGN}"),
    "another's registry is changed": request("POST", f"{ROOT}/{FOREIGN}", {"description": "mine now"}),
    "a package of another's is deleted": request("DELETE", f"{ROOT}/{FOREIGN}/packages/{UUID}"),
    "a package of another's is copied": request("POST", f"{ROOT}/{FOREIGN}/packages/{UUID}/copy?to={OWN}"),
    "a package is copied to another's": request("POST", f"{MINE}/packages/{UUID}/copy?to={FOREIGN}"),
    "a copy has two destinations": request("POST", f"{MINE}/packages/{UUID}/copy?to={OWN}&to={FOREIGN}"),
    "a copy's destination is an array": request("POST", f"{MINE}/packages/{UUID}/copy?to[]={FOREIGN}"),
    "a copy's destination is encoded": request("POST", f"{MINE}/packages/{UUID}/copy?t%6F={FOREIGN}"),
    "a package is published to another's": request("POST", f"{ROOT}/{FOREIGN}/packages", b"x"),
    "a token of another's is made": request("POST", f"{ROOT}/{FOREIGN}/tokens", {"description": "x"}),
    "a token of another's is deleted": request("DELETE", f"{ROOT}/{FOREIGN}/tokens/{UUID}"),
    "a name that only begins alike": request("DELETE", f"{ROOT}/{OWN}-production"),
    "a name with the prefix that nobody made": request("DELETE", f"{ROOT}/{PREFIX}-z"),
    "another case": request("DELETE", f"{ROOT}/{OWN.upper()}"),
    "another organization": request("DELETE", f"/v2/packages/organizations/other-org/registries/{OWN}"),
    "another host": request("DELETE", MINE, host="https://api.example.com"),
    "another host's reads": request("GET", ROOT, host="https://api.example.com"),
    "another port": request("GET", ROOT, host=f"{HOST}:8443"),
    "plain http": request("GET", ROOT, host="http://api.buildkite.com"),
    "a host that ends alike": request("GET", ROOT, host="https://evil-api.buildkite.com"),
    "a host that begins alike": request("GET", ROOT, host=f"{HOST}.example.com"),
    "the host as a user name": request("GET", ROOT, host=f"{HOST}@example.com"),
    "a backslash after the host": request("GET", ROOT, host=f"{HOST}\\@example.com"),
    "another host in a header": request("GET", ROOT, headers={"Host": "example.com"}),
    "dots": request("DELETE", f"{MINE}/../{FOREIGN}"),
    "dots as an id": request("DELETE", f"{MINE}/packages/.."),
    "encoded dots": request("DELETE", f"{MINE}/packages/%2e%2e"),
    "mixed dots": request("DELETE", f"{MINE}/packages/.%2E"),
    "dots encoded twice": request("DELETE", f"{MINE}/packages/%252e%252e"),
    "an encoded slash": request("DELETE", f"{MINE}/packages/..%2f..%2f{FOREIGN}"),
    "an encoded backslash": request("DELETE", f"{MINE}/packages/..%5C..%5C{FOREIGN}"),
    "an overlong slash": request("DELETE", f"{MINE}%c0%af..%c0%af{FOREIGN}"),
    "a double slash": request("DELETE", f"{ROOT}//{FOREIGN}"),
    "a slash before it all": request("DELETE", f"/{MINE}"),
    "a slash at the end": request("DELETE", f"{MINE}/"),
    "a matrix parameter": request("DELETE", f"{MINE}/packages/;/../{FOREIGN}"),
    "a fragment": request("DELETE", f"{ROOT}/{FOREIGN}#{OWN}"),
    "a question mark in the path": request("DELETE", f"{ROOT}/{FOREIGN}?/{OWN}"),
    "an encoded end of the path": request("DELETE", f"{MINE}/packages/x%3F"),
    "an encoded NUL": request("DELETE", f"{MINE}/packages/x%00"),
    "a space": request("DELETE", f"{ROOT}/{FOREIGN} {OWN}"),
    "a line break in the path": request("DELETE", f"{MINE}\r\nDELETE {ROOT}/{FOREIGN}"),
    "the whole collection": request("DELETE", ROOT),
    "an empty slug": request("DELETE", f"{ROOT}/"),
    "a method that the spec has not": request("PUT", f"{MINE}/packages", {"description": "x"}),
    "patch": request("PATCH", f"{ROOT}/{FOREIGN}", {"description": "x"}),
    "put": request("PUT", f"{ROOT}/{FOREIGN}", {"description": "x"}),
    "a form for another registry": request("POST", f"{ROOT}/{FOREIGN}/packages/upload"),
    "trace": request("TRACE", MINE),
    "connect": request("CONNECT", MINE),
    "a method in lower case": request("delete", MINE),
    "a method of nobody": request("PURGE", MINE),
    "another method in a header": request("POST", MINE, headers={"X-HTTP-Method-Override": "DELETE"}),
    "another method for a read": request("GET", f"{ROOT}/{FOREIGN}", headers={"X-Method-Override": "DELETE"}),
    "another path in a header": request("GET", ROOT, headers={"X-Original-URL": f"{ROOT}/{FOREIGN}"}),
    "a header that nobody knows": request("DELETE", MINE, headers={"X-Whatever": "1"}),
    "another method in the query": request("POST", f"{MINE}?_method=DELETE"),
    "another method in a read's query": request("GET", f"{ROOT}/{FOREIGN}?_method=delete"),
    "another method in a form": request("POST", f"{MINE}/packages", b"a=b&_method=DELETE"),
    "another method in a form of parts": request("POST", f"{MINE}/packages", b'Content-Disposition: x; name="_method"'),
    "a name in the query": request("POST", f"{MINE}?name={FOREIGN}", {"description": "x"}),
    "a slug in the query": request("DELETE", f"{MINE}?registry_slug={FOREIGN}"),
    "a create of another name": request("POST", ROOT, {"name": "my registry", "ecosystem": "ruby"}),
    "a create of almost such a name": request("POST", ROOT, {"name": f" {PREFIX}", "ecosystem": "ruby"}),
    "a create without a name": request("POST", ROOT, {"ecosystem": "ruby"}),
    "a create of a name that is a number": request("POST", ROOT, {"name": 7, "ecosystem": "ruby"}),
    "a create of a list": request("POST", ROOT, [CREATE]),
    "a create with two names": request(
        "POST", ROOT, b'{"name": "%s", "name": "x"}' % PREFIX.encode(), JSON
    ),
    "a create with a name in two cases": request("POST", ROOT, {**CREATE, "Name": "x"}),
    "a create with a slug": request("POST", ROOT, {**CREATE, "slug": FOREIGN}),
    "a create of cut JSON": request("POST", ROOT, json.dumps(CREATE)[:-1].encode(), JSON),
    "a create of a form": request("POST", ROOT, json.dumps(CREATE).encode(), FORM),
    "a create of no known type": request("POST", ROOT, json.dumps(CREATE).encode()),
    "a rename to another name": request("POST", MINE, {"name": FOREIGN}),
    "a rename to null": request("POST", MINE, {"name": None}),
    "a body that is shorter than it says": request("POST", MINE, {"description": "x"}, {"Content-Length": "999"}),
    "a request within a read": request(
        "GET", ROOT, f"DELETE {ROOT}/{FOREIGN} HTTP/1.1\r\n\r\n".encode(), {"Content-Length": "0"}
    ),
    "two lengths": request("POST", f"{MINE}/packages", b"x", {"Content-Length": "1", "Transfer-Encoding": "chunked"}),
    "a line break in a header": request("DELETE", MINE, headers={"Accept": "x\r\nX-HTTP-Method-Override: PUT"}),
}  # fmt: skip


@pytest.mark.parametrize("name", ALLOWED)
def test_what_touches_only_the_runs_own_is_allowed(guard: Guard, name: str) -> None:
    """Reads, and writes to what the run has made itself, may leave."""
    assert isinstance(guard.check(ALLOWED[name]), Permit)


@pytest.mark.parametrize("name", HOSTILE)
def test_what_may_touch_anything_else_is_refused(tmp_path: Path, name: str) -> None:
    """What names another's, or can be read in two ways, does not leave, and nothing is noted of it."""
    guard, ledger = guard_in(tmp_path)
    before = ledger.path.read_bytes()
    with pytest.raises(Refused):
        guard.check(HOSTILE[name])
    assert ledger.path.read_bytes() == before


@pytest.mark.parametrize(
    "name", [name for name, each in ALLOWED.items() if each.method not in ("GET", "HEAD", "OPTIONS")]
)
def test_a_run_that_only_reads_writes_nothing(tmp_path: Path, name: str) -> None:
    """Without WRITE=1 no write leaves, not even to what a run has made."""
    with pytest.raises(Refused, match="WRITE=1"):
        guard_in(tmp_path, writes=False)[0].check(ALLOWED[name])


@pytest.mark.parametrize("prefix", ["", "contract", "contract-", "c"])
def test_a_run_without_a_prefix_of_its_own_writes_nothing(tmp_path: Path, prefix: str) -> None:
    """A prefix that others' names may have opens nothing."""
    with pytest.raises(Refused, match="no prefix of its own"):
        guard_in(tmp_path, prefix=prefix)[0].check(ALLOWED["create"])


def test_every_write_of_the_spec_is_judged(guard: Guard) -> None:
    """Of each operation that writes, the guard knows what it touches."""
    permits = [guard.check(each) for each in ALLOWED.values()]
    judged = {permit.operation.id for permit in permits if permit.operation}
    assert judged >= {each.id for each in SPEC.operations.values() if each.method != "GET"}


def test_a_slug_without_the_prefix_is_never_the_runs_own(tmp_path: Path) -> None:
    """Whatever an answer or the ledger says, only a slug that shows the run's ID opens a registry to writes."""
    guard, ledger = guard_in(tmp_path)
    for slug in ("short", f"{PREFIX}-long", f"{PREFIX}0-longer"):
        ledger.made(ledger.making_registry(f"{PREFIX} x", slug), f"id of {slug}", slug)
    guard.check(request("DELETE", f"{ROOT}/{PREFIX}-long"))
    for slug in ("short", f"{PREFIX}0-longer"):
        for method, end in (("DELETE", ""), ("POST", ""), ("POST", "/packages"), ("DELETE", f"/tokens/{UUID}")):
            with pytest.raises(Refused, match=f"no registry {slug}"):
                guard.check(request(method, f"{ROOT}/{slug}{end}"))
        with pytest.raises(Refused, match=f"no registry {slug}"):
            guard.check(request("POST", f"{MINE}/packages/{UUID}/copy?to={slug}"))


def test_only_an_answer_makes_a_registry_the_runs_own(tmp_path: Path) -> None:
    """As long as no answer gave a registry's slug, nothing is written to what may be its slug."""
    guard, _ = guard_in(tmp_path)
    permit = guard.check(ALLOWED["create"])
    write = request("DELETE", f"{ROOT}/{PREFIX}-c")
    with pytest.raises(Refused):
        guard.check(write)
    another = {"id": UUID, "name": FOREIGN, "slug": FOREIGN}
    guard.answered(permit, ALLOWED["create"], 200, json.dumps(another).encode())
    with pytest.raises(Refused):
        guard.check(request("DELETE", f"{ROOT}/{FOREIGN}"))
    guard.answered(
        permit, ALLOWED["create"], 200, json.dumps({**another, "name": CREATE["name"], "slug": f"{PREFIX}-c"}).encode()
    )
    assert guard.check(write).operation == SPEC.operations["delete_registry"]


WORDS = f"v2 packages organizations my-org other-org registries tokens copy {OWN} {OTHER_OWN} {FOREIGN} {UUID}"
TRICKS = ["", ".", "..", "%2e%2e", "%2F", "%252e", ";", f"{OWN}%2f..%2f{FOREIGN}", "\\", "?", "#", "%00", "é", " "]
SEGMENTS = st.sampled_from([*WORDS.split(), *TRICKS]) | st.text(max_size=5)
PATHS = st.lists(SEGMENTS, max_size=10).map("/".join) | st.builds(
    lambda base, rest: "/".join([base, *rest]), st.sampled_from([ROOT, MINE]), st.lists(SEGMENTS, max_size=4)
)
QUERIES = st.sampled_from(["", f"?to={OWN}", f"?to={FOREIGN}", f"?to={OWN}&to={FOREIGN}", "?_method=PUT", "?name=x"])
VALUES = st.sampled_from([f"{PREFIX} x", PREFIX, FOREIGN, "", None, 7, OWN])
BODIES = (
    st.dictionaries(st.sampled_from(["name", "Name", "slug", "description", "_method"]), VALUES, max_size=3).map(
        lambda body: json.dumps(body).encode()
    )
    | st.binary(max_size=30)
    | st.just(b"")
)
HEADERS = st.dictionaries(
    st.sampled_from(["Content-Type", "X-HTTP-Method-Override", "Host", "Accept", "Content-Length"]),
    st.sampled_from(["application/json", "text/plain", "DELETE", "api.buildkite.com", "example.com", "0"]),
    max_size=3,
)
METHODS = st.sampled_from(["GET", "HEAD", "OPTIONS", "POST", "DELETE", "PUT", "PATCH", "TRACE", "post", "POST DELETE"])
HOSTS = st.sampled_from([HOST, HOST, HOST, "https://example.com", f"{HOST}@example.com", "HTTPS://API.buildkite.com"])


REQUESTS = st.builds(
    lambda method, host, path, query, body, headers: Request(method, host + path + query, tuple(headers.items()), body),
    *(METHODS, HOSTS, PATHS, QUERIES, BODIES, HEADERS),
)


@pytest.fixture(scope="module")
def shared_guard(tmp_path_factory: pytest.TempPathFactory) -> Guard:
    """Give one guard to many requests, for it changes by none of them."""
    return guard_in(tmp_path_factory.mktemp("ledger"))[0]


@pytest.mark.slow
@settings(max_examples=1000, deadline=None)
@given(sent=REQUESTS)
def test_a_write_that_is_let_through_names_only_the_runs_own(shared_guard: Guard, sent: Request) -> None:
    """However a request is put together: one that passes goes to the target, and its writes to the run's own."""
    try:
        shared_guard.check(sent)
    except Refused:
        return
    assert urlsplit(sent.url).hostname == "api.buildkite.com"
    if sent.method in ("GET", "HEAD", "OPTIONS"):
        return
    assert sent.method in ("POST", "DELETE")
    decoded = unquote(unquote(sent.url))
    assert FOREIGN not in decoded
    assert not re.search(r"(^|/)\.*(/|$)|[\\#;]", decoded.removeprefix(HOST + "/"))
    path = unquote(urlsplit(sent.url).path)
    assert path == ROOT or path.removeprefix(ROOT).split("/")[1] in (OWN, OTHER_OWN)
    if path == ROOT or (path == MINE and b'"name"' in sent.body):
        assert json.loads(sent.body)["name"].startswith(PREFIX)


def test_requests_cannot_go_around_the_guard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a session of somebody's own nor a redirect sends what the guard refuses."""
    arrived: list[str] = []

    def send(_: object, prepared: requests.PreparedRequest, **__: object) -> requests.Response:
        arrived.append(f"{prepared.method} {prepared.url}")
        response = requests.Response()
        response._content = b"[]"
        if prepared.method == "GET":
            response._content, response.status_code = json.dumps(SHOWN).encode(), 200
            return response
        response.status_code, response.request, response.url = 307, prepared, str(prepared.url)
        response.headers["Location"] = f"{HOST}{ROOT}/{FOREIGN}"
        return response

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", send)
    guard, _ = guard_in(tmp_path)
    gateway = Gateway(guard, Pace(tmp_path / "pace.json", 60_000))
    guard_requests(gateway, SPEC)
    refused = requests.delete(f"{HOST}{ROOT}/{FOREIGN}", timeout=5)
    assert (refused.status_code, refused.headers[MARK]) == (404, "refused")
    assert refused.json() == {"message": "No registry found"}
    assert arrived == []
    followed = requests.Session().delete(f"{HOST}{MINE}", timeout=5)
    assert (followed.status_code, followed.headers[MARK]) == (404, "refused")
    assert arrived == [f"GET {HOST}{MINE}", f"DELETE {HOST}{MINE}"]
    unknown = requests.put(f"{HOST}{MINE}/packages", timeout=5)
    assert (unknown.status_code, unknown.headers["Allow"]) == (405, "GET, POST")
    assert sum(gateway.counts.refused.values()) == 3


def test_httpx_cannot_go_around_the_guard(tmp_path: Path) -> None:
    """A redirect to another's registry is not followed by a write."""
    arrived: list[str] = []

    def answer(received: httpx.Request) -> httpx.Response:
        arrived.append(f"{received.method} {received.url}")
        if received.method == "GET":
            return httpx.Response(200, json=SHOWN)
        return httpx.Response(308, headers={"Location": f"{ROOT}/{FOREIGN}"})

    gateway = Gateway(guard_in(tmp_path)[0], Pace(tmp_path / "pace.json", 60_000))
    transport = GuardedTransport(gateway, httpx.MockTransport(answer))
    with httpx.Client(transport=transport, follow_redirects=True) as client, pytest.raises(Refused):
        client.delete(HOST + MINE)
    assert arrived == [f"GET {HOST}{MINE}", f"DELETE {HOST}{MINE}"]
