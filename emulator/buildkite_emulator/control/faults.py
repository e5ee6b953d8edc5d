"""The faults that users ask for, to test how a client handles them.

For each call the faults are tried in the order in which they were added. The first one that applies is the only one;
the call does not count for those after it.
"""

import random
import secrets
from collections.abc import Mapping
from typing import Any

from buildkite_emulator.control.fault_kinds import KINDS, FaultKind
from buildkite_emulator.control.json_object import BadInput, JsonObject
from buildkite_emulator.spec import Operation, Spec
from buildkite_emulator.state_store import Document, StateStore
from buildkite_emulator.suggestions import advice, shown

KEY = "faults"
"""Key of the faults in the state store."""

ALL = "all"
"""Value of `operation` for every operation to which the fault can apply."""

MOST = 100
"""Maximum number of faults."""

MOST_TIMES = 1_000_000
MOST_SEED = (1 << 53) - 1
GENERAL = ("operation", "times", "share", "seed")
MEMBERS = (*GENERAL, *dict.fromkeys(member for kind in KINDS.values() for member in kind.members))


class Faults:
    """Adds, lists and removes faults, and selects the one that applies to a call.

    Args:
        spec: the spec, for its operations.
        state: the state store that holds the faults.
    """

    def __init__(self, spec: Spec, state: StateStore) -> None:
        self._spec = spec
        self._state = state

    def add(self, value: Any) -> Document:
        """Add a fault.

        Args:
            value: the fault as decoded JSON.

        Returns:
            the fault, as `list` returns it.

        Raises:
            BadInput: it is invalid.
        """
        requested = JsonObject(value, "a fault", MEMBERS)
        name, kind = self._parse_kind(requested)
        fault = {"operation": self._parse_operation(requested, kind), **parse_extent(requested), **kind.to_json()}
        with self._state.change(KEY) as document:
            faults = document.setdefault("faults", [])
            if len(faults) >= MOST:
                raise BadInput(f"there are {MOST} faults already; remove some first")
            document["last_id"] = document.get("last_id", 0) + 1
            faults.append({"id": document["last_id"], "kind": name, **fault, "calls": 0, "applied": 0})
            return show(faults[-1])

    def list(self) -> "list[Document]":
        """List the faults, each with the numbers of calls that it matched and that it was applied to."""
        document = self._state.get(KEY) or {}
        return [show(fault) for fault in document.get("faults", ())]

    def remove(self, number: int | None) -> bool:
        """Remove the fault with an ID, or all faults if that is None.

        Returns:
            whether a fault was removed.
        """
        with self._state.change(KEY) as document:
            faults = document.get("faults", [])
            kept = [fault for fault in faults if number is not None and fault["id"] != number]
            if document:
                document["faults"] = kept
        return len(kept) < len(faults)

    @property
    def is_empty(self) -> bool:
        """Whether there are no faults; cheap enough for each call."""
        document = self._state.get(KEY)
        return document is None or not document["faults"]

    def take(self, operation: Operation) -> tuple[int, FaultKind] | None:
        """Select the fault that applies to a call, and count the call.

        Returns:
            the fault's ID and kind; None if no fault applies.
        """
        with self._state.change(KEY) as document:
            for fault in document.get("faults", ()):
                kind = kind_of(fault)
                if fault["operation"] not in (ALL, operation.id) or not kind.applies_to(operation) or left(fault) == 0:
                    continue
                fault["calls"] += 1
                if "share" not in fault or drawn(fault["seed"], fault["calls"]) < fault["share"]:
                    fault["applied"] += 1
                    return fault["id"], kind
        return None

    def _parse_kind(self, requested: JsonObject) -> tuple[str, FaultKind]:
        asked = [name for name in KINDS if name in requested]
        if len(asked) != 1:
            listed = ", ".join(f"`{name}`" for name in KINDS)
            raise BadInput(f"a fault needs exactly one of {listed}; it has {' and '.join(asked) or 'none'}")
        (name,) = asked
        members = KINDS[name].members
        for member in MEMBERS:
            if member in requested and member not in (*GENERAL, *members):
                raise BadInput(f"`{member}` does not go with `{name}`")
        return name, KINDS[name].parse(requested)

    def _parse_operation(self, requested: JsonObject, kind: FaultKind) -> str:
        if "operation" not in requested:
            return ALL
        name = requested.text("operation")
        if name == ALL:
            return ALL
        operation = self._spec.operations.get(name)
        if operation is None:
            known = [ALL, *self._spec.operations]
            raise BadInput(f"there is no operation `{shown(name)}`; {advice(name, known, '`operation`')}")
        if not kind.applies_to(operation):
            suited = " or ".join(each.id for each in self._spec.operations.values() if kind.applies_to(each))
            raise BadInput(f"{name} takes no file; such a fault is for {suited}")
        return name


def parse_extent(requested: JsonObject) -> dict[str, Any]:
    """Parse to which calls a fault applies: the next `times` (1 by default), or a `share` of all.

    Raises:
        BadInput: it is invalid.
    """
    if "share" not in requested:
        if "seed" in requested:
            raise BadInput("`seed` goes with `share` only")
        return {"times": requested.integer("times", 1, MOST_TIMES) if "times" in requested else 1}
    if "times" in requested:
        raise BadInput("a fault is for some `times` or for a `share` of the calls, not for both")
    seed = requested.integer("seed", 0, MOST_SEED) if "seed" in requested else secrets.randbelow(1 << 32)
    return {"share": requested.number("share", 0, 1), "seed": seed}


def kind_of(fault: Mapping[str, Any]) -> FaultKind:
    """Return the kind of a stored fault."""
    kind = KINDS[fault["kind"]]
    return kind.parse(
        JsonObject({member: fault[member] for member in kind.members if member in fault}, "a fault", MEMBERS)
    )


def left(fault: Mapping[str, Any]) -> int | None:
    """Count the calls to which a fault still applies; None if it applies to a share of all calls."""
    return None if "share" in fault else fault["times"] - fault["applied"]


def show(fault: Mapping[str, Any]) -> Document:
    """Return the JSON of a stored fault: its settings, ID and counts."""
    return {**{name: value for name, value in fault.items() if name != "kind"}, "left": left(fault)}


def drawn(seed: int, number: int) -> float:
    """Return a pseudo-random number from 0 to 1 that depends on the seed and the call's number alone."""
    return random.Random(f"{seed} {number}").random()  # noqa: S311 - nothing is kept secret by it
