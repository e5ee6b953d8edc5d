"""Requests whose answers showed something new, kept in a folder for the next run: ``CORPUS=``.

Each is a file of JSON, named by the digest of the request, so that folders of several machines merge by copying. What a
request names is made anew when it is sent again; there is no address, ID or token in a file.
"""

import hashlib
import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from buildkite_packages.http.masking import HIDDEN, mask_text
from scripts.contract.flows.builders import RIGHT, new_registry, upload
from scripts.contract.flows.flow import Flow
from scripts.contract.flows.flow_client import FlowClient, FlowEnded
from scripts.contract.replay.steps import BEARERS, NOTHING, From, Step, read_step
from scripts.contract.units import CORPUS

HYPOTHESIS = "hypothesis"
"""The folder in it that hypothesis keeps its own examples in."""

MOST = 500
"""Requests that are kept, and sent again."""

LARGEST = 16_384
"""Bytes of a request's file."""

NUMBER = re.compile(" [0-9]+$")
NEW = {"new": "registry"}
"""What stands for a thing that is made anew."""


@dataclass(frozen=True)
class Kept:
    """A request that is kept, and the digest of what its answer showed."""

    step: Step
    shows: str


class Corpus:
    """A folder of requests.

    Args:
        path: the folder; it is made where it is missing.
        say: is told of a file that is damaged.
    """

    def __init__(self, path: Path, say: Callable[[str], None] = lambda _: None) -> None:
        self.path = path
        self.kept: dict[str, Kept] = {}
        for file in sorted(path.glob("*.json")):
            try:
                self.kept[file.stem] = read_kept(file)
            except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
                say(f"{file} is no request that can be sent again, and is passed over ({type(error).__name__})")
            if len(self.kept) >= MOST:
                break
        self._shown = {kept.shows for kept in self.kept.values()}

    def consider(self, step: Step, shows: str, secrets: Collection[str]) -> bool:
        """Keep a request if its answer showed something new.

        Args:
            step: the request.
            shows: what its answer showed, as `shown` gives it.
            secrets: a request that holds one of them is not kept.

        Returns:
            whether it is kept.
        """
        if shows in self._shown or len(self.kept) >= MOST or not can_be_made(step):
            return False
        values = anew(step)
        text = json.dumps(values, sort_keys=True)
        digest = hashlib.sha256(text.encode()).hexdigest()[:16]
        self._shown.add(shows)
        raw = step.raw.content.decode("latin-1") if step.raw else ""
        if digest in self.kept or len(text) > LARGEST or HIDDEN in mask_text(text + raw, secrets):
            return False
        self.kept[digest] = Kept(step, shows)
        write(self.path / f"{digest}.json", json.dumps({**values, "shows": shows}, indent=2, sort_keys=True) + "\n")
        return True

    @property
    def flow(self) -> Flow:
        """The unit of a run that sends them again."""
        return Resending(
            name=CORPUS,
            sentence="What earlier runs kept is answered as the spec says.",
            run=self._send,
            writes=True,
            needs_emulator=False,
            settles=(),
        )

    def _send(self, api: FlowClient) -> None:
        for kept in self.kept.values():
            try:
                send_again(api, kept.step)
            except FlowEnded:  # what it needs could not be made, which is found by now
                continue


class Resending(Flow):
    """The unit of a run that is no flow, but held like one."""

    @property
    def unit(self) -> str:
        """Its name as a unit of a run."""
        return self.name


def read_kept(file: Path) -> Kept:
    """Read a file.

    Raises:
        OSError: it cannot be read.
        ValueError, KeyError, TypeError, AttributeError: it is damaged.
    """
    values = json.loads(file.read_text(encoding="utf-8"))
    shows = values.pop("shows")
    query = [[name, {"step": 0, "name": "slug"} if value == NEW else value] for name, value in values.pop("query", [])]
    step = read_step(values | {"query": query})
    if not isinstance(shows, str) or step.path or not can_be_made(step):
        raise ValueError("not what is kept")
    return Kept(step, shows)


def can_be_made(step: Step) -> bool:
    """Tell whether all that a request's path names was made, so that it can be made again."""
    return step.organization is None and step.method is None and all(isinstance(value, From) for value in step.path)


def anew(step: Step) -> dict[str, Any]:
    """Give a request as JSON without what it names, and without the numbers that make names of a run unique."""
    package = replace(step.package, name="banana") if step.package else None
    values = replace(step, path=(), package=package).values()
    del values["number"]
    if isinstance(step.json, dict) and isinstance(name := step.json.get("name"), str):
        values["json"] = {**step.json, "name": NUMBER.sub("", name)}
    if step.query:
        values["query"] = [[name, NEW if isinstance(value, From) else value] for name, value in step.query]
    return values


def send_again(api: FlowClient, step: Step) -> None:
    """Send a request to things that are made for it.

    Raises:
        FlowEnded: they cannot be made.
        NoAnswer: there was no answer.
    """
    path, right = RIGHT[step.operation](api)
    if step.package and step.package.ecosystem != "files":
        path = (new_registry(api, step.package.ecosystem)["slug"],)
    arguments: dict[str, Any] = {}
    if step.query:
        made = dict(right.get("params", {}))
        arguments["params"] = list(replaced(step.query, made))
    if step.package:
        package = replace(step.package, name=f"banana{api.number()}")
        arguments["files"] = upload(package.build())
    elif step.raw:
        arguments["content"] = step.raw.content
        arguments["headers"] = {"Content-Type": step.raw.media_type} if step.raw.media_type else {}
    elif step.json is not NOTHING:
        arguments["json"] = named(api, step.json)
    if step.bearer != BEARERS[0]:
        arguments["token"] = None if step.bearer == "none" else step.bearer
    api.send(step.operation, *path, **arguments)


def replaced(query: Iterable[tuple[str, str | From]], made: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Put what was made anew into a query."""
    for name, value in query:
        yield name, made.get(name, "") if isinstance(value, From) else value


def named(api: FlowClient, body: Any) -> Any:
    """Give a registry a name that no other has, where it has one that can be made longer."""
    if isinstance(body, dict) and isinstance(body.get("name"), str) and 0 < len(body["name"]) < 80:
        return {**body, "name": f"{body['name']} {api.number()}"}
    return body


def write(path: Path, text: str) -> None:
    """Write a file as a whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, delete=False) as file:
        file.write(text)
    Path(file.name).replace(path)
