"""Types that models and operations share."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import IO, BinaryIO, ClassVar, Generic, Literal, TypeVar


class Unset:
    """The type of UNSET, which stands for what is left out."""

    _only: ClassVar[Unset | None] = None

    def __new__(cls) -> Unset:
        if cls._only is None:
            cls._only = super().__new__(cls)
        return cls._only

    def __bool__(self) -> Literal[False]:
        return False

    def __repr__(self) -> str:
        return "UNSET"

    def __reduce__(self) -> str:
        return "UNSET"  # the name in this module of the only object, for copies and pickles


UNSET: Unset = Unset()

FileContent = IO[bytes] | bytes | str
FileTypes = tuple[str | None, FileContent, str | None] | tuple[str | None, FileContent, str | None, Mapping[str, str]]
"""File name, content, content type and perhaps headers, as `httpx` takes a file."""
RequestFiles = list[tuple[str, FileTypes]]

T = TypeVar("T")


@dataclass(slots=True)
class File:
    """A file to send.

    Attributes:
        payload: its content, open for reading.
        file_name: its name.
        mime_type: its content type.
    """

    payload: BinaryIO
    file_name: str | None = None
    mime_type: str | None = None

    def to_tuple(self) -> FileTypes:
        """Give it as `httpx` takes a file."""
        return self.file_name, self.payload, self.mime_type


@dataclass(slots=True)
class Response(Generic[T]):
    """A response, with what it says.

    Attributes:
        status_code: its status.
        content: its body as it came, left out of the `repr` as it may hold a secret.
        headers: its headers.
        parsed: its body, parsed.
    """

    status_code: HTTPStatus
    content: bytes = field(repr=False)
    headers: MutableMapping[str, str]
    parsed: T


__all__ = ["UNSET", "File", "FileTypes", "RequestFiles", "Response", "Unset"]
