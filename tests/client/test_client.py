"""The generated client, against the emulator: every operation, and what the client's own settings do."""

import asyncio
import hashlib
import io
import platform
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pkgutil import walk_packages
from types import ModuleType
from typing import Any
from uuid import UUID

import attrs
import httpx
import pytest

import buildkite_packages.api
from buildkite_emulator.server import BuiltEmulator
from buildkite_emulator.testing import EmulatorTransport
from buildkite_packages import (
    AsyncPackageRegistries,
    AuthenticatedClient,
    Client,
    PackageRegistries,
    __version__,
)
from buildkite_packages.api.packages import (
    copy_package,
    delete_package,
    get_package,
    list_packages,
    publish_package,
    request_presigned_upload,
)
from buildkite_packages.api.registries import (
    create_registry,
    delete_registry,
    get_registry,
    list_registries,
    update_registry,
)
from buildkite_packages.api.registry_tokens import (
    create_registry_token,
    delete_registry_token,
    get_registry_token,
    list_registry_tokens,
    update_registry_token,
)
from buildkite_packages.errors import (
    ConfigurationError,
    NotFound,
    UnexpectedResponse,
)
from buildkite_packages.models.package import Package
from buildkite_packages.models.package_list import PackageList
from buildkite_packages.models.package_publish import PackagePublish
from buildkite_packages.models.presigned_upload import PresignedUpload
from buildkite_packages.models.registry import Registry
from buildkite_packages.models.registry_create import RegistryCreate
from buildkite_packages.models.registry_token import RegistryToken
from buildkite_packages.models.registry_token_create import RegistryTokenCreate
from buildkite_packages.models.registry_token_update import RegistryTokenUpdate
from buildkite_packages.models.registry_token_with_secret import RegistryTokenWithSecret
from buildkite_packages.models.registry_update import RegistryUpdate
from buildkite_packages.types import UNSET, File, Response
from scripts.samples import packages
from scripts.servers.api import ORGANIZATION, SPEC, TOKEN, Api
from tests.support.client import Kind

pytestmark = pytest.mark.slow

SECRET = "s3cret-value"  # noqa: S105 - looked for in what is printed

LOOKALIKE = b'before\r\n--+++\r\nContent-Disposition: form-data; name="file"\r\n\r\nafter\r\n--+++--\r\n'
"""A file that a boundary of `+++` would cut."""

Make = Callable[[bool], AuthenticatedClient]
"""Makes a client, for asyncio or not."""

Call = Callable[..., Any]
"""Takes an operation's module and its function's arguments but the client; returns what was parsed."""


def client_in_process(emulator: BuiltEmulator, is_async: bool) -> AuthenticatedClient:  # noqa: FBT001
    """Make a client for an emulator of this process."""
    transport = httpx.ASGITransport(emulator.app) if is_async else EmulatorTransport(emulator.app)
    return AuthenticatedClient(base_url="http://localhost", token=TOKEN, httpx_args={"transport": transport})


@pytest.fixture(params=["in process", "over a socket"])
def make(request: pytest.FixtureRequest) -> Iterator[Make]:
    """Give what makes clients for an emulator, once in this process and once over a socket."""
    if request.param == "in process":
        emulator = request.getfixturevalue("emulator")
        yield lambda is_async: client_in_process(emulator, is_async)
    else:
        api: Api = request.getfixturevalue("served")
        yield lambda _: AuthenticatedClient(base_url=str(api.client.base_url), token=TOKEN)
        for registry in api.ok("list_registries"):
            api.ok("delete_registry", registry["slug"])


@pytest.fixture(params=["sync", "sync_detailed", "asyncio", "asyncio_detailed"])
def call(request: pytest.FixtureRequest, make: Make) -> Iterator[Call]:
    """Give each of the four functions that an operation has, as a plain function."""
    name: str = request.param
    if name.startswith("sync"):
        with make(False) as client:  # noqa: FBT003
            yield lambda module, *path, **named: parsed(getattr(module, name)(*path, client=client, **named))
    else:
        client = make(True)  # noqa: FBT003
        with asyncio.Runner() as runner:
            runner.run(client.__aenter__())
            yield lambda module, *path, **named: parsed(
                runner.run(getattr(module, name)(*path, client=client, **named))
            )
            runner.run(client.__aexit__())


def parsed(result: Any) -> Any:
    """Take the parsed answer out of a detailed one, which has to be a success."""
    if not isinstance(result, Response):
        return result
    assert result.status_code == 200
    return result.parsed


def file_of(package: tuple[str, bytes]) -> PackagePublish:
    """Make the body that publishes a package."""
    return PackagePublish(file=File(io.BytesIO(package[1]), package[0]))


def test_every_operation_works(call: Call) -> None:
    """Each of the operations, called through each of its functions, does its work and gives its type."""
    called = set()

    def do(module: ModuleType, *path: Any, **named: Any) -> Any:
        called.add(module.__name__.rpartition(".")[2])
        return call(module, ORGANIZATION, *path, **named)

    registry = do(create_registry, body=RegistryCreate(name="my registry", ecosystem="ruby"))
    assert isinstance(registry, Registry)
    assert (registry.slug, registry.description) == ("my-registry", None)
    other = do(create_registry, body=RegistryCreate(name="other", ecosystem="ruby", color="#00ff00"))
    assert do(list_registries) == [registry, other]
    assert do(get_registry, "other") == other
    changed = do(update_registry, "my-registry", body=RegistryUpdate(description="changed"))
    assert isinstance(changed, Registry)
    assert (changed.id, changed.name, changed.description) == (registry.id, "my registry", "changed")

    token = do(create_registry_token, "my-registry", body=RegistryTokenCreate(description="first"))
    assert isinstance(token, RegistryTokenWithSecret)
    assert token.token
    seen = do(get_registry_token, "my-registry", token.id)
    assert isinstance(seen, RegistryToken)
    assert do(list_registry_tokens, "my-registry") == [seen]
    renamed = do(update_registry_token, "my-registry", token.id, body=RegistryTokenUpdate(description="second"))
    assert renamed == attrs.evolve(seen, description="second")
    assert do(delete_registry_token, "my-registry", token.id) is None
    assert do(list_registry_tokens, "my-registry") == []

    assert isinstance(do(request_presigned_upload, "my-registry"), PresignedUpload)
    published = do(publish_package, "my-registry", body=file_of(packages.gem("banana", "1.0")))
    assert isinstance(published, Package)
    assert isinstance(published.id, UUID)
    assert (published.name, published.version, published.variant) == ("banana", "1.0", None)
    assert do(get_package, "my-registry", published.id) == published
    copied = do(copy_package, "my-registry", published.id, to="other")
    assert isinstance(copied, Package)
    assert (copied.digests, copied.registry.slug) == (published.digests, "other")
    assert do(delete_package, "my-registry", published.id) is None
    for slug, ids in (("my-registry", []), ("other", [copied.id])):
        listed = do(list_packages, slug, name="banana", per_page=10)
        assert isinstance(listed, PackageList)
        assert [package.id for package in listed.items] == ids
    assert do(delete_registry, "other") is None
    assert [each.slug for each in do(list_registries)] == ["my-registry"]

    modules = walk_packages(buildkite_packages.api.__path__, "buildkite_packages.api.")
    assert called == {module.name.rpartition(".")[2] for module in modules if not module.ispkg} == set(SPEC.operations)


def test_a_package_comes_through_byte_for_byte(call: Call) -> None:
    r"""A file that holds `\r\n--+++\r\n` is stored as it was sent."""
    call(create_registry, ORGANIZATION, body=RegistryCreate(name="files", ecosystem="files"))
    published = call(publish_package, ORGANIZATION, "files", body=file_of(("tool-1.0.0.bin", LOOKALIKE)))
    assert published.digests.sha256 == hashlib.sha256(LOOKALIKE).hexdigest()


def answering(answer: Callable[[httpx.Request], httpx.Response], **settings: Any) -> AuthenticatedClient:
    """Make a client whose requests a function answers."""
    transport = httpx.MockTransport(answer)
    return AuthenticatedClient(
        base_url="http://localhost", token=SECRET, httpx_args={"transport": transport}, **settings
    )


@pytest.mark.parametrize("prefix", ["Bearer", ""])
def test_nothing_shows_a_secret(prefix: str) -> None:
    """The token, headers and cookies are in no `repr` or `str`: of clients, copies, or what they hold."""
    secrets = [SECRET, "header-value", "cookie-value", "added-value"]
    client = AuthenticatedClient(
        base_url="http://localhost",
        token=SECRET,
        prefix=prefix,
        headers={"X-Key": "header-value"},
        cookies={"session": "cookie-value"},
        httpx_args={"auth": ("user", "added-value")},
    )
    copies = [client.with_headers({"X-More": "added-value"}), client.with_cookies({"more": "added-value"})]
    given = {"headers", "cookies", "httpx_args"}
    for each in [client, client.with_timeout(None), *copies]:
        for used in (each.get_httpx_client(), each.get_async_httpx_client()):
            assert SECRET not in f"{used!r}{used}{used.headers!r}"
        held = [value for name, value in each._settings.items() if name not in given]
        shown = "".join(f"{value!r}{value}" for value in [each, each.token, *held])
        assert [secret for secret in secrets if secret in shown] == []
        assert SECRET not in str(each._settings["headers"])
        each.get_httpx_client().close()
    plain = Client(base_url="http://localhost", headers={"X-Key": SECRET}, cookies={"session": SECRET})
    assert SECRET not in f"{plain!r}{plain}"


def test_the_token_goes_into_its_header() -> None:
    """The token is sent as a bearer token unless prefix or header are set otherwise, and in nothing else."""
    sent = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append({name: value for name, value in request.headers.items() if SECRET in value})
        assert SECRET not in str(request.url)
        return httpx.Response(200, json=[])

    for settings in ({}, {"prefix": ""}, {"auth_header_name": "X-Token", "prefix": "Token"}):
        with answering(answer, **settings) as client:
            list_registries.sync(ORGANIZATION, client=client)
    assert sent == [{"authorization": f"Bearer {SECRET}"}, {"authorization": SECRET}, {"x-token": f"Token {SECRET}"}]


def test_copies_leave_the_original_as_it_is() -> None:
    """`with_headers`, `with_cookies` and `with_timeout` give another client, even where the first is in use."""
    seen = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append((request.headers.get("X-A"), request.headers.get("Cookie"), request.extensions["timeout"]["read"]))
        return httpx.Response(200, json=[])

    original = answering(answer, headers={"X-A": "1"}, cookies={"a": "1"}, timeout=httpx.Timeout(1))
    before = repr(original)

    def use(client: AuthenticatedClient) -> tuple[object, ...]:
        list_registries.sync(ORGANIZATION, client=client)
        return seen.pop()

    assert use(original) == ("1", "a=1", 1)
    assert use(original.with_headers({"X-A": "2"})) == ("2", "a=1", 1)
    assert use(original.with_cookies({"b": "2"})) == ("1", "a=1; b=2", 1)
    assert use(original.with_timeout(httpx.Timeout(2))) == ("1", "a=1", 2)
    assert use(original.with_timeout(None)) == ("1", "a=1", None)
    all_three = original.with_headers({"X-B": "2"}).with_cookies({"a": "2"}).with_timeout(httpx.Timeout(3))
    assert use(all_three) == ("1", "a=2", 3)
    assert isinstance(all_three, AuthenticatedClient)
    assert use(original) == ("1", "a=1", 1)
    assert repr(original) == before


def test_header_names_are_the_same_in_any_case() -> None:
    """A header that is given again replaces the earlier one, whatever the case of its name; none goes twice."""
    seen = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append([value for name, value in request.headers.multi_items() if name in {"x-a", "user-agent"}])
        return httpx.Response(200, json=[])

    client = answering(answer, headers={"X-A": "1", "user-agent": "mine"}).with_headers({"x-a": "2"})
    list_registries.sync(ORGANIZATION, client=client)
    assert sorted(seen[0]) == ["2", "mine"]


def test_the_user_agent_names_the_client() -> None:
    """Requests name this package with its version, Python and httpx, from each kind of client."""
    agent = f"buildkite-packages/{__version__} python/{platform.python_version()} httpx/{httpx.__version__}"
    client = AuthenticatedClient("http://localhost", TOKEN)
    for each in (client, client.with_headers({"X-A": "1"}), PackageRegistries(TOKEN, ORGANIZATION).client):
        assert each.get_httpx_client().headers.get_list("User-Agent") == [agent]
        assert each.get_async_httpx_client().headers.get_list("User-Agent") == [agent]


def test_a_client_of_ones_own() -> None:
    """A given `httpx.Client` is used as it is, with its settings alone; copies do not take it over."""
    seen = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append((request.url.host, request.headers.get("Authorization"), request.headers["User-Agent"]))
        return httpx.Response(200, json=[])

    settings: dict[str, Any] = {"base_url": "https://own.example", "headers": {"User-Agent": "own"}}
    own = httpx.Client(transport=httpx.MockTransport(answer), **settings)
    own_awaited = httpx.AsyncClient(transport=httpx.MockTransport(answer), **settings)
    client = answering(answer)
    assert client.set_httpx_client(own) is client
    assert client.set_async_httpx_client(own_awaited) is client
    assert (client.get_httpx_client(), client.get_async_httpx_client()) == (own, own_awaited)
    list_registries.sync(ORGANIZATION, client=client)
    asyncio.run(list_registries.asyncio(ORGANIZATION, client=client))
    assert seen == [("own.example", None, "own")] * 2
    assert client.with_headers({}).get_httpx_client() is not own
    own.close()


@pytest.mark.parametrize("kind", [PackageRegistries, AsyncPackageRegistries])
def test_copies_of_a_facade(kind: type[PackageRegistries] | type[AsyncPackageRegistries]) -> None:
    """Each `with_*` gives another of the same kind with one setting changed, and leaves the first as it is."""
    original = kind(TOKEN, ORGANIZATION, base_url="http://localhost", headers={"X-A": "1"})
    before = dict(original.client._settings)
    changes: dict[str, tuple[Any, dict[str, Any]]] = {
        "headers": (original.with_headers({"X-B": "2"}), {"headers": {"X-A": "1", "X-B": "2"}}),
        "timeout": (original.with_timeout(5), {"timeout": httpx.Timeout(5)}),
        "no timeout": (original.with_timeout(None), {"timeout": httpx.Timeout(None)}),
        "retry": (original.with_retry(None), {"retry": None}),
        "organization": (original.with_organization("other"), {}),
    }
    for name, (other, changed) in changes.items():
        assert type(other) is kind
        assert other.client._settings == {**before, **changed}
        assert other.organization == ("other" if name == "organization" else ORGANIZATION)
        assert (other.client is original.client) == (name == "organization")
    assert dict(original.client._settings) == before
    assert original.organization == ORGANIZATION


def test_a_timeout_ends_a_call() -> None:
    """A server that accepts and never answers makes the call raise, as its docstring says."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        client = AuthenticatedClient(base_url=url, token=TOKEN, retry=None).with_timeout(httpx.Timeout(0.05))
        with client, pytest.raises(httpx.TimeoutException):
            list_registries.sync(ORGANIZATION, client=client)


def test_a_parameter_cannot_leave_its_place_in_the_path() -> None:
    """Whatever a slug holds, the request stays below the registries of its organization."""
    sent = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request.url.raw_path)
        return httpx.Response(404, json={"message": "No registry found"})

    with answering(answer) as client:
        for slug in ("../../up", "a/b", "a?b=c", "a#b", "ä", "%2F", "...", ".hidden"):
            with pytest.raises(NotFound):
                get_registry.sync(ORGANIZATION, slug, client=client)
    parts = [path.split(b"/") for path in sent]
    assert {len(each) for each in parts} == {7}
    assert all(b"?" not in path for path in sent)


def test_what_is_not_given_is_not_sent() -> None:
    """A property that is left out is not in the body, and one that is None is null there."""
    assert RegistryUpdate().to_dict() == {}
    assert RegistryUpdate(description=None, name=UNSET).to_dict() == {"description": None}


def test_threads_share_one_client(monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads that make the first call at once use one pool of connections, and none is left open."""
    client = answering(lambda _: httpx.Response(200, json=[]))
    together = threading.Barrier(8)
    make = client._httpx_settings

    def slowly(**settings: bool) -> dict[str, Any]:
        time.sleep(0.05)  # for the others to come
        return make(**settings)

    def first(_: int) -> httpx.Client:
        together.wait()
        return client.get_httpx_client()

    monkeypatch.setattr(client, "_httpx_settings", slowly)
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(first, range(8)))
    assert all(each is made[0] for each in made)
    made[0].close()


def test_plain_http_takes_no_proxy(kind: Kind, served: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """The token goes to this machine itself in plain HTTP, past a proxy that the environment names."""
    url = str(served.client.base_url)
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.getsockname()[1]}")
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)
        proxy.settimeout(0)
        kind.run(kind.client(url, TOKEN, retry=None).registries.list())
        with pytest.raises(BlockingIOError):
            proxy.accept()
        with pytest.raises(httpx.ReadTimeout):
            kind.run(kind.client(url, TOKEN, retry=None, allow_http=True, timeout=0.2).registries.list())
        proxy.accept()[0].close()


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"retry": 3}, "retry is 3; it should be a Retry"),
        ({"retry": False}, "retry is False"),
        ({"timeout": "zz"}, "timeout is 'zz'; it should be seconds above 0"),
        ({"timeout": -1}, "timeout is -1"),
        ({"timeout": 0}, "timeout is 0"),
        ({"headers": {"a": 5}}, "headers should be a mapping of names to values"),
        ({"base_url": "https://ex ample"}, "is no address that a request can be sent to"),
        ({"base_url": "https://example.com:99999"}, "base_url is 'https://example.com:99999'"),
        ({"base_url": "https://example.com/v2"}, "base_url ends in /v2, which the path of each operation begins with"),
        ({"organization": ".."}, "organization is '..'; it should be an organization's slug"),
        ({"organization": "a/b"}, "organization is 'a/b'"),
    ],
)
def test_a_setting_that_cannot_be_is_refused(settings: dict[str, Any], says: str) -> None:
    """A wrong setting is refused when the client is made, by a sentence that names it and says what would be right."""
    with pytest.raises(ConfigurationError, match=re.escape(says)):
        PackageRegistries(**{"token": TOKEN, "organization": ORGANIZATION, **settings})


@pytest.mark.parametrize("body", ["<html>signed out</html>", "deleted"])
def test_a_page_is_no_deletion(body: str) -> None:
    """An answer to a delete that has a body, and no JSON, is not taken for a deletion; one without a body is."""
    answers = [httpx.Response(200, text=body), httpx.Response(204), httpx.Response(200, json={})]
    with answering(lambda _: answers.pop(0)) as client:
        with pytest.raises(UnexpectedResponse):
            delete_registry.sync(ORGANIZATION, "files", client=client)
        for _ in range(2):
            delete_registry.sync(ORGANIZATION, "files", client=client)
