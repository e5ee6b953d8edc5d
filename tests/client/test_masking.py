"""A token that got where it does not belong is masked there, and clients that were used can be pickled."""

import pickle
from typing import Any

import httpx
import pytest

from buildkite_packages import NotFound, ResponseError, UnexpectedResponse
from scripts.servers import api
from tests.support.client import ORGANIZATION, Kind

TOKEN = "bkua_s3cret/value+1"  # noqa: S105 - looked for
ESCAPED = "bkua_s3cret%2Fvalue%2B1"


def shows_no_token(error: ResponseError) -> None:
    """See that no token is in an error, in its attributes and its pickles."""
    pickles = [pickle.dumps(error, protocol).decode("latin-1") for protocol in range(pickle.HIGHEST_PROTOCOL + 1)]
    for text in (str(error), repr(error), str(vars(error)), *pickles):
        assert TOKEN not in text
        assert ESCAPED not in text


@pytest.mark.parametrize(
    ("status", "content", "raised"), [(404, b"{}", NotFound), (200, b"<html>", UnexpectedResponse)]
)
def test_a_token_in_an_address(kind: Kind, status: int, content: bytes, raised: type[ResponseError]) -> None:
    """A token that was passed as a registry's slug is masked in the address that an error holds."""
    buildkite = kind.answered(lambda _: httpx.Response(status, content=content), token=TOKEN)
    with pytest.raises(raised) as caught:
        kind.run(buildkite.registries.get(TOKEN))
    assert caught.value.url.endswith(f"/{ORGANIZATION}/registries/****")
    shows_no_token(caught.value)
    shows_no_token(pickle.loads(pickle.dumps(caught.value)))  # noqa: S301 - made here


def test_a_used_client_can_be_pickled(kind: Kind, served: api.Api) -> None:
    """A client whose connections are open goes into a pickle without those and without its token; it stays usable."""
    buildkite = kind.client(str(served.client.base_url), api.TOKEN)
    kind.run(buildkite.registries.list())
    for given in (buildkite, buildkite.client):
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            data = pickle.dumps(given, protocol)
            assert api.TOKEN.encode() not in data
            again: Any = pickle.loads(data)  # noqa: S301 - made here
            assert repr(again) == repr(given)
    kind.run(buildkite.registries.list())
