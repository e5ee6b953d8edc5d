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
class PackageSummary(_parsing.Model):
    """A package as lists show it.

    Attributes:
        id (UUID): UUID of the package.
        url (str): Address of the package in this API.
        web_url (str): Address of the package's page.
        name (str): Name of the package.
        created_at (datetime.datetime): When the package was published to its registry, or copied to it, in UTC.
        version (None | str): Version of the package.
        variant (None | str | Unset): What sets the package apart from others of the same name and version, such as
            an architecture or a platform.
        digests (Digests | Unset): Digests of the package's file.
    """

    id: UUID
    url: str
    web_url: str
    name: str
    created_at: datetime.datetime
    version: None | str
    variant: None | str | Unset = UNSET
    digests: Digests | Unset = UNSET
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
                url=_parsing.string(_rest.pop("url")),
                web_url=_parsing.string(_rest.pop("web_url")),
                name=_parsing.string(_rest.pop("name")),
                created_at=_parsing.date_time(_rest.pop("created_at")),
                version=_parse_version(_rest.pop("version")),
                variant=_parse_variant(_rest.pop("variant")) if "variant" in _rest else UNSET,
                digests=Digests.from_dict(_rest.pop("digests")) if "digests" in _rest else UNSET,
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


from ..models.digests import Digests

_parse_version: Callable[[Any], None | str] = _parsing.nullable(_parsing.string)
_parse_variant: Callable[[Any], None | str] = _parsing.nullable(_parsing.string)
_fields: tuple[_parsing.Field, ...] = (
    ("id", "id", _parsing.uuid, True),
    ("url", "url", _parsing.string, True),
    ("web_url", "web_url", _parsing.string, True),
    ("name", "name", _parsing.string, True),
    ("created_at", "created_at", _parsing.date_time, True),
    ("version", "version", _parse_version, True),
    ("variant", "variant", _parse_variant, False),
    ("digests", "digests", Digests.from_dict, False),
)
