"""Puts an emulator together and runs it behind uvicorn."""

import signal
import socket
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

from buildkite_emulator import web
from buildkite_emulator.api.access import Access, AccessTokens
from buildkite_emulator.api.admission import Admission
from buildkite_emulator.api.app import App
from buildkite_emulator.api.context import Emulator
from buildkite_emulator.api.execution import Executor
from buildkite_emulator.api.oidc_admission import OidcAdmission
from buildkite_emulator.api.presigned_uploads import PATH, UploadForms
from buildkite_emulator.api.unused_blobs import UnusedBlobs
from buildkite_emulator.api.validation import Validators
from buildkite_emulator.clock import Clock
from buildkite_emulator.control.app import Control
from buildkite_emulator.control.oidc_routes import OidcRoutes
from buildkite_emulator.control.routes import ControlRoutes
from buildkite_emulator.errors import StoreError
from buildkite_emulator.http.dispatch import Dispatch
from buildkite_emulator.http.hosts import Hosts
from buildkite_emulator.http.protocol import Protocol
from buildkite_emulator.http.request_log import Recorder
from buildkite_emulator.identity import Identity
from buildkite_emulator.oidc.issuers import Given, Issuers
from buildkite_emulator.operations import handlers
from buildkite_emulator.seeds import Seed, prepare
from buildkite_emulator.seeds.planting import start
from buildkite_emulator.seeds.routes import SeedRoutes
from buildkite_emulator.spec import Spec
from buildkite_emulator.state_store import MemoryStateStore, StateStore
from buildkite_emulator.storage import blobs as blob_stores
from buildkite_emulator.storage import database as databases
from buildkite_emulator.storage.blobs import BlobStore, folder_url
from buildkite_emulator.storage.database import Database, sqlite_url
from buildkite_emulator.storage.database_state_store import DatabaseStateStore

DEFAULT_MAX_UPLOAD_SIZE = 5 << 30
"""Bytes, 5 GiB."""


@cache
def spec_and_validators() -> tuple[Spec, Validators]:
    """Load the spec and compile its schemas, once in a process."""
    spec = Spec.load()
    return spec, Validators(spec)


def prepare_seed(
    path: Path | None = None,
    organizations: Sequence[str] | None = None,
    tokens: Mapping[str, Collection[str]] | None = None,
    identity: Identity | None = None,
    token_organizations: Mapping[str, Collection[str]] | None = None,
) -> Seed:
    """Read and check what an emulator is to begin with, so that several can begin with the very same.

    Args:
        path: a seed file; None for an emulator that holds nothing.
        organizations: slugs of organizations that there are as well. Where neither these nor the file name any, there
            is `my-org`.
        tokens: access tokens that there are as well, with their scopes; they belong to the seed's first user. Where
            neither these nor the file name any, there is `emulator`, with every scope.
        identity: makes what the file does not give.
        token_organizations: slugs of the organizations that those tokens are for; one that is not named here is for
            every organization.

    Raises:
        SeedError: the file cannot be read, or something in it is wrong.
    """
    spec, validators = spec_and_validators()
    identity = identity or Identity()
    return prepare(
        path, organizations, tokens, token_organizations, spec=spec, validators=validators, identity=identity
    )


def build(  # noqa: PLR0913 - they are the options of the command
    *,
    data: Path | None = None,
    database: str | None = None,
    blobs: str | None = None,
    seed: Seed | Path | None = None,
    organizations: Sequence[str] | None = None,
    tokens: Mapping[str, Collection[str]] | None = None,
    max_upload_size: int = DEFAULT_MAX_UPLOAD_SIZE,
    identity: Identity | None = None,
    strict: bool = False,
    rate_limit: tuple[int, int] | None = None,
    allowed_hosts: Collection[str] = (),
    listens_on: str = "localhost",
    oidc_issuers: Given | None = None,
) -> "BuiltEmulator":
    """Put an emulator together.

    Args:
        data: a folder to keep everything in, made if it is missing; None keeps everything in memory.
        database: URL of a database in place of the folder's; see `Database`.
        blobs: URL of a place for packages' bytes in place of the folder's; see `BlobStore`.
        seed: what the emulator holds where there is no data yet, and after a reset: a file, or what `prepare_seed`
            made of one.
        organizations: as of `prepare_seed`; for a seed that is prepared they mean nothing.
        tokens: as of `prepare_seed`.
        max_upload_size: bytes that an uploaded file may have.
        identity: makers of time, IDs and secrets.
        strict: whether properties, parameters and form fields that the spec does not know are refused.
        rate_limit: requests that an organization and a user may make in a minute; None counts them and refuses none.
        allowed_hosts: as of `Hosts`.
        listens_on: as of `Hosts`.
        oidc_issuers: issuers of OIDC tokens with their own keys, as `read_issuers` gives them.

    Raises:
        StoreError: the folder, the database or the blobs cannot be used.
        SeedError: something in the seed is wrong.
    """
    spec, validators = spec_and_validators()
    identity = identity or Identity()
    if not isinstance(seed, Seed):
        seed = prepare_seed(seed, organizations, tokens, identity)
    if data is not None:
        try:
            data.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"cannot keep data in {data}: {error.strerror}") from error
        database = database or sqlite_url(data / "emulator.sqlite3")
        blobs = blobs or folder_url(data / "blobs")
    blob_store = BlobStore(blobs or blob_stores.IN_MEMORY)
    opened = Database(database or databases.IN_MEMORY)
    state = DatabaseStateStore(opened) if opened.is_shared else MemoryStateStore()
    clock = Clock(state, identity.now)
    unused_blobs = UnusedBlobs(opened, blob_store)
    emulator = Emulator(spec, validators, opened, blob_store, unused_blobs, replace(identity, now=clock.now))
    begun = seed

    def begin() -> dict[str, str]:
        with opened.starting():
            sweep(opened, blob_store)
            user_ids = start(emulator, begun)
        with opened.transaction() as transaction:
            transaction.presigned_uploads.sweep(clock.now())
            released = transaction.released
        unused_blobs.delete(released)
        return user_ids

    try:
        user_ids = opened.persevere(begin)
    except BaseException:
        state.close()
        opened.close()
        raise
    given = {
        sha256: Access(grant.scopes, user_ids[grant.user], grant.organizations) for sha256, grant in seed.tokens.items()
    }
    access = AccessTokens(given, opened)
    executor = Executor(emulator, handlers(spec), max_upload_size, strict=strict)
    issuers = Issuers(oidc_issuers or {}, spec.oidc.issuers, state)
    admission = Admission(emulator, access, OidcAdmission(emulator, issuers), state, rate_limit)
    api = App(emulator, admission, executor)
    seeds = SeedRoutes(emulator, seed, access, state.clear)
    first = next((each["slug"] for each in seed.organizations), "")
    oidc = OidcRoutes(spec, issuers, clock.now, first, emulator.registry_slugs)
    own = [*ControlRoutes(spec, state, clock).routes(), *seeds.routes(), *oidc.routes()]
    control = Control(own, web.routes(emulator))

    def recorded(app: ASGIApp) -> Recorder:
        return Recorder(app, spec, state, clock.now, access.knows)

    forms = UploadForms(emulator, max_upload_size, admission.refresh)
    layers = Dispatch(recorded(api), control, recorded(forms), PATH)
    return BuiltEmulator(Hosts(layers, allowed_hosts, listens_on), emulator, state)


def sweep(database: Database, blobs: BlobStore) -> None:
    """Delete the blobs that killed emulators have left.

    Raises:
        StoreError: the blobs belong to another database.
    """
    blobs.claim(database.installation_id, may_adopt=not database.is_new)
    strays = blobs.strays()  # before the question below, so that no blob that comes later is taken for one
    blobs.sweep(strays - database.blobs_in_use())


class BuiltEmulator:
    """An emulator, ready to answer.

    Attributes:
        app: the ASGI application.
        database: its database.
        blobs: its blobs.
        state: where faults, the clock, rate limits and the log of requests are kept.
    """

    def __init__(self, app: ASGIApp, emulator: Emulator, state: StateStore) -> None:
        self.app = app
        self.database = emulator.database
        self.blobs = emulator.blobs
        self.state = state
        self._emulator = emulator

    def close(self) -> None:
        """Finish the log of requests, delete blobs for which that was not possible before, and close the database."""
        self.state.close()
        self._emulator.unused_blobs.delete()
        self.database.close()


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
