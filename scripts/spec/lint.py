"""The house rules of the spec, as executable lint: ``python -m scripts.spec.lint``.

Each rule is a generator that yields the pointer of what breaks it and a sentence that says what would be right. A rule
is added by writing one and listing it in ``RULES``.
"""

import re
import sys
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from functools import cache
from typing import Any

import jsonschema_rs

from scripts.spec.bundle import Bundle, Pointer, SpecError, bundle, walk

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
KEYWORDS = {
    *("type", "enum", "allOf", "anyOf", "format", "pattern", "minLength", "maxLength", "minimum", "maximum"),
    *("properties", "required", "additionalProperties", "minProperties", "items"),
    *("description", "default", "examples", "contentMediaType"),
}
"""The keywords that a schema may have."""

Finding = tuple[Pointer, str]
Rule = Callable[[Bundle], Iterator[Finding]]


def operations(document: dict[str, Any]) -> Iterator[tuple[Pointer, dict[str, Any], dict[str, Any]]]:
    """Yield the pointer, the operation and the path item of each operation."""
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield ("paths", path, method), item[method], item


def parameters(document: dict[str, Any], operation: dict[str, Any], item: dict[str, Any]) -> list[dict[str, Any]]:
    """List the parameters of an operation, those of its path item included, with references followed."""
    return [follow(document, each) for each in item.get("parameters", []) + operation.get("parameters", [])]


def follow(document: dict[str, Any], value: Any) -> Any:
    """Follow a value's reference, if it is one, to the component."""
    while isinstance(value, dict) and "$ref" in value:
        _, _, section, name = value["$ref"].split("/")
        value = document["components"][section][name]
    return value


def schemas(document: dict[str, Any]) -> Iterator[tuple[Pointer, dict[str, Any]]]:
    """Yield each schema of the components and each one that is nested in it, but for references."""
    for name, schema in document["components"]["schemas"].items():
        yield from nested(("components", "schemas", name), schema)


def nested(pointer: Pointer, schema: Any) -> Iterator[tuple[Pointer, dict[str, Any]]]:
    """Yield a schema and each one that is nested in it, but for references."""
    if not isinstance(schema, dict) or "$ref" in schema:
        return
    yield pointer, schema
    for name, child in schema.get("properties", {}).items():
        yield from nested((*pointer, "properties", name), child)
    for keyword in ("items", "additionalProperties"):
        yield from nested((*pointer, keyword), schema.get(keyword))
    for keyword in ("allOf", "anyOf", "oneOf"):
        for index, child in enumerate(schema.get(keyword, [])):
            yield from nested((*pointer, keyword, index), child)


def validator(document: dict[str, Any], schema: Any) -> jsonschema_rs.Draft202012Validator:
    """Compile a schema of the document, with the document's components at hand."""
    rooted = {"allOf": [schema], "components": document["components"]}
    return compiled(rooted)


def compiled(schema: Any) -> jsonschema_rs.Draft202012Validator:
    """Compile a schema as the emulator and the client's drift checker do."""
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True)


def named_examples(document: dict[str, Any]) -> Iterator[tuple[Pointer, Any, Any]]:
    """Yield the pointer and the value of each named example of a body or parameter with its schema."""
    for pointer, value in walk(document):
        if isinstance(value, dict) and isinstance(value.get("examples"), dict) and "schema" in value:
            for name, example in value["examples"].items():
                component = tuple(example["$ref"].split("/")[1:]) if "$ref" in example else (*pointer, "examples", name)
                yield (*component, "value"), follow(document, example).get("value"), value["schema"]


def operation_ids(bundle: Bundle) -> Iterator[Finding]:
    """An operationId is a verb and a noun, joined by `_`, and is used once."""
    seen = set()
    for pointer, operation, _ in operations(bundle.document):
        name = operation.get("operationId", "")
        if not re.fullmatch(r"[a-z]+(_[a-z]+)+", name):
            yield pointer, f"has the operationId {name!r}; it should be verb_noun, as in create_registry"
        if name in seen:
            yield pointer, f"has the operationId {name}, which another operation has already"
        seen.add(name)


def one_tag(bundle: Bundle) -> Iterator[Finding]:
    """An operation has one tag, and it is a declared one."""
    declared = {tag["name"] for tag in bundle.document.get("tags", [])}
    for pointer, operation, _ in operations(bundle.document):
        tags = operation.get("tags", [])
        if len(tags) != 1 or not declared.issuperset(tags):
            yield pointer, f"has the tags {tags}; it should have exactly one of {', '.join(sorted(declared))}"


def shared_responses(bundle: Bundle) -> Iterator[Finding]:
    """Success is 200; 401, 403, 404 and 429 are always documented, 422 where there is input, each by one component."""
    by_status: dict[str, str] = {}
    for pointer, operation, item in operations(bundle.document):
        has_input = "requestBody" in operation or any(
            parameter["in"] == "query" for parameter in parameters(bundle.document, operation, item)
        )
        expected = {"200", "401", "403", "404", "429"} | ({"422"} if has_input else set())
        if set(operation["responses"]) != expected:
            yield (*pointer, "responses"), f"should document exactly {', '.join(sorted(expected))}"
        for status, response in operation["responses"].items():
            place = (*pointer, "responses", status)
            if "$ref" not in response:
                yield place, "should refer to a response component"
            elif status != "200" and by_status.setdefault(status, response["$ref"]) != response["$ref"]:
                yield place, f"should refer to {by_status[status]}, as the {status} of other operations does"


def common_headers(bundle: Bundle) -> Iterator[Finding]:
    """Every response lists the headers that speak of the rate limits, and those for pages of other sites."""
    headers = bundle.document["components"]["headers"]
    common = ("RateLimit-", "Access-Control-")
    expected = {name for name in headers if name.startswith(common) and not name.endswith("Warning")}
    for name, response in bundle.document["components"]["responses"].items():
        missing = expected.difference(response.get("headers", {}))
        if missing:
            yield ("components", "responses", name), f"lacks the headers {', '.join(sorted(missing))}"


def scopes(bundle: Bundle) -> Iterator[Finding]:
    """Every operation names its scopes; each scope used is declared, each declared one used."""
    scheme = ("components", "securitySchemes", "bearer")
    declared = bundle.document["components"].get("securitySchemes", {}).get("bearer", {}).get("x-scopes", {})
    used = set()
    for pointer, operation, _ in operations(bundle.document):
        if not operation.get("security"):
            yield pointer, "names no scope; `security` should list those that it needs"
        for index, alternative in enumerate(operation.get("security", [])):
            needed = alternative.get("bearer") or []
            if set(alternative) != {"bearer"} or not needed:
                yield (*pointer, "security", index), "names no scope; it should be `bearer` with those that it needs"
            for scope in needed:
                used.add(scope)
                if scope not in declared:
                    yield (*pointer, "security", index), f"needs the scope {scope}, which x-scopes does not declare"
    for scope in declared:
        if scope not in used:
            yield (*scheme, "x-scopes", scope), "is a scope that no operation uses"


def descriptions(bundle: Bundle) -> Iterator[Finding]:
    """Whatever a reader may ask about is described: operations, parameters, headers, responses, schemas, properties."""
    document = bundle.document
    described: list[tuple[Pointer, Any]] = [(pointer, operation) for pointer, operation, _ in operations(document)]
    for section in ("schemas", "parameters", "headers", "responses", "links"):
        described += [(("components", section, name), each) for name, each in document["components"][section].items()]
    for pointer, schema in schemas(document):
        described += [
            ((*pointer, "properties", name), child)
            for name, child in schema.get("properties", {}).items()
            if "$ref" not in child
        ]
    described += [(("tags", index), tag) for index, tag in enumerate(document.get("tags", []))]
    for pointer, value in described:
        if not value.get("description"):
            yield pointer, "has no description"
    for pointer, operation, _ in operations(document):
        if not operation.get("summary"):
            yield pointer, "has no summary"


def known_keywords(bundle: Bundle) -> Iterator[Finding]:
    """A schema has only keywords that the other rules, the generator and the emulator know what to do with."""
    for pointer, schema in all_schemas(bundle.document):
        for keyword in schema:
            if keyword not in KEYWORDS and not keyword.startswith("x-"):
                yield (*pointer, keyword), f"is no keyword that is used here; those are {', '.join(sorted(KEYWORDS))}"


def checked_formats(bundle: Bundle) -> Iterator[Finding]:
    """A `format` is one that something checks or acts on; a misspelt one would promise what nobody holds."""
    for pointer, schema in all_schemas(bundle.document):
        name = schema.get("format")
        if name is None or (isinstance(name, str) and (is_validated(name) or name in HANDLED_FORMATS)):
            continue
        like = get_close_matches(str(name).lower(), FORMATS, 1, cutoff=0)
        nearest = f"; the nearest is {like[0]}" if like else ""
        yield (
            (*pointer, "format"),
            f"is {name!r}, which nobody checks; those that are checked: {', '.join(FORMATS)}{nearest}",
        )


@cache
def is_validated(name: str) -> bool:
    """Tell whether the validator of the emulator, the client's drift and the contract runs checks a format."""
    return not all(map(compiled({"format": name}).is_valid, NO_FORMAT))


NO_FORMAT = ("", " a b ", "[", "\x00")
"""Texts of which each format that is checked refuses at least one."""

HANDLED_FORMATS = {
    "password": "the drift checker, the emulator and the reports hide it",
    "binary": "the form field of a file",
}
"""Formats that no validator checks, and what acts on them."""

JSON_SCHEMA_FORMATS = (
    *("date", "date-time", "duration", "email", "hostname", "idn-email", "idn-hostname", "ipv4", "ipv6", "iri"),
    *("iri-reference", "json-pointer", "regex", "relative-json-pointer", "time", "uri", "uri-reference"),
    *("uri-template", "uuid"),
)
"""Those of JSON Schema 2020-12, section 7.3, of its validation vocabulary."""


def all_schemas(document: dict[str, Any]) -> Iterator[tuple[Pointer, dict[str, Any]]]:
    """Yield each schema, wherever it stands: components, parameters, headers and bodies."""
    yield from schemas(document)
    for pointer, value in walk(document):
        if isinstance(value, dict) and "schema" in value and pointer[-1:] != ("properties",):
            yield from nested((*pointer, "schema"), value["schema"])


def named_schemas(bundle: Bundle) -> Iterator[Finding]:
    """Objects and enums are components, so that no generator has to invent a name for one."""
    document = bundle.document
    for pointer, schema in all_schemas(document):
        if pointer[:2] == SECTION_ENTRY[:2] and len(pointer) == len(SECTION_ENTRY):
            continue  # it has the component's name
        merged = pointer[-2] == "allOf"  # the parts of an allOf make one class, which has the component's name
        if not merged and ("enum" in schema or "properties" in schema or "object" in schema.get("type", ())):
            yield pointer, "is an object or enum without a name; make it an entry of `schemas` and refer to it"


SECTION_ENTRY = ("components", "schemas", "Name")


def valid_examples(bundle: Bundle) -> Iterator[Finding]:
    """Examples validate against the schemas that they are examples of."""
    document = bundle.document
    examples = list(named_examples(document))
    for pointer, schema in schemas(document):
        bare = {**schema, "examples": []}
        examples += [
            ((*pointer, "examples", each), value, bare) for each, value in enumerate(schema.get("examples", []))
        ]
    for pointer, value, schema in examples:
        faults: dict[Pointer, str] = {}
        errors = validator(document, schema).iter_errors(value)
        for error in sorted(errors, key=lambda each: each.schema_path[-1] != "format"):
            # A pattern may only narrow the format, which says more.
            faults.setdefault((*pointer, *error.instance_path), error.message)
        for place, message in faults.items():
            yield place, f"is not a valid example: {message}"


def exampled_properties(bundle: Bundle) -> Iterator[Finding]:
    """Each property has an example: its own, its schema's, or a named one in which it appears."""
    document = bundle.document
    shown: set[Pointer] = set()
    for pointer, value, schema in named_examples(document):
        shown.update(shown_properties(document, value, schema, (*pointer, "schema")))
    for pointer, schema in schemas(document):
        for value in schema.get("examples", []):
            shown.update(shown_properties(document, value, schema, pointer))
    for pointer, schema in schemas(document):
        for name, child in schema.get("properties", {}).items():
            place = (*pointer, "properties", name)
            if place not in shown and not follow(document, child).get("examples"):
                yield place, "has no example; give it `examples`, or show it in a named example of an operation"


def shown_properties(document: dict[str, Any], value: Any, schema: Any, pointer: Pointer) -> Iterator[Pointer]:
    """Yield the pointer of each property that an example of a schema shows, at any depth."""
    if "$ref" in schema:
        _, _, section, name = schema["$ref"].split("/")
        pointer, schema = ("components", section, name), follow(document, schema)
    for index, branch in enumerate(schema.get("allOf", [])):
        yield from shown_properties(document, value, branch, (*pointer, "allOf", index))
    for index, branch in enumerate(schema.get("anyOf", [])):
        if validator(document, branch).is_valid(value):
            yield from shown_properties(document, value, branch, (*pointer, "anyOf", index))
    for child in value if isinstance(value, list) else []:
        yield from shown_properties(document, child, schema.get("items", {}), (*pointer, "items"))
    for name, child in value.items() if isinstance(value, dict) else []:
        if name in schema.get("properties", {}):
            place = (*pointer, "properties", name)
            yield place
            yield from shown_properties(document, child, schema["properties"][name], place)
        elif isinstance(schema.get("additionalProperties"), dict):
            place = (*pointer, "additionalProperties")
            yield from shown_properties(document, child, schema["additionalProperties"], place)


def known_sources(bundle: Bundle) -> Iterator[Finding]:
    """`x-source` names a source that the root file declares, and each declared source is used."""
    declared = bundle.document.get("x-sources", {})
    named = {pointer: value for pointer, value in walk(bundle.document) if pointer[-1:] == ("x-source",)}
    for pointer, value in named.items():
        if value not in declared:
            yield pointer, f"names {value!r}; the sources are {', '.join(declared)}"
    for source in declared:
        if source not in named.values():
            yield ("x-sources", source), "is a source that nothing names"


def links(bundle: Bundle) -> Iterator[Finding]:
    """A link names an operation and gives each of its path parameters, and no parameter that it does not have."""
    document = bundle.document
    known = {
        operation["operationId"]: parameters(document, operation, item) for _, operation, item in operations(document)
    }
    for pointer, value in walk(document):
        if "links" not in pointer[-2:-1] or not isinstance(value, dict) or "operationId" not in value:
            continue
        if value["operationId"] not in known:
            yield pointer, f"leads to {value['operationId']}, which is no operation"
            continue
        given = set(value.get("parameters", {}))
        target = known[value["operationId"]]
        if not {parameter["name"] for parameter in target if parameter["in"] == "path"} <= given:
            yield pointer, f"should give every path parameter of {value['operationId']}"
        if not given <= {parameter["name"] for parameter in target}:
            yield pointer, f"gives a parameter that {value['operationId']} does not have"


def link_sources(bundle: Bundle) -> Iterator[Finding]:
    """What a link takes out of an answer's body is a property of that answer's schema."""
    document = bundle.document
    for response_name, response in document["components"]["responses"].items():
        content: dict[str, Any] = next(iter(response.get("content", {}).values()), {})
        for link_name, link in response.get("links", {}).items():
            for value in follow(document, link).get("parameters", {}).values():
                _, is_body, path = str(value).partition("$response.body#/")
                if is_body and not promised(document, content.get("schema", {}), path.split("/")):
                    place = ("components", "responses", response_name, "links", link_name)
                    yield place, f"takes {value}, which this answer's schema does not have"


def promised(document: dict[str, Any], schema: Any, path: list[str]) -> bool:
    """Tell whether a schema has a property at a path."""
    if not path:
        return True
    schema = follow(document, schema)
    parts = [follow(document, part) for part in schema.get("allOf", [])] + [schema]
    if path[0].isdigit():
        return any("items" in part and promised(document, part["items"], path[1:]) for part in parts)
    found = [part["properties"][path[0]] for part in parts if path[0] in part.get("properties", {})]
    return any(promised(document, child, path[1:]) for child in found)


def path_parameters(bundle: Bundle) -> Iterator[Finding]:
    """A path's `{placeholders}` are plain names, and are declared as its path parameters."""
    for pointer, operation, item in operations(bundle.document):
        declared = {each["name"] for each in parameters(bundle.document, operation, item) if each["in"] == "path"}
        placeholders = set(re.findall(r"\{([^}]*)\}", str(pointer[1])))
        if declared != placeholders or not all(re.fullmatch("[a-z_]+", name) for name in placeholders):
            yield pointer, f"declares the path parameters {sorted(declared)}, but its path has {sorted(placeholders)}"


def reference_pages(bundle: Bundle) -> Iterator[Finding]:
    """Every operation links to its reference page, below that of the whole API unless it comes from another source."""
    root = bundle.document["externalDocs"]["url"]
    for pointer, operation, _ in operations(bundle.document):
        below = "https://" if "x-source" in operation else f"{root}/"
        if not operation.get("externalDocs", {}).get("url", "").startswith(below):
            yield pointer, f"should have externalDocs with the address of its reference page, below {below}"


ALIAS_KEYS = {"operationId", "x-alias-of", "x-source"}
"""What an alias has of its own."""


def aliases(bundle: Bundle) -> Iterator[Finding]:
    """An alias (`x-alias-of`) is another method of the same path, names its source, and differs in nothing else."""
    for item_path, item in bundle.document["paths"].items():
        here = {method: item[method] for method in METHODS if method in item}
        originals = {each.get("operationId"): each for each in here.values() if "x-alias-of" not in each}
        for method, alias in here.items():
            if "x-alias-of" not in alias:
                continue
            pointer = ("paths", item_path, method)
            original = originals.get(alias["x-alias-of"])
            if original is None:
                yield pointer, f"is an alias of {alias['x-alias-of']!r}, which is no operation of the same path"
                continue
            if "x-source" not in alias:
                yield pointer, f"should name its x-source, as an alias of {alias['x-alias-of']}"
            for key in sorted((alias.keys() | original.keys()) - ALIAS_KEYS):
                if alias.get(key) != original.get(key):
                    yield pointer, f"has another {key} than {alias['x-alias-of']}, of which it is an alias"


def url_forms(bundle: Bundle) -> Iterator[Finding]:
    """The forms of a property's URL are paths, and such a property has the format `uri`."""
    for pointer, schema in schemas(bundle.document):
        if "x-url-forms" in schema and (
            schema.get("format") != "uri" or not all(form.startswith("/") for form in schema["x-url-forms"])
        ):
            yield pointer, "has x-url-forms; it should have the format uri, and the forms should begin with /"


FORMATS = sorted([*filter(is_validated, JSON_SCHEMA_FORMATS), *HANDLED_FORMATS])
"""All formats that mean something here."""

RULES: tuple[Rule, ...] = (
    operation_ids,
    aliases,
    one_tag,
    shared_responses,
    common_headers,
    scopes,
    descriptions,
    known_keywords,
    checked_formats,
    named_schemas,
    valid_examples,
    exampled_properties,
    known_sources,
    links,
    link_sources,
    path_parameters,
    reference_pages,
    url_forms,
)


def lint(bundle: Bundle) -> list[str]:
    """Check a bundle against every rule.

    Returns:
        a line for each finding, ``FILE:LINE POINTER SENTENCE [RULE]``; empty where all is well.
    """
    return [
        f"{bundle.place(pointer)} {sentence} [{rule.__name__}]"
        for rule in RULES
        for pointer, sentence in dict.fromkeys(check(rule, bundle))
    ]


def check(rule: Rule, bundle: Bundle) -> list[Finding]:
    """Apply a rule. What makes it stumble is a finding too."""
    try:
        return list(rule(bundle))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        return [((), f"has something of an unexpected form: {type(error).__name__} {error}")]


def main() -> int:
    """Print the findings; exit status 0 where there are none, else 1."""
    try:
        findings = lint(bundle())
    except SpecError as error:
        findings = list(error.problems)
    for finding in findings:
        print(finding, file=sys.stderr)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
