"""Values of a document together with where they stand in it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from scripts.spec.bundle import Pointer


@dataclass(frozen=True)
class Node:
    """A value in a bundled document.

    Attributes:
        document: the whole document.
        pointer: where the value stands in it.
        value: the value.
    """

    document: dict[str, Any]
    pointer: Pointer
    value: Any

    def __contains__(self, key: str) -> bool:
        return isinstance(self.value, dict) and key in self.value

    def get(self, key: str | int, default: Any = None) -> "Node":
        """Give what is below a key; its value is the default where there is nothing."""
        if isinstance(self.value, list) and isinstance(key, int):
            return Node(self.document, (*self.pointer, key), self.value[key])
        value = self.value.get(key, default) if isinstance(self.value, dict) else default
        return Node(self.document, (*self.pointer, key), value)

    def children(self) -> dict[str | int, "Node"]:
        """Give what is below each key or index."""
        keys = self.value if isinstance(self.value, dict) else range(len(self.value or ()))
        return {key: self.get(key) for key in keys}

    @property
    def component(self) -> str:
        """The name of the component that the value refers to; empty where it is no reference."""
        return str(self.value["$ref"]).rpartition("/")[2] if "$ref" in self else ""

    @property
    def is_bare_reference(self) -> bool:
        """Whether the value refers to a component and says nothing besides."""
        return isinstance(self.value, dict) and set(self.value) == {"$ref"}

    def followed(self) -> "Node":
        """Follow references to the component that they end at."""
        node = self
        while "$ref" in node:
            _, _, section, name = node.value["$ref"].split("/")
            node = Node(node.document, ("components", section, name), node.document["components"][section][name])
        return node


def pairs(old: Node, new: Node) -> Iterator[tuple[str | int, Node | None, Node | None]]:
    """Yield each key of either of two mappings, in the new one's order, with what is below it."""
    olds, news = old.children(), new.children()
    for key in dict.fromkeys([*news, *olds]):
        yield key, olds.get(key), news.get(key)


def resolved(node: Node, above: tuple[Pointer, ...] = ()) -> Any:
    """Copy a value with its references replaced by what they refer to, but for those to what it is within."""
    followed = node.followed()
    if followed.pointer in above:
        return {"$ref": above.index(followed.pointer)}
    above = (*above, followed.pointer) if node.component else above
    if isinstance(followed.value, dict):
        beside = {key: value for key, value in node.value.items() if key != "$ref"} if node.component else {}
        return {key: resolved(child, above) for key, child in followed.children().items()} | beside
    if isinstance(followed.value, list):
        return [resolved(child, above) for child in followed.children().values()]
    return followed.value


def shown(value: Any, longest: int = 60) -> str:
    """Write a value as JSON on one line, cut where it is long."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= longest else f"{text[: longest - 3]}..."


def subject(pointer: Pointer) -> str:
    """Name a place for people, as in ``RegistryCreate.team_ids[]`` or ``parameter PerPage``."""
    parts = [str(part) for part in pointer]
    if parts[:1] == ["paths"]:
        parts = parts[3:]
    elif parts[:2] == ["components", "schemas"]:
        parts = parts[2:]
    elif parts[:1] == ["components"]:
        parts = [f"{parts[1].removesuffix('s')} {' '.join(parts[2:3])}", *parts[3:]]
    named = ""
    while parts:
        part, *parts = parts
        if part in ("properties", "patternProperties") and parts:
            named += f".{parts.pop(0)}"
        elif part == "items":
            named += "[]"
        elif part == "additionalProperties":
            named += ".*"
        else:
            named += f" {part}"
    return named.strip()
