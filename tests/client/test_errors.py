"""The client's errors: each provoked by an answer, what it carries, what it says, and that it survives a pickle."""

import asyncio
import copy
import importlib
import inspect
import json
import pickle
import re
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

import buildkite_packages
import buildkite_packages.models
from buildkite_emulator.testing import RunningEmulator
from buildkite_packages import (
    AsyncPackageRegistries,
    AuthenticatedClient,
    Forbidden,
    NotFound,
    PackageRegistries,
    RateLimited,
    ResponseError,
    ServerError,
    StatusError,
    Unauthorized,
    UnexpectedResponse,
    UnexpectedStatus,
    ValidationFailed,
    errors,
)
from scripts.servers.api import SPEC

TOKEN = "s3cret-value"  # noqa: S105 - of a mock
ORGANIZATION = "my-org"

Fail = Callable[..., ResponseError]
"""Calls an operation, which must fail, and gives the error."""

WAYS = ("method", "awaited method", "sync", "sync_detailed", "asyncio", "asyncio_detailed")


def outcome(  # noqa: PLR0913 - who calls, and what
    way: str, url: str, token: str, tag: str, operation: str, *path: Any, transport: Any = None, **named: Any
) -> Any:
    """Call an operation in a way, without trying again."""
    settings: dict[str, Any] = {"retry": None, "httpx_args": {"transport": transport} if transport else {}}
    is_async = way.startswith("a")
    client: Any
    if "method" in way:
        client = (AsyncPackageRegistries if is_async else PackageRegistries)(
            token, ORGANIZATION, base_url=url, **settings
        )
        method = getattr(getattr(client, tag), operation.partition("_")[0])
    else:
        client = AuthenticatedClient(url, token, **settings)
        method = getattr(importlib.import_module(f"buildkite_packages.api.{tag}.{operation}"), way)
        if named:
            verb, _, noun = operation.partition("_")
            model = getattr(buildkite_packages.models, f"{noun.title()}{verb.title()}")
            named = {"body": model.from_dict(named)}
        path, named = (ORGANIZATION, *path), {**named, "client": client}
    if not is_async:
        with client:
            return method(*path, **named)

    async def within() -> Any:
        async with client:
            return await method(*path, **named)

    return asyncio.run(within())


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    """Give each way to call an operation."""
    name: str = request.param
    return name


@pytest.fixture
def fail(way: str, buildkite_emulator: RunningEmulator) -> Fail:
    """Give what calls an operation of the emulator that must fail."""

    def call(tag: str, operation: str, *path: Any, token: str = "", **named: Any) -> ResponseError:
        with pytest.raises(ResponseError) as raised:
            outcome(way, buildkite_emulator.url, token or buildkite_emulator.token, tag, operation, *path, **named)
        return survived(raised.value)

    return call


def survived(error: ResponseError) -> ResponseError:
    """See that an error is one readable line, and is the same out of a pickle and as a copy; gives it."""
    assert "\n" not in str(error)
    assert str(error).isprintable()
    assert len(str(error)) < 2000
    same = [pickle.loads(pickle.dumps(error, protocol)) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)]  # noqa: S301
    for other in (*same, copy.copy(error), copy.deepcopy(error)):
        assert type(other) is type(error)
        assert (str(other), repr(other), vars(other)) == (str(error), repr(error), vars(error))
    return error


def answered(
    answer: httpx.Response, way: str = "sync", operation: str = "list_registries", *path: Any, **named: Any
) -> Any:
    """Call an operation that gets an answer."""
    transport = httpx.MockTransport(lambda _: answer)
    tag = "registry_tokens" if "token" in operation else "registries"
    return outcome(way, "http://localhost", TOKEN, tag, operation, *path, transport=transport, **named)


def error_of(answer: httpx.Response, *arguments: Any, **named: Any) -> ResponseError:
    """Call an operation that fails by its answer; gives the error."""
    with pytest.raises(ResponseError) as raised:
        answered(answer, *arguments, **named)
    return survived(raised.value)


def test_unauthorized(fail: Fail, buildkite_emulator: RunningEmulator) -> None:
    """A token that the API does not know raises Unauthorized, which carries what was asked and says what to check."""
    error = fail("registries", "get_registry", "banana", token="unknown")  # noqa: S106 - unknown indeed
    assert type(error) is Unauthorized
    assert (error.operation, error.status, error.method) == ("get_registry", 401, "GET")
    assert error.url == f"{buildkite_emulator.url}/v2/packages/organizations/my-org/registries/banana"
    assert error.documentation.startswith("https://buildkite.com/docs/apis/rest-api/package-registries/")
    assert isinstance(error.headers, httpx.Headers)
    assert error.headers["Content-Type"] == "application/json"
    assert error.message
    assert error.body["message"] == error.message
    assert str(error) == (
        f"get_registry ended in 401 Unauthorized: {error.message.rstrip('.')}. Check that the access token is one of "
        f"this API's, and has not been revoked. [GET {error.url}]"
    )


def test_forbidden(fail: Fail, buildkite_emulator: RunningEmulator) -> None:
    """A token without the scope raises Forbidden, which names the scopes that the spec says the operation needs."""
    token = buildkite_emulator.token_with("read_packages")
    error = fail("registries", "create_registry", token=token, name="x", ecosystem="ruby")
    assert type(error) is Forbidden
    assert error.scopes == tuple(map(tuple, SPEC.operations["create_registry"].scopes))
    assert error.scopes == (("write_registries",), ("create_registries",))
    assert "Use an access token with the scope write_registries or create_registries." in str(error)


def test_not_found(fail: Fail) -> None:
    """What does not exist raises NotFound."""
    error = fail("registries", "get_registry", "banana")
    assert type(error) is NotFound
    assert (error.status, error.message) == (404, "No registry found")
    assert "Check the names in the address" in str(error)


def test_validation_failed(fail: Fail) -> None:
    """What cannot be accepted raises ValidationFailed, with the fields at fault, which its text names."""
    error = fail("registries", "create_registry", name="---", ecosystem="ruby")
    assert type(error) is ValidationFailed
    [at_fault] = error.errors
    assert at_fault.field == "name"
    assert f"(`name`: {at_fault.code})" in str(error)


def test_rate_limited(fail: Fail, buildkite_emulator: RunningEmulator) -> None:
    """A 429 raises RateLimited, which says for how many seconds to wait."""
    buildkite_emulator.fault(operation="list_registries", status=429, reset=42)
    error = fail("registries", "list_registries")
    assert isinstance(error, RateLimited)
    assert error.seconds == 42
    assert "wait 42 seconds" in str(error)


@pytest.mark.parametrize(
    ("operation", "named", "advice"),
    [
        ("list_registries", {}, "The service failed; try again later."),
        ("create_registry", {"name": "x", "ecosystem": "ruby"}, "may have done it all the same; look before you try"),
    ],
)
@pytest.mark.parametrize("status", [500, 503, 599])
def test_server_error(  # noqa: PLR0913, PLR0917 - what goes wrong, and what is said of it
    fail: Fail, buildkite_emulator: RunningEmulator, status: int, operation: str, named: dict[str, str], advice: str
) -> None:
    """A 5xx raises ServerError, which says of a write that it may have been done."""
    buildkite_emulator.fault(operation=operation, status=status, message="out of order")
    error = fail("registries", operation, **named)
    assert type(error) is ServerError
    assert (error.status, error.message) == (status, "out of order")
    assert advice in str(error)


def test_unexpected_status(fail: Fail, buildkite_emulator: RunningEmulator) -> None:
    """A status that no operation documents raises UnexpectedStatus, which says where the documented ones are."""
    buildkite_emulator.fault(operation="list_registries", status=418)
    error = fail("registries", "list_registries")
    assert type(error) is UnexpectedStatus
    assert error.status == 418
    assert f"It is not documented at {error.documentation}" in str(error)


def test_html_with_200(fail: Fail, buildkite_emulator: RunningEmulator) -> None:
    """A success that is HTML raises UnexpectedResponse."""
    buildkite_emulator.fault(operation="list_registries", body="not_json")
    error = fail("registries", "list_registries")
    assert type(error) is UnexpectedResponse
    assert error.status == 200
    assert re.fullmatch(r"its body cannot be read as JSON: \d+ bytes with application/json", error.message)
    assert "Check that `base_url` is the API's" in str(error)


@pytest.mark.parametrize("fault", [{"body": "truncated"}, {"cut": "before"}, {"cut": "after"}], ids=str)
def test_transport_errors_are_httpx_own(way: str, buildkite_emulator: RunningEmulator, fault: dict[str, str]) -> None:
    """An answer that ends too early, or does not come, is httpx's own error."""
    buildkite_emulator.fault(operation="list_registries", **fault)
    with pytest.raises(httpx.RemoteProtocolError) as raised:
        outcome(way, buildkite_emulator.url, buildkite_emulator.token, "registries", "list_registries")
    assert raised.value.request.method == "GET"


def test_html_with_502(way: str) -> None:
    """A proxy's HTML raises ServerError, and none of the HTML is in its text."""
    error = error_of(httpx.Response(502, html="<h1>Bad Gateway</h1>"), way)
    assert type(error) is ServerError
    assert (error.message, error.body) == ("the answer does not say why", None)
    assert "list_registries ended in 502 Bad Gateway: the answer does not say why." in str(error)


@pytest.mark.parametrize(("body", "kind"), [({}, "an object"), (None, "null"), ("x", "a string")], ids=str)
def test_an_unexpected_response_says_where(way: str, body: object, kind: str) -> None:
    """JSON of another type than the spec promises raises UnexpectedResponse, which says so."""
    error = error_of(httpx.Response(200, content=json.dumps(body)), way)
    assert type(error) is UnexpectedResponse
    assert error.message.startswith(f"the document should be an array, is {kind}")
    assert f"list_registries ended in 200 OK: {error.message}. Check" in str(error)


def test_a_list_is_not_lost_for_one_item(way: str, caplog: pytest.LogCaptureFixture) -> None:
    """What of a list is not as the spec promises stays as it came, and is logged with the operation's name."""
    importlib.import_module("buildkite_packages.http.parsing")._logged.clear()
    result = answered(httpx.Response(200, json=[None, {"slug": "x", "public": None, "oidc_policy": [TOKEN]}]), way)
    first, second = result.parsed if way.endswith("detailed") else result
    assert first is None
    assert (second.slug, second.public, second.oidc_policy) == ("x", None, [TOKEN])
    said = [record.getMessage() for record in caplog.records]
    assert "list_registries: `public` of Registry should be a boolean, is null; it is kept as it came" in said
    assert "list_registries: something in the answer should be an object, is null; it is kept as it came" in said
    assert TOKEN not in caplog.text


@pytest.mark.parametrize("status", [201, 202, 299])
def test_an_undocumented_success_is_one(way: str, status: int) -> None:
    """A 2xx that is not documented is a success where its body is what is promised, even if it has no name."""
    result = answered(httpx.Response(status, json=[]), way)
    if way.endswith("detailed"):
        assert result.status_code == status
        result = result.parsed
    assert result == []


def test_a_redirect(way: str) -> None:
    """A redirect, which is not followed unless asked for, raises UnexpectedStatus and says what it may mean."""
    error = error_of(httpx.Response(301, headers={"Location": "https://elsewhere.example/"}), way)
    assert type(error) is UnexpectedStatus
    assert "The address of the API seems to be another now; check `base_url`." in str(error)


@pytest.mark.parametrize("status", [200, 422, 500])
@pytest.mark.parametrize(
    "content",
    [
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"a":' * 700 + b"1" + b"}" * 700,
        b'{"message": "no", "a":' + b"[" * 5000 + b"]" * 5000 + b"}",
        b"\xff\xfe\x00",
        b"",
        b'"\xe4"',
        b"1" * 5000,
    ],
    ids=["arrays", "objects", "closed objects", "closed arrays", "no text", "nothing", "latin 1", "long number"],
)
def test_json_that_cannot_be_read(status: int, content: bytes) -> None:
    """JSON of any depth, charset and length is an error of this package, whatever the content type says."""
    kind = {200: UnexpectedResponse, 422: ValidationFailed, 500: ServerError}[status]
    headers = {"Content-Type": "application/json; charset=no-such"}
    assert type(error_of(httpx.Response(status, content=content, headers=headers))) is kind


def test_a_charset_that_is_wrong() -> None:
    """JSON is UTF-8 whatever the content type says of it."""
    content = json.dumps({"message": "Käse fehlt"}, ensure_ascii=False).encode()
    error = error_of(httpx.Response(404, content=content, headers={"Content-Type": "text/html; charset=utf-16"}))
    assert error.message == "Käse fehlt"


@pytest.mark.parametrize("message", [None, 7, ["x"], {"x": 1}, "", "  "], ids=repr)
def test_a_message_that_says_nothing(message: object) -> None:
    """A message that is no text, or an empty one, gives way to words that say so."""
    error = error_of(httpx.Response(404, json={"message": message}))
    assert error.message == "the answer does not say why"
    assert error.body == {"message": message}


@pytest.mark.slow
def test_a_huge_message() -> None:
    """A message is kept whole, and printed cut, in one line, and without what a terminal would act on."""
    message = "first\nsecond \x1b[31mred \ud800" + "x" * 100_000
    fields = [{"field": f"field{number}", "code": "wrong\x07"} for number in range(10_000)]
    answer = httpx.Response(422, content=json.dumps({"message": message, "errors": fields}))
    error = error_of(answer, "sync", "get_registry", "slug" * 1000)
    assert error.message == message
    assert len(error.errors) == 10_000
    assert "get_registry ended in 422 Unprocessable Entity: first second \ufffd[31mred \ufffdxxx" in str(error)


@pytest.mark.parametrize(
    "fields", [None, "name", 7, {"field": "name"}, [None], ["name"], [{}], [{"field": 1, "code": None}], [[]]], ids=repr
)
def test_fields_at_fault_of_other_shapes(fields: object) -> None:
    """Fields at fault that are not what the spec says are left out, and those beside them are not."""
    good = {"field": "name", "code": "invalid"}
    assert error_of(httpx.Response(422, json={"message": "no", "errors": fields})).errors == []
    if isinstance(fields, list):
        error = error_of(httpx.Response(422, json={"message": "no", "errors": [*fields, good]}))
        assert [each.field for each in error.errors] == ["name"]


def test_a_configuration_error_survives() -> None:
    """An error that no answer made survives a pickle too."""
    error = buildkite_packages.ConfigurationError("token is empty")
    assert str(pickle.loads(pickle.dumps(error))) == "token is empty"  # noqa: S301
    other = buildkite_packages.DigestMismatch("no", "a.gem", {"sha256": "0"})
    same = pickle.loads(pickle.dumps(other))  # noqa: S301
    assert (str(same), vars(same)) == ("no", {"filename": "a.gem", "digests": {"sha256": "0"}})


def drawn() -> Iterator[tuple[str, str]]:
    """Read the tree that is drawn in the module's docstring: each class with its parent."""
    above: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        if found := re.match(r"    ((?:[│ ]   )*(?:[├└]── )?)([A-Z]\w+)(?: |$)", line):
            depth = len(found[1]) // 4
            above = [*above[:depth], found[2]]
            if depth:
                yield found[2], above[depth - 1]


def test_the_tree_is_as_drawn() -> None:
    """The tree in the docstring has each class that the module has, below its parent; all can be imported at once."""
    classes = {
        name: kind for name, kind in vars(errors).items() if inspect.isclass(kind) and issubclass(kind, Exception)
    }
    tree = dict(drawn())
    assert tree == {name: kind.__mro__[1].__name__ for name, kind in classes.items() if name in tree}
    assert {*tree, "PackageRegistriesError"} == set(classes)
    assert set(classes) <= set(buildkite_packages.__all__)
    assert set(classes) <= set(errors.__all__)


def test_each_documented_status_has_its_class() -> None:
    """Each error status of the spec has a class of the name that its response has there."""
    documented = {
        int(status): response["$ref"].rpartition("/")[2]
        for item in SPEC.document["paths"].values()
        for operation in item.values()
        if isinstance(operation, dict)
        for status, response in operation["responses"].items()
        if status != "200"
    }
    assert {status: kind.__name__ for status, kind in errors.BY_STATUS.items()} == documented
    assert all(issubclass(kind, StatusError) for kind in errors.BY_STATUS.values())
