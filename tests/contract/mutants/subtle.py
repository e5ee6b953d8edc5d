"""What is wrong in the same way everywhere, or long after what brought it about."""

import re
import unicodedata
from typing import Any

from scripts.contract.mutants import Answer, Call, each, forward_json, items, mutant, put, sent

PACKAGES = ("publish_package", "list_packages", "get_package", "copy_package")
TOKENS = ("create_registry_token", "list_registry_tokens", "get_registry_token", "update_registry_token")


def flipped(text: str) -> str:
    """Change the last digit of an ID."""
    return text[:-1] + ("0" if text[-1] != "0" else "1")


def respelt(call: Call, respell: Any) -> Answer:
    """Forward a body whose description is spelt in another way."""
    description = sent(call).get("description")
    if not isinstance(description, str):
        return call.forward()
    return forward_json(call, {**sent(call), "description": respell(description)})


@mutant("list_registry_tokens", "The list ends after thirty tokens.")
def list_registry_tokens_ends_after_thirty(call: Call) -> Answer:
    return items(call.forward(), lambda all_: all_[:30])


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
        call.ask("delete_package", id=answer.json["id"])
        return answer.error(422, "Validation failed: it was published before")
    return answer


@mutant("copy_package", "A copy cannot be copied on.")
def copy_package_refuses_copies(call: Call) -> Answer:
    answer = call.forward()
    if answer.ok and call.path["id"] in call.memory:
        call.ask("delete_package", registry_slug=call.query["to"], id=answer.json["id"])
        return answer.error(422, "Validation failed: it is a copy")
    if answer.ok:
        call.memory[answer.json["id"]] = True
    return answer


@mutant(("get_package", "update_registry"), "The addresses of a package keep the old name of a renamed registry.")
def get_package_keeps_the_old_slug(call: Call) -> Answer:
    answer = call.forward()
    if call.operation == "update_registry":
        if answer.ok and answer.json["slug"] != call.path["registry_slug"]:
            call.memory[answer.json["slug"]] = call.path["registry_slug"]
        return answer
    old, new = call.memory.get(call.path["registry_slug"]), call.path["registry_slug"]
    if not old:
        return answer
    return put(answer, "url", lambda value: value.replace(f"/{new}/", f"/{old}/"))


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


@mutant("create_registry", "A description is kept in another Unicode form.")
def create_registry_normalizes_descriptions(call: Call) -> Answer:
    return respelt(call, lambda text: unicodedata.normalize("NFC", text))


@mutant("update_registry", "An ampersand or an angle bracket in a description is kept as HTML has it.")
def update_registry_escapes_descriptions(call: Call) -> Answer:
    return respelt(call, lambda text: text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))


@mutant("update_registry_token", "Line ends in a description are lost.")
def update_registry_token_joins_lines(call: Call) -> Answer:
    return respelt(call, lambda text: re.sub(r"\s*[\r\n]+\s*", " ", text))


@mutant("create_registry_token", "An emoji in a description becomes a question mark.")
def create_registry_token_loses_emoji(call: Call) -> Answer:
    return respelt(call, lambda text: "".join("?" if ord(letter) > 0xFFFF else letter for letter in text))


@mutant("publish_package", "Publishing a file to a registry of images is accepted.")
def publish_package_accepts_files_for_images(call: Call) -> Answer:
    answer = call.forward()
    if answer.ok:
        call.memory["last"] = answer
    registry = call.ask("get_registry")
    is_of_images = registry.ok and registry.json["ecosystem"] in ("container", "helm_oci", "huggingface")
    return call.memory.get("last", answer) if is_of_images and answer.status == 422 else answer


@mutant("get_registry", "The description of a registry is the one that it was created with.")
def get_registry_is_stale(call: Call) -> Answer:
    answer = call.forward()
    return each(
        answer, lambda found: found.update(description=call.memory.setdefault(found["id"], found["description"]))
    )
