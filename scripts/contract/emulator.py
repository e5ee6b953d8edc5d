"""The emulator with IDs, secrets and times that follow from a seed, so that a run can be repeated.

``python -m scripts.contract.emulator TOKEN ORGANIZATION SEED [DATABASE BLOBS]`` prints its base URL and runs until
SIGTERM. With ``MUTANT=`` in the environment it runs behind `scripts.contract.mutants`.
"""

import itertools
import logging
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from buildkite_emulator.cli import listen
from buildkite_emulator.identity import Identity
from buildkite_emulator.server import Server, build
from buildkite_emulator.spec import Spec
from scripts import ROOT
from scripts.contract.mutants import mutated
from scripts.contract.target import Target, scoped_tokens, telling_scopes

START = 1_725_345_999_441
"""Milliseconds since 1970 of the first thing that happens; each later one is a second later."""


def repeatable(seed: int) -> Identity:
    """Make a source of IDs, secrets and times that gives the same ones for the same seed."""
    chance = random.Random(seed)  # noqa: S311 - nothing is kept secret by it
    times = itertools.count(START, 1000)

    def new_id(milliseconds: int) -> str:
        value = milliseconds << 80 | 7 << 76 | chance.getrandbits(12) << 64 | 2 << 62 | chance.getrandbits(62)
        digits = f"{value:032x}"
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))

    return Identity(now=lambda: next(times), new_id=new_id, new_secret=lambda: f"{chance.getrandbits(256):064x}")


@contextmanager
def running(token: str, organization: str, seed: int, *stores: str, log: Path) -> Iterator[Target]:
    """Run the emulator in a process of its own.

    Args:
        token: an access token of every scope; tokens of fewer are made of it.
        organization: slug of the organization.
        seed: IDs, secrets and times follow from it.
        stores: URLs of database and blobs; none for memory.
        log: file for its log.

    Raises:
        RuntimeError: it does not start.
    """
    command = [sys.executable, "-m", "scripts.contract.emulator", token, organization, str(seed), *stores]
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w", encoding="utf-8") as errors:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True, cwd=ROOT)
        try:
            if process.stdout is None or not (url := process.stdout.readline().strip()):
                raise RuntimeError(f"the emulator did not start; see {log}")
            scoped = scoped_tokens(token, telling_scopes(Spec.load()))
            yield Target("emulator", url, organization, token, scoped=scoped)
        finally:
            process.terminate()
            process.wait(timeout=30)
            if process.stdout:
                process.stdout.close()


def main(token: str, organization: str, seed: str, database: str | None = None, blobs: str | None = None) -> None:
    """Run the emulator, in memory or where the URLs say.

    Ctrl-C goes to all of a run's processes. This one does not heed it, for what is under way would take that for drift.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(message)s")
    listener = listen("127.0.0.1", 0)
    spec = Spec.load()
    tokens = {token: spec.scopes}
    tokens |= {name: scopes for scopes, name in scoped_tokens(token, telling_scopes(spec)).items()}
    emulator = build(
        database=database, blobs=blobs, organizations=[organization], tokens=tokens, identity=repeatable(int(seed))
    )
    app = mutated(emulator.app, tokens, os.environ)
    port = listener.getsockname()[1]
    Server(app, lambda: print(f"http://127.0.0.1:{port}", flush=True), [signal.SIGTERM]).run([listener])
    emulator.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
