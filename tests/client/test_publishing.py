"""Publishing: each file is there once at the end, or there is an error that says why not."""

import asyncio
import base64
import gc
import gzip
import hashlib
import io
import random
import signal
import threading
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from buildkite_emulator.testing import RunningEmulator
from buildkite_packages import Published, Retry
from buildkite_packages.errors import (
    DifferentContent,
    DigestMismatch,
    Forbidden,
    RateLimited,
    ServerError,
    UnexpectedResponse,
    ValidationFailed,
)
from buildkite_packages.models.package_summary import PackageSummary
from buildkite_packages.publishing.match_upload import MatchQuality, quality_of
from buildkite_packages.publishing.uploads import Upload
from scripts.samples import packages
from tests.support.client import AT_ONCE, Kind, count, nothing_listens

pytestmark = pytest.mark.slow

NAME = "tool-1.0.0.bin"
CONTENT = b"0123456789" * 100_000
SHORT = b"tool"

Progress = list[tuple[int, int | None]]


@pytest.fixture
def client(kind: Kind, buildkite_emulator: RunningEmulator) -> Any:
    """Give a client of an emulator with a registry `files`."""
    made = kind.of(buildkite_emulator)
    kind.run(made.registries.create(name="files", ecosystem="files"))
    return made


def chunks(content: bytes = CONTENT, size: int = 100_000) -> Iterator[bytes]:
    """Give bytes in chunks, once."""
    for start in range(0, len(content), size):
        yield content[start : start + size]


async def achunks(content: bytes = CONTENT) -> AsyncIterator[bytes]:
    """Give bytes in chunks, once, asynchronously."""
    for chunk in chunks(content):
        await asyncio.sleep(0)
        yield chunk


def stored(kind: Kind, client: Any, registry: str = "files") -> list[tuple[str, str]]:
    """List name and SHA-256 of all that a registry has."""
    return sorted((each.name, each.digests.sha256) for each in kind.collect(client.packages.list(registry)))


def sha256(content: bytes) -> str:
    """Digest bytes."""
    return hashlib.sha256(content).hexdigest()


# What can be published


@pytest.mark.parametrize("source", ["path", "iterator", "upload"])
def test_a_source_comes_through(kind: Kind, client: Any, tmp_path: Path, source: str) -> None:
    """What is stored is the source byte for byte, and progress begins at 0 and ends at the total."""
    path = tmp_path / NAME
    path.write_bytes(CONTENT)
    iterator = achunks() if kind.is_async else chunks()
    file = {"path": path, "iterator": iterator, "upload": Upload.of(CONTENT, filename=NAME)}[source]
    named = {} if source == "upload" else {"filename": NAME}
    progress: Progress = []
    publish = client.packages.publish("files", file, progress=lambda *both: progress.append(both), **named)
    package = kind.run(publish)
    assert package.name == "tool"
    assert package.digests.sha512 == hashlib.sha512(CONTENT).hexdigest()
    assert (progress[0][0], progress[-1]) == (0, (len(CONTENT), len(CONTENT)))
    assert stored(kind, client) == [("tool", sha256(CONTENT))]


def answering_package(digests: dict[str, str] | None) -> Callable[[httpx.Request], httpx.Response]:
    """Give a server that answers each publish with a package of some digests."""

    def answer(request: httpx.Request) -> httpx.Response:
        package: dict[str, Any] = {
            "id": str(uuid.uuid4()),
            "url": "https://example.com",
            "web_url": "https://example.com",
            "name": "tool",
            "organization": dict.fromkeys(("id", "slug", "url", "web_url", "name"), str(uuid.uuid4())),
            "registry": dict.fromkeys(("id", "slug", "url", "web_url", "name", "graphql_id"), str(uuid.uuid4())),
        }
        if digests is not None:
            package["digests"] = digests
        return httpx.Response(200, json=package, request=request)

    return answer


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_other_digests_are_an_error(kind: Kind, algorithm: str) -> None:
    """Where the service says that it stored something else, that is an error which names the digests."""
    right = {name: hashlib.new(name, SHORT).hexdigest() for name in ("sha256", "sha512")}
    client = kind.answered(answering_package({**right, algorithm: "0" * 64}))
    with pytest.raises(DigestMismatch, match=algorithm) as raised:
        kind.run(client.packages.publish("files", SHORT, filename=NAME))
    assert raised.value.filename == NAME
    assert raised.value.digests == right


def test_digests_in_capitals_do_not_differ(kind: Kind) -> None:
    """Digests are compared whatever the case of their letters."""
    client = kind.answered(answering_package({"sha256": sha256(SHORT).upper()}))
    assert kind.run(client.packages.publish("files", SHORT, filename=NAME)).name == "tool"


@pytest.mark.parametrize("when", [0, len(CONTENT)])
def test_progress_that_raises_ends_the_publish(
    kind: Kind, client: Any, buildkite_emulator: RunningEmulator, when: int
) -> None:
    """What the callback raises comes out, at the first byte or the last, and nothing is published or sent again."""

    def progress(sent: int, _: int | None) -> None:
        if sent == when:
            raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        kind.run(client.packages.publish("files", CONTENT, filename=NAME, progress=progress))
    assert stored(kind, client) == []
    assert count(buildkite_emulator, "publish_package") <= 1


def test_a_source_that_fails_ends_the_publish(kind: Kind, client: Any) -> None:
    """An iterator that raises, or gives less than its size, publishes nothing."""

    def broken() -> Iterator[bytes]:
        yield b"part"
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        kind.run(client.packages.publish("files", broken(), filename=NAME))
    with pytest.raises(ValueError, match="ended after 4"):
        kind.run(client.packages.publish("files", iter([b"part"]), filename=NAME, size=5))
    assert stored(kind, client) == []


# skip_existing

ECOSYSTEMS: dict[str, tuple[str, packages.Package, packages.Package]] = {
    "gem": ("ruby", packages.gem("banana-split", "1.0.0"), packages.gem("cherry", "1.0.0")),
    "wheel": ("python", packages.wheel("Some.Project", "1.0"), packages.wheel("other", "1.0")),
    "sdist": ("python", packages.sdist("some-project", "1.0"), packages.sdist("other", "1.0")),
    "deb": ("debian", packages.deb("tool", "1.0-1"), packages.deb("other", "1.0-1")),
    "rpm": ("redhat", packages.rpm("tool", "1.0-1"), packages.rpm("other", "1.0-1")),
    "npm": ("javascript", packages.npm("@scope/name", "1.0.0"), packages.npm("scope-name", "1.0.0")),
    "jar": ("java", packages.jar("artifact", "1.0"), packages.jar("artifact", "1.0", group="org.other")),
    "chart": ("helm", packages.chart("chart", "1.0.0"), packages.chart("other", "1.0.0")),
    "nupkg": ("nuget", packages.nupkg("Some.Package", "1.0.0"), packages.nupkg("Other", "1.0.0")),
    "module": ("terraform", packages.terraform_module("m", "1.0.0"), packages.terraform_module("n", "1.0.0")),
    "file": ("files", ("my-tool-1.0.0.bin", SHORT), ("my-tool-1.0.0.txt", b"other")),
}


@pytest.mark.parametrize("name", ECOSYSTEMS)
def test_the_same_content_is_not_sent_again(kind: Kind, buildkite_emulator: RunningEmulator, name: str) -> None:
    """With `skip_existing` a file that the registry has counts as done, whatever its format; another goes."""
    ecosystem, (filename, content), (other_name, other) = ECOSYSTEMS[name]
    client = kind.of(buildkite_emulator)
    kind.run(client.registries.create(name="r", ecosystem=ecosystem))
    first = kind.run(client.packages.publish("r", content, filename=filename, skip_existing=True))
    kind.run(client.packages.publish("r", other, filename=other_name, skip_existing=True))
    assert count(buildkite_emulator, "publish_package") == 2
    again = kind.run(client.packages.publish("r", content, filename=filename, skip_existing=True))
    assert again == first
    assert count(buildkite_emulator, "publish_package") == 2
    with pytest.raises(ValidationFailed):
        kind.run(client.packages.publish("r", content, filename=filename))
    # what can be read only once is sent, refused, and then recognised
    once = kind.run(client.packages.publish("r", iter([content]), filename=filename, skip_existing=True))
    assert once == first


def recompressed(package: packages.Package) -> packages.Package:
    """Make another file of the same content, by another time in its header."""
    return package[0], gzip.compress(gzip.decompress(package[1]), mtime=1)


@pytest.mark.parametrize(
    ("ecosystem", "package", "other"),
    [
        ("debian", packages.deb("tool", "1.0"), packages.deb("tool", "1.0", compression="xz")),
        ("javascript", packages.npm("@a/b", "1.0.0"), recompressed(packages.npm("@a/b", "1.0.0"))),
        ("files", packages.generic("tool", "1.0.0", b"one"), packages.generic("tool", "1.0.0", b"other")),
    ],
)
def test_other_content_is_refused(
    kind: Kind, buildkite_emulator: RunningEmulator, ecosystem: str, package: packages.Package, other: packages.Package
) -> None:
    """With `skip_existing` other content of the same name and version is an error that says so."""
    client = kind.of(buildkite_emulator)
    kind.run(client.registries.create(name="r", ecosystem=ecosystem))
    kind.run(client.packages.publish("r", package[1], filename=package[0]))
    for source in (other[1], iter([other[1]])):
        with pytest.raises(DifferentContent, match="give it a new version") as raised:
            kind.run(client.packages.publish("r", source, filename=other[0], skip_existing=True))
        assert raised.value.digests["sha256"] == sha256(other[1])
        assert isinstance(raised.value.__cause__, ValidationFailed)
    assert [digest for _, digest in stored(kind, client, "r")] == [sha256(package[1])]


SAME_CONTENT = ["tool-1.0.0.bin", "tool-1.0.0-rc.1.bin", "tool-1.0.0.txt", "tool-1.0.1.bin", "other-1.0.0.bin"]


@pytest.mark.parametrize("names", [SAME_CONTENT, SAME_CONTENT[::-1]])
@pytest.mark.parametrize("fault", [None, {"cut": "before"}, {"status": 503}, {"cut": "after"}])
def test_the_same_content_under_another_name_is_another_package(
    kind: Kind, client: Any, buildkite_emulator: RunningEmulator, names: list[str], fault: dict[str, Any] | None
) -> None:
    """A file that has its name from outside is published although its content is there under others, in any trouble."""
    for name in names:
        for skip_existing in (False, True, True):
            if fault and not skip_existing:
                buildkite_emulator.fault(operation="publish_package", **fault)
            package = kind.run(client.packages.publish("files", SHORT, filename=name, skip_existing=skip_existing))
            assert f"{package.name}-{package.version}.{package.variant}" == name
    assert len(stored(kind, client)) == len(names)
    kind.run(client.packages.publish("files", b"other", filename="last-1.0.0.bin"))
    with pytest.raises(DifferentContent):
        kind.run(client.packages.publish("files", SHORT, filename="last-1.0.0.bin", skip_existing=True))


def test_the_name_of_the_file_may_say_nothing(kind: Kind, buildkite_emulator: RunningEmulator) -> None:
    """A file that has its name inside is recognised whatever it is called, once the service says that it is there."""
    client = kind.of(buildkite_emulator)
    kind.run(client.registries.create(name="r", ecosystem="debian"))
    first = kind.run(client.packages.publish("r", packages.deb("tool", "1.0")[1], filename="package.deb"))
    again = client.packages.publish("r", packages.deb("tool", "1.0")[1], filename="package.deb", skip_existing=True)
    assert kind.run(again) == first
    buildkite_emulator.fault(operation="publish_package", cut="after")
    later = client.packages.publish("r", packages.deb("tool", "2.0")[1], filename="package.deb")
    assert kind.run(later).version == "2.0"
    assert len(stored(kind, client, "r")) == 2


@pytest.mark.parametrize(
    ("name", "version", "variant", "filename", "fit"),
    [
        ("tool", "1.0.0", "bin", "tool-1.0.0.bin", MatchQuality.EXACT),
        ("tool", "1.0.0", None, "tool-1.0.0.tar.gz", MatchQuality.EXACT),
        ("@scope/name", "1.0.0", None, "scope-name-1.0.0.tgz", MatchQuality.EXACT),
        ("org.example:artifact", "1.0", None, "artifact-1.0.jar", MatchQuality.EXACT),
        ("Some.Project", "1.0+x", "py3-none-any", "some_project-1.0+x-py3-none-any.whl", MatchQuality.EXACT),
        ("tool", "1.0", "noarch", "tool-1.0.apk", MatchQuality.CLOSE),
        ("tool", "1.0.0", "txt", "tool-1.0.0.bin", MatchQuality.CLOSE),
        ("tool", "1.0.0", "bin", "tool-1.0.0-rc1.bin", MatchQuality.NONE),
        ("tool", "1.0.0-rc1", "bin", "tool-1.0.0.bin", MatchQuality.NONE),
        ("tool", "1.0", "bin", "tool-1.0.1.bin", MatchQuality.NONE),
        ("tool", "1.0", None, "other-tool-1.0.bin", MatchQuality.NONE),
        ("tool", None, None, "", MatchQuality.NONE),
    ],
)
def test_a_package_fits_the_name_of_its_file(
    name: str, version: str | None, variant: str | None, filename: str, fit: MatchQuality
) -> None:
    """Name, version and variant of a package are compared with a file's name, apart from what separates them."""
    assert quality_of(PackageSummary(uuid.uuid4(), "", "", name, datetime.now(UTC), version, variant), filename) == fit


def test_a_bad_package_is_not_taken_for_an_existing_one(kind: Kind, buildkite_emulator: RunningEmulator) -> None:
    """A refusal for another reason comes through as it is, also with `skip_existing`."""
    client = kind.of(buildkite_emulator)
    kind.run(client.registries.create(name="r", ecosystem="ruby"))
    with pytest.raises(ValidationFailed):
        kind.run(client.packages.publish("r", b"no gem", filename="x-1.0.0.gem", skip_existing=True))


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEmulator]:
    """Run an emulator with a registry of 250 packages, the oldest of which is scoped."""

    def entry(package: packages.Package) -> dict[str, str]:
        return {"file_name": package[0], "content": base64.b64encode(package[1]).decode()}

    made = [packages.npm("@scope/name", "1.0.0"), *(packages.npm(f"n{number}", "1.0.0") for number in range(249))]
    seed = {
        "organizations": ["my-org"],
        "users": [{"name": "Ann", "email": "ann@example.com"}],
        "registries": [{"name": "r", "ecosystem": "javascript", "packages": [entry(each) for each in made]}],
    }
    path = Path(tmp_path_factory.mktemp("seed"), "seed.yaml")
    path.write_text(yaml.safe_dump(seed), encoding="utf-8")
    with RunningEmulator(path) as emulator:
        yield emulator


def test_a_large_registry_is_looked_through(kind: Kind, crowded: RunningEmulator) -> None:
    """What is old is found by its name, or where no file name tells that, among all packages."""
    client = kind.of(crowded)
    crowded.reset()
    filename, content = packages.npm("n0", "1.0.0")
    assert kind.run(client.packages.publish("r", content, filename=filename, skip_existing=True)).name == "n0"
    assert count(crowded, "publish_package") == 0
    filename, content = packages.npm("@scope/name", "1.0.0")
    assert kind.run(client.packages.publish("r", content, filename=filename, skip_existing=True)).name == "@scope/name"
    assert count(crowded, "publish_package") == 1
    other = recompressed((filename, content))[1]
    with pytest.raises(DifferentContent):
        kind.run(client.packages.publish("r", other, filename=filename, skip_existing=True))
    # an unscoped one whose file has the same name does not lead astray
    filename, other = packages.npm("scope-name", "1.0.0")
    kind.run(client.packages.publish("r", other, filename=filename))
    assert kind.run(client.packages.publish("r", content, filename=filename, skip_existing=True)).name == "@scope/name"


# Failures on the way

KINDS_OF_FAULT: dict[str, dict[str, Any]] = {
    "cut before": {"cut": "before"},
    "cut after": {"cut": "after"},
    "cut midway": {"upload": {"after_bytes": 300_000, "action": "cut"}},
    "truncated": {"body": "truncated"},
    "not JSON": {"body": "not_json"},
    "502": {"status": 502},
    "503": {"status": 503},
    "504": {"status": 504},
    "429": {"status": 429, "reset": 0},
}


@pytest.mark.parametrize("fault", KINDS_OF_FAULT)
@pytest.mark.parametrize("times", [1, 2])
def test_an_interrupted_publish_succeeds(
    kind: Kind, client: Any, buildkite_emulator: RunningEmulator, fault: str, times: int
) -> None:
    """Whatever happens on the way, the file is there once at the end, and the publish is a success."""
    buildkite_emulator.fault(operation="publish_package", times=times, **KINDS_OF_FAULT[fault])
    progress: Progress = []
    package = kind.run(
        client.packages.publish("files", CONTENT, filename=NAME, progress=lambda *both: progress.append(both))
    )
    assert package.digests.sha256 == sha256(CONTENT)
    assert stored(kind, client) == [("tool", sha256(CONTENT))]
    was_done_at_first = fault in {"cut after", "truncated", "not JSON"}
    assert count(buildkite_emulator, "publish_package") == (1 if was_done_at_first else 1 + times)
    assert progress[-1] == (len(CONTENT), len(CONTENT))


def test_html_without_a_package_is_an_error(kind: Kind) -> None:
    """Where nothing was stored, the answer that is no JSON is the error."""

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, html="<p>Log in") if request.method == "POST" else no_packages()

    with pytest.raises(UnexpectedResponse):
        kind.run(kind.answered(answer).packages.publish("files", SHORT, filename=NAME))


@pytest.mark.parametrize("digests", [None, [], "x", {"sha256": None, "sha512": 5}, {}], ids=repr)
def test_what_cannot_be_verified_is_published(kind: Kind, digests: object) -> None:
    """Digests that are none leave nothing to compare, and odd packages of a list are passed over, also those alike."""
    odd: list[Any] = [None, 5, {}, {"id": None}, {"id": "x", "digests": {"sha256": sha256(SHORT)}}, {"name": None}]
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.method)
        found = {"id": None, "digests": digests} if request.method == "POST" else {"items": odd, "links": []}
        return httpx.Response(200, json=found)

    client = kind.answered(answer)
    for skip_existing in (False, True):
        package = kind.run(client.packages.publish("files", SHORT, filename=NAME, skip_existing=skip_existing))
        assert package.to_dict()["digests"] == digests
    assert asked.count("POST") == 2


def no_packages() -> httpx.Response:
    """Make a page of no packages."""
    return httpx.Response(200, json={"items": [], "links": {"self": "https://example.com"}})


def test_a_500_is_not_repeated(kind: Kind, client: Any, buildkite_emulator: RunningEmulator) -> None:
    """A failure that does not pass by itself is raised once it is clear that nothing is published."""
    buildkite_emulator.fault(operation="publish_package", status=500, times=5)
    with pytest.raises(ServerError):
        kind.run(client.packages.publish("files", SHORT, filename=NAME))
    assert count(buildkite_emulator, "publish_package") == 1
    assert stored(kind, client) == []


class Proxy:
    """Passes requests on to an emulator, and puts its own answers or errors in place of some of the answers.

    Args:
        emulator: the emulator.
        after: errors, or statuses, in place of the answers to publishes, one after the other; then they go through.
        before_list: called with each request for a list; an answer that it gives goes in place of the true one.
    """

    def __init__(
        self,
        emulator: RunningEmulator,
        after: list[Exception | int],
        before_list: Callable[[httpx.Request], httpx.Response | None] = lambda _: None,
    ) -> None:
        self._inner = httpx.Client(base_url=emulator.url)
        self._after = iter(after)
        self._before_list = before_list

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer a request."""
        if request.method == "GET" and (found := self._before_list(request)) is not None:
            return found
        headers = {name: value for name, value in request.headers.items() if name != "transfer-encoding"}
        answer = self._inner.request(
            request.method, request.url.raw_path.decode(), headers=headers, content=request.read()
        )
        instead = next(self._after, None) if request.method == "POST" else None
        if isinstance(instead, Exception):
            raise instead
        if instead is not None:
            return httpx.Response(instead, html="<p>Sorry")
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)

    def close(self) -> None:
        """Close the connections."""
        self._inner.close()


@pytest.fixture
def proxied(kind: Kind, client: Any, buildkite_emulator: RunningEmulator) -> Iterator[Callable[..., Any]]:
    """Give what makes a client behind a proxy, as the arguments of `Proxy` tell."""
    assert client
    made: list[Proxy] = []

    def make(*arguments: Any, retry: Retry | None = AT_ONCE, **settings: Any) -> Any:
        made.append(Proxy(buildkite_emulator, *arguments, **settings))
        return kind.answered(made[-1], token=buildkite_emulator.token, retry=retry)

    yield make
    for each in made:
        each.close()


LATE: dict[str, Exception | int] = {
    "500": 500,
    "502": 502,
    "503": 503,
    "read timeout": httpx.ReadTimeout("x"),
    "read error": httpx.ReadError("x"),
    "protocol": httpx.RemoteProtocolError("x"),
    "decoding": httpx.DecodingError("x"),
}


@pytest.mark.parametrize("failure", LATE)
@pytest.mark.parametrize(("retry", "source"), [(AT_ONCE, "bytes"), (None, "iterator")])
def test_what_was_stored_is_recognised(  # noqa: PLR0913, PLR0917
    kind: Kind,
    client: Any,
    proxied: Callable[..., Any],
    buildkite_emulator: RunningEmulator,
    failure: str,
    retry: Retry | None,
    source: str,
) -> None:
    """A failure after the service stored the file is a success, sent once, for what can be read only once as well."""
    file = SHORT if source == "bytes" else iter([SHORT])
    package = kind.run(proxied([LATE[failure]], retry=retry).packages.publish("files", file, filename=NAME))
    assert package.digests.sha256 == sha256(SHORT)
    assert count(buildkite_emulator, "publish_package") == 1
    assert stored(kind, client) == [("tool", sha256(SHORT))]


@pytest.mark.parametrize("source", ["bytes", "iterator"])
@pytest.mark.parametrize("looks", [1, 3])
def test_what_shows_late_is_recognised(
    kind: Kind, client: Any, proxied: Callable[..., Any], source: str, looks: int
) -> None:
    """Where the list does not show a stored file at once, the publish still neither fails nor doubles it."""
    hidden = iter(range(looks))
    behind = proxied([httpx.ReadTimeout("x")], lambda _: no_packages() if next(hidden, None) is not None else None)
    file = SHORT if source == "bytes" else iter([SHORT])
    package = kind.run(behind.packages.publish("files", file, filename=NAME))
    assert package.digests.sha256 == sha256(SHORT)
    assert stored(kind, client) == [("tool", sha256(SHORT))]


def test_what_never_shows_is_an_error(kind: Kind, proxied: Callable[..., Any]) -> None:
    """Where it cannot be seen that a file is stored, what went wrong is raised after a bounded number of looks."""
    behind = proxied([httpx.ReadTimeout("x")], lambda _: no_packages())
    with pytest.raises(httpx.ReadTimeout):
        kind.run(behind.packages.publish("files", iter([SHORT]), filename=NAME))


def test_a_look_that_fails_is_told(
    kind: Kind, proxied: Callable[..., Any], buildkite_emulator: RunningEmulator
) -> None:
    """Where it cannot be found out whether a file is published, it is not sent again, and the error says so."""
    refused = httpx.Response(403, json={"message": "no"})
    client = proxied([httpx.ReadTimeout("slow")], lambda _: refused)
    with pytest.raises(httpx.ReadTimeout, match="slow") as raised:
        kind.run(client.packages.publish("files", SHORT, filename=NAME))
    assert "could not be found out" in "".join(raised.value.__notes__)
    assert isinstance(raised.value.__cause__, Forbidden)
    assert count(buildkite_emulator, "publish_package") == 1


def without_digests(request: httpx.Request, emulator: RunningEmulator, *, everywhere: bool) -> httpx.Response | None:
    """Take the digests out of the answer of an emulator: of lists, or everywhere."""
    is_list = request.url.path.endswith("/packages")
    if not (is_list or everywhere):
        return None
    url = f"{emulator.url}{request.url.raw_path.decode()}"
    body = httpx.get(url, headers={"Authorization": request.headers["Authorization"]}).json()
    for each in body["items"] if is_list else [body]:
        del each["digests"]
    return httpx.Response(200, json=body)


def test_a_list_without_digests_is_enough(
    kind: Kind, proxied: Callable[..., Any], buildkite_emulator: RunningEmulator
) -> None:
    """Where lists have no digests, the packages themselves are looked up."""
    client = proxied(
        [httpx.ReadTimeout("x")], lambda request: without_digests(request, buildkite_emulator, everywhere=False)
    )
    first = kind.run(client.packages.publish("files", SHORT, filename=NAME))
    assert kind.run(client.packages.publish("files", SHORT, filename=NAME, skip_existing=True)) == first
    assert count(buildkite_emulator, "publish_package") == 1


def test_without_any_digests_nothing_is_sent_twice(
    kind: Kind, client: Any, proxied: Callable[..., Any], buildkite_emulator: RunningEmulator
) -> None:
    """Where there are no digests at all, nobody can tell what is stored, so a lost answer is an error that says so."""
    behind = proxied(
        [httpx.ReadTimeout("x")], lambda request: without_digests(request, buildkite_emulator, everywhere=True)
    )
    with pytest.raises(httpx.ReadTimeout) as raised:
        kind.run(behind.packages.publish("files", SHORT, filename=NAME))
    assert "is not known" in "".join(raised.value.__notes__)
    with pytest.raises(ValidationFailed):  # rather than DifferentContent, which nobody knows
        kind.run(behind.packages.publish("files", SHORT, filename=NAME, skip_existing=True))
    assert stored(kind, client) == [("tool", sha256(SHORT))]


def test_a_file_that_changes_between_attempts(
    kind: Kind, client: Any, proxied: Callable[..., Any], tmp_path: Path
) -> None:
    """What is returned is what is stored, also where the file on disk changes after the first attempt."""
    path = tmp_path / NAME
    path.write_bytes(b"first")

    def change(_: httpx.Request) -> None:
        path.write_bytes(b"later")

    package = kind.run(proxied([httpx.ReadTimeout("x")], change).packages.publish("files", path))
    assert package.digests.sha256 == sha256(b"first")
    assert stored(kind, client) == [("tool", sha256(b"first"))]


def test_a_stalled_upload_times_out(kind: Kind, client: Any, buildkite_emulator: RunningEmulator) -> None:
    """A service that stops reading or answering meets the read timeout; then the file is sent again."""
    attempts: list[httpx.Request] = []

    def hurry(request: httpx.Request) -> None:
        """Bound the first attempt alone, as a busy machine may take long for the second."""
        if request.method == "POST":
            attempts.append(request)
            request.extensions["timeout"] = {
                **request.extensions["timeout"],
                "read": 0.3 if len(attempts) == 1 else 300,
            }

    async def hurry_async(request: httpx.Request) -> None:
        hurry(request)

    hooks = {"request": [hurry_async if kind.is_async else hurry]}
    impatient = kind.of(buildkite_emulator, httpx_args={"event_hooks": hooks})
    buildkite_emulator.fault(
        operation="publish_package", upload={"after_bytes": 1000, "action": "stall", "seconds": 60}
    )
    package = kind.run(impatient.packages.publish("files", SHORT * 1000, filename=NAME))
    assert len(attempts) == 2
    assert stored(kind, client) == [("tool", package.digests.sha256)]
    while count(buildkite_emulator, "publish_package") < 2:  # the stalled one ends in its own time
        time.sleep(0.01)


def test_what_can_be_read_once_is_never_cut_short(kind: Kind, client: Any, buildkite_emulator: RunningEmulator) -> None:
    """A cut in the middle of an iterator, or a 429, is raised; nothing shorter is sent in its place."""
    make: Callable[[], Any] = achunks if kind.is_async else chunks
    buildkite_emulator.fault(operation="publish_package", upload={"after_bytes": 300_000, "action": "cut"})
    with pytest.raises(httpx.TransportError):
        kind.run(client.packages.publish("files", make(), filename=NAME))
    buildkite_emulator.fault(operation="publish_package", status=429, reset=0)
    with pytest.raises(RateLimited):
        kind.run(client.packages.publish("files", make(), filename=NAME))
    assert count(buildkite_emulator, "publish_package") == 2
    assert stored(kind, client) == []
    buildkite_emulator.fault(operation="publish_package", cut="after")
    assert kind.run(client.packages.publish("files", make(), filename=NAME)).digests.sha256 == sha256(CONTENT)
    assert count(buildkite_emulator, "publish_package") == 3


def test_an_iterator_goes_when_the_connection_comes_about(kind: Kind) -> None:
    """Before the first byte is read, even what can be read only once is tried again."""
    tries = []

    class Failing(httpx.MockTransport):  # one that fails before it reads
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            self.fail_twice()
            return super().handle_request(request)

        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            self.fail_twice()
            return await super().handle_async_request(request)

        def fail_twice(self) -> None:
            tries.append(1)
            if len(tries) < 3:
                raise httpx.ConnectError("x")

    client = kind.client(httpx_args={"transport": Failing(answering_package(None))})
    assert kind.run(client.packages.publish("files", iter([SHORT]), filename=NAME)).name == "tool"
    assert len(tries) == 3


def test_a_dead_service_is_told_at_once(kind: Kind) -> None:
    """Where no connection comes about nothing was sent, so nothing is looked for, and the bound on attempts holds."""
    waits: list[Any] = []
    with nothing_listens() as url:
        client = kind.client(url, retry=Retry(attempts=3, first_backoff=0, on_wait=waits.append))
        with pytest.raises(httpx.ConnectError):
            kind.run(client.packages.publish("files", SHORT, filename=NAME))
    assert [wait.operation for wait in waits] == ["publish_package"] * 2


def test_fifty_publishes_through_random_faults(kind: Kind, client: Any, buildkite_emulator: RunningEmulator) -> None:
    """Of 50 files that are published through random faults each is there exactly once, and each was a success."""
    draw = random.Random(int(kind.is_async))  # noqa: S311
    control = kind.control(buildkite_emulator)
    for number in range(50):
        for _ in range(draw.randrange(3)):
            fault = draw.choice([*KINDS_OF_FAULT.values()])
            buildkite_emulator.fault(operation="publish_package", **fault)
        if draw.random() < 0.3:
            buildkite_emulator.fault(operation="list_packages", status=503)
        content = str(number).encode()
        package = kind.run(client.packages.publish("files", content, filename=f"tool{number}-1.0.0.bin"))
        assert package.digests.sha256 == sha256(content)
        control.delete("faults").raise_for_status()
        control.post("clock", json={"advance": 61}).raise_for_status()
    assert stored(kind, client) == sorted((f"tool{number}", sha256(str(number).encode())) for number in range(50))


def test_two_that_publish_the_same(kind: Kind, client: Any) -> None:
    """Of two that publish the same content at once, both succeed with `skip_existing`, and it is there once."""
    files = [Upload.of(CONTENT, filename=NAME) for _ in range(6)]
    results = kind.run(client.packages.publish_many("files", files, jobs=6, skip_existing=True))
    assert [result.error for result in results] == [None] * 6
    assert [result.existed for result in results].count(False) == 1
    assert stored(kind, client) == [("tool", sha256(CONTENT))]


# Several


def test_each_file_has_a_result(kind: Kind, client: Any, tmp_path: Path) -> None:
    """Good files go, in the order that they were given in, whatever is wrong with the others."""
    good = [tmp_path / f"tool{number}-1.0.0.bin" for number in range(3)]
    for path in good:
        path.write_bytes(path.name.encode())
    (tmp_path / "bad.bin").write_bytes(b"no version")
    bad = [str(good[1]), tmp_path, tmp_path / "bad.bin", b"no name", None]
    files: list[Any] = [good[0], tmp_path / "missing-1.0.0.bin", *bad, good[2]]
    results: list[Published[Any]] = kind.run(client.packages.publish_many("files", (each for each in files), jobs=3))
    assert [result.file for result in results] == files
    kinds = [None if result.error is None else type(result.error) for result in results]
    wrong = [IsADirectoryError, ValidationFailed, ValueError, TypeError]
    assert kinds == [None, FileNotFoundError, None, *wrong, None]
    names = ["tool0-1.0.0.bin", str(files[1]), "tool1-1.0.0.bin", str(tmp_path), "bad.bin"]
    assert [result.filename for result in results][:5] == names
    assert [result.package is None for result in results] == [result.error is not None for result in results]
    assert len(stored(kind, client)) == 3
    assert kind.run(client.packages.publish_many("files", [])) == []
    again = kind.run(client.packages.publish_many("files", good, skip_existing=True))
    assert [result.existed for result in again] == [True] * 3
    assert [result.package.name for result in again] == ["tool0", "tool1", "tool2"]


@pytest.mark.parametrize("jobs", [1, 3])
def test_so_many_go_at_a_time(kind: Kind, jobs: int) -> None:
    """Never more than `jobs` files are on their way, and as many as that where there are enough."""
    lock = threading.Lock()
    running, peak = 0, 0
    together = threading.Barrier(jobs)

    def enter(by: int) -> None:
        nonlocal running, peak
        with lock:
            running += by
            peak = max(peak, running)

    class Counting(httpx.MockTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            enter(1)
            together.wait(timeout=300)
            enter(-1)
            return super().handle_request(request)

        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            enter(1)
            await asyncio.to_thread(together.wait, 300)
            enter(-1)
            return await super().handle_async_request(request)

    client = kind.client(httpx_args={"transport": Counting(answering_package(None))})
    files = [Upload.of(b"x", filename=f"tool{number}-1.0.0.bin") for number in range(4 * jobs)]
    results = kind.run(client.packages.publish_many("files", files, jobs=jobs))
    assert [result.filename for result in results] == [file.filename for file in files]
    assert [result.error for result in results] == [None] * len(files)
    assert peak == jobs


@pytest.mark.parametrize("jobs", [0, -1, 1.5, "2", True])
def test_jobs_have_to_be_some(kind: Kind, jobs: Any) -> None:
    """A number of jobs with which nothing could be published is refused."""
    with pytest.raises(ValueError, match="jobs is"):
        kind.run(kind.client().packages.publish_many("files", [], jobs=jobs))


def test_one_file_is_not_several(kind: Kind) -> None:
    """One file in place of several is refused, and so is an open file or iterator that is there twice."""
    for one in ("tool-1.0.0.bin", b"content", io.BytesIO(b"content"), Path("tool-1.0.0.bin")):
        with pytest.raises(TypeError):
            kind.run(kind.client().packages.publish_many("files", one))
    for twice in (io.BytesIO(b"content"), chunks(), Upload.of(b"x", filename=NAME)):
        with pytest.raises(ValueError, match="twice"):
            kind.run(kind.client().packages.publish_many("files", [twice, twice]))


def test_files_that_cannot_be_listed_publish_nothing(kind: Kind, client: Any) -> None:
    """Where what gives the files fails, it does so before any is published, so that no result is lost."""

    def files() -> Iterator[Any]:
        yield Upload.of(SHORT, filename=NAME)
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        kind.run(client.packages.publish_many("files", files()))
    assert stored(kind, client) == []


def test_progress_is_told_for_each_file(kind: Kind, client: Any) -> None:
    """The callback gets the name of each file, and each ends at its total; where it raises, the others go."""
    last: dict[str, tuple[int, int | None]] = {}

    def progress(name: str, sent: int, total: int | None) -> None:
        last[name] = sent, total
        if name.startswith("tool1"):
            raise RuntimeError("enough")

    files = [Upload.of(b"x" * number, filename=f"tool{number}-1.0.0.bin") for number in range(4)]
    results = kind.run(client.packages.publish_many("files", files, progress=progress))
    assert [type(result.error) for result in results] == [type(None), RuntimeError, type(None), type(None)]
    assert last == {f"tool{number}-1.0.0.bin": (number * (number != 1), number) for number in range(4)}


PATIENCE = 60
"""Seconds after which a test gives up waiting for what should have happened."""


def test_ctrl_c_stops_all_threads(buildkite_emulator: RunningEmulator, tmp_path: Path) -> None:
    """Ctrl-C ends uploads at their next chunk, waits at once, and what has not begun never begins; all files close."""
    kind = Kind(is_async=False)
    waiting, ended = threading.Event(), threading.Event()
    begun = threading.Barrier(3)  # two uploads, and who interrupts them

    def let_the_file_be_first(request: httpx.Request) -> None:
        if "Transfer-Encoding" in request.headers:  # an endless one, and the 429 is meant for the file
            waiting.wait(PATIENCE)

    client = kind.of(
        buildkite_emulator,
        retry=Retry(on_wait=lambda _: waiting.set()),
        httpx_args={"event_hooks": {"request": [let_the_file_be_first]}},
    )
    client.registries.create(name="files", ecosystem="files")
    buildkite_emulator.fault(operation="publish_package", status=429, reset=100)
    main = threading.main_thread().ident

    def endless() -> Iterator[bytes]:
        begun.wait(PATIENCE)
        while not ended.is_set():
            yield b"x"

    (tmp_path / NAME).write_bytes(SHORT)

    def interrupt() -> None:
        with suppress(threading.BrokenBarrierError):
            begun.wait(PATIENCE)
        if not ended.is_set():
            signal.pthread_kill(main or 0, signal.SIGINT)
        ended.wait(PATIENCE)
        ended.set()

    interrupter = threading.Thread(target=interrupt)
    interrupter.start()
    files = [tmp_path / NAME, *(Upload.of(endless(), filename=f"tool{n}-1.0.0.bin") for n in range(9))]
    try:
        with pytest.raises(KeyboardInterrupt):
            client.packages.publish_many("files", files, jobs=3)
        assert not ended.is_set()
    finally:
        ended.set()
        interrupter.join()
    assert waiting.is_set()
    assert not begun.broken
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("publish")]
    assert stored(kind, client) == []
    kind.close()
    gc.collect()


def test_cancelling_stops_all_tasks(buildkite_emulator: RunningEmulator, tmp_path: Path) -> None:
    """A cancelled `publish_many` ends at once, in the middle of uploads and waits, and leaves no task or file."""
    kind = Kind(is_async=True)
    path = tmp_path / NAME
    path.write_bytes(CONTENT)
    waiting, under_way = asyncio.Event(), asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        under_way.set()
        while True:
            await asyncio.sleep(0)
            yield b"x"

    async def main() -> None:

        async def let_the_file_be_first(request: httpx.Request) -> None:
            if "Transfer-Encoding" in request.headers:  # an endless one, and the 429 is meant for the file
                await waiting.wait()

        client = kind.of(
            buildkite_emulator,
            retry=Retry(on_wait=lambda _: waiting.set()),
            httpx_args={"event_hooks": {"request": [let_the_file_be_first]}},
        )
        await client.registries.create(name="files", ecosystem="files")
        buildkite_emulator.fault(operation="publish_package", status=429, reset=100)
        files = [path, *(Upload.of(endless(), filename=f"tool{n}-1.0.0.bin") for n in range(9))]
        task = asyncio.ensure_future(client.packages.publish_many("files", files, jobs=3))
        await asyncio.wait_for(waiting.wait(), PATIENCE)
        await asyncio.wait_for(under_way.wait(), PATIENCE)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert [each async for each in client.packages.list("files")] == []

    kind.run(main())
    kind.close()
    gc.collect()
