"""Pages of other sites: whatever way a browser is led here, nothing is given to them and nothing is done for them."""

import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from buildkite_emulator.cli import parse
from buildkite_emulator.server import build
from buildkite_emulator.testing import EmulatorTransport, RunningEmulator
from scripts.servers.api import ORGANIZATION, SPEC, TOKEN, Api, running_emulator
from scripts.servers.raw_requests import connected, receive_head
from tests.support.emulators import emulator_in_thread

pytestmark = pytest.mark.slow

LIST = SPEC.operations["list_registries"].path.format(org_slug=ORGANIZATION)
FAULTS = "/_emulator/faults"
BROWSER = {"Accept": "text/html"}
EVERYWHERE = [
    ("GET", LIST),
    ("POST", LIST),
    ("GET", FAULTS),
    ("POST", FAULTS),
    ("DELETE", FAULTS),
    ("GET", "/_emulator/state"),
    ("GET", "/_emulator/requests"),
    ("POST", "/_emulator/reset"),
    ("GET", "/_emulator/ui/openapi.json"),
    ("POST", "/"),
    ("GET", "/nowhere"),
]

FOREIGN_ORIGINS: list[Mapping[str, str]] = [
    {"Origin": "https://example.com"},
    {"Origin": "null"},
    {"Origin": ""},
    {"Origin": "file://"},
    {"Origin": "http://testserver.example.com"},
    {"Origin": "http://testserver:8080"},
    {"Origin": "http://user@testserver"},
    {"Origin": "http://testserver/"},
    {"Origin": "http://localhost"},
    {"Origin": "http://["},
    {"Origin": "http://testserver, http://example.com"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "http://testserver"},
    {"Sec-Fetch-Site": "same-origin", "Origin": "https://example.com"},
]
OWN: list[Mapping[str, str]] = [
    {},
    {"Origin": "http://testserver"},
    {"Origin": "https://TESTSERVER"},
    {"Origin": "http://testserver:80"},
    {"Sec-Fetch-Site": "none"},
    {"Sec-Fetch-Site": "same-origin", "Origin": "http://testserver"},
]


@pytest.mark.parametrize("headers", FOREIGN_ORIGINS, ids=str)
@pytest.mark.parametrize(("method", "path"), EVERYWHERE)
def test_pages_of_other_sites_are_kept_out(api: Api, method: str, path: str, headers: Mapping[str, str]) -> None:
    """A request that a browser sends for another site is answered 403, wherever it goes, and does nothing."""
    api.registry()
    sent = {**headers, "Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    response = api.client.request(method, path, headers=sent, content=b'{"name": "x", "ecosystem": "files"}')
    assert response.status_code == 403
    assert response.json()["message"].startswith("Forbidden: pages of other sites may not use this emulator; --allow-")
    assert not [name for name in response.headers if name.startswith("access-control-")]
    assert api.client.get(FAULTS).json() == {"faults": []}
    assert len(api.ok("list_registries")) == 1


@pytest.mark.parametrize("headers", OWN, ids=str)
def test_the_own_page_may_use_it(api: Api, headers: Mapping[str, str]) -> None:
    """The emulator's page and tools that are no browser are let in."""
    assert api.client.post(FAULTS, headers=dict(headers), json={"status": 500}).status_code == 201
    assert api.call("create_registry", headers=headers, json={"name": "x", "ecosystem": "files"}).status_code == 500


def test_links_lead_to_the_page(api: Api) -> None:
    """A link on another site may lead to the page, which does nothing by being looked at; a foreign name may not."""
    foreign = {**BROWSER, "Sec-Fetch-Site": "cross-site"}
    assert api.client.get("/", headers=foreign).status_code == 200
    assert api.client.get("/", headers={**foreign, "Host": "example.com"}).status_code == 403


def ask(url: httpx.URL, *lines: str, path: str = LIST, version: str = "1.1") -> int:
    """Send a request by hand; returns the status."""
    with connected(url) as connection:
        head = [f"GET {path} HTTP/{version}", f"Authorization: Bearer {TOKEN}", *lines, "", ""]
        connection.sendall("\r\n".join(head).encode("latin-1"))
        return int(receive_head(connection).split(b" ")[1])


UNSPECIFIED = "0.0.0.0"  # noqa: S104 - nothing listens on it but where a test says so

HOSTS = {
    200: [
        *("localhost", "LOCALHOST", "localhost.", "localhost:8787", "a.localhost", "a.b.localhost:1"),
        *("127.0.0.1", "127.0.0.1:1", "127.255.0.9", "[::1]", "[::1]:8787", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]"),
        socket.gethostname(),
    ],
    403: [
        *("example.com", "example.com:8787", "evil.example", "localhost.example.com", "127.0.0.1.example.com"),
        *("xlocalhost", "localhost.localdomain", "10.0.0.1", UNSPECIFIED, "[::]", "[fe80::1]", "[::ffff:10.0.0.1]"),
        *("localhost@example.com", "user@localhost", "example.com#localhost", "localhost/", "localhost:x"),
        *("localhost:123456", "localhost:99999", "localhost, localhost", "[", "[]", "[localhost", "", "a b", "\xff"),
        *("localhost..", "127.0.0.1:", "\u0131".encode().decode("latin-1")),
    ],
}


@pytest.mark.parametrize(("host", "status"), [(host, status) for status, hosts in HOSTS.items() for host in hosts])
def test_only_names_of_this_machine_are_let_in(served: Api, host: str, status: int) -> None:
    """Who lets the name of a site lead to this machine, so that its pages are of the same origin, is answered 403."""
    for path in (LIST, FAULTS, "/_emulator/state"):
        assert ask(served.client.base_url, f"Host: {host}", path=path) == status


def test_the_refusal_says_what_helps(served: Api) -> None:
    """Who has another name for the emulator is told the option that takes it."""
    message = served.client.get(LIST, headers={"Host": "emulator.internal:80"}).json()["message"]
    assert message == (
        "Forbidden: 'emulator.internal:80' is no name or address of this emulator; --allow-host adds one"
    )


def test_a_request_has_one_host(served: Api) -> None:
    """Without a Host, or with several, a request is answered 400; HTTP/1.0 needs none, and no browser speaks it."""
    url = served.client.base_url
    assert ask(url) == 400
    assert ask(url, "Host: localhost", "Host: localhost") == 400
    assert ask(url, "Host: localhost", "Host: example.com") == 400
    assert ask(url, version="1.0") == 200
    assert ask(url, "Host: example.com", version="1.0") == 403


def test_an_address_for_proxies_counts_as_the_host(served: Api) -> None:
    """Where the address itself names a host, that is the one, and not what Host says."""
    url = served.client.base_url
    for host in ("example.com", "localhost@example.com", "user@localhost"):
        assert ask(url, "Host: localhost", path=f"http://{host}{LIST}") == 403
        assert ask(url, "Host: localhost", path=f"http://{host}{FAULTS}") == 403
    assert ask(url, "Host: example.com", path=f"http://LOCALHOST:1{LIST}") == 200


@pytest.fixture(params=["::", UNSPECIFIED, "localhost"])
def open_emulator(request: pytest.FixtureRequest) -> Iterator[tuple[str, httpx.URL]]:
    """Run an emulator that listens on every address, or on a name."""
    if request.param == "::" and not Path("/proc/net/if_inet6").exists():
        pytest.skip("this machine has no IPv6")
    with running_emulator(f"--host={request.param}") as (api, _):
        yield request.param, api.client.base_url


def test_all_addresses_are_as_careful(open_emulator: tuple[str, httpx.URL]) -> None:
    """On every address that it listens on, its own names are let in, and others are not."""
    host, printed = open_emulator
    url = httpx.URL(printed, host="127.0.0.1")
    written = f"[{host}]" if ":" in host else host
    for own in ("localhost", "127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", f"{written}:{printed.port}"):
        assert ask(url, f"Host: {own}", path="/_emulator/state") == 200
    for foreign in ("evil.com", "127.0.0.1.evil.com", "192.0.2.1"):
        assert ask(url, f"Host: {foreign}", path="/_emulator/state") == 403
        assert ask(url, f"Host: {foreign}") == 403


def test_further_hosts_can_be_allowed(tmp_path: Path) -> None:
    """`--allow-host` lets requests to a name or an address in, on every port, and pages of that host."""
    names = ("emulator.internal", "10.0.0.1", "fd00::1")
    with emulator_in_thread(
        tmp_path, allowed_hosts=parse([f"--allow-host={name}" for name in names]).allow_host
    ) as api:
        url = api.client.base_url
        for host in ("emulator.internal", "EMULATOR.internal.:80", "10.0.0.1", "[fd00::1]:1", "[fd00:0::1]"):
            assert ask(url, f"Host: {host}") == 200
        assert ask(url, "Host: a.emulator.internal") == 403
        assert ask(url, "Host: localhost", "Origin: https://emulator.internal", "Sec-Fetch-Site: cross-site") == 200
        assert ask(url, "Host: emulator.internal", "Origin: https://example.com") == 403


def test_an_emulator_in_the_process_is_known_by_its_base_url() -> None:
    """A transport's address is whatever the client calls it; another Host has to be allowed."""
    options: list[tuple[dict[str, Any], int]] = [({}, 403), ({"allowed_hosts": ["other.example"]}, 200)]
    for more, status in options:
        built = build(**more)
        with httpx.Client(transport=EmulatorTransport(built.app), base_url="http://anything.example:1") as client:
            assert Api(client).call("list_registries").status_code == 200
            assert Api(client).call("list_registries", headers={"Host": "other.example"}).status_code == status
        built.close()
    with RunningEmulator(allowed_hosts=["other.example"]) as emulator:
        headers = {"Host": "other.example", "Authorization": f"Bearer {emulator.token}"}
        assert httpx.get(f"{emulator.url}{LIST}", headers=headers, trust_env=False).status_code == 200
