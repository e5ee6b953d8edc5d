"""What a contract run is made against."""

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from buildkite_emulator.spec import Operation, Spec


@dataclass(frozen=True)
class Target:
    """An API under test.

    Attributes:
        kind: ``emulator`` or ``live``.
        base_url: scheme and host.
        organization: slug of the organization.
        token: an access token of every scope.
        prefix: how the names of the registries begin that the run makes.
        writes: whether the run may change anything.
        scoped: further access tokens, by exactly the scopes that each has.
    """

    kind: str
    base_url: str
    organization: str
    token: str = field(repr=False)
    prefix: str = "contract"
    writes: bool = True
    scoped: Mapping[frozenset[str], str] = field(default_factory=dict, repr=False)


def path_of(operation: Operation, *values: str) -> str:
    """Fill in the path of an operation with its path parameters, in order."""
    names = [name for _, name in operation.collections]
    return operation.path.format_map({name: quote(value, safe="") for name, value in zip(names, values, strict=True)})


def telling_scopes(spec: Spec) -> frozenset[frozenset[str]]:
    """List the sets of scopes that tell which an operation wants.

    Each set that is enough for an operation is among them, and each that has every scope but one of each such set.
    """
    every = spec.scopes
    found: set[frozenset[str]] = {frozenset()}
    for operation in spec.operations.values():
        found.update(operation.scopes)
        found.update(every - set(choice) for choice in itertools.product(*operation.scopes))
    return frozenset(found)


def scoped_tokens(token: str, sets: Iterable[frozenset[str]]) -> Mapping[frozenset[str], str]:
    """Name a token for each set of scopes, for an emulator that is told of them."""
    return {scopes: "-".join((token, *sorted(scopes), "only")) for scopes in sets}
