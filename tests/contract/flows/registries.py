"""Registries: made, looked up, listed, deleted."""

import re
from typing import Any
from urllib.parse import quote

import yaml

from scripts.contract.checks.differences import identical
from scripts.contract.flows.builders import (
    KEPT_TEXTS,
    OTHER_POLICY,
    POLICY,
    UNKNOWN_ID,
    WRONG_POLICIES,
    Thing,
    check_origin,
    listed,
    more_than_a_page,
    new_registry,
    new_token,
    nothing_at,
    owned,
    path_of,
    publish,
    same_registry,
    thing,
    things,
)
from scripts.contract.flows.flow import flow
from scripts.contract.flows.flow_client import (
    SPEC,
    FlowClient,
    described,
    ecosystem_place,
    operation_place,
    schema_place,
)
from scripts.contract.flows.sample_values import LONG, ODD

NAMES = (
    "My Registry",
    "A.B_c-d",
    "two  spaces",
    " -edges- ",
    "Ünïcode 7",
    "e\u0301 \u00e9 \ufb01",
    "100% sure?",
    "UPPER",
    "under_score",
    "1",
)
"""What a slug is made of, in the name of a registry."""


def slug_of(name: str) -> str:
    """Make the slug of a name, as the spec describes it."""
    return re.sub("[^A-Za-z0-9_-]+", "-", name).strip("-").lower()


def read_policy(text: Any) -> Any:
    """Read a policy that an answer shows; a text that is no YAML stands for itself."""
    try:
        return yaml.safe_load(text) if isinstance(text, str) else text
    except yaml.YAMLError:
        return text


def check_policy(api: FlowClient, received: Any, sent: Any, what: str, place: str) -> None:
    """See that an answer has the policy that was sent: YAML as it was, JSON as YAML."""
    if isinstance(sent, str):
        api.same(received, sent, f"the policy of {what}, as it was sent", place)
    else:
        is_text = sent is None or isinstance(received, str)
        api.true(is_text, f"the policy of {what} as YAML", received, place)
        api.same(read_policy(received), sent, f"the statements of the policy of {what}", place)


def expect_registry(api: FlowClient, received: Any, sent: dict[str, Any], what: str) -> None:
    """See that an answer shows what was sent, and for the rest what a new registry has."""
    received = thing(received)
    wanted = {name: sent.get(name) for name in ("name", "ecosystem", "description", "emoji", "color")}
    wanted |= {"slug": slug_of(sent["name"]), "public": False}
    for name, value in wanted.items():
        api.same(received.get(name), value, f"the {name} of {what}", schema_place("Registry", name))
    check_policy(
        api, received.get("oidc_policy"), sent.get("oidc_policy"), what, schema_place("Registry", "oidc_policy")
    )
    teams = schema_place("Registry", "team_ids")
    api.same(received.get("team_ids"), sent.get("team_ids", []), f"the teams of {what}", teams)
    check_origin(api, received, schema_place("Registry", "url"))


@flow(
    settles=[
        schema_place("Registry", "slug"),
        schema_place("Registry", "oidc_policy"),
        KEPT_TEXTS,
        "An OIDC policy comes back as it was sent, if that was YAML, and else as YAML that says the same.",
    ]
)
def registry_is_created_as_sent(api: FlowClient) -> None:
    """A registry is created with what was sent, and is found and listed so."""
    bodies: list[dict[str, Any]] = [
        {"ecosystem": "ruby"},
        {"ecosystem": "ruby", "description": "for gems", "emoji": ":sunflower:", "color": "#f0ccff"},
        {"ecosystem": "debian", "description": None, "emoji": None, "oidc_policy": None},
        {"ecosystem": "python", "color": "#abc", "oidc_policy": POLICY},
        {"ecosystem": "redhat", "oidc_policy": OTHER_POLICY},
        {"ecosystem": "helm", "oidc_policy": []},
        {"ecosystem": "java", "description": "", "color": "#F0CcFf", "team_ids": []},
        {"ecosystem": "javascript", "description": LONG},
        *({"ecosystem": "nuget", "description": text, "emoji": text} for text in ODD),
        {
            "ecosystem": "files",
            "oidc_policy": yaml.safe_dump(OTHER_POLICY),
            "emoji": "🌻",
            "description": "ünï 'quoted' ",
        },
    ]
    if api.target.kind == "emulator":  # elsewhere a team would have to exist
        teams = SPEC.schema("RegistryCreate")["properties"]["team_ids"]["examples"][0]
        bodies += [{"ecosystem": "ruby", "team_ids": each} for each in (teams, [*teams, UNKNOWN_ID])]
    made = []
    for properties in bodies:
        body = {"name": api.name(), **properties}
        created = thing(api.call("create_registry", json=body))
        expect_registry(api, created, body, "a registry that was created")
        made.append(created)
        same_registry(api, api.call("get_registry", created["slug"]), created, "a registry that is looked up")
        same_registry(
            api, api.follow("get_registry", path_of(created["url"])), created, "what a registry's url leads to"
        )
    rows = expect_listed(api, made)
    for name in ("id", "graphql_id", "slug"):
        values = [each.get(name) for each in rows]
        is_unique = len({str(each) for each in values}) == len(values)
        api.true(is_unique, f"every registry with another {name}", values, schema_place("Registry", name))


def expect_listed(api: FlowClient, made: list[Thing]) -> list[Thing]:
    """See that the list has each of these registries once, as it is; gives the whole list."""
    rows = things(api.call("list_registries"))
    for created in made:
        shown = [each for each in rows if each.get("id") == created["id"]]
        api.true(len(shown) == 1, f"{created['slug']} once in the list", len(shown), operation_place("list_registries"))
        if shown:
            same_registry(api, shown[0], created, "a registry in the list")
    return rows


@flow(settles=[schema_place("Ecosystem"), *map(ecosystem_place, range(len(SPEC.ecosystems)))])
def registry_has_any_known_ecosystem(api: FlowClient) -> None:
    """A registry can be made for each ecosystem that the spec lists, and shows it."""
    made = []
    for number, ecosystem in enumerate(SPEC.ecosystems):
        body = {"name": api.name(ecosystem.replace("_", " ")), "ecosystem": ecosystem}
        answer, place = api.send("create_registry", json=body), ecosystem_place(number)
        if answer.status != SPEC.operations["create_registry"].success:
            api.found("success", f"a registry for {ecosystem}", described(answer), place)
            continue
        api.saw(place)
        created = answer.json
        expect_registry(api, created, body, f"a registry for {ecosystem}")
        made.append(thing(created))
        api.refused("ValidationFailed", "create_registry", json=body, why=f"its name is taken, in {ecosystem} too")
    expect_listed(api, made)
    for created in made:
        slug, ecosystem = created["slug"], created["ecosystem"]
        updated = api.call("update_registry", slug, json={"description": "other"})
        expected = {**created, "description": "other"}
        same_registry(api, updated, expected, f"an updated registry for {ecosystem}, but for its description")
        row = things(api.call("list_registry_tokens", slug))
        api.same(row, [], f"the tokens of a new registry for {ecosystem}", operation_place("list_registry_tokens"))
        token = new_token(api, created)
        place = schema_place("RegistryTokenRegistry", "slug")
        api.same(thing(token.get("registry")).get("slug"), slug, f"the registry of a token for {ecosystem}", place)
        api.call("delete_registry", slug)
        api.refused("NotFound", "get_registry", slug, why="the registry is deleted")


@flow(settles=[schema_place("Registry", "slug"), schema_place("RegistryName")])
def slug_follows_from_name(api: FlowClient) -> None:
    """The slug of a registry follows from its name, which stays as it was sent."""
    for name in (*NAMES, "x" * 200):
        whole = f"{api.name()} {name}"[:100]
        created = api.call("create_registry", json={"name": whole, "ecosystem": "ruby"})
        expect_registry(api, created, {"name": whole, "ecosystem": "ruby"}, f"a registry named {whole!r}")
        same_registry(api, api.call("get_registry", slug_of(whole)), thing(created), "the registry at this slug")


@flow(settles=[schema_place("Registry", "slug")])
def slugs_are_told_apart(api: FlowClient) -> None:
    """Registries whose slugs differ in a sign are others, and what is nearly a slug leads nowhere."""
    name = f"{api.name()} a"
    made = [new_registry(api, name=f"{name}{sign}b") for sign in ("-", "_", "--", "__", "-_")]
    made.append(new_registry(api, name=name))
    for registry in made:
        found = api.call("get_registry", registry["slug"])
        same_registry(api, found, registry, "a registry beside one of nearly the same slug")
    expect_listed(api, made)
    slug = made[0]["slug"]
    near = [slug[:-1], f"{slug}b", slug.replace("-", "_"), slug.replace("-", " "), made[0]["name"], made[0]["id"]]
    near += [f" {slug}", f"{slug} ", f"{slug}-", f"-{slug}", f"{slug}.", slug[1:], f"{slug[:-1]}_", f"{slug[:-1]}%"]
    near += [f"{slug[:-1]}*", f"{slug}\u0301", slug.replace("a", "\u00e4"), f"{slug}\0", f"{slug}?"]
    if api.target.kind != "emulator":  # elsewhere nobody says that no other registry is near, or that an ID is no slug
        near = near[:3]
    for other in near:
        api.refused("NotFound", "get_registry", quote(other, safe=""), why=f"no registry has the slug {other!r}")
    package = publish(api, made[0])
    for other in (package["name"], f"{package['id']} ", package["id"][:-1]):
        why = f"no package has the id {other!r}"
        api.refused("NotFound", "get_package", slug, quote(other, safe=""), why=why)


@flow(settles=[schema_place("RegistryName")])
def registry_names_are_unique(api: FlowClient) -> None:
    """A name whose slug is taken is refused, and the registry that has it stays as it is."""
    first = new_registry(api, "ruby", description="first")
    count = len(owned(api, api.call("list_registries")))
    for name in (
        first["name"],
        f"{first['name']}.",
        first["name"].replace(" ", "  "),
        first["name"].replace(" ", "! "),
        api.target.prefix + first["name"].removeprefix(api.target.prefix).upper(),
    ):
        for ecosystem in ("ruby", "debian"):
            body = {"name": name, "ecosystem": ecosystem, "description": "second"}
            api.refused("ValidationFailed", "create_registry", json=body, why="the slug of its name is taken")
    same_registry(api, api.call("get_registry", first["slug"]), first, "the registry that was there")
    now = len(owned(api, api.call("list_registries")))
    api.same(now, count, "the number of registries after the refusal", operation_place("create_registry"))


@flow(
    settles=[schema_place("RegistryName"), schema_place("OidcPolicyStatement"), schema_place("RegistryCreate", "color")]
)
def wrong_registries_are_refused(api: FlowClient) -> None:
    """A registry that cannot be right is refused, and none is made."""
    before = [each.get("id") for each in owned(api, api.call("list_registries"))]
    name = api.name()
    wrong: list[tuple[str, Any]] = [
        ("it has no ecosystem", {"name": name}),
        ("its ecosystem is null", {"name": name, "ecosystem": None}),
        ("its ecosystem is a number", {"name": name, "ecosystem": 7}),
        ("nobody knows its ecosystem", {"name": name, "ecosystem": "no such ecosystem"}),
        ("its ecosystem is in upper case", {"name": name, "ecosystem": "RUBY"}),
        ("its description is a number", {"description": 7}),
        ("its emoji is an object", {"emoji": {}}),
        ("its colour is a word", {"color": "red"}),
        ("its colour lacks a digit", {"color": "#f0ccf"}),
        ("its colour is no hexadecimal number", {"color": "#gggggg"}),
        ("its teams are no array", {"team_ids": "a"}),
        *((why, {"oidc_policy": policy}) for why, policy in WRONG_POLICIES),
    ]
    for why, change in wrong:
        body = change if "name" in change else {"name": name, "ecosystem": "ruby", **change}
        api.refused("ValidationFailed", "create_registry", json=body, why=why)
    longest = SPEC.schema("RegistryName")["maxLength"]
    body = {"name": name.ljust(longest + 1, "x"), "ecosystem": "ruby"}
    api.refused("ValidationFailed", "create_registry", json=body, why=f"its name has {longest + 1} characters")
    if api.target.kind == "emulator":  # elsewhere nothing is sent that might make a registry that nobody finds again
        for why, nameless in (
            ("it has no name", {"ecosystem": "ruby"}),
            ("its name is null", {"name": None, "ecosystem": "ruby"}),
            ("its name is empty", {"name": "", "ecosystem": "ruby"}),
            ("its name has neither letter nor digit", {"name": "- _ -", "ecosystem": "ruby"}),
            ("its name is a number", {"name": 7, "ecosystem": "ruby"}),
            ("it is no object", ["name", "ecosystem"]),
        ):
            api.refused("ValidationFailed", "create_registry", json=nameless, why=why)
    headers = {"Content-Type": "application/json"}
    for content in (b"", b"{", b"\xff"):
        api.refused("ValidationFailed", "create_registry", content=content, headers=headers, why="it is no JSON")
    after = [each.get("id") for each in owned(api, api.call("list_registries"))]
    api.same(after, before, "the registries after the refusals", operation_place("create_registry", "responses", "422"))
    # What is not wrong: a property that nobody knows, and a name that is as long as it may be.
    known = {"name": name.ljust(longest, "x"), "ecosystem": "ruby", "unheard_of": 1}
    expect_registry(api, api.call("create_registry", json=known), known, "a registry with the longest name")


@flow()
def registry_is_deleted(api: FlowClient) -> None:
    """A registry that is deleted is gone with its packages and tokens, and no other is."""
    kept, gone = new_registry(api), new_registry(api)
    for registry in (kept, gone):
        publish(api, registry)
    tokens = {registry["slug"]: new_token(api, registry) for registry in (kept, gone)}
    (package,) = listed(api, gone)[:1] or [{}]
    others = owned(api, api.call("list_registries"))
    api.call("delete_registry", gone["slug"])
    left = owned(api, api.call("list_registries"))
    expected = [each for each in others if each.get("id") != gone["id"]]
    is_same = identical(left, expected)
    api.true(is_same, "all other registries in the list, as before", left, operation_place("delete_registry"))
    nothing_at(api, gone["slug"], str(package.get("id")), tokens[gone["slug"]]["id"], "the registry is deleted")
    for other_id, operation in ((package.get("id"), "get_package"), (tokens[gone["slug"]]["id"], "get_registry_token")):
        api.refused("NotFound", operation, kept["slug"], str(other_id), why="it was of a registry that is deleted")
    same_registry(api, api.call("get_registry", kept["slug"]), kept, "another registry")
    place = operation_place("delete_registry")
    api.same(len(listed(api, kept)), 1, "the number of packages in another registry", place)
    kept_tokens = [each.get("id") for each in things(api.call("list_registry_tokens", kept["slug"]))]
    api.same(kept_tokens, [tokens[kept["slug"]]["id"]], "the tokens of another registry", place)
    again = thing(api.call("create_registry", json={"name": gone["name"], "ecosystem": "files"}))
    expect_registry(api, again, {"name": gone["name"], "ecosystem": "files"}, "a registry made anew under the name")
    is_other = again.get("id") != gone["id"] and again.get("graphql_id") != gone["graphql_id"]
    api.true(
        is_other, "another id than the registry had that was deleted", again.get("id"), schema_place("Registry", "id")
    )
    api.same(listed(api, again), [], "the packages of a registry made anew", place)
    fresh_tokens = api.call("list_registry_tokens", again["slug"])
    api.same(fresh_tokens, [], "the tokens of a registry made anew", place)


@flow()
def every_registry_is_listed(api: FlowClient) -> None:
    """The list of registries has all of them, however many there are."""
    expect_listed(api, [new_registry(api) for _ in range(more_than_a_page(api))])
