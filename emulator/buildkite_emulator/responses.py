"""Responses of JSON."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from starlette.responses import Response

from buildkite_emulator.errors import ApiError, HttpError
from buildkite_emulator.spec import Operation


def json_bytes(value: Any) -> bytes:
    """Write JSON."""
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
        status = errors.get(type(error).__name__, HTTPStatus.INTERNAL_SERVER_ERROR)
    return json_response(status, error.body, error.headers)
