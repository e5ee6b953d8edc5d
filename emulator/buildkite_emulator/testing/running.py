"""An emulator for tests, on a socket in a thread of the test process.

with RunningEmulator() as emulator:
    emulator.fault(operation="publish_package", status=500, times=1)
    upload_with_retries(emulator.url, emulator.token, emulator.organization)
    assert [entry["status"] for entry in emulator.requests] == [500, 200]
"""

import secrets
import threading
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from buildkite_emulator.cli import listen
from buildkite_emulator.seeds import SeedError
from buildkite_emulator.server import Server, build, prepare_seed, spec_and_validators

HOST = "127.0.0.1"

PATIENCE = 5
"""Seconds that pending requests have at shutdown before they are cut."""


class RunningEmulator:
    """A context manager that runs an emulator on a free port of the loopback address.

    Args:
        seed: path of a seed file with the initial data; None for one organization without data.
        organizations: slugs of additional organizations.
        options: further arguments of `server.build`.

    Attributes:
        url: the base URL, without a slash at the end.
        token: an access token with every scope, valid for this emulator only.
        organization: slug of the first organization.

    Raises:
        SeedError: the seed is invalid, or has no organization.
    """

    def __init__(self, seed: Path | None = None, organizations: Sequence[str] | None = None, **options: Any) -> None:
        self.token = secrets.token_hex(20)
        spec, _ = spec_and_validators()
        self._seed = prepare_seed(seed, organizations, {self.token: spec.scopes})
        if not self._seed.organizations:
            raise SeedError(f"{seed}: `organizations` is empty; a test needs one")
        self.organization: str = self._seed.organizations[0]["slug"]
        self.url = ""
        self._options = options
        self._stack = ExitStack()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.url or 'not running'})"

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            listener = stack.enter_context(listen(HOST, 0))
            emulator = build(seed=self._seed, **self._options)
            stack.callback(emulator.close)
            ready = threading.Event()
            server = Server(emulator.app, ready.set, signals=())
            thread = threading.Thread(target=server.run, args=([listener],), name="buildkite-emulator", daemon=True)
            thread.start()
            stack.callback(stop, server, thread)
            while not ready.wait(timeout=0.1):
                if not thread.is_alive():
                    raise RuntimeError("the emulator ended before it was ready; its log says why")
            self.url = f"http://{HOST}:{listener.getsockname()[1]}"
            self._client = stack.enter_context(httpx.Client(base_url=f"{self.url}/_emulator/", trust_env=False))
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.url = ""
        self._stack.close()

    def reset(self) -> None:
        """Reset to the seed. Faults, the request log and tokens of `token_with` are removed too."""
        self._control("POST", "reset")

    def token_with(self, *scopes: str, user: str | None = None, organizations: Sequence[str] | None = None) -> str:
        """Create an access token that is valid until the next reset.

        Args:
            scopes: the token's scopes.
            user: email address of the token's user; None for the seed's first user.
            organizations: slugs of the organizations that the token may access; None for all.

        Raises:
            ValueError: a scope, user or organization does not exist.
        """
        body: dict[str, Any] = {"scopes": scopes}
        body |= {} if user is None else {"user": user}
        body |= {} if organizations is None else {"organizations": organizations}
        return str(self._control("POST", "tokens", body)["token"])

    def oidc_token(self, registry: str, **claims: Any) -> str:
        """Create an OIDC token of the Buildkite agent for a registry of the first organization.

        It is valid for 5 minutes, and no longer than until the next reset.

        Args:
            registry: slug of the registry, which exists.
            claims: claims of the token. One such as `iss`, `aud` or `exp` replaces what it would be otherwise, so that
                the token may well be refused.

        Raises:
            ValueError: the registry does not exist, or the claims cannot be those of a token.
        """
        return str(self._control("POST", "oidc-tokens", {"registry": registry, "claims": claims})["token"])

    def fault(self, **fault: Any) -> Any:
        """Add a fault, given by the JSON members of ``POST /_emulator/faults``; return the fault with its ID.

        Raises:
            ValueError: the fault is invalid.
        """
        return self._control("POST", "faults", fault)

    @property
    def requests(self) -> list[dict[str, Any]]:
        """The requests since the last reset, oldest first, as ``GET /_emulator/requests`` returns them."""
        entries: list[dict[str, Any]] = self._control("GET", "requests")["requests"]
        return entries

    def _control(self, method: str, path: str, body: Any = None) -> Any:
        response = self._client.request(method, path, json=body)
        if response.is_error:
            raise ValueError(response.json()["message"])
        return response.json() if response.content else None


def stop(server: Server, thread: threading.Thread) -> None:
    """Stop a server that runs in a thread."""
    server.should_exit = True
    thread.join(PATIENCE)
    server.force_exit = True
    thread.join()
