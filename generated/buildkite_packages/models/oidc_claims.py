from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Self

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from .. import parsing as _parsing


@_attrs_define
class OidcClaims:
    """By name of a claim, what its value must be; all must hold."""

    additional_properties: dict[str, bool | float | OidcMatchers | str] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Give it as JSON."""
        _rest = self.additional_properties.items()
        _json: dict[str, Any] = {
            _name: _value.to_dict() if isinstance(_value, OidcMatchers) else _value for _name, _value in _rest
        }
        return _json

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        """Parse it from JSON.

        Raises:
            UnexpectedValue: something is not what the API's description promises.
        """
        _rest = _parsing.members(src_dict)
        _model = cls()
        _model.additional_properties = _parsing.values_of(_rest, _parse_additional_properties)
        return _model

    @property
    def additional_keys(self) -> list[str]:
        """The names of the additional properties."""
        return list(self.additional_properties)

    def __getitem__(self, key: str) -> bool | float | OidcMatchers | str:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: bool | float | OidcMatchers | str) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties


from ..models.oidc_matchers import OidcMatchers

_parse_additional_properties: Callable[[Any], bool | float | OidcMatchers | str] = _parsing.either(
    _parsing.string, _parsing.either(_parsing.number, _parsing.either(_parsing.boolean, OidcMatchers.from_dict))
)
