"""What a live run makes, on disk before the request that makes it is sent.

A ledger is a file of JSON lines, only ever appended to. Each line has an ``event``:

``run``       run ID, endpoint, organization, seed, digest of the spec, when it began
``existed``   IDs and slugs that were there before the run, so that nothing with one of them is the run's
``making``    something is about to be made: a registry by its name, a package or registry token by its registry
``made``      it was made: its ID, and the slug of a registry
``refused``   the API says that it was not made
``renaming``  a registry is about to get another name
``renamed``   it has it: its slug now
``gone``      it is known to be gone
``clean``     nothing that the lines above list is left

Several processes may write to one ledger at a time. Where a line was cut short, what it speaks of was never sent.
A line that says something else than the above is passed over, and is a fault of the ledger.
"""

import fcntl
import json
import math
import os
import secrets
import threading
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

REGISTRY = "registry"

BEGINNING = b'{"event": "'
"""How a line begins. Without its end it is one of a process that was killed while it wrote."""

EVENTS: Mapping[str, Mapping[str, tuple[type, ...]]] = {
    "run": {"run_id": (str,)},
    "existed": {"values": (list,)},
    "making": {"key": (str,), "kind": (str,), "at": (int, float)},
    "made": {"key": (str,), "id": (str, type(None)), "slug": (str, type(None))},
    "refused": {"key": (str,)},
    "renaming": {"key": (str,), "name": (str,)},
    "renamed": {"key": (str,), "slug": (str,)},
    "gone": {"key": (str,)},
    "clean": {},
}
"""What each event must have."""

HEADER = ("endpoint", "organization")
"""What else the first line says; a clean-up needs it."""


class LedgerError(Exception):
    """A file is no ledger that one can go by."""


@dataclass
class Thing:
    """Something that a run has made, or may have made.

    Attributes:
        key: its name in the ledger.
        kind: `REGISTRY`, or the kind of what is in one.
        registry: slug of the registry that it is in; None for a registry.
        names: the exact names that a registry was sent to get, the first one first.
        expected: the slug that a registry should have got, as the spec has it.
        slug: the slug that the API says a registry has now; None as long as no answer said so.
        id: the ID that an answer said; None as long as none did.
        former: slugs that a registry had before it was renamed.
        is_refused: whether the API said that it was not made.
        is_gone: whether it is known to be gone.
        since: when the request was about to be sent, in seconds since 1970.
    """

    key: str
    kind: str
    registry: str | None = None
    names: list[str] = field(default_factory=list)
    expected: str | None = None
    slug: str | None = None
    id: str | None = None
    former: list[str] = field(default_factory=list)
    is_refused: bool = False
    is_gone: bool = False
    since: float = 0.0


class Ledger:
    """A ledger on disk.

    Args:
        path: the file. It is made by the first line.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._read = 0
        self._header: Mapping[str, Any] = {}
        self._things: dict[str, Thing] = {}
        self._is_clean = False
        self._existing: set[str] = set()
        self._lines = 0
        self._faults: list[str] = []

    @classmethod
    def begin(cls, path: Path, **header: Any) -> "Ledger":
        """Make a ledger.

        Args:
            path: the file, which is not there yet.
            header: ``run_id``, ``endpoint``, ``organization``, ``seed``, ``spec_digest`` and ``started``.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        ledger = cls(path)
        ledger._append("run", **header)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)  # the file's name is to last as well
        finally:
            os.close(folder)
        return ledger

    @property
    def header(self) -> Mapping[str, Any]:
        """What the first line says.

        Raises:
            LedgerError: there is no such line.
        """
        self._refresh()
        if not self._header:
            raise LedgerError(f"{self.path} does not begin with the line of a run, and so is no ledger")
        return self._header

    @property
    def has_begun(self) -> bool:
        """Whether there is a whole line in it. Before that, nothing was sent."""
        self._refresh()
        return self._lines > 0

    @property
    def faults(self) -> list[str]:
        """What is wrong with its lines, a phrase each."""
        self._refresh()
        return self._faults

    @property
    def existing(self) -> Collection[str]:
        """IDs and slugs that existed before the run, in lower case."""
        self._refresh()
        return self._existing

    @property
    def things(self) -> Mapping[str, Thing]:
        """Everything that it lists, by key."""
        self._refresh()
        return self._things

    @property
    def registries(self) -> list[Thing]:
        """The registries that it lists, be they there or gone."""
        return [thing for thing in self.things.values() if thing.kind == REGISTRY]

    @property
    def is_clean(self) -> bool:
        """Whether nothing is left of what it lists."""
        self._refresh()
        return self._is_clean

    def registry_at(self, slug: str) -> Thing | None:
        """Find the registry that the API said has a slug, or had it; one that has it rather than one that had it."""
        known = [thing for thing in self.registries if slug in (thing.slug, *thing.former)]
        return max(known, key=lambda thing: (not thing.is_gone and thing.slug == slug, thing.since), default=None)

    def existed(self, values: Collection[str]) -> None:
        """Note the IDs and slugs that are there before the run makes anything."""
        self._append("existed", values=sorted({value.lower() for value in values}))

    def making_registry(self, name: str, slug: str) -> str:
        """Note that a registry is about to be made.

        Args:
            name: its exact name.
            slug: the slug that it should get, as the spec has it; nothing relies on it.

        Returns:
            its key.
        """
        return self._making(REGISTRY, name=name, slug_expected=slug)

    def making(self, kind: str, registry: str) -> str:
        """Note that something is about to be made in a registry; returns its key.

        Args:
            kind: what, such as ``package``.
            registry: slug of the registry.
        """
        return self._making(kind, registry=registry)

    def _making(self, kind: str, **values: str) -> str:
        key = secrets.token_hex(5)
        self._append("making", key=key, kind=kind, at=time.time(), **values)
        return key

    def made(self, key: str, identifier: str | None, slug: str | None = None) -> None:
        """Note that something was made.

        Args:
            key: of the thing.
            identifier: its ID, as the answer has it.
            slug: of a registry, as the answer has it.
        """
        self._append("made", key=key, id=identifier, slug=slug)

    def refused(self, key: str) -> None:
        """Note that the API says that something was not made."""
        self._append("refused", key=key)

    def renaming(self, key: str, name: str) -> None:
        """Note that a registry is about to get another name."""
        self._append("renaming", key=key, name=name)

    def renamed(self, key: str, slug: str) -> None:
        """Note the slug that the API says a registry has now."""
        self._append("renamed", key=key, slug=slug)

    def gone(self, key: str) -> None:
        """Note that something is gone."""
        self._append("gone", key=key)

    def clean(self) -> None:
        """Note that nothing is left."""
        self._append("clean")

    def _append(self, event: str, **values: Any) -> None:
        line = json.dumps({"event": event, **values}).encode() + b"\n"
        with self._lock, self.path.open("a+b", buffering=0) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            end = file.seek(0, os.SEEK_END)
            if end and os.pread(file.fileno(), 1, end - 1) != b"\n":
                line = b"\n" + line  # after one that was cut short
            written = file.write(line)
            os.fsync(file.fileno())
            if written != len(line):
                raise OSError(f"{self.path} took {written} of {len(line)} bytes; is the disk full?")

    def _refresh(self) -> None:
        """Take in the lines that came since the last time, from this process or another."""
        with self._lock:
            if self.path.exists() and not self.path.is_file():
                raise LedgerError(f"{self.path} is no file")
            try:
                with self.path.open("rb") as file:
                    file.seek(self._read)
                    new = file.read()
            except FileNotFoundError as error:
                raise LedgerError(f"there is no ledger {self.path}") from error
            end = new.rfind(b"\n") + 1  # what comes after is cut short, or is being written
            self._read += end
            for line in new[:end].split(b"\n")[:-1]:
                self._lines += 1
                if fault := self._read_line(line):
                    self._faults.append(f"line {self._lines} {fault}")

    def _read_line(self, line: bytes) -> str | None:
        """Take in a line; returns what is wrong with it, None where nothing is."""
        try:
            event = json.loads(line)
        except (ValueError, RecursionError):
            is_cut = (line.startswith(BEGINNING) or BEGINNING.startswith(line)) and not line.endswith(b"}")
            fault = None if is_cut else "is no JSON"
        else:
            fault = event_fault(event) or self._take(event)
        if fault:
            self._is_clean = False
        return fault

    def _take(self, event: dict[str, Any]) -> str | None:
        kind, key = event["event"], event.get("key", "")
        self._is_clean = kind == "clean"
        if kind == "run":
            if self._header or self._things:
                return "is the header of a run, which the first line should be"
            self._header = {name: value for name, value in event.items() if name != "event"}
        elif kind == "existed":
            self._existing.update(str(value).lower() for value in event["values"])
        elif kind == "making":
            if key in self._things:
                return "is of a key that an earlier line has"
            names = [event["name"]] if "name" in event else []
            self._things[key] = Thing(
                key, event["kind"], event.get("registry"), names, event.get("slug_expected"), since=event["at"]
            )
        elif kind != "clean":
            thing = self._things.get(key)
            if thing is None:
                return "is of a key that no earlier line has"
            change(thing, event)
        return None


def event_fault(event: Any) -> str | None:
    """Say why the JSON of a line is no event of a ledger; None where it is one."""
    if not isinstance(event, dict):
        return "is no JSON object"
    kind = event.get("event")
    wanted = EVENTS.get(kind) if isinstance(kind, str) else None
    if wanted is None:
        return "has no event that a ledger has"
    if kind == "making":
        wanted = {**wanted, **({"name": (str,)} if event.get("kind") == REGISTRY else {"registry": (str,)})}
    for name, types in wanted.items():
        if name not in event or not isinstance(event[name], types) or isinstance(event[name], bool):
            return f"has no {name} that is right"
    if "slug_expected" in event and not isinstance(event["slug_expected"], str):
        return "has no slug_expected that is right"
    if not math.isfinite(event.get("at", 0)):
        return "has no at that is right"
    return None


def change(thing: Thing, event: Mapping[str, Any]) -> None:
    """Take in what a line says of something that an earlier line lists."""
    kind = event["event"]
    if kind == "made":
        thing.id, thing.slug = event["id"], event["slug"]
        thing.is_refused = thing.is_gone = False
    elif kind == "refused":
        thing.is_refused = True
    elif kind == "renaming":
        thing.names.append(event["name"])
    elif kind == "renamed":
        if thing.slug is not None and thing.slug != event["slug"]:
            thing.former.append(thing.slug)
        thing.slug = event["slug"]
    elif kind == "gone":
        thing.is_gone = True
