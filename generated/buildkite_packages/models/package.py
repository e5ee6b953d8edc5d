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
    from ..models.package_metadata import PackageMetadata
    from ..models.package_organization import PackageOrganization
    from ..models.package_registry import PackageRegistry


T = TypeVar("T", bound="Package")


@_attrs_define
class Package:
    """A package.

    Attributes:
        id (UUID): UUID of the package.
        url (str): Address of the package in this API.
        web_url (str): Address of the package's page.
        name (str): Name of the package.
        organization (PackageOrganization): The organization of a package.
        registry (PackageRegistry): The registry of a package.
        created_at (datetime.datetime | Unset): When the package was published to its registry, or copied to it.
        version (None | str | Unset): Version of the package.
        variant (None | str | Unset): What sets the package apart from others of the same name and version, such as an
            architecture or a platform.
        metadata (None | PackageMetadata | Unset): What else the file says of itself.
        digests (Digests | Unset): Digests of the package's file.
    """

    id: UUID
    url: str
    web_url: str
    name: str
    organization: PackageOrganization
    registry: PackageRegistry
    created_at: datetime.datetime | Unset = UNSET
    version: None | str | Unset = UNSET
    variant: None | str | Unset = UNSET
    metadata: None | PackageMetadata | Unset = UNSET
    digests: Digests | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.package_metadata import PackageMetadata  # noqa: PLC0415

        id = str(self.id)

        url = self.url

        web_url = self.web_url

        name = self.name

        organization = self.organization.to_dict()

        registry = self.registry.to_dict()

        created_at: str | Unset = UNSET
        if not isinstance(self.created_at, Unset):
            created_at = self.created_at.isoformat()

        version: None | str | Unset
        if isinstance(self.version, Unset):
            version = UNSET
        else:
            version = self.version

        variant: None | str | Unset
        if isinstance(self.variant, Unset):
            variant = UNSET
        else:
            variant = self.variant

        metadata: dict[str, Any] | None | Unset
        if isinstance(self.metadata, Unset):
            metadata = UNSET
        elif isinstance(self.metadata, PackageMetadata):
            metadata = self.metadata.to_dict()
        else:
            metadata = self.metadata

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
                "organization": organization,
                "registry": registry,
            }
        )
        if created_at is not UNSET:
            field_dict["created_at"] = created_at
        if version is not UNSET:
            field_dict["version"] = version
        if variant is not UNSET:
            field_dict["variant"] = variant
        if metadata is not UNSET:
            field_dict["metadata"] = metadata
        if digests is not UNSET:
            field_dict["digests"] = digests

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.digests import Digests  # noqa: PLC0415
        from ..models.package_metadata import PackageMetadata  # noqa: PLC0415
        from ..models.package_organization import PackageOrganization  # noqa: PLC0415
        from ..models.package_registry import PackageRegistry  # noqa: PLC0415

        d = dict(src_dict)
        id = UUID(d.pop("id"))

        url = d.pop("url")

        web_url = d.pop("web_url")

        name = d.pop("name")

        organization = PackageOrganization.from_dict(d.pop("organization"))

        registry = PackageRegistry.from_dict(d.pop("registry"))

        _created_at = d.pop("created_at", UNSET)
        created_at: datetime.datetime | Unset
        if isinstance(_created_at, Unset):
            created_at = UNSET
        else:
            created_at = datetime.datetime.fromisoformat(_created_at)

        def _parse_version(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        version = _parse_version(d.pop("version", UNSET))

        def _parse_variant(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        variant = _parse_variant(d.pop("variant", UNSET))

        def _parse_metadata(data: object) -> None | PackageMetadata | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                metadata_type_0 = PackageMetadata.from_dict(data)

                return metadata_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | PackageMetadata | Unset, data)

        metadata = _parse_metadata(d.pop("metadata", UNSET))

        _digests = d.pop("digests", UNSET)
        digests: Digests | Unset
        if isinstance(_digests, Unset):
            digests = UNSET
        else:
            digests = Digests.from_dict(_digests)

        package = cls(
            id=id,
            url=url,
            web_url=web_url,
            name=name,
            organization=organization,
            registry=registry,
            created_at=created_at,
            version=version,
            variant=variant,
            metadata=metadata,
            digests=digests,
        )

        package.additional_properties = d
        return package

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
