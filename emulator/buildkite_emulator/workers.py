"""Several processes behind one socket; each is an emulator of its own on the same database and blobs.

uvicorn's supervisor starts them, checks that they live, and replaces one that died.
"""

import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors.multiprocess import Multiprocess, Process

from buildkite_emulator.errors import StoreError, StoreUnavailable
from buildkite_emulator.seeds import SeedError
from buildkite_emulator.server import BuiltEmulator, Server, build

log = logging.getLogger(__name__)

PATIENCE = 60
"""Seconds that a process may take until it answers; a busy machine may need some."""

RETRY = 0.5
"""Seconds after which a process that could not start, as a store was away, tries it again."""

LOG_FORMAT = "%(asctime)s %(levelname)s %(message)s"


def log_to_stderr() -> None:
    """Set logging up as the command has it."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format=LOG_FORMAT)
    # What LOG_FORMAT does not show takes time all the same: https://docs.python.org/3/howto/logging.html#optimization.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None
    for library in ("alembic", "uvicorn"):
        logging.getLogger(library).setLevel(logging.WARNING)


class Worker(Process):
    """One of the processes, as its parent sees it, and then as it sees itself.

    Args:
        config: uvicorn's settings.
        sockets: what to listen on.
        options: arguments of `server.build`.
    """

    def __init__(self, config: uvicorn.Config, sockets: list[socket.socket], options: Mapping[str, Any]) -> None:
        self.options = options
        super().__init__(config, sockets)

    def target(self, sockets: list[socket.socket] | None = None) -> None:
        """Run the emulator; this happens in the new process."""
        self.parent_conn.close()  # so that its other end notices when the parent is gone
        log_to_stderr()
        # Sooner than uvicorn would, for the parent replaces a process that does not answer.
        threading.Thread(target=self._answer_parent, daemon=True).start()
        try:
            emulator = self._build()
        except (SeedError, StoreError) as error:
            log.critical("cannot start: %s", error)
            sys.exit(STARTUP_FAILURE)
        # Ctrl-C reaches all processes of a terminal; the parent passes it on as SIGTERM.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        self._server = Server(emulator.app, signals=(signal.SIGTERM,))
        try:
            super().target(sockets)
        finally:
            emulator.close()

    def _build(self) -> BuiltEmulator:
        """Put the emulator together. A store that is away is waited for; the parent has seen that it can be opened."""
        is_told = False
        while True:
            try:
                return build(**self.options)
            except StoreUnavailable as error:
                if not is_told:
                    log.warning("cannot start yet: %s", error)
                is_told = True
            time.sleep(RETRY)

    def always_pong(self) -> None:
        """Do nothing: `target` has begun to answer the parent."""

    def _answer_parent(self) -> None:
        """Answer the parent's questions, and end when it is there no more."""
        try:
            super().always_pong()
        except (EOFError, OSError):
            os.kill(os.getpid(), signal.SIGTERM)


class Workers(Multiprocess):
    """The parent of the processes.

    Args:
        count: how many there are.
        listener: the socket that they share.
        options: arguments of `server.build`, for each.
        on_ready: called once all of them answer.

    Attributes:
        has_failed: whether a process could not start, which ends them all.
    """

    def __init__(
        self, count: int, listener: socket.socket, options: Mapping[str, Any], on_ready: Callable[[], None]
    ) -> None:
        super().__init__(
            uvicorn.Config("buildkite_emulator", workers=count, log_config=None, timeout_worker_healthcheck=PATIENCE),
            [listener],
        )
        self._options = options
        self._on_ready = on_ready
        self.has_failed = False

    def init_processes(self) -> None:
        """Start the processes."""
        self.processes = [self._new() for _ in range(self.processes_num)]
        if all(process.wait_until_ready(PATIENCE, self.should_exit) for process in self.processes):
            self._on_ready()
        elif not self.signal_queue:
            self._fail()

    def keep_subprocess_alive(self) -> None:
        """Replace each process that died."""
        for index, process in enumerate(self.processes):
            if self.should_exit.is_set() or process.is_alive(timeout=self.config.timeout_worker_healthcheck):
                continue
            process.kill()
            process.join()
            if process.exitcode == STARTUP_FAILURE:
                self._fail()
                return
            log.warning("a process ended with %s; a new one takes its place", process.exitcode)
            self.processes[index] = self._new()

    def _fail(self) -> None:
        self.has_failed = True
        self.should_exit.set()

    def _new(self) -> Worker:
        worker = Worker(self.config, self.sockets, self._options)
        worker.start()
        return worker
