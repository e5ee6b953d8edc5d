"""What can be sent and is answered comes back as it was sent, for every such property of the spec.

The properties follow from the schemas of the requests and of the answers, and their values from the schemas of the
properties, so that a property that is new in the spec is tried without a flow of its own.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from buildkite_emulator.spec import Operation
from scripts.contract.checks.differences import MISSING, identical
from scripts.contract.flows.builders import Thing, new_registry, thing, things
from scripts.contract.flows.flow import flow
from scripts.contract.flows.flow_client import SPEC, FlowClient, operation_place
from scripts.contract.flows.sample_values import SampleValues, Schema

JSON = "application/json"
FEW = 6
"""How many values of a property are sent to a live organization, where each request takes a second or more."""


def properties_of(schema: Schema) -> dict[str, Schema]:
    """List the properties of a schema, with those of its parts."""
    schema = SPEC.follow(schema)
    found = dict(schema.get("properties", {}))
    for part in schema.get("allOf", ()):
        found |= properties_of(part)
    return found


@dataclass(frozen=True)
class Resource:
    """A kind of thing that is made and changed with JSON.

    Attributes:
        create: makes one.
        item: by HTTP method, the operations on one.
        listing: lists them; None where nothing does.
    """

    create: Operation
    item: Mapping[str, Operation]
    listing: Operation | None

    @property
    def get(self) -> Operation:
        """What looks one up."""
        return self.item["GET"]

    @property
    def update(self) -> Operation | None:
        """What changes one; None where nothing does."""
        return next((each for each in self.item.values() if each.media_type == JSON), None)

    @property
    def key(self) -> str:
        """The property by which a path names one."""
        return self.get.collections[-1][1].rpartition("_")[2]

    @cached_property
    def answered(self) -> Mapping[str, Schema]:
        """The properties of its answer."""
        return properties_of(answer_schema(self.get))

    def sendable(self, operation: Operation | None) -> Mapping[str, Schema]:
        """List the properties that an operation takes and answers show."""
        taken = properties_of(operation.body_schema) if operation and operation.body_schema else {}
        return {name: schema for name, schema in taken.items() if name in self.answered}


def answer_schema(operation: Operation) -> Schema:
    """Find the schema of the successful answer of an operation."""
    content = SPEC.responses(operation)[str(operation.success)].get("content", {})
    found: Schema = content.get(JSON, {}).get("schema", {})
    return found


def resources() -> list[Resource]:
    """Find the things that are made with JSON and can be looked up by themselves."""
    found = []
    for create in SPEC.operations.values():
        below = [
            each for each in SPEC.operations.values() if re.fullmatch(r"/\{\w+\}", each.path.removeprefix(create.path))
        ]
        item = {each.method: each for each in below}
        if create.method == "POST" and create.media_type == JSON and "GET" in item:
            beside = (each for each in SPEC.operations.values() if (each.path, each.method) == (create.path, "GET"))
            found.append(Resource(create, item, next(beside, None)))
    return found


def values_of(api: FlowClient, name: str, sent: Schema, answered: Schema) -> Sequence[Any]:
    """Choose the values of a property that are sent.

    What the spec says has to exist elsewhere can only be made up in an emulator.
    """
    is_live = api.target.kind != "emulator"
    schema = SPEC.follow(sent)
    if is_live and "x-existing" in schema:
        return []
    try:
        found = SampleValues(SPEC).of(sent, answered)
    except LookupError as error:
        raise RuntimeError(f"the property {name} cannot be tried: {error.args[0]}") from None
    if schema.get("x-unique"):
        longest = schema.get("maxLength", 255)
        found = [f"{api.name()} {value}"[:longest] for value in found if isinstance(value, str)]
    return found[:FEW] if is_live else found


class RoundTrip:
    """Sends the properties of a resource, and looks at what comes back.

    Args:
        api: the conversation.
        resource: what is made.
    """

    def __init__(self, api: FlowClient, resource: Resource) -> None:
        self._api = api
        self._resource = resource
        self._found: set[tuple[str, str]] = set()
        self._path = (new_registry(api)["slug"],) if len(resource.create.collections) > 1 else ()

    def run(self) -> None:
        """Make things of all values, then change one to all values, at once and one by one."""
        first = self._values(self._resource.create)
        made: list[Thing] = []
        for number in range(max(map(len, first.values()), default=0)):
            sent = self._picked(first, number, self._resource.create)
            made.append(self._see(self._api.call(self._resource.create.id, *self._path, json=sent), sent, {}))
        self._see_listed(made)
        if self._resource.update and made:
            self._change(made[0], self._resource.update)

    def _change(self, shown: Thing, update: Operation) -> None:
        values = self._values(update)
        required = SPEC.follow(update.body_schema or {}).get("required", ())
        for number in range(max(map(len, values.values()), default=0)):
            shown = self._updated(update, shown, self._picked(values, number, update))
        for name, each in values.items():
            for number, value in enumerate((each[0], each[-1], *([None] if None in each else []))):
                kept = {other: shown[other] for other in required if other != name}
                chosen = f"{self._api.name()} {number}" if self._is_unique(update, name) else value
                shown = self._updated(update, shown, {**kept, name: chosen})
        self._see_listed([shown])

    def _updated(self, update: Operation, before: Thing, sent: Thing) -> Thing:
        key = str(before.get(self._resource.key))
        return self._see(self._api.call(update.id, *self._path, key, json=sent), sent, before)

    def _see(self, answer: Any, sent: Thing, before: Thing) -> Thing:
        """See that an answer has what was sent, and for the rest what was there before; then that it is found so."""
        shown = thing(answer)
        operation = self._api.operation or ""
        place = operation_place(operation, "requestBody")
        wanted = {name: before[name] for name in self._resource.sendable(self._resource.create) if name in before}
        wanted |= {name: value for name, value in sent.items() if name in self._resource.answered}
        self._compare(shown, wanted, sent, operation, place)
        key = str(shown.get(self._resource.key))
        found = thing(self._api.call(self._resource.get.id, *self._path, key))
        self._compare(found, wanted, sent, f"{self._resource.get.id} after {operation}", place)
        return shown

    def _see_listed(self, made: Sequence[Thing]) -> None:
        if self._resource.listing is None:
            return
        body = self._api.call(self._resource.listing.id, *self._path)
        rows = {str(row.get(self._resource.key)): row for row in things(body)}
        for shown in made:
            row = rows.get(str(shown.get(self._resource.key)), {})
            sendable = self._resource.sendable(self._resource.create)
            wanted = {name: shown[name] for name in sendable if name in shown}
            place = operation_place(self._resource.listing.id, "responses")
            self._compare(row, wanted, wanted, self._resource.listing.id, place)

    def _compare(self, shown: Thing, wanted: Thing, sent: Thing, what: str, place: str) -> None:
        for name, value in wanted.items():
            said = "as it was sent" if name in sent else f"as it was before {', '.join(sent) or 'nothing'} was sent"
            received = shown.get(name, MISSING)
            if not identical(received, value) and (name, what) not in self._found:
                self._found.add((name, what))  # one value tells as much as all
                self._api.same(received, value, f"the {name} in {what}, {said}", place)

    def _values(self, operation: Operation) -> dict[str, Sequence[Any]]:
        answered, sendable = self._resource.answered, self._resource.sendable(operation)
        found = {name: values_of(self._api, name, schema, answered[name]) for name, schema in sendable.items()}
        return {name: values for name, values in found.items() if values}

    def _picked(self, values: Mapping[str, Sequence[Any]], number: int, operation: Operation) -> Thing:
        """Pick a value of each property; those that must differ are as many as it takes."""
        return {
            name: self._unique(each, number) if self._is_unique(operation, name) else each[number % len(each)]
            for name, each in values.items()
        }

    def _is_unique(self, operation: Operation, name: str) -> bool:
        return bool(SPEC.follow(self._resource.sendable(operation)[name]).get("x-unique"))

    def _unique(self, values: Sequence[str], number: int) -> str:
        return values[number] if number < len(values) else self._api.name()


@flow(settles=["What can be sent and is answered comes back as it was sent, whatever its value."])
def what_is_sent_comes_back(api: FlowClient) -> None:
    """Each property that can be sent and is answered comes back as it was sent, and is kept where it is not sent."""
    for resource in resources():
        RoundTrip(api, resource).run()
