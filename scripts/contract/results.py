"""What a contract run writes down while it goes, for the report: a file of JSON lines for each shard.

Each line has an ``event``:

``run``       what runs: target, address, organization, seed, shard, version and digest of the spec, the shard's units
``unit``      a unit ended: its name, sentence, status (`Status`), reason, requests, seconds
``finding``   a `Finding`
``seen``      how often each operation was answered with each status; what of the spec was seen (JSON pointers)
``fault``     the harness itself failed in a unit, which says nothing about the API: the unit, the reason
``case``      a finding of fuzzing was made a file in ``found/``: its unit, operation, check and place
``end``       the run ended: status (``complete``, ``interrupted``, ``error``), reason

A run that was killed has no ``end``.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from scripts import ROOT

BUNDLE = ROOT / "generated" / "buildkite_packages" / "openapi.json"
"""The spec in one file."""


class Status(StrEnum):
    """How a unit of a run ended."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"
    ERROR = "error"


@dataclass(frozen=True)
class Finding:
    """One way in which an API does not keep to the spec.

    Attributes:
        check: name of the check that failed.
        unit: name of the unit of the run, such as ``flow registry_is_created`` or ``fuzz get_registry``.
        operation: operationId of the request that showed it; None where no operation fits.
        expected: what the spec lets one expect, as a sentence or phrase.
        received: what came instead. No secret is in it.
        place: JSON pointer into the bundle of what says so.
        curl: a command that sends the request again, to ``$BUILDKITE_REST_API_ENDPOINT`` with
            ``$BUILDKITE_API_TOKEN``.
        steps: such commands for the requests that led there, in order.
        number: how many requests the run had sent when it was found.
        basis: JSON pointer into the bundle of what of the request the expectation rests on, where its value is one that
            the API's reference pages do not show; empty where it rests on `place` alone.
    """

    check: str
    unit: str
    operation: str | None
    expected: str
    received: str
    place: str
    curl: str
    steps: Sequence[str] = field(default=())
    number: int = 0
    basis: str = ""


class Results:
    """Appends what happens to a file, line by line, so that a run that is killed leaves what it had.

    Args:
        path: the file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.findings: list[Finding] = []

    def begin(self, **values: Any) -> None:
        """Append the beginning of a run.

        Args:
            values: ``target``, ``base_url``, ``organization``, ``seed``, ``shard``, ``units``, ``all_units``, and the
                ``command`` that makes the same run again.
        """
        self.write(
            "run",
            **values,
            spec_version=json.loads(BUNDLE.read_bytes())["info"]["version"],
            spec_digest=spec_digest(),
            started=datetime.now(UTC).isoformat(timespec="seconds"),
        )

    def write(self, event: str, **values: Any) -> None:
        """Append an event."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"event": event, **values}) + "\n")

    def add(self, finding: Finding) -> None:
        """Append a finding."""
        self.findings.append(finding)
        self.write("finding", **asdict(finding))


def spec_digest() -> str:
    """Compute the SHA-256 of the bundle."""
    return hashlib.sha256(BUNDLE.read_bytes()).hexdigest()


def read(path: Path) -> Iterator[Mapping[str, Any]]:
    """Read the events of a file; a last line that was cut short is passed over."""
    with path.open(encoding="utf-8") as file:
        for line in file:
            if line.endswith("\n"):
                yield json.loads(line)
