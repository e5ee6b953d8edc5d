"""OIDC tokens: what a registry's policy admits, and what is refused."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from scripts.contract.flows.builders import RIGHT, Thing, listed, new_registry, publish, summary_of, upload
from scripts.contract.flows.flow import flow
from scripts.contract.flows.flow_client import SPEC, FlowClient, operation_place, schema_place
from scripts.samples import packages

OIDC = "#/components/securitySchemes/bearer/x-oidc"
AGENT, ACTIONS, *_ = SPEC.oidc.issuers
TAKING = [
    operation_id
    for operation_id, operation in SPEC.operations.items()
    if any(needed <= SPEC.oidc.scopes for needed in operation.scopes)
]
"""Operations that take an OIDC token."""

CLAIMS: tuple[tuple[Any, list[Any], list[Any]], ...] = (
    ("a", ["a"], ["A", 1, None, ["a"]]),
    (7, [7], ["7", 8, True]),
    (True, [True], ["true", 1, False]),
    ({"equals": "a"}, ["a"], ["b", ""]),
    ({"not_equals": "a"}, ["b", 7, None], ["a", ["b"]]),
    ({"in": ["a", 7]}, ["a", 7], ["b", "7", None]),
    ({"not_in": ["a", 7]}, ["b", "7"], ["a", 7, ["b"]]),
    ({"matches": "v?.*"}, ["v1.", "v1.2"], ["v1", "v.2", "xv1.2", 7]),
    ({"matches": ["a*", "b|c"]}, ["a", "ab", "b|c"], ["b", "c", "ba"]),
    ({"matches": "a*", "not_equals": "ab"}, ["a", "abc"], ["ab", "b"]),
)
"""What a policy wants of a claim, values that fit and values that do not; a token without the claim never fits."""


class Mint:
    """Makes OIDC tokens.

    Args:
        api: the conversation.
        control: reaches the emulator's own routes.
    """

    def __init__(self, api: FlowClient, control: httpx.Client) -> None:
        self._api = api
        self._control = control

    def __call__(self, registry: str, issuer: str = AGENT, **claims: Any) -> str:
        """Make a token for a registry."""
        body = {"registry": registry, "organization": self._api.target.organization, "issuer": issuer, "claims": claims}
        token = self._control.post("oidc-tokens", json=body).raise_for_status().json()["token"]
        self._api.recorder.secrets.add(token)
        return str(token)

    def wrong(self, registry: str, other: str) -> Iterator[tuple[str, str]]:
        """Make tokens that no policy for the claim `pipeline_slug: a` of the agent admits, each after why."""
        minute, now = 60, int(self._api.clock().timestamp())
        elsewhere = SPEC.oidc.audience_of("other-org", registry)
        yield "no statement has its issuer", self(registry, ACTIONS, pipeline_slug="a")
        yield "it lacks a claim", self(registry)
        yield "a claim is another", self(registry, pipeline_slug="b")
        yield "it is of another registry", self(other, pipeline_slug="a")
        yield "it is of another organization", self(registry, pipeline_slug="a", aud=elsewhere)
        expired: Thing = {"iat": now - 5 * minute, "nbf": now - 5 * minute, "exp": now - minute}
        yield "it has expired", self(registry, pipeline_slug="a", **expired)
        early: Thing = {"iat": now, "nbf": now + 3 * minute, "exp": now + 4 * minute}
        yield "it is not valid yet", self(registry, pipeline_slug="a", **early)
        lasting: Thing = {"iat": now, "exp": now + SPEC.oidc.lifetime + 1}
        yield "it lives too long", self(registry, pipeline_slug="a", **lasting)
        yield "its signature is another's", f"{self(registry, pipeline_slug='b').rpartition('.')[0]}.{'A' * 86}"


@contextmanager
def minting(api: FlowClient) -> Iterator[Mint]:
    """Reach what makes OIDC tokens."""
    with httpx.Client(base_url=f"{api.target.base_url}/_emulator/") as control:
        yield Mint(api, control)


def statement(claims: Thing | None = None, scopes: list[str] | None = None, iss: str = AGENT) -> Thing:
    """Make a statement of a policy; None leaves its scopes out."""
    return {"iss": iss, "claims": claims or {}, **({} if scopes is None else {"scopes": scopes})}


@flow(
    needs_emulator=True,
    settles=[OIDC, *(f"{OIDC}/rules/{name}" for name in ("refusal", "scopes", "audience"))],
)
def oidc_policies_are_enforced(api: FlowClient) -> None:
    """A registry's packages take the OIDC tokens that its policy admits, and nothing takes any other."""
    policy = [statement({"pipeline_slug": "a"})]
    other = new_registry(api, oidc_policy=[statement()])["slug"]
    with minting(api) as mint:
        for operation_id, make in RIGHT.items():
            path, arguments = make(api)
            if operation_id not in TAKING:
                slug = path[0] if path else other
                api.call("update_registry", slug, json={"oidc_policy": policy})
                why = "it takes no OIDC token"
                token = mint(slug, pipeline_slug="a")
                api.refused("Unauthorized", operation_id, *path, why=why, token=token, **arguments)
                continue
            slug = path[0]
            good = mint(slug, pipeline_slug="a")
            why = "the registry has no policy"
            api.refused("Unauthorized", operation_id, *path, why=why, token=good, **arguments)
            api.call("update_registry", slug, json={"oidc_policy": policy})
            for why, token in mint.wrong(slug, other):
                api.refused("Unauthorized", operation_id, *path, why=why, token=token, **arguments)
            if operation_id == "copy_package":
                why = "the token is of the one registry alone"
                api.refused("Forbidden", operation_id, *path, why=why, token=good, **arguments)
            else:
                api.call(operation_id, *path, token=good, **arguments)


@flow(needs_emulator=True, settles=[OIDC, schema_place("OidcPolicyStatement", "scopes")])
def oidc_scopes_are_those_of_the_first_statement(api: FlowClient) -> None:
    """Of several statements that match a token the first says what it may do, and no more."""
    package = packages.generic(f"oidc{api.number()}", "1.0.0")
    with minting(api) as mint:
        for scope in sorted(SPEC.oidc.scopes):
            first = [statement({"pipeline_slug": "b"}), statement(iss=ACTIONS), statement(scopes=[scope])]
            registry = new_registry(api, oidc_policy=[*first, statement()])
            slug, there = registry["slug"], publish(api, registry)
            token = mint(slug, pipeline_slug="a")
            calls: dict[str, tuple[tuple[str, ...], Thing]] = {
                "list_packages": ((slug,), {}),
                "get_package": ((slug, there["id"]), {}),
                "publish_package": ((slug,), {"files": upload(package)}),
                "copy_package": ((slug, there["id"]), {"params": {"to": slug}}),
                "delete_package": ((slug, there["id"]), {}),
            }
            for operation_id, (path, arguments) in calls.items():
                if any(needed <= {scope} for needed in SPEC.operations[operation_id].scopes):
                    api.call(operation_id, *path, token=token, **arguments)
                else:
                    why = f"the first statement that matches grants {scope} alone"
                    api.refused("Forbidden", operation_id, *path, why=why, token=token, **arguments)
            left = [] if scope == "delete_packages" else [summary_of(there)]
            place = operation_place("publish_package")
            if scope != "write_packages":
                api.same(listed(api, registry), left, f"the packages after calls with {scope} alone", place)


@flow(
    needs_emulator=True,
    settles=[
        *(f"{OIDC}/rules/{name}" for name in ("absence", "types")),
        *(schema_place("OidcMatchers", name) for name in SPEC.schema("OidcMatchers")["properties"]),
        schema_place("OidcMatchers"),
    ],
)
def oidc_claims_are_matched(api: FlowClient) -> None:
    """A claim is held against every matcher that a statement has for it."""
    registry = new_registry(api)["slug"]
    with minting(api) as mint:
        for wanted, fitting, failing in CLAIMS:
            api.call("update_registry", registry, json={"oidc_policy": [statement({"c": wanted})]})
            for value in fitting:
                api.call("list_packages", registry, token=mint(registry, c=value))
            for value in failing:
                why = f"the claim {value!r} does not fit {wanted!r}"
                api.refused("Unauthorized", "list_packages", registry, why=why, token=mint(registry, c=value))
            why = f"without the claim nothing fits {wanted!r}"
            api.refused("Unauthorized", "list_packages", registry, why=why, token=mint(registry))


@flow(needs_emulator=True, settles=[f"{OIDC}/rules/rate_limit"])
def oidc_subjects_are_users(api: FlowClient) -> None:
    """The requests of OIDC tokens with one subject count together, and apart from those with another."""
    registry = new_registry(api, oidc_policy=[statement()])["slug"]
    place = "#/components/headers/RateLimit-User-Remaining"
    with minting(api) as mint:
        for _ in range(2):
            subject = f"subject {api.number()}"
            for used in (1, 2):
                answer = api.send("list_packages", registry, token=mint(registry, sub=subject))
                left = int(answer.headers["RateLimit-User-Limit"]) - used
                what = f"the user's requests that are left after {used} of a new subject"
                api.same(answer.headers.get("RateLimit-User-Remaining"), str(left), what, place)
