"""Edits of the spec, and what is to be said of each when the spec is compared with what it was."""

from typing import NamedTuple

from scripts.spec.bundle import SPEC
from tests.support.spec_copy import SpecCopy

ROOTS, REGISTRIES, TOKENS, PACKAGES, SHARED = (
    "openapi.yaml",
    "registries.yaml",
    "registry_tokens.yaml",
    "packages.yaml",
    "shared.yaml",
)
BOTH, CALLERS, SERVERS, NOBODY = (True, True), (True, False), (False, True), (False, False)


class Edit(NamedTuple):
    """A change of a file of the spec, and what is to be said of it."""

    file: str
    old: str
    new: str
    breaks: tuple[bool, bool]
    says: str
    within: str = ""
    """A passage that `old` is in once, where it is not in the file."""


def passage(file: str, start: str, end: str, within: str = "") -> str:
    """Give what a file, or a passage of it, holds from one text up to another."""
    held = within or (SPEC.parent / file).read_text(encoding="utf-8")
    begin = held.index(start)
    return held[begin : held.index(end, begin + 1)]


CREATE = passage(REGISTRIES, "      operationId: create_registry\n", "    get:\n")
UPDATE_TOKEN = passage(TOKENS, "      operationId: update_registry_token\n", "    delete:\n")
LIST = passage(PACKAGES, "      operationId: list_packages\n", "  package:\n")
COPY = passage(PACKAGES, "      operationId: copy_package\n", "x-rate-limit-headers")
REGISTRY = passage(REGISTRIES, "  Registry:\n    type: object", "  RegistryList:\n    type")
CREATION = passage(REGISTRIES, "  RegistryCreate:\n    type", "  RegistryUpdate:\n    type")
SUMMARY = passage(PACKAGES, "  PackageSummary:\n", "  PackageId:\n    type")
PUBLICATION = passage(PACKAGES, "  PackagePublish:\n    type", "  PackageOrganization:\n")
STATEMENT = passage(REGISTRIES, "  OidcPolicyStatement:\n", "  OidcScope:\n")
CLAIM = passage(REGISTRIES, "  OidcClaim:\n", "  OidcScalar:\n")
MATCHERS = passage(REGISTRIES, "  OidcMatchers:\n", "examples:\n")
PER_PAGE = passage(SHARED, "  PerPage:\n", "headers:\n")
ORGANIZATION = passage(SHARED, "  OrgSlug:\n", "  RegistrySlug:\n")
NEW_OPERATION = CREATE.replace("create_registry", "make_registry")

EDITS = {
    "operation added": Edit(
        REGISTRIES,
        "    delete:\n",
        f"    options:\n{NEW_OPERATION}    delete:\n",
        SERVERS,
        "the operation is new: OPTIONS",
    ),
    "operation removed": Edit(
        TOKENS,
        passage(TOKENS, "    get:\n      operationId: get_registry_token", "    post:\n      operationId: update_"),
        "",
        CALLERS,
        "the operation is gone: GET",
    ),
    "operationId renamed": Edit(
        REGISTRIES,
        "operationId: create_registry",
        "operationId: make_registry",
        CALLERS,
        "the operationId is make_registry now, was create_registry",
        CREATE,
    ),
    "path changed": Edit(ROOTS, "packages/{id}/copy", "packages/{id}/duplicate", BOTH, "was at POST /v2"),
    "method changed": Edit(TOKENS, f"    post:\n{UPDATE_TOKEN}", f"    patch:\n{UPDATE_TOKEN}", BOTH, "it is at PATCH"),
    "tag changed": Edit(REGISTRIES, "tags: [registries]", "tags: [packages]", CALLERS, "tags is", CREATE),
    "operation deprecated": Edit(
        REGISTRIES,
        "      summary: Create a registry\n",
        "      summary: Create a registry\n      deprecated: true\n",
        NOBODY,
        "deprecated is true now",
    ),
    "optional parameter added": Edit(
        PACKAGES,
        "      parameters:\n",
        "      parameters:\n        - {name: sort, in: query, schema: {type: string}}\n",
        SERVERS,
        "the optional query parameter sort is new",
        LIST,
    ),
    "required parameter added": Edit(
        PACKAGES,
        "      parameters:\n",
        "      parameters:\n        - {name: sort, in: query, required: true, schema: {type: string}}\n",
        BOTH,
        "the required query parameter sort is new",
        LIST,
    ),
    "parameter removed": Edit(
        PACKAGES,
        "        - $ref: '#/parameters/PackageName'\n",
        "",
        CALLERS,
        "the optional query parameter name is gone",
    ),
    "parameter moved": Edit(
        SHARED, "    in: query\n", "    in: header\n", BOTH, "is in the header now, was in the query", PER_PAGE
    ),
    "parameter required": Edit(
        SHARED, "    in: query\n", "    in: query\n    required: true\n", CALLERS, "it is required now", PER_PAGE
    ),
    "parameter optional": Edit(
        PACKAGES, "    in: query\n    required: true\n", "    in: query\n", SERVERS, "it is not required any more"
    ),
    "path parameter renamed": Edit(
        ROOTS, "/tokens/{id}:", "/tokens/{token_id}:", CALLERS, "the path parameter is called token_id now, was id"
    ),
    "parameter's default changed": Edit(SHARED, "default: 30", "default: 50", BOTH, "default is 50 now, was 30"),
    "parameter's default added": Edit(
        SHARED,
        "      minLength: 1\n",
        "      minLength: 1\n      default: my-org\n",
        SERVERS,
        "default is",
        ORGANIZATION,
    ),
    "parameter's default removed": Edit(SHARED, "      default: 30\n", "", CALLERS, "default is gone"),
    "parameter's maximum lower": Edit(SHARED, "maximum: 100", "maximum: 50", CALLERS, "maximum is 50 now, was 100"),
    "parameter's maximum higher": Edit(SHARED, "maximum: 100", "maximum: 500", SERVERS, "maximum is 500 now"),
    "parameter's minimum removed": Edit(SHARED, "      minimum: 1\n", "", SERVERS, "minimum is gone", PER_PAGE),
    "parameter's type wider": Edit(SHARED, "type: integer", "type: number", SERVERS, "the type is number", PER_PAGE),
    "parameter set in the client": Edit(
        SHARED, "    x-client-setting: organization\n", "", CALLERS, "x-client-setting is gone"
    ),
    "body removed": Edit(
        TOKENS,
        passage(TOKENS, "      requestBody:\n", "      responses:\n", UPDATE_TOKEN),
        "",
        BOTH,
        "the required body is gone",
        UPDATE_TOKEN,
    ),
    "body optional": Edit(REGISTRIES, "        required: true\n", "", SERVERS, "not required any more", CREATE),
    "body's media type replaced": Edit(
        REGISTRIES, "          application/json:\n", "          application/xml:\n", BOTH, "", CREATE
    ),
    "body's media type added": Edit(
        PACKAGES,
        "          multipart/form-data:\n",
        "          application/gzip: {schema: {$ref: '#/schemas/PackagePublish'}}\n          multipart/form-data:\n",
        SERVERS,
        "the media type application/gzip is new",
    ),
    "status added": Edit(
        REGISTRIES,
        "        '401':",
        "        '409': {$ref: shared.yaml#/responses/ValidationFailed}\n        '401':",
        BOTH,
        "the status 409 is new",
        CREATE,
    ),
    "error removed": Edit(
        REGISTRIES,
        "        '422': {$ref: shared.yaml#/responses/ValidationFailed}\n",
        "",
        SERVERS,
        "the status 422 is gone",
        CREATE,
    ),
    "success replaced": Edit(REGISTRIES, "        '200':", "        '201':", BOTH, "the status 20", CREATE),
    "answer's media type changed": Edit(
        REGISTRIES,
        "      application/json:\n        schema: {$ref: '#/schemas/RegistryList'}",
        "      application/xml:\n        schema: {$ref: '#/schemas/RegistryList'}",
        BOTH,
        "",
    ),
    "header removed": Edit(
        PACKAGES, "      Link: {$ref: shared.yaml#/headers/Link}\n", "", CALLERS, "the optional header Link is gone"
    ),
    "header added": Edit(
        PACKAGES,
        "      Link: {$ref",
        "      Etag: {schema: {type: string}}\n      Link: {$ref",
        NOBODY,
        "the optional header Etag is new",
    ),
    "header's type changed": Edit(
        SHARED,
        "      type: integer\n      minimum: 0\n      examples: [200]",
        "      type: string\n      examples: ['200']",
        BOTH,
        "header RateLimit-Limit schema: the type is string now",
    ),
    "link removed": Edit(
        REGISTRIES,
        "  publish_package: {$ref: '#/links/PublishPackage'}\n",
        "",
        NOBODY,
        "the link publish_package is gone",
    ),
    "another scope demanded": Edit(
        PACKAGES,
        "bearer: [read_packages]\n",
        "bearer: [read_packages, write_packages]\n",
        CALLERS,
        "the scopes are read_packages and write_packages now, were read_packages",
        LIST,
    ),
    "a scope demanded no more": Edit(
        PACKAGES, "[read_packages, write_packages]", "[write_packages]", SERVERS, "the scopes are write_packages now"
    ),
    "an alternative of scopes removed": Edit(
        REGISTRIES, "        - bearer: [create_registries]\n", "", CALLERS, "the scopes are write_registries now"
    ),
    "an alternative of scopes added": Edit(
        PACKAGES,
        "        - bearer: [read_packages]\n",
        "        - bearer: [read_packages]\n        - bearer: [write_packages]\n",
        SERVERS,
        "the scopes are read_packages or write_packages now",
        LIST,
    ),
    "scopes replaced": Edit(
        PACKAGES, "[read_packages]", "[read_registries]", BOTH, "the scopes are read_registries now", LIST
    ),
    "required property of an answer removed": Edit(
        REGISTRIES,
        "      public:\n        type: boolean\n        description: Whether anybody may install from the registry.\n",
        "",
        CALLERS,
        "",
        REGISTRY,
    ),
    "optional property of an answer added": Edit(
        REGISTRIES,
        "      team_ids:\n",
        "      stars:\n        type: integer\n        description: Stars.\n      team_ids:\n",
        NOBODY,
        "the optional property stars is new",
        REGISTRY,
    ),
    "required property of an answer added": Edit(
        PACKAGES,
        "    required: [id, url, web_url, name, created_at, version]\n    properties:\n",
        "    required: [id, url, web_url, name, created_at, version, size]\n"
        "    properties:\n      size: {type: integer}\n",
        SERVERS,
        "the required property size is new",
    ),
    "property of an answer optional": Edit(
        PACKAGES,
        "name, created_at, version]",
        "name, created_at]",
        CALLERS,
        "version is not required any more",
        SUMMARY,
    ),
    "property of an answer required": Edit(
        PACKAGES, "created_at, version]", "created_at, version, variant]", SERVERS, "variant is required now", SUMMARY
    ),
    "property of an answer nullable": Edit(
        REGISTRIES,
        "      public:\n        type: boolean\n",
        "      public:\n        type: [boolean, 'null']\n",
        CALLERS,
        "null is allowed now",
    ),
    "property of an answer not nullable": Edit(
        REGISTRIES,
        "      emoji:\n        type: [string, 'null']\n",
        "      emoji:\n        type: string\n",
        SERVERS,
        "null is not allowed any more",
        REGISTRY,
    ),
    "format of an answer changed": Edit(
        PACKAGES, "        format: date-time\n", "", CALLERS, 'format is gone, was "date-time"', SUMMARY
    ),
    "format that the client does not heed": Edit(
        PACKAGES,
        "    format: uri\n",
        "",
        CALLERS,
        "format is gone",
        passage(PACKAGES, "  PackageWebUrl:\n    type", "  PackageName:\n    type"),
    ),
    "optional property of a request added": Edit(
        REGISTRIES,
        "      team_ids:\n",
        "      stars: {type: integer}\n      team_ids:\n",
        SERVERS,
        "the optional property stars is new",
        CREATION,
    ),
    "property of a request required": Edit(
        REGISTRIES, "[name, ecosystem]", "[name, ecosystem, emoji]", CALLERS, "emoji is required now", CREATION
    ),
    "property of a request optional": Edit(
        REGISTRIES, "[name, ecosystem]", "[name]", SERVERS, "ecosystem is not required any more", CREATION
    ),
    "property of a request removed": Edit(
        REGISTRIES,
        "      emoji:\n        type: [string, 'null']\n        description: Emoji of the registry, in emoji syntax.\n",
        "",
        CALLERS,
        "the optional property emoji is gone",
        CREATION,
    ),
    "pattern of a request added": Edit(
        REGISTRIES,
        "    minProperties: 1\n",
        "    minProperties: 2\n",
        CALLERS,
        "minProperties is 2 now, was 1",
        MATCHERS,
    ),
    "pattern of a request changed": Edit(
        REGISTRIES, "    pattern: '[0-9A-Za-z]'\n", "    pattern: '[a-z]'\n", BOTH, "pattern is"
    ),
    "length of a request shorter": Edit(REGISTRIES, "maxLength: 100", "maxLength: 99", CALLERS, "maxLength is 99 now"),
    "value of a request's enumeration removed": Edit(
        REGISTRIES,
        "    enum: [read_packages, write_packages, delete_packages]",
        "    enum: [read_packages, write_packages]",
        CALLERS,
        'the value "delete_packages" is not allowed any more',
    ),
    "value of a request's enumeration added": Edit(
        REGISTRIES,
        "    enum: [read_packages, ",
        "    enum: [list_packages, read_packages, ",
        SERVERS,
        'the value "list_packages" is new',
    ),
    "closed object of a request opened": Edit(
        REGISTRIES, "    additionalProperties: false\n", "", SERVERS, "additionalProperties is true now", STATEMENT
    ),
    "alternative of a request removed": Edit(
        REGISTRIES, "      - {$ref: '#/schemas/OidcScalar'}\n", "", CALLERS, "the alternative OidcScalar is gone", CLAIM
    ),
    "alternative of a request added": Edit(
        REGISTRIES,
        "    anyOf:\n",
        "    anyOf:\n      - {type: array, items: {$ref: '#/schemas/OidcScalar'}}\n",
        SERVERS,
        "there is another alternative, array",
        CLAIM,
    ),
    "media type of a string changed": Edit(
        REGISTRIES,
        "contentMediaType: application/yaml",
        "contentMediaType: application/json",
        BOTH,
        "contentMediaType is",
    ),
    "items of a request narrower": Edit(
        REGISTRIES,
        "    type: [string, number, boolean, 'null']\n",
        "    type: [string, boolean, 'null']\n",
        CALLERS,
        "the type is boolean or string now",
    ),
    "model renamed": Edit(
        PACKAGES, "  PageLinks:\n", "  Pages:\n", CALLERS, "the client's model is Pages now, was PageLinks"
    ),
    "exception renamed": Edit(
        SHARED, "  NotFound:\n", "  Missing:\n", CALLERS, "the client's exception for 404 is Missing now, was NotFound"
    ),
    "ecosystem added": Edit(
        REGISTRIES,
        "      - {value: ruby,",
        "      - {value: cargo, title: Cargo, copy: true}\n      - {value: ruby,",
        SERVERS,
        "the ecosystem cargo is new",
    ),
    "ecosystem removed": Edit(
        REGISTRIES, "      - {value: nuget, title: NuGet, copy: false}\n", "", CALLERS, "the ecosystem nuget is gone"
    ),
    "ecosystem copied no more": Edit(
        REGISTRIES, "title: Ruby, copy: true", "title: Ruby, copy: false", CALLERS, "ecosystem ruby: copy is false now"
    ),
    "form of a URL added": Edit(
        PACKAGES,
        "x-url-forms: ['/{org_slug}']",
        "x-url-forms: ['/{org_slug}', '/organizations/{org_slug}']",
        CALLERS,
        "x-url-forms is",
    ),
    "kind of an ID changed": Edit(
        TOKENS, "x-graphql-type: RegistryToken\n", "x-graphql-type: Token\n", BOTH, "x-graphql-type is"
    ),
    "description changed": Edit(
        REGISTRIES,
        "description: Creates a registry in an organization.",
        "description: Makes one.",
        NOBODY,
        "description reads otherwise",
        CREATE,
    ),
    "description of a schema changed": Edit(
        REGISTRIES,
        "description: A scope that an OIDC policy may grant.",
        "description: A scope.",
        NOBODY,
        "OidcScope: description reads otherwise",
    ),
    "example changed": Edit(
        REGISTRIES,
        "    summary: Emoji and colour.\n",
        "    summary: A colourful one.\n",
        NOBODY,
        "the example all_properties is another one",
    ),
    "server changed": Edit(
        ROOTS, "  - url: https://api.buildkite.com\n", "  - url: https://api.example.com\n", CALLERS, ""
    ),
    "information changed": Edit(ROOTS, "  title: Buildkite Package", "  title: The Package", NOBODY, "info: title"),
}
"""By what they do."""

FURTHER = {
    "body removed": [
        (TOKENS, passage(TOKENS, "  RegistryTokenUpdate:\n    type", "  User:\n"), ""),
        (TOKENS, passage(TOKENS, "  RegistryTokenUpdate:\n    summary", "  RegistryToken:\n    summary"), ""),
    ],
    "parameter removed": [(PACKAGES, passage(PACKAGES, "  PackageName:\n    name", "  DestinationRegistry:\n"), "")],
    "header removed": [(SHARED, passage(SHARED, "  Link:\n", "  RateLimit-Scope:\n    desc"), "")],
    "link removed": [
        (REGISTRIES, passage(REGISTRIES, "  PublishPackage:\n    operationId", "  RequestPresignedUpload:\n"), "")
    ],
    "path parameter renamed": [(TOKENS, "    name: id\n    in: path", "    name: token_id\n    in: path")],
    "required property of an answer removed": [(REGISTRIES, "color, public, oidc_policy]", "color, oidc_policy]")],
    "model renamed": [(PACKAGES, "'#/schemas/PageLinks'", "'#/schemas/Pages'")],
}
"""Edits that go with others, for the result to be a spec."""


def change(folder: SpecCopy, name: str) -> None:
    """Make an edit by its name."""
    edit = EDITS[name]
    folder.edit(edit.file, edit.old, edit.new, edit.within)
    for file, old, new in FURTHER.get(name, []):
        folder.edit(file, old, new)
    if name == "exception renamed":
        for file in (REGISTRIES, TOKENS, PACKAGES):
            folder.write(file, folder.read(file).replace("/responses/NotFound", "/responses/Missing"))
