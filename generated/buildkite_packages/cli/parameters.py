"""The arguments and options of a command, made of what its operation takes."""

import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

import click

from ..http.parsing import read_json
from . import text
from .description import SCALARS, Field, kinds, merged

if TYPE_CHECKING:
    Reader = click.ParamType[Any, Any]
else:
    Reader = click.ParamType  # generic in newer releases of click alone

NULL = "null"


class Text(Reader):
    """Text, or `@FILE` for that of a file, or `@-` for standard input."""

    name = "text|@file"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Read it."""
        if not isinstance(value, str):
            return value
        if not value.startswith("@"):
            return self.understood(value, param, ctx)
        try:
            if value != "@-":
                content = Path(value[1:]).read_text(encoding="utf-8")
            elif sys.stdin is None:
                self.fail("standard input is closed", param, ctx)
            else:
                content = sys.stdin.buffer.read().decode()
        except OSError as error:
            self.fail(f"{value[1:]}: {error.strerror}", param, ctx)
        except UnicodeDecodeError:
            self.fail(f"{value[1:]} is not text in UTF-8", param, ctx)
        return self.understood(content, param, ctx)

    def understood(self, content: str, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ARG002
        """Make a value of the text: arrays and objects of what is JSON of such, else the text itself."""
        try:
            value: Any = read_json(content)
        except ValueError:
            return content
        return content if value is None or isinstance(value, str | int | float) else value


class Json(Text):
    """JSON, or `@FILE` for that of a file."""

    name = "json|@file"

    def understood(self, content: str, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Parse it."""
        try:
            return read_json(content)
        except ValueError as error:
            return self.fail(f"is no JSON: {error}", param, ctx)


class Name(Reader):
    """Text that names something in a path, so that it cannot be empty or one of the segments that paths lose."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Read it."""
        if value in {"", ".", ".."}:
            return self.fail(f"it is {value or 'empty'}; it should name something", param, ctx)
        return value


class Argument(click.Argument):
    """An argument with a help text, which those of older releases of click have not."""

    def __init__(self, *args: Any, help: str = "", **settings: Any) -> None:  # noqa: A002 - as options have it
        super().__init__(*args, **settings)
        self.explanation = help


class Taken(NamedTuple):
    """A field, as a command takes it.

    Attributes:
        field: the field.
        key: the name of the parameter's value.
        flag: how an error calls it.
        parameters: of click.
    """

    field: Field
    key: str
    flag: str
    parameters: tuple[click.Parameter, ...]


def taken(fields: Iterable[Field], used: Iterable[str], *, are_pages: bool = False) -> list[Taken]:
    """Make parameters of what an operation takes and the client has no setting for.

    Args:
        fields: what it takes.
        used: options that the command has anyway.
        are_pages: whether it lists pages; they are fetched as large as can be.
    """
    flags = set(used)
    found: list[Taken] = []
    for number, field in enumerate(each for each in fields if each.setting is None):
        key = f"field_{number}"
        if field.place == "path":
            argument = Argument(
                [key], metavar=metavar(field), type=type_of(field.schema, is_name=True), help=field.description
            )
            found.append(Taken(field, key, metavar(field), (argument,)))
            continue
        flag = f"--{kebab(field.name)}"
        if flag in flags or f"--no-{flag[2:]}" in flags:
            flag = f"--{field.place}-{flag[2:]}"
        flags |= {flag, f"--no-{flag[2:]}"}
        found.append(Taken(field, key, flag, tuple(options(field, key, flag, are_pages=are_pages))))
    return found


def options(field: Field, key: str, flag: str, *, are_pages: bool) -> Iterable[click.Option]:
    """Make the options of a field: that which gives it and, where it may be null, that which says so."""
    types = kinds(field.schema)
    is_nullable = NULL in types and field.place == "body"
    explanation = field.description
    if types == {"boolean"}:
        yield click.Option([f"{flag}/--no-{flag[2:]}", key], default=None, required=field.required, help=explanation)
        return
    if is_nullable:
        explanation = f"{explanation} `--no-{flag[2:]}` sends null."
    if allowed := field.schema.get("enum"):
        explanation = f"{explanation} One of {', '.join(map(str, allowed))}."
    items = merged(field.schema.get("items", {}))
    if types == {"array"} and kinds(items) and kinds(items) <= SCALARS:
        kind, is_multiple = type_of(items), True
        explanation = f"{explanation} May be repeated."
    else:
        kind, is_multiple = type_of(field.schema), False
    yield click.Option(
        [flag, key],
        type=kind,
        multiple=is_multiple,
        required=field.required and not is_nullable,
        default=field.schema.get("maximum") if are_pages and field.place == "query" else None,
        show_default=True,
        help=explanation,
    )
    if is_nullable:
        yield click.Option([f"--no-{flag[2:]}", f"{key}_null"], is_flag=True, hidden=True)


def type_of(schema: Mapping[str, Any], *, is_name: bool = False) -> Reader:  # noqa: PLR0911 - a table of types
    """Choose what reads a value."""
    types = kinds(schema) - {NULL}
    if schema.get("format") == "binary":
        return click.Path(exists=True, dir_okay=False, readable=True)
    if types == {"integer"}:
        return click.IntRange(schema.get("minimum"), schema.get("maximum"))
    if types == {"number"}:
        return click.FLOAT
    if types == {"boolean"}:
        return click.BOOL
    if types == {"string"} and "contentMediaType" not in schema:
        if schema.get("format") == "uuid":
            return click.UUID
        return Name() if is_name else click.STRING
    return Text() if "string" in types else Json()


def given(every: Iterable[Taken], values: Mapping[str, Any]) -> dict[tuple[str, str], Any]:
    """Give what the caller gave, by place and name of the field.

    Raises:
        click.UsageError: a value is given and set to null at once, a required one is not given, or one is not text.
    """
    found: dict[tuple[str, str], Any] = {}
    for field, key, flag, parameters in every:
        value = values.get(key)
        if parameters[0].multiple:
            value = [plain(each) for each in value or ()] or None
        if values.get(f"{key}_null"):
            if value is not None:
                raise click.UsageError(f"{flag} and --no-{flag[2:]} exclude each other.")
            found[field.place, field.name] = None
        elif value is not None:
            found[field.place, field.name] = checked(flag, plain(value))
        elif field.required:
            raise click.UsageError(f"Missing option '{flag}'.")
    return found


def checked(flag: str, value: Any) -> Any:
    """Check that a value can be sent.

    Raises:
        click.UsageError: there is something in it that is not text.
    """
    if not text.is_text(value):
        raise click.UsageError(f"{flag} is not text in {sys.getfilesystemencoding()}, the encoding of this locale.")
    return value


def plain(value: Any) -> Any:
    """Give a value as JSON has it."""
    return str(value) if isinstance(value, UUID) else value


def metavar(field: Field) -> str:
    """Name an argument in the help."""
    return kebab(field.name.removesuffix("_slug")).upper()


def kebab(name: str) -> str:
    """Write a name as options are written."""
    separated = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name)
    return re.sub(r"[^0-9A-Za-z]+", "-", separated).strip("-").lower()
