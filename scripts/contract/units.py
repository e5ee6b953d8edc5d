"""The units of a contract run, and how machines share them."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from buildkite_emulator.spec import Spec
from scripts.contract.settings import BadSetting, names, nearest, text_of
from scripts.contract.suite import load_flows

CHAINS = "chains"
FUZZ = "fuzz"


@dataclass(frozen=True)
class Shard:
    """One of the machines that share a run, counted from 1."""

    number: int = 1
    count: int = 1

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"

    @property
    def name(self) -> str:
        """Its name in those of files."""
        return f"{self.number}-of-{self.count}"

    def pick(self, units: Sequence[str]) -> list[str]:
        """Pick the units of this machine; each unit is of one.

        The chains, which take longest, and then the operations and the flows are dealt out like cards.
        """
        weights = {CHAINS: 0, FUZZ: 1}
        dealt = sorted(units, key=lambda unit: weights.get(unit.partition(" ")[0], 2))
        picked = set(dealt[self.number - 1 :: self.count])
        return [unit for unit in units if unit in picked]


def read_shard(environment: Mapping[str, str] = os.environ) -> Shard:
    """Read which shard this is: ``SHARD=2/8``, or Buildkite's variables of a parallel step, which count from 0.

    Raises:
        BadSetting: it is not such a pair.
    """
    if text := text_of(environment, "SHARD", "like 2/8, the second of eight"):
        found = re.fullmatch(r"([0-9]{1,4})/([0-9]{1,4})", text)
        if not found or not 1 <= int(found[1]) <= int(found[2]):
            raise BadSetting(f"SHARD should be like 2/8, the second of eight, and is {text!r}")
        return Shard(int(found[1]), int(found[2]))
    job, count = (environment.get(f"BUILDKITE_PARALLEL_JOB{end}") for end in ("", "_COUNT"))
    if job is None and count is None:
        return Shard()
    if not (job or "").isdecimal() or not (count or "").isdecimal() or not int(job or 0) < int(count or 0):
        raise BadSetting(
            "BUILDKITE_PARALLEL_JOB and BUILDKITE_PARALLEL_JOB_COUNT should be a number from 0 and how many there are, "
            f"and are {job!r} and {count!r}"
        )
    return Shard(int(job or 0) + 1, int(count or 0))


def all_units(kind: str = "emulator", *, writes: bool = True) -> list[str]:
    """List the units of a whole run in the order in which they run: what fails soonest comes first.

    Args:
        kind: of the target: ``emulator`` or ``live``.
        writes: whether the run may change anything.
    """
    operations = Spec.load().operations.values()
    flows = [
        flow.unit
        for flow in load_flows().values()
        if (writes or not flow.writes) and (kind == "emulator" or not flow.needs_emulator)
    ]
    fuzzed = [f"{FUZZ} {operation.id}" for operation in operations if writes or operation.method == "GET"]
    return [*flows, *fuzzed, *([CHAINS] if writes else [])]


def picked(units: Sequence[str], environment: Mapping[str, str]) -> list[str]:
    """Pick what ``ONLY=`` names, separated by commas: units, or kinds of units (flow, fuzz, chains); all by default.

    Raises:
        BadSetting: it names one that is not there.
    """
    wanted = set(names(environment, "ONLY", "names of units, or of kinds of them"))
    kinds = {unit.partition(" ")[0] for unit in units}
    if unknown := sorted(wanted - kinds - set(units)):
        like = {name: nearest(name, [*units, *sorted(kinds)]) for name in unknown}
        near = [f"{name!r} is like {', '.join(map(repr, those))}" for name, those in like.items() if those]
        raise BadSetting(
            f"ONLY should name units such as {units[0]!r}, or kinds of them ({', '.join(sorted(kinds))}), "
            f"and names {', '.join(map(repr, unknown))}" + (f"; {'; '.join(near)}" if near else "")
        )
    return [unit for unit in units if not wanted or not wanted.isdisjoint((unit, unit.partition(" ")[0]))]
