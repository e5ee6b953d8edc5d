from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast
from uuid import UUID

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.digests import Digests


T = TypeVar("T", bound="PackageSummary")


@_attrs_define
class PackageSummary:
    """A package as lists show it.

    Attributes:
        id (UUID): UUID of the package.
        url (str): Address of the package in this API.
        web_url (str): Address of the package's page.
        name (str): Name of the package.
        created_at (datetime.datetime): When the package was published to its registry, or copied to it.
        version (None | str): Version of the package.
        variant (None | str | Unset): What sets the package apart from others of the same name and version, such as an
            architecture or a platform.
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
        id = str(self.id)

        url = self.url

        web_url = self.web_url

        name = self.name

        created_at = self.created_at.isoformat()

        version: None | str
        version = self.version

        variant: None | str | Unset
        if isinstance(self.variant, Unset):
            variant = UNSET
        else:
            variant = self.variant

        digests: dict[str, Any] | Unset = UNSET
        if not isinstance(self.digests, Unset):
            digests = self.digests.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
                "url": url,
                "web_url": web_url,
                "name": name,
                "created_at": created_at,
                "version": version,
            }
        )
        if variant is not UNSET:
            field_dict["variant"] = variant
        if digests is not UNSET:
            field_dict["digests"] = digests

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.digests import Digests  # noqa: PLC0415

        d = dict(src_dict)
        id = UUID(d.pop("id"))

        url = d.pop("url")

        web_url = d.pop("web_url")

        name = d.pop("name")

        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))

        def _parse_version(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        version = _parse_version(d.pop("version"))

        def _parse_variant(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        variant = _parse_variant(d.pop("variant", UNSET))

        _digests = d.pop("digests", UNSET)
        digests: Digests | Unset
        if isinstance(_digests, Unset):
            digests = UNSET
        else:
            digests = Digests.from_dict(_digests)

        package_summary = cls(
            id=id,
            url=url,
            web_url=web_url,
            name=name,
            created_at=created_at,
            version=version,
            variant=variant,
            digests=digests,
        )

        package_summary.additional_properties = d
        return package_summary

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
