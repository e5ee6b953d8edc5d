"""The ASGI application: finds the operation that a request calls, admits its caller, and turns errors into responses.

The checks come in this order: the path and the method exist, the token is known (401), the rate limits have room (429),
the token is for the organization (404) and its scopes suffice (403); then `execution` checks that what the path names
exists (404) and that the input is valid (422), and runs the handler. A fault that was asked for comes after the rate
limits, and goes around all that follows.
"""

import logging
from collections.abc import Awaitable

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from buildkite_emulator.api.access import Access, authorize, bearer, check_organization
from buildkite_emulator.api.admission import Admission
from buildkite_emulator.api.answers import answered
from buildkite_emulator.api.context import Emulator, RequestContext
from buildkite_emulator.api.execution import Executor
from buildkite_emulator.api.login import LoginReads
from buildkite_emulator.control.fault_kinds import FaultedCall
from buildkite_emulator.errors import (
    ApiError,
    MethodNotAllowed,
    PathTooLong,
    StoreUnavailable,
    UnknownPath,
)
from buildkite_emulator.http.cors_headers import cors_headers
from buildkite_emulator.http.exchange import EXCHANGE, Exchange
from buildkite_emulator.spec import Match, Operation
from buildkite_packages.http.masking import HIDDEN

log = logging.getLogger(__name__)

LONGEST_PATH = 8192
"""Bytes that a path and its query may have."""


class App:
    """The API as an ASGI application.

    Args:
        emulator: what calls share.
        admission: authenticates and counts requests, and finds their faults.
        executor: executes the calls that are admitted.
    """

    def __init__(self, emulator: Emulator, admission: Admission, executor: Executor) -> None:
        self._emulator = emulator
        self._admission = admission
        self._executor = executor
        self._login_reads = LoginReads(emulator)
        self._cors_headers = cors_headers(emulator.spec)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            raise ValueError(f"cannot answer {scope['type']}")
        request, exchange = Request(scope, receive), scope[EXCHANGE]
        response = await answered(self._respond(request, exchange), exchange)
        response.raw_headers += self._cors_headers
        if exchange.rate_limits is not None:
            response.raw_headers += exchange.rate_limits.headers()
        if log.isEnabledFor(logging.INFO):
            log.info("%s %s %d", request.method, await self._shown_path(exchange), response.status_code)
        await response(scope, receive, send)

    async def _shown_path(self, exchange: Exchange) -> str:
        if self._emulator.database.is_away:  # tokens cannot be checked without it
            return HIDDEN
        try:
            return await self._admission.shown_path(exchange)
        except StoreUnavailable:
            return HIDDEN
        except Exception:  # the answer is not about that
            log.exception("a path cannot be shown")
            return HIDDEN

    async def _respond(self, request: Request, exchange: Exchange) -> Response:
        await self._admission.refresh(exchange)
        authorization = ", ".join(request.headers.getlist("authorization")) or None  # two of them are no token
        if self._login_reads.has(exchange.path):
            access = await self._admission.identify(exchange, authorization)
            return await self._login_reads.respond(request, exchange, access, bearer(authorization))
        try:
            match = self._match(exchange)
            exchange.organization = match.parameters["org_slug"]
            operation = exchange.operation = self._operation(request.method, match)
        except ApiError:
            await self._admission.peek(exchange)
            raise
        access = await self._admission.authenticate(exchange, operation, match.parameters, authorization)

        fault = await self._admission.fault(operation, exchange)
        if fault is None:
            return await self._execute(request, operation, match, access)

        def respond(request: Request) -> Awaitable[Response]:
            return answered(self._execute(request, operation, match, access), exchange)

        return await fault.respond(FaultedCall(self._emulator.spec, operation, exchange, request, respond))

    def _match(self, exchange: Exchange) -> Match:
        if len(exchange.path) + len(exchange.query) > LONGEST_PATH:
            raise PathTooLong(f"The path and query are longer than {LONGEST_PATH} bytes")
        match = self._emulator.spec.match(exchange.path)
        if match is None:
            raise UnknownPath("No such path in this API")
        return match

    def _operation(self, method: str, match: Match) -> Operation:
        operation = match.operations.get("GET" if method == "HEAD" else method)
        if operation is None:
            raise MethodNotAllowed(method, {*match.operations, *(["HEAD"] if "GET" in match.operations else [])})
        return operation

    async def _execute(self, request: Request, operation: Operation, match: Match, access: Access) -> Response:
        check_organization(match.parameters["org_slug"], access)
        authorize(operation, access)
        exchange = request.scope[EXCHANGE]
        context = RequestContext(
            self._emulator, operation, access.user_id, exchange, match.parameters, registry_slug=access.registry
        )
        return await self._executor.execute(context, request)
