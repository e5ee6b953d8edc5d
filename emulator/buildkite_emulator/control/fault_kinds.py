"""What a fault can do to a call. Each kind is a class: how it is asked for, and what it does around the handler."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any, ClassVar, Self

import anyio
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from buildkite_emulator.control.fields import BadInput, Fields
from buildkite_emulator.errors import ApiError
from buildkite_emulator.http.connection import IS_LOST, cut, hang_up
from buildkite_emulator.http.exchange import Exchange
from buildkite_emulator.http.responses import json_response
from buildkite_emulator.spec import Operation, Spec

LONGEST_WAIT = 3600
"""Seconds."""

MOST_BYTES = 1 << 40

PAUSE = 0.1
"""Seconds between two looks at whether the caller of a stalled upload has hung up."""

NOT_JSON = b"<html><body><h1>Bad Gateway</h1></body></html>"


@dataclass(frozen=True)
class Target:
    """A call that a fault is put into.

    Attributes:
        spec: the spec.
        operation: what is called.
        exchange: the call.
        request: the request.
        respond: takes the request, or another in its place, through the handler.
    """

    spec: Spec
    operation: Operation
    exchange: Exchange
    request: Request
    respond: Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True)
class Kind(ABC):
    """A kind of fault, with what was asked for; the fields are the members of its JSON."""

    members: ClassVar[tuple[str, ...]] = ()

    @classmethod
    @abstractmethod
    def read(cls, fields: Fields) -> Self:
        """Read what is asked for.

        Raises:
            BadInput: it is not right.
        """

    @abstractmethod
    async def around(self, target: Target) -> Response:
        """Answer a call that the fault is put into."""

    def suits(self, operation: Operation) -> bool:  # noqa: ARG002 - some kinds look at it
        """Tell whether the fault can be put into calls of an operation."""
        return True

    def to_json(self) -> dict[str, Any]:
        """Show it as it is asked for."""
        return {name: value for name, value in asdict(self).items() if value is not None}


@dataclass(frozen=True)
class Status(Kind):
    """An error in place of the answer; the handler does not run."""

    members: ClassVar = ("status", "message", "reset")

    status: int
    message: str | None = None
    reset: int | None = None

    @classmethod
    def read(cls, fields: Fields) -> Self:  # noqa: D102 - see Kind
        status = fields.integer("status", 400, 599)
        if "reset" in fields and status != HTTPStatus.TOO_MANY_REQUESTS:
            raise BadInput("`reset` goes with the status 429 only")
        message = fields.text("message") if "message" in fields else None
        reset = fields.integer("reset", 0, LONGEST_WAIT) if "reset" in fields else None
        return cls(status, message, reset)

    async def around(self, target: Target) -> Response:  # noqa: D102 - see Kind
        exchange, error = target.exchange, None
        if self.status == HTTPStatus.TOO_MANY_REQUESTS and exchange.rate_limits is not None:
            exchange.rate_limits = exchange.rate_limits.exhausted(self.reset)
            error = exchange.rate_limits.refusal()
        body, headers = (error.body, error.headers) if error else self._documented(target)
        return json_response(self.status, body if self.message is None else {**body, "message": self.message}, headers)

    def _documented(self, target: Target) -> tuple[dict[str, Any], Mapping[str, str]]:
        """Find what the spec's example of the error says, and where it has none, the status's name."""
        response = target.spec.responses(target.operation).get(str(self.status), {})
        content: Mapping[str, Any] = next(iter(response.get("content", {}).values()), {})
        examples = [example["value"] for example in content.get("examples", {}).values()]
        body = examples[0] if examples else {"message": phrase(self.status)}
        names = [name for name, status in target.operation.errors.items() if status == self.status]
        errors = {error.__name__: error for error in ApiError.__subclasses__()}
        return body, errors[names[0]].headers if names else {}


@dataclass(frozen=True)
class Latency(Kind):
    """Time that passes before the call goes on."""

    members: ClassVar = ("latency",)

    latency: float

    @classmethod
    def read(cls, fields: Fields) -> Self:  # noqa: D102 - see Kind
        return cls(fields.number("latency", 0, LONGEST_WAIT))

    async def around(self, target: Target) -> Response:  # noqa: D102 - see Kind
        await anyio.sleep(self.latency)
        return await target.respond(target.request)


@dataclass(frozen=True)
class Cut(Kind):
    """A cut connection: before the handler runs, or after it has, and what it did is there to stay."""

    members: ClassVar = ("cut",)

    cut: str

    @classmethod
    def read(cls, fields: Fields) -> Self:  # noqa: D102 - see Kind
        return cls(fields.choice("cut", ("before", "after")))

    async def around(self, target: Target) -> Response:  # noqa: D102 - see Kind
        if self.cut == "after":
            await target.respond(target.request)
        return CutConnection()


@dataclass(frozen=True)
class Upload(Kind):
    """An upload of which only a part is read; then it stalls for a while, or the connection is cut.

    A stall ends when the caller hangs up, as far as that can be seen: it comes after what the caller has sent, and that
    waits in the network if it is more than a few hundred kilobytes.
    """

    members: ClassVar = ("upload",)

    after_bytes: int
    action: str
    seconds: float | None = None

    @classmethod
    def read(cls, fields: Fields) -> Self:  # noqa: D102 - see Kind
        upload = Fields(fields.get("upload"), "`upload`", ("after_bytes", "action", "seconds"))
        after_bytes = upload.integer("after_bytes", 0, MOST_BYTES)
        action = upload.choice("action", ("stall", "cut"))
        if action == "cut" and "seconds" in upload:
            raise BadInput("`seconds` goes with the action stall only")
        return cls(after_bytes, action, upload.number("seconds", 0, LONGEST_WAIT) if action == "stall" else None)

    def suits(self, operation: Operation) -> bool:  # noqa: D102 - see Kind
        return operation.file_field is not None

    async def around(self, target: Target) -> Response:  # noqa: D102 - see Kind
        reading = InterruptedReading(target.request, self)
        response = await target.respond(Request(target.request.scope, reading.receive))
        return CutConnection() if reading.is_cut else response

    def to_json(self) -> dict[str, Any]:  # noqa: D102 - see Kind
        return {"upload": super().to_json()}


@dataclass(frozen=True)
class Body(Kind):
    """An answer of which half is missing, or that is not JSON; the handler has run."""

    members: ClassVar = ("body",)

    body: str

    @classmethod
    def read(cls, fields: Fields) -> Self:  # noqa: D102 - see Kind
        return cls(fields.choice("body", ("truncated", "not_json")))

    async def around(self, target: Target) -> Response:  # noqa: D102 - see Kind
        response = await target.respond(target.request)
        if self.body == "truncated":
            return Truncated(response)
        headers = {name: value for name, value in response.headers.items() if name != "content-length"}
        return Response(NOT_JSON, response.status_code, headers, "application/json")


KINDS: Mapping[str, type[Kind]] = {"status": Status, "latency": Latency, "cut": Cut, "upload": Upload, "body": Body}
"""By the member of the JSON that asks for it, each kind."""


class CutConnection(Response):
    """No answer: the connection is cut."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - nothing is sent
        """Cut the connection."""
        await cut(scope, receive)


class Truncated(Response):
    """The first half of another response.

    Args:
        whole: the other response.
    """

    def __init__(self, whole: Response) -> None:
        super().__init__(bytes(whole.body), whole.status_code)
        self.raw_headers = whole.raw_headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the head, with the length of the whole, and half of the body, and hang up."""
        half = bytes(self.body[: len(self.body) // 2])
        if not self.body:
            await super().__call__(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": half, "more_body": True})
        await hang_up(scope, receive)


class InterruptedReading:
    """Reads the body of a request up to where an upload's fault begins.

    Args:
        request: the request.
        fault: the fault.

    Attributes:
        is_cut: whether the connection is to be cut, because that was asked for or the caller is gone.
    """

    def __init__(self, request: Request, fault: Upload) -> None:
        self.is_cut = False
        self._request = request
        self._fault = fault
        self._left = fault.after_bytes
        self._has_begun = False
        self._held: Message | None = None  # what was read beyond

    async def receive(self) -> Message:
        """Read the next piece; this is the `receive` of ASGI."""
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
    """Name a status, in the words of every version of Python."""
    import httpx  # noqa: PLC0415 - slow to import, and seldom needed here

    return httpx.codes.get_reason_phrase(status) or f"Error {status}"
