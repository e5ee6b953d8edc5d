"""Names that the spec does not know: refused with `--strict`, else accepted and noted down."""

from collections.abc import Iterator
from typing import Any

import pytest

from buildkite_emulator.api.unknown_fields import MOST_OBJECTIONS, UnknownFields
from buildkite_emulator.spec import Spec
from scripts.samples import packages
from scripts.servers.api import SPEC, Api
from scripts.servers.raw_requests import MULTIPART, form, part
from tests.emulator.http.test_http import refused
from tests.support.emulators import fresh


@pytest.fixture
def strict() -> Iterator[Api]:
    """Reach a strict emulator."""
    with fresh(strict=True) as api:
        yield api


def objections(api: Api) -> list[str]:
    """Give what the log says that the spec objects to in the last request."""
    entry = api.client.get("/_emulator/requests").json()["requests"][-1]
    found: list[str] = entry["objections"]
    return found


def with_field(name: str) -> dict[str, Any]:
    """Make the arguments of a call that publishes a package with another form field."""
    file_name, content = packages.generic("banana", "1.0.0")
    body = form(part(b"x", name), part(content, "file", file_name))
    return {"content": body, "headers": {"Content-Type": MULTIPART}}


DESCRIPTION = "`desciption` is unknown; did you mean `description`?"
PAGE = "the query parameter `Per_Page` is unknown; did you mean `per_page`?"
NO_QUERY = "the query parameter `page` is unknown; get_registry takes none"
FIELD = "the form field `fiel` is unknown; did you mean `file`?"

REGISTRY = {"name": "other", "ecosystem": "files"}
CASES: dict[str, tuple[str, list[str], dict[str, Any], str, str]] = {
    "property": ("create_registry", [], {"json": {**REGISTRY, "desciption": "x"}}, "desciption", DESCRIPTION),
    "query parameter": ("list_packages", ["my-registry"], {"params": {"Per_Page": "5"}}, "Per_Page", PAGE),
    "no query": ("get_registry", ["my-registry"], {"params": {"page": "1"}}, "page", NO_QUERY),
    "form field": ("publish_package", ["my-registry"], with_field("fiel"), "fiel", FIELD),
}


@pytest.mark.parametrize("case", CASES)
def test_what_the_spec_does_not_know_is_refused(strict: Api, case: str) -> None:
    """With `--strict`, an unknown name is answered 422 and nothing is done; what might have been meant is said."""
    operation_id, path, arguments, field, reason = CASES[case]
    strict.registry()
    answer = strict.call(operation_id, *path, **arguments)
    assert answer.status_code == 422, answer.text
    assert answer.json() == {
        "message": f"Validation failed: {reason}",
        "errors": [{"field": field, "code": "unknown_field"}],
    }
    assert objections(strict) == [reason]
    assert [registry["slug"] for registry in strict.ok("list_registries")] == ["my-registry"]
    assert strict.ok("list_packages", "my-registry")["items"] == []


@pytest.mark.parametrize("case", CASES)
def test_what_the_spec_does_not_know_is_noted_down(api: Api, case: str) -> None:
    """Without `--strict`, an unknown name is accepted, and the log says what the spec objects to."""
    operation_id, path, arguments, _, reason = CASES[case]
    api.registry()
    api.ok(operation_id, *path, **arguments)
    assert objections(api) == [reason]


@pytest.mark.parametrize("operation_id", SPEC.operations)
def test_a_strict_emulator_does_what_the_spec_has(strict: Api, operation_id: str) -> None:
    """Requests with every name that the spec knows and no other are not objected to."""
    registry, other = strict.registry(), strict.registry(name="other")
    package = strict.publish(registry, packages.generic("banana", "1.0.0")).json()["id"]
    token = strict.ok("create_registry_token", registry, json={"description": ""})["id"]
    sound: dict[str, dict[str, Any]] = {
        "create_registry": {
            "json": {
                "name": "third",
                "ecosystem": "files",
                "description": "x",
                "emoji": ":x:",
                "color": "#fff",
                "oidc_policy": [{"iss": "https://agent.buildkite.com", "claims": {"anything": "x"}}],
                "team_ids": [],
            }
        },
        "update_registry": {"json": {"name": "third", "description": None, "oidc_policy": None}},
        "create_registry_token": {"json": {"description": "x"}},
        "update_registry_token": {"json": {"description": "x"}},
        "list_packages": {"params": {"name": "banana", "page": "1", "per_page": "5"}},
        "copy_package": {"params": {"to": other}},
        "publish_package": {"files": {"file": packages.generic("banana", "2.0.0")}},
    }
    right = {"registries": registry, "packages": package, "tokens": token}
    path = [right[collection] for collection, _ in SPEC.operations[operation_id].collections[1:]]
    strict.ok(operation_id, *path, **sound.get(operation_id, {}))
    assert objections(strict) == []


def test_a_misspelt_name_is_named_rather_than_the_missing_one(strict: Api) -> None:
    """Where a property is missing because it is misspelt, the misspelling is what is said."""
    answer = refused(strict.call("create_registry", json={"nmae": "x", "ecosystem": "files"}), 422, "create_registry")
    assert answer["message"] == "Validation failed: `nmae` is unknown; did you mean `name`?"


def test_both_are_noted_down_for_a_request_that_is_refused(api: Api) -> None:
    """Without `--strict` the log has the misspelling beside what is missing."""
    refused(api.call("create_registry", json={"nmae": "x", "ecosystem": "files"}), 422, "create_registry")
    assert objections(api) == ["`nmae` is unknown; did you mean `name`?", "`name` is missing"]


def test_several_faults_are_noted_down_one_by_one(api: Api) -> None:
    """Each thing that a 422 answer says is wrong is a sentence of its own in the log."""
    answer = refused(api.call("create_registry", json={}), 422)
    assert objections(api) == ["`name` is missing", "`ecosystem` is missing"]
    assert answer["message"] == "Validation failed: `name` is missing; `ecosystem` is missing"


def test_what_is_missing_is_said_before_what_is_unknown(strict: Api) -> None:
    """A path that leads nowhere is answered 404, whatever else is wrong."""
    refused(strict.call("get_registry", "missing", params={"x": "1"}), 404, "get_registry")
    refused(strict.call("create_registry", organization="missing", json={"x": 1}), 404, "create_registry")


def test_a_closed_object_suggests_too(api: Api) -> None:
    """Where the spec refuses other properties anyway, a misspelt one is told from an odd one."""
    for name, advice in (("isss", "did you mean `iss`?"), ("x", "takes `iss`, `scopes`, `claims`")):
        body = {**REGISTRY, "oidc_policy": [{"iss": "https://agent.buildkite.com", name: "x"}]}
        message = refused(api.call("create_registry", json=body), 422, "create_registry")["message"]
        assert message.endswith(advice)
        assert f"`oidc_policy[0].{name}` is unknown" in message


def test_hostile_names_cost_little(api: Api) -> None:
    """Thousands of unknown names, and names without end, are told of in a few short sentences."""
    body = {**REGISTRY, **{f"name{number}{'x' * 1000}": number for number in range(900)}}
    api.ok("create_registry", json=body)
    found = objections(api)
    assert len(found) == MOST_OBJECTIONS
    assert all(len(sentence) < 300 for sentence in found)


NESTED: dict[str, Any] = {
    "type": "object",
    "properties": {
        "list": {"type": "array", "items": {"$ref": "#/components/schemas/Both"}},
        "map": {"type": "object", "additionalProperties": {"type": "string"}},
        "closed": {"type": "object", "properties": {"a": {}}, "additionalProperties": False},
        "any": {"anyOf": [{"type": "string"}, {"type": "object", "properties": {"one": {}}}]},
        "free": {"type": "object"},
    },
}
BOTH = {"allOf": [{"properties": {"left": {}}}, {"properties": {"right": {"properties": {"deep": {}}}}}]}


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"list": [{"left": 1, "right": {"deep": 1}}, {"centre": 1}]}, ["list[1].centre"]),
        ({"list": [{"right": {"deeper": 1}}]}, ["list[0].right.deeper"]),
        ({"map": {"x": "y"}, "free": {"x": 1}, "closed": {"x": 1}}, []),
        ({"any": {"one": 1, "two": 2}}, ["any.two"]),
        ({"any": "text"}, []),
        ("no object", []),
    ],
)
def test_unknown_names_are_found_however_deep(body: Any, fields: list[str]) -> None:
    """Lists, references, and schemas put together of others are walked; maps take any name."""
    document = {**SPEC.document, "components": {**SPEC.document["components"]}}
    document["components"]["schemas"] = {
        **SPEC.document["components"]["schemas"],
        "RegistryCreate": NESTED,
        "Both": BOTH,
    }
    spec = Spec(document)
    found = UnknownFields(spec).in_body(spec.operations["create_registry"], body)
    assert [each.field for each in found] == fields
