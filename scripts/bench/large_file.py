"""The time to publish a gibibyte, against the time that one process needs to write it and to compute its digests."""

import hashlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

from scripts.bench.ratios import Ratio, in_turns
from scripts.servers.api import Api, running_emulator
from scripts.servers.raw_requests import BOUNDARY, connected, head, part, receive_head

MIB = 1 << 20
SIZE = 1024 * MIB
ROUNDS = 5
AT_MOST = 1.3


def measure(folder: Path) -> Iterator[Ratio]:
    """Measure the publishing of a large file over the loopback address.

    Args:
        folder: an existing, empty folder to work in. The emulator's data are on the same disk.
    """
    path = folder / "large-1.0.0.bin"
    block = os.urandom(MIB)
    with path.open("wb") as file:
        for number in range(SIZE // MIB):
            file.write(number.to_bytes(8, "big") + block[8:])
    with running_emulator(f"--data={folder / 'data'}", log=folder / "emulator.log") as (api, _):
        registry = api.registry()
        pairs = in_turns(ROUNDS, lambda: publish(api, registry, path), lambda: write_and_digest(path))
    yield Ratio("publish 1 GiB", "writing and digesting it", pairs, "seconds", at_most=AT_MOST)


def publish(api: Api, registry: str, path: Path) -> float:
    """Publish a file; returns the seconds that it took. The sender does next to nothing, the system reads the file."""
    start = f"--{BOUNDARY}\r\n".encode() + part(b"", file_name=path.name)
    end = f"\r\n--{BOUNDARY}--\r\n".encode()
    with connected(api.client.base_url) as connection, path.open("rb") as file:
        connection.settimeout(300)
        started = time.perf_counter()
        connection.sendall(head(registry, len(start) + SIZE + len(end)) + start)
        connection.sendfile(file)
        connection.sendall(end)
        answer = receive_head(connection)
        seconds = time.perf_counter() - started
    if not answer.startswith(b"HTTP/1.1 200 "):
        raise RuntimeError(f"the file was not accepted: {answer!r}")
    (package,) = api.ok("list_packages", registry)["items"]
    if package["digests"]["sha256"] != sha256(path):
        raise RuntimeError("the file did not arrive whole")
    api.ok("delete_package", registry, package["id"])
    return seconds


def write_and_digest(path: Path) -> float:
    """Read a file, write it and compute its digests; returns the seconds that it took."""
    copy = path.with_suffix(".copy")
    digests = hashlib.sha256(), hashlib.sha512()
    started = time.perf_counter()
    with path.open("rb") as source, copy.open("wb") as target:
        while block := source.read(MIB):
            target.write(block)
            for digest in digests:
                digest.update(block)
    seconds = time.perf_counter() - started
    copy.unlink()
    return seconds


def sha256(path: Path) -> str:
    """Compute a file's digest."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
