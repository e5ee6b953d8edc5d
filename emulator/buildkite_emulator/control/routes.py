"""The routes of faults, the clock and the request log."""

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
from buildkite_emulator.control.json_object import BadInput, JsonObject, parse_body
from buildkite_emulator.http.dispatch import PREFIX
from buildkite_emulator.http.responses import json_bytes, json_response
from buildkite_emulator.spec import Spec
from buildkite_emulator.state_store import MOST_ENTRIES, Document, StateStore
from buildkite_emulator.suggestions import advice, shown

Result = TypeVar("Result")

MOST_SECONDS = 1e12
MOST_PAGE_BYTES = 4 << 20
"""Bytes of one page of the request log; a caller that passes `after` gets the rest in the next pages."""

STATUSES = re.compile("[1-5]([0-9][0-9]|xx)|cut")
"""Values of the query parameter `status`: a status, a class of statuses, or `cut` for no response."""


class ControlRoutes:
    """The routes of faults, the clock and the request log.

    Args:
        spec: the spec, for its operations.
        state: the state store that holds faults, clock and request log.
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
        value = parse_body(await request.body())
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
        fields = JsonObject(parse_body(await request.body()), "the body", ("time", "frozen"))
        time, frozen = parse_time(fields.text("time")), fields.flag("frozen")
        return await self._change_clock(lambda: self._clock.set(time, frozen=frozen))

    async def advance_clock(self, request: Request) -> Response:
        """Advance the clock."""
        fields = JsonObject(parse_body(await request.body()), "the body", ("advance",))
        seconds = fields.number("advance", 0, MOST_SECONDS)
        return await self._change_clock(lambda: self._clock.advance(seconds))

    async def reset_clock(self, _request: Request) -> Response:
        """Return to the real time."""
        return await self._change_clock(self._clock.reset)

    async def list_requests(self, request: Request) -> Response:
        """List requests, oldest first: the newest ones, or those that follow the ID `after`."""
        query = dict(request.query_params)
        JsonObject(query, "requests", ("after", "limit", "operation", "status"))
        after, limit = parse_number(query, "after", 0), parse_number(query, "limit", 1)
        matches = self._filter(query.get("operation"), query.get("status"))
        return json_response(HTTPStatus.OK, await run_in_threadpool(self._select, after, limit, matches))

    async def clear_requests(self, _request: Request) -> Response:
        """Clear the request log."""
        await self._run(self._state.clear_entries)
        return Response(status_code=HTTPStatus.NO_CONTENT)

    def _select(self, after: int | None, limit: int | None, matches: Callable[[Document], bool]) -> dict[str, Any]:
        self._state.refresh()
        entries = self._state.entries(after or 0)
        picked = [entry for entry in entries if matches(entry)]
        most = MOST_ENTRIES if limit is None else limit
        is_followed = after is not None
        chosen = first_page(picked[:most]) if is_followed else first_page(picked[-most:][::-1])[::-1]
        seen = chosen if is_followed and len(chosen) < len(picked) else entries
        return {"requests": chosen, "last": seen[-1]["id"] if seen else after or 0}

    def _filter(self, operation: str | None, status: str | None) -> Callable[[Document], bool]:
        if operation is not None and operation not in self._spec.operations:
            hint = advice(operation, self._spec.operations, "`operation`")
            raise BadInput(f"there is no operation `{shown(operation)}`; {hint}")
        if status is not None and not STATUSES.fullmatch(status):
            raise BadInput("`status` should be a status such as 404, a class such as 4xx, or `cut`")

        def matches(entry: Document) -> bool:
            sent = "cut" if entry["status"] is None else str(entry["status"])
            is_wanted = status is None or sent == status or (status[1:] == "xx" and sent[0] == status[0])
            return is_wanted and operation in (None, entry["operation"])

        return matches

    async def _change_clock(self, change: Callable[[], None]) -> Response:
        try:
            await self._run(change)
        except TimeOutOfRange as error:
            raise BadInput(str(error)) from error
        return json_response(HTTPStatus.OK, await self._run(self._clock.show))

    async def _run(self, function: Callable[..., Result], *arguments: Any) -> Result:
        await self._state.run(self._state.refresh)
        return await self._state.run(function, *arguments)


def first_page(entries: Sequence[Document]) -> Sequence[Document]:
    """Return as many of the first entries as fit into `MOST_PAGE_BYTES`, and at least one."""
    size = 0
    for index, entry in enumerate(entries):
        size += len(json_bytes(entry))
        if size > MOST_PAGE_BYTES and index:
            return entries[:index]
    return entries


def parse_time(text: str) -> datetime:
    """Parse a time in ISO 8601.

    Raises:
        BadInput: it is invalid, or has no offset from UTC.
    """
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        time = None
    if time is None or time.tzinfo is None:
        raise BadInput('`time` should be a time with its offset, such as "2026-01-01T00:00:00Z"')
    return time


def parse_number(query: dict[str, str], name: str, least: int) -> int | None:
    """Parse an optional query parameter that is an integer.

    Raises:
        BadInput: it is not an integer, or less than `least`.
    """
    text = query.get(name)
    if text is None:
        return None
    if not re.fullmatch("[0-9]{1,15}", text) or int(text) < least:
        raise BadInput(f"`{name}` should be an integer of at least {least}")
    return int(text)
