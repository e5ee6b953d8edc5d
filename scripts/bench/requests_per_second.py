"""Requests per second of the emulator, which keeps what it is told, against those of Prism, which makes answers up."""

import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from scripts.bench.prism import TOOLS, running_prism, with_answers
from scripts.bench.ratios import Ratio, in_turns
from scripts.samples import packages
from scripts.servers.api import ORGANIZATION, SPEC, TOKEN, Api, running_emulator

PACKAGES = 30
CONNECTIONS = 10
SECONDS = 3
ROUNDS = 5
WARM_UP = 4
"""Seconds of requests before any are counted. Node compiles what runs often, and is half as fast until then."""

ALIKE = 1.1
"""How many times as long as the other the longer of two answers may be."""

NEW_EACH_TIME = "[<id>]"
"""What the load generator puts something new in the place of, in each request."""


@dataclass(frozen=True)
class Load:
    """A request to be sent again and again.

    Attributes:
        name: what it does, for people.
        operation_id: the operation.
        path: the path parameters after the organization, in order.
        body: the JSON body.
        at_least: how many times as often as Prism the emulator has to answer.
    """

    name: str
    operation_id: str
    path: tuple[str, ...]
    at_least: float
    body: Mapping[str, str] | None = None


def measure(folder: Path) -> Iterator[Ratio]:
    """Measure requests per second.

    Args:
        folder: an existing, empty folder to work in.
    """
    with ExitStack() as stack:
        api, _ = stack.enter_context(running_emulator(f"--data={folder / 'data'}", log=folder / "emulator.log"))
        registry = api.registry()
        published = [api.publish(registry, packages.generic("banana", f"1.0.{number}")) for number in range(PACKAGES)]
        package = published[0].json()["id"]
        update = {"description": f"a description {NEW_EACH_TIME}"}
        create = {"name": f"a registry {NEW_EACH_TIME}", "ecosystem": "files"}
        loads = [
            Load("get a package", "get_package", (registry, package), 3.3),
            Load(f"list {PACKAGES} packages", "list_packages", (registry,), 2.3),
            Load("create a registry", "create_registry", (), 2, create),
            Load("update a registry", "update_registry", (registry,), 2.5, update),
        ]
        answers = {load.operation_id: call(api, load, 1).json() for load in loads}
        mock_url = stack.enter_context(running_prism(with_answers(SPEC, answers), folder))
        mock = Api(stack.enter_context(httpx.Client(base_url=mock_url, timeout=60)))
        see_that_it_validates(mock)
        for load in loads:
            see_that_answers_are_alike(api, mock, load)
            for each in (api, mock):
                requests_per_second(each, load, WARM_UP)
            pairs = in_turns(
                ROUNDS,
                lambda load=load: requests_per_second(api, load, SECONDS),  # type: ignore[misc]
                lambda load=load: requests_per_second(mock, load, SECONDS),  # type: ignore[misc]
            )
            yield Ratio(
                f"{load.name}, requests a second", "Prism, mocking", pairs, "requests a second", at_least=load.at_least
            )


def see_that_it_validates(mock: Api) -> None:
    """See that Prism checks requests, as the emulator does."""
    statuses = [mock.call("create_registry", json={"name": "x"}).status_code]
    statuses.append(mock.call("list_registries", token=None).status_code)
    if statuses != [422, 401]:
        raise RuntimeError(f"Prism does not validate; it answered {statuses}")


def see_that_answers_are_alike(api: Api, mock: Api, load: Load) -> None:
    """See that both answer with success and with as much JSON."""
    of_emulator, of_mock = call(api, load, 2), call(mock, load, 2)
    if of_emulator.json().keys() != of_mock.json().keys():
        raise RuntimeError(f"{load.name}: the answers have other properties")
    sizes = len(of_emulator.content), len(of_mock.content)
    if max(sizes) > ALIKE * min(sizes):
        raise RuntimeError(f"{load.name}: the answers have {sizes[0]} and {sizes[1]} bytes")


def call(api: Api, load: Load, number: int) -> httpx.Response:
    """Send a request once, with a number for what is new each time; it must succeed."""
    body = load.body and {name: value.replace(NEW_EACH_TIME, str(number)) for name, value in load.body.items()}
    response = api.call(load.operation_id, *load.path, json=body)
    success = SPEC.operations[load.operation_id].success
    if response.status_code != success:
        raise RuntimeError(f"{load.name}: {response.status_code} is not {success}: {response.text[:300]}")
    return response


def requests_per_second(api: Api, load: Load, seconds: int) -> float:
    """Send a request over some connections again and again, as soon as each is answered."""
    operation = SPEC.operations[load.operation_id]
    names = [name for _, name in operation.collections]
    path = operation.path.format_map(dict(zip(names, (ORGANIZATION, *load.path), strict=True)))
    command: list[str | Path] = [TOOLS / "autocannon", "--json", "--connections", str(CONNECTIONS)]
    command += ["--duration", str(seconds), "--method", operation.method, "--headers", f"Authorization: Bearer {TOKEN}"]
    if load.body is not None:
        command += ["--headers", "Content-Type: application/json", "--idReplacement", "--body", json.dumps(load.body)]
    url = str(api.client.base_url).rstrip("/") + path
    finished = subprocess.run([*command, url], capture_output=True, text=True, check=True, timeout=seconds + 60)
    result: dict[str, Any] = json.loads(finished.stdout)
    failed = {name: result[name] for name in ("non2xx", "errors", "timeouts") if result[name]}
    if failed or not result["2xx"]:
        raise RuntimeError(f"{load.name}: not all requests succeeded: {failed}")
    return float(result["2xx"] / result["duration"])
