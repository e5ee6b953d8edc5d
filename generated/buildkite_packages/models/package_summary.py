from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from typing import Any, Self
from uuid import UUID

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from .. import parsing as _parsing
from ..types import UNSET, Unset


@_attrs_define
class PackageSummary:
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
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Give it as JSON."""
        _json: dict[str, Any] = dict(self.additional_properties)
        _json["id"] = str(self.id)
        _json["url"] = self.url
        _json["web_url"] = self.web_url
        _json["name"] = self.name
        _json["created_at"] = self.created_at.isoformat()
        _json["version"] = self.version
        if not isinstance(self.variant, Unset):
            _json["variant"] = self.variant
        if not isinstance(self.digests, Unset):
            _json["digests"] = self.digests.to_dict()
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
            _place = "url"
            url = _parsing.string(_rest.pop("url", UNSET))
            _place = "web_url"
            web_url = _parsing.string(_rest.pop("web_url", UNSET))
            _place = "name"
            name = _parsing.string(_rest.pop("name", UNSET))
            _place = "created_at"
            created_at = _parsing.date_time(_rest.pop("created_at", UNSET))
            _place = "version"
            version = _parse_version(_rest.pop("version", UNSET))
            _place = "variant"
            variant = _parse_variant(_rest.pop("variant")) if "variant" in _rest else UNSET
            _place = "digests"
            digests = Digests.from_dict(_rest.pop("digests")) if "digests" in _rest else UNSET
        except _parsing.UnexpectedValue as _error:
            _error.move_below(_place)
            raise
        _model = cls(
            id=id,
            url=url,
            web_url=web_url,
            name=name,
            created_at=created_at,
            version=version,
            variant=variant,
            digests=digests,
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


from ..models.digests import Digests

_parse_version: Callable[[Any], None | str] = _parsing.nullable(_parsing.string)
_parse_variant: Callable[[Any], None | str] = _parsing.nullable(_parsing.string)
