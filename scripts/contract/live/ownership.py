"""Tells what a live run has made from what it has not.

A registry is a run's own where its name and its slug both begin with the run's prefix, and neither its ID nor its slug
existed before the run. An ID alone proves nothing, as it comes from the service under test.
"""

import re
import shlex
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from buildkite_emulator.spec import Operation
from scripts.contract.http.outgoing_request import Refused, Request, text
from scripts.contract.results import Finding
from scripts.contract.target import place_of

CHECK = "ownership"
"""Name of the check whose findings say that an answer would have led a run to what is not its own."""

LONGEST = 200
"""Characters of a value that a message quotes."""


@dataclass(frozen=True)
class Disagreement:
    """An answer that names what is not the run's own.

    Attributes:
        operation: that the answer, or the refused request, is of.
        expected: what should have been answered.
        received: what disagrees.
        curl: a command that sends the request again; it deletes nothing.
        check: name of the check of its finding.
    """

    operation: Operation | None
    expected: str
    received: str
    curl: str
    check: str = CHECK

    def finding(self, unit: str) -> Finding:
        """Make a finding of it.

        Args:
            unit: name of the unit of the run.
        """
        operation, place = None, "#/paths"
        if self.operation is not None:
            operation, place = self.operation.id, place_of(self.operation)
        return Finding(self.check, unit, operation, self.expected, self.received, place, self.curl)


class Foreign(Refused):
    """What a request would delete is not the run's own.

    Args:
        disagreement: says why.
    """

    def __init__(self, disagreement: Disagreement) -> None:
        super().__init__(f"it is not certain to be the run's own: {disagreement.received}")
        self.disagreement = disagreement


class Missing(Refused):
    """What a request would delete is not there, so that nothing shows whose it is."""


class Unread(Foreign):
    """What a request would delete could not be read again."""


@dataclass(frozen=True)
class Look:
    """What must be read before something is deleted.

    Attributes:
        operation: that deletes it.
        path: to get.
        missing: status of the answer where it does not exist, so that there is nothing to delete.
        fault: says why the JSON object of the answer shows something else; None where it does not.
        identifier: ID of what is deleted, where an answer may have brought it; None for what the run has named itself.
        must_exist: whether it is known to be there, so that where a read does not find it nothing is deleted.
    """

    operation: Operation
    path: str
    missing: int
    fault: Callable[[Mapping[str, Any]], str | None]
    identifier: str | None = None
    must_exist: bool = False


def carries(prefix: str, value: object) -> bool:
    """Tell whether a name or slug begins with a prefix, which ends there: `contract-abc` is not in `contract-abcd`."""
    return isinstance(value, str) and re.match(rf"{re.escape(prefix)}(?:[ _-]|\Z)", value) is not None


def registry_fault(
    shown: Mapping[str, Any],
    *,
    prefix: str,
    slug: str | None = None,
    identifier: str | None = None,
    existing: Collection[str] = (),
) -> str | None:
    """Say why a registry is not the run's own; None where it is.

    Args:
        shown: the registry, as an answer has it.
        prefix: how the run's names begin.
        slug: that it must have; None for any with the prefix.
        identifier: ID that it must have; None for any that did not exist before the run.
        existing: IDs and slugs that existed before the run, in lower case.
    """
    for name in ("name", "slug"):
        if not carries(prefix, shown.get(name)):
            return f"its {name} is {quoted(shown.get(name))}, which does not begin with {prefix}"
    for name in ("id", "slug"):
        if is_in(shown.get(name), existing):
            return f"its {name} is {quoted(shown[name])}, which existed before the run"
    if slug is not None and shown["slug"] != slug:
        return f"its slug is {quoted(shown['slug'])}, not {quoted(slug)}"
    if text(shown.get("id")) is None:
        return f"its id is {quoted(shown.get('id'))}"
    if identifier is not None and shown["id"] != identifier:
        return f"its id is {quoted(shown['id'])}, not {quoted(identifier)}"
    return None


def content_fault(
    shown: Mapping[str, Any], *, prefix: str, identifier: str, existing: Collection[str] = ()
) -> str | None:
    """Say why a package or registry token is not in one of the run's own registries; None where it is.

    Args:
        shown: the package or token, as an answer has it.
        prefix: how the run's names begin.
        identifier: ID that it must have.
        existing: IDs and slugs that existed before the run, in lower case.
    """
    if str(shown.get("id")).lower() != identifier.lower():
        return f"its id is {quoted(shown.get('id'))}, not {quoted(identifier)}"
    if is_in(identifier, existing):
        return f"its id is {quoted(identifier)}, which existed before the run"
    registry = shown.get("registry")
    members = registry if isinstance(registry, dict) else {}
    if not carries(prefix, members.get("slug")):
        return f"its registry's slug is {quoted(members.get('slug'))}, which does not begin with {prefix}"
    for name in ("id", "slug"):
        if is_in(members.get(name), existing):
            return f"its registry's {name} is {quoted(members[name])}, which existed before the run"
    return None


def is_in(value: object, existing: Collection[str]) -> bool:
    """Tell whether an ID or slug is one of those that existed, in whatever case it is written."""
    return isinstance(value, str) and value.lower() in existing


def not_own(operation: Operation, path: str, reason: str) -> Disagreement:
    """Describe why something is not deleted.

    Args:
        operation: that would delete it.
        path: of the thing.
        reason: what disagrees.
    """
    return Disagreement(operation, "something that the run has made, to delete it", reason, command("GET", path))


def quoted(value: object) -> str:
    """Write a value of an answer for people."""
    written = repr(value)
    return written if len(written) <= LONGEST else f"{written[:LONGEST]}..."


def command(method: str, path: str, request: Request | None = None) -> str:
    """Write a request as a curl command, without the token; a body is given where it is JSON."""
    parts = ["curl", "-X", method, "-H", '"Authorization: Bearer $BUILDKITE_API_TOKEN"']
    types = request.values("content-type") if request else []
    if request and request.body and types and types[0].startswith("application/json"):
        parts += ["-H", "'Content-Type: application/json'"]
        parts += ["--data-raw", shlex.quote(request.body.decode("utf-8", "backslashreplace"))]
    return " ".join([*parts, f'"$BUILDKITE_REST_API_ENDPOINT"{shlex.quote(path)}'])
