"""Decides about every request of a live run before it leaves.

Reads of the target's host pass. Anything else passes only where it certainly touches nothing but registries that the
run has made itself; what is unknown, or can be read in two ways, is refused.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import quote, unquote

from buildkite_emulator.spec import Operation, Spec
from scripts.contract.http.outgoing_request import (
    METHOD_FIELD,
    PLAIN_HEADERS,
    SEGMENT,
    URL,
    Refused,
    Request,
    check_framing,
    parse_query,
    read_object,
    refuse,
    registry_body,
    text,
)
from scripts.contract.live.ledger import Ledger, Thing
from scripts.contract.live.ownership import (
    Disagreement,
    Foreign,
    Look,
    carries,
    command,
    content_fault,
    is_in,
    not_own,
    quoted,
    registry_fault,
)
from scripts.contract.target import Target

READS = frozenset({"GET", "HEAD", "OPTIONS"})

PREFIX = re.compile(r"contract-[a-z0-9]{6,}-?")
"""How names begin in a live run: with the run's ID, which nobody else's names hold."""


@dataclass(frozen=True)
class Permit:
    """A request may leave.

    Attributes:
        operation: what it calls; None for a read that is none of the spec's.
        key: of what it makes, renames or deletes, in the ledger; None where it is nothing of the ledger's.
        makes: whether it makes that.
        is_repeatable: whether it may be sent again where nobody knows what became of it.
        looks: what must be read before it is sent, in order, as it deletes something.
    """

    operation: Operation | None
    key: str | None = None
    makes: bool = False
    is_repeatable: bool = False
    looks: tuple[Look, ...] = ()


class Write(NamedTuple):
    """A write to judge: its operation, the segments of its path and the values of its query, as they would be sent."""

    operation: Operation
    path: Mapping[str, str]
    query: Mapping[str, str]
    request: Request


class Guard:
    """The guard of a run.

    Args:
        target: the API; it says whether there may be writes, and how names begin.
        ledger: of the run.
        spec: has the operations.
    """

    def __init__(self, target: Target, ledger: Ledger, spec: Spec | None = None) -> None:
        self._target = target
        self._ledger = ledger
        self._spec = spec or Spec.load()
        self._origin = target.base_url.rstrip("/").lower()
        self._writes = [
            (operation.path.split("/"), operation)
            for operation in self._spec.operations.values()
            if operation.method not in READS
        ]
        self._judges: Mapping[str, Callable[[Write], Permit]] = {
            "create_registry": self._create_registry,
            "update_registry": self._update_registry,
            "delete_registry": self._delete_registry,
            "publish_package": self._make_within,
            "request_presigned_upload": self._change_within,
            "copy_package": self._copy_package,
            "delete_package": self._delete_within,
            "create_registry_token": self._make_within,
            "update_registry_token": self._change_within,
            "delete_registry_token": self._delete_within,
        }

    @property
    def token(self) -> str:
        """The access token of the run."""
        return self._target.token

    def check(self, request: Request) -> Permit:
        """Decide about a request. What it makes is in the ledger when this returns.

        Raises:
            Refused: it must not be sent.
            OSError: the ledger cannot be written, so that nothing may be sent.
        """
        path, query = self._address(request)
        check_framing(request)
        if request.method in READS:
            if "_method" in (query or "").lower():
                refuse("a query with `_method` may be taken for a write")
            found = self._spec.match(path.encode())
            return Permit(found.operations.get("GET") if found else None, is_repeatable=True)
        if not self._target.writes:
            refuse(f"{request.method} is a write, and this run only reads; WRITE=1 lets it write")
        if not PREFIX.match(self._target.prefix):
            refuse("the run has no prefix of its own for names")
        run_id = self._ledger.header.get("run_id")
        if not carries(f"contract-{run_id}", self._target.prefix):
            refuse(f"the ledger is of run {quoted(run_id)}, and names should begin with {self._target.prefix}")
        for name, _ in request.headers:
            if name.lower() not in PLAIN_HEADERS:
                refuse(f"a write with the header {name} may mean something else")
        if METHOD_FIELD.search(request.body):
            refuse("a body with `_method` may be taken for another method")
        operation, segments = self._operation(request.method, path)
        judge = self._judges.get(operation.id)
        if judge is None:
            refuse(f"nobody has said what {operation.id} touches")
        return judge(Write(operation, segments, parse_query(operation, query), request))

    def operation_at(self, method: str, path: str) -> Operation | None:
        """Find the operation that a method and a path are of; None where there is none."""
        found = self._spec.match(path.partition("?")[0].encode("utf-8", "replace"))
        return found.operations.get(method) if found else None

    def answered(self, permit: Permit, request: Request, status: int, body: bytes) -> list[Disagreement]:
        """Note in the ledger what an answer says of what a request has made, renamed or deleted.

        Args:
            permit: of the request.
            request: the request.
            status: of the answer.
            body: of the answer.

        Returns:
            what the answer names that is not the run's own. The ledger is not told of that.
        """
        operation, key = permit.operation, permit.key
        if operation is None or key is None:
            return []
        succeeded = 200 <= status < 300  # also where it is another success than the spec's
        shown = read_object(body)
        thing = self._ledger.things[key]
        if permit.makes and not succeeded:
            self._ledger.refused(key)
        elif succeeded and operation.method == "DELETE":
            self._ledger.gone(key)
        elif succeeded and (permit.makes or operation.id == "update_registry"):
            faults = list(self._faults(shown, is_registry=thing.registry is None))
            if not faults:
                self._note(permit, thing, shown)
            path = request.url[len(self._origin) :]
            return [
                Disagreement(
                    operation, f"an answer that shows what the request {verb}", fault, command("POST", path, request)
                )
                for verb in ["made" if permit.makes else "changed"]
                for fault in faults
            ]
        return []

    def _faults(self, shown: Mapping[str, Any], *, is_registry: bool) -> Iterable[str]:
        """Say what in an answer to a write is another's."""
        existing = self._ledger.existing
        if is_in(shown.get("id"), existing):
            yield f"its id is {quoted(shown['id'])}, which existed before the run"
        for name in ("name", "slug") if is_registry else ():
            value = text(shown.get(name))
            if value is not None and not carries(self._target.prefix, value):
                yield f"its {name} is {quoted(value)}, which does not begin with {self._target.prefix}"
        if is_registry and is_in(shown.get("slug"), existing):
            yield f"its slug is {quoted(shown['slug'])}, which existed before the run"

    def _note(self, permit: Permit, thing: Thing, shown: Mapping[str, Any]) -> None:
        """Tell the ledger what an answer shows, which is the run's own."""
        slug, identifier = text(shown.get("slug")), text(shown.get("id"))
        if permit.makes and thing.registry is not None:
            self._ledger.made(thing.key, identifier)
        elif permit.makes:
            if shown.get("name") in thing.names:
                self._ledger.made(thing.key, identifier, slug)
        elif slug is not None and thing.id in (identifier, None):
            self._ledger.renamed(thing.key, slug)

    def _address(self, request: Request) -> tuple[str, str | None]:
        """Read the path and query of a request to the target's host."""
        found = URL.fullmatch(request.url)
        if found is None:
            refuse("the URL is not one that everybody reads alike")
        if found["origin"].lower() != self._origin:
            refuse(f"{found['origin']} is another host than the target's, {self._target.base_url}")
        host = self._origin.partition("://")[2]
        if any(value.lower() != host for value in request.values("host")):
            refuse("the header Host names another host")
        return found["path"] or "/", found["query"]

    def _operation(self, method: str, path: str) -> tuple[Operation, Mapping[str, str]]:
        """Find the operation that a write calls, without any leniency."""
        parts = path.split("/")
        for template, operation in self._writes:
            if method not in (operation.method, *operation.aliases) or len(template) != len(parts):
                continue
            pairs = list(zip(template, parts, strict=True))
            if all(SEGMENT.fullmatch(part) if name[:1] == "{" else name == part for name, part in pairs):
                segments = {name[1:-1]: part for name, part in pairs if name[:1] == "{"}
                if segments["org_slug"] != quote(self._target.organization, safe=""):
                    refuse("the path names another organization")
                return operation, segments
        raise Refused(f"{method} {path[:200]} is no write that the spec describes")

    def _own(self, segment: str) -> Thing:
        """Find the registry that a segment of a path names, if the run has made it.

        Its slug must begin with the run's prefix: no answer and no line of a ledger opens another one to writes.
        """
        if carries(self._target.prefix, segment) and not is_in(segment, self._ledger.existing):
            for thing in self._ledger.registries:
                for slug in filter(None, (thing.slug, *thing.former)):
                    if segment == slug:
                        return self._ledger.registry_at(slug) or thing
        raise Refused(f"this run has made no registry {segment[:100]}")

    def _name(self, value: object) -> str:
        """Read the name that a registry is to get."""
        if not isinstance(value, str) or not carries(self._target.prefix, value):
            refuse(f"the name of a registry should begin with {self._target.prefix}")
        return value

    def _create_registry(self, write: Write) -> Permit:
        name = self._name(registry_body(write.request).get("name"))
        slug = re.sub("[^a-z0-9_-]+", "-", name.lower()).strip("-")
        return Permit(write.operation, self._ledger.making_registry(name, slug), makes=True)

    def _update_registry(self, write: Write) -> Permit:
        thing = self._own(write.path["registry_slug"])
        body = registry_body(write.request) if write.request.body else {}
        if "name" not in body:
            return Permit(write.operation, thing.key, is_repeatable=True)
        name = self._name(body["name"])
        if name not in thing.names:
            self._ledger.renaming(thing.key, name)
        return Permit(write.operation, thing.key)

    def _delete_registry(self, write: Write) -> Permit:
        slug = write.path["registry_slug"]
        thing = self._own(slug)
        return Permit(write.operation, thing.key, looks=(self._look_at_registry(write, thing, slug),))

    def _look_at_registry(self, write: Write, thing: Thing, slug: str) -> Look:
        """Say what must be read of a registry before it, or something in it, is deleted."""
        operation = self._spec.operations["get_registry"]
        path = operation.path.format(org_slug=write.path["org_slug"], registry_slug=slug)
        is_there = thing.slug == slug and not thing.is_gone
        fault = partial(
            registry_fault,
            prefix=self._target.prefix,
            slug=slug,
            identifier=thing.id if is_there else None,
            existing=self._ledger.existing,
        )
        return Look(write.operation, path, operation.errors["NotFound"], fault, must_exist=is_there)

    def _copy_package(self, write: Write) -> Permit:
        self._own(write.path["registry_slug"])
        if "to" not in write.query:  # one of the run's own is all that it names
            return Permit(write.operation)
        return self._make(write, write.query["to"])

    def _make_within(self, write: Write) -> Permit:
        return self._make(write, write.path["registry_slug"])

    def _make(self, write: Write, registry: str) -> Permit:
        slug = self._own(registry).slug or registry
        kind = "registry token" if write.operation.id.endswith("_token") else "package"
        return Permit(write.operation, self._ledger.making(kind, slug), makes=True)

    def _change_within(self, write: Write) -> Permit:
        self._own(write.path["registry_slug"])
        return Permit(write.operation, is_repeatable=True)

    def _delete_within(self, write: Write) -> Permit:
        slug, segment = write.path["registry_slug"], write.path["id"]
        identifier, existing = unquote(segment), self._ledger.existing
        registry = self._own(slug)
        things = self._ledger.things.values()
        key = next((thing.key for thing in things if thing.id is not None and thing.id == segment), None)
        path = write.operation.path.format(org_slug=write.path["org_slug"], registry_slug=slug, id=segment)
        if is_in(identifier, existing):
            reason = f"its id is {quoted(identifier)}, which existed before the run"
            raise Foreign(not_own(write.operation, path, reason))
        fault = partial(content_fault, prefix=self._target.prefix, identifier=identifier, existing=existing)
        look = Look(write.operation, path, write.operation.errors["NotFound"], fault, identifier)
        return Permit(write.operation, key, looks=(self._look_at_registry(write, registry, slug), look))
