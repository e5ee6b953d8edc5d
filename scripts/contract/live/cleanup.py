"""Removes what a ledger lists from an organization, and nothing else.

A registry is removed where the ledger lists it and it carries the run's prefix in its name and slug; the gateway reads
it once more before it is deleted. Whatever disagrees with that is left alone, and told.
"""

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from buildkite_emulator.spec import Operation, Spec
from scripts.contract.http.outgoing_request import Refused, read_json
from scripts.contract.live.gateway import Outage
from scripts.contract.live.ledger import Ledger, Thing
from scripts.contract.live.ownership import Foreign, Missing, Unread, carries, quoted, registry_fault
from scripts.contract.target import Target, path_of

SETTLED = 10.0
"""Seconds after which a request that nobody answered has done what it does, even if its sender was killed."""

STEP = 0.5
"""Seconds between two looks at what may still come."""

MOST_NAMES = 5
"""How many things are named that could not be removed for one reason; the ledger has them all."""

MOST_TRIES = 8
"""How often the removal of one thing is tried."""

MOST_PAGES = 1000
"""Pages of a list that are read."""


class CannotLook(Exception):
    """What there is cannot be found out."""


class BadList(CannotLook):
    """The list of registries is none, or cannot be read; this says how the API keeps to the spec."""


@dataclass
class Outcome:
    """What became of the registries in a ledger.

    Attributes:
        removed: names of those that were removed, with all that was in them.
        gone: names of those that were not there any more, or never.
        failed: why others could not be removed, by name.
        foreign: why something was left alone that may not be the run's own, by name; or what is wrong with the ledger.
        drift: what was answered that the spec does not have, by operationId.
    """

    removed: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    foreign: dict[str, str] = field(default_factory=dict)
    drift: dict[str, str] = field(default_factory=dict)

    @property
    def is_complete(self) -> bool:
        """Whether nothing is left of the run, and nothing disagrees."""
        return not self.failed and not self.foreign

    def __str__(self) -> str:
        """Write it for people."""
        lines = [f"removed {counted(self.removed)}", *(f"  {name}" for name in self.removed)]
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
        ] + [f"left alone {name}: {reason}" for name, reason in self.foreign.items()]


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
        self._outcome = Outcome()

    def run(self) -> Outcome:
        """Remove what is left; where all of it is gone in the end, the ledger says so."""
        outcome = self._outcome = Outcome()
        if faults := self._ledger.faults:
            more = f" and {len(faults) - MOST_NAMES} more" if len(faults) > MOST_NAMES else ""
            where = f"what damaged lines of {self._ledger.path} list"
            outcome.foreign[where] = f"{', '.join(faults[:MOST_NAMES])}{more}"
        things = {thing.key: thing for thing in self._ledger.registries if self._agrees(thing)}
        removed: dict[str, str] = {}
        if things:
            try:
                self._remove_all(removed, outcome.failed)
            except (CannotLook, Outage) as error:
                if isinstance(error, BadList):
                    outcome.drift["list_registries"] = str(error)
                there = [thing for thing in things.values() if not (thing.is_gone or thing.is_refused)]
                outcome.failed.update({name_of(thing): str(error) for thing in there if thing.key not in removed})
        outcome.removed = sorted(removed.values())
        told = {*outcome.failed, *outcome.foreign}
        outcome.gone = sorted(
            name_of(thing)
            for key, thing in things.items()
            if key not in removed and not thing.is_refused and name_of(thing) not in told
        )
        if outcome.is_complete:
            for thing in list(self._ledger.things.values()):
                if not thing.is_gone:
                    self._ledger.gone(thing.key)
            self._ledger.clean()
        return outcome

    def _agrees(self, thing: Thing) -> bool:
        """Tell whether all that the ledger says of a registry is of its run; what is not, is left alone and told."""
        values = [("name", name) for name in thing.names]
        values += [("slug", slug) for slug in (thing.slug, *thing.former) if slug is not None]
        for what, value in values:
            if not carries(self._target.prefix, value):
                reason = f"its {what} in the ledger is {quoted(value)}, which does not begin with {self._target.prefix}"
                self._outcome.foreign[name_of(thing)] = reason
                return False
        return True

    def _remove_all(self, removed: dict[str, str], failed: dict[str, str]) -> None:
        """Remove whatever is found, until a look finds nothing more."""
        tries: dict[str, int] = {}
        while True:
            left_alone = {*failed, *self._outcome.foreign}
            found = [(thing, slug) for thing, slug in self._found() if name_of(thing) not in left_alone]
            for thing, slug in found:
                tries[thing.key] = tries.get(thing.key, 0) + 1
                try:
                    reason = self._remove(slug)
                except Missing as error:
                    if tries[thing.key] > MOST_TRIES:
                        self._outcome.foreign[name_of(thing)] = f"the API shows it, but {error}"
                    continue  # the next look will tell
                except Unread as error:
                    reason = None if tries[thing.key] <= MOST_TRIES else error.disagreement.received
                except Foreign as error:
                    self._outcome.foreign[name_of(thing)] = error.disagreement.received
                    continue
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
        """Find those things that are there and the run's own, each with its slug."""
        registries = list(self._listed())
        found: dict[str, tuple[Thing, str]] = {}
        for thing in self._ledger.registries:
            if name_of(thing) in self._outcome.foreign:
                continue
            candidates = [registry for registry in registries if self._may_be(thing, registry)]
            if not candidates and not (thing.is_gone or thing.is_refused):
                # a list may show only a part of what there is
                slugs = {slug for slug in (thing.slug, thing.expected) if carries(self._target.prefix, slug)}
                looked_up = [self._looked_up(str(slug)) for slug in slugs]
                candidates = [registry for registry in looked_up if self._may_be(thing, registry)]
            if self._see_own(thing, candidates):
                for registry in candidates:
                    self._learn(thing, registry)
                    found.setdefault(registry["slug"], (thing, registry["slug"]))
        return list(found.values())

    def _may_be(self, thing: Thing, registry: Mapping[str, Any]) -> bool:
        """Tell whether a registry that the API shows may be one that the ledger lists."""
        if not matches(thing, registry):
            return False
        # The name or slug of one that was renamed or deleted may be another one's of the run by now.
        return thing.id in (None, registry.get("id")) or not any(
            matches(other, registry) and other.id in (None, registry.get("id"))
            for other in self._ledger.registries
            if other.key != thing.key
        )

    def _see_own(self, thing: Thing, candidates: Collection[Mapping[str, Any]]) -> bool:
        """See that what may be a registry of the ledger is the run's own; what is not, is left alone and told."""
        for registry in candidates:
            fault = registry_fault(
                registry, prefix=self._target.prefix, identifier=thing.id, existing=self._ledger.existing
            )
            if fault is not None:
                self._outcome.foreign[name_of(thing)] = f"the API shows it, and {fault}"
        return name_of(thing) not in self._outcome.foreign

    def _learn(self, thing: Thing, registry: Mapping[str, Any]) -> None:
        """Tell the ledger where a registry is, so that the guard lets it be deleted."""
        if thing.is_gone or (thing.id, thing.slug) != (registry["id"], registry["slug"]):
            self._ledger.made(thing.key, registry["id"], registry["slug"])

    def _listed(self) -> Iterator[dict[str, Any]]:
        operation = self._spec.operations["list_registries"]
        url: str | None = self._path(operation.id)
        seen: set[str] = set()
        while url is not None:
            if url in seen or len(seen) == MOST_PAGES:
                fault = "a page names an earlier one as the next" if url in seen else f"more than {MOST_PAGES} pages"
                raise BadList(f"the list of registries does not end: {fault}")
            seen.add(url)
            response = self._get(url, is_list=True)
            if response.status_code != operation.success:
                kind = CannotLook if is_documented(self._spec, operation, response) else BadList
                raise kind(f"the registries cannot be listed, as the API answers {response.status_code}")
            registries = json_of(response)
            if not isinstance(registries, list):
                raise BadList("the registries cannot be listed, as the API answers no list")
            yield from (registry for registry in registries if isinstance(registry, dict))
            url = next_page(response)

    def _looked_up(self, slug: str) -> dict[str, Any]:
        response = self._get(self._path("get_registry", slug))
        registry = json_of(response) if response.is_success else None
        return registry if isinstance(registry, dict) else {}

    def _get(self, url: str, *, is_list: bool = False) -> httpx.Response:
        try:
            return self._client.get(url)
        except (Refused, httpx.RequestError, httpx.InvalidURL) as error:
            kind = BadList if is_list else CannotLook
            raise kind(str(error) or type(error).__name__) from None

    def _remove(self, slug: str) -> str | None:
        """Delete a registry; returns why it cannot be deleted, None where it may be gone."""
        operation = self._spec.operations["delete_registry"]
        try:
            response = self._client.request(operation.method, self._path(operation.id, slug))
        except httpx.RequestError as error:  # nobody knows; the next look will tell
            if isinstance(error, httpx.DecodingError):
                self._outcome.drift[operation.id] = str(error)
            return None
        except (Foreign, Missing):
            raise
        except Refused as error:
            return f"the guard does not allow it: {error}"
        if not is_documented(self._spec, operation, response):
            self._outcome.drift[operation.id] = f"the API answers {response.status_code}"
        if response.is_success or response.status_code == operation.errors["NotFound"]:
            return None
        wanted = " or ".join(" and ".join(sorted(scopes)) for scopes in operation.scopes)
        hint = f"; the token needs {wanted}" if response.status_code == operation.errors["Forbidden"] else ""
        if response.is_server_error:
            return None  # it is tried again
        return f"the API answers {response.status_code}{hint}"

    def _path(self, operation_id: str, *slugs: str) -> str:
        return path_of(self._spec.operations[operation_id], self._target.organization, *slugs)


def matches(thing: Thing, registry: Mapping[str, Any]) -> bool:
    """Tell whether a registry that the API shows has the ID, a name or the slug of one that a ledger lists."""
    is_named = registry.get("name") in thing.names or (thing.slug is not None and registry.get("slug") == thing.slug)
    return is_named or (thing.id is not None and registry.get("id") == thing.id)


def name_of(thing: Thing) -> str:
    """Name a registry for people, by the last name that it was sent to get."""
    return repr(thing.names[-1])


def is_documented(spec: Spec, operation: Operation, response: httpx.Response) -> bool:
    """Tell whether an operation may answer with this status, as the spec has it."""
    return str(response.status_code) in spec.responses(operation)


def json_of(response: httpx.Response) -> Any:
    """Read an answer's JSON; None where it is none."""
    return read_json(response.content)


def next_page(response: httpx.Response) -> str | None:
    """Find the address of a list's next page; None where it has none."""
    return response.links.get("next", {}).get("url")


def counted(names: list[str]) -> str:
    """Count registries, in words."""
    return "1 registry" if len(names) == 1 else f"{len(names)} registries"
