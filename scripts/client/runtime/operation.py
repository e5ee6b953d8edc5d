"""What the spec says of an operation, as far as a client acts on it."""

from typing import NamedTuple


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
        """Whether to do it again changes nothing further, as RFC 9110 has it of the method."""
        return self.method in {"GET", "HEAD", "OPTIONS", "PUT", "DELETE"}

    @property
    def needed_scopes(self) -> str:
        """The scopes in words, as in `read_packages and write_packages`."""
        return " or ".join(" and ".join(together) for together in self.scopes)
