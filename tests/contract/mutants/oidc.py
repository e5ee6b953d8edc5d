"""Mutants that check OIDC tokens in another way."""

import base64
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any

import yaml

from buildkite_emulator.oidc.policies import Statement, decide
from scripts.contract.mutants import *

LIFETIME = SPEC.oidc.lifetime
TAKING = [
    operation_id
    for operation_id, operation in SPEC.operations.items()
    if any(needed <= SPEC.oidc.scopes for needed in operation.scopes)
]
"""Operations that take an OIDC token."""


class Bearer:
    """The OIDC token of a call.

    Args:
        call: the call.
        token: the token.

    Attributes:
        claims: its claims, which nobody has verified.
        is_forged: whether its signature is that of the flows' forged tokens.
    """

    def __init__(self, call: Call, token: str) -> None:
        _, payload, signature = token.split(".")
        self._call = call
        self.claims: Mapping[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        self.is_forged = signature == "A" * len(signature)

    @cached_property
    def audience(self) -> str:
        """The audience of the registry that is called."""
        return SPEC.oidc.audience_of(self._call.path["org_slug"], self._call.path["registry_slug"])

    @cached_property
    def is_for_registry(self) -> bool:
        """Whether the token is for the registry that is called."""
        return bool(self.claims["aud"] == self.audience)

    @cached_property
    def now(self) -> float:
        """The time by the clock of the emulator beneath, in seconds since 1970."""
        headers = [(b"host", (self._call.request.header("host") or "localhost").encode())]
        answer = self._call.send(Request(headers, b"", "GET", "/_emulator/clock", ""))
        return datetime.fromisoformat(answer.json["time"]).timestamp()

    @cached_property
    def statements(self) -> list[dict[str, Any]]:
        """The policy of the registry that is called."""
        registry = self._call.ask("get_registry").json or {}
        return yaml.safe_load(registry.get("oidc_policy") or "[]") or []

    def fits(self, statement: Statement, **claims: Any) -> bool:
        """Tell whether a statement matches the token, with other claims."""
        return decide([statement], {**self.claims, **claims}, SPEC.oidc.scopes).statement is not None

    def lacks(self, statement: Statement) -> bool:
        """Tell whether the token lacks a claim that a statement of its issuer names."""
        is_of_issuer = statement["iss"] == self.claims["iss"]
        return is_of_issuer and not statement.get("claims", {}).keys() <= self.claims.keys()

    def reads_as(self, statement: Statement) -> bool:
        """Tell whether the claims of the token are, as texts, those of a statement."""
        return all(
            not isinstance(wanted, dict) and str(wanted).lower() == str(self.claims.get(name)).lower()
            for name, wanted in statement.get("claims", {}).items()
        )

    def may_by_any_statement(self) -> bool:
        """Tell whether the statements that match the token grant together what the call needs."""
        found = [decide([each], self.claims, SPEC.oidc.scopes).scopes for each in self.statements]
        scopes = frozenset[str]().union(*found)
        return any(needed <= scopes for needed in SPEC.operations[self._call.operation].scopes)


def admitting(status: int, is_admitted: Callable[[Bearer], object]) -> Behaviour:
    """Return a behaviour that admits calls which are refused with a status, if a function of their token says so."""

    def behaviour(call: Call) -> Answer:
        answer, token = call.forward(), (call.request.header("authorization") or "").removeprefix("Bearer ")
        if answer.status != status or token.count(".") != 2 or not is_admitted(Bearer(call, token)):
            return answer
        return call.forward(call.request.with_token(call.token))

    return behaviour


EVERYWHERE = mutants_of_each(
    TAKING,
    oidc_policy_is_not_enforced=(
        "Every token of the registry's audience is admitted, whatever the policy says.",
        admitting(401, lambda bearer: bearer.is_for_registry and bearer.now < bearer.claims["exp"]),
    ),
    oidc_audience_is_ignored=(
        "A token of another registry is admitted.",
        admitting(401, lambda bearer: not bearer.is_for_registry),
    ),
    oidc_expiry_is_ignored=(
        "A token that has expired is admitted.",
        admitting(401, lambda bearer: bearer.claims["exp"] <= bearer.now),
    ),
    oidc_issuer_is_ignored=(
        "A token of another issuer than the policy names is admitted.",
        admitting(401, lambda bearer: any(bearer.fits(each, iss=each["iss"]) for each in bearer.statements)),
    ),
    oidc_scopes_are_ignored=(
        "The scopes of the statement that admits a token are not checked.",
        admitting(403, lambda _: True),
    ),
    oidc_order_is_ignored=(
        "A token has the scopes of all statements that match it.",
        admitting(403, lambda bearer: len(bearer.statements) > 1 and bearer.may_by_any_statement()),
    ),
)

LIST_PACKAGES = mutants_of(
    "list_packages",
    oidc_organization_is_ignored=(
        "A token of a registry of that name in another organization is admitted.",
        admitting(
            401,
            lambda bearer: (
                not bearer.is_for_registry
                and bearer.audience.rpartition("/")[2] == str(bearer.claims["aud"]).rpartition("/")[2]
            ),
        ),
    ),
    oidc_lifetime_is_ignored=(
        "A token that lives longer than is allowed is admitted.",
        admitting(401, lambda bearer: bearer.claims["exp"] - bearer.claims["iat"] > LIFETIME),
    ),
    oidc_absent_claims_are_ignored=(
        "A claim that a token lacks is passed over.",
        admitting(401, lambda bearer: any(map(bearer.lacks, bearer.statements))),
    ),
    oidc_types_are_ignored=(
        "Claims are compared as texts.",
        admitting(401, lambda bearer: any(map(bearer.reads_as, bearer.statements))),
    ),
)

PUBLISH_PACKAGE = mutants_of(
    "publish_package",
    oidc_beginning_is_ignored=(
        "A token is admitted before it is valid.",
        admitting(401, lambda bearer: bearer.claims["nbf"] > bearer.now),
    ),
)

GET_PACKAGE = mutants_of(
    "get_package",
    oidc_signature_is_ignored=(
        "The signature of a token is not verified.",
        admitting(401, lambda bearer: bearer.is_forged),
    ),
)
