"""The API's models. Each is loaded when it is first used."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .digests import Digests
    from .error import Error
    from .field_error import FieldError
    from .oidc_claims import OidcClaims
    from .oidc_matchers import OidcMatchers
    from .oidc_policy_statement import OidcPolicyStatement
    from .oidc_scope import OidcScope
    from .package import Package
    from .package_list import PackageList
    from .package_metadata import PackageMetadata
    from .package_organization import PackageOrganization
    from .package_publish import PackagePublish
    from .package_registry import PackageRegistry
    from .package_summary import PackageSummary
    from .page_links import PageLinks
    from .presigned_data import PresignedData
    from .presigned_form import PresignedForm
    from .presigned_upload import PresignedUpload
    from .rate_limit_error import RateLimitError
    from .registry import Registry
    from .registry_create import RegistryCreate
    from .registry_token import RegistryToken
    from .registry_token_create import RegistryTokenCreate
    from .registry_token_organization import RegistryTokenOrganization
    from .registry_token_registry import RegistryTokenRegistry
    from .registry_token_update import RegistryTokenUpdate
    from .registry_token_with_secret import RegistryTokenWithSecret
    from .registry_update import RegistryUpdate
    from .user import User
    from .validation_error import ValidationError

__all__ = (
    "Digests",
    "Error",
    "FieldError",
    "OidcClaims",
    "OidcMatchers",
    "OidcPolicyStatement",
    "OidcScope",
    "Package",
    "PackageList",
    "PackageMetadata",
    "PackageOrganization",
    "PackagePublish",
    "PackageRegistry",
    "PackageSummary",
    "PageLinks",
    "PresignedData",
    "PresignedForm",
    "PresignedUpload",
    "RateLimitError",
    "Registry",
    "RegistryCreate",
    "RegistryToken",
    "RegistryTokenCreate",
    "RegistryTokenOrganization",
    "RegistryTokenRegistry",
    "RegistryTokenUpdate",
    "RegistryTokenWithSecret",
    "RegistryUpdate",
    "User",
    "ValidationError",
)

_MODULES = {
    "Digests": ".digests",
    "Error": ".error",
    "FieldError": ".field_error",
    "OidcClaims": ".oidc_claims",
    "OidcMatchers": ".oidc_matchers",
    "OidcPolicyStatement": ".oidc_policy_statement",
    "OidcScope": ".oidc_scope",
    "Package": ".package",
    "PackageList": ".package_list",
    "PackageMetadata": ".package_metadata",
    "PackageOrganization": ".package_organization",
    "PackagePublish": ".package_publish",
    "PackageRegistry": ".package_registry",
    "PackageSummary": ".package_summary",
    "PageLinks": ".page_links",
    "PresignedData": ".presigned_data",
    "PresignedForm": ".presigned_form",
    "PresignedUpload": ".presigned_upload",
    "RateLimitError": ".rate_limit_error",
    "Registry": ".registry",
    "RegistryCreate": ".registry_create",
    "RegistryToken": ".registry_token",
    "RegistryTokenCreate": ".registry_token_create",
    "RegistryTokenOrganization": ".registry_token_organization",
    "RegistryTokenRegistry": ".registry_token_registry",
    "RegistryTokenUpdate": ".registry_token_update",
    "RegistryTokenWithSecret": ".registry_token_with_secret",
    "RegistryUpdate": ".registry_update",
    "User": ".user",
    "ValidationError": ".validation_error",
}

if not TYPE_CHECKING:  # a type checker would believe in any name

    def __getattr__(name: str) -> object:
        module = _MODULES.get(name)
        if module is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        model = globals()[name] = getattr(import_module(module, __name__), name)
        return model


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
