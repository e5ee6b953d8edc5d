"""Registry tokens that are created, shown, changed or deleted in another way."""

from email.utils import format_datetime
from typing import Any

from buildkite_emulator.identity import graphql_id
from scripts.contract.mutants import (
    Answer,
    Call,
    deleted,
    drop,
    each,
    forward_json,
    html,
    items,
    moment,
    mutant,
    mutants_of,
    pretended_deletion,
    put,
    rename,
    reshape,
    sent,
    shown,
    status,
)

SHOWN = ("create_registry_token", "list_registry_tokens", "get_registry_token", "update_registry_token")
"""The operations whose answers show registry tokens."""


def with_secrets(call: Call, operation: str) -> Answer:
    """Show the secrets of registry tokens in the answer of an operation."""
    answer = call.forward()
    if call.operation == "create_registry_token" and answer.ok:
        call.memory[answer.json["id"]] = answer.json["token"]
    if call.operation != operation:
        return answer
    return each(answer, lambda token: token.update(token=call.memory.get(token["id"], "a" * 64)))


def elsewhere(call: Call, operation: str) -> Answer | None:
    """Ask for the registry token in the organization's other registries."""
    for registry in shown(call.ask("list_registries")):
        found = call.ask(operation, registry_slug=registry["slug"])
        if found.ok:
            return found
    return None


# Creating


CREATE_REGISTRY_TOKEN = mutants_of(
    "create_registry_token",
    without_secret=("The answer lacks the secret.", lambda call: drop(call.forward(), "token")),
    renames_the_secret=("The secret is called secret.", lambda call: rename(call.forward(), "token", "secret")),
    repeats_the_secret=(
        "All tokens have one secret.",
        lambda call: put(call.forward(), "token", lambda secret: call.memory.setdefault("secret", secret)),
    ),
    answers_created=(
        "A created token is answered with 201.",
        lambda call: status(call.forward(), instead_of=200, now=201),
    ),
    has_graphql_id_of_registry=(
        "The GraphQL ID is one of a registry.",
        lambda call: each(call.forward(), lambda token: token.update(graphql_id=graphql_id("Registry", token["id"]))),
    ),
    has_time_as_in_mails=(
        "The time of creation is written as in a mail.",
        lambda call: put(call.forward(), "created_at", lambda value: format_datetime(moment(value))),
    ),
    needs_no_description=(
        "A token without a description is made.",
        lambda call: forward_json(call, {"description": "", **sent(call)}),
    ),
    has_null_creator=("Who created the token is null.", lambda call: put(call.forward(), "created_by", None)),
    without_email=(
        "The email address of the creator is missing.",
        lambda call: drop(call.forward(), "created_by.email"),
    ),
    answers_422_for_missing_registries=(
        "The token of a missing registry is answered with 422.",
        lambda call: status(call.forward(), instead_of=404, now=422),
    ),
)


@mutant("create_registry_token", "The description that is sent is not kept.")
def create_registry_token_ignores_the_description(call: Call) -> Answer:
    described = isinstance(sent(call).get("description"), str)
    return forward_json(call, {**sent(call), "description": ""}) if described else call.forward()


@mutant("create_registry_token", "Each token is said to have the ID of the first one.")
def create_registry_token_reuses_the_id(call: Call) -> Answer:
    answer = put(call.forward(), "id", lambda value: call.memory.setdefault("id", value))
    return put(answer, "graphql_id", lambda value: call.memory.setdefault("graphql_id", value))


@mutant("create_registry_token", "A description of null is accepted.")
def create_registry_token_accepts_null(call: Call) -> Answer:
    if isinstance(call.json, dict) and call.json.get("description", "") is None:
        return put(forward_json(call, {**call.json, "description": ""}), "description", None)
    return call.forward()


@mutant("create_registry_token", "A new token takes the place of the registry's others.")
def create_registry_token_deletes_the_others(call: Call) -> Answer:
    answer = call.forward()
    if answer.ok:
        for token in shown(call.ask("list_registry_tokens")):
            if token["id"] != answer.json["id"]:
                call.ask("delete_registry_token", id=token["id"])
    return answer


@mutant(SHOWN, "The description of a token is kept in lower case.")
def create_registry_token_lowers_descriptions(call: Call) -> Answer:
    return put(call.forward(), "description", str.lower)


# Listing


@mutant(("list_registry_tokens", "create_registry_token"), "The list shows secrets.")
def list_registry_tokens_leaks_secrets(call: Call) -> Answer:
    return with_secrets(call, "list_registry_tokens")


LIST_REGISTRY_TOKENS = mutants_of(
    "list_registry_tokens",
    lacks_the_newest=(
        "The list lacks the newest token.",
        lambda call: items(call.forward(), lambda all_: sorted(all_, key=lambda each: str(each["created_at"]))[:-1]),
    ),
    wraps_the_list=(
        "The list is wrapped in an object.",
        lambda call: reshape(call.forward(), lambda all_: {"items": all_}),
    ),
    without_organization=(
        "The organization is missing in the list.",
        lambda call: drop(call.forward(), "organization"),
    ),
    is_empty=("The list is always empty.", lambda call: items(call.forward(), lambda _: [])),
    has_urls_of_registry=(
        "Addresses of tokens in the list are those of their registry.",
        lambda call: each(call.forward(), lambda token: token.update(url=token["registry"]["url"])),
    ),
)


@mutant(("list_registry_tokens", "delete_registry_token"), "Tokens are listed still after they were deleted.")
def list_registry_tokens_shows_deleted_ones(call: Call) -> Answer:
    deleted = call.memory.setdefault((call.path["org_slug"], call.path["registry_slug"]), [])
    if call.operation == "list_registry_tokens":
        return items(call.forward(), lambda all_: all_ + deleted)
    found = call.ask("get_registry_token")
    answer = call.forward()
    if answer.ok and found.ok:
        deleted.append(found.json)
    return answer


@mutant("list_registry_tokens", "The list shows the tokens of the organization's other registries as well.")
def list_registry_tokens_shows_those_of_others(call: Call) -> Answer:
    answer = call.forward()
    if not answer.ok:
        return answer
    slugs = [each["slug"] for each in shown(call.ask("list_registries"))]
    others = [each for slug in slugs if slug != call.path["registry_slug"] for each in _tokens_of(call, slug)]
    return items(answer, lambda all_: all_ + others)


def _tokens_of(call: Call, slug: str) -> list[dict[str, Any]]:
    """List the tokens of a registry."""
    return shown(call.ask("list_registry_tokens", registry_slug=slug))


@mutant("list_registry_tokens", "A registry that does not exist has no tokens rather than a 404.")
def list_registry_tokens_knows_every_registry(call: Call) -> Answer:
    answer = call.forward()
    return answer.with_status(200).with_json([]) if answer.status == 404 else answer


# Getting


@mutant(("get_registry_token", "create_registry_token"), "A token is shown with its secret.")
def get_registry_token_leaks_the_secret(call: Call) -> Answer:
    return with_secrets(call, "get_registry_token")


@mutant("get_registry_token", "A token can be reached by way of another registry.")
def get_registry_token_crosses_registries(call: Call) -> Answer:
    answer = call.forward()
    found = elsewhere(call, "get_registry_token") if answer.status == 404 and call.ask("get_registry").ok else None
    return found or answer


@mutant("get_registry_token", "A token was created at another time each time.")
def get_registry_token_changes_its_time(call: Call) -> Answer:
    number = call.memory["number"] = call.memory.get("number", 0) + 1
    return put(call.forward(), "created_at", lambda value: value[:14] + f"{number % 60:02}:00.000Z")


GET_REGISTRY_TOKEN = mutants_of(
    "get_registry_token",
    has_number_as_creator=(
        "The ID of who created the token is no UUID.",
        lambda call: put(call.forward(), "created_by.id", "1042"),
    ),
    forbids_missing_ones=(
        "A token that does not exist is answered with 403.",
        lambda call: status(call.forward(), instead_of=404, now=403),
    ),
    nulls_the_empty_description=(
        "An empty description is null.",
        lambda call: put(call.forward(), "description", lambda value: value or None),
    ),
    has_another_organization_url=(
        "The address of the organization lacks the analytics part.",
        lambda call: put(call.forward(), "organization.url", lambda value: value.replace("/analytics/", "/")),
    ),
    has_time_as_number=(
        "The time of creation is a number of seconds.",
        lambda call: put(call.forward(), "created_at", lambda value: int(moment(value).timestamp())),
    ),
    has_time_without_zone=(
        "The time of creation has no zone.",
        lambda call: put(call.forward(), "created_at", lambda value: value.removesuffix("Z")),
    ),
    has_registry_as_slug=(
        "The registry of a token is told as its slug.",
        lambda call: put(call.forward(), "registry", lambda value: value["slug"]),
    ),
)


@mutant(("get_registry_token", "delete_registry_token"), "A token is shown still after it was deleted.")
def get_registry_token_shows_deleted_ones(call: Call) -> Answer:
    if call.operation == "delete_registry_token":
        found = call.ask("get_registry_token")
        answer = call.forward()
        if answer.ok and found.ok:
            call.memory[call.path["registry_slug"], call.path["id"]] = found
        return answer
    answer = call.forward()
    return call.memory.get((call.path["registry_slug"], call.path["id"]), answer) if answer.status == 404 else answer


@mutant("get_registry_token", "A token is answered as a page of HTML.")
def get_registry_token_is_html(call: Call) -> Answer:
    answer = call.forward()
    return html(answer, "Registry token") if answer.ok else answer


# Updating


@mutant("update_registry_token", "An update changes nothing, and is answered as if it did.")
def update_registry_token_changes_nothing(call: Call) -> Answer:
    before = call.ask("get_registry_token")
    answer = call.forward()
    if answer.ok and before.ok:
        call.ask("update_registry_token", json={"description": before.json["description"]})
    return answer


@mutant("update_registry_token", "The answer shows the token as it was before.")
def update_registry_token_shows_the_old_state(call: Call) -> Answer:
    before = call.ask("get_registry_token")
    answer = call.forward()
    return answer.with_json(before.json) if answer.ok else answer


@mutant(("update_registry_token", "create_registry_token"), "An update shows the secret.")
def update_registry_token_leaks_the_secret(call: Call) -> Answer:
    return with_secrets(call, "update_registry_token")


@mutant("update_registry_token", "An update gives the token another ID.")
def update_registry_token_changes_the_id(call: Call) -> Answer:
    before = call.ask("get_registry_token")
    answer = call.forward()
    if not answer.ok or not before.ok:
        return answer
    made = call.ask("create_registry_token", json={"description": answer.json["description"]})
    call.ask("delete_registry_token")
    return drop(answer.with_json(made.json), "token")


UPDATE_REGISTRY_TOKEN = mutants_of(
    "update_registry_token",
    answers_no_content=(
        "An update is answered with 204 and no body.",
        lambda call: status(call.forward(), instead_of=200, now=204),
    ),
    has_updated_at=(
        "The answer has a further property, the time of the update.",
        lambda call: put(call.forward(), "updated_at", "2026-08-01T10:00:00Z"),
    ),
)


@mutant("update_registry_token", "An update without a description is accepted.")
def update_registry_token_needs_no_description(call: Call) -> Answer:
    if isinstance(call.json, dict) and "description" not in call.json:
        before = call.ask("get_registry_token")
        if before.ok:
            return forward_json(call, {**call.json, "description": before.json["description"]})
    return call.forward()


@mutant("update_registry_token", "An update changes the other tokens of the registry as well.")
def update_registry_token_changes_the_others(call: Call) -> Answer:
    answer = call.forward()
    if answer.ok:
        for token in _tokens_of(call, call.path["registry_slug"]):
            call.ask("update_registry_token", id=token["id"], json={"description": answer.json["description"]})
    return answer


@mutant("update_registry_token", "The update of a missing token is answered with 200.")
def update_registry_token_updates_missing_ones(call: Call) -> Answer:
    answer = call.forward()
    found = call.ask("list_registry_tokens")
    if answer.status == 404 and found.ok and found.json:
        return answer.with_status(200).with_json({**found.json[0], "id": call.path["id"]})
    return answer


@mutant("update_registry_token", "A description is cut after twenty characters.")
def update_registry_token_cuts_descriptions(call: Call) -> Answer:
    description = sent(call).get("description")
    cut = isinstance(description, str) and forward_json(call, {**sent(call), "description": description[:20]})
    return cut or call.forward()


# Deleting


DELETE_REGISTRY_TOKEN = mutants_of(
    "delete_registry_token",
    keeps_it=(
        "A deletion is answered with 200, and the token stays.",
        lambda call: pretended_deletion(call, call.ask("get_registry_token")),
    ),
    answers_no_content=(
        "A deletion is answered with 204.",
        lambda call: status(call.forward(), instead_of=200, now=204),
    ),
)


@mutant("delete_registry_token", "A deletion is answered with 404, and the token is gone.")
def delete_registry_token_deletes_and_answers_not_found(call: Call) -> Answer:
    answer = call.forward()
    return answer.error(404, "No registry token found") if answer.ok else answer


@mutant("delete_registry_token", "A deletion takes all tokens of the registry away.")
def delete_registry_token_deletes_all(call: Call) -> Answer:
    answer = call.forward()
    if answer.ok:
        for token in _tokens_of(call, call.path["registry_slug"]):
            call.ask("delete_registry_token", id=token["id"])
    return answer


@mutant("delete_registry_token", "The deletion of a token that does not exist is answered with 200.")
def delete_registry_token_deletes_missing_ones(call: Call) -> Answer:
    answer = call.forward()
    return deleted(answer) if answer.status == 404 else answer


@mutant("delete_registry_token", "A token can be deleted by way of another registry.")
def delete_registry_token_crosses_registries(call: Call) -> Answer:
    answer = call.forward()
    found = elsewhere(call, "delete_registry_token") if answer.status == 404 and call.ask("get_registry").ok else None
    return found or answer


@mutant("delete_registry_token", "A deletion ends in a 500.")
def delete_registry_token_fails(call: Call) -> Answer:
    answer = call.forward()
    return answer.error(500, "Internal Server Error") if answer.ok else answer
