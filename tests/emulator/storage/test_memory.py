"""A gigabyte goes through the client and the emulator without passing through their memory."""

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.servers.api import ORGANIZATION, TOKEN, running_emulator
from scripts.servers.raw_requests import blobs_below, resident

MIB = 1 << 20
SIZE = 1024 * MIB

PUBLISH = """
import json, re, sys
from pathlib import Path
from buildkite_packages import AuthenticatedClient
from buildkite_packages.api.packages import publish_package
from buildkite_packages.models.package_publish import PackagePublish
from buildkite_packages.types import File

def resident(line):
    return int(re.search(line + r":\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) * 1024

url, token, organization, registry, path = sys.argv[1:]
before = resident("VmRSS")
with AuthenticatedClient(base_url=url, token=token) as client, open(path, "rb") as file:
    body = PackagePublish(file=File(file, Path(path).name))
    package = publish_package.sync(organization, registry, client=client, body=body)
print(json.dumps({"package": package.to_dict(), "growth": resident("VmHWM") - before}))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Give a folder that is deleted at once after the test, for it takes gigabytes."""
    yield tmp_path
    shutil.rmtree(tmp_path)


def make_file(path: Path) -> None:
    """Make a file of a gibibyte that takes little room: holes, with a different word at the start of each MiB."""
    with path.open("wb") as file:
        for start in range(0, SIZE, MIB):
            file.seek(start)
            file.write(start.to_bytes(8, "big"))
        file.truncate(SIZE)


def digest(path: Path, algorithm: str) -> str:
    """Compute a file's digest."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


@pytest.mark.long
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc to read a process's memory")
def test_a_gigabyte_takes_little_memory(folder: Path) -> None:
    """Publishing 1 GiB with the generated client takes less than 64 MiB more in either process, and arrives whole."""
    path = folder / "big-1.0.0.bin"
    make_file(path)
    with running_emulator(f"--data={folder / 'data'}") as (api, process):
        registry = api.registry()
        before = resident(process.pid, "VmRSS")
        command = [sys.executable, "-c", PUBLISH, str(api.client.base_url), TOKEN, ORGANIZATION, registry, str(path)]
        finished = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        assert finished.returncode == 0, finished.stderr
        growth = resident(process.pid, "VmHWM") - before
        result = json.loads(finished.stdout)
        assert result["package"]["digests"] == {name: digest(path, name) for name in ("sha256", "sha512")}
        (blob_id,) = blobs_below(folder / "data" / "blobs")
        assert digest(folder / "data" / "blobs" / blob_id, "sha256") == result["package"]["digests"]["sha256"]
    assert growth < 64 * MIB, f"the emulator grew by {growth / MIB:.0f} MiB"
    assert result["growth"] < 64 * MIB, f"the client grew by {result['growth'] / MIB:.0f} MiB"
    print(f"grew by: emulator {growth / MIB:.0f} MiB, client {result['growth'] / MIB:.0f} MiB")
