"""The emulator with IDs, secrets and times that follow from a seed, so that a run can be repeated.

``python -m tests.contract.emulator TOKEN ORGANIZATION SEED [DATABASE BLOBS]`` prints its base URL and runs until
SIGTERM.
"""

import itertools
import logging
import random
import sys

from buildkite_emulator.cli import listen
from buildkite_emulator.identity import Identity
from buildkite_emulator.server import Server, build
from buildkite_emulator.spec import Spec

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


def main(token: str, organization: str, seed: str, database: str | None = None, blobs: str | None = None) -> None:
    """Run the emulator, in memory or where the URLs say."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(message)s")
    listener = listen("127.0.0.1", 0)
    identity = repeatable(int(seed))
    tokens = {token: Spec.load().scopes}
    emulator = build(database=database, blobs=blobs, organizations=[organization], tokens=tokens, identity=identity)
    port = listener.getsockname()[1]
    Server(emulator.app, lambda: print(f"http://127.0.0.1:{port}", flush=True)).run([listener])
    emulator.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
