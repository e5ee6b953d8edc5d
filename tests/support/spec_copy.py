"""A copy of the spec for a test to break."""

from dataclasses import dataclass
from pathlib import Path

from scripts.spec.bundle import SPEC, Bundle, bundle


@dataclass
class SpecCopy:
    """A copy of ``openapi/`` that a test may edit."""

    folder: Path

    @property
    def root(self) -> Path:
        """The root file."""
        return self.folder / SPEC.name

    def read(self, file: str) -> str:
        """Read a file."""
        return (self.folder / file).read_text(encoding="utf-8")

    def edit(self, file: str, old: str, new: str, within: str = "") -> None:
        """Replace a text that stands exactly once in a file, or in a passage of it that does."""
        text = self.read(file)
        passage = within or text
        once(passage, text)
        once(old, passage)
        self.write(file, text.replace(passage, passage.replace(old, new)))

    def write(self, file: str, text: str) -> None:
        """Write a file."""
        (self.folder / file).write_text(text, encoding="utf-8")

    def add(self, file: str, text: str) -> None:
        """Add text at the end of a file."""
        self.write(file, self.read(file) + text)

    def place(self, file: str, text: str) -> str:
        """Give ``FILE:LINE`` of where a text begins that a file holds exactly once."""
        held = self.read(file)
        once(text, held)
        line = held[: held.index(text)].count("\n") + 1
        return f"{self.folder / file}:{line}"

    def bundle(self) -> Bundle:
        """Bundle the copy as it is now."""
        return bundle(self.root)


def once(part: str, text: str) -> None:
    """See that a text holds a part once; else a change of the spec would make a test look elsewhere."""
    if text.count(part) != 1:
        raise ValueError(f"{part!r} stands {text.count(part)} times, not once")
