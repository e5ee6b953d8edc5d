"""Admits calls: authenticates them, counts them against the rate limits, and selects their faults."""

from collections.abc import Mapping
from functools import lru_cache

from starlette.concurrency import run_in_threadpool

from buildkite_emulator.api.access import Access, AccessTokens, bearer
from buildkite_emulator.api.context import Emulator
from buildkite_emulator.api.oidc_admission import OidcAdmission
from buildkite_emulator.api.rate_limits import RateLimits
from buildkite_emulator.control.fault_kinds import FaultKind
from buildkite_emulator.control.faults import Faults
from buildkite_emulator.errors import Unauthorized
from buildkite_emulator.http.exchange import Exchange
from buildkite_emulator.http.masking import Mask
from buildkite_emulator.oidc.tokens import is_jwt
from buildkite_emulator.spec import Operation
from buildkite_emulator.state_store import StateStore

MOST_PATHS = 512
"""Paths that are remembered as they are shown."""


class Admission:
    """Lets calls through.

    Args:
        emulator: what calls share.
        tokens: who may do what.
        oidc: admits callers with an OIDC token.
        state: where the requests are counted and the faults kept.
        rate_limit: requests that an organization and a user may make in a minute; None refuses none.
    """

    def __init__(
        self,
        emulator: Emulator,
        tokens: AccessTokens,
        oidc: OidcAdmission,
        state: StateStore,
        rate_limit: tuple[int, int] | None,
    ) -> None:
        self._emulator = emulator
        self._tokens = tokens
        self._oidc = oidc
        self._state = state
        self._limits = RateLimits(emulator.spec, state, rate_limit)
        self._faults = Faults(emulator.spec, state)
        self._shown = lru_cache(MOST_PATHS)(self._masked)  # the same few are asked for again and again

    async def refresh(self, exchange: Exchange) -> None:
        """Load what other processes have changed, including the clock."""
        if not self._state.is_quick:
            await self._state.run(self._state.refresh)
            exchange.time = self._emulator.identity.now()

    async def authenticate(
        self, exchange: Exchange, operation: Operation, path: Mapping[str, str], authorization: str | None
    ) -> Access:
        """Find what the token of a request grants, and count the request.

        Args:
            exchange: the request; its `rate_limits` are set.
            operation: what it calls.
            path: its path parameters.
            authorization: its `Authorization` header.

        Raises:
            Unauthorized: it has no known token and no OIDC token that is admitted. It is not counted.
            RateLimited: it exceeds a rate limit.
        """
        run, limits, organization = self._state.run, self._limits, path["org_slug"]
        try:
            access = self._tokens.recall(authorization)
            if access is None and is_jwt(token := bearer(authorization)):
                arguments = (exchange, operation, path, token)
                execute = run_in_threadpool if self._oidc.may_wait else self._emulator.run
                access = await execute(self._oidc.authenticate, *arguments)
            elif access is None:
                access = await self._emulator.run(self._tokens.authenticate, authorization)
        except Unauthorized:
            exchange.rate_limits = await run(limits.peek, organization, exchange.time)
            raise
        exchange.rate_limits = await run(limits.count, organization, access.user_id, exchange.time)
        limits.check(exchange.rate_limits)
        return access

    async def identify(self, exchange: Exchange, authorization: str | None) -> Access:
        """Find what the access token of a request to no operation of the spec grants. It is not counted.

        Raises:
            Unauthorized: it has no known access token.
        """
        await self.peek(exchange)
        return await self._emulator.run(self._tokens.authenticate, authorization)

    async def peek(self, exchange: Exchange) -> None:
        """Set the rate limits of a request that calls no operation. It is not counted."""
        exchange.rate_limits = await self._state.run(self._limits.peek, exchange.organization, exchange.time)

    async def shown_path(self, exchange: Exchange) -> str:
        """Write the path of a request without tokens, in ASCII."""
        if self._tokens.are_stale:
            await self._emulator.run(self._tokens.refresh)
        authorization = next((value for name, value in exchange.headers if name == b"authorization"), b"")
        return self._shown(exchange.path, authorization, self._tokens.minted)

    def _masked(self, path: bytes, authorization: bytes, _minted: frozenset[str]) -> str:
        """Write a path; it may be remembered for as long as no further token is made."""
        mask = Mask(self._tokens.remembers, authorization.decode("latin-1"))
        return ascii(mask.address(path.decode("latin-1"), ""))[1:-1]

    async def fault(self, operation: Operation, exchange: Exchange) -> FaultKind | None:
        """Select the fault that applies to a call, if any."""
        if self._faults.is_empty:
            return None
        taken = await self._state.run(self._faults.take, operation)
        if taken is None:
            return None
        exchange.fault, kind = taken
        return kind
