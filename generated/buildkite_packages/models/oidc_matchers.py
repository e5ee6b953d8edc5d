from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Self

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..http import parsing as _parsing
from ..types import UNSET, Unset


@_attrs_define(getstate_setstate=False)  # attrs' own would leave out the source
class OidcMatchers(_parsing.Model):
    """Tests of a claim's value; all must hold, and other tests are refused.

    Attributes:
        equals (bool | float | None | str | Unset): A value that a claim is compared with. A claim that is there and
            null equals null.
        not_equals (bool | float | None | str | Unset): A value that a claim is compared with. A claim that is there
            and null equals null.
        in_ (list[bool | float | None | str] | Unset): The claim is one of these values.
        not_in (list[bool | float | None | str] | Unset): The claim is none of these values.
        matches (list[str] | str | Unset): The claim matches this glob, or one of these globs, in which `*` and `?`
            stand for other characters.
    """

    equals: bool | float | None | str | Unset = UNSET
    not_equals: bool | float | None | str | Unset = UNSET
    in_: list[bool | float | None | str] | Unset = UNSET
    not_in: list[bool | float | None | str] | Unset = UNSET
    matches: list[str] | str | Unset = UNSET
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
                equals=_parse_equals(_rest.pop("equals")) if "equals" in _rest else UNSET,
                not_equals=_parse_not_equals(_rest.pop("not_equals")) if "not_equals" in _rest else UNSET,
                in_=_parse_in_(_rest.pop("in")) if "in" in _rest else UNSET,
                not_in=_parse_not_in(_rest.pop("not_in")) if "not_in" in _rest else UNSET,
                matches=_parse_matches(_rest.pop("matches")) if "matches" in _rest else UNSET,
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


_parse_equals: Callable[[Any], bool | float | None | str] = _parsing.nullable(
    _parsing.either(_parsing.string, _parsing.either(_parsing.number, _parsing.boolean))
)
_parse_not_equals: Callable[[Any], bool | float | None | str] = _parsing.nullable(
    _parsing.either(_parsing.string, _parsing.either(_parsing.number, _parsing.boolean))
)
_parse_in_: Callable[[Any], list[bool | float | None | str]] = _parsing.list_of(
    _parsing.nullable(_parsing.either(_parsing.string, _parsing.either(_parsing.number, _parsing.boolean)))
)
_parse_not_in: Callable[[Any], list[bool | float | None | str]] = _parsing.list_of(
    _parsing.nullable(_parsing.either(_parsing.string, _parsing.either(_parsing.number, _parsing.boolean)))
)
_parse_matches: Callable[[Any], list[str] | str] = _parsing.either(_parsing.string, _parsing.list_of(_parsing.string))
_fields: tuple[_parsing.Field, ...] = (
    ("equals", "equals", _parse_equals, False),
    ("not_equals", "not_equals", _parse_not_equals, False),
    ("in", "in_", _parse_in_, False),
    ("not_in", "not_in", _parse_not_in, False),
    ("matches", "matches", _parse_matches, False),
)
