"""Puts an emulator together and runs it behind uvicorn."""

import signal
import socket
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import FrameType

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

GIBIBYTE = 1 << 30

DEFAULT_MAX_UPLOAD_SIZE = 5 * GIBIBYTE


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
    """uvicorn's HTTP protocol, with its own refusals in the form of the spec's errors."""

    def send_400_response(self, msg: str) -> None:
        """Refuse what is not HTTP, and hang up."""
        body = json_bytes({"message": f"Bad Request: {msg}"})
        head = f"HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n"
        self.transport.write(head.encode() + b"connection: close\r\n\r\n" + body)
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
                timeout_keep_alive=75,
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
