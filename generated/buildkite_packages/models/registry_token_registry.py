from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar
from uuid import UUID

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="RegistryTokenRegistry")


@_attrs_define
class RegistryTokenRegistry:
    """The registry of a registry token.

    Attributes:
        id (UUID): UUID of the registry.
        graphql_id (str): ID of the registry in the GraphQL API, base64 of `Registry---` and its UUID.
        slug (str): Slug of the registry.
        url (str): Address of the registry in this API.
        web_url (str): Address of the registry's page. The reference page shows an address with one segment too many,
            the second of the forms.
    """

    id: UUID
    graphql_id: str
    slug: str
    url: str
    web_url: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        id = str(self.id)

        graphql_id = self.graphql_id

        slug = self.slug

        url = self.url

        web_url = self.web_url

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
                "graphql_id": graphql_id,
                "slug": slug,
                "url": url,
                "web_url": web_url,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        id = UUID(d.pop("id"))

        graphql_id = d.pop("graphql_id")

        slug = d.pop("slug")

        url = d.pop("url")

        web_url = d.pop("web_url")

        registry_token_registry = cls(
            id=id,
            graphql_id=graphql_id,
            slug=slug,
            url=url,
            web_url=web_url,
        )

        registry_token_registry.additional_properties = d
        return registry_token_registry

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
