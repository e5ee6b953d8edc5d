"""How a request can fail after it was sent, and what a finding about that is called."""

import httpx

TRANSPORT = "transport"
"""Name of the check whose findings say that an answer cannot be read."""

READABLE = "an answer that can be read"
"""What such a finding expects."""


class LostWrite(httpx.ReadError):
    """The connection failed after a write was sent, so the write may or may not have taken effect."""


class Unreadable(Exception):
    """An answer came that cannot be read. The message says why."""
