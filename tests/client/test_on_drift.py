"""Clients that tell of drift: of every real answer, without failing a call, and at no cost for those who do not ask."""

import functools
import json
import logging
import sys
from typing import Any

import httpx
import pytest

from buildkite_emulator.testing import RunningEmulator
from buildkite_packages import (
    AuthenticatedClient,
    Client,
    ConfigurationError,
    Drift,
    NotFound,
    UnexpectedResponse,
    UnexpectedStatus,
)
from buildkite_packages.api.registries import list_registries
from buildkite_packages.drift.checker import Checker, shared
from scripts import ROOT
from scripts.samples import packages
from scripts.servers.api import SPEC
from scripts.spec.lint import named_examples
from tests.client.test_package import run
from tests.support.client import AT_ONCE, ORGANIZATION, TOKEN, Kind

LINKS = {"self": "https://api.buildkite.com/x"}
PAGE: dict[str, Any] = {"items": [], "links": LINKS}


def summary(drift: Drift) -> tuple[str | None, str, str]:
    """Give what a test looks at."""
    return drift.operation, drift.kind, drift.where


def test_what_fits_is_not_told(kind: Kind, buildkite_emulator: RunningEmulator) -> None:
    """A whole round of calls of an emulator, with a list in pages and errors, has no drift."""
    told: list[Drift] = []
    client = kind.of(buildkite_emulator, on_drift=told.append)
    registry = kind.run(client.registries.create(name="my gems", ecosystem="ruby"))
    kind.run(client.registries.create(name="others", ecosystem="ruby"))
    for version in ("1.0", "1.1", "1.2"):
        filename, content = packages.gem("a", version)
        package = kind.run(client.packages.publish(registry.slug, content, filename=filename))
    assert len(kind.collect(client.packages.list(registry.slug, per_page=1))) == 3
    kind.run(client.packages.copy(registry.slug, package.id, to="others"))
    token = kind.run(client.registry_tokens.create(registry.slug, description="x"))
    kind.run(client.registry_tokens.delete(registry.slug, token.id))
    kind.run(client.registries.delete(registry.slug))
    with pytest.raises(NotFound):
        kind.run(client.registries.get(registry.slug))
    assert told == []


def test_pages_and_publications_are_checked(kind: Kind, naps: list[float]) -> None:
    """The pages of a list, what is tried again, such as a 429, and the answer to a publication."""
    told: list[Drift] = []
    answers = iter(
        [
            httpx.Response(200, json={**PAGE, "extra": 1, "links": {**LINKS, "next": "/v2/next"}}),
            httpx.Response(429, json={"message": "slow down"}, headers={"RateLimit-Reset": "soon"}),
            httpx.Response(200, json={**PAGE, "more": 1}),
            httpx.Response(422, json={"message": "no", "why": "because"}),
        ]
    )
    client = kind.answered(lambda _: next(answers), on_drift=told.append)
    assert kind.collect(client.packages.list("x")) == []
    assert naps
    with pytest.raises(Exception, match="no"):
        kind.run(client.packages.publish("x", b"a", filename="a.txt"))
    assert [(each.operation, each.where) for each in told] == [
        ("list_packages", "/links/next"),
        ("list_packages", "/extra"),
        ("list_packages", "RateLimit-Reset"),
        ("list_packages", "/scope"),
        ("list_packages", "/limit"),
        ("list_packages", "/current"),
        ("list_packages", "/reset"),
        ("list_packages", "/more"),
        ("publish_package", "/why"),
    ]


def test_an_answer_that_cannot_be_used_is_told_of_before_the_error(kind: Kind) -> None:
    """What makes a call fail is told of as well: no model, no JSON, no documented status, a redirect on the way."""
    told: list[Drift] = []
    client = kind.answered(lambda _: httpx.Response(200, json={"id": 5}), on_drift=told.append)
    with pytest.raises(UnexpectedResponse):
        kind.run(client.registries.list())
    assert list(map(summary, told)) == [("list_registries", "body", "")]
    told.clear()
    with pytest.raises(UnexpectedStatus):
        kind.run(kind.answered(lambda _: httpx.Response(418), on_drift=told.append).registries.get("x"))
    assert list(map(summary, told)) == [("get_registry", "status", "")]
    told.clear()

    def redirected(request: httpx.Request) -> httpx.Response:
        there = request.url.path.endswith("/there")
        return httpx.Response(200, json=[]) if there else httpx.Response(307, headers={"Location": "/there"})

    settings = {"transport": httpx.MockTransport(redirected), "follow_redirects": True}
    assert kind.run(kind.client(on_drift=told.append, httpx_args=settings).registries.list()) == []
    assert [each.received for each in told] == ["307"]


def test_a_fault_of_what_is_told_does_not_fail_the_call(kind: Kind, caplog: pytest.LogCaptureFixture) -> None:
    """A callback that raises is logged, without the token, and the next drift is told all the same."""
    told: list[Drift] = []

    def fail(drift: Drift) -> None:
        told.append(drift)
        raise RuntimeError(f"{TOKEN} is mine")

    client = kind.answered(
        lambda _: httpx.Response(200, json=[], headers={"RateLimit-Reset": "x", "RateLimit-Limit": "y"}), on_drift=fail
    )
    with caplog.at_level(logging.WARNING, logger="buildkite_packages"):
        assert kind.run(client.registries.list()) == []
    assert len(told) == len(caplog.records) == 2
    assert {record.name for record in caplog.records} == {"buildkite_packages"}
    assert "RuntimeError: **** is mine" in caplog.text
    assert TOKEN not in caplog.text


def test_a_fault_of_the_checker_does_not_fail_the_call(
    kind: Kind, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A checker that stumbles is logged without what it stumbled over."""

    def stumble(*_: object, **__: object) -> list[Drift]:
        raise ValueError(TOKEN)

    monkeypatch.setattr(Checker, "check", stumble)
    client = kind.answered(lambda _: httpx.Response(200, json=[]), on_drift=print)
    assert kind.run(client.registries.list()) == []
    assert "list_registries could not be checked for drift: ValueError" in caplog.text
    assert TOKEN not in caplog.text


def test_what_a_model_keeps_as_it_came_is_told_of_once(kind: Kind) -> None:
    """A property that is not as promised is one drift, and the call gives the model."""
    told: list[Drift] = []
    examples = named_examples(SPEC.document)
    example = next(value for _, value, schema in examples if schema.get("$ref", "").endswith("/RegistryToken"))
    found = example | {"created_by": [], "created_at": "2025-07-16 06:07:42 UTC"}
    del found["registry"]
    client = kind.answered(lambda _: httpx.Response(200, json=found), on_drift=told.append)
    token = kind.run(client.registry_tokens.get("x", example["id"]))
    assert token.created_at.year == 2025
    where = [each.where for each in told if each.where.count("/") == 1]
    assert {where.count(f"/{name}") for name in ("created_at", "created_by", "registry")} == {1}


def test_the_token_is_masked(kind: Kind) -> None:
    """Wherever an answer repeats the token: in a value, cut or not, in a name, in a header, in the address."""
    told: list[Drift] = []
    token = "t0ken" * 20

    def answer(request: httpx.Request) -> httpx.Response:
        registry = {"name": [], "id": "x" * 60 + token, token: 1, "emoji": f"https://x/?a={token}"}
        return httpx.Response(200, json=registry, headers={"RateLimit-Reset": request.headers["Authorization"]})

    client = kind.client(token=token, httpx_args={"transport": httpx.MockTransport(answer)}, on_drift=told.append)
    kind.run(client.registries.get(token))
    assert {each.where for each in told} >= {"/id", "/****", "RateLimit-Reset"}
    for drift in told:
        assert "t0ken" not in repr(drift) + str(drift)
        assert "****" in drift.url


def test_every_client_tells_of_drift(kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    """What `from_env` makes tells of drift, and so do the clients below and their copies."""
    told: list[Drift] = []
    transport = {
        "transport": httpx.MockTransport(lambda _: httpx.Response(200, json=[], headers={"RateLimit-Reset": "x"}))
    }
    monkeypatch.setenv("BUILDKITE_API_TOKEN", TOKEN)
    monkeypatch.setenv("BUILDKITE_ORGANIZATION_SLUG", ORGANIZATION)
    kind.run(kind.closing(type(kind.client()).from_env(httpx_args=transport, on_drift=told.append)).registries.list())
    assert len(told) == 1
    told.clear()
    for below in (
        AuthenticatedClient("https://x", TOKEN, httpx_args=transport, on_drift=told.append, retry=AT_ONCE),
        Client("https://x", httpx_args=transport, on_drift=told.append),
    ):
        for each in (below, below.with_cookies({}), below.with_headers({})):
            assert each.on_drift == told.append
            with each:
                list_registries.sync(ORGANIZATION, client=each)  # type: ignore[arg-type] # without a token it works too
    assert len(told) == 6


def test_what_cannot_be_told_is_refused(kind: Kind) -> None:
    """A coroutine function would never be awaited, and a value is no function."""

    async def awaited(drift: Drift) -> None: ...

    class Awaited:
        async def __call__(self, drift: Drift) -> None: ...

    for wrong in (awaited, functools.partial(awaited), Awaited(), 5, "print", True):
        with pytest.raises(ConfigurationError, match=r"^on_drift is .* should be a plain function"):
            kind.client(on_drift=wrong)


def test_without_the_extra_there_is_an_error_that_names_it(kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where jsonschema-rs is missing, the client that is to tell of drift is not made, and any other is."""
    monkeypatch.setitem(sys.modules, "jsonschema_rs", None)
    shared.cache_clear()
    with pytest.raises(ConfigurationError, match=r"pip install 'buildkite-packages\[drift\]'"):
        kind.client(on_drift=print)
    kind.client()


OFF = """
import sys
from typing import Any
opened = []
sys.addaudithook(lambda event, values: opened.append(str(values[0])) if event == "open" else None)
import httpx
from buildkite_packages import PackageRegistries
answer = httpx.MockTransport(lambda _: httpx.Response(200, json=[]))
with PackageRegistries("x", "y", httpx_args={"transport": answer}%s) as client:
    assert client.registries.list() == []
print([name for name in ("jsonschema_rs", "buildkite_packages.drift.checker") if name in sys.modules])
print([path for path in opened if path.endswith("openapi.json")][:1] != [])
"""


@pytest.mark.slow
@pytest.mark.parametrize(("setting", "loaded"), [("", False), (", on_drift=print", True)])
def test_it_costs_nothing_where_nobody_asks(setting: str, *, loaded: bool) -> None:
    """Without `on_drift` neither checker nor bundle is loaded, and with it both are."""
    place = f"import sys; sys.path.insert(0, {str(ROOT / 'generated')!r})\n"
    modules, is_read = run(sys.executable, "-c", place + OFF % setting).splitlines()
    assert bool(json.loads(modules.replace("'", '"'))) is loaded
    assert is_read == str(loaded)
