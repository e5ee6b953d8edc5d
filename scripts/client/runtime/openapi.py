"""The API's description: resolves its references and lists what its operations take and answer.

This module imports nothing outside the standard library, so that a command's `--help` and the emulator start quickly.
"""

import json
import pkgutil
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple, Self, cast
from urllib.parse import unquote

Json = dict[str, Any]

PACKAGE = __name__.rpartition(".")[0]
"""The package that carries the description, under the name that it was vendored as."""

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
"""The members of a path item that are operations."""


class Node(NamedTuple):
    """A part of the description and the JSON pointer to it, such as `#/components/schemas/Registry`."""

    value: Any
    pointer: str

    @property
    def members(self) -> Json:
        """The part as an object; an empty one where it is something else, such as the schema `true`."""
        return members_of(self.value)

    def child(self, *names: str) -> "Node":
        """Descend to a member or an item."""
        value = self.value
        for name in names:
            value = items_of(value)[int(name)] if isinstance(value, list) else value[name]
        return Node(value, self.pointer + pointer_of(names))


class Operation(NamedTuple):
    """An operation of the description.

    Attributes:
        id: its operationId.
        method: in capitals.
        path: template of its path.
        node: its object.
        parameters: its parameters and those of its path item, with references followed.
        body: its request body, with references followed; an empty object where it has none.
        responses: its responses by status, with references followed.
    """

    id: str
    method: str
    path: str
    node: Node
    parameters: tuple[Node, ...]
    body: Node
    responses: Mapping[str, Node]


class Document:
    """An OpenAPI 3.1 document without references to other files.

    Args:
        value: the document.
    """

    def __init__(self, value: Json) -> None:
        self.value = value
        self.root = Node(value, "#")

    @classmethod
    def load(cls) -> Self:
        """Read the description that this package carries."""
        return cls(json.loads(pkgutil.get_data(PACKAGE, "openapi.json") or b"{}"))

    def resolve(self, reference: str) -> Node:
        """Look up what a reference such as `#/components/schemas/Registry` refers to.

        Raises:
            LookupError: the document has no such part.
        """
        _, *names = reference.split("/")  # split first: an encoded slash is a part of its name
        return self.root.child(*(unescaped(unquote(name)) for name in names))

    def follow(self, node: Node) -> Node:
        """Follow a reference to the component that it ends at; anything else stays as it is."""
        while isinstance(node.members.get("$ref"), str):
            node = self.resolve(node.value["$ref"])
        return node

    def followed(self, value: Any) -> Any:
        """Follow a reference as `follow` does, without regard to where it stands."""
        return self.follow(Node(value, "")).value

    def operations(self) -> Iterator[Operation]:
        """Yield the operations in the order of the document."""
        for path in self.value["paths"]:
            item = self.root.child("paths", path)
            for method in item.value:
                if method in METHODS:
                    yield self._operation(path, method, item)

    def _operation(self, path: str, method: str, item: Node) -> Operation:
        node = item.child(method)
        empty = Node({}, f"{node.pointer}/requestBody")
        responses = node.child("responses")
        return Operation(
            id=node.value["operationId"],
            method=method.upper(),
            path=path,
            node=node,
            parameters=tuple(
                self.follow(each.child("parameters", str(index)))
                for each in (item, node)
                for index in range(len(each.value.get("parameters", ())))
            ),
            body=self.follow(node.child("requestBody")) if "requestBody" in node.value else empty,
            responses={status: self.follow(responses.child(status)) for status in responses.value},
        )


@cache
def packaged() -> Document:
    """Give the description that this package carries, the same object each time."""
    return Document.load()


def walk(value: Any) -> Iterator[Json]:
    """Yield each object in a JSON value, at any depth."""
    if isinstance(value, dict):
        yield members_of(value)
    for child in [*members_of(value).values(), *items_of(value)]:
        yield from walk(child)


def members_of(value: Any) -> Json:
    """Take a JSON object as it is, and anything else as an empty one."""
    return cast("Json", value) if isinstance(value, dict) else {}


def items_of(value: Any) -> Sequence[Any]:
    """Take a JSON array as it is, and anything else as an empty one."""
    return cast("Sequence[Any]", value) if isinstance(value, list) else ()


def pointer_of(path: Sequence[str | int]) -> str:
    """Write a JSON pointer (RFC 6901), without the `#` of a reference."""
    return "".join("/" + str(each).replace("~", "~0").replace("/", "~1") for each in path)


def parse_pointer(pointer: str) -> list[str]:
    """Split a JSON pointer, with or without a `#` before it, into names."""
    return list(map(unescaped, pointer.split("/")[1:]))


def unescaped(name: str) -> str:
    """Read a name out of a JSON pointer."""
    return name.replace("~1", "/").replace("~0", "~")


def look_up(value: Any, pointer: str) -> Any:
    """Look up what a JSON pointer leads to in a value; None where nothing is there."""
    for name in parse_pointer(pointer):
        items = items_of(value)
        is_index = name.isdecimal() and int(name) < len(items)
        value = items[int(name)] if is_index else members_of(value).get(name)
    return value
