from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Self
from uuid import UUID

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..http import parsing as _parsing
from ..types import UNSET, Unset


@_attrs_define(getstate_setstate=False)  # attrs' own would leave out the source
class Registry(_parsing.Model):
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
        type_ (str | Unset): Kind of the registry, `source`. There were `composite` ones until January 2026.
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
    type_: str | Unset = UNSET
    team_ids: list[str] | Unset = UNSET
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
                id=_parsing.uuid(_rest.pop("id")),
                graphql_id=_parsing.string(_rest.pop("graphql_id")),
                slug=_parsing.string(_rest.pop("slug")),
                url=_parsing.string(_rest.pop("url")),
                web_url=_parsing.string(_rest.pop("web_url")),
                name=_parsing.string(_rest.pop("name")),
                ecosystem=_parsing.string(_rest.pop("ecosystem")),
                description=_parse_description(_rest.pop("description")),
                emoji=_parse_emoji(_rest.pop("emoji")),
                color=_parse_color(_rest.pop("color")),
                public=_parsing.boolean(_rest.pop("public")),
                oidc_policy=_parse_oidc_policy(_rest.pop("oidc_policy")),
                type_=_parsing.string(_rest.pop("type")) if "type" in _rest else UNSET,
                team_ids=_parse_team_ids(_rest.pop("team_ids")) if "team_ids" in _rest else UNSET,
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


_parse_description: Callable[[Any], None | str] = _parsing.nullable(_parsing.string)
_parse_emoji: Callable[[Any], None | str] = _parsing.nullable(_parsing.string)
_parse_color: Callable[[Any], None | str] = _parsing.nullable(_parsing.string)
_parse_oidc_policy: Callable[[Any], None | str] = _parsing.nullable(_parsing.string)
_parse_team_ids: Callable[[Any], list[str]] = _parsing.list_of(_parsing.string)
_fields: tuple[_parsing.Field, ...] = (
    ("id", "id", _parsing.uuid, True),
    ("graphql_id", "graphql_id", _parsing.string, True),
    ("slug", "slug", _parsing.string, True),
    ("url", "url", _parsing.string, True),
    ("web_url", "web_url", _parsing.string, True),
    ("name", "name", _parsing.string, True),
    ("ecosystem", "ecosystem", _parsing.string, True),
    ("description", "description", _parse_description, True),
    ("emoji", "emoji", _parse_emoji, True),
    ("color", "color", _parse_color, True),
    ("public", "public", _parsing.boolean, True),
    ("oidc_policy", "oidc_policy", _parse_oidc_policy, True),
    ("type", "type_", _parsing.string, False),
    ("team_ids", "team_ids", _parse_team_ids, False),
)
