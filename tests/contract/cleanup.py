"""Removes what a ledger lists from an organization, and nothing else."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import httpx

from buildkite_emulator.spec import Spec
from buildkite_packages.parsing import read_json
from tests.contract.gateway import Outage
from tests.contract.ledger import Ledger, Thing
from tests.contract.reading import Refused
from tests.contract.target import Target

SETTLED = 10.0
"""Seconds after which a request that nobody answered has done what it does, even if its sender was killed."""

STEP = 0.5
"""Seconds between two looks at what may still come."""

MOST_NAMES = 5
"""How many things are named that could not be removed for one reason; the ledger has them all."""

MOST_TRIES = 8
"""How often the removal of one thing is tried."""


class CannotLook(Exception):
    """What there is cannot be found out."""


@dataclass
class Outcome:
    """What became of the registries in a ledger.

    Attributes:
        removed: names of those that were removed, with all that was in them.
        gone: names of those that were not there any more, or never.
        failed: why others could not be removed, by name.
    """

    removed: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        """Write it for people."""
        lines = [f"removed {counted(self.removed)}{''.join(f'{end}  {name}' for end, name in lined(self.removed))}"]
        if self.gone:
            lines.append(f"{counted(self.gone)} {'was' if len(self.gone) == 1 else 'were'} gone already")
        return "\n".join([*lines, *self.complaints])

    @property
    def complaints(self) -> list[str]:
        """A line for each reason for which something could not be removed."""
        names: dict[str, list[str]] = {}
        for name, reason in self.failed.items():
            names.setdefault(reason, []).append(name)
        return [
            f"could not remove {', '.join(each[:MOST_NAMES])}"
            f"{f' and {len(each) - MOST_NAMES} more' if len(each) > MOST_NAMES else ''}: {reason}"
            for reason, each in names.items()
        ]


class Cleanup:
    """Removes what is left of a run.

    Args:
        ledger: of the run.
        target: whose registries they are.
        client: sends through a gateway that has the same ledger, with the token and the base URL.
        spec: has the operations.
        settled: seconds after which a request that nobody answered has done what it does.
        clock: gives the seconds since 1970.
        sleep: waits for some seconds.
    """

    def __init__(  # noqa: PLR0913
        self,
        ledger: Ledger,
        target: Target,
        client: httpx.Client,
        *,
        spec: Spec | None = None,
        settled: float = SETTLED,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._ledger = ledger
        self._target = target
        self._client = client
        self._spec = spec or Spec.load()
        self._settled = settled
        self._clock = clock
        self._sleep = sleep

    def run(self) -> Outcome:
        """Remove what is left; where all of it is gone in the end, the ledger says so."""
        outcome = Outcome()
        things = {thing.key: thing for thing in self._ledger.registries}
        if not things:
            self._ledger.clean()
            return outcome
        removed: dict[str, str] = {}
        try:
            self._remove_all(removed, outcome.failed)
        except (CannotLook, Outage) as error:
            there = [thing for thing in things.values() if not (thing.is_gone or thing.is_refused)]
            outcome.failed.update({name_of(thing): str(error) for thing in there if thing.key not in removed})
        outcome.removed = sorted(removed.values())
        outcome.gone = sorted(
            name_of(thing)
            for key, thing in things.items()
            if key not in removed and not thing.is_refused and name_of(thing) not in outcome.failed
        )
        if not outcome.failed:
            for thing in list(self._ledger.things.values()):
                if not thing.is_gone:
                    self._ledger.gone(thing.key)
            self._ledger.clean()
        return outcome

    def _remove_all(self, removed: dict[str, str], failed: dict[str, str]) -> None:
        """Remove whatever is found, until a look finds nothing more."""
        tries: dict[str, int] = {}
        while True:
            found = [(thing, slug) for thing, slug in self._found() if name_of(thing) not in failed]
            for thing, slug in found:
                tries[thing.key] = tries.get(thing.key, 0) + 1
                reason = self._remove(slug)
                if reason is None:
                    removed[thing.key] = name_of(thing)
                if reason is not None or tries[thing.key] > MOST_TRIES:
                    failed[name_of(thing)] = reason or "it is still there after it was deleted"
                    removed.pop(thing.key, None)
            if not found and not self._wait_for_more():
                return

    def _wait_for_more(self) -> bool:
        """Wait a little where a request may still be on its way; returns whether one may."""
        latest = max(
            (each.since for each in self._ledger.registries if each.id is None and not each.is_refused), default=0
        )
        left = latest + self._settled - self._clock()
        if left <= 0:
            return False
        self._sleep(min(left, STEP))
        return True

    def _found(self) -> list[tuple[Thing, str]]:
        """Find those things that are there, each with its slug."""
        registries = list(self._listed())
        found: dict[str, tuple[Thing, str]] = {}
        for thing in self._ledger.registries:
            candidates = registries
            if not any(is_it(thing, registry) for registry in registries) and not (thing.is_gone or thing.is_refused):
                # a list may show only a part of what there is
                candidates = [self._looked_up(slug) for slug in {thing.slug, thing.expected} if slug]
            for registry in candidates:
                slug = registry.get("slug")
                if is_it(thing, registry) and isinstance(slug, str) and slug not in found:
                    if thing.is_gone or (thing.id, thing.slug) != (registry.get("id"), slug):
                        self._ledger.made(thing.key, registry.get("id"), slug)
                    found[slug] = thing, slug
        return list(found.values())

    def _listed(self) -> Iterator[dict[str, Any]]:
        url: str | None = self._path("list_registries")
        while url:
            response = self._get(url)
            if response.status_code != self._spec.operations["list_registries"].success:
                raise CannotLook(f"the registries cannot be listed, as the API answers {response.status_code}")
            registries = json_of(response)
            if not isinstance(registries, list):
                raise CannotLook("the registries cannot be listed, as the API answers no list")
            yield from (registry for registry in registries if isinstance(registry, dict))
            url = response.links.get("next", {}).get("url")

    def _looked_up(self, slug: str) -> dict[str, Any]:
        response = self._get(self._path("get_registry", slug))
        registry = json_of(response) if response.is_success else None
        return registry if isinstance(registry, dict) else {}

    def _get(self, url: str) -> httpx.Response:
        try:
            return self._client.get(url)
        except Refused as error:
            raise CannotLook(str(error)) from None

    def _remove(self, slug: str) -> str | None:
        """Delete a registry; returns why it cannot be deleted, None where it may be gone."""
        operation = self._spec.operations["delete_registry"]
        try:
            response = self._client.request(operation.method, self._path(operation.id, slug))
        except httpx.TransportError:  # nobody knows; the next look will tell
            return None
        except Refused as error:
            return f"the guard does not allow it: {error}"
        if response.is_success or response.status_code == operation.errors["NotFound"]:
            return None
        wanted = " or ".join(" and ".join(sorted(scopes)) for scopes in operation.scopes)
        hint = f"; the token needs {wanted}" if response.status_code == operation.errors["Forbidden"] else ""
        if response.is_server_error:
            return None  # it is tried again
        return f"the API answers {response.status_code}{hint}"

    def _path(self, operation_id: str, *slugs: str) -> str:
        operation = self._spec.operations[operation_id]
        names = [name for _, name in operation.collections]
        values = [quote(value, safe="") for value in (self._target.organization, *slugs)]
        return operation.path.format_map(dict(zip(names, values, strict=True)))


def is_it(thing: Thing, registry: dict[str, Any]) -> bool:
    """Say whether a registry that the API shows is one that a ledger lists: by its ID, or its name if none is known."""
    if thing.id is not None:
        return bool(registry.get("id") == thing.id)
    return registry.get("name") in thing.names


def name_of(thing: Thing) -> str:
    """Name a registry for people, by the last name that it was sent to get."""
    return repr(thing.names[-1])


def json_of(response: httpx.Response) -> Any:
    """Read an answer's JSON; None where it is none."""
    try:
        return read_json(response.content)
    except ValueError:
        return None


def counted(names: list[str]) -> str:
    """Count registries, in words."""
    return "1 registry" if len(names) == 1 else f"{len(names)} registries"


def lined(names: list[str]) -> list[tuple[str, str]]:
    """Put each name on a line of its own."""
    return [("\n", name) for name in names]
