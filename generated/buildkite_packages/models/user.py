from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast
from uuid import UUID

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="User")


@_attrs_define
class User:
    """A user.

    Attributes:
        id (UUID): UUID of the user.
        graphql_id (str): ID of the user in the GraphQL API, base64 of `User---` and its UUID.
        name (str): Name of the user.
        email (str): Email address of the user.
        avatar_url (None | str): Address of the user's picture.
        created_at (datetime.datetime): When the user was created.
    """

    id: UUID
    graphql_id: str
    name: str
    email: str
    avatar_url: None | str
    created_at: datetime.datetime
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        id = str(self.id)

        graphql_id = self.graphql_id

        name = self.name

        email = self.email

        avatar_url: None | str
        avatar_url = self.avatar_url

        created_at = self.created_at.isoformat()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
                "graphql_id": graphql_id,
                "name": name,
                "email": email,
                "avatar_url": avatar_url,
                "created_at": created_at,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        id = UUID(d.pop("id"))

        graphql_id = d.pop("graphql_id")

        name = d.pop("name")

        email = d.pop("email")

        def _parse_avatar_url(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        avatar_url = _parse_avatar_url(d.pop("avatar_url"))

        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))

        user = cls(
            id=id,
            graphql_id=graphql_id,
            name=name,
            email=email,
            avatar_url=avatar_url,
            created_at=created_at,
        )

        user.additional_properties = d
        return user

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
