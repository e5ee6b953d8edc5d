"""Matches a request with its operation, and strings of an answer with what the spec promises beyond JSON Schema."""

import base64
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from ..openapi import Operation, items_of

INTEGER = re.compile(r"[+-]?[0-9]{1,400}", re.ASCII)
NUMBER = re.compile(r"-?[0-9]{1,400}(\.[0-9]{1,400})?([eE][+-]?[0-9]{1,3})?", re.ASCII)
PLACEHOLDER = re.compile(r"\{(\w+)\}")

TOKEN = r"[\w!#$%&'*+.^`|~-]+"  # noqa: S105 - the `token` of RFC 9110
LINK_PARAMETER = rf'[ \t]*;[ \t]*(?:{TOKEN}\*?(?:[ \t]*=[ \t]*(?:{TOKEN}|"(?:[^"\\]|\\.)*"))?)?'
LINK = re.compile(rf"<[^<>\"{{}}|\\^`\s]*>(?:{LINK_PARAMETER})*", re.ASCII)
"""A link of RFC 8288, section 3."""

LINK_END = re.compile(r"[ \t]*(?:,[ \t,]*|$)")
RELATION = re.compile(r";[ \t]*rel[ \t]*=", re.IGNORECASE)


class Route(NamedTuple):
    """An operation of the spec and the segments of its path."""

    operation: Operation
    template: list[str]

    def parameters(self, segments: Sequence[str]) -> dict[str, str] | None:
        """Read the path parameters out of a path's segments; None where the path is another."""
        if len(segments) != len(self.template):
            return None
        values: dict[str, str] = {}
        for name, segment in zip(self.template, segments, strict=True):
            if name[:1] == "{":
                values[name[1:-1]] = segment
            elif name != segment:
                return None
        return values


class ResponseContext(NamedTuple):
    """What an answer's values have to agree with.

    Attributes:
        parameters: values of the path parameters, by name.
        prefix: segments of the request's path before that of the spec, where a proxy has put the API below a path.
        faulty: the places of values that do not fit their schema, so that nothing has to agree with them.
    """

    parameters: Mapping[str, str]
    prefix: list[str]
    faulty: frozenset[str] = frozenset()


def segments_of(path: str) -> list[str]:
    """Split a path and then decode it, so that an encoded slash stays within its segment."""
    path = path[:-1] if len(path) > 1 and path.endswith("/") else path
    return [unquote(each) for each in path.split("/")]


def read_header(text: str, schema: Mapping[str, Any]) -> Any:
    """Read a header's value as what its schema wants, where it can be that; else it stays a string."""
    kind = schema.get("type")
    kinds = items_of(kind) or [kind]
    if "integer" in kinds and INTEGER.fullmatch(text):
        return int(text)
    if "number" in kinds and NUMBER.fullmatch(text):
        return float(text)
    return {"true": True, "false": False}.get(text, text) if "boolean" in kinds else text


def is_link(text: str) -> bool:
    """Tell whether a header's value is links as RFC 8288 has them, each with its relation."""
    place = 0
    while place < len(text) or not text:  # step by step, for one pattern of it all could try for ever
        link = LINK.match(text, place)
        end = LINK_END.match(text, link.end()) if link else None
        if link is None or end is None or not RELATION.search(link[0]):
            return False
        place = end.end()
    return True


def broken_promise(schema: Mapping[str, Any], value: str, owner: Mapping[str, Any], context: ResponseContext) -> str:
    """Say what a schema promises beyond JSON Schema where a string breaks that; an empty text where it does not."""
    return promise_of_address(schema, value, owner, context) or promise_of_id(schema, value, owner)


def promise_of_address(schema: Mapping[str, Any], url: str, owner: Mapping[str, Any], context: ResponseContext) -> str:
    """Say what address a schema promises where another one came; an empty text where it fits.

    In a form, `{id}` is the ID of the object that has the address, and another placeholder the path parameter of that
    name; where the request has none, the last one is the object's own, so that `{registry_slug}` is its `slug`.

    Args:
        schema: what the spec says of the address.
        url: the address.
        owner: the properties beside it.
        context: what it has to agree with.
    """
    try:
        address = urlsplit(url)
    except ValueError:
        return "an address that can be read"
    if schema.get("format") == "uri" and address.scheme in {"http", "https"} and not address.hostname:
        return "an address with a host"
    forms: list[str] = schema.get("x-url-forms", [])
    if not forms:
        return ""
    segments = [unquote(each) for each in address.path.split("/")]
    below = len(context.prefix) + 1
    paths = [segments, ["", *segments[below:]]] if segments[1:below] == context.prefix else [segments]
    filled = [[filling(part, form, owner, context.parameters) for part in form.split("/")] for form in forms]
    if any(fits(path, form) for path in paths for form in filled):
        return ""
    return f"an address with the path {' or '.join('/'.join(form) for form in filled)}"


def filling(part: str, form: str, owner: Mapping[str, Any], parameters: Mapping[str, str]) -> str:
    """Fill a segment of a form, if it is a placeholder and its value is known."""
    if part[:1] != "{":
        return part
    name = part[1:-1]
    own = owner.get(name.rpartition("_")[2]) if form.endswith(part) else None
    values = [parameters.get(name), own] if "_" in name else [own, parameters.get(name)]
    return next((value for value in values if isinstance(value, str)), part)


def fits(path: list[str], form: list[str]) -> bool:
    """Tell whether a path has a form; a placeholder that is left in it takes anything."""
    return len(path) == len(form) and all(
        part == wanted or (PLACEHOLDER.fullmatch(wanted) and part) for part, wanted in zip(path, form, strict=True)
    )


def promise_of_id(schema: Mapping[str, Any], value: str, owner: Mapping[str, Any]) -> str:
    """Say what GraphQL ID a schema promises where another one came; an empty text where it fits."""
    kind, own = schema.get("x-graphql-type"), owner.get("id")
    if kind is None or not isinstance(own, str):
        return ""
    meant = f"{kind}---{own}"
    encoded = base64.b64encode(meant.encode("utf-8", "replace")).decode()
    return "" if value == encoded else f"{encoded}, base64 of {meant}"
