"""The spec, walked once at start-up: what operations there are, how to reach them and what they need.

Paths, scopes, statuses and the limits of properties are known here alone; the rest of the emulator asks this module.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any
from urllib.parse import unquote_to_bytes

from buildkite_packages.openapi import METHODS, Document


@dataclass(frozen=True)
class Parameter:
    """A query parameter of an operation, with its schema."""

    name: str
    required: bool
    schema: Mapping[str, Any]


@dataclass(frozen=True)
class Operation:
    """An operation of the API.

    Attributes:
        id: the operationId.
        method: the HTTP method, in upper case.
        aliases: other methods that mean the same.
        alias_ids: their operationIds.
        path: the path template.
        collections: for each path parameter, in order, the path segment before it and its name:
            ``(("organizations", "org_slug"), ("registries", "registry_slug"))``.
        scopes: alternatives; a token needs every scope of any one of them.
        query: the query parameters.
        media_type: the media type of the request body; None where there is no body.
        body_schema: the schema of the request body.
        file_field: the form field of the body that holds a file; None where there is none.
        older_fields: by older name of a form field, the name that it has now; None for one that has no effect.
        success: the status of success.
        errors: by name of the response component, the status of an error.
    """

    id: str
    method: str
    aliases: tuple[str, ...]
    alias_ids: tuple[str, ...]
    path: str
    collections: tuple[tuple[str, str], ...]
    scopes: tuple[frozenset[str], ...]
    query: tuple[Parameter, ...]
    media_type: str | None
    body_schema: Mapping[str, Any] | None
    file_field: str | None
    older_fields: Mapping[str, str | None]
    success: int
    errors: Mapping[str, int]


@dataclass(frozen=True)
class Ecosystem:
    """A kind of package: its name in the API, its name for people, and whether such packages can be copied.

    `native_tool` is the command that publishes such packages where they do not come as one file, else None.
    """

    value: str
    title: str
    copy: bool
    native_tool: str | None


@dataclass(frozen=True)
class Match:
    """A path that exists: its operations by method, and the decoded values of its path parameters."""

    operations: Mapping[str, Operation]
    parameters: Mapping[str, str]


@dataclass(frozen=True)
class OidcRules:
    """What the spec says of OIDC tokens.

    Attributes:
        audience: the audience of a registry's tokens, with placeholders in braces.
        lifetime: seconds that a token may live.
        issuers: URLs of the issuers, some with placeholders in braces.
        scopes: what a policy may grant.
    """

    audience: str
    lifetime: int
    issuers: tuple[str, ...]
    scopes: frozenset[str]

    def audience_of(self, organization: str, registry: str) -> str:
        """Write the audience of a registry's tokens.

        Args:
            organization: slug of the organization.
            registry: slug of the registry.
        """
        return self.audience.format(org_slug=organization, registry_slug=registry)


class Spec:
    """The bundled OpenAPI document, indexed."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self._references = Document(document)
        self.operations = {
            operation.id: operation
            for path, item in document["paths"].items()
            for method in METHODS
            if method in item and "x-alias-of" not in item[method]
            for operation in [self._operation(path, method, item)]
        }
        by_path: dict[str, dict[str, Operation]] = {}
        for operation in self.operations.values():
            methods = (operation.method, *operation.aliases)
            by_path.setdefault(operation.path, {}).update(dict.fromkeys(methods, operation))
        self._by_length: dict[int, list[tuple[list[str], dict[str, Operation]]]] = {}
        for path, operations in by_path.items():
            template = path.split("/")
            self._by_length.setdefault(len(template), []).append((template, operations))

    @classmethod
    def load(cls) -> "Spec":
        """Read the bundle that the client package carries."""
        return cls(Document.load().value)

    def match(self, raw_path: bytes) -> Match | None:
        """Find the path template that a request's path fits.

        Args:
            raw_path: the path as it was sent, percent-encoded and without the query. It is split before it is decoded,
                so an encoded slash stays within its segment. A single trailing slash is passed over.
        """
        if len(raw_path) > 1 and raw_path.endswith(b"/"):
            raw_path = raw_path[:-1]
        parts = raw_path.decode("utf-8", "replace").split("/")
        if b"%" in raw_path:
            parts = [unquote_to_bytes(part).decode("utf-8", "replace") for part in raw_path.split(b"/")]
        for template, operations in self._by_length.get(len(parts), ()):
            values = {}
            for name, part in zip(template, parts, strict=True):
                if name[:1] == "{":
                    values[name[1:-1]] = part
                elif name != part:
                    break
            else:
                return Match(operations, values)
        return None

    @cached_property
    def scopes(self) -> frozenset[str]:
        """Every scope that a token may have."""
        return frozenset(self.document["components"]["securitySchemes"]["bearer"]["x-scopes"])

    @cached_property
    def oidc(self) -> OidcRules:
        """What the spec says of OIDC tokens."""
        rules = self.document["components"]["securitySchemes"]["bearer"]["x-oidc"]
        scopes = frozenset(self.schema("OidcScope")["enum"])
        return OidcRules(rules["audience"], rules["lifetime"], tuple(rules["issuers"]), scopes)

    @cached_property
    def ecosystems(self) -> Mapping[str, Ecosystem]:
        """The known ecosystems, by their name in the API."""
        entries = self.document["components"]["schemas"]["Ecosystem"]["x-ecosystems"]
        return {
            entry["value"]: Ecosystem(
                entry["value"], entry["title"], entry["copy"], entry.get("native_tool", {}).get("command")
            )
            for entry in entries
        }

    def schema(self, name: str) -> dict[str, Any]:
        """Look a schema component up."""
        schema: dict[str, Any] = self.document["components"]["schemas"][name]
        return schema

    def header_example(self, name: str) -> str:
        """Look up what a header says in its example."""
        return str(self.document["components"]["headers"][name]["schema"]["examples"][0])

    def responses(self, operation: Operation) -> Mapping[str, Any]:
        """List an operation's responses by status."""
        definitions = self.document["paths"][operation.path][operation.method.lower()]["responses"]
        return {status: self.follow(response) for status, response in definitions.items()}

    def follow(self, value: Any) -> Any:
        """Follow a value's reference, if it is one, to the component."""
        return self._references.followed(value)

    def _operation(self, path: str, method: str, item: dict[str, Any]) -> Operation:
        definition = item[method]
        parameters = [self.follow(each) for each in item.get("parameters", []) + definition.get("parameters", [])]
        content = self.follow(definition.get("requestBody", {})).get("content", {})
        media_type = next(iter(content), None)
        body_schema = content[media_type]["schema"] if media_type else None
        fields = self.follow(body_schema).get("properties", {}) if body_schema else {}
        aliases = [each for each in METHODS if item.get(each, {}).get("x-alias-of") == definition["operationId"]]
        segments = path.split("/")
        errors = {
            response["$ref"].rpartition("/")[2]: int(status)
            for status, response in definition["responses"].items()
            if not status.startswith("2")
        }
        return Operation(
            id=definition["operationId"],
            method=method.upper(),
            aliases=tuple(each.upper() for each in aliases),
            alias_ids=tuple(item[each]["operationId"] for each in aliases),
            path=path,
            collections=tuple((before, part[1:-1]) for before, part in pairwise(segments) if part[:1] == "{"),
            scopes=tuple(frozenset(alternative["bearer"]) for alternative in definition["security"]),
            query=tuple(
                Parameter(each["name"], each.get("required", False), each["schema"])
                for each in parameters
                if each["in"] == "query"
            ),
            media_type=media_type,
            body_schema=body_schema,
            file_field=next((name for name, field in fields.items() if field.get("format") == "binary"), None),
            older_fields={
                each["name"]: each["now"] for each in self.follow(body_schema or {}).get("x-older-fields", ())
            },
            success=next(int(status) for status in definition["responses"] if status.startswith("2")),
            errors=errors,
        )
