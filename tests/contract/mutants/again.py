"""Mutants that repeat an operation, reuse a name, or accept a slug that is only similar."""

from scripts.contract.mutants import *

TAKEN = "Validation failed: Name has already been taken"


@mutant(("update_registry", "delete_registry"), "The name of a registry that was deleted cannot be taken by a rename.")
def update_registry_keeps_names_of_deleted(call: Call) -> Answer:
    answer, name = call.forward(), sent(call).get("name")
    if call.operation == "delete_registry":
        if answer.ok:
            call.memory[call.path["registry_slug"]] = True
        return answer
    is_taken = isinstance(name, str) and slug_of(name) in call.memory and call.scopes
    return answer.error(422, TAKEN) if is_taken else answer


@mutant("update_registry", "A registry cannot have a name again that it had before.")
def update_registry_never_goes_back(call: Call) -> Answer:
    name, old = sent(call).get("name"), call.path["registry_slug"]
    if isinstance(name, str) and call.scopes and slug_of(name) in call.memory and slug_of(name) != old:
        return Answer((), b"", 422).error(422, TAKEN)
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
        take_back(call, answer)
        return answer.error(404, "No destination registry found")
    return answer


@mutant("create_registry_token", "A token of a description that is there already is the one that is there.")
def create_registry_token_finds_the_one_that_is_there(call: Call) -> Answer:
    there = {each["description"]: each for each in reversed(shown(call.ask("list_registry_tokens")))}
    answer = call.forward()
    same = there.get(answer.json["description"]) if answer.ok else None
    if same is None:
        return answer
    take_back(call, answer)
    return answer.with_json({**same, "token": answer.json["token"]})


@mutant("create_registry", "A name is taken where another one differs in _ and - alone.")
def create_registry_mixes_up_dashes(call: Call) -> Answer:
    answer = call.forward()
    if not answer.ok:
        return answer
    slug = answer.json["slug"]
    if slug.replace("_", "-") in [each.replace("_", "-") for each in slugs(call) if each != slug]:
        take_back(call, answer)
        return answer.error(422, TAKEN)
    return answer


def looser(call: Call, slug: str) -> Answer:
    """Try another slug if the requested one is not found."""
    answer = call.forward()
    if answer.status != 404 or slug == call.path["registry_slug"]:
        return answer
    found = call.ask("get_registry", registry_slug=slug)
    return found if found.ok else answer


GET_REGISTRY = mutants_of(
    "get_registry",
    mixes_up_dashes=lambda call: looser(call, call.path["registry_slug"].replace("_", "-")),
    strips_slugs=lambda call: looser(call, call.path["registry_slug"].strip()),
    finds_names=lambda call: looser(call, slug_of(call.path["registry_slug"])),
)


@mutant("get_registry", "A registry is found by its ID.")
def get_registry_finds_ids(call: Call) -> Answer:
    asked = call.path["registry_slug"]
    slug_by_id = {each["id"]: each["slug"] for each in shown(call.ask("list_registries"))}
    return looser(call, slug_by_id.get(asked, asked))


@mutant("get_registry", "A registry is found by the beginning of its slug.")
def get_registry_finds_beginnings(call: Call) -> Answer:
    asked = call.path["registry_slug"]
    rows = slugs(call) if len(asked) > 8 else []
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
    answer, old = call.forward(), call.path["registry_slug"]
    if call.operation == "update_registry":
        if answer.ok and answer.json["slug"] != old:
            call.memory[old] = answer.json["slug"]
    elif answer.status == 404 and old in call.memory and call.ask("get_registry").ok:
        found = call.ask("get_package", registry_slug=call.memory[old])
        return found if found.ok else answer
    return answer


@mutant("list_packages", "The version of the newest package is that of the one before it.")
def list_packages_shifts_a_version(call: Call) -> Answer:
    answer = call.forward()
    rows = shown(answer)
    return put(answer, "version", rows[1]["version"]) if len(rows) == 2 else answer
