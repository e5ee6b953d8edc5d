"""Contains all the data models used in inputs/outputs"""

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
