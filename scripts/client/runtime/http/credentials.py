"""The access token, kept where nothing shows it."""

import hmac
from collections.abc import Generator
from typing import Self

import httpx

from .addresses import same_origin
from .masking import mask_text


class Token:
    """An access token that neither its `repr` nor a pickle gives away.

    A pickled one comes back empty; a copy is the same object.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str | None = None) -> None:
        self._value = value

    @classmethod
    def of(cls, value: "str | Token | None") -> "Token":
        """Take a token as it is, or wrap a text. This never raises, so that no traceback shows the text."""
        return value if isinstance(value, Token) else Token(value)

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

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the header."""
        if same_origin(request.url, self._origin):
            request.headers[self._header] = f"{self._prefix} {self._token.reveal()}".lstrip()
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
