"""Bodies are read with bounds on their size and time, and decoded as they say."""

import functools
import gzip
import itertools
import socket
import zlib
from collections.abc import Iterable
from importlib import import_module

import httpx
import pytest
from requests.adapters import HTTPAdapter

from scripts.contract.http import bounded
from scripts.contract.http.bounded import (
    MOST_BYTES,
    MOST_SECONDS,
    BoundedTransport,
    body_of,
    bound_requests,
)
from scripts.contract.http.errors import Unreadable
from scripts.contract.suite import HOOKS

TEXT = b"banana" * 100
RAW = zlib.compressobj(wbits=-15)
WITHOUT_HEADER = RAW.compress(TEXT) + RAW.flush()
gzipped = functools.partial(gzip.compress, mtime=0)  # bytes name a test, and each worker must find the same name


@pytest.mark.parametrize(
    ("sent", "encoding"),
    [
        (TEXT, ""),
        (TEXT, "identity"),
        (gzipped(TEXT), "gzip"),
        (gzipped(TEXT), "X-GZIP"),
        (gzipped(TEXT[:5]) + gzipped(TEXT[5:]), "gzip"),
        (zlib.compress(TEXT), "deflate"),
        (WITHOUT_HEADER, "deflate"),
        (zlib.compress(gzipped(TEXT)), "gzip, deflate"),
    ],
)
def test_a_body_is_decoded_as_it_says(sent: bytes, encoding: str) -> None:
    """Each encoding that a request asks for is undone, several in their order."""
    assert body_of([sent[:7], sent[7:]], encoding) == TEXT
    assert body_of([], encoding) == b""


@pytest.mark.parametrize(
    ("chunks", "encoding", "told"),
    [
        (itertools.repeat(bytes(1 << 20)), "", "longer than"),
        ([gzipped(bytes(MOST_BYTES + 1))], "gzip", "after it is decoded"),
        ([gzipped(gzipped(bytes(MOST_BYTES + 1)))], "gzip, gzip", "after it is decoded"),
        ([gzipped(TEXT)[:-3]], "gzip", "cut short"),
        ([gzipped(TEXT)[:-8] + bytes(8)], "gzip", "its body is not"),
        ([gzipped(TEXT) + b"more"], "gzip", "its body is not"),
        ([TEXT], "gzip", "its body is not"),
        ([TEXT], "br", "did not ask for"),
    ],
)
def test_a_body_that_cannot_be_read_is_told(chunks: Iterable[bytes], encoding: str, told: str) -> None:
    """What is too long, cut short, or not encoded as it says ends in a sentence."""
    with pytest.raises(Unreadable, match=told):
        body_of(chunks, encoding)


def test_a_body_that_does_not_end_is_told() -> None:
    """A body that comes byte by byte is given up once its time is over."""
    clock = itertools.count(0.0, MOST_SECONDS / 10)
    with pytest.raises(Unreadable, match="has not ended after 120 seconds"):
        body_of(itertools.repeat(b" "), "", lambda: next(clock))


def test_the_time_of_an_answer_ends_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a thread reads after an answer, from whatever socket, is not bounded by the time of that answer."""
    monkeypatch.setattr(HTTPAdapter, "send", HTTPAdapter.send)
    monkeypatch.setattr(socket.SocketIO, "readinto", socket.SocketIO.readinto)
    bound_requests()
    monkeypatch.setattr(bounded, "MOST_SECONDS", -1.0)
    answers = httpx.MockTransport(lambda _: httpx.Response(200, content=b"late"))
    with httpx.Client(transport=BoundedTransport(answers)) as client, pytest.raises(httpx.DecodingError):
        client.get("http://service.example/")
    ours, theirs = socket.socketpair()
    with ours, theirs, ours.makefile("rb") as file:
        theirs.sendall(b"a line\n")
        assert file.readline() == b"a line\n"


def test_importing_the_hooks_changes_no_library() -> None:
    """Only a process that is started to fuzz bounds what `requests` reads."""
    import_module(HOOKS)
    assert HTTPAdapter.send.__module__ == "requests.adapters"
    assert socket.SocketIO.readinto.__module__ == "socket"
