"""The few texts that are wanted of an XML document, without building the document.

expat's events are walked and no tree is made of them. A document type declaration is refused, so there are no entities
to expand and nothing outside of the document to fetch; neither format that uses this has one.
"""

from collections.abc import Collection, Mapping
from xml.parsers import expat

from buildkite_emulator.formats.contents import UnreadablePackage, shown

Path = tuple[str, ...]

_NESTING = 50
# What expat knows itself. For others `pyexpat` would look for a codec of Python of that name, and run it.
_ENCODINGS = {"utf-8", "utf-16", "iso-8859-1", "us-ascii"}


def texts(data: bytes, wanted: Collection[Path], what: str) -> dict[Path, str]:
    """Return the text of each wanted element that is there, without white space at its ends.

    Args:
        data: the document.
        wanted: the paths of the elements: names from the root on; namespaces do not count.
        what: names the document.

    Raises:
        UnreadablePackage: it is not well-formed, has a document type declaration, is nested too deep or in an
            encoding that expat does not know, or a wanted element is there twice or holds others.
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
    """What expat calls."""

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
