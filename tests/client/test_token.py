"""The access token goes to the API and shows nowhere else."""

import asyncio
import copy
import gc
import json
import logging
import pickle
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest

import buildkite_packages
from buildkite_packages import (
    AsyncPackageRegistries,
    AuthenticatedClient,
    Client,
    ConfigurationError,
    PackageRegistries,
    ResponseError,
    Retry,
    UnexpectedResponse,
)
from buildkite_packages.api.registries import list_registries
from buildkite_packages.http.credentials import Token
from tests.support.client import Kind

TOKEN = "bkua_s3cret/value+1"  # noqa: S105 - looked for
ESCAPED = "bkua_s3cret%2Fvalue%2B1"
SECRET = "registry-s3cret"  # noqa: S105 - of a new registry token
URL = "http://localhost:1"
VARIABLES = ("BUILDKITE_API_TOKEN", "BUILDKITE_ORGANIZATION_SLUG", "BUILDKITE_REST_API_ENDPOINT")
PACKAGE = str(Path(buildkite_packages.__file__).parent)

Answer = Callable[[httpx.Request], httpx.Response]
Patch = pytest.MonkeyPatch


@pytest.fixture(autouse=True)
def logs(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Log everything of every logger, and see after the test that no token was in it."""
    caplog.set_level(logging.DEBUG)
    for name in ("httpx", "httpcore", "buildkite_packages"):
        caplog.set_level(logging.DEBUG, name)
    yield
    shows_nothing("\n".join(f"{record.getMessage()} {vars(record)}" for record in caplog.get_records("call")))


def shows_nothing(text: str) -> None:
    """See that no secret is in a text."""
    assert [secret for secret in (TOKEN, ESCAPED, SECRET) if secret in text] == []


def frames_of_the_package(shown: traceback.TracebackException) -> Iterator[str]:
    """Give the locals of the frames of the client, attrs' for it included, of an error and its causes."""
    for frame in shown.stack:
        if frame.filename.startswith((PACKAGE, "<attrs generated")):
            yield f"{frame.filename} {frame.locals}"
    for other in (shown.__cause__, shown.__context__):
        if other is not None:
            yield from frames_of_the_package(other)


def examine(error: BaseException) -> None:
    """Look for secrets in all that an error shows: text, pickles, attributes, traceback, the package's frames."""
    shows_nothing("".join(traceback.format_exception(error)))
    shown = traceback.TracebackException.from_exception(error, capture_locals=True)
    shows_nothing("\n".join(frames_of_the_package(shown)))
    seen: list[BaseException | None] = [error]
    for each in seen:
        if each is None:
            continue
        seen += [other for other in (each.__cause__, each.__context__) if other not in seen]
        shows_nothing(f"{each} {each!r} {each.args} {vars(each)}")
        request = getattr(each, "_request", None)
        if request is not None:
            shows_nothing(f"{request} {request.headers.raw}")
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            with suppress(TypeError, AttributeError, pickle.PicklingError):  # what httpx's own errors may hold
                shows_nothing(pickle.dumps(each, protocol).decode("latin-1"))


def answered(kind: Kind, answer: Answer, **settings: Any) -> Any:
    """Make a client whose requests a function answers."""
    return kind.answered(answer, token=TOKEN, url=URL, **settings)


def nothing(_: httpx.Request) -> httpx.Response:
    """Answer with an empty list."""
    return httpx.Response(200, json=[])


def echo(status: int, **more: Any) -> Answer:
    """Make a server that repeats the token wherever an answer can hold it."""

    def answer(request: httpx.Request) -> httpx.Response:
        assert request.headers["Authorization"] == f"Bearer {TOKEN}"
        repeated = f"you sent {TOKEN}, or {ESCAPED}"
        body = {"message": repeated, TOKEN: [repeated], "errors": [{"field": repeated, "code": TOKEN}], **more}
        escaped = json.dumps(body).replace("/", "\\/").replace("s3cret", "\\u00733cret")
        headers = {"X-Echo": repeated, TOKEN.replace("/", "-"): "x", "Content-Type": f"text/{TOKEN}"}
        return httpx.Response(status, content=escaped, headers=headers)

    return answer


@pytest.mark.parametrize("status", [200, 302, 401, 403, 404, 418, 422, 429, 500, 503])
def test_an_error_does_not_repeat_it(kind: Kind, status: int) -> None:
    """Where the answer repeats the token, in its message, its fields, its headers or escaped, the error does not."""
    client = answered(kind, echo(status), retry=Retry(attempts=2, first_backoff=0))
    if status != 200:  # an object is what is documented there
        with pytest.raises(ResponseError, match=r"you sent \*{4}, or \*{4}") as raised:
            kind.run(client.registries.create(name="x", ecosystem="ruby"))
        examine(raised.value)
    with pytest.raises(ResponseError) as raised:
        kind.run(client.registries.list())
    examine(raised.value)


def test_a_token_in_an_address(kind: Kind, caplog: pytest.LogCaptureFixture) -> None:
    """A token that was passed as a registry's slug is masked in the address that an error holds."""
    with pytest.raises(ResponseError) as raised:
        kind.run(answered(kind, lambda _: httpx.Response(404)).registries.get(TOKEN))
    assert raised.value.url.endswith("/my-org/registries/****")
    for error in (raised.value, pickle.loads(pickle.dumps(raised.value))):  # noqa: S301 - made here
        shows_nothing(f"{error} {error!r} {vars(error)} {pickle.dumps(error, 0).decode('latin-1')}")
    caplog.clear()  # httpx logs the address


def test_a_retry_does_not_show_it(kind: Kind) -> None:
    """What is told of a wait, in the log or to a function, holds no token; neither does the error of the request."""
    left: list[Any] = [httpx.ConnectError, httpx.ReadError, 503, 429, 200]
    told: list[BaseException] = []

    def answer(request: httpx.Request) -> httpx.Response:
        given = left.pop(0)
        if isinstance(given, type):
            raise given("no", request=request)
        return echo(given)(request) if given != 200 else httpx.Response(200, json=[])

    retry = Retry(first_backoff=0, on_wait=lambda wait: told.append(wait.reason))
    assert kind.run(answered(kind, answer, retry=retry).registries.list()) == []
    assert [type(each).__name__ for each in told] == ["ConnectError", "ReadError", "ServerError", "RateLimited"]
    for error in told:
        examine(error)


@pytest.mark.parametrize("name", ["Authorization", "X-Token"])
@pytest.mark.parametrize(
    "kind", [httpx.ConnectError, httpx.ReadTimeout, httpx.RemoteProtocolError, httpx.DecodingError]
)
def test_a_transport_error_does_not_show_it(kind: type[httpx.RequestError], name: str) -> None:
    """The request that an error of httpx holds has no token any more, in whatever header it was."""

    def answer(request: httpx.Request) -> httpx.Response:
        assert TOKEN in request.headers[name]
        raise kind("no", request=request)

    settings: dict[str, Any] = {"auth_header_name": name, "retry": None}
    client = AuthenticatedClient(URL, TOKEN, **settings, httpx_args={"transport": httpx.MockTransport(answer)})
    with client, pytest.raises(kind) as raised:
        list_registries.sync("my-org", client=client)
    assert raised.value.request.method == "GET"
    examine(raised.value)
    with pytest.raises(kind) as raised:
        asyncio.run(list_awaited(client))
    examine(raised.value)


async def list_awaited(client: AuthenticatedClient) -> object:
    """List the registries."""
    async with client:
        return await list_registries.asyncio("my-org", client=client)


def test_a_success_does_not_show_it(buildkite_emulator: Any) -> None:
    """A call over a socket that succeeds shows no token, in no log and nothing that it gives."""
    with PackageRegistries.from_env() as facade:
        registry = facade.registries.create(name="x", ecosystem="ruby")
        created = facade.registry_tokens.create(registry.slug, description="x")
        client = facade.client.with_timeout(None)
        detailed = list_registries.sync_detailed("my-org", client=client)
        client.get_httpx_client().close()
        shown = f"{registry} {created} {detailed} {facade} {facade.registries}"
    assert buildkite_emulator.token not in shown
    assert created.token
    assert str(created.token) not in shown


def test_the_secret_of_a_new_registry_token_does_not_show(kind: Kind) -> None:
    """An answer that is not what the spec promises may hold a new registry token's secret; the error does not."""

    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=[{"token": SECRET, "id": SECRET, "description": 7, "url": SECRET}])

    with pytest.raises(UnexpectedResponse) as raised:
        kind.run(answered(kind, answer).registry_tokens.create("files", description="x"))
    examine(raised.value)
    assert raised.value.__context__ is None


@pytest.mark.parametrize("status", [422, 500])
def test_a_failed_publish_does_not_show_it(kind: Kind, status: int) -> None:
    """A publish that fails shows no token, for all that it looks up on the way."""
    client = answered(kind, echo(status), retry=Retry(attempts=2, first_backoff=0))
    with pytest.raises(ResponseError) as raised:
        kind.run(client.packages.publish("files", b"x", filename="tool-1.0.0.bin", skip_existing=True))
    examine(raised.value)


@pytest.mark.parametrize(
    "make",
    [
        lambda: PackageRegistries(TOKEN, "my-org", base_url="ftp://x"),
        lambda: PackageRegistries(TOKEN, "my-org", base_url="http://api.example.com"),
        lambda: PackageRegistries(TOKEN, "my-org", base_url="https://[::1"),
        lambda: PackageRegistries(TOKEN, "my-org", base_url=None),  # type: ignore[arg-type]
        lambda: PackageRegistries(TOKEN, ""),
        lambda: PackageRegistries(TOKEN, "my-org").with_organization(""),
        lambda: PackageRegistries(f"{TOKEN}\n", "my-org"),
        lambda: PackageRegistries(f"{TOKEN} {TOKEN}", "my-org"),
        lambda: PackageRegistries(f"{TOKEN}ä", "my-org"),
        lambda: PackageRegistries("", "my-org"),
        lambda: PackageRegistries(TOKEN.encode(), "my-org"),  # type: ignore[arg-type]
        lambda: PackageRegistries([TOKEN], "my-org"),  # type: ignore[arg-type]
        lambda: AsyncPackageRegistries(None, "my-org"),  # type: ignore[arg-type]
        lambda: AuthenticatedClient("no address", TOKEN),
        lambda: AuthenticatedClient(URL, f"{TOKEN}\n"),
        lambda: AuthenticatedClient(URL, TOKEN, "Bearer\n"),
        lambda: AuthenticatedClient(URL, TOKEN, "Bäärer"),
        lambda: AuthenticatedClient(URL, TOKEN, auth_header_name="X Token"),
        lambda: PackageRegistries.from_env(token=f"{TOKEN}\n", organization="my-org"),
        lambda: PackageRegistries.from_env(token=TOKEN),
    ],
)
def test_a_wrong_setting_does_not_show_it(make: Callable[[], object], monkeypatch: Patch) -> None:
    """What is wrong with a setting is said in a line that names it and shows no token, nor does any frame."""
    unset(monkeypatch)
    with pytest.raises(
        ConfigurationError, match=r"^(base_url|organization|token|prefix|auth_header_name|BUILD\w+) "
    ) as raised:
        make()
    examine(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "address",
    [
        f"https://{TOKEN}@api.example.com",
        f"https://{TOKEN}:@api.example.com",
        f"ftp://user:{TOKEN}@api.example.com",
        f"user:{TOKEN}@api.example.com",
        f"https://user:{TOKEN}@[",
        f"https://api.example.com/?token={TOKEN}",
        f"https://api.example.com/#{TOKEN}",
    ],
)
def test_an_address_with_a_secret_is_not_repeated(address: str) -> None:
    """An address that holds a user name, a password, a query or a fragment is refused in words without those."""
    with pytest.raises(ConfigurationError, match=r"^base_url (holds|has) ") as raised:
        Client(address)
    shows_nothing("".join(traceback.format_exception(raised.value)))


def test_a_wrong_argument_does_not_show_it() -> None:
    """An argument that there is not, or one that is missing, shows no token in the frames of the package."""
    mistakes: tuple[Callable[[], Any], ...] = (
        lambda: PackageRegistries(TOKEN),  # type: ignore[call-arg]
        lambda: PackageRegistries(TOKEN, "my-org", colour="red"),  # type: ignore[call-arg]
        lambda: PackageRegistries.from_env(token=TOKEN, organization="my-org", colour="red"),  # type: ignore[call-arg]
        lambda: PackageRegistries(TOKEN, "my-org", retry=Retry(attempts=0)),
        lambda: PackageRegistries(TOKEN, "my-org", headers=7),  # type: ignore[arg-type]
        lambda: AuthenticatedClient(token=TOKEN),  # type: ignore[call-arg]
        lambda: AuthenticatedClient(URL, TOKEN, colour="red"),  # type: ignore[call-arg]
        lambda: AuthenticatedClient(URL, TOKEN, httpx_args={"colour": "red"}).get_httpx_client(),
    )
    for mistake in mistakes:
        with pytest.raises((TypeError, ValueError)) as raised:
            mistake()
        examine(raised.value)


def unset(monkeypatch: Patch) -> None:
    """Take the client's variables out of the environment."""
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)


NO_ACCESS = "BUILDKITE_API_TOKEN is not set; it should be an API access token"
NO_ORGANIZATION = "BUILDKITE_ORGANIZATION_SLUG is not set; it should be the organization's slug"
EMPTY_ENDPOINT = "it should be the address of the API, or not set at all for the service itself"
NO_LINE = "has characters that no token has, such as a space or the end of a line; give an API access token"


@pytest.mark.parametrize(
    ("token", "organization", "endpoint", "message"),
    [
        (None, None, None, f"{NO_ACCESS}; {NO_ORGANIZATION}"),
        (TOKEN, None, None, NO_ORGANIZATION),
        ("", "my-org", None, NO_ACCESS.replace("not set", "set and empty")),
        (TOKEN, " \t", None, NO_ORGANIZATION.replace("not set", "set and empty")),
        (TOKEN, "my-org", "", f"BUILDKITE_REST_API_ENDPOINT is set and empty; {EMPTY_ENDPOINT}"),
        (f"{TOKEN}\n", "my-org", None, f"BUILDKITE_API_TOKEN: token {NO_LINE}"),
        (
            TOKEN,
            "my-org",
            "https://user:password@x",
            "BUILDKITE_REST_API_ENDPOINT: base_url holds a user name or password; the token is the only credential",
        ),
    ],
    ids=["none", "no organization", "empty", "blank", "empty endpoint", "line", "password"],
)
def test_an_error_names_the_variable(
    monkeypatch: Patch, token: str | None, organization: str | None, endpoint: str | None, message: str
) -> None:
    """Where the environment lacks a variable, or one is wrong, the error names it, and shows no token."""
    unset(monkeypatch)
    for name, value in zip(VARIABLES, (token, organization, endpoint), strict=True):
        if value is not None:
            monkeypatch.setenv(name, value)
    for kind in (PackageRegistries, AsyncPackageRegistries):
        with pytest.raises(ConfigurationError) as raised:
            kind.from_env()
        assert str(raised.value) == message
        examine(raised.value)


def test_an_argument_counts_in_place_of_a_variable(monkeypatch: Patch) -> None:
    """What `from_env` is given counts; what it is given as None is taken from the environment."""
    monkeypatch.setenv("BUILDKITE_API_TOKEN", "of the environment")
    monkeypatch.setenv("BUILDKITE_ORGANIZATION_SLUG", "my-org")
    monkeypatch.setenv("BUILDKITE_REST_API_ENDPOINT", URL)
    facade = PackageRegistries.from_env(token=TOKEN, organization=None, base_url="https://api.example.com")
    assert facade.client.token == Token(TOKEN)
    assert repr(facade) == "PackageRegistries(organization='my-org', base_url='https://api.example.com')"
    with pytest.raises(ConfigurationError, match=r"^organization is ''"):
        PackageRegistries.from_env(token=TOKEN, organization="")


def test_no_object_shows_it(kind: Kind) -> None:
    """No `repr`, `str` or pickle of a client that was used, and of all that it holds, shows the token."""
    facade = answered(kind, nothing)
    kind.run(facade.registries.list())
    reached = [facade, facade.registries, facade.packages.list("files"), facade.client, Token(TOKEN)]
    for each in reached:  # grows
        if len(reached) < 3000:
            known = {id(other) for other in reached}
            reached += [
                other
                for other in gc.get_referents(each)
                if id(other) not in known
                and not isinstance(other, ModuleType | type | str)
                and type(other).__module__.partition(".")[0] in {"buildkite_packages", "httpx"}
            ]
            held = getattr(each, "__dict__", {}).values()
            reached += [other for other in held if id(other) not in known and type(other).__module__ != "builtins"]
    assert {"Token", "TokenAuth"} <= {type(each).__name__ for each in reached}
    for each in reached:
        shows_nothing(f"{each!r} {each}")
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        for given in (Token(TOKEN), facade, facade.client):
            shows_nothing(pickle.dumps(given, protocol).decode("latin-1"))


def test_a_client_out_of_a_pickle_says_that_it_has_none(kind: Kind) -> None:
    """A client that was pickled keeps its settings but not the token, and says so when it is used."""
    given = answered(kind, nothing)
    facade = pickle.loads(pickle.dumps(given))  # noqa: S301 - made here
    assert repr(facade) == repr(given)
    with pytest.raises(ConfigurationError, match=r"^token is missing; a client that was pickled has none"):
        kind.run(facade.registries.list())
    assert kind.run(given.registries.list()) == []


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy])
def test_a_copy_keeps_it(kind: Kind, duplicate: Callable[[Any], Any]) -> None:
    """A copy of a client or a facade sends the same token."""
    sent: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request.headers["Authorization"])
        return httpx.Response(200, json=[])

    kind.run(kind.closing(duplicate(answered(kind, answer))).registries.list())
    assert sent == [f"Bearer {TOKEN}"]


@pytest.mark.parametrize("name", ["Authorization", "X-Token"])
@pytest.mark.parametrize(
    ("location", "goes_along"),
    [
        ("/other", True),
        ("http://LOCALHOST:1/other", True),
        ("http://localhost:2/other", False),
        ("https://localhost:1/other", False),
        ("http://127.0.0.1:1/other", False),
        ("http://localhost.example.com:1/other", False),
    ],
)
def test_a_redirect_elsewhere_goes_without_it(name: str, location: str, *, goes_along: bool) -> None:
    """A redirect that is followed takes the token along to the same scheme, host and port alone."""
    sent: list[tuple[str, bool]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append((request.url.path, TOKEN in str(request.headers.raw)))
        if request.url.path != "/other":
            return httpx.Response(302, headers={"Location": location})
        return httpx.Response(200, json=[])

    client = AuthenticatedClient(
        URL,
        TOKEN,
        auth_header_name=name,
        follow_redirects=True,
        httpx_args={"transport": httpx.MockTransport(answer)},
    )
    with client:
        list_registries.sync("my-org", client=client)
    asyncio.run(list_awaited(client))
    path = "/v2/packages/organizations/my-org/registries"
    assert sent == [(path, True), ("/other", goes_along)] * 2


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST", "api.localhost", "127.0.0.1", "127.8.8.8", "[::1]", "[::ffff:127.0.0.1]"]
)
def test_plain_http_to_this_machine(host: str) -> None:
    """Plain HTTP is fine where it does not leave the machine."""
    assert Client(f"http://{host}:8787").base_url == f"http://{host}:8787"


@pytest.mark.parametrize(
    "host",
    [
        "api.example.com",
        "10.0.0.1",
        "localhost.example.com",
        "127.0.0.1.example.com",
        "[::2]",
        "[::ffff:10.0.0.1]",
        "192.168.0.1",
        "127.1.x",
    ],
)
def test_plain_http_over_a_network(host: str) -> None:
    """Plain HTTP over a network is refused unless it is asked for."""
    for make in (
        lambda **settings: PackageRegistries(TOKEN, "my-org", base_url=f"http://{host}", **settings),
        lambda **settings: AuthenticatedClient(f"http://{host}", TOKEN, **settings),
    ):
        with pytest.raises(ConfigurationError, match="plain HTTP would show the token to the network; use https, or"):
            make()
        make(allow_http=True)


def test_a_token_in_its_own_words() -> None:
    """A token is equal to itself alone, and may be given in place of its text."""
    token = Token(TOKEN)
    assert token == Token(TOKEN)
    assert token != Token("other")
    assert hash(token) == hash(Token(TOKEN))
    assert PackageRegistries(token, "my-org").client.token is token
