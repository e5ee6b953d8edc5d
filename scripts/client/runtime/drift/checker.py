"""Drift: where a real answer is not what the description says that this package carries.

A `Checker` compares one answer with `openapi.json`. jsonschema-rs checks what JSON Schema can say; it comes with the
extra `drift` and loads when the first checker is made. `matching` checks what `x-url-forms` and `x-graphql-type`
promise, and this module finds undocumented properties.

No drift shows a secret: `masking` hides the values of format `password` and the credentials in addresses. Of a body
that cannot be read, only the size is given.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import cache
from itertools import count, islice
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, Self
from urllib.parse import quote, urlsplit

import httpx
from attrs import frozen

from ..http.base_errors import ConfigurationError, shortened
from ..http.masking import secret_properties
from ..http.parsing import read_json
from ..openapi import Document, Node, items_of, look_up, members_of, pointer_of, walk
from .masking import Masking, Quoted
from .matching import ResponseContext, Route, broken_promise, is_link, read_header, segments_of
from .wording import expectation, kind_of, reason, size

if TYPE_CHECKING:
    from jsonschema_rs import Draft202012Validator, ValidationError

KINDS = ("operation", "status", "content_type", "header", "body", "undocumented_property")
"""What may be other than the spec says; each drift is of one of these kinds."""

MOST_VALUES = 5_000
"""Values of a body that are looked at closely; behind them, only the first difference is reported."""

MOST_DRIFTS = 1_000
"""Drifts that are reported for one answer."""

INDEX = re.compile(r"(?<=/)[0-9]+(?=/|$)")


@frozen
class Drift:
    """A difference between an answer and the spec.

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


class Found(NamedTuple):
    """A drift without what it has from its request; the members are those of `Drift`."""

    kind: str
    where: str
    expected: str
    received: str | Quoted
    spec: str


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
        self._document = Document(document)
        self._routes = [Route(each, each.path.split("/")) for each in self._document.operations()]
        self._by_id = {route.operation.id: route for route in self._routes}
        self.paths = list(map(str, document["paths"]))
        objects = list(walk(document))
        self.secrets = secret_properties(self._document)
        self._names = {
            name
            for each in objects
            for keyword in ("properties", "required")
            for name in [*members_of(each.get(keyword)), *items_of(each.get(keyword))]
            if isinstance(name, str)
        }
        self._masking = Masking(self.secrets, {str(each.get("name")) for each in objects if each.get("in") == "query"})

    @classmethod
    def load(cls) -> Self:
        """Make a checker of the spec that this package carries.

        Raises:
            ConfigurationError: jsonschema-rs is not installed.
        """
        return cls(Document.load().value)

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
            if route.operation.method == method.upper() and route.parameters(segments) is not None:
                return route.operation.id
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
            operation: operationId of what was asked for, if known; else method and path decide.
            mask: takes secrets that the caller knows of, such as an access token, out of what drifts show.

        Returns:
            the differences; none where the answer fits.
        """
        path = urlsplit(url).path
        route = self._by_id.get(operation or self.match(method, path) or "")
        if route is None:
            place = self._nearest_path(path)
            found = [Found("operation", "", "one that the spec has", Quoted(f"{method} {path}"), place)]
        else:
            segments = segments_of(path)
            start = max(len(segments) - len(route.template), 0)
            context = ResponseContext(route.parameters(["", *segments[start + 1 :]]) or {}, segments[1 : start + 1])
            sent = httpx.Headers(
                [(name.encode(errors="replace"), value.encode(errors="replace")) for name, value in headers.items()]
            )
            found = list(islice(self._check(route, context, status, sent, content), MOST_DRIFTS))
        address = mask(self._masking.address(url))
        return [
            Drift(
                operation=route and route.operation.id,
                kind=each.kind,
                where=mask(each.where),
                expected=mask(each.expected),
                received=self._masking.quoted(each.received, mask),
                spec=each.spec,
                method=method,
                url=address,
            )
            for each in found
        ]

    def _check(
        self, route: Route, context: ResponseContext, status: int, headers: httpx.Headers, content: bytes
    ) -> Iterator[Found]:
        """Compare an answer to an operation with the spec."""
        responses = route.operation.responses
        name = next((each for each in (str(status), f"{status // 100}XX", "default") if each in responses), None)
        if name is None:
            expected = f"one of the statuses {', '.join(responses)}"
            yield Found("status", "", expected, str(status), f"{route.operation.node.pointer}/responses")
            return
        response = responses[name]
        for header in response.value.get("headers", ()):
            yield from self._check_header(header, self._document.follow(response.child("headers", header)), headers)
        if response.value.get("content"):
            yield from self._check_content(response, context, headers, content)
        elif content:
            yield Found("body", "", "no body", size(content), response.pointer)

    def _check_header(self, name: str, header: Node, headers: httpx.Headers) -> Iterator[Found]:
        text = headers.get(name)
        if text is None:
            if header.value.get("required"):
                yield Found("header", name, "there", "missing", header.pointer)
            return
        if "schema" in header.value:
            schema = self._document.follow(header.child("schema"))
            for error in self._validator(schema.pointer).iter_errors(read_header(text, schema.value)):
                expected, spec = expectation(self._document.root, error)
                yield Found("header", name, expected, self._masking.shown(text, [name]), spec)
        if name.lower() == "link" and not is_link(text):
            yield Found("header", name, "links as RFC 8288 has them", self._masking.shown(text, [name]), header.pointer)

    def _check_content(
        self, response: Node, context: ResponseContext, headers: httpx.Headers, content: bytes
    ) -> Iterator[Found]:
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
        context = context._replace(
            parameters=self._linked(response, context.parameters, body),
            faulty=frozenset(pointer_of(error.instance_path) for error in errors),
        )
        yield from self._beyond(schema, part, [], {}, context)

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
        expected, spec = expectation(self._document.root, error)
        if error.kind.name == "required":
            missing: str = error.kind.as_dict()["property"]
            yield Found("body", pointer_of([*path, missing]), "there, as it is required", "missing", spec)
            return
        yield Found("body", pointer_of(path), expected, self._masking.shown(error.instance, path), spec)

    def _beyond(
        self, schema: Node, value: Any, path: list[str | int], owner: Mapping[str, Any], context: ResponseContext
    ) -> Iterator[Found]:
        """Find what a schema means and JSON Schema does not check.

        Args:
            schema: what the spec says of a value.
            value: the value.
            path: where it is in the body.
            owner: the properties beside it.
            context: what it has to agree with.
        """
        parts = list(self._parts(schema, value))
        members = members_of(value)
        if members:
            yield from self._undocumented(parts, members, path)
        whole = {name: child for name, child in members.items() if pointer_of([*path, name]) not in context.faulty}
        for part in parts:
            for name, child in members.items():
                known = part.members.get("properties", {})
                way = ("properties", name) if name in known else ("additionalProperties",)
                if name in known or "additionalProperties" in part.members:
                    yield from self._beyond(part.child(*way), child, [*path, name], whole, context)
            if "items" in part.members:
                for index, child in enumerate(items_of(value)):
                    yield from self._beyond(part.child("items"), child, [*path, index], {}, context)
            is_whole = isinstance(value, str) and pointer_of(path) not in context.faulty
            expected = broken_promise(part.members, value, owner, context) if is_whole else ""
            if expected:
                received = self._masking.shown(value, path)
                if isinstance(received, Quoted) and "x-url-forms" in part.members:
                    received = received._replace(like=expected.partition("the path ")[2].partition(" or ")[0])
                yield Found("body", pointer_of(path), expected, received, part.pointer)

    def _undocumented(self, parts: list[Node], members: dict[str, Any], path: list[str | int]) -> Iterator[Found]:
        """Find the properties of an object that its schema does not name."""
        naming = [each for each in parts if each.members.keys() & {"properties", "additionalProperties"}]
        if not naming or any(is_open(part.members) for part in parts):
            return
        known = {name for part in naming for name in part.members.get("properties", {})}
        place = naming[0] if len(naming) == 1 else parts[0]
        for name in [each for each in members if each not in known]:
            expected = f"absent, as the spec names {', '.join(sorted(known)) or 'none'}"
            received = kind_of(members[name])
            yield Found("undocumented_property", pointer_of([*path, name]), expected, received, place.pointer)

    def _parts(self, schema: Node, value: Any) -> Iterator[Node]:
        """Give all schemas that hold for a value: references followed, and of alternatives those that it fits."""
        schema = self._document.follow(schema)
        yield schema
        for index in range(len(schema.members.get("allOf", ()))):
            yield from self._parts(schema.child("allOf", str(index)), value)
        for keyword in ("anyOf", "oneOf"):
            branches = [schema.child(keyword, str(index)) for index in range(len(schema.members.get(keyword, ())))]
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
            link = self._document.follow(response.child("links", name))
            for parameter, expression in link.value.get("parameters", {}).items():
                _, is_body, pointer = str(expression).partition("$response.body#")
                value = look_up(body, pointer) if is_body else values.get(parameter)
                taken.setdefault(parameter, set()).add(value if isinstance(value, str) else "")
        for parameter, every in taken.items():
            values.pop(parameter, None)
            if len(every) == 1 and "" not in every:
                values[parameter] = next(iter(every))
        return values

    def _validator(self, pointer: str) -> "Draft202012Validator":
        if pointer not in self._validators:
            reference = "#" + quote(pointer[1:], safe="/~")
            self._validators[pointer] = self._compile(
                {**self._document.value, "$ref": reference}, validate_formats=True
            )
        return self._validators[pointer]

    def _nearest_path(self, path: str) -> str:
        """Point to the path of the spec that a request's path fits, with any method; else to all of them."""
        segments = segments_of(path)
        fitting = (route for route in self._routes if route.parameters(segments) is not None)
        return next((route.operation.node.pointer.rpartition("/")[0] for route in fitting), "#/paths")


@cache
def shared() -> Checker:
    """Give the checker of the spec that this package carries, the same one each time.

    Raises:
        ConfigurationError: jsonschema-rs is not installed.
    """
    return Checker.load()


def leading(value: Any, most: int, names: Collection[str], numbers: Iterator[int]) -> Any:
    """Take the first values of JSON, with all that is context them.

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


def parsed(content: bytes) -> Any:
    """Read JSON as RFC 8259 has it: in UTF-8, with numbers that are numbers.

    Raises:
        ValueError: it is none, or nested too deeply.
    """
    return read_json(content.decode("utf-8"), parse_constant=refuse_constant)


def refuse_constant(name: str) -> NoReturn:
    """Refuse what Python's parser takes for a number and JSON does not know."""
    raise ValueError(name)


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
