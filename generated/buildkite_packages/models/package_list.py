from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Self

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from .. import parsing as _parsing
from ..types import UNSET


@_attrs_define
class PackageList:
    """A page of packages.

    Attributes:
        items (list[PackageSummary]): The packages of the page, the newest first.
        links (PageLinks): Addresses of this page and, where they exist, of others.
    """

    items: list[PackageSummary]
    links: PageLinks
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Give it as JSON."""
        _json: dict[str, Any] = dict(self.additional_properties)
        _json["items"] = [items_item.to_dict() for items_item in self.items]
        _json["links"] = self.links.to_dict()
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
            _place = "items"
            items = _parse_items(_rest.pop("items", UNSET))
            _place = "links"
            links = PageLinks.from_dict(_rest.pop("links", UNSET))
        except _parsing.UnexpectedValue as _error:
            _error.move_below(_place)
            raise
        _model = cls(
            items=items,
            links=links,
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


from ..models.package_summary import PackageSummary
from ..models.page_links import PageLinks

_parse_items: Callable[[Any], list[PackageSummary]] = _parsing.list_of(PackageSummary.from_dict)
