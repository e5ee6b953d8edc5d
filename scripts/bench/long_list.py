"""The time that a page of a long list of packages takes, against a page of a short list."""

import time
from collections.abc import Iterator
from pathlib import Path

from buildkite_emulator.storage.database import Database, sqlite_url
from scripts.bench.ratios import Ratio
from scripts.servers.api import SPEC, Api, running_emulator
from scripts.servers.filling import fill

FEW, MANY = 100, 100_000
ROUNDS = 500
WARM_UP = 50
AT_MOST = 1.5
PER_PAGE = next(
    parameter.schema["default"] for parameter in SPEC.operations["list_packages"].query if parameter.name == "per_page"
)


def measure(folder: Path) -> Iterator[Ratio]:
    """Measure pages, over HTTP and one request at a time.

    Args:
        folder: an existing, empty folder to work in.
    """
    database = Database(sqlite_url(folder / "emulator.sqlite3"))
    few, many = fill(database, FEW), fill(database, MANY)
    database.close()
    with running_emulator(f"--data={folder}", log=folder / "emulator.log") as (api, _):
        pages = ((few, 1), (many, 1), (many, 1000))
        rounds = [[get(api, registry, page) for registry, page in pages] for _ in range(WARM_UP + ROUNDS)][WARM_UP:]
    for column, page in ((1, "1"), (2, "1,000")):
        pairs = [(times[column], times[0]) for times in rounds]
        yield Ratio(f"page {page} of {MANY:,} packages", f"page 1 of {FEW}", pairs, "seconds", at_most=AT_MOST)


def get(api: Api, registry: str, page: int) -> float:
    """Get a page; returns the seconds that it took."""
    started = time.perf_counter()
    response = api.call("list_packages", registry, params={"page": str(page)})
    seconds = time.perf_counter() - started
    if len(response.json()["items"]) != PER_PAGE:
        raise RuntimeError(f"page {page} of {registry} is not full: {response.text[:300]}")
    return seconds
