"""Who is likely at fault, where an API does not keep to the spec.

The first of these that fits:

1. The place is an example of the spec: the **spec**, whose example does not fit its own schema.
2. The unit or the check is one of the client: the **client**.
3. The answer is a server error (5xx): **whatever was asked**, for no spec asks for one.
4. The place is not in the spec, or none was given: **whatever was asked, or the spec**.
5. The statement carries ``x-source``, so the API's reference pages do not make it: of the service, the **spec**, which
   rests on an assumption that the service refutes; of the emulator, the **spec or the emulator**, for nothing tells
   which of them is right.
6. What was sent is a value like none that the reference pages show (the finding's ``basis``, in the request's schema):
   as 5.
7. The reference pages make the statement: of the service, the **service**, which has changed, or its pages are wrong;
   of the emulator, the **emulator**.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from buildkite_packages.openapi import parse_pointer
from scripts.contract.report.places import Place
from scripts.contract.results import Finding

SERVER_ERROR = re.compile(r"5\d\d\b")


@dataclass(frozen=True)
class Culprit:
    """Who is likely at fault, and a sentence that says why."""

    name: str
    why: str


def likely_culprit(finding: Finding, place: Place, target: str, sources: Mapping[str, str]) -> Culprit:
    """Tell who is likely at fault.

    Args:
        finding: what was found.
        place: the place in the spec that the finding rests on.
        target: what was asked: ``emulator`` or ``live``.
        sources: the spec's ``x-sources``, a description by name.
    """
    asked = "emulator" if target == "emulator" else "service"
    if is_example(place):
        return Culprit("spec", "An example of the spec does not fit the schema that it is an example of.")
    if "client" in (finding.unit.split(" ")[0], finding.check.split("_")[0]):
        return Culprit("client", "The client did not make of the answer, or of the call, what the spec says.")
    if finding.check == "not_a_server_error" or SERVER_ERROR.match(finding.received):
        return Culprit(asked, f"The {asked} failed inside, which no request may bring about.")
    if not place.known:
        return Culprit(
            f"{asked} or spec", "The spec has no statement about this, so either of them may have to change."
        )
    if place.source is None and not finding.basis:
        keeps = (
            "the service has changed, or they are wrong" if asked == "service" else "the emulator does not keep to it"
        )
        return Culprit(asked, f"The API's reference pages state this: {keeps}.")
    if place.source is None:
        why = "The API's reference pages show no value like the one that was sent"
        assumed = "the spec assumes it."
    else:
        why = "The API's reference pages do not state this"
        assumed = f"the spec assumes it, from: {sources.get(place.source, place.source).strip().rstrip('.')}."
    is_service = asked == "service"
    doubt = "" if is_service else ", so either of the two may be wrong"
    return Culprit("spec" if is_service else "spec or emulator", f"{why}{doubt}: {assumed}")


def is_example(place: Place) -> bool:
    """Tell whether a place is an example; a property may be called so, and is none."""
    return any(
        part in ("example", "examples") and before != "properties"
        for before, part in pairwise(parse_pointer(place.pointer))
    )
