from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define

from ..models.oidc_scope import OidcScope
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.oidc_claims import OidcClaims


T = TypeVar("T", bound="OidcPolicyStatement")


@_attrs_define
class OidcPolicyStatement:
    """An issuer of OIDC tokens and what its tokens must claim. Other properties are refused.

    Attributes:
        iss (str): URL of the issuer: `https://agent.buildkite.com`, `https://token.actions.githubusercontent.com` or
            `https://oidc.circleci.com/org/ORG`.
        scopes (list[OidcScope] | Unset): What a token that matches may do.
        claims (OidcClaims | Unset): By name of a claim, what its value must be; all must hold.
    """

    iss: str
    scopes: list[OidcScope] | Unset = UNSET
    claims: OidcClaims | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        iss = self.iss

        scopes: list[str] | Unset = UNSET
        if not isinstance(self.scopes, Unset):
            scopes = []
            for scopes_item_data in self.scopes:
                scopes_item = scopes_item_data.value
                scopes.append(scopes_item)

        claims: dict[str, Any] | Unset = UNSET
        if not isinstance(self.claims, Unset):
            claims = self.claims.to_dict()

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "iss": iss,
            }
        )
        if scopes is not UNSET:
            field_dict["scopes"] = scopes
        if claims is not UNSET:
            field_dict["claims"] = claims

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.oidc_claims import OidcClaims  # noqa: PLC0415

        d = dict(src_dict)
        iss = d.pop("iss")

        _scopes = d.pop("scopes", UNSET)
        scopes: list[OidcScope] | Unset = UNSET
        if _scopes is not UNSET:
            scopes = []
            for scopes_item_data in _scopes:
                scopes_item = OidcScope(scopes_item_data)

                scopes.append(scopes_item)

        _claims = d.pop("claims", UNSET)
        claims: OidcClaims | Unset
        if isinstance(_claims, Unset):
            claims = UNSET
        else:
            claims = OidcClaims.from_dict(_claims)

        oidc_policy_statement = cls(
            iss=iss,
            scopes=scopes,
            claims=claims,
        )

        return oidc_policy_statement
