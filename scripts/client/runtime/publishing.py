"""Publishing files: each is there once at the end, or there is an error that says why not.

A publish whose answer is lost, or is a 5xx, may have been done. The digests of the file tell: where the registry has
them it is done, where it has not it is sent again.
"""

import os
import re
import time
from collections.abc import Awaitable, Callable, Generator, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

import httpx
from attrs import define, field

from .calls import acall, call
from .errors import DifferentContent, DigestMismatch, ResponseError, ServerError, ValidationFailed
from .multipart import Progress
from .operation import Operation
from .retries import Attempts
from .uploads import FileSource, Upload

if TYPE_CHECKING:
    from .client import Client

NAME_ENDS = re.compile(r"[-_.]v?(?=\d)")
"""Where the name of a package may end in a file's name, before its version."""

MOST_NAMES = 3
"""Names that are looked for at most: each is a request."""

NEWEST = 100
"""Packages that are looked through, the newest first, for one that was just published."""

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
        self._is_uncertain = False

    def steps(self) -> Generator[Any, Any, tuple[PackageT, bool]]:
        """Publish; gives the package, and whether it was there before."""
        if self._skip_existing and self._upload.repeatable:
            found, _ = yield from self._found(everywhere=False)
            if found is not None:
                return found, True
        while True:
            try:
                package = yield self._ways.send(self._upload, self._progress, self._attempts)
            except (httpx.TransportError, ServerError) as error:
                found, _ = yield from self._found_after(error)
                if found is not None:
                    return found, False
                seconds = self._attempts.wait_after(error, is_safe=True) if self._upload.repeatable else None
                if seconds is None:
                    raise
                yield self._ways.sleep(seconds)
            except ValidationFailed as error:
                return (yield from self._refused(error))
            else:
                self._check(package)
                return package, False

    def _refused(self, error: ValidationFailed) -> Generator[Any, Any, tuple[PackageT, bool]]:
        """See whether a refusal means that the file is there."""
        if not (self._skip_existing or self._is_uncertain) or not is_taken(error):
            raise error
        found, is_name_known = yield from self._found(everywhere=False)
        if found is None and not is_name_known:
            found, _ = yield from self._found(everywhere=True)
        if found is not None:
            return found, not self._is_uncertain
        if not self._skip_existing:
            raise error
        raise DifferentContent(
            f"the registry has other content under the name and version of {self._upload.filename}, so it was not "
            f"published; give it a new version ({error.message})",
            self._upload.filename,
            self._upload.digests or {},
        ) from error

    def _found_after(self, error: Exception) -> Generator[Any, Any, tuple[PackageT | None, bool]]:
        """Look for a file that was sent to its end, although there was no proper answer."""
        if self._upload.digests is None:
            return None, False
        self._is_uncertain = True
        try:
            return (yield from self._found(everywhere=False, newest=True))
        except (httpx.RequestError, ResponseError) as fault:
            error.add_note(f"whether {self._upload.filename} is published could not be found out: {fault}")
            raise error from fault

    def _found(self, *, everywhere: bool, newest: bool = False) -> Generator[Any, Any, tuple[PackageT | None, bool]]:
        """Look for a package with the file's digests.

        Args:
            everywhere: whether to look through all packages, rather than those of a name that the file name suggests.
            newest: whether to look through the newest ones as well.

        Returns:
            the package or None, and whether there are packages of such a name.
        """
        digests = yield self._ways.digest(self._upload)
        names: list[str | None] = [None] if everywhere else [*names_in(self._upload.filename)]
        is_name_known = False
        for name in names:
            package, count = yield self._ways.look(digests, name, None)
            is_name_known |= count > 0
            if package is not None:
                return package, is_name_known
        if newest:
            package, _ = yield self._ways.look(digests, None, NEWEST)
            return package, is_name_known
        return None, is_name_known

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

        def one(file: FileSource | Upload) -> Published[PackageT]:
            name = ""
            try:
                upload = upload_of(file)
                name = upload.filename
                package, existed = self.publish(upload, progress=named(progress, name), skip_existing=skip_existing)
            except Exception as error:
                return Published(file, name or name_of(file), error=error)
            return Published(file, name, package, existed)

        self.client.get_httpx_client()  # before threads would each make one
        with ThreadPoolExecutor(jobs, "publish") as pool:
            try:
                return list(pool.map(one, files))
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def digest(self, upload: Upload) -> dict[str, str]:
        """Give a file's digests."""
        return upload.digest()

    def send(self, upload: Upload, progress: Progress | None, attempts: Attempts) -> PackageT:
        """Send a file."""
        return call(self.client, self.operation, self.arguments(upload, progress), self.parse, attempts).parsed

    def look(self, digests: Mapping[str, str], name: str | None, most: int | None) -> tuple[PackageT | None, int]:
        """Look for digests among packages of a name, or all, so many at most; gives it, and how many it saw."""
        count = 0
        for summary in self.find(name):
            count += 1
            found = digests_of(summary)
            if (not found and name) or same(found, digests):
                package = self.get(summary.id)
                if same(digests_of(package), digests):
                    return package, count
            if count == most:
                break
        return None, count

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


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
        waiting = iter(enumerate(files))

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

    async def look(self, digests: Mapping[str, str], name: str | None, most: int | None) -> tuple[PackageT | None, int]:
        """Look for digests among packages of a name, or all, so many at most; gives it, and how many it saw."""
        count = 0
        async for summary in self.find(name):
            count += 1
            found = digests_of(summary)
            if (not found and name) or same(found, digests):
                package = await self.get(summary.id)
                if same(digests_of(package), digests):
                    return package, count
            if count == most:
                break
        return None, count

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
    if jobs < 1:
        raise ValueError(f"jobs is {jobs}; it should be the number of files to publish at a time, from 1")


def is_taken(error: ValidationFailed) -> bool:
    """Say whether a refusal may mean that a package of that name and version is there."""
    return any(map(TAKEN.search, [error.message, *(str(each.code) for each in error.errors)]))


def names_in(filename: str) -> Iterator[str]:
    """Guess the names that a package may have by its file's name, the likeliest first."""
    names = [filename[: match.start()] for match in NAME_ENDS.finditer(filename)][:MOST_NAMES]
    yield from dict.fromkeys(each for name in names if name for each in (name, re.sub("[-_.]+", "-", name).lower()))


def digests_of(package: Stored) -> dict[str, str]:
    """Give the digests of a package, none where the answer has none."""
    digests: dict[str, str] = package.digests.to_dict() if package.digests else {}
    return {name: value for name, value in digests.items() if isinstance(value, str)}


def same(stored: Mapping[str, str], sent: Mapping[str, str]) -> bool:
    """Say whether digests are those of the same content: some are there, and none differs."""
    common = stored.keys() & sent.keys()
    return bool(common) and all(stored[name].lower() == sent[name].lower() for name in common)
