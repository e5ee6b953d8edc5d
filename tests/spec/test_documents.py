"""Nothing that the pages say is missing from the spec, and what the spec adds to them names its source."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import pytest

from scripts.spec.bundle import Bundle, Pointer, bundle, format_pointer, walk
from scripts.spec.lint import follow, operations, parameters, validator
from tests.spec.documents import (
    FOLDER,
    MISSING,
    DocumentError,
    Field,
    Section,
    read,
    read_folder,
)

SECTIONS = read_folder() if FOLDER.is_dir() else []

needs_documents = pytest.mark.skipif(
    not FOLDER.is_dir(), reason=f"the pages that the spec is compared with are not at {FOLDER}"
)
each_section = pytest.mark.parametrize("section", SECTIONS, ids=str)

Located = tuple[Pointer, dict[str, Any]]
"""A schema and the pointer to it."""

REGISTRIES = "/v2/packages/organizations/{org_slug}/registries"
REGISTRY = REGISTRIES + "/{registry_slug}"
TOKENS, PACKAGES = REGISTRY + "/tokens", REGISTRY + "/packages"

FACTS = """
000 Create a registry        post   REGISTRIES json json name* ecosystem* description emoji color oidc_policy
000 List all registries      get    REGISTRIES - json
000 Get a registry           get    REGISTRY - json
000 Update a registry        post   REGISTRY json json name description oidc_policy
000 Delete a registry        delete REGISTRY - -
001 Create a registry token  post   TOKENS json json description*
001 List all registry tokens get    TOKENS - json
001 Get a registry token     get    TOKENS/{id} - json
001 Update a registry token  post   TOKENS/{id} json json description*
001 Delete a registry token  delete TOKENS/{id} - -
002 Create a registry        post   REGISTRIES json json name* ecosystem* description
002 List all registries      get    REGISTRIES - json
002 Get a registry           get    REGISTRY - json
003 Publish a package        post   PACKAGES form json file*
003 List all packages        get    PACKAGES - json name
003 Get a package            get    PACKAGES/{id} - json
003 Copy a package           post   PACKAGES/{id}/copy - json to*
003 Delete a package         delete PACKAGES/{id} - -
004 Publish a package        post   PACKAGES form json file*
004 Get a package            get    PACKAGES/{id} - json
004 Delete a package         delete PACKAGES/{id} - -
"""
"""What a person finds in the pages: page, title, method, path, request, response, fields (* if required)."""

PREFIXES = {PACKAGES: "PACKAGES", TOKENS: "TOKENS", REGISTRY: "REGISTRY", REGISTRIES: "REGISTRIES"}
"""The longest first, since each begins with the ones after it."""


@cache
def spec() -> Bundle:
    """Give the bundle, made once."""
    return bundle()


def operation(section: Section) -> dict[str, Any]:
    """Give the operation of a section."""
    found: dict[str, Any] = spec().document["paths"][section.path][section.method]
    return found


def content(section: Section, side: str) -> dict[str, Any]:
    """Give the content of an operation's ``requestBody`` or of its response to success, by media type."""
    part = operation(section).get("requestBody", {})
    if side == "response":
        part = operation(section)["responses"][section.status]
    found: dict[str, Any] = follow(spec().document, part).get("content", {})
    return found


def body(section: Section, side: str, media: str) -> Located:
    """Give the schema of a body."""
    location = ("requestBody",) if side == "request" else ("responses", section.status)
    pointer = ("paths", section.path, section.method, *location, "content", media, "schema")
    return pointer, content(section, side)[media]["schema"]


def request_body(section: Section) -> Located:
    """Give the schema of an operation's only kind of request body."""
    return body(section, "request", "multipart/form-data" if section.form else "application/json")


def examples(section: Section, side: str, media: str) -> list[Any]:
    """List the values of the named examples of a body."""
    return named_values(content(section, side)[media])


def named_values(holder: dict[str, Any]) -> list[Any]:
    """List the values of the named examples of a parameter or of a kind of body."""
    return [follow(spec().document, each)["value"] for each in holder.get("examples", {}).values()]


def documented_json(section: Section) -> Iterator[tuple[str, str, Any]]:
    """Yield each example of a section with the side it is on and its media type."""
    if section.request is not MISSING:
        yield "request", "application/json", section.request
    if section.form:
        yield "request", "multipart/form-data", section.form
    if section.response is not MISSING:
        yield "response", "application/json", section.response


def parts(located: Located) -> Iterator[Located]:
    """Yield a schema and each that it is made of: what it refers to and the branches of its combinations."""
    pointer, schema = located
    yield located
    if "$ref" in schema:
        yield from parts(referred(schema))
    for keyword in ("allOf", "anyOf", "oneOf"):
        for index, branch in enumerate(schema.get(keyword, [])):
            yield from parts(((*pointer, keyword, index), branch))


def referred(schema: dict[str, Any]) -> Located:
    """Give the component that a schema refers to."""
    return tuple(schema["$ref"].split("/")[1:]), follow(spec().document, schema)


def children(located: list[Located], key: str) -> list[Located]:
    """List the schemas of a property."""
    named = [
        ((*pointer, "properties", key), schema["properties"][key])
        for pointer, schema in located
        if key in schema.get("properties", {})
    ]
    others = [
        ((*pointer, "additionalProperties"), schema["additionalProperties"])
        for pointer, schema in located
        if isinstance(schema.get("additionalProperties"), dict)
    ]
    return named or others


def trace(value: Any, located: list[Located], at: Pointer = ()) -> Iterator[tuple[str, Any, list[Located]]]:
    """Yield each value in an example with its place in it and the schemas that speak of it."""
    every = [part for each in located for part in parts(each)]
    yield format_pointer(at), value, every
    if isinstance(value, dict):
        for key, child in value.items():
            yield from trace(child, children(every, key), (*at, key))
    if isinstance(value, list):
        items = [((*pointer, "items"), schema["items"]) for pointer, schema in every if "items" in schema]
        for index, child in enumerate(value):
            yield from trace(child, items, (*at, index))


def traced(section: Section) -> Iterator[tuple[str, Any, list[Located]]]:
    """Trace every example of a section."""
    for side, media, value in documented_json(section):
        yield from trace(value, [body(section, side, media)])


def json_types(value: Any) -> set[str]:
    """Name the JSON types that a value has."""
    if isinstance(value, bool):
        return {"boolean"}
    names = {
        str: {"string"},
        int: {"integer", "number"},
        float: {"number"},
        dict: {"object"},
        list: {"array"},
    }
    return names.get(type(value), {"null"})


def schema_types(located: list[Located]) -> set[str]:
    """Name the types that schemas allow."""
    types = [schema.get("type", []) for _, schema in located]
    return {name for each in types for name in ([each] if isinstance(each, str) else each)}


def query_parameters(section: Section) -> dict[str, dict[str, Any]]:
    """Give the query parameters of an operation by name."""
    item = spec().document["paths"][section.path]
    every = parameters(spec().document, operation(section), item)
    return {each["name"]: each for each in every if each["in"] == "query"}


def fields_of(section: Section) -> list[Field]:
    """List every field that a section names."""
    return section.properties + section.form_fields + section.parameters


def alternatives(section: Section) -> list[frozenset[str]]:
    """List the sets of scopes of which an operation needs one."""
    return [frozenset(each["bearer"]) for each in operation(section)["security"]]


PAGE = """\
# Things API

## Copy a thing

```bash
curl -H "Authorization: Bearer $TOKEN" \\
  -X POST "https://api.example/organizations/#{org.slug}/things/{package.id}?to={destination_registry.slug}"
  -F 'file=@thing.deb
```

```json
{
  "links": [
    "a, }",
  ],
}
```

Required [query string parameters](/docs):

<table class="responsive-table">
  <tbody>
    <tr><th><code>to</code></th><td>Where.<br><em>Example:</em> <code>"to=here&amp;there"</code>.</td></tr>
  </tbody>
</table>

Required scopes: `read_things`, `write_things`

Success response: `200 OK`
"""


def test_the_reader_survives_the_quirks() -> None:
    """Markdown, tables, trailing commas, an unclosed quote, a missing continuation and `#{}` are read."""
    [section] = read(PAGE)
    assert (section.title, section.method, section.server) == ("Copy a thing", "post", "https://api.example")
    assert section.path == "/organizations/{org_slug}/things/{id}"
    assert section.query == {"to": "{destination_registry.slug}"}
    assert section.form == {"file": "@thing.deb"}
    assert section.request is MISSING
    assert section.response == {"links": ["a, }"]}
    assert section.parameters == [Field("to", required=True, example="here&there")]
    assert section.scopes == {"read_things", "write_things"}
    assert section.status == "200"


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("query string parameters", "cookies", "announces an unknown list"),
        ("{package.id}", "{other.id}", "'other.id' is an unknown placeholder"),
        ("Required scopes", "Required powers", "is not understood"),
        ("Success response: `200 OK`", "", "belongs to no endpoint"),
        ("```bash", "```\ncurl -V\n```", "has 2 of what should be one curl command"),
        ("curl -H", "wget -H", "has 0 of what should be one curl command"),
        ("<code>to</code>", "<code>To</code>", "is not understood in a list of fields"),
        ("\n}\n", "\n", "has 1 openings and 0 ends"),
        ('"a, }"', '"a, }', "Invalid control character"),
    ],
)
def test_the_reader_skips_nothing_in_silence(old: str, new: str, complaint: str) -> None:
    """A page that says what the reader does not understand is refused."""
    with pytest.raises(DocumentError, match=re.escape(complaint)):
        read(PAGE.replace(old, new))


@needs_documents
def test_every_endpoint_is_read() -> None:
    """The reader finds in the pages just what a person finds in them."""
    found = []
    for section in SECTIONS:
        path = section.path
        for prefix, name in PREFIXES.items():
            path = path.replace(prefix, name)
        request = "json" if section.request is not MISSING else "form" if section.form else "-"
        response = "json" if section.response is not MISSING else "-"
        fields = [each.name + "*" * each.required for each in fields_of(section)]
        found.append([*str(section).split(), section.method, path, request, response, *fields])
    assert found == [row.split() for row in FACTS.strip().splitlines()]


@needs_documents
def test_every_fact_is_read() -> None:
    """As many commands, scopes, statuses, examples, defaults and JSON keys are read as the pages hold."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.txt")))
    fields = [each for section in SECTIONS for each in fields_of(section)]
    keys = [
        key
        for section in SECTIONS
        for side in (section.request, section.response)
        for _, value in walk(side)
        if isinstance(value, dict)
        for key in value
    ]
    for pattern in ("curl -H", "Required scope", "Success response"):
        assert text.count(pattern) == len(SECTIONS), pattern
    assert text.count("Example:") == sum(each.example is not None for each in fields)
    assert text.count("Default value:") == sum(each.default is not MISSING for each in fields)
    assert len(re.findall(r'"\w+":', text)) == len(keys)


@needs_documents
def test_the_operations_are_those_of_the_documents() -> None:
    """The documents have 15 operations; the spec has these, no others without a source, and the same server."""
    documented = {(each.method, each.path) for each in SECTIONS}
    assert len(documented) == 15
    found = {pointer[2:0:-1] for pointer, each, _ in operations(spec().document) if "x-source" not in each}
    assert found == documented
    assert {each["url"] for each in spec().document["servers"]} == {each.server for each in SECTIONS}


@needs_documents
@each_section
def test_scopes(section: Section) -> None:
    """The scopes that a section requires are one of the alternatives of its operation."""
    assert section.scopes in alternatives(section)


@needs_documents
@each_section
def test_no_other_scopes(section: Section) -> None:
    """Each alternative of an operation is required by some section on it."""
    same = [each.scopes for each in SECTIONS if (each.method, each.path) == (section.method, section.path)]
    assert set(same) == set(alternatives(section))


@needs_documents
@each_section
def test_status(section: Section) -> None:
    """The status of success is the documented one and no other."""
    assert [status for status in operation(section)["responses"] if status < "300"] == [section.status]


@needs_documents
@each_section
def test_bodies(section: Section) -> None:
    """An operation takes a body and answers with one where the section does, and of the same media type."""
    request = {media for side, media, _ in documented_json(section) if side == "request"}
    response = {media for side, media, _ in documented_json(section) if side == "response"}
    assert content(section, "request").keys() == request
    assert content(section, "response").keys() == response
    if any(each.required for each in section.properties + section.form_fields):
        assert operation(section)["requestBody"]["required"]


REQUIRED = ("required", "x-required-one-of")
"""What lists the fields that are required."""


@needs_documents
@each_section
def test_request_fields(section: Section) -> None:
    """Each documented field of the body is in its schema, required or not, with its default and example.

    A required one may have another in its place, which the documents do not know.
    """
    for each in section.properties + section.form_fields:
        whole = list(parts(request_body(section)))
        found = [part for child in children(whole, each.name) for part in parts(child)]
        assert found, f"{each.name} is in no schema"
        needed = {name for _, schema in whole for key in REQUIRED for name in schema.get(key, [])}
        assert (each.name in needed) == each.required, each.name
        if each.default is not MISSING:
            defaults = [schema["default"] for _, schema in found if "default" in schema]
            assert defaults == [each.default], f"{each.name} should have the default {each.default}"
        if each.example is not None:
            [media] = content(section, "request")
            shown = [example.get(each.name) for example in examples(section, "request", media)]
            assert each.example in shown, f"{each.name} should have the example {each.example}"
    assert set(section.form) == {each.name for each in section.form_fields}


@needs_documents
@each_section
def test_query_parameters(section: Section) -> None:
    """Each documented query parameter is one of the operation's, required or not, with its example."""
    found = query_parameters(section)
    for each in section.parameters:
        assert found[each.name].get("required", False) == each.required, each.name
        assert each.example in named_values(found[each.name]), f"{each.name} lacks the example {each.example}"
    assert set(section.query) <= {each.name for each in section.parameters}


@needs_documents
@each_section
def test_json_fits_the_schemas(section: Section) -> None:
    """Each key of the documented JSON, at every depth, is a property in the schema, of its value's type."""
    for place, value, schemas in traced(section):
        assert schemas, f"{place} is in no schema"
        types = schema_types(schemas)
        assert json_types(value) & types, f"{place} is {value!r}, but the schema says {types}"


@needs_documents
@each_section
def test_json_is_a_valid_example(section: Section) -> None:
    """The documented JSON is one of the named examples of its operation, and validates with its formats."""
    for side, media, value in documented_json(section):
        assert value in examples(section, side, media)
        validator(spec().document, body(section, side, media)[1]).validate(value)


@needs_documents
def test_urls_fit_their_forms() -> None:
    """Each property with `x-url-forms` has a documented URL, and it has, host aside, one of the forms."""
    seen = set()
    for section in SECTIONS:
        for place, value, schemas in traced(section):
            for pointer, schema in schemas:
                if "x-url-forms" in schema:
                    seen.add(pointer)
                    forms = [re.sub(r"\\{\w+\\}", "[^/]+", re.escape(form)) for form in schema["x-url-forms"]]
                    path = urlsplit(value).path
                    assert any(re.fullmatch(form, path) for form in forms), f"{section}, {place}: {path}"
    with_forms = {pointer for pointer, value in walk(spec().document) if pointer[-1:] == ("x-url-forms",)}
    assert seen == {pointer[:-1] for pointer in with_forms}


@needs_documents
def test_additions_name_their_source() -> None:
    """Parameters, responses, headers and properties that no document shows carry or share an `x-source`."""
    additions = [*unsourced_parameters(), *unsourced_properties(), *unsourced_responses()]
    assert sorted(set(additions)) == []


def unsourced_parameters() -> Iterator[str]:
    """Yield the query parameters that are neither documented nor sourced."""
    documented = {(each.method, each.path, field.name) for each in SECTIONS for field in each.parameters}
    for section in SECTIONS:
        for name, parameter in query_parameters(section).items():
            if (section.method, section.path, name) not in documented and "x-source" not in parameter:
                yield f"query parameter {name} of {section.method} {section.path}"


def unsourced_responses() -> Iterator[str]:
    """Yield the responses and headers that are not sourced; no document speaks of failures or headers."""
    for section in SECTIONS:
        for status, response in responses(section).items():
            place = f"response {status} of {section.method} {section.path}"
            if "x-source" not in response and status != section.status:
                yield place
            for name, header in response.get("headers", {}).items():
                if "x-source" not in {**response, **follow(spec().document, header)}:
                    yield f"header {name} of the {place}"


def unsourced_properties() -> Iterator[str]:
    """Yield the places of the properties that are neither documented nor sourced."""
    shown = {pointer for section in SECTIONS for _, _, schemas in traced(section) for pointer, _ in schemas}
    for section in SECTIONS:
        for each in section.properties + section.form_fields:
            shown |= {pointer for pointer, _ in children(list(parts(request_body(section))), each.name)}
    for section in SECTIONS:
        bodies = [request_body(section)] if "requestBody" in operation(section) else []
        for status, response in responses(section).items():
            bodies += [((status,), media["schema"]) for media in response.get("content", {}).values()]
        for located in bodies:
            unknown = set(properties_without_source(located)) - shown
            yield from (str(spec().place(pointer)) for pointer in unknown)


def properties_without_source(located: Located) -> Iterator[Pointer]:
    """Yield the pointer of each property in a schema, at every depth, but for those in what is sourced."""
    pointer, schema = located
    if "x-source" in schema:
        return
    if "$ref" in schema:
        yield from properties_without_source(referred(schema))
    for name, child in schema.get("properties", {}).items():
        place = (*pointer, "properties", name)
        if "x-source" not in {**child, **follow(spec().document, child)}:
            yield place
        yield from properties_without_source((place, child))
    for keyword in ("items", "additionalProperties"):
        if isinstance(schema.get(keyword), dict):
            yield from properties_without_source(((*pointer, keyword), schema[keyword]))
    for keyword in ("allOf", "anyOf", "oneOf"):
        for index, branch in enumerate(schema.get(keyword, [])):
            yield from properties_without_source(((*pointer, keyword, index), branch))


def responses(section: Section) -> dict[str, dict[str, Any]]:
    """Give every response of an operation by status."""
    return {code: follow(spec().document, each) for code, each in operation(section)["responses"].items()}
