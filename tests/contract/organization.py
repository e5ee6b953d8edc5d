"""An organization with things that no live run may touch, an emulator that has it, and live runs against it."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from buildkite_emulator.testing import RunningEmulator
from scripts import ROOT
from scripts.contract.live import __main__ as live
from scripts.contract.results import read

TOKEN = "planted-access-token-0123456789"  # noqa: S105 - of an emulator
SEED = f"""
organizations: [my-org]
tokens:
  - token: {TOKEN}
registries:
  - name: production files
    ecosystem: files
    tokens:
      - {{description: deploys, secret: not-so-secret-0123}}
    packages:
      - {{file_name: cherry-2.0.0.txt, content: YSBjaGVycnk=}}
      - {{file_name: banana-1.0.0.txt, content: YSBiYW5hbmE=}}
  - name: contract
    ecosystem: ruby
  - name: contract-somebody-elses-1 registry 1
    ecosystem: files
    packages:
      - {{file_name: apple-2.0.0.txt, content: YSBjaGVycnk=}}
"""
"""What there is that is not a run's own, also where its names begin like a run's."""

REGISTRIES = "/v2/packages/organizations/my-org/registries"


class Organization:
    """An organization, and the files that live runs leave.

    Args:
        emulator: has the organization, with `SEED`.
        folder: for the reports.
        endpoint: the address that runs are given; the emulator's by default.
        variables: further settings of the runs.
    """

    def __init__(
        self, emulator: RunningEmulator, folder: Path, endpoint: str = "", variables: Mapping[str, str] | None = None
    ) -> None:
        self.emulator = emulator
        self.reports = folder / "reports"
        self._variables = {"BUILDKITE_REST_API_ENDPOINT": endpoint or emulator.url, **(variables or {})}

    def get(self, path: str) -> Any:
        """Ask the emulator itself."""
        headers = {"Authorization": f"Bearer {TOKEN}"}
        return httpx.get(f"{self.emulator.url}{path}", headers=headers, timeout=300).json()

    @property
    def state(self) -> str:
        """All that the emulator holds."""
        return httpx.get(f"{self.emulator.url}/_emulator/state", timeout=300).text

    @property
    def left(self) -> list[str]:
        """Names of the registries that are none of the seed's."""
        return [each["name"] for each in self.get(REGISTRIES) if each["name"] not in SEED]

    @property
    def events(self) -> list[Mapping[str, Any]]:
        """What a run wrote."""
        return list(read(self.reports / "live" / "results" / "1-of-1.jsonl"))

    def run(self, main: Callable[[], int] = live.main, **variables: str | None) -> int:
        """Make a run, or clean up, in this process; returns the exit status."""
        with pytest.MonkeyPatch.context() as patch:
            given = self.environment(variables)
            for name in os.environ.keys() - given.keys():
                patch.delenv(name)
            for name, value in given.items():
                patch.setenv(name, value)
            return main()

    def start(self, module: str = "live", **variables: str | None) -> "subprocess.Popen[str]":
        """Start a run or a clean-up in a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", f"scripts.contract.{module}"],
            cwd=ROOT,
            env=self.environment(variables),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def environment(self, variables: Mapping[str, str | None]) -> dict[str, str]:
        """Give the environment variables of a run; None for one that is not set."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("BUILDKITE_")}
        given = {
            "BUILDKITE_API_TOKEN": TOKEN,
            "BUILDKITE_ORGANIZATION_SLUG": "my-org",
            "RATE": "100000",
            "SETTLED": "0.5",
            "MAX_EXAMPLES": "1",
            "SEED": "1",
            "RESULTS": str(self.reports),
            "WRITE": "1",
            **self._variables,
            **variables,
        }
        return inherited | {name: value for name, value in given.items() if value is not None}
