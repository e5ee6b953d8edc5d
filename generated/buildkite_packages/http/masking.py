"""Masks secrets: known ones in a text, credentials in addresses, and values of JSON at any depth.

A known secret is found as it is and as JSON, an address or basic authentication writes it, and where it is cut short.
"""

import base64
import json
import re
from collections.abc import Callable, Collection
from functools import lru_cache
from typing import Any
from urllib.parse import quote, quote_plus, unquote_plus

from ..openapi import Document, Node, items_of, members_of, walk

HIDDEN = "****"

CREDENTIAL = re.compile(
    "authorization|cookie|token|secret|passw|signature|credential|api[-_]?key|^x-api-|^x-auth", re.IGNORECASE
)
"""Names of headers, query parameters, fields of forms and properties whose values are secrets."""

LONG = 12
"""Characters from which on a known secret is hidden within other text. Shorter ones, such as `emulator`, are words."""

SURE = 8
"""Characters that a piece of base64 needs to be unlike a word."""

ENDS = r"""\s"'`&=,;:/?#<>()[\]{}|\\"""
"""Characters that a short secret stands between."""

CUT = re.compile(r"\.\.\.|\u2026|\n|\Z")
"""What follows a text that was shortened."""

USERINFO = re.compile(r"(?<=//)[^/?#@\s]*@")
PARAMETER = re.compile(r"(?<=[?&])([^=&#\s]+)=([^&#\s>]*)")


def mask_text(text: str, secrets: Collection[str], *, long: int = LONG) -> str:
    """Mask known secrets in a text.

    Args:
        text: the text.
        secrets: what must not be shown.
        long: characters from which on a secret is masked within words; a shorter one only where it stands alone.
    """
    longest_first = sorted(filter(None, secrets), key=len, reverse=True)
    for secret in longest_first:
        for form in forms(secret):
            if form in text:
                text = text.replace(form, HIDDEN) if len(form) >= long else alone(form).sub(HIDDEN, text)
        for form in encoded_forms(secret):
            if form in text:
                text = re.sub(rf"[\w+/-]*{re.escape(form)}[\w+/=-]*", HIDDEN, text)
    for secret in longest_first:
        text = without_beginning(text, secret)
    return text


def mask_addresses(text: str, is_secret: Callable[[str], object] = CREDENTIAL.search) -> str:
    """Remove user names and passwords from the addresses in a text, and mask values of their queries.

    Args:
        text: the text.
        is_secret: returns by the name of a query parameter whether its value is a secret.
    """

    def masked(parameter: re.Match[str]) -> str:
        return f"{parameter[1]}={HIDDEN}" if is_secret(unquote_plus(parameter[1])) else parameter[0]

    return PARAMETER.sub(masked, USERINFO.sub("", text))


def mask_json(value: Any, is_secret: Callable[[str, Any], bool], mask: Callable[[str], str] = str) -> Any:
    """Copy a JSON value with its secrets masked, at any depth.

    Args:
        value: the value.
        is_secret: returns by the name and value of a property whether all of it is a secret.
        mask: masks the secrets in each other text, names of properties included.
    """
    if isinstance(value, dict):
        return {
            mask(name): HIDDEN if is_secret(name, child) else mask_json(child, is_secret, mask)
            for name, child in members_of(value).items()
        }
    if isinstance(value, list):
        return [mask_json(child, is_secret, mask) for child in items_of(value)]
    return mask(value) if isinstance(value, str) else value


def secret_properties(document: Document) -> set[str]:
    """Name the properties in a description whose values, or items of them, have the format `password`."""
    return {
        name
        for schema in walk(document.value)
        for name, child in members_of(schema.get("properties")).items()
        if holds_password(document, Node(child, ""), frozenset())
    }


def holds_password(document: Document, schema: Node, seen: frozenset[str]) -> bool:
    """Tell whether values of a schema, or the items of one, have the format `password`."""
    followed = document.follow(schema)
    if followed.pointer in seen:
        return False
    members = followed.members
    if members.get("format") == "password":
        return True
    seen = seen | {followed.pointer} if followed.pointer else seen
    inner = [each for keyword in ("allOf", "anyOf", "oneOf") for each in items_of(members.get(keyword))]
    inner += [members[keyword] for keyword in ("items", "additionalProperties") if keyword in members]
    return any(holds_password(document, Node(each, ""), seen) for each in inner)


@lru_cache(maxsize=4096)
def forms(secret: str) -> tuple[str, ...]:
    """List how a secret may be written: as it is, in JSON, and in an address."""
    addresses = [quote(secret, safe=""), quote_plus(secret)]
    addresses += [re.sub("%[0-9A-F]{2}", lambda code: code[0].lower(), each) for each in addresses]
    return tuple(
        dict.fromkeys((secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], *addresses))
    )


@lru_cache(maxsize=4096)
def encoded_forms(secret: str) -> tuple[str, ...]:
    """List what is always in the base64 of a text that ends in a secret, such as that of basic authentication."""
    content = (secret if len(secret) >= LONG else f":{secret}").encode("utf-8", "surrogatepass")
    found: list[str] = []
    for before in range(3):
        text = base64.b64encode(bytes(before) + content).decode()
        whole = len(bytes(before) + content) // 3 * 4
        found.append(text[(0, 2, 3)[before] : whole])
    found += [each.translate(str.maketrans("+/", "-_")) for each in found]
    return tuple(dict.fromkeys(each for each in found if len(each) >= SURE))


@lru_cache(maxsize=4096)
def alone(secret: str) -> re.Pattern[str]:
    """Match a short secret where it is not part of a word, or is the password of an address."""
    return re.compile(rf"(?<![^{ENDS}]){re.escape(secret)}(?=[{ENDS}]|\.?(?:\s|\Z))|(?<=:){re.escape(secret)}(?=@)")


def without_beginning(text: str, secret: str) -> str:
    """Mask the beginning of a long secret where a text was cut short within it."""
    start = text.find(secret[:LONG]) if len(secret) > LONG else -1
    while start >= 0:
        end = start + LONG
        while end < len(text) and end - start < len(secret) and text[end] == secret[end - start]:
            end += 1
        if CUT.match(text, end):
            text, end = f"{text[:start]}{HIDDEN}{text[end:]}", start + len(HIDDEN)
        start = text.find(secret[:LONG], end)
    return text
