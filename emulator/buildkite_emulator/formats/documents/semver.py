"""Versions by Semantic Versioning 2.0.0: MAJOR.MINOR.PATCH[-PRERELEASE][+BUILD]."""

import re

_NUMBER = r"(?:0|[1-9][0-9]*)"
# Points 9 and 10: an identifier of digits alone has no leading zero in a pre-release; in a build it may.
_PRERELEASE = rf"(?:{_NUMBER}|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
_BUILD = r"[0-9A-Za-z-]+"

VERSION = re.compile(
    rf"{_NUMBER}(?:\.{_NUMBER}){{2}}(?:-{_PRERELEASE}(?:\.{_PRERELEASE})*)?(?:\+{_BUILD}(?:\.{_BUILD})*)?"
)
"""Matches a complete version."""
