"""Removes what live runs have left: ``python -m scripts.contract.live.cleanup_command``.

It goes through the ledgers of all runs, and removes what each lists and nothing else. It may be run as often as one
likes, but not while a run is under way.
"""

import os
import sys
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from scripts.contract.live.cleanup import Cleanup, Outcome
from scripts.contract.live.guarded_transport import GuardedTransport
from scripts.contract.live.ledger import Ledger, LedgerError
from scripts.contract.live.lock import Busy, locked
from scripts.contract.live.run_channel import CANNOT_RUN, SENDERS, UNLIMITED, RunChannel
from scripts.contract.live.settings import LiveSettings, read_settings
from scripts.contract.live.state import is_run_id
from scripts.contract.settings import BadSetting

if TYPE_CHECKING:
    from collections.abc import Iterator

ORPHANS = 20.0
"""Seconds that processes of a killed run have to notice it."""

TIMEOUT = 60.0
"""Seconds that an answer may take."""


@contextmanager
def alone(folder: Path) -> "Iterator[None]":
    """Keep every other run and clean-up out until the block ends.

    Raises:
        Busy: one is under way.
    """
    with locked(folder / "lock"):
        with locked(folder / SENDERS, patience=ORPHANS):
            pass  # no child of an earlier run lives any more
        yield


def clean(settings: LiveSettings, path: Path) -> Outcome:
    """Remove what a ledger lists.

    Args:
        settings: name the API, which must be the ledger's.
        path: the ledger.

    Raises:
        LedgerError: it is no ledger, or does not agree with itself.
    """
    ledger = Ledger(path)
    check_header(ledger)
    prefix = f"contract-{ledger.header['run_id']}"
    run_channel = RunChannel(str(path.parent), path.name, prefix, UNLIMITED, writes=True)
    target = run_channel.target(settings.endpoint, settings.organization, settings.token)
    headers = {"Authorization": f"Bearer {settings.token}"}
    transport = GuardedTransport(run_channel.gateway(target, deletes_missing=False))
    with httpx.Client(transport=transport, base_url=target.base_url, headers=headers, timeout=TIMEOUT) as client:
        return Cleanup(ledger, target, client, settled=settings.settled).run()


def check_header(ledger: Ledger) -> None:
    """See that the header of a ledger may be its own.

    Raises:
        LedgerError: it is missing, damaged, or of another run than the file's name says.
    """
    path, header = ledger.path, ledger.header
    for name in ("endpoint", "organization"):
        if not isinstance(header.get(name), str):
            raise LedgerError(f"{path} does not say in its first line which {name} its run had")
    if not is_run_id(header["run_id"]) or path.stem != header["run_id"]:
        raise LedgerError(
            f"{path} is of run {header['run_id'][:50]!r}, as its first line has it, and so it is not its own"
        )


def is_of(settings: LiveSettings, header: Mapping[str, object]) -> bool:
    """Say whether a ledger is of the API that settings name."""
    return (header.get("endpoint"), header.get("organization")) == (settings.endpoint, settings.organization)


def clean_all(settings: LiveSettings, say: Callable[[str], object]) -> int:
    """Go through the ledgers of all runs.

    Returns:
        0 where nothing is left; 2 where something may be, or a ledger does not agree with itself or with the API.
    """
    status, paths = 0, sorted(settings.folder.glob("*.ledger"))
    for path in paths:
        try:
            ledger = Ledger(path)
            if not ledger.has_begun:
                say(f"{path} has no whole line, so its run has sent nothing; it was passed over")
                continue
            check_header(ledger)
            header = ledger.header
            if ledger.is_clean:
                continue
        except (OSError, LedgerError) as error:
            say(f"{error}; all that it lists was left alone")
            status = CANNOT_RUN
            continue
        if not is_of(settings, header):
            say(
                f"{path.name} is of a run against {header['organization']} at {header['endpoint']}; set the variables "
                f"of that organization to clean up after it"
            )
            status = CANNOT_RUN
            continue
        outcome = clean(settings, path)
        say(f"run {header['run_id']}: {outcome}")
        if not outcome.is_complete:
            status = CANNOT_RUN
    if not paths:
        say("no run has left a ledger, so there is nothing to clean up")
    elif not status:
        say("nothing of any run is left")
    return status


def main() -> int:
    """Clean up after all runs; gives the exit status."""
    try:
        settings = read_settings(os.environ)
        with alone(settings.folder):
            return clean_all(settings, lambda line: print(line, flush=True))
    except BadSetting as error:
        print(f"make contract-cleanup: {error}", file=sys.stderr)
    except Busy as error:
        print(f"make contract-cleanup: a run or another clean-up is under way, as {error}", file=sys.stderr)
    except OSError as error:
        print(f"make contract-cleanup: the ledgers of earlier runs cannot be read and kept: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("make contract-cleanup: interrupted; run it again for the rest", file=sys.stderr)
    return CANNOT_RUN


if __name__ == "__main__":
    sys.exit(main())
