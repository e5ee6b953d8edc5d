from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Self

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from .. import parsing as _parsing
from ..models.oidc_scope import OidcScope
from ..types import UNSET, Unset


@_attrs_define
class OidcPolicyStatement:
    """An issuer of OIDC tokens and what its tokens must claim. Other properties are refused.

    Attributes:
        iss (str): URL of the issuer: `https://agent.buildkite.com`, `https://token.actions.githubusercontent.com`
            or `https://oidc.circleci.com/org/ORG`.
        scopes (list[OidcScope] | Unset): What a token that matches may do.
        claims (OidcClaims | Unset): By name of a claim, what its value must be; all must hold.
    """

    iss: str
    scopes: list[OidcScope] | Unset = UNSET
    claims: OidcClaims | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Give it as JSON."""
        _json: dict[str, Any] = dict(self.additional_properties)
        _json["iss"] = self.iss
        if not isinstance(self.scopes, Unset):
            _json["scopes"] = [scopes_item.value for scopes_item in self.scopes]
        if not isinstance(self.claims, Unset):
            _json["claims"] = self.claims.to_dict()
        return _json

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        """Parse it from JSON.

        Raises:
            UnexpectedValue: something is not what the API's description promises.
        """
        _rest = _parsing.members(src_dict)
        _place = ""
        try:
            _place = "iss"
            iss = _parsing.string(_rest.pop("iss", UNSET))
            _place = "scopes"
            scopes = _parse_scopes(_rest.pop("scopes")) if "scopes" in _rest else UNSET
            _place = "claims"
            claims = OidcClaims.from_dict(_rest.pop("claims")) if "claims" in _rest else UNSET
        except _parsing.UnexpectedValue as _error:
            _error.move_below(_place)
            raise
        _model = cls(
            iss=iss,
            scopes=scopes,
            claims=claims,
        )
        _model.additional_properties = _rest
        return _model

    @property
    def additional_keys(self) -> list[str]:
        """The names of the additional properties."""
        return list(self.additional_properties)

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties


from ..models.oidc_claims import OidcClaims

_parse_scopes: Callable[[Any], list[OidcScope]] = _parsing.list_of(_parsing.enumeration(OidcScope))
