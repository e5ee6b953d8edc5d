"""Answers of any size and coding: what is too large is an error, before it takes the memory."""

import gzip
import json
import os
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator

import httpx
import pytest

from buildkite_packages import (
    AsyncPackageRegistries,
    AuthenticatedClient,
    ConfigurationError,
    NotFound,
    PackageRegistries,
    UnexpectedResponse,
)
from buildkite_packages.http.receiving import ACCEPTED, CODINGS, MAX_RESPONSE_SIZE, Inflater
from scripts import ROOT
from tests.support.client import ORGANIZATION, TOKEN, Answering, Kind, serving

pytestmark = pytest.mark.slow

LIMIT = 100_000


@pytest.fixture
def server() -> Iterator[Answering]:
    """Give a server without answers."""
    with serving({}) as made:
        yield made


def deflated(data: bytes, bits: int) -> bytes:
    """Compress."""
    coder = zlib.compressobj(9, zlib.DEFLATED, bits)
    return coder.compress(data) + coder.flush()


CODERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "X-GZIP": gzip.compress,
    "deflate": zlib.compress,
    "Deflate": lambda data: deflated(data, -zlib.MAX_WBITS),
    "gzip, gzip": lambda data: gzip.compress(gzip.compress(data)),
    "deflate, identity, gzip": lambda data: gzip.compress(zlib.compress(data)),
    "": lambda data: data,
}


@pytest.mark.parametrize("coding", CODERS)
def test_a_body_of_any_coding_is_read(kind: Kind, server: Answering, coding: str) -> None:
    """A body that is as large as it may be comes through, and its headers stay, whatever its coding."""
    headers = {"Content-Encoding": coding} if coding else {}
    client = kind.client(server.url, max_response_size=LIMIT)
    for size in (2, 65_535, 65_536, 65_537, LIMIT):
        server.answers["*"] = 200, headers, CODERS[coding](b"[" + b" " * (size - 2) + b"]")
        assert kind.run(client.registries.list()) == []
    server.answers["*"] = 404, headers, CODERS[coding](json.dumps({"message": "x" * 70_000}).encode())
    with pytest.raises(NotFound, match="get_registry ended in 404") as raised:
        kind.run(client.registries.get("x"))
    assert len(raised.value.message) == 70_000
    assert raised.value.headers.get("Content-Encoding", "") == coding


@pytest.mark.parametrize(
    ("coding", "status"), [*((each, 200) for each in CODERS), *(("gzip", each) for each in (302, 404, 422, 500, 503))]
)
def test_a_body_that_is_too_large_is_an_error(kind: Kind, server: Answering, coding: str, status: int) -> None:
    """One byte more than there may be, decoded, is UnexpectedResponse whatever the status."""
    headers = {"Content-Encoding": coding, "Location": "/elsewhere"} if coding else {}
    server.answers["*"] = status, headers, CODERS[coding](b"[" + b" " * (LIMIT - 1) + b"]")
    client = kind.client(server.url, max_response_size=LIMIT)
    for call in (client.registries.list, lambda: client.packages.publish("x", b"a", filename="a-1.0.0.txt")):
        with pytest.raises(
            UnexpectedResponse, match=r"has more than the 100000 bytes that `max_response_size`"
        ) as raised:
            kind.run(call())
        assert raised.value.status == status


def test_each_answer_of_a_redirect_is_bounded(kind: Kind, server: Answering) -> None:
    """A redirect that is followed leads to the answer, with its history; its own body is bounded too."""
    body = gzip.compress(b" " * (LIMIT + 1))
    place = f"/v2/packages/organizations/{ORGANIZATION}/registries"
    server.answers |= {"/there": (200, {}, b"[]"), place: (307, {"Location": "/there"}, b"short"), "*": (404, {}, b"")}
    settings = {"follow_redirects": True}
    client = kind.client(server.url, max_response_size=LIMIT, httpx_args=settings)
    assert kind.run(client.registries.list()) == []
    server.answers[place] = 307, {"Location": "/there", "Content-Encoding": "gzip"}, body
    with pytest.raises(UnexpectedResponse) as raised:
        kind.run(client.registries.list())
    assert raised.value.status == 307
    server.answers[place] = 307, {"Location": place}, b""
    with pytest.raises(httpx.TooManyRedirects):
        kind.run(client.registries.list())


def test_a_body_that_cannot_be_decoded_is_unexpected(kind: Kind, server: Answering) -> None:
    """A body of another coding than it says, or of too many, is an unexpected response that says so."""
    many = b"[]"
    for _ in range(4):
        many = gzip.compress(many)
    client = kind.client(server.url, retry=None)
    for coding, body in (
        ("gzip", b"no"),
        ("deflate", b"\xffno"),
        ("gzip,gzip", gzip.compress(b"no")),
        ("gzip," * 4, many),
    ):
        server.answers["*"] = 200, {"Content-Encoding": coding}, body
        with pytest.raises(UnexpectedResponse, match="its body cannot be decoded"):
            kind.run(client.registries.list())


def test_gzip_may_have_several_members(kind: Kind, server: Answering) -> None:
    """The members of a gzip body are one body, at any size of its chunks; what is none behind them is passed over."""
    members = gzip.compress(b"[") + gzip.compress(b"") + gzip.compress(b" " * 70_000) + gzip.compress(b"]")
    for body in (members, members + b"\0" * 512, members + b"rest"):
        server.answers["*"] = 200, {"Content-Encoding": "gzip"}, body
        assert kind.run(kind.client(server.url, retry=None).registries.list()) == []
        for size in (1, 7, len(body)):
            chunks = (body[start : start + size] for start in range(0, len(body), size))
            assert b"".join(Inflater(CODINGS["gzip"]).inflate(chunks)).strip(b"[]") == b" " * 70_000


def test_no_other_coding_is_asked_for(kind: Kind, server: Answering) -> None:
    """What cannot be decoded piece by piece is not asked for, also where a client of httpx would; nothing else is."""
    server.answers["*"] = 200, {}, b"[]"
    for sent, wanted in (
        (None, ACCEPTED),
        ("br, zstd", ACCEPTED),
        ("*", ACCEPTED),
        ("identity", "identity"),
        ("gzip;q=1", "gzip;q=1"),
    ):
        headers = {"Accept-Encoding": sent} if sent else None
        kind.run(kind.client(server.url, headers=headers).registries.list())
        assert server.accepted[-1] == wanted


def test_the_bound_is_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is 64 MiB by default, each copy keeps it, and what is no number of bytes is refused."""
    monkeypatch.setenv("BUILDKITE_API_TOKEN", TOKEN)
    monkeypatch.setenv("BUILDKITE_ORGANIZATION_SLUG", ORGANIZATION)
    assert MAX_RESPONSE_SIZE == 64 * 1024 * 1024
    for make in (PackageRegistries, AsyncPackageRegistries):
        assert make(TOKEN, ORGANIZATION).client.max_response_size == MAX_RESPONSE_SIZE
        assert make.from_env(max_response_size=5).with_retry(None).client.max_response_size == 5
        for wrong in (0, -1, True, 1.5, "5", None):
            with pytest.raises(ConfigurationError, match=r"^max_response_size is .* number of bytes, from 1"):
                make(TOKEN, ORGANIZATION, max_response_size=wrong)  # type: ignore[arg-type]
    assert AuthenticatedClient("https://x", TOKEN, max_response_size=7).with_cookies({}).max_response_size == 7


BOMB = """
import asyncio, resource, sys
sys.path.insert(0, sys.argv[1])
from buildkite_packages import AsyncPackageRegistries, PackageRegistries, UnexpectedResponse
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
async def listed():
    async with AsyncPackageRegistries("t", "o", base_url=sys.argv[2]) as client:
        await client.registries.list()
before = peak()
client = PackageRegistries("t", "o", base_url=sys.argv[2])
for call in (client.registries.list, lambda: asyncio.run(listed())):
    try: call()
    except UnexpectedResponse as error: print("too large" if "max_response_size" in str(error) else error)
print(peak() - before)
"""


@pytest.mark.parametrize("coding", ["deflate, gzip", "gzip, gzip, gzip"])
def test_a_bomb_does_not_take_the_memory(server: Answering, coding: str) -> None:
    """Some hundred bytes that would become a gigabyte cost no more memory than the bound and what goes with it."""
    coder = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | (0 if coding[0] == "d" else 16))
    first, *others = (coder.compress(bytes(1 << 20)) + coder.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    body = first + others[0] * 1023  # each as the second; nobody gets as far as the end
    for _ in range(coding.count(",")):
        body = gzip.compress(body)
    assert len(body) < 10_000
    server.answers["*"] = 200, {"Content-Encoding": coding}, body
    command = [sys.executable, "-c", BOMB, str(ROOT / "generated"), server.url]
    environment = {**os.environ, "NO_PROXY": "*"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True, timeout=300)
    *said, megabytes = done.stdout.split("\n")[:3]
    assert said == ["too large", "too large"]
    assert int(megabytes) < 256


def test_a_body_that_decodes_to_nothing_ends(kind: Kind, server: Answering) -> None:
    """What is much larger on the way than it is decoded is too large as well, at each coding."""
    empty = b"\x00\x00\x00\xff\xff" * LIMIT  # blocks of no bytes
    raw = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    body = empty + raw.compress(b"[]") + raw.flush()
    client = kind.client(server.url, max_response_size=LIMIT, retry=None)
    for coding, sent in (("deflate", body), ("deflate, gzip", gzip.compress(body))):
        server.answers["*"] = 200, {"Content-Encoding": coding}, sent
        with pytest.raises(UnexpectedResponse, match="max_response_size"):
            kind.run(client.registries.list())
