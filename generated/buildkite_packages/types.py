"""Types that models and operations share."""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, ClassVar, Generic, Literal, TypeAlias, TypeVar

if TYPE_CHECKING:
    from .publishing.uploads import FileSource, Upload


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

FileTypes: TypeAlias = "tuple[str | None, FileSource | Upload, str | None]"
"""File name, content and content type of a form's field."""
RequestFiles: TypeAlias = "list[tuple[str, FileTypes]]"
"""The fields of a form, by name."""

T = TypeVar("T")


@dataclass(slots=True)
class File:
    """A file to send.

    Attributes:
        payload: its content: a path, bytes, an open binary file or an iterable of chunks.
        file_name: its name.
        mime_type: its content type.
    """

    payload: FileSource | Upload
    file_name: str | None = None
    mime_type: str | None = None

    def to_tuple(self) -> FileTypes:
        """Give it as a form takes a file."""
        from .publishing.uploads import Upload  # noqa: PLC0415 - most calls send no file

        upload = self.payload if isinstance(self.payload, Upload) else Upload.of(self.payload, filename=self.file_name)
        return self.file_name, upload, self.mime_type


@dataclass(slots=True)
class Response(Generic[T]):
    """A response, with what it says.

    Attributes:
        status_code: its status; a plain number where that has no name.
        content: its body as it came, left out of the `repr` as it may hold a secret.
        headers: its headers.
        parsed: its body, parsed.
    """

    status_code: HTTPStatus | int
    content: bytes = field(repr=False)
    headers: MutableMapping[str, str]
    parsed: T


__all__ = ["UNSET", "File", "FileTypes", "RequestFiles", "Response", "Unset"]
