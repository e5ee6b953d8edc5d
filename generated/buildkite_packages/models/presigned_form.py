from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..http import parsing as _parsing


@_attrs_define(getstate_setstate=False)  # attrs' own would leave out the source
class PresignedForm(_parsing.Model):
    """The form that takes the file.

    Attributes:
        file_input (str): Name of the field that takes the file. It has to be the last one.
        method (str): HTTP method to send the form with.
        url (str): Address to send the form to. A relative one is relative to this API.
        data (PresignedData): The fields to send beside the file, `key` and those that sign the form.
    """

    file_input: str
    method: str
    url: str
    data: PresignedData
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
                file_input=_parsing.string(_rest.pop("file_input")),
                method=_parsing.string(_rest.pop("method")),
                url=_parsing.string(_rest.pop("url")),
                data=PresignedData.from_dict(_rest.pop("data")),
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


from ..models.presigned_data import PresignedData

_fields: tuple[_parsing.Field, ...] = (
    ("file_input", "file_input", _parsing.string, True),
    ("method", "method", _parsing.string, True),
    ("url", "url", _parsing.string, True),
    ("data", "data", PresignedData.from_dict, True),
)
