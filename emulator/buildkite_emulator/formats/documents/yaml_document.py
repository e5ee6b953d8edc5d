"""Loads the first document of a YAML stream as plain values.

It builds dictionaries, lists and strings from the parser's events. No tag runs code, an alias shares its value instead
of copying it, and the number of nodes and the nesting are limited. PyYAML's own loaders have no such limits: the nodes
of a document of 1 MiB take hundreds of MiB.

The libraries of RubyGems (libyaml) and Helm (go-yaml) also read only the first document.
"""

import base64
import binascii
import itertools
from dataclasses import dataclass, field
from typing import Any

import yaml

from buildkite_emulator.formats.contents import UnreadablePackage, shown
from buildkite_emulator.formats.limits import YAML_NODES

_LOADER = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
_NESTING = 50
_BINARY_TAGS = {"!binary", "tag:yaml.org,2002:binary"}
_MERGE = "<<"

# Plain scalars that mean null.
_NOTHING = ("", "~", "null", "Null", "NULL")


class Plain(str):
    """A scalar without quotes and tag, which may be a number."""

    __slots__ = ()


class Mapping(dict[str, Any]):
    """A mapping that also records the keys with two different values."""

    __slots__ = ("ambiguous",)

    def __init__(self) -> None:
        super().__init__()
        self.ambiguous: set[str] = set()


@dataclass(slots=True)
class _Collection:
    """A mapping or sequence that is being built."""

    value: Mapping | list[Any]
    merged: list[Any] = field(default_factory=list)
    key: Any = None
    at_key: bool = True

    def add(self, node: Any) -> None:
        """Add the next node."""
        if isinstance(self.value, list):
            self.value.append(node)
            return
        self.at_key = not self.at_key
        if not self.at_key:
            self.key = node
        elif self.key == _MERGE and isinstance(self.key, Plain):
            self.merged.append(node)
        elif isinstance(self.key, str):  # keys of other types are never read
            known = self.value.get(self.key, node)
            # Only strings are compared: aliases can make other values arbitrarily large.
            if known is not node and not (isinstance(node, str) and isinstance(known, str) and known == node):
                self.value.ambiguous.add(self.key)
            self.value[self.key] = node


def load(data: bytes, what: str) -> Any:
    """Return the first document; scalars are strings, unquoted ones `Plain`. `what` names the document in messages.

    Raises:
        UnreadablePackage: it is not valid YAML, is nested too deep, or has too many nodes.
    """
    try:
        walk = _Walk(what)
        for event in yaml.parse(data, Loader=_LOADER):
            if isinstance(event, yaml.DocumentEndEvent):
                break
            walk.take(event)
    except (yaml.YAMLError, ValueError, OverflowError):
        # Without libyaml, PyYAML's parser raises ValueError and OverflowError from int() and chr().
        raise UnreadablePackage(f"The package's {what} is not valid YAML.") from None
    return walk.outermost[0] if walk.outermost else None


def scalar(node: Any, key: str, what: str) -> str:
    """Return the scalar value of a key in a mapping; "" if it is missing or null.

    Raises:
        UnreadablePackage: the key occurs twice with different values. Tools differ on which counts.
    """
    if not isinstance(node, Mapping):
        return ""
    if key in node.ambiguous:
        raise UnreadablePackage(f"The package's {what} has {shown(key)} twice.")
    value = node.get(key)
    if not isinstance(value, str) or (isinstance(value, Plain) and value in _NOTHING):
        return ""
    return value


class _Walk:
    """Builds values from events."""

    def __init__(self, what: str) -> None:
        self.outermost: list[Any] = []
        self._what = what
        self._inside = [_Collection(self.outermost)]
        self._anchors: dict[str, Any] = {}
        self._nodes = 0

    def take(self, event: yaml.Event) -> None:
        """Process the next event."""
        if isinstance(event, yaml.CollectionEndEvent):
            self._merge(self._inside.pop())
        if not isinstance(event, yaml.NodeEvent):
            return
        self._count(1)
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in self._anchors:
                raise UnreadablePackage(f"The package's {self._what} is not valid YAML: an alias has no anchor.")
            node = self._anchors[event.anchor]
        else:
            node = _node(event)
            if event.anchor is not None:
                self._anchors[event.anchor] = node
        self._inside[-1].add(node)
        if isinstance(event, yaml.CollectionStartEvent):
            self._inside.append(_Collection(node))
        if len(self._inside) > _NESTING:
            raise UnreadablePackage(f"The package's {self._what} is nested too deep.")

    def _merge(self, collection: _Collection) -> None:
        """Apply merge keys; the mapping's own keys and earlier merges take precedence."""
        merged = itertools.chain.from_iterable(each if isinstance(each, list) else [each] for each in collection.merged)
        for other in merged:
            if isinstance(other, Mapping) and isinstance(collection.value, Mapping):
                self._count(1 + len(other))
                for key, value in other.items():
                    collection.value.setdefault(key, value)

    def _count(self, nodes: int) -> None:
        self._nodes += nodes
        if self._nodes > YAML_NODES:
            raise UnreadablePackage(f"The package's {self._what} has more than {YAML_NODES} values.")


def _node(event: yaml.NodeEvent) -> Any:
    if not isinstance(event, yaml.ScalarEvent):
        return Mapping() if isinstance(event, yaml.MappingStartEvent) else []
    # Ruby 1.9 and 2.0 wrote short ASCII strings as binary.
    if event.tag in _BINARY_TAGS:
        try:
            return base64.b64decode(event.value).decode("utf-8")
        except (binascii.Error, ValueError):
            return ""
    is_plain = not event.style and event.tag is None
    return Plain(event.value) if is_plain else str(event.value)
