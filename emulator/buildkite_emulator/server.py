"""Puts an emulator together and runs it behind uvicorn."""

import signal
import socket
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from http import HTTPStatus
from pathlib import Path
from types import FrameType
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from buildkite_emulator import blobs as blob_stores
from buildkite_emulator import database as databases
from buildkite_emulator.access import Access, AccessTokens, digest
from buildkite_emulator.app import App, json_bytes
from buildkite_emulator.blobs import BlobStore, folder_url
from buildkite_emulator.call import Emulator
from buildkite_emulator.database import Database, sqlite_url
from buildkite_emulator.identity import Identity
from buildkite_emulator.spec import Spec
from buildkite_emulator.store import StoreError
from buildkite_emulator.validation import Validators

USER = {"name": "Emulator", "email": "emulator@example.com"}
"""Whose the access tokens are."""

DEFAULT_MAX_UPLOAD_SIZE = 5 << 30
"""Bytes, 5 GiB."""

LONGEST_HEAD = 64 * 1024
"""Bytes that a request may have before its body; more is refused while it arrives."""


@cache
def spec_and_validators() -> tuple[Spec, Validators]:
    """Load the spec and compile its schemas, once in a process."""
    spec = Spec.load()
    return spec, Validators(spec)


def build(  # noqa: PLR0913 - they are the options of the command
    *,
    data: Path | None = None,
    database: str | None = None,
    blobs: str | None = None,
    organizations: Sequence[str] = ("my-org",),
    tokens: Mapping[str, Collection[str]] | None = None,
    max_upload_size: int = DEFAULT_MAX_UPLOAD_SIZE,
    identity: Identity | None = None,
) -> "BuiltEmulator":
    """Put an emulator together.

    Args:
        data: a folder to keep everything in, made if it is missing; None keeps everything in memory.
        database: URL of a database in place of the folder's; see `Database`.
        blobs: URL of a place for packages' bytes in place of the folder's; see `BlobStore`.
        organizations: slugs of the organizations that there are.
        tokens: access tokens with their scopes; None for the token `emulator` with every scope.
        max_upload_size: bytes that an uploaded file may have.
        identity: makers of time, IDs and secrets.

    Raises:
        StoreError: the folder, the database or the blobs cannot be used.
    """
    spec, validators = spec_and_validators()
    identity = identity or Identity()
    if data is not None:
        try:
            data.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"cannot keep data in {data}: {error.strerror}") from error
        database = database or sqlite_url(data / "emulator.sqlite3")
        blobs = blobs or folder_url(data / "blobs")
    blob_store = BlobStore(blobs or blob_stores.IN_MEMORY)
    opened = Database(database or databases.IN_MEMORY)
    try:
        now = identity.now()
        with opened.starting():
            sweep(opened, blob_store)
            with opened.transaction() as transaction:
                for slug in organizations:
                    transaction.ensure_organization({"id": identity.new_id(now), "slug": slug})
                user_id = transaction.ensure_user({**USER, "id": identity.new_id(now), "created_at": now})
    except BaseException:
        opened.close()
        raise
    emulator = Emulator(spec, validators, opened, blob_store, identity)
    given = {"emulator": spec.scopes} if tokens is None else tokens
    access = AccessTokens({digest(token): Access(frozenset(scopes), user_id) for token, scopes in given.items()})
    return BuiltEmulator(App(emulator, access, max_upload_size), opened, blob_store)


def sweep(database: Database, blobs: BlobStore) -> None:
    """Delete the blobs that killed emulators have left.

    Raises:
        StoreError: the blobs belong to another database.
    """
    strays = blobs.strays()  # before the question below, so that no blob that comes later is taken for one
    used = database.blobs_in_use()
    blobs.claim(database.installation_id, may_adopt=not database.is_new)
    blobs.sweep(strays - used)


class BuiltEmulator:
    """An emulator, ready to answer.

    Attributes:
        app: the ASGI application.
        database: its database.
        blobs: its blobs.
    """

    def __init__(self, app: App, database: Database, blobs: BlobStore) -> None:
        self.app = app
        self.database = database
        self.blobs = blobs

    def close(self) -> None:
        """Close the database."""
        self.database.close()


class Protocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol, with its own refusals in the form of the spec's errors and a bound on the head."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._in_head = False
        self._head_size = 0

    def data_received(self, data: bytes) -> None:
        """Take what came over the connection."""
        was_in_head = self._in_head
        super().data_received(data)
        if was_in_head and self._in_head:  # nothing but a piece of the head
            self._head_size += len(data)
            if self._head_size > LONGEST_HEAD:
                reason = f"more than {LONGEST_HEAD} bytes before the body"
                self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, reason)

    def on_message_begin(self) -> None:
        """Begin a request."""
        self._in_head, self._head_size = True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """End the head of a request."""
        self._in_head = False
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is not HTTP, and hang up."""
        self._refuse(HTTPStatus.BAD_REQUEST, msg)

    def _refuse(self, status: HTTPStatus, reason: str) -> None:
        body = json_bytes({"message": f"{status.phrase}: {reason}"})
        head = f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-type: application/json\r\n"
        self.transport.write(f"{head}content-length: {len(body)}\r\nconnection: close\r\n\r\n".encode() + body)
        self.transport.close()


class Server(uvicorn.Server):
    """uvicorn's server, which says when it is ready and ends well on SIGTERM and SIGINT.

    Args:
        app: the ASGI application.
        on_ready: called once connections are answered.
        signals: which ones end it.
    """

    def __init__(
        self,
        app: ASGIApp,
        on_ready: Callable[[], None] = lambda: None,
        signals: Sequence[signal.Signals] = (signal.SIGTERM, signal.SIGINT),
    ) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=Protocol,
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_keep_alive=75,
                timeout_graceful_shutdown=60,  # a stalled upload does not keep the process for ever
            )
        )
        self._on_ready = on_ready
        self._signals = signals

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer."""
        await super().startup(sockets)
        self._on_ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Turn signals into an orderly end. uvicorn would raise them again afterwards, and so not exit with 0."""
        previous = {each: signal.signal(each, self._stop) for each in self._signals}
        try:
            yield
        finally:
            for each, handler in previous.items():
                signal.signal(each, handler)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self.force_exit = self.should_exit  # the second signal does not wait for requests under way
        self.should_exit = True
