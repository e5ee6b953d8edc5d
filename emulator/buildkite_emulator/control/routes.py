"""The routes of faults, the clock and the log of requests."""

import json
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any, TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from buildkite_emulator.clock import Clock, TimeOutOfRange
from buildkite_emulator.control.faults import Faults
from buildkite_emulator.control.fields import BadInput, Fields
from buildkite_emulator.http.dispatch import PREFIX
from buildkite_emulator.http.responses import json_bytes, json_response
from buildkite_emulator.spec import Spec
from buildkite_emulator.state_store import MOST_ENTRIES, Document, StateStore
from buildkite_emulator.suggestions import advice, shown

Result = TypeVar("Result")

MOST_SECONDS = 1e12
LONGEST_ANSWER = 4 << 20
"""Bytes that one answer of the log may have; who asks with `after` gets the rest in the next ones."""

STATUSES = re.compile("[1-5]([0-9][0-9]|xx)|cut")
"""What requests can be picked by: a status, a class of them, or that there was none."""


class ControlRoutes:
    """The routes of faults, the clock and the log of requests.

    Args:
        spec: has the operations.
        state: where all of it is kept.
        clock: the clock.
    """

    def __init__(self, spec: Spec, state: StateStore, clock: Clock) -> None:
        self._spec = spec
        self._state = state
        self._clock = clock
        self._faults = Faults(spec, state)

    def routes(self) -> list[Route]:
        """List the routes."""
        return [
            Route("/faults", self.list_faults, methods=["GET"]),
            Route("/faults", self.add_fault, methods=["POST"]),
            Route("/faults", self.remove_faults, methods=["DELETE"]),
            Route("/faults/{id:int}", self.remove_fault, methods=["DELETE"]),
            Route("/clock", self.show_clock, methods=["GET"]),
            Route("/clock", self.set_clock, methods=["PUT"]),
            Route("/clock", self.advance_clock, methods=["POST"]),
            Route("/clock", self.reset_clock, methods=["DELETE"]),
            Route("/requests", self.list_requests, methods=["GET"]),
            Route("/requests", self.clear_requests, methods=["DELETE"]),
        ]

    async def list_faults(self, _request: Request) -> Response:
        """List the faults."""
        return json_response(HTTPStatus.OK, {"faults": await self._run(self._faults.list)})

    async def add_fault(self, request: Request) -> Response:
        """Add a fault."""
        value = await json_body(request)
        return json_response(HTTPStatus.CREATED, await self._run(self._faults.add, value))

    async def remove_faults(self, _request: Request) -> Response:
        """Remove all faults."""
        await self._run(self._faults.remove, None)
        return Response(status_code=HTTPStatus.NO_CONTENT)

    async def remove_fault(self, request: Request) -> Response:
        """Remove a fault."""
        number = request.path_params["id"]
        if not await self._run(self._faults.remove, number):
            raise HTTPException(HTTPStatus.NOT_FOUND, f"There is no fault {number}; GET {PREFIX}/faults lists them")
        return Response(status_code=HTTPStatus.NO_CONTENT)

    async def show_clock(self, _request: Request) -> Response:
        """Show the clock."""
        return json_response(HTTPStatus.OK, await self._run(self._clock.show))

    async def set_clock(self, request: Request) -> Response:
        """Set the clock."""
        fields = Fields(await json_body(request), "the body", ("time", "frozen"))
        time, frozen = read_time(fields.text("time")), fields.flag("frozen")
        return await self._change_clock(lambda: self._clock.set(time, frozen=frozen))

    async def advance_clock(self, request: Request) -> Response:
        """Move the clock on."""
        fields = Fields(await json_body(request), "the body", ("advance",))
        seconds = fields.number("advance", 0, MOST_SECONDS)
        return await self._change_clock(lambda: self._clock.advance(seconds))

    async def reset_clock(self, _request: Request) -> Response:
        """Go back to the real time."""
        return await self._change_clock(self._clock.reset)

    async def list_requests(self, request: Request) -> Response:
        """List requests: without `after` the newest ones, else the ones that came next. Older ones come first."""
        query = dict(request.query_params)
        Fields(query, "requests", ("after", "limit", "operation", "status"))
        after, limit = read_number(query, "after", 0), read_number(query, "limit", 1)
        picks = self._picks(query.get("operation"), query.get("status"))
        return json_response(HTTPStatus.OK, await run_in_threadpool(self._pick, after, limit, picks))

    async def clear_requests(self, _request: Request) -> Response:
        """Empty the log."""
        await self._run(self._state.clear_entries)
        return Response(status_code=HTTPStatus.NO_CONTENT)

    def _pick(self, after: int | None, limit: int | None, picks: Callable[[Document], bool]) -> dict[str, Any]:
        self._state.refresh()
        entries = self._state.entries(after or 0)
        picked = [entry for entry in entries if picks(entry)]
        most = MOST_ENTRIES if limit is None else limit
        is_followed = after is not None
        chosen = fitting(picked[:most]) if is_followed else fitting(picked[-most:][::-1])[::-1]
        seen = chosen if is_followed and len(chosen) < len(picked) else entries
        return {"requests": chosen, "last": seen[-1]["id"] if seen else after or 0}

    def _picks(self, operation: str | None, status: str | None) -> Callable[[Document], bool]:
        if operation is not None and operation not in self._spec.operations:
            told = advice(operation, self._spec.operations, "`operation`")
            raise BadInput(f"there is no operation `{shown(operation)}`; {told}")
        if status is not None and not STATUSES.fullmatch(status):
            raise BadInput("`status` should be a status such as 404, a class such as 4xx, or `cut`")

        def picks(entry: Document) -> bool:
            answered = "cut" if entry["status"] is None else str(entry["status"])
            is_meant = status is None or answered == status or (status[1:] == "xx" and answered[0] == status[0])
            return is_meant and operation in (None, entry["operation"])

        return picks

    async def _change_clock(self, change: Callable[[], None]) -> Response:
        try:
            await self._run(change)
        except TimeOutOfRange as error:
            raise BadInput(str(error)) from error
        return json_response(HTTPStatus.OK, await self._run(self._clock.show))

    async def _run(self, function: Callable[..., Result], *arguments: Any) -> Result:
        await self._state.run(self._state.refresh)
        return await self._state.run(function, *arguments)


def fitting(entries: Sequence[Document]) -> Sequence[Document]:
    """Take as many entries of the log from the beginning as one answer may hold, and one at least."""
    size = 0
    for index, entry in enumerate(entries):
        size += len(json_bytes(entry))
        if size > LONGEST_ANSWER and index:
            return entries[:index]
    return entries


async def json_body(request: Request) -> Any:
    """Read a body of JSON, whatever its Content-Type.

    Raises:
        BadInput: it is none.
    """
    try:
        return json.loads(await request.body())
    except (ValueError, RecursionError) as error:
        raise BadInput("the body should be JSON") from error


def read_time(text: str) -> datetime:
    """Read a time.

    Raises:
        BadInput: it is none, or has no offset from UTC.
    """
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        time = None
    if time is None or time.tzinfo is None:
        raise BadInput('`time` should be a time with its offset, such as "2026-01-01T00:00:00Z"')
    return time


def read_number(query: dict[str, str], name: str, least: int) -> int | None:
    """Read a query parameter that is a number.

    Raises:
        BadInput: it is none.
    """
    text = query.get(name)
    if text is None:
        return None
    if not re.fullmatch("[0-9]{1,15}", text) or int(text) < least:
        raise BadInput(f"`{name}` should be an integer of at least {least}")
    return int(text)
