"""What only an emulator has, under `/_emulator/`: faults, the clock, the log of requests, and what others add.

It is for the people on whose machine or in whose network the emulator runs; `hosts` keeps pages of other sites out.
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import cast

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import ExceptionHandler, Message, Receive, Scope, Send

from buildkite_emulator.control.fields import BadInput
from buildkite_emulator.errors import StoreUnavailable
from buildkite_emulator.http.dispatch import PREFIX
from buildkite_emulator.http.responses import json_response, unavailable_response
from buildkite_emulator.suggestions import nearest_name, shown

LONGEST_BODY = 1 << 20
"""Bytes."""


class Control:
    """The ASGI application of all routes that are not the API's.

    Args:
        own: the routes below `/_emulator`, without that.
        page: the routes of the page, in full.
    """

    def __init__(self, own: Sequence[Route], page: Sequence[Route] = ()) -> None:
        self._own = [Route(PREFIX + route.path, route.endpoint, methods=sorted(route.methods or ())) for route in own]
        self._routes = [*self._own, *page]
        handlers = {
            HTTPException: self._refuse,
            BadInput: refuse_input,
            StoreUnavailable: refuse_meanwhile,
            Exception: admit_fault,
        }
        self._app = Starlette(routes=self._routes, exception_handlers=cast("dict[type, ExceptionHandler]", handlers))
        self._app.router.redirect_slashes = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        await self._app(scope, bounded(receive), send)

    async def _refuse(self, request: Request, error: HTTPException) -> Response:
        path = request.scope["path"]
        if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            matching = [route for route in self._routes if route.matches(request.scope)[0] is not Match.NONE]
            allowed = ", ".join(sorted({method for route in matching for method in route.methods or ()}))
            reason = f"{request.method} is not allowed at {path}; use {allowed}"
            return message(error.status_code, reason, {"Allow": allowed})
        if error.status_code == HTTPStatus.NOT_FOUND and "endpoint" not in request.scope:
            names = sorted({route.path.removeprefix(PREFIX) for route in self._own})
            nearest = nearest_name(path.removeprefix(PREFIX).rstrip("/"), names)
            known = ", ".join(PREFIX + name for name in names)
            advice = f"did you mean {PREFIX}{nearest}?" if nearest else f"there is {known}"
            return message(error.status_code, f"There is no {shown(path)}; {advice}")
        return message(error.status_code, error.detail, error.headers)


async def refuse_input(_request: Request, error: BadInput) -> Response:
    """Say what is wrong with what was sent."""
    return message(HTTPStatus.UNPROCESSABLE_ENTITY, str(error))


async def refuse_meanwhile(_request: Request, error: StoreUnavailable) -> Response:
    """Say which store does not work."""
    return unavailable_response(error)


async def admit_fault(_request: Request, _error: Exception) -> Response:
    """Say that what went wrong is not the caller's; the server logs what it was."""
    return message(HTTPStatus.INTERNAL_SERVER_ERROR, "Internal Server Error: this is a fault of the emulator")


def message(status: int, text: str, headers: Mapping[str, str] | None = None) -> Response:
    """Make a response with a sentence for people."""
    return json_response(status, {"message": text}, headers)


def bounded(receive: Receive) -> Receive:
    """Bound the body that is received.

    Returns:
        what receives it, and raises `HTTPException` where it is too long.
    """
    received = 0

    async def receiving() -> Message:
        nonlocal received
        event = await receive()
        received += len(event.get("body", b""))
        if received > LONGEST_BODY:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"The body is longer than {LONGEST_BODY} bytes")
        return event

    return receiving
