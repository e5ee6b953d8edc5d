"""Issuers of OIDC tokens and their keys: those that are given, and the emulator's own in the place of known ones."""

import contextlib
import json
import re
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import httpx
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, Key

PATIENCE = 10
"""Seconds that the keys of an issuer may take to come."""

PAUSE = 60
"""Seconds until the keys of an issuer are read again, for a token of a key that is not among them."""

MOST_BYTES = 1 << 20
KINDS = ("RSA", "EC")
"""Kinds of keys that are read; others verify no signature that is accepted."""


Jwks = list[dict[str, Any]]
"""Keys as JSON Web Keys."""


class IssuerError(ValueError):
    """The keys of an issuer cannot be read; the text says why."""


class IssuerKeys:
    """The public keys of an issuer.

    Args:
        location: where they are, a file or a URL.
        key_set: what was there.
    """

    def __init__(self, location: str, key_set: Jwks) -> None:
        self._location = location
        self._keys = by_id(key_set)
        self._read_at = time.monotonic()
        self._lock = threading.Lock()

    def find(self, key_id: str) -> Key | None:
        """Find a key by its ID. One that is unknown may be new, so that all are read again, though not too often."""
        with self._lock:
            if key_id not in self._keys and time.monotonic() - self._read_at > PAUSE:
                self._read_at = time.monotonic()
                with contextlib.suppress(IssuerError):  # what was read before still holds
                    self._keys = by_id(read_key_set(self._location))
            return self._keys.get(key_id)


def read_key_set(location: str) -> Jwks:
    """Read the usable public keys of a JSON Web Key Set (RFC 7517).

    Args:
        location: a file or a URL.

    Raises:
        IssuerError: it cannot be read, or has no usable key.
    """
    try:
        if re.match("https?://", location):
            response = httpx.get(location, timeout=PATIENCE, follow_redirects=True).raise_for_status()
            content = response.content
        else:
            content = Path(location).read_bytes()
        keys: Jwks = json.loads(content[:MOST_BYTES])["keys"]
        usable = [key for key in keys if key["kty"] in KINDS and "kid" in key and key.get("use", "sig") == "sig"]
        by_id(usable)
    except httpx.HTTPError as error:
        raise IssuerError(f"{location} cannot be read: {error}") from error
    except OSError as error:
        raise IssuerError(f"{location} cannot be read: {error.strerror}") from error
    except (JoseError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise IssuerError(f"{location} is no JSON Web Key Set") from error
    if not usable:
        raise IssuerError(f"{location} has no key of the kinds {' and '.join(KINDS)} with a `kid`")
    return usable


def by_id(key_set: Jwks) -> dict[str, Key]:
    """Import keys; gives them by their ID."""
    return {str(key["kid"]): JWKRegistry.import_key(key) for key in key_set}


@dataclass(frozen=True)
class Keys:
    """The keys that an emulator verifies OIDC tokens with; several processes share them.

    Attributes:
        own: the emulator's own private key as a JSON Web Key. It is kept nowhere, so that each start has another.
        given: by the URL of an issuer, where its keys are and what was there.
    """

    own: Mapping[str, str] = field(repr=False)
    given: Mapping[str, tuple[str, Jwks]] = field(default_factory=dict)

    @classmethod
    def prepare(cls, locations: Iterable[tuple[str, str]] = ()) -> Self:
        """Make the emulator's key, and read those of issuers.

        Args:
            locations: URL of each issuer and where its keys are, a file or a URL.

        Raises:
            IssuerError: those cannot be read.
        """
        own = ECKey.generate_key("P-256", auto_kid=True).as_dict(private=True)
        return cls(
            {name: str(value) for name, value in own.items()}, {url: (at, read_key_set(at)) for url, at in locations}
        )


class Issuers:
    """The issuers whose tokens an emulator accepts.

    Args:
        keys: their keys.
        known: URLs of the issuers that the spec names, with placeholders in braces. The emulator signs in their place,
            beside those that were given.
    """

    def __init__(self, keys: Keys, known: Iterable[str]) -> None:
        self._given = {url: IssuerKeys(*given) for url, given in keys.given.items()}
        self._own = ECKey.import_key(dict(keys.own))
        self.known = tuple(known)
        self._patterns = [re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(each))) for each in self.known]

    @property
    def may_wait(self) -> bool:
        """Whether finding a key may take long, as it may have to be read."""
        return bool(self._given)

    def is_known(self, issuer: str) -> bool:
        """Tell whether the emulator signs in the place of an issuer."""
        return any(pattern.fullmatch(issuer) for pattern in self._patterns)

    def find_key(self, issuer: str, key_id: str) -> Key | None:
        """Find the public key of an issuer by its ID."""
        if key_id == self._own.kid and self.is_known(issuer):
            return self._own
        given = self._given.get(issuer)
        return given.find(key_id) if given else None

    def sign(self, claims: Mapping[str, Any]) -> str:
        """Make a token of claims, with the emulator's own key."""
        header = {"alg": "ES256", "typ": "JWT", "kid": self._own.kid}
        return jws.serialize_compact(header, json.dumps(claims).encode(), self._own)
