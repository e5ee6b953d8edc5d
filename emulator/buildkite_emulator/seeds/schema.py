"""The form of a seed file: schemas that stand beside those of the spec, and check a file against them."""

from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema_rs

from buildkite_emulator.seeds.model import Place, SeedFault
from buildkite_emulator.spec import Spec
from buildkite_emulator.unknown import advice, shown
from buildkite_emulator.validation import fault, join

SLUG = {"type": "string", "pattern": "^[a-z0-9_-]{1,100}$"}
SHA256 = {"type": "string", "pattern": "^[0-9A-Fa-f]{64}$"}
MADE = {"id": {"type": "string", "format": "uuid"}, "created_at": {"type": "string", "format": "date-time"}}
"""What is made where the file does not give it."""

TEXT = {"type": "string"}


def mapping(properties: Mapping[str, Any], required: list[str]) -> dict[str, Any]:
    """Make the schema of a mapping that takes no other names."""
    return {"type": "object", "required": required, "additionalProperties": False, "properties": properties}


def listing(name: str, **more: Any) -> dict[str, Any]:
    """Make the schema of a list."""
    return {"type": "array", "items": {"$ref": f"#/components/schemas/{name}"}, **more}


def extended(spec: Spec) -> dict[str, Any]:
    """Make the spec's document with the schemas of a seed among its own."""
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
        "SeedOrganization": {"anyOf": [SLUG, mapping({"slug": SLUG, "id": MADE["id"]}, ["slug"])]},
        "SeedUser": mapping({"name": TEXT, "email": {"type": "string", "pattern": "@"}, **MADE}, ["name", "email"]),
        "SeedToken": mapping(
            {"token": TEXT, "sha256": SHA256, "scopes": {"type": "array", "items": TEXT}, "user": TEXT}, []
        ),
        "SeedRegistry": mapping(
            {
                "organization": TEXT,
                "slug": SLUG,
                **registry["properties"],
                **MADE,
                "tokens": listing("SeedRegistryToken"),
                "packages": listing("SeedPackage"),
            },
            registry["required"],
        ),
        "SeedRegistryToken": mapping(
            {**registry_token["properties"], "secret": TEXT, "secret_sha256": SHA256, "created_by": TEXT, **MADE},
            registry_token["required"],
        ),
        "SeedPackage": mapping({"path": TEXT, "file_name": TEXT, "content": TEXT, **MADE}, []),
    }
    components = spec.document["components"]
    return {**spec.document, "components": {**components, "schemas": {**components["schemas"], **schemas}}}


def check(spec: Spec, document: Any) -> None:
    """See that a seed has its form.

    Raises:
        SeedFault: it has not.
    """
    seed_spec = Spec(extended(spec))
    for place, name, known in unknown(seed_spec, seed_spec.schema("Seed"), document, ()):
        taker = f"`{join('', list(place))}`" if place else "a seed"
        reason = f"`{shown(join('', [*place, name]))}` is unknown; {advice(name, known, taker)}"
        raise SeedFault((*place, name), reason)
    schema = {"$ref": "#/components/schemas/Seed", "components": seed_spec.document["components"]}
    # Messages of the validator repeat what they are about, which may be a secret.
    validator = jsonschema_rs.Draft202012Validator(schema, validate_formats=True, mask="it")
    error = next(validator.iter_errors(document), None)
    if error is not None:
        _, _, reason = fault(seed_spec, error, "")
        raise SeedFault(tuple(error.instance_path), reason.replace("the body", "a seed"))


def unknown(spec: Spec, schema: Any, value: Any, place: Place) -> Iterator[tuple[Place, str, list[str]]]:
    """Find names that the schemas of a seed do not have; gives the place, the name, and the names that there are."""
    schema = spec.follow(schema)
    for alternative in schema.get("anyOf", []):
        yield from unknown(spec, alternative, value, place)
    if schema.get("type") == "array" and isinstance(value, list):
        for index, child in enumerate(value):
            yield from unknown(spec, schema["items"], child, (*place, index))
    if schema.get("additionalProperties") is False and isinstance(value, dict):
        properties = schema["properties"]
        for name, child in value.items():
            if name in properties:
                yield from unknown(spec, properties[name], child, (*place, name))
            else:
                yield place, name, list(properties)
