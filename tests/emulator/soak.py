"""The soak: ``python -m tests.emulator.soak``, for ``MINUTES=10``.

32 connections call every operation of an emulator in a process of its own, publish real packages of every format, cut
uploads in the middle and send what is wrong. At the end nothing may have failed on the emulator's side, its memory may
not have grown, all its descriptors must be closed, each caller must find what it published, and database and blobs must
agree. ``STORES=postgresql,s3`` keeps things there rather than in a folder.

Callers delete about as much as they publish, so the data held stays the same after the first third of the time, and
then so must the memory: its peak in the last third may be above that in the second by `ALLOWED` bytes.
"""

import os
import random
import socket
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from buildkite_emulator.storage.backends import CONNECTIONS
from scripts.samples import packages
from scripts.samples.ecosystems import BUILDERS, COPIED
from scripts.servers.api import SPEC, Api, running_emulator
from scripts.servers.raw_requests import form, head, part, until
from scripts.servers.stores import agreed_blobs, new_stores

CALLERS = 32
MOST_PACKAGES = 20
"""Packages that each caller keeps."""

MIB = 1 << 20
LARGE = 6 * MIB
ALLOWED = 24 * MIB
WARM_UP = 3.0
"""Seconds."""


class Caller:
    """Calls one operation after another, over one connection.

    Attributes:
        calls: how often each operation was answered with each class of status.
        faults: what the emulator did wrong.
    """

    def __init__(self, number: int, url: httpx.URL) -> None:
        self.calls: Counter[tuple[str, str]] = Counter()
        self.faults: list[str] = []
        self._number = number
        self._url = url
        self._chance = random.Random(number)  # noqa: S311 - no secret
        self._count = 0
        self._ecosystem = list(BUILDERS)[number % len(BUILDERS)]
        self._registry = ""
        self._kept: dict[str, str] = {}
        self._tokens: list[str] = []

    def run(self, until_time: float) -> None:
        """Call until a time of the monotonic clock."""
        with httpx.Client(base_url=self._url, timeout=60) as client:
            self._api = Api(client)
            try:
                if not self._registry:
                    name = f"soak {self._number}"
                    self._registry = self._call(
                        "create_registry", json={"name": name, "ecosystem": self._ecosystem}
                    ).json()["slug"]
                while time.monotonic() < until_time:
                    self._chance.choice(self._acts())()
            except (httpx.HTTPError, KeyError, ValueError) as error:
                self.faults.append(f"{type(error).__name__}: {error}")

    def check(self, api: Api) -> None:
        """Check that the packages that were published and not deleted are listed."""
        listed = api.ok("list_packages", self._registry, params={"per_page": "100"})["items"]
        found = {package["id"]: package["digests"]["sha256"] for package in listed}
        if found != self._kept:
            self.faults.append(f"{self._registry} has {len(found)} packages, which are not the {len(self._kept)} kept")

    def _acts(self) -> list[Callable[[], object]]:
        acts: list[Callable[[], object]] = [
            *[self._publish] * 4,
            *[self._get_package] * 4,
            *[self._list_packages] * 2,
            *[self._delete_package] * (4 if len(self._kept) >= MOST_PACKAGES else 1),
            self._copy,
            self._cut,
            self._wrong,
            self._token,
            self._drop_token,
            self._another_registry,
        ]
        acts += [lambda: self._call("list_registries"), lambda: self._call("get_registry", self._registry)]
        acts += [lambda: self._call("list_registry_tokens", self._registry)]
        return [*acts, lambda: self._call("update_registry", self._registry, json={"description": "soaked"})]

    def _call(self, operation: str, *path: str, expected: int | None = None, **arguments: Any) -> httpx.Response:
        response = self._api.call(operation, *path, **arguments)
        self.calls[operation, f"{response.status_code // 100}xx"] += 1
        wanted = SPEC.operations[operation].success if expected is None else expected
        if response.status_code != wanted:
            self.faults.append(f"{operation}: {response.status_code} in place of {wanted}: {response.text[:200]}")
        return response

    def _package(self) -> packages.Package:
        self._count += 1
        name, version = f"soak{self._number}", f"1.0.{self._count}"
        if self._ecosystem == "files" and self._count % 5 == 0:
            return packages.generic(name, version, self._chance.randbytes(1000) * (LARGE // 1000))
        return BUILDERS[self._ecosystem](name, version)

    def _publish(self) -> None:
        if len(self._kept) >= MOST_PACKAGES:
            self._delete_package()
        package = self._call("publish_package", self._registry, files={"file": self._package()}).json()
        self._kept[package["id"]] = package["digests"]["sha256"]

    def _get_package(self) -> None:
        for package_id in list(self._kept)[:1]:
            self._call("get_package", self._registry, package_id)

    def _list_packages(self) -> None:
        query = {"page": str(self._chance.randint(1, 3)), "per_page": str(self._chance.randint(1, 100))}
        self._call("list_packages", self._registry, params=query)

    def _delete_package(self) -> None:
        if self._kept:
            package_id = self._chance.choice(list(self._kept))
            self._call("delete_package", self._registry, package_id)
            del self._kept[package_id]

    def _copy(self) -> None:
        if self._kept and self._ecosystem in COPIED:
            made = self._call("create_registry", json={"name": self._other(), "ecosystem": self._ecosystem}).json()
            package_id = self._chance.choice(list(self._kept))
            self._call("copy_package", self._registry, package_id, params={"to": made["slug"]})
            self._call("delete_registry", made["slug"])

    def _another_registry(self) -> None:
        slug = self._call("create_registry", json={"name": self._other(), "ecosystem": "ruby"}).json()["slug"]
        self._call("delete_registry", slug)

    def _other(self) -> str:
        self._count += 1
        return f"soak {self._number} other {self._count}"

    def _token(self) -> None:
        made = self._call("create_registry_token", self._registry, json={"description": "soak"}).json()["id"]
        self._call("get_registry_token", self._registry, made)
        self._call("update_registry_token", self._registry, made, json={"description": "soaked"})
        self._tokens.append(made)

    def _drop_token(self) -> None:
        while self._tokens:
            self._call("delete_registry_token", self._registry, self._tokens.pop())

    def _wrong(self) -> None:
        self._call("get_registry", "no-such-registry", expected=404)
        self._call("create_registry", expected=422, json={"name": "x"})
        self._call("publish_package", self._registry, expected=422, files={"file": ("x-1.0.0", b"no package")})

    def _cut(self) -> None:
        body = form(part(bytes(2 * MIB), file_name="cut-1.0.0.bin"))
        with socket.create_connection((self._url.host, self._url.port or 80), timeout=60) as connection:
            connection.sendall(head(self._registry, len(body)) + body[: self._chance.randint(1, len(body) - 1)])
        self.calls["publish_package", "cut"] += 1


class Process:
    """Observes a process.

    Attributes:
        resident: bytes of memory, one number for each second.
    """

    def __init__(self, pid: int) -> None:
        self.resident: list[int] = []
        self._folder = Path(f"/proc/{pid}")
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._sample)

    def __enter__(self) -> "Process":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()

    def _sample(self) -> None:
        while not self._stopped.wait(0.25):
            pages = int((self._folder / "statm").read_text(encoding="ascii").split()[1])
            self.resident.append(pages * os.sysconf("SC_PAGE_SIZE"))

    def descriptors(self) -> int:
        """Count the descriptors that it has open."""
        return len(list((self._folder / "fd").iterdir()))

    def peaks(self) -> tuple[int, int]:
        """Give the peaks of its memory in the second and in the last third of the time."""
        third = len(self.resident) // 3
        return max(self.resident[third : 2 * third]), max(self.resident[2 * third :])


def load(callers: list[Caller], seconds: float) -> None:
    """Run all callers for some seconds."""
    end = time.monotonic() + seconds
    threads = [threading.Thread(target=caller.run, args=(end,)) for caller in callers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def main() -> int:
    """Run the soak and print the results.

    Returns:
        0 if nothing failed, else 1.
    """
    seconds = float(os.environ.get("MINUTES") or 10) * 60
    kinds = (os.environ.get("STORES") or "sqlite,folder").split(",")
    faults: list[str] = []
    with tempfile.TemporaryDirectory() as folder, new_stores(kinds[0], kinds[1], folder=Path(folder)) as stores:
        log = Path(folder) / "log"
        with running_emulator(*stores.options, log=log) as (api, process):
            callers = [Caller(number, api.client.base_url) for number in range(CALLERS)]
            watched = Process(process.pid)
            load(callers, WARM_UP)
            api.ok("list_registries")
            before = watched.descriptors()
            with watched:
                load(callers, seconds)
            most = before + (CONNECTIONS if kinds[0] == "postgresql" else 0)
            try:
                until(lambda: watched.descriptors() <= most, "descriptors are closed")
            except AssertionError:
                faults.append(f"{watched.descriptors()} descriptors are open, and {before} were before")
            for caller in callers:
                caller.check(api)
            after = watched.descriptors()
        if process.returncode != 0:
            faults.append(f"the emulator ended with {process.returncode}")
        if "Traceback" in log.read_text(encoding="utf-8"):
            faults.append("there are tracebacks in the emulator's log")
        blobs = agreed_blobs(stores)
    second, last = watched.peaks()
    if last > second + ALLOWED:
        faults.append(f"memory grew from {second // MIB} to {last // MIB} MiB")
    faults += [fault for caller in callers for fault in caller.faults]
    calls: Counter[tuple[str, str]] = sum((caller.calls for caller in callers), Counter())
    print(f"{'operation':22}    2xx    4xx    cut")
    for operation in SPEC.operations:
        print(f"{operation:22}" + "".join(f"{calls[operation, outcome]:7}" for outcome in ("2xx", "4xx", "cut")))
    rate = calls.total() / (seconds + WARM_UP)
    print(f"{calls.total()} calls from {CALLERS} connections, {rate:.0f} a second; stores: {', '.join(kinds)}")
    print(f"peak of memory in the second third: {second / MIB:.0f} MiB, in the last: {last / MIB:.0f} MiB")
    print(f"descriptors: {before} before, {after} after; blobs that agree with the database: {len(blobs)}")
    for fault in faults[:10]:
        print(f"FAULT: {fault}", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
