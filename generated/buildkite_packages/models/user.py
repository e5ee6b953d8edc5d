from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from typing import Any, Self
from uuid import UUID

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..http import parsing as _parsing


@_attrs_define(getstate_setstate=False)  # attrs' own would leave out the source
class User(_parsing.Model):
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
                name=_parsing.string(_rest.pop("name")),
                email=_parsing.string(_rest.pop("email")),
                avatar_url=_parse_avatar_url(_rest.pop("avatar_url")),
                created_at=_parsing.date_time(_rest.pop("created_at")),
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


_parse_avatar_url: Callable[[Any], None | str] = _parsing.nullable(_parsing.string)
_fields: tuple[_parsing.Field, ...] = (
    ("id", "id", _parsing.uuid, True),
    ("graphql_id", "graphql_id", _parsing.string, True),
    ("name", "name", _parsing.string, True),
    ("email", "email", _parsing.string, True),
    ("avatar_url", "avatar_url", _parse_avatar_url, True),
    ("created_at", "created_at", _parsing.date_time, True),
)
