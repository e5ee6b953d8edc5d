"""A client library for accessing Buildkite Package Registries REST API.

    from buildkite_packages import PackageRegistries

    with PackageRegistries.from_env() as buildkite:
        for registry in buildkite.registries.list():
            print(registry.slug)

Everything here loads when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.3.0"

if TYPE_CHECKING:
    from .client import AuthenticatedClient, Client
    from .drift import Drift
    from .errors import (
        ConfigurationError,
        DifferentContent,
        DigestMismatch,
        Forbidden,
        ForeignLink,
        NotFound,
        PackageRegistriesError,
        PublishError,
        RateLimited,
        ResponseError,
        ServerError,
        StatusError,
        Unauthorized,
        UnexpectedResponse,
        UnexpectedStatus,
        UploadFailed,
        ValidationFailed,
    )
    from .http.retries import Retry, Wait
    from .package_registries import AsyncPackageRegistries, PackageRegistries
    from .pages import AsyncPages, Pages
    from .publishing.publisher import Published
    from .publishing.uploads import Upload
    from .types import UNSET, File, Unset

_HOMES = {
    "AuthenticatedClient": "client",
    "Client": "client",
    "Drift": "drift",
    "ConfigurationError": "errors",
    "DifferentContent": "errors",
    "DigestMismatch": "errors",
    "ForeignLink": "errors",
    "PackageRegistriesError": "errors",
    "PublishError": "errors",
    "ResponseError": "errors",
    "ServerError": "errors",
    "StatusError": "errors",
    "UnexpectedResponse": "errors",
    "UnexpectedStatus": "errors",
    "UploadFailed": "errors",
    "Unauthorized": "errors",
    "Forbidden": "errors",
    "NotFound": "errors",
    "ValidationFailed": "errors",
    "RateLimited": "errors",
    "AsyncPackageRegistries": "package_registries",
    "PackageRegistries": "package_registries",
    "AsyncPages": "pages",
    "Pages": "pages",
    "Published": "publishing.publisher",
    "Retry": "http.retries",
    "Wait": "http.retries",
    "UNSET": "types",
    "File": "types",
    "Unset": "types",
    "Upload": "publishing.uploads",
}

__all__ = [
    "AuthenticatedClient",
    "Client",
    "Drift",
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
    "AsyncPackageRegistries",
    "PackageRegistries",
    "AsyncPages",
    "Pages",
    "Published",
    "Retry",
    "Wait",
    "UNSET",
    "File",
    "Unset",
    "Upload",
    "__version__",
]


def __getattr__(name: str) -> object:
    """Load what is asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
