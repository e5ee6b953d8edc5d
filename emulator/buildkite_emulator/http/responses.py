"""Responses of JSON."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from starlette.responses import Response

from buildkite_emulator.errors import ApiError, HttpError, StoreFull, StoreUnavailable, Unauthorized, ValidationFailed
from buildkite_emulator.spec import Operation

RETRY_AFTER = "1"
"""Seconds after which a store that was away may be back."""

ENCODER = msgspec.json.Encoder()


def json_bytes(value: Any) -> bytes:
    """Write JSON; half of a surrogate pair becomes a question mark."""
    try:
        return ENCODER.encode(value)
    except UnicodeEncodeError:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def json_response(status: int, value: Any, headers: Mapping[str, str] | None = None) -> Response:
    """Make a response of JSON."""
    return Response(json_bytes(value), status, headers, "application/json")


def error_response(operation: Operation | None, error: ApiError) -> Response:
    """Turn an error into the response that the spec has under the error's name."""
    if isinstance(error, HttpError):
        status: int = error.status
    else:
        errors = operation.errors if operation else {}
        # A strict emulator may refuse a request to an operation for which the spec has no such response.
        is_objection = isinstance(error, ValidationFailed)
        other = HTTPStatus.UNPROCESSABLE_ENTITY if is_objection else HTTPStatus.INTERNAL_SERVER_ERROR
        if operation is None and isinstance(error, Unauthorized):
            other = HTTPStatus.UNAUTHORIZED  # a request that the spec does not have wants a token too
        status = errors.get(type(error).__name__, other)
    return json_response(status, error.body, error.headers)


def unavailable_response(error: StoreUnavailable) -> Response:
    """Make the response for a store that does not work. It is the emulator's own; the spec has none for it."""
    is_full = isinstance(error, StoreFull)
    status = HTTPStatus.INSUFFICIENT_STORAGE if is_full else HTTPStatus.SERVICE_UNAVAILABLE
    return json_response(status, {"message": str(error)}, {"Retry-After": RETRY_AFTER})
