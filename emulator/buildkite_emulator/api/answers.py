"""Turns the errors of calls into responses."""

import logging
from collections.abc import Awaitable
from http import HTTPStatus

from starlette.requests import ClientDisconnect
from starlette.responses import Response

from buildkite_emulator.errors import ApiError, StoreUnavailable, ValidationFailed
from buildkite_emulator.http.exchange import Exchange
from buildkite_emulator.http.responses import error_response, json_response, unavailable_response

log = logging.getLogger(__name__)


async def answered(response: Awaitable[Response], exchange: Exchange) -> Response:
    """Await a response; turn an error into one."""
    try:
        return await response
    except ApiError as error:
        if isinstance(error, ValidationFailed):
            exchange.objections += tuple(error.reasons)
        return error_response(exchange.operation, error)
    except StoreUnavailable as error:
        return unavailable_response(error)
    except ClientDisconnect:
        return Response(status_code=HTTPStatus.BAD_REQUEST)  # the caller has hung up
    except Exception:
        log.exception("%s failed", exchange.operation.id if exchange.operation else "routing")
        fault = {"message": "Internal Server Error: this is a fault of the emulator"}
        return json_response(HTTPStatus.INTERNAL_SERVER_ERROR, fault)
