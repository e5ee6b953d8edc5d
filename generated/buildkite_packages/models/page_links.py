from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..http import parsing as _parsing
from ..types import UNSET, Unset


@_attrs_define(getstate_setstate=False)  # attrs' own would leave out the source
class PageLinks(_parsing.Model):
    """Addresses of this page and, where they exist, of others. There is none of the last page.

    Attributes:
        self_ (str): Address of this page.
        first (str | Unset): Address of the first page.
        prev (str | Unset): Address of the page before this one, the newer packages.
        next_ (str | Unset): Address of the page after this one, the older packages.
    """

    self_: str
    first: str | Unset = UNSET
    prev: str | Unset = UNSET
    next_: str | Unset = UNSET
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
                self_=_parsing.string(_rest.pop("self")),
                first=_parsing.string(_rest.pop("first")) if "first" in _rest else UNSET,
                prev=_parsing.string(_rest.pop("prev")) if "prev" in _rest else UNSET,
                next_=_parsing.string(_rest.pop("next")) if "next" in _rest else UNSET,
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


_fields: tuple[_parsing.Field, ...] = (
    ("self", "self_", _parsing.string, True),
    ("first", "first", _parsing.string, False),
    ("prev", "prev", _parsing.string, False),
    ("next", "next_", _parsing.string, False),
)
