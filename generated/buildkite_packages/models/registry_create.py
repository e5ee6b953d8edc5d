from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.oidc_policy_statement import OidcPolicyStatement


T = TypeVar("T", bound="RegistryCreate")


@_attrs_define
class RegistryCreate:
    """A registry to create.

    Attributes:
        name (str): Name of a registry. It needs a letter or a digit, as its slug is made of those; the slug must be
            free in the organization.
        ecosystem (str): Kind of the packages that a registry holds, fixed when it is created. No public list of the
            values exists, so a registry may come back with one that `x-ecosystems` does not name; `ruby`, `java`, `python`
            and `container` were seen in Buildkite's own clients, and the spelling of the others is this project's guess.
            `copy` says whether such packages can be copied. `native_tool` names the `command` that publishes to a registry
            whose packages do not come as one file; publishing a file to it is refused. A Java package's name is
            `GROUP:ARTIFACT`.
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
        name = self.name

        ecosystem = self.ecosystem

        description: None | str | Unset
        if isinstance(self.description, Unset):
            description = UNSET
        else:
            description = self.description

        emoji: None | str | Unset
        if isinstance(self.emoji, Unset):
            emoji = UNSET
        else:
            emoji = self.emoji

        color: None | str | Unset
        if isinstance(self.color, Unset):
            color = UNSET
        else:
            color = self.color

        oidc_policy: list[dict[str, Any]] | None | str | Unset
        if isinstance(self.oidc_policy, Unset):
            oidc_policy = UNSET
        elif isinstance(self.oidc_policy, list):
            oidc_policy = []
            for componentsschemas_oidc_policy_statements_item_data in self.oidc_policy:
                componentsschemas_oidc_policy_statements_item = (
                    componentsschemas_oidc_policy_statements_item_data.to_dict()
                )
                oidc_policy.append(componentsschemas_oidc_policy_statements_item)

        else:
            oidc_policy = self.oidc_policy

        team_ids: list[str] | Unset = UNSET
        if not isinstance(self.team_ids, Unset):
            team_ids = self.team_ids

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "name": name,
                "ecosystem": ecosystem,
            }
        )
        if description is not UNSET:
            field_dict["description"] = description
        if emoji is not UNSET:
            field_dict["emoji"] = emoji
        if color is not UNSET:
            field_dict["color"] = color
        if oidc_policy is not UNSET:
            field_dict["oidc_policy"] = oidc_policy
        if team_ids is not UNSET:
            field_dict["team_ids"] = team_ids

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.oidc_policy_statement import OidcPolicyStatement  # noqa: PLC0415

        d = dict(src_dict)
        name = d.pop("name")

        ecosystem = d.pop("ecosystem")

        def _parse_description(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        description = _parse_description(d.pop("description", UNSET))

        def _parse_emoji(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        emoji = _parse_emoji(d.pop("emoji", UNSET))

        def _parse_color(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        color = _parse_color(d.pop("color", UNSET))

        def _parse_oidc_policy(data: object) -> list[OidcPolicyStatement] | None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                componentsschemas_oidc_policy_type_1 = []
                _componentsschemas_oidc_policy_type_1 = data
                for componentsschemas_oidc_policy_statements_item_data in _componentsschemas_oidc_policy_type_1:
                    componentsschemas_oidc_policy_statements_item = OidcPolicyStatement.from_dict(
                        componentsschemas_oidc_policy_statements_item_data
                    )

                    componentsschemas_oidc_policy_type_1.append(componentsschemas_oidc_policy_statements_item)

                return componentsschemas_oidc_policy_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[OidcPolicyStatement] | None | str | Unset, data)

        oidc_policy = _parse_oidc_policy(d.pop("oidc_policy", UNSET))

        team_ids = cast(list[str], d.pop("team_ids", UNSET))

        registry_create = cls(
            name=name,
            ecosystem=ecosystem,
            description=description,
            emoji=emoji,
            color=color,
            oidc_policy=oidc_policy,
            team_ids=team_ids,
        )

        registry_create.additional_properties = d
        return registry_create

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
