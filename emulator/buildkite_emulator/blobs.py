"""The bytes of packages, each blob under its ID: in memory, in a folder or in an S3 bucket."""

import hashlib
import io
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, MemoryStore, S3Store

from buildkite_emulator.store import StoreError

BLOB_ID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

OWNER = "database"
"""Name of the object that says to which database the blobs belong."""

CHUNK = 1 << 20
"""Bytes that are read or handed to the storage at a time."""

PART = 8 * CHUNK
"""Bytes that are sent at a time; S3 takes no part below 5 MiB but the last, and 10,000 parts at most."""

IN_MEMORY = "memory:///"
PATIENCE = timedelta(seconds=30)
"""How long a request to S3 is repeated before it counts as failed."""


class BlobStore:
    """Blobs by ID.

    Args:
        url: `memory:///`, `file:///FOLDER` or `s3://BUCKET/PREFIX`. Credentials, region and endpoint of S3 come from
            the usual environment variables, `AWS_...`.

    Raises:
        StoreError: the URL is wrong, or the folder or the bucket cannot be used.
    """

    def __init__(self, url: str = IN_MEMORY) -> None:
        self._folder: Path | None = None
        self._store: MemoryStore | LocalStore | S3Store
        self._url = url.rpartition("@")[2]
        with self._explained():
            parts = urlsplit(url)
            if parts.scheme == "file" and parts.netloc in ("", "localhost") and parts.path:
                self._folder = Path(unquote(parts.path))
                self._store = LocalStore(self._folder, mkdir=True)
            elif parts.scheme == "s3" and parts.hostname and "@" not in parts.netloc:
                retries: Any = {"max_retries": 5, "retry_timeout": PATIENCE}
                self._store = S3Store.from_url(url, retry_config=retries)
            elif url == IN_MEMORY:
                self._store = MemoryStore()
            else:
                raise ValueError("it should be file:///FOLDER, s3://BUCKET/PREFIX or memory:///")
        self.is_lasting = not isinstance(self._store, MemoryStore)

    def claim(self, installation_id: str, *, may_adopt: bool) -> None:
        """See that the blobs belong to a database, so that no other database's are swept.

        Args:
            installation_id: what the blobs know the database by.
            may_adopt: whether blobs that belong to nobody are the database's.

        Raises:
            StoreError: they belong to another one, or cannot be reached.
        """
        with self._explained():
            try:
                owner = bytes(obstore.get(self._store, OWNER).bytes())
            except FileNotFoundError:
                if not may_adopt and self.ids():
                    raise ValueError("there are blobs already, and they are not of this database") from None
                obstore.put(self._store, OWNER, installation_id.encode())
            else:
                if owner != installation_id.encode():
                    raise ValueError("the blobs there belong to another database")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn what goes wrong with the storage into a `StoreError`. What obstore says runs on over many lines."""
        try:
            yield
        except (BaseError, OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or next(iter(str(error).strip().splitlines()), "")
            raise StoreError(f"cannot keep blobs in {self._url}: {str(reason)[:300]}") from error

    def create(self, blob_id: str) -> "BlobWriter":
        """Begin a blob. It does not exist until its writer is closed."""
        return BlobWriter(self._store, blob_id)

    def open(self, blob_id: str, size: int) -> io.BufferedReader:
        """Open a blob for reading, with seeking.

        Args:
            blob_id: the blob.
            size: how many bytes it has.
        """
        return io.BufferedReader(_BlobReader(self._store, blob_id, size), CHUNK)

    def delete(self, blob_ids: Iterable[str]) -> None:
        """Delete blobs; one that does not exist is passed over."""
        for blob_id in blob_ids:
            with suppress(FileNotFoundError):
                obstore.delete(self._store, blob_id)

    def ids(self) -> set[str]:
        """List the blobs that exist."""
        names = {entry["path"] for batch in obstore.list(self._store) for entry in batch}
        return {name for name in names if BLOB_ID.fullmatch(name)}

    def strays(self) -> set[str]:
        """List the blobs that exist, and those that a process was killed in the middle of."""
        found = self.ids()
        if self._folder is not None:
            # obstore's own files of unfinished writes, which it does not list
            found |= {path.name.partition("#")[0] for path in self._folder.glob("*#*")}
        return {name for name in found if BLOB_ID.fullmatch(name)}

    def sweep(self, strays: Iterable[str]) -> None:
        """Delete blobs, with what is left of unfinished writes of them."""
        for blob_id in strays:
            self.delete([blob_id])
            if self._folder is not None:
                for path in self._folder.glob(f"{blob_id}#*"):
                    path.unlink(missing_ok=True)


def folder_url(path: Path) -> str:
    """Make the URL of blobs in a folder."""
    return path.resolve().as_uri()


class BlobWriter:
    """Writes a blob and computes its digests on the way.

    Attributes:
        size: bytes written so far.
    """

    def __init__(self, store: "MemoryStore | LocalStore | S3Store", blob_id: str) -> None:
        self.blob_id = blob_id
        self.size = 0
        self._sha256 = hashlib.sha256()
        self._sha512 = hashlib.sha512()
        self._file = obstore.open_writer(store, blob_id, buffer_size=PART, max_concurrency=2)
        self._is_open = True

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
        self._is_open = False
        self._file.close()
        return {
            "id": self.blob_id,
            "size": self.size,
            "sha256": self._sha256.hexdigest(),
            "sha512": self._sha512.hexdigest(),
        }

    def abandon(self) -> None:
        """Give up; nothing of the blob stays. Does nothing after `close`."""
        if self._is_open:
            self._is_open = False
            # obstore has no call for it, but ends a block that failed this way
            abandoned = InterruptedError("abandoned")
            self._file.__exit__(InterruptedError, abandoned, None)


class _BlobReader(io.RawIOBase):
    """A blob as a raw file, for `io.BufferedReader`."""

    def __init__(self, store: "MemoryStore | LocalStore | S3Store", blob_id: str, size: int) -> None:
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
