from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Self
from uuid import UUID

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from .. import parsing as _parsing
from ..types import UNSET, Unset


@_attrs_define
class Registry:
    """A registry.

    Attributes:
        id (UUID): UUID of the registry.
        graphql_id (str): ID of the registry in the GraphQL API, base64 of `Registry---` and its UUID.
        slug (str): Name of the registry in URLs, unique in its organization. It is the name in lower case with a
            `-` in place of each run of other characters than letters, digits, `_` and `-`, and none at either end.
        url (str): Address of the registry in this API.
        web_url (str): Address of the registry's page.
        name (str): Name of the registry.
        ecosystem (str): Kind of the packages that a registry holds, fixed when it is created. No public list of the
            values exists, so a registry may have another one than those that are known. Where its packages do not come
            as one file, publishing a file to it is refused. A Java package's name is `GROUP:ARTIFACT`.
        description (None | str): What the registry is for.
        emoji (None | str): Emoji of the registry, in emoji syntax.
        color (None | str): Colour of the registry, as a hex code.
        public (bool): Whether anybody may install from the registry.
        oidc_policy (None | str): The OIDC policy, as YAML.
        team_ids (list[str] | Unset): UUIDs of the teams that have access to the registry.
    """

    id: UUID
    graphql_id: str
    slug: str
    url: str
    web_url: str
    name: str
    ecosystem: str
    description: None | str
    emoji: None | str
    color: None | str
    public: bool
    oidc_policy: None | str
    team_ids: list[str] | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Give it as JSON."""
        _json: dict[str, Any] = dict(self.additional_properties)
        _json["id"] = str(self.id)
        _json["graphql_id"] = self.graphql_id
        _json["slug"] = self.slug
        _json["url"] = self.url
        _json["web_url"] = self.web_url
        _json["name"] = self.name
        _json["ecosystem"] = self.ecosystem
        _json["description"] = self.description
        _json["emoji"] = self.emoji
        _json["color"] = self.color
        _json["public"] = self.public
        _json["oidc_policy"] = self.oidc_policy
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
            _place = "id"
            id = _parsing.uuid(_rest.pop("id", UNSET))
            _place = "graphql_id"
            graphql_id = _parsing.string(_rest.pop("graphql_id", UNSET))
            _place = "slug"
            slug = _parsing.string(_rest.pop("slug", UNSET))
            _place = "url"
            url = _parsing.string(_rest.pop("url", UNSET))
            _place = "web_url"
            web_url = _parsing.string(_rest.pop("web_url", UNSET))
            _place = "name"
            name = _parsing.string(_rest.pop("name", UNSET))
            _place = "ecosystem"
            ecosystem = _parsing.string(_rest.pop("ecosystem", UNSET))
            _place = "description"
            description = _parse_description(_rest.pop("description", UNSET))
            _place = "emoji"
            emoji = _parse_emoji(_rest.pop("emoji", UNSET))
            _place = "color"
            color = _parse_color(_rest.pop("color", UNSET))
            _place = "public"
            public = _parsing.boolean(_rest.pop("public", UNSET))
            _place = "oidc_policy"
            oidc_policy = _parse_oidc_policy(_rest.pop("oidc_policy", UNSET))
            _place = "team_ids"
            team_ids = _parse_team_ids(_rest.pop("team_ids")) if "team_ids" in _rest else UNSET
        except _parsing.UnexpectedValue as _error:
            _error.move_below(_place)
            raise
        _model = cls(
            id=id,
            graphql_id=graphql_id,
            slug=slug,
            url=url,
            web_url=web_url,
            name=name,
            ecosystem=ecosystem,
            description=description,
            emoji=emoji,
            color=color,
            public=public,
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


_parse_description: Callable[[Any], None | str] = _parsing.nullable(_parsing.string)
_parse_emoji: Callable[[Any], None | str] = _parsing.nullable(_parsing.string)
_parse_color: Callable[[Any], None | str] = _parsing.nullable(_parsing.string)
_parse_oidc_policy: Callable[[Any], None | str] = _parsing.nullable(_parsing.string)
_parse_team_ids: Callable[[Any], list[str]] = _parsing.list_of(_parsing.string)
