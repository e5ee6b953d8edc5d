"""Changes of answers and of bodies. Those of JSON leave an answer alone unless it is a success with JSON."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from copy import deepcopy
from datetime import datetime
from typing import Any

from scripts.contract.mutants.layer import Call
from scripts.contract.mutants.messages import Answer

Resource = dict[str, Any]


def reshape(answer: Answer, change: Callable[[Any], Any]) -> Answer:
    """Replace the whole JSON by the result of a function."""
    if not answer.ok or answer.json is None:
        return answer
    return answer.with_json(change(deepcopy(answer.json)))


def resources(value: Any) -> list[Resource]:
    """List the resources in JSON: a single one, those of a list, or those of a page."""
    if isinstance(value, dict):
        value = value.get("items", [value])
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def shown(answer: Answer) -> list[Resource]:
    """List the resources that an answer shows; none if it is an error."""
    return resources(answer.json) if answer.ok else []


def each(answer: Answer, change: Callable[[Resource], object]) -> Answer:
    """Change each resource that an answer shows."""

    def change_all(value: Any) -> Any:
        for resource in resources(value):
            change(resource)
        return value

    return reshape(answer, change_all)


def put(answer: Answer, path: str, value: Any) -> Answer:
    """Set a property of each resource, such as ``registry.slug``, to a value or to what a function makes of it.

    A property that is not there is set to a value; a function is not asked.
    """

    def change(resource: Resource) -> None:
        *outer, name = path.split(".")
        for part in outer:
            inner = resource.get(part)
            if not isinstance(inner, dict):
                return
            resource = inner
        if not callable(value):
            resource[name] = value
        elif name in resource:
            resource[name] = value(resource[name])

    return each(answer, change)


def drop(answer: Answer, path: str) -> Answer:
    """Drop a property from each resource."""
    *outer, name = path.split(".")

    def without(value: Any) -> Any:
        return {key: item for key, item in value.items() if key != name} if isinstance(value, dict) else value

    if outer:
        return put(answer, ".".join(outer), without)
    return each(answer, lambda resource: resource.pop(name, None))


def rename(answer: Answer, old: str, new: str) -> Answer:
    """Rename a property of each resource."""

    def change(resource: Resource) -> None:
        if old in resource:
            resource[new] = resource.pop(old)

    return each(answer, change)


def items(answer: Answer, change: Callable[[list[Any]], list[Any]]) -> Answer:
    """Replace the resources of a list or of a page."""

    def change_all(value: Any) -> Any:
        if isinstance(value, list):
            return change(value)
        if isinstance(value, dict) and isinstance(value.get("items"), list):
            return {**value, "items": change(value["items"])}
        return value

    return reshape(answer, change_all)


def status(answer: Answer, instead_of: int, now: int) -> Answer:
    """Replace one status by another."""
    return answer.with_status(now) if answer.status == instead_of else answer


def on(answer: Answer, status: int, change: Callable[..., Answer], *arguments: Any) -> Answer:
    """Change an answer if it has a status."""
    return change(answer, *arguments) if answer.status == status else answer


def already_exists(answer: Answer) -> bool:
    """Return whether a call is refused because the resource already exists."""
    return answer.status == 422 and b"already_exists" in answer.body


def conflict(answer: Answer) -> Answer:
    """Answer 409 if the resource already exists."""
    return answer.with_status(409) if already_exists(answer) else answer


def invented(answer: Answer, value: Any) -> Answer:
    """Answer 200 with a value instead of 404."""
    return answer.with_status(200).with_json(value) if answer.status == 404 else answer


def html(answer: Answer, text: str) -> Answer:
    """Replace the body by an HTML page."""
    page = f"<!DOCTYPE html><html><body><h1>{text}</h1></body></html>"
    return answer.with_body(page.encode(), "text/html; charset=utf-8")


def sent(call: Call) -> Resource:
    """Copy the JSON object that was sent; an empty one if the body is anything else."""
    return dict(call.json) if isinstance(call.json, dict) else {}


def forward_json(call: Call, body: Mapping[str, Any]) -> Answer:
    """Forward a call with another JSON object; unchanged if its body is no JSON object."""
    is_other = isinstance(call.json, dict) and call.json != body
    return call.forward(call.request.with_json(body)) if is_other else call.forward()


def composed(text: str) -> str:
    """Normalize a text to Unicode NFC."""
    return unicodedata.normalize("NFC", text)


def slug_of(name: str) -> str:
    """Derive a registry's slug from its name, as the spec says."""
    return re.sub("[^A-Za-z0-9_-]+", "-", name).strip("-").lower()


def flipped(text: str) -> str:
    """Change the last digit of an ID."""
    return text[:-1] + ("0" if text[-1] != "0" else "1")


def moment(text: str) -> datetime:
    """Parse a time as the API writes it."""
    return datetime.fromisoformat(text)


def deleted(answer: Answer) -> Answer:
    """Turn an answer into the answer to a deletion."""
    return answer.with_status(200).with_body(b"").without_header("Content-Type")
