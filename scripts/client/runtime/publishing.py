"""Publishing files: each is there once at the end, or there is an error that says why not.

A publish whose answer is lost, or is a 5xx, may have been done. The digests of the file tell: where the registry has
them it is done, where it has not it is sent again. What was sent to its end may show late, so each wait comes before a
look.
"""

import os
import re
from collections.abc import Awaitable, Callable, Generator, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from enum import IntEnum
from threading import Event
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

import httpx
from attrs import define, field

from .calls import acall, call
from .errors import (
    DifferentContent,
    DigestMismatch,
    PackageRegistriesError,
    ServerError,
    UnexpectedResponse,
    ValidationFailed,
)
from .multipart import Progress
from .operation import Operation
from .retries import Attempts, Stopped, pause, stopping
from .uploads import FileSource, Upload

if TYPE_CHECKING:
    from .client import Client

NAME_ENDS = re.compile(r"[-_.]v?(?=\d)")
"""Where the name of a package may end in a file's name, before its version."""

MOST_NAMES = 3
"""Names that are looked for at most: each is a request."""

NEWEST = 100
"""Packages that are looked through first, the newest before the others."""

MOST_LOOKUPS = 10
"""Packages that are looked up one by one in a list at most, where the list has no digests."""

TAKEN = re.compile(r"already|taken|exists|duplicate", re.IGNORECASE)
"""What a refusal says where a package of that name and version is there; no source gives the service's words."""

FileProgress = Callable[[str, int, int | None], object]
"""Called with a file's name, the bytes of it that were sent, and how many it has where that is known."""


class Stored(Protocol):
    """A package as a list shows it, or on its own."""

    @property
    def id(self) -> Any: ...  # noqa: D102
    @property
    def digests(self) -> Any: ...  # noqa: D102
    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def version(self) -> Any: ...  # noqa: D102
    @property
    def variant(self) -> Any: ...  # noqa: D102


PackageT = TypeVar("PackageT", bound=Stored)
SummaryT = TypeVar("SummaryT", bound=Stored)


@define
class Published(Generic[PackageT]):
    """What became of one file.

    Attributes:
        file: the file as it was given.
        filename: its name; empty where it has none.
        package: the package; None where there is an error.
        existed: whether the registry had the file before.
        error: why it was not published.
    """

    file: object = field(repr=False)
    filename: str
    package: PackageT | None = None
    existed: bool = False
    error: Exception | None = None


class Ways(Generic[PackageT, SummaryT]):
    """What publishing needs of a client; `Publisher` and `AsyncPublisher` do it, each in its way.

    Args:
        client: the client that makes the calls.
        operation: what publishes.
        request: gives the arguments of its request for an upload.
        parse: makes the package of an answer's JSON.
        find: lists the registry's packages, those of a name, or all.
        get: looks one up by its ID.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - generated code alone calls it
        self,
        client: "Client",
        operation: Operation,
        request: Callable[[Upload], dict[str, Any]],
        parse: Callable[[Any], PackageT],
        find: Callable[[str | None], Any],
        get: Callable[[Any], Any],
    ) -> None:
        self.client = client
        self.operation = operation
        self.request = request
        self.parse = parse
        self.find = find
        self.get = get

    def arguments(self, upload: Upload, progress: Progress | None) -> dict[str, Any]:
        """Give the arguments of the call that publishes."""
        return {**self.request(upload), "progress": progress}


class Fit(IntEnum):
    """How well a package's name, version and variant fit a file's name."""

    NONE = 1
    """They do not. The name may still be that of its file, where another is inside it."""
    CLOSE = 2
    """Name and version do, and the file's name says nothing of a variant."""
    EXACT = 3


@define
class Search(Generic[PackageT]):
    """A search for the package of a file: of its digests, as the same content may be there under several names.

    Attributes:
        filename: name of the file.
        digests: what is looked for.
        package: the best one that has these digests.
        fit: how well it fits the name.
        is_other_there: whether one was seen that fits exactly and has other digests.
        seen: how many packages were seen in the last list.
        lookups: how many of them had no digests in the list.
        compared: how many had digests, there or on their own.
    """

    filename: str
    digests: Mapping[str, str]
    package: PackageT | None = None
    fit: int = 0
    is_other_there: bool = False
    seen: int = 0
    lookups: int = 0
    compared: int = 0

    def begin(self) -> None:
        """Begin with another list."""
        self.seen = self.lookups = self.compared = 0

    def wants(self, summary: Stored) -> bool:
        """Say whether a package in a list is worth looking up."""
        self.seen += 1
        if digests_of(summary):
            is_better = self._compare(summary)
            self.compared -= is_better  # it is looked up, and counted then
            return is_better
        self.lookups += 1
        return self.lookups <= MOST_LOOKUPS

    def take(self, package: PackageT) -> None:
        """See whether a package that was looked up is the best so far."""
        if self._compare(package):
            self.package, self.fit = package, fit_of(package, self.filename)

    def _compare(self, package: Stored) -> bool:
        found = digests_of(package)
        if not found:
            return False
        self.compared += 1
        fit = fit_of(package, self.filename)
        if same(found, self.digests):
            return fit > self.fit
        self.is_other_there |= fit == Fit.EXACT
        return False

    @property
    def is_over(self) -> bool:
        """Whether there can be none that is better."""
        return self.fit == Fit.EXACT

    @property
    def is_complete(self) -> bool:
        """Whether all that was in the last list was compared."""
        return self.compared >= self.seen


class Publication(Generic[PackageT, SummaryT]):
    """The publishing of one file, as steps that a driver takes: plainly, or awaiting each.

    Args:
        ways: how to digest, send, look and wait; each gives its result, or what to await for it.
        upload: the file.
        progress: told of the bytes that were sent.
        skip_existing: whether the same content counts as done where the registry has it.
    """

    def __init__(self, ways: Any, upload: Upload, progress: Progress | None, *, skip_existing: bool) -> None:
        self._ways = ways
        self._upload = upload
        self._progress = progress
        self._skip_existing = skip_existing
        self._attempts = Attempts(ways.client.retry, ways.operation)
        self._doubt: Exception | None = None  # since the file was sent to its end, and the answer was no proper one
        self._are_there_digests = True

    def steps(self) -> Generator[Any, Any, tuple[PackageT, bool]]:
        """Publish; gives the package, and whether it was there before."""
        if self._skip_existing and self._upload.repeatable:
            found = yield from self._found()
            if found.package is not None and found.is_over:
                return found.package, True
        while True:
            before = self._upload.digests
            try:
                package = yield self._ways.send(self._upload, self._progress, self._attempts)
            except (httpx.RequestError, ServerError, UnexpectedResponse) as error:
                if self._upload.digests is not before:  # they are new: it was sent to its end
                    self._doubt = error
                package = yield from self._recovered(error)
                if package is not None:
                    return package, False
            except ValidationFailed as error:
                return (yield from self._refused(error))
            else:
                self._check(package)
                return package, False

    def _recovered(self, error: Exception) -> Generator[Any, Any, PackageT | None]:
        """Wait after an attempt without a proper answer; gives the package if it is there, or None to send it again."""
        while True:
            can_go_on = self._upload.repeatable or self._doubt is not None
            seconds = self._attempts.wait_after(error, is_safe=True) if can_go_on else None
            if seconds is not None:
                yield self._ways.sleep(seconds)
            if self._doubt is not None:
                found = yield from self._found_after(error)
                is_last = seconds is None or not self._upload.repeatable
                if found.package is not None and found.fit >= (Fit.CLOSE if is_last else Fit.EXACT):
                    return found.package
                if not self._are_there_digests:
                    error.add_note(f"whether {self._upload.filename} is published is not known: there are no digests")
                    raise error
            if seconds is None:
                raise error
            if self._upload.repeatable:
                return None
            self._attempts.begin()  # it cannot be sent again, but may show later

    def _refused(self, error: ValidationFailed) -> Generator[Any, Any, tuple[PackageT, bool]]:
        """See whether a refusal means that the file is there."""
        if self._upload.digests is None or not (self._skip_existing or self._doubt):
            raise error
        is_there = is_taken(error)
        found = yield from self._found_after(error, everywhere=is_there)
        while found.package is None and is_there and self._doubt is not None:
            seconds = self._attempts.wait_after(self._doubt, is_safe=True)
            if seconds is None:
                break
            yield self._ways.sleep(seconds)
            self._attempts.begin()
            found = yield from self._found_after(error)
        if found.package is not None and (found.is_over or (is_there and not found.is_other_there)):
            return found.package, self._doubt is None
        if not (self._skip_existing and is_there and found.is_complete):
            raise error
        raise DifferentContent(
            f"the registry has other content under the name and version of {self._upload.filename}, so it was not "
            f"published; give it a new version ({error.message})",
            self._upload.filename,
            self._upload.digests,
        ) from error

    def _found_after(self, error: Exception, *, everywhere: bool = False) -> Generator[Any, Any, Search[PackageT]]:
        """Look for a file that was sent, although there was no proper answer."""
        try:
            return (yield from self._found(everywhere=everywhere))
        except (httpx.RequestError, PackageRegistriesError) as fault:
            error.add_note(f"whether {self._upload.filename} is published could not be found out: {fault}")
            raise error from fault

    def _found(self, *, everywhere: bool = False) -> Generator[Any, Any, Search[PackageT]]:
        """Look for the file's package, among the newest ones and those of a name that may be its own.

        Args:
            everywhere: whether to look through all packages then.
        """
        search: Search[PackageT] = Search(self._upload.filename, (yield self._ways.digest(self._upload)))
        places: list[tuple[str | None, int | None]] = [(None, NEWEST)]
        places += [(name, None) for name in names_in(self._upload.filename)]
        places += [(None, None)] if everywhere else []
        for name, most in places:
            search.begin()
            yield self._ways.look(search, name, most)
            if most is not None:
                self._are_there_digests = search.compared > 0 or search.seen == 0
            if search.is_over or (most is not None and search.seen < most and search.is_complete):
                break  # or these were all
        return search

    def _check(self, package: PackageT) -> None:
        stored, sent = digests_of(package), self._upload.digests or {}
        for name in stored.keys() & sent.keys():
            if stored[name].lower() != sent[name]:
                raise DigestMismatch(
                    f"the service stored {self._upload.filename} with the {name} digest {stored[name]}, but what was "
                    f"sent has {sent[name]}; delete the package {package.id} and publish it again",
                    self._upload.filename,
                    sent,
                )


class Publisher(Ways[PackageT, SummaryT]):
    """Publishes files."""

    def publish(
        self,
        file: FileSource | Upload,
        *,
        filename: str | None = None,
        size: int | None = None,
        progress: Progress | None = None,
        skip_existing: bool = False,
    ) -> tuple[PackageT, bool]:
        """Publish a file; gives the package, and whether it was there before."""
        steps = Publication[PackageT, SummaryT](
            self, upload_of(file, filename, size), progress, skip_existing=skip_existing
        ).steps()
        value: Any = None
        while True:
            try:
                value = steps.send(value)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]

    def publish_many(
        self,
        files: Iterable[FileSource | Upload],
        *,
        jobs: int,
        progress: FileProgress | None = None,
        skip_existing: bool = False,
    ) -> list[Published[PackageT]]:
        """Publish files, so many at a time; gives a result for each, in their order."""
        check_jobs(jobs)

        files = listed(files)
        stop = Event()

        def one(file: FileSource | Upload) -> Published[PackageT]:
            stopping.set(stop)
            name = ""

            def report(sent: int, total: int | None) -> None:
                if stop.is_set():
                    raise Stopped
                if progress is not None:
                    progress(name, sent, total)

            try:
                upload = upload_of(file)
                name = upload.filename
                package, existed = self.publish(upload, progress=report, skip_existing=skip_existing)
            except Exception as error:
                return Published(file, name or name_of(file), error=error)
            return Published(file, name, package, existed)

        self.client.get_httpx_client()  # before threads would each make one
        with ThreadPoolExecutor(jobs, "publish") as pool:
            try:
                return list(pool.map(one, files))
            except BaseException:
                stop.set()
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def digest(self, upload: Upload) -> dict[str, str]:
        """Give a file's digests."""
        return upload.digest()

    def send(self, upload: Upload, progress: Progress | None, attempts: Attempts) -> PackageT:
        """Send a file."""
        return call(self.client, self.operation, self.arguments(upload, progress), self.parse, attempts).parsed

    def look(self, search: Search[PackageT], name: str | None, most: int | None) -> None:
        """Look for a package among those of a name, or all, so many at most."""
        for summary in self.find(name):
            if search.wants(summary):
                search.take(self.get(summary.id))
            if search.is_over or search.seen == most:
                break

    def sleep(self, seconds: float) -> None:
        """Wait."""
        pause(seconds)


class AsyncPublisher(Ways[PackageT, SummaryT]):
    """Publishes files, awaited."""

    async def publish(
        self,
        file: FileSource | Upload,
        *,
        filename: str | None = None,
        size: int | None = None,
        progress: Progress | None = None,
        skip_existing: bool = False,
    ) -> tuple[PackageT, bool]:
        """Publish a file; gives the package, and whether it was there before."""
        steps = Publication[PackageT, SummaryT](
            self, upload_of(file, filename, size), progress, skip_existing=skip_existing
        ).steps()
        step: Callable[[Any], Awaitable[Any]] = steps.send
        value: Any = None
        while True:
            try:
                awaitable = step(value)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]
            try:
                step, value = steps.send, await awaitable
            except BaseException as error:
                step, value = steps.throw, error

    async def publish_many(
        self,
        files: Iterable[FileSource | Upload],
        *,
        jobs: int,
        progress: FileProgress | None = None,
        skip_existing: bool = False,
    ) -> list[Published[PackageT]]:
        """Publish files, so many at a time; gives a result for each, in their order."""
        import anyio  # noqa: PLC0415 - httpx loads it for asynchronous clients alone

        check_jobs(jobs)
        results: dict[int, Published[PackageT]] = {}
        waiting = iter(enumerate(listed(files)))

        async def work() -> None:
            for index, file in waiting:
                name = ""
                try:
                    upload = upload_of(file)
                    name = upload.filename
                    package, existed = await self.publish(
                        upload, progress=named(progress, name), skip_existing=skip_existing
                    )
                except Exception as error:
                    results[index] = Published(file, name or name_of(file), error=error)
                else:
                    results[index] = Published(file, name, package, existed)

        async with anyio.create_task_group() as group:
            for _ in range(jobs):
                group.start_soon(work)
        return [results[index] for index in sorted(results)]

    def digest(self, upload: Upload) -> Awaitable[dict[str, str]]:
        """Give a file's digests."""
        return upload.adigest()

    async def send(self, upload: Upload, progress: Progress | None, attempts: Attempts) -> PackageT:
        """Send a file."""
        return (await acall(self.client, self.operation, self.arguments(upload, progress), self.parse, attempts)).parsed

    async def look(self, search: Search[PackageT], name: str | None, most: int | None) -> None:
        """Look for a package among those of a name, or all, so many at most."""
        async for summary in self.find(name):
            if search.wants(summary):
                search.take(await self.get(summary.id))
            if search.is_over or search.seen == most:
                break

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        import anyio  # noqa: PLC0415

        await anyio.sleep(seconds)


def upload_of(file: FileSource | Upload, filename: str | None = None, size: int | None = None) -> Upload:
    """Make an upload of a file, where it is none yet."""
    return file if isinstance(file, Upload) else Upload.of(file, filename=filename, size=size)


def name_of(file: object) -> str:
    """Name a file that no upload could be made of."""
    return str(file) if isinstance(file, str | os.PathLike) else ""


def named(progress: FileProgress | None, filename: str) -> Progress | None:
    """Tell the progress of one file among several."""
    return None if progress is None else lambda sent, total: progress(filename, sent, total)


def check_jobs(jobs: int) -> None:
    """See that some files can be published at a time.

    Raises:
        ValueError: none can.
    """
    if isinstance(jobs, bool) or not isinstance(jobs, int) or jobs < 1:
        raise ValueError(f"jobs is {jobs!r}; it should be the number of files to publish at a time, from 1")


def listed(files: Iterable[FileSource | Upload]) -> list[FileSource | Upload]:
    """List files before any is published, so that what fails to give them does so before.

    Raises:
        TypeError: they are one file.
        ValueError: the same open file or iterator is there twice, which would be read by turns.
    """
    if isinstance(files, str | bytes | bytearray | memoryview | Upload) or hasattr(files, "read"):
        raise TypeError(f"files is one {type(files).__name__}; it should be several files, such as a list of paths")
    found = list(files)
    read_once = [id(each) for each in found if isinstance(each, Upload | Iterator) or hasattr(each, "read")]
    if len(read_once) > len(set(read_once)):
        raise ValueError("the same open file is there twice in files; give each once")
    return found


def is_taken(error: ValidationFailed) -> bool:
    """Say whether a refusal may mean that a package of that name and version is there."""
    return any(map(TAKEN.search, [error.message, *(str(each.code) for each in error.errors)]))


def names_in(filename: str) -> Iterator[str]:
    """Guess the names that a package may have by its file's name, the likeliest first."""
    names = [filename[: match.start()] for match in NAME_ENDS.finditer(filename)][:MOST_NAMES]
    yield from dict.fromkeys(each for name in names if name for each in (name, re.sub("[-_.]+", "-", name).lower()))


def fit_of(package: Stored, filename: str) -> Fit:
    """Say how well a package's name, version and variant fit a file's name.

    A name may have its own before it, such as a scope or a group. What comes last in the file's name is its suffix.
    """
    words = words_in(filename)
    variant = words_in(package.variant or "")
    fit = Fit.NONE
    for name in {package.name, re.split("[:/]", package.name)[-1]}:
        begin = words_in(f"{name} {package.version or ''}")
        rest = words[len(begin) :]
        if words[: len(begin)] != begin:
            continue
        if rest == variant or (rest[: len(variant)] == variant and is_suffix(rest[len(variant) :])):
            return Fit.EXACT
        if is_suffix(rest):
            fit = Fit.CLOSE
    return fit


def is_suffix(words: list[str]) -> bool:
    """Say whether words at the end of a file's name are its suffix, such as `gem` or `tar.gz`."""
    return len(words) == 1 or (len(words) == 2 and words[0] == "tar")  # noqa: PLR2004


def words_in(text: str) -> list[str]:
    """Take a text apart at what separates the parts of names."""
    return re.findall(r"[^\W_]+", text.lower())


def digests_of(package: Stored) -> dict[str, str]:
    """Give the digests of a package, none where the answer has none."""
    digests: dict[str, str] = package.digests.to_dict() if package.digests else {}
    return {name: value for name, value in digests.items() if isinstance(value, str)}


def same(stored: Mapping[str, str], sent: Mapping[str, str]) -> bool:
    """Say whether digests are those of the same content: some are there, and none differs."""
    common = stored.keys() & sent.keys()
    return bool(common) and all(stored[name].lower() == sent[name].lower() for name in common)
