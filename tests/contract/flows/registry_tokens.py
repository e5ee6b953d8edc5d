"""Registry tokens."""

from typing import Any

from scripts.contract.checks.differences import identical
from scripts.contract.flows.builders import (
    KEPT_TEXTS,
    UNKNOWN_ID,
    check_origin,
    in_order,
    more_than_a_page,
    new_registry,
    new_token,
    path_of,
    thing,
    things,
    without,
)
from scripts.contract.flows.flow import flow
from scripts.contract.flows.flow_client import FlowClient, operation_place, schema_place
from scripts.contract.flows.sample_values import LONG, ODD

PLACE = schema_place("RegistryToken")
SECRET = "#/components/schemas/RegistryTokenWithSecret/allOf/1/properties/token"  # noqa: S105 - a place


def check_token(api: FlowClient, received: Any, expected: dict[str, Any], what: str) -> None:
    """See that an answer shows a token as it is known, without its secret."""
    received = thing(received)
    secrecy = "an answer without the secret, which only the answer to its creation has"
    api.true("token" not in received, secrecy, sorted(received), SECRET)
    api.same(without(received, "token"), without(expected, "token"), f"{what}, as before", PLACE)


@flow()
def every_token_is_listed(api: FlowClient) -> None:
    """The list of a registry's tokens has all of them, however many there are."""
    registry = new_registry(api)
    made = [new_token(api, registry, f"number {number}") for number in range(more_than_a_page(api))]
    rows = things(api.call("list_registry_tokens", registry["slug"]))
    place = operation_place("list_registry_tokens")
    received = sorted(str(each.get("id")) for each in rows)
    api.same(received, sorted(token["id"] for token in made), f"the ids of {len(made)} tokens", place)


@flow(settles=[SECRET, KEPT_TEXTS])
def token_is_created_with_its_secret(api: FlowClient) -> None:
    """A registry token shows its secret when it is created and never again."""
    registry, other = new_registry(api), new_registry(api)
    texts = ("Usher", "", LONG, *ODD)
    made = [new_token(api, registry, text) for text in texts]
    for token, description in zip(made, texts, strict=True):
        api.same(token.get("description"), description, "the description", schema_place("RegistryTokenCreate"))
        secret = token.get("token")
        api.true(isinstance(secret, str) and len(secret) > 8, "a secret", type(secret).__name__, SECRET)
        shown = thing(token.get("registry"))
        for name in ("id", "graphql_id", "slug", "url"):
            place = schema_place("RegistryTokenRegistry", name)
            api.same(shown.get(name), registry[name], f"the {name} of the token's registry", place)
        organization = thing(token.get("organization"))
        place = schema_place("RegistryTokenOrganization", "slug")
        api.same(organization.get("slug"), api.target.organization, "the slug of the token's organization", place)
        check_origin(api, token, schema_place("RegistryToken", "url"))
        check_token(api, api.call("get_registry_token", registry["slug"], token["id"]), token, "a token looked up")
        check_token(api, api.follow("get_registry_token", path_of(token["url"])), token, "what a token's url leads to")
    for name, place in (("id", schema_place("RegistryToken", "id")), ("token", SECRET)):
        is_unique = len({str(each.get(name)) for each in made}) == len(made)
        api.true(is_unique, f"tokens that differ in {name}", "one that two have", place)
    for name in ("created_by", "organization"):
        is_same = all(identical(each.get(name), made[0].get(name)) for each in made)
        api.true(is_same, f"the same {name} for each token", "others", schema_place("RegistryToken", name))
    in_order(api, [str(each.get("created_at")) for each in made], schema_place("RegistryToken", "created_at"))
    rows = things(api.call("list_registry_tokens", registry["slug"]))
    ids = sorted(str(each.get("id")) for each in rows)
    place = operation_place("list_registry_tokens")
    api.same(ids, sorted(token["id"] for token in made), "the tokens in the list, each once", place)
    for row in rows:
        for token in made:
            if token["id"] == row.get("id"):
                check_token(api, row, token, "a token in the list")
    api.same(api.call("list_registry_tokens", other["slug"]), [], "the tokens of another registry", place)


@flow()
def token_is_updated(api: FlowClient) -> None:
    """An update changes the description of one registry token, and nothing else."""
    registry = new_registry(api)
    token, other = new_token(api, registry), new_token(api, registry)
    for description in ("Another", "", LONG, *ODD):
        body = {"description": description}
        sent = {**body, "unheard_of": 1}  # the schema is open
        updated = api.call("update_registry_token", registry["slug"], token["id"], json=sent)
        token = {**token, **body}
        check_token(api, updated, token, "a token that was updated, with its new description and the rest")
        check_token(
            api, api.call("get_registry_token", registry["slug"], token["id"]), token, "a token after its update"
        )
    for row in things(api.call("list_registry_tokens", registry["slug"])):
        check_token(api, row, token if row.get("id") == token["id"] else other, "a token in the list after an update")
    check_token(api, api.call("get_registry_token", registry["slug"], other["id"]), other, "another token")


@flow()
def wrong_tokens_are_refused(api: FlowClient) -> None:
    """A registry token needs a description that is a text; else it is neither made nor changed."""
    registry = new_registry(api)
    token = new_token(api, registry)
    for why, body in (
        ("it has no description", {}),
        ("its description is null", {"description": None}),
        ("its description is a number", {"description": 7}),
        ("its description is an array", {"description": ["a"]}),
        ("it is no object", ["description"]),
    ):
        api.refused("ValidationFailed", "create_registry_token", registry["slug"], json=body, why=why)
        api.refused("ValidationFailed", "update_registry_token", registry["slug"], token["id"], json=body, why=why)
    check_token(api, api.call("get_registry_token", registry["slug"], token["id"]), token, "a token not updated")
    ids = [each.get("id") for each in things(api.call("list_registry_tokens", registry["slug"]))]
    api.same(ids, [token["id"]], "the tokens after refusals", operation_place("create_registry_token"))


@flow()
def token_is_deleted(api: FlowClient) -> None:
    """A registry token that is deleted is gone, and no other is."""
    registry = new_registry(api)
    gone, kept = new_token(api, registry), new_token(api, registry)
    api.call("delete_registry_token", registry["slug"], gone["id"])
    why = "the token is deleted"
    api.refused("NotFound", "get_registry_token", registry["slug"], gone["id"], why=why)
    api.refused("NotFound", "delete_registry_token", registry["slug"], gone["id"], why=why)
    body = {"description": "other"}
    api.refused("NotFound", "update_registry_token", registry["slug"], gone["id"], json=body, why=why)
    rows = things(api.call("list_registry_tokens", registry["slug"]))
    place = operation_place("delete_registry_token")
    api.same([each.get("id") for each in rows], [kept["id"]], "the tokens that are left", place)
    check_token(api, api.call("get_registry_token", registry["slug"], kept["id"]), kept, "another token")
    api.refused("NotFound", "delete_registry_token", registry["slug"], UNKNOWN_ID, why="no token has this id")
    again = new_token(api, registry)
    is_new = again["id"] not in (gone["id"], kept["id"])
    api.true(is_new, "an id that no token had", again["id"], schema_place("RegistryToken", "id"))
    for token in (kept, again, *(new_token(api, registry, text) for text in ("", "", LONG))):
        api.call("delete_registry_token", registry["slug"], token["id"])
    api.same(api.call("list_registry_tokens", registry["slug"]), [], "the tokens when all are deleted", place)
