"""Reads and verifies OIDC tokens, which are JWTs (RFC 7519) with a signature (RFC 7515).

The header and the claims are decoded here, strictly: base64url without padding, JSON objects, no duplicate names and no
numbers that JSON does not have. `joserfc` verifies the signature.
"""

import base64
import binascii
import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import Key

ALGORITHMS = ["RS256", "RS384", "RS512", "ES256", "ES384", "ES512"]
"""Signatures that are accepted: asymmetric ones alone, since anybody may know the issuer's public key."""

LEEWAY = 5
"""Seconds by which an issuer's clock may be ahead."""

LONGEST_TOKEN = 16 * 1024
LONGEST_SHOWN = 200
"""Characters of a token, and of a value that a reason quotes."""

PART = r"[A-Za-z0-9_-]"
JWT = re.compile(rf"{PART}+\.{PART}+\.{PART}*")


class TokenRefused(Exception):
    """An OIDC token that is not accepted. The text says why, for the request log."""


def is_jwt(text: str) -> bool:
    """Tell whether a bearer token has the form of a JWT, so that it may be an OIDC token."""
    return JWT.fullmatch(text) is not None


def verified(token: str, find_key: Callable[[str, str], Key | None], now: float, longest: int) -> Mapping[str, Any]:
    """Verify the signature and the times of an OIDC token.

    Args:
        token: the token.
        find_key: gives the public key of an issuer by its ID, `iss` and `kid`; None where there is none.
        now: seconds since 1970.
        longest: seconds that a token may live.

    Returns:
        its claims.

    Raises:
        TokenRefused: it is not valid.
    """
    if len(token) > LONGEST_TOKEN:
        raise TokenRefused(f"the token is longer than {LONGEST_TOKEN} characters")
    if not is_jwt(token):
        raise TokenRefused("the token is no JWT")
    encoded = token.split(".")
    header, claims = decoded(encoded[0], "header"), decoded(encoded[1], "payload")
    algorithm, key_id, issuer = header.get("alg"), header.get("kid"), claims.get("iss")
    if algorithm not in ALGORITHMS:
        raise TokenRefused(f"alg: {quoted(algorithm)} is none of {', '.join(ALGORITHMS)}")
    if not isinstance(issuer, str):
        raise TokenRefused(f"iss: {'is missing' if issuer is None else f'{quoted(issuer)} is no string'}")
    if not isinstance(key_id, str):
        raise TokenRefused(f"kid: {'is missing' if key_id is None else f'{quoted(key_id)} is no string'}")
    key = find_key(issuer, key_id)
    if key is None:
        raise TokenRefused(f"kid: {quoted(key_id)} is no known key of the issuer {quoted(issuer)}")
    try:
        jws.deserialize_compact(token, key, algorithms=ALGORITHMS)
    except (JoseError, ValueError, TypeError) as error:
        raise TokenRefused(f"the signature cannot be verified: {type(error).__name__}") from error
    check_times(claims, now, longest)
    return claims


def decoded(part: str, name: str) -> dict[str, Any]:
    """Decode the header or the payload of a JWT.

    Raises:
        TokenRefused: it is no JSON object in base64url.
    """
    try:
        content = base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
        value = json.loads(content.decode(), object_pairs_hook=members, parse_constant=not_json)
    except TokenRefused as error:
        raise TokenRefused(f"the {name} {error}") from error
    except (binascii.Error, ValueError, RecursionError) as error:
        raise TokenRefused(f"the {name} is no JSON in base64url") from error
    if not isinstance(value, dict):
        raise TokenRefused(f"the {name} is no JSON object")
    return value


def members(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object of its members.

    Raises:
        TokenRefused: two have the same name; which one counts would depend on who reads it.
    """
    value = dict(pairs)
    if len(value) < len(pairs):
        twice = next(name for index, (name, _) in enumerate(pairs) if name in dict(pairs[:index]))
        raise TokenRefused(f"has {quoted(twice)} twice")
    return value


def not_json(constant: str) -> None:
    """Refuse NaN and the infinities, which Python reads and JSON does not have.

    Raises:
        TokenRefused: always.
    """
    raise TokenRefused(f"has the number {constant}")


def check_times(claims: Mapping[str, Any], now: float, longest: int) -> None:
    """Check that a token is valid at a time, and not for too long.

    Raises:
        TokenRefused: it is not.
    """
    issued, expires = seconds(claims, "iat"), seconds(claims, "exp")
    begins = seconds(claims, "nbf") if "nbf" in claims else issued
    if expires - issued > longest:
        raise TokenRefused(f"the token lives {expires - issued:.0f} s, from iat to exp; {longest} s are allowed")
    if expires <= issued:
        raise TokenRefused("exp: is not after iat")
    if expires <= now:
        raise TokenRefused(f"exp: the token expired {now - expires:.0f} s ago")
    for name, time in (("iat", issued), ("nbf", begins)):
        if time > now + LEEWAY:
            raise TokenRefused(f"{name}: is {time - now:.0f} s in the future")


def seconds(claims: Mapping[str, Any], name: str) -> float:
    """Read a time, in seconds since 1970.

    Raises:
        TokenRefused: it is missing, or no number.
    """
    value = claims.get(name)
    if value is None:
        raise TokenRefused(f"{name}: is missing")
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TokenRefused(f"{name}: {quoted(value)} is no number")
    try:
        time = float(value)
    except OverflowError:
        time = math.inf
    if not math.isfinite(time):
        raise TokenRefused(f"{name}: is out of range")
    return time


def check_audience(claims: Mapping[str, Any], audience: str) -> None:
    """Check that a token is meant for an audience.

    Raises:
        TokenRefused: it is not.
    """
    value = claims.get("aud")
    if value is None:
        raise TokenRefused("aud: is missing")
    if value != audience and not (isinstance(value, list) and audience in value):
        raise TokenRefused(f"aud: {quoted(value)} is not {quoted(audience)}")


def quoted(value: Any) -> str:
    """Write a value as JSON, cut if it is long."""
    text = json.dumps(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}..."
