from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Self

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..http import parsing as _parsing
from ..types import UNSET, Unset


@_attrs_define(getstate_setstate=False)  # attrs' own would leave out the source
class RegistryUpdate(_parsing.Model):
    """What to change of a registry. What is left out stays as it is.

    Attributes:
        name (str | Unset): Name of a registry. It needs a letter or a digit, as its slug is made of those; the slug
            must be free in the organization.
        description (None | str | Unset): What the registry is for.
        oidc_policy (list[OidcPolicyStatement] | None | str | Unset): Who may use the registry with an OIDC token in
            place of an API access token: statements as JSON, or the same as a string of plain YAML. The first statement
            that matches a token decides. It is always sent whole.
        emoji (None | str | Unset): An emoji for the registry; `null` clears it.
        color (None | str | Unset): A colour for the registry, as `#` and six hexadecimal digits; `null` clears it.
    """

    name: str | Unset = UNSET
    description: None | str | Unset = UNSET
    oidc_policy: list[OidcPolicyStatement] | None | str | Unset = UNSET
    emoji: None | str | Unset = UNSET
    color: None | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict, repr=_parsing.repr_of)

    def to_dict(self) -> dict[str, Any]:
        """Give it as JSON. What was read and has not changed is as it came."""
        return _parsing.write(self, self.additional_properties, _fields)

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        """Parse it from JSON.

        A property that is not what the API's description promises keeps the value as it came, and a missing one is
        UNSET; the first such difference is logged.

        Raises:
            UnexpectedValue: it is no object.
        """
        _source = _parsing.members(src_dict)
        _rest = _source.copy()
        try:
            _model = cls(
                name=_parsing.string(_rest.pop("name")) if "name" in _rest else UNSET,
                description=_parse_description(_rest.pop("description")) if "description" in _rest else UNSET,
                oidc_policy=_parse_oidc_policy(_rest.pop("oidc_policy")) if "oidc_policy" in _rest else UNSET,
                emoji=_parse_emoji(_rest.pop("emoji")) if "emoji" in _rest else UNSET,
                color=_parse_color(_rest.pop("color")) if "color" in _rest else UNSET,
            )
            _model._keep(_source)
            _model.additional_properties = _rest
            return _model
        except (KeyError, _parsing.UnexpectedValue):
            pass  # something is not as promised: read it again, property by property
        _values, _others = _parsing.read(cls.__name__, _source, _fields)
        _model = cls(**_values)
        _model._keep(_source)
        _model.additional_properties = _others
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


from ..models.oidc_policy_statement import OidcPolicyStatement

_parse_description: Callable[[Any], None | str] = _parsing.nullable(_parsing.string)
_parse_oidc_policy: Callable[[Any], list[OidcPolicyStatement] | None | str] = _parsing.nullable(
    _parsing.either(_parsing.string, _parsing.list_of(OidcPolicyStatement.from_dict))
)
_parse_emoji: Callable[[Any], None | str] = _parsing.nullable(_parsing.string)
_parse_color: Callable[[Any], None | str] = _parsing.nullable(_parsing.string)
_fields: tuple[_parsing.Field, ...] = (
    ("name", "name", _parsing.string, False),
    ("description", "description", _parse_description, False),
    ("oidc_policy", "oidc_policy", _parse_oidc_policy, False),
    ("emoji", "emoji", _parse_emoji, False),
    ("color", "color", _parse_color, False),
)
