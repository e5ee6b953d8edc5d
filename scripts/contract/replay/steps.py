"""Requests of a run as steps that can be sent again, on things of their own: without an address, an ID or a token."""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from buildkite_emulator.api.validation import Validators
from buildkite_emulator.errors import ValidationFailed
from buildkite_emulator.spec import Spec
from buildkite_packages.http.parsing import read_json
from scripts.samples.ecosystems import BUILDERS

SPEC = Spec.load()
VALIDATORS = Validators(SPEC)
NOTHING = ...
"""The body of a request that has none; None is the JSON `null`."""

VERSION = "1.0.0"
LONGEST = 4096
"""Bytes of a body that is neither JSON nor a package, for a step to hold it."""

FILE_NAME = re.compile(rb'filename="([^"]*?(banana[0-9]+)[^"]*)"')
BEARERS = ("right", "none", "wrong")


@dataclass(frozen=True)
class From:
    """A value out of the answer to an earlier step.

    Attributes:
        step: its number.
        name: a property of its answer's JSON.
    """

    step: int
    name: str


@dataclass(frozen=True)
class Package:
    """A package file, by how it is built.

    Attributes:
        ecosystem: of the builder.
        name: of the package.
        cut: whether only the first quarter of the file is sent.
    """

    ecosystem: str
    name: str
    cut: bool = False

    def build(self) -> tuple[str, bytes]:
        """Build it: the file's name and its bytes."""
        name, content = BUILDERS[self.ecosystem](self.name, VERSION)
        return name, content[: len(content) // 4] if self.cut else content


@dataclass(frozen=True)
class Raw:
    """A body of any kind, with its media type; empty where it says none."""

    media_type: str
    content: bytes


@dataclass(frozen=True)
class Step:
    """A request.

    Attributes:
        number: no other step beside it has this one.
        operation: operationId.
        path: the path parameters after the organization.
        query: names and values of the query parameters.
        json: the JSON body; `NOTHING` for none.
        package: a package in the form of the body.
        raw: another body.
        bearer: which access token it has, one of `BEARERS`.
        method: where it is another one than the operation's.
        organization: where it is another one than the target's.
    """

    number: int
    operation: str
    path: tuple[str | From, ...] = ()
    query: tuple[tuple[str, str | From], ...] = ()
    json: Any = field(default=NOTHING, hash=False)
    package: Package | None = None
    raw: Raw | None = None
    bearer: str = BEARERS[0]
    method: str | None = None
    organization: str | None = None

    @property
    def needs(self) -> set[int]:
        """The numbers of the steps whose answers it takes something of."""
        values = [*self.path, *(value for _, value in self.query)]
        return {value.step for value in values if isinstance(value, From)}

    @property
    def writes(self) -> bool:
        """Whether it may change something."""
        return (self.method or SPEC.operations[self.operation].method) != "GET"

    def linked(self, makers: Mapping[str, From]) -> "Step":
        """Take what earlier answers gave from there."""
        return replace(
            self,
            path=tuple(makers.get(value, value) if isinstance(value, str) else value for value in self.path),
            query=tuple(
                (name, makers.get(value, value) if isinstance(value, str) else value) for name, value in self.query
            ),
        )

    def fits(self) -> bool | None:
        """Tell whether the spec allows the request as such, whatever is there; None where that is not known."""
        operation = SPEC.operations[self.operation]
        if self.raw or self.method or self.organization or any(isinstance(value, str) for value in self.path):
            return None
        try:
            VALIDATORS.query(operation, urlencode([(name, text_of(value)) for name, value in self.query]).encode())
            if operation.file_field:
                return self.package is not None and not self.package.cut
            if operation.media_type:
                VALIDATORS.check_body(operation, None if self.json is NOTHING else self.json)
        except ValidationFailed:
            return False
        return True

    def values(self) -> dict[str, Any]:
        """Give it as JSON."""
        values: dict[str, Any] = {"number": self.number, "operation": self.operation}
        if self.path:
            values["path"] = [value_of(each) for each in self.path]
        if self.query:
            values["query"] = [[name, value_of(each)] for name, each in self.query]
        if self.json is not NOTHING:
            values["json"] = self.json
        if self.package:
            values["package"] = vars(self.package)
        if self.raw:
            values["raw"] = [self.raw.media_type, base64.b64encode(self.raw.content).decode()]
        if self.bearer != BEARERS[0]:
            values["bearer"] = self.bearer
        return values | {name: given for name in ("method", "organization") if (given := getattr(self, name))}


def text_of(value: str | From) -> str:
    """Give a value of a step as text; what an earlier answer gives stands for a name that is right."""
    return value if isinstance(value, str) else "a"


def value_of(value: str | From) -> Any:
    """Give a value of a step as JSON."""
    return value if isinstance(value, str) else {"step": value.step, "name": value.name}


def read_step(values: Mapping[str, Any]) -> Step:
    """Read a step out of JSON.

    Raises:
        ValueError, KeyError, TypeError: it is none.
    """
    if values["operation"] not in SPEC.operations or values.get("bearer", BEARERS[0]) not in BEARERS:
        raise ValueError("no step of this spec")
    package, raw = values.get("package"), values.get("raw")
    if package and package["ecosystem"] not in BUILDERS:
        raise ValueError("a package of no ecosystem that there is")
    return Step(
        number=int(values.get("number", 0)),
        operation=values["operation"],
        path=tuple(read_value(each) for each in values.get("path", [])),
        query=tuple((str(name), read_value(each)) for name, each in values.get("query", [])),
        json=values.get("json", NOTHING),
        package=Package(**package) if package else None,
        raw=Raw(str(raw[0]), base64.b64decode(raw[1], validate=True)) if raw else None,
        bearer=values.get("bearer", BEARERS[0]),
        method=values.get("method"),
        organization=values.get("organization"),
    )


def read_value(value: Any) -> str | From:
    """Read a value of a step out of JSON."""
    return From(int(value["step"]), str(value["name"])) if isinstance(value, dict) else str(value)


def step_of(  # noqa: PLR0913, PLR0917 - what a request is made of
    number: int,
    operation_id: str,
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    organization: str,
    token: str,
) -> Step | None:
    """Make a step of a request that was sent.

    Args:
        number: for the step.
        operation_id: what it was meant to call.
        method: its method.
        url: where it went.
        headers: its headers, by names in lower case.
        body: its body.
        organization: slug of the target's organization.
        token: the target's access token.

    Returns:
        the step; None where it cannot be one, as its path is not the operation's or its body is too long.
    """
    operation = SPEC.operations[operation_id]
    address = urlsplit(url)
    base = address.path[address.path.find(operation.path.partition("{")[0]) :]
    match = SPEC.match(base.encode())
    if match is None or operation_id not in {each.id for each in match.operations.values()}:
        return None
    names = [name for _, name in operation.collections]
    first, *path = (match.parameters[name] for name in names)
    authorization = headers.get("authorization")
    step = Step(
        number,
        operation_id,
        tuple(path),
        tuple(parse_qsl(address.query, keep_blank_values=True)),
        bearer=BEARERS[0] if authorization == f"Bearer {token}" else BEARERS[2] if authorization else BEARERS[1],
        method=None if method == operation.method else method,
        organization=None if first == organization else first,
    )
    return with_body(step, headers.get("content-type", ""), body)


def with_body(step: Step, media_type: str, body: bytes) -> Step | None:
    """Add the body of a request to a step; gives None where it is too long for one."""
    if not body and not media_type:
        return step
    if media_type == "application/json":
        try:
            return replace(step, json=read_json(body))
        except ValueError:
            pass
    if package := package_in(body):
        return replace(step, package=package)
    return replace(step, raw=Raw(media_type, body)) if len(body) <= LONGEST else None


def package_in(body: bytes) -> Package | None:
    """Find the package that a form holds; None where it holds none that is known."""
    found = FILE_NAME.search(body)
    if not found:
        return None
    for ecosystem in BUILDERS:
        for cut in (False, True):
            package = Package(ecosystem, found[2].decode(), cut)
            name, content = package.build()
            if name.encode() == found[1] and b"\r\n\r\n" + content + b"\r\n--" in body:
                return package
    return None
