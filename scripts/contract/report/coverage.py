"""How much of the spec a run has seen: operations, responses, parameters, and the schemas of answers.

TraceCov measures the like, but its licence keeps what it writes from third parties, and a report in a public pull
request is shown to them; so this counts what the run has counted.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from buildkite_emulator.spec import Spec
from buildkite_packages.openapi import parse_pointer
from scripts.contract.report.places import MISSING, Places
from scripts.contract.report.run import Run
from scripts.spec.bundle import Pointer, format_pointer

KEYWORDS = frozenset(
    (
        *("type", "enum", "const", "format", "pattern", "minLength", "maxLength", "minimum", "maximum", "required"),
        *("minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties", "x-url-forms", "x-graphql-type"),
    )
)
"""Keywords of a schema that a value can break."""


@dataclass(frozen=True)
class Dimension:
    """One kind of thing that the spec has, and how many of them were seen.

    Attributes:
        title: what is counted.
        what: which of them count as seen, as a sentence.
        total: how many the spec has.
        missing: those that were not seen.
    """

    title: str
    what: str
    total: int
    missing: tuple[str, ...]

    @property
    def seen(self) -> int:
        """How many were seen."""
        return self.total - len(self.missing)

    @property
    def percent(self) -> int:
        """How many of a hundred were seen; 100 only where all were."""
        return 100 * self.seen // self.total if self.total else 100


def coverage(run: Run, spec: Spec, places: Places) -> list[Dimension]:
    """Count what a run has seen of the spec.

    Args:
        run: the run.
        spec: the spec that it was made with.
        places: finds places in that spec.
    """
    seen = {place for pointer in run.places for place in seen_places(places, pointer)}
    parts = list(answer_schemas(spec))
    return [
        dimension(
            "Operations",
            "Those that answered at all.",
            {name: any(run.answers[name].values()) for name in spec.operations},
        ),
        dimension("Responses", "The documented statuses that came, for each operation.", responses(run, spec)),
        dimension(
            "Parameters",
            "Those that were sent, for each operation; fields of bodies are among them.",
            parameters(run, spec),
        ),
        dimension(
            "Properties of answers",
            "Those that were in an answer; headers are among them.",
            {
                "#" + format_pointer(pointer): pointer in seen
                for schema_pointer, schema in parts
                for pointer in properties(schema_pointer, schema)
            },
        ),
        dimension(
            "Keywords of answers",
            "Those that a value of an answer was checked against.",
            {
                "#" + format_pointer((*pointer, keyword)): pointer in seen or (*pointer, keyword) in seen
                for pointer, schema in parts
                for keyword in schema
                if keyword in KEYWORDS
            },
        ),
    ]


def dimension(title: str, what: str, seen: Mapping[str, bool]) -> Dimension:
    """Count what was seen."""
    return Dimension(title, what, len(seen), tuple(name for name, was_seen in seen.items() if not was_seen))


def seen_places(places: Places, pointer: str) -> Iterator[Pointer]:
    """Yield the places that were seen where one was: those on the way there, behind references too."""
    for place, value in places.walk(parse_pointer(pointer)):
        if value is not MISSING:
            yield place
            if isinstance(value, dict) and "$ref" in value:
                yield tuple(parse_pointer(value["$ref"]))
            if place[:2] == ("components", "headers"):
                yield (*place[:3], "schema")


def responses(run: Run, spec: Spec) -> dict[str, bool]:
    """Tell of each response that the spec has whether it came."""
    return {
        f"{name} {status}": run.answers[name][status] > 0
        for name, operation in spec.operations.items()
        for status in spec.responses(operation)
    }


def parameters(run: Run, spec: Spec) -> dict[str, bool]:
    """Tell of each parameter, fields of bodies among them, whether it was sent."""
    return {
        f"{operation_id} {parameter}": run.parameters[operation_id][parameter] > 0
        for operation_id, operation in spec.operations.items()
        for parameter in (
            *(f"path.{name}" for _, name in operation.collections),
            *(f"query.{parameter.name}" for parameter in operation.query),
            *(f"body.{name}" for name in spec.follow(operation.body_schema or {}).get("properties", {})),
        )
    }


def answer_schemas(spec: Spec) -> Iterator[tuple[Pointer, Mapping[str, Any]]]:
    """Yield each schema that an answer's body or a header has to fit, each once, with the pointer to it."""
    met: set[Pointer] = set()
    for name, response in spec.document["components"]["responses"].items():
        place = ("components", "responses", name)
        for header, value in response.get("headers", {}).items():
            at = tuple(parse_pointer(value["$ref"])) if "$ref" in value else (*place, "headers", header)
            yield from schemas(spec, (*at, "schema"), spec.follow(value)["schema"], met)
        for media_type, content in response.get("content", {}).items():
            yield from schemas(spec, (*place, "content", media_type, "schema"), content["schema"], met)


def schemas(
    spec: Spec, pointer: Pointer, schema: Any, met: set[Pointer]
) -> Iterator[tuple[Pointer, Mapping[str, Any]]]:
    """Yield a schema, and those below it and behind its references, but for those that were met, and note them."""
    if not isinstance(schema, dict):
        return
    if "$ref" in schema:
        pointer, schema = tuple(parse_pointer(schema["$ref"])), spec.follow(schema)
    if pointer in met:
        return
    met.add(pointer)
    yield pointer, schema
    children: list[tuple[Pointer, Any]] = [
        (("properties", name), child) for name, child in schema.get("properties", {}).items()
    ]
    children += [((keyword,), schema[keyword]) for keyword in ("items", "additionalProperties") if keyword in schema]
    for keyword in ("allOf", "anyOf", "oneOf"):
        children += [((keyword, index), child) for index, child in enumerate(schema.get(keyword, []))]
    for way, child in children:
        yield from schemas(spec, (*pointer, *way), child, met)


def properties(pointer: Pointer, schema: Mapping[str, Any]) -> Iterator[Pointer]:
    """Yield the pointer of each property of a schema, or of the header whose schema it is."""
    for name in schema.get("properties", {}):
        yield (*pointer, "properties", name)
    if "headers" in pointer[:-1]:
        yield pointer[:-1]
