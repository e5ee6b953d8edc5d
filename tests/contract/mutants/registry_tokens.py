"""Mutants of the operations on registry tokens."""

from email.utils import format_datetime
from functools import partial

from buildkite_emulator.identity import graphql_id
from scripts.contract.mutants import *
from tests.contract.mutants import TOKENS
from tests.contract.mutants.values import texts


def secrets_shown(call: Call) -> Answer:
    """Show the secrets of registry tokens in the answers of another operation than `create_registry_token`."""
    answer = call.forward()
    if call.operation != "create_registry_token":
        return each(answer, lambda token: token.update(token=call.memory.get(token["id"], "a" * 64)))
    if answer.ok:
        call.memory[answer.json["id"]] = answer.json["token"]
    return answer


def tokens_of(call: Call, slug: str) -> list[Resource]:
    """List the tokens of a registry."""
    return shown(call.ask("list_registry_tokens", registry_slug=slug))


def others_deleted(call: Call, answer: Answer) -> None:
    """Delete all tokens of the registry except the one in the answer."""
    for token in tokens_of(call, call.path["registry_slug"]):
        if token["id"] not in [each["id"] for each in shown(answer)]:
            call.ask("delete_registry_token", id=token["id"])


def others_changed(call: Call, answer: Answer) -> None:
    """Set the description of all tokens of the registry."""
    for token in tokens_of(call, call.path["registry_slug"]):
        call.ask("update_registry_token", id=token["id"], json={"description": answer.json["description"]})


# Creating


CREATE = mutants_of(
    "create_registry_token",
    answers_created=changed(status, 200, 201),
    answers_422_for_missing_registries=changed(status, 404, 422),
    without_secret=changed(drop, "token"),
    without_email=changed(drop, "created_by.email"),
    renames_the_secret=changed(rename, "token", "secret"),
    has_null_creator=changed(put, "created_by", None),
    has_graphql_id_of_registry=changed(
        each, lambda token: token.update(graphql_id=graphql_id("Registry", token["id"]))
    ),
    has_time_as_in_mails=changed(put, "created_at", lambda value: format_datetime(moment(value))),
    needs_no_description=sending(lambda body: {"description": "", **body}),
    ignores_the_description=sending(texts, lambda _: ""),
    repeats_the_secret=partial(first_value, names=["token"]),
    reuses_the_id=partial(first_value, names=["id", "graphql_id"]),
    deletes_the_others=afterwards(others_deleted),
)

SHOWN = mutants_of(TOKENS, lowers_descriptions=changed(put, "description", str.lower))


@mutant("create_registry_token", "A description of null is accepted.")
def create_registry_token_accepts_null(call: Call) -> Answer:
    if isinstance(call.json, dict) and call.json.get("description", "") is None:
        return put(forward_json(call, {**call.json, "description": ""}), "description", None)
    return call.forward()


# Listing


LIST = mutants_of(
    "list_registry_tokens",
    lacks_the_newest=changed(items, lambda all_: sorted(all_, key=lambda each: str(each["created_at"]))[:-1]),
    has_urls_of_registry=changed(each, lambda token: token.update(url=token["registry"]["url"])),
    wraps_the_list=changed(reshape, lambda all_: {"items": all_}),
    without_organization=changed(drop, "organization"),
    is_empty=changed(items, lambda _: []),
    knows_every_registry=("A registry that does not exist has no tokens rather than a 404.", changed(invented, [])),
)

LIST_AND_CREATE = mutants_of(("list_registry_tokens", "create_registry_token"), leaks_secrets=secrets_shown)

LIST_AND_DELETE = mutants_of(
    ("list_registry_tokens", "delete_registry_token"),
    shows_deleted_ones=partial(listed_after_deletion, list_="list_registry_tokens"),
)


@mutant("list_registry_tokens", "The list shows the tokens of the organization's other registries as well.")
def list_registry_tokens_shows_those_of_others(call: Call) -> Answer:
    others = [each for slug in slugs(call) if slug != call.path["registry_slug"] for each in tokens_of(call, slug)]
    return items(call.forward(), lambda all_: all_ + others)


# Getting


GET = mutants_of(
    "get_registry_token",
    has_another_organization_url=changed(put, "organization.url", lambda value: value.replace("/analytics/", "/")),
    has_time_as_number=changed(put, "created_at", lambda value: int(moment(value).timestamp())),
    has_time_without_zone=changed(put, "created_at", lambda value: value.removesuffix("Z")),
    has_number_as_creator=("The ID of who created the token is no UUID.", changed(put, "created_by.id", "1042")),
    forbids_missing_ones=changed(status, 404, 403),
    nulls_the_empty_description=changed(put, "description", lambda value: value or None),
    has_registry_as_slug=changed(put, "registry", lambda value: value["slug"]),
    is_html=changed(on, 200, html, "Registry token"),
    crosses_registries=("A token can be reached by way of another registry.", elsewhere),
    changes_its_time=changed_time,
)

GET_AND_CREATE = mutants_of(("get_registry_token", "create_registry_token"), leaks_the_secret=secrets_shown)

GET_AND_DELETE = mutants_of(
    ("get_registry_token", "delete_registry_token"),
    shows_deleted_ones=partial(shown_after_deletion, get="get_registry_token"),
)


# Updating


UPDATE = mutants_of(
    "update_registry_token",
    answers_no_content=changed(status, 200, 204),
    has_updated_at=changed(put, "updated_at", "2026-08-01T10:00:00Z"),
    shows_the_old_state=partial(old_state, get="get_registry_token"),
    cuts_descriptions=sending(texts, lambda text: text[:20]),
    changes_the_others=afterwards(others_changed),
)

UPDATE_AND_CREATE = mutants_of(("update_registry_token", "create_registry_token"), leaks_the_secret=secrets_shown)


@mutant("update_registry_token", "An update changes nothing, and is answered as if it did.")
def update_registry_token_changes_nothing(call: Call) -> Answer:
    before, answer = call.ask("get_registry_token"), call.forward()
    if answer.ok and before.ok:
        call.ask("update_registry_token", json={"description": before.json["description"]})
    return answer


@mutant("update_registry_token", "An update gives the token another ID.")
def update_registry_token_changes_the_id(call: Call) -> Answer:
    answer = call.forward()
    if not answer.ok:
        return answer
    made = call.ask("create_registry_token", json={"description": answer.json["description"]})
    call.ask("delete_registry_token")
    return drop(answer.with_json(made.json), "token")


@mutant("update_registry_token", "An update without a description is accepted.")
def update_registry_token_needs_no_description(call: Call) -> Answer:
    before = call.ask("get_registry_token")
    if not before.ok:
        return call.forward()
    return forward_json(call, {"description": before.json["description"], **sent(call)})


@mutant("update_registry_token", "The update of a missing token is answered with 200.")
def update_registry_token_updates_missing_ones(call: Call) -> Answer:
    answer, found = call.forward(), shown(call.ask("list_registry_tokens"))
    return invented(answer, {**found[0], "id": call.path["id"]}) if found else answer


# Deleting


DELETE = mutants_of(
    "delete_registry_token",
    keeps_it=partial(pretended_deletion, get="get_registry_token"),
    answers_no_content=changed(status, 200, 204),
    deletes_and_answers_not_found=changed(on, 200, Answer.error, 404, "No registry token found"),
    deletes_missing_ones=changed(on, 404, deleted),
    fails=("A deletion ends in a 500.", changed(on, 200, Answer.error, 500, "Internal Server Error")),
    crosses_registries=("A token can be deleted by way of another registry.", elsewhere),
    deletes_all=afterwards(others_deleted),
)
