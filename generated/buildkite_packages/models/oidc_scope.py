from enum import StrEnum


class OidcScope(StrEnum):
    DELETE_PACKAGES = "delete_packages"
    READ_PACKAGES = "read_packages"
    WRITE_PACKAGES = "write_packages"

    def __str__(self) -> str:
        return str(self.value)
