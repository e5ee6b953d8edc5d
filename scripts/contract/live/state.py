"""Where a live run stands, on disk, so that one that was stopped can go on."""

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Of run IDs; none that look alike, and none that a slug would spell in another way."""

LENGTH = 10


@dataclass
class LiveState:
    """Where a run stands.

    Attributes:
        run_id: names the run.
        seed: what the fuzzer makes follows from it.
        settings: of the run: what they are, a run that goes on with it must have, too.
        started: when it began, in UTC.
        done: its units that have ended.
        attempts: how many units were begun, which makes their names differ.
        size: bytes of the results, as they were when the last unit ended.
        is_finished: whether it has ended.
    """

    run_id: str
    seed: int
    settings: Mapping[str, Any]
    started: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    done: list[str] = field(default_factory=list)
    attempts: int = 0
    size: int = 0
    is_finished: bool = False

    def save(self, path: Path) -> None:
        """Write it down, all of it or nothing."""
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_suffix(".new")
        with new.open("w", encoding="utf-8") as file:
            json.dump(asdict(self), file)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)


def read_state(path: Path) -> LiveState | None:
    """Read where a run stood; None where there is none, or none that this version can read."""
    try:
        return LiveState(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def is_run_id(text: object) -> bool:
    """Tell whether a text may be the ID of a run."""
    return isinstance(text, str) and len(text) == LENGTH and set(text) <= set(LETTERS)


def new_run_id() -> str:
    """Make the ID of a run, which nobody else's names hold."""
    return "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
