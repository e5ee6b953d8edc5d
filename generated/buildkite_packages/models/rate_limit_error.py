from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..http import parsing as _parsing


@_attrs_define(getstate_setstate=False)  # attrs' own would leave out the source
class RateLimitError(_parsing.Model):
    """Which rate limit is exhausted, and for how long.

    Attributes:
        message (str): The reason, for people.
        scope (str): The exhausted limit, `rest` for the organization's and `rest_user` for the user's.
        limit (int): Requests allowed in the window.
        current (int): Requests made in the window.
        reset (int): Seconds until the window starts anew.
    """

    message: str
    scope: str
    limit: int
    current: int
    reset: int
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
                message=_parsing.string(_rest.pop("message")),
                scope=_parsing.string(_rest.pop("scope")),
                limit=_parsing.integer(_rest.pop("limit")),
                current=_parsing.integer(_rest.pop("current")),
                reset=_parsing.integer(_rest.pop("reset")),
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
    ("message", "message", _parsing.string, True),
    ("scope", "scope", _parsing.string, True),
    ("limit", "limit", _parsing.integer, True),
    ("current", "current", _parsing.integer, True),
    ("reset", "reset", _parsing.integer, True),
)
