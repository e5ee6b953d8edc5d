"""Publishing files: each is there once at the end, or there is an error that says why not.

A publish whose answer is lost, or is a 5xx, may have taken effect. The digests of the file decide: if the registry has
them, the publish is done; else the file is sent again. A file that was sent to its end may appear late, so a wait comes
before each look.
"""

import os
import re
from collections.abc import Awaitable, Callable, Generator, Iterable, Iterator
from contextlib import suppress
from threading import Event
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

import httpx
from attrs import define, field

from ..errors import (
    DifferentContent,
    DigestMismatch,
    PackageRegistriesError,
    ServerError,
    UnexpectedResponse,
    UploadFailed,
    ValidationFailed,
)
from ..http.calls import acall, call
from ..http.operation import Operation
from ..http.receiving import UnreadableBody, aexchange, exchange
from ..http.retries import NEVER_SENT, Attempts, Stopped, apause, pause
from .match_upload import MatchQuality, Search, Stored, digests_of, names_in
from .multipart import Progress
from .presigned import Presigning, UploadForm
from .uploads import FileSource, Upload
from .workers import Workers

if TYPE_CHECKING:
    from ..http.ports import Caller

NEWEST = 100
"""Packages that are looked through first, the newest before the others."""

TAKEN = re.compile(r"already|taken|exists|duplicate", re.IGNORECASE)
"""What a refusal says where a package of that name and version is there; no source gives the service's words."""

FileProgress = Callable[[str, int, int | None], object]
"""Called with a file's name, the bytes of it that were sent, and how many it has where that is known."""

OnStart = Callable[[Any], object]
"""Called with each file as it was given, before it is published."""

T = TypeVar("T")
PackageT = TypeVar("PackageT", bound=Stored)
SummaryT = TypeVar("SummaryT", bound=Stored)


@define
class Published(Generic[PackageT]):
    """The result of publishing one file.

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


class PublishPort(Generic[PackageT, SummaryT]):
    """What publishing needs of a client; `Publisher` and `AsyncPublisher` do it, each in its way.

    Args:
        client: the client that makes the calls.
        operation: what publishes.
        request: gives the arguments of its request for an upload.
        parse: makes the package of an answer's JSON.
        find: lists the registry's packages, those of a name, or all.
        get: looks one up by its ID.
        presigning: how files are sent by a form; None where they are sent with the call that publishes.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - generated code alone calls it
        self,
        client: "Caller",
        operation: Operation,
        request: Callable[[Upload], dict[str, Any]],
        parse: Callable[[Any], PackageT],
        find: Callable[[str | None], Any],
        get: Callable[[Any], Any],
        presigning: Presigning | None = None,
    ) -> None:
        self.client = client
        self.operation = operation
        self.request = request
        self.parse = parse
        self.find = find
        self.get = get
        self.presigning = presigning

    def arguments(self, upload: Upload, progress: Progress | None) -> dict[str, Any]:
        """Give the arguments of the call that publishes."""
        arguments = self.request(upload)
        arguments["body"].progress = progress
        return arguments

    def steps(
        self, upload: Upload, progress: Progress | None, *, skip_existing: bool
    ) -> Generator[Any, Any, tuple[PackageT, bool]]:
        """Give the steps of publishing a file; see `Publication`."""
        return Publication[PackageT, SummaryT](self, upload, progress, skip_existing=skip_existing).steps()

    def steps_of_one(
        self, file: FileSource | Upload, progress: FileProgress | None, on_start: OnStart | None, *, skip_existing: bool
    ) -> Generator[Any, Any, Published[PackageT]]:
        """Give the steps of publishing a file among several, whose errors become its result."""
        name = name_of(file)
        try:
            if on_start is not None:
                on_start(file)
            upload = upload_of(file)
            name = upload.filename
            package, existed = yield from self.steps(upload, named(progress, name), skip_existing=skip_existing)
        except Exception as error:
            return Published(file, name, error=error)
        return Published(file, name, package, existed)


class Publication(Generic[PackageT, SummaryT]):
    """The publishing of one file, as steps that a driver takes: plainly, or awaiting each.

    Args:
        port: how to digest, send, look and wait; each gives its result, or what to await for it.
        upload: the file.
        progress: called with the bytes that were sent.
        skip_existing: whether the same content counts as done where the registry has it.
    """

    def __init__(self, port: Any, upload: Upload, progress: Progress | None, *, skip_existing: bool) -> None:
        self._port = port
        self._upload = upload
        self._progress = progress
        self._skip_existing = skip_existing
        self._attempts = Attempts(port.client.retry, port.operation)
        self._address: str | None = None  # of the file, where it was sent by a form
        self._doubt: Exception | None = None  # since the file was sent to its end, and the answer was no proper one
        self._are_there_digests = True

    def steps(self) -> Generator[Any, Any, tuple[PackageT, bool]]:
        """Publish; gives the package, and whether it was there before."""
        if self._skip_existing and self._upload.repeatable:
            found = yield from self._found()
            if found.package is not None and found.is_over:
                return found.package, True
        if self._port.presigning is not None:
            self._address = yield from self._sent_past(self._port.presigning)
        while True:
            before = self._upload.digests
            try:
                package = yield self._send()
            except (httpx.RequestError, ServerError, UnexpectedResponse) as error:
                is_new = self._upload.digests is not before  # the file was sent to its end
                if is_new or (self._address is not None and not isinstance(error, NEVER_SENT)):
                    self._doubt = error
                package = yield from self._recovered(error)
                if package is not None:
                    return package, False
            except ValidationFailed as error:
                return (yield from self._refused(error))
            else:
                self._check(package)
                return package, False

    def _send(self) -> Any:
        if self._address is None:
            return self._port.send(self._upload, self._progress, self._attempts)
        return self._port.publish_address(self._address, self._attempts)

    def _sent_past(self, presigning: Presigning) -> Generator[Any, Any, str]:
        """Send the file by a form, a new one for each attempt; gives the address to publish it by."""
        attempts = Attempts(self._port.client.retry, presigning.operation)
        while True:
            form: UploadForm = yield self._port.request_form()
            try:
                yield self._port.send_form(form, self._upload, self._progress, attempts)
            except (httpx.RequestError, UploadFailed) as error:
                seconds = attempts.wait_after(error, is_safe=True) if self._upload.readable else None
                if seconds is None:
                    raise
            else:
                return form.address(self._upload.filename)
            yield self._port.sleep(seconds)

    @property
    def _can_go_again(self) -> bool:
        return self._upload.repeatable or self._address is not None

    def _recovered(self, error: Exception) -> Generator[Any, Any, PackageT | None]:
        """Wait after an attempt without a proper answer; gives the package if it is there, or None to send it again."""
        while True:
            can_go_on = self._can_go_again or self._doubt is not None
            seconds = self._attempts.wait_after(error, is_safe=True) if can_go_on else None
            if seconds is not None:
                yield self._port.sleep(seconds)
            if self._doubt is not None:
                found = yield from self._found_after(error)
                is_last = seconds is None or not self._can_go_again
                if found.package is not None and found.quality >= (
                    MatchQuality.CLOSE if is_last else MatchQuality.EXACT
                ):
                    return found.package
                if not self._are_there_digests:
                    error.add_note(f"whether {self._upload.filename} is published is not known: there are no digests")
                    raise error
            if seconds is None:
                raise error
            if self._can_go_again:
                return None
            self._attempts.begin()  # it cannot be sent again, but may show later

    def _refused(self, error: ValidationFailed) -> Generator[Any, Any, tuple[PackageT, bool]]:
        """Check whether a refusal means that the file is there."""
        if self._upload.digests is None or not (self._skip_existing or self._doubt):
            raise error
        is_there = is_taken(error)
        is_used = self._port.presigning is not None and any(
            each.field == self._port.presigning.address for each in error.errors
        )  # maybe by the attempt whose answer was lost
        found = yield from self._found_after(error, everywhere=is_there)
        while found.package is None and (is_there or is_used) and self._doubt is not None:
            seconds = self._attempts.wait_after(self._doubt, is_safe=True)
            if seconds is None:
                break
            yield self._port.sleep(seconds)
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
        search: Search[PackageT] = Search(self._upload.filename, (yield self._port.digest(self._upload)))
        places: list[tuple[str | None, int | None]] = [(None, NEWEST)]
        places += [(name, None) for name in names_in(self._upload.filename)]
        places += [(None, None)] if everywhere else []
        for name, most in places:
            search.begin()
            yield self._port.look(search, name, most)
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


class Publisher(PublishPort[PackageT, SummaryT]):
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
        return drive(self.steps(upload_of(file, filename, size), progress, skip_existing=skip_existing))

    def publish_many(  # noqa: PLR0913 - as the public method
        self,
        files: Iterable[FileSource | Upload],
        *,
        jobs: int,
        progress: FileProgress | None = None,
        skip_existing: bool = False,
        on_start: OnStart | None = None,
        on_result: Callable[[Published[PackageT]], object] | None = None,
    ) -> list[Published[PackageT]]:
        """Publish files, so many at a time; gives a result for each, in their order."""
        check_jobs(jobs)
        files = listed(files)
        stop = Event()

        def report(name: str, sent: int, total: int | None) -> None:
            if stop.is_set():
                raise Stopped
            if progress is not None:
                progress(name, sent, total)

        def one(file: FileSource | Upload) -> Published[PackageT]:
            return drive(self.steps_of_one(file, report, on_start, skip_existing=skip_existing))

        return Workers(one, files, stop, on_result).run(jobs)

    def digest(self, upload: Upload) -> dict[str, str]:
        """Give a file's digests."""
        return upload.digest()

    def send(self, upload: Upload, progress: Progress | None, attempts: Attempts) -> PackageT:
        """Send a file."""
        return call(self.client, self.operation, self.arguments(upload, progress), self.parse, attempts).parsed

    def request_form(self) -> UploadForm:
        """Request a form, which can be done again whatever became of it."""
        how = cast("Presigning", self.presigning)
        attempts = Attempts(self.client.retry, how.operation, is_safe=True)
        return call(self.client, how.operation, how.arguments, how.form(self.client.base_url), attempts).parsed

    def send_form(self, form: UploadForm, upload: Upload, progress: Progress | None, attempts: Attempts) -> None:
        """Send a file by a form."""
        attempts.begin()
        http = self.client.get_httpx_client()
        request = form.request(http, upload, progress)
        try:
            form.check(exchange(http, request, self.client.max_response_size, auth=httpx.Auth()))
        except UnreadableBody as error:
            raise form.unreadable(error) from None

    def publish_address(self, address: str, attempts: Attempts) -> PackageT:
        """Publish a file that was sent by a form."""
        arguments = cast("Presigning", self.presigning).publish(address)
        return call(self.client, self.operation, arguments, self.parse, attempts).parsed

    def look(self, search: Search[PackageT], name: str | None, most: int | None) -> None:
        """Look for a package among those of a name, or all, so many at most."""
        for summary in self.find(name):
            if search.wants(summary):
                with suppress(ValueError):  # its ID is none
                    search.take(self.get(summary.id))
            if search.is_over or search.seen == most:
                break

    def sleep(self, seconds: float) -> None:
        """Wait."""
        pause(seconds)


class AsyncPublisher(PublishPort[PackageT, SummaryT]):
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
        return await adrive(self.steps(upload_of(file, filename, size), progress, skip_existing=skip_existing))

    async def publish_many(  # noqa: PLR0913 - as the public method
        self,
        files: Iterable[FileSource | Upload],
        *,
        jobs: int,
        progress: FileProgress | None = None,
        skip_existing: bool = False,
        on_start: OnStart | None = None,
        on_result: Callable[[Published[PackageT]], object] | None = None,
    ) -> list[Published[PackageT]]:
        """Publish files, so many at a time; gives a result for each, in their order."""
        import anyio  # noqa: PLC0415 - httpx loads it for asynchronous clients alone

        check_jobs(jobs)
        results: dict[int, Published[PackageT]] = {}
        waiting = iter(enumerate(listed(files)))

        async def work() -> None:
            for index, file in waiting:
                results[index] = await adrive(self.steps_of_one(file, progress, on_start, skip_existing=skip_existing))
                if on_result is not None:
                    on_result(results[index])

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

    async def request_form(self) -> UploadForm:
        """Request a form, which can be done again whatever became of it."""
        how = cast("Presigning", self.presigning)
        attempts = Attempts(self.client.retry, how.operation, is_safe=True)
        return (await acall(self.client, how.operation, how.arguments, how.form(self.client.base_url), attempts)).parsed

    async def send_form(self, form: UploadForm, upload: Upload, progress: Progress | None, attempts: Attempts) -> None:
        """Send a file by a form."""
        attempts.begin()
        http = self.client.get_async_httpx_client()
        request = form.request(http, upload, progress)
        try:
            form.check(await aexchange(http, request, self.client.max_response_size, auth=httpx.Auth()))
        except UnreadableBody as error:
            raise form.unreadable(error) from None

    async def publish_address(self, address: str, attempts: Attempts) -> PackageT:
        """Publish a file that was sent by a form."""
        arguments = cast("Presigning", self.presigning).publish(address)
        return (await acall(self.client, self.operation, arguments, self.parse, attempts)).parsed

    async def look(self, search: Search[PackageT], name: str | None, most: int | None) -> None:
        """Look for a package among those of a name, or all, so many at most."""
        async for summary in self.find(name):
            if search.wants(summary):
                with suppress(ValueError):  # its ID is none
                    search.take(await self.get(summary.id))
            if search.is_over or search.seen == most:
                break

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await apause(seconds)


def drive(steps: Generator[Any, Any, T]) -> T:
    """Drive steps, each of which is done when it is yielded; gives what they return."""
    value: Any = None
    while True:
        try:
            value = steps.send(value)
        except StopIteration as end:
            return cast("T", end.value)


async def adrive(steps: Generator[Any, Any, T]) -> T:
    """Drive steps as `drive` does, and await each."""
    step: Callable[[Any], Awaitable[Any]] = steps.send
    value: Any = None
    while True:
        try:
            awaitable = step(value)
        except StopIteration as end:
            return cast("T", end.value)
        try:
            step, value = steps.send, await awaitable
        except BaseException as error:
            step, value = steps.throw, error


def upload_of(file: FileSource | Upload, filename: str | None = None, size: int | None = None) -> Upload:
    """Make an upload of a file, where it is none yet."""
    return file if isinstance(file, Upload) else Upload.of(file, filename=filename, size=size)


def name_of(file: object) -> str:
    """Name a file that no upload could be made of."""
    return str(cast("object", file)) if isinstance(file, str | os.PathLike) else ""


def named(progress: FileProgress | None, filename: str) -> Progress | None:
    """Tell the progress of one file among several."""
    return None if progress is None else lambda sent, total: progress(filename, sent, total)


def check_jobs(jobs: object) -> None:
    """Check that some files can be published at a time.

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
    """Tell whether a refusal may mean that a package of that name and version is there."""
    return any(map(TAKEN.search, [error.message, *(str(each.code) for each in error.errors)]))
