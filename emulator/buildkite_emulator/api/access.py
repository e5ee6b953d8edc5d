"""Who may do what: API access tokens and their scopes."""

import hashlib
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from buildkite_emulator.errors import Forbidden, NotFound, Unauthorized
from buildkite_emulator.spec import Operation, Spec
from buildkite_emulator.storage.database import Database
from buildkite_emulator.storage.transaction import Transaction
from buildkite_emulator.suggestions import shown

MOST_SCOPES = 10
"""Unknown scopes that one message names."""


def digest(secret: str) -> str:
    """Hash a secret for keeping. Secrets are long and random, so a fast hash does."""
    return hashlib.sha256(secret.encode()).hexdigest()


def known_scopes(listed: Iterable[str] | None, spec: Spec) -> frozenset[str]:
    """Read a list of scopes; None is every scope.

    Raises:
        ValueError: one is unknown.
    """
    scopes = spec.scopes if listed is None else frozenset(listed)
    if unknown := ", ".join(map(shown, sorted(scopes - spec.scopes)[:MOST_SCOPES])):
        raise ValueError(f"unknown scope {unknown}; the scopes are {', '.join(sorted(spec.scopes))}")
    return scopes


@dataclass(frozen=True, slots=True)
class Access:
    """What a token gives.

    Attributes:
        scopes: the scopes that it grants.
        user_id: whose it is.
        organizations: slugs of the organizations that it is for; None for all.
        registry: slug of the registry that it is for; None for all.
    """

    scopes: frozenset[str]
    user_id: str
    organizations: frozenset[str] | None = None
    registry: str | None = None


class AccessTokens:
    """The tokens that the emulator knows: those that it was started with, and those that were made since.

    Only their digests are kept. The later ones are in the database, so that all processes know them.

    Args:
        given: by SHA-256 of each token that it was started with, what it gives.
        database: where the others are.

    Attributes:
        minted: SHA-256 of the later ones, as of the last `refresh`.
    """

    def __init__(self, given: Mapping[str, Access], database: Database) -> None:
        self._given = dict(given)
        self._database = database
        self.minted: frozenset[str] = frozenset()
        self._stale_at = 0.0

    def recall(self, authorization: str | None) -> Access | None:
        """Find what the token in an `Authorization` header gives, if the emulator was started with it.

        Raises:
            Unauthorized: there is no header, or it is no bearer token.
        """
        return self._given.get(digest(bearer(authorization)))

    def authenticate(self, authorization: str | None) -> Access:
        """Find what the token in an `Authorization` header gives; that may ask the database.

        Raises:
            Unauthorized: there is no header, it is no bearer token, or the token is unknown.
        """
        sha256 = digest(bearer(authorization))
        if sha256 in self._given:
            return self._given[sha256]
        with self._database.transaction(read_only=True) as transaction:
            found = transaction.access_tokens.get(sha256)
        if found is None:
            raise Unauthorized("the token is unknown")
        return access_of(found)

    def add(self, token: str, access: Access, created_at: int) -> None:
        """Add a token, until the next reset.

        Args:
            token: the token itself.
            access: what it gives.
            created_at: milliseconds since 1970.
        """
        row: dict[str, Any] = {"scopes": sorted(access.scopes), "user_id": access.user_id, "created_at": created_at}
        if access.organizations is not None:
            row["organizations"] = sorted(access.organizations)
        with self._database.transaction() as transaction:
            transaction.access_tokens.add(digest(token), row)
        self._stale_at = 0.0

    def listed(self, transaction: Transaction) -> dict[str, Access]:
        """List all tokens by SHA-256, as of a transaction."""
        minted = transaction.access_tokens.list()
        return {**self._given, **{sha256: access_of(found) for sha256, found in minted.items()}}

    def knows(self, text: str) -> bool:
        """Tell whether a text is a token. One that another process has made within a second may be missed."""
        if digest(text) not in self._given and self.are_stale:
            self.refresh()
        return self.remembers(text)

    def remembers(self, text: str) -> bool:
        """Tell whether a text is a token, as of the last `refresh`; that does not ask the database."""
        sha256 = digest(text)
        return sha256 in self._given or sha256 in self.minted

    @property
    def are_stale(self) -> bool:
        """Whether a second has passed since the last `refresh`, or a token was added."""
        return time.monotonic() >= self._stale_at

    def refresh(self) -> None:
        """Ask the database which tokens were made."""
        self._stale_at = time.monotonic() + 1  # first, so that a token that is added meanwhile is not passed over
        try:
            with self._database.transaction(read_only=True) as transaction:
                self.minted = frozenset(transaction.access_tokens.list())
        except BaseException:
            self._stale_at = 0.0
            raise


def access_of(token: Mapping[str, Any]) -> Access:
    """Read what a token of the database gives."""
    organizations = token.get("organizations")
    known = None if organizations is None else frozenset(organizations)
    return Access(frozenset(token["scopes"]), token["user_id"], known)


def bearer(authorization: str | None) -> str:
    """Take the token out of an `Authorization` header.

    Raises:
        Unauthorized: there is no header, or it is no bearer token.
    """
    if authorization is None:
        raise Unauthorized("send the header `Authorization: Bearer TOKEN`")
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token or " " in token:
        raise Unauthorized("the Authorization header should be `Bearer TOKEN`")
    return token


def check_organization(organization: str, access: Access) -> None:
    """Check that a token is for an organization.

    Raises:
        NotFound: it is not; the answer is that for an organization that does not exist.
    """
    if access.organizations is not None and organization not in access.organizations:
        raise NotFound("No organization found")


def authorize(operation: Operation, access: Access) -> None:
    """Check that the scopes of a token are enough for an operation.

    Raises:
        Forbidden: they are not; the message names what is missing.
    """
    if any(needed <= access.scopes for needed in operation.scopes):
        return
    ways = [" and ".join(sorted(needed - access.scopes)) for needed in operation.scopes]
    older = f" (or {' or '.join(ways[1:])})" if ways[1:] else ""
    noun = "scopes" if " and " in ways[0] else "scope"
    token = "API access token" if access.registry is None else "OIDC token"
    raise Forbidden(f"Forbidden: the {token} lacks the {noun} {ways[0]}{older}, which {operation.id} needs")
