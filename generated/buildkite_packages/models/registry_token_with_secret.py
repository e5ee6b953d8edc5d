from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from typing import Any, Self
from uuid import UUID

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..http import parsing as _parsing
from ..types import UNSET, Unset


@_attrs_define(getstate_setstate=False)  # attrs' own would leave out the source
class RegistryTokenWithSecret(_parsing.Model):
    """A registry token just created, with its secret.

    Attributes:
        id (UUID): UUID of the registry token.
        graphql_id (str): ID of the registry token in the GraphQL API, base64 of `RegistryToken---` and its UUID.
        description (None | str): What the registry token is for.
        url (str): Address of the registry token in this API.
        created_at (datetime.datetime): When the registry token was created, in UTC.
        created_by (None | User): Who created the registry token.
        organization (RegistryTokenOrganization): The organization of a registry token.
        registry (RegistryTokenRegistry): The registry of a registry token.
        token (str | Unset): The secret, to be used as the password when installing from the registry.
    """

    id: UUID
    graphql_id: str
    description: None | str
    url: str
    created_at: datetime.datetime
    created_by: None | User
    organization: RegistryTokenOrganization
    registry: RegistryTokenRegistry
    token: str | Unset = _attrs_field(default=UNSET, repr=False)
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
                description=_parse_description(_rest.pop("description")),
                url=_parsing.string(_rest.pop("url")),
                created_at=_parsing.date_time(_rest.pop("created_at")),
                created_by=_parse_created_by(_rest.pop("created_by")),
                organization=RegistryTokenOrganization.from_dict(_rest.pop("organization")),
                registry=RegistryTokenRegistry.from_dict(_rest.pop("registry")),
                token=_parsing.string(_rest.pop("token")) if "token" in _rest else UNSET,
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


from ..models.registry_token_organization import RegistryTokenOrganization
from ..models.registry_token_registry import RegistryTokenRegistry
from ..models.user import User

_parse_description: Callable[[Any], None | str] = _parsing.nullable(_parsing.string)
_parse_created_by: Callable[[Any], None | User] = _parsing.nullable(User.from_dict)
_fields: tuple[_parsing.Field, ...] = (
    ("id", "id", _parsing.uuid, True),
    ("graphql_id", "graphql_id", _parsing.string, True),
    ("description", "description", _parse_description, True),
    ("url", "url", _parsing.string, True),
    ("created_at", "created_at", _parsing.date_time, True),
    ("created_by", "created_by", _parse_created_by, True),
    ("organization", "organization", RegistryTokenOrganization.from_dict, True),
    ("registry", "registry", RegistryTokenRegistry.from_dict, True),
    ("token", "token", _parsing.string, False),
)
