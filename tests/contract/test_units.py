"""How machines share a run."""

import pytest

from buildkite_emulator.spec import Spec
from scripts.contract.rerun import command, new_seed
from scripts.contract.settings import BadSetting
from scripts.contract.units import Shard, all_units, picked, read_shard
from tests.contract.flows import FLOWS


@pytest.mark.parametrize("count", [1, 2, 3, 8, 100])
def test_the_shares_make_up_the_whole(count: int) -> None:
    """Each unit of a run is of exactly one machine."""
    units = all_units()
    shares = [Shard(number, count).pick(units) for number in range(1, count + 1)]
    assert sorted(unit for share in shares for unit in share) == sorted(units)
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


def test_a_whole_run_has_each_operation_and_each_flow() -> None:
    """A run against the emulator fuzzes every operation, walks the links, and holds every flow."""
    units = all_units()
    assert {unit for unit in units if unit.startswith("fuzz ")} == {f"fuzz {name}" for name in Spec.load().operations}
    assert {unit for unit in units if unit.startswith("flow ")} == {flow.unit for flow in FLOWS.values()}
    assert "chains" in units


def test_a_run_that_may_not_write_has_no_unit_that_does() -> None:
    """A read-only run fuzzes what is read, and holds the flows that change nothing."""
    operations = Spec.load().operations
    for unit in all_units("live", writes=False):
        kind, _, name = unit.partition(" ")
        assert kind in ("flow", "fuzz")
        assert not FLOWS[name].writes if kind == "flow" else operations[name].method == "GET"


@pytest.mark.parametrize(
    ("environment", "shard"),
    [
        ({}, Shard(1, 1)),
        ({"SHARD": "2/8"}, Shard(2, 8)),
        ({"BUILDKITE_PARALLEL_JOB": "0", "BUILDKITE_PARALLEL_JOB_COUNT": "4"}, Shard(1, 4)),
        ({"BUILDKITE_PARALLEL_JOB": "3", "BUILDKITE_PARALLEL_JOB_COUNT": "4"}, Shard(4, 4)),
        ({"SHARD": "1/2", "BUILDKITE_PARALLEL_JOB": "3", "BUILDKITE_PARALLEL_JOB_COUNT": "4"}, Shard(1, 2)),
    ],
)
def test_the_environment_names_the_share(environment: dict[str, str], shard: Shard) -> None:
    """SHARD, or else Buildkite's variables of a parallel step, say which share is this machine's."""
    assert read_shard(environment) == shard


@pytest.mark.parametrize(
    "environment",
    [
        {"SHARD": ""},
        {"SHARD": "0/8"},
        {"SHARD": "9/8"},
        {"SHARD": "2"},
        {"SHARD": "a/b"},
        {"SHARD": "1/0"},
        {"BUILDKITE_PARALLEL_JOB": "4", "BUILDKITE_PARALLEL_JOB_COUNT": "4"},
        {"BUILDKITE_PARALLEL_JOB": "1"},
        {"BUILDKITE_PARALLEL_JOB_COUNT": "1"},
    ],
)
def test_a_share_that_cannot_be_is_refused(environment: dict[str, str]) -> None:
    """A share that does not exist is an error that says what would be right."""
    with pytest.raises(BadSetting, match="should be"):
        read_shard(environment)


def test_units_can_be_picked() -> None:
    """ONLY picks units by their name or kind, and refuses what is neither."""
    units = all_units()
    assert picked(units, {}) == units
    assert picked(units, {"ONLY": "chains, fuzz get_package"}) == ["fuzz get_package", "chains"]
    assert picked(units, {"ONLY": "fuzz"}) == [unit for unit in units if unit.startswith("fuzz ")]
    with pytest.raises(BadSetting, match="'fuzz get_packages'"):
        picked(units, {"ONLY": "fuzz get_packages,chains"})


def test_the_shards_of_a_build_have_one_seed() -> None:
    """Machines that share a run choose the same seed, as what they leave is merged by it; other builds another one."""
    build = {"BUILDKITE_BUILD_ID": "one"}
    seeds = {new_seed(Shard(number, 3), build) for number in (1, 2, 3)}
    assert len(seeds) == 1
    assert new_seed(Shard(1, 3), {"GITHUB_RUN_ID": "two"}) not in seeds


def test_a_command_makes_the_same_run_again() -> None:
    """The command of a report has the seed, the share and every setting that changes what a run does."""
    environment = {"ONLY": "fuzz get_package,chains", "WRITE": "1", "BUILDKITE_API_TOKEN": "secret"}
    assert command("contract-live", 7, Shard(2, 8), environment) == (
        "make contract-live SEED=7 SHARD=2/8 WRITE=1 ONLY='fuzz get_package,chains'"
    )
    assert command("contract", 7, Shard(), {}) == "make contract SEED=7"
