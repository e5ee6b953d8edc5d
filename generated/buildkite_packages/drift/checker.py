"""Drift: where a real answer is not what the description says that this package carries.

A `Checker` compares one answer with `openapi.json`. What JSON Schema can say, jsonschema-rs checks; it comes with the
extra `drift` and loads when the first checker is made. The rest is here: a property that nobody documents, and what
`x-url-forms` and `x-graphql-type` promise.

No drift shows a secret: a value of the format `password` is hidden, as is what stands in an address where credentials
do, and of a body that is not understood only the size is told.
"""

import base64
import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import cache
from itertools import count, islice
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, Self, cast
from urllib.parse import quote, unquote, urlsplit

import httpx
from attrs import frozen

from ..document import METHODS, follow, load_document, path_of, pointer_of, step
from ..errors import ConfigurationError
from ..http.base_errors import shortened
from ..http.parsing import NestedTooDeeply, read_json

if TYPE_CHECKING:
    from jsonschema_rs import Draft202012Validator, ValidationError

KINDS = ("operation", "status", "content_type", "header", "body", "undocumented_property")
"""What may be other than the spec says; each drift is of one of these kinds."""

LONGEST_VALUE = 100
"""Characters of a value that a drift shows."""

MOST_VALUES = 5_000
"""Values of a body that are looked at closely; of what is wrong behind them, the first thing is told."""

MOST_DRIFTS = 1_000
"""Drifts that are told of one answer."""

HIDDEN = "****"
USERINFO = re.compile(r"(?<=//)[^/?#@\s]*@")
QUERY_VALUE = re.compile(r"(?<=[?&])([^=&#\s]+)=([^&#\s>]*)")
INTEGER = re.compile(r"[+-]?[0-9]{1,400}", re.ASCII)
NUMBER = re.compile(r"-?[0-9]{1,400}(\.[0-9]{1,400})?([eE][+-]?[0-9]{1,3})?", re.ASCII)
PLACEHOLDER = re.compile(r"\{(\w+)\}")
INDEX = re.compile(r"(?<=/)[0-9]+(?=/|$)")

TOKEN = r"[\w!#$%&'*+.^`|~-]+"  # noqa: S105 - the `token` of RFC 9110
LINK_PARAMETER = rf'[ \t]*;[ \t]*(?:{TOKEN}\*?(?:[ \t]*=[ \t]*(?:{TOKEN}|"(?:[^"\\]|\\.)*"))?)?'
LINK = re.compile(rf"<[^<>\"{{}}|\\^`\s]*>(?:{LINK_PARAMETER})*", re.ASCII)
"""A link of RFC 8288, section 3."""

LINK_END = re.compile(r"[ \t]*(?:,[ \t,]*|$)")
RELATION = re.compile(r";[ \t]*rel[ \t]*=", re.IGNORECASE)

TYPES = {
    "array": "an array",
    "boolean": "a boolean",
    "integer": "an integer",
    "null": "null",
    "number": "a number",
    "object": "an object",
    "string": "a string",
}

LIMITS = {
    "format": "a string of format {}",
    "pattern": "a string that fits the pattern {}",
    "const": "{}",
    "minimum": "a number of at least {}",
    "maximum": "a number of at most {}",
    "exclusiveMinimum": "a number above {}",
    "exclusiveMaximum": "a number below {}",
    "multipleOf": "a multiple of {}",
    "minLength": "a string of at least {} characters",
    "maxLength": "a string of at most {} characters",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "minProperties": "at least {} properties",
    "maxProperties": "at most {} properties",
    "uniqueItems": "items that differ from each other",
}
"""What a keyword asks for, in words."""


@frozen
class Drift:
    """One thing of an answer that is not what the spec says.

    Attributes:
        operation: operationId of what was asked for; None where no operation of the spec has that method and path.
        kind: one of `KINDS`.
        where: JSON pointer into the body, such as `/items/0/name`, or the name of a header; empty for the whole.
        expected: what the spec says, in words.
        received: what came, shortened and without secrets.
        spec: JSON pointer into the spec to what says so, such as `#/components/schemas/Registry/properties/id`.
        method: method of the request.
        url: address of the request, without credentials and without values of queries that the spec does not know.
    """

    operation: str | None
    kind: str
    where: str
    expected: str
    received: str
    spec: str
    method: str
    url: str

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What drifts have in common that are the same but for the request and the place in a list."""
        return self.operation or "", self.kind, INDEX.sub("*", self.where), self.spec

    def __str__(self) -> str:
        place = {
            "operation": "the request",
            "status": "the status",
            "content_type": "the content type",
            "header": f"the header {self.where}",
        }.get(self.kind, f"`{self.where}` in the body" if self.where else "the body")
        said = f"{self.operation or 'no known operation'}: {place} is {self.received}; it should be {self.expected}"
        return f"{shortened(said)} ({self.spec}) [{self.method} {shortened(self.url)}]"


class Quoted(NamedTuple):
    """A text of an answer, of which secrets are to be taken out before it is shortened.

    Attributes:
        text: the text.
        like: what its end should be like, where it has to agree with something; it is shortened to where they differ.
    """

    text: str
    like: str = ""


class Found(NamedTuple):
    """A drift without what it has from its request; the members are those of `Drift`."""

    kind: str
    where: str
    expected: str
    received: str | Quoted
    spec: str


class Node(NamedTuple):
    """A part of the spec and the JSON pointer to it."""

    value: Any
    pointer: str

    @property
    def schema(self) -> dict[str, Any]:
        """The part as an object; an empty one where it is `true`, which says nothing either."""
        return members_of(self.value)

    def child(self, *names: str) -> "Node":
        """Take steps to a member."""
        value = self.value
        for name in names:
            value = step(value, name)
        return Node(value, self.pointer + pointer_of(names))


class Route(NamedTuple):
    """An operation of the spec: its operationId, its method in capitals, the segments of its path, and its place."""

    id: str
    method: str
    template: list[str]
    node: Node

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


class Around(NamedTuple):
    """What an answer's values have to agree with.

    Attributes:
        parameters: values of the path parameters, by name.
        prefix: segments of the request's path before that of the spec, where a proxy has put the API below a path.
        faulty: the places of values that do not fit their schema, so that nothing has to agree with them.
    """

    parameters: Mapping[str, str]
    prefix: list[str]
    faulty: frozenset[str] = frozenset()


class Checker:
    """Checks answers against a spec. It may be used by several threads.

    Args:
        document: an OpenAPI 3.1 document without references to other files.

    Attributes:
        paths: the templates of its paths.
        secrets: names of the properties that have the format `password`.

    Raises:
        ConfigurationError: jsonschema-rs is not installed.
    """

    def __init__(self, document: dict[str, Any]) -> None:
        try:
            from jsonschema_rs import (  # noqa: PLC0415 - an extra, loaded when it is asked for
                Draft202012Validator,
                ValidationError,
            )
        except ImportError:
            fault = "a check for drift needs jsonschema-rs; install it with `pip install 'buildkite-packages[drift]'`"
            raise ConfigurationError(fault) from None
        self._compile, self._invalid = Draft202012Validator, ValidationError
        self._validators: dict[str, Draft202012Validator] = {}
        self._root = Node(document, "#")
        self._routes = [
            Route(item.value[method]["operationId"], method.upper(), path.split("/"), item.child(method))
            for path in document["paths"]
            for item in [self._root.child("paths", path)]
            for method in METHODS
            if method in item.value
        ]
        self._by_id = {route.id: route for route in self._routes}
        self.paths = list(map(str, document["paths"]))
        objects = list(walk(document))
        self.secrets = {name for each in objects for name in self._secret_properties(each)}
        self._names = {
            name
            for each in objects
            for keyword in ("properties", "required")
            for name in [*members_of(each.get(keyword)), *items_of(each.get(keyword))]
            if isinstance(name, str)
        }
        self._queries = {str(each.get("name")) for each in objects if each.get("in") == "query"}

    @classmethod
    def load(cls) -> Self:
        """Make a checker of the spec that this package carries.

        Raises:
            ConfigurationError: jsonschema-rs is not installed.
        """
        return cls(load_document())

    def match(self, method: str, path: str) -> str | None:
        """Find the operation that a request is for.

        Args:
            method: its method.
            path: its path, percent-encoded and without the query. A single slash at its end is passed over.

        Returns:
            the operationId; None where no operation has that method and path.
        """
        segments = segments_of(path)
        for route in self._routes:
            if route.method == method.upper() and route.parameters(segments) is not None:
                return route.id
        return None

    def check(  # noqa: PLR0913 - as many as an answer has
        self,
        method: str,
        url: str,
        status: int,
        headers: Mapping[str, str],
        content: bytes,
        *,
        operation: str | None = None,
        mask: Callable[[str], str] = str,
    ) -> list[Drift]:
        """Compare an answer with the spec.

        Args:
            method: the request's method.
            url: the request's address.
            status: the answer's status code.
            headers: the answer's headers; their case does not matter.
            content: the answer's body, decoded where a `Content-Encoding` was on it.
            operation: operationId of what was asked for, where it is known; else method and path tell.
            mask: takes secrets that the caller knows of, such as an access token, out of what drifts show.

        Returns:
            what is not as the spec says; nothing where the answer fits.
        """
        path = urlsplit(url).path
        route = self._by_id.get(operation or self.match(method, path) or "")
        if route is None:
            place = self._nearest_path(path)
            found = [Found("operation", "", "one that the spec has", Quoted(f"{method} {path}"), place)]
        else:
            segments = segments_of(path)
            start = max(len(segments) - len(route.template), 0)
            around = Around(route.parameters(["", *segments[start + 1 :]]) or {}, segments[1 : start + 1])
            sent = httpx.Headers(
                [(name.encode(errors="replace"), value.encode(errors="replace")) for name, value in headers.items()]
            )
            found = list(islice(self._check(route, around, status, sent, content), MOST_DRIFTS))
        address = mask(self._without_credentials(url))
        return [
            Drift(
                operation=route and route.id,
                kind=each.kind,
                where=mask(each.where),
                expected=mask(each.expected),
                received=self._quoted(each.received, mask),
                spec=each.spec,
                method=method,
                url=address,
            )
            for each in found
        ]

    def _check(
        self, route: Route, around: Around, status: int, headers: httpx.Headers, content: bytes
    ) -> Iterator[Found]:
        """Compare an answer to an operation with the spec."""
        responses = route.node.child("responses")
        name = next((each for each in (str(status), f"{status // 100}XX", "default") if each in responses.value), None)
        if name is None:
            expected = f"one of the statuses {', '.join(responses.value)}"
            yield Found("status", "", expected, str(status), responses.pointer)
            return
        response = self._follow(responses.child(name))
        for header in response.value.get("headers", ()):
            yield from self._check_header(header, self._follow(response.child("headers", header)), headers)
        if response.value.get("content"):
            yield from self._check_content(response, around, headers, content)
        elif content:
            yield Found("body", "", "no body", size(content), response.pointer)

    def _check_header(self, name: str, header: Node, headers: httpx.Headers) -> Iterator[Found]:
        text = headers.get(name)
        if text is None:
            if header.value.get("required"):
                yield Found("header", name, "there", "missing", header.pointer)
            return
        if "schema" in header.value:
            schema = self._follow(header.child("schema"))
            for error in self._validator(schema.pointer).iter_errors(read(text, schema.value)):
                expected, spec = self._expectation(error)
                yield Found("header", name, expected, self._shown(text, [name]), spec)
        if name.lower() == "link" and not is_link(text):
            yield Found("header", name, "links as RFC 8288 has them", self._shown(text, [name]), header.pointer)

    def _check_content(self, response: Node, around: Around, headers: httpx.Headers, content: bytes) -> Iterator[Found]:
        documented = response.child("content")
        said = headers.get("Content-Type", "")
        media_type = said.partition(";")[0].strip().lower()
        known = next((each for each in documented.value if fnmatchcase(media_type, each.lower())), None)
        if known is None:
            received = Quoted(said) if said.strip() else "missing"
            yield Found("content_type", "", " or ".join(documented.value), received, documented.pointer)
        media = documented.child(known or next(iter(documented.value)))
        if "json" not in (media_type if known else media.pointer) or "schema" not in media.value:
            return
        try:
            body = parsed(content)
        except ValueError as fault:
            if known or not content:
                received = f"{size(content)} that cannot be read: {reason(fault)}" if content else "empty"
                yield Found("body", "", "JSON", received, media.pointer)
            return
        schema = media.child("schema")
        try:
            part, errors = self._errors(self._validator(schema.pointer), body)
        except UnicodeEncodeError:
            yield Found("body", "", "Unicode text", "one with half of a surrogate pair in it", media.pointer)
            return
        for error in without_twins(errors):
            yield from self._described(error)
        around = around._replace(
            parameters=self._linked(response, around.parameters, body),
            faulty=frozenset(pointer_of(error.instance_path) for error in errors),
        )
        yield from self._beyond(schema, part, [], {}, around)

    def _errors(self, validator: "Draft202012Validator", body: Any) -> "tuple[Any, list[ValidationError]]":
        """Find what JSON Schema objects to, in a bounded part of a large body: each error takes 30 µs and 2 KiB.

        Returns:
            the part of the body to look at further, and the errors.
        """

        def start(most: int) -> Any:
            return leading(body, most, self._names, count(1))

        part = start(MOST_VALUES)
        if validator.is_valid(body):
            return part, []
        if part == body or not validator.is_valid(part):
            return part, [each for error in validator.iter_errors(part) for each in meant(error)]
        low, high = MOST_VALUES, 2 * MOST_VALUES
        while validator.is_valid(start(high)):
            low, high = high, 2 * high
        while high - low > max(MOST_VALUES // 2, high // 32):
            middle = (low + high) // 2
            low, high = (middle, high) if validator.is_valid(start(middle)) else (low, middle)
        try:
            validator.validate(start(high))
        except self._invalid as error:
            return part, [error]
        return part, []  # never, as it is invalid

    def _described(self, error: "ValidationError") -> Iterator[Found]:
        """Put what jsonschema-rs has found into words."""
        path = error.instance_path
        if error.schema_path[-1] in {"additionalProperties", "unevaluatedProperties"}:
            return  # `_beyond` finds it, and names each
        expected, spec = self._expectation(error)
        if error.kind.name == "required":
            missing: str = error.kind.as_dict()["property"]
            yield Found("body", pointer_of([*path, missing]), "there, as it is required", "missing", spec)
            return
        yield Found("body", pointer_of(path), expected, self._shown(error.instance, path), spec)

    def _expectation(self, error: "ValidationError") -> tuple[str, str]:
        """Say what a schema expects, and where it does."""
        *way, keyword = map(str, error.schema_path)
        schema = self._root.child(*way)
        limit = schema.value.get(keyword)
        if keyword == "required":
            return "", schema.child(keyword).pointer
        if keyword == "type":
            return " or ".join(TYPES.get(name, name) for name in map(str, items_of(limit) or [limit])), schema.pointer
        if keyword == "enum":
            return f"one of {', '.join(map(json.dumps, limit))}", schema.pointer
        if keyword in {"anyOf", "oneOf"}:
            return f"one of the {len(limit)} alternatives of {keyword}", schema.pointer
        if keyword in LIMITS:
            return LIMITS[keyword].format(limit if isinstance(limit, str) else json.dumps(limit)), schema.pointer
        return f"what the keyword {keyword} allows", schema.pointer

    def _beyond(
        self, schema: Node, value: Any, path: list[str | int], owner: Mapping[str, Any], around: Around
    ) -> Iterator[Found]:
        """Find what a schema means and JSON Schema does not check.

        Args:
            schema: what the spec says of a value.
            value: the value.
            path: where it is in the body.
            owner: the properties beside it.
            around: what it has to agree with.
        """
        parts = list(self._parts(schema, value))
        members = members_of(value)
        if members:
            yield from self._undocumented(parts, members, path)
        whole = {name: child for name, child in members.items() if pointer_of([*path, name]) not in around.faulty}
        for part in parts:
            for name, child in members.items():
                known = part.schema.get("properties", {})
                way = ("properties", name) if name in known else ("additionalProperties",)
                if name in known or "additionalProperties" in part.schema:
                    yield from self._beyond(part.child(*way), child, [*path, name], whole, around)
            if "items" in part.schema:
                for index, child in enumerate(items_of(value)):
                    yield from self._beyond(part.child("items"), child, [*path, index], {}, around)
            is_whole = isinstance(value, str) and pointer_of(path) not in around.faulty
            expected = broken_promise(part.schema, value, owner, around) if is_whole else ""
            if expected:
                received = self._shown(value, path)
                if isinstance(received, Quoted) and "x-url-forms" in part.schema:
                    received = received._replace(like=expected.partition("the path ")[2].partition(" or ")[0])
                yield Found("body", pointer_of(path), expected, received, part.pointer)

    def _undocumented(self, parts: list[Node], members: dict[str, Any], path: list[str | int]) -> Iterator[Found]:
        """Find the properties of an object that its schema does not name."""
        naming = [each for each in parts if each.schema.keys() & {"properties", "additionalProperties"}]
        if not naming or any(is_open(part.schema) for part in parts):
            return
        known = {name for part in naming for name in part.schema.get("properties", {})}
        place = naming[0] if len(naming) == 1 else parts[0]
        for name in [each for each in members if each not in known]:
            expected = f"absent, as the spec names {', '.join(sorted(known)) or 'none'}"
            received = kind_of(members[name])
            yield Found("undocumented_property", pointer_of([*path, name]), expected, received, place.pointer)

    def _parts(self, schema: Node, value: Any) -> Iterator[Node]:
        """Give all schemas that hold for a value: references followed, and of alternatives those that it fits."""
        schema = self._follow(schema)
        yield schema
        for index in range(len(schema.schema.get("allOf", ()))):
            yield from self._parts(schema.child("allOf", str(index)), value)
        for keyword in ("anyOf", "oneOf"):
            branches = [schema.child(keyword, str(index)) for index in range(len(schema.schema.get(keyword, ())))]
            fitting = [each for each in branches if self._validator(each.pointer).is_valid(value)]
            for branch in fitting or [each for each in branches if self._has_type(each, value)]:
                yield from self._parts(branch, value)

    def _has_type(self, schema: Node, value: Any) -> bool:
        """Tell whether a value that does not fit a schema has at least its type."""
        errors = self._validator(schema.pointer).iter_errors(value)
        return not any(error.kind.name == "type" and not error.instance_path for error in errors)

    def _linked(self, response: Node, given: Mapping[str, str], body: Any) -> Mapping[str, str]:
        """Give the path parameters that go with an answer.

        They are those of the request, unless the answer's links take them out of its body: after a change of its name
        a registry may have another slug, and a copy is in another registry than what was asked for.
        """
        values = dict(given)
        taken: dict[str, set[str]] = {}
        for name in response.value.get("links", ()):
            link = self._follow(response.child("links", name))
            for parameter, expression in link.value.get("parameters", {}).items():
                _, is_body, pointer = str(expression).partition("$response.body#")
                value = at(body, pointer) if is_body else values.get(parameter)
                taken.setdefault(parameter, set()).add(value if isinstance(value, str) else "")
        for parameter, every in taken.items():
            values.pop(parameter, None)
            if len(every) == 1 and "" not in every:
                values[parameter] = next(iter(every))
        return values

    def _validator(self, pointer: str) -> "Draft202012Validator":
        if pointer not in self._validators:
            reference = "#" + quote(pointer[1:], safe="/~")
            self._validators[pointer] = self._compile({**self._root.value, "$ref": reference}, validate_formats=True)
        return self._validators[pointer]

    def _follow(self, node: Node) -> Node:
        """Follow a reference, if it is one, to the component."""
        return Node(*follow(self._root.value, node.value, node.pointer))

    def _nearest_path(self, path: str) -> str:
        """Point to the path of the spec that a request's path fits, whatever its method; else to all of them."""
        segments = segments_of(path)
        fitting = (route for route in self._routes if route.parameters(segments) is not None)
        return next((route.node.pointer.rpartition("/")[0] for route in fitting), "#/paths")

    def _secret_properties(self, schema: Mapping[str, Any]) -> Iterator[str]:
        """Name the properties of a schema that have the format `password`."""
        for name, child in members_of(schema.get("properties")).items():
            if self._is_secret(Node(child, ""), set()):
                yield name

    def _is_secret(self, schema: Node, seen: set[str]) -> bool:
        """Tell whether values of a schema, or the items of one, are secrets."""
        followed = self._follow(schema)
        if followed.pointer in seen:
            return False
        if followed.schema.get("format") == "password":
            return True
        seen = {*seen, followed.pointer} if followed.pointer else seen
        inner = [each for keyword in ("allOf", "anyOf", "oneOf") for each in items_of(followed.schema.get(keyword))]
        inner += [
            followed.schema[keyword] for keyword in ("items", "additionalProperties") if keyword in followed.schema
        ]
        return any(self._is_secret(Node(each, ""), seen) for each in inner)

    def _shown(self, value: Any, path: Sequence[str | int]) -> str | Quoted:
        """Show a value of an answer, without secrets."""
        if isinstance(value, dict | list):
            return kind_of(cast("object", value))
        if value is not None and any(name in self.secrets for name in path):
            return f"{kind_of(value)}, hidden as it may be a secret"
        if isinstance(value, str):
            return Quoted(value)
        return shortened(json.dumps(value))[:LONGEST_VALUE]

    def _quoted(self, received: str | Quoted, mask: Callable[[str], str]) -> str:
        """Show a text of an answer in quotes, in one line of bounded length, without secrets."""
        if isinstance(received, str):
            return mask(received)
        line = json.dumps(mask(self._without_credentials(received.text)))
        if len(line) <= LONGEST_VALUE:
            return line
        start = differing(line, received.like)
        start = max(start - LONGEST_VALUE // 2, 0) if start > LONGEST_VALUE * 3 // 4 else 0
        end = start + LONGEST_VALUE
        return f"{'…' if start else ''}{line[start:end]}{'…' if end < len(line) else ''}"

    def _without_credentials(self, text: str) -> str:
        """Take credentials out of the addresses in a text, and values of queries that the spec does not know."""

        def known(found: re.Match[str]) -> str:
            return found[0] if unquote(found[1]) in self._queries else f"{found[1]}={HIDDEN}"

        return QUERY_VALUE.sub(known, USERINFO.sub("", text))


@cache
def shared() -> Checker:
    """Give the checker of the spec that this package carries, the same one each time.

    Raises:
        ConfigurationError: jsonschema-rs is not installed.
    """
    return Checker.load()


def walk(value: Any) -> Iterator[dict[str, Any]]:
    """Give each object in a JSON value."""
    if isinstance(value, dict):
        yield members_of(value)
    for child in [*members_of(value).values(), *items_of(value)]:
        yield from walk(child)


def members_of(value: Any) -> dict[str, Any]:
    """Take a JSON object as it is, and anything else as an empty one."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def items_of(value: Any) -> Sequence[Any]:
    """Take a JSON array as it is, and anything else as an empty one."""
    return cast("Sequence[Any]", value) if isinstance(value, list) else ()


def leading(value: Any, most: int, names: Collection[str], numbers: Iterator[int]) -> Any:
    """Take the first values of JSON, with all that is around them.

    Args:
        value: the JSON.
        most: how many values to take, about.
        names: properties that are taken in any case, as they may be required. So is the first item of an array.
        numbers: counts the values, from 1 on.
    """
    if isinstance(value, dict):
        return {
            name: leading(each, most, names, numbers) if isinstance(each, dict | list) else each
            for name, each in members_of(value).items()
            if next(numbers) <= most or name in names
        }
    if isinstance(value, list):
        return [
            leading(each, most, names, numbers) if isinstance(each, dict | list) else each
            for index, each in enumerate(items_of(value))
            if next(numbers) <= most or index == 0
        ]
    return value


def segments_of(path: str) -> list[str]:
    """Split a path and then decode it, so that an encoded slash stays within its segment."""
    path = path[:-1] if len(path) > 1 and path.endswith("/") else path
    return [unquote(each) for each in path.split("/")]


def at(value: Any, pointer: str) -> Any:
    """Look up what a JSON pointer leads to; None where nothing is there."""
    for name in path_of(pointer):
        items = items_of(value)
        is_index = name.isdecimal() and int(name) < len(items)
        value = items[int(name)] if is_index else members_of(value).get(name)
    return value


def parsed(content: bytes) -> Any:
    """Read JSON as RFC 8259 has it: in UTF-8, with numbers that are numbers.

    Raises:
        ValueError: it is none, or nested too deeply.
    """
    return read_json(content.decode("utf-8"), parse_constant=refuse_constant)


def refuse_constant(name: str) -> NoReturn:
    """Refuse what Python's parser takes for a number and JSON does not know."""
    raise ValueError(name)


def reason(error: Exception) -> str:
    """Say why JSON cannot be read, without a piece of it."""
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg.lower()}, line {error.lineno}, column {error.colno}"
    if isinstance(error, UnicodeDecodeError):
        return f"no UTF-8 at byte {error.start}"
    return "nested too deeply" if isinstance(error, NestedTooDeeply) else "a number that JSON does not have"


def read(text: str, schema: Mapping[str, Any]) -> Any:
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


def is_open(schema: Mapping[str, Any]) -> bool:
    """Tell whether an object's schema allows properties that it does not name."""
    return any(
        schema.get(keyword) is True or isinstance(schema.get(keyword), dict)
        for keyword in ("additionalProperties", "unevaluatedProperties", "patternProperties")
    )


def without_twins(errors: "Sequence[ValidationError]") -> "Iterator[ValidationError]":
    """Leave out that a value does not fit a pattern where it is not of the format that the pattern narrows."""
    formats = {pointer_of(error.instance_path) for error in errors if error.schema_path[-1] == "format"}
    for error in errors:
        if error.schema_path[-1] != "pattern" or pointer_of(error.instance_path) not in formats:
            yield error


def meant(error: "ValidationError") -> "Iterator[ValidationError]":
    """Descend from "fits none of these" to what is wrong with the one that was meant, the one of the value's type."""
    branches: list[list[ValidationError]] = []
    if error.kind.name in {"anyOf", "oneOf"}:
        branches = error.kind.as_dict().get("context", [])
    fitting = [
        branch
        for branch in branches
        if not any(each.kind.name == "type" and each.instance_path == error.instance_path for each in branch)
    ]
    if len(fitting) != 1:
        yield error
        return
    for each in fitting[0]:
        yield from meant(each)


def broken_promise(schema: Mapping[str, Any], value: str, owner: Mapping[str, Any], around: Around) -> str:
    """Say what a schema promises beyond JSON Schema, where a string is other; nothing where it is as promised."""
    return promise_of_address(schema, value, owner, around) or promise_of_id(schema, value, owner)


def promise_of_address(schema: Mapping[str, Any], url: str, owner: Mapping[str, Any], around: Around) -> str:
    """Say what address a schema promises, where another one came; nothing where it is as promised.

    In a form, `{id}` is the ID of the object that has the address, and another placeholder the path parameter of that
    name; where the request has none, the last one is the object's own, so that `{registry_slug}` is its `slug`.

    Args:
        schema: what the spec says of the address.
        url: the address.
        owner: the properties beside it.
        around: what it has to agree with.
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
    below = len(around.prefix) + 1
    paths = [segments, ["", *segments[below:]]] if segments[1:below] == around.prefix else [segments]
    filled = [[filling(part, form, owner, around.parameters) for part in form.split("/")] for form in forms]
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
    """Say what ID of the GraphQL API a schema promises, where another one came; nothing where it is as promised."""
    kind, own = schema.get("x-graphql-type"), owner.get("id")
    if kind is None or not isinstance(own, str):
        return ""
    meant = f"{kind}---{own}"
    encoded = base64.b64encode(meant.encode("utf-8", "replace")).decode()
    return "" if value == encoded else f"{encoded}, base64 of {meant}"


def kind_of(value: Any) -> str:
    """Name the type of a JSON value."""
    if isinstance(value, bool):
        return TYPES["boolean"]
    if isinstance(value, list):
        return f"an array of {len(items_of(value))}"
    names = {"int": "integer", "float": "number", "str": "string", "dict": "object", "NoneType": "null"}
    return TYPES[names[type(value).__name__]]


def differing(text: str, like: str) -> int:
    """Find where a text begins to differ from what its end should be like; 0 where they have no beginning in common."""
    first = like.find("/", 1) + 1
    start = text.find(like[:first]) if first else -1
    if start < 0:
        return 0
    pairs = zip(text[start:], like, strict=False)
    return start + next((number for number, (one, other) in enumerate(pairs) if one != other), len(like))


def size(content: bytes) -> str:
    """Say how long a body is."""
    return f"{len(content)} byte{'' if len(content) == 1 else 's'}"
