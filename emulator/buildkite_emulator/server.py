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
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from buildkite_emulator.access import AccessTokens
from buildkite_emulator.app import App, json_bytes
from buildkite_emulator.blobs import BlobStore
from buildkite_emulator.call import Emulator
from buildkite_emulator.identity import Identity
from buildkite_emulator.spec import Spec
from buildkite_emulator.store import Store
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


def build(
    *,
    data: Path | None = None,
    organizations: Sequence[str] = ("my-org",),
    tokens: Mapping[str, Collection[str]] | None = None,
    max_upload_size: int = DEFAULT_MAX_UPLOAD_SIZE,
    identity: Identity | None = None,
) -> "BuiltEmulator":
    """Put an emulator together.

    Args:
        data: a folder to keep everything in, made if it is missing; None keeps everything in memory.
        organizations: slugs of the organizations that there are.
        tokens: access tokens with their scopes; None for the token `emulator` with every scope.
        max_upload_size: bytes that an uploaded file may have.
        identity: makers of time, IDs and secrets.

    Raises:
        StoreError: the database cannot be opened in the folder.
        OSError: the folder cannot be written to.
    """
    spec, validators = spec_and_validators()
    identity = identity or Identity()
    if data is not None:
        data.mkdir(parents=True, exist_ok=True)
    store = Store(data)
    blobs = BlobStore(None if data is None else data / "blobs")
    now = identity.now()
    with store.transaction() as transaction:
        for slug in organizations:
            transaction.ensure_organization({"id": identity.new_id(now), "slug": slug})
        transaction.ensure_user({**USER, "id": identity.new_id(now), "created_at": now})
        user = transaction.user(USER["email"])
        used = transaction.blob_ids()
    if user is None:
        raise LookupError(USER["email"])
    blobs.sweep(used)
    emulator = Emulator(spec, validators, blobs, identity, user.id)
    access = AccessTokens({"emulator": spec.scopes} if tokens is None else tokens)
    return BuiltEmulator(App(emulator, store, access, max_upload_size), store, blobs)


class BuiltEmulator:
    """An emulator, ready to answer.

    Attributes:
        app: the ASGI application.
        store: its database.
        blobs: its blobs.
    """

    def __init__(self, app: App, store: Store, blobs: BlobStore) -> None:
        self.app = app
        self.store = store
        self.blobs = blobs

    def close(self) -> None:
        """Close the database."""
        self.store.close()


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
    """

    def __init__(self, app: App, on_ready: Callable[[], None] = lambda: None) -> None:
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

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer."""
        await super().startup(sockets)
        self._on_ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Turn signals into an orderly end. uvicorn would raise them again afterwards, and so not exit with 0."""
        previous = {each: signal.signal(each, self._stop) for each in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for each, handler in previous.items():
                signal.signal(each, handler)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self.force_exit = self.should_exit  # the second signal does not wait for requests under way
        self.should_exit = True
