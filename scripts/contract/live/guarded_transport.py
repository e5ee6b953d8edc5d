"""Puts a gateway around what sends requests: `httpx`, for the flows, and `requests`, which schemathesis sends with."""

import io
import json
from typing import Any

import httpx
import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse

from buildkite_emulator.spec import Spec
from scripts.contract.http.bounded import BoundedTransport
from scripts.contract.http.errors import LostWrite, Unreadable
from scripts.contract.http.outgoing_request import Refused, Request
from scripts.contract.live.gateway import Broken, Gateway, GatewayResponse, Lost, NotSent
from scripts.contract.live.guard import READS

MARK = "X-Contract-Guard"
"""Header of an answer that did not come from the API: ``refused``, ``lost`` or ``unreadable``."""

CUT = ("without sending a response", "peer closed connection", "incomplete")
"""What the errors of libraries say where a connection was cut, which may be the network's fault."""


NOT_SENT = (
    requests.exceptions.ConnectTimeout,
    requests.exceptions.ProxyError,
    requests.exceptions.SSLError,
)
"""Errors of `requests` before a request is sent."""


class GuardedTransport(httpx.BaseTransport):
    """A transport for `httpx.Client` whose requests go through a gateway.

    Args:
        gateway: the gateway.
        inner: sends what may be sent.
    """

    def __init__(self, gateway: Gateway, inner: httpx.BaseTransport | None = None) -> None:
        self._gateway = gateway
        self._inner = BoundedTransport(inner)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request.

        Raises:
            Refused: by the guard.
            LostWrite: nobody knows what became of it.
            httpx.DecodingError: the answer cannot be read.
            Outage: the API is not there.
        """
        request.read()
        headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw)
        url = f"{request.url.scheme}://{request.url.netloc.decode()}{request.url.raw_path.decode('latin-1')}"

        def read(path: str) -> GatewayResponse[httpx.Response]:
            authorization = {"Authorization": f"Bearer {self._gateway.token}"}
            address = request.url.copy_with(raw_path=path.encode())
            return self._transmit(httpx.Request("GET", address, headers=authorization, extensions=request.extensions))

        sent = Request(request.method, url, headers, request.content)
        try:
            return self._gateway.send(sent, lambda: self._transmit(request), read).native
        except Lost as error:
            raise LostWrite(str(error), request=request) from None
        except Unreadable as error:
            raise httpx.DecodingError(str(error), request=request) from None

    def _transmit(self, request: httpx.Request) -> GatewayResponse[httpx.Response]:
        try:
            response = self._inner.handle_request(request)
            body = response.read()
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise NotSent(described(error)) from None
        except (httpx.DecodingError, httpx.ProtocolError) as error:
            is_cut = any(part in str(error) for part in CUT)
            raise (Broken if is_cut else Unreadable)(f"{described(error)}: {error}") from None
        except httpx.TransportError as error:
            raise Broken(described(error)) from None
        return GatewayResponse(response.status_code, response.headers, body, response)

    def close(self) -> None:
        """Close what sends the requests."""
        self._inner.close()


def guard_requests(gateway: Gateway, spec: Spec | None = None) -> None:
    """Send everything that this process sends with `requests` through a gateway, from now on.

    It is done where a request becomes bytes, so that neither a session of somebody's own nor a redirect goes around it.
    A request that the guard refuses, and a write that was lost, gets an answer that looks like a refusal of the API.

    Args:
        gateway: the gateway.
        spec: has the operations.
    """
    known = spec or Spec.load()
    send = HTTPAdapter.send

    def guarded(self: HTTPAdapter, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        if str(request.url).startswith("http:"):
            options["proxies"] = None  # else a proxy would get the token as plain text

        def transmit(request: requests.PreparedRequest = request) -> GatewayResponse[requests.Response]:
            try:
                response = send(self, request, **options)
                return GatewayResponse(
                    response.status_code, httpx.Headers(dict(response.headers)), response.content, response
                )
            except requests.exceptions.RequestException as error:
                raise kind_of(error)(described(error)) from None

        def read(path: str) -> GatewayResponse[requests.Response]:
            headers = {"Authorization": f"Bearer {gateway.token}"}
            return transmit(requests.Request("GET", origin_of(request) + path, headers=headers).prepare())

        try:
            return gateway.send(as_request(request), transmit, read).native
        except Unreadable as error:
            gateway.report_unreadable(request.path_url, str(request.method), str(error))
            return local_answer(request, known, "unreadable")
        except (Refused, Lost) as error:
            return local_answer(request, known, "lost" if isinstance(error, Lost) else "refused")

    def send_all(
        self: HTTPAdapter, request: requests.PreparedRequest, *values: Any, **options: Any
    ) -> requests.Response:
        names = ("stream", "timeout", "verify", "cert", "proxies")
        return guarded(self, request, **dict(zip(names, values, strict=False)), **options)

    HTTPAdapter.send = send_all  # type: ignore[method-assign]


def kind_of(error: requests.exceptions.RequestException) -> type[Exception]:
    """Say what an error of `requests` means: nothing was sent, a connection was cut, or an answer cannot be read."""
    if isinstance(error, NOT_SENT) or "NewConnectionError" in repr(error):
        return NotSent
    is_cut = isinstance(error, requests.exceptions.ConnectionError | requests.exceptions.ChunkedEncodingError)
    if isinstance(error, requests.exceptions.Timeout) or (is_cut and "BadStatusLine" not in repr(error)):
        return Broken
    return Unreadable


def as_request(request: requests.PreparedRequest) -> Request:
    """Describe a request of `requests` as it would be sent.

    Raises:
        Refused: its body is of a kind that nobody can look at before it is sent.
    """
    body = request.body
    if isinstance(body, str):
        body = body.encode()
    if not isinstance(body, bytes | None):
        raise Refused("the body is a stream")
    headers = tuple((decoded(name), decoded(value)) for name, value in request.headers.items())
    return Request(str(request.method), f"{origin_of(request)}{request.path_url}", headers, body or b"")


def origin_of(request: requests.PreparedRequest) -> str:
    """Give scheme, host and port of a request."""
    return "/".join(str(request.url).split("/")[:3]).partition("?")[0].partition("#")[0]


def local_answer(request: requests.PreparedRequest, spec: Spec, mark: str) -> requests.Response:
    """Make an answer that looks as if the API had refused a request.

    Args:
        request: the request.
        spec: has the operation's refusals.
        mark: why there is no real one.
    """
    path = request.path_url.partition("?")[0]
    found = spec.match(path.encode("utf-8", "replace"))
    operations = found.operations if found else {}
    operation = operations.get(str(request.method)) or next(iter(spec.operations.values()))
    status, headers, body = refusal(spec, operation.id)
    if operations and request.method not in {*operations, *READS}:
        status = httpx.codes.METHOD_NOT_ALLOWED
        headers["Allow"] = ", ".join(sorted(operations))
    raw = HTTPResponse(
        io.BytesIO(body),
        {**headers, "Content-Length": str(len(body)), MARK: mark},
        status,
        reason=httpx.codes.get_reason_phrase(status),
        request_method=request.method,
        preload_content=False,
    )
    return HTTPAdapter().build_response(request, raw)


def refusal(spec: Spec, operation_id: str) -> tuple[int, dict[str, str], bytes]:
    """Make the answer of an operation that finds nothing: its status, headers and body, by the spec's examples."""
    operation = spec.operations[operation_id]
    status = operation.errors["NotFound"]
    response = spec.responses(operation)[str(status)]
    headers = {
        name: str(spec.follow(header)["schema"]["examples"][0]) for name, header in response.get("headers", {}).items()
    }
    media_type, content = next(iter(response["content"].items()))
    example = spec.follow(next(iter(content["examples"].values())))["value"]
    return status, {**headers, "Content-Type": media_type}, json.dumps(example).encode()


def decoded(value: str | bytes) -> str:
    """Give a header's name or value as text."""
    return value if isinstance(value, str) else value.decode("latin-1")


def described(error: Exception) -> str:
    """Write an error for people, in one line and without the address, which may hold anything."""
    return type(error).__name__
