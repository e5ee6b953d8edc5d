"""The ASGI application behind `/_emulator/` and the emulator's pages.

It needs no credentials: it is for whoever runs the emulator. `http.hosts` refuses requests from pages of other sites.
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

from buildkite_emulator.control.json_object import BadInput
from buildkite_emulator.errors import StoreUnavailable
from buildkite_emulator.http.dispatch import PREFIX
from buildkite_emulator.http.responses import json_response, unavailable_response
from buildkite_emulator.suggestions import nearest_name, shown

MOST_BODY_BYTES = 1 << 20


class Control:
    """The ASGI application of all routes that are not part of the API.

    Args:
        own: the routes below `/_emulator`; their paths leave out this prefix.
        page: the routes of the pages, with complete paths.
    """

    def __init__(self, own: Sequence[Route], page: Sequence[Route] = ()) -> None:
        self._own = [Route(PREFIX + route.path, route.endpoint, methods=sorted(route.methods or ())) for route in own]
        self._routes = [*self._own, *page]
        handlers = {
            HTTPException: self._handle_http_error,
            BadInput: handle_bad_input,
            StoreUnavailable: handle_unavailable,
            Exception: handle_bug,
        }
        self._app = Starlette(routes=self._routes, exception_handlers=cast("dict[type, ExceptionHandler]", handlers))
        self._app.router.redirect_slashes = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond to a request."""
        await self._app(scope, bounded(receive), send)

    async def _handle_http_error(self, request: Request, error: HTTPException) -> Response:
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


async def handle_bad_input(_request: Request, error: BadInput) -> Response:
    """Respond that the input is invalid."""
    return message(HTTPStatus.UNPROCESSABLE_ENTITY, str(error))


async def handle_unavailable(_request: Request, error: StoreUnavailable) -> Response:
    """Respond that a store is unavailable."""
    return unavailable_response(error)


async def handle_bug(_request: Request, _error: Exception) -> Response:
    """Respond that the emulator has a bug; the server logs the exception."""
    return message(HTTPStatus.INTERNAL_SERVER_ERROR, "Internal Server Error: this is a fault of the emulator")


def message(status: int, text: str, headers: Mapping[str, str] | None = None) -> Response:
    """Make a JSON response with a message."""
    return json_response(status, {"message": text}, headers)


def bounded(receive: Receive) -> Receive:
    """Limit the size of the request body.

    Returns:
        an ASGI `receive` that raises `HTTPException` once the body is larger than `MOST_BODY_BYTES`.
    """
    received = 0

    async def receiving() -> Message:
        nonlocal received
        event = await receive()
        received += len(event.get("body", b""))
        if received > MOST_BODY_BYTES:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"The body is longer than {MOST_BODY_BYTES} bytes")
        return event

    return receiving
