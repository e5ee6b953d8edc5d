"""Headers by which an API announces its end or warns: ``Deprecation``, ``Sunset``, ``Warning`` and links about them."""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime

HEADERS = ("Deprecation", "Sunset", "Warning")
"""Of RFC 9745, RFC 8594 and RFC 9111 (which has made the last obsolete)."""
RELATIONS = ("deprecation", "sunset", "successor-version")
"""Relations of a `Link` that come with them (RFC 9745, section 3; RFC 8594, section 6; RFC 5829)."""
LONGEST = 300
"""Characters of a header that are kept."""
LINK = re.compile(r"<([^<>]*)>((?:[^,\"]|\"(?:[^\"\\\\]|\\\\.)*\")*)")
RELATION = re.compile(r";\s*rel\s*=\s*(?:\"([^\"]*)\"|([^\s;,]+))", re.IGNORECASE)


def announced(headers: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield what the headers of an answer announce: a name and a text each.

    Args:
        headers: of the answer, by names in any case.
    """
    folded = {name.lower(): value for name, value in headers.items()}
    for name in HEADERS:
        if value := folded.get(name.lower(), "").strip():
            yield name, dated(bounded(value))
    for target, parameters in LINK.findall(folded.get("link", "")):
        found = RELATION.search(parameters)
        relations = (found[1] or found[2] or "").lower().split() if found else []
        for relation in RELATIONS:
            if relation in relations:
                yield f"Link {relation}", bounded(target)


def dated(text: str) -> str:
    """Write the date beside a `Deprecation`, which counts seconds since 1970."""
    if re.fullmatch(r"@-?[0-9]{1,11}", text):
        with suppress(ValueError, OverflowError, OSError):
            return f"{text} ({datetime.fromtimestamp(int(text[1:]), UTC):%Y-%m-%d %H:%M:%S} UTC)"
    return text


def bounded(text: str) -> str:
    """Cut a text that is too long."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."
