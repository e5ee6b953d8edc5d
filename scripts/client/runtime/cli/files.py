"""The files that a command line names."""

import glob
import os
import stat
import sys
from typing import Any, BinaryIO, NamedTuple, cast

import click

from ..publishing.uploads import Upload, kind_of_file
from . import text
from .parameters import checked
from .session import sentence

STDIN = "-"


class Named(NamedTuple):
    """A file to publish.

    Attributes:
        file: as it was named, or as a pattern gives it.
        upload: what can be sent of it; None where there is an error.
        error: why it cannot be sent.
    """

    file: str
    upload: Upload | None = None
    error: str | None = None

    @property
    def filename(self) -> str:
        """Its name at the receiver."""
        return self.upload.filename if self.upload else os.path.basename(self.file)  # noqa: PTH119 - as it is given

    @property
    def shown(self) -> str:
        """What it was named by, as it may be printed: two files of one name are in two folders."""
        return text.safe(self.filename if self.file == STDIN else self.file)


def named(arguments: tuple[str, ...], filename: str | None) -> list[Named]:
    """Find the files of a command line, each once.

    Args:
        arguments: paths, patterns and `-`.
        filename: name of what comes from standard input.

    Raises:
        click.UsageError: standard input is closed or has no name, or something else is given one.
    """
    if (STDIN in arguments) != (filename is not None):
        raise click.UsageError(
            "Standard input has no name; give --filename."
            if filename is None
            else "--filename names standard input, so it needs - in place of a FILE."
        )
    if filename is not None:
        check_standard_input(filename)
    found: dict[object, Named] = {}
    for argument in arguments:
        for each in [STDIN] if argument == STDIN else paths(argument):
            found.setdefault(identity(each), of(each, filename))
    return list(found.values())


def check_standard_input(filename: str) -> None:
    """Check that standard input can be published.

    Raises:
        click.UsageError: it cannot.
    """
    if not filename:
        raise click.UsageError("--filename is empty; it should be a name.")
    checked("--filename", filename)
    if sys.stdin is None:
        raise click.UsageError("Standard input is closed.")


def paths(argument: str) -> list[str]:
    """Give the files that an argument means: itself, where there is a file of that name, or those that match it.

    A FIFO or device that a pattern happens to match might never end, so it is named on standard error and left out.
    """
    if os.path.lexists(argument) or not glob.has_magic(argument):
        return [argument]
    matching: list[str] = []
    for path in sorted(glob.glob(argument, recursive=True)):  # noqa: PTH207
        try:
            mode = os.stat(path).st_mode  # noqa: PTH116
        except OSError:  # such as a link to nowhere, which fails by itself
            mode = stat.S_IFREG
        if stat.S_ISREG(mode):
            matching.append(path)
        elif not stat.S_ISDIR(mode):
            text.tell(f"skipped {text.safe(path)}: it is {kind_of_file(mode)}; patterns match regular files alone")
    return matching or [argument]


def identity(path: str) -> object:
    """Tell files apart: a link of another name is another file, as its name is."""
    folder, name = os.path.split(path)
    return path if path == STDIN else (os.path.realpath(folder or "."), name)


def of(path: str, filename: str | None) -> Named:
    """Make a file to publish of a path."""
    try:
        if path == STDIN:
            return Named(path, Upload.of(standard_input(), filename=filename))
        return Named(path, Upload.of(path))
    except IsADirectoryError:
        return Named(path, error="is a folder; name the files in it, such as by a pattern")
    except FileNotFoundError:
        return Named(path, error="no file matches this pattern" if glob.has_magic(path) else "there is no such file")
    except OSError as error:
        return Named(path, error=error.strerror or sentence(error))
    except ValueError as error:
        is_text = text.is_text(os.path.basename(path))  # noqa: PTH119
        bad_name = f"its name is not text in {sys.getfilesystemencoding()}; rename the file"
        return Named(path, error=sentence(error) if is_text else bad_name)


def standard_input() -> BinaryIO:
    """Open standard input so that nothing is read ahead, and that a read which waits holds no lock at the end."""
    try:
        return cast("BinaryIO", open(sys.stdin.fileno(), "rb", buffering=0, closefd=False))
    except (OSError, ValueError, AttributeError):  # it is no file of the system
        return cast("BinaryIO", sys.stdin.buffer)


def result(file: Named, status: str, **more: Any) -> dict[str, Any]:
    """Make the result of a file, as `--json` prints it."""
    return {"file": file.file, "filename": file.filename, "status": status, "package": None, "error": None, **more}
