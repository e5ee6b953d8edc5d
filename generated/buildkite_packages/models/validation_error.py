from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Self

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from .. import parsing as _parsing
from ..types import UNSET, Unset


@_attrs_define
class ValidationError:
    """Why what was sent cannot be accepted.

    Attributes:
        message (str): The reason, for people.
        errors (list[FieldError] | Unset): The fields at fault.
    """

    message: str
    errors: list[FieldError] | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Give it as JSON."""
        _json: dict[str, Any] = dict(self.additional_properties)
        _json["message"] = self.message
        if not isinstance(self.errors, Unset):
            _json["errors"] = [errors_item.to_dict() for errors_item in self.errors]
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
            _place = "message"
            message = _parsing.string(_rest.pop("message", UNSET))
            _place = "errors"
            errors = _parse_errors(_rest.pop("errors")) if "errors" in _rest else UNSET
        except _parsing.UnexpectedValue as _error:
            _error.move_below(_place)
            raise
        _model = cls(
            message=message,
            errors=errors,
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


from ..models.field_error import FieldError

_parse_errors: Callable[[Any], list[FieldError]] = _parsing.list_of(FieldError.from_dict)
