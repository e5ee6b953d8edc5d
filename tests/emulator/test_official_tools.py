"""What Buildkite's own tools send, byte for byte where it matters, and what they need in the answers.

Written from what the sources of go-buildkite v5.14 (62b6fcf), `bk` (buildkite/cli f0f6749), the Terraform provider
(59d8c0f), the publish-to-packages plugin and upload-packages.sh do.
"""

import json
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx
import pytest

from scripts.samples import packages
from scripts.servers.api import Api

BASE = "/v2/packages/organizations/my-org/registries"
AGENT = "go-buildkite/5.14.0"
BOUNDARY = "5a8c" * 15
"""Go's writer of forms makes sixty hexadecimal digits."""
FILE_NAME, CONTENT = packages.gem("banana", "1.0.0")


@pytest.fixture
def registry(api: Api) -> str:
    """Give a registry of gems."""
    return api.registry("ruby")


def go(api: Api, method: str, path: str, body: bytes | None = None, **headers: str) -> httpx.Response:
    """Send a request as Go's client does: few headers, no Accept, the length of the body."""
    sent = {"User-Agent": AGENT, "Accept-Encoding": "gzip", "Authorization": f"Bearer {api.token}", **headers}
    request = httpx.Request(method, api.client.base_url.join(path), content=body, headers=sent)
    for name in ("accept", "connection"):
        request.headers.pop(name, None)
    return api.client.send(request)


def form(fields: dict[str, str], file: tuple[str, str, bytes] | None = None) -> bytes:
    """Write a form as Go's `mime/multipart` does; the file comes last.

    Args:
        fields: the plain fields, in order.
        file: the field's name, the file's name and its bytes.
    """
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    if file is not None:
        name, file_name, content = file
        head = f'Content-Disposition: form-data; name="{name}"; filename="{file_name}"'
        parts.append(f"--{BOUNDARY}\r\n{head}\r\nContent-Type: application/octet-stream\r\n\r\n".encode())
        parts += [content, b"\r\n"]
    return b"".join([*parts, f"--{BOUNDARY}--\r\n".encode()])


FORM = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("tool", ["go-buildkite", "bk"])
def test_packages_are_published_in_three_steps(api: Api, registry: str, tool: str, order: int) -> None:
    """Both ask for a form, send it (fields in any order, the file last), and publish its address.

    go-buildkite sends no token with the form; bk sends its own where the host is that of the API.
    """
    asked = go(api, "POST", f"{BASE}/{registry}/packages/upload", b"")
    assert asked.is_success, asked.text
    answer = asked.json()
    upload = answer["form"]
    assert answer["uri"]
    assert upload["method"] == "POST"
    assert "${filename}" in upload["data"]["key"]
    fields = dict(list(upload["data"].items())[::order])
    body = form(fields, (upload["file_input"], FILE_NAME, CONTENT))
    url = urljoin(str(api.client.base_url), upload["url"])
    headers = {"User-Agent": AGENT, **FORM, "Content-Length": str(len(body))}
    if tool == "bk":
        headers["Authorization"] = f"Bearer {api.token}"
    sent = api.client.send(httpx.Request("POST", url, content=body, headers=headers))
    assert sent.is_success, sent.text

    key = upload["data"]["key"].replace("${filename}", FILE_NAME)
    package_url = f"{url.rstrip('/')}/{key}"
    assert package_url == urljoin(url, key)  # whichever way they are joined
    published = go(api, "POST", f"{BASE}/{registry}/packages", form({"package_url": package_url}), **FORM)
    assert published.is_success, published.text
    package = published.json()
    assert (package["name"], package["version"]) == ("banana", "1.0.0")
    assert {"id", "web_url", "organization", "registry"} <= package.keys()


def test_go_buildkite_pages_through_packages(api: Api, registry: str) -> None:
    """Its loop takes `after` and `per_page` out of `links.next`, and nothing else; so it sees each package once."""
    names = [f"banana{number}" for number in range(5)]
    for name in names:
        api.publish(registry, packages.gem(name, "1.0.0")).raise_for_status()
    query, seen = {"per_page": "2"}, []
    while query:
        page = go(api, "GET", f"{BASE}/{registry}/packages?{httpx.QueryParams(query)}").json()
        assert set(page["links"]) <= {"self", "first", "prev", "next"}
        seen += [each["name"] for each in page["items"]]
        following = parse_qs(urlsplit(page["links"].get("next", "")).query)
        query = {name: following[name][0] for name in ("after", "per_page") if name in following}
        assert len(seen) <= len(names)
    assert seen == names[::-1]
    back = parse_qs(urlsplit(page["links"]["prev"]).query)
    query = {name: back[name][0] for name in ("before", "per_page")}
    page = go(api, "GET", f"{BASE}/{registry}/packages?{httpx.QueryParams(query)}").json()
    assert [each["name"] for each in page["items"]] == seen[2:4]


@pytest.mark.parametrize(("tool", "method"), [("go-buildkite", "PATCH"), ("terraform", "PUT"), ("documents", "POST")])
def test_registries_are_updated(api: Api, registry: str, tool: str, method: str) -> None:
    """Each tool has its own method for an update; what it leaves out stays, and null clears."""
    body = {"name": f"by {tool}", "description": tool, "emoji": ":gem:", "color": "#0B7A75"}
    json_type = {"Content-Type": "application/json"}
    answer = go(api, method, f"{BASE}/{registry}", json.dumps(body).encode() + b"\n", **json_type)
    assert answer.is_success, answer.text
    updated = answer.json()
    assert {name: updated[name] for name in body} == body
    cleared = go(api, method, f"{BASE}/{updated['slug']}", b'{"emoji":null,"color":null}\n', **json_type).json()
    assert cleared == {**updated, "emoji": None, "color": None}


def test_terraform_reads_what_it_keeps(api: Api) -> None:
    """The provider creates a registry, reads it back by its slug, and compares each attribute with its plan."""
    body = {"name": "My Gems", "ecosystem": "ruby", "description": "gems", "emoji": None, "color": None}
    created = go(api, "POST", BASE, json.dumps(body).encode(), **{"Content-Type": "application/json"})
    assert created.is_success, created.text
    registry: dict[str, Any] = go(api, "GET", f"{BASE}/{created.json()['slug']}").json()
    assert registry == created.json()
    assert {name: registry[name] for name in body} == body
    assert registry["type"] == "source"
    assert registry["oidc_policy"] is None
    assert registry["team_ids"] == []
    assert go(api, "DELETE", f"{BASE}/{registry['slug']}").is_success
    assert go(api, "GET", f"{BASE}/{registry['slug']}").status_code == 404


def test_the_plugin_sends_attestations(api: Api, registry: str) -> None:
    """The publish plugin calls curl with the file and the attestations as files of one form."""
    bundle = b'{"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json", "dsseEnvelope": {}}\n'
    parts = [("file", FILE_NAME, CONTENT), ("attestation_bundle", "attestation.jsonl", bundle)]
    body = b"".join(form({}, part).removesuffix(f"--{BOUNDARY}--\r\n".encode()) for part in parts)
    body += f"--{BOUNDARY}--\r\n".encode()
    headers = {"User-Agent": "curl/8.7.1", "Accept": "*/*", **FORM, "Authorization": f"Bearer {api.token}"}
    answer = api.client.post(f"{BASE}/{registry}/packages", content=body, headers=headers)
    assert answer.is_success, answer.text
    assert answer.json()["metadata"]["attestation_bundle"] == bundle.decode()


def test_the_upload_script_uses_older_fields(api: Api) -> None:
    """upload-packages.sh names the file `package[package_file]`, and sends the ID of a version of a distribution."""
    registry = api.registry("debian")
    file_name, content = packages.deb("banana", "1.0.0")
    body = form({"package[distro_version_id]": "35"}, ("package[package_file]", file_name, content))
    headers = {"User-Agent": "curl/8.7.1", "Accept": "*/*", **FORM, "Authorization": f"Bearer {api.token}"}
    answer = api.client.post(f"{BASE}/{registry}/packages", content=body, headers=headers)
    assert answer.is_success, answer.text
    assert answer.json()["name"] == "banana"


@pytest.mark.parametrize(
    ("request_of", "text"),
    [
        ("no token", "Authentication required. Please supply a valid API Access Token"),
        ("duplicate", "A package with that name already exists"),
        ("wrong kind", "This registry does not support that package type"),
    ],
)
def test_texts_that_tools_match_are_there(api: Api, registry: str, request_of: str, text: str) -> None:
    """Tools look for parts of the service's messages; the emulator's own words may only follow them."""
    if request_of == "no token":
        answer = api.call("list_packages", registry, token=None)
    elif request_of == "duplicate":
        api.publish(registry, (FILE_NAME, CONTENT)).raise_for_status()
        answer = api.publish(registry, (FILE_NAME, CONTENT))
    else:
        answer = api.publish(registry, packages.deb("banana", "1.0.0"))
    assert answer.is_client_error
    assert text in answer.json()["message"]


def test_bk_logs_in(api: Api) -> None:
    """To log in, bk reads the token's scopes and the organizations that it is for."""
    token = go(api, "GET", "/v2/access-token")
    assert token.is_success, token.text
    assert {"read_packages", "write_packages"} <= set(token.json()["scopes"])
    assert token.json()["uuid"]
    (organization,) = go(api, "GET", "/v2/organizations").json()
    assert organization["slug"] == "my-org"
    few = api.client.post(
        "/_emulator/tokens", json={"scopes": ["read_packages"], "organizations": []}
    ).raise_for_status()
    bearer = f"Bearer {few.json()['token']}"
    assert go(api, "GET", "/v2/access-token", Authorization=bearer).json()["scopes"] == ["read_packages"]
    assert go(api, "GET", "/v2/organizations/", Authorization=bearer).json() == []


@pytest.mark.parametrize("path", ["/v2/access-token", "/v2/organizations"])
def test_logging_in_takes_a_known_token(api: Api, path: str) -> None:
    """Without a known token the answer is that of the API, and nothing can be changed there."""
    refused = go(api, "GET", path, Authorization="Bearer wrong")
    assert refused.status_code == 401
    assert "Please supply a valid API Access Token" in refused.json()["message"]
    assert go(api, "DELETE", path).status_code == 405
