"""A form of schemas in which it does not matter how they were written.

What ``allOf`` joins is joined, and ``null`` is allowed or not, whether it is one of several types or a branch of
``anyOf``.
"""

import json
from dataclasses import dataclass, field, replace
from typing import Any

from scripts.spec.bundle import Pointer
from scripts.spec.diff.nodes import Node, resolved, shown

DOCUMENTATION = frozenset({"title", "description", "summary", "externalDocs", "example", "$comment", "x-source"})
"""Keywords that are for people alone. `examples` is compared one by one."""

UNRESTRICTING = DOCUMENTATION | {"examples", "default"}
"""Keywords that no value breaks."""

BRANCHING = ("anyOf", "oneOf")
"""Keywords that list alternatives."""

JOINED = frozenset({"allOf", "type", "enum", "const", "properties", "required", "$ref"})
"""Keywords that have a place of their own in a `Form`."""


@dataclass
class Form:
    """What a schema says, however it is written.

    Attributes:
        node: where it is written.
        types: the types that it allows besides null; None where it allows any.
        nullable: whether it allows null.
        values: of an enumeration, by their JSON; None where there is none.
        properties: by name.
        required: where it is written that a property is, by name.
        branches: of `anyOf` or `oneOf`, but for null.
        keywords: the other keywords.
        conflicts: what parts of an `allOf` say differently.
        parts: what was joined to it, for what is said there to people.
    """

    node: Node
    types: frozenset[str] | None = None
    nullable: bool = True
    values: dict[str, Node] | None = None
    properties: dict[str, Node] = field(default_factory=dict)
    required: dict[str, Node] = field(default_factory=dict)
    branches: "list[Form]" = field(default_factory=list)
    keywords: dict[str, Node] = field(default_factory=dict)
    conflicts: list[Any] = field(default_factory=list)
    parts: "list[Form]" = field(default_factory=list)

    @property
    def is_closed(self) -> bool:
        """Whether no other properties are allowed than those that are named."""
        closing = self.keywords.get("additionalProperties", self.keywords.get("unevaluatedProperties"))
        return closing is not None and closing.value is False

    def says_only(self, *keywords: str) -> bool:
        """Tell whether nothing restricts the values but some keywords."""
        rest = {
            *(name for name in self.keywords if name not in UNRESTRICTING),
            *(["properties"] if self.properties else []),
            *(["required"] if self.required else []),
            *(["enum"] if self.values is not None else []),
            *(["branches"] if self.branches else []),
            *(["type"] if self.types is not None else []),
            *(["allOf"] if self.conflicts else []),
        }
        return rest <= set(keywords)

    def key(self) -> str:
        """Write what it says as text, equal for forms that allow the same and carry the same extensions."""
        said = {
            "types": None if self.types is None else sorted(self.types),
            "nullable": self.nullable,
            "values": None if self.values is None else sorted(self.values),
            "properties": {name: undocumented(resolved(node)) for name, node in self.properties.items()},
            "required": sorted(self.required),
            "branches": sorted(branch.key() for branch in self.branches),
            "conflicts": self.conflicts,
            "keywords": {
                name: undocumented(resolved(node))
                for name, node in self.keywords.items()
                if name not in DOCUMENTATION and name != "examples"
            },
        }
        return json.dumps(said, sort_keys=True, default=str)


def undocumented(value: Any) -> Any:
    """Copy a value without what is for people alone; names of properties are kept, whatever they are."""
    if isinstance(value, list):
        return [undocumented(child) for child in value]
    if not isinstance(value, dict):
        return value
    return {
        name: {key: undocumented(child) for key, child in part.items()}
        if name == "properties" and isinstance(part, dict)
        else undocumented(part)
        for name, part in value.items()
        if name not in DOCUMENTATION and name != "examples"
    }


def form(node: Node, above: tuple[Pointer, ...] = ()) -> Form:
    """Bring a schema into its form.

    Args:
        node: the schema, or a reference to it.
        above: the schemas that it is joined into, for one that joins itself.
    """
    if node.pointer in above:
        return Form(node)
    if node.value is False:
        return Form(node, frozenset(), nullable=False)
    if not isinstance(node.value, dict):
        return Form(node)
    made = Form(node if not node.component else node.followed())
    own_type(made, node)
    if "enum" in node or "const" in node:
        listed = node.get("enum").children().values() if "enum" in node else [node.get("const")]
        made.values = {json.dumps(each.value, sort_keys=True): each for each in listed}
        made.nullable = made.nullable and "null" in made.values
        made.values.pop("null", None)
    made.properties = {str(name): child for name, child in node.get("properties", {}).children().items()}
    made.required = {str(child.value): child for child in node.get("required", []).children().values()}
    made.keywords = {
        str(name): child for name, child in node.children().items() if name not in JOINED and name not in BRANCHING
    }
    above = (*above, node.pointer)
    for keyword in BRANCHING:
        if keyword in node:
            branch(made, [form(each, above) for each in node.get(keyword).children().values()])
    joined = [node.get("allOf").get(index) for index in range(len(node.value.get("allOf", [])))]
    if node.component:
        joined.append(node.followed())
    for part in joined:
        join(made, form(part, above))
    return made


def own_type(made: Form, node: Node) -> None:
    """Set the types that a schema names itself."""
    if "type" in node:
        named = node.value["type"]
        types = set([named] if isinstance(named, str) else named)
        made.nullable = "null" in types
        made.types = frozenset(types - {"null"} - ({"integer"} if "number" in types else set()))


def branch(made: Form, branches: list[Form]) -> None:
    """Add the branches of a keyword to a form. One that is null makes it nullable; one that remains is joined to it."""
    others = [each for each in branches if not (each.types == frozenset() and each.nullable)]
    nullable = any(each.nullable for each in branches)
    if len(others) == 1 and not made.branches:
        join(made, replace(others[0], nullable=nullable))
    else:
        made.nullable = made.nullable and nullable
        if made.branches:
            made.conflicts.append(sorted(each.key() for each in others))
        else:
            made.branches = others


def join(made: Form, part: Form) -> None:
    """Add to a form what a part of an `allOf` says."""
    made.nullable = made.nullable and part.nullable
    if part.types is not None:
        made.types = part.types if made.types is None else common(made.types, part.types)
    if part.values is not None:
        made.values = (
            part.values
            if made.values is None
            else {each: node for each, node in made.values.items() if each in part.values}
        )
    for name, node in part.properties.items():
        if name in made.properties and undocumented(resolved(made.properties[name])) != undocumented(resolved(node)):
            made.conflicts.append({name: undocumented(resolved(node))})
        made.properties.setdefault(name, node)
    made.required = part.required | made.required
    is_itself = part.node.pointer == made.node.pointer  # as a reference is what it refers to
    made.parts += part.parts if is_itself else [part]
    for keyword, node in part.keywords.items():
        if not is_itself and (keyword in DOCUMENTATION or keyword == "examples"):
            continue
        known = made.keywords.setdefault(keyword, node)
        if keyword not in DOCUMENTATION and keyword != "examples" and resolved(known) != resolved(node):
            made.conflicts.append({keyword: resolved(node)})
    if part.branches and made.branches:
        made.conflicts.append(sorted(each.key() for each in part.branches))
    made.branches = made.branches or part.branches
    made.conflicts += part.conflicts


def common(one: frozenset[str], other: frozenset[str]) -> frozenset[str]:
    """Give the types that two sets allow; an integer is a number."""
    return frozenset(
        each for mine, others in ((one, other), (other, one)) for each in mine if includes(others, frozenset({each}))
    )


def includes(one: frozenset[str], other: frozenset[str]) -> bool:
    """Tell whether one set of types allows whatever another does."""
    return all(each in one or (each == "integer" and "number" in one) for each in other)


def is_modelled(of: Form) -> bool:
    """Tell whether the client has a class for a schema: for objects and enumerations, not for lists and scalars."""
    return bool(of.types and "object" in of.types) or of.values is not None or bool(of.properties)


def restricting(keywords: dict[str, Node]) -> dict[str, Node]:
    """Leave out what speaks of a whole and not of its alternatives."""
    return {name: node for name, node in keywords.items() if name not in UNRESTRICTING}


def described(of: Form) -> str:
    """Name an alternative."""
    pointer = of.node.pointer
    if len(pointer) == 3 and pointer[:2] == ("components", "schemas"):  # noqa: PLR2004 - components, schemas, the name
        return str(pointer[2])
    return " or ".join(sorted(of.types)) if of.types else shown(resolved(of.node))
