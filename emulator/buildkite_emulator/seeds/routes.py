"""Control routes that concern all data: reset to the seed, export the state, create access tokens."""

import secrets
from collections.abc import Callable
from http import HTTPStatus

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from buildkite_emulator.api.access import Access, AccessTokens, known_scopes
from buildkite_emulator.api.context import Emulator
from buildkite_emulator.api.validation import check_plain
from buildkite_emulator.control.json_object import BadInput, JsonObject, parse_body
from buildkite_emulator.errors import StoreUnavailable, ValidationFailed
from buildkite_emulator.http.connection import cut
from buildkite_emulator.http.responses import json_response
from buildkite_emulator.seeds.model import Seed, SeedError
from buildkite_emulator.seeds.planting import restore
from buildkite_emulator.seeds.state import TooMuch, take
from buildkite_emulator.suggestions import advice, shown


class StateResponse(StreamingResponse):
    """A response whose connection is cut if a blob cannot be read."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response."""
        try:
            await super().__call__(scope, receive, send)
        except StoreUnavailable:
            await cut(scope, receive)


class SeedRoutes:
    """The routes of reset, state and access tokens.

    Args:
        emulator: the emulator.
        seed: the seed to which a reset returns.
        tokens: the access tokens.
        forget: clears the rest on a reset, such as faults and the request log.
    """

    def __init__(self, emulator: Emulator, seed: Seed, tokens: AccessTokens, forget: Callable[[], None]) -> None:
        self._emulator = emulator
        self._seed = seed
        self._first_user: str = seed.users[0]["email"]
        self._tokens = tokens
        self._forget = forget

    def routes(self) -> list[Route]:
        """List the routes."""
        return [
            Route("/reset", self.reset, methods=["POST"]),
            Route("/state", self.state, methods=["GET"]),
            Route("/tokens", self.token, methods=["POST"]),
        ]

    async def reset(self, _request: Request) -> Response:
        """Reset the emulator to the seed."""
        try:
            await run_in_threadpool(self._reset)
        except SeedError as error:
            raise HTTPException(HTTPStatus.CONFLICT, str(error)) from error
        return Response(status_code=HTTPStatus.NO_CONTENT)

    def _reset(self) -> None:
        restore(self._emulator, self._seed)
        self._forget()

    async def state(self, _request: Request) -> Response:
        """Respond with the current data as a seed file."""
        try:
            state = await run_in_threadpool(take, self._emulator, self._tokens, self._first_user)
        except TooMuch as error:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, str(error)) from error
        await run_in_threadpool(self._emulator.blobs.check)  # before the status is sent
        return StateResponse(state.write(self._emulator.blobs), media_type="application/yaml")

    async def token(self, request: Request) -> Response:
        """Create an access token."""
        token = await run_in_threadpool(self._mint, await request.body())
        return json_response(HTTPStatus.CREATED, {"token": token})

    def _mint(self, content: bytes) -> str:
        """Create a token as the request body says; an empty body takes all defaults.

        Raises:
            BadInput: the body is invalid.
        """
        body = parse_body(content) if content.strip() else {}
        try:
            check_plain(body, "")
        except ValidationFailed as error:
            raise BadInput(str(error)) from error
        fields = JsonObject(body, "the body", ("scopes", "user", "organizations"))
        scopes = self._scopes(fields)
        slugs = fields.texts("organizations", "slugs of organizations") if "organizations" in fields else None
        email = fields.text("user") if "user" in fields else self._first_user
        with self._emulator.database.transaction(read_only=True) as transaction:
            user = transaction.users.get(email)
            if user is None:
                known = ", ".join(each.email for each in transaction.users.list())
                raise BadInput(f"`user` is nobody's email address; the users are {known}")
            for slug in slugs or ():
                if transaction.organizations.get(slug) is None:
                    there = [each.slug for each in transaction.organizations.list()]
                    raise BadInput(f"there is no organization `{shown(slug)}`; {advice(slug, there, 'the emulator')}")
        token = secrets.token_hex(20)
        access = Access(scopes, user.id, None if slugs is None else frozenset(slugs))
        self._tokens.add(token, access, self._emulator.identity.now())
        return token

    def _scopes(self, fields: JsonObject) -> frozenset[str]:
        listed = fields.texts("scopes", "scopes") if "scopes" in fields else sorted(self._emulator.spec.scopes)
        try:
            return known_scopes(listed, self._emulator.spec)
        except ValueError as error:
            raise BadInput(str(error)) from error
