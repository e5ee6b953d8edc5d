from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast
from uuid import UUID

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="Registry")


@_attrs_define
class Registry:
    """A registry.

    Attributes:
        id (UUID): UUID of the registry.
        graphql_id (str): ID of the registry in the GraphQL API, base64 of `Registry---` and its UUID.
        slug (str): Name of the registry in URLs, unique in its organization. It is the name in lower case with a `-` in
            place of each run of other characters than letters, digits, `_` and `-`, and none at either end.
        url (str): Address of the registry in this API.
        web_url (str): Address of the registry's page.
        name (str): Name of the registry.
        ecosystem (str): Kind of the packages that a registry holds, fixed when it is created. No public list of the
            values exists, so a registry may come back with one that `x-ecosystems` does not name; `ruby`, `java`, `python`
            and `container` were seen in Buildkite's own clients, and the spelling of the others is this project's guess.
            `copy` says whether such packages can be copied. `native_tool` names the `command` that publishes to a registry
            whose packages do not come as one file; publishing a file to it is refused. A Java package's name is
            `GROUP:ARTIFACT`.
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
        id = str(self.id)

        graphql_id = self.graphql_id

        slug = self.slug

        url = self.url

        web_url = self.web_url

        name = self.name

        ecosystem = self.ecosystem

        description: None | str
        description = self.description

        emoji: None | str
        emoji = self.emoji

        color: None | str
        color = self.color

        public = self.public

        oidc_policy: None | str
        oidc_policy = self.oidc_policy

        team_ids: list[str] | Unset = UNSET
        if not isinstance(self.team_ids, Unset):
            team_ids = self.team_ids

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
                "graphql_id": graphql_id,
                "slug": slug,
                "url": url,
                "web_url": web_url,
                "name": name,
                "ecosystem": ecosystem,
                "description": description,
                "emoji": emoji,
                "color": color,
                "public": public,
                "oidc_policy": oidc_policy,
            }
        )
        if team_ids is not UNSET:
            field_dict["team_ids"] = team_ids

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        id = UUID(d.pop("id"))

        graphql_id = d.pop("graphql_id")

        slug = d.pop("slug")

        url = d.pop("url")

        web_url = d.pop("web_url")

        name = d.pop("name")

        ecosystem = d.pop("ecosystem")

        def _parse_description(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        description = _parse_description(d.pop("description"))

        def _parse_emoji(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        emoji = _parse_emoji(d.pop("emoji"))

        def _parse_color(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        color = _parse_color(d.pop("color"))

        public = d.pop("public")

        def _parse_oidc_policy(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        oidc_policy = _parse_oidc_policy(d.pop("oidc_policy"))

        team_ids = cast(list[str], d.pop("team_ids", UNSET))

        registry = cls(
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

        registry.additional_properties = d
        return registry

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
