"""Tests of the emulator, and what several of them need: waiting, raw requests, a look into folders and at memory."""

import re
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from buildkite_emulator.storage.blobs import OWNER
from scripts.servers.api import ORGANIZATION, SPEC, TOKEN

BOUNDARY = "boundary"
MULTIPART = f"multipart/form-data; boundary={BOUNDARY}"


def until(met: Callable[[], object], what: str, seconds: float = 300) -> None:
    """Wait until a condition is met, but not for ever."""
    deadline = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.005)


def part(content: bytes, name: str = "file", file_name: str | None = None) -> bytes:
    """Make a part of a form."""
    disposition = f'form-data; name="{name}"' + ("" if file_name is None else f'; filename="{file_name}"')
    return f"Content-Disposition: {disposition}\r\n\r\n".encode() + content


def form(*parts: bytes, boundary: str = BOUNDARY) -> bytes:
    """Make a multipart body of parts."""
    opened = b"".join(f"--{boundary}\r\n".encode() + each + b"\r\n" for each in parts)
    return opened + f"--{boundary}--\r\n".encode()


def head(registry: str, length: int, *more: str) -> bytes:
    """Make the head of a request to publish a package; `more` are further header lines."""
    path = SPEC.operations["publish_package"].path.format(org_slug=ORGANIZATION, registry_slug=registry)
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", f"Authorization: Bearer {TOKEN}", f"Content-Type: {MULTIPART}"]
    return "\r\n".join([*lines, f"Content-Length: {length}", *more, "", ""]).encode()


@contextmanager
def connected(url: httpx.URL) -> Iterator[socket.socket]:
    """Connect to an emulator, to speak HTTP by hand."""
    with socket.create_connection((url.host, url.port or 80), timeout=300) as connection:
        yield connection


def refuses(url: httpx.URL) -> bool:
    """Tell whether an address takes no more connections."""
    try:
        with connected(url):
            return False
    except ConnectionRefusedError:
        return True


@contextmanager
def upload_under_way(url: httpx.URL, registry: str, length: int) -> Iterator[socket.socket]:
    """Begin to publish by hand, and wait until the emulator has the head and wants the body."""
    with connected(url) as connection:
        connection.sendall(head(registry, length, "Expect: 100-continue"))
        assert receive_head(connection).startswith(b"HTTP/1.1 100 ")
        yield connection


def receive_head(connection: socket.socket) -> bytes:
    """Receive the head of a response, byte by byte so that no byte of the body is taken."""
    received = b""
    while not received.endswith(b"\r\n\r\n"):
        byte = connection.recv(1)
        assert byte, f"hung up after {received!r}"
        received += byte
    return received


def resident(pid: int, line: str) -> int:
    """Read how many bytes of memory a process has (VmRSS), or had at most (VmHWM)."""
    found = re.search(rf"{line}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(encoding="ascii"))
    assert found
    return int(found[1]) * 1024


def files_below(folder: Path) -> set[str]:
    """List the files in a folder and below, by their paths in it."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def blobs_below(folder: Path) -> set[str]:
    """List the files of blobs in a folder and below, finished or not, and not the mark of whose they are."""
    return files_below(folder) - {OWNER}
