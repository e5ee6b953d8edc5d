"""Every house rule of the spec holds, and each is shown to catch what breaks it."""

from dataclasses import dataclass

import pytest
from openapi_spec_validator import validate

from scripts.spec import lint as lint_spec
from scripts.spec.bundle import Bundler, bundle
from scripts.spec.lint import RULES, lint
from tests.support.spec_copy import SpecCopy

PACKAGES = "packages.yaml"
REGISTRIES = "registries.yaml"
TOKENS = "registry_tokens.yaml"
SHARED = "shared.yaml"
ROOT = "openapi.yaml"

PERSON = """
      person:
        type: object
        description: Who.
        additionalProperties: true
        examples: [{}]"""


ID = """\
        format: uuid
        description: UUID of the registry.
"""

Patch = pytest.MonkeyPatch
Capture = pytest.CaptureFixture[str]


@dataclass(frozen=True)
class Breakage:
    """An edit that breaks a rule, and the finding that must follow.

    Attributes:
        new: what takes the place of ``old``.
        line: the finding is in the line where this text begins, after the edit.
        pointer: the place in the file that the finding names.
        says: what the finding's sentence holds.
        within: the passage to edit, where ``old`` alone stands in others too.
    """

    rule: str
    file: str
    old: str
    new: str
    line: str
    pointer: str
    says: str
    within: str = ""


LIST_REGISTRIES = """\
    get:
      operationId: list_registries
      tags: [registries]
      summary: List all registries
      externalDocs:
        url: https://buildkite.com/docs/apis/rest-api/package-registries/registries#list-all-registries
      description: Lists every registry of an organization.
      security:
        - bearer: [read_registries]
      responses:
        '200': {$ref: '#/responses/RegistryList'}
        '401': {$ref: shared.yaml#/responses/Unauthorized}
"""


def of_list_registries(rule: str, old: str, new: str, says: str) -> Breakage:
    """Break something of an operation, which is then found where the operation stands."""
    line = "    get:\n      operationId: list_registries"
    return Breakage(rule, REGISTRIES, old, new, line, "/paths/registries/get", says, LIST_REGISTRIES)


def without(file: str, description: str, line: str, pointer: str) -> Breakage:
    """Take a description away."""
    return Breakage("descriptions", file, description, "", line, pointer, "has no description")


BREAKAGES = (
    Breakage(
        "checked_formats",
        REGISTRIES,
        "format: uuid",
        "format: url",
        "format: url",
        "/schemas/Registry/properties/id/format",
        "is 'url', which nobody checks; those that are checked: binary, date, date-time",
        within=ID,
    ),
    Breakage(
        "checked_formats",
        REGISTRIES,
        "format: uuid",
        "format: UUID4",
        "format: UUID4",
        "/schemas/Registry/properties/id/format",
        "the nearest is uuid",
        within=ID,
    ),
    Breakage(
        "operation_ids",
        REGISTRIES,
        "list_registries",
        "listRegistries",
        "    get:\n      operationId: listRegistries",
        "/paths/registries/get",
        "has the operationId 'listRegistries'",
        within=LIST_REGISTRIES,
    ),
    Breakage(
        "aliases",
        REGISTRIES,
        "operationId: put_registry\n      x-alias-of: update_registry",
        "operationId: put_registry\n      x-alias-of: list_registries",
        "    put:\n",
        "/paths/registry/put",
        "is an alias of 'list_registries', which is no operation of the same path",
    ),
    Breakage(
        "aliases",
        REGISTRIES,
        "x-alias-of: update_registry\n      x-source: go-buildkite",
        "x-alias-of: update_registry",
        "    patch:\n",
        "/paths/registry/patch",
        "should name its x-source",
    ),
    Breakage(
        "aliases",
        REGISTRIES,
        "operationId: put_registry\n",
        "operationId: put_registry\n      summary: Replace a registry\n",
        "    put:\n",
        "/paths/registry/put",
        "has another summary than update_registry",
    ),
    of_list_registries(
        "one_tag",
        "[registries]",
        "[registries, packages]",
        "has the tags ['registries', 'packages']; it should have exactly one",
    ),
    of_list_registries(
        "one_tag",
        "[registries]",
        "[gems]",
        "has the tags ['gems']; it should have exactly one of packages, registries, registry_tokens",
    ),
    Breakage(
        "shared_responses",
        REGISTRIES,
        "'200'",
        "'201'",
        "responses:\n        '201'",
        "/paths/registries/get/responses",
        "should document exactly 200, 401, 403, 404, 429",
        within=LIST_REGISTRIES,
    ),
    Breakage(
        "shared_responses",
        REGISTRIES,
        "'401': {$ref: shared.yaml#/responses/Unauthorized}",
        "'401': {description: No token.}",
        "'401': {description: No token.}",
        "/paths/registries/get/responses/401",
        "should refer to a response component",
        within=LIST_REGISTRIES,
    ),
    Breakage(
        "shared_responses",
        PACKAGES,
        "#/responses/DeletedPackage'}\n        '401': {$ref: shared.yaml#/responses/Unauthorized}",
        "#/responses/DeletedPackage'}\n        '401': {$ref: shared.yaml#/responses/NotFound}",
        "'401': {$ref: shared.yaml#/responses/NotFound}",
        "/paths/package/delete/responses/401",
        "should refer to #/components/responses/Unauthorized, as the 401 of other operations does",
    ),
    Breakage(
        "common_headers",
        SHARED,
        "needs.\n    x-source: documentation\n    headers: *rate_limit_headers\n",
        "needs.\n    x-source: documentation\n    headers:\n      Link: {$ref: '#/headers/Link'}\n",
        "  Forbidden:\n    description",
        "/responses/Forbidden",
        "lacks the headers Access-Control-Allow-Origin, Access-Control-Expose-Headers, RateLimit-Limit, Rate",
    ),
    Breakage(
        "known_keywords",
        PACKAGES,
        "        description: Slug of the organization.",
        "        description: Slug of the organization.\n        nulable: true",
        "nulable: true",
        "/schemas/PackageOrganization/properties/slug/nulable",
        "is no keyword that is used here",
    ),
    Breakage(
        "scopes",
        REGISTRIES,
        "security:\n        - bearer: [read_registries]",
        "security:\n        - bearer: []",
        "- bearer: []",
        "/paths/registries/get/security/0",
        "names no scope",
        within=LIST_REGISTRIES,
    ),
    of_list_registries(
        "scopes",
        "security:\n        - bearer: [read_registries]",
        "security: []",
        "names no scope",
    ),
    Breakage(
        "scopes",
        PACKAGES,
        "- bearer: [read_packages, write_packages]",
        "- bearer: [read_packages, write_packages, copy_packages]",
        "- bearer: [read_packages, write_packages, copy_packages]",
        "/paths/copy/post/security/0",
        "needs the scope copy_packages, which x-scopes does not declare",
    ),
    Breakage(
        "scopes",
        ROOT,
        "delete_packages: Delete packages.\n",
        "delete_packages: Delete packages.\n        copy_packages: Copy packages.\n",
        "copy_packages: Copy packages.",
        "/components/securitySchemes/bearer/x-scopes/copy_packages",
        "is a scope that no operation uses",
    ),
    of_list_registries(
        "descriptions",
        "      description: Lists every registry of an organization.\n",
        "",
        "has no description",
    ),
    of_list_registries(
        "descriptions",
        "      summary: List all registries\n",
        "",
        "has no summary",
    ),
    Breakage(
        "descriptions",
        PACKAGES,
        "    type: string\n    description: Name of the package.\n",
        "    type: string\n",
        "  PackageName:\n    type: string\n",
        "/schemas/PackageName",
        "has no description",
    ),
    without(
        PACKAGES,
        "        description: Address of this page.\n",
        "self:\n        type: string\n",
        "/schemas/PageLinks/properties/self",
    ),
    without(
        SHARED,
        "    description: Number of the page, from 1.\n",
        "  Page:\n",
        "/parameters/Page",
    ),
    without(
        SHARED,
        "    description: Seconds until the user's window starts anew.\n",
        "  RateLimit-User-Reset:\n    x-source",
        "/headers/RateLimit-User-Reset",
    ),
    Breakage(
        "descriptions",
        PACKAGES,
        "description: The package is gone.",
        "description: ''",
        "  DeletedPackage:\n    description: ''",
        "/responses/DeletedPackage",
        "has no description",
    ),
    without(
        PACKAGES,
        "    description: Copy the package to another registry.\n",
        "  CopyPackage:\n    operationId",
        "/links/CopyPackage",
    ),
    without(
        ROOT,
        "    description: Files published to a registry.\n",
        "- name: packages",
        "/tags/2",
    ),
    Breakage(
        "named_schemas",
        PACKAGES,
        "        description: Slug of the organization.",
        "        description: Slug of the organization." + PERSON,
        "person:\n        type: object",
        "/schemas/PackageOrganization/properties/person",
        "is an object or enum without a name",
    ),
    Breakage(
        "named_schemas",
        PACKAGES,
        "exactly this name.\n    schema:\n      type: string\n",
        "exactly this name.\n    schema:\n      type: string\n      enum: [banana]\n",
        "schema:\n      type: string\n      enum: [banana]",
        "/parameters/PackageName/schema",
        "is an object or enum without a name",
    ),
    Breakage(
        "named_schemas",
        SHARED,
        "schema: {$ref: '#/schemas/Error'}\n        examples:\n          unauthorized:",
        "schema: {type: object, description: Why.}\n        examples:\n          unauthorized:",
        "schema: {type: object, description: Why.}",
        "/responses/Unauthorized/content/application~1json/schema",
        "is an object or enum without a name",
    ),
    Breakage(
        "valid_examples",
        PACKAGES,
        "banana:\n        value: banana",
        "banana:\n        value: 7",
        "value: 7",
        "/parameters/PackageName/examples/banana/value",
        'is not a valid example: 7 is not of type "string"',
    ),
    Breakage(
        "valid_examples",
        PACKAGES,
        "created_at: '2024-08-21T06:24:53Z'",
        "created_at: yesterday",
        "created_at: yesterday",
        "/examples/PackageList/value/items/1/created_at",
        'is not a valid example: "yesterday" is not a "date-time"',
    ),
    Breakage(
        "valid_examples",
        REGISTRIES,
        "examples: [ruby]",
        "examples: [ruby, 7]",
        "examples: [ruby, 7]",
        "/schemas/Ecosystem/examples/1",
        'is not a valid example: 7 is not of type "string"',
    ),
    Breakage(
        "exampled_properties",
        PACKAGES,
        "        examples: ['1.0']\n",
        "",
        "version:\n        type: [string, 'null']\n        description: Version of the package.\n        x-",
        "/schemas/Package/properties/version",
        "has no example",
    ),
    Breakage(
        "known_sources",
        SHARED,
        "description: Number of the page, from 1.\n    x-source: documentation",
        "description: Number of the page, from 1.\n    x-source: hearsay",
        "x-source: hearsay",
        "/parameters/Page/x-source",
        "names 'hearsay'; the sources are documentation, ",
    ),
    Breakage(
        "known_sources",
        ROOT,
        "x-sources:\n",
        "x-sources:\n  hearsay: What somebody said.\n",
        "hearsay: What",
        "/x-sources/hearsay",
        "is a source that nothing names",
    ),
    Breakage(
        "link_sources",
        PACKAGES,
        "          id: $request.path.id\n",
        "          id: $response.body#/id\n",
        "      get_package:\n        operationId: get_package\n",
        "/responses/DeletedPackage/links/get_package",
        "takes $response.body#/id, which this answer's schema does not have",
    ),
    Breakage(
        "links",
        REGISTRIES,
        "    operationId: list_packages\n",
        "    operationId: list_parcels\n",
        "  ListPackages:\n",
        "/links/ListPackages",
        "leads to list_parcels, which is no operation",
    ),
    Breakage(
        "links",
        PACKAGES,
        "another registry.\n    parameters: *package_parameters",
        "another registry.\n    parameters: {org_slug: $request.path.org_slug, id: $response.body#/id}",
        "  CopyPackage:\n",
        "/links/CopyPackage",
        "should give every path parameter of copy_package",
    ),
    Breakage(
        "links",
        PACKAGES,
        "another registry.\n    parameters: *package_parameters",
        "another registry.\n    parameters: {<<: *package_parameters, colour: red}",
        "  CopyPackage:\n",
        "/links/CopyPackage",
        "gives a parameter that copy_package does not have",
    ),
    of_list_registries(
        "reference_pages",
        "https://buildkite.com/docs/apis/rest-api/package-registries/",
        "https://buildkite.com/docs/apis/rest-api/",
        "should have externalDocs with the address of its reference page, below https://buildkite.com/docs/",
    ),
    Breakage(
        "url_forms",
        PACKAGES,
        "    format: uri\n    description: Address of the package in this API.\n",
        "    description: Address of the package in this API.\n",
        "  PackageUrl:\n    type: string",
        "/schemas/PackageUrl",
        "has x-url-forms; it should have the format uri",
    ),
    Breakage(
        "url_forms",
        PACKAGES,
        "x-url-forms: ['/{org_slug}']",
        "x-url-forms: ['{org_slug}']",
        "web_url:\n        type: string\n        format: uri\n        description: Address of the organ",
        "/schemas/PackageOrganization/properties/web_url",
        "the forms should begin with /",
    ),
)


def findings(copy: SpecCopy) -> list[str]:
    """Lint a copy that is valid OpenAPI, as what is not never comes as far as the rules."""
    joined = Bundler(copy.root).bundle()
    validate(joined.document)  # as `bundle` does, but without its detour through YAML, which takes longest
    return lint(joined)


def test_the_spec_has_no_findings() -> None:
    """The spec as it is follows every rule."""
    assert lint(bundle()) == []


@pytest.mark.parametrize("rule", [rule.__name__ for rule in RULES])
def test_every_rule_is_broken_below(rule: str) -> None:
    """No rule is left without a breakage that shows what it catches."""
    in_tests_of_their_own = {"path_parameters"}
    assert rule in in_tests_of_their_own | {each.rule for each in BREAKAGES}


@pytest.mark.slow
@pytest.mark.parametrize("breakage", BREAKAGES, ids=lambda each: f"{each.rule}: {each.says}")
def test_a_breakage_is_reported(copy: SpecCopy, breakage: Breakage) -> None:
    """What breaks one rule is reported by that rule alone, once, with file, line, place and reason."""
    copy.edit(breakage.file, breakage.old, breakage.new, breakage.within)
    [finding] = findings(copy)
    assert finding.startswith(f"{copy.place(breakage.file, breakage.line)} {breakage.pointer} ")
    assert breakage.says in finding
    assert finding.endswith(f" [{breakage.rule}]")


def test_a_placeholder_is_a_plain_name(copy: SpecCopy) -> None:
    """A placeholder that the client generator cannot read is reported, at each operation of the path."""
    copy.edit(ROOT, "/tokens/{id}:", "/tokens/{token-id}:")
    copy.edit(TOKENS, "    name: id\n", "    name: token-id\n")
    copy.edit(TOKENS, "id: $response.body#/id\n", "token-id: $response.body#/id\n")
    copy.edit(TOKENS, "id: $request.path.id\n", "token-id: $request.path.token-id\n")
    found = findings(copy)
    for method, name in (("get", "get"), ("post", "update"), ("delete", "delete")):
        place = copy.place(TOKENS, f"{method}:\n      operationId: {name}_registry_token\n")
        finding = found.pop(0)
        assert finding.startswith(f"{place} /paths/token/{method} declares the path parameters ")
        assert finding.endswith(" [path_parameters]")
    assert found == []


@pytest.mark.slow
def test_the_command_prints_findings(copy: SpecCopy, monkeypatch: Patch, capsys: Capture) -> None:
    """`python -m scripts.spec.lint` prints what it finds and fails, and is silent where all is well."""
    monkeypatch.setattr(lint_spec, "bundle", copy.bundle)
    assert lint_spec.main() == 0
    assert capsys.readouterr() == ("", "")
    copy.edit(PACKAGES, "description: The package is gone.", "description: ''")
    assert lint_spec.main() == 1
    assert capsys.readouterr().err.endswith("/responses/DeletedPackage has no description [descriptions]\n")


def test_the_command_prints_problems(copy: SpecCopy, monkeypatch: Patch, capsys: Capture) -> None:
    """`python -m scripts.spec.lint` prints why a spec cannot be bundled, and fails."""
    monkeypatch.setattr(lint_spec, "bundle", copy.bundle)
    copy.add(PACKAGES, "{")
    assert lint_spec.main() == 1
    assert "is not YAML" in capsys.readouterr().err
