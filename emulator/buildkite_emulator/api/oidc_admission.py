"""Admits callers with an OIDC token, as the policy of the registry says."""

import hashlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from buildkite_emulator.api import oidc_policies
from buildkite_emulator.api.access import Access
from buildkite_emulator.api.context import Emulator
from buildkite_emulator.errors import Unauthorized
from buildkite_emulator.http.exchange import Exchange
from buildkite_emulator.oidc.issuers import Issuers
from buildkite_emulator.oidc.policies import Statement, decide
from buildkite_emulator.oidc.tokens import TokenRefused, check_audience, verified
from buildkite_emulator.spec import Operation


class OidcAdmission:
    """Admits OIDC tokens.

    Args:
        emulator: what calls share.
        issuers: whose tokens are accepted.
    """

    def __init__(self, emulator: Emulator, issuers: Issuers) -> None:
        self._emulator = emulator
        self._issuers = issuers
        self._rules = emulator.spec.oidc

    @property
    def may_wait(self) -> bool:
        """Whether `authenticate` may take long."""
        return self._issuers.may_wait

    def authenticate(self, exchange: Exchange, operation: Operation, path: Mapping[str, str], token: str) -> Access:
        """Find what an OIDC token grants. Records in the exchange which statement decided, or why none did.

        Args:
            exchange: the request.
            operation: what it calls.
            path: its path parameters.
            token: the token.

        Raises:
            Unauthorized: the token is not admitted. The answer does not say why, since the caller is unknown.
        """
        try:
            return self._admitted(exchange, operation, path, token)
        except TokenRefused as refusal:
            exchange.oidc = {"registry": registry_of(operation, path), "statement": None, "reasons": (str(refusal),)}
        except NotAdmitted:
            pass
        raise Unauthorized("the OIDC token is not accepted")

    def _admitted(self, exchange: Exchange, operation: Operation, path: Mapping[str, str], token: str) -> Access:
        claims = verified(token, self._issuers.find_key, exchange.time / 1000, self._rules.lifetime)
        if not any(needed <= self._rules.scopes for needed in operation.scopes):
            raise TokenRefused(f"{operation.id} takes no OIDC token, only the operations on packages do")
        organization, registry, policy = self._policy(operation, path)
        check_audience(claims, self._rules.audience_of(organization, registry))
        if policy is None:
            raise TokenRefused(f"{registry} has no OIDC policy")
        decision = decide(statements_of(policy), claims, self._rules.scopes)
        exchange.oidc = {"registry": registry, "statement": decision.statement, "reasons": decision.reasons}
        if decision.statement is None:
            raise NotAdmitted
        subject = f"{claims['iss']}\n{claims.get('sub', '')}"
        user_id = f"oidc {hashlib.sha256(subject.encode('utf-8', 'replace')).hexdigest()}"
        return Access(decision.scopes, user_id, frozenset({organization}), registry)

    def _policy(self, operation: Operation, path: Mapping[str, str]) -> tuple[str, str, str | None]:
        """Find the registry that a path names; gives the slugs of its organization and its own, and its policy.

        Raises:
            TokenRefused: it does not exist.
        """
        names = {collection: path[name] for collection, name in operation.collections[:2]}
        with self._emulator.database.transaction(read_only=True) as transaction:
            rows = transaction.paths.find(names)
        if rows.organization is None or rows.registry is None:
            raise TokenRefused("there is no such registry, and so no OIDC policy")
        return rows.organization.slug, rows.registry.slug, rows.registry.oidc_policy


def registry_of(operation: Operation, path: Mapping[str, str]) -> str | None:
    """Return the slug of the registry that a path names, whether or not it exists."""
    return next((path[name] for collection, name in operation.collections if collection == "registries"), None)


class NotAdmitted(Exception):
    """No statement of the policy admits the token."""


@lru_cache(256)
def statements_of(policy: str) -> Sequence[Statement]:
    """Read a policy, which was checked when it was kept."""
    statements: Any = oidc_policies.load(policy)
    return tuple(statements or ())
