"""OIDC tokens that are looked at in another way."""

import base64
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import yaml

from buildkite_emulator.oidc.policies import Decision, decide
from scripts.contract.mutants import SPEC, Answer, Call, Request, mutant, mutant_of_each

TAKING = [
    operation_id
    for operation_id, operation in SPEC.operations.items()
    if any(needed <= SPEC.oidc.scopes for needed in operation.scopes)
]


class Bearer:
    """The OIDC token of a call, and what the registry's policy makes of it.

    Args:
        call: the call.
        claims: of the token, which nobody has verified.
    """

    def __init__(self, call: Call, claims: Mapping[str, Any]) -> None:
        registry = call.ask("get_registry").json or {}
        self.claims = claims
        self.statements: list[dict[str, Any]] = yaml.safe_load(registry.get("oidc_policy") or "[]")
        self.audience = SPEC.oidc.audience_of(call.path["org_slug"], call.path["registry_slug"])
        self.now = clock(call)
        self.is_current = claims["nbf"] <= self.now < claims["exp"] <= claims["iat"] + SPEC.oidc.lifetime

    def decision(self, **claims: Any) -> Decision:
        """Hold the token against the policy, with other claims."""
        return decide(self.statements, {**self.claims, **claims}, SPEC.oidc.scopes)


def clock(call: Call) -> float:
    """Tell the time by the clock of the emulator beneath, in seconds since 1970."""
    headers = [(b"host", (call.request.header("host") or "localhost").encode())]
    answer = call.send(Request(headers, b"", "GET", "/_emulator/clock", ""))
    return datetime.fromisoformat(answer.json["time"]).timestamp()


def bearer_of(call: Call) -> Bearer | None:
    """Read the OIDC token of a call; None where it bears none."""
    parts = (call.request.header("authorization") or "").removeprefix("Bearer ").split(".")
    if len(parts) != 3:
        return None
    return Bearer(call, json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))))


def lenient(call: Call, status: int, *, admits: Callable[[Bearer], object]) -> Answer:
    """Admit a call that is refused, where a function of its token says so."""
    answer = call.forward()
    bearer = bearer_of(call) if answer.status == status else None
    if bearer is None or not admits(bearer):
        return answer
    return call.forward(call.request.with_token(call.token))


@mutant_of_each(TAKING, "{operation} admits every token of the registry's audience, whatever the policy says.")
def oidc_policy_is_not_enforced(call: Call) -> Answer:
    return lenient(call, 401, admits=lambda bearer: bearer.claims["aud"] == bearer.audience and bearer.is_current)


@mutant_of_each(TAKING, "{operation} admits a token of another registry's audience.")
def oidc_audience_is_ignored(call: Call) -> Answer:
    return lenient(call, 401, admits=lambda bearer: bearer.claims["aud"] != bearer.audience)


@mutant("list_packages", "A token of the same registry in another organization is admitted.")
def oidc_audience_is_only_the_registry(call: Call) -> Answer:
    return lenient(
        call,
        401,
        admits=lambda bearer: (
            bearer.claims["aud"] != bearer.audience
            and str(bearer.claims["aud"]).endswith(f"/{call.path['registry_slug']}")
        ),
    )


@mutant_of_each(TAKING, "{operation} admits a token that has expired.")
def oidc_expiry_is_ignored(call: Call) -> Answer:
    return lenient(call, 401, admits=lambda bearer: bearer.claims["exp"] < bearer.now)


@mutant("list_packages", "A token that lives longer than five minutes is admitted.")
def oidc_lifetime_is_ignored(call: Call) -> Answer:
    return lenient(call, 401, admits=lambda bearer: bearer.claims["exp"] - bearer.claims["iat"] > SPEC.oidc.lifetime)


@mutant("publish_package", "A token is admitted before it is valid.")
def oidc_beginning_is_ignored(call: Call) -> Answer:
    return lenient(call, 401, admits=lambda bearer: bearer.claims["nbf"] > bearer.now)


@mutant_of_each(TAKING, "{operation} admits a token of another issuer than the policy names.")
def oidc_issuer_is_ignored(call: Call) -> Answer:
    return lenient(
        call,
        401,
        admits=lambda bearer: any(
            bearer.claims["iss"] != each["iss"] and bearer.decision(iss=each["iss"]).statement
            for each in bearer.statements
        ),
    )


@mutant("get_package", "The signature of a token is not verified.")
def oidc_signature_is_ignored(call: Call) -> Answer:
    forged = (call.request.header("authorization") or "").endswith("A" * 86)
    return lenient(call, 401, admits=lambda _: forged)


@mutant("list_packages", "A claim that a token lacks is passed over.")
def oidc_absent_claims_are_ignored(call: Call) -> Answer:
    return lenient(
        call,
        401,
        admits=lambda bearer: any(
            not each.get("claims", {}).keys() <= bearer.claims.keys() and each["iss"] == bearer.claims["iss"]
            for each in bearer.statements
        ),
    )


@mutant("list_packages", "Claims are compared as texts, without regard to their types.")
def oidc_claims_are_compared_as_texts(call: Call) -> Answer:
    def same(wanted: Any, value: Any) -> bool:
        return not isinstance(wanted, dict) and str(wanted).lower() == str(value).lower()

    return lenient(
        call,
        401,
        admits=lambda bearer: any(
            all(same(wanted, bearer.claims.get(name)) for name, wanted in each.get("claims", {}).items())
            for each in bearer.statements
        ),
    )


@mutant_of_each(TAKING, "{operation} does not look at the scopes of the statement that admits a token.")
def oidc_scopes_are_ignored(call: Call) -> Answer:
    return lenient(call, 403, admits=lambda _: True)


@mutant_of_each(TAKING, "{operation} takes the scopes of all statements that match a token.")
def oidc_order_is_ignored(call: Call) -> Answer:
    def admits(bearer: Bearer) -> bool:
        scopes = frozenset[str]().union(
            *(decide([each], bearer.claims, SPEC.oidc.scopes).scopes for each in bearer.statements)
        )
        return len(bearer.statements) > 1 and any(needed <= scopes for needed in SPEC.operations[call.operation].scopes)

    return lenient(call, 403, admits=admits)
