from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Self
from uuid import UUID

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from .. import parsing as _parsing
from ..types import UNSET


@_attrs_define
class RegistryToken:
    """A registry token, without its secret.

    Attributes:
        id (UUID): UUID of the registry token.
        graphql_id (str): ID of the registry token in the GraphQL API, base64 of `RegistryToken---` and its UUID.
        description (str): What the registry token is for.
        url (str): Address of the registry token in this API.
        created_at (datetime.datetime): When the registry token was created, in UTC.
        created_by (User): A user.
        organization (RegistryTokenOrganization): The organization of a registry token.
        registry (RegistryTokenRegistry): The registry of a registry token.
    """

    id: UUID
    graphql_id: str
    description: str
    url: str
    created_at: datetime.datetime
    created_by: User
    organization: RegistryTokenOrganization
    registry: RegistryTokenRegistry
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Give it as JSON."""
        _json: dict[str, Any] = dict(self.additional_properties)
        _json["id"] = str(self.id)
        _json["graphql_id"] = self.graphql_id
        _json["description"] = self.description
        _json["url"] = self.url
        _json["created_at"] = self.created_at.isoformat()
        _json["created_by"] = self.created_by.to_dict()
        _json["organization"] = self.organization.to_dict()
        _json["registry"] = self.registry.to_dict()
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
            _place = "description"
            description = _parsing.string(_rest.pop("description", UNSET))
            _place = "url"
            url = _parsing.string(_rest.pop("url", UNSET))
            _place = "created_at"
            created_at = _parsing.date_time(_rest.pop("created_at", UNSET))
            _place = "created_by"
            created_by = User.from_dict(_rest.pop("created_by", UNSET))
            _place = "organization"
            organization = RegistryTokenOrganization.from_dict(_rest.pop("organization", UNSET))
            _place = "registry"
            registry = RegistryTokenRegistry.from_dict(_rest.pop("registry", UNSET))
        except _parsing.UnexpectedValue as _error:
            _error.move_below(_place)
            raise
        _model = cls(
            id=id,
            graphql_id=graphql_id,
            description=description,
            url=url,
            created_at=created_at,
            created_by=created_by,
            organization=organization,
            registry=registry,
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


from ..models.registry_token_organization import RegistryTokenOrganization
from ..models.registry_token_registry import RegistryTokenRegistry
from ..models.user import User
