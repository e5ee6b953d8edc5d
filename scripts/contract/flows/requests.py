"""Right requests, also for operations that are new in the spec."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from buildkite_emulator.spec import Operation
from scripts.contract.flows.flow_client import SPEC, FlowClient
from scripts.contract.harness_errors import HarnessError
from scripts.samples import packages

Arguments = tuple[tuple[str, ...], dict[str, Any]]
Make = Callable[[FlowClient], Arguments]

TYPES: Mapping[str, Any] = {"string": "banana", "integer": 1, "number": 1, "boolean": True, "array": [], "null": None}
"""A value of each type that a property may have where the spec shows none."""


class Requests(Mapping[str, Make]):
    """By operationId, what makes a request right; for operations without an entry it follows from the spec.

    Such a request names what its path needs, made for it: a thing of a known collection, or what an operation makes
    whose answer links to it. Its query and its body have what is required, with the values that the spec shows.

    Args:
        by_hand: the entries.
        makers: by name of a collection in a path, what names a thing of it.
    """

    def __init__(
        self,
        by_hand: Mapping[str, Make],
        makers: Mapping[str, Make],
    ) -> None:
        self._by_hand = by_hand
        self._makers = makers

    def __iter__(self) -> Iterator[str]:
        return iter(SPEC.operations)

    def __len__(self) -> int:
        return len(SPEC.operations)

    def __getitem__(self, operation_id: str) -> Make:
        if operation_id in self._by_hand:
            return self._by_hand[operation_id]
        operation = SPEC.operations[operation_id]
        return lambda api: (self._path(api, operation, ()), self._rest(api, operation))

    def _path(self, api: FlowClient, operation: Operation, above: tuple[str, ...]) -> tuple[str, ...]:
        """Make what a path names; `above` are the operations that this is made for."""
        collections = operation.collections[1:]
        if not collections:
            return ()
        if collections[-1][0] in self._makers:
            path, _ = self._makers[collections[-1][0]](api)
            if len(path) == len(collections):
                return path
        for maker, link in makers_of(operation):
            if maker.id in above or maker.id == operation.id:
                continue
            path = self._path(api, maker, (*above, operation.id))
            answer = api.call(maker.id, *path, **self._arguments(api, maker))
            given = dict(zip((name for _, name in maker.collections), (api.target.organization, *path), strict=True))
            found = [value_of(link.get(name), given, answer) for _, name in collections]
            if all(found):
                return tuple(map(str, found))
        raise HarnessError(
            f"{operation.id} has no entry in scripts/contract/flows/builders.py, and no link in the spec leads to it: "
            f"add one to BY_HAND (or the link to the spec), so that the flows know how to call it"
        )

    def _arguments(self, api: FlowClient, operation: Operation) -> dict[str, Any]:
        if operation.id in self._by_hand and len(operation.collections) == 1:
            return self._by_hand[operation.id](api)[1]
        return self._rest(api, operation)

    def _rest(self, api: FlowClient, operation: Operation) -> dict[str, Any]:
        """Make the query and the body of a request."""
        made: dict[str, Any] = {}
        required = {each.name: str(valid(api, operation, each.schema)) for each in operation.query if each.required}
        if required:
            made["params"] = required
        if operation.file_field:
            made["files"] = {operation.file_field: packages.generic(f"banana{api.number()}", "1.0.0")}
        elif operation.body_schema is not None:
            body = example_of(operation)
            schema = SPEC.follow(operation.body_schema)
            body = valid(api, operation, schema) if body is None else body
            named = isinstance(body, dict) and isinstance(body.get("name"), str)
            made["json"] = {**body, "name": api.name()} if named else body
        return made


def makers_of(operation: Operation) -> Iterator[tuple[Operation, Mapping[str, str]]]:
    """Yield the operations whose answer links to an operation, with the parameters of the link."""
    for maker in SPEC.operations.values():
        response = SPEC.responses(maker)[str(maker.success)]
        for each in response.get("links", {}).values():
            link = SPEC.follow(each)
            if link.get("operationId") == operation.id and maker.method == "POST":
                yield maker, link.get("parameters", {})


def value_of(expression: str | None, given: Mapping[str, str], answer: Any) -> Any:
    """Look up what a link's expression names: a path parameter, or a part of the answer; None where it is not there."""
    text = str(expression)
    if text.startswith("$request.path."):
        return given.get(text.removeprefix("$request.path."))
    if not text.startswith("$response.body#/"):
        return None
    value = answer
    for part in text.removeprefix("$response.body#/").split("/"):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def example_of(operation: Operation) -> Any:
    """Give the first body that the spec shows for an operation; None where it shows none."""
    body = SPEC.document["paths"][operation.path][operation.method.lower()]["requestBody"]
    media = next(iter(SPEC.follow(body)["content"].values()))
    return next((SPEC.follow(each)["value"] for each in media.get("examples", {}).values()), None)


def valid(api: FlowClient, operation: Operation, schema: Any) -> Any:
    """Make a value of a schema, with what it requires.

    Raises:
        HarnessError: it is none of which a value is known.
    """
    schema = SPEC.follow(schema)
    for keyword in ("examples", "enum"):
        if schema.get(keyword):
            return schema[keyword][0]
    for keyword in ("default", "const", "minimum"):
        if keyword in schema:
            return schema[keyword]
    if "properties" in schema or schema.get("type") == "object":
        known = schema.get("properties", {})
        return {name: valid(api, operation, known.get(name, {"type": "string"})) for name in schema.get("required", [])}
    for keyword in ("allOf", "anyOf", "oneOf"):
        if schema.get(keyword):
            return valid(api, operation, schema[keyword][0])
    kinds = schema.get("type", "string")
    kind = kinds if isinstance(kinds, str) else kinds[0]
    if kind not in TYPES or "pattern" in schema or "format" in schema:
        raise HarnessError(
            f"{operation.id} takes a value of which the spec shows no example: add the example, or an entry for the "
            f"operation to BY_HAND in scripts/contract/flows/builders.py, so that the flows know how to call it"
        )
    return TYPES[kind]
