"""The layer around an emulator that lets a function answer the calls of some operations in its place."""

import json as json_module
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote, urlencode

from anyio import CapacityLimiter, from_thread, to_thread
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from buildkite_emulator.http.exchange import raw_path
from buildkite_emulator.spec import Match, Spec
from scripts.contract.mutants.messages import Answer, Request

SPEC = Spec.load()

Behaviour = Callable[["Call"], Answer]
"""Answers a call."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Call:
    """A call of an operation, as a mutant sees it.

    Attributes:
        operation: the operationId.
        path: the path parameters, decoded: ``org_slug``, ``registry_slug``, ``id``.
        request: the request as it was sent.
        scopes: those of the access token that it bears; None where that is none, or none that is known.
        token: an access token of the emulator beneath that has every scope.
        memory: what the mutant wants to remember from call to call; empty when the emulator starts.
        send: sends a request to the emulator beneath.
    """

    operation: str
    path: Mapping[str, str]
    request: Request
    scopes: frozenset[str] | None
    token: str = field(repr=False)
    memory: dict[Any, Any]
    send: Callable[[Request], Answer]

    @property
    def query(self) -> Mapping[str, str]:
        """The query parameters."""
        return self.request.query

    @property
    def json(self) -> Any:
        """The body as JSON; None where it is none."""
        return self.request.json

    def forward(self, request: Request | None = None) -> Answer:
        """Send a request to the emulator beneath: the one that was sent, or another in its place."""
        return self.send(self.request if request is None else request)

    def ask(
        self,
        operation: str,
        *,
        query: Mapping[str, object] | None = None,
        json: Any = None,
        form: tuple[str, bytes] | None = None,
        **path: str,
    ) -> Answer:
        """Send a request of the mutant's own to the emulator beneath, with the token of every scope.

        Args:
            operation: the operationId.
            query: the query parameters.
            json: a body of JSON.
            form: a body of another kind: its media type and its bytes.
            path: path parameters; those that are left out are those of this call.
        """
        called = SPEC.operations[operation]
        values = {name: quote(value, safe="") for name, value in {**self.path, **path}.items()}
        host = self.request.header("host")
        headers = [(b"host", host.encode("latin-1"))] if host else []
        request = Request(headers, b"", called.method, called.path.format_map(values), urlencode(query or {}))
        if json is not None:
            request = request.with_body(json_module.dumps(json).encode(), "application/json")
        elif form is not None:
            request = request.with_body(form[1], form[0])
        return self.send(request.with_token(self.token))


class Layer:
    """Lets a function answer the calls of some operations; all others go to the emulator as they come.

    Args:
        app: the emulator beneath.
        operations: the operationIds whose calls the function answers.
        behaviour: the function. It runs in a thread, one call at a time.
        tokens: access tokens of the emulator with their scopes; one of them has every scope.
        on_failure: told of an exception in the function; the caller gets a 500 then, which proves nothing.
    """

    def __init__(
        self,
        app: ASGIApp,
        operations: Iterable[str],
        behaviour: Behaviour,
        tokens: Mapping[str, Iterable[str]],
        on_failure: Callable[[Exception], None] = lambda _: None,
    ) -> None:
        self._app = app
        self._operations = frozenset(operations)
        self._behaviour = behaviour
        self._on_failure = on_failure
        self._scopes = {f"Bearer {token}": frozenset(scopes) for token, scopes in tokens.items()}
        self._token = next(token for token, scopes in tokens.items() if SPEC.scopes <= frozenset(scopes))
        self._memory: dict[Any, Any] = {}
        self._one_at_a_time = CapacityLimiter(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        match = SPEC.match(raw_path(scope)) if scope["type"] == "http" else None
        operation = match.operations.get(scope["method"]) if match else None
        if match is None or operation is None or operation.id not in self._operations:
            await self._app(scope, receive, send)
            return
        body = await read(receive)
        if body is None:
            return
        call = self._call(operation.id, match, scope, body, receive)
        try:
            answer = await to_thread.run_sync(self._behaviour, call, limiter=self._one_at_a_time)
        except Exception as error:
            log.exception("the mutant failed")
            self._on_failure(error)
            raise
        await send({"type": "http.response.start", "status": answer.status, "headers": list(answer.headers)})
        await send({"type": "http.response.body", "body": answer.body})

    def _call(self, operation: str, match: Match, scope: Scope, body: bytes, receive: Receive) -> Call:
        path, query = raw_path(scope).decode("latin-1"), scope["query_string"].decode("latin-1")
        request = Request(tuple(scope["headers"]), body, scope["method"], path, query)

        def exchange(request: Request) -> Answer:
            return from_thread.run(self._exchange, scope, receive, request)

        scopes = self._scopes.get(request.header("authorization") or "")
        return Call(operation, match.parameters, request, scopes, self._token, self._memory, exchange)

    async def _exchange(self, scope: Scope, receive: Receive, request: Request) -> Answer:
        path = request.path.encode("latin-1")
        changed = {
            **scope,
            "method": request.method,
            "path": path.decode("latin-1"),
            "raw_path": path,
            "query_string": request.query_string.encode("latin-1"),
            "headers": list(request.headers),
        }
        bodies = iter([request.body])
        answer = Answer((), b"", 0)

        async def receive_changed() -> Message:
            body = next(bodies, None)
            return await receive() if body is None else {"type": "http.request", "body": body, "more_body": False}

        async def keep(message: Message) -> None:
            nonlocal answer
            if message["type"] == "http.response.start":
                answer = Answer(tuple(message["headers"]), b"", message["status"])
            else:
                answer = replace(answer, body=answer.body + message.get("body", b""))

        await self._app(changed, receive_changed, keep)
        return answer


async def read(receive: Receive) -> bytes | None:
    """Read the body of a request; None where the caller went away before its end."""
    parts = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)
