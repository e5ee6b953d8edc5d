"""Things that flows make, and what each must look like."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from scripts.contract.checks.answered import like
from scripts.contract.flows.flow_client import SPEC, FlowClient, schema_place
from scripts.contract.flows.requests import Arguments, Requests
from scripts.samples import packages
from scripts.samples.ecosystems import BUILDERS, COPIED

Thing = dict[str, Any]

KEPT_TEXTS = "A description is kept as it was sent, to the last character."
PER_PAGE = next(each.schema for each in SPEC.operations["list_packages"].query if "maximum" in each.schema)
UNKNOWN_ID = "00000000-0000-7000-8000-000000000000"
ONE_FILE = [ecosystem for ecosystem, each in SPEC.ecosystems.items() if each.native_tool is None]
UNCOPIED = [ecosystem for ecosystem in BUILDERS if ecosystem not in COPIED]
POLICY = [
    {"iss": "https://agent.buildkite.com", "scopes": ["read_packages"], "claims": {"organization_slug": "my-org"}}
]
OTHER_POLICY = [
    {"iss": "https://token.actions.githubusercontent.com", "claims": {"repository": {"in": ["a/b", "a/c"]}}},
    {"iss": "https://agent.buildkite.com", "claims": {"pipeline_slug": {"matches": "release-*"}}},
]

WRONG_POLICIES: Sequence[tuple[str, Any]] = (
    ("a statement of its policy has no issuer", [{"claims": {"a": "b"}}]),
    ("a statement of its policy has an empty issuer", [{**POLICY[0], "iss": ""}]),
    ("a statement of its policy has another property", [{**POLICY[0], "other": 1}]),
    ("its policy grants what cannot be granted", [{**POLICY[0], "scopes": ["write_registries"]}]),
    ("its policy has scopes that are no array", [{**POLICY[0], "scopes": "read_packages"}]),
    ("its policy has a matcher that does not exist", [{**POLICY[0], "claims": {"a": {"like": "b"}}}]),
    ("its policy has a claim without a matcher", [{**POLICY[0], "claims": {"a": {}}}]),
    ("its policy compares with an array", [{**POLICY[0], "claims": {"a": {"equals": ["b"]}}}]),
    ("its policy picks from what is no array", [{**POLICY[0], "claims": {"a": {"in": "b"}}}]),
    ("its policy has a glob that is a number", [{**POLICY[0], "claims": {"a": {"matches": 7}}}]),
    ("its second statement is wrong", [*POLICY, {"claims": {"a": "b"}}]),
    ("its policy is no list", POLICY[0]),
    ("its policy is a number", 7),
    ("its policy is no YAML", "- iss: [unclosed"),
    ("its policy as YAML has no issuer", "- claims: {a: b}\n"),
    ("its policy as YAML has a scope that does not exist", "- iss: b\n  scopes: [write_registries]\n"),
    ("its policy uses an alias", "- &a {iss: b}\n- *a\n"),
    ("its policy has an anchor", "- &a {iss: b}\n"),
    ("its policy has a tag", "- iss: !!str b\n"),
)
"""OIDC policies that cannot be right, after why."""


def new_registry(api: FlowClient, ecosystem: str = "files", **properties: Any) -> Thing:
    """Create a registry; gives what the answer says of it."""
    body = {"name": api.name(), "ecosystem": ecosystem, **properties}
    return thing(api.call("create_registry", json=body))


def new_token(api: FlowClient, registry: Thing, description: str = "Usher") -> Thing:
    """Create a registry token."""
    return thing(api.call("create_registry_token", registry["slug"], json={"description": description}))


def built(api: FlowClient, ecosystem: str, name: str | None = None, version: str = "1.0.0") -> tuple[str, bytes]:
    """Build a package, under a name that no other has: its file name and its bytes."""
    return BUILDERS[ecosystem](name or f"banana{api.number()}", version)


def publish(api: FlowClient, registry: Thing, package: tuple[str, bytes] | None = None) -> Thing:
    """Publish a package; gives what the answer says of it."""
    package = package or built(api, registry["ecosystem"])
    return thing(api.call("publish_package", registry["slug"], files=upload(package)))


def upload(package: tuple[str, bytes]) -> dict[str, tuple[str, bytes]]:
    """Put a package into the form field that takes it."""
    field = SPEC.operations["publish_package"].file_field
    if field is None:
        raise LookupError("no field of publish_package takes a file")
    return {field: package}


def thing(value: Any) -> Thing:
    """See that JSON is an object, else gives an empty one: the flow client has reported that already."""
    return value if isinstance(value, dict) else {}


def things(value: Any) -> list[Thing]:
    """See that JSON is an array of objects, likewise."""
    return [thing(each) for each in value] if isinstance(value, list) else []


def listed(api: FlowClient, registry: Thing, **query: str) -> list[Thing]:
    """List the packages of a registry, up to the most that a page holds."""
    query = {"per_page": str(PER_PAGE["maximum"]), **query}
    page = thing(api.call("list_packages", registry["slug"], params=query))
    return things(page.get("items"))


def more_than_a_page(api: FlowClient) -> int:
    """Say of how many things to make a list that has no pages, to see that it has none.

    One more than a page holds at most; elsewhere than at an emulator, where that takes minutes, one more than usual.
    """
    return int(PER_PAGE["maximum" if api.target.kind == "emulator" else "default"]) + 1


def owned(api: FlowClient, registries: Any) -> list[Thing]:
    """Pick the registries out of a list that the run has made; all of them in an emulator, which nobody else uses.

    In a live organization somebody else may make, change or delete others at any time.
    """
    is_alone = api.target.kind == "emulator"
    return [each for each in things(registries) if is_alone or str(each.get("name")).startswith(api.target.prefix)]


def digests(content: bytes) -> Thing:
    """Compute the digests of a file."""
    return {name: hashlib.new(name, content).hexdigest() for name in SPEC.schema("Digests")["properties"]}


def without(value: Thing, *names: str) -> Thing:
    """Leave members out."""
    return like(value, {name: each for name, each in value.items() if name not in names})


def in_order(api: FlowClient, times: list[str], place: str) -> None:
    """See that things that were made one after the other have times in this order.

    The emulator's clock moves on between them; elsewhere two may be made within the same unit of time.
    """
    is_right = times == sorted(times)
    if api.target.kind == "emulator":
        is_right = is_right and len(set(times)) == len(times)
    api.true(is_right, "a later time for what was made later", times, place)


def same_registry(api: FlowClient, received: Any, expected: Thing, what: str) -> None:
    """See that two answers show the same registry; lists may give another address of its page."""
    api.same(
        without(thing(received), "web_url"),
        without(expected, "web_url"),
        f"{what}, as before",
        schema_place("Registry"),
    )


def check_origin(api: FlowClient, value: Thing, place: str) -> None:
    """See that the address of a thing leads to the API that was asked; the documents show it with either scheme."""
    wanted = urlsplit(api.target.base_url).netloc
    address = value.get("url")
    received = urlsplit(address).netloc if isinstance(address, str) else None
    api.true(received == wanted, f"an address at {wanted}", address, place)


def query_of(address: str) -> dict[str, str]:
    """Read the query of an address."""
    return dict(parse_qsl(urlsplit(address).query, keep_blank_values=True))


def path_of(address: str) -> str:
    """Read the path and the query of an address, without its host."""
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def summary_of(package: Thing) -> Thing:
    """Say what a list shows of a package."""
    return {name: package[name] for name in SPEC.schema("PackageSummary")["properties"] if name in package}


def of_registry(api: FlowClient) -> Arguments:
    """Name a registry."""
    return (new_registry(api)["slug"],), {}


def of_package(api: FlowClient) -> Arguments:
    """Name a package."""
    registry = new_registry(api)
    return (registry["slug"], publish(api, registry)["id"]), {}


def of_token(api: FlowClient) -> Arguments:
    """Name a registry token."""
    registry = new_registry(api)
    return (registry["slug"], new_token(api, registry)["id"]), {}


def with_body(make: Callable[[FlowClient], Arguments], body: Thing) -> Callable[[FlowClient], Arguments]:
    """Add a JSON body to what is named."""

    def arguments(api: FlowClient) -> Arguments:
        path, _ = make(api)
        return path, {"json": body}

    return arguments


def of_copy(api: FlowClient) -> Arguments:
    """Name a package, and a registry to copy it to."""
    path, _ = of_package(api)
    return path, {"params": {"to": new_registry(api)["slug"]}}


def of_file(api: FlowClient) -> Arguments:
    """Name a registry, and have a package for it."""
    path, _ = of_registry(api)
    return path, {"files": upload(packages.generic(f"banana{api.number()}", "1.0.0"))}


BY_HAND: Mapping[str, Callable[[FlowClient], Arguments]] = {
    "create_registry": lambda api: ((), {"json": {"name": api.name(), "ecosystem": "files"}}),
    "list_registries": lambda _: ((), {}),
    "get_registry": of_registry,
    "update_registry": with_body(of_registry, {"description": "other"}),
    "delete_registry": of_registry,
    "create_registry_token": with_body(of_registry, {"description": "Usher"}),
    "list_registry_tokens": of_registry,
    "get_registry_token": of_token,
    "update_registry_token": with_body(of_token, {"description": "other"}),
    "delete_registry_token": of_token,
    "publish_package": of_file,
    "list_packages": of_registry,
    "get_package": of_package,
    "copy_package": of_copy,
    "delete_package": of_package,
}
RIGHT = Requests(BY_HAND, {"registries": of_registry, "packages": of_package, "tokens": of_token})
"""By operationId, what makes a request right: path parameters after the organization, and what else it has, all new."""


def nothing_at(api: FlowClient, slug: str, package_id: str, token_id: str, why: str) -> None:
    """See that no operation finds a registry at a slug, nor what was in it, and that nothing can be copied there."""
    ids = {"registries": slug, "packages": package_id, "tokens": token_id}
    for operation_id, operation in SPEC.operations.items():
        collections = [collection for collection, _ in operation.collections[1:]]
        if path := tuple(ids[each] for each in collections if ids.keys() >= set(collections)):
            api.refused("NotFound", operation_id, *path, why=why, **RIGHT[operation_id](api)[1])
    path, _ = of_package(api)
    api.refused("NotFound", "copy_package", *path, params={"to": slug}, why=why)
