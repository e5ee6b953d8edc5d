"""Receiving answers of bounded size.

httpx decodes each chunk of a body whole, so that some kilobytes of nested gzip become gigabytes. Here a body is decoded
piece by piece, and given up as soon as it is larger than it may be.
"""

import zlib
from collections.abc import AsyncIterator, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import httpx

MAX_RESPONSE_SIZE = 64 * 1024 * 1024
"""Bytes that an answer's body may have by default."""

PIECE = 64 * 1024
"""Bytes that are decoded at once."""

CODINGS = {"gzip": zlib.MAX_WBITS | 16, "x-gzip": zlib.MAX_WBITS | 16, "deflate": zlib.MAX_WBITS}
"""The codings that are decoded piece by piece, with what zlib knows them by."""

ACCEPTED = "gzip, deflate"
"""What is asked for in place of a coding that cannot be decoded piece by piece."""

MOST_CODINGS = 3
"""Codings on top of each other that are decoded."""


class UnreadableBody(Exception):
    """An answer's body is larger than it may be, or not encoded as its headers say.

    Attributes:
        response: the answer; its body was not read to its end.
        fault: what is wrong with it.
    """

    def __init__(self, response: httpx.Response, fault: str) -> None:
        super().__init__(fault)
        self.response = response
        self.fault = fault


class Exceeded(Exception):
    """Some bytes are more than there may be."""


def send(http: httpx.Client, request: httpx.Request, limit: int) -> httpx.Response:
    """Send a request and read the answer, that of the last redirect if the client follows them.

    Args:
        http: the client that sends it.
        request: the request.
        limit: bytes that each body may have when it is decoded.

    Raises:
        UnreadableBody: a body has more, or cannot be decoded.
        httpx.RequestError: there was no answer.
    """
    response = exchange(http, request, limit)
    history: list[httpx.Response] = []
    while (following := following_request(http, response, history)) is not None:
        response = exchange(http, following, limit, auth=httpx.Auth())
    return response


async def asend(http: httpx.AsyncClient, request: httpx.Request, limit: int) -> httpx.Response:
    """Do as `send` does, awaited."""
    response = await aexchange(http, request, limit)
    history: list[httpx.Response] = []
    while (following := following_request(http, response, history)) is not None:
        response = await aexchange(http, following, limit, auth=httpx.Auth())
    return response


def exchange(http: httpx.Client, request: httpx.Request, limit: int, **settings: Any) -> httpx.Response:
    """Send a request and read the answer, which may be a redirect.

    Args:
        http: the client that sends it.
        request: the request.
        limit: bytes that the body may have when it is decoded.
        settings: further arguments of `httpx.Client.send`, such as `auth`.

    Raises:
        UnreadableBody: the body has more, or cannot be decoded.
        httpx.RequestError: there was no answer.
    """
    response = http.send(accept(request), stream=True, follow_redirects=False, **settings)
    try:
        with bounded(response, limit):
            response.read()
    finally:
        response.close()
    return response


async def aexchange(http: httpx.AsyncClient, request: httpx.Request, limit: int, **settings: Any) -> httpx.Response:
    """Do as `exchange` does, awaited."""
    response = await http.send(accept(request), stream=True, follow_redirects=False, **settings)
    try:
        with bounded(response, limit):
            await response.aread()
    finally:
        await response.aclose()
    return response


def accept(request: httpx.Request) -> httpx.Request:
    """Ask for no coding but those that are decoded here; gives the request."""
    asked = request.headers.get("Accept-Encoding", "*").lower().split(",")
    if not {each.partition(";")[0].strip() for each in asked} <= {*CODINGS, "identity"}:
        request.headers["Accept-Encoding"] = ACCEPTED
    return request


def following_request(
    http: httpx.Client | httpx.AsyncClient, response: httpx.Response, history: list[httpx.Response]
) -> httpx.Request | None:
    """Give the request that a redirect leads to, if it is one and the client follows redirects.

    Args:
        http: the client.
        response: the answer that was read.
        history: the answers before it, to which it is added.

    Raises:
        httpx.TooManyRedirects: there were more than the client allows.
    """
    response.history = list(history)
    history.append(response)
    if not http.follow_redirects or response.next_request is None:
        return None
    if len(history) > http.max_redirects:
        raise httpx.TooManyRedirects("Exceeded maximum allowed redirects.", request=response.next_request)
    return response.next_request


@contextmanager
def bounded(response: httpx.Response, limit: int) -> Generator[None, None, None]:
    """Let the body of an answer be read here, decoded piece by piece.

    Raises:
        UnreadableBody: it has more bytes than the limit, or cannot be decoded.
    """
    too_large = f"its body has more than the {limit} bytes that `max_response_size` allows"
    headers = response.headers
    codings = [each.strip().lower() for each in headers.get_list("Content-Encoding", split_commas=True)]
    response.stream = DecodedStream(response.stream, [each for each in codings if each in CODINGS], limit)
    # httpx decodes what this header names, and should not do it again.
    response.headers = httpx.Headers([each for each in headers.raw if each[0].lower() != b"content-encoding"])
    try:
        yield
    except Exceeded:
        raise UnreadableBody(response, too_large) from None
    except httpx.DecodingError as error:
        raise UnreadableBody(response, f"its body cannot be decoded: {error}") from None
    finally:
        response.headers = headers
    if len(response.content) > limit:  # somebody else, such as a hook of httpx, has read it
        raise UnreadableBody(response, too_large)


class DecodedStream(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body without its codings.

    Args:
        stream: the body as it comes.
        codings: its codings, in the order in which they were applied.
        limit: bytes that may be left when it is decoded.

    Raises:
        Exceeded: while it is read, there are more.
        httpx.DecodingError: while it is read, it cannot be decoded.
    """

    def __init__(self, stream: Any, codings: Sequence[str], limit: int) -> None:
        self._stream = stream
        self._codings = codings
        self._inflaters = [Inflater(CODINGS[each]) for each in reversed(codings[:MOST_CODINGS])]
        self._last = Allowance(limit)
        # A body is a little larger with a coding that does not help. One that decodes to nothing may be endless.
        self._before = [Allowance(2 * limit + PIECE) for _ in self._inflaters]

    def __iter__(self) -> Iterator[bytes]:
        self._check()
        for chunk in self._stream:
            yield from self._decoded(chunk)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        self._check()
        async for chunk in self._stream:
            for piece in self._decoded(chunk):
                yield piece

    def close(self) -> None:
        """Close the body."""
        self._stream.close()

    async def aclose(self) -> None:
        """Close the body."""
        await self._stream.aclose()

    def _check(self) -> None:
        if len(self._codings) > MOST_CODINGS:
            raise httpx.DecodingError(f"the body has {len(self._codings)} codings; at most {MOST_CODINGS} are decoded")

    def _decoded(self, chunk: bytes) -> Iterable[bytes]:
        pieces: Iterable[bytes] = (chunk,)
        for allowance, inflater in zip(self._before, self._inflaters, strict=True):
            pieces = inflater.inflate(allowance.take(pieces))
        return self._last.take(pieces)


class Allowance:
    """A number of bytes that may pass."""

    def __init__(self, size: int) -> None:
        self._left = size

    def take(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """Let pieces pass.

        Raises:
            Exceeded: they are more than may.
        """
        for piece in pieces:
            self._left -= len(piece)
            if self._left < 0:
                raise Exceeded
            yield piece


class Inflater:
    """Takes one coding off a body.

    Args:
        window_bits: as zlib knows the coding by.
    """

    def __init__(self, window_bits: int) -> None:
        self._window_bits = window_bits
        self._zlib = zlib.decompressobj(window_bits)
        self._may_be_raw = window_bits == zlib.MAX_WBITS  # some servers leave out what zlib puts around `deflate`
        self._members = 0  # before this one: gzip may have several, says section 2.2 of RFC 1952
        self._has_more = True

    def inflate(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """Decode chunks; gives pieces of bounded size. What comes behind the end is passed over.

        Raises:
            httpx.DecodingError: they are not of that coding.
        """
        for chunk in chunks:
            rest, piece = chunk, b""
            while self._has_more and (rest or len(piece) == PIECE):
                if self._zlib.eof:
                    self._has_more = self._window_bits != zlib.MAX_WBITS
                    if not (rest and self._has_more):
                        break
                    self._zlib = zlib.decompressobj(self._window_bits)
                    self._members += 1
                piece = self._decompress(rest)
                rest = self._zlib.unconsumed_tail or self._zlib.unused_data
                yield piece

    def _decompress(self, data: bytes) -> bytes:
        may_be_raw, self._may_be_raw = self._may_be_raw, False
        try:
            return self._zlib.decompress(data, PIECE)
        except zlib.error as error:
            if not (may_be_raw or self._members):
                raise httpx.DecodingError(str(error)) from None
        if self._members:  # it is no further member
            self._has_more = False
            return b""
        self._zlib = zlib.decompressobj(-zlib.MAX_WBITS)
        return self._decompress(data)
