"""The bytes of packages, each blob under its ID: in memory or in a folder."""

import contextlib
import hashlib
import io
import re
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

import obstore
from obstore.store import LocalStore, MemoryStore

BLOB_ID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

CHUNK = 1 << 20
"""Bytes that are read or handed to the storage at a time."""


class BlobStore:
    """Blobs by ID.

    Args:
        folder: where to keep them; None keeps them in memory.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._store = MemoryStore() if folder is None else LocalStore(folder, mkdir=True)

    def create(self, blob_id: str) -> "BlobWriter":
        """Begin a blob. It does not exist until its writer is closed."""
        return BlobWriter(self._store, blob_id)

    def open(self, blob_id: str, size: int) -> BinaryIO:
        """Open a blob for reading, with seeking.

        Args:
            blob_id: the blob.
            size: how many bytes it has.
        """
        return io.BufferedReader(_BlobReader(self._store, blob_id, size), CHUNK)

    def delete(self, blob_ids: Iterable[str]) -> None:
        """Delete blobs; one that does not exist is passed over."""
        for blob_id in blob_ids:
            with contextlib.suppress(FileNotFoundError):
                obstore.delete(self._store, blob_id)

    def ids(self) -> set[str]:
        """List the blobs that exist."""
        return {entry["path"] for batch in obstore.list(self._store) for entry in batch}

    def sweep(self, used: set[str]) -> None:
        """Delete what an emulator that was killed has left: unused blobs, and files that were still being written.

        What does not bear the name of a blob is somebody else's and stays.

        Args:
            used: the blobs to keep.
        """
        self.delete(blob_id for blob_id in self.ids() - used if BLOB_ID.fullmatch(blob_id))
        if self._folder is not None:
            for path in self._folder.glob("*#*"):  # obstore's own files of unfinished writes, which it does not list
                if BLOB_ID.fullmatch(path.name.partition("#")[0]):
                    path.unlink(missing_ok=True)


class BlobWriter:
    """Writes a blob and computes its digests on the way.

    Attributes:
        size: bytes written so far.
    """

    def __init__(self, store: "MemoryStore | LocalStore", blob_id: str) -> None:
        self.blob_id = blob_id
        self.size = 0
        self._sha256 = hashlib.sha256()
        self._sha512 = hashlib.sha512()
        self._file = obstore.open_writer(store, blob_id, buffer_size=4 * CHUNK, max_concurrency=2)

    def write(self, data: bytes) -> None:
        """Append bytes."""
        self._file.write(data)
        self._sha256.update(data)
        self._sha512.update(data)
        self.size += len(data)

    def close(self) -> dict[str, str | int]:
        """Finish the blob.

        Returns:
            its row: `id`, `size` in bytes, and `sha256` and `sha512` in hexadecimal.
        """
        self._file.close()
        return {
            "id": self.blob_id,
            "size": self.size,
            "sha256": self._sha256.hexdigest(),
            "sha512": self._sha512.hexdigest(),
        }

    def abandon(self) -> None:
        """Give up; nothing of the blob stays. Does nothing after `close`."""
        # obstore drops what was written when the file goes away unclosed; there is no call for it
        self._file = None  # type: ignore[assignment]


class _BlobReader(io.RawIOBase):
    """A blob as a raw file, for `io.BufferedReader`."""

    def __init__(self, store: "MemoryStore | LocalStore", blob_id: str, size: int) -> None:
        self._store = store
        self._blob_id = blob_id
        self._size = size
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        if start + offset < 0:
            raise ValueError("negative seek position")
        self._position = start + offset
        return self._position

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]
        end = min(self._position + len(buffer), self._size)
        if end <= self._position:
            return 0
        data = obstore.get_range(self._store, self._blob_id, start=self._position, end=end)
        buffer[: len(data)] = memoryview(data)
        self._position += len(data)
        return len(data)
