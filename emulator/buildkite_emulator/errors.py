"""What can be wrong with a request, and with the stores. Handlers raise these; `api.app` turns them into responses.

    ApiError
    ├── Unauthorized        no, a malformed or an unknown token
    ├── Forbidden           a scope is missing
    ├── NotFound            organization, registry, registry token or package
    ├── ValidationFailed    what was sent cannot be accepted
    ├── RateLimited         the organization or the user has made too many requests
    └── HttpError           below the API: its status is not the spec's
        ├── UnknownPath
        ├── MethodNotAllowed
        ├── PathTooLong
        └── FormRefused     the form of a presigned upload

    StoreError              the database or the blobs cannot be used
    └── StoreUnavailable    at the moment
        └── StoreFull

The direct children of `ApiError` have the names of the spec's response components, from which they take their status.
"""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import ClassVar, NamedTuple, Self


class ApiError(Exception):
    """A request that is refused. Its text is the `message` of the answer."""

    headers: Mapping[str, str] = {}

    @property
    def body(self) -> dict[str, object]:
        """The answer's JSON."""
        return {"message": str(self)}


class Unauthorized(ApiError):
    """No token, a malformed one or an unknown one.

    Args:
        reason: what is wrong with it, appended to the service's own words, which clients compare.
    """

    headers: Mapping[str, str] = {"WWW-Authenticate": "Bearer"}

    def __init__(self, reason: str) -> None:
        page = "https://buildkite.com/docs/apis/rest-api#authentication"
        super().__init__(f"Authentication required. Please supply a valid API Access Token: {page} ({reason})")


class Forbidden(ApiError):
    """A token without a scope that the operation needs."""


class NotFound(ApiError):
    """Something that the path or the query names does not exist."""


class Objection(NamedTuple):
    """Something wrong with what was sent: the field at fault, a code for machines, and a sentence part for people."""

    field: str
    code: str
    reason: str


class ValidationFailed(ApiError):
    """Input that cannot be accepted.

    Args:
        reason: a sentence part for people, put after ``Validation failed:``.
        errors: the fields at fault, each as ``(field, code)``.

    Attributes:
        reasons: the sentence parts, one for each thing that is wrong.
    """

    def __init__(self, reason: str, errors: Iterable[tuple[str, str]] = ()) -> None:
        super().__init__(f"Validation failed: {reason}")
        self.errors = list(errors)
        self.reasons = [reason]

    @classmethod
    def of(cls, objections: Iterable[Objection]) -> Self:
        """Make one error of all that is wrong."""
        listed = list(objections)
        error = cls("; ".join(each.reason for each in listed), [(each.field, each.code) for each in listed])
        error.reasons = [each.reason for each in listed]
        return error

    @property
    def body(self) -> dict[str, object]:
        """The answer's JSON."""
        fields = [{"field": field, "code": code} for field, code in self.errors]
        return {"message": str(self), "errors": fields} if fields else {"message": str(self)}


class RateLimited(ApiError):
    """Too many requests in a window of time.

    Args:
        scope: which limit is exhausted, as the spec names it.
        limit: requests that are allowed in the window.
        current: requests that were made in it.
        reset: seconds until the next window begins.
        warnings: the warning header of each exhausted limit.
    """

    def __init__(self, scope: str, limit: int, current: int, reset: int, warnings: Mapping[str, str]) -> None:
        wait = f"Please wait {reset} seconds before making more requests."
        super().__init__(f"You have exceeded your API rate limit. {wait}")
        self.headers = warnings
        self._numbers = {"scope": scope, "limit": limit, "current": current, "reset": reset}

    @property
    def body(self) -> dict[str, object]:
        """The answer's JSON."""
        return {"message": str(self), **self._numbers}


class HttpError(ApiError):
    """A request that reaches no operation."""

    status: ClassVar[HTTPStatus]


class UnknownPath(HttpError):
    """No operation has such a path."""

    status = HTTPStatus.NOT_FOUND


class MethodNotAllowed(HttpError):
    """The path exists, but not with this method."""

    status = HTTPStatus.METHOD_NOT_ALLOWED

    def __init__(self, method: str, allowed: Iterable[str]) -> None:
        allow = ", ".join(sorted(allowed))
        super().__init__(f"{method} is not allowed here; use {allow}")
        self.headers = {"Allow": allow}


class PathTooLong(HttpError):
    """The path and query are longer than any sensible request's."""

    status = HTTPStatus.REQUEST_URI_TOO_LONG


class FormRefused(HttpError):
    """A form that was not requested, or that may not be sent any more."""

    status = HTTPStatus.FORBIDDEN


class StoreError(Exception):
    """The database or the blobs cannot be used; the text says why."""


class StoreUnavailable(StoreError):
    """A store cannot be reached or does not work at the moment. The text is for the caller.

    Attributes:
        reason: what the store or its driver said, for the log.
    """

    def __init__(self, message: str, reason: object = "") -> None:
        super().__init__(message)
        self.reason = " ".join(str(reason).split())[:300]


class StoreFull(StoreUnavailable):
    """A store has no room left."""
