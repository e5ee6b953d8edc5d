"""What does not exist, or is somewhere else."""

from scripts.contract.flows.builders import (
    RIGHT,
    UNKNOWN_ID,
    listed,
    new_registry,
    new_token,
    publish,
    summary_of,
    things,
)
from scripts.contract.flows.flow import flow
from scripts.contract.flows.flow_client import SPEC, FlowClient, operation_place
from tests.contract.flows.packages import same_package
from tests.contract.flows.registry_tokens import check_token

MALFORMED = ("banana", "0191df84", UNKNOWN_ID[:-1])


@flow(settles=["#/components/responses/NotFound", "An id that is no UUID is answered as one that nothing has."])
def nothing_is_found_where_nothing_is(api: FlowClient) -> None:
    """Each operation answers 404 for an organization, a registry and an id that do not exist."""
    nowhere = f"{api.target.prefix}-no-such-registry"
    for operation_id, make in RIGHT.items():
        path, arguments = make(api)
        if api.target.kind == "emulator":  # elsewhere it might be somebody's
            why = "there is no such organization"
            api.refused("NotFound", operation_id, *path, organization="no-such-organization", why=why, **arguments)
        if path:
            api.refused("NotFound", operation_id, nowhere, *path[1:], why="there is no such registry", **arguments)
        if path and api.target.kind == "emulator":  # nobody says that elsewhere a slug is not found in other letters
            upper = path[0].upper()
            api.refused("NotFound", operation_id, upper, *path[1:], why="slugs are in lower case", **arguments)
        if len(path) > 1:
            for identifier in (UNKNOWN_ID, *MALFORMED):
                why = f"nothing has the id {identifier}"
                api.refused("NotFound", operation_id, path[0], identifier, *path[2:], why=why, **arguments)


@flow()
def nothing_is_found_elsewhere(api: FlowClient) -> None:
    """A package or a registry token is found in its own registry alone, and not changed through another."""
    here, elsewhere = new_registry(api), new_registry(api)
    package, token = publish(api, here), new_token(api, here)
    other_package, other_token = publish(api, elsewhere), new_token(api, elsewhere)
    why = "it is in another registry"
    for operation_id, operation in SPEC.operations.items():
        path, arguments = RIGHT[operation_id](api)
        if len(path) < 2:
            continue
        is_package = "packages" in operation.collections[-1]
        for own, foreign in (
            (here, other_package if is_package else other_token),
            (elsewhere, package if is_package else token),
        ):
            api.refused("NotFound", operation_id, own["slug"], foreign["id"], why=why, **arguments)
        # A package's id is no token's, nor the other way round.
        crossed = token if is_package else package
        api.refused(
            "NotFound", operation_id, here["slug"], crossed["id"], why="it is another kind of thing", **arguments
        )
    for registry, kept, kept_token in ((here, package, token), (elsewhere, other_package, other_token)):
        same_package(api, api.call("get_package", registry["slug"], kept["id"]), kept, "a package in its own registry")
        found = api.call("get_registry_token", registry["slug"], kept_token["id"])
        check_token(api, found, kept_token, "a token in its own registry")
        rows = listed(api, registry)
        api.same(rows, [summary_of(kept)], "the packages of a registry", operation_place("list_packages"))
        ids = [each.get("id") for each in things(api.call("list_registry_tokens", registry["slug"]))]
        api.same(ids, [kept_token["id"]], "the tokens of a registry", operation_place("list_registry_tokens"))
