"""The JSON Schema of a seed file, which extends the schemas of the spec, and its validation."""

from collections.abc import Mapping
from typing import Any

import jsonschema_rs

from buildkite_emulator.api.narrowing import narrowed, property_names
from buildkite_emulator.api.validation import fault, nearest
from buildkite_emulator.seeds.model import SeedFault
from buildkite_emulator.spec import Spec

SLUG = {"type": "string", "pattern": "^[a-z0-9_-]{1,100}$"}
SHA256 = {"type": "string", "pattern": "^[0-9A-Fa-f]{64}$"}
GENERATED = {"id": {"type": "string", "format": "uuid"}, "created_at": {"type": "string", "format": "date-time"}}
"""Properties that are generated if the file leaves them out."""

TEXT = {"type": "string"}
TEXTS = {"type": "array", "items": TEXT}


def mapping(properties: Mapping[str, Any], required: list[str]) -> dict[str, Any]:
    """Make the schema of a mapping without additional properties."""
    return {"type": "object", "required": required, "additionalProperties": False, "properties": properties}


def listing(name: str, **more: Any) -> dict[str, Any]:
    """Make the schema of a list."""
    return {"type": "array", "items": {"$ref": f"#/components/schemas/{name}"}, **more}


def extended(spec: Spec) -> dict[str, Any]:
    """Return the spec's document with the schemas of a seed added."""
    registry, registry_token = spec.schema("RegistryCreate"), spec.schema("RegistryTokenCreate")
    schemas = {
        "Seed": mapping(
            {
                "organizations": listing("SeedOrganization"),
                "users": listing("SeedUser", minItems=1),
                "tokens": listing("SeedToken"),
                "registries": listing("SeedRegistry"),
            },
            [],
        ),
        "SeedOrganization": {"anyOf": [SLUG, mapping({"slug": SLUG, "id": GENERATED["id"]}, ["slug"])]},
        "SeedUser": mapping(
            {"name": TEXT, "email": {"type": "string", "pattern": "@"}, **GENERATED}, ["name", "email"]
        ),
        "SeedToken": mapping(
            {"token": TEXT, "sha256": SHA256, "scopes": TEXTS, "user": TEXT, "organizations": TEXTS}, []
        ),
        "SeedRegistry": mapping(
            {
                "organization": TEXT,
                "slug": SLUG,
                **registry["properties"],
                **GENERATED,
                "tokens": listing("SeedRegistryToken"),
                "packages": listing("SeedPackage"),
            },
            registry["required"],
        ),
        "SeedRegistryToken": mapping(
            {**registry_token["properties"], "secret": TEXT, "secret_sha256": SHA256, "created_by": TEXT, **GENERATED},
            registry_token["required"],
        ),
        "SeedPackage": mapping({"path": TEXT, "file_name": TEXT, "content": TEXT, **GENERATED}, []),
    }
    components = spec.document["components"]
    return {**spec.document, "components": {**components, "schemas": {**components["schemas"], **schemas}}}


def check(spec: Spec, document: Any) -> None:
    """Validate a seed against its schema.

    Raises:
        SeedFault: it does not match.
    """
    seed_spec = Spec(extended(spec))
    schema = {"$ref": "#/components/schemas/Seed", "components": seed_spec.document["components"]}
    # The validator's messages would quote the value, which may be a secret.
    validator = jsonschema_rs.Draft202012Validator(schema, validate_formats=True, mask="it")
    if not validator.is_valid(document):
        part = narrowed(document, validator.is_valid, property_names(seed_spec.document["components"]["schemas"]))
        errors = [nearest(error) for error in validator.iter_errors(part)]
        error = next(
            (each for each in errors if unknown_name(each)), errors[0]
        )  # a misspelt name is also reported as missing
        place = [*error.instance_path, *unknown_name(error)]
        raise SeedFault(tuple(place), fault(seed_spec, error, "").reason.replace("the body", "a seed"))


def unknown_name(error: jsonschema_rs.ValidationError) -> list[str]:
    """Return the unknown name that an error reports, if it reports one."""
    kinds = jsonschema_rs.ValidationErrorKind
    return error.kind.unexpected[:1] if isinstance(error.kind, kinds.AdditionalProperties) else []
