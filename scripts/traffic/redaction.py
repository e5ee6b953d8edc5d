"""Takes secrets out of recorded traffic.

A secret is what stands where credentials do, in headers, cookies, addresses and forms; what the spec gives the format
`password`; and whatever repeats one of them.
"""

import base64
import binascii
import json
import re
from collections.abc import Collection, Iterator
from functools import lru_cache
from typing import Any
from urllib.parse import quote, unquote_plus, urlsplit

from buildkite_packages.http.masking import CREDENTIAL, HIDDEN, LONG, SURE, encoded_forms, forms
from buildkite_packages.http.parsing import NestedTooDeeply, read_json

SCHEME = re.compile(r"(?i:bearer|basic|token|digest|negotiate)(?= )")
PARAMETER = re.compile(r"(?<=[?&])([^=&#\s]+)=([^&#\s]*)")
FORM_FIELD = re.compile(r"(?:(?<=^)|(?<=&))([^=&\s]+)=([^&\s]*)")
USERINFO = re.compile(r"(?<=//)[^/?#@\s]+@")

MEMBER = re.compile(r'"([^"\\]{1,100})"\s*:\s*"((?:[^"\\]|\\.)*)')
"""A member of a JSON object with a string as its value, be the string cut short."""


class Redaction:
    """Knows the secrets of some traffic.

    Args:
        document: the traffic, as JSON.
        properties: names of the JSON properties that hold secrets.
    """

    def __init__(self, document: Any, properties: Collection[str]) -> None:
        self._properties = properties
        found = set(self._secrets_in(document))
        every = found | {quote(each, safe="") for each in found} | {json.dumps(each)[1:-1] for each in found}
        patterns = (
            re.escape(each) if len(each) >= SURE else rf"(?<![\w-]){re.escape(each)}(?![\w-])"
            for each in sorted(every, key=len, reverse=True)
        )
        self._known = re.compile("|".join(patterns) if every else "(?!)")

    def text(self, text: str) -> str:
        """Hide the secrets that are known in a text."""
        return self._known.sub(HIDDEN, text)

    def clean(self, value: Any, key: str = "") -> Any:
        """Give a copy of the traffic, or a part of it, without secrets.

        Args:
            value: the part.
            key: the name that it has in the object around it.
        """
        match value:
            case str():
                return self._body(value) if key == "text" else self._address(value)
            case list():
                return [self.clean(each, key) for each in value]
            case {"name": str(name), "value": str(text)} if key == "cookies" or CREDENTIAL.search(name):
                return {**self._members(value), "value": concealed(text)}
            case {"text": str(text), "encoding": "base64"}:
                return {**self._members(value), "text": self._encoded(text)}
            case dict():
                return self._members(value)
        return value

    def _members(self, members: dict[str, Any]) -> dict[str, Any]:
        return {
            self.text(name): concealed(child)
            if isinstance(child, str) and CREDENTIAL.search(name)
            else self.clean(child, name)
            for name, child in members.items()
        }

    def _encoded(self, text: str) -> str:
        try:
            content = base64.b64decode(text, validate=True).decode()
        except (binascii.Error, ValueError):
            return text  # no text; what is in a compressed body nobody can read out of it either
        cleaned = self._body(content)
        return text if cleaned == content else base64.b64encode(cleaned.encode()).decode()

    def _body(self, text: str) -> str:
        """Hide the secrets in a body. What has none stays as it is, byte for byte."""
        try:
            value = read_json(text)
        except NestedTooDeeply:
            return HIDDEN
        except ValueError:
            return FORM_FIELD.sub(without_value, self._address(text))
        if not isinstance(value, dict | list):
            return self.text(text)
        cleaned = self._json(value)
        return text if cleaned == value else json.dumps(cleaned, ensure_ascii=False)

    def _json(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {
                self.text(name): HIDDEN if self._is_secret(name, child) else self._json(child)
                for name, child in value.items()
            }
        if isinstance(value, list):
            return [self._json(each) for each in value]
        return self._address(value) if isinstance(value, str) else value

    def _is_secret(self, name: str, value: Any) -> bool:
        """Tell whether a property of a body holds a secret; null and what is true or false tell nothing."""
        if name in self._properties:
            return value is not None and not isinstance(value, bool)
        return isinstance(value, str) and CREDENTIAL.search(name) is not None

    def _address(self, text: str) -> str:
        """Hide the secrets in a text that may hold addresses."""
        return self.text(PARAMETER.sub(without_value, USERINFO.sub("", text)))

    def _secrets_in(self, value: Any, key: str = "") -> Iterator[str]:
        """Find the secrets in traffic."""
        match value:
            case {"name": str(name), "value": str(text)} if key == "cookies" or CREDENTIAL.search(name):
                is_sure = SCHEME.match(text) is not None
                yield from (each for each in credentials(text) if is_sure or len(each) >= SURE)
            case {"text": str(text), "encoding": "base64"}:
                try:
                    yield from self._secrets_in_body(base64.b64decode(text, validate=True).decode())
                except (binascii.Error, ValueError):
                    return
            case dict():
                for name, child in value.items():
                    yield from self._secrets_in(child, name)
            case list():
                for child in value:
                    yield from self._secrets_in(child, key)
            case str() if key == "text":
                yield from self._secrets_in_body(value)
            case str():
                yield from secrets_in_address(value)

    def _secrets_in_body(self, text: str) -> Iterator[str]:
        yield from secrets_in_address(text)
        try:
            value = read_json(text)
        except ValueError:
            return
        yield from self._secrets_in_json(value)

    def _secrets_in_json(self, value: Any) -> Iterator[str]:
        for name, child in value.items() if isinstance(value, dict) else ():
            yield from texts(child) if name in self._properties else self._secrets_in_json(child)
        for child in value if isinstance(value, list) else ():
            yield from self._secrets_in_json(child)


def tells(text: str, secret: str) -> bool:
    """Say whether a text gives a secret away, which does not count where it is part of another word.

    Args:
        text: such as a header's value or a body.
        secret: the secret.
    """
    if any(form in text for form in encoded_forms(secret)):
        return True
    if len(secret) >= LONG:
        return any(re.search(rf"(?<![\w-]){re.escape(form)}(?![\w-])", text) for form in forms(secret) if form in text)
    return secret in text and (text == secret or quoted_alone(secret).search(text) is not None)


@lru_cache(maxsize=4096)
def quoted_alone(secret: str) -> re.Pattern[str]:
    """Match a short secret where it is all of a value, and no word of a sentence."""
    form = re.escape(secret)
    values = rf"""["'=]{form}(?=["'&\s]|\Z)|^{form}$"""
    credentials = rf"(?i:bearer|basic|token) {form}(?![\w@.-])|(?<=:){form}(?=@)"
    return re.compile(f"{values}|{credentials}", re.MULTILINE)


def secrets_in(answer: Any) -> Iterator[str]:
    """Find the secrets in an answer's JSON, at any depth: texts in properties that are named like a credential."""
    waiting = [answer]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            for name, child in value.items():
                if CREDENTIAL.search(name):
                    yield from direct_texts(child)
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value


def direct_texts(value: Any) -> Iterator[str]:
    """Give a text, or the texts in a list."""
    yield from (each for each in (value if isinstance(value, list) else [value]) if isinstance(each, str))


def secrets_in_text(text: str) -> Iterator[str]:
    """Find the secrets in what looks like JSON and may not be any, as it is damaged or cut short."""
    for name, value in MEMBER.findall(text):
        if CREDENTIAL.search(name):
            yield value


def texts(value: Any) -> Iterator[str]:
    """Give the texts in a JSON value that are not empty."""
    if isinstance(value, str) and value:
        yield value
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for child in children:
        yield from texts(child)


def credentials(text: str) -> Iterator[str]:
    """Take the secrets out of a header's value: a token, a password, the values of cookies."""
    scheme = SCHEME.match(text)
    if scheme:
        yield from filter(None, text[scheme.end() :].split())
        if scheme[0].lower() == "basic":
            with_password = decoded(text[scheme.end() :].strip())
            yield from filter(None, [with_password.partition(":")[2]])
        return
    for part in text.split(";"):
        name, equals, value = part.strip().partition("=")
        yield from filter(None, [value.strip('"') if equals else name])


def decoded(text: str) -> str:
    """Decode base64, as far as it is any."""
    try:
        return base64.b64decode(text, validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""


def secrets_in_address(text: str) -> Iterator[str]:
    """Take the secrets out of an address: a password, and values of parameters that are called like one."""
    for name, value in PARAMETER.findall(text):
        if CREDENTIAL.search(unquote_plus(name)) and len(value) >= SURE:
            yield unquote_plus(value)
    if "//" in text and "@" in text:
        try:
            password = urlsplit(text).password
        except ValueError:
            return
        yield from filter(None, [password])


def concealed(text: str) -> str:
    """Hide a header's value but for the scheme before it."""
    scheme = SCHEME.match(text)
    return f"{scheme[0]} {HIDDEN}" if scheme else HIDDEN


def without_value(parameter: re.Match[str]) -> str:
    """Hide the value of a parameter that is called like a secret."""
    return f"{parameter[1]}={HIDDEN}" if CREDENTIAL.search(unquote_plus(parameter[1])) else parameter[0]
