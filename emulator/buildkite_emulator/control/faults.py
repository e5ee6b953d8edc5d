"""Faults that are put into calls on demand, so that a client can be tested against them.

They are tried in the order in which they were asked for. The first one that takes a call is the only one that touches
it, and those after it do not see it.
"""

import random
import secrets
from collections.abc import Mapping
from typing import Any

from buildkite_emulator.control.fault_kinds import KINDS, Kind
from buildkite_emulator.control.fields import BadInput, Fields
from buildkite_emulator.spec import Operation, Spec
from buildkite_emulator.state_store import Document, StateStore
from buildkite_emulator.suggestions import advice, shown

KEY = "faults"
"""What the faults' document is called in the state store."""

ALL = "all"
"""In place of an operation, every operation that the fault can be put into."""

MOST = 100
"""Faults that there may be."""

MOST_TIMES = 1_000_000
MOST_SEED = (1 << 53) - 1
GENERAL = ("operation", "times", "share", "seed")
MEMBERS = (*GENERAL, *dict.fromkeys(member for kind in KINDS.values() for member in kind.members))


class Faults:
    """The faults that there are.

    Args:
        spec: has the operations.
        state: where they are kept.
    """

    def __init__(self, spec: Spec, state: StateStore) -> None:
        self._spec = spec
        self._state = state

    def add(self, value: Any) -> Document:
        """Add a fault.

        Args:
            value: what was asked for, as JSON.

        Returns:
            the fault, as `list` shows it.

        Raises:
            BadInput: it is not right.
        """
        fields = Fields(value, "a fault", MEMBERS)
        name, kind = self._read_kind(fields)
        fault = {"operation": self._read_operation(fields, kind), **read_extent(fields), **kind.to_json()}
        with self._state.change(KEY) as document:
            faults = document.setdefault("faults", [])
            if len(faults) >= MOST:
                raise BadInput(f"there are {MOST} faults already; remove some first")
            document["last_id"] = document.get("last_id", 0) + 1
            faults.append({"id": document["last_id"], "kind": name, **fault, "calls": 0, "applied": 0})
            return show(faults[-1])

    def list(self) -> "list[Document]":
        """List the faults, with the calls that each has seen and those that it was put into."""
        document = self._state.get(KEY) or {}
        return [show(fault) for fault in document.get("faults", ())]

    def remove(self, number: int | None) -> bool:
        """Remove the fault of an ID, or all of them.

        Returns:
            whether there was one.
        """
        with self._state.change(KEY) as document:
            faults = document.get("faults", [])
            kept = [fault for fault in faults if number is not None and fault["id"] != number]
            if document:
                document["faults"] = kept
        return len(kept) < len(faults)

    @property
    def are_none(self) -> bool:
        """Whether there is no fault; this is quick."""
        document = self._state.get(KEY)
        return document is None or not document["faults"]

    def take(self, operation: Operation) -> tuple[int, Kind] | None:
        """Find the fault for a call, and count the call.

        Returns:
            its ID and what it does; None where the call is to be left alone.
        """
        with self._state.change(KEY) as document:
            for fault in document.get("faults", ()):
                kind = kind_of(fault)
                if fault["operation"] not in (ALL, operation.id) or not kind.suits(operation) or left(fault) == 0:
                    continue
                fault["calls"] += 1
                if "share" not in fault or drawn(fault["seed"], fault["calls"]) < fault["share"]:
                    fault["applied"] += 1
                    return fault["id"], kind
        return None

    def _read_kind(self, fields: Fields) -> tuple[str, Kind]:
        asked = [name for name in KINDS if name in fields]
        if len(asked) != 1:
            listed = ", ".join(f"`{name}`" for name in KINDS)
            raise BadInput(f"a fault needs exactly one of {listed}; it has {' and '.join(asked) or 'none'}")
        (name,) = asked
        members = KINDS[name].members
        for member in MEMBERS:
            if member in fields and member not in (*GENERAL, *members):
                raise BadInput(f"`{member}` does not go with `{name}`")
        return name, KINDS[name].read(fields)

    def _read_operation(self, fields: Fields, kind: Kind) -> str:
        if "operation" not in fields:
            return ALL
        name = fields.text("operation")
        if name == ALL:
            return ALL
        operation = self._spec.operations.get(name)
        if operation is None:
            known = [ALL, *self._spec.operations]
            raise BadInput(f"there is no operation `{shown(name)}`; {advice(name, known, '`operation`')}")
        if not kind.suits(operation):
            suited = " or ".join(each.id for each in self._spec.operations.values() if kind.suits(each))
            raise BadInput(f"{name} takes no file; such a fault is for {suited}")
        return name


def read_extent(fields: Fields) -> dict[str, Any]:
    """Read which calls a fault is for: the next ones, one unless told, or a share of them.

    Raises:
        BadInput: it is not right.
    """
    if "share" not in fields:
        if "seed" in fields:
            raise BadInput("`seed` goes with `share` only")
        return {"times": fields.integer("times", 1, MOST_TIMES) if "times" in fields else 1}
    if "times" in fields:
        raise BadInput("a fault is for some `times` or for a `share` of the calls, not for both")
    seed = fields.integer("seed", 0, MOST_SEED) if "seed" in fields else secrets.randbelow(1 << 32)
    return {"share": fields.number("share", 0, 1), "seed": seed}


def kind_of(fault: Mapping[str, Any]) -> Kind:
    """Find what a fault does, from how it is kept."""
    kind = KINDS[fault["kind"]]
    return kind.read(Fields({member: fault[member] for member in kind.members if member in fault}, "a fault", MEMBERS))


def left(fault: Mapping[str, Any]) -> int | None:
    """Count the calls that a fault is still to be put into; None for one that is for a share of all."""
    return None if "share" in fault else fault["times"] - fault["applied"]


def show(fault: Mapping[str, Any]) -> Document:
    """Show a fault as it was asked for, with its ID and counts."""
    return {**{name: value for name, value in fault.items() if name != "kind"}, "left": left(fault)}


def drawn(seed: int, number: int) -> float:
    """Draw a number from 0 to 1 for a call, the same for the same seed and number of the call."""
    return random.Random(f"{seed} {number}").random()  # noqa: S311 - nothing is kept secret by it
