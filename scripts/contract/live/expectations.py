"""How many requests a live run will send, as far as one can tell."""

import json
from collections.abc import Sequence
from pathlib import Path

FLOW = 50
"""Requests of a flow of which nothing is known, with those that clean up after it."""

PER_EXAMPLE = 5
FEWEST = 60
"""Requests of an operation that is fuzzed for the first time: for each example, and besides them."""


class Expectations:
    """What earlier runs tell.

    Args:
        path: where they left it.
        max_examples: how many examples are made of each operation.
    """

    def __init__(self, path: Path, max_examples: int) -> None:
        self._path = path
        self._max_examples = max_examples

    def of(self, units: Sequence[str]) -> int:
        """Say how many requests some units will send."""
        known = self._read()
        return sum(known.get(self._name(unit), self._guess(unit)) for unit in units)

    def learn(self, unit: str, requests: int) -> None:
        """Note how many requests a unit has sent."""
        new = self._path.with_suffix(".new")
        new.write_text(json.dumps({**self._read(), self._name(unit): requests}), encoding="utf-8")
        new.replace(self._path)

    def _name(self, unit: str) -> str:
        return unit if unit.startswith("flow ") else f"{unit} {self._max_examples}"

    def _guess(self, unit: str) -> int:
        return FLOW if unit.startswith("flow ") else FEWEST + PER_EXAMPLE * self._max_examples

    def _read(self) -> dict[str, int]:
        try:
            known = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return (
            {name: count for name, count in known.items() if isinstance(count, int)} if isinstance(known, dict) else {}
        )
