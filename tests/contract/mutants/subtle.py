"""Mutants that are wrong everywhere in the same way, or long after the call that caused it."""

import re

from scripts.contract.mutants import *
from tests.contract.mutants import PACKAGES, TOKENS
from tests.contract.mutants.values import texts

IMAGES = ("container", "helm_oci", "huggingface")


@mutant(("delete_package", "publish_package"), "A package that was deleted can never be published again.")
def delete_package_keeps_the_name_taken(call: Call) -> Answer:
    found = call.ask("get_package") if call.operation == "delete_package" else None
    answer = call.forward()
    package = found.json if found else answer.json
    if not answer.ok or not isinstance(package, dict):
        return answer
    what = (call.path["registry_slug"], package.get("name"), package.get("version"), package.get("variant"))
    if call.operation == "delete_package":
        call.memory[what] = True
    elif what in call.memory:
        return undone(call, answer, "it was published before")
    return answer


@mutant("copy_package", "A copy cannot be copied on.")
def copy_package_refuses_copies(call: Call) -> Answer:
    answer = call.forward()
    if answer.ok and call.path["id"] in call.memory:
        return undone(call, answer, "it is a copy")
    if answer.ok:
        call.memory[answer.json["id"]] = True
    return answer


@mutant(("get_package", "update_registry"), "The addresses of a package keep the old name of a renamed registry.")
def get_package_keeps_the_old_slug(call: Call) -> Answer:
    answer, new = call.forward(), call.path["registry_slug"]
    if call.operation == "get_package":
        old = call.memory.get(new, new)
        return put(answer, "url", lambda value: value.replace(f"/{new}/", f"/{old}/"))
    if answer.ok and answer.json["slug"] != new:
        call.memory[answer.json["slug"]] = new
    return answer


@mutant(PACKAGES, "The organization of a package has another ID than that of a registry token.")
def get_package_has_another_organization_id(call: Call) -> Answer:
    return put(call.forward(), "organization.id", flipped)


@mutant(PACKAGES, "The registry of a package has another ID than the registry itself.")
def get_package_has_another_registry_id(call: Call) -> Answer:
    return put(call.forward(), "registry.id", flipped)


@mutant(PACKAGES, "Of the time of publication only the day is told.")
def list_packages_tells_days(call: Call) -> Answer:
    return put(call.forward(), "created_at", lambda value: f"{value[:10]}T00:00:00Z")


@mutant(TOKENS, "Of the time of a token's creation only the day is told.")
def list_registry_tokens_tells_days(call: Call) -> Answer:
    return put(call.forward(), "created_at", lambda value: f"{value[:10]}T00:00:00Z")


def escaped(text: str) -> str:
    """Escape a text for HTML."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def without_emoji(text: str) -> str:
    """Replace emoji by question marks."""
    return "".join("?" if ord(letter) > 0xFFFF else letter for letter in text)


TEXTS = mutants_by_name(
    create_registry_normalizes_descriptions=sending(texts, composed),
    update_registry_escapes_descriptions=sending(texts, escaped),
    update_registry_token_joins_lines=sending(texts, lambda text: re.sub(r"\s*[\r\n]+\s*", " ", text)),
    create_registry_token_loses_emoji=sending(texts, without_emoji),
    list_registry_tokens_ends_after_thirty=changed(items, lambda all_: all_[:30]),
)


@mutant("publish_package", "Publishing a file to a registry of images is accepted.")
def publish_package_accepts_files_for_images(call: Call) -> Answer:
    answer = call.forward()
    if answer.ok:
        call.memory["last"] = answer
    registry = call.ask("get_registry")
    is_of_images = registry.ok and registry.json["ecosystem"] in IMAGES
    return call.memory.get("last", answer) if is_of_images and answer.status == 422 else answer


@mutant("get_registry", "The description of a registry is the one that it was created with.")
def get_registry_is_stale(call: Call) -> Answer:
    return each(
        call.forward(),
        lambda found: found.update(description=call.memory.setdefault(found["id"], found["description"])),
    )
