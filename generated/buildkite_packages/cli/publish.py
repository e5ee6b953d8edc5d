"""The command that publishes files."""

import threading
from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING, Any, cast

import click

from ..openapi import Json
from . import text
from .description import Described
from .exit_status import INTERRUPTED
from .parameters import Argument, Taken, given, kebab
from .session import Failure, Settings, sentence

if TYPE_CHECKING:
    from ..http.retries import Wait
    from ..package_registries import PackageRegistries
    from ..publishing.publisher import Published
    from ..publishing.uploads import Upload
    from .files import Named
    from .progress import Bars


def parameters(operation: Described) -> list[click.Parameter]:
    """Make the parameters of what publishes, beyond its path."""
    beside: list[click.Parameter] = [
        click.Option(
            [f"--{kebab(field.name)}", field.name],
            type=click.Path(exists=True, dir_okay=False, readable=True),
            metavar="FILE",
            help=f"{field.description} It goes with each file.",
        )
        for field in operation.fields
        if field.name in operation.method.documents
    ]
    if operation.method.presign:
        explanation = "Send each file by a presigned form of the API, as Buildkite's own tools do."
        beside.append(click.Option(["--presigned"], is_flag=True, help=explanation))
    return [
        Argument(
            ["files"],
            nargs=-1,
            required=True,
            metavar="FILE...",
            help="Path of a file; a pattern such as 'dist/**/*.whl', in quotes or not; or - for standard input.",
        ),
        click.Option(["--filename"], metavar="NAME", help="Name of the file that comes from standard input."),
        click.Option(
            ["--skip-existing"],
            is_flag=True,
            help="Take a file as done where the registry has the same content. Other content is still refused.",
        ),
        click.Option(
            ["--dry-run"], is_flag=True, help="Publish nothing; show what would be, and that the registry is there."
        ),
        click.Option(
            ["--jobs", "-j"], type=click.IntRange(1), default=4, show_default=True, help="Files to publish at a time."
        ),
        *beside,
    ]


def publisher(operation: Described, every: list[Described], fields: list[Taken]) -> Callable[..., None]:
    """Make what runs when the command is called.

    Args:
        operation: what publishes.
        every: all operations, for what goes with it.
        fields: what it takes beside the file.
    """
    place = operation.path.rpartition("/")[0]
    look = next((each for each in every if each.path == place and each.http_method == "GET"), None)

    def run_it(  # noqa: PLR0913 - one for each option
        ctx: click.Context,
        /,
        *,
        files: tuple[str, ...],
        filename: str | None,
        skip_existing: bool,
        dry_run: bool,
        jobs: int,
        as_json: bool,
        **values: Any,
    ) -> None:
        from .files import named, result  # noqa: PLC0415 - slow to import, and --help does without

        found = named(files, filename)
        sent = given(fields, values)
        how = {name: values[name] for name in (*operation.method.documents, "presigned") if values.get(name)}
        run = Run(operation, ctx.obj, how, skip_existing=skip_existing, as_json=as_json)
        try:
            if dry_run:
                with ctx.obj.client() as client:
                    results = rehearse(look, client, found, sent, as_json=as_json)
            else:
                results = run.publish(found, sent, jobs)
        except Failure as failure:  # before any file
            if as_json:
                text.say(text.as_json([result(file, "failed", error=failure.message) for file in found]))
            raise
        except KeyboardInterrupt:
            if not as_json:
                raise
            run.is_interrupted = True
            results = [result(file, "interrupted", error=run.interruption(file)) for file in found]
        conclude(ctx, run, results)

    return run_it


def conclude(ctx: click.Context, run: "Run", results: list[Json]) -> None:
    """Print the results as JSON where that is wanted, and end with the status that they have.

    Raises:
        Failure: they were not printed as they came.
    """
    if run.as_json:
        text.say(text.as_json(results))
    if run.unprinted is not None:
        raise Failure(f"the results could not be printed: {sentence(run.unprinted)}")
    if run.is_interrupted:
        ctx.exit(INTERRUPTED)
    if any(each["error"] for each in results):
        ctx.exit(1)


class Run:
    """The publishing of some files, with bars, results and what is known after Ctrl-C.

    Args:
        operation: what publishes.
        settings: of the command line.
        how: further arguments of the client's method.
        skip_existing: whether the same content counts as done.
        as_json: whether results are printed later, as JSON.
    """

    def __init__(
        self, operation: Described, settings: Settings, how: Json, *, skip_existing: bool, as_json: bool
    ) -> None:
        self.operation = operation
        self.settings = settings
        self.how = how
        self.skip_existing = skip_existing
        self.as_json = as_json
        self.is_interrupted = False
        self.unprinted: OSError | None = None
        self._of_thread = threading.local()
        self._sent_whole: set[Named] = set()
        self._in_doubt: set[Named] = set()

    def publish(self, files: "list[Named]", values: dict[tuple[str, str], Any], jobs: int) -> list[Json]:
        """Publish files; gives a result for each, in their order."""
        from .files import result  # noqa: PLC0415 - slow to import
        from .progress import Bars  # noqa: PLC0415

        sizes = [each.upload.size if each.upload else 0 for each in files]
        size = None if None in sizes else sum(filter(None, sizes))
        is_shown = not (self.settings.quiet or self.settings.verbose)
        results: dict[Named, Json] = {}
        by_upload = {id(file.upload): file for file in files if file.upload is not None}
        path = [value for (place, _), value in values.items() if place == "path"]
        with self.settings.client(self.wait) as client, Bars(len(files), size, is_shown=is_shown) as bars:

            def start(upload: object) -> None:
                self.start(bars, by_upload[id(upload)])

            def conclude_file(published: "Published[Any]") -> None:
                file = by_upload[id(published.file)]
                bars.end(file)
                results[file] = self.result(file, published)
                self._tell(bars, file, results[file])

            for file in files:
                if file.error is not None:
                    results[file] = result(file, "failed", error=file.error)
                    self._tell(bars, file, results[file])
            publish_many = getattr(
                getattr(client, self.operation.method.resource), f"{self.operation.method.name}_many"
            )
            try:
                publish_many(
                    *path,
                    [file.upload for file in by_upload.values()],
                    jobs=jobs,
                    progress=self.progress,
                    skip_existing=self.skip_existing,
                    on_start=start,
                    on_result=conclude_file,
                    **self.how,
                )
            except KeyboardInterrupt:
                self.is_interrupted = True
            for file in files:
                if file not in results:
                    results[file] = result(file, "interrupted", error=self.interruption(file))
                    self._tell(bars, file, results[file])
        return [results[file] for file in files]

    def start(self, bars: "Bars", file: "Named") -> None:
        """Note that this thread publishes a file, and show it."""
        self._of_thread.file, self._of_thread.bars = file, bars
        bars.begin(file)

    def progress(self, _: str, sent: int, total: int | None) -> None:
        """Show how much of the file of this thread was sent."""
        file = self._of_thread.file
        (self._sent_whole.add if sent == total else self._sent_whole.discard)(file)
        self._of_thread.bars.move(file, sent, total)

    def wait(self, wait: "Wait") -> None:
        """Show that the file of this thread waits, and note whether the service may have taken it before."""
        from ..errors import RateLimited  # noqa: PLC0415 - slow to import
        from ..http.retries import NEVER_SENT  # noqa: PLC0415

        file = self._of_thread.file
        if wait.operation == self.operation.id and file in self._sent_whole:
            self._sent_whole.discard(file)
            if not isinstance(wait.reason, (RateLimited, *NEVER_SENT)):
                self._in_doubt.add(file)
        elif wait.operation == self.operation.method.presign:  # another form is to take it
            self._sent_whole.discard(file)
        self._of_thread.bars.wait(file, wait.seconds)

    def result(self, file: "Named", published: "Published[Any]") -> Json:
        """Give the result of a file as JSON."""
        from ..http.retries import Stopped  # noqa: PLC0415 - slow to import
        from .files import result  # noqa: PLC0415

        if isinstance(published.error, Stopped):
            return result(file, "interrupted", error=self.interruption(file))
        if published.error is not None:
            return result(file, "failed", error=sentence(published.error))
        return result(
            file, "existed" if published.existed else "published", package=cast("Any", published.package).to_dict()
        )

    def interruption(self, file: "Named") -> str:
        """Say what is known of a file that was given up after Ctrl-C."""
        is_open = file in self._sent_whole or file in self._in_doubt
        return f"interrupted; {'whether it was published is open' if is_open else 'it was not published'}"

    def _tell(self, bars: "Bars", file: "Named", found: Json) -> None:
        """Print the result of a file, and count it."""
        bars.count(file, is_done=not found["error"])
        if found["error"]:
            word = click.style("failed", fg="red")
            bars.print(f"{word} {file.shown}: {text.safe(found['error'])}", is_error=True)
        elif not self.as_json:
            done = found["status"] == "published"
            word = click.style("published", fg="green") if done else click.style("exists", fg="cyan")
            try:
                bars.print(f"{word} {file.shown} {text.cell(found['package'].get('id'))}")
            except BrokenPipeError:
                pass  # the output is closed, but publishing goes on
            except OSError as error:  # such as a full disk; the files go on
                self.unprinted = error


def rehearse(
    look: Described | None,
    client: "PackageRegistries",
    files: "list[Named]",
    values: dict[tuple[str, str], Any],
    *,
    as_json: bool,
) -> list[Json]:
    """Show what would be published; gives a result for each file.

    Raises:
        Failure: that to which it would be published is not there.
    """
    from ..errors import Forbidden  # noqa: PLC0415 - slow to import
    from .files import result  # noqa: PLC0415
    from .requests import answer  # noqa: PLC0415

    if look is not None:
        try:
            answer(look, client, values)
        except Forbidden as error:
            text.tell(f"Whether the {look.noun} is there could not be seen: {text.safe(sentence(error))}")
    results: list[Json] = []
    for file in files:
        found = result(file, "failed", error=file.error)
        if file.upload is not None:
            try:
                found = result(file, "would publish", **size_and_digest(file.upload))
            except (OSError, ValueError) as error:
                found = result(file, "failed", error=sentence(error))
        results.append(found)
        if found["error"]:
            text.tell(f"{click.style('failed', fg='red')} {file.shown}: {text.safe(found['error'])}")
        elif not as_json:
            text.say(f"would publish {file.shown} {found['size']} bytes sha256:{found['sha256']}")
    return results


def size_and_digest(upload: "Upload") -> Json:
    """Read a file to its end, without keeping it."""
    size = 0
    with closing(upload.open(is_async=False)) as reading:
        while chunk := reading.read():
            size += len(chunk)
        return {"size": size, "sha256": reading.digests()["sha256"]}
