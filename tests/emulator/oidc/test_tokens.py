"""Hostile OIDC tokens: none is accepted, and each is refused for its own reason."""

import base64
import hashlib
import hmac
import json
import random
from collections.abc import Mapping
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import ECKey, Key, RSAKey

from buildkite_emulator.oidc import tokens
from buildkite_emulator.oidc.issuers import Issuers
from buildkite_emulator.oidc.tokens import TokenRefused, check_audience, verified
from buildkite_emulator.state_store import MemoryStateStore

ISSUER = "https://agent.buildkite.com"
AUDIENCE = "https://packages.buildkite.com/my-org/my-gems"
NOW = 1_800_000_000
LONGEST = 300
RSA, OTHER_RSA = (RSAKey.generate_key(2048, {"kid": "rsa"}) for _ in range(2))
EC = ECKey.generate_key("P-256", {"kid": "ec"})
KEYS: Mapping[str, Key] = {"rsa": RSA, "ec": EC}
CLAIMS = {"iss": ISSUER, "aud": AUDIENCE, "sub": "a", "iat": NOW, "nbf": NOW, "exp": NOW + LONGEST}
HEADER = {"alg": "RS256", "kid": "rsa"}


def find_key(issuer: str, key_id: str) -> Key | None:
    """Find the keys of the one issuer."""
    return KEYS.get(key_id) if issuer == ISSUER else None


def encoded(value: bytes | str | dict[str, Any]) -> str:
    """Encode bytes, a text or an object in base64url."""
    content = value if isinstance(value, bytes) else (value if isinstance(value, str) else json.dumps(value)).encode()
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def signed(payload: bytes | str | dict[str, Any], header: Mapping[str, Any] = HEADER, key: Key = RSA) -> str:
    """Sign a payload, well-formed or not."""
    content = payload if isinstance(payload, bytes | str) else json.dumps(payload)
    return jws.serialize_compact(dict(header), content, key, algorithms=tokens.ALGORITHMS)


def raw(header: str | dict[str, Any], payload: str | dict[str, Any], signature: bytes = b"x") -> str:
    """Put a token together without a proper signature."""
    return f"{encoded(header)}.{encoded(payload)}.{encoded(signature)}"


def hs256(key: bytes) -> str:
    """Sign with HMAC and what anybody knows, as libraries once verified with whatever key they had."""
    start = f"{encoded({'alg': 'HS256', 'kid': 'rsa'})}.{encoded(CLAIMS)}"
    return f"{start}.{encoded(hmac.digest(key, start.encode(), hashlib.sha256))}"


def without(name: str) -> dict[str, Any]:
    """Leave out a claim."""
    return {key: value for key, value in CLAIMS.items() if key != name}


def check(token: str, now: float = NOW + 1) -> Mapping[str, Any]:
    """Verify a token."""
    return verified(token, find_key, now, LONGEST)


@pytest.mark.parametrize(
    ("header", "key"), [(HEADER, RSA), ({"alg": "RS512", "kid": "rsa"}, RSA), ({"alg": "ES256", "kid": "ec"}, EC)]
)
def test_a_good_token_is_accepted(header: dict[str, str], key: Key) -> None:
    """A token of a known key with a usual algorithm gives its claims, whatever else they hold."""
    claims = {**CLAIMS, "pipeline_slug": "a", "aud": ["other", AUDIENCE]}
    assert check(signed(claims, header, key)) == claims
    check_audience(claims, AUDIENCE)
    assert check(signed(without("nbf"), header, key))


HOSTILE = {
    "empty": ("", "no JWT"),
    "a word": ("emulator", "no JWT"),
    "two parts": ("a.b", "no JWT"),
    "five parts, as of an encrypted token": ("a.b.c.d.e", "no JWT"),
    "dots": ("..", "no JWT"),
    "a line at its end": (f"{signed(CLAIMS)}\n", "no JWT"),
    "padding": (f"{encoded(HEADER)}==.{encoded(CLAIMS)}.x", "no JWT"),
    "letters of another script": (signed(CLAIMS).replace("e", "\u0435", 1), "no JWT"),
    "huge": (f"{signed(CLAIMS)}{'A' * 20_000}", "longer than"),
    "no base64": ("a.b.c", "no JSON in base64url"),
    "no JSON": (raw("{", CLAIMS), "header is no JSON in base64url"),
    "no UTF-8": (f"{encoded(HEADER)}.{encoded(b'{' + bytes([0xFF]))}.x", "payload is no JSON in base64url"),
    "a list": (raw("[]", CLAIMS), "header is no JSON object"),
    "a deep list": (raw(HEADER, "[" * 9_000), "payload is no JSON in base64url"),
    "a number": (signed("1"), "payload is no JSON object"),
    "alg twice": (raw('{"alg": "RS256", "kid": "rsa", "alg": "none"}', CLAIMS), 'header has "alg" twice'),
    "exp twice": (signed(f'{json.dumps(CLAIMS)[:-1]}, "exp": {NOW + 9}}}'), 'payload has "exp" twice'),
    "a claim twice within another": (signed('{"a": {"b": 1, "b": 2}}'), 'payload has "b" twice'),
    "NaN": (signed(json.dumps({**CLAIMS, "exp": float("nan")})), "payload has the number NaN"),
    "infinity": (signed(json.dumps({**CLAIMS, "exp": float("inf")})), "payload has the number Infinity"),
    "alg none": (raw({"alg": "none", "kid": "rsa"}, CLAIMS), 'alg: "none" is none of'),
    "alg none and no signature": (f"{encoded({'alg': 'none'})}.{encoded(CLAIMS)}.", 'alg: "none" is none of'),
    "alg NONE": (raw({"alg": "nOnE", "kid": "rsa"}, CLAIMS), 'alg: "nOnE" is none of'),
    "alg missing": (raw({"kid": "rsa"}, CLAIMS), "alg: null is none of"),
    "alg a list": (raw({"alg": ["RS256"], "kid": "rsa"}, CLAIMS), "alg: "),
    "HMAC with the public key": (hs256(RSA.as_pem(private=False)), 'alg: "HS256" is none of'),
    "HMAC with the public key as DER": (hs256(RSA.as_der(private=False)), 'alg: "HS256" is none of'),
    "HMAC with nothing": (hs256(b""), 'alg: "HS256" is none of'),
    "kid missing": (signed(CLAIMS, {"alg": "RS256"}), "kid: is missing"),
    "kid unknown": (signed(CLAIMS, {**HEADER, "kid": "other"}), 'kid: "other" is no known key'),
    "kid a path": (signed(CLAIMS, {**HEADER, "kid": "../../etc/passwd"}), "is no known key"),
    "kid of a key of another kind": (raw({"alg": "RS256", "kid": "ec"}, CLAIMS), "the signature cannot be verified"),
    "kid no string": (raw({**HEADER, "kid": 7}, CLAIMS), "kid: 7 is no string"),
    "another key": (signed(CLAIMS, key=OTHER_RSA), "the signature cannot be verified"),
    "its own key": (
        raw({**HEADER, "jwk": OTHER_RSA.as_dict(private=False), "jku": "http://127.0.0.1:1"}, CLAIMS),
        "the signature cannot be verified",
    ),
    "crit": (raw({**HEADER, "crit": ["x"], "x": 1}, CLAIMS), "the signature cannot be verified"),
    "an unencoded payload": (
        raw({**HEADER, "crit": ["b64"], "b64": False}, CLAIMS),
        "the signature cannot be verified",
    ),
    "no signature": (f"{signed(CLAIMS).rpartition('.')[0]}.", "the signature cannot be verified"),
    "claims of another token": (
        ".".join([signed(CLAIMS).split(".")[0], encoded({**CLAIMS, "sub": "b"}), signed(CLAIMS).split(".")[2]]),
        "the signature cannot be verified",
    ),
    "iss missing": (signed(without("iss")), "iss: is missing"),
    "iss a list": (signed({**CLAIMS, "iss": [ISSUER]}), "is no string"),
    "iss with a slash": (signed({**CLAIMS, "iss": f"{ISSUER}/"}), "is no known key of the issuer"),
    "iss in capitals": (signed({**CLAIMS, "iss": ISSUER.upper()}), "is no known key of the issuer"),
    "exp missing": (signed(without("exp")), "exp: is missing"),
    "exp null": (signed({**CLAIMS, "exp": None}), "exp: is missing"),
    "exp a string": (signed({**CLAIMS, "exp": str(NOW + 300)}), f'exp: "{NOW + 300}" is no number'),
    "exp true": (signed({**CLAIMS, "exp": True}), "exp: true is no number"),
    "exp a list": (signed({**CLAIMS, "exp": [NOW]}), "is no number"),
    "exp huge": (signed({**CLAIMS, "exp": 10**400}), "exp: is out of range"),
    "exp huge in another way": (signed(json.dumps(CLAIMS).replace(str(NOW + 300), "1e999")), "exp: is out of range"),
    "exp with more digits than Python reads": (
        signed(json.dumps(CLAIMS).replace(str(NOW + 300), "9" * 5_000)),
        "payload is no JSON in base64url",
    ),
    "exp before iat": (signed({**CLAIMS, "exp": NOW - 1}), "exp: is not after iat"),
    "exp and iat long ago": (signed({**CLAIMS, "iat": 0, "exp": 300}), "exp: the token expired"),
    "iat missing": (signed(without("iat")), "iat: is missing"),
    "iat in the future": (signed({**CLAIMS, "iat": NOW + 60, "exp": NOW + 120}), "iat: is 59 s in the future"),
    "iat a string": (signed({**CLAIMS, "iat": "now"}), 'iat: "now" is no number'),
    "iat negative": (signed({**CLAIMS, "iat": -(10**9)}), "the token lives"),
    "nbf in the future": (signed({**CLAIMS, "nbf": NOW + 60}), "nbf: is 59 s in the future"),
    "nbf null": (signed({**CLAIMS, "nbf": None}), "nbf: is missing"),
    "a life of 301 s": (signed({**CLAIMS, "exp": NOW + 301}), "the token lives 301 s, from iat to exp; 300 s"),
    "a life of 300.001 s": (signed({**CLAIMS, "exp": NOW + 300.001}), "the token lives"),
    "a year": (signed({**CLAIMS, "exp": NOW + 31_536_000}), "the token lives 31536000 s"),
}


@pytest.mark.parametrize(("token", "reason"), HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_token_is_refused(token: str, reason: str) -> None:
    """A token that is malformed, forged, expired or too long-lived is refused with a reason that says so."""
    with pytest.raises(TokenRefused) as caught:
        check(token)
    assert reason in str(caught.value)
    assert len(str(caught.value)) < 1000


def test_a_token_ends_at_its_exp() -> None:
    """A token is accepted until the second of its `exp`, and not in it; a clock that is 5 s ahead is put up with."""
    token = signed(CLAIMS)
    assert check(token, NOW + 299.999)
    for now in (NOW + 300, NOW + 10**6):
        with pytest.raises(TokenRefused, match="exp: the token expired"):
            check(token, now)
    assert check(token, NOW - 5)
    with pytest.raises(TokenRefused, match="iat: is 6 s in the future"):
        check(token, NOW - 6)


@pytest.mark.parametrize(
    "audience",
    [None, "", [], [AUDIENCE[:-1]], AUDIENCE[:-1], f"{AUDIENCE}/", AUDIENCE.upper(), {AUDIENCE: 1}, 7, [[AUDIENCE]]],
)
def test_an_audience_is_the_registry_s(audience: Any) -> None:
    """No other audience than that of the registry will do, in whatever form."""
    with pytest.raises(TokenRefused, match=r"^aud: "):
        check_audience({"aud": audience}, AUDIENCE)


def test_damaged_tokens_are_refused() -> None:
    """A token in which a character is changed, lost or added anywhere is refused, and nothing else is raised."""
    good, chance = signed(CLAIMS, {"alg": "ES256", "kid": "ec"}, EC), random.Random(7)  # noqa: S311 - for a test
    ends = encoded(base64.urlsafe_b64decode(good.rpartition(".")[2] + "=="))
    assert good.endswith(ends)
    for _ in range(2_000):
        place = chance.randrange(len(good) - 1)  # the last character has bits that mean nothing
        kind = chance.choice(["", "x", good[place] + chance.choice("aA0-_."), chr(chance.randrange(256))])
        damaged = good[:place] + kind + good[place + 1 :]
        if damaged == good:
            continue
        with pytest.raises(TokenRefused):
            check(damaged)


def test_an_emulator_does_not_take_another_s_tokens() -> None:
    """The key of an emulator is its own, and signs for the known issuers alone."""
    known = [ISSUER, "https://oidc.circleci.com/org/{org}"]
    one, other = (Issuers({}, known, MemoryStateStore()) for _ in range(2))
    token = one.sign(CLAIMS)
    assert verified(token, one.find_key, NOW, LONGEST)
    with pytest.raises(TokenRefused, match="no known key"):
        verified(token, other.find_key, NOW, LONGEST)
    for issuer in ("https://oidc.circleci.com/org/7", "https://oidc.circleci.com/org/7/8", "https://example.com"):
        token = one.sign({**CLAIMS, "iss": issuer})
        if issuer.endswith("org/7"):
            assert verified(token, one.find_key, NOW, LONGEST)
        else:
            with pytest.raises(TokenRefused, match="no known key"):
                verified(token, one.find_key, NOW, LONGEST)
