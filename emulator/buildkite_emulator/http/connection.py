"""What the emulator asks of a connection beyond ASGI: to cut it, to hang up, and whether the caller is still there.

A server puts functions for these into the ASGI scope's `extensions`.
"""

import asyncio
import select
from typing import cast

from starlette.types import Receive, Scope

CUT = "buildkite_emulator.cut"
"""Cuts the connection at once; what has not been sent yet is lost."""

HANG_UP = "buildkite_emulator.hang_up"
"""Ends the connection once what was sent has left."""

IS_LOST = "buildkite_emulator.is_lost"
"""Tells whether the caller has hung up, even while nothing is read from it."""

GONE = select.POLLHUP | select.POLLERR | getattr(select, "POLLRDHUP", 0) if hasattr(select, "poll") else 0


def extensions(transport: asyncio.Transport) -> dict[str, dict[object, object]]:
    """Make the functions for a connection over a socket."""
    functions = {CUT: transport.abort, HANG_UP: transport.close, IS_LOST: lambda: is_lost(transport)}
    return cast("dict[str, dict[object, object]]", functions)  # as uvicorn has its type


def is_lost(transport: asyncio.Transport) -> bool:
    """Ask the system about a connection, as no event comes from one that is not read."""
    if transport.is_closing():
        return True
    if not GONE:  # Windows cannot be asked
        return False
    poll = select.poll()
    poll.register(transport.get_extra_info("socket").fileno(), GONE)
    return bool(poll.poll(0))


async def cut(scope: Scope, receive: Receive) -> None:
    """Cut the connection of a request, and wait until it is.

    Raises:
        RuntimeError: the server has no way to do it.
    """
    try:
        end = scope["extensions"][CUT]
    except KeyError:
        raise RuntimeError("this server cannot cut connections; use `buildkite-emulator` or a transport") from None
    end()
    await ended(receive)


async def hang_up(scope: Scope, receive: Receive) -> None:
    """End the connection of a request after what was sent, and wait until that has left."""
    end = scope.get("extensions", {}).get(HANG_UP)
    if end is None:
        await cut(scope, receive)
    else:
        end()
        await ended(receive)


async def ended(receive: Receive) -> None:
    """Wait for the end of a connection; it is the server's to notice it."""
    while (await receive())["type"] != "http.disconnect":
        pass
