from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Self

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..http import parsing as _parsing


@_attrs_define(getstate_setstate=False)  # attrs' own would leave out the source
class PresignedData(_parsing.Model):
    """The fields to send beside the file, `key` and those that sign the form.

    Attributes:
        key (str): Key of the file, below the form's address; `${filename}` stands for the file's name.
    """

    key: str
    additional_properties: dict[str, str] = _attrs_field(init=False, factory=dict, repr=_parsing.names_of)

    def to_dict(self) -> dict[str, Any]:
        """Give it as JSON. What was read and has not changed is as it came."""
        return _parsing.write(self, self.additional_properties, _fields, _parse_rest)

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
                key=_parsing.string(_rest.pop("key")),
            )
            _model._keep(_source)
            _model.additional_properties = _parsing.values_of(_rest, _parse_rest)
            return _model
        except (KeyError, _parsing.UnexpectedValue):
            pass  # something is not as promised: read it again, property by property
        _values, _others = _parsing.read(cls.__name__, _source, _fields, _parse_rest)
        _model = cls(**_values)
        _model._keep(_source)
        _model.additional_properties = _others
        return _model

    @property
    def additional_keys(self) -> list[str]:
        """The names of the additional properties."""
        return list(self.additional_properties)

    def __getitem__(self, key: str) -> str:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: str) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties


_fields: tuple[_parsing.Field, ...] = (("key", "key", _parsing.string, True),)
_parse_rest: Callable[[Any], str] = _parsing.string
