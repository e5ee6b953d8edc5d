"""The route that makes OIDC tokens, in place of the issuers that the spec names."""

from collections.abc import Callable, Sequence
from http import HTTPStatus

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from buildkite_emulator.control.json_object import BadInput, JsonObject, parse_body
from buildkite_emulator.http.responses import json_response
from buildkite_emulator.oidc.issuers import Issuers
from buildkite_emulator.oidc.tokens import LONGEST_TOKEN
from buildkite_emulator.spec import Spec
from buildkite_emulator.suggestions import advice, shown


class OidcRoutes:
    """The route of OIDC tokens.

    Args:
        spec: says how long a token lives and what its audience is.
        issuers: signs the tokens.
        now: gives milliseconds since 1970.
        organization: slug of the organization of registries for which none is named.
        list_registries: lists the slugs of an organization's registries.
    """

    def __init__(
        self,
        spec: Spec,
        issuers: Issuers,
        now: Callable[[], int],
        organization: str,
        list_registries: Callable[[str], Sequence[str]],
    ) -> None:
        self._rules = spec.oidc
        self._issuers = issuers
        self._now = now
        self._organization = organization
        self._list_registries = list_registries

    def routes(self) -> list[Route]:
        """List the routes."""
        return [Route("/oidc-tokens", self.token, methods=["POST"])]

    async def token(self, request: Request) -> Response:
        """Make an OIDC token."""
        token = await run_in_threadpool(self._make, await request.body())
        return json_response(HTTPStatus.CREATED, {"token": token})

    def _make(self, content: bytes) -> str:
        """Make a token as the request body says.

        Raises:
            BadInput: the body is invalid.
        """
        members = ("registry", "organization", "claims", "lifetime", "issuer")
        fields = JsonObject(parse_body(content), "the body", members)
        organization = fields.text("organization") if "organization" in fields else self._organization
        registry = fields.text("registry")
        slugs = self._list_registries(organization)
        if registry not in slugs:
            hint = advice(registry, slugs, shown(organization)) if slugs else f"{shown(organization)} has none"
            raise BadInput(f"there is no registry `{shown(registry)}`; {hint}")
        issuer = fields.text("issuer") if "issuer" in fields else self._issuers.known[0]
        if not self._issuers.is_known(issuer):
            raise BadInput(f"`issuer` should be one of {', '.join(self._issuers.known)}")
        longest = self._rules.lifetime
        lifetime = fields.integer("lifetime", 1, longest) if "lifetime" in fields else longest
        claims = fields.get("claims") if "claims" in fields else {}
        if not isinstance(claims, dict):
            raise BadInput("`claims` should be a JSON object")
        now = self._now() // 1000
        usual = {
            "iss": issuer,
            "sub": "test",
            "aud": self._rules.audience_of(organization, registry),
            "iat": now,
            "nbf": now,
            "exp": now + lifetime,
        }
        token = self._issuers.sign({**usual, **claims})
        if len(token) > LONGEST_TOKEN:
            raise BadInput(f"`claims` make a token of more than {LONGEST_TOKEN} characters")
        return token
