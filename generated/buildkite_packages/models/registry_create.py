from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Self

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from .. import parsing as _parsing
from ..types import UNSET, Unset


@_attrs_define
class RegistryCreate:
    """A registry to create.

    Attributes:
        name (str): Name of a registry. It needs a letter or a digit, as its slug is made of those; the slug must be
            free in the organization.
        ecosystem (str): Kind of the packages that a registry holds, fixed when it is created. No public list of the
            values exists, so a registry may have another one than those that are known. Where its packages do not come
            as one file, publishing a file to it is refused. A Java package's name is `GROUP:ARTIFACT`.
        description (None | str | Unset): What the registry is for.
        emoji (None | str | Unset): Emoji of the registry, in emoji syntax.
        color (None | str | Unset): Colour of the registry, as a hex code of three or six digits.
        oidc_policy (list[OidcPolicyStatement] | None | str | Unset): Who may use the registry with an OIDC token in
            place of an API access token: statements as JSON, or the same as a string of plain YAML. The first statement
            that matches a token decides. It is always sent whole.
        team_ids (list[str] | Unset): UUIDs of the teams that are to have access to the registry.
    """

    name: str
    ecosystem: str
    description: None | str | Unset = UNSET
    emoji: None | str | Unset = UNSET
    color: None | str | Unset = UNSET
    oidc_policy: list[OidcPolicyStatement] | None | str | Unset = UNSET
    team_ids: list[str] | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Give it as JSON."""
        _json: dict[str, Any] = dict(self.additional_properties)
        _json["name"] = self.name
        _json["ecosystem"] = self.ecosystem
        if not isinstance(self.description, Unset):
            _json["description"] = self.description
        if not isinstance(self.emoji, Unset):
            _json["emoji"] = self.emoji
        if not isinstance(self.color, Unset):
            _json["color"] = self.color
        if not isinstance(self.oidc_policy, Unset):
            _json["oidc_policy"] = (
                [
                    componentsschemas_oidc_policy_statements_item.to_dict()
                    for componentsschemas_oidc_policy_statements_item in self.oidc_policy
                ]
                if isinstance(self.oidc_policy, list)
                else self.oidc_policy
            )
        if not isinstance(self.team_ids, Unset):
            _json["team_ids"] = self.team_ids
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
            _place = "name"
            name = _parsing.string(_rest.pop("name", UNSET))
            _place = "ecosystem"
            ecosystem = _parsing.string(_rest.pop("ecosystem", UNSET))
            _place = "description"
            description = _parse_description(_rest.pop("description")) if "description" in _rest else UNSET
            _place = "emoji"
            emoji = _parse_emoji(_rest.pop("emoji")) if "emoji" in _rest else UNSET
            _place = "color"
            color = _parse_color(_rest.pop("color")) if "color" in _rest else UNSET
            _place = "oidc_policy"
            oidc_policy = _parse_oidc_policy(_rest.pop("oidc_policy")) if "oidc_policy" in _rest else UNSET
            _place = "team_ids"
            team_ids = _parse_team_ids(_rest.pop("team_ids")) if "team_ids" in _rest else UNSET
        except _parsing.UnexpectedValue as _error:
            _error.move_below(_place)
            raise
        _model = cls(
            name=name,
            ecosystem=ecosystem,
            description=description,
            emoji=emoji,
            color=color,
            oidc_policy=oidc_policy,
            team_ids=team_ids,
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


from ..models.oidc_policy_statement import OidcPolicyStatement

_parse_description: Callable[[Any], None | str] = _parsing.nullable(_parsing.string)
_parse_emoji: Callable[[Any], None | str] = _parsing.nullable(_parsing.string)
_parse_color: Callable[[Any], None | str] = _parsing.nullable(_parsing.string)
_parse_oidc_policy: Callable[[Any], list[OidcPolicyStatement] | None | str] = _parsing.nullable(
    _parsing.either(_parsing.string, _parsing.list_of(OidcPolicyStatement.from_dict))
)
_parse_team_ids: Callable[[Any], list[str]] = _parsing.list_of(_parsing.string)
