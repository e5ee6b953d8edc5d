from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from .. import parsing as _parsing
from ..types import UNSET, Unset


@_attrs_define
class PageLinks:
    """Addresses of this page and, where they exist, of others.

    Attributes:
        self_ (str): Address of this page.
        first (str | Unset): Address of the first page.
        prev (str | Unset): Address of the page before this one.
        next_ (str | Unset): Address of the page after this one.
        last (str | Unset): Address of the last page.
    """

    self_: str
    first: str | Unset = UNSET
    prev: str | Unset = UNSET
    next_: str | Unset = UNSET
    last: str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Give it as JSON."""
        _json: dict[str, Any] = dict(self.additional_properties)
        _json["self"] = self.self_
        if not isinstance(self.first, Unset):
            _json["first"] = self.first
        if not isinstance(self.prev, Unset):
            _json["prev"] = self.prev
        if not isinstance(self.next_, Unset):
            _json["next"] = self.next_
        if not isinstance(self.last, Unset):
            _json["last"] = self.last
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
            _place = "self"
            self_ = _parsing.string(_rest.pop("self", UNSET))
            _place = "first"
            first = _parsing.string(_rest.pop("first")) if "first" in _rest else UNSET
            _place = "prev"
            prev = _parsing.string(_rest.pop("prev")) if "prev" in _rest else UNSET
            _place = "next"
            next_ = _parsing.string(_rest.pop("next")) if "next" in _rest else UNSET
            _place = "last"
            last = _parsing.string(_rest.pop("last")) if "last" in _rest else UNSET
        except _parsing.UnexpectedValue as _error:
            _error.move_below(_place)
            raise
        _model = cls(
            self_=self_,
            first=first,
            prev=prev,
            next_=next_,
            last=last,
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
