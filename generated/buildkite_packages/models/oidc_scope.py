from __future__ import annotations

from enum import StrEnum
from typing import Any, Self


class OidcScope(StrEnum):
    """A scope that an OIDC policy may grant.

    Other strings are members too, named like their value, since a newer server may send them.
    """

    DELETE_PACKAGES = "delete_packages"
    READ_PACKAGES = "read_packages"
    WRITE_PACKAGES = "write_packages"

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, str):
            return None
        member = str.__new__(cls, value)
        member._name_ = member._value_ = str(value)
        return member

    def __reduce_ex__(self, proto: Any) -> tuple[type[Self], tuple[str]]:
        return self.__class__, (self._value_,)  # Python 3.11.2 looks up the name, which unknown members lack
