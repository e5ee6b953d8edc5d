"""The files of the web page, their headers, and the JSON that they request."""

import re
import subprocess
import sys
from importlib.resources import files

import httpx
import pytest

from buildkite_emulator.web import PREFIX, assets
from buildkite_emulator.web.catalogue import PER_PAGE
from scripts.samples import packages
from scripts.servers.api import ORGANIZATION, SPEC, Api

REGISTRIES = f"{PREFIX}/registries"
OF_BROWSER = {"Accept": "text/html,*/*;q=0.8"}


def policy_of(response: httpx.Response) -> dict[str, str]:
    """Parse the Content-Security-Policy of a response."""
    directives = (each.strip().partition(" ") for each in response.headers["content-security-policy"].split(";"))
    return {name: sources for name, _, sources in directives}


def references(html: str) -> list[str]:
    """List the paths on this server that a document loads or links to."""
    return [path for path in re.findall(r'(?:src|href)="(/[^"#]*)', html) if path != "/"]


def test_the_page_is_fenced_in(api: Api) -> None:
    """The policy allows only the page's own files, no frames, no requests to other sites, and no HTML from text."""
    page = api.client.get("/", headers=OF_BROWSER)
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["x-content-type-options"] == "nosniff"
    policy = policy_of(page)
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"
    assert {policy[name] for name in ("script-src", "style-src", "img-src", "connect-src")} == {"'self'"}
    assert policy["require-trusted-types-for"] == "'script'"
    assert not re.search(r"<script(?![^>]*\bsrc=)|\sstyle=|\son\w+=|https?://", page.text)


def test_the_reference_is_looser_in_styles_alone(api: Api) -> None:
    """The reference may set inline styles and show images; scripts are as restricted as on the page."""
    page, reference = (
        policy_of(api.client.get("/", headers=OF_BROWSER)),
        policy_of(api.client.get(f"{PREFIX}/reference")),
    )
    differing = {name for name in page if reference.get(name) != page[name]}
    assert differing == {"style-src", "img-src", "require-trusted-types-for", "trusted-types"}
    assert reference["script-src"] == "'self'"


def test_every_file_is_served(api: Api) -> None:
    """Each file that documents and modules refer to is served, and each file is used."""
    documents = [api.client.get(path, headers=OF_BROWSER).text for path in ("/", f"{PREFIX}/reference")]
    named = {path for text in documents for path in references(text)}
    modules = {f"{PREFIX}/{name}" for name in assets.BY_NAME if name.endswith(".js")}
    for module in modules:
        named |= {f"{PREFIX}/{name}" for name in re.findall(r'from "\./([\w.]+)"', api.client.get(module).text)}
    for path in sorted(named | modules):
        served = api.client.get(path)
        assert served.status_code == 200, path
        assert served.headers["x-content-type-options"] == "nosniff"
        assert served.content
    assert {f"{PREFIX}/{name}" for name in assets.BY_NAME} <= named
    carried = {f"static/{each.name}" for each in files("buildkite_emulator.web").joinpath("static").iterdir()}
    assert carried == {each.file for each in (assets.PAGE, *assets.BY_NAME.values()) if each.package != "offapi"}


def test_swagger_ui_knows_the_spec_s_version() -> None:
    """The installed Swagger UI is of version 5 or later, which supports OpenAPI 3.1."""
    script, _ = assets.content(assets.BY_NAME["swagger-ui.js"])
    found = re.search(rb'PACKAGE_VERSION:"(\d+)\.', script)
    assert found is not None
    assert int(found[1]) >= 5
    assert SPEC.document["openapi"].startswith("3.1")


def test_what_a_browser_has_is_not_sent_again(api: Api) -> None:
    """A request with the current entity tag gets a 304, and one with another tag gets the file."""
    first = api.client.get("/", headers=OF_BROWSER)
    again = api.client.get("/", headers={**OF_BROWSER, "If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert policy_of(again) == policy_of(first)
    assert api.client.get("/", headers={**OF_BROWSER, "If-None-Match": '"other"'}).content == first.content


def test_head_is_answered(api: Api) -> None:
    """HEAD gets the headers of GET without the body."""
    head = api.client.head("/", headers=OF_BROWSER)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(api.client.get("/", headers=OF_BROWSER).content))


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/nothing"),
        ("GET", "/v2"),
        ("POST", "/"),
        ("GET", f"{PREFIX}/page.html"),
        ("GET", f"{PREFIX}/../cli.py"),
    ],
)
def test_other_paths_are_no_part_of_it(api: Api, method: str, path: str) -> None:
    """Other paths get an error in JSON."""
    answer = api.client.request(method, path)
    assert answer.status_code in {404, 405}
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["message"]


def test_the_reference_s_document_is_the_spec(api: Api) -> None:
    """The reference shows the bundled spec with this emulator as its server."""
    document = api.client.get(f"{PREFIX}/openapi.json").json()
    assert {**document, "servers": SPEC.document["servers"]} == SPEC.document
    assert [server["url"] for server in document["servers"]] == ["/"]


def test_registries_are_listed(api: Api) -> None:
    """Each organization is listed with its registries, their ecosystems and numbers of packages."""
    registry = api.registry("debian", "apt mirror")
    api.registry("container", "images")
    assert api.publish(registry, packages.deb("hello", "1.0")).is_success
    assert api.publish(registry, packages.deb("hello", "1.1")).is_success
    (organization,) = api.client.get(REGISTRIES).json()["organizations"]
    assert organization["slug"] == ORGANIZATION
    assert organization["create_path"] == SPEC.operations["create_registry"].path.format(org_slug=ORGANIZATION)
    shown = [(each["name"], each["ecosystem"], each["packages"]) for each in organization["registries"]]
    titles = {value: each.title for value, each in SPEC.ecosystems.items()}
    assert shown == [("apt mirror", titles["debian"], 2), ("images", titles["container"], 0)]


def test_a_registry_is_shown_with_its_packages(api: Api) -> None:
    """A package has the fields of the API and its size; a token has no secret."""
    registry = api.registry()
    package = api.publish(registry, ("banana-1.0.0.txt", b"a banana")).json()
    token = api.ok("create_registry_token", registry, json={"description": "for a job"})
    answer = api.client.get(f"{REGISTRIES}/{ORGANIZATION}/{registry}")
    found = answer.json()
    (shown,) = found["packages"]
    same = ("id", "name", "version", "variant", "created_at")
    assert {name: shown[name] for name in same} == {name: package[name] for name in same}
    assert {name: shown[name] for name in ("sha256", "sha512")} == package["digests"]
    assert (shown["size"], shown["file_name"]) == (8, "banana-1.0.0.txt")
    (listed,) = found["tokens"]
    assert listed["description"] == "for a job"
    assert listed.keys() == {"id", "description", "created_by", "created_at"}
    assert token["token"] not in answer.text
    assert found["publish"]["path"] == SPEC.operations["publish_package"].path.format(
        org_slug=ORGANIZATION, registry_slug=registry
    )


def test_where_no_file_can_be_published_nothing_is_suggested(api: Api) -> None:
    """An ecosystem whose packages are not files has no suggested command for publishing."""
    registry = api.registry("container")
    assert api.client.get(f"{REGISTRIES}/{ORGANIZATION}/{registry}").json()["publish"] is None


def test_pages_hold_each_package_once(api: Api) -> None:
    """The pages list all packages once, newest first, with and without a search."""
    registry = api.registry()
    for number in range(2 * PER_PAGE + 1):
        assert api.publish(registry, packages.generic("banana" if number % 2 else "cherry", f"1.0.{number}")).is_success

    def versions(**query: str) -> list[str]:
        found: list[str] = []
        for page in range(1, 10):
            answer = api.client.get(f"{REGISTRIES}/{ORGANIZATION}/{registry}", params={**query, "page": page}).json()
            found += [each["version"] for each in answer["packages"]]
            if not answer["more"]:
                break
        return found

    newest_first = [f"1.0.{number}" for number in reversed(range(2 * PER_PAGE + 1))]
    assert versions() == newest_first
    assert versions(text="AN") == newest_first[1::2]
    assert versions(text="kiwi\0") == versions(text="%") == versions(text="_") == []


@pytest.mark.parametrize(
    "query", [{"page": "0"}, {"page": "x"}, {"page": "1" * 5000}, {"page": "0000000001"}, {"text": "x" * 5000}]
)
def test_odd_questions_are_refused(api: Api, query: dict[str, str]) -> None:
    """An invalid page number and an overlong search text get a 422."""
    answer = api.client.get(f"{REGISTRIES}/{ORGANIZATION}/{api.registry()}", params=query)
    assert answer.status_code == 422
    assert next(iter(query)) in answer.json()["message"]


@pytest.mark.parametrize("path", [f"{ORGANIZATION}/missing", "missing/missing", f"{ORGANIZATION}/%00", "%ff/x"])
def test_a_registry_that_is_not_there_is_not_found(api: Api, path: str) -> None:
    """A missing registry or organization gets a 404."""
    assert api.client.get(f"{REGISTRIES}/{path}").status_code == 404


def test_other_sites_are_kept_out(api: Api) -> None:
    """A page of another site cannot read the registries."""
    answer = api.client.get(REGISTRIES, headers={"Origin": "https://elsewhere.example"})
    assert answer.status_code == 403
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.slow
def test_starting_reads_none_of_it() -> None:
    """The files of the page are read at the first request, not at start-up."""
    script = (
        "import sys; from buildkite_emulator.server import build; build().close();"
        "from buildkite_emulator.web import assets;"
        "print('offapi' in sys.modules, assets.content.cache_info().currsize)"
    )
    finished = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=300, check=True)
    assert finished.stdout == "False 0\n"
