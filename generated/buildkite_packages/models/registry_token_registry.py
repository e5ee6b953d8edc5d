from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self
from uuid import UUID

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from .. import parsing as _parsing
from ..types import UNSET


@_attrs_define
class RegistryTokenRegistry:
    """The registry of a registry token.

    Attributes:
        id (UUID): UUID of the registry.
        graphql_id (str): ID of the registry in the GraphQL API, base64 of `Registry---` and its UUID.
        slug (str): Slug of the registry.
        url (str): Address of the registry in this API.
        web_url (str): Address of the registry's page. The reference page shows an address with one segment too
            many, the second of the forms.
    """

    id: UUID
    graphql_id: str
    slug: str
    url: str
    web_url: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Give it as JSON."""
        _json: dict[str, Any] = dict(self.additional_properties)
        _json["id"] = str(self.id)
        _json["graphql_id"] = self.graphql_id
        _json["slug"] = self.slug
        _json["url"] = self.url
        _json["web_url"] = self.web_url
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
        except _parsing.UnexpectedValue as _error:
            _error.move_below(_place)
            raise
        _model = cls(
            id=id,
            graphql_id=graphql_id,
            slug=slug,
            url=url,
            web_url=web_url,
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
