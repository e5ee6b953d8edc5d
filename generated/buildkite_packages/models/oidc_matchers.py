from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="OidcMatchers")


@_attrs_define
class OidcMatchers:
    """Tests of a claim's value; all must hold, and other tests are refused.

    Attributes:
        equals (bool | float | str | Unset): A value that a claim is compared with.
        not_equals (bool | float | str | Unset): A value that a claim is compared with.
        in_ (list[bool | float | str] | Unset): The claim is one of these values.
        not_in (list[bool | float | str] | Unset): The claim is none of these values.
        matches (list[str] | str | Unset): The claim matches this glob, or one of these globs, in which `*` and `?`
            stand for other characters.
    """

    equals: bool | float | str | Unset = UNSET
    not_equals: bool | float | str | Unset = UNSET
    in_: list[bool | float | str] | Unset = UNSET
    not_in: list[bool | float | str] | Unset = UNSET
    matches: list[str] | str | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        equals: bool | float | str | Unset
        if isinstance(self.equals, Unset):
            equals = UNSET
        else:
            equals = self.equals

        not_equals: bool | float | str | Unset
        if isinstance(self.not_equals, Unset):
            not_equals = UNSET
        else:
            not_equals = self.not_equals

        in_: list[bool | float | str] | Unset = UNSET
        if not isinstance(self.in_, Unset):
            in_ = []
            for in_item_data in self.in_:
                in_item: bool | float | str
                in_item = in_item_data
                in_.append(in_item)

        not_in: list[bool | float | str] | Unset = UNSET
        if not isinstance(self.not_in, Unset):
            not_in = []
            for not_in_item_data in self.not_in:
                not_in_item: bool | float | str
                not_in_item = not_in_item_data
                not_in.append(not_in_item)

        matches: list[str] | str | Unset
        if isinstance(self.matches, Unset):
            matches = UNSET
        elif isinstance(self.matches, list):
            matches = self.matches

        else:
            matches = self.matches

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if equals is not UNSET:
            field_dict["equals"] = equals
        if not_equals is not UNSET:
            field_dict["not_equals"] = not_equals
        if in_ is not UNSET:
            field_dict["in"] = in_
        if not_in is not UNSET:
            field_dict["not_in"] = not_in
        if matches is not UNSET:
            field_dict["matches"] = matches

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_equals(data: object) -> bool | float | str | Unset:
            if isinstance(data, Unset):
                return data
            return cast(bool | float | str | Unset, data)

        equals = _parse_equals(d.pop("equals", UNSET))

        def _parse_not_equals(data: object) -> bool | float | str | Unset:
            if isinstance(data, Unset):
                return data
            return cast(bool | float | str | Unset, data)

        not_equals = _parse_not_equals(d.pop("not_equals", UNSET))

        _in_ = d.pop("in", UNSET)
        in_: list[bool | float | str] | Unset = UNSET
        if _in_ is not UNSET:
            in_ = []
            for in_item_data in _in_:

                def _parse_in_item(data: object) -> bool | float | str:
                    return cast(bool | float | str, data)

                in_item = _parse_in_item(in_item_data)

                in_.append(in_item)

        _not_in = d.pop("not_in", UNSET)
        not_in: list[bool | float | str] | Unset = UNSET
        if _not_in is not UNSET:
            not_in = []
            for not_in_item_data in _not_in:

                def _parse_not_in_item(data: object) -> bool | float | str:
                    return cast(bool | float | str, data)

                not_in_item = _parse_not_in_item(not_in_item_data)

                not_in.append(not_in_item)

        def _parse_matches(data: object) -> list[str] | str | Unset:
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                matches_type_1 = cast(list[str], data)

                return matches_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | str | Unset, data)

        matches = _parse_matches(d.pop("matches", UNSET))

        oidc_matchers = cls(
            equals=equals,
            not_equals=not_equals,
            in_=in_,
            not_in=not_in,
            matches=matches,
        )

        return oidc_matchers
