"""Keeps secrets out of what is shown of requests.

A secret is an access token, wherever it stands; what the spec gives the format `password`; and what stands where
credentials belong, be they of this emulator or not.
"""

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote, unquote_plus

from buildkite_emulator.http.responses import json_bytes
from buildkite_emulator.spec import Operation, Spec
from buildkite_packages.http.masking import CREDENTIAL, HIDDEN, LONG

END = r"""\s"'&=,;<>"""
"""Characters that a token ends at."""

CANDIDATES = [
    re.compile(pattern)
    for pattern in (
        rf"[^{END}]+",
        rf"[A-Za-z0-9_-]{{{LONG},}}",
        rf"[A-Za-z0-9_]{{{LONG},}}",
        rf"[A-Za-z0-9]{{{LONG},}}",
    )
]
"""What may be a token in a text, of which only digests are known."""

WHOLE = re.compile(rf".*[{END}]", re.DOTALL)
"""The part of a text that is cut off somewhere that is surely whole."""

JWT = re.compile(r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{16,}(?:[A-Za-z0-9_.-]| \u2026 )*")
"""A JWT, which may be an OIDC token: base64url of a JSON object and what follows, also where the middle is left out."""

Step = str | None | frozenset[str]
"""The name of a property, None for each item of a list, or the names of a set for each property of another name."""

Place = tuple[Step, ...]
"""A place in a JSON value."""


class Mask:
    """Hides the secrets of one request and its answer.

    Args:
        is_token: tells whether a text is an access token.
        authorization: the request's `Authorization` header; what it holds is hidden elsewhere too, known or not.
    """

    def __init__(self, is_token: Callable[[str], bool], authorization: str | None) -> None:
        self._own = set(credentials(authorization or ""))
        self._is_token = is_token

    def text(self, text: str) -> str:
        """Hide the tokens in a text."""
        text = JWT.sub(HIDDEN, text)
        candidates = {found for pattern in CANDIDATES for found in pattern.findall(text)}
        candidates.update(own for own in self._own if len(own) >= LONG)
        for found in candidates:
            if self._is_secret(found) or ("%" in found and self._is_secret(unquote(found))):
                text = hide(found, text)
        return text

    def header(self, name: str, value: str) -> str:
        """Hide the secrets in a header; of credentials all but the scheme that is known to hold none."""
        if not CREDENTIAL.search(name):
            return self.text(value)
        scheme, space, rest = value.partition(" ")
        return f"{scheme} {HIDDEN}" if space and rest and scheme.lower() in ("bearer", "basic") else HIDDEN

    def address(self, path: str, query: str) -> str:
        """Hide the secrets in a path and query."""
        shown = "/".join(HIDDEN if self._is_secret(unquote(part)) else part for part in path.split("/"))
        return self.text(shown + ("?" + "&".join(map(self._parameter, query.split("&"))) if query else ""))

    def _is_secret(self, text: str) -> bool:
        return text in self._own or self._is_token(text)

    def _parameter(self, parameter: str) -> str:
        name, equals, value = parameter.partition("=")
        is_hidden = equals and (CREDENTIAL.search(unquote_plus(name)) or self._is_secret(unquote_plus(value)))
        return f"{name}={HIDDEN}" if is_hidden else parameter


def hide(secret: str, text: str) -> str:
    """Hide a secret in a text; a short one only where it stands alone."""
    if len(secret) >= LONG:
        return text.replace(secret, HIDDEN)
    return re.sub(rf"(?<![^{END}]){re.escape(secret)}(?![^{END}])", HIDDEN, text)


def whole_words(text: str) -> str:
    """Take the last word off a text that is cut, since it may be half a token, which cannot be recognized."""
    whole = WHOLE.match(text)
    return whole.group() if whole else ""


def credentials(authorization: str) -> Iterator[str]:
    """List what an `Authorization` header holds: the token, or the user's password."""
    scheme, _, rest = authorization.partition(" ")
    yield from filter(None, (rest.strip(), *rest.split()))
    if scheme.lower() == "basic":
        try:
            _, _, password = base64.b64decode(rest, validate=True).decode("utf-8", "replace").partition(":")
        except binascii.Error:
            return
        yield from filter(None, [password])


class SecretProperties:
    """Knows where the answers of operations hold secrets.

    Args:
        spec: has the answers' schemas.
    """

    def __init__(self, spec: Spec) -> None:
        self._places: dict[str, list[Place]] = {}
        for operation in spec.operations.values():
            for response in spec.responses(operation).values():
                for content in response.get("content", {}).values():
                    self._places.setdefault(operation.id, []).extend(places(spec, content["schema"], ()))

    def are_in(self, operation: Operation) -> bool:
        """Tell whether answers of an operation may hold secrets."""
        return bool(self._places.get(operation.id))

    def hide(self, operation: Operation, body: bytes) -> bytes | None:
        """Hide the secrets in an answer; None where that is not possible because it is not whole."""
        try:
            value = json.loads(body)
        except ValueError:
            return None
        for place in self._places[operation.id]:
            hide_at(value, place)
        return json_bytes(value)


def places(spec: Spec, schema: Mapping[str, Any], place: Place) -> Iterator[Place]:
    """Find where values of a schema have the format `password`. No schema of the spec's answers holds itself."""
    schema = spec.follow(schema)
    if schema.get("format") == "password":
        yield place
    for keyword in ("allOf", "anyOf", "oneOf"):
        for part in schema.get(keyword, ()):
            yield from places(spec, part, place)
    for name, child in schema.get("properties", {}).items():
        yield from places(spec, child, (*place, name))
    if "items" in schema:
        yield from places(spec, schema["items"], (*place, None))
    if isinstance(schema.get("additionalProperties"), dict):
        yield from places(spec, schema["additionalProperties"], (*place, frozenset(schema.get("properties", {}))))


def hide_at(value: Any, place: Place) -> None:
    """Hide what is at a place in a JSON value, if anything is."""
    *way, last = place
    holders: Iterable[Any] = [value]
    for step in way:
        holders = [child for holder in holders for child in children(holder, step)]
    for holder in holders:
        if isinstance(holder, dict):
            for name in names(holder, last):
                holder[name] = HIDDEN
        elif isinstance(holder, list) and last is None:
            holder[:] = [HIDDEN] * len(holder)


def children(value: Any, step: Step) -> list[Any]:
    """Take a step into a JSON value."""
    if step is None:
        return value if isinstance(value, list) else []
    return [value[name] for name in names(value, step)] if isinstance(value, dict) else []


def names(value: Mapping[str, Any], step: Step) -> list[str]:
    """List the properties of an object that a step leads to."""
    if isinstance(step, frozenset):
        return [name for name in value if name not in step]
    return [step] if step is not None and step in value else []
