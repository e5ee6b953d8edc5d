"""Computes a digest of what an answer shows of the spec, to tell whether it shows something new."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping

from buildkite_emulator.spec import Spec
from buildkite_packages.drift import Checker
from scripts.contract.checks.observed import Observed
from scripts.contract.http.outgoing_request import read_json

SPEC = Spec.load()
CHECKER = Checker.load()


def shown(  # noqa: PLR0913, PLR0917 - what an exchange is made of
    operation: str, status: int, url: str, headers: Mapping[str, str], content: bytes, method: str | None = None
) -> str:
    """Compute a digest of what an answer shows of the spec.

    Args:
        operation: operationId of the request.
        status: of the answer.
        url: of the request.
        headers: of the answer.
        content: of the answer.
        method: of the request, where it is not the operation's.
    """
    observed = Observed(SPEC)
    observed.see(operation, url, None, status, headers, content)
    called = SPEC.operations[operation].method
    drifts = [] if method else CHECKER.check(called, url, status, headers, content, operation=operation)
    parts = [operation, str(method), str(status), *sorted(observed.places), *sorted(set(fields(content)))]
    parts += sorted({f"{drift.kind} {drift.spec}" for drift in drifts})
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def fields(content: bytes) -> Iterator[str]:
    """List the fields and the codes that an error names."""
    answer = read_json(content)
    errors = answer.get("errors") if isinstance(answer, dict) else None
    for error in errors if isinstance(errors, list) else []:
        for name, value in error.items() if isinstance(error, dict) else ():
            if isinstance(value, str) and re.fullmatch(r"[\w.\[\]-]{1,60}", value):
                yield f"{name}={re.sub('[0-9]+', '0', value)}"
