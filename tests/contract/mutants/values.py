"""Properties that are dropped or altered where another one is sent, or where a value is unusual."""

import re
import unicodedata
from collections.abc import Callable
from typing import Any

from scripts.contract.mutants import (
    Answer,
    Call,
    forward_json,
    items,
    mutant,
    mutant_of_each,
    mutants_of,
    put,
    sent,
    shown,
)

REGISTRIES = ("update_registry", "create_registry", "list_registries", "get_registry")
WITH_DESCRIPTION = ("update_registry", "create_registry_token")
SPECIAL = {"\u00a0": " ", "\u2028": "\n", "\u0085": "\n", "\u3000": " "}
"""Characters that count as blank, and what is easily made of them."""


def texts(call: Call, change: Callable[[str], str], *names: str) -> Answer:
    """Forward a body whose texts are changed."""
    body = sent(call)
    changed = {name: change(body[name]) for name in names or ("description",) if isinstance(body.get(name), str)}
    return forward_json(call, {**body, **changed}) if changed else call.forward()


def lost(call: Call, name: str, when: Callable[[dict[str, Any]], bool], value: Any) -> Answer:
    """Lose a property of a registry for good once an update was such."""
    answer = call.forward()
    if call.operation == "update_registry" and answer.ok and when(sent(call)):
        call.memory[answer.json["id"]] = True
    return each_of(answer, lambda registry: registry["id"] in call.memory, name, value)


def each_of(answer: Answer, when: Callable[[dict[str, Any]], bool], name: str, value: Any) -> Answer:
    """Set a property of the resources that are such."""
    if not any(when(resource) for resource in shown(answer)):
        return answer
    changed = [{**resource, name: value} if when(resource) else resource for resource in shown(answer)]
    return answer.with_json(changed if isinstance(answer.json, list) else changed[0])


# What an update loses


@mutant(REGISTRIES, "An update takes the registry's teams away.")
def update_registry_drops_teams(call: Call) -> Answer:
    return lost(call, "team_ids", lambda _: True, [])


@mutant(REGISTRIES, "An update of the policy takes the registry's teams away.")
def update_registry_drops_teams_with_the_policy(call: Call) -> Answer:
    return lost(call, "team_ids", lambda body: "oidc_policy" in body, [])


@mutant(REGISTRIES, "A rename takes the registry's teams away.")
def update_registry_drops_teams_in_a_rename(call: Call) -> Answer:
    return lost(call, "team_ids", lambda body: "name" in body, [])


UPDATE_REGISTRY = mutants_of(
    "update_registry",
    does_not_show_teams=(
        "The answer to an update lacks the registry's teams.",
        lambda call: put(call.forward(), "team_ids", lambda _: []),
    ),
    composes_names=(
        "The new name of a registry is kept in another Unicode form.",
        lambda call: texts(call, lambda text: unicodedata.normalize("NFC", text), "name"),
    ),
    strips_names=("Blanks at the end of a new name are lost.", lambda call: texts(call, str.rstrip, "name")),
)


@mutant(REGISTRIES, "A rename takes the registry's emoji away.")
def update_registry_drops_the_emoji_in_a_rename(call: Call) -> Answer:
    return lost(call, "emoji", lambda body: "name" in body, None)


@mutant(REGISTRIES, "Clearing the description clears the colour too.")
def update_registry_clears_the_color(call: Call) -> Answer:
    return lost(call, "color", lambda body: body.get("description", "") is None, None)


@mutant("update_registry", "Where the description and the policy are sent, the description stays as it was.")
def update_registry_changes_one_of_two(call: Call) -> Answer:
    body = sent(call)
    if body.keys() >= {"description", "oidc_policy"}:
        del body["description"]
    return forward_json(call, body)


@mutant("update_registry", "Where a new name and a description are sent, the description stays as it was.")
def update_registry_only_renames(call: Call) -> Answer:
    body = sent(call)
    if "name" in body:
        body.pop("description", None)
    return forward_json(call, body)


@mutant("update_registry", "A policy that is sent with a new name is not kept.")
def update_registry_renames_without_the_policy(call: Call) -> Answer:
    body = sent(call)
    if "name" in body:
        body.pop("oidc_policy", None)
    return forward_json(call, body)


@mutant("update_registry", "A description that is sent as null with a policy stays as it was.")
def update_registry_keeps_null_with_the_policy(call: Call) -> Answer:
    body = sent(call)
    if "oidc_policy" in body and body.get("description", "") is None:
        del body["description"]
    return forward_json(call, body)


@mutant("update_registry", "A policy that is sent as null with a description stays as it was.")
def update_registry_keeps_the_policy(call: Call) -> Answer:
    body = sent(call)
    if body.get("description") is not None and body.get("oidc_policy", "") is None:
        del body["oidc_policy"]
    return forward_json(call, body)


# What a list or a look-up loses


@mutant("list_registries", "The list shows one team of each registry.")
def list_registries_has_one_team(call: Call) -> Answer:
    return items(call.forward(), lambda all_: [{**each, "team_ids": each["team_ids"][:1]} for each in all_])


@mutant("get_registry", "Teams are left out where a registry has several.")
def get_registry_without_several_teams(call: Call) -> Answer:
    return put(call.forward(), "team_ids", lambda value: value if len(value) < 2 else [])


@mutant("list_registries", "The list cuts descriptions at 1,000 characters.")
def list_registries_cuts_descriptions(call: Call) -> Answer:
    cut = [
        {**each, "description": each["description"] and each["description"][:1000]} for each in shown(call.forward())
    ]
    return items(call.forward(), lambda _: cut)


@mutant("create_registry", "Of several teams the last is lost.")
def create_registry_loses_the_last_team(call: Call) -> Answer:
    body = sent(call)
    teams = body.get("team_ids")
    if isinstance(teams, list) and len(teams) > 2:
        body["team_ids"] = teams[:-1]
    return forward_json(call, body)


@mutant("create_registry", "A team that is sent as upper case is shown in lower case.")
def create_registry_folds_teams(call: Call) -> Answer:
    body = sent(call)
    if isinstance(body.get("team_ids"), list):
        body["team_ids"] = [each.lower() if isinstance(each, str) else each for each in body["team_ids"]]
    return forward_json(call, body)


# Values that are altered where they are unusual


@mutant_of_each(WITH_DESCRIPTION, "{operation} cuts descriptions at 4,096 characters.")
def cuts_at_4096(call: Call) -> Answer:
    return texts(call, lambda text: text[:4096])


@mutant_of_each(WITH_DESCRIPTION, "{operation} cuts descriptions at 65,535 bytes.")
def cuts_at_65535(call: Call) -> Answer:
    return texts(call, lambda text: text.encode("utf-8", "replace")[:65535].decode("utf-8", "ignore"))


@mutant_of_each(WITH_DESCRIPTION, "{operation} makes plain blanks of no-break spaces and the like.")
def flattens_blanks(call: Call) -> Answer:
    return texts(call, lambda text: text.translate(str.maketrans("".join(SPECIAL), "".join(SPECIAL.values()))))


@mutant_of_each(WITH_DESCRIPTION, "{operation} loses joiners and marks that have no width.")
def loses_what_has_no_width(call: Call) -> Answer:
    return texts(call, lambda text: re.sub("[\u200b-\u200f\u202a-\u202e\ufeff]", "", text))


@mutant_of_each(WITH_DESCRIPTION, "{operation} replaces letters by those that look the same.")
def folds_compatible_letters(call: Call) -> Answer:
    return texts(call, lambda text: unicodedata.normalize("NFKC", text) if text.isprintable() else text)


@mutant_of_each(WITH_DESCRIPTION, "{operation} takes a backslash and an n for the end of a line.")
def reads_escapes(call: Call) -> Answer:
    return texts(call, lambda text: text.replace("\\n", "\n").replace("\\u0041", "A"))


@mutant_of_each(WITH_DESCRIPTION, "{operation} loses zeros at the start of a number.")
def reads_numbers(call: Call) -> Answer:
    return texts(call, lambda text: text.lstrip("0") or "0" if re.fullmatch("[0-9]+", text) else text)


@mutant_of_each(WITH_DESCRIPTION, "{operation} straightens quotes.")
def straightens_quotes(call: Call) -> Answer:
    return texts(call, lambda text: text.translate(str.maketrans("\u201c\u201d\u2018\u2019", "\"\"''")))


CREATE_REGISTRY = mutants_of(
    "create_registry",
    empties_blanks=(
        "A description of nothing but blanks becomes an empty one.",
        lambda call: texts(call, lambda text: "" if text.isspace() else text),
    ),
    cuts_emoji=("An emoji is kept to 20 characters.", lambda call: texts(call, lambda text: text[:20], "emoji")),
    folds_colors=("A colour is kept in lower case.", lambda call: texts(call, str.lower, "color")),
    doubles_digits_of_colors=(
        "A colour of three digits is written with six.",
        lambda call: texts(call, lambda text: re.sub("^#(.)(.)(.)$", r"#\1\1\2\2\3\3", text), "color"),
    ),
)


@mutant("update_registry", "An empty description becomes null.")
def update_registry_makes_null_of_empty(call: Call) -> Answer:
    body = sent(call)
    return forward_json(call, {**body, "description": body["description"] or None} if "description" in body else body)


@mutant("create_registry", "An empty emoji becomes null.")
def create_registry_makes_null_of_empty_emoji(call: Call) -> Answer:
    body = sent(call)
    return forward_json(call, {**body, "emoji": body["emoji"] or None} if "emoji" in body else body)


@mutant(
    ("create_registry", "get_registry", "list_registries"), "The name of a registry is kept in another Unicode form."
)
def create_registry_composes_names(call: Call) -> Answer:
    return texts(call, lambda text: unicodedata.normalize("NFC", text), "name")
