"""The errors of this package.

    PackageRegistriesError
    ├── ConfigurationError           a setting is missing or wrong
    ├── ResponseError                the API answered, and not with the success that was asked for
    │   ├── StatusError
    │   │   ├── Unauthorized         401: no bearer token was sent, or it is malformed or unknown
    │   │   ├── Forbidden            403: the token lacks a scope that the operation needs
    │   │   ├── NotFound             404: the organization, the registry, the registry token or the package does not exist
    │   │   ├── ValidationFailed     422: what was sent cannot be accepted; nothing was changed
    │   │   ├── RateLimited          429: the organization or the user has made too many requests
    │   │   ├── ServerError          5xx: the service failed
    │   │   ├── UploadFailed         the receiver of a presigned upload did not take the file
    │   │   └── UnexpectedStatus     any other status that the operation does not document
    │   └── UnexpectedResponse       a body that is no JSON, or of another type, or too large
    ├── ForeignLink                  a page's link leads to another origin
    └── PublishError                 a file was not published, for a reason that this package found
        ├── DigestMismatch           what the service stored is not what was sent
        └── DifferentContent         the registry has other content under the same name and version

Transport errors are httpx's own: `httpx.TransportError` and those below it, such as `httpx.ConnectError` and
`httpx.ReadTimeout`.
"""

import math
from collections.abc import Mapping

from .http.base_errors import (
    ConfigurationError,
    DifferentContent,
    DigestMismatch,
    ForeignLink,
    PackageRegistriesError,
    PublishError,
    ResponseError,
    ServerError,
    StatusError,
    UnexpectedResponse,
    UnexpectedStatus,
    UploadFailed,
)
from .http.rate_limits import seconds_to_wait


class Unauthorized(StatusError):
    """401: No bearer token was sent, or it is malformed or unknown."""

    def advice(self) -> str:
        """Say what token to use."""
        return "Check that the access token is one of this API's, and has not been revoked."


class Forbidden(StatusError):
    """403: The token lacks a scope that the operation needs."""

    def advice(self) -> str:
        """Say what token to use."""
        ways = " or ".join(" and ".join(together) for together in self.scopes)
        return f"Use an access token with the scope {ways}."


class NotFound(StatusError):
    """404: The organization, the registry, the registry token or the package does not exist."""

    def advice(self) -> str:
        """Say what to check."""
        return "Check the names in the address, and that the token's user may see them."


class ValidationFailed(StatusError):
    """422: What was sent cannot be accepted; nothing was changed."""

    def advice(self) -> str:
        """Say what to do."""
        return "Correct that, and call again."


class RateLimited(StatusError):
    """429: The organization or the user has made too many requests. The answer has no `Retry-After`: wait for the `reset` of the limit that is exhausted."""

    @property
    def seconds(self) -> float | None:
        """How long to wait before the next request, as far as the answer says."""
        return seconds_to_wait(self.headers, self.body)

    def advice(self) -> str:
        """Say how long to wait, where the message does not."""
        if self.seconds is None:
            return "Wait a minute before you try again."
        seconds = f"{math.ceil(self.seconds)} seconds"
        return "" if seconds in self.message else f"Wait {seconds} before you try again."


BY_STATUS: Mapping[int, type[StatusError]] = {
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    422: ValidationFailed,
    429: RateLimited,
}
"""The error of each documented status."""

__all__ = [
    "BY_STATUS",
    "ConfigurationError",
    "DifferentContent",
    "DigestMismatch",
    "ForeignLink",
    "PackageRegistriesError",
    "PublishError",
    "ResponseError",
    "ServerError",
    "StatusError",
    "UnexpectedResponse",
    "UnexpectedStatus",
    "UploadFailed",
    "Unauthorized",
    "Forbidden",
    "NotFound",
    "ValidationFailed",
    "RateLimited",
]
