"""Answers to calls that the mutants of several resources share. Each takes the call, and can be a row's behaviour."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from scripts.contract.mutants.changes import deleted, items, put, shown
from scripts.contract.mutants.layer import Behaviour, Call
from scripts.contract.mutants.messages import Answer


def count(call: Call) -> int:
    """Count the calls that come to a mutant; 1 for the first."""
    number: int = call.memory.get("count", 0) + 1
    call.memory["count"] = number
    return number


def slugs(call: Call) -> list[str]:
    """List the slugs of the organization's registries."""
    return [each["slug"] for each in shown(call.ask("list_registries"))]


def take_back(call: Call, answer: Answer) -> None:
    """Delete what a call made, as its answer shows it."""
    made = answer.json
    if call.operation == "create_registry":
        call.ask("delete_registry", registry_slug=made["slug"])
    elif call.operation == "create_registry_token":
        call.ask("delete_registry_token", id=made["id"])
    else:
        call.ask("delete_package", registry_slug=made["registry"]["slug"], id=made["id"])


def undone(call: Call, answer: Answer, why: str) -> Answer:
    """Delete what a call made, and refuse the call."""
    take_back(call, answer)
    return answer.error(422, f"Validation failed: {why}")


def afterwards(effect: Callable[[Call, Answer], object]) -> Behaviour:
    """Make what does something besides after a call that succeeded, which its answer does not show."""

    def answer(call: Call) -> Answer:
        true = call.forward()
        if true.ok:
            effect(call, true)
        return true

    return answer


def changed_time(call: Call) -> Answer:
    """Show another time of creation each time."""
    number = count(call)
    return put(call.forward(), "created_at", lambda value: f"{value[:14]}{number % 60:02}:00.000Z")


def first_value(call: Call, names: Iterable[str]) -> Answer:
    """Show properties with the values that they had in the first answer."""
    answer = call.forward()
    for name in names:
        answer = put(answer, name, lambda value, name=name: call.memory.setdefault(name, value))
    return answer


def old_state(call: Call, get: str) -> Answer:
    """Answer an update with the resource as it was before, which an operation gets."""
    before, answer = call.ask(get), call.forward()
    return answer.with_json(before.json) if answer.ok else answer


def elsewhere(call: Call) -> Answer:
    """Look in the organization's other registries for what the registry of the call does not have."""
    answer = call.forward()
    if answer.status == 404 and call.ask("get_registry").ok:
        for slug in slugs(call):
            found = call.ask(call.operation, registry_slug=slug)
            if found.ok:
                return found
    return answer


def shown_after_deletion(call: Call, get: str) -> Answer:
    """Show a resource after it was deleted; the calls are those of the operation that gets one and of its deletion."""
    place = tuple(call.path.values())
    found = call.ask(get) if call.operation != get else None
    answer = call.forward()
    if found is None:
        return call.memory.get(place, answer) if answer.status == 404 else answer
    if answer.ok and found.ok:
        call.memory[place] = found
    return answer


def listed_after_deletion(call: Call, list_: str, query: Mapping[str, object] | None = None) -> Answer:
    """List resources after they were deleted; the calls are those of the operation that lists them and of deletions."""
    *parent, last = call.path.values()
    if call.operation == list_:
        return items(call.forward(), lambda all_: all_ + call.memory.get((*parent, last), []))
    gone = [each for each in shown(call.ask(list_, query=query)) if last in (each["id"], each.get("slug"))]
    answer = call.forward()
    if answer.ok:
        call.memory.setdefault(tuple(parent), []).extend(gone)
    return answer


def pretended_deletion(call: Call, get: str) -> Answer:
    """Answer a deletion as if it had been done, where the token is good for one and an operation gets the resource."""
    if not call.ask(get).ok:
        return call.forward()
    parent = call.request.path.rstrip("/").rpartition("/")[0]
    refused = call.forward(replace(call.request, path=f"{parent}/00000000-0000-7000-8000-000000000000"))
    return deleted(refused) if refused.status == 404 else refused
