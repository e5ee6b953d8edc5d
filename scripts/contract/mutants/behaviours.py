"""Behaviours that the mutants of several resources share, and helpers that take the call."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from scripts.contract.mutants.changes import deleted, items, put, shown
from scripts.contract.mutants.layer import Behaviour, Call
from scripts.contract.mutants.messages import Answer


def count(call: Call) -> int:
    """Count the calls that reach a mutant, from 1."""
    number: int = call.memory.get("count", 0) + 1
    call.memory["count"] = number
    return number


def slugs(call: Call) -> list[str]:
    """List the slugs of the organization's registries."""
    return [each["slug"] for each in shown(call.ask("list_registries"))]


def take_back(call: Call, answer: Answer) -> None:
    """Delete what a call created."""
    made = answer.json
    if call.operation == "create_registry":
        call.ask("delete_registry", registry_slug=made["slug"])
    elif call.operation == "create_registry_token":
        call.ask("delete_registry_token", id=made["id"])
    else:
        call.ask("delete_package", registry_slug=made["registry"]["slug"], id=made["id"])


def undone(call: Call, answer: Answer, why: str) -> Answer:
    """Delete what a call created, and refuse the call."""
    take_back(call, answer)
    return answer.error(422, f"Validation failed: {why}")


def afterwards(effect: Callable[[Call, Answer], object]) -> Behaviour:
    """Return a behaviour with a side effect after each call that succeeds; the answer stays the true one."""

    def behaviour(call: Call) -> Answer:
        answer = call.forward()
        if answer.ok:
            effect(call, answer)
        return answer

    return behaviour


def changed_time(call: Call) -> Answer:
    """Show another time of creation in each answer."""
    number = count(call)
    return put(call.forward(), "created_at", lambda value: f"{value[:14]}{number % 60:02}:00.000Z")


def first_value(call: Call, names: Iterable[str]) -> Answer:
    """Repeat the values that properties had in the first answer."""
    answer = call.forward()
    for name in names:
        answer = put(answer, name, lambda value, name=name: call.memory.setdefault(name, value))
    return answer


def old_state(call: Call, get: str) -> Answer:
    """Answer an update with the state before it, as the operation `get` shows it."""
    before, answer = call.ask(get), call.forward()
    return answer.with_json(before.json) if answer.ok else answer


def elsewhere(call: Call) -> Answer:
    """Look in the organization's other registries for what the call's registry does not have."""
    answer = call.forward()
    if answer.status == 404 and call.ask("get_registry").ok:
        for slug in slugs(call):
            found = call.ask(call.operation, registry_slug=slug)
            if found.ok:
                return found
    return answer


def shown_after_deletion(call: Call, get: str) -> Answer:
    """Show deleted resources still; the mutant's operations are `get` and the one that deletes."""
    place = tuple(call.path.values())
    found = call.ask(get) if call.operation != get else None
    answer = call.forward()
    if found is None:
        return call.memory.get(place, answer) if answer.status == 404 else answer
    if answer.ok and found.ok:
        call.memory[place] = found
    return answer


def listed_after_deletion(call: Call, list_: str, query: Mapping[str, object] | None = None) -> Answer:
    """List deleted resources still; the mutant's operations are `list_` and the one that deletes."""
    *parent, last = call.path.values()
    if call.operation == list_:
        return items(call.forward(), lambda all_: all_ + call.memory.get((*parent, last), []))
    gone = [each for each in shown(call.ask(list_, query=query)) if last in (each["id"], each.get("slug"))]
    answer = call.forward()
    if answer.ok:
        call.memory.setdefault(tuple(parent), []).extend(gone)
    return answer


def pretended_deletion(call: Call, get: str) -> Answer:
    """Answer a deletion without doing it, if the token allows it and the operation `get` finds the resource."""
    if not call.ask(get).ok:
        return call.forward()
    parent = call.request.path.rstrip("/").rpartition("/")[0]
    refused = call.forward(replace(call.request, path=f"{parent}/00000000-0000-7000-8000-000000000000"))
    return deleted(refused) if refused.status == 404 else refused
