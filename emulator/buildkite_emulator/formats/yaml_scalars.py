"""The few plain values that are wanted of a YAML document, without building the document.

The parser's events are walked and no object is made of them. So no tag can call anything, an alias is never
expanded (however many there are), and memory holds the events of one moment only.
"""

import base64
import binascii
from dataclasses import dataclass

import yaml

from buildkite_emulator.formats.contents import UnreadablePackage, shown

Path = tuple[str, ...]

_LOADER = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
_NESTING = 50
_PATH_KEYS = 2
_BINARY_TAGS = {"!binary", "tag:yaml.org,2002:binary"}


@dataclass(slots=True)
class _Collection:
    """A mapping or sequence that the walk is inside of. `path` is None where nothing inside is wanted."""

    path: Path | None
    is_mapping: bool
    at_key: bool = True
    key: str | None = None

    def enter(self, scalar: str | None) -> Path | None:
        """Take the next node inside, its text if it is a scalar; return its path if it is a wanted value."""
        if not self.is_mapping:
            return None
        self.at_key = not self.at_key
        if not self.at_key:
            self.key = scalar
            return None
        if self.path is None or self.key is None or len(self.path) == _PATH_KEYS:
            return None
        return (*self.path, self.key)


def scalars(data: bytes, what: str) -> dict[Path, str]:
    """Return the text of each scalar that one or two keys lead to, by these keys; `what` names the document.

    Raises:
        UnreadablePackage: it is not one YAML document in UTF-8, or one mapping has a key twice (YAML 1.2.2,
            3.2.1.1, demands unique keys, and tools differ on which counts), or it is nested too deep.
    """
    try:
        # Where libyaml is missing, PyYAML's own parser lets through ValueError and OverflowError from int()
        # and chr().
        return _walk(data.decode("utf-8"), what)
    except (yaml.YAMLError, ValueError, OverflowError):
        raise UnreadablePackage(f"The package's {what} is not valid YAML.") from None


def _walk(text: str, what: str) -> dict[Path, str]:
    found: dict[Path, str] = {}
    seen: set[Path] = set()
    inside: list[_Collection] = []
    documents = 0
    for event in yaml.parse(text, Loader=_LOADER):
        documents += isinstance(event, yaml.DocumentStartEvent)
        if isinstance(event, yaml.CollectionEndEvent):
            inside.pop()
        if not isinstance(event, yaml.NodeEvent):
            continue
        scalar = _text(event) if isinstance(event, yaml.ScalarEvent) else None
        path: Path | None = inside[-1].enter(scalar) if inside else ()
        if path and path in seen:
            raise UnreadablePackage(f"The package's {what} has {shown('.'.join(path))} twice.")
        if path:
            seen.add(path)
        if path and scalar is not None:
            found[path] = scalar
        if isinstance(event, yaml.CollectionStartEvent):
            inside.append(_Collection(path, isinstance(event, yaml.MappingStartEvent)))
        if len(inside) > _NESTING:
            raise UnreadablePackage(f"The package's {what} is nested too deep.")
    if documents != 1:
        raise UnreadablePackage(f"The package's {what} is not one YAML document.")
    return found


def _text(event: yaml.ScalarEvent) -> str:
    # Ruby 1.9 and 2.0 wrote short ASCII strings as binary.
    if event.tag in _BINARY_TAGS:
        try:
            return base64.b64decode(event.value).decode("utf-8")
        except (binascii.Error, ValueError):
            return ""
    return str(event.value)
