"""The bytes of packages, each blob under its ID: in memory, in a folder or in an S3 bucket."""

import errno
import hashlib
import io
import os
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

from buildkite_emulator.errors import StoreError, StoreFull, StoreUnavailable
from buildkite_emulator.storage.outages import Outage
from buildkite_emulator.storage.rows import NewBlob

BLOB_ID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

OWNER = "database"
"""Name of the object that says to which database the blobs belong."""

CHUNK = 1 << 20
"""Bytes that are read or handed to the storage at a time."""

PART = 8 * CHUNK
"""Bytes that are sent at a time; S3 takes no part below 5 MiB but the last, and 10,000 parts at most."""

IN_MEMORY = "memory:///"
TIMEOUTS = {"connect_timeout": "5s", "timeout": "20s"}
"""How long a request to S3 may take. The second has to do for a `PART`."""

CLIENT_OPTIONS = (
    *("allow_http", "allow_invalid_certificates", "connect_timeout", "http1_only", "http2_only", "pool_idle_timeout"),
    *("pool_max_idle_per_host", "proxy_ca_certificate", "proxy_excludes", "proxy_url", "randomize_addresses"),
    *("read_timeout", "root_certificate", "timeout", "user_agent"),
)
"""What obstore reads from variables such as `AWS_ALLOW_HTTP`, unless it is given any of it otherwise."""

RETRIES: Any = {
    "max_retries": 3,
    "retry_timeout": timedelta(seconds=10),
    "backoff": {"init_backoff": timedelta(milliseconds=100), "max_backoff": timedelta(seconds=1), "base": 2},
}
"""How often and how long a request to S3 is repeated before it counts as failed."""

SYSTEM_ERROR = re.compile(r"\(os error ([0-9]+)\)")
"""Where obstore's messages have the number of a system's error; its exceptions have it nowhere else."""

NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


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
        self._outage = Outage("The blob store")
        with self._explained():
            parts = urlsplit(url)
            if parts.scheme == "file" and parts.netloc in ("", "localhost") and parts.path:
                self._folder = Path(unquote(parts.path))
                self._store = LocalStore(self._folder, mkdir=True)
            elif parts.scheme == "s3" and parts.hostname and "@" not in parts.netloc:
                self._store = S3Store.from_url(url, client_options=client_options(), retry_config=RETRIES)
            elif url == IN_MEMORY:
                self._store = MemoryStore()
            else:
                raise ValueError("it should be file:///FOLDER, s3://BUCKET/PREFIX or memory:///")
        self.is_lasting = not isinstance(self._store, MemoryStore)

    def claim(self, installation_id: str, *, may_adopt: bool) -> None:
        """Check that the blobs belong to a database, so that no other database's are swept.

        Args:
            installation_id: what the blobs know the database by.
            may_adopt: whether the database takes over blobs that belong to no database.

        Raises:
            StoreError: they belong to another one, or cannot be reached.
        """
        with self._explained():
            try:
                with self.working(write=False):
                    owner = bytes(obstore.get(self._store, OWNER).bytes())
            except FileNotFoundError:
                if not may_adopt and self.ids():
                    raise ValueError("there are blobs already, and they are not of this database") from None
                with self.working(write=True):
                    obstore.put(self._store, OWNER, installation_id.encode())
            else:
                if owner != installation_id.encode():
                    raise ValueError("the blobs there belong to another database")

    @property
    def is_away(self) -> bool:
        """Whether the bucket could not be used when it was last tried; to try it again takes time."""
        return isinstance(self._store, S3Store) and self._outage.is_on

    def check(self) -> None:
        """Check that the storage can be reached.

        Raises:
            StoreUnavailable: it cannot.
        """
        with suppress(FileNotFoundError), self.working(write=False):
            obstore.head(self._store, OWNER)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn what goes wrong with the storage at the start into a `StoreError`."""
        try:
            yield
        except (BaseError, OSError, ValueError) as error:  # of opening it, or of what is found there
            raise StoreError(f"cannot keep blobs in {self._url}: {reason_of(error)}") from error
        except StoreUnavailable as error:
            raise type(error)(f"cannot keep blobs in {self._url}: {error.reason}", error.reason) from error

    @contextmanager
    def working(self, *, write: bool) -> Iterator[None]:
        """Use the storage.

        Args:
            write: whether something is to be written.

        Raises:
            StoreUnavailable: the storage cannot be reached or used.
            FileNotFoundError: what was to be read is not there.
        """
        try:
            yield
        except (BaseError, OSError) as error:
            if isinstance(error, FileNotFoundError) and not write:
                raise
            unavailable = unavailability(error, write=write)
            self._outage.failed(unavailable, write=write)
            raise unavailable from error
        self._outage.worked(write=write)

    def create(self, blob_id: str) -> "BlobWriter":
        """Begin a blob. It does not exist until its writer is closed."""
        return BlobWriter(self, self._store, blob_id)

    def open(self, blob_id: str, size: int) -> io.BufferedReader:
        """Open a blob for reading, with seeking.

        Args:
            blob_id: the blob.
            size: how many bytes it has.
        """
        return io.BufferedReader(_BlobReader(self, self._store, blob_id, size), CHUNK)

    def delete(self, blob_ids: Iterable[str]) -> None:
        """Delete blobs; one that does not exist is passed over.

        Raises:
            StoreUnavailable: that cannot be done at the moment.
        """
        for blob_id in blob_ids:
            with suppress(FileNotFoundError), self.working(write=False):
                obstore.delete(self._store, blob_id)

    def ids(self) -> set[str]:
        """List the blobs that exist."""
        with self.working(write=False):
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
                with self.working(write=False):
                    for path in self._folder.glob(f"{blob_id}#*"):
                        path.unlink(missing_ok=True)


def client_options() -> Any:
    """Collect how S3 is spoken to: our timeouts, and what the environment says."""
    given = {name: os.environ.get(f"AWS_{name.upper()}") for name in CLIENT_OPTIONS}
    return TIMEOUTS | {name: value for name, value in given.items() if value is not None}


def reason_of(error: Exception) -> str:
    """Take the reason out of an error. What obstore says runs on over many lines."""
    return str(getattr(error, "strerror", None) or next(iter(str(error).strip().splitlines()), ""))[:300]


def unavailability(error: Exception, *, write: bool) -> StoreUnavailable:
    """Make the error for a storage that does not work.

    Args:
        error: what the system or obstore says.
        write: whether something was to be written.
    """
    reason = reason_of(error)
    found = SYSTEM_ERROR.search(reason)
    number = int(found[1]) if found else getattr(error, "errno", None)
    said = f": {os.strerror(number)}" if number else ""  # without the path
    if number in NO_ROOM:
        return StoreFull(f"The blob store is full{said}", reason)
    if "status code: 507" in reason:
        return StoreFull("The blob store is full", reason)
    if number:
        return StoreUnavailable(f"The blob store cannot be {'written' if write else 'read'}{said}", reason)
    return StoreUnavailable("The blob store cannot be reached", reason)


def folder_url(path: Path) -> str:
    """Make the URL of blobs in a folder."""
    return path.resolve().as_uri()


class BlobWriter:
    """Writes a blob and computes its digests on the way.

    Attributes:
        size: bytes written so far.
        is_open: whether it was neither closed nor abandoned.
    """

    def __init__(self, blobs: BlobStore, store: "MemoryStore | LocalStore | S3Store", blob_id: str) -> None:
        self._blobs = blobs
        self.blob_id = blob_id
        self.size = 0
        self._sha256 = hashlib.sha256()
        self._sha512 = hashlib.sha512()
        self._file = obstore.open_writer(store, blob_id, buffer_size=PART, max_concurrency=2)
        self.is_open = True

    def write(self, data: bytes) -> None:
        """Append bytes.

        Raises:
            StoreUnavailable: they cannot be stored.
        """
        with self._blobs.working(write=True):
            self._file.write(data)
        self._sha256.update(data)
        self._sha512.update(data)
        self.size += len(data)

    def close(self) -> NewBlob:
        """Finish the blob.

        Returns:
            its row: `id`, `size` in bytes, and `sha256` and `sha512` in hexadecimal.

        Raises:
            StoreUnavailable: it cannot be stored; nothing of it stays.
        """
        self.is_open = False
        with self._blobs.working(write=True):
            self._file.close()
        return {
            "id": self.blob_id,
            "size": self.size,
            "sha256": self._sha256.hexdigest(),
            "sha512": self._sha512.hexdigest(),
        }

    def abandon(self) -> None:
        """Give up; nothing of the blob stays. Does nothing after `close`."""
        if self.is_open:
            self.is_open = False
            # obstore has no call for it, but ends a block that failed this way
            abandoned = InterruptedError("abandoned")
            with suppress(BaseError, OSError):
                self._file.__exit__(InterruptedError, abandoned, None)


class _BlobReader(io.RawIOBase):
    """A blob as a raw file, for `io.BufferedReader`."""

    def __init__(self, blobs: BlobStore, store: "MemoryStore | LocalStore | S3Store", blob_id: str, size: int) -> None:
        self._blobs = blobs
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
        with self._blobs.working(write=False):
            data = obstore.get_range(self._store, self._blob_id, start=self._position, end=end)
        buffer[: len(data)] = memoryview(data)
        self._position += len(data)
        return len(data)
