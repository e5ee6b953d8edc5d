"""What can be looked at without changing anything."""

from scripts.contract.flows.builders import (
    UNKNOWN_ID,
    new_registry,
    new_token,
    publish,
    same_registry,
    summary_of,
    thing,
    things,
)
from scripts.contract.flows.flow import flow
from scripts.contract.flows.flow_client import SPEC, FlowClient, schema_place
from tests.contract.flows.packages import same_package
from tests.contract.flows.registry_tokens import check_token

MOST = 3
"""How many things of each kind are looked at, so that a large organization takes no longer than a small one."""


@flow(writes=False)
def what_is_listed_is_found(api: FlowClient) -> None:
    """Registries, packages and registry tokens that are listed are found, and shown alike."""
    if api.target.writes:  # else what is there has to do
        made = new_registry(api)
        publish(api, made)
        new_token(api, made)
    for registry in things(api.call("list_registries"))[:MOST]:
        slug = str(registry.get("slug"))
        same_registry(api, api.call("get_registry", slug), registry, "a registry that was listed")
        page = thing(api.call("list_packages", slug))
        for row in things(page.get("items"))[:MOST]:
            package = thing(api.call("get_package", slug, str(row.get("id"))))
            place = schema_place("PackageSummary")
            api.same(row, summary_of(package), "a package in the list, as it is looked up", place)
            same_package(api, api.call("get_package", slug, str(row.get("id"))), package, "a package looked up again")
        for row in things(api.call("list_registry_tokens", slug))[:MOST]:
            found = api.call("get_registry_token", slug, str(row.get("id")))
            check_token(api, found, row, "a token that was listed")


@flow(writes=False)
def reading_wants_a_token(api: FlowClient) -> None:
    """Without a valid access token nothing can be read."""
    slug = next((str(each.get("slug")) for each in things(api.call("list_registries"))), "no-such-registry")
    for operation_id, operation in SPEC.operations.items():
        if operation.method == "GET":
            path = (slug, UNKNOWN_ID)[: len(operation.collections) - 1]
            for why, given in (
                ("no token was sent", {"token": None}),
                ("nobody knows the token", {"token": "no-such-token"}),
            ):
                api.refused("Unauthorized", operation_id, *path, why=why, **given)


@flow(writes=False)
def reading_finds_nothing_where_nothing_is(api: FlowClient) -> None:
    """What does not exist cannot be read."""
    slug = next((str(each.get("slug")) for each in things(api.call("list_registries"))), "")
    for operation_id, operation in SPEC.operations.items():
        if operation.method != "GET" or len(operation.collections) < 2:
            continue
        path = ("contract-no-such-registry", UNKNOWN_ID)[: len(operation.collections) - 1]
        api.refused("NotFound", operation_id, *path, why="there is no such registry")
        if len(path) > 1 and slug:
            api.refused("NotFound", operation_id, slug, UNKNOWN_ID, why="nothing has this id")
