"""Whose access tokens are, and those that are made while the emulator runs."""

import hashlib
from pathlib import Path
from typing import Any

import pytest

from buildkite_emulator.api.access import Access, AccessTokens, digest
from buildkite_emulator.storage.database import Database
from scripts.servers.api import SPEC, Api
from tests.support.emulators import fresh

SCOPES = ", ".join(sorted(SPEC.scopes))
EMULATOR = "emulator@example.com"
SEED = """
users:
  - {name: Ann, email: ann@example.com}
  - {name: Ben, email: ben@example.com}
tokens:
  - token: emulator
  - {token: by-ben, user: ben@example.com}
"""
BY_BEN = "by-ben"


def mint(api: Api, **body: Any) -> str:
    """Make an access token."""
    response = api.client.post("/_emulator/tokens", json=body)
    assert response.status_code == 201, response.text
    token = response.json()["token"]
    assert isinstance(token, str)
    return token


def creator(api: Api, token: str) -> str:
    """Tell whom the emulator takes for the creator of what a token creates."""
    for registry in api.ok("list_registries"):
        api.ok("delete_registry", registry["slug"])
    made = api.ok("create_registry_token", api.registry(), json={"description": "mine"}, token=token)
    again = api.ok("get_registry_token", "my-registry", made["id"])
    assert again["created_by"] == made["created_by"]
    return str(made["created_by"]["email"])


def test_what_a_token_creates_is_its_user_s(tmp_path: Path) -> None:
    """The creator of a registry token is the user whose access token was used, also for one made at run time."""
    seed = tmp_path / "seed.yaml"
    seed.write_text(SEED)
    with fresh(seed=seed) as api:
        assert creator(api, api.token) == "ann@example.com"
        assert creator(api, BY_BEN) == "ben@example.com"
        assert creator(api, mint(api)) == "ann@example.com"
        assert creator(api, mint(api, user="ben@example.com")) == "ben@example.com"


def test_a_token_that_is_made_has_the_scopes_that_are_asked_for(api: Api) -> None:
    """A token made at run time may do what its scopes allow and nothing else; without scopes it may do all."""
    registry = api.registry()
    reader, nobody, everybody = mint(api, scopes=["read_registries"]), mint(api, scopes=[]), mint(api)
    assert len({reader, nobody, everybody}) == 3
    for token, statuses in {reader: (200, 403), nobody: (403, 403), everybody: (200, 200)}.items():
        answers = (
            api.call("get_registry", registry, token=token),
            api.call("update_registry", registry, token=token, json={}),
        )
        assert tuple(answer.status_code for answer in answers) == statuses
    assert api.call("list_registries", token=f"{reader}x").status_code == 401


def test_a_token_may_be_asked_for_without_a_body(api: Api) -> None:
    """A request without a body makes a token of every scope."""
    token = api.client.post("/_emulator/tokens").json()["token"]
    assert api.ok("list_registries", token=token) == []


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"{", "should be JSON"),
        (b"[" * 60_000, "should be JSON"),
        (b"[]", "should be a JSON object"),
        (b'{"scope": []}', "`scope` is unknown; did you mean `scopes`?"),
        (b'{"zzz": []}', "the body takes `scopes`, `user`"),
        (b'{"scopes": "read_packages"}', "`scopes` should be a list"),
        (b'{"scopes": [1]}', "`scopes` should be a list"),
        (
            b'{"scopes": ["read_pakages"]}',
            f"unknown scope read_pakages; the scopes are {SCOPES}",
        ),
        (b'{"user": 1}', "`user` should be a string"),
        (b'{"user": "ben@example.com"}', f"`user` is nobody's email address; the users are {EMULATOR}"),
        (b'{"user": "\\u0000"}', "`user` holds a character that is no text"),
        (b'{"scopes": ["\\ud800"]}', "holds a character that is no text"),
    ],
    ids=range(12),
)
def test_a_wrong_request_for_a_token_is_refused(api: Api, body: bytes, reason: str) -> None:
    """A request that cannot be understood is answered 422, saying what would be right."""
    response = api.client.post("/_emulator/tokens", content=body, headers={"Content-Type": "application/json"})
    assert response.status_code == 422
    assert reason in response.json()["message"]


def test_tokens_are_not_kept() -> None:
    """Of a token its digest is kept; neither the tokens' own repr nor that of what one gives shows more than scopes."""
    database = Database()
    access = Access(frozenset({"read_packages"}), "user")
    tokens = AccessTokens({digest("given"): access}, database)
    tokens.add("minted", access, 0)
    assert tokens.authenticate("Bearer given") == tokens.authenticate("Bearer minted") == access
    with database.transaction() as transaction:
        assert list(tokens.listed(transaction)) == [hashlib.sha256(each).hexdigest() for each in (b"given", b"minted")]
    for text in (repr(tokens), repr(access), repr(list(vars(tokens).values()))):
        assert "given" not in text
        assert "minted" not in text
    database.close()
