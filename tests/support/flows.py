"""Runs flows of the contract tests against an emulator of a test."""

from pathlib import Path
from typing import Any

import httpx

from scripts.contract.flows.flow_client import Lent
from scripts.contract.fuzzing.schemathesis_run import Fuzzing
from scripts.contract.results import Results, Status, read
from scripts.contract.runner import Runner
from scripts.contract.target import Target


def failures_of_flows(
    target: Target, folder: Path, *names: str, transport: httpx.BaseTransport | None = None
) -> list[dict[str, Any]]:
    """Run flows; returns what they found, and those that did not pass or called nothing.

    Args:
        target: the emulator.
        folder: for the results.
        names: of the flows.
        transport: how to reach the emulator, which stays open; None for a socket.
    """
    results = Results(folder / "1-of-1.jsonl")
    fuzzing = Fuzzing(1, None, stop_at_first=False, results=results.path, environment={})
    lent = Lent(transport) if transport else None
    Runner(target, results, fuzzing, transport=lent, say=print).units([f"flow {name}" for name in names])
    events = [dict(event) for event in read(results.path)]
    passed = [each["name"] for each in events if each.get("status") == Status.PASSED and each["requests"]]
    failed = [{"name": name} for name in names if f"flow {name}" not in passed]
    return [event for event in events if event["event"] == "finding"] + failed
