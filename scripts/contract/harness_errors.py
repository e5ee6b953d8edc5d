"""Faults of the harness itself, which say nothing about the API."""

import traceback
from pathlib import Path

from scripts import ROOT

FOLDERS = (ROOT / "scripts" / "contract", ROOT / "tests" / "contract")


class HarnessError(Exception):
    """Something is missing in the contract tests; the message says what to add."""


def described_fault(error: BaseException) -> str:
    """Say what went wrong in the harness, and in which of its lines."""
    if isinstance(error, HarnessError):
        return f"a fault of the contract tests, not of the API: {error}"
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if Path(frame.filename).is_relative_to(ROOT)] or list(frames)
    place = ""
    if ours:
        path = Path(ours[-1].filename)
        shown = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
        place = f" at {shown}:{ours[-1].lineno} ({ours[-1].name})"
    told = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return f"a fault of the contract tests, not of the API: {told}{place}; correct what stands there, or report it"
