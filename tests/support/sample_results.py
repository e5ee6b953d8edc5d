"""Results of contract runs as they are on disk, made by hand, for the tests of the reports."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from buildkite_emulator.spec import Spec
from scripts.contract.results import Finding, Results, spec_digest

SPEC = Spec.load()
UNITS = (
    "flow registry_is_created",
    "flow registry_keeps_what_is_not_sent",
    "flow package_is_copied",
    "fuzz create_registry",
    "fuzz get_registry",
    "fuzz list_packages",
    "chains",
)
SENTENCES = {
    "flow registry_is_created": "A registry that was created is there, with what was sent.",
    "flow registry_keeps_what_is_not_sent": "An update leaves what it does not name.",
    "flow package_is_copied": "A copied package is in both registries.",
}
REGISTRY = "#/components/schemas/Registry"
CREATE = "#/paths/~1v2~1packages~1organizations~1{org_slug}~1registries/post"


def finding(**values: Any) -> Finding:
    """Make a finding; what is not given is that of a plain one."""
    plain: dict[str, Any] = {
        "check": "value",
        "unit": "flow registry_is_created",
        "operation": "create_registry",
        "expected": "a string",
        "received": "5",
        "place": f"{REGISTRY}/properties/name",
        "curl": command("create_registry"),
        "number": 12,
    }
    return Finding(**(plain | values))


def command(operation_id: str, *more: str) -> str:
    """Write a command that calls an operation."""
    operation = SPEC.operations[operation_id]
    path = operation.path.format(
        org_slug="contract", registry_slug="contract-a", id="0191df84-85e4-77aa-83ba-6579084728eb"
    )
    parts = ["curl", "-X", operation.method, '-H "Authorization: Bearer $BUILDKITE_API_TOKEN"', *more]
    return " ".join((*parts, f'"$BUILDKITE_REST_API_ENDPOINT{path}"'))


def write_shard(  # noqa: PLR0913 - what a shard has
    folder: Path,
    shard: str = "1/1",
    units: Sequence[str] = UNITS,
    findings: Sequence[Finding] = (),
    *,
    statuses: Mapping[str, tuple[str, str]] | None = None,
    end: Mapping[str, Any] | None = None,
    killed: bool = False,
    seen: Mapping[str, Any] | None = None,
    name: str | None = None,
    **head: Any,
) -> Path:
    """Write the file of a shard.

    Args:
        folder: where to.
        shard: its number and how many there are.
        units: names of its units.
        findings: what it found.
        statuses: by name of a unit, how it ended and why; others failed if they found something, else they passed.
        end: the event that it ended with.
        killed: whether it has none.
        seen: the event about what it saw.
        name: of the file.
        head: what is other than usual in the event that it began with.
    """
    path = folder / (name or f"{shard.replace('/', '-of-')}.jsonl")
    results = Results(path)
    usual = {
        "target": "emulator",
        "base_url": "http://127.0.0.1:43210",
        "organization": "contract",
        "seed": 1234567890,
        "shard": shard,
        "spec_version": "0.1.0",
        "spec_digest": spec_digest(),
        "started": "2026-11-21T16:28:13+00:00",
        "units": list(units),
        "all_units": list(UNITS),
        "command": "make contract SEED=1234567890" + ("" if shard == "1/1" else f" SHARD={shard}"),
    }
    results.write("run", **(usual | head))
    failed = {each.unit for each in findings}
    for each in findings:
        results.add(each)
    for unit in units:
        status, reason = (statuses or {}).get(unit, ("failed" if unit in failed else "passed", ""))
        results.write(
            "unit",
            name=unit,
            sentence=SENTENCES.get(unit, ""),
            status=status,
            reason=reason,
            operations=["create_registry"],
            requests=21,
            seconds=1.25,
            settles=[],
        )
    results.write("seen", **(some_seen() if seen is None else seen))
    if not killed:
        results.write("end", **(end or {"status": "complete", "reason": ""}))
    return path


def some_seen() -> dict[str, Any]:
    """Make the event of a run that asked every operation something."""
    checks = ("value", "answer", "body", "status", "content_type", "header", "rate_limit_headers", "refusal")
    fuzzed = ("response_schema_conformance", "ignored_auth", "use_after_free", "ensure_resource_availability")
    return {
        "answers": {
            name: {str(operation.success): 120, "404": 31, "401": 12, "403": 4}
            for name, operation in SPEC.operations.items()
        },
        "places": {f"{REGISTRY}/properties/{name}": 40 for name in ("id", "slug", "name", "ecosystem", "public")}
        | {"#/components/headers/RateLimit-Limit": 900},
        "parameters": {
            name: {f"path.{parameter}": 150 for _, parameter in operation.collections}
            for name, operation in SPEC.operations.items()
        },
        "checks": {
            name: dict.fromkeys(checks, 167) | (dict.fromkeys(fuzzed, 1042) if "registry" in name else {})
            for name in SPEC.operations
        },
    }


def varied_findings() -> list[Finding]:
    """Make ten findings that have little in common, one of them thrice."""
    steps = (command("create_registry", '-d \'{"name": "a", "ecosystem": "ruby"}\''), command("list_registries"))
    missing = finding(
        check="body",
        operation="get_registry",
        unit="fuzz get_registry",
        expected="the answer: an object with graphql_id",
        received='{"id": "0191df84-85e4-77aa-83ba-6579084728eb", "slug": "contract-a", "name": "contract a"}',
        place=f"{REGISTRY}/required",
        curl=command("get_registry"),
        steps=steps,
    )
    return [
        finding(place=f"{REGISTRY}/properties/slug", expected="the slug: contract-a", received='"Contract A"'),
        missing,
        missing,
        finding(**{**vars(missing), "received": '{"id": null}'}),
        finding(
            check="refusal",
            operation="delete_registry",
            unit="flow package_is_copied",
            expected="404, because the registry was deleted",
            received="200 with application/json: {}",
            place=CREATE.replace("/post", "~1{registry_slug}/delete/responses/404"),
            curl=command("delete_registry"),
            steps=steps,
        ),
        finding(
            check="not_a_server_error",
            operation="publish_package",
            unit="chains",
            expected="any status below 500",
            received="500 with text/plain: Internal Server Error",
            place="",
            curl=command("publish_package", "-F 'file=@banana-1.0.0.gem'"),
        ),
        finding(
            check="header",
            operation="list_packages",
            unit="fuzz list_packages",
            expected="the header RateLimit-Limit: an integer",
            received="sixty",
            place="#/components/headers/RateLimit-Limit/schema/type",
            curl=command("list_packages"),
        ),
        finding(
            check="status",
            operation="list_packages",
            unit="fuzz list_packages",
            expected="one of 200, 401, 403, 404, 422, 429",
            received="418",
            place=CREATE.replace("/post", "~1{registry_slug}~1packages/get/responses/418"),
            curl=command("list_packages"),
        ),
        finding(
            check="body",
            unit="fuzz create_registry",
            expected="a value that does not run\u202e <b>here</b>",
            received='<script>alert("x")</script>\u202egnp.exe ``` | a | b | ``` '
            + "W" * 700
            + "\n" * 3
            + "x" * 100_000,
            place=f"{REGISTRY}/properties/color",
        ),
        finding(
            check="client_model",
            operation="get_package",
            unit="client parsing",
            expected="created_at as a datetime",
            received="None",
            place="#/components/schemas/Package/properties/created_at",
            curl=command("get_package"),
        ),
        finding(
            check="example",
            operation="update_registry",
            unit="flow registry_keeps_what_is_not_sent",
            expected="a value that fits its schema",
            received='{"name": 5}',
            place="#/components/examples/RegistryUpdate/value/name",
            curl="",
        ),
        finding(
            check="rate_limit_headers",
            operation=None,
            unit="chains",
            expected="the header RateLimit-User-Reset",
            received="an answer without it",
            place="#/components/headers/RateLimit-User-Reset",
            curl='curl "$BUILDKITE_REST_API_ENDPOINT/v2"',
        ),
    ]
