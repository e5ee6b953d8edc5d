"""Mutants that drop or alter a property when another one is sent, or when its value is unusual."""

import re
import unicodedata
from collections.abc import Callable
from typing import Any

from scripts.contract.mutants import *
from tests.contract.mutants import REGISTRIES

UPDATED = ("update_registry", *(each for each in REGISTRIES if each != "update_registry"))
SPECIAL = str.maketrans({"\u00a0": " ", "\u2028": "\n", "\u0085": "\n", "\u3000": " "})
"""Unusual white space, and what it is often replaced by."""
QUOTES = str.maketrans("\u201c\u201d\u2018\u2019", "\"\"''")


def texts(body: Resource, change: Callable[[str], str], name: str = "description") -> Resource:
    """Change a text in a body."""
    return {**body, name: change(body[name])} if isinstance(body.get(name), str) else body


def respelt(change: Callable[[str], str], name: str = "description") -> Behaviour:
    """Return a behaviour that changes a text in the body."""
    return sending(texts, change, name)


def null_of_empty(body: Resource, name: str) -> Resource:
    """Replace an empty text by null."""
    return {**body, name: body[name] or None} if name in body else body


def lost_beside(body: Resource, name: str, other: str) -> Resource:
    """Drop a property that is sent together with another one."""
    return {key: value for key, value in body.items() if key != name} if other in body else body


def null_lost_beside(body: Resource, name: str, other: str) -> Resource:
    """Drop a null that is sent together with another property."""
    return lost_beside(body, name, other) if body.get(name, "") is None else body


def lasting(change: Callable[[Resource], Resource]) -> Behaviour:
    """Return a behaviour that shows, from an update on, the properties that a function makes of its body."""

    def behaviour(call: Call) -> Answer:
        answer = call.forward()
        if call.operation == "update_registry" and answer.ok:
            call.memory.setdefault(answer.json["id"], {}).update(change(sent(call)))
        return each(answer, lambda found: found.update(call.memory.get(found["id"], {})))

    return behaviour


def lost(name: str, value: Any, when: Callable[[Resource], bool]) -> Behaviour:
    """Return a behaviour that loses a property of a registry after certain updates."""
    return lasting(lambda body: {name: value} if when(body) else {})


def teams(body: Resource, change: Callable[[list[Any]], list[Any]]) -> Resource:
    """Change the teams in a body."""
    return {**body, "team_ids": change(body["team_ids"])} if isinstance(body.get("team_ids"), list) else body


UPDATES = mutants_of(
    UPDATED,
    resets_what_cannot_be_sent=lasting(lambda _: {"emoji": None, "color": None}),
    drops_teams=lost("team_ids", [], lambda _: True),
    drops_teams_with_the_policy=lost("team_ids", [], lambda body: "oidc_policy" in body),
    drops_teams_in_a_rename=lost("team_ids", [], lambda body: "name" in body),
    drops_the_emoji_in_a_rename=lost("emoji", None, lambda body: "name" in body),
    clears_the_color=lost("color", None, lambda body: body.get("description", "") is None),
)

ECOSYSTEMS = mutants_of(
    ("update_registry", "get_registry", "list_registries"),
    changes_the_ecosystem=lasting(
        lambda body: {"ecosystem": body["ecosystem"]} if isinstance(body.get("ecosystem"), str) else {}
    ),
)

UPDATE_REGISTRY = mutants_of(
    "update_registry",
    does_not_show_teams=changed(put, "team_ids", lambda _: []),
    composes_names=respelt(composed, "name"),
    strips_names=respelt(str.rstrip, "name"),
    changes_one_of_two=sending(lost_beside, "description", "oidc_policy"),
    only_renames=sending(lost_beside, "description", "name"),
    renames_without_the_policy=sending(lost_beside, "oidc_policy", "name"),
    keeps_null_with_the_policy=sending(null_lost_beside, "description", "oidc_policy"),
    keeps_the_policy=sending(
        lambda body: body if body.get("description") is None else null_lost_beside(body, "oidc_policy", "description")
    ),
    makes_null_of_empty=sending(null_of_empty, "description"),
)

READING = mutants_by_name(
    list_registries_has_one_team=changed(put, "team_ids", lambda value: value[:1]),
    get_registry_without_several_teams=changed(put, "team_ids", lambda value: value if len(value) < 2 else []),
    list_registries_cuts_descriptions=changed(put, "description", lambda value: value and value[:1000]),
)

CREATE_REGISTRY = mutants_of(
    "create_registry",
    loses_the_last_team=sending(teams, lambda ids: ids[:-1] if len(ids) > 2 else ids),
    folds_teams=sending(teams, lambda ids: [each.lower() if isinstance(each, str) else each for each in ids]),
    empties_blanks=respelt(lambda text: "" if text.isspace() else text),
    cuts_emoji=respelt(lambda text: text[:20], "emoji"),
    folds_colors=respelt(str.lower, "color"),
    doubles_digits_of_colors=respelt(lambda text: re.sub("^#(.)(.)(.)$", r"#\1\1\2\2\3\3", text), "color"),
    makes_null_of_empty_emoji=sending(null_of_empty, "emoji"),
)

CREATED = mutants_of(
    ("create_registry", "get_registry", "list_registries"),
    composes_names=respelt(composed, "name"),
)

DESCRIPTIONS = mutants_of_each(
    ("update_registry", "create_registry_token"),
    cuts_at_4096=respelt(lambda text: text[:4096]),
    cuts_at_65535=respelt(lambda text: text.encode("utf-8", "replace")[:65535].decode("utf-8", "ignore")),
    flattens_blanks=respelt(lambda text: text.translate(SPECIAL)),
    loses_what_has_no_width=respelt(lambda text: re.sub("[\u200b-\u200f\u202a-\u202e\ufeff]", "", text)),
    folds_compatible_letters=respelt(lambda text: unicodedata.normalize("NFKC", text) if text.isprintable() else text),
    reads_escapes=respelt(lambda text: text.replace("\\n", "\n").replace("\\u0041", "A")),
    reads_numbers=respelt(lambda text: text.lstrip("0") or "0" if re.fullmatch("[0-9]+", text) else text),
    straightens_quotes=respelt(lambda text: text.translate(QUOTES)),
)
