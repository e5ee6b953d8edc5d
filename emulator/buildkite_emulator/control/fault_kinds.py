"""The kinds of faults. Each is a class that parses its JSON and wraps the handler of a faulted call."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any, ClassVar, Self

import anyio
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from buildkite_emulator.control.json_object import BadInput, JsonObject
from buildkite_emulator.errors import ApiError
from buildkite_emulator.http.connection import IS_LOST, cut, hang_up
from buildkite_emulator.http.exchange import Exchange
from buildkite_emulator.http.responses import json_response
from buildkite_emulator.spec import Operation, Spec

LONGEST_WAIT = 3600
"""Seconds."""

MOST_BYTES = 1 << 40

PAUSE = 0.1
"""Seconds between two checks whether the caller of a stalled upload has hung up."""

SCOPES = ("organization", "user")
"""Whose rate limit a fault can exhaust, in the order of `RateLimitUsage`."""

NOT_JSON = b"<html><body><h1>Bad Gateway</h1></body></html>"


@dataclass(frozen=True)
class FaultedCall:
    """A call to which a fault applies.

    Attributes:
        spec: the spec.
        operation: the operation that is called.
        exchange: what the request log records of the call.
        request: the request.
        handle: runs the handler with the request, or with another one in its place.
    """

    spec: Spec
    operation: Operation
    exchange: Exchange
    request: Request
    handle: Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True)
class FaultKind(ABC):
    """A kind of fault with its settings; the fields are the members of its JSON."""

    members: ClassVar[tuple[str, ...]] = ()

    @classmethod
    @abstractmethod
    def parse(cls, fault: JsonObject) -> Self:
        """Parse the JSON of a fault.

        Raises:
            BadInput: it is invalid.
        """

    @abstractmethod
    async def respond(self, call: FaultedCall) -> Response:
        """Respond to a call to which the fault applies."""

    def applies_to(self, operation: Operation) -> bool:  # noqa: ARG002 - some kinds use it
        """Tell whether the fault can apply to calls of an operation."""
        return True

    def to_json(self) -> dict[str, Any]:
        """Return the JSON that `parse` takes."""
        return {name: value for name, value in asdict(self).items() if value is not None}


@dataclass(frozen=True)
class StatusFault(FaultKind):
    """An error status instead of the response; the handler does not run."""

    members: ClassVar = ("status", "message", "scope", "reset")

    status: int
    message: str | None = None
    scope: str | None = None
    reset: int | None = None

    @classmethod
    def parse(cls, fault: JsonObject) -> Self:  # noqa: D102 - see FaultKind
        status = fault.integer("status", 400, 599)
        for member in ("scope", "reset"):
            if member in fault and status != HTTPStatus.TOO_MANY_REQUESTS:
                raise BadInput(f"`{member}` goes with the status 429 only")
        message = fault.text("message") if "message" in fault else None
        reset = fault.integer("reset", 0, LONGEST_WAIT) if "reset" in fault else None
        scope = fault.choice("scope", SCOPES) if "scope" in fault else None
        return cls(status, message, scope, reset)

    async def respond(self, call: FaultedCall) -> Response:  # noqa: D102 - see FaultKind
        exchange, error = call.exchange, None
        if self.status == HTTPStatus.TOO_MANY_REQUESTS and exchange.rate_limits is not None:
            exchange.rate_limits = exchange.rate_limits.exhausted(SCOPES.index(self.scope or "user"), self.reset)
            error = exchange.rate_limits.refusal()
        body, headers = (error.body, error.headers) if error else self._documented(call)
        return json_response(self.status, body if self.message is None else {**body, "message": self.message}, headers)

    def _documented(self, call: FaultedCall) -> tuple[dict[str, Any], Mapping[str, str]]:
        """Return body and headers of the error: the spec's first example, or the reason phrase if it has none."""
        response = call.spec.responses(call.operation).get(str(self.status), {})
        content: Mapping[str, Any] = next(iter(response.get("content", {}).values()), {})
        examples = [example["value"] for example in content.get("examples", {}).values()]
        body = examples[0] if examples else {"message": phrase(self.status)}
        names = [name for name, status in call.operation.errors.items() if status == self.status]
        errors = {error.__name__: error for error in ApiError.__subclasses__()}
        return body, errors[names[0]].headers if names else {}


@dataclass(frozen=True)
class LatencyFault(FaultKind):
    """A delay before the handler runs."""

    members: ClassVar = ("latency",)

    latency: float

    @classmethod
    def parse(cls, fault: JsonObject) -> Self:  # noqa: D102 - see FaultKind
        return cls(fault.number("latency", 0, LONGEST_WAIT))

    async def respond(self, call: FaultedCall) -> Response:  # noqa: D102 - see FaultKind
        await anyio.sleep(self.latency)
        return await call.handle(call.request)


@dataclass(frozen=True)
class CutFault(FaultKind):
    """A connection cut before the handler runs, or after it has run and its changes are committed."""

    members: ClassVar = ("cut",)

    cut: str

    @classmethod
    def parse(cls, fault: JsonObject) -> Self:  # noqa: D102 - see FaultKind
        return cls(fault.choice("cut", ("before", "after")))

    async def respond(self, call: FaultedCall) -> Response:  # noqa: D102 - see FaultKind
        if self.cut == "after":
            await call.handle(call.request)
        return CutConnection()


@dataclass(frozen=True)
class UploadFault(FaultKind):
    """An upload that stalls for a while, or whose connection is cut, after part of it has been read.

    A stall ends when the caller hangs up. The server notices that only once it has received all that the caller sent
    before, so not while more than a few hundred kilobytes wait in the network.
    """

    members: ClassVar = ("upload",)

    after_bytes: int
    action: str
    seconds: float | None = None

    @classmethod
    def parse(cls, fault: JsonObject) -> Self:  # noqa: D102 - see FaultKind
        upload = JsonObject(fault.get("upload"), "`upload`", ("after_bytes", "action", "seconds"))
        after_bytes = upload.integer("after_bytes", 0, MOST_BYTES)
        action = upload.choice("action", ("stall", "cut"))
        if action == "cut" and "seconds" in upload:
            raise BadInput("`seconds` goes with the action stall only")
        return cls(after_bytes, action, upload.number("seconds", 0, LONGEST_WAIT) if action == "stall" else None)

    def applies_to(self, operation: Operation) -> bool:  # noqa: D102 - see FaultKind
        return operation.file_field is not None

    async def respond(self, call: FaultedCall) -> Response:  # noqa: D102 - see FaultKind
        reading = InterruptedBody(call.request, self)
        response = await call.handle(Request(call.request.scope, reading.receive))
        return CutConnection() if reading.is_cut else response

    def to_json(self) -> dict[str, Any]:  # noqa: D102 - see FaultKind
        return {"upload": super().to_json()}


@dataclass(frozen=True)
class BodyFault(FaultKind):
    """A response body that is truncated to its first half, or is not JSON; the handler has run."""

    members: ClassVar = ("body",)

    body: str

    @classmethod
    def parse(cls, fault: JsonObject) -> Self:  # noqa: D102 - see FaultKind
        return cls(fault.choice("body", ("truncated", "not_json")))

    async def respond(self, call: FaultedCall) -> Response:  # noqa: D102 - see FaultKind
        response = await call.handle(call.request)
        if self.body == "truncated":
            return TruncatedResponse(response)
        headers = {name: value for name, value in response.headers.items() if name != "content-length"}
        return Response(NOT_JSON, response.status_code, headers, "application/json")


KINDS: Mapping[str, type[FaultKind]] = {
    "status": StatusFault,
    "latency": LatencyFault,
    "cut": CutFault,
    "upload": UploadFault,
    "body": BodyFault,
}
"""Each kind by the JSON member that selects it."""


class CutConnection(Response):
    """No response: the connection is cut."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - nothing is sent
        """Cut the connection."""
        await cut(scope, receive)


class TruncatedResponse(Response):
    """The first half of a response.

    Args:
        whole: the complete response.
    """

    def __init__(self, whole: Response) -> None:
        super().__init__(bytes(whole.body), whole.status_code)
        self.raw_headers = whole.raw_headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the headers, with the complete length, and half of the body, then hang up."""
        half = bytes(self.body[: len(self.body) // 2])
        if not self.body:
            await super().__call__(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": half, "more_body": True})
        await hang_up(scope, receive)


class InterruptedBody:
    """Reads a request body and interrupts it where an `UploadFault` says.

    Args:
        request: the request.
        fault: the fault.

    Attributes:
        is_cut: whether to cut the connection: the fault says so, or the caller has hung up.
    """

    def __init__(self, request: Request, fault: UploadFault) -> None:
        self.is_cut = False
        self._request = request
        self._fault = fault
        self._left = fault.after_bytes
        self._has_begun = False
        self._held: Message | None = None  # the rest of a message that was split

    async def receive(self) -> Message:
        """Receive the next ASGI message."""
        if not self._has_begun and self._left == 0:
            self._has_begun = True
            await self._interrupt()
        if self.is_cut:
            return {"type": "http.disconnect"}
        message, self._held = self._held or await self._request.receive(), None
        if self._has_begun or message["type"] != "http.request":
            return message
        body = message.get("body", b"")
        if len(body) > self._left:
            self._held = {**message, "body": body[self._left :]}
            message = {**message, "body": body[: self._left], "more_body": True}
        self._left -= len(message.get("body", b""))
        return message

    async def _interrupt(self) -> None:
        if self._fault.seconds is None:
            self.is_cut = True
            return
        is_lost = self._request.scope.get("extensions", {}).get(IS_LOST, lambda: False)
        end = anyio.current_time() + self._fault.seconds
        while not self.is_cut and (left := end - anyio.current_time()) > 0:
            await anyio.sleep(min(left, PAUSE))
            self.is_cut = is_lost()


def phrase(status: int) -> str:
    """Return the reason phrase of a status. That of `http.HTTPStatus` depends on the version of Python."""
    import httpx  # noqa: PLC0415 - slow to import, and seldom needed here

    return httpx.codes.get_reason_phrase(status) or f"Error {status}"
