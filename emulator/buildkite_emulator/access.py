"""Who may do what: API access tokens and their scopes."""

import hashlib
from collections.abc import Iterable, Mapping

from buildkite_emulator.errors import Forbidden, Unauthorized
from buildkite_emulator.spec import Operation


def digest(secret: str) -> str:
    """Hash a secret for keeping. Secrets are long and random, so a fast hash does."""
    return hashlib.sha256(secret.encode()).hexdigest()


class AccessTokens:
    """The tokens that the emulator was started with; only their digests are kept."""

    def __init__(self, tokens: Mapping[str, Iterable[str]]) -> None:
        self._scopes = {digest(token): frozenset(scopes) for token, scopes in tokens.items()}

    def authenticate(self, authorization: str | None) -> frozenset[str]:
        """Find the scopes of the token in an `Authorization` header.

        Raises:
            Unauthorized: there is no header, it is no bearer token, or the token is unknown.
        """
        if authorization is None:
            raise Unauthorized("Authentication required: send the header `Authorization: Bearer TOKEN`")
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token or " " in token:
            raise Unauthorized("The Authorization header should be `Bearer TOKEN`")
        scopes = self._scopes.get(digest(token))
        if scopes is None:
            raise Unauthorized("The API access token is unknown")
        return scopes


def authorize(operation: Operation, scopes: frozenset[str]) -> None:
    """See that scopes are enough for an operation.

    Raises:
        Forbidden: they are not; the message names what is missing.
    """
    if any(needed <= scopes for needed in operation.scopes):
        return
    ways = [" and ".join(sorted(needed - scopes)) for needed in operation.scopes]
    older = f" (or {' or '.join(ways[1:])})" if ways[1:] else ""
    noun = "scopes" if " and " in ways[0] else "scope"
    raise Forbidden(f"Forbidden: the API access token lacks the {noun} {ways[0]}{older}, which {operation.id} needs")
