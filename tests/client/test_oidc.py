"""Tokens that a function gives, such as OIDC tokens of the Buildkite agent."""

import asyncio
import base64
import json
import os
import pickle
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from buildkite_emulator.testing import RunningEmulator
from buildkite_packages import ConfigurationError, PackageRegistries, PackageRegistriesError
from buildkite_packages.cli.commands import run
from buildkite_packages.http import credentials
from buildkite_packages.http.credentials import LEEWAY, RenewedToken, expiry
from tests.support.client import ORGANIZATION, Kind

ISSUER = "https://agent.buildkite.com"
REGISTRY = "my-files"
CLAIMS = {"pipeline_slug": "release"}
AGENT = """#!{python}
# Stands in for the agent: keeps its arguments, and gets a token for the registry in its audience of the emulator.
import json, os, sys, urllib.request
with open(os.environ["AGENT_LOG"], "a") as log:
    print(json.dumps(sys.argv[1:]), file=log)
body = {{"registry": sys.argv[sys.argv.index("--audience") + 1].rpartition("/")[2], "claims": {claims}}}
asked = urllib.request.Request(os.environ["TOKENS"], json.dumps(body).encode(), method="POST")
opener = urllib.request.build_opener(urllib.request.ProxyHandler({{}}))
print(json.load(opener.open(asked))["token"])
"""


def jwt(seconds: float, name: str = "") -> str:
    """Make a JWT that nobody verifies, which ends so many seconds from now."""
    parts = [{"alg": "none"}, {"exp": time.time() + seconds, "name": name}]
    return ".".join([*(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts), ""])


class Service:
    """Answers the lists of packages, and keeps the tokens that it was sent."""

    def __init__(self) -> None:
        self.tokens: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer a request."""
        self.tokens.append(request.headers["Authorization"].removeprefix("Bearer "))
        return httpx.Response(200, json=[])


@pytest.fixture
def agent(buildkite_emulator: RunningEmulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Any]:
    """Put an agent on the PATH, and a registry whose policy admits its tokens; gives what reads its log."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "buildkite-agent"
    program.write_text(AGENT.format(python=sys.executable, claims=CLAIMS))
    program.chmod(0o755)
    log = tmp_path / "agent.log"
    log.touch()
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)
    monkeypatch.setenv("AGENT_LOG", str(log))
    monkeypatch.setenv("TOKENS", f"{buildkite_emulator.url}/_emulator/oidc-tokens")
    with PackageRegistries.from_env() as client:
        policy = json.dumps([{"iss": ISSUER, "scopes": ["read_packages", "write_packages"], "claims": CLAIMS}])
        client.registries.create(name=REGISTRY, ecosystem="files", oidc_policy=policy)
    monkeypatch.delenv("BUILDKITE_API_TOKEN")
    return lambda: [json.loads(line) for line in log.read_text().splitlines()]


def files(folder: Path, count: int) -> list[Path]:
    """Make files that a registry takes."""
    made = [folder / f"file-{number}.0.0.txt" for number in range(count)]
    for number, path in enumerate(made):
        path.write_text(f"{number}")
    return made


def test_the_agent_gives_tokens(
    kind: Kind, agent: Callable[[], Any], buildkite_emulator: RunningEmulator, tmp_path: Path
) -> None:
    """A client made from the agent publishes many files with one token, for the registry's audience and 300 seconds."""
    made = type(kind.of(buildkite_emulator)).from_agent(ORGANIZATION, REGISTRY)
    client = kind.closing(made)
    results = kind.run(client.packages.publish_many(REGISTRY, files(tmp_path, 6), jobs=3))
    assert [each.error for each in results] == [None] * 6
    audience = f"https://packages.buildkite.com/{ORGANIZATION}/{REGISTRY}"
    assert agent() == [["oidc", "request-token", "--audience", audience, "--lifetime", "300"]]
    assert len(kind.collect(client.packages.list(REGISTRY))) == 6


def test_many_files_outlive_a_token(
    kind: Kind,
    agent: Callable[[], Any],
    buildkite_emulator: RunningEmulator,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where tokens end while many files are published, each request has a new one, and every file arrives."""
    monkeypatch.setattr(credentials, "LEEWAY", 400)  # more than a token's life
    client = kind.closing(type(kind.of(buildkite_emulator)).from_agent(ORGANIZATION, REGISTRY))
    results = kind.run(client.packages.publish_many(REGISTRY, files(tmp_path, 3), jobs=2))
    assert [each.error for each in results] == [None] * 3
    assert len(agent()) == 3


def test_the_command_takes_tokens_of_the_agent(
    agent: Callable[[], Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With `--oidc` a command needs no API token; a command on no registry refuses the option."""
    (file,) = files(tmp_path, 1)
    assert run(["--oidc", "publish", REGISTRY, str(file)]) == 0
    assert run(["--oidc", "list", REGISTRY]) == 0
    assert [each[3] for each in agent()] == [f"https://packages.buildkite.com/{ORGANIZATION}/{REGISTRY}"] * 2
    capsys.readouterr()
    assert run(["--oidc", "registries", "list"]) == 2
    assert "--oidc goes with the commands on the packages of a registry" in capsys.readouterr().err


def test_an_agent_that_fails_is_quoted(
    agent: Callable[[], Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """What the agent says on standard error is in the message, without tokens; a command ends with status 1."""
    program = tmp_path / "bin" / "buildkite-agent"
    program.write_text("#!/bin/sh\necho 'no job: $BUILDKITE_JOB_ID' >&2\necho 'is not set' >&2\nexit 3\n")
    expected = "buildkite-agent oidc request-token ended with 3: no job: $BUILDKITE_JOB_ID is not set"
    assert run(["--oidc", "list", REGISTRY]) == 1
    assert expected in capsys.readouterr().err
    token = f"eyJ{'a' * 30}.eyJ{'b' * 1500}.{'c' * 40}"
    program.write_text(f"#!/bin/sh\necho 'answer: {token}, refused' >&2\nexit 1\n")
    assert run(["--oidc", "list", REGISTRY]) == 1
    assert capsys.readouterr().err.strip().endswith("ended with 1: answer: ****, refused")
    program.write_text("#!/bin/sh\nexit 0\n")
    with (
        PackageRegistries.from_agent(ORGANIZATION, REGISTRY) as client,
        pytest.raises(PackageRegistriesError, match=r"gave no token: it does not say why$"),
    ):
        list(client.packages.list(REGISTRY))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert run(["--oidc", "list", REGISTRY]) == 2
    assert "token comes from buildkite-agent, which is not on the PATH" in capsys.readouterr().err
    assert agent() == []


def test_a_token_is_renewed_when_it_ends(kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    """A JWT is used until shortly before it ends, and a token of another kind is asked for each time."""
    service = Service()
    given = [jwt(300, "first"), jwt(LEEWAY - 1, "second"), "opaque", "last"]
    left = iter(given)
    client = kind.answered(service, token=lambda: next(left))
    for _ in range(3):
        kind.run(client.registries.list())
    assert service.tokens == [given[0]] * 3
    now = time.time() + 300 - LEEWAY + 1
    monkeypatch.setattr(time, "time", lambda: now)
    for _ in range(3):
        kind.run(client.registries.list())
    assert service.tokens[3:] == given[1:]


def test_an_asynchronous_function_gives_tokens() -> None:
    """An asynchronous client awaits a token, once for several requests at a time; a plain client refuses to."""
    asked: list[str] = []

    async def token() -> str:
        await asyncio.sleep(0)
        asked.append(jwt(300))
        return asked[-1]

    async def calls(client: Any) -> None:
        await asyncio.gather(*(client.registries.list() for _ in range(5)))

    service = Service()
    kind = Kind(is_async=True)
    kind.run(calls(kind.answered(service, token=token)))
    kind.close()
    assert service.tokens == asked * 5
    plain = Kind(is_async=False)
    with pytest.raises(ConfigurationError, match=r"^token is an asynchronous function"):
        plain.answered(service, token=token).registries.list()
    plain.close()


def test_threads_wait_for_one_token() -> None:
    """Threads that need a token at the same time cause one call of the function."""
    asked: list[str] = []
    ready = threading.Barrier(4)

    def give() -> str:
        asked.append(jwt(300, str(len(asked))))
        return asked[-1]

    token = RenewedToken(give)

    def need() -> None:
        ready.wait()
        token.renewed()

    threads = [threading.Thread(target=need) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(asked) == 1


@pytest.mark.parametrize("given", ["", None, 7, "a b", "line\n"])
def test_what_a_function_gives_is_checked(kind: Kind, given: Any) -> None:
    """What cannot be a token is not sent; the error does not show it."""
    client = kind.answered(Service(), token=lambda: given)
    with pytest.raises(ConfigurationError, match=r"^token (is|has) .*; the function should give an access token$"):
        kind.run(client.registries.list())


def test_renewed_tokens_do_not_show(kind: Kind) -> None:
    """Neither the client, nor its pickle, nor an error that repeats the token shows what a function gave."""
    token = jwt(300)

    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(401, json={"message": f"unknown token {token}"})

    client = kind.answered(answer, token=lambda: token)
    with pytest.raises(PackageRegistriesError) as caught:
        kind.run(client.registries.list())
    shown = f"{caught.value} {caught.value!r} {vars(caught.value)} {client.client!r} {client.client.token!r}"
    assert token not in shown
    assert token.encode() not in pickle.dumps(client.client.token)


@pytest.mark.parametrize("token", ["", "a", "a.b.c", "a.e30.c", "a.W10.c", "a.eyJleHAiOiAiMXgifQ.c"])
def test_what_tells_no_end_ends_at_once(token: str) -> None:
    """A token whose end cannot be read is used for one request."""
    assert expiry(token) == 0


def test_an_exception_of_a_function_reaches_the_caller(kind: Kind) -> None:
    """What a function raises is raised by the call as it is."""

    def fail() -> str:
        raise LookupError("vault")

    with pytest.raises(LookupError, match="vault"):
        kind.run(kind.answered(Service(), token=fail).registries.list())


def test_the_types_of_functions() -> None:
    """Both kinds of functions are accepted where a token is."""
    sources: list[Callable[[], str] | Callable[[], Awaitable[str]]] = [lambda: "a"]
    assert all(PackageRegistries(source, ORGANIZATION) for source in sources)
