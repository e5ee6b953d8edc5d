"""Commands that reproduce a finding: what a service or a fuzzer has made up is text in them, and nothing else."""

import subprocess
from pathlib import Path

import httpx
import pytest

from scripts.contract.flows.flow_client import curl
from scripts.contract.target import Target
from tests.contract.hooks import portable

BASE = "http://localhost:8787"
STAND_IN = """#!/bin/sh
printf '%s\\0' "$@" > "$ARGUMENTS"
"""


def run(command: str, folder: Path) -> list[str]:
    """Run a command with a stand-in for curl, and no other program; returns its arguments."""
    (folder / "curl").write_text(STAND_IN)
    (folder / "curl").chmod(0o755)
    arguments = folder / "arguments"
    environment = {
        "PATH": str(folder),
        "ARGUMENTS": str(arguments),
        "BUILDKITE_REST_API_ENDPOINT": "http://here",
        "BUILDKITE_API_TOKEN": "t",
    }
    subprocess.run(["/bin/bash", "-euc", command], env=environment, cwd=folder, check=True, timeout=30)
    assert sorted(path.name for path in folder.iterdir()) == ["arguments", "curl"]
    return arguments.read_text().split("\0")[:-1]


PATHS = ["/v2/$(touch${IFS}pwned)", "/v2/`touch${IFS}pwned`", '/v2/";touch${IFS}pwned;"', "/v2/\\", "/v2/[1-9]{a,b}"]


@pytest.mark.slow
@pytest.mark.parametrize("path", PATHS)
def test_an_address_of_a_fuzzer_is_no_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    """Whatever stands in an address, the shell takes it for an address."""
    monkeypatch.setenv("BUILDKITE_REST_API_ENDPOINT", BASE)
    words = run(portable(f"curl -X GET -H 'Authorization: Bearer x' '{BASE}{path}'"), tmp_path)
    assert words[-1] == f"http://here{path}"
    assert "--globoff" in words


def test_a_body_of_a_fuzzer_is_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A body that begins with @ is sent as it is."""
    monkeypatch.setenv("BUILDKITE_REST_API_ENDPOINT", BASE)
    words = run(portable(f"curl -X POST -d @/etc/hostname {BASE}/v2"), tmp_path)
    assert words[2:4] == ["--data-raw", "@/etc/hostname"]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["/etc/hostname", "../x", ".netrc", "-", "a;type=x", 'a"b', "$(touch pwned)"])
def test_a_flow_s_request_names_no_file(tmp_path: Path, name: str) -> None:
    """The name that a file was sent with is no path to read, and a body is none either."""
    target = Target("live", BASE, "my-org", "t", prefix="contract-abcdefgh-1")
    files = {"file": (name, b"x")}
    sent = run(curl(httpx.Request("POST", f"{BASE}/v2", files=files), target, {"files": files}), tmp_path)
    assert sent[sent.index("-F") + 1].startswith('file=@FILE;filename="')
    request = httpx.Request("POST", f"{BASE}/v2", content=b"@/etc/hostname")
    sent = run(curl(request, target, {"content": b""}), tmp_path)
    assert sent[sent.index("--data-raw") + 1] == "@/etc/hostname"
