from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.oidc_matchers import OidcMatchers


T = TypeVar("T", bound="OidcClaims")


@_attrs_define
class OidcClaims:
    """By name of a claim, what its value must be; all must hold."""

    additional_properties: dict[str, bool | float | OidcMatchers | str] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.oidc_matchers import OidcMatchers  # noqa: PLC0415

        field_dict: dict[str, Any] = {}
        for prop_name, prop in self.additional_properties.items():
            if isinstance(prop, OidcMatchers):
                field_dict[prop_name] = prop.to_dict()
            else:
                field_dict[prop_name] = prop

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.oidc_matchers import OidcMatchers  # noqa: PLC0415

        d = dict(src_dict)
        oidc_claims = cls()

        additional_properties = {}
        for prop_name, prop_dict in d.items():

            def _parse_additional_property(data: object) -> bool | float | OidcMatchers | str:
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    componentsschemas_oidc_claim_type_1 = OidcMatchers.from_dict(data)

                    return componentsschemas_oidc_claim_type_1
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                return cast(bool | float | OidcMatchers | str, data)

            additional_property = _parse_additional_property(prop_dict)

            additional_properties[prop_name] = additional_property

        oidc_claims.additional_properties = additional_properties
        return oidc_claims

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> bool | float | OidcMatchers | str:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: bool | float | OidcMatchers | str) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
