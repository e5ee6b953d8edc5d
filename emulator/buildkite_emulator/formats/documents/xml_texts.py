"""Reads the text of a few elements of an XML document, without building a tree.

Document type declarations are refused, so there are no entities to expand and no external resources to fetch. Neither
format that uses this has them.
"""

from collections.abc import Collection, Mapping
from xml.parsers import expat

from buildkite_emulator.formats.contents import UnreadablePackage, shown

Path = tuple[str, ...]

_NESTING = 50
# The encodings that expat implements. For others `pyexpat` would run the Python codec of that name.
_ENCODINGS = {"utf-8", "utf-16", "iso-8859-1", "us-ascii"}


def texts(data: bytes, wanted: Collection[Path], what: str) -> dict[Path, str]:
    """Return the text of each wanted element that exists, stripped of white space.

    Args:
        data: the document.
        wanted: paths of elements, as names from the root without namespaces.
        what: what messages call the document.

    Raises:
        UnreadablePackage: the document is not well-formed, has a document type declaration, is nested too deep or in an
            encoding that expat does not know, or a wanted element occurs twice or has child elements.
    """
    walk = _Walk(wanted, what)
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.XmlDeclHandler = walk.declaration
    parser.StartDoctypeDeclHandler = walk.doctype
    parser.StartElementHandler = walk.start
    parser.EndElementHandler = walk.end
    parser.CharacterDataHandler = walk.characters
    try:
        parser.Parse(data, True)  # noqa: FBT003 - expat takes no names
    except expat.ExpatError:
        raise UnreadablePackage(f"The package's {what} is not well-formed XML.") from None
    return {path: text.strip() for path, text in walk.found.items()}


class _Walk:
    """The handlers of expat's events."""

    def __init__(self, wanted: Collection[Path], what: str) -> None:
        self.found: dict[Path, str] = {}
        self._wanted = wanted
        self._what = what
        self._inside: list[str] = []

    def declaration(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if encoding is not None and encoding.lower() not in _ENCODINGS:
            raise UnreadablePackage(f"The package's {self._what} is in {shown(encoding)}; it should be in UTF-8.")

    def doctype(self, *_: object) -> None:
        raise UnreadablePackage(f"The package's {self._what} has a document type declaration, which is not supported.")

    def start(self, name: str, _attributes: Mapping[str, str]) -> None:
        if tuple(self._inside) in self.found:
            raise UnreadablePackage(f"The package's {self._what} has more than text in {shown(self._inside[-1])}.")
        self._inside.append(name.rpartition(" ")[2])
        if len(self._inside) > _NESTING:
            raise UnreadablePackage(f"The package's {self._what} is nested too deep.")
        path = tuple(self._inside)
        if path in self.found:
            raise UnreadablePackage(f"The package's {self._what} has {shown('.'.join(path))} twice.")
        if path in self._wanted:
            self.found[path] = ""

    def end(self, _name: str) -> None:
        self._inside.pop()

    def characters(self, text: str) -> None:
        path = tuple(self._inside)
        if path in self.found:
            self.found[path] += text
