"""Answers that no API should give, for tests: broken encodings, wrong lengths, damaged JSON, endless bodies."""

import gzip
import itertools
import json
import zlib
from collections.abc import Callable, Iterator, Mapping

from tests.support.lying_service import Exchange, Lie

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def raw(make: Callable[[bytes], bytes | Iterator[bytes]]) -> Lie:
    """Send bytes in place of the answer, made of its body."""

    def lie(exchange: Exchange) -> None:
        exchange.raw = make(exchange.body)

    return lie


def body(make: Callable[[bytes], bytes], **headers: str) -> Lie:
    """Send another body, with further headers."""

    def lie(exchange: Exchange) -> None:
        exchange.body = make(exchange.body)
        exchange.headers |= {name.replace("_", "-"): value for name, value in headers.items()}

    return lie


def member(value: bytes) -> Lie:
    """Send a JSON object with a further member of this value."""
    return body(lambda whole: whole[:-1] + b', "further": ' + value + b"}" if whole[:1] == b"{" else value)


def endless(_: bytes) -> Iterator[bytes]:
    """Send a body that does not end."""
    return itertools.chain([HEAD + b"\r\n"], itertools.repeat(b"[" * 65536))


def endless_chunks(_: bytes) -> Iterator[bytes]:
    """Send chunks that do not end."""
    chunk = b"10000\r\n" + b" " * 65536 + b"\r\n"
    return itertools.chain([HEAD + b"Transfer-Encoding: chunked\r\n\r\n"], itertools.repeat(chunk))


def redirect_to_itself(exchange: Exchange) -> None:
    """Send the caller back to where it came from."""
    exchange.status, exchange.body = 302, b""
    exchange.headers["Location"] = exchange.path


def bomb(_: bytes) -> bytes:
    """Compress 200 MB, twice."""
    packer = zlib.compressobj(wbits=31)
    once = b"".join(packer.compress(bytes(1_000_000)) for _ in range(200)) + packer.flush()
    return gzip.compress(once)


BROKEN: Mapping[str, Lie] = {
    "gzip that is none": body(lambda whole: whole, Content_Encoding="gzip"),
    "gzip that is cut": body(lambda whole: gzip.compress(whole)[:-12], Content_Encoding="gzip"),
    "gzip with a wrong checksum": body(lambda whole: gzip.compress(whole)[:-8] + bytes(8), Content_Encoding="gzip"),
    "deflate that is none": body(lambda whole: whole, Content_Encoding="deflate"),
    "br that is none": body(lambda whole: whole, Content_Encoding="br"),
    "zstd that is none": body(lambda whole: whole, Content_Encoding="zstd"),
    "an encoding that nobody knows": body(lambda whole: whole, Content_Encoding="banana"),
    "a bomb": body(bomb, Content_Encoding="gzip, gzip"),
    "a body that is cut": raw(lambda whole: HEAD + b"Content-Length: %d\r\n\r\n" % len(whole) + whole[:-9]),
    "a body that is longer than it says": raw(lambda whole: HEAD + b"Content-Length: 9\r\n\r\n" + whole),
    "a length that is no number": raw(lambda whole: HEAD + b"Content-Length: x\r\n\r\n" + whole),
    "a length below 0": raw(lambda whole: HEAD + b"Content-Length: -5\r\n\r\n" + whole),
    "two lengths": raw(lambda whole: HEAD + b"Content-Length: 5\r\nContent-Length: 7\r\n\r\n" + whole),
    "chunks that are none": raw(lambda whole: HEAD + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n" + whole),
    "chunks that are cut": raw(lambda whole: HEAD + b"Transfer-Encoding: chunked\r\n\r\n40\r\n" + whole[:9]),
    "UTF-8 that is none": body(lambda whole: whole.replace(b'":"', b'":"\xff\xfe', 1)),
    "UTF-16": body(lambda whole: whole.decode().encode("utf-16")),
    "a charset that nobody knows": body(lambda whole: whole + b"x", Content_Type="application/json; charset=banana"),
    "JSON that is cut": body(lambda whole: whole[: len(whole) // 2]),
    "JSON and something more": body(lambda whole: whole + b"}"),
    "no JSON": body(lambda _: b"<html>"),
    "NaN": member(b"NaN"),
    "NaN alone": body(lambda _: b"NaN"),
    "deep JSON": body(lambda _: b"[" * 100_000 + b"]" * 100_000),
    "deep objects": body(lambda _: b'{"a":' * 5_000 + b"1" + b"}" * 5_000),
    "rather deep JSON": body(lambda _: b"[" * 400 + b"]" * 400),
    "a huge number": body(lambda _: b"9" * 100_000),
    "an endless body": raw(endless),
    "endless chunks": raw(endless_chunks),
    "no status": raw(lambda _: b"banana\r\n\r\n"),
    "a status that is no number": raw(lambda _: b"HTTP/1.1 abc OK\r\n\r\n"),
    "a status of no kind": raw(lambda _: b"HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n"),
    "another protocol": raw(lambda _: b"SSH-2.0-OpenSSH\r\n"),
    "a header that is none": raw(lambda _: b"HTTP/1.1 200 OK\r\nno header\r\nContent-Length: 0\r\n\r\n"),
    "a header with NUL": raw(lambda _: b"HTTP/1.1 200 OK\r\nX: a\x00b\r\nContent-Length: 0\r\n\r\n"),
    "too many headers": raw(
        lambda _: b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: y\r\n" % each for each in range(20_000)) + b"\r\n"
    ),
    "an early hint and the end": raw(lambda _: b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"),
    "another protocol by 101": raw(lambda _: b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nabc"),
    "204 with a body": raw(lambda whole: b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n" + whole),
    "lone surrogates": body(
        lambda whole: json.dumps({**(object_in(whole)), "name": "\ud800", "id": "\udfff"}).encode()
    ),
    "a redirect to itself": redirect_to_itself,
    "nothing": raw(lambda _: b""),
    "half a header": raw(lambda _: b"HTTP/1.1 200 OK\r\nContent-Ty"),
    "a link that is none": body(lambda whole: whole[:-1], Link="<http://[>; rel=next, ;;;"),
}
"""By what is wrong, a lie for `tests.support.lying_service`."""


def object_in(content: bytes) -> dict[str, object]:
    """Read a JSON object; an empty one where it is none."""
    value = json.loads(content or b"{}")
    return value if isinstance(value, dict) else {}
