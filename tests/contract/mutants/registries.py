"""Mutants of the operations on registries."""

import re
from collections.abc import Callable
from functools import partial

import yaml

from scripts.contract.mutants import *
from tests.contract.mutants import REGISTRIES
from tests.contract.mutants.values import texts

OTHERS = "[^A-Za-z0-9_-]+"
"""Characters that a slug replaces by a dash."""


def without(body: Resource, name: str, kind: type = object) -> Resource:
    """Drop a property from a body if its value is of a type."""
    return {key: value for key, value in body.items() if key != name or not isinstance(value, kind)}


def without_null(body: Resource, name: str) -> Resource:
    """Drop a property from a body if it is null."""
    return without(body, name, type(None))


def accepted(call: Call, field: str) -> Answer:
    """Ignore a property that is refused."""
    answer = call.forward()
    errors = answer.json.get("errors", []) if answer.status == 422 else []
    if not any(field in error["field"] for error in errors):
        return answer
    return forward_json(call, without(sent(call), field))


def named_otherwise(respell: Callable[[str], str]) -> Behaviour:
    """Return a behaviour that gives a registry the slug of another name, and shows the name that was sent."""

    def behaviour(call: Call) -> Answer:
        name = sent(call).get("name")
        if call.request.method == "POST" and isinstance(name, str) and name.isascii():
            answer = forward_json(call, {**sent(call), "name": respell(name)})
            if answer.ok:
                call.memory[answer.json["id"]] = name
        else:
            answer = call.forward()
        return each(answer, lambda found: found.update(name=call.memory.get(found["id"], found["name"])))

    return behaviour


# Creating


CREATE_REGISTRY = mutants_of(
    "create_registry",
    answers_created=changed(status, 200, 201),
    answers_bad_request=changed(status, 422, 400),
    answers_conflict=changed(conflict),
    without_oidc_policy=changed(drop, "oidc_policy"),
    has_graphql_id_of_user=changed(put, "graphql_id", lambda value: value.replace("UmVnaXN0cnktLS", "VXNlci0tL")),
    has_the_wrong_page=changed(each, lambda registry: registry.update(web_url=registry["url"])),
    ignores_emoji=sending(without, "emoji", str),
    ignores_description=sending(without, "description", str),
    ignores_team_ids=sending(without, "team_ids", list),
    defaults_to_files=sending(lambda body: {"ecosystem": "files", **body}),
    takes_another_ecosystem=sending(
        lambda body: {**body, "ecosystem": "files"} if body.get("ecosystem") == "debian" else body
    ),
    accepts_any_policy=partial(accepted, field="oidc_policy"),
    cuts_long_names=sending(texts, lambda name: name[:100], "name"),
    lowers_names=sending(texts, str.lower, "name"),
    trims_names=sending(texts, str.strip, "name"),
    reuses_the_id=partial(first_value, names=("id", "graphql_id")),
    keeps_nothing=afterwards(take_back),
)

SHOWN = mutants_of(
    REGISTRIES,
    ignores_color=changed(put, "color", None),
    makes_it_public=changed(put, "public", lambda _: True),
    underscores_slugs=named_otherwise(lambda name: re.sub(OTHERS, "_", name)),
    joins_words_in_slugs=named_otherwise(lambda name: re.sub(OTHERS, "", name)),
    suffixes_slugs=named_otherwise(lambda name: f"{name[:90]}-x" if len(name) <= 100 else name),
)


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
    if forward_json(call, {**sent(call), "name": ""}).status != 422:
        return call.forward()
    return forward_json(call, {**sent(call), "oidc_policy": [without(statement, "claims") for statement in policy]})


@mutant("create_registry", "A registry without a name is given one.")
def create_registry_makes_a_name_up(call: Call) -> Answer:
    return forward_json(call, {"name": f"unnamed {count(call)}", **sent(call)})


@mutant("create_registry", "A colour that is no hex code is accepted.")
def create_registry_accepts_any_color(call: Call) -> Answer:
    return put(accepted(call, "color"), "color", sent(call).get("color"))


@mutant("create_registry", "A property that the description does not know is refused.")
def create_registry_refuses_unknown_properties(call: Call) -> Answer:
    known = {"name", "ecosystem", "description", "emoji", "color", "oidc_policy", "team_ids"}
    if unknown := sorted(sent(call).keys() - known):
        return call.ask("list_registries").error(422, f"Validation failed: {unknown[0]} is not known")
    return call.forward()


@mutant("create_registry", "A name that is taken gives the registry that has it.")
def create_registry_finds_the_taken_one(call: Call) -> Answer:
    found = call.ask("get_registry", registry_slug=slug_of(str(sent(call).get("name"))))
    answer = call.forward()
    return found if found.ok and already_exists(answer) else answer


@mutant("create_registry", "A name that is taken gives a second registry, with a number at the end of its slug.")
def create_registry_numbers_taken_names(call: Call) -> Answer:
    answer = call.forward()
    if already_exists(answer):
        name = sent(call)["name"]
        return put(forward_json(call, {**sent(call), "name": f"{name} {count(call) + 1}"}), "name", name)
    return answer


@mutant("create_registry", "The slug in the answer keeps the name's upper case.")
def create_registry_keeps_upper_case_in_slugs(call: Call) -> Answer:
    return each(call.forward(), lambda found: found.update(slug=re.sub(OTHERS, "-", found["name"]).strip("-")))


# Listing


LIST_REGISTRIES = mutants_of(
    "list_registries",
    lacks_the_newest=changed(items, lambda all_: sorted(all_, key=lambda each: str(each["id"]))[:-1]),
    has_other_ids=changed(put, "id", flipped),
    has_relative_urls=changed(put, "url", lambda value: "/" + value.split("/", 3)[3]),
    wraps_the_list=changed(reshape, lambda all_: {"registries": all_}),
    ends_after_ten=changed(items, lambda all_: all_[:10]),
    hides_descriptions=changed(put, "description", None),
    has_null_ecosystem=changed(put, "ecosystem", None),
    answers_partial_content=changed(status, 200, 206),
    is_empty=changed(items, lambda _: []),
    is_plain_text=changed(Answer.with_header, "Content-Type", "text/plain; charset=utf-8"),
    doubles_the_first=changed(items, lambda all_: all_[:1] + all_),
    knows_every_organization=changed(invented, []),
)

LIST_AND_DELETE = mutants_of(
    ("list_registries", "delete_registry"), shows_deleted_ones=partial(listed_after_deletion, list_="list_registries")
)


# Getting


GET_REGISTRY = mutants_of(
    "get_registry",
    without_slug=changed(drop, "slug"),
    has_null_name=changed(put, "name", None),
    has_public_as_string=changed(put, "public", lambda value: str(value).lower()),
    has_number_as_id=changed(put, "id", lambda value: str(int(value.replace("-", ""), 16))),
    has_policy_as_json=changed(put, "oidc_policy", lambda value: value and yaml.safe_load(value)),
    has_url_of_another_organization=changed(
        put, "url", lambda value: re.sub("/organizations/[^/]+/", "/organizations/acme/", value)
    ),
    forbids_missing_ones=changed(status, 404, 403),
    renames_web_url=changed(rename, "web_url", "html_url"),
    has_a_visibility=changed(put, "visibility", "private"),
    hides_the_emoji=changed(put, "emoji", None),
    hides_the_policy=changed(put, "oidc_policy", None),
    wraps_the_registry=changed(reshape, lambda registry: {"registry": registry}),
    shows_a_page_for_missing_ones=changed(on, 404, html, "Not found"),
    has_no_body=changed(on, 200, Answer.with_body, b""),
)


@mutant("get_registry", "A registry that does not exist is answered with one that does.")
def get_registry_finds_missing_ones(call: Call) -> Answer:
    answer = call.forward()
    others = shown(call.ask("list_registries")) if answer.status == 404 else []
    return invented(answer, others[0]) if others else answer


@mutant(("get_registry", "delete_registry"), "A registry that was deleted is answered with 410.")
def get_registry_answers_gone(call: Call) -> Answer:
    answer, place = call.forward(), tuple(call.path.values())
    if call.operation == "delete_registry" and answer.ok:
        call.memory[place] = True
    return status(answer, 404, 410) if place in call.memory else answer


@mutant("get_registry", "A registry has another ID each time.")
def get_registry_has_a_new_id_each_time(call: Call) -> Answer:
    number = count(call)
    return put(call.forward(), "id", lambda value: f"{value[:-4]}{number:04x}")


# Updating


UPDATE_REGISTRY = mutants_of(
    "update_registry",
    resets_the_description=sending(lambda body: {"description": None, **body}),
    resets_the_policy=sending(lambda body: {"oidc_policy": None, **body}),
    ignores_null_description=sending(without_null, "description"),
    ignores_null_policy=sending(without_null, "oidc_policy"),
    ignores_the_name=sending(without, "name"),
    answers_no_content=changed(status, 200, 204),
    changes_the_id=changed(put, "id", flipped),
    shows_the_old_state=partial(old_state, get="get_registry"),
)


@mutant("update_registry", "An update changes nothing, and is answered as if it did.")
def update_registry_changes_nothing(call: Call) -> Answer:
    before, answer = call.ask("get_registry"), call.forward()
    if answer.ok and before.ok:
        restored = {name: before.json[name] for name in ("name", "description", "oidc_policy")}
        call.ask("update_registry", registry_slug=answer.json["slug"], json=restored)
    return answer


@mutant("update_registry", "A new OIDC policy is added to the old one.")
def update_registry_merges_policies(call: Call) -> Answer:
    new, before, answer = sent(call).get("oidc_policy"), call.ask("get_registry"), call.forward()
    old = before.json.get("oidc_policy") if before.ok else None
    if not answer.ok or not old or not new:
        return answer
    statements = yaml.safe_load(new) if isinstance(new, str) else new
    merged = [*yaml.safe_load(old), *statements]
    return call.ask("update_registry", registry_slug=answer.json["slug"], json={"oidc_policy": merged})


@mutant(("update_registry", "get_registry", "list_registries"), "A registry with a new name keeps its old slug.")
def update_registry_keeps_the_slug(call: Call) -> Answer:
    answer, name = call.forward(), sent(call).get("name")
    if call.operation == "update_registry" and answer.ok and isinstance(name, str):
        before = call.path["registry_slug"]
        call.ask("update_registry", registry_slug=answer.json["slug"], json={"name": before})
        answer = call.ask("get_registry", registry_slug=before)
        call.memory[answer.json["id"]] = name
    return each(answer, lambda found: found.update(name=call.memory.get(found["id"], found["name"])))


@mutant("update_registry", "An update without a name is refused.")
def update_registry_wants_a_name(call: Call) -> Answer:
    found = call.ask("get_registry")
    is_nameless = isinstance(call.json, dict) and "name" not in call.json
    return found.error(422, "Validation failed: Name can't be blank") if found.ok and is_nameless else call.forward()


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
    return call.ask("get_registry") if already_exists(answer) else answer


# Deleting


DELETE_REGISTRY = mutants_of(
    "delete_registry",
    keeps_it=partial(pretended_deletion, get="get_registry"),
    answers_no_content=changed(status, 200, 204),
    answers_accepted=changed(status, 200, 202),
    deletes_and_answers_not_found=changed(on, 200, Answer.error, 404, "No registry found"),
    deletes_missing_ones=changed(on, 404, deleted),
)


@mutant("delete_registry", "A registry with packages is not deleted.")
def delete_registry_refuses_full_ones(call: Call) -> Answer:
    packages = call.ask("list_packages")
    return packages.error(422, "Validation failed: the registry has packages") if shown(packages) else call.forward()


def revives(call: Call, make: str) -> Answer:
    """Recreate in a new registry what an operation created in a deleted one of the same name."""
    answer = call.forward()
    if not answer.ok:
        return answer
    slug = answer.json["slug"] if call.operation == "create_registry" else call.path["registry_slug"]
    if call.operation == make:
        form = (call.request.header("content-type") or "", call.request.body)
        call.memory.setdefault((slug, "full"), []).append(form)
    elif call.operation == "delete_registry":
        call.memory[slug, "left"] = call.memory.pop((slug, "full"), [])
    else:
        for form in call.memory.pop((slug, "left"), []):
            call.ask(make, registry_slug=slug, form=form)
    return answer


LEFT_PACKAGES = mutants_of(
    ("delete_registry", "publish_package", "create_registry"),
    leaves_packages=(
        "Packages of a deleted registry are there again in a new one of its name.",
        partial(revives, make="publish_package"),
    ),
)
LEFT_TOKENS = mutants_of(
    ("delete_registry", "create_registry_token", "create_registry"),
    leaves_tokens=(
        "Tokens of a deleted registry are there again in a new one of its name.",
        partial(revives, make="create_registry_token"),
    ),
)


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
    found, answer = call.ask("get_registry"), call.forward()
    if answer.ok and found.ok:
        others = shown(call.ask("list_registries"))
        same = [each["slug"] for each in others if each["ecosystem"] == found.json["ecosystem"]]
        if same:
            call.ask("delete_registry", registry_slug=same[-1])
    return answer
