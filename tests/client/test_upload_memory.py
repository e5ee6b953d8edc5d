"""A gigabyte is sent with little memory, sync and async, and the event loop goes on beside it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.servers.api import ORGANIZATION, TOKEN, running_emulator
from tests.emulator.storage.test_memory import MIB, SIZE, digest, folder, make_file

__all__ = ["folder"]  # a fixture

PERIOD = 0.05
"""Seconds between the ticks of the coroutine beside an upload."""

SEND = """
import asyncio, json, re, sys, time
from pathlib import Path
from buildkite_packages import AsyncPackageRegistries, PackageRegistries

def resident(line):
    return int(re.search(line + r":\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) * 1024

mode, url, token, organization, registry, path, period = sys.argv[1:]
source = path
if mode == "iterator":
    source = iter(lambda file=open(path, "rb"): file.read(1 << 20), b"")
elif mode == "async iterator":
    async def chunks():
        piece = bytearray(1 << 20)
        for start in range(0, 1 << 30, 1 << 20):  # what is in the file; to read that here would block the loop
            piece[:8] = start.to_bytes(8, "big")
            yield piece
    source = chunks()
settings = {"base_url": url, "token": token, "organization": organization}
calls = []
moments = []  # of the calls, as the clock on the wall has them

def told(*call):
    calls.append(call)
    moments.append(time.perf_counter())

file = {"file": source, "filename": Path(path).name, "progress": told}
durations = []  # of what the event loop ran, in seconds of the processor
ticks = 0
held = 0.0  # seconds that the event loop was in what it ran, by the clock on the wall

def is_sending():
    return bool(calls) and calls[-1][0] < 1 << 30

def send_sync():
    with PackageRegistries(**settings) as buildkite:
        return buildkite.packages.publish(registry, **file)

async def tick():
    global ticks
    while True:
        await asyncio.sleep(float(period))
        ticks += is_sending()

def watch(handle_run):
    def run(self):
        global held
        # The time of the processor, not of the wall: a busy machine does not lengthen it.
        start, entered = time.thread_time(), time.perf_counter()
        handle_run(self)
        if is_sending():
            durations.append(time.thread_time() - start)
            held += time.perf_counter() - entered
    return run

async def send_async():
    async with AsyncPackageRegistries(**settings) as buildkite:
        asyncio.Handle._run = watch(asyncio.Handle._run)
        ticking = asyncio.create_task(tick())
        package = await buildkite.packages.publish(registry, **file)
        ticking.cancel()
        return package

before = resident("VmRSS")
start, processor = time.perf_counter(), (time.thread_time(), time.process_time())
package = send_sync() if mode == "sync" else asyncio.run(send_async())
took = time.perf_counter() - start
share = (time.thread_time() - processor[0]) / (time.process_time() - processor[1])
print(json.dumps({
    "digests": package.digests.to_dict(), "last": calls[-1],
    "growth": resident("VmHWM") - before, "durations": durations, "ticks": ticks, "took": took,
    "share": share, "held": held / (moments[-1] - moments[0]),
}))
"""


@pytest.mark.long
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc to read a process's memory")
def test_a_gigabyte_is_sent_with_little_memory(folder: Path) -> None:
    """1 GiB published from a path, sync and async, and from iterators takes less than 64 MiB, and holds nothing up.

    What the event loop runs meanwhile does not take the processor for as long as the coroutine beside it sleeps, most
    of the work is done in other threads, and the loop does not wait for those.
    """
    path = folder / "big-1.0.0.bin"
    make_file(path)
    expected = {name: digest(path, name) for name in ("sha256", "sha512")}
    for mode in ("sync", "async", "iterator", "async iterator"):
        with running_emulator(f"--data={folder / mode}") as (api, _):
            registry = api.registry(name=mode)
            url = str(api.client.base_url)
            command = [sys.executable, "-c", SEND, mode, url, TOKEN, ORGANIZATION, registry, str(path), str(PERIOD)]
            finished = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
            assert finished.returncode == 0, finished.stderr
            result = json.loads(finished.stdout)
            api.ok("delete_registry", registry)
        assert result["digests"] == expected
        assert result["last"] == [SIZE, SIZE]
        durations = sorted(result["durations"]) or [0]
        long = durations[len(durations) * 99 // 100]  # without what a virtual machine may add now and then
        print(
            f"{mode}: {result['took']:.1f} s, grew by {result['growth'] / MIB:.0f} MiB, {result['ticks']} ticks;"
            f" the main thread did {result['share']:.0%} of the work, held the loop {result['held']:.0%} of the time;"
            f" 99 of 100 times less than {long * 1000:.1f} ms"
        )
        assert result["growth"] < 64 * MIB, f"{mode} grew by {result['growth'] / MIB:.0f} MiB"
        if mode != "sync":
            assert 0 < long < PERIOD
            assert result["ticks"] > 0
            assert result["held"] < 0.75, "the event loop waits for what other threads do"
            assert result["share"] < 0.75, "most of the reading and hashing is done in the event loop"
