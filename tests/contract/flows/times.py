"""When things were made: in UTC, and as the clock and their IDs say."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from scripts.contract.flows.builders import Thing, new_registry, new_token, publish, thing
from scripts.contract.flows.flow import flow
from scripts.contract.flows.flow_client import FlowClient, operation_place, schema_place
from scripts.samples import packages

TOLERANCE = timedelta(minutes=5)
"""How far clocks may be apart elsewhere than at an emulator; zones are a quarter of an hour apart at least."""

VERSION = 7
"""Of the UUIDs that have the time in them, in milliseconds since 1970 (RFC 9562, section 5.7)."""

WHEN = "The ID of a thing is a UUID of version 7, of the time when it was made."


def time_of(text: Any) -> datetime | None:
    """Read a time; None where it is none, which is found already."""
    try:
        found = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return found if found.tzinfo else None


def time_in(identifier: Any) -> datetime | None:
    """Read the time out of a UUID; None where it has none."""
    try:
        value = UUID(str(identifier))
    except ValueError:
        return None
    return datetime.fromtimestamp((value.int >> 80) / 1000, UTC) if value.version == VERSION else None


class Made:
    """Holds the time of what is made against the clock of the API.

    Args:
        api: the conversation.
    """

    def __init__(self, api: FlowClient) -> None:
        self._api = api
        self._slack = timedelta() if api.target.kind == "emulator" else TOLERANCE
        self._before = api.clock()

    def check(self, made: Thing, what: str, schema: str) -> None:
        """See that something was made since the clock was last looked at, by its ID and by what is told of it."""
        api, before, after = self._api, self._before, self._api.clock()
        inside = time_in(made.get("id"))
        expected = f"the id of {what}, a UUID of version {VERSION} of the time from {before} to {after}"
        place = schema_place(schema, "id") if schema == "Registry" else schema_place(schema)
        api.true(inside is not None and self._is_within(inside, before, after), expected, made.get("id"), place)
        if "created_at" in made:
            told, shown = time_of(made["created_at"]), made["created_at"]
            step = timedelta(milliseconds=1) if "." in str(shown) else timedelta(seconds=1)
            place = schema_place(schema, "created_at")
            is_now = told is not None and self._is_within(told, before - step, after)
            api.true(is_now, f"{what} made at the time from {before} to {after}", shown, place)
            is_same = told is not None and inside is not None and -self._slack <= inside - told < step + self._slack
            api.true(is_same, f"{what} made at the time that its id has, {inside}", shown, place)
        self._before = after

    def _is_within(self, time: datetime, before: datetime, after: datetime) -> bool:
        return before - self._slack <= time <= after + self._slack


@flow(settles=[schema_place("Package", "created_at"), WHEN])
def things_are_made_when_they_are_made(api: FlowClient) -> None:
    """What is made has the time at which it was made, in its ID and in what is told of it."""
    made = Made(api)
    registry = new_registry(api)
    made.check(registry, "a registry", "Registry")
    other = new_registry(api)
    made.check(other, "another registry", "Registry")
    made.check(new_token(api, registry), "a registry token", "RegistryToken")
    package = publish(api, registry, packages.generic("banana", "1.0.0"))
    made.check(package, "a package", "Package")
    to = {"to": other["slug"]}
    copy = thing(api.call("copy_package", registry["slug"], package["id"], params=to))
    made.check(copy, "a copy", "Package")
    token = new_token(api, registry)
    creator = thing(token.get("created_by"))
    came, inside = time_of(creator.get("created_at")), time_in(creator.get("id"))
    if api.target.kind == "emulator":  # elsewhere users may be older than their IDs
        is_same = came is not None and inside is not None and timedelta() <= inside - came < timedelta(seconds=1)
        place = schema_place("User", "created_at")
        api.true(is_same, f"a user who came at the time in the id, {inside}", creator.get("created_at"), place)
    found = thing(api.call("get_registry_token", registry["slug"], token["id"]))
    place = operation_place("get_registry_token")
    api.same(found.get("created_at"), token.get("created_at"), "the time of a token that is looked up", place)
