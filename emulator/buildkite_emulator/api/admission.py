"""What a call passes on its way to the handler: authentication, rate limits, and faults that were asked for."""

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
        oidc: who else may, by an OIDC token.
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
        """See what other processes have changed, the clock among it."""
        if not self._state.is_quick:
            await self._state.run(self._state.refresh)
            exchange.time = self._emulator.identity.now()

    async def authenticate(
        self, exchange: Exchange, operation: Operation, path: Mapping[str, str], authorization: str | None
    ) -> Access:
        """See whose token a request bears, and count the request.

        Args:
            exchange: the request; it is told how its caller stands with the limits.
            operation: what it calls.
            path: its path parameters.
            authorization: its `Authorization` header.

        Raises:
            Unauthorized: it bears no known token, and no OIDC token that is admitted. It is not counted.
            RateLimited: it is one too many.
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
        """See whose access token a request bears that calls no operation of the spec; it is not counted.

        Raises:
            Unauthorized: it bears none that is known.
        """
        await self.peek(exchange)
        return await self._emulator.run(self._tokens.authenticate, authorization)

    async def peek(self, exchange: Exchange) -> None:
        """Tell a request that calls nothing how its organization stands; it is not counted."""
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
        """Find the fault that is to be put into a call, if there is one."""
        if self._faults.is_empty:
            return None
        taken = await self._state.run(self._faults.take, operation)
        if taken is None:
            return None
        exchange.fault, kind = taken
        return kind
