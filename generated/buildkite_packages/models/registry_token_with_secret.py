from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.registry_token_organization import RegistryTokenOrganization
    from ..models.registry_token_registry import RegistryTokenRegistry
    from ..models.user import User


T = TypeVar("T", bound="RegistryTokenWithSecret")


@_attrs_define
class RegistryTokenWithSecret:
    """A registry token just created, with its secret.

    Attributes:
        id (UUID): UUID of the registry token.
        graphql_id (str): ID of the registry token in the GraphQL API, base64 of `RegistryToken---` and its UUID.
        description (str): What the registry token is for.
        url (str): Address of the registry token in this API.
        created_at (datetime.datetime): When the registry token was created.
        created_by (User): A user.
        organization (RegistryTokenOrganization): The organization of a registry token.
        registry (RegistryTokenRegistry): The registry of a registry token.
        token (str | Unset): The secret, to be used as the password when installing from the registry.
    """

    id: UUID
    graphql_id: str
    description: str
    url: str
    created_at: datetime.datetime
    created_by: User
    organization: RegistryTokenOrganization
    registry: RegistryTokenRegistry
    token: str | Unset = _attrs_field(default=UNSET, repr=False)
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        id = str(self.id)

        graphql_id = self.graphql_id

        description = self.description

        url = self.url

        created_at = self.created_at.isoformat()

        created_by = self.created_by.to_dict()

        organization = self.organization.to_dict()

        registry = self.registry.to_dict()

        token = self.token

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
                "graphql_id": graphql_id,
                "description": description,
                "url": url,
                "created_at": created_at,
                "created_by": created_by,
                "organization": organization,
                "registry": registry,
            }
        )
        if token is not UNSET:
            field_dict["token"] = token

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.registry_token_organization import RegistryTokenOrganization  # noqa: PLC0415
        from ..models.registry_token_registry import RegistryTokenRegistry  # noqa: PLC0415
        from ..models.user import User  # noqa: PLC0415

        d = dict(src_dict)
        id = UUID(d.pop("id"))

        graphql_id = d.pop("graphql_id")

        description = d.pop("description")

        url = d.pop("url")

        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))

        created_by = User.from_dict(d.pop("created_by"))

        organization = RegistryTokenOrganization.from_dict(d.pop("organization"))

        registry = RegistryTokenRegistry.from_dict(d.pop("registry"))

        token = d.pop("token", UNSET)

        registry_token_with_secret = cls(
            id=id,
            graphql_id=graphql_id,
            description=description,
            url=url,
            created_at=created_at,
            created_by=created_by,
            organization=organization,
            registry=registry,
            token=token,
        )

        registry_token_with_secret.additional_properties = d
        return registry_token_with_secret

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
