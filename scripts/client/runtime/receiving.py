"""Receiving answers of bounded size.

httpx decodes each chunk of a body whole, so that some kilobytes of nested gzip become gigabytes. Here a body is decoded
piece by piece, and given up as soon as it is larger than it may be.
"""

import zlib
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Any, cast

import httpx

MAX_RESPONSE_SIZE = 64 * 1024 * 1024
"""Bytes that an answer's body may have, unless the client is told otherwise."""

PIECE = 64 * 1024
"""Bytes that are decoded at once."""

CODINGS = {"gzip": zlib.MAX_WBITS | 16, "x-gzip": zlib.MAX_WBITS | 16, "deflate": zlib.MAX_WBITS}
"""The codings that are decoded piece by piece, with what zlib knows them by."""

ACCEPTED = "gzip, deflate"
"""What is asked for in place of a coding that cannot be decoded piece by piece."""

MOST_CODINGS = 3
"""Codings on top of each other that are decoded."""


class ResponseTooLarge(Exception):
    """An answer's body is larger than it may be.

    Attributes:
        response: the answer, whose body was not read to its end.
        limit: bytes that it may have.
    """

    def __init__(self, response: httpx.Response, limit: int) -> None:
        super().__init__(limit)
        self.response = response
        self.limit = limit


def accept(request: httpx.Request) -> httpx.Request:
    """Ask for no coding but those that are decoded here; gives the request."""
    asked = request.headers.get("Accept-Encoding", ACCEPTED)
    if {each.partition(";")[0].strip().lower() for each in asked.split(",")} - {*CODINGS, "identity"}:
        request.headers["Accept-Encoding"] = ACCEPTED
    return request


def send(http: httpx.Client, request: httpx.Request, limit: int) -> httpx.Response:
    """Send a request and read the answer, after the redirects that the client follows.

    Args:
        http: the client that sends it.
        request: the request.
        limit: bytes that each body may have, decoded.

    Raises:
        ResponseTooLarge: a body has more.
        httpx.RequestError: there was no answer, or its body cannot be decoded.
    """
    response = http.send(accept(request), stream=True, follow_redirects=False)
    history: list[httpx.Response] = []
    while True:
        body = BoundedBody(response, limit)
        try:
            with body:
                response.read()
        finally:
            response.close()
        following = following_request(http, response, history)
        if following is None:
            return response
        response = http.send(following, stream=True, follow_redirects=False, auth=httpx.Auth())


async def asend(http: httpx.AsyncClient, request: httpx.Request, limit: int) -> httpx.Response:
    """Do as `send` does, awaited."""
    response = await http.send(accept(request), stream=True, follow_redirects=False)
    history: list[httpx.Response] = []
    while True:
        body = BoundedBody(response, limit)
        try:
            with body:
                await response.aread()
        finally:
            await response.aclose()
        following = following_request(http, response, history)
        if following is None:
            return response
        response = await http.send(following, stream=True, follow_redirects=False, auth=httpx.Auth())
