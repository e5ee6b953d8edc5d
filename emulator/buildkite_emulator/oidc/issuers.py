"""Issuers of OIDC tokens and their keys: given ones, and the emulator's own key in place of the known ones."""

import contextlib
import json
import re
import threading
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import httpx
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, Key

from buildkite_emulator.state_store import Document, StateStore

PATIENCE = 10
"""Seconds that the keys of an issuer may take to come."""

PAUSE = 60
"""Seconds until the keys of an issuer are read again, for a token of a key that is not among them."""

MOST_BYTES = 1 << 20
KINDS = ("RSA", "EC")
"""Kinds of keys that are read; others verify no signature that is accepted."""


KEY = "oidc_key"
"""What the emulator's own key is called in the state store, a private JSON Web Key."""

Jwks = list[dict[str, Any]]
"""Keys as JSON Web Keys."""

Given = Mapping[str, tuple[str, Jwks]]
"""By the URL of an issuer, where its keys are and what was there."""


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


def read_issuers(locations: Iterable[tuple[str, str]]) -> Given:
    """Read the keys of issuers.

    Args:
        locations: URL of each issuer and where its keys are, a file or a URL.

    Raises:
        IssuerError: they cannot be read.
    """
    return {url: (location, read_key_set(location)) for url, location in locations}


class Issuers:
    """The issuers whose tokens an emulator accepts.

    Its own key is made with its first token and kept in the state store, so that all processes share it, until a reset.

    Args:
        given: issuers with their own keys, as `read_issuers` gives them.
        known: URLs of the issuers that the spec names, with placeholders in braces. The emulator signs in their place
            too, even if their own keys are given.
        state: where the emulator's own key is kept.
    """

    def __init__(self, given: Given, known: Iterable[str], state: StateStore) -> None:
        self._given = {url: IssuerKeys(*each) for url, each in given.items()}
        self._state = state
        self._own: tuple[Document, ECKey] | None = None
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
        own = self._own_key()
        if own is not None and key_id == own.kid and self.is_known(issuer):
            return own
        given = self._given.get(issuer)
        return given.find(key_id) if given else None

    def sign(self, claims: Mapping[str, Any]) -> str:
        """Make a token of claims, with the emulator's own key. It may have to wait for the state store."""
        with self._state.change(KEY) as document:
            if not document:
                document.update(ECKey.generate_key("P-256", auto_kid=True).as_dict(private=True))
            key = ECKey.import_key(dict(document))
        header = {"alg": "ES256", "typ": "JWT", "kid": key.kid}
        return jws.serialize_compact(header, json.dumps(claims).encode(), key)

    def _own_key(self) -> ECKey | None:
        document = self._state.get(KEY)
        if document is None:
            return None
        if self._own is None or self._own[0] != document:
            self._own = document, ECKey.import_key(dict(document))
        return self._own[1]
