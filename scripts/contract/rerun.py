"""What makes the same contract run again: its seed, and the command that has it."""

import hashlib
import secrets
import shlex
from collections.abc import Mapping

from scripts.contract.results import BUNDLE
from scripts.contract.units import Shard

SETTINGS = ("WRITE", "MAX_EXAMPLES", "ONLY", "STORES", "FUZZ_MINUTES", "CORPUS", "MUTANT", "MUTANTS")
"""Environment variables that change what a run does."""

BUILDS = ("BUILDKITE_BUILD_ID", "GITHUB_RUN_ID")
"""Environment variables that name a build, for all of its jobs alike."""


def command(goal: str, seed: int, shard: Shard, environment: Mapping[str, str]) -> str:
    """Write what makes the same run again.

    Args:
        goal: of `make`.
        seed: of the run.
        shard: which machine this is.
        environment: the environment variables of the run.
    """
    kept = {name: environment[name] for name in SETTINGS if environment.get(name)}
    settings = {"SEED": str(seed), **({"SHARD": str(shard)} if shard.count > 1 else {}), **kept}
    return " ".join([f"make {goal}", *(f"{name}={shlex.quote(value)}" for name, value in settings.items())])


def new_seed(shard: Shard, environment: Mapping[str, str]) -> int:
    """Choose a seed: by chance, but the same for all shards of a build, which make up one run.

    Args:
        shard: which machine this is.
        environment: the environment variables of the run.
    """
    if shard.count == 1:
        return secrets.randbelow(1 << 32)
    build = next((environment[name] for name in BUILDS if environment.get(name)), "")
    return int.from_bytes(hashlib.sha256(build.encode() + BUNDLE.read_bytes()).digest()[:4], "big")
