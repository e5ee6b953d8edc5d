"""Finding the package that a file became, by the file's digests and name."""

import re
from collections.abc import Iterator, Mapping
from enum import IntEnum
from typing import Any, Generic, Protocol, TypeVar

from attrs import define

NAME_ENDS = re.compile(r"[-_.]v?(?=\d)")
"""Where the name of a package may end in a file's name, before its version."""

MOST_NAMES = 3
"""Names that are looked for at most: each is a request."""

MOST_LOOKUPS = 10
"""Packages that are looked up one by one in a list at most, where the list has no digests."""


class Stored(Protocol):
    """A package as a list shows it, or on its own."""

    @property
    def id(self) -> Any: ...  # noqa: D102
    @property
    def digests(self) -> Any: ...  # noqa: D102
    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def version(self) -> Any: ...  # noqa: D102
    @property
    def variant(self) -> Any: ...  # noqa: D102


PackageT = TypeVar("PackageT", bound=Stored)


class MatchQuality(IntEnum):
    """How well a package's name, version and variant fit a file's name."""

    NONE = 1
    """They do not. The name may still be that of its file, where another is inside it."""
    CLOSE = 2
    """Name and version do, and the file's name says nothing of a variant."""
    EXACT = 3


@define
class Search(Generic[PackageT]):
    """A search for the package of a file: of its digests, as the same content may be there under several names.

    Attributes:
        filename: name of the file.
        digests: what is looked for.
        package: the best one that has these digests.
        quality: how well it fits the name.
        is_other_there: whether one was seen that fits exactly and has other digests.
        seen: how many packages were seen in the last list.
        lookups: how many of them had no digests in the list.
        compared: how many had digests, there or on their own.
    """

    filename: str
    digests: Mapping[str, str]
    package: PackageT | None = None
    quality: int = 0
    is_other_there: bool = False
    seen: int = 0
    lookups: int = 0
    compared: int = 0

    def begin(self) -> None:
        """Begin with another list."""
        self.seen = self.lookups = self.compared = 0

    def wants(self, summary: Stored) -> bool:
        """Tell whether a package in a list is worth looking up, which needs its ID."""
        self.seen += 1
        if not getattr(summary, "id", None):
            return False
        if digests_of(summary):
            is_better = self._compare(summary)
            self.compared -= is_better  # it is looked up, and counted then
            return is_better
        self.lookups += 1
        return self.lookups <= MOST_LOOKUPS

    def take(self, package: PackageT) -> None:
        """Check whether a package that was looked up is the best so far."""
        if self._compare(package):
            self.package, self.quality = package, quality_of(package, self.filename)

    def _compare(self, package: Stored) -> bool:
        found = digests_of(package)
        if not found:
            return False
        self.compared += 1
        quality = quality_of(package, self.filename)
        if same(found, self.digests):
            return quality > self.quality
        self.is_other_there |= quality == MatchQuality.EXACT
        return False

    @property
    def is_over(self) -> bool:
        """Whether there can be none that is better."""
        return self.quality == MatchQuality.EXACT

    @property
    def is_complete(self) -> bool:
        """Whether all that was in the last list was compared."""
        return self.compared >= self.seen


def names_in(filename: str) -> Iterator[str]:
    """Guess the names that a package may have by its file's name, the likeliest first."""
    names = [filename[: match.start()] for match in NAME_ENDS.finditer(filename)][:MOST_NAMES]
    yield from dict.fromkeys(each for name in names if name for each in (name, re.sub("[-_.]+", "-", name).lower()))


def quality_of(package: Stored, filename: str) -> MatchQuality:
    """Say how well a package's name, version and variant fit a file's name.

    A name may have its own before it, such as a scope or a group. What comes last in the file's name is its suffix.
    """
    words = words_in(filename)
    whole, version = text_of(package.name), text_of(package.version)
    variant = words_in(text_of(package.variant))
    quality = MatchQuality.NONE
    for name in {whole, re.split("[:/]", whole)[-1]}:
        begin = words_in(f"{name} {version}")
        rest = words[len(begin) :]
        if not begin or words[: len(begin)] != begin:
            continue
        if rest == variant or (rest[: len(variant)] == variant and is_suffix(rest[len(variant) :])):
            return MatchQuality.EXACT
        if is_suffix(rest):
            quality = MatchQuality.CLOSE
    return quality


def is_suffix(words: list[str]) -> bool:
    """Tell whether words at the end of a file's name are its suffix, such as `gem` or `tar.gz`."""
    return len(words) == 1 or (len(words) == 2 and words[0] == "tar")  # noqa: PLR2004


def text_of(value: object) -> str:
    """Give a text; an empty one where an answer has none, or something else in its place."""
    return value if isinstance(value, str) else ""


def words_in(text: str) -> list[str]:
    """Take a text apart at what separates the parts of names."""
    return re.findall(r"[^\W_]+", text.lower())


def digests_of(package: Stored) -> dict[str, str]:
    """Give the digests of a package, none where the answer has none."""
    to_dict = getattr(getattr(package, "digests", None), "to_dict", dict)
    digests: dict[str, Any] = to_dict()
    return {name: value for name, value in digests.items() if isinstance(value, str)}


def same(stored: Mapping[str, str], sent: Mapping[str, str]) -> bool:
    """Tell whether digests are those of the same content: some are there, and none differs."""
    common = stored.keys() & sent.keys()
    return bool(common) and all(stored[name].lower() == sent[name].lower() for name in common)
