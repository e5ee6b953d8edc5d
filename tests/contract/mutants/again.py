"""What is done again, or under a name that was in use before; and slugs that are not quite the registry's."""

import re

from scripts.contract.mutants import Answer, Call, mutant, mutants_of, put, sent, shown


def slug_of(name: str) -> str:
    """Make a slug, as the spec has it."""
    return re.sub("[^A-Za-z0-9_-]+", "-", name).strip("-").lower()


@mutant(("update_registry", "delete_registry"), "The name of a registry that was deleted cannot be taken by a rename.")
def update_registry_keeps_names_of_deleted(call: Call) -> Answer:
    if call.operation == "delete_registry":
        answer = call.forward()
        if answer.ok:
            call.memory[call.path["registry_slug"]] = True
        return answer
    name = sent(call).get("name")
    if isinstance(name, str) and slug_of(name) in call.memory and call.scopes:
        return call.forward().error(422, "Validation failed: Name has already been taken")
    return call.forward()


@mutant("update_registry", "A registry cannot have a name again that it had before.")
def update_registry_never_goes_back(call: Call) -> Answer:
    name = sent(call).get("name")
    old = call.path["registry_slug"]
    if isinstance(name, str) and call.scopes and slug_of(name) in call.memory and slug_of(name) != old:
        return Answer((), b"", 422).error(422, "Validation failed: Name has already been taken")
    answer = call.forward()
    if answer.ok:
        call.memory[old] = True
    return answer


@mutant(("copy_package", "update_registry"), "Nothing can be copied to a registry that was renamed.")
def copy_package_misses_renamed(call: Call) -> Answer:
    answer = call.forward()
    if call.operation == "update_registry":
        if answer.ok and answer.json["slug"] != call.path["registry_slug"]:
            call.memory[answer.json["slug"]] = True
    elif answer.ok and call.query["to"] in call.memory:
        call.ask("delete_package", registry_slug=call.query["to"], id=answer.json["id"])
        return answer.error(404, "No destination registry found")
    return answer


@mutant("create_registry_token", "A token of a description that is there already is the one that is there.")
def create_registry_token_finds_the_one_that_is_there(call: Call) -> Answer:
    same = [
        each for each in shown(call.ask("list_registry_tokens")) if each["description"] == sent(call).get("description")
    ]
    answer = call.forward()
    if same and answer.ok:
        call.ask("delete_registry_token", id=answer.json["id"])
        return answer.with_json({**same[0], "token": answer.json["token"]})
    return answer


@mutant("create_registry", "A name is taken where another one differs in _ and - alone.")
def create_registry_mixes_up_dashes(call: Call) -> Answer:
    answer = call.forward()
    if not answer.ok:
        return answer
    slug = answer.json["slug"]
    taken = [each["slug"] for each in shown(call.ask("list_registries")) if each["slug"] != slug]
    if slug.replace("_", "-") in [each.replace("_", "-") for each in taken]:
        call.ask("delete_registry", registry_slug=slug)
        return answer.error(422, "Validation failed: Name has already been taken")
    return answer


def looser(call: Call, slug: str) -> Answer:
    """Look another slug up where there is nothing at the one that was asked for."""
    answer = call.forward()
    if answer.status != 404 or slug == call.path["registry_slug"]:
        return answer
    found = call.ask("get_registry", registry_slug=slug)
    return found if found.ok else answer


GET_REGISTRY = mutants_of(
    "get_registry",
    mixes_up_dashes=(
        "A registry is found with _ in place of -.",
        lambda call: looser(call, call.path["registry_slug"].replace("_", "-")),
    ),
    strips_slugs=(
        "A registry is found with blanks around its slug.",
        lambda call: looser(call, call.path["registry_slug"].strip()),
    ),
    finds_names=("A registry is found by its name.", lambda call: looser(call, slug_of(call.path["registry_slug"]))),
)


@mutant("get_registry", "A registry is found by its ID.")
def get_registry_finds_ids(call: Call) -> Answer:
    rows = shown(call.ask("list_registries"))
    slugs = {each["id"]: each["slug"] for each in rows}
    return looser(call, slugs.get(call.path["registry_slug"], call.path["registry_slug"]))


@mutant("get_registry", "A registry is found by the beginning of its slug.")
def get_registry_finds_beginnings(call: Call) -> Answer:
    asked = call.path["registry_slug"]
    rows = [each["slug"] for each in shown(call.ask("list_registries"))] if len(asked) > 8 else []
    return looser(call, next((slug for slug in rows if slug.startswith(asked)), asked))


@mutant("get_package", "A package is found by its name.")
def get_package_finds_names(call: Call) -> Answer:
    answer = call.forward()
    if answer.status != 404:
        return answer
    found = shown(call.ask("list_packages", query={"name": call.path["id"]}))
    return call.ask("get_package", id=found[0]["id"]) if found else answer


@mutant(
    ("get_package", "update_registry"), "A package is found at the old slug of its registry, once that is another's."
)
def get_package_follows_old_slugs(call: Call) -> Answer:
    answer = call.forward()
    if call.operation == "update_registry":
        if answer.ok and answer.json["slug"] != call.path["registry_slug"]:
            call.memory[call.path["registry_slug"]] = answer.json["slug"]
        return answer
    new = call.memory.get(call.path["registry_slug"])
    if answer.status == 404 and new and call.ask("get_registry").ok:
        found = call.ask("get_package", registry_slug=new)
        return found if found.ok else answer
    return answer


@mutant("list_packages", "The version of the newest package is that of the one before it.")
def list_packages_shifts_a_version(call: Call) -> Answer:
    rows = shown(call.forward())
    return put(call.forward(), "version", rows[1]["version"]) if len(rows) == 2 else call.forward()
