"""The access token, kept where nothing shows it, and renewed where it comes from a function."""

import base64
import hmac
import inspect
import json
import threading
import time
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from typing import Any, Self, cast

import httpx

from .addresses import same_origin
from .base_errors import ConfigurationError
from .masking import mask_text

TokenSource = Callable[[], str | Awaitable[str]]
"""Returns a token each time that one is needed. An asynchronous client may have one that is awaited."""

LEEWAY = 30
"""Seconds before its end at which a JWT is renewed."""

MOST_KEPT = 16
"""How many of a function's newest tokens are masked."""


class Token:
    """An access token that neither its `repr` nor a pickle gives away.

    A pickled one comes back empty; a copy is the same object.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str | None = None) -> None:
        self._value = value

    @classmethod
    def of(cls, value: "str | Token | TokenSource | None") -> "Token":
        """Take a token as it is, or wrap a text or a function. It never raises, so that no traceback shows a text."""
        if isinstance(value, Token):
            return value
        return RenewedToken(value) if callable(value) else Token(value)

    def fault(self) -> str | None:
        """Say what is wrong with the token, without showing it; None where nothing is."""
        if not isinstance(self._value, str):
            return "is missing" if self._value is None else f"is a {type(self._value).__name__}; it should be a string"
        if not self._value:
            return "is empty"
        if not (self._value.isascii() and self._value.isprintable()) or " " in self._value:
            return "has characters that no token has, such as a space or the end of a line"
        return None

    def reveal(self) -> str:
        """Give the token itself."""
        return self._value or ""

    def renewed(self) -> str:
        """Give the token for a request; one that comes from a function may be a new one."""
        return self.reveal()

    async def arenewed(self) -> str:
        """Do as `renewed` does, awaited."""
        return self.reveal()

    def masked(self, text: str) -> str:
        """Mask the token in a text, however it is written."""
        return mask_text(text, [self._value], long=1) if self._value else text

    def __repr__(self) -> str:
        return "Token(****)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Token) and hmac.compare_digest(self.reveal().encode(), other.reveal().encode())

    def __hash__(self) -> int:
        return hash((Token, self._value))

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __reduce__(self) -> tuple[type["Token"], tuple[()]]:
        return Token, ()


class RenewedToken(Token):
    """A token that a function gives.

    One that is a JWT is used until shortly before it ends, any other for one request. Several threads or tasks that
    need a token at once wait for one call of the function.

    Args:
        source: the function.
    """

    __slots__ = ("_given", "_lock", "_renew_at", "_source", "_task_lock")

    def __init__(self, source: TokenSource) -> None:
        super().__init__()
        self._source = source
        self._given: deque[str] = deque(maxlen=MOST_KEPT)
        self._renew_at = 0.0
        self._lock = threading.Lock()
        self._task_lock: Any = None

    def fault(self) -> str | None:
        """Say that nothing is wrong, as far as can be told before it is needed."""
        return None

    def reveal(self) -> str:
        """Give the last token; empty before the first."""
        return self._given[-1] if self._given else ""

    def renewed(self) -> str:
        """Give a token for a request.

        Raises:
            ConfigurationError: the function gives none, or is to be awaited.
        """
        with self._lock:
            if time.time() < self._renew_at:
                return self.reveal()
            given = Token(cast("str", self._source()))  # a traceback shows what a local holds
            if inspect.isawaitable(given._value):
                if inspect.iscoroutine(given._value):
                    given._value.close()
                raise ConfigurationError("token is an asynchronous function; it goes with an asynchronous client")
            return self._keep(given)

    async def arenewed(self) -> str:
        """Do as `renewed` does, awaited; the function runs in a thread, as it may take long."""
        from anyio import Lock, to_thread  # noqa: PLC0415 - httpx loads it for asynchronous clients alone

        if self._task_lock is None:
            self._task_lock = Lock()
        async with self._task_lock:
            if time.time() < self._renew_at:
                return self.reveal()
            given = Token(cast("str", await to_thread.run_sync(self._source)))
            if inspect.isawaitable(given._value):
                given = Token(await given._value)
            return self._keep(given)

    def masked(self, text: str) -> str:
        """Mask the newest tokens in a text."""
        return mask_text(text, list(self._given), long=1)

    def _keep(self, given: Token) -> str:
        fault = given.fault()
        if fault:
            raise ConfigurationError(f"token {fault}; the function should give an access token")
        if given.reveal() in self._given:
            self._given.remove(given.reveal())
        self._given.append(given.reveal())
        self._renew_at = expiry(given.reveal()) - LEEWAY
        return given.reveal()

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)


def expiry(token: str) -> float:
    """Read when a JWT ends, in seconds since 1970, without verifying it; 0 if it does not say."""
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return float(claims["exp"])
    except (ArithmeticError, IndexError, KeyError, TypeError, ValueError, RecursionError):
        return 0.0


class TokenAuth(httpx.Auth):
    """Puts the token into a header of each request to one origin.

    Args:
        token: the token.
        prefix: the scheme before it; empty for none.
        header: the header that carries it.
        origin: address of the API; what goes elsewhere goes without the token.
    """

    def __init__(self, token: Token, prefix: str, header: str, origin: str) -> None:
        self._token = token
        self._prefix = prefix
        self._header = header
        self._origin = httpx.URL(origin)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._header}: ****)"

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the header."""
        if same_origin(request.url, self._origin):
            request.headers[self._header] = f"{self._prefix} {self._token.renewed()}".lstrip()
        yield request

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Do as `sync_auth_flow` does, awaited."""
        if same_origin(request.url, self._origin):
            request.headers[self._header] = f"{self._prefix} {await self._token.arenewed()}".lstrip()
        yield request

    def drop(self, request: httpx.Request) -> None:
        """Take the header away from a request to another origin, such as one that a redirect led to."""
        if not same_origin(request.url, self._origin):
            self.forget(request)

    async def adrop(self, request: httpx.Request) -> None:
        """Do as `drop` does."""
        self.drop(request)

    def forget(self, request: httpx.Request) -> None:
        """Take the header away from a request that is over."""
        request.headers.pop(self._header, None)
