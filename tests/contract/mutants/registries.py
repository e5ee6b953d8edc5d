"""Registries that are created, shown, changed or deleted in another way."""

import re
from collections.abc import Callable
from typing import Any

import yaml

from scripts.contract.mutants import (
    Answer,
    Call,
    deleted,
    drop,
    each,
    forward_json,
    html,
    items,
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

SHOWN = ("create_registry", "list_registries", "get_registry", "update_registry")
"""The operations whose answers show registries."""

OTHERS = "[^A-Za-z0-9_-]+"
"""What a slug has a dash for."""


def created_with(call: Call, **changes: Any) -> Answer:
    """Create a registry of other properties than those that were sent."""
    return forward_json(call, {**sent(call), **changes})


def created_without(call: Call, name: str) -> Answer:
    """Create a registry without a property that was sent."""
    return forward_json(call, {key: value for key, value in sent(call).items() if key != name})


def accepted(call: Call, field: str, instead: Callable[[], Answer]) -> Answer:
    """Answer with another answer where a field is refused."""
    answer = call.forward()
    errors = answer.json.get("errors", []) if answer.status == 422 else []
    return instead() if any(field in error["field"] for error in errors) else answer


def named_otherwise(call: Call, respell: Callable[[str], str]) -> Answer:
    """Give the emulator another name, for the sake of its slug, and show the one that was sent."""
    names, name = call.memory, sent(call).get("name")
    if call.request.method == "POST" and isinstance(name, str) and name.isascii():
        answer = created_with(call, name=respell(name))
        if answer.ok:
            names[answer.json["id"]] = name
    else:
        answer = call.forward()
    return each(answer, lambda registry: registry.update(name=names.get(registry["id"], registry["name"])))


# Creating


CREATE_REGISTRY = mutants_of(
    "create_registry",
    answers_created=(
        "A created registry is answered with 201.",
        lambda call: status(call.forward(), instead_of=200, now=201),
    ),
    without_oidc_policy=("The answer lacks the OIDC policy.", lambda call: drop(call.forward(), "oidc_policy")),
    ignores_emoji=(
        "The emoji that is sent is not kept.",
        lambda call: created_without(call, "emoji") if isinstance(sent(call).get("emoji"), str) else call.forward(),
    ),
    ignores_team_ids=(
        "The teams that are sent are not kept.",
        lambda call: (
            created_with(call, team_ids=[]) if isinstance(sent(call).get("team_ids"), list) else call.forward()
        ),
    ),
    defaults_to_files=(
        "A registry without an ecosystem becomes one of files.",
        lambda call: call.forward() if "ecosystem" in sent(call) else created_with(call, ecosystem="files"),
    ),
    accepts_any_policy=(
        "An OIDC policy that is none is accepted and not kept.",
        lambda call: accepted(call, "oidc_policy", lambda: created_without(call, "oidc_policy")),
    ),
    takes_another_ecosystem=(
        "Asked for a registry of Debian packages, it makes one of files.",
        lambda call: (
            created_with(call, ecosystem="files") if sent(call).get("ecosystem") == "debian" else call.forward()
        ),
    ),
    has_graphql_id_of_user=(
        "The GraphQL ID is one of a user.",
        lambda call: put(call.forward(), "graphql_id", lambda value: value.replace("UmVnaXN0cnktLS", "VXNlci0tL")),
    ),
    answers_bad_request=(
        "A body that cannot be accepted is answered with 400.",
        lambda call: status(call.forward(), instead_of=422, now=400),
    ),
    has_the_wrong_page=(
        "The address of the registry's page is one of the REST API.",
        lambda call: each(call.forward(), lambda registry: registry.update(web_url=registry["url"])),
    ),
)


@mutant("create_registry", "The description that is sent is not kept.")
def create_registry_ignores_description(call: Call) -> Answer:
    is_text = isinstance(sent(call).get("description"), str)
    return created_without(call, "description") if is_text else call.forward()


@mutant(SHOWN, "The colour that is sent is not kept.")
def create_registry_ignores_color(call: Call) -> Answer:
    return put(call.forward(), "color", None)


@mutant("create_registry", "The OIDC policy that is sent is not kept.")
def create_registry_ignores_oidc_policy(call: Call) -> Answer:
    answer = call.forward()
    if answer.ok:
        call.ask("update_registry", registry_slug=answer.json["slug"], json={"oidc_policy": None})
    return put(answer, "oidc_policy", None)


@mutant("create_registry", "An OIDC policy is kept without the claims of its statements.")
def create_registry_loses_claims(call: Call) -> Answer:
    policy = sent(call).get("oidc_policy")
    if not isinstance(policy, list) or not all(isinstance(statement, dict) for statement in policy):
        return call.forward()
    if call.forward(call.request.with_json({**sent(call), "name": ""})).status != 422:
        return call.forward()
    kept = [{key: value for key, value in statement.items() if key != "claims"} for statement in policy]
    return created_with(call, oidc_policy=kept)


@mutant(SHOWN, "A registry is public unless something else is said.")
def create_registry_makes_it_public(call: Call) -> Answer:
    return put(call.forward(), "public", value=True)


@mutant("create_registry", "A registry without a name is given one.")
def create_registry_makes_a_name_up(call: Call) -> Answer:
    number = call.memory["number"] = call.memory.get("number", 0) + 1
    return call.forward() if "name" in sent(call) else created_with(call, name=f"unnamed {number}")


@mutant("create_registry", "A colour that is no hex code is accepted.")
def create_registry_accepts_any_color(call: Call) -> Answer:
    color = sent(call).get("color")
    return accepted(call, "color", lambda: put(created_without(call, "color"), "color", color))


@mutant("create_registry", "A name of more than 100 characters is cut rather than refused.")
def create_registry_cuts_long_names(call: Call) -> Answer:
    name = sent(call).get("name")
    return created_with(call, name=name[:100]) if isinstance(name, str) else call.forward()


@mutant("create_registry", "A property that the description does not know is refused.")
def create_registry_refuses_unknown_properties(call: Call) -> Answer:
    known = {"name", "ecosystem", "description", "emoji", "color", "oidc_policy", "team_ids"}
    if unknown := sorted(sent(call).keys() - known):
        answer = call.ask("list_registries", org_slug=call.path["org_slug"])
        return answer.error(422, f"Validation failed: {unknown[0]} is not known")
    return call.forward()


@mutant("create_registry", "A name that is taken gives the registry that has it.")
def create_registry_finds_the_taken_one(call: Call) -> Answer:
    slug = re.sub(OTHERS, "-", str(sent(call).get("name"))).strip("-").lower()
    found = call.ask("get_registry", registry_slug=slug)
    answer = call.forward()
    return found if answer.status == 422 and found.ok and "already_exists" in answer.body.decode() else answer


@mutant("create_registry", "A name that is taken gives a second registry, with a number at the end of its slug.")
def create_registry_numbers_taken_names(call: Call) -> Answer:
    answer = call.forward()
    if answer.status == 422 and b"already_exists" in answer.body:
        name = sent(call)["name"]
        number = call.memory["number"] = call.memory.get("number", 1) + 1
        return put(created_with(call, name=f"{name} {number}"), "name", name)
    return answer


@mutant("create_registry", "The name that is sent is kept in lower case.")
def create_registry_lowers_names(call: Call) -> Answer:
    name = sent(call).get("name")
    return created_with(call, name=name.lower()) if isinstance(name, str) else call.forward()


@mutant("create_registry", "Spaces around a name are not kept.")
def create_registry_trims_names(call: Call) -> Answer:
    name = sent(call).get("name")
    return created_with(call, name=name.strip()) if isinstance(name, str) else call.forward()


@mutant("create_registry", "Each registry is said to have the ID of the first one.")
def create_registry_reuses_the_id(call: Call) -> Answer:
    answer = call.forward()
    if answer.ok:
        first = call.memory.setdefault("first", {name: answer.json[name] for name in ("id", "graphql_id")})
        return each(answer, lambda registry: registry.update(first))
    return answer


@mutant("create_registry", "A registry is answered as created, and is not there.")
def create_registry_keeps_nothing(call: Call) -> Answer:
    answer = call.forward()
    if answer.ok:
        call.ask("delete_registry", registry_slug=answer.json["slug"])
    return answer


@mutant(SHOWN, "A slug has an underscore where it should have a dash.")
def create_registry_underscores_slugs(call: Call) -> Answer:
    return named_otherwise(call, lambda name: re.sub(OTHERS, "_", name))


@mutant(SHOWN, "A slug has nothing where it should have a dash.")
def create_registry_joins_words_in_slugs(call: Call) -> Answer:
    return named_otherwise(call, lambda name: re.sub(OTHERS, "", name))


@mutant(SHOWN, "A slug has a suffix that the name does not have.")
def create_registry_suffixes_slugs(call: Call) -> Answer:
    return named_otherwise(call, lambda name: f"{name[:90]}-x" if len(name) <= 100 else name)


@mutant("create_registry", "The slug in the answer keeps the name's upper case.")
def create_registry_keeps_upper_case_in_slugs(call: Call) -> Answer:
    answer = call.forward()
    name = sent(call).get("name")
    return put(answer, "slug", re.sub(OTHERS, "-", name).strip("-")) if isinstance(name, str) else answer


@mutant("create_registry", "A taken name is answered with 409.")
def create_registry_answers_conflict(call: Call) -> Answer:
    answer = call.forward()
    return answer.with_status(409) if b"already_exists" in answer.body and not answer.ok else answer


# Listing


LIST_REGISTRIES = mutants_of(
    "list_registries",
    lacks_the_newest=(
        "The list lacks the newest registry.",
        lambda call: items(call.forward(), lambda all_: sorted(all_, key=lambda each: str(each["id"]))[:-1]),
    ),
    wraps_the_list=(
        "The list is wrapped in an object.",
        lambda call: reshape(call.forward(), lambda all_: {"registries": all_}),
    ),
    ends_after_ten=("The list ends after ten registries.", lambda call: items(call.forward(), lambda all_: all_[:10])),
    hides_descriptions=("The list does not tell descriptions.", lambda call: put(call.forward(), "description", None)),
    has_other_ids=(
        "The list gives other IDs than the registries have.",
        lambda call: put(call.forward(), "id", lambda value: value[:-1] + ("0" if value[-1] != "0" else "1")),
    ),
    has_null_ecosystem=("The ecosystem is null in the list.", lambda call: put(call.forward(), "ecosystem", None)),
    answers_partial_content=(
        "A list is answered with 206.",
        lambda call: status(call.forward(), instead_of=200, now=206),
    ),
    is_empty=("The list is always empty.", lambda call: items(call.forward(), lambda _: [])),
    is_plain_text=(
        "The list is sent as plain text.",
        lambda call: call.forward().with_header("Content-Type", "text/plain; charset=utf-8"),
    ),
    doubles_the_first=(
        "The first registry stands twice in the list.",
        lambda call: items(call.forward(), lambda all_: all_[:1] + all_),
    ),
    has_relative_urls=(
        "Addresses in the list have no scheme and host.",
        lambda call: put(call.forward(), "url", lambda value: "/" + value.split("/", 3)[3]),
    ),
)


@mutant(("list_registries", "delete_registry"), "Registries are listed still after they were deleted.")
def list_registries_shows_deleted_ones(call: Call) -> Answer:
    if call.operation == "list_registries":
        org = call.path["org_slug"]
        return items(call.forward(), lambda all_: all_ + [each for key, each in call.memory.items() if key[0] == org])
    found = call.ask("get_registry")
    answer = call.forward()
    if answer.ok and found.ok:
        call.memory[call.path["org_slug"], found.json["id"]] = found.json
    return answer


@mutant("list_registries", "An organization that does not exist has no registries rather than a 404.")
def list_registries_knows_every_organization(call: Call) -> Answer:
    answer = call.forward()
    return answer.with_status(200).with_json([]) if answer.status == 404 else answer


# Getting


GET_REGISTRY = mutants_of(
    "get_registry",
    without_slug=("The answer lacks the registry's slug.", lambda call: drop(call.forward(), "slug")),
    has_public_as_string=(
        "Whether the registry is public is told as a string.",
        lambda call: put(call.forward(), "public", lambda value: str(value).lower()),
    ),
    has_null_name=("The name of a registry is null.", lambda call: put(call.forward(), "name", None)),
    has_number_as_id=(
        "The ID of a registry is no UUID.",
        lambda call: put(call.forward(), "id", lambda value: str(int(value.replace("-", ""), 16))),
    ),
    forbids_missing_ones=(
        "A registry that does not exist is answered with 403.",
        lambda call: status(call.forward(), instead_of=404, now=403),
    ),
    renames_web_url=(
        "The address of the registry's page is called html_url.",
        lambda call: rename(call.forward(), "web_url", "html_url"),
    ),
    has_a_visibility=(
        "The answer has a further property, the registry's visibility.",
        lambda call: put(call.forward(), "visibility", "private"),
    ),
    hides_the_emoji=("The emoji of a registry is not shown.", lambda call: put(call.forward(), "emoji", None)),
    hides_the_policy=(
        "The OIDC policy of a registry is not shown.",
        lambda call: put(call.forward(), "oidc_policy", None),
    ),
    has_policy_as_json=(
        "The OIDC policy comes as JSON rather than as YAML.",
        lambda call: put(call.forward(), "oidc_policy", lambda value: value and yaml.safe_load(value)),
    ),
    has_url_of_another_organization=(
        "The address of a registry is one in another organization.",
        lambda call: put(
            call.forward(), "url", lambda value: re.sub("/organizations/[^/]+/", "/organizations/acme/", value)
        ),
    ),
    wraps_the_registry=(
        "A registry is wrapped in an object.",
        lambda call: reshape(call.forward(), lambda registry: {"registry": registry}),
    ),
)


@mutant("get_registry", "A registry that does not exist is answered with one that does.")
def get_registry_finds_missing_ones(call: Call) -> Answer:
    answer = call.forward()
    others = call.ask("list_registries") if answer.status == 404 else answer
    return answer.with_status(200).with_json(others.json[0]) if others is not answer and others.json else answer


@mutant(("get_registry", "delete_registry"), "A registry that was deleted is answered with 410.")
def get_registry_answers_gone(call: Call) -> Answer:
    answer, place = call.forward(), (call.path["org_slug"], call.path["registry_slug"])
    if call.operation == "delete_registry" and answer.ok:
        call.memory[place] = True
    return answer.with_status(410) if answer.status == 404 and place in call.memory else answer


@mutant("get_registry", "A missing registry is answered with a page of HTML.")
def get_registry_shows_a_page_for_missing_ones(call: Call) -> Answer:
    answer = call.forward()
    return html(answer, "Not found") if answer.status == 404 else answer


@mutant("get_registry", "A registry has another ID each time.")
def get_registry_has_a_new_id_each_time(call: Call) -> Answer:
    number = call.memory["number"] = call.memory.get("number", 0) + 1
    return put(call.forward(), "id", lambda value: value[:-4] + f"{number:04x}")


@mutant("get_registry", "A registry is answered with no body.")
def get_registry_has_no_body(call: Call) -> Answer:
    answer = call.forward()
    return answer.with_body(b"") if answer.ok else answer


# Updating


UPDATE_REGISTRY = mutants_of(
    "update_registry",
    resets_the_description=(
        "An update that does not send a description clears it.",
        lambda call: forward_json(call, {"description": None, **sent(call)}),
    ),
    resets_the_policy=(
        "An update that does not send an OIDC policy clears it.",
        lambda call: forward_json(call, {"oidc_policy": None, **sent(call)}),
    ),
    ignores_null_description=(
        "A description of null leaves the description as it is.",
        lambda call: forward_json(
            call, {key: value for key, value in sent(call).items() if (key, value) != ("description", None)}
        ),
    ),
    ignores_null_policy=(
        "An OIDC policy of null leaves the policy as it is.",
        lambda call: forward_json(
            call, {key: value for key, value in sent(call).items() if (key, value) != ("oidc_policy", None)}
        ),
    ),
    ignores_the_name=(
        "A new name is not taken over.",
        lambda call: forward_json(call, {key: value for key, value in sent(call).items() if key != "name"}),
    ),
    answers_no_content=(
        "An update is answered with 204 and no body.",
        lambda call: status(call.forward(), instead_of=200, now=204),
    ),
    changes_the_id=(
        "An update gives the registry another ID.",
        lambda call: put(call.forward(), "id", lambda value: value[:-1] + ("0" if value[-1] != "0" else "1")),
    ),
)


@mutant(SHOWN, "An update takes the registry's emoji and colour away.")
def update_registry_resets_what_cannot_be_sent(call: Call) -> Answer:
    answer = call.forward()
    if call.operation == "update_registry" and answer.ok:
        call.memory[answer.json["id"]] = True

    def reset(registry: dict[str, Any]) -> None:
        if registry.get("id") in call.memory:
            registry.update(emoji=None, color=None)

    return each(answer, reset)


@mutant("update_registry", "An update changes nothing, and is answered as if it did.")
def update_registry_changes_nothing(call: Call) -> Answer:
    before = call.ask("get_registry")
    answer = call.forward()
    if answer.ok and before.ok:
        restored = {name: before.json[name] for name in ("name", "description", "oidc_policy")}
        call.ask("update_registry", registry_slug=answer.json["slug"], json=restored)
    return answer


@mutant("update_registry", "A new OIDC policy is added to the old one.")
def update_registry_merges_policies(call: Call) -> Answer:
    new, before = sent(call).get("oidc_policy"), call.ask("get_registry")
    old = before.json.get("oidc_policy") if before.ok else None
    answer = call.forward()
    if not answer.ok or not old or not new:
        return answer
    statements = yaml.safe_load(new) if isinstance(new, str) else new
    merged = [*yaml.safe_load(old), *statements]
    return call.ask("update_registry", registry_slug=answer.json["slug"], json={"oidc_policy": merged})


@mutant(("update_registry", "get_registry", "list_registries"), "An update changes the ecosystem of a registry.")
def update_registry_changes_the_ecosystem(call: Call) -> Answer:
    answer, ecosystem = call.forward(), sent(call).get("ecosystem")
    if answer.ok and call.operation == "update_registry" and isinstance(ecosystem, str):
        call.memory[answer.json["id"]] = ecosystem
    return each(answer, lambda each: each.update(ecosystem=call.memory.get(each["id"], each["ecosystem"])))


@mutant(("update_registry", "get_registry", "list_registries"), "A registry with a new name keeps its old slug.")
def update_registry_keeps_the_slug(call: Call) -> Answer:
    name = sent(call).get("name")
    checked = call.forward()
    if call.operation == "update_registry" and checked.ok and isinstance(name, str):
        before = call.path["registry_slug"]
        call.ask("update_registry", registry_slug=checked.json["slug"], json={"name": before})
        checked = call.ask("get_registry", registry_slug=before)
        call.memory[checked.json["id"]] = name
    return each(checked, lambda each: each.update(name=call.memory.get(each["id"], each["name"])))


@mutant("update_registry", "An update without a name is refused.")
def update_registry_wants_a_name(call: Call) -> Answer:
    if isinstance(call.json, dict) and "name" not in call.json:
        answer = call.ask("get_registry")
        return answer.error(422, "Validation failed: Name can't be blank") if answer.ok else call.forward()
    return call.forward()


@mutant("update_registry", "The answer shows the registry as it was before.")
def update_registry_shows_the_old_state(call: Call) -> Answer:
    before = call.ask("get_registry")
    answer = call.forward()
    return answer.with_json(before.json) if answer.ok else answer


@mutant("update_registry", "A registry that does not exist is made by an update.")
def update_registry_makes_missing_ones(call: Call) -> Answer:
    answer = call.forward()
    if answer.status == 404 and isinstance(call.json, dict):
        body = {"name": call.path["registry_slug"], **call.json, "ecosystem": "files"}
        made = call.ask("create_registry", json=body)
        return made if made.ok else answer
    return answer


@mutant("update_registry", "A name that is taken is answered with 200, and nothing is changed.")
def update_registry_passes_over_taken_names(call: Call) -> Answer:
    answer = call.forward()
    return call.ask("get_registry") if b"already_exists" in answer.body and answer.status == 422 else answer


# Deleting


DELETE_REGISTRY = mutants_of(
    "delete_registry",
    keeps_it=(
        "A deletion is answered with 200, and the registry stays.",
        lambda call: pretended_deletion(call, call.ask("get_registry")),
    ),
    answers_no_content=(
        "A deletion is answered with 204.",
        lambda call: status(call.forward(), instead_of=200, now=204),
    ),
    answers_accepted=("A deletion is answered with 202.", lambda call: status(call.forward(), instead_of=200, now=202)),
)


@mutant("delete_registry", "A deletion is answered with 404, and the registry is gone.")
def delete_registry_deletes_and_answers_not_found(call: Call) -> Answer:
    answer = call.forward()
    return answer.error(404, "No registry found") if answer.ok else answer


@mutant("delete_registry", "The deletion of a registry that does not exist is answered with 200.")
def delete_registry_deletes_missing_ones(call: Call) -> Answer:
    answer = call.forward()
    return deleted(answer) if answer.status == 404 else answer


@mutant("delete_registry", "A registry with packages is not deleted.")
def delete_registry_refuses_full_ones(call: Call) -> Answer:
    packages = call.ask("list_packages")
    if packages.ok and packages.json["items"]:
        return packages.error(422, "Validation failed: the registry has packages")
    return call.forward()


@mutant(
    ("delete_registry", "publish_package", "create_registry"),
    "Packages of a deleted registry are there again in a new one of its name.",
)
def delete_registry_leaves_packages(call: Call) -> Answer:
    answer = call.forward()
    if not answer.ok:
        return answer
    if call.operation == "publish_package":
        form = (call.request.header("content-type") or "", call.request.body)
        call.memory.setdefault((call.path["registry_slug"], "full"), []).append(form)
    elif call.operation == "delete_registry":
        slug = call.path["registry_slug"]
        call.memory[slug, "left"] = call.memory.pop((slug, "full"), [])
    else:
        slug = answer.json["slug"]
        for form in call.memory.pop((slug, "left"), []):
            call.ask("publish_package", registry_slug=slug, form=form)
    return answer


@mutant(
    ("delete_registry", "create_registry_token", "create_registry"),
    "Tokens of a deleted registry are there again in a new one of its name.",
)
def delete_registry_leaves_tokens(call: Call) -> Answer:
    answer = call.forward()
    if not answer.ok:
        return answer
    if call.operation == "create_registry_token":
        call.memory.setdefault((call.path["registry_slug"], "full"), []).append(call.json)
    elif call.operation == "delete_registry":
        slug = call.path["registry_slug"]
        call.memory[slug, "left"] = call.memory.pop((slug, "full"), [])
    else:
        slug = answer.json["slug"]
        for body in call.memory.pop((slug, "left"), []):
            call.ask("create_registry_token", registry_slug=slug, json=body)
    return answer


@mutant(("delete_registry", "copy_package"), "With a registry, the copies of its packages in other registries go.")
def delete_registry_deletes_copies(call: Call) -> Answer:
    answer = call.forward()
    if call.operation == "copy_package" and answer.ok:
        copy = (answer.json["registry"]["slug"], answer.json["id"])
        call.memory.setdefault(call.path["registry_slug"], []).append(copy)
    elif answer.ok:
        for slug, package in call.memory.pop(call.path["registry_slug"], []):
            call.ask("delete_package", registry_slug=slug, id=package)
    return answer


@mutant("delete_registry", "With a registry goes another one of the same ecosystem.")
def delete_registry_deletes_another(call: Call) -> Answer:
    found = call.ask("get_registry")
    answer = call.forward()
    if answer.ok and found.ok:
        others = shown(call.ask("list_registries"))
        same = [each["slug"] for each in others if each["ecosystem"] == found.json["ecosystem"]]
        if same:
            call.ask("delete_registry", registry_slug=same[-1])
    return answer
