"""The time that a page of packages takes to become models, against the generator's own code."""

import contextlib
import importlib
import io
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import openapi_python_client
from openapi_python_client.config import Config, ConfigFile, MetaType

from buildkite_packages.models import PackageList
from scripts.bench.ratios import Ratio, in_turns
from scripts.spec.bundle import bundle

PACKAGES = 100
ROUNDS = 200
WARM_UP = 10
AT_MOST = 1.0
UPSTREAM = "upstream_packages"


class Model(Protocol):
    """A model's class, of either kind."""

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Any:
        """Parse it from JSON."""


def measure(folder: Path) -> Iterator[Ratio]:
    """Measure the parsing of a page, in one process.

    Args:
        folder: an existing, empty folder to work in.
    """
    upstream = generate_upstream(folder)
    document = page()
    parsed = [model.from_dict(document).to_dict() for model in (PackageList, upstream)]
    if parsed[0] != parsed[1]:
        raise RuntimeError("the two do not parse alike")
    pairs = in_turns(WARM_UP + ROUNDS, lambda: parse(PackageList, document), lambda: parse(upstream, document))
    what = f"parse a page of {PACKAGES} packages"
    yield Ratio(what, "openapi-python-client's code", pairs[WARM_UP:], "seconds", at_most=AT_MOST)


def generate_upstream(folder: Path) -> type[Model]:
    """Make a client with the generator's own templates, and import its model of a page."""
    document = folder / "openapi.json"
    document.write_text(bundle().to_json(), encoding="utf-8")
    settings = ConfigFile(package_name_override=UPSTREAM, post_hooks=[])
    package = folder / UPSTREAM
    config = Config.from_sources(settings, MetaType.NONE, document, "utf-8", overwrite=False, output_path=package)
    with contextlib.redirect_stdout(io.StringIO()):
        problems = openapi_python_client.generate(config=config)
    if problems:
        raise RuntimeError(f"the generator complains: {problems}")
    sys.path.insert(0, str(folder))
    try:
        model: type[Model] = importlib.import_module(f"{UPSTREAM}.models").PackageList
    finally:
        sys.path.remove(str(folder))
    return model


def page() -> dict[str, Any]:
    """Make a page of packages, with all that a list shows."""
    registry = "https://api.buildkite.com/v2/packages/organizations/my-org/registries/my-registry"
    web = "https://buildkite.com/organizations/my-org/packages/registries/my-registry"
    ids = [f"0191df84-85e4-77aa-83ba-{number:012x}" for number in range(PACKAGES)]
    items = [
        {
            "id": each,
            "url": f"{registry}/packages/{each}",
            "web_url": f"{web}/packages/{each}",
            "name": "banana",
            "created_at": "2024-08-22T06:24:53+00:00",
            "version": f"1.0.{number}",
            "variant": "amd64",
            "digests": {"sha256": f"{number:064x}", "sha512": f"{number:0128x}"},
        }
        for number, each in enumerate(ids)
    ]
    links = {
        name: f"{registry}/packages?page={number}" for number, name in enumerate(("self", "first", "next", "last"))
    }
    return {"items": items, "links": links}


def parse(model: type[Model], document: dict[str, Any]) -> float:
    """Parse a page; returns the seconds that it took."""
    started = time.perf_counter()
    parsed = model.from_dict(document)
    seconds = time.perf_counter() - started
    if len(parsed.items) != PACKAGES:
        raise RuntimeError("the page is not full")
    return seconds
