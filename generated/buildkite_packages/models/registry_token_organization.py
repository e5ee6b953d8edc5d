from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar
from uuid import UUID

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="RegistryTokenOrganization")


@_attrs_define
class RegistryTokenOrganization:
    """The organization of a registry token.

    Attributes:
        id (UUID): UUID of the organization.
        slug (str): Slug of the organization.
        url (str): Address of the organization in the analytics API.
        web_url (str): Address of the organization's page.
    """

    id: UUID
    slug: str
    url: str
    web_url: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        id = str(self.id)

        slug = self.slug

        url = self.url

        web_url = self.web_url

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
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

        slug = d.pop("slug")

        url = d.pop("url")

        web_url = d.pop("web_url")

        registry_token_organization = cls(
            id=id,
            slug=slug,
            url=url,
            web_url=web_url,
        )

        registry_token_organization.additional_properties = d
        return registry_token_organization

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
