"""What the spec says of an operation, as far as a client acts on it."""

from typing import NamedTuple

IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "DELETE"})
"""The methods that read or delete: to do it again changes nothing further."""


class Operation(NamedTuple):
    """An operation of the API.

    Attributes:
        id: its operationId.
        method: the HTTP method, in capitals.
        path: template of its path.
        scopes: the alternatives; the scopes of one alternative are needed together.
        documentation: address of its reference page.
    """

    id: str
    method: str
    path: str
    scopes: tuple[tuple[str, ...], ...]
    documentation: str

    @property
    def is_idempotent(self) -> bool:
        """Whether to do it again changes nothing further."""
        return self.method in IDEMPOTENT
