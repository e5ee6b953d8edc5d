from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from typing import Any, Self
from uuid import UUID

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from .. import parsing as _parsing
from ..types import UNSET


@_attrs_define
class User:
    """A user.

    Attributes:
        id (UUID): UUID of the user.
        graphql_id (str): ID of the user in the GraphQL API, base64 of `User---` and its UUID.
        name (str): Name of the user.
        email (str): Email address of the user.
        avatar_url (None | str): Address of the user's picture.
        created_at (datetime.datetime): When the user was created, in UTC.
    """

    id: UUID
    graphql_id: str
    name: str
    email: str
    avatar_url: None | str
    created_at: datetime.datetime
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Give it as JSON."""
        _json: dict[str, Any] = dict(self.additional_properties)
        _json["id"] = str(self.id)
        _json["graphql_id"] = self.graphql_id
        _json["name"] = self.name
        _json["email"] = self.email
        _json["avatar_url"] = self.avatar_url
        _json["created_at"] = self.created_at.isoformat()
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
            _place = "name"
            name = _parsing.string(_rest.pop("name", UNSET))
            _place = "email"
            email = _parsing.string(_rest.pop("email", UNSET))
            _place = "avatar_url"
            avatar_url = _parse_avatar_url(_rest.pop("avatar_url", UNSET))
            _place = "created_at"
            created_at = _parsing.date_time(_rest.pop("created_at", UNSET))
        except _parsing.UnexpectedValue as _error:
            _error.move_below(_place)
            raise
        _model = cls(
            id=id,
            graphql_id=graphql_id,
            name=name,
            email=email,
            avatar_url=avatar_url,
            created_at=created_at,
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


_parse_avatar_url: Callable[[Any], None | str] = _parsing.nullable(_parsing.string)
