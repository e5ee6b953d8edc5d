"""Limits the connections, in all and from one address, and chooses which one ends if there are more.

An idle one ends before one in use, so that a caller who opens many idle ones cannot keep others out.
"""

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from buildkite_emulator.http.protocol import Protocol

try:
    from resource import RLIMIT_NOFILE, getrlimit
except ImportError:  # Windows
    FILES = 512
else:
    FILES = getrlimit(RLIMIT_NOFILE)[0]

MOST_CONNECTIONS = min(FILES // 2, 4096)
"""Connections in all; an upload has a file open beside its connection."""

MOST_FROM_ONE = MOST_CONNECTIONS * 3 // 4
"""Connections from one address."""

MOST_REFUSALS = 32
"""Connections beyond those to which a refusal is sent; further ones just end."""


def make_room(newcomer: "Protocol") -> None:
    """Keep to the bounds when a connection comes in: end the one that is idle for longest, or else refuse it."""
    everyone = cast("set[Protocol]", newcomer.connections)
    if len(everyone) <= MOST_FROM_ONE:
        return
    others = [each for each in everyone if each is not newcomer and not each.transport.is_closing()]
    neighbours = [each for each in others if each.address == newcomer.address]
    if len(neighbours) >= MOST_FROM_ONE:
        rivals, reason = neighbours, f"{MOST_FROM_ONE} connections from {newcomer.address} are in use"
    elif len(others) >= MOST_CONNECTIONS:
        rivals, reason = others, f"{MOST_CONNECTIONS} connections are in use"
    else:
        return
    idle = [(seconds, each) for each in rivals if (seconds := each.idle_for()) is not None]
    if idle:
        _, longest = max(idle, key=lambda pair: pair[0])
        longest.transport.abort()
    elif len(others) >= MOST_CONNECTIONS + MOST_REFUSALS:
        newcomer.transport.abort()
    else:
        newcomer.refuse_connection(f"{reason}; close some, or use them again")
