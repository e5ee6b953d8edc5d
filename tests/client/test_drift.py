"""Drift: whatever of an answer is not as the spec says is found and named, and nothing else is."""

import base64
import json
import pickle
import re
import time
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import httpx
import pytest

from buildkite_packages.drift.checker import KINDS, Checker
from buildkite_packages.drift.matching import is_link
from scripts.samples.packages import gem
from scripts.servers.api import ORGANIZATION, SPEC, Api

URL = f"https://api.buildkite.com/v2/packages/organizations/{ORGANIZATION}/registries"
JSON = {"Content-Type": "application/json"}
NONE: Mapping[str, str] = {}
UUID = "0191e23a-4bc8-7683-bfa4-5f73bc9b7c44"


class Answer(NamedTuple):
    """What `Checker.check` takes of an answer."""

    method: str
    url: str
    status: int
    headers: dict[str, str]
    content: bytes

    @classmethod
    def of(cls, response: httpx.Response) -> "Answer":
        """Take what is needed out of a response."""
        request = response.request
        return cls(request.method, str(request.url), response.status_code, dict(response.headers), response.content)

    def with_body(self, change: Callable[[Any], Any]) -> "Answer":
        """Give the same answer with another body; `change` alters the JSON, or returns another."""
        body = json.loads(self.content)
        changed = change(body)
        return self._replace(content=json.dumps(body if changed is None else changed).encode())


@pytest.fixture(scope="module")
def checker() -> Checker:
    """Give the checker of the spec that the package carries."""
    return Checker.load()


@pytest.fixture
def answers(api: Api) -> dict[str, Answer]:
    """Call every operation of an emulator; gives the last success of each."""
    return {operation: every[0] for operation, every in everything(api).items()}


def everything(api: Api) -> dict[str, list[Answer]]:
    """Call every operation of an emulator, and have most refuse something; gives the answers by operation."""
    found: dict[str, list[Answer]] = {}

    def call(operation: str, *path: str, **arguments: Any) -> Any:
        response = api.call(operation, *path, **arguments)
        every = found.setdefault(operation, [])
        every.insert(0 if response.is_success else len(every), Answer.of(response))
        return response.json() if response.content else None

    call("create_registry", json={"name": "my gems", "ecosystem": "ruby", "description": "x", "color": "#fff"})
    call("create_registry", json={"name": "other gems", "ecosystem": "ruby"})
    call("create_registry", json={"name": 5})
    call("list_registries")
    call("update_registry", "my-gems", json={"name": "our gems"})
    call("get_registry", "our-gems")
    call("get_registry", "none")
    call("get_registry", "our-gems", token=None)
    for version in ("1.0", "1.1", "1.2"):
        package = call("publish_package", "our-gems", files={"file": gem("a", version)})
    call("publish_package", "our-gems", files={"file": ("a.gem", b"none")})
    call("request_presigned_upload", "our-gems")
    call("list_packages", "our-gems", params={"per_page": 1, "page": 2})
    call("get_package", "our-gems", package["id"])
    call("copy_package", "our-gems", package["id"], params={"to": "other-gems"})
    call("copy_package", "our-gems", package["id"])
    call("delete_package", "our-gems", package["id"])
    call("delete_package", "our-gems", package["id"])
    token = call("create_registry_token", "our-gems", json={"description": "x"})
    call("create_registry_token", "our-gems", json={})
    call("list_registry_tokens", "our-gems")
    call("get_registry_token", "our-gems", token["id"])
    call("update_registry_token", "our-gems", token["id"], json={"description": "y"})
    call("delete_registry_token", "our-gems", token["id"])
    call("delete_registry", "our-gems")
    return found


def test_what_the_emulator_answers_is_as_the_spec_says(api: Api, checker: Checker) -> None:
    """No answer of the emulator has a drift: of no operation, be it a success or a refusal."""
    found = everything(api)
    assert found.keys() == SPEC.operations.keys()
    assert {answer.status for every in found.values() for answer in every} >= {200, 401, 404, 422}
    for operation, every in found.items():
        for answer in every:
            assert checker.check(*answer) == []
            assert checker.check(*answer, operation=operation) == []


def examples() -> Iterator[tuple[str, str, str, Any]]:
    """Give the examples of answers in the spec: operationId, status, name and value."""
    for operation in SPEC.operations.values():
        for status, response in SPEC.responses(operation).items():
            for content in response.get("content", {}).values():
                for name, example in content.get("examples", {}).items():
                    yield operation.id, status, name, SPEC.follow(example)["value"]


@pytest.mark.parametrize(("operation", "status", "name", "value"), list(examples()))
def test_an_example_of_the_spec_fits(checker: Checker, operation: str, status: str, name: str, value: Any) -> None:
    """What the documentation shows is no drift, asked for by the path that the example itself is about."""
    assert name
    one = value[0] if isinstance(value, list) else value.get("items", [value])[0]
    organization = re.search("/organizations/([^/]+)", json.dumps(value))
    slug = one.get("registry", one).get("slug", "my-registry")
    path = SPEC.operations[operation].path.format(
        org_slug=organization[1] if organization else ORGANIZATION, registry_slug=slug, id=one.get("id", UUID)
    )
    answer = checker.check(
        SPEC.operations[operation].method,
        f"https://api.buildkite.com{path}",
        int(status),
        JSON,
        json.dumps(value).encode(),
    )
    assert answer == []


def drifts(checker: Checker, answer: Answer) -> list[tuple[str, str, str]]:
    """Check an answer; gives kind, place and place in the spec of each drift."""
    return [(each.kind, each.where, each.spec) for each in checker.check(*answer)]


def put(*path: str | int, value: Any) -> Callable[[Any], None]:
    """Make a change of a body that puts a value at a place."""

    def change(body: Any) -> None:
        for step in path[:-1]:
            body = body[step]
        body[path[-1]] = value

    return change


def drop(*path: str | int) -> Callable[[Any], None]:
    """Make a change of a body that takes away what is at a place."""

    def change(body: Any) -> None:
        for step in path[:-1]:
            body = body[step]
        del body[path[-1]]

    return change


REGISTRY = "#/components/schemas/Registry"
PACKAGE = "#/components/schemas/Package"
REGISTRY_TOKEN = "#/components/schemas/RegistryToken"  # noqa: S105 - a place in the spec

DIGESTS = "#/components/schemas/Digests"
LINKS = "#/components/schemas/PageLinks"
VERSION = "#/components/schemas/PackageSummary/properties/version"
USER = "#/components/schemas/User"
PUBLISHED = f"{PACKAGE}/properties/created_at"
UNKNOWN = "undocumented_property"


class Change(NamedTuple):
    """A change of a body: of which operation's answer, what, and kind and places of the drift that it makes."""

    operation: str
    change: Callable[[Any], Any]
    kind: str
    where: str
    spec: str


CHANGES = [
    Change("get_registry", drop("slug"), "body", "/slug", f"{REGISTRY}/required"),
    Change("list_registries", drop(0, "color"), "body", "/0/color", f"{REGISTRY}/required"),
    Change("get_registry", put("public", value="no"), "body", "/public", f"{REGISTRY}/properties/public"),
    Change("get_registry", put("name", value=None), "body", "/name", f"{REGISTRY}/properties/name"),
    Change("get_registry", put("color", value=5), "body", "/color", f"{REGISTRY}/properties/color"),
    Change("get_registry", put("id", value="5"), "body", "/id", f"{REGISTRY}/properties/id"),
    Change("get_registry", put("team_ids", value=[1]), "body", "/team_ids/0", f"{REGISTRY}/properties/team_ids/items"),
    Change("get_registry", put("team_ids", value="x"), "body", "/team_ids", f"{REGISTRY}/properties/team_ids"),
    Change("get_registry", put("ecosystem", value=1), "body", "/ecosystem", "#/components/schemas/Ecosystem"),
    Change("get_registry", put("web_url", value="/x"), "body", "/web_url", f"{REGISTRY}/properties/web_url"),
    Change("get_registry", put("web_url", value="https:///x"), "body", "/web_url", f"{REGISTRY}/properties/web_url"),
    Change("get_registry", put("a/b~c", value="x"), UNKNOWN, "/a~1b~0c", REGISTRY),
    Change("list_registries", put(1, "extra", value={}), UNKNOWN, "/1/extra", REGISTRY),
    Change("list_registries", lambda _: {}, "body", "", "#/components/schemas/RegistryList"),
    Change("get_package", put("created_at", value="2024-13-01T00:00:00Z"), "body", "/created_at", PUBLISHED),
    Change("get_package", put("created_at", value="2024-08-22 T06:24:53Z"), "body", "/created_at", PUBLISHED),
    Change("get_package", put("created_at", value="2024-02-30T06:24:53Z"), "body", "/created_at", PUBLISHED),
    Change("get_package", put("metadata", value=[]), "body", "/metadata", f"{PACKAGE}/properties/metadata"),
    Change("get_package", drop("digests", "sha512"), "body", "/digests/sha512", f"{DIGESTS}/required"),
    Change("get_package", put("digests", "md5", value="x"), UNKNOWN, "/digests/md5", DIGESTS),
    Change("list_packages", put("links", "self", value="x"), "body", "/links/self", f"{LINKS}/properties/self"),
    Change(
        "list_packages", put("links", "self", value="https:///x"), "body", "/links/self", f"{LINKS}/properties/self"
    ),
    Change(
        "list_packages",
        put("items", 0, "version", value=1),
        "body",
        "/items/0/version",
        VERSION,
    ),
    Change("get_registry_token", put("token", value="bkpr_x"), UNKNOWN, "/token", REGISTRY_TOKEN),
    Change("list_registry_tokens", put(0, "token", value="bkpr_x"), UNKNOWN, "/0/token", REGISTRY_TOKEN),
    Change("create_registry_token", put("x", value="x"), UNKNOWN, "/x", f"{REGISTRY_TOKEN}WithSecret"),
    Change("create_registry_token", drop("created_by", "email"), "body", "/created_by/email", f"{USER}/required"),
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_of_a_body_is_found_where_it_is(answers: dict[str, Answer], checker: Checker, change: Change) -> None:
    """One thing of a body that is wrong gives one drift, with its place there and in the spec."""
    (drift,) = checker.check(*answers[change.operation].with_body(change.change))
    assert (drift.operation, drift.kind, drift.where, drift.spec) == (change.operation, *change[2:])
    place = SPEC.document
    for step in change.spec.removeprefix("#/").split("/"):
        place = place[int(step)] if isinstance(place, list) else place[step]


def test_what_the_spec_leaves_open_is_no_drift(answers: dict[str, Answer], checker: Checker) -> None:
    """Null where it may be, an absent optional property, any property where all are allowed, any ecosystem."""
    package = answers["get_package"]
    for change in (
        put("metadata", value=None),
        put("metadata", value={"anything": [{"at": "all"}]}),
        put("version", value=None),
        drop("created_at"),
        put("created_at", value="2024-08-22T06:24:53.123Z"),
    ):
        assert checker.check(*package.with_body(change)) == []
    registry = answers["get_registry"]
    for change in (put("ecosystem", value="cobol"), put("oidc_policy", value=None), put("team_ids", value=[])):
        assert checker.check(*registry.with_body(change)) == []


def test_an_address_has_the_form_that_the_spec_gives_it(answers: dict[str, Answer], checker: Checker) -> None:
    """An address leads to the object that has it, below what was asked for; a proxy's own path may come before."""
    place = f"{REGISTRY}/properties/url"
    right = json.loads(answers["get_registry"].content)["url"]
    host = right.partition("/v2/")[0]
    for wrong in (
        right + "/",
        right + "/packages",
        right.replace("our-gems", "my-gems"),
        right.replace(ORGANIZATION, "other"),
        right.replace("/v2/", "/v3/"),
        host,
    ):
        answer = answers["get_registry"].with_body(put("url", value=wrong))
        assert drifts(checker, answer) == [("body", "/url", place)], wrong
    listed = answers["list_packages"].with_body(put("items", 0, "url", value=right + f"/packages/{UUID}"))
    assert [each.where for each in checker.check(*listed)] == ["/items/0/url"]
    proxied = answers["get_registry"]._replace(url=answers["get_registry"].url.replace("/v2/", "/proxy/v2/", 1))
    assert checker.check(*proxied, operation="get_registry") == []
    renamed = proxied.with_body(lambda body: put("url", value=body["url"].replace("/v2/", "/proxy/v2/"))(body))
    assert checker.check(*renamed, operation="get_registry") == []


def test_what_an_answer_links_to_counts_more_than_the_request(answers: dict[str, Answer], checker: Checker) -> None:
    """A copy has the address of its own registry, not of the one asked for, and a renamed registry that of its slug."""
    copied = answers["copy_package"]
    body = json.loads(copied.content)
    assert body["registry"]["slug"] not in urlsplit(copied.url).path
    assert checker.check(*copied) == []
    wrong = copied.with_body(put("url", value=body["url"].replace("other-gems", "our-gems")))
    assert [each.where for each in checker.check(*wrong)] == ["/url"]
    assert "our-gems" not in answers["update_registry"].url
    assert checker.check(*answers["update_registry"]) == []


def test_a_graphql_id_is_made_of_the_same_objects_id(answers: dict[str, Answer], checker: Checker) -> None:
    """The GraphQL ID of another object or another type, or in another alphabet, is found."""
    registry = json.loads(answers["get_registry"].content)
    for wrong in (
        base64.b64encode(f"Registry---{UUID}".encode()).decode(),
        base64.b64encode(f"Package---{registry['id']}".encode()).decode(),
        registry["graphql_id"].rstrip("="),
        registry["id"],
    ):
        if wrong != registry["graphql_id"]:
            answer = answers["get_registry"].with_body(put("graphql_id", value=wrong))
            assert drifts(checker, answer) == [("body", "/graphql_id", f"{REGISTRY}/properties/graphql_id")]


def test_a_body_that_is_no_json_is_found(checker: Checker) -> None:
    """Whatever is no JSON as the standard has it is a drift, and what it says is not repeated."""
    place = "#/components/responses/RegistryList/content/application~1json"
    deep = b"[" * 100_000, b"[" * 5000 + b"]" * 5000, b'[{"a":' * 100 + b"1" + b"}]" * 100
    for content in (b"", b"[", b"\xff[]", b"[NaN]", b"\xef\xbb\xbf[]", *deep, b"[1" + b"0" * 5000 + b"]"):
        (drift,) = checker.check("GET", URL, 200, JSON, content)
        assert (drift.kind, drift.where, drift.spec) == ("body", "", place)
    (drift,) = checker.check("GET", URL, 200, JSON, b'["\\ud800"]')
    assert drift.kind == "body"
    assert "s3cret" not in str(checker.check("GET", URL, 200, JSON, b'{"token": "s3cret"'))


def test_a_body_where_none_is_documented_is_found(answers: dict[str, Answer], checker: Checker) -> None:
    """Nothing but an empty body goes with what has no content."""
    answer = answers["delete_package"]
    (drift,) = checker.check(*answer._replace(content=b'{"token": "s3cret"}'))
    assert (drift.kind, drift.spec) == ("body", "#/components/responses/DeletedPackage")
    assert "s3cret" not in str(drift)


def test_a_status_that_is_not_documented_is_found(answers: dict[str, Answer], checker: Checker) -> None:
    """Another success, an error that the operation does not have, and a failure of the service."""
    for status in (201, 204, 302, 422, 500, 799):
        (drift,) = checker.check(*answers["get_registry"]._replace(status=status))
        assert (drift.kind, drift.received) == ("status", str(status))
        assert "200" in drift.expected
        assert drift.spec.endswith("/get/responses")


def test_a_wrong_or_missing_content_type_is_found(answers: dict[str, Answer], checker: Checker) -> None:
    """JSON has to be called so; parameters and case do not matter. The body is looked at all the same."""
    answer = answers["get_registry"]
    for said in ("text/html", "", "application/json+x"):
        (drift,) = checker.check(*answer._replace(headers={"content-type": said}))
        assert (drift.kind, drift.spec) == ("content_type", "#/components/responses/Registry/content")
    assert [each.kind for each in checker.check(*answer._replace(headers={}))] == ["content_type"]
    assert checker.check(*answer._replace(headers={"content-type": "Application/JSON; charset=utf-8"})) == []
    wrong = answer.with_body(drop("id"))._replace(headers={"content-type": "text/plain"})
    assert [each.kind for each in checker.check(*wrong)] == ["content_type", "body"]
    page = answer._replace(headers={"content-type": "text/html"}, content=b"<html>")
    assert [each.kind for each in checker.check(*page)] == ["content_type"]


@pytest.mark.parametrize("value", ["-1", "1.5", "soon", "", "1, 2", "1e3", "1" * 401])
def test_a_header_fits_its_schema(answers: dict[str, Answer], checker: Checker, value: str) -> None:
    """A number that is documented is one, in whatever case the header's name is written."""
    answer = answers["get_registry"]._replace(headers={**JSON, "ratelimit-remaining": value})
    (drift,) = checker.check(*answer)
    assert (drift.kind, drift.where) == ("header", "RateLimit-Remaining")
    assert drift.spec == "#/components/headers/RateLimit-Remaining/schema"
    assert checker.check(*answer._replace(headers={**JSON, "RateLimit-Remaining": "180"})) == []


@pytest.mark.parametrize(
    ("text", "is_right"),
    [
        ('<https://x/y?page=2>; rel="next"', True),
        ("<https://x/y?page=2>;rel=next", True),
        ('<a>; rel="next last"; title="a, \\"b\\"; c" , <b> ; REL = prev', True),
        ("<>; rel=self", True),
        ("", False),
        ("https://x/y; rel=next", False),
        ("<https://x/y>", False),
        ("<https://x/y>; next", False),
        ("<https://x/y>; rel=next" + ", " * 40_000 + "x", False),
        ("<https://x/y>; rel=next" + "; " * 40_000 + '"', False),
        ('<https://x/y>; rel="' + "\\\\" * 40_000, False),
        ("<https://x/y>; rel=next , ,\t,", True),
        ("<https://x/ y>; rel=next", False),
        ('<https://x/y>; rel="next', False),
        ("<https://x/y>; rel=next <https://x/z>; rel=last", False),
        ('{"next": "https://x/y"}', False),
    ],
)
def test_links_are_those_of_rfc_8288(checker: Checker, text: str, *, is_right: bool) -> None:
    """A `Link` header has addresses in brackets, each with its relation."""
    assert is_link(text) is is_right
    body = json.dumps({"items": [], "links": {"self": "https://x/y"}}).encode()
    found = checker.check("GET", f"{URL}/r/packages", 200, {**JSON, "Link": text}, body)
    assert [each.where for each in found] == ([] if is_right else ["Link"])


def test_operations_are_found_by_method_and_path(checker: Checker) -> None:
    """Each path leads to its operation; another method or path to none, which is a drift of its own."""
    for operation in SPEC.operations.values():
        path = operation.path.replace("{id}", UUID).replace("{", "a%2F").replace("}", "")
        assert checker.match(operation.method, path) == operation.id
        assert checker.match(operation.method.lower(), path + "/") == operation.id
        assert checker.match(operation.method, f"/x{path}") is None
        assert checker.match("TRACE", path) is None
    (drift,) = checker.check("TRACE", f"{URL}/x", 200, JSON, b"{}")
    assert (drift.operation, drift.kind) == (None, "operation")
    assert drift.spec == "#/paths/~1v2~1packages~1organizations~1{org_slug}~1registries~1{registry_slug}"
    (drift,) = checker.check("GET", "https://api.buildkite.com/v2/user", 200, JSON, b"{}")
    assert (drift.kind, drift.spec) == ("operation", "#/paths")


def test_no_secret_is_shown(answers: dict[str, Answer], checker: Checker) -> None:
    """A registry token's secret, credentials in addresses, and values that the spec does not know are hidden."""
    created = answers["create_registry_token"]
    secret = json.loads(created.content)["token"]
    shown = checker.check(
        *created.with_body(put("token", value=["s3cret", secret])),
    ) + checker.check(*created.with_body(put("token", value=5_318_008)))
    shown += checker.check(*created.with_body(put("unknown", value="s3cret")))
    shown += checker.check(*created.with_body(put("url", value="https://me:s3cret@x/?access_token=s3cret&page=7")))
    address = created.url.replace("://", "://me:s3cret@") + "?token=s3cret&page=7&s3cret"
    shown += checker.check(*created._replace(status=500, url=address))
    assert len(shown) == 5
    for drift in shown:
        assert secret not in repr(drift)
        assert "s3cret" not in repr(drift).replace("7&s3cret", "")
        assert "5318008" not in repr(drift)
    assert "page=7" in shown[-2].received
    assert "page=7" in shown[-1].url


def test_a_drift_is_a_sentence_in_one_line(answers: dict[str, Answer], checker: Checker) -> None:
    """It says what came and what should have come, where, and where the spec says so."""
    answer = answers["get_registry"].with_body(put("public", value=None))
    (drift,) = checker.check(*answer)
    assert str(drift) == (
        "get_registry: `/public` in the body is null; it should be a boolean "
        f"(#/components/schemas/Registry/properties/public) [GET {answer.url}]"
    )
    for change in (put("name", value=["x" * 9000]), put("id", value="\x1b[31m\n" * 900), put("\n" * 9000, value=1)):
        (drift,) = checker.check(*answers["get_registry"].with_body(change))
        assert str(drift).isprintable()
        assert len(str(drift)) < 1200
    assert pickle.loads(pickle.dumps(drift)) == drift  # noqa: S301 - made here
    assert drift.kind in KINDS


def test_the_same_drift_of_other_requests_has_the_same_key(checker: Checker) -> None:
    """Items of a list, and requests of an operation, do not make a drift another one."""
    found = checker.check("GET", f"{URL}?page=1", 200, JSON, b"[1, 2]")
    found += checker.check("GET", URL.replace(ORGANIZATION, "other"), 200, JSON, b"[0, 0, null]")
    assert len(found) == 5
    assert len({each.key for each in found}) == 1


@pytest.fixture
def small() -> dict[str, Any]:
    """Give a spec with what the package's own has not: inline answers, ranges of statuses, alternatives."""
    part = {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer", "maximum": 3}}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "x", "version": "1"},
        "paths": {
            "/things/{id}": {
                "get": {
                    "operationId": "get_thing",
                    "responses": {
                        "200": {
                            "description": "x",
                            "headers": {"X-Count": {"required": True, "schema": {"type": "integer", "enum": [1, 2]}}},
                            "content": {
                                "application/*": {
                                    "schema": {
                                        "oneOf": [{"$ref": "#/components/schemas/Thing"}, {"type": "null"}],
                                    }
                                }
                            },
                        },
                        "4XX": {"description": "x"},
                        "default": {"description": "x", "content": {"text/plain": {}}},
                    },
                }
            }
        },
        "components": {
            "schemas": {
                "Thing": {
                    "allOf": [
                        part,
                        {
                            "type": "object",
                            "properties": {
                                "closed": {"type": "object", "additionalProperties": False},
                                "free": {"type": "object"},
                                "map": {
                                    "type": "object",
                                    "additionalProperties": {"$ref": "#/components/schemas/Leaf"},
                                },
                                "word": {"type": "string", "pattern": "^a", "minLength": 2, "enum": ["ab", "b"]},
                                "secrets": {"type": "array", "items": {"$ref": "#/components/schemas/Secret"}},
                            },
                        },
                    ]
                },
                "Leaf": {"type": "object", "properties": {"n": {"type": "number"}}},
                "Secret": {"type": "string", "format": "password", "minLength": 9},
            }
        },
    }


def test_any_spec_is_understood(small: dict[str, Any]) -> None:
    """Ranges of statuses, required headers, alternatives, and objects that are closed, open or maps."""
    before = deepcopy(small)
    checker = Checker(small)
    headers = {"Content-Type": "application/x.json", "X-Count": "1"}

    def found(body: object, status: int = 200, more: Mapping[str, str] = NONE) -> list[tuple[str, str, str]]:
        return [
            (each.kind, each.where, each.expected)
            for each in checker.check(
                "get",
                "http://h/things/1",
                status,
                {**headers, **more},
                json.dumps(body).encode() if body != "" else b"",
            )
        ]

    right: dict[str, Any] = {"a": 1, "free": {"x": 1}, "map": {"x": {"n": 1}}, "closed": {}, "word": "ab"}
    assert found(right) == []
    assert found(None) == []
    assert found({**right, "closed": {"x": 1}}) == [
        ("undocumented_property", "/closed/x", "absent, as the spec names none")
    ]
    assert [each[:2] for each in found({**right, "map": {"x": {"m": 1}}})] == [("undocumented_property", "/map/x/m")]
    assert found({**right, "b": 1})[0][:2] == ("undocumented_property", "/b")
    assert found({**right, "a": 4}) == [("body", "/a", "a number of at most 3")]
    assert found({"a": 1, "word": "b"}) == [
        ("body", "/word", "a string of at least 2 characters"),
        ("body", "/word", "a string that fits the pattern ^a"),
    ]
    assert found("", 404) == []
    assert found("", 500) == [("content_type", "", "text/plain")]
    assert [each[:2] for each in found(right, more={"X-Count": "3"})] == [("header", "X-Count")]
    del headers["X-Count"]
    assert found(right) == [("header", "X-Count", "there")]
    (drift,) = checker.check(
        "GET", "http://h/things/1", 200, {**headers, "X-Count": "1"}, b'{"a": 1, "secrets": ["s3"]}'
    )
    assert drift.where == "/secrets/0"
    assert "s3" not in drift.received
    assert small == before


def matching(*globs: Any) -> list[Any]:
    """Make an OIDC policy with globs."""
    return [{"iss": "a", "claims": {"x": {"matches": list(globs)}}}]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda _: [1] * 500_000, ""),
        (lambda body: body | {"team_ids": [1] * 500_000}, "/team_ids/0"),
        (lambda body: body | {"team_ids": [*["a"] * 200_000, 1]}, "/team_ids/200000"),
        (lambda _: [{}] * 350_000, ""),
        (lambda body: body | {"oidc_policy": [{}] * 350_000}, "/oidc_policy"),
        (lambda body: body | {"oidc_policy": matching(*[1] * 500_000)}, "/oidc_policy"),
        (lambda body: body | {"oidc_policy": matching(*["x"] * 20_000, *[1] * 400_000)}, "/oidc_policy"),
        (lambda body: body | {str(number): 1 for number in range(100_000)}, "/0"),
        (lambda body: body | {"description": [["x"] * 50] * 5_000}, "/description"),
    ],
    ids=range(9),
)
def test_what_is_wrong_with_a_mebibyte_is_found_soon(
    checker: Checker, answers: dict[str, Answer], change: Callable[[Any], Any], where: str
) -> None:
    """However much of a large answer is wrong, a part of it is named, and that takes at most a second or so."""
    answer = answers["get_registry"].with_body(change)
    start = time.process_time()
    found = checker.check(*answer)
    assert time.process_time() - start < 3  # it takes less than one, and took up to 15
    assert any(each.where.startswith(where) for each in found)


def test_a_large_answer_that_fits_has_no_drift(checker: Checker, answers: dict[str, Answer]) -> None:
    """That not all of it is looked at closely makes nothing seem to be missing."""
    answer = answers["list_registries"].with_body(lambda body: body * 2_000)
    assert checker.check(*answer) == []
