"""Registries: changed."""

from typing import Any

import yaml

from scripts.contract.flows.builders import (
    KEPT_TEXTS,
    OTHER_POLICY,
    POLICY,
    UNKNOWN_ID,
    WRONG_POLICIES,
    Thing,
    built,
    listed,
    new_registry,
    new_token,
    nothing_at,
    path_of,
    publish,
    same_registry,
    summary_of,
    thing,
    things,
    without,
)
from scripts.contract.flows.flow import flow
from scripts.contract.flows.flow_client import SPEC, FlowClient, operation_place, schema_place
from scripts.contract.flows.sample_values import LONG, ODD
from tests.contract.flows.packages import expect_package, same_package
from tests.contract.flows.registries import check_policy, slug_of

PLACE = operation_place("update_registry")
POLICY_PLACE = schema_place("RegistryUpdate", "oidc_policy")
UPDATED = "a registry after an update"
SCOPES = SPEC.schema("OidcScope")["enum"]
CLAIMS = {
    "text": "a",
    "number": 7,
    "flag": True,
    "nothing": None,
    "not_nothing": {"not_equals": None, "not_in": [None]},
    "same": {"equals": "a"},
    "other": {"not_equals": "a"},
    "some": {"in": ["a", 7]},
    "none": {"not_in": ["a"]},
    "glob": {"matches": "a-*"},
    "globs": {"matches": ["a-*", "b-?"], "not_equals": "a-b"},
}
"""Claims with every matcher that the spec lists."""
POLICY_PLACES = [
    *(schema_place("OidcMatchers", name) for name in SPEC.schema("OidcMatchers")["properties"]),
    *map(schema_place, ("OidcMatchers", "OidcScalar", "OidcScope")),
    schema_place("OidcPolicyStatement", "scopes"),
]
UPDATE = SPEC.operations["update_registry"]
WHOLE: dict[str, Any] = {"description": "first", "emoji": ":sunflower:", "color": "#f0ccff", "oidc_policy": POLICY}
TEAMS: list[str] = [*SPEC.schema("RegistryCreate")["properties"]["team_ids"]["examples"][0], UNKNOWN_ID]


def whole_registry(api: FlowClient, ecosystem: str = "files") -> Thing:
    """Create a registry that has everything; teams only in an emulator, as elsewhere they would have to exist."""
    teams = {"team_ids": TEAMS} if api.target.kind == "emulator" else {}
    return new_registry(api, ecosystem, **WHOLE, **teams)


def change(
    api: FlowClient, registry: dict[str, Any], body: dict[str, Any], method: str | None = None
) -> dict[str, Any]:
    """Update a registry and see what was sent, and the rest as it was; gives the registry as it is now.

    Args:
        api: the flow client.
        registry: the registry before.
        body: what to change.
        method: an alias of the operation's method.
    """
    updated = thing(api.call("update_registry", registry["slug"], json=body, method=method))
    for name in body.keys() & {"name", "description", "emoji", "color"}:
        api.same(updated.get(name), body[name], f"the {name} after an update", schema_place("RegistryUpdate", name))
    if "name" in body:
        place = schema_place("Registry", "slug")
        api.same(updated.get("slug"), slug_of(body["name"]), "the slug after a rename", place)
    if "oidc_policy" in body:
        check_policy(api, updated.get("oidc_policy"), body["oidc_policy"], UPDATED, POLICY_PLACE)
    sent = [*body, *(["slug", "url", "web_url"] if "name" in body else [])]
    for name in without(registry, *sent):
        what = f"the {name} after an update of {', '.join(body) or 'nothing'}, as before"
        api.same(updated.get(name), registry[name], what, schema_place("RegistryUpdate"))
    found = api.call("get_registry", str(updated.get("slug", registry["slug"])))
    same_registry(api, found, updated, "a registry that is looked up after its update")
    rows = [each for each in things(api.call("list_registries")) if each.get("id") == registry["id"]]
    api.same([each.get("slug") for each in rows], [updated.get("slug")], "its slug in the list", PLACE)
    if rows:
        same_registry(api, rows[0], updated, "a registry in the list after its update")
    return updated


@flow(settles=[KEPT_TEXTS])
def update_changes_what_is_sent(api: FlowClient) -> None:
    """An update changes what is sent and leaves the rest as it was."""
    other = whole_registry(api)
    registry = whole_registry(api)
    bodies: tuple[dict[str, Any], ...] = (
        {"description": "second"},
        {"description": None},
        {},
        {"description": ""},
        {"description": LONG},
        {"description": "fourth", "unheard_of": 1},
        *({"description": text} for text in ODD),
        {"description": "third", "oidc_policy": OTHER_POLICY},
        {"description": None, "oidc_policy": POLICY},
        {"description": "fifth", "oidc_policy": None},
        {"description": None, "oidc_policy": None},
        {"name": api.name(), "description": "sixth", "oidc_policy": POLICY},
        {"name": f"{api.name()} e\u0301 \u00e9 ", "description": None},
        {"name": api.name(), "oidc_policy": None},
    )
    for body in bodies:
        registry = change(api, registry, body)
    same_registry(api, api.call("get_registry", other["slug"]), other, "another registry")


@flow(
    settles=[
        schema_place("RegistryUpdate", "emoji"),
        schema_place("RegistryUpdate", "color"),
        *(operation_place(UPDATE.id, method=method) for method in UPDATE.aliases),
    ]
)
def every_method_updates(api: FlowClient) -> None:
    """Each method of an update changes what is sent, clears what is null, and leaves the rest as it was."""
    registry = whole_registry(api)
    for method in (UPDATE.method, *UPDATE.aliases):
        bodies: tuple[dict[str, Any], ...] = (
            {"emoji": ":gem:"},
            {"color": "#0B7A75"},
            {"description": f"by {method}", "emoji": None},
            {"color": None, "oidc_policy": OTHER_POLICY},
            {"name": api.name(), "emoji": ":sunflower:", "color": "#f0ccff", "oidc_policy": None},
            {},
        )
        for body in bodies:
            registry = change(api, registry, body, method)
        other = new_registry(api)
        for body in ({"name": other["name"]}, {"name": 7}, {"emoji": 7}, {"oidc_policy": 7}):
            why = f"an update by {method} with {body} is wrong"
            api.refused("ValidationFailed", "update_registry", registry["slug"], json=body, method=method, why=why)


@flow(
    settles=[
        schema_place("Registry", "slug"),
        "A registry that is renamed moves to the slug of its new name, and its old name is free again.",
    ]
)
def update_renames(api: FlowClient) -> None:
    """A registry that is renamed moves to the slug of its new name, with all that is in it."""
    registry = whole_registry(api)
    package, token = publish(api, registry), new_token(api, registry)
    name = f"{api.name()} Renamed"
    renamed = change(api, registry, {"name": name})
    followed = api.follow("get_registry", path_of(str(renamed.get("url"))))
    same_registry(api, followed, renamed, "what the url of a registry leads to after a rename")
    nothing_at(api, registry["slug"], package["id"], token["id"], "the registry has another slug now")
    slug = str(renamed.get("slug"))
    elsewhere = ("url", "web_url", "registry", "token")
    moved = {}
    for operation_id, before in (("get_package", package), ("get_registry_token", token)):
        now = moved[operation_id] = thing(api.call(operation_id, slug, before["id"]))
        what = f"what {operation_id} shows after its registry was renamed"
        api.same(without(now, *elsewhere), without(before, *elsewhere), f"{what}, but for addresses", PLACE)
        for key in ("id", "graphql_id", "slug", "url"):
            api.same(
                thing(now.get("registry")).get(key), renamed.get(key), f"the {key} of the registry in {what}", PLACE
            )
        api.same(api.follow(operation_id, path_of(str(now.get("url")))), now, f"what the url leads to in {what}", PLACE)
    rows = [summary_of(moved["get_package"])]
    api.same(listed(api, renamed), rows, "the packages of a registry that was renamed", PLACE)
    rows = things(api.call("list_registry_tokens", slug))
    api.same(rows, [moved["get_registry_token"]], "the tokens of a registry that was renamed", PLACE)
    file = built(api, renamed["ecosystem"])
    expect_package(api, publish(api, renamed, file), renamed, file[1], "a package for a registry that was renamed")
    # The old name is free again, and its own name no obstacle, nor is it in other letters.
    renamed = change(api, renamed, {"name": name, "description": "same name"})
    renamed = change(api, renamed, {"name": name.replace("Renamed", "RENAMED")})
    renamed = change(api, renamed, {"name": registry["name"]})  # and back
    renamed = change(api, renamed, {"name": name})
    other = new_registry(api, name=registry["name"])
    why = "it is in the registry that had this slug before"
    api.refused("NotFound", "get_package", other["slug"], package["id"], why=why)
    api.refused("NotFound", "get_registry_token", other["slug"], token["id"], why=why)
    beside = publish(api, other)
    to = {"to": renamed["slug"]}
    copy = thing(api.call("copy_package", other["slug"], beside["id"], params=to))
    found = api.call("get_package", renamed["slug"], str(copy.get("id")))
    same_package(api, found, copy, "a copy in a registry that was renamed")
    gone = new_registry(api)
    api.call("delete_registry", gone["slug"])
    change(api, renamed, {"name": gone["name"]})  # which is free, as nothing has it any more


@flow(settles=[schema_place("Registry", "oidc_policy")])
def update_replaces_the_policy(api: FlowClient) -> None:
    """An OIDC policy is replaced as a whole, kept when it is not sent, and cleared by null."""
    registry = whole_registry(api)
    as_text = yaml.safe_dump(POLICY) + "# a comment\n"
    for policy in (OTHER_POLICY, POLICY, as_text, OTHER_POLICY[1:], None, POLICY, []):
        registry = change(api, registry, {"oidc_policy": policy})
        registry = change(api, registry, {"description": f"with {api.number()}"})


@flow(settles=POLICY_PLACES)
def policy_may_say_all_that_the_spec_lists(api: FlowClient) -> None:
    """An OIDC policy may have every matcher, scope and kind of value that the spec lists."""
    policy = [{"iss": "https://agent.buildkite.com", "scopes": SCOPES, "claims": CLAIMS}]
    registry = new_registry(api, oidc_policy=policy)
    check_policy(api, registry.get("oidc_policy"), policy, "a new registry", schema_place("Registry", "oidc_policy"))
    for scope in SCOPES:
        one = [{"iss": "https://agent.buildkite.com", "scopes": [scope], "claims": CLAIMS}]
        registry = change(api, registry, {"oidc_policy": one})


@flow()
def update_leaves_what_is_fixed(api: FlowClient) -> None:
    """The ecosystem, the id and the addresses of a registry cannot be changed."""
    registry = whole_registry(api, "ruby")
    fixed = {"ecosystem": "debian", "id": "0191df84-85e4-77aa-83ba-6579084728eb", "slug": "other", "public": True}
    # Whether such properties are refused or passed over, the spec leaves open.
    body = {**fixed, "description": registry["description"]}
    answer = api.send("update_registry", registry["slug"], json=body)
    if answer.status == SPEC.operations["update_registry"].success:
        same_registry(api, answer.json, registry, "the answer to an update of fixed things")
    same_registry(
        api, api.call("get_registry", registry["slug"]), registry, "a registry after an update of fixed things"
    )


@flow(settles=[schema_place("RegistryName"), schema_place("OidcPolicyStatement")])
def wrong_updates_are_refused(api: FlowClient) -> None:
    """An update that cannot be right is refused, and changes nothing."""
    taken = new_registry(api)
    registry = whole_registry(api)
    wrong: list[tuple[str, Any]] = [
        ("the slug of its name is taken", {"name": taken["name"]}),
        ("its name has 101 characters", {"name": api.name().ljust(101, "x")}),
        ("its description is a number", {"description": 7}),
        *((why, {"oidc_policy": policy}) for why, policy in WRONG_POLICIES),
    ]
    if api.target.kind == "emulator":
        wrong += [
            ("its name is empty", {"name": ""}),
            ("its name is null", {"name": None}),
            ("its name has neither letter nor digit", {"name": "- -"}),
            ("its name is an array", {"name": ["a"]}),
        ]
    for why, body in wrong:
        # Another change beside the wrong one, which must not be made either.
        whole = {"description": "half an update", **body}
        api.refused("ValidationFailed", "update_registry", registry["slug"], json=whole, why=why)
    same_registry(api, api.call("get_registry", registry["slug"]), registry, "a registry whose updates were refused")
    same_registry(api, api.call("get_registry", taken["slug"]), taken, "the registry whose name was wanted")
