"""The commands: one for each operation of the API's description, in groups by what they are about."""

import io
import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from .. import environment
from ..openapi import Json, packaged
from ..spec import OIDC_AUDIENCE
from . import tables, text
from .description import Described, kinds, operations, properties
from .exit_status import INTERRUPTED
from .parameters import Argument, Taken, checked, given, kebab, taken
from .requests import answer
from .session import Failure, Settings, interrupted, is_interactive, told

if TYPE_CHECKING:
    from ..package_registries import PackageRegistries

SPOKEN = {"get": "show"}
"""What a command is called, where its method's name would read badly."""

SETTINGS_HELP = """
The access token is read from BUILDKITE_API_TOKEN alone, so that it shows neither in a list of processes nor in the
history of a shell. With --oidc it comes from the Buildkite agent, as the registry's OIDC policy allows.

Results go to standard output, everything else to standard error. The exit status is 0 where all went through, 1 where
something did not, and 2 for a wrong use. With --json standard output is one document; it is empty where a command fails
before it has a result, but `publish` has one for each file, unless it is used wrongly.

For completion in bash, put `eval "$(_BUILDKITE_PACKAGES_COMPLETE=bash_source buildkite-packages)"` into ~/.bashrc; zsh
and fish have zsh_source and fish_source.
"""


MOST_WORDS = 2
"""Properties that the question before a deletion shows, besides the given name."""


class Command(click.Command):
    """A command that shows the help of its arguments, and ends after Ctrl-C as other programs do.

    Args:
        is_read: whether it changes nothing.
        registry: name of the parameter that holds the slug of a registry; None where there is none.
        settings: of `click.Command`.
    """

    def __init__(self, *, is_read: bool, registry: str | None, **settings: Any) -> None:
        super().__init__(**settings)
        self.is_read = is_read
        self.registry = registry

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write arguments and options."""
        arguments = [each for each in self.get_params(ctx) if isinstance(each, Argument)]
        if arguments:
            with formatter.section("Arguments"):
                formatter.write_dl([(each.metavar or "", each.explanation) for each in arguments])
        super().format_options(ctx, formatter)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the paragraphs at the end as they are, for a link that is broken is none."""
        formatter.write_paragraph()
        formatter.write(self.epilog or "")

    def invoke(self, ctx: click.Context) -> Any:
        """Run it."""
        if ctx.obj.oidc:
            if self.registry is None:
                raise click.UsageError("--oidc goes with the commands on the packages of a registry.")
            ctx.obj = ctx.obj._replace(registry=ctx.params[self.registry])
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            is_read = self.is_read or ctx.params.get("dry_run")
            interrupted("" if is_read else "What was asked for may have been done.")


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a command line.

    Args:
        arguments: without the name of the program; None for those of this process.

    Returns:
        the exit status.
    """
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - for as long as the process is
    if sys.stdout is None:
        text.warn("standard output is closed; send it to /dev/null where nobody is to read it")
        return 2
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # what a terminal's encoding lacks should not end a command
    try:
        status = root().main(arguments, standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):  # before a command begins
        return INTERRUPTED
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(bool(end.code))
    return status if isinstance(status, int) else 0


def root() -> click.Group:
    """Make the whole command line of the description.

    What has a method that publishes stands at the top; the rest is in groups named after what it is about.
    """
    every = list(operations())
    top = next((each.method.resource for each in every if each.method.publishes), None)
    group = click.Group("buildkite-packages", params=settings_options(), callback=settings, help=main_help())
    groups: dict[str, click.Group] = {}
    for tag in packaged().value["tags"]:
        if tag["name"] != top:
            groups[tag["name"]] = click.Group(kebab(tag["name"]), help=tag["description"])
            group.add_command(groups[tag["name"]])
    for each in every:
        groups.get(each.method.resource, group).add_command(command(each, every))
    return group


def main_help() -> str:
    """Write the help of the whole."""
    return f"{packaged().value['info']['summary']}\n{SETTINGS_HELP}"


def settings_options() -> list[click.Parameter]:
    """Make the options that come before a command."""
    return [
        click.Option(
            ["--organization"],
            envvar=environment.ORGANIZATION,
            show_envvar=True,
            metavar="SLUG",
            help="The organization.",
        ),
        click.Option(
            ["--base-url"],
            envvar=environment.ENDPOINT,
            show_envvar=True,
            metavar="URL",
            help="Address of the API, where it is not the service's.",
        ),
        click.Option(
            ["--oidc"],
            is_flag=True,
            help="Take OIDC tokens of the Buildkite agent, in place of BUILDKITE_API_TOKEN.",
        ),
        click.Option(
            ["--allow-http"], is_flag=True, help="Talk plain HTTP to another machine, over a network to trust."
        ),
        click.Option(
            ["--timeout"],
            type=click.FloatRange(0, min_open=True),
            metavar="SECONDS",
            help="How long a single wait, such as for an answer, may take.",
        ),
        click.Option(
            ["--attempts"],
            type=click.IntRange(1),
            metavar="N",
            help="How often a request is tried at most, where it is safe to send it again.",
        ),
        click.Option(["--no-retry"], is_flag=True, help="The same as --attempts 1."),
        click.Option(["--quiet", "-q"], is_flag=True, help="Show results and errors alone."),
        click.Option(["--verbose", "-v"], is_flag=True, help="Tell each wait before a request is tried again."),
        click.Option(
            ["--version"],
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=show_version,
            help="Show the version.",
        ),
    ]


def show_version(ctx: click.Context, _: click.Parameter, value: object) -> None:
    """Print the version and end, where that is asked for."""
    from ..spec import VERSION  # noqa: PLC0415

    if value and not ctx.resilient_parsing:
        text.say(VERSION)
        ctx.exit()


@click.pass_context
def settings(ctx: click.Context, /, *, no_retry: bool, attempts: int | None, **values: Any) -> None:
    """Keep the settings for the command that follows."""
    if no_retry and attempts not in {None, 1}:
        raise click.UsageError("--no-retry and --attempts exclude each other.")
    for name in [each for each in values if ctx.get_parameter_source(each) is ParameterSource.ENVIRONMENT]:
        checked(environment.VARIABLES[name], values.pop(name))  # the client reads it itself, and names it so
    for name in [each for each in ("organization", "base_url") if each in values and values[each] is not None]:
        if not values[name].strip():
            raise click.UsageError(f"--{kebab(name)} is empty; leave it out to take {environment.VARIABLES[name]}.")
    own = {name: checked(f"--{kebab(name)}", each) for name, each in values.items() if each}
    ctx.obj = Settings(attempts=1 if no_retry else attempts, **own)


def command(operation: Described, every: list[Described]) -> Command:
    """Make the command of an operation.

    Args:
        operation: the operation.
        every: all of them, for what goes with it.
    """
    if operation.method.publishes:
        from .publish import parameters, publisher  # noqa: PLC0415

        fields = taken([each for each in operation.fields if each.place == "path"], ())
        callback = publisher(operation, every, fields)
        own = parameters(operation)
    elif operation.http_method == "DELETE":
        fields = taken(operation.fields, {"--json", "--yes", "--help"})
        *_, last = (each for each in fields if each.field.place == "path")
        last.parameters[0].nargs = -1
        last.parameters[0].required = True
        last.parameters[0].metavar = f"{last.flag}..."
        callback = deleter(operation, every, fields, last)
        own = [click.Option(["--yes", "-y"], is_flag=True, help="Delete without asking.")]
    else:
        fields = taken(operation.fields, {"--json", "--help"}, are_pages=operation.method.pages is not None)
        callback = caller(operation, fields, key_of(operation, every))
        own = []
    return Command(
        is_read=operation.http_method == "GET",
        registry=next((each.key for each in fields if f"{{{each.field.name}}}" in OIDC_AUDIENCE), None),
        name=kebab(SPOKEN.get(operation.method.name, operation.method.name)),
        params=[
            *(parameter for each in fields for parameter in each.parameters),
            *own,
            click.Option(["--json", "as_json"], is_flag=True, help="Print JSON, for programs."),
        ],
        callback=click.pass_context(callback),
        help=f"{operation.summary}.\n\n{operation.description}",
        short_help=f"{operation.summary}.",
        epilog=epilog(operation, every),
    )


def epilog(operation: Described, every: list[Described]) -> str:
    """Write the end of a command's help."""
    lines = [f"Needs the scope {operation.scopes}.", operation.link]
    if operation.item is not None:
        names = tables.columns(operation.item, key_of(operation, every))
        lines[:0] = ["Into a pipe it prints a line for each, with a tab between two of", f"{', '.join(names)}.", ""]
    return "".join(f"{line}\n" for line in lines)


def key_of(operation: Described, every: list[Described]) -> str:
    """Name the property of a list's items that identifies one: that which the path to one of them takes."""
    for other in every:
        parent, _, last = other.path.rpartition("/")
        if parent == operation.path and last.startswith("{"):
            name = last.strip("{}")
            known = (operation.item or {}).get("properties", {})
            return next((each for each in (name, name.rpartition("_")[2]) if each in known), name)
    return "id"


def caller(operation: Described, fields: list[Taken], key: str) -> Callable[..., None]:
    """Make what runs when the command of an operation is called."""

    def run_it(ctx: click.Context, /, *, as_json: bool, **values: Any) -> None:
        sent = given(fields, values)
        check_change(operation, fields, sent)
        with ctx.obj.client() as client:
            found = answer(operation, client, sent)
            if operation.item is not None and as_json:
                text.say(text.as_json(list(found)))
            elif operation.item is not None:
                tables.table(found, operation.item, key)
            elif as_json and found is not None:
                text.say(text.as_json(found))
            elif found is not None:
                tables.show(found)
        tell_secrets(operation, ctx.obj)

    return run_it


def check_change(operation: Described, fields: list[Taken], sent: dict[tuple[str, str], Any]) -> None:
    """Check that a change of something that there is changes it.

    Raises:
        click.UsageError: nothing to change is given.
    """
    flags = [each.flag for each in fields if each.field.place == "body"]
    if flags and operation.path.endswith("}") and not any(place == "body" for place, _ in sent):
        raise click.UsageError(f"Nothing to change is given; give {' or '.join(flags)}.")


def tell_secrets(operation: Described, settings: Settings) -> None:
    """Warn that a secret is shown this once, if an answer holds one."""
    names = [name for name, each in operation.answer.get("properties", {}).items() if each.get("format") == "password"]
    if names and not settings.quiet:
        text.tell(f"Keep the secret in `{', '.join(names)}` in a safe place: it is shown this once.")


def deleter(operation: Described, every: list[Described], fields: list[Taken], last: Taken) -> Callable[..., None]:
    """Make what runs when something is to be deleted: it asks, and tries each."""
    show = next((each for each in every if each.path == operation.path and each.http_method == "GET"), None)

    def run_it(ctx: click.Context, /, *, as_json: bool, yes: bool, **values: Any) -> None:
        names = list(dict.fromkeys(map(str, values[last.key])))
        doomed = {name: given(fields, {**values, last.key: name}) for name in names}
        if not yes and not is_interactive():
            raise click.UsageError("Nothing was deleted, as nobody can be asked here; --yes deletes without asking.")
        with ctx.obj.client() as client:
            if not yes:
                try:
                    confirm(operation, [as_known(show, client, name, each) for name, each in doomed.items()])
                except KeyboardInterrupt:
                    interrupted("Nothing was deleted.")
            results = delete(operation, client, doomed, as_json=as_json)
        if as_json:
            text.say(text.as_json(results))
        if any(each["error"] for each in results):
            ctx.exit(INTERRUPTED if results[-1]["status"] == "interrupted" else 1)

    return run_it


def delete(
    operation: Described,
    client: "PackageRegistries",
    doomed: dict[str, dict[tuple[str, str], Any]],
    *,
    as_json: bool,
) -> list[Json]:
    """Delete several; one that fails stops none of the others.

    Args:
        operation: what deletes one.
        client: the client.
        doomed: the arguments of each request, by the name of what it deletes.
        as_json: whether results are printed later, as JSON.

    Returns:
        a result for each.
    """
    results: list[Json] = []
    try:
        for name, values in doomed.items():
            try:
                with told():
                    answer(operation, client, values)
            except Failure as failure:
                results.append({"name": name, "status": "failed", "error": failure.message})
                text.warn(f"the {operation.noun} {name} was not deleted: {failure.message}")
            else:
                results.append({"name": name, "status": "deleted", "error": None})
                if not as_json:
                    text.say(f"deleted {text.safe(name)}")
    except KeyboardInterrupt:
        for name in list(doomed)[len(results) :]:
            is_open = not results or results[-1]["status"] != "interrupted"
            error = "interrupted; " + ("whether it was deleted is open" if is_open else "it was not deleted")
            results.append({"name": name, "status": "interrupted", "error": error})
            text.warn(f"the {operation.noun} {name}: {error}")
    return results


def as_known(show: Described | None, client: "PackageRegistries", name: str, values: dict[tuple[str, str], Any]) -> str:
    """Name what is to be deleted so that a person knows it, as far as the token may look it up."""
    if show is None:
        return name
    try:
        with told():
            found = answer(show, client, {key: each for key, each in values.items() if key[0] == "path"})
    except Failure:
        return name
    known = properties(show.answer)
    words = {
        each: text.cell(found.get(each))
        for each in tables.columns(show.answer, "")
        if "string" in kinds(known[each]) and "format" not in known[each]
    }
    told_of = [f"{each.replace('_', ' ')}: {word}" for each, word in words.items() if word and word != name]
    return f"{name} ({', '.join(told_of[:MOST_WORDS])})" if told_of else name


def confirm(operation: Described, names: list[str]) -> None:
    """Ask whether to delete.

    Raises:
        Failure: the answer is not yes.
    """
    if len(names) == 1:
        text.tell(f"This deletes the {operation.noun} {text.safe(names[0])}. {operation.description}")
    else:
        text.tell(f"This deletes, each a {operation.noun}:")
        for name in names:
            text.tell(f"  {text.safe(name)}")
        text.tell(operation.description)
    click.echo("Delete? [y/N] ", nl=False, err=True)
    if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
        raise Failure("nothing was deleted")
