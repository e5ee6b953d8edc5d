"""OIDC tokens as bearers: what a registry's policy admits, what is refused, and what shows of it."""

import json
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc import jws
from joserfc.jwk import RSAKey

from buildkite_emulator.cli import main
from buildkite_emulator.errors import Unauthorized
from buildkite_emulator.oidc.issuers import IssuerError, read_issuers, read_key_set
from buildkite_emulator.storage.blobs import folder_url
from buildkite_emulator.testing import EmulatorTransport
from scripts.servers.api import SPEC, Api, running_emulator
from scripts.servers.stores import new_postgresql
from tests.support.client import serving

AGENT, ACTIONS = "https://agent.buildkite.com", "https://token.actions.githubusercontent.com"
REGISTRY = "my-registry"
PACKAGE = ("a-1.0.0.txt", b"a")
SCOPES = SPEC.schema("OidcScope")["enum"]
GENERIC = Unauthorized("the OIDC token is not accepted").body


def statement(claims: dict[str, Any] | None = None, scopes: list[str] = SCOPES, iss: str = AGENT) -> dict[str, Any]:
    """Make a statement of a policy."""
    return {"iss": iss, "scopes": scopes, "claims": claims or {}}


def registry(api: Api, *statements: dict[str, Any], name: str = "my registry") -> None:
    """Create a registry with a policy."""
    api.ok("create_registry", json={"name": name, "ecosystem": "files", "oidc_policy": list(statements)})


def ask(api: Api, **body: Any) -> httpx.Response:
    """Ask for an OIDC token."""
    return api.client.post("/_emulator/oidc-tokens", json={"registry": REGISTRY, **body})


def token(api: Api, **body: Any) -> str:
    """Make an OIDC token."""
    made = ask(api, **body)
    assert made.status_code == 201, made.text
    return str(made.json()["token"])


def last(api: Api) -> dict[str, Any]:
    """Give the last request of the log."""
    entry: dict[str, Any] = api.client.get("/_emulator/requests").json()["requests"][-1]
    return entry


def test_a_token_does_all_that_its_statement_grants(api: Api) -> None:
    """With every scope a token publishes, lists, shows and deletes packages, and the log names the statement."""
    registry(api, statement({"pipeline_slug": "other"}), statement({"pipeline_slug": {"matches": "rel*"}}))
    bearer = token(api, claims={"pipeline_slug": "release"})
    published = api.publish(REGISTRY, PACKAGE, token=bearer).json()["id"]
    assert [each["id"] for each in api.ok("list_packages", REGISTRY, token=bearer)["items"]] == [published]
    assert api.ok("get_package", REGISTRY, published, token=bearer)["id"] == published
    api.ok("delete_package", REGISTRY, published, token=bearer)
    assert last(api)["oidc"] == {
        "registry": REGISTRY,
        "statement": 2,
        "reasons": ['statement 1: claim pipeline_slug: "release" is not "other"'],
    }
    api.ok("list_packages", REGISTRY)
    assert last(api)["oidc"] is None


@pytest.mark.parametrize("scope", SCOPES)
def test_scopes_limit_what_a_token_does(api: Api, scope: str) -> None:
    """A token of one scope is refused with 403 wherever an operation needs another, and a later statement adds none."""
    registry(api, statement(scopes=[scope]), statement())
    package = api.publish(REGISTRY, PACKAGE).json()["id"]
    bearer = token(api)
    expected = {"publish_package": "write_packages", "list_packages": "read_packages", "get_package": "read_packages"}
    for operation, needed in {**expected, "delete_package": "delete_packages"}.items():
        path = [REGISTRY, *([package] if operation in ("get_package", "delete_package") else [])]
        given: dict[str, Any] = {"files": {"file": ("b-1.0.0.txt", b"b")}} if operation == "publish_package" else {}
        answered = api.call(operation, *path, token=bearer, **given)
        assert (answered.status_code == 403) is (scope != needed), (operation, answered.text)
        assert ("the OIDC token lacks the scope" in answered.text) is (scope != needed)
        assert last(api)["oidc"] == {"registry": REGISTRY, "statement": 1, "reasons": []}


def test_a_copy_stays_within_its_registry(api: Api) -> None:
    """A copy needs the scopes to read and to write, and goes to no other registry, even with that one's audience."""
    registry(api, statement())
    registry(api, statement(), name="other")
    package = api.publish(REGISTRY, PACKAGE).json()["id"]
    audiences = [f"https://packages.buildkite.com/my-org/{slug}" for slug in (REGISTRY, "other")]
    bearer = token(api, claims={"aud": audiences})
    refused = api.call("copy_package", REGISTRY, package, params={"to": "other"}, token=bearer)
    assert (refused.status_code, refused.json()["message"]) == (
        403,
        "Forbidden: the OIDC token is for the registry my-registry alone",
    )
    assert api.call("copy_package", REGISTRY, package, params={"to": REGISTRY}, token=bearer).status_code == 422
    assert api.ok("list_packages", "other")["items"] == []


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"claims": {"pipeline_slug": "x"}}, 'statement 1: claim pipeline_slug: "x" is not in ["a", "b"]'),
        ({}, "statement 1: claim pipeline_slug: is missing"),
        ({"issuer": ACTIONS}, f'statement 1: iss: "{ACTIONS}" is not "{AGENT}"'),
        ({"claims": {"aud": "https://packages.buildkite.com/my-org/other"}}, 'aud: "https://packages.'),
        ({"claims": {"exp": 1, "iat": 0}}, "exp: the token expired"),
        ({"claims": {"iss": "https://example.com"}}, "is no known key of the issuer"),
    ],
)
def test_a_refusal_has_its_reason_in_the_log_alone(api: Api, body: dict[str, Any], reason: str) -> None:
    """A token that is not admitted gets the same 401, whatever the reason, which is in the log of requests."""
    registry(api, statement({"pipeline_slug": {"in": ["a", "b"]}}))
    refused = api.publish(REGISTRY, PACKAGE, token=token(api, **body))
    assert (refused.status_code, refused.json()) == (401, GENERIC)
    assert refused.headers["WWW-Authenticate"] == "Bearer"
    entry = last(api)
    assert entry["oidc"]["statement"] is None
    assert reason in entry["oidc"]["reasons"][0]
    assert api.ok("list_packages", REGISTRY)["items"] == []


def test_a_token_is_for_its_registry_and_for_packages(api: Api) -> None:
    """A token of one registry is refused for another, for one that is not there, and for all that is no package."""
    registry(api, statement())
    registry(api, statement(), name="other")
    bearer = token(api)
    calls: list[tuple[str, tuple[str, ...], str]] = [
        ("list_packages", ("other",), "aud: "),
        ("list_packages", ("absent",), "there is no such registry"),
        ("list_registries", (), "list_registries takes no OIDC token"),
        ("get_registry", (REGISTRY,), "get_registry takes no OIDC token"),
        ("list_registry_tokens", (REGISTRY,), "list_registry_tokens takes no OIDC token"),
        ("delete_registry", (REGISTRY,), "delete_registry takes no OIDC token"),
    ]
    for operation, path, reason in calls:
        refused = api.call(operation, *path, token=bearer)
        assert (refused.status_code, refused.json()) == (401, GENERIC), operation
        assert reason in last(api)["oidc"]["reasons"][0]
    elsewhere = api.call("list_packages", REGISTRY, organization="other-org", token=bearer)
    assert elsewhere.json() == GENERIC


def test_a_policy_that_changes_takes_effect_at_once(api: Api) -> None:
    """A token is held against the policy as it is now; without one nobody is admitted."""
    registry(api, statement())
    bearer = token(api)
    api.ok("list_packages", REGISTRY, token=bearer)
    api.ok("update_registry", REGISTRY, json={"oidc_policy": [statement(iss=ACTIONS)]})
    assert api.call("list_packages", REGISTRY, token=bearer).status_code == 401
    api.ok("update_registry", REGISTRY, json={"oidc_policy": None})
    assert api.call("list_packages", REGISTRY, token=bearer).status_code == 401
    assert last(api)["oidc"]["reasons"] == ["my-registry has no OIDC policy"]


def test_tokens_end_by_the_emulator_s_clock(api: Api) -> None:
    """A token lives by the clock that the control routes move; a reset ends it."""
    registry(api, statement())
    bearer = token(api, lifetime=60)
    api.client.post("/_emulator/clock", json={"advance": 59})
    api.ok("list_packages", REGISTRY, token=bearer)
    api.client.post("/_emulator/clock", json={"advance": 2})
    assert api.call("list_packages", REGISTRY, token=bearer).status_code == 401
    later = token(api)
    api.ok("list_packages", REGISTRY, token=later)
    api.client.delete("/_emulator/clock")
    assert api.call("list_packages", REGISTRY, token=later).status_code == 401
    assert "iat: is " in last(api)["oidc"]["reasons"][0]
    bearer = token(api)
    api.client.post("/_emulator/reset")
    registry(api, statement())
    assert api.call("list_packages", REGISTRY, token=bearer).status_code == 401
    api.ok("list_packages", REGISTRY, token=token(api))


def test_every_known_issuer_can_be_had(api: Api) -> None:
    """The emulator makes tokens of each issuer that the spec names; that of CircleCI has an organization in it."""
    issuers = [AGENT, ACTIONS, "https://oidc.circleci.com/org/7"]
    registry(api, *(statement({"sub": "test"}, iss=issuer) for issuer in issuers))
    for number, issuer in enumerate(issuers, 1):
        api.ok("list_packages", REGISTRY, token=token(api, issuer=issuer))
        assert last(api)["oidc"]["statement"] == number


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"registry": "my-registri"}, "there is no registry `my-registri`; did you mean `my-registry`?"),
        ({"registry": 7}, "`registry` should be a string"),
        ({"registry": REGISTRY, "organization": "x"}, "there is no registry `my-registry`; x has none"),
        ({"registry": REGISTRY, "claims": []}, "`claims` should be a JSON object"),
        ({"registry": REGISTRY, "lifetime": 301}, "`lifetime` should be an integer from 1 to 300"),
        ({"registry": REGISTRY, "issuer": "https://a.example"}, f"`issuer` should be one of {AGENT}"),
        ({"registry": REGISTRY, "claim": {}}, "`claim` is unknown; did you mean `claims`?"),
        ({"registry": REGISTRY, "claims": {"a": "b" * 20_000}}, "`claims` make a token of more than"),
        ({}, "`registry` is missing"),
        (None, "the body should be JSON"),
    ],
)
def test_a_wrong_request_for_a_token_is_explained(api: Api, body: Any, words: str) -> None:
    """What is wrong with a request for a token is said in a sentence."""
    registry(api, statement())
    answered = api.client.post("/_emulator/oidc-tokens", json=body)
    assert answered.status_code == 422
    assert words in answered.json()["message"]


def test_tokens_do_not_show(api: Api) -> None:
    """No OIDC token is in the log of requests, wherever in a request it stood, also in one that bears another."""
    registry(api, statement())
    bearer = token(api)
    api.publish(REGISTRY, PACKAGE, token=bearer)
    api.call("list_packages", REGISTRY, token=bearer, params={"name": bearer})
    api.call("get_registry", bearer)
    api.call("create_registry", json={"name": bearer, "ecosystem": "files", "description": f"is {bearer}"})
    api.call("list_packages", bearer, token=f"{bearer}x", headers={"X-Token": bearer, "X-Other": f"a {bearer}"})
    log = api.client.get("/_emulator/requests").text
    assert bearer not in log
    assert bearer.rpartition(".")[2] not in log
    assert bearer.split(".")[1] not in log


def test_callers_are_told_apart_by_issuer_and_subject(api: Api) -> None:
    """Requests of tokens with one issuer and subject count together, and apart from other users'."""
    registry(api, statement(), statement(iss=ACTIONS))

    def remaining(bearer: str) -> str:
        answered = api.call("list_packages", REGISTRY, token=bearer)
        return str(answered.headers["RateLimit-User-Remaining"])

    assert remaining(token(api)) == remaining(token(api, issuer=ACTIONS)) == remaining(token(api, claims={"sub": "b"}))
    assert int(remaining(token(api))) == int(remaining(token(api, claims={"sub": "c"}))) - 1


def test_a_caller_that_is_nobody_is_not_counted(api: Api) -> None:
    """A refused token counts for no limit, as an unknown API token does."""
    registry(api, statement({"a": "b"}))
    before = api.call("list_packages", REGISTRY).headers["RateLimit-Remaining"]
    assert api.call("list_packages", REGISTRY, token=token(api)).headers["RateLimit-Remaining"] == before


# real issuers


class RealIssuer:
    """An issuer with keys of its own.

    Args:
        folder: where its key set is kept.
    """

    url = "https://gitlab.example"

    def __init__(self, folder: Path) -> None:
        self.path = folder / "jwks.json"
        self.key = self.turn("first")

    def turn(self, key_id: str) -> RSAKey:
        """Take another key."""
        self.key = RSAKey.generate_key(2048, {"kid": key_id, "use": "sig"})
        self.path.write_text(json.dumps({"keys": [{"kty": "oct", "k": "YQ"}, self.key.as_dict(private=False)]}))
        return self.key

    def token(self) -> str:
        """Make a token."""
        now = int(time.time())
        audience = f"https://packages.buildkite.com/my-org/{REGISTRY}"
        claims = {"iss": self.url, "aud": audience, "iat": now, "exp": now + 300}
        return jws.serialize_compact({"alg": "RS256", "kid": self.key.kid}, json.dumps(claims), self.key)


def test_the_tokens_of_a_real_issuer_are_accepted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An issuer that is given with the file of its keys is trusted; a key that is new there is found, in time."""
    issuer = RealIssuer(tmp_path)
    transport = EmulatorTransport.fresh(oidc_issuers=read_issuers([(issuer.url, str(issuer.path))]))
    with httpx.Client(transport=transport, base_url="http://testserver") as client:
        api = Api(client)
        registry(api, statement(iss=issuer.url), statement())
        api.ok("list_packages", REGISTRY, token=issuer.token())
        api.ok("list_packages", REGISTRY, token=token(api))
        issuer.turn("second")
        assert api.call("list_packages", REGISTRY, token=issuer.token()).status_code == 401
        now = time.monotonic() + 61
        monkeypatch.setattr(time, "monotonic", lambda: now)
        api.ok("list_packages", REGISTRY, token=issuer.token())
        issuer.path.unlink()
        monkeypatch.setattr(time, "monotonic", lambda: now + 61)
        api.ok("list_packages", REGISTRY, token=issuer.token())
        issuer.key = RSAKey.generate_key(2048, {"kid": "third"})
        assert api.call("list_packages", REGISTRY, token=issuer.token()).status_code == 401


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cannot be read: No such file"),
        ("{", "is no JSON Web Key Set"),
        ("[]", "is no JSON Web Key Set"),
        ('{"keys": [{"kty": "RSA", "kid": "a", "n": "!"}]}', "is no JSON Web Key Set"),
        ('{"keys": []}', "has no key of the kinds RSA and EC with a `kid`"),
        ('{"keys": [{"kty": "oct", "kid": "a", "k": "YQ"}]}', "has no key of the kinds RSA and EC with a `kid`"),
    ],
)
def test_keys_that_cannot_be_read_end_the_command(
    content: str | None, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where the keys of an issuer cannot be used, the command says so in a line and ends with status 2."""
    path = tmp_path / "jwks.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(SystemExit) as caught:
        main(["--port=0", f"--oidc-issuer=https://a.example={path}"])
    line = capsys.readouterr().err
    assert (caught.value.code, line.count("\n")) == (2, 1)
    assert words in line


def test_keys_come_from_a_url(tmp_path: Path) -> None:
    """The keys of an issuer are read over HTTP too; an answer that is no success is told."""
    key_set = RealIssuer(tmp_path).path.read_bytes()
    with serving({"/jwks": (200, {}, key_set), "*": (404, {}, b"{}")}) as server:
        assert [key["kid"] for key in read_key_set(f"{server.url}/jwks")] == ["first"]
        with pytest.raises(IssuerError, match=r"cannot be read: .*404"):
            read_key_set(f"{server.url}/other")
    with pytest.raises(IssuerError, match="cannot be read"):
        read_key_set(f"{server.url}/jwks")


def test_several_processes_share_the_key(postgresql: str, tmp_path: Path) -> None:
    """Any of several processes accepts a token that another has made, and also a command on the same database."""
    options = (f"--database={new_postgresql(postgresql)}", f"--blobs={folder_url(tmp_path)}")
    with running_emulator(*options, "--workers=2") as (api, _), running_emulator(*options) as (other, _):
        registry(api, statement())
        for _ in range(4):
            bearer = token(api)
            for each in (api, api, other):
                each.ok("list_packages", REGISTRY, token=bearer)
        api.client.post("/_emulator/reset")
        registry(api, statement())
        assert other.call("list_packages", REGISTRY, token=bearer).status_code == 401
