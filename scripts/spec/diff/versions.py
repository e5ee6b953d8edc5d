"""The step of a version that follows from changes, by Semantic Versioning (https://semver.org, version 2.0.0)."""

import re
from dataclasses import dataclass

from scripts.spec.diff.changes import Level

FORM = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?")


class VersionError(Exception):
    """A version that is none of Semantic Versioning."""


@dataclass(frozen=True, order=True)
class Version:
    """A version, without what follows a hyphen: a pre-release of a version has taken the step to it."""

    major: int
    minor: int
    patch: int

    @classmethod
    def read(cls, text: str) -> "Version":
        """Read a version.

        Raises:
            VersionError: it has another form.
        """
        found = FORM.fullmatch(text)
        if not found:
            raise VersionError(f"info.version is {text!r}; it should be MAJOR.MINOR.PATCH, as in 0.3.0")
        return cls(*map(int, found.groups()))

    def after(self, level: Level | None) -> "Version":
        """Give the least version that may follow upon a change.

        From 1.0.0 on, what breaks somebody is a major step, what adds something a minor one, and the rest a patch. In
        0.y.z what breaks somebody is a minor step and all else a patch, as package managers take it.

        Args:
            level: of the greatest change; None where there is none.
        """
        match level:
            case None:
                return self
            case Level.BREAKING if self.major:
                return Version(self.major + 1, 0, 0)
            case Level.BREAKING:
                return Version(0, self.minor + 1, 0)
            case Level.ADDITION if self.major:
                return Version(self.major, self.minor + 1, 0)
            case _:
                return Version(self.major, self.minor, self.patch + 1)

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"
