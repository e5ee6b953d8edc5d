"""The command `buildkite-packages`. What it takes beyond the client comes with the extra `cli`."""

import os
import sys
from importlib.util import find_spec
from typing import TextIO

from .exit_status import INTERRUPTED

NEEDED = ("click", "rich")


def main() -> int:
    """Run the command line of this process.

    Returns:
        the exit status: 0 where all went through, 1 where something did not, 2 for a wrong use, 130 after an interrupt.
    """
    try:
        missing = [name for name in NEEDED if find_spec(name) is None]
        if missing:
            print(
                f"buildkite-packages: {' and '.join(missing)} cannot be found; install buildkite-packages[cli]",
                file=sys.stderr,
            )
            return 1
        from .commands import run  # noqa: PLC0415 - needs what was looked for

        return run()
    except KeyboardInterrupt:  # while it loads
        return INTERRUPTED
    finally:
        let_go(sys.stdout)
        let_go(sys.stderr)


def let_go(stream: TextIO | None) -> None:
    """Forget what a stream could not write, which Python would fail over once more when it ends."""
    if stream is None:
        return
    try:
        stream.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
