"""The two reads of Buildkite's REST API that its command line tool makes to log in.

They return what an access token may do and which organizations it is for. They do not belong to Package Registries, so
the spec does not have them. Their paths and properties are those of Buildkite's documentation of its REST API. A token
needs no scope for them here, and they are not counted in the rate limits.
"""

from http import HTTPStatus
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from starlette.requests import Request
from starlette.responses import Response

from buildkite_emulator.api.access import Access, digest
from buildkite_emulator.api.context import Emulator
from buildkite_emulator.errors import MethodNotAllowed
from buildkite_emulator.http.exchange import Exchange
from buildkite_emulator.http.responses import json_response
from buildkite_emulator.identity import graphql_id, timestamp

METHODS = ("GET", "HEAD")


class LoginReads:
    """Answers the two reads.

    Args:
        emulator: what calls share.
    """

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._answers = {b"/v2/access-token": self._access_token, b"/v2/organizations": self._organizations}

    def has(self, path: bytes) -> bool:
        """Tell whether a path is one of theirs."""
        return path.removesuffix(b"/") in self._answers

    async def respond(self, request: Request, exchange: Exchange, access: Access, token: str) -> Response:
        """Answer a request whose path is one of theirs.

        Args:
            request: the request.
            exchange: what is recorded of it.
            access: what its token gives.
            token: the token.

        Raises:
            MethodNotAllowed: the method is not GET or HEAD.
        """
        if request.method not in METHODS:
            raise MethodNotAllowed(request.method, METHODS)
        answer = self._answers[exchange.path.removesuffix(b"/")]
        return json_response(HTTPStatus.OK, await self._emulator.run(answer, access, token, exchange.base_url))

    def _access_token(self, access: Access, token: str, _base_url: str) -> Any:
        with self._emulator.database.transaction(read_only=True) as transaction:
            user = transaction.users.of_id(access.user_id)
        made = {"created_at": timestamp(user.created_at)} if user else {}
        return {
            "uuid": str(uuid5(NAMESPACE_URL, digest(token))),
            "scopes": sorted(access.scopes),
            "description": "An access token of the emulator",
            **made,
            "user": {"name": user.name, "email": user.email} if user else None,
        }

    def _organizations(self, access: Access, _token: str, base_url: str) -> Any:
        with self._emulator.database.transaction(read_only=True) as transaction:
            rows = transaction.organizations.list()
        return [
            {
                "id": row.id,
                "graphql_id": graphql_id("Organization", row.id),
                "url": f"{base_url}/v2/organizations/{row.slug}",
                "web_url": f"{base_url}/{row.slug}",
                "name": row.slug,
                "slug": row.slug,
            }
            for row in rows
            if access.organizations is None or row.slug in access.organizations
        ]
